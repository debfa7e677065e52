//! What is done without being asked: detection, rules, deliveries, merging, retention, clean-up.
//!
//! Each [`Task`] ticks by itself ([`scheduler`]) and works for each org apart: what fails for one is logged, counted and
//! tried again at the next tick, and an org that takes long is passed over until it is done, while the others go on.
//! All of it together keeps to a share of a core ([`pace`]). [`run_once`] does one round of a task, for tests: what
//! time it is says the state's clock, and nothing sleeps.

mod cleanup;
pub mod delivery;
mod detection;
mod evaluate;
mod group;
mod lines;
mod merging;
mod pace;
mod retention;
mod rules;
mod scheduler;
#[cfg(test)]
mod tests;
mod timed;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

pub use self::evaluate::{MeasureError, Measured, Measuring, RuleProblem, check, findings, measure, windows};
pub use self::scheduler::start;
pub use self::timed::Limits;
use super::auth::OrgScope;
use super::control::ControlError;
use super::error::ApiError;
use super::ids::{OrgId, RuleId};
use super::org::OpenError;
use super::state::AppState;
use crate::entry::Timestamp;
use crate::storage::StorageError;

/// Something that is done without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Looking for what is unusual.
    Detection,
    /// Asking the rules.
    Rules,
    /// Sending what is in the outbox.
    Delivery,
    /// Making big blocks of small ones.
    Merging,
    /// Deleting what is too old or too much.
    Retention,
    /// Forgetting what is over, for all orgs at once.
    Cleanup,
}

impl Task {
    /// All of them.
    pub const ALL: [Task; 6] =
        [Task::Detection, Task::Rules, Task::Delivery, Task::Merging, Task::Retention, Task::Cleanup];

    /// Returns its name in metrics and the log.
    pub fn name(self) -> &'static str {
        match self {
            Task::Detection => "detection",
            Task::Rules => "rules",
            Task::Delivery => "delivery",
            Task::Merging => "merging",
            Task::Retention => "retention",
            Task::Cleanup => "cleanup",
        }
    }
}

/// Why a task could not be done for an org.
#[derive(Debug, thiserror::Error)]
pub enum BackgroundError {
    /// The accounts.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The org's store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The org's store is being closed or is busy.
    #[error("{0}")]
    Store(String),
    /// What a rule asks, or what it takes.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// Some rules could not be judged; each was told apart.
    #[error("{0} of {1} rules could not be judged")]
    Rules(usize, usize),
    /// It panicked.
    #[error("it panicked: {0}")]
    Panicked(String),
}

impl From<ApiError> for BackgroundError {
    fn from(error: ApiError) -> BackgroundError {
        BackgroundError::Store(error.message.into_owned())
    }
}

impl From<OpenError> for BackgroundError {
    fn from(error: OpenError) -> BackgroundError {
        match error {
            OpenError::Deleted => BackgroundError::Store(error.to_string()),
            OpenError::Storage(error) => BackgroundError::Storage(error),
        }
    }
}

/// What came of a round of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Orgs it was done for.
    pub orgs: usize,
    /// Those for which it failed.
    pub failed: usize,
}

/// What was counted, by org and rule; without a rule for the detection of everything.
type Counts = HashMap<(OrgId, Option<RuleId>), Arc<Mutex<detection::Counted>>>;

/// What the background remembers while the server runs. All of it can be lost: what must last is in the stores.
#[derive(Debug)]
pub struct Memory {
    pace: pace::Pace,
    counts: Mutex<Counts>,
    running: Mutex<HashSet<(Task, OrgId)>>,
    clock: retention::ClockGuard,
    /// When the first window of each org can be judged that was not yet, as far as is known.
    due: Mutex<HashMap<(Task, OrgId), Timestamp>>,
    /// What sends webhooks; made when the first is sent.
    sender: std::sync::OnceLock<delivery::Sender>,
}

impl Memory {
    /// Nothing is known yet; `cpu_percent` of a core may be used.
    pub fn new(cpu_percent: u32) -> Memory {
        Memory {
            pace: pace::Pace::new(cpu_percent),
            counts: Mutex::default(),
            running: Mutex::default(),
            clock: retention::ClockGuard::default(),
            due: Mutex::default(),
            sender: std::sync::OnceLock::new(),
        }
    }

    /// Notes when the first window of an org can be judged that was not yet; `None` when there is nothing to judge. A
    /// round that fails leaves it as it is, and so the org falls behind.
    fn note_due(&self, task: Task, org: OrgId, due: Option<Timestamp>) {
        let mut known = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        match due {
            Some(due) => known.insert((task, org), due),
            None => known.remove(&(task, org)),
        };
    }

    /// Forgets the orgs that are not among these.
    fn keep_due(&self, task: Task, orgs: &[OrgId]) {
        let mut known = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(of, org), _| *of != task || orgs.contains(org));
    }

    /// Returns for how long a window could have been judged and was not, of the org that is furthest behind, in seconds.
    pub fn lag(&self, task: Task, now: Timestamp) -> f64 {
        let known = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let of_task = known.iter().filter(|((of, _), _)| *of == task);
        of_task.map(|(_, due)| now.nanos().saturating_sub(due.nanos()).max(0) as f64 / 1e9).fold(0.0, f64::max)
    }

    /// Notes that a task begins for an org; `None` when the last round of it is still at work.
    fn begin(self: &Arc<Memory>, task: Task, org: OrgId) -> Option<Running> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert((task, org)).then(|| Running { memory: self.clone(), of: (task, org) })
    }
}

/// A task at work for an org.
struct Running {
    memory: Arc<Memory>,
    of: (Task, OrgId),
}

impl Drop for Running {
    fn drop(&mut self) {
        self.memory.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.of);
    }
}

/// Does one round of a task for all orgs, one after the other.
///
/// # Errors
/// When the orgs cannot be listed; what fails for one org is logged and counted.
pub async fn run_once(state: &AppState, task: Task) -> Result<Round, BackgroundError> {
    let mut round = Round::default();
    for org in scheduler::orgs_of(state, task).await? {
        round.orgs += 1;
        round.failed += usize::from(!scheduler::run_for(state, task, org).await);
    }
    if task == Task::Cleanup {
        cleanup::run(state).await?;
    }
    Ok(round)
}

/// Does a task for an org.
async fn work(state: &AppState, task: Task, scope: OrgScope) -> Result<(), BackgroundError> {
    match task {
        Task::Detection => detection::run(state, scope).await,
        Task::Rules => rules::run(state, scope).await,
        Task::Delivery => delivery::run(state, scope).await,
        Task::Merging => merging::run(state, scope).await,
        Task::Retention => retention::run(state, scope).await,
        Task::Cleanup => Ok(()),
    }
}

/// Runs blocking work of a task on a thread for it, and pays for its time.
async fn blocking<T: Send + 'static>(
    state: &AppState,
    work: impl FnOnce(&AppState) -> Result<T, BackgroundError> + Send + 'static,
) -> Result<T, BackgroundError> {
    let shared = state.clone();
    let done = tokio::task::spawn_blocking(move || {
        let began = std::time::Instant::now();
        let done = work(&shared);
        shared.background.pace.pay(began.elapsed());
        done
    });
    done.await.unwrap_or_else(|error| Err(BackgroundError::Panicked(error.to_string())))
}
