//! Sessions: log-ins that have not ended. One refresh token is good at a time; an old one that comes back ends all.

use std::time::Duration;

use rusqlite::{OptionalExtension, Transaction};
use serde::Serialize;

use super::audit::{Entry, append};
use super::{ControlError, ControlStore, Org, User, accounts, invites, orgs};
use crate::entry::Timestamp;
use crate::serve::auth::SecretHash;
use crate::serve::ids::{OrgId, SessionId, UserId};
use crate::serve::origin::Origin;
use crate::serve::time::Time;

/// Most sessions of a user; the one unused for longest ends when there is one more.
const MOST: i64 = 50;

/// How long sessions live.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    /// Unused.
    pub idle: Duration,
    /// At all.
    pub absolute: Duration,
}

/// A log-in that has not ended.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The org it is in.
    pub org: OrgId,
    /// When it began.
    pub created: Time,
    /// When its tokens were last made.
    pub used: Time,
    /// When it ends if it is not used.
    pub expires: Time,
    /// Where it was begun or last used.
    pub address: String,
    /// The program, as it called itself.
    pub user_agent: String,
    /// True for the one that asks.
    pub current: bool,
}

/// Where somebody who logs in goes.
#[derive(Clone, Copy, Debug)]
pub struct Going<'a> {
    /// The org they ask for.
    pub org: Option<OrgId>,
    /// The invitation they use.
    pub invite: Option<&'a SecretHash>,
    /// True where people make orgs of their own.
    pub may_make_org: bool,
}

/// A session with new tokens to be made for it.
#[derive(Clone, Debug)]
pub struct Started {
    /// Which.
    pub session: SessionId,
    /// Whose.
    pub user: User,
    /// In which org.
    pub org: Org,
}

/// What became of a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// It was good; the new one is kept.
    Good(Box<Started>),
    /// It is not known, or the session is over.
    Unknown,
}

fn end_of(created: i64, now: Timestamp, lives: Lives) -> i64 {
    let after = |from: i64, life: Duration| from.saturating_add(i64::try_from(life.as_nanos()).unwrap_or(i64::MAX));
    after(now.nanos(), lives.idle).min(after(created, lives.absolute))
}

/// Takes a refresh token of which there must not be two uses; if it was used before, ends its session.
fn end_reused(transaction: &Transaction<'_>, origin: &Origin, token: &SecretHash) -> Result<(), ControlError> {
    let mut statement = transaction.prepare_cached(
        "SELECT sessions.id, sessions.user, sessions.org FROM spent JOIN sessions ON sessions.id = spent.session
         WHERE spent.refresh = ?1",
    )?;
    let found = statement.query_row([&token[..]], |row| {
        Ok((row.get::<_, SessionId>(0)?, row.get::<_, UserId>(1)?, row.get::<_, OrgId>(2)?))
    });
    let Some((session, user, org)) = found.optional()? else { return Ok(()) };
    transaction.execute("DELETE FROM sessions WHERE id = ?1", [session])?;
    let (actor, target) = (format!("user:{user}"), session.to_string());
    let detail = "a refresh token was used twice; the session was ended";
    append(
        transaction,
        origin,
        Entry { org: Some(org), actor: &actor, action: "session.reuse", target: &target, detail },
    )
}

impl ControlStore {
    /// Begins a session of somebody who proved who they are: in the org they ask for, in that of an invitation, or in the
    /// one they have been in for longest. Somebody who is in none, since theirs was deleted or they were put out of it,
    /// gets a new one of their own, with their name, where people may make orgs (`may_make_org`).
    pub fn start_session(
        &self,
        origin: &Origin,
        user: UserId,
        going: Going<'_>,
        refresh: &SecretHash,
        lives: Lives,
    ) -> Result<Started, ControlError> {
        let Going { org, invite, may_make_org } = going;
        self.write(|transaction| {
            let invited = invite.map(|secret| invites::spend(transaction, origin, user, secret)).transpose()?;
            let first = || {
                let mut statement = transaction
                    .prepare_cached("SELECT org FROM members WHERE user = ?1 ORDER BY created, org LIMIT 1")?;
                let first = statement.query_row([user], |row| row.get::<_, OrgId>(0)).optional()?;
                match first {
                    Some(org) => Ok(org),
                    None if may_make_org => {
                        let name = accounts::user(transaction, user)?.name;
                        orgs::create(transaction, origin, user, &name)
                    }
                    None => Err(ControlError::Refused("you are in no org; log in with an invitation")),
                }
            };
            let id = match invited.or(org) {
                Some(id) => id,
                None => first()?,
            };
            let org = orgs::of_user(transaction, user, id)?;
            transaction.execute(
                "DELETE FROM sessions WHERE id IN
                 (SELECT id FROM sessions WHERE user = ?1 ORDER BY used DESC, id DESC LIMIT -1 OFFSET ?2)",
                (user, MOST - 1),
            )?;
            let session = SessionId::generate();
            let now = origin.now.nanos();
            transaction.execute(
                "INSERT INTO sessions (id, user, org, refresh, created, used, expires, address, user_agent)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8)",
                (
                    session,
                    user,
                    id,
                    &refresh[..],
                    now,
                    end_of(now, origin.now, lives),
                    origin.address.to_string(),
                    &origin.user_agent,
                ),
            )?;
            let (actor, target) = (format!("user:{user}"), session.to_string());
            let detail = &origin.user_agent;
            let entry = Entry { org: Some(id), actor: &actor, action: "login.ok", target: &target, detail };
            append(transaction, origin, entry)?;
            Ok(Started { session, user: accounts::user(transaction, user)?, org })
        })
    }

