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
    /// When somebody asked for it, in nanoseconds since 1970, if it was not carried out since.
    pub asked: Option<i64>,
    /// Entries that it did not delete last time, since they were more than half.
    pub held: Option<u64>,
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
            let mut statement = connection.prepare_cached(
                "SELECT retention_days, retention_bytes, retention_asked, retention_held FROM orgs WHERE id = ?1",
            )?;
            let found = statement.query_row([scope.org()], |row| {
                let count = |column| {
                    let number: Option<i64> = row.get(column)?;
                    Ok::<_, rusqlite::Error>(number.and_then(|number| u64::try_from(number).ok()))
                };
                Ok(OwnRetention { days: row.get(0)?, bytes: count(1)?, asked: row.get(2)?, held: count(3)? })
            });
            found.optional()?.ok_or(ControlError::NotFound)
        })
    }

    /// Notes what came of an org's retention as it was read in `own`: `held` entries were not deleted, since they were
    /// more than half; `None` when it was carried out. What somebody asked for since then stays asked for.
    pub fn retention_came_to(
        &self,
        scope: &OrgScope,
        own: &OwnRetention,
        held: Option<u64>,
    ) -> Result<(), ControlError> {
        if own.asked.is_none() && own.held == held {
            return Ok(());
        }
        self.write(|transaction| {
            transaction.execute(
                "UPDATE orgs SET retention_asked = NULL, retention_held = ?3 WHERE id = ?1 AND retention_asked IS ?2",
                (scope.org(), own.asked, held.map(|held| i64::try_from(held).unwrap_or(i64::MAX))),
            )?;
            Ok(())
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
