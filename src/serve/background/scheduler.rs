//! When each task is done, and that one org's work never holds up another's.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::MissedTickBehavior;
use tokio_util::task::TaskTracker;

use super::{BackgroundError, Memory, Task, blocking, cleanup, work};
use crate::serve::auth::OrgScope;
use crate::serve::ids::OrgId;
use crate::serve::state::AppState;

/// Orgs that are worked for at once, of each task: a slow one leaves room for the others.
const AT_ONCE: usize = 4;

fn every(state: &AppState, task: Task) -> Duration {
    let background = &state.settings.background;
    let period = match task {
        Task::Detection => background.detect_every,
        Task::Rules => background.rules_every,
        Task::Delivery => background.delivery_every,
        Task::Merging => background.merge_every,
        Task::Retention => background.retention_every,
        Task::Cleanup => background.cleanup_every,
    };
    period.get()
}

/// Returns part of a period, so that the tasks, and the servers of a company, do not tick together.
fn jitter(period: Duration) -> Duration {
    let mut byte = [0; 2];
    // Without randomness all begin at once, which is only less even.
    let part = getrandom::fill(&mut byte).map_or(0, |()| u16::from_le_bytes(byte));
    period.mul_f64(f64::from(part) / f64::from(u16::MAX) / 2.0)
}

/// Starts all tasks; they end when the state's `stop` is set, after the work they are at.
pub fn start(state: &AppState) -> TaskTracker {
    let tasks = TaskTracker::new();
    for task in Task::ALL {
        let (state, inner) = (state.clone(), tasks.clone());
        tasks.spawn(async move { tick(state, task, inner).await });
    }
    tasks.close();
    tasks
}

async fn tick(state: AppState, task: Task, tasks: TaskTracker) {
    let period = every(&state, task);
    let first = tokio::time::Instant::now() + jitter(period);
    let mut interval = tokio::time::interval_at(first, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let room = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        tokio::select! {
            () = state.stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        if let Err(error) = round(&state, task, &room, &tasks).await {
            failed(task, None, &error);
        }
    }
}

/// Begins the work of a task for all orgs but those it is still at.
async fn round(
    state: &AppState,
    task: Task,
    room: &Arc<Semaphore>,
    tasks: &TaskTracker,
) -> Result<(), BackgroundError> {
    if task == Task::Cleanup {
        cleanup::run(state).await?;
    }
    for org in orgs_of(state, task).await? {
        let permit = tokio::select! {
            () = state.stop.cancelled() => return Ok(()),
            permit = room.clone().acquire_owned() => permit,
        };
        let Ok(permit) = permit else { return Ok(()) };
        // Sending waits for others, it does not work.
        if task != Task::Delivery {
            tokio::select! {
                () = state.stop.cancelled() => return Ok(()),
                () = state.background.pace.wait() => {}
            }
        }
        let state = state.clone();
        tasks.spawn(async move {
            run_for(&state, task, org).await;
            drop(permit);
        });
    }
    Ok(())
}

/// Returns the orgs a task has work for.
pub async fn orgs_of(state: &AppState, task: Task) -> Result<Vec<OrgId>, BackgroundError> {
    blocking(state, move |state| match task {
        Task::Cleanup => Ok(Vec::new()),
        Task::Delivery => Ok(state.control.orgs_with_deliveries(state.now())?),
        Task::Rules => {
            state.control.configure(&state.settings, state.now())?;
            let orgs = state.control.all_orgs()?;
            state.background.keep_due(task, &orgs);
            Ok(orgs)
        }
        Task::Detection | Task::Merging | Task::Retention => {
            let mut orgs = state.control.all_orgs()?;
            // An org nobody ever sent anything to has nothing to be looked at.
            orgs.retain(|org| state.orgs.path(*org).exists());
            state.background.keep_due(task, &orgs);
            Ok(orgs)
        }
    })
    .await
}

/// Does a task for an org, unless the last round is still at it; returns false when it failed.
pub async fn run_for(state: &AppState, task: Task, org: OrgId) -> bool {
    let memory: &Arc<Memory> = &state.background;
    let Some(running) = memory.begin(task, org) else {
        metrics::counter!("logan_background_skipped_total", "task" => task.name()).increment(1);
        return true;
    };
    let began = std::time::Instant::now();
    // In a task of its own, so that a panic ends here.
    let done = {
        let state = state.clone();
        tokio::spawn(async move { work(&state, task, OrgScope::of_server(org)).await }).await
    };
    drop(running);
    metrics::histogram!("logan_background_seconds", "task" => task.name()).record(began.elapsed().as_secs_f64());
    let result = done.unwrap_or_else(|error| Err(BackgroundError::Panicked(error.to_string())));
    if let Err(error) = &result {
        failed(task, Some(org), error);
    }
    result.is_ok()
}

fn failed(task: Task, org: Option<OrgId>, error: &BackgroundError) {
    metrics::counter!("logan_background_failures_total", "task" => task.name()).increment(1);
    let org = org.map(|org| org.to_string()).unwrap_or_default();
    tracing::error!(task = task.name(), org, %error, "work in the background failed and is tried again");
}
