//! Who a credential belongs to, as of now: read at every request, so that an end is an end at once.

use rusqlite::OptionalExtension;

use super::{ControlError, ControlStore};
use crate::entry::Timestamp;
use crate::serve::auth::access::{KeyScope, Role};
use crate::serve::ids::{KeyId, OrgId, SessionId, UserId};

/// Whom a session belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionIdentity {
    /// Who logged in.
    pub user: UserId,
    /// The org the session is in.
    pub org: OrgId,
    /// What they are there now.
    pub role: Role,
}

/// Whom a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyIdentity {
    /// Whose key it is.
    pub org: OrgId,
    /// What it may do.
    pub scope: KeyScope,
    /// SHA-256 of its secret.
    pub secret: [u8; 32],
}

impl ControlStore {
    /// Returns whom a session belongs to; `None` when it ended, its user was disabled or is no member any more.
    pub fn session_identity(
        &self,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<SessionIdentity>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT sessions.user, sessions.org, members.role
                 FROM sessions JOIN users ON users.id = sessions.user
                      JOIN members ON members.org = sessions.org AND members.user = sessions.user
                 WHERE sessions.id = ?1 AND sessions.expires > ?2 AND NOT users.disabled",
            )?;
            let found = statement
                .query_row((session, now.nanos()), |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)));
            Ok(found
                .optional()?
                .and_then(|(user, org, role)| Some(SessionIdentity { user, org, role: Role::from_name(&role)? })))
        })
    }

    /// Returns whom a key belongs to; `None` when there is no such key or it expired.
    pub fn key_identity(&self, key: KeyId, now: Timestamp) -> Result<Option<KeyIdentity>, ControlError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT org, scope, secret FROM keys WHERE id = ?1 AND ifnull(expires, ?2 + 1) > ?2")?;
            let found =
                statement.query_row((key, now.nanos()), |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)));
            Ok(found.optional()?.and_then(|(org, scope, secret)| {
                Some(KeyIdentity { org, scope: KeyScope::from_name(&scope)?, secret })
            }))
        })
    }
}
