//! The audit log: what was done to accounts, keys and orgs, by whom and from where. Appended in the transaction of the
//! change itself, so that neither is there without the other.
//!
//! Each org has a chain of its own. A row's hash covers all of it and the hash before: a row cannot be changed or taken
//! out later without all that follow showing it. The oldest events go after a time (`retention.audit_days`), from the
//! beginning of the chain only; the number and hash of the last that went stay as its base, so that what is left is
//! still one chain.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{ControlError, ControlStore};
use crate::entry::Timestamp;
use crate::serve::auth::OrgScope;
use crate::serve::ids::OrgId;
use crate::serve::origin::Origin;
use crate::serve::time::Time;

/// Something that was done.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AuditEvent {
    /// Its number within the org: 1, 2, 3 …
    #[schema(minimum = 1)]
    pub id: i64,
    /// When.
    pub at: Time,
    /// Who: `user:<id>`, `key:<id>`, `server`, `command`, or `anonymous`.
    pub actor: String,
    /// What: `login.ok`, `key.created`, …
    pub action: String,
    /// To whom or what.
    pub target: String,
    /// More about it.
    pub detail: String,
    /// From where.
    pub address: String,
    /// SHA-256 over the event and the hash of the one before, in hexadecimal digits.
    pub hash: String,
}

/// Something to write down.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Whose log it goes to; `None` is the server's own.
    pub org: Option<OrgId>,
    /// See [`AuditEvent::actor`].
    pub actor: &'a str,
    /// See [`AuditEvent::action`].
    pub action: &'a str,
    /// See [`AuditEvent::target`].
    pub target: &'a str,
    /// See [`AuditEvent::detail`].
    pub detail: &'a str,
}

/// Events of an org that are deleted at once: the next clean-up goes on.
const AT_ONCE: i64 = 1000;

/// What stands for no org.
const NO_ORG: OrgId = OrgId::NIL;

/// Returns the hash of an event: every part with its length before it, so that no two events read alike.
fn hash(before: &[u8], org: OrgId, seq: i64, at: i64, parts: [&str; 5]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update((before.len() as u64).to_le_bytes());
    hasher.update(before);
    hasher.update(org.to_bytes());
    hasher.update(seq.to_le_bytes());
    hasher.update(at.to_le_bytes());
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

/// The number and hash an org's chain begins behind: 0 and none until its oldest events are deleted.
fn base(connection: &Connection, org: OrgId) -> Result<(i64, Vec<u8>), ControlError> {
    let mut statement = connection.prepare_cached("SELECT seq, hash FROM audit_bases WHERE org = ?1")?;
    let base = statement.query_row([org], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(base.unwrap_or_default())
}

/// Writes something down.
pub fn append(transaction: &Transaction<'_>, origin: &Origin, entry: Entry<'_>) -> Result<(), ControlError> {
    let org = entry.org.unwrap_or(NO_ORG);
    let mut last =
        transaction.prepare_cached("SELECT seq, hash FROM audit WHERE org = ?1 ORDER BY seq DESC LIMIT 1")?;
    let last = last.query_row([org], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))).optional()?;
    let (last, before) = last.map_or_else(|| base(transaction, org), Ok)?;
    let seq = last + 1;
    let (at, address) = (origin.now.nanos(), origin.address.to_string());
    let Entry { actor, action, target, detail, .. } = entry;
    let hash = hash(&before, org, seq, at, [actor, action, target, detail, &address]);
    transaction
        .prepare_cached(
            "INSERT INTO audit (org, seq, at, actor, action, target, detail, address, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((org, seq, at, actor, action, target, detail, address, hash))?;
    Ok(())
}

/// Returns the number of the first event of an org that does not fit the one before; `None` when all do.
fn first_broken(connection: &Connection, org: OrgId) -> Result<Option<i64>, ControlError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, actor, action, target, detail, address, hash FROM audit WHERE org = ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query([org])?;
    let (last, mut before) = base(connection, org)?;
    let mut expected = last + 1;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        let texts: [String; 5] = [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
        let kept: Vec<u8> = row.get(7)?;
        let right = hash(&before, org, seq, row.get(1)?, texts.each_ref().map(String::as_str));
        if seq != expected || kept != right {
            return Ok(Some(seq));
        }
        (before, expected) = (kept, seq + 1);
    }
    Ok(None)
}

