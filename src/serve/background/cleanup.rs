//! Forgetting what is over.

use super::{BackgroundError, blocking};
use crate::serve::state::AppState;

/// Forgets ended sessions and invitations, old alerts, idle limits and stores nobody uses; writes down which keys were
/// used. (Idempotency keys go with each new one: see `storage::LiveStore`.)
pub async fn run(state: &AppState) -> Result<(), BackgroundError> {
    blocking(state, |state| {
        let now = state.now();
        let used = state.note_used_keys();
        state.limits.forget_the_idle();
        state.orgs.close_idle();
        state.control.forget_what_is_over(now)?;
        state.control.forget_old_alerts(now)?;
        let mut counts = state.background.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // One that is locked is being used.
        counts.retain(|_, counted| counted.try_lock().map_or(true, |counted| counted.is_fresh()));
        drop(counts);
        metrics::gauge!("logan_alerts_live").set(state.control.live_alerts()? as f64);
        metrics::gauge!("logan_deliveries_waiting").set(state.control.waiting_deliveries()? as f64);
        Ok(used?)
    })
    .await
}
