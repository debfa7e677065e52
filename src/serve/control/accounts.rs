//! Users: how they come in, how they prove who they are.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;

use super::audit::{Entry, append};
use super::{ControlError, ControlStore, Org, invites, members, orgs};
use crate::entry::Timestamp;
use crate::serve::auth::SecretHash;
use crate::serve::auth::access::Role;
use crate::serve::ids::{OrgId, SessionId, UserId};
use crate::serve::origin::Origin;
use crate::serve::time::Time;

/// Somebody.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// What they log in with.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Since when.
    pub created: Time,
}

/// Somebody to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What they log in with.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// The PHC string of their password.
    pub password: String,
}

/// Where somebody new belongs.
#[derive(Clone, Debug)]
pub enum Joining {
    /// To an org of their own with this name.
    OwnOrg(String),
    /// To the org of an invitation; this is the hash of its secret.
    Invite(SecretHash),
    /// To an org that stands, as the operator says.
    Org(OrgId, Role),
}

/// Somebody in an org.
#[derive(Clone, Debug)]
pub struct Account {
    /// Who.
    pub user: User,
    /// Where.
    pub org: Org,
}

/// What a log-in is compared with.
#[derive(Clone, Debug)]
pub struct LoginRecord {
    /// Who it would be.
    pub user: User,
    /// The PHC string of their password.
    pub password: String,
    /// True when they may not log in.
    pub disabled: bool,
    /// The org they have been in for longest: where failures are written down.
    pub org: Option<OrgId>,
}

/// Returns a user.
pub(super) fn user(connection: &Connection, id: UserId) -> Result<User, ControlError> {
    let mut statement = connection.prepare_cached("SELECT id, email, name, created FROM users WHERE id = ?1")?;
    let found = statement.query_row([id], |row| {
        Ok(User { id: row.get(0)?, email: row.get(1)?, name: row.get(2)?, created: row.get(3)? })
    });
    found.optional()?.ok_or(ControlError::NotFound)
}

/// Returns the orgs of a user, the first first.
fn first_org(connection: &Connection, user: UserId) -> Result<Option<OrgId>, ControlError> {
    let mut statement =
        connection.prepare_cached("SELECT org FROM members WHERE user = ?1 ORDER BY created, org LIMIT 1")?;
    Ok(statement.query_row([user], |row| row.get(0)).optional()?)
}

fn spend_admin_token(transaction: &Transaction<'_>, token: &SecretHash, now: Timestamp) -> Result<(), ControlError> {
    let spent = transaction
        .execute("DELETE FROM admin_tokens WHERE secret = ?1 AND expires > ?2", (&token[..], now.nanos()))?;
    if spent == 1 { Ok(()) } else { Err(ControlError::Refused(WRONG_ADMIN_TOKEN)) }
}

const WRONG_ADMIN_TOKEN: &str = "the admin token is not known, has expired or was used";

impl ControlStore {
    /// Looks at what somebody new shows, before anything costly is done for them.
    pub fn check_joining(
        &self,
        joining: &Joining,
        admin_token: Option<&SecretHash>,
        email: &str,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        self.read(|connection| {
            if let Joining::Invite(secret) = joining {
                invites::find(connection, secret, email, now)?;
            }
            let Some(token) = admin_token else { return Ok(()) };
            let mut known =
                connection.prepare_cached("SELECT 1 FROM admin_tokens WHERE secret = ?1 AND expires > ?2")?;
            let known = known.exists((&token[..], now.nanos()))?;
            if known { Ok(()) } else { Err(ControlError::Refused(WRONG_ADMIN_TOKEN)) }
        })
    }

    /// Makes a user, and the org they own when they come with none.
    pub fn sign_up(
        &self,
        origin: &Origin,
        new: &NewUser,
        joining: &Joining,
        admin_token: Option<&SecretHash>,
    ) -> Result<Account, ControlError> {
        self.write(|transaction| {
            if let Some(token) = admin_token {
                spend_admin_token(transaction, token, origin.now)?;
            }
            let mut taken = transaction.prepare_cached("SELECT 1 FROM users WHERE email = ?1")?;
            if taken.exists([&new.email])? {
                return Err(ControlError::Conflict(match joining {
                    Joining::Invite(_) => {
                        "there is an account with this e-mail address; log in to join the org: \
                         POST /api/v1/auth/login with `invite`"
                    }
                    Joining::OwnOrg(_) | Joining::Org(..) => {
                        "there is an account with this e-mail address; log in instead"
                    }
                }));
            }
            let id = UserId::generate();
            transaction.execute(
                "INSERT INTO users (id, email, name, password, created) VALUES (?1, ?2, ?3, ?4, ?5)",
                (id, &new.email, &new.name, &new.password, origin.now.nanos()),
            )?;
            let actor = format!("user:{id}");
            let org = match joining {
                Joining::OwnOrg(name) => orgs::create(transaction, origin, id, name)?,
                Joining::Invite(secret) => invites::spend(transaction, origin, id, secret)?,
                Joining::Org(org, role) => {
                    members::add(transaction, *org, id, *role, origin.now)?;
                    *org
                }
            };
            let detail = if admin_token.is_some() { "with an admin token" } else { "" };
            let entry =
                Entry { org: Some(org), actor: &actor, action: "user.created", target: &id.to_string(), detail };
            append(transaction, origin, entry)?;
            Ok(Account { user: user(transaction, id)?, org: orgs::of_user(transaction, id, org)? })
        })
    }

