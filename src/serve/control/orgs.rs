//! Orgs: the tenants.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;

use super::audit::{Entry, append};
use super::{ControlError, ControlStore, members};
use crate::serve::auth::access::Role;
use crate::serve::auth::{OrgScope, Principal};
use crate::serve::ids::{OrgId, UserId};
use crate::serve::origin::Origin;
use crate::serve::time::Time;

/// Most orgs one user may own: each has a store of its own.
const MOST_OWNED: i64 = 20;

/// An org.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Its name.
    pub name: String,
    /// Since when.
    pub created: Time,
    /// How many days entries are kept; null is as the server is set.
    pub retention_days: Option<i64>,
    /// How many bytes of entries are kept; null is as the server is set.
    pub retention_bytes: Option<i64>,
    /// How many entries the retention should have deleted and did not, since they are more than half of all and nobody
    /// had asked for it; null when there are none. Setting the retention again deletes them.
    pub retention_held: Option<i64>,
    /// What whoever asks is in it; null for an API key.
    pub role: Option<Role>,
}

/// What is to be another way in an org; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct OrgChange {
    /// Its name.
    pub name: Option<String>,
    /// `Some(None)` is as the server is set.
    pub retention_days: Option<Option<i64>>,
    /// `Some(None)` is as the server is set.
    pub retention_bytes: Option<Option<i64>>,
}

/// Returns an org as a user sees it who is in it, or as a key does.
fn org(connection: &Connection, id: OrgId, user: Option<UserId>) -> Result<Org, ControlError> {
    let mut statement = connection.prepare_cached(
        "SELECT orgs.id, orgs.name, orgs.created, retention_days, retention_bytes, retention_held, members.role
         FROM orgs LEFT JOIN members ON members.org = orgs.id AND members.user = ?2 WHERE orgs.id = ?1",
    )?;
    let found = statement.query_row((id, user), |row| {
        let org = Org {
            id: row.get(0)?,
            name: row.get(1)?,
            created: row.get(2)?,
            retention_days: row.get(3)?,
            retention_bytes: row.get(4)?,
            retention_held: row.get(5)?,
            role: None,
        };
        Ok((org, row.get::<_, Option<String>>(6)?))
    });
    let (found, role) = found.optional()?.ok_or(ControlError::NotFound)?;
    if user.is_some() && role.is_none() {
        return Err(ControlError::NotFound);
    }
    Ok(Org { role: role.as_deref().map(members::role).transpose()?, ..found })
}

/// Returns an org that a user is in.
pub(super) fn of_user(connection: &Connection, user: UserId, id: OrgId) -> Result<Org, ControlError> {
    org(connection, id, Some(user))
}

/// Makes an org with its owner.
pub(super) fn create(
    transaction: &Transaction<'_>,
    origin: &Origin,
    owner: UserId,
    name: &str,
) -> Result<OrgId, ControlError> {
    let mut statement = transaction.prepare_cached("SELECT count(*) FROM members WHERE user = ?1 AND role = ?2")?;
    let owned: i64 = statement.query_row((owner, Role::Owner.name()), |row| row.get(0))?;
    if owned >= MOST_OWNED {
        return Err(ControlError::Conflict("nobody owns more than 20 orgs"));
    }
    let id = OrgId::generate();
    let now = origin.now.nanos();
    transaction.execute("INSERT INTO orgs (id, name, created) VALUES (?1, ?2, ?3)", (id, name, now))?;
    members::add(transaction, id, owner, Role::Owner, origin.now)?;
    let (actor, target) = (format!("user:{owner}"), id.to_string());
    let entry = Entry { org: Some(id), actor: &actor, action: "org.created", target: &target, detail: name };
    append(transaction, origin, entry)?;
    Ok(id)
}

fn viewer(scope: &OrgScope) -> Option<UserId> {
    match scope.principal() {
        Principal::User { user, .. } => Some(user),
        Principal::Key { .. } | Principal::Server => None,
    }
}

impl ControlStore {
    /// Returns the org.
    pub fn org(&self, scope: &OrgScope) -> Result<Org, ControlError> {
        self.read(|connection| org(connection, scope.org(), viewer(scope)))
    }

    /// Returns the orgs whoever asks is in, the longest first; of a key, its own.
    pub fn orgs(&self, scope: &OrgScope) -> Result<Vec<Org>, ControlError> {
        self.read(|connection| {
            let Some(user) = viewer(scope) else { return Ok(vec![org(connection, scope.org(), None)?]) };
            let mut statement =
                connection.prepare_cached("SELECT org FROM members WHERE user = ?1 ORDER BY created, org")?;
            let ids = statement.query_map([user], |row| row.get(0))?.collect::<Result<Vec<OrgId>, _>>()?;
            ids.into_iter().map(|id| of_user(connection, user, id)).collect()
        })
    }

