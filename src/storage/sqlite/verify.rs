//! Finds blocks that are not as they were stored.

use rusqlite::{Connection, OptionalExtension, Row};

use super::connection::Problem;
use super::encode::block_hash;
use super::import::{PART_BITS, part_id, sources};
use super::migrations;
use super::scan::{SELECT_BLOCKS, block_row};

/// A block that is not as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedBlock {
    /// Its number in the store; 0 when what is wrong is not in one block.
    pub id: i64,
    /// Entries that may be affected.
    pub entries: u64,
    /// What is wrong.
    pub detail: String,
}

/// Reads every block and returns the damaged ones.
pub fn verify(connection: &Connection) -> Result<Vec<DamagedBlock>, Problem> {
    let changed = migrations::changed(connection)?;
    if !changed.is_empty() {
        // Without it nothing else can be asked.
        let detail = |name| format!("the description of {name} is not as this version of the store has it");
        return Ok(changed.iter().map(|name| DamagedBlock { id: 0, entries: 0, detail: detail(name) }).collect());
    }
    let mut damaged = structure(connection)?;
    let mut blocks = connection.prepare(SELECT_BLOCKS)?;
    let mut rows = blocks.query([])?;
    while let Some(row) = rows.next()? {
        let (id, entries) = (row.get::<_, i64>(0)?, row.get::<_, i64>(2)? as u64);
        let detail = match check(connection, id, row) {
            Ok(None) => continue,
            Ok(Some(detail)) => detail,
            Err(error) => error.to_string(),
        };
        damaged.push(DamagedBlock { id, entries, detail });
    }
    Ok(damaged)
}

/// Returns what is wrong with the database around the blocks: its trees, and parts whose block is gone.
fn structure(connection: &Connection) -> Result<Vec<DamagedBlock>, Problem> {
    let mut found = Vec::new();
    let mut note = |id, detail| found.push(DamagedBlock { id, entries: 0, detail });
    let mut check = connection.prepare("PRAGMA quick_check(10)")?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            note(0, format!("the database says: {}", said.replace('\n', " ")));
        }
    }
    match sources(connection) {
        Ok(_) => {}
        Err(Problem::Damaged(detail)) => note(0, detail),
        Err(problem) => return Err(problem),
    }
    let mut rejects =
        connection.prepare("SELECT DISTINCT source FROM rejects WHERE source NOT IN (SELECT id FROM sources)")?;
    let mut rows = rejects.query([])?;
    while let Some(row) = rows.next()? {
        note(0, format!("rejects are there of source {}, but not its row", row.get::<_, i64>(0)?));
    }
    let mut orphans =
        connection.prepare("SELECT DISTINCT id >> ?1 FROM parts WHERE id >> ?1 NOT IN (SELECT id FROM blocks)")?;
    let mut rows = orphans.query([PART_BITS])?;
    while let Some(row) = rows.next()? {
        note(row.get(0)?, "its columns are there, but not its row".to_owned());
    }
    Ok(found)
}

/// Returns what is wrong with a block.
fn check(connection: &Connection, id: i64, row: &Row<'_>) -> Result<Option<String>, rusqlite::Error> {
    let source = match block_row(row)? {
        Ok((numbers, _)) => numbers.source,
        Err(fault) => return Ok(Some(fault.0.into_owned())),
    };
    let mut known = connection.prepare_cached("SELECT count(*) FROM sources WHERE id = ?1")?;
    if source.is_some() && known.query_row([source], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(Some("its source is gone".to_owned()));
    }
    let (hash, meta): ([u8; 16], Vec<u8>) = (row.get(12)?, row.get(14)?);
    // By their numbers, as readers ask for them: a piece that lost its number is lost to a query, though it is there.
    let mut statement = connection.prepare_cached("SELECT data FROM parts WHERE id = ?1")?;
    let parts: Vec<Vec<u8>> = (0..1 << PART_BITS)
        .map_while(|piece| statement.query_row([part_id(id, piece)], |row| row.get(0)).optional().transpose())
        .collect::<Result<_, _>>()?;
    let pieces: i64 = connection
        .prepare_cached("SELECT count(*) FROM parts WHERE id BETWEEN ?1 AND ?2")?
        .query_row([part_id(id, 0), part_id(id + 1, 0) - 1], |row| row.get(0))?;
    if pieces != parts.len() as i64 {
        return Ok(Some("the pieces of its columns are not numbered as they were stored".to_owned()));
    }
    let same = block_hash(&meta, parts.iter().map(Vec::as_slice)).to_le_bytes() == hash;
    Ok((!same).then(|| "its stored bytes do not have the hash they were stored with".to_owned()))
}
