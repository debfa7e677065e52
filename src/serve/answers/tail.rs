//! Following the log: what arrives is sent as it arrives.
//!
//! The store is asked for what came after the last entry that was looked at, woken by the writer, at most four times a
//! second. A look sends the newest entries that match, up to a number; how many others matched is told by an event
//! `dropped`. So a client that reads slowly, or a flood, costs a count and nothing else. Whoever may not read any more
//! is cut off within five seconds.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::answer::{Origin, Question};
use super::budget::{Budget, CancelOnDrop};
use super::parameters::Parameters;
use super::selection;
use crate::entry::Timestamp;
use crate::query::ast::{Pipe, Query};
use crate::query::{Comparison, Filter, Operand};
use crate::serve::auth::access::Action;
use crate::serve::auth::{OrgScope, Principal};
use crate::serve::error::ApiError;
use crate::serve::org::OrgStore;
use crate::serve::state::{AppState, blocking};

/// Entries of one look at most.
const MOST: u64 = 500;
/// Between two looks at least.
const BETWEEN: Duration = Duration::from_millis(250);
/// Between two looks at the credential.
const CHECK: Duration = Duration::from_secs(5);
/// Events that wait for a slow client.
const WAITING: usize = 1024;

/// What is followed.
#[derive(Clone, Debug)]
pub struct Followed {
    filter: Filter,
}

/// What one look found.
#[derive(Debug, Default)]
pub struct Look {
    /// The arrival number up to which was looked.
    pub line: u64,
    /// The newest entries that match, as JSON lines with their arrival numbers.
    pub entries: Vec<u8>,
    /// How many others matched.
    pub dropped: u64,
    /// False when there was no time to count them all.
    pub is_counted: bool,
}

impl Followed {
    /// Reads the parameters.
    ///
    /// # Errors
    /// 400 when something is wrong with them.
    pub fn read(
        pairs: Vec<(String, String)>,
        now: Timestamp,
        own: impl FnOnce() -> Result<Vec<String>, ApiError>,
    ) -> Result<Followed, ApiError> {
        let mut parameters = Parameters::new(pairs);
        let clock = selection::clock(&mut parameters, now)?;
        let filter = selection::filter(&mut parameters, &clock)?;
        let by_fields = selection::by_fields(&mut parameters, own)?;
        parameters.end()?;
        Ok(Followed { filter: Filter::all_of(vec![filter, by_fields]) })
    }

    /// Looks at what arrived after the entry with this number. Blocks.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn look(&self, store: &OrgStore, after: u64, budget: &Budget) -> Result<Look, ApiError> {
        let newest = store.reader().newest_line()?;
        if newest <= after {
            return Ok(Look { line: after, is_counted: true, ..Look::default() });
        }
        let bound = |comparison, line| {
            Filter::compare("line", comparison, Operand::of_integer(i64::try_from(line).unwrap_or(i64::MAX)))
        };
        let arrived = vec![bound(Comparison::Greater, after), bound(Comparison::LessOrEqual, newest)];
        let filter = Filter::all_of(vec![self.filter.clone(), Filter::And(arrived)]);
        let question = Question::new(Query { filter, pipes: vec![Pipe::Tail(MOST)] }, &[Origin::Line]);
        let mut entries = Vec::new();
        let answered = question.run_arrived(store, after, budget, &mut |lines| entries.extend_from_slice(&lines))?;
        let dropped = answered.stats.matched.saturating_sub(answered.stats.rows);
        Ok(Look { line: newest, entries, dropped, is_counted: answered.truncated_by.is_none() })
    }
}