    /// Makes an org of a user's own.
    pub fn create_org(&self, origin: &Origin, owner: UserId, name: &str) -> Result<Org, ControlError> {
        self.write(|transaction| {
            let id = create(transaction, origin, owner, name)?;
            of_user(transaction, owner, id)
        })
    }

    /// Returns the ids of the orgs with this name, for the operator: names need not be unique.
    pub fn orgs_named(&self, name: &str) -> Result<Vec<OrgId>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT id FROM orgs WHERE name = ?1 OR id = ?2")?;
            let id: Option<OrgId> = name.parse().ok();
            Ok(statement.query_map((name, id), |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    /// Changes the org. Who sets a retention, and not a longer one than there was, asks for what it deletes: the next
    /// time more than half of the entries may go.
    pub fn change_org(&self, scope: &OrgScope, origin: &Origin, change: &OrgChange) -> Result<Org, ControlError> {
        self.write(|transaction| {
            let before = org(transaction, scope.org(), viewer(scope))?;
            let name = change.name.as_ref().unwrap_or(&before.name);
            let days = change.retention_days.unwrap_or(before.retention_days);
            let bytes = change.retention_bytes.unwrap_or(before.retention_bytes);
            let asks = |given: Option<Option<i64>>, before: Option<i64>| {
                given.flatten().is_some_and(|now| before.is_none_or(|before| now <= before))
            };
            let asked = asks(change.retention_days, before.retention_days)
                || asks(change.retention_bytes, before.retention_bytes);
            transaction.execute(
                "UPDATE orgs SET name = ?2, retention_days = ?3, retention_bytes = ?4 WHERE id = ?1",
                (scope.org(), name, days, bytes),
            )?;
            if (days, bytes) != (before.retention_days, before.retention_bytes) || asked {
                // What an older setting held says nothing of this one.
                let asked = asked.then_some(origin.now.nanos());
                transaction.execute(
                    "UPDATE orgs SET retention_asked = ?2, retention_held = NULL WHERE id = ?1",
                    (scope.org(), asked),
                )?;
            }
            let shown = |value: Option<i64>| value.map_or_else(|| "default".to_owned(), |value| value.to_string());
            let mut detail = Vec::new();
            if *name != before.name {
                detail.push(format!("name: {} to {name}", before.name));
            }
            for (what, then, now) in [("days", before.retention_days, days), ("bytes", before.retention_bytes, bytes)] {
                if then != now {
                    detail.push(format!("retention {what}: {} to {}", shown(then), shown(now)));
                }
            }
            if asked && before.retention_held.is_some() {
                detail.push("retention asked for, more than half of the entries included".to_owned());
            }
            if detail.is_empty() {
                return self::org(transaction, scope.org(), viewer(scope));
            }
            let (actor, target, detail) = (scope.client(), scope.org().to_string(), detail.join("; "));
            let org = Some(scope.org());
            let entry = Entry { org, actor: &actor, action: "org.changed", target: &target, detail: &detail };
            append(transaction, origin, entry)?;
            self::org(transaction, scope.org(), viewer(scope))
        })
    }

    /// Deletes the org with its memberships, sessions, keys and invitations. Its audit log stays.
    ///
    /// # Errors
    /// When whoever asks is in no other: they could not log in any more.
    pub fn delete_org(&self, scope: &OrgScope, origin: &Origin) -> Result<(), ControlError> {
        self.write(|transaction| {
            let before = org(transaction, scope.org(), viewer(scope))?;
            let mut elsewhere = transaction.prepare_cached("SELECT 1 FROM members WHERE user = ?1 AND org <> ?2")?;
            if let Some(user) = viewer(scope)
                && !elsewhere.exists((user, scope.org()))?
            {
                return Err(ControlError::Conflict(
                    "this is the only org you are in, and without one you could not log in: make another one first \
                     (POST /api/v1/orgs) or accept an invitation to one, then delete this one and log in again",
                ));
            }
            transaction.execute("DELETE FROM orgs WHERE id = ?1", [scope.org()])?;
            let (actor, target) = (scope.client(), scope.org().to_string());
            let (org, detail) = (Some(scope.org()), before.name.as_str());
            append(transaction, origin, Entry { org, actor: &actor, action: "org.deleted", target: &target, detail })
        })
    }
}
