//! How the file is opened: so that reading writes nothing, and writing is safe.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::migrations;
use crate::storage::StorageError;

/// Bytes a page. Large pages make short chains of a block's parts.
pub const PAGE_SIZE: u32 = 8192;
/// The first SQLite without the WAL-reset bug (sqlite.org/wal.html#walresetbug).
const LEAST_SQLITE: i32 = 3_051_003;
/// Bytes of the log file that are kept for reuse once it was emptied.
const LOG_KEPT: u64 = 64 << 20;
/// How long a reader waits for a writer that is committing.
const READ_PATIENCE: Duration = Duration::from_secs(5);
/// How long a writer waits for readers and for another writer.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);

/// What went wrong, before the store's path is put to it.
#[derive(Debug)]
pub enum Problem {
    /// The database said it.
    Sqlite(rusqlite::Error),
    /// The content is not as it must be.
    Damaged(String),
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Problem {
        Problem::Sqlite(error)
    }
}

impl Problem {
    /// Puts the store's path to the problem.
    pub fn at(self, path: &Path) -> StorageError {
        let path = path.display().to_string();
        let error = match self {
            Problem::Damaged(detail) => return StorageError::Damaged { path, detail },
            Problem::Sqlite(error) => error,
        };
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageError::Busy { path, detail },
            Some(
                code @ (ErrorCode::CannotOpen
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::OutOfMemory),
            ) => {
                let kind = match code {
                    ErrorCode::DiskFull => std::io::ErrorKind::StorageFull,
                    ErrorCode::ReadOnly | ErrorCode::PermissionDenied => std::io::ErrorKind::PermissionDenied,
                    ErrorCode::OutOfMemory => std::io::ErrorKind::OutOfMemory,
                    _ => std::io::ErrorKind::Other,
                };
                StorageError::Io { path, source: std::io::Error::new(kind, detail) }
            }
            _ => StorageError::Damaged { path, detail },
        }
    }
}

fn io_error(path: &Path, source: std::io::Error) -> StorageError {
    StorageError::Io { path: path.display().to_string(), source }
}

fn damaged(path: &Path, detail: &str) -> StorageError {
    StorageError::Damaged { path: path.display().to_string(), detail: detail.to_owned() }
}

/// Leaves the log as it is when the connection closes.
pub fn keep_log(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
}

/// Returns the name of a file that SQLite keeps beside the store.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(ending);
    PathBuf::from(name)
}

/// Opens for reading. No byte of the store or its folder changes, but for one case: a writer was killed
/// while it committed and left a journal; then the store is first put back to what it was before.
///
/// A store is in rollback-journal mode, where a reader takes a shared lock and makes no file. One that was
/// put in WAL mode is opened as immutable when no log stands beside it, for else SQLite would make one.
pub fn open_to_read(path: &Path) -> Result<Connection, StorageError> {
    let header = header(path)?;
    if is_foreign(path, &header) {
        return Err(damaged(path, NOT_SQLITE));
    }
    let in_wal_mode = header.get(18) == Some(&2);
    let immutable = in_wal_mode && !beside(path, "-wal").exists();
    let open = || -> Result<Connection, Problem> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = if immutable {
            Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)?
        } else {
            Connection::open_with_flags(plain(path), flags)?
        };
        connection.busy_timeout(READ_PATIENCE)?;
        distrust(&connection)?;
        migrations::check(&connection)?;
        Ok(connection)
    };
    match open() {
        Err(Problem::Sqlite(error)) if is_hot_journal(&error) => {
            roll_back(path).map_err(|problem| {
                let detail = format!(
                    "a writer was killed and left a journal, which cannot be undone here ({}); \
                     hint: run any logan command on it where the store and its folder can be written",
                    problem.at(path)
                );
                StorageError::Damaged { path: path.display().to_string(), detail }
            })?;
            open()
        }
        other => other,
    }
    .map_err(|problem| problem.at(path))
}

/// Opens for reading beside the [`super::LiveStore`] of the same file, which must be open: it keeps the log in place,
/// so this never reads the file as if nobody wrote to it.
pub fn open_beside_writer(path: &Path) -> Result<Connection, StorageError> {
    let open = || -> Result<Connection, Problem> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(plain(path), flags)?;
        connection.busy_timeout(READ_PATIENCE)?;
        distrust(&connection)?;
        // The log is the writer's to empty.
        keep_log(&connection)?;
        match migrations::check(&connection)? {
            migrations::VERSION => Ok(connection),
            version => Err(Problem::Damaged(format!("has schema version {version}: no server has opened it yet"))),
        }
    };
    open().map_err(|problem| problem.at(path))
}

