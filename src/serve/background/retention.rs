//! Old entries go, unless the clock is not to be believed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{BackgroundError, blocking};
use crate::entry::Timestamp;
use crate::serve::auth::OrgScope;
use crate::serve::control::OwnRetention;
use crate::serve::state::AppState;
use crate::storage::{Refusal, Retention};

/// How far the clock may move against one that cannot be set: a day.
const TRUSTED: Duration = Duration::from_secs(24 * 3600);
/// How long nothing is deleted after it moved further: time for somebody to look.
const HELD: Duration = Duration::from_secs(3600);

/// Notices when somebody, or a battery, sets the clock.
#[derive(Debug, Default)]
pub struct ClockGuard(Mutex<Option<Told>>);

/// What both clocks said.
#[derive(Clone, Copy, Debug)]
struct Told {
    here: Instant,
    wall: Timestamp,
    /// Nothing is deleted until then.
    held: Option<Instant>,
}

impl ClockGuard {
    /// Returns true when the clock can be believed.
    pub fn believes(&self, here: Instant, wall: Timestamp) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = last.and_then(|told| {
            let passed = here.saturating_duration_since(told.here).as_nanos() as i128;
            let moved = i128::from(wall.nanos()) - i128::from(told.wall.nanos());
            let jumped = (moved - passed).unsigned_abs() > TRUSTED.as_nanos();
            if jumped { Some(here + HELD) } else { told.held.filter(|held| *held > here) }
        });
        *last = Some(Told { here, wall, held });
        held.is_none()
    }
}

/// Returns the lesser of two limits; where one is not set, the other.
fn lesser<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Returns what an org keeps: what it says itself, and no more than the server does.
pub fn of_org(state: &AppState, scope: &OrgScope) -> Result<Retention, BackgroundError> {
    Ok(kept(state, &state.control.own_retention(scope)?))
}

fn kept(state: &AppState, own: &OwnRetention) -> Retention {
    let server = &state.settings.retention;
    let days = lesser(own.days, server.days);
    Retention {
        max_age: days.map(|days| Duration::from_secs(u64::from(days) * 24 * 3600)),
        max_bytes: lesser(own.bytes, server.bytes.map(|bytes| bytes.bytes())),
        // It is what somebody asked for and no wrong clock, once.
        may_take_most: own.asked.is_some(),
        force: false,
    }
}

/// Deletes what an org does not keep.
pub async fn run(state: &AppState, scope: OrgScope) -> Result<(), BackgroundError> {
    let now = state.now();
    let own = blocking(state, move |state| Ok(state.control.own_retention(&scope)?)).await?;
    let mut retention = kept(state, &own);
    if !state.background.clock.believes(Instant::now(), now) {
        metrics::counter!("logan_retention_refused_total", "cause" => "clock").increment(1);
        tracing::error!("the clock jumped by more than a day: nothing is deleted by age for an hour");
        retention.max_age = None;
    }
    let came_to =
        |held: Option<u64>| blocking(state, move |state| Ok(state.control.retention_came_to(&scope, &own, held)?));
    let believes = retention.max_age == kept(state, &own).max_age;
    if retention.max_age.is_none() && retention.max_bytes.is_none() {
        return if believes { came_to(None).await } else { Ok(()) };
    }
    let store = blocking(state, move |state| Ok(state.orgs.get(&scope)?)).await?;
    let expired = store.with_writer(move |store| store.expire(&retention, now)).await??;
    metrics::counter!("logan_expired_entries_total").increment(expired.entries);
    match expired.refused {
        None if believes => came_to(None).await?,
        None => {}
        Some(Refusal::ClockJumped) => {
            metrics::counter!("logan_retention_refused_total", "cause" => "clock").increment(1);
            tracing::error!(org = %scope.org(), "nothing is deleted by age: the clock jumped by more than a day");
        }
        Some(Refusal::TooMany { entries, of }) => {
            metrics::counter!("logan_retention_refused_total", "cause" => "too_many").increment(1);
            tracing::error!(
                org = %scope.org(), entries, of,
                "nothing is deleted: it would be more than half; an admin of the org who sets its retention again has it"
            );
            came_to(Some(entries)).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_org_keeps_less_than_the_server_allows_but_never_more() {
        for (own, server, kept) in
            [(None, None, None), (Some(3), None, Some(3)), (None, Some(5), Some(5)), (Some(3), Some(5), Some(3))]
        {
            assert_eq!((lesser(own, server), lesser(server, own)), (kept, kept));
        }
    }

    #[test]
    fn a_clock_that_jumped_is_not_believed_for_an_hour() {
        let guard = ClockGuard::default();
        let here = Instant::now();
        let hours = |count: u64| Duration::from_secs(3600 * count);
        let wall = |hours: i64| Timestamp::from_seconds(1_789_000_000 + 3600 * hours, 0).expect("a time");
        assert!(guard.believes(here, wall(0)));
        assert!(guard.believes(here + hours(1), wall(1)));
        assert!(guard.believes(here + hours(2), wall(20)), "less than a day");
        assert!(!guard.believes(here + hours(3), wall(24 * 30)));
        assert!(!guard.believes(here + Duration::from_secs(3 * 3600 + 600), wall(24 * 30)));
        assert!(guard.believes(here + hours(5), wall(24 * 30 + 2)));
        assert!(!guard.believes(here + hours(6), wall(-24 * 400)), "backwards as well");
    }
}
