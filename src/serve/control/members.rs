//! Who is in an org, and as what.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;

use super::audit::{Entry, append};
use super::{ControlError, ControlStore};
use crate::entry::Timestamp;
use crate::serve::auth::OrgScope;
use crate::serve::auth::access::{Action, Role};
use crate::serve::ids::{OrgId, UserId};
use crate::serve::origin::Origin;
use crate::serve::time::Time;

/// Somebody in an org.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// What they log in with.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// Since when.
    pub joined: Time,
}

/// Reads a role out of a column.
pub(super) fn role(name: &str) -> Result<Role, ControlError> {
    Role::from_name(name).ok_or_else(|| ControlError::Foreign(format!("{name:?} is no role")))
}

/// Puts a user into an org.
pub(super) fn add(
    transaction: &Transaction<'_>,
    org: OrgId,
    user: UserId,
    role: Role,
    now: Timestamp,
) -> Result<(), ControlError> {
    let added = transaction.execute(
        "INSERT INTO members (org, user, role, created) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        (org, user, role.name(), now.nanos()),
    )?;
    if added == 1 { Ok(()) } else { Err(ControlError::Conflict("is in this org already")) }
}

fn role_of(connection: &Connection, org: OrgId, user: UserId) -> Result<Role, ControlError> {
    let mut statement = connection.prepare_cached("SELECT role FROM members WHERE org = ?1 AND user = ?2")?;
    let name: Option<String> = statement.query_row((org, user), |row| row.get(0)).optional()?;
    role(&name.ok_or(ControlError::NotFound)?)
}

/// Looks whether `scope` may make a member of `now` one of `then`; an org keeps an owner.
fn check_change(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    now: Role,
    then: Option<Role>,
) -> Result<(), ControlError> {
    if (now == Role::Owner || then == Some(Role::Owner)) && !scope.may(Action::OwnOrg) {
        return Err(ControlError::Refused("only an owner makes, changes and removes owners"));
    }
    if now == Role::Owner && then != Some(Role::Owner) {
        let mut statement = transaction.prepare_cached("SELECT count(*) FROM members WHERE org = ?1 AND role = ?2")?;
        let owners: i64 = statement.query_row((scope.org(), Role::Owner.name()), |row| row.get(0))?;
        if owners <= 1 {
            return Err(ControlError::Conflict("an org keeps at least one owner; make another one first"));
        }
    }
    Ok(())
}

fn member(connection: &Connection, org: OrgId, user: UserId) -> Result<Member, ControlError> {
    let all = members(connection, org)?;
    all.into_iter().find(|member| member.user == user).ok_or(ControlError::NotFound)
}

fn members(connection: &Connection, org: OrgId) -> Result<Vec<Member>, ControlError> {
    let mut statement = connection.prepare_cached(
        "SELECT users.id, users.email, users.name, members.role, members.created
         FROM members JOIN users ON users.id = members.user WHERE members.org = ?1
         ORDER BY members.created, users.id",
    )?;
    let mut rows = statement.query([org])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Member {
            user: row.get(0)?,
            email: row.get(1)?,
            name: row.get(2)?,
            role: role(&row.get::<_, String>(3)?)?,
            joined: row.get(4)?,
        });
    }
    Ok(found)
}

impl ControlStore {
    /// Returns who is in the org, the longest first.
    pub fn members(&self, scope: &OrgScope) -> Result<Vec<Member>, ControlError> {
        self.read(|connection| members(connection, scope.org()))
    }

    /// Makes a member something else.
    pub fn change_role(
        &self,
        scope: &OrgScope,
        origin: &Origin,
        user: UserId,
        role: Role,
    ) -> Result<Member, ControlError> {
        self.write(|transaction| {
            let before = role_of(transaction, scope.org(), user)?;
            check_change(transaction, scope, before, Some(role))?;
            transaction.execute(
                "UPDATE members SET role = ?3 WHERE org = ?1 AND user = ?2",
                (scope.org(), user, role.name()),
            )?;
            let (actor, detail) = (scope.client(), format!("{} to {}", before.name(), role.name()));
            let (org, target) = (Some(scope.org()), user.to_string());
            let entry = Entry { org, actor: &actor, action: "member.changed", target: &target, detail: &detail };
            append(transaction, origin, entry)?;
            member(transaction, scope.org(), user)
        })
    }

    /// Takes somebody out of the org; their sessions in it end.
    pub fn remove_member(&self, scope: &OrgScope, origin: &Origin, user: UserId) -> Result<(), ControlError> {
        self.write(|transaction| {
            let before = role_of(transaction, scope.org(), user)?;
            check_change(transaction, scope, before, None)?;
            transaction.execute("DELETE FROM members WHERE org = ?1 AND user = ?2", (scope.org(), user))?;
            transaction.execute("DELETE FROM sessions WHERE org = ?1 AND user = ?2", (scope.org(), user))?;
            let (actor, target) = (scope.client(), user.to_string());
            let (org, detail) = (Some(scope.org()), before.name());
            append(transaction, origin, Entry { org, actor: &actor, action: "member.removed", target: &target, detail })
        })
    }
}
