//! What arrived last in a live store, and questions about that alone: for those who follow the log.

use rusqlite::Connection;

use super::connection::Problem;
use super::{SqliteLogStorage, scan};
use crate::query::{BatchSink, Filter};
use crate::storage::{ScanStats, StorageError};

/// Returns number and last line of every block, the newest first, to a taker that says when it has enough.
fn each_newest(connection: &Connection, mut take: impl FnMut(i64, u64) -> bool) -> Result<(), Problem> {
    let mut statement = connection.prepare_cached("SELECT id, base_line + last_line FROM blocks ORDER BY id DESC")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if !take(row.get(0)?, row.get::<_, i64>(1)? as u64) {
            break;
        }
    }
    Ok(())
}

impl SqliteLogStorage {
    /// Returns the greatest arrival number of a live store; 0 when it holds no entry.
    pub fn newest_line(&self) -> Result<u64, StorageError> {
        self.read(|connection| {
            let mut newest = 0;
            let found = each_newest(connection, |_, line| {
                newest = line;
                false
            });
            self.at(found.map(|()| newest))
        })
    }

    /// Like [`crate::storage::LogStorage::query`], of a live store and without the blocks all of whose entries arrived
    /// before or with the one numbered `line`. It costs what came since, however large the store is.
    pub fn query_arrived(&self, line: u64, filter: &Filter, sink: &dyn BatchSink) -> Result<ScanStats, StorageError> {
        self.read_at(|connection, moment| {
            // Blocks stand in the order of arrival, so the first old one ends the search.
            let mut first = None;
            let found = each_newest(connection, |id, last| {
                let is_new = last > line;
                if is_new {
                    first = Some(id);
                }
                is_new
            });
            self.at(found)?;
            let Some(first) = first else { return Ok(ScanStats::default()) };
            let blocks = self.at(scan::block_heads_from(connection, first))?;
            scan::scan(&self.readers, moment, connection, self.threads, &blocks, filter, sink)
        })
    }

    /// Returns the greatest arrival number of a live store, and the least timestamp among what arrived after the entry
    /// numbered `line`; `None` when nothing did, or nothing with a time. It may be less than that, never more: a block in
    /// which something is new counts as a whole. It costs a row for each block with something new.
    pub fn oldest_arrived(&self, line: u64) -> Result<(u64, Option<i64>), StorageError> {
        self.read(|connection| {
            let read = || -> Result<(u64, Option<i64>), Problem> {
                let (mut newest, mut oldest) = (0, None);
                let mut statement =
                    connection.prepare_cached("SELECT base_line + last_line, min_ts FROM blocks ORDER BY id DESC")?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let last = row.get::<_, i64>(0)? as u64;
                    newest = newest.max(last);
                    if last <= line {
                        break;
                    }
                    let least: Option<i64> = row.get(1)?;
                    oldest = least.into_iter().chain(oldest).min();
                }
                Ok((newest, oldest))
            };
            self.at(read())
        })
    }

    /// Returns the least and greatest timestamp of all entries; `None` when there are none.
    pub fn time_range(&self) -> Result<Option<(i64, i64)>, StorageError> {
        self.read(|connection| {
            let range = connection
                .prepare_cached("SELECT min(min_ts), max(max_ts) FROM blocks")
                .and_then(|mut statement| statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))));
            let (least, greatest): (Option<i64>, Option<i64>) = self.at(range.map_err(Problem::from))?;
            Ok(least.zip(greatest))
        })
    }
}
