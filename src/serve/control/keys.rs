//! API keys.

use std::collections::HashMap;
use std::net::IpAddr;

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::audit::{Entry, append};
use super::{ControlError, ControlStore};
use crate::entry::Timestamp;
use crate::serve::auth::OrgScope;
use crate::serve::auth::access::KeyScope;
use crate::serve::ids::{KeyId, OrgId};
use crate::serve::origin::Origin;
use crate::serve::time::Time;

/// Most keys of an org.
const MOST: i64 = 1000;

/// An API key, without its secret.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Key {
    /// Its id, a part of its text.
    pub id: KeyId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scope: KeyScope,
    /// When it was made.
    pub created: Time,
    /// Until when it is good; null is for ever.
    pub expires: Option<Time>,
    /// Who made it: `user:<id>` or `key:<id>`.
    pub created_by: String,
    /// When it was last used, give or take a minute; null is never.
    pub used: Option<Time>,
}

/// An API key to be kept.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Its id.
    pub id: KeyId,
    /// SHA-256 of its secret.
    pub secret: [u8; 32],
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scope: KeyScope,
    /// Until when it is good.
    pub expires: Option<Timestamp>,
}

/// That a key was used.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub address: IpAddr,
}

fn keys(connection: &Connection, org: OrgId) -> Result<Vec<Key>, ControlError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, scope, created, expires, used, created_by FROM keys WHERE org = ?1 ORDER BY created, id",
    )?;
    let mut rows = statement.query([org])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let scope: String = row.get(2)?;
        found.push(Key {
            id: row.get(0)?,
            name: row.get(1)?,
            scope: KeyScope::from_name(&scope)
                .ok_or_else(|| ControlError::Foreign(format!("{scope:?} is no scope")))?,
            created: row.get(3)?,
            expires: row.get(4)?,
            used: row.get(5)?,
            created_by: row.get(6)?,
        });
    }
    Ok(found)
}

impl ControlStore {
    /// Returns the org's keys, the oldest first.
    pub fn keys(&self, scope: &OrgScope) -> Result<Vec<Key>, ControlError> {
        self.read(|connection| keys(connection, scope.org()))
    }

    /// Keeps a new key.
    pub fn create_key(&self, scope: &OrgScope, origin: &Origin, new: &NewKey) -> Result<Key, ControlError> {
        if !scope.covers(new.scope) {
            return Err(ControlError::Refused("nobody makes a key that may do more than they may themselves"));
        }
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT count(*) FROM keys WHERE org = ?1")?;
            if statement.query_row([scope.org()], |row| row.get::<_, i64>(0))? >= MOST {
                return Err(ControlError::Conflict("this org has 1000 keys; delete some"));
            }
            let client = scope.client();
            transaction.execute(
                "INSERT INTO keys (id, org, name, scope, secret, created, created_by, expires)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                (
                    new.id,
                    scope.org(),
                    &new.name,
                    new.scope.name(),
                    &new.secret[..],
                    origin.now.nanos(),
                    &client,
                    new.expires.map(Timestamp::nanos),
                ),
            )?;
            let (org, target) = (Some(scope.org()), new.id.to_string());
            let detail = format!("{}: {}", new.scope.name(), new.name);
            let entry = Entry { org, actor: &client, action: "key.created", target: &target, detail: &detail };
            append(transaction, origin, entry)?;
            let all = keys(transaction, scope.org())?;
            all.into_iter().find(|key| key.id == new.id).ok_or(ControlError::NotFound)
        })
    }

    /// Deletes a key: the next request with it is refused.
    pub fn delete_key(&self, scope: &OrgScope, origin: &Origin, id: KeyId) -> Result<(), ControlError> {
        self.write(|transaction| {
            let deleted = transaction.execute("DELETE FROM keys WHERE org = ?1 AND id = ?2", (scope.org(), id))?;
            if deleted == 0 {
                return Err(ControlError::NotFound);
            }
            let (org, actor, target) = (Some(scope.org()), scope.client(), id.to_string());
            let entry = Entry { org, actor: &actor, action: "key.deleted", target: &target, detail: "" };
            append(transaction, origin, entry)
        })
    }

    /// Keeps when keys were used; the first use of each goes to the audit log.
    pub fn note_used_keys(&self, origin: &Origin, used: &HashMap<KeyId, Used>) -> Result<(), ControlError> {
        if used.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            for (id, Used { at, address }) in used {
                let mut statement = transaction.prepare_cached("SELECT org, used FROM keys WHERE id = ?1")?;
                let known = statement.query_row([id], |row| Ok((row.get::<_, OrgId>(0)?, row.get(1)?))).optional()?;
                // Deleted since.
                let Some((org, before)) = known else { continue };
                transaction.execute("UPDATE keys SET used = ?2 WHERE id = ?1", (id, at.nanos()))?;
                let before: Option<i64> = before;
                if before.is_none() {
                    let (actor, target) = (format!("key:{id}"), id.to_string());
                    let org = Some(org);
                    let entry = Entry { org, actor: &actor, action: "key.first_used", target: &target, detail: "" };
                    append(transaction, &Origin { now: *at, address: *address, ..origin.clone() }, entry)?;
                }
            }
            Ok(())
        })
    }
}
