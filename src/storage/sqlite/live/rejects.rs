//! Rejects of a live store: the newest are kept, and how many were not is counted.

use rusqlite::{Connection, Row, params};

use super::super::SqliteLogStorage;
use super::super::connection::Problem;
use crate::entry::{Reject, Timestamp};
use crate::storage::StorageError;

/// A reject and how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveReject {
    /// Its number in the store: a later reject has a greater one.
    pub id: i64,
    /// How it came.
    pub source: String,
    /// When it came.
    pub arrived: Option<Timestamp>,
    /// The reject; line and offset count within its request.
    pub reject: Reject,
}

/// Some rejects, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectPage {
    /// The rejects.
    pub rejects: Vec<LiveReject>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<i64>,
    /// Rejects of this store that were not kept, because there were too many.
    pub dropped: u64,
}

/// Stores rejects and removes the oldest when there are more than `most`.
pub fn put(
    connection: &Connection,
    source: &str,
    rejects: &[Reject],
    now: Timestamp,
    most: u64,
) -> Result<(), Problem> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO live_rejects (source, line, offset, length, reason, raw, arrived)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for reject in rejects {
        statement.execute(params![
            source,
            reject.line as i64,
            reject.offset as i64,
            reject.length as i64,
            reject.reason,
            &reject.raw[..reject.raw.len().min(Reject::MAX_KEPT)],
            now.nanos(),
        ])?;
    }
    // Only the oldest ever go, so the numbers have no holes and tell how many there are.
    let dropped = connection
        .prepare_cached("DELETE FROM live_rejects WHERE id <= (SELECT max(id) FROM live_rejects) - ?1")?
        .execute([most.min(i64::MAX as u64) as i64])?;
    if dropped > 0 {
        connection
            .prepare_cached("UPDATE live SET rejects_dropped = rejects_dropped + ?1")?
            .execute([dropped as i64])?;
    }
    Ok(())
}

fn page(connection: &Connection, before: Option<i64>, most: usize) -> Result<RejectPage, Problem> {
    let mut statement = connection.prepare_cached(
        "SELECT id, source, arrived, line, offset, length, reason, raw FROM live_rejects
         WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let reject = |row: &Row<'_>| {
        Ok(LiveReject {
            id: row.get(0)?,
            source: row.get(1)?,
            arrived: Timestamp::from_nanos(row.get(2)?),
            reject: Reject {
                line: row.get::<_, i64>(3)? as u64,
                offset: row.get::<_, i64>(4)? as u64,
                length: row.get::<_, i64>(5)? as u64,
                reason: row.get::<_, String>(6)?.into(),
                raw: row.get::<_, Vec<u8>>(7)?.into(),
            },
        })
    };
    // One more than asked for tells whether there is a next page.
    let values = params![before.unwrap_or(i64::MAX), (most as i64).saturating_add(1)];
    let mut rejects = statement.query_map(values, reject)?.collect::<Result<Vec<_>, _>>()?;
    let more = rejects.len() > most;
    rejects.truncate(most);
    let next = if more { rejects.last().map(|last| last.id) } else { None };
    let dropped: i64 = connection.query_row("SELECT rejects_dropped FROM live", [], |row| row.get(0))?;
    Ok(RejectPage { rejects, next, dropped: dropped as u64 })
}

impl SqliteLogStorage {
    /// Returns at most `most` rejects of a live store (opened with [`SqliteLogStorage::open_live`]), newest first:
    /// those before the one with the number `before`, which is [`RejectPage::next`] of the page before.
    pub fn live_rejects(&self, before: Option<i64>, most: usize) -> Result<RejectPage, StorageError> {
        self.read(|connection| self.at(page(connection, before, most)))
    }
}