/// Deletes an org's events from the beginning of its chain up to the first that is not before `until`, at most
/// [`AT_ONCE`]; returns how many.
fn expire_org(transaction: &Transaction<'_>, org: OrgId, until: i64) -> Result<usize, ControlError> {
    let mut statement =
        transaction.prepare_cached("SELECT seq, at, hash FROM audit WHERE org = ?1 ORDER BY seq LIMIT ?2")?;
    let mut rows = statement.query((org, AT_ONCE))?;
    let mut last: Option<(i64, Vec<u8>)> = None;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? >= until {
            break;
        }
        last = Some((row.get(0)?, row.get(2)?));
    }
    let Some((seq, hash)) = last else { return Ok(0) };
    transaction.execute(
        "INSERT INTO audit_bases (org, seq, hash) VALUES (?1, ?2, ?3)
         ON CONFLICT (org) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
        (org, seq, hash),
    )?;
    Ok(transaction.execute("DELETE FROM audit WHERE org = ?1 AND seq <= ?2", (org, seq))?)
}

/// Writes down what somebody did to something of their org.
pub(super) fn done(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    origin: &Origin,
    action: &str,
    (target, detail): (&dyn std::fmt::Display, &str),
) -> Result<(), ControlError> {
    let (actor, target) = (scope.client(), target.to_string());
    append(transaction, origin, Entry { org: Some(scope.org()), actor: &actor, action, target: &target, detail })
}

impl ControlStore {
    /// Writes something down that changes nothing else.
    pub fn note(&self, scope: &OrgScope, origin: &Origin, action: &str, target: &str) -> Result<(), ControlError> {
        let entry = Entry { org: Some(scope.org()), actor: &scope.client(), action, target, detail: "" };
        self.write(|transaction| append(transaction, origin, entry))
    }

    /// Writes down what the operator did to the server by a command.
    pub fn note_command(&self, origin: &Origin, action: &str) -> Result<(), ControlError> {
        let entry = Entry { org: None, actor: "command", action, target: "", detail: "" };
        self.write(|transaction| append(transaction, origin, entry))
    }

