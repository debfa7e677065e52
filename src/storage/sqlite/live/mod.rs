//! One org's store while the server runs: many small writes, each on disk before it is answered, beside readers.
//!
//! The tables and blocks are those of an import, so every tool reads a copy of the file. What differs:
//!
//! - The file is in WAL mode with `synchronous=FULL`: a commit is one sync, and readers never wait. The log is copied
//!   into the file by this connection alone, by hand: SQLite's automatic way would keep a failed sync to itself.
//! - An entry's `line` is its arrival number: 1, 2, 3 … over the life of the store, never given twice. Its source says
//!   how it came; its offset is 0.
//! - Small writes make small blocks, in one call one block; [`LiveStore::merge`] joins neighbours into large ones.
//! - Blocks go away by age and size ([`LiveStore::expire`]). The table `live` counts a generation up whenever blocks
//!   go, so that the threads of one question know whether they see the same ([`super::readers`]).
//!
//! When the disk fails to sync, what is on it is unknown and a second try would lie: from then on every write fails
//! with [`StorageError::Poisoned`]. A full disk is no such thing: the write fails whole and the next one may succeed.

mod append;
mod block;
mod expire;
mod join;
mod merge;
mod rejects;
mod requests;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hashbrown::HashSet;
use rusqlite::{Connection, ffi};

pub use self::append::{Append, AppendEntries, Appended};
pub use self::block::LiveBlock;
pub use self::expire::{Expired, Refusal, Retention};
pub use self::merge::{MergeBudget, Merged};
pub use self::rejects::{LiveReject, RejectPage};
pub use self::requests::RequestKey;
use super::connection::{self, Problem, Writing};
use crate::entry::Timestamp;
use crate::storage::StorageError;

/// Bytes put into the log after which it is copied into the file.
const LOG_BYTES: u64 = 8 << 20;
/// What a commit writes at least: a few pages for the tables it touches.
const COMMIT_BYTES: u64 = 6 * connection::PAGE_SIZE as u64;

/// Settings of a live store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveOptions {
    /// How many rejects are kept; when there are more the oldest go, and are counted.
    pub rejects_kept: u64,
}

impl Default for LiveOptions {
    fn default() -> LiveOptions {
        LiveOptions { rejects_kept: 100_000 }
    }
}

/// The one writer of a store's file while the server runs.
#[derive(Debug)]
pub struct LiveStore {
    connection: Connection,
    path: PathBuf,
    options: LiveOptions,
    /// What the database said when a sync failed.
    poison: Option<String>,
    /// Bytes in the log since it was last copied into the file, about.
    logged: u64,
    /// Blocks that were found damaged or too large to be merged, so that nobody tries again.
    left_alone: HashSet<i64>,
    /// When `expire` last ran: by a clock that cannot be set, and by the one that can.
    last_expire: Option<(Instant, Timestamp)>,
    /// See [`LiveStore::last_commit`].
    last_commit: Duration,
}

impl LiveStore {
    /// Opens a store for writing; makes it (mode 0600) when there is no file. One that an import made goes on as a live
    /// one: new lines are numbered above all that are there.
    pub fn open(path: &Path, options: LiveOptions) -> Result<LiveStore, StorageError> {
        let connection = connection::open_to_write(path, Writing::Live)?;
        let mut store = LiveStore {
            connection,
            path: path.to_path_buf(),
            options,
            poison: None,
            logged: 0,
            left_alone: HashSet::new(),
            last_expire: None,
            last_commit: Duration::ZERO,
        };
        store.write(|connection| {
            let greatest = "SELECT ifnull(max(base_line + last_line), 0) FROM blocks";
            let numbered = format!("UPDATE live SET next_line = max(next_line, ({greatest}) + 1)");
            Ok(connection.execute(&numbered, [])?)
        })?;
        Ok(store)
    }

    /// Returns the store's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns true when a sync failed: nothing is written any more.
    pub fn is_poisoned(&self) -> bool {
        self.poison.is_some()
    }

    /// Returns how long the COMMIT of the last transaction took that was stored: its pages written to the log, and the
    /// log synced, which is nearly all of it. What made the pages (encoding, statements) is not in it.
    pub fn last_commit(&self) -> Duration {
        self.last_commit
    }

    /// Copies what the log holds into the file, as far as readers allow. Called by the store itself now and then.
    pub fn checkpoint(&mut self) -> Result<(), StorageError> {
        self.copy_log("PASSIVE")
    }

    /// Empties the log into the file and closes it. A copy of the file alone is then the whole store, unless a reader
    /// held on to an older state.
    pub fn close(mut self) -> Result<(), StorageError> {
        self.copy_log("TRUNCATE")?;
        let LiveStore { connection, path, .. } = self;
        connection.close().map_err(|(_, error)| Problem::from(error).at(&path))
    }

    fn copy_log(&mut self, how: &str) -> Result<(), StorageError> {
        self.require_sound()?;
        let copied = self.connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |_| Ok(()));
        self.logged = 0;
        copied.map_err(|error| self.failed(error.into()))
    }

    /// Runs `work` in one transaction that is on disk when this returns `Ok`, and that never was when it does not.
    fn write<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, Problem>) -> Result<T, StorageError> {
        self.require_sound()?;
        let connection = &self.connection;
        let run = || -> Result<(T, Duration), Problem> {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            let done = work(connection)?;
            let began = Instant::now();
            connection.execute_batch("COMMIT")?;
            Ok((done, began.elapsed()))
        };
        let done = run();
        let undone = match &done {
            Err(_) if !connection.is_autocommit() => connection.execute_batch("ROLLBACK"),
            _ => Ok(()),
        };
        if let Err(error) = undone {
            // A transaction that can be neither finished nor undone would swallow the next one.
            self.poison(format!("a transaction could not be undone: {error}"));
        }
        self.logged += COMMIT_BYTES;
        let (done, took) = done.map_err(|problem| self.failed(problem))?;
        self.last_commit = took;
        Ok(done)
    }

    /// Copies the log when enough was written. What was committed is safe whether that works or not, so a failure is
    /// not the last writer's: the next one is told when it was a sync that failed, and all others are tried again.
    fn after_commit(&mut self) {
        if self.logged >= LOG_BYTES {
            _ = self.checkpoint();
        }
    }

    fn require_sound(&self) -> Result<(), StorageError> {
        match &self.poison {
            None => Ok(()),
            Some(detail) => {
                Err(StorageError::Poisoned { path: self.path.display().to_string(), detail: detail.clone() })
            }
        }
    }

    /// Writes nothing from here on, also not when the connection closes.
    fn poison(&mut self, detail: String) {
        // It cannot fail on an open connection, and there is nobody left to tell.
        _ = connection::keep_log(&self.connection);
        self.poison = Some(detail);
    }

    /// Tells a problem, and notes when it is the last.
    fn failed(&mut self, problem: Problem) -> StorageError {
        if let Problem::Sqlite(error) = &problem
            && is_failed_sync(error)
        {
            self.poison(error.to_string());
        }
        match self.require_sound() {
            Err(poisoned) => poisoned,
            Ok(()) => problem.at(&self.path),
        }
    }
}

/// Returns true when the system may have thrown away what it was asked to keep: a second sync that succeeds would
/// prove nothing.
fn is_failed_sync(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC))
}
