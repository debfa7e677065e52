//! Finds blocks that are not as they were stored.

use rusqlite::Connection;

use super::connection::Problem;
use super::encode::block_hash;
use super::import::part_id;

/// A block that is not as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedBlock {
    /// Its number in the store.
    pub id: i64,
    /// Entries that may be affected.
    pub entries: u64,
    /// What is wrong.
    pub detail: String,
}

/// Reads every block and returns the damaged ones.
pub fn verify(connection: &Connection) -> Result<Vec<DamagedBlock>, Problem> {
    let mut damaged = Vec::new();
    let mut blocks = connection.prepare("SELECT id, entries FROM blocks ORDER BY id")?;
    let mut rows = blocks.query([])?;
    while let Some(row) = rows.next()? {
        let (id, entries) = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)? as u64);
        let detail = match check(connection, id) {
            Ok(None) => continue,
            Ok(Some(detail)) => detail.to_owned(),
            Err(error) => error.to_string(),
        };
        damaged.push(DamagedBlock { id, entries, detail });
    }
    Ok(damaged)
}

/// Returns what is wrong with a block.
fn check(connection: &Connection, id: i64) -> Result<Option<&'static str>, rusqlite::Error> {
    let mut statement = connection.prepare_cached("SELECT data FROM parts WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let parts: Vec<Vec<u8>> =
        statement.query_map([part_id(id, 0), part_id(id + 1, 0) - 1], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare_cached("SELECT hash, meta FROM blocks WHERE id = ?1")?;
    let (hash, meta): ([u8; 16], Vec<u8>) = statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let same = block_hash(&meta, parts.iter().map(Vec::as_slice)).to_le_bytes() == hash;
    Ok((!same).then_some("its stored bytes do not have the hash they were stored with"))
}