    /// Returns up to `limit` events of an org, the newest first; those before number `before`.
    pub fn audit(&self, scope: &OrgScope, before: Option<i64>, limit: u32) -> Result<Vec<AuditEvent>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, at, actor, action, target, detail, address, hash FROM audit
                 WHERE org = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
            )?;
            let rows = statement.query_map((scope.org(), before.unwrap_or(i64::MAX), limit), |row| {
                let hash: Vec<u8> = row.get(7)?;
                Ok(AuditEvent {
                    id: row.get(0)?,
                    at: row.get(1)?,
                    actor: row.get(2)?,
                    action: row.get(3)?,
                    target: row.get(4)?,
                    detail: row.get(5)?,
                    address: row.get(6)?,
                    hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Deletes the events that were written down before `until`, a part of those of each org; returns how many. An
    /// event is never deleted before the ones in front of it in its chain.
    pub fn expire_audit(&self, until: Timestamp) -> Result<usize, ControlError> {
        let orgs = self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT DISTINCT org FROM audit WHERE at < ?1")?;
            Ok(statement.query_map([until.nanos()], |row| row.get(0))?.collect::<Result<Vec<OrgId>, _>>()?)
        })?;
        let mut deleted = 0;
        for org in orgs {
            deleted += self.write(|transaction| expire_org(transaction, org, until.nanos()))?;
        }
        Ok(deleted)
    }

    /// Checks every chain, from its base on; returns org and number of the first event of each that was changed or
    /// follows a gap. The org is `None` for the server's own.
    pub fn verify_audit(&self) -> Result<Vec<(Option<OrgId>, i64)>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT DISTINCT org FROM audit")?;
            let orgs = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<OrgId>, _>>()?;
            let mut broken = Vec::new();
            for org in orgs {
                if let Some(seq) = first_broken(connection, org)? {
                    broken.push(((org != NO_ORG).then_some(org), seq));
                }
            }
            Ok(broken)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds, 0).expect("a time")
    }

    fn write(store: &ControlStore, org: Option<OrgId>, seconds: i64) {
        let entry = Entry { org, actor: "server", action: "test", target: "", detail: "" };
        let origin = Origin::command(at(seconds));
        store.write(|transaction| append(transaction, &origin, entry)).expect("it is written");
    }

    fn numbers(store: &ControlStore, org: OrgId) -> Vec<i64> {
        let events = store.audit(&OrgScope::of_server(org), None, 10_000).expect("it is read");
        events.iter().rev().map(|event| event.id).collect()
    }

    #[test]
    fn old_events_go_and_what_is_left_is_still_a_chain() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = ControlStore::open(&folder.path().join("control.db")).expect("a store");
        let (one, two) = (OrgId::generate(), OrgId::generate());
        (1..=5).for_each(|second| write(&store, Some(one), second));
        (1..=5).for_each(|second| write(&store, None, second));
        // The clock went back: nothing is taken out of the middle.
        [1, 9, 1].into_iter().for_each(|second| write(&store, Some(two), second));
        assert_eq!(store.expire_audit(at(4)).expect("they go"), 3 + 3 + 1);
        assert_eq!((numbers(&store, one), numbers(&store, two)), (vec![4, 5], vec![2, 3]));
        assert_eq!(store.verify_audit().expect("it is read"), []);
        // All of them: the numbers and the chain go on.
        assert_eq!(store.expire_audit(at(6)).expect("they go"), 2 + 2);
        write(&store, Some(one), 6);
        write(&store, Some(one), 7);
        assert_eq!((numbers(&store, one), store.verify_audit().expect("it is read")), (vec![6, 7], vec![]));
        let change = |sql: &str| store.write(|transaction| Ok(transaction.execute(sql, [one])?)).expect("it changes");
        assert_eq!(change("DELETE FROM audit WHERE org = ?1 AND seq = 6"), 1);
        assert_eq!(store.verify_audit().expect("it is read"), [(Some(one), 7)]);
    }

    #[test]
    fn many_old_events_go_in_parts() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = ControlStore::open(&folder.path().join("control.db")).expect("a store");
        let org = OrgId::generate();
        let entry = Entry { org: Some(org), actor: "server", action: "test", target: "", detail: "" };
        let fill = |transaction: &Transaction<'_>| {
            (0..AT_ONCE + 10).try_for_each(|_| append(transaction, &Origin::command(at(1)), entry))
        };
        store.write(fill).expect("they are written");
        assert_eq!(store.expire_audit(at(2)).expect("they go"), AT_ONCE as usize);
        assert_eq!(store.verify_audit().expect("it is read"), []);
        assert_eq!((store.expire_audit(at(2)).expect("they go"), numbers(&store, org)), (10, vec![]));
    }

    #[test]
    fn a_changed_or_missing_event_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = ControlStore::open(&folder.path().join("control.db")).expect("a store");
        let origin = Origin::command(Timestamp::from_seconds(1_000_000, 0).expect("a time"));
        let (one, two) = (OrgId::generate(), OrgId::generate());
        for count in 0..5 {
            for org in [Some(one), Some(two), None] {
                let detail = count.to_string();
                let entry = Entry { org, actor: "server", action: "test", target: "", detail: &detail };
                store.write(|transaction| append(transaction, &origin, entry)).expect("it is written");
            }
        }
        assert_eq!(store.verify_audit().expect("it is read"), []);
        let change = |sql: &str, org: OrgId| {
            store.write(|transaction| Ok(transaction.execute(sql, [org])?)).expect("somebody changes it")
        };
        assert_eq!(change("UPDATE audit SET detail = 'x' WHERE org = ?1 AND seq = 3", one), 1);
        assert_eq!(change("DELETE FROM audit WHERE org = ?1 AND seq = 2", two), 1);
        let mut broken = store.verify_audit().expect("it is read");
        broken.sort();
        let mut expected = vec![(Some(one), 3), (Some(two), 3)];
        expected.sort();
        assert_eq!(broken, expected);
    }
}
