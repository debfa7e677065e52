//! `control.db`: who there is and what they may do. The second home of SQL, beside `storage`.
//!
//! Blocking; every change is one transaction, synced. What belongs to an org is only reached with an
//! [`OrgScope`], which only the authentication makes: a method cannot be handed an id from a request instead.

mod accounts;
pub mod alerts;
mod audit;
pub mod channels;
mod housekeeping;
mod identity;
mod ids;
mod invites;
mod keys;
mod members;
mod migrations;
mod named;
mod orgs;
pub mod outbox;
pub mod rules;
mod sessions;
pub mod watermarks;
pub mod words;

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use accounts::{Account, Joining, LoginRecord, NewUser, User};
pub use audit::AuditEvent;
pub use housekeeping::OwnRetention;
pub use invites::{Invite, NewInvite};
pub use keys::{Key, NewKey, Used};
pub use members::Member;
pub use named::Missing;
pub use orgs::{Org, OrgChange};
pub use sessions::{Going, Lives, Refreshed, Session, Started};

/// Why the control store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is no such thing, or it is somebody else's.
    #[error("there is no such thing")]
    NotFound,
    /// It does not fit what is there; the text says what to change.
    #[error("{0}")]
    Conflict(&'static str),
    /// Whoever asks may not do it; the text says why.
    #[error("{0}")]
    Refused(&'static str),
    /// The database failed.
    #[error("control.db: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The database was not made by this program, or by a newer one.
    #[error("control.db: {0}")]
    Foreign(String),
    /// The file could not be made.
    #[error("control.db: {0}")]
    Io(#[from] std::io::Error),
}

impl From<ControlError> for super::error::ApiError {
    fn from(error: ControlError) -> super::error::ApiError {
        use super::error::ApiError;
        match error {
            ControlError::NotFound => ApiError::not_found(),
            ControlError::Conflict(message) => ApiError::conflict("conflict", message),
            ControlError::Refused(message) => ApiError::new(axum::http::StatusCode::FORBIDDEN, "forbidden", message),
            ControlError::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => {
                ApiError::disk_full()
            }
            other => ApiError::internal(&other),
        }
    }
}

/// Users, orgs, members, sessions, keys and what else is not a log.
#[derive(Debug)]
pub struct ControlStore {
    writer: Mutex<Connection>,
    /// Apart from the writer, so that looking somebody up never waits for a sync.
    reader: Mutex<Connection>,
}

impl ControlStore {
    /// Opens the store; makes it, readable by its owner alone, when there is none.
    pub fn open(path: &Path) -> Result<ControlStore, ControlError> {
        match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.into()),
            _ => {}
        }
        let mut writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        writer.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")?;
        migrations::migrate(&mut writer)?;
        let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(ControlStore { writer: Mutex::new(writer), reader: Mutex::new(reader) })
    }

    /// Runs `work` in one transaction that is on disk when this returns; an error undoes it.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, ControlError>) -> Result<T, ControlError> {
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Runs `work` on what is committed.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, ControlError>) -> Result<T, ControlError> {
        work(&self.reader.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks whether something could be written now; for the readiness check.
    ///
    /// # Errors
    /// When it could not.
    pub fn is_writable(&self) -> Result<(), ControlError> {
        self.write(|_| Ok(()))
    }

    /// Writes everything into the database file itself; for the end of the service.
    pub fn checkpoint(&self) -> Result<(), ControlError> {
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, ControlError> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // As of the orgs' stores: a damaged page is an error, not a wrong answer.
    connection.execute_batch("PRAGMA cell_size_check = ON")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_checks_the_pages_it_reads() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = ControlStore::open(&folder.path().join("control.db")).expect("it opens");
        let is_checked = |connection: &Connection| {
            connection.pragma_query_value(None, "cell_size_check", |row| row.get::<_, bool>(0)).expect("a pragma")
        };
        assert!(is_checked(&store.writer.lock().expect("it is free")));
        assert!(is_checked(&store.reader.lock().expect("it is free")));
    }
}
