//! Forgetting what is over.

use std::time::Instant;

use super::{BackgroundError, blocking};
use crate::entry::Timestamp;
use crate::serve::state::AppState;

/// Forgets ended sessions and invitations, old alerts and audit events, idle limits and stores nobody uses; writes down
/// which keys were used. (Idempotency keys go with each new one: see `storage::LiveStore`.)
pub async fn run(state: &AppState) -> Result<(), BackgroundError> {
    blocking(state, |state| {
        let now = state.now();
        let used = state.note_used_keys();
        state.limits.forget_the_idle();
        state.orgs.close_idle();
        state.control.forget_what_is_over(now)?;
        state.control.forget_old_alerts(now)?;
        expire_audit(state, now)?;
        let mut counts = state.background.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // One that is locked is being used.
        counts.retain(|_, counted| counted.try_lock().map_or(true, |counted| counted.is_fresh()));
        drop(counts);
        Ok(used?)
    })
    .await
}

/// Deletes audit events that are older than they are kept, unless the clock is not to be believed.
fn expire_audit(state: &AppState, now: Timestamp) -> Result<(), BackgroundError> {
    if !state.background.clock.believes(Instant::now(), now) {
        metrics::counter!("logan_retention_refused_total", "cause" => "clock").increment(1);
        tracing::error!("the clock jumped by more than a day: no audit event is deleted for an hour");
        return Ok(());
    }
    let kept = i64::from(state.settings.retention.audit_days) * 24 * 3600;
    let Some(until) = Timestamp::from_seconds(now.seconds().saturating_sub(kept), 0) else { return Ok(()) };
    let deleted = state.control.expire_audit(until)?;
    if deleted > 0 {
        tracing::info!(deleted, "old events of the audit log are deleted");
    }
    Ok(())
}
