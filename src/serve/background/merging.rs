//! Small blocks become big ones, a few at a time, so that who sends logs never waits long.

use std::time::{Duration, Instant};

use super::BackgroundError;
use crate::serve::auth::OrgScope;
use crate::serve::state::AppState;
use crate::storage::MergeBudget;

/// Merges of an org in one round.
const MOST_STEPS: usize = 64;

/// Merges blocks of an org's store, if it is in use: nobody makes small blocks in another.
pub async fn run(state: &AppState, scope: OrgScope) -> Result<(), BackgroundError> {
    let Some(store) = state.orgs.in_use(&scope) else { return Ok(()) };
    let budget = MergeBudget { entries: 1, span: span(state, &scope)? };
    for _ in 0..MOST_STEPS {
        if state.stop.is_cancelled() {
            break;
        }
        // What waits to be stored is stored between two merges.
        let (merged, took) = store
            .with_writer(move |store| {
                let began = Instant::now();
                (store.merge(budget), began.elapsed())
            })
            .await?;
        state.background.pace.pay(took);
        let merged = merged?;
        metrics::counter!("logan_merged_entries_total").increment(merged.entries);
        for damaged in &merged.damaged {
            metrics::counter!("logan_damaged_blocks_total").increment(1);
            tracing::error!(org = %scope.org(), ?damaged, "a block of the store is damaged; it is left as it is");
        }
        if !merged.more {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Returns how far apart the entries of a block may have arrived: a block expires as a whole.
fn span(state: &AppState, scope: &OrgScope) -> Result<Duration, BackgroundError> {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let age = super::retention::of_org(state, scope)?.max_age;
    Ok(age.map_or(DAY, |age| (age / 20).clamp(Duration::from_secs(3600), DAY)))
}
