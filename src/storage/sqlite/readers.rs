//! Connections for reading, kept from one question to the next.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::connection::{self, Problem};
use crate::storage::StorageError;

/// Connections kept open for the next question. Each holds a page cache of some megabytes at most.
const MOST_KEPT: usize = 16;

/// Who else has the store open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nobody, or an import that waits for readers.
    Alone,
    /// A live store, which writes while we read.
    BesideWriter,
}

/// What a read transaction sees, so that another can be compared with it.
///
/// A live store adds blocks at any time, which helps nobody and harms nobody who knows which blocks to read. When it
/// takes blocks away it counts up its generation: two transactions that see the same generation hold the same blocks,
/// but for the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(Option<i64>);

/// The connections of one store.
#[derive(Debug)]
pub struct Readers {
    path: PathBuf,
    access: Access,
    kept: Mutex<Vec<Connection>>,
}

impl Readers {
    /// A pool without connections.
    pub fn new(path: &Path, access: Access) -> Readers {
        Readers { path: path.to_path_buf(), access, kept: Mutex::new(Vec::new()) }
    }

    /// Returns the store's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a connection ahead of the first question, so that a file that is no store is told at once.
    pub fn open_one(&self) -> Result<(), StorageError> {
        let connection = self.open()?;
        self.keep(connection);
        Ok(())
    }

    /// Refuses to write beside a live store.
    pub fn require_alone(&self) -> Result<(), StorageError> {
        match self.access {
            Access::Alone => Ok(()),
            Access::BesideWriter => Err(StorageError::Busy {
                path: self.path.display().to_string(),
                detail: "only the server writes to it while it runs".to_owned(),
            }),
        }
    }

    /// Runs `work` in one read transaction.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&Connection, Moment) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let connection = self.take()?;
        let transaction = connection.unchecked_transaction().map_err(|error| self.at(error))?;
        let moment = self.moment(&transaction)?;
        let result = work(&transaction, moment)?;
        transaction.finish().map_err(|error| self.at(error))?;
        self.keep(connection);
        Ok(result)
    }

    /// Runs `work` through another connection when that sees the same blocks as the one of `moment`.
    pub fn help(&self, moment: Moment, work: impl FnOnce(&Connection)) -> Result<(), StorageError> {
        self.read(|connection, own| {
            if own == moment {
                work(connection);
            }
            Ok(())
        })
    }

    /// Returns what the transaction sees; the first read of a transaction settles it.
    fn moment(&self, connection: &Connection) -> Result<Moment, StorageError> {
        if self.access == Access::Alone {
            // A writer waits for us, so nothing changes until we are done.
            return Ok(Moment(None));
        }
        let mut statement = connection.prepare_cached("SELECT generation FROM live").map_err(|error| self.at(error))?;
        let generation = statement.query_row([], |row| row.get(0)).map_err(|error| self.at(error))?;
        Ok(Moment(Some(generation)))
    }

    fn at(&self, error: rusqlite::Error) -> StorageError {
        Problem::from(error).at(&self.path)
    }

    fn open(&self) -> Result<Connection, StorageError> {
        match self.access {
            Access::Alone => connection::open_to_read(&self.path),
            Access::BesideWriter => connection::open_beside_writer(&self.path),
        }
    }

    fn take(&self) -> Result<Connection, StorageError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.map_or_else(|| self.open(), Ok)
    }

    fn keep(&self, connection: Connection) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT {
            kept.push(connection);
        }
    }
}