const NOT_SQLITE: &str = "not a logan store (not a SQLite file)";

/// Returns how the file begins: SQLite's header, when it is one of its files.
fn header(path: &Path) -> Result<Vec<u8>, StorageError> {
    let mut header = Vec::with_capacity(100);
    let file = std::fs::File::open(path).map_err(|error| io_error(path, error))?;
    file.take(100).read_to_end(&mut header).map_err(|error| io_error(path, error))?;
    Ok(header)
}

/// Returns true for a file that is not SQLite's, nor one whose beginning a writer was killed in writing.
fn is_foreign(path: &Path, header: &[u8]) -> bool {
    !header.starts_with(b"SQLite format 3\0") && !beside(path, "-journal").exists()
}

/// How a store is opened for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// Few large transactions, one file afterwards: a rollback journal.
    Import,
    /// Many small transactions beside readers: a log, every commit synced; a new file can shrink again.
    Live,
}

/// Opens for writing; makes the file when there is none, and brings its tables up to date.
pub fn open_to_write(path: &Path, writing: Writing) -> Result<Connection, StorageError> {
    require_safe_sqlite(rusqlite::version_number()).map_err(|problem| problem.at(path))?;
    // Logs hold secrets: the store is its owner's alone. SQLite gives its journal the same mode.
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(io_error(path, error)),
        _ => {}
    }
    let header = header(path)?;
    let is_empty = header.is_empty();
    if !is_empty && is_foreign(path, &header) {
        return Err(damaged(path, NOT_SQLITE));
    }
    let open = || -> Result<Connection, Problem> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(plain(path), flags)?;
        connection.busy_timeout(WRITE_PATIENCE)?;
        distrust(&connection)?;
        // New pages go to the end of the file and are written once, at the commit.
        connection.execute_batch("PRAGMA cache_spill = OFF; PRAGMA foreign_keys = ON")?;
        if writing == Writing::Live && is_empty {
            connection.pragma_update(None, "page_size", PAGE_SIZE)?;
            connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
        }
        match migrations::check(&connection) {
            Ok(migrations::VERSION) => {}
            Err(Problem::Sqlite(error)) => return Err(error.into()),
            _ => migrations::migrate(&mut connection)?,
        }
        if writing == Writing::Live {
            log_synced(&connection)?;
        }
        Ok(connection)
    };
    open().map_err(|problem| problem.at(path))
}

/// Puts the store in WAL mode: a commit is one sync of the log, and readers see what was there when they began.
fn log_synced(connection: &Connection) -> Result<(), Problem> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Problem::Damaged(format!("cannot be put in WAL mode (it stays in {mode} mode)")));
    }
    // The log is emptied by hand: SQLite's own way keeps a failed sync to itself.
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {LOG_KEPT}"
    ))?;
    Ok(())
}

/// Refuses a SQLite that can lose what was committed.
fn require_safe_sqlite(version: i32) -> Result<(), Problem> {
    if version >= LEAST_SQLITE {
        return Ok(());
    }
    let text = |version: i32| format!("{}.{}.{}", version / 1_000_000, version / 1000 % 1000, version % 1000);
    Err(Problem::Damaged(format!(
        "SQLite {} may lose data; at least {} is needed to write",
        text(version),
        text(LEAST_SQLITE)
    )))
}

/// Takes nothing in the file on trust.
fn distrust(connection: &Connection) -> Result<(), Problem> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.execute_batch("PRAGMA cell_size_check = ON")?;
    Ok(())
}

/// A name SQLite does not take for one of its special ones.
fn plain(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_path_buf() } else { Path::new(".").join(path) }
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in plain(path).as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(*byte as char),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

fn is_hot_journal(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_READONLY_ROLLBACK | ffi::SQLITE_READONLY_RECOVERY | ffi::SQLITE_READONLY_CANTINIT))
}

/// Lets SQLite undo what a killed writer left half done.
fn roll_back(path: &Path) -> Result<(), Problem> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(plain(path), flags)?;
    connection.busy_timeout(READ_PATIENCE)?;
    distrust(&connection)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_that_may_lose_data_is_refused_and_ours_is_not() {
        assert!(require_safe_sqlite(3_051_002).is_err());
        assert!(require_safe_sqlite(3_051_003).is_ok());
        assert!(require_safe_sqlite(rusqlite::version_number()).is_ok());
    }

    #[test]
    fn odd_file_names_survive_a_uri() {
        assert_eq!(immutable_uri(Path::new("/a b/c?d#%.db")), "file:/a%20b/c%3Fd%23%25.db?immutable=1");
    }
}
