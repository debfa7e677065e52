//! Reads back what one source gave.

use super::connection::Problem;
use super::{SqliteLogStorage, scan};
use crate::query::{BatchSink, Filter};
use crate::storage::{ScanStats, StorageError};

impl SqliteLogStorage {
    /// Pushes the blocks of a source that begin before `offset`, one after the other in the order of their offsets.
    pub fn query_source(&self, source_id: i64, offset: u64, sink: &dyn BatchSink) -> Result<ScanStats, StorageError> {
        self.read_at(|connection, moment| {
            let ids = || -> Result<Vec<i64>, rusqlite::Error> {
                let mut statement = connection.prepare_cached(
                    "SELECT id FROM blocks WHERE source = ?1 AND base_offset + first_offset < ?2 ORDER BY id",
                )?;
                statement.query_map([source_id, offset as i64], |row| row.get(0))?.collect()
            };
            let ids = self.at(ids().map_err(Problem::from))?;
            let mut blocks = self.at(scan::block_heads(connection))?;
            blocks.retain(|block| ids.binary_search(&block.id).is_ok());
            scan::scan(&self.readers, moment, connection, 1, &blocks, &Filter::All, sink)
        })
    }
}
