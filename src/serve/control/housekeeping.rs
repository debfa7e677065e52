//! What the background asks of the whole store: which orgs there are, and forgetting what is over.

use rusqlite::OptionalExtension;

use super::{ControlError, ControlStore};
use crate::entry::Timestamp;
use crate::serve::auth::OrgScope;
use crate::serve::ids::OrgId;

/// How long a resolved alert is kept: 90 days in nanoseconds.
const ALERTS_KEPT: i64 = 90 * 24 * 3600 * 1_000_000_000;
/// How long what cannot be sent is kept: three days in nanoseconds.
const DELIVERIES_KEPT: i64 = 3 * 24 * 3600 * 1_000_000_000;
/// Alerts removed at once.
const AT_ONCE: i64 = 1000;

/// How long an org wants its entries kept; what is `None` is as the server is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnRetention {
    /// In days.
    pub days: Option<u32>,
    /// In bytes.
    pub bytes: Option<u64>,
}

impl ControlStore {
    /// Returns all orgs, for the server's own work.
    pub fn all_orgs(&self) -> Result<Vec<OrgId>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT id FROM orgs ORDER BY id")?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    /// Returns how long the org wants its entries kept.
    pub fn own_retention(&self, scope: &OrgScope) -> Result<OwnRetention, ControlError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT retention_days, retention_bytes FROM orgs WHERE id = ?1")?;
            let found = statement.query_row([scope.org()], |row| {
                let bytes: Option<i64> = row.get(1)?;
                Ok(OwnRetention { days: row.get(0)?, bytes: bytes.and_then(|bytes| u64::try_from(bytes).ok()) })
            });
            found.optional()?.ok_or(ControlError::NotFound)
        })
    }

    /// Forgets alerts that were resolved long ago and what could not be sent for days.
    pub fn forget_old_alerts(&self, now: Timestamp) -> Result<(), ControlError> {
        self.write(|transaction| {
            transaction.execute(
                "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE state = 'resolved' AND last_seen < ?1
                                                 LIMIT ?2)",
                (now.nanos().saturating_sub(ALERTS_KEPT), AT_ONCE),
            )?;
            transaction
                .execute("DELETE FROM deliveries WHERE created < ?1", [now.nanos().saturating_sub(DELIVERIES_KEPT)])?;
            Ok(())
        })
    }
}