    /// Puts `next` in the place of a refresh token, and the session in another org if that is asked for.
    ///
    /// # Errors
    /// [`ControlError::NotFound`] when the user is not in that org; the token stays good.
    pub fn refresh_session(
        &self,
        origin: &Origin,
        token: &SecretHash,
        org: Option<OrgId>,
        next: &SecretHash,
        lives: Lives,
    ) -> Result<Refreshed, ControlError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT sessions.id, sessions.user, sessions.org, sessions.created
                 FROM sessions JOIN users ON users.id = sessions.user
                 WHERE refresh = ?1 AND expires > ?2 AND NOT users.disabled",
            )?;
            let found = statement.query_row((&token[..], origin.now.nanos()), |row| {
                Ok((row.get::<_, SessionId>(0)?, row.get::<_, UserId>(1)?, row.get::<_, OrgId>(2)?, row.get(3)?))
            });
            let Some((session, user, current, created)) = found.optional()? else {
                end_reused(transaction, origin, token)?;
                return Ok(Refreshed::Unknown);
            };
            let id = org.unwrap_or(current);
            let entered = match orgs::of_user(transaction, user, id) {
                Err(ControlError::NotFound) if org.is_none() => return Ok(Refreshed::Unknown),
                other => other?,
            };
            transaction.execute("INSERT INTO spent (refresh, session) VALUES (?1, ?2)", (&token[..], session))?;
            transaction.execute(
                "UPDATE sessions SET refresh = ?2, org = ?3, used = ?4, expires = ?5, address = ?6, user_agent = ?7
                 WHERE id = ?1",
                (
                    session,
                    &next[..],
                    id,
                    origin.now.nanos(),
                    end_of(created, origin.now, lives),
                    origin.address.to_string(),
                    &origin.user_agent,
                ),
            )?;
            if id != current {
                let (actor, target) = (format!("user:{user}"), session.to_string());
                let detail = "a session came from another org";
                let entry = Entry { org: Some(id), actor: &actor, action: "login.ok", target: &target, detail };
                append(transaction, origin, entry)?;
            }
            let user = accounts::user(transaction, user)?;
            Ok(Refreshed::Good(Box::new(Started { session, user, org: entered })))
        })
    }

    /// Returns the sessions of a user that have not ended, the last used first.
    pub fn sessions(&self, user: UserId, current: SessionId, now: Timestamp) -> Result<Vec<Session>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, org, created, used, expires, address, user_agent FROM sessions
                 WHERE user = ?1 AND expires > ?2 ORDER BY used DESC, id DESC",
            )?;
            let rows = statement.query_map((user, now.nanos()), |row| {
                let id = row.get(0)?;
                Ok(Session {
                    id,
                    org: row.get(1)?,
                    created: row.get(2)?,
                    used: row.get(3)?,
                    expires: row.get(4)?,
                    address: row.get(5)?,
                    user_agent: row.get(6)?,
                    current: id == current,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Ends a session of a user.
    pub fn end_session(
        &self,
        origin: &Origin,
        user: UserId,
        session: SessionId,
        action: &str,
    ) -> Result<(), ControlError> {
        self.write(|transaction| {
            let mut statement = transaction
                .prepare_cached("DELETE FROM sessions WHERE id = ?1 AND user = ?2 AND expires > ?3 RETURNING org")?;
            let ended = statement.query_row((session, user, origin.now.nanos()), |row| row.get::<_, OrgId>(0));
            let org = Some(ended.optional()?.ok_or(ControlError::NotFound)?);
            let (actor, target) = (format!("user:{user}"), session.to_string());
            append(transaction, origin, Entry { org, actor: &actor, action, target: &target, detail: "" })
        })
    }

    /// Forgets what is over: sessions, invitations, admin tokens. For the background.
    pub fn forget_what_is_over(&self, now: Timestamp) -> Result<(), ControlError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM sessions WHERE expires <= ?1", [now.nanos()])?;
            transaction.execute("DELETE FROM invites WHERE expires <= ?1", [now.nanos()])?;
            transaction.execute("DELETE FROM admin_tokens WHERE expires <= ?1", [now.nanos()])?;
            Ok(())
        })
    }
}
