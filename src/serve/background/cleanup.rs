//! Forgetting what is over.

use super::{BackgroundError, blocking};
use crate::serve::state::AppState;

/// Forgets ended sessions and invitations, old alerts, idle limits and stores nobody uses; writes down which keys were
/// used. (Idempotency keys go with each new one: see `storage::LiveStore`.)
pub async fn run(state: &AppState) -> Result<(), BackgroundError> {
    blocking(state, |state| {
        let now = state.now();
        let used = state.control.keys_were_used(&state.take_used_keys());
        state.limits.forget_the_idle();
        state.orgs.close_idle();
        state.control.forget_ended_logins(now)?;
        state.control.forget_old_alerts(now)?;
        let orgs = state.control.all_orgs()?;
        let mut counts = state.background.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        counts.retain(|org, _| orgs.contains(org));
        drop(counts);
        metrics::gauge!("logan_alerts_live").set(state.control.live_alerts()? as f64);
        metrics::gauge!("logan_deliveries_waiting").set(state.control.waiting_deliveries()? as f64);
        Ok(used?)
    })
    .await
}