/// Sends what arrives after the entry with this number, until nobody listens, the server stops or the one who asked may
/// not read any more.
pub async fn follow(
    state: AppState,
    scope: OrgScope,
    store: Arc<OrgStore>,
    followed: Followed,
    mut line: u64,
    events: mpsc::Sender<Result<Event, Infallible>>,
) {
    let mut newest = store.newest();
    let mut check = interval(CHECK);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut next_look = Instant::now();
    loop {
        tokio::select! {
            () = events.closed() => return,
            () = state.stop.cancelled() => return,
            _ = check.tick() => {
                if !may_read(&state, &scope) {
                    return;
                }
                continue;
            }
            () = sleep_until(next_look) => {}
        }
        // Marked as seen before the look, so that what comes during it wakes the next.
        newest.mark_unchanged();
        let look = tokio::select! {
            () = events.closed() => return,
            look = look(&state, &store, &followed, line) => look,
        };
        match look {
            Ok(look) => {
                line = look.line;
                if !send(look, &state, &scope, &events).await {
                    return;
                }
            }
            Err(error) => {
                // Told, and tried again: a store that is busy now is not so for ever.
                tracing::warn!(code = error.code, "a follower could not look");
                next_look = Instant::now() + CHECK;
                continue;
            }
        }
        next_look = Instant::now() + BETWEEN;
        loop {
            tokio::select! {
                () = events.closed() => return,
                () = state.stop.cancelled() => return,
                _ = check.tick() => {
                    if !may_read(&state, &scope) {
                        return;
                    }
                }
                changed = newest.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    break;
                }
            }
        }
    }
}

async fn look(state: &AppState, store: &Arc<OrgStore>, followed: &Followed, line: u64) -> Result<Look, ApiError> {
    let slot = state.orgs.question_slot().await?;
    let budget = Arc::new(Budget::of(&state.settings.query));
    let _cancel = CancelOnDrop(budget.clone());
    let (store, followed) = (store.clone(), followed.clone());
    blocking(move || {
        let _slot = slot;
        super::timed("tail", &budget, || followed.look(&store, line, &budget))
    })
    .await
}

/// Sends what a look found; false when it is over.
async fn send(
    look: Look,
    state: &AppState,
    scope: &OrgScope,
    events: &mpsc::Sender<Result<Event, Infallible>>,
) -> bool {
    let mut all = Vec::new();
    if look.dropped > 0 || !look.is_counted {
        let told = json!({"entries": look.dropped, "exact": look.is_counted});
        all.push(Event::default().event("dropped").data(told.to_string()));
    }
    for entry in look.entries.split(|byte| *byte == b'\n').filter(|entry| !entry.is_empty()) {
        let text = String::from_utf8_lossy(entry);
        let event = Event::default().event("entry").data(&*text);
        all.push(match line_of(&text) {
            Some(line) => event.id(line.to_string()),
            None => event,
        });
    }
    for event in all {
        // A slow client holds this up, not the log: what arrives meanwhile is looked at together. It is asked for its
        // right to read all the same.
        let mut sending = std::pin::pin!(events.send(Ok(event)));
        loop {
            tokio::select! {
                sent = &mut sending => match sent {
                    Ok(()) => break,
                    Err(_) => return false,
                },
                () = state.stop.cancelled() => return false,
                () = tokio::time::sleep(CHECK) => if !may_read(state, scope) {
                    return false;
                },
            }
        }
    }
    true
}

/// Returns the arrival number of an entry in JSON: `line` is its last member.
fn line_of(entry: &str) -> Option<u64> {
    entry.strip_suffix('}')?.rsplit_once("\"line\":")?.1.parse().ok()
}

/// Returns true when whoever asked may still read, as of now.
pub fn may_read(state: &AppState, scope: &OrgScope) -> bool {
    let now = state.now();
    let may = match scope.principal() {
        Principal::User { session, .. } => state.control.session_identity(session, now).map(|identity| {
            identity.is_some_and(|identity| identity.org == scope.org() && identity.role.allows(Action::ReadLogs))
        }),
        Principal::Key { key, .. } => state.control.key_identity(key, now).map(|identity| {
            identity.is_some_and(|key| key.org == scope.org() && Action::ReadLogs.allows_scope(key.scope))
        }),
        Principal::Server => Ok(true),
    };
    may.unwrap_or_else(|error| {
        tracing::error!(%error, "a follower could not be checked");
        false
    })
}

/// What a stream of events is made of.
type Sent = Result<Event, Infallible>;

/// Returns what carries events to a client.
pub fn events() -> (mpsc::Sender<Sent>, mpsc::Receiver<Sent>) {
    mpsc::channel(WAITING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrival_number_is_the_last_member() {
        assert_eq!(line_of(r#"{"message":"\"line\":5}","line":17}"#), Some(17));
        assert_eq!(line_of("{}"), None);
    }
}