    /// Returns true when somebody has an account or a token to make one.
    pub fn has_users_or_admin_token(&self, now: Timestamp) -> Result<bool, ControlError> {
        self.read(|connection| {
            let question =
                "SELECT EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM admin_tokens WHERE expires > ?1)";
            Ok(connection.query_row(question, [now.nanos()], |row| row.get(0))?)
        })
    }

    /// Keeps a one-time token of the operator.
    pub fn keep_admin_token(
        &self,
        origin: &Origin,
        token: &SecretHash,
        expires: Timestamp,
    ) -> Result<(), ControlError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM admin_tokens WHERE expires <= ?1", [origin.now.nanos()])?;
            transaction.execute(
                "INSERT INTO admin_tokens (secret, created, expires) VALUES (?1, ?2, ?3)",
                (&token[..], origin.now.nanos(), expires.nanos()),
            )?;
            let entry = Entry { org: None, actor: "command", action: "admin_token.created", target: "", detail: "" };
            append(transaction, origin, entry)
        })
    }

    /// Returns what a log-in with this e-mail address is compared with. Of somebody unknown the same is asked, so that it
    /// takes as long.
    pub fn login_record(&self, email: &str) -> Result<Option<LoginRecord>, ControlError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, password, disabled FROM users WHERE email = ?1")?;
            let found = statement
                .query_row([email], |row| Ok((row.get::<_, UserId>(0)?, row.get::<_, String>(1)?, row.get(2)?)));
            let found = found.optional()?;
            let id = found.as_ref().map_or(UserId::NIL, |(id, ..)| *id);
            let (user, org) = (user(connection, id), first_org(connection, id)?);
            let Some((_, password, disabled)) = found else { return Ok(None) };
            Ok(Some(LoginRecord { user: user?, password, disabled, org }))
        })
    }

    /// Writes down that somebody did not get in.
    pub fn login_failed(&self, origin: &Origin, email: &str, record: Option<&LoginRecord>) -> Result<(), ControlError> {
        let entry = Entry {
            org: record.and_then(|record| record.org),
            actor: "anonymous",
            action: "login.failed",
            target: email,
            detail: if record.is_some_and(|record| record.disabled) { "the account is disabled" } else { "" },
        };
        self.write(|transaction| append(transaction, origin, entry))
    }

    /// Returns a user.
    pub fn user(&self, user: UserId) -> Result<User, ControlError> {
        self.read(|connection| self::user(connection, user))
    }

    /// Keeps a password's new hash by today's parameters; nothing else changes.
    pub fn rehash(&self, user: UserId, password: &str) -> Result<(), ControlError> {
        self.write(|transaction| {
            transaction.execute("UPDATE users SET password = ?2 WHERE id = ?1", (user, password))?;
            Ok(())
        })
    }

    /// Changes a password and ends all sessions of the user but this one.
    pub fn change_password(
        &self,
        origin: &Origin,
        org: OrgId,
        user: UserId,
        password: &str,
        keep: SessionId,
    ) -> Result<(), ControlError> {
        self.write(|transaction| {
            transaction.execute("UPDATE users SET password = ?2 WHERE id = ?1", (user, password))?;
            transaction.execute("DELETE FROM sessions WHERE user = ?1 AND id <> ?2", (user, keep))?;
            let actor = format!("user:{user}");
            let entry = Entry { org: Some(org), actor: &actor, action: "password.changed", target: "", detail: "" };
            append(transaction, origin, entry)
        })
    }

    /// Puts a password in the place of one that is lost, and ends all sessions of the user.
    pub fn reset_password(&self, origin: &Origin, user: UserId, password: &str) -> Result<(), ControlError> {
        self.write(|transaction| {
            transaction.execute("UPDATE users SET password = ?2 WHERE id = ?1", (user, password))?;
            transaction.execute("DELETE FROM sessions WHERE user = ?1", [user])?;
            let org = first_org(transaction, user)?;
            let target = user.to_string();
            append(
                transaction,
                origin,
                Entry { org, actor: "command", action: "password.reset", target: &target, detail: "" },
            )
        })
    }

    /// Lets a user log in or not; one who may not has no session any more.
    pub fn set_user_disabled(&self, origin: &Origin, email: &str, disabled: bool) -> Result<User, ControlError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT id FROM users WHERE email = ?1")?;
            let id: Option<UserId> = statement.query_row([email], |row| row.get(0)).optional()?;
            let id = id.ok_or(ControlError::NotFound)?;
            transaction.execute("UPDATE users SET disabled = ?2 WHERE id = ?1", (id, disabled))?;
            if disabled {
                transaction.execute("DELETE FROM sessions WHERE user = ?1", [id])?;
            }
            let action = if disabled { "user.disabled" } else { "user.enabled" };
            let org = first_org(transaction, id)?;
            append(transaction, origin, Entry { org, actor: "command", action, target: &id.to_string(), detail: "" })?;
            user(transaction, id)
        })
    }
}
