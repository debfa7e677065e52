//! Invitations: a secret that lets one person into an org, once.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;

use super::audit::{Entry, append};
use super::{ControlError, ControlStore, members};
use crate::entry::Timestamp;
use crate::serve::auth::access::{Action, Role};
use crate::serve::auth::{OrgScope, SecretHash};
use crate::serve::ids::{InviteId, OrgId, UserId};
use crate::serve::origin::Origin;
use crate::serve::time::Time;

/// Most invitations of an org that wait.
const MOST: i64 = 1000;
const UNKNOWN: &str = "the invitation is not known, has expired, was used or is for somebody else";

/// An invitation that was not used yet.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Invite {
    /// Its id.
    pub id: InviteId,
    /// What whoever uses it becomes.
    pub role: Role,
    /// Whose it is; null is anybody's.
    pub email: Option<String>,
    /// Who made it: the id of a user.
    pub created_by: UserId,
    /// When it was made.
    pub created: Time,
    /// Until when it is good.
    pub expires: Time,
}

/// An invitation to be made.
#[derive(Clone, Debug)]
pub struct NewInvite {
    /// What whoever uses it becomes.
    pub role: Role,
    /// Whose it is; `None` is anybody's.
    pub email: Option<String>,
    /// The hash of its secret.
    pub secret: SecretHash,
    /// Who makes it.
    pub created_by: UserId,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// Returns the org and role of an invitation that is good for this e-mail address.
pub(super) fn find(
    connection: &Connection,
    secret: &SecretHash,
    email: &str,
    now: Timestamp,
) -> Result<(InviteId, OrgId, Role), ControlError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, org, role FROM invites
         WHERE secret = ?1 AND expires > ?2 AND (email IS NULL OR email = ?3 COLLATE NOCASE)",
    )?;
    let found = statement
        .query_row((&secret[..], now.nanos(), email), |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)));
    let (id, org, role) = found.optional()?.ok_or(ControlError::Refused(UNKNOWN))?;
    Ok((id, org, members::role(&role)?))
}

/// Uses an invitation up: the user is in its org then.
pub(super) fn spend(
    transaction: &Transaction<'_>,
    origin: &Origin,
    user: UserId,
    secret: &SecretHash,
) -> Result<OrgId, ControlError> {
    let email = super::accounts::user(transaction, user)?.email;
    let (id, org, role) = find(transaction, secret, &email, origin.now)?;
    transaction.execute("DELETE FROM invites WHERE id = ?1", [id])?;
    members::add(transaction, org, user, role, origin.now)?;
    let (actor, target) = (format!("user:{user}"), id.to_string());
    let entry = Entry { org: Some(org), actor: &actor, action: "invite.used", target: &target, detail: role.name() };
    append(transaction, origin, entry)?;
    Ok(org)
}

fn invites(connection: &Connection, org: OrgId, now: Timestamp) -> Result<Vec<Invite>, ControlError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, role, email, created_by, created, expires FROM invites
         WHERE org = ?1 AND expires > ?2 ORDER BY created, id",
    )?;
    let mut rows = statement.query((org, now.nanos()))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Invite {
            id: row.get(0)?,
            role: members::role(&row.get::<_, String>(1)?)?,
            email: row.get(2)?,
            created_by: row.get(3)?,
            created: row.get(4)?,
            expires: row.get(5)?,
        });
    }
    Ok(found)
}

impl ControlStore {
    /// Returns the invitations that are good, the oldest first.
    pub fn invites(&self, scope: &OrgScope, now: Timestamp) -> Result<Vec<Invite>, ControlError> {
        self.read(|connection| invites(connection, scope.org(), now))
    }

    /// Keeps a new invitation.
    pub fn create_invite(&self, scope: &OrgScope, origin: &Origin, new: &NewInvite) -> Result<Invite, ControlError> {
        if new.role == Role::Owner && !scope.may(Action::OwnOrg) {
            return Err(ControlError::Refused("only an owner makes, changes and removes owners"));
        }
        self.write(|transaction| {
            let now = origin.now.nanos();
            transaction.execute("DELETE FROM invites WHERE org = ?1 AND expires <= ?2", (scope.org(), now))?;
            let mut statement = transaction.prepare_cached("SELECT count(*) FROM invites WHERE org = ?1")?;
            if statement.query_row([scope.org()], |row| row.get::<_, i64>(0))? >= MOST {
                return Err(ControlError::Conflict("1000 invitations of this org wait; delete some"));
            }
            let id = InviteId::generate();
            transaction.execute(
                "INSERT INTO invites (id, org, role, email, secret, created, created_by, expires)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                (
                    id,
                    scope.org(),
                    new.role.name(),
                    &new.email,
                    &new.secret[..],
                    now,
                    new.created_by,
                    new.expires.nanos(),
                ),
            )?;
            let (actor, target) = (scope.client(), id.to_string());
            let detail = format!("{} for {}", new.role.name(), new.email.as_deref().unwrap_or("anybody"));
            let org = Some(scope.org());
            let entry = Entry { org, actor: &actor, action: "invite.created", target: &target, detail: &detail };
            append(transaction, origin, entry)?;
            let all = invites(transaction, scope.org(), origin.now)?;
            all.into_iter().find(|invite| invite.id == id).ok_or(ControlError::NotFound)
        })
    }

    /// Takes an invitation back.
    pub fn delete_invite(&self, scope: &OrgScope, origin: &Origin, id: InviteId) -> Result<(), ControlError> {
        self.write(|transaction| {
            let deleted = transaction.execute("DELETE FROM invites WHERE org = ?1 AND id = ?2", (scope.org(), id))?;
            if deleted == 0 {
                return Err(ControlError::NotFound);
            }
            let (org, actor, target) = (Some(scope.org()), scope.client(), id.to_string());
            let entry = Entry { org, actor: &actor, action: "invite.deleted", target: &target, detail: "" };
            append(transaction, origin, entry)
        })
    }
}
