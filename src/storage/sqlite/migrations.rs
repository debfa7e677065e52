//! The tables, and how older ones become newer ones.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::connection::Problem;

/// "LOGN": marks a SQLite file as logan's.
pub const APPLICATION_ID: i32 = 0x4c4f_474e;

/// Each takes a store from the version of its place to the next. Only ever appended to.
pub(super) const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    head_len INTEGER NOT NULL,
    head_hash BLOB NOT NULL,
    offset INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    tail_len INTEGER NOT NULL,
    tail_hash BLOB NOT NULL,
    finished INTEGER NOT NULL
) STRICT;
CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    source INTEGER REFERENCES sources (id),
    entries INTEGER NOT NULL,
    min_ts INTEGER,
    max_ts INTEGER,
    levels INTEGER NOT NULL,
    base_offset INTEGER NOT NULL,
    base_line INTEGER NOT NULL,
    first_offset INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    last_offset INTEGER NOT NULL,
    last_line INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL,
    hash BLOB NOT NULL,
    row_hash INTEGER NOT NULL,
    meta BLOB NOT NULL
) STRICT;
CREATE INDEX blocks_by_source ON blocks (source, id);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;
CREATE TABLE rejects (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES sources (id),
    line INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    reason TEXT NOT NULL,
    raw BLOB NOT NULL
) STRICT;
CREATE INDEX rejects_by_source ON rejects (source, offset);
CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    started TEXT NOT NULL,
    finished TEXT NOT NULL,
    command TEXT NOT NULL,
    entries INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    rejects INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
",
    // The tables stay; the columns of new blocks stand in `parts` in several rows each, which the first logan cannot
    // put together. Blocks that are there are read as they are.
    "",
    "
-- When the entries of a block arrived, in nanoseconds: the least and the greatest. Null for what was imported.
ALTER TABLE blocks ADD COLUMN arrived_first INTEGER;
ALTER TABLE blocks ADD COLUMN arrived_last INTEGER;
-- What a live store knows of itself. `generation` grows whenever blocks go away.
CREATE TABLE live (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    next_line INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    rejects_dropped INTEGER NOT NULL
) STRICT;
-- Above every line there is, so that a store made by an import can go on as a live one.
INSERT INTO live SELECT 1, ifnull(max(base_line + last_line), 0) + 1, 0, 0 FROM blocks;
CREATE TABLE live_rejects (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    line INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    reason TEXT NOT NULL,
    raw BLOB NOT NULL,
    arrived INTEGER NOT NULL
) STRICT;
CREATE TABLE requests (
    client TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    answer BLOB NOT NULL,
    arrived INTEGER NOT NULL,
    PRIMARY KEY (client, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_arrival ON requests (arrived);
",
    // What a source says decides what is imported again. Rows of before have no hash until they are written next.
    "ALTER TABLE sources ADD COLUMN row_hash INTEGER;",
];

/// The version from which on a store has the tables of a live one.
pub const LIVE: i32 = 3;

/// The version from which on rows of sources have a hash.
pub const SOURCE_HASH: i32 = 4;

/// The version this logan writes.
pub const VERSION: i32 = MIGRATIONS.len() as i32;

/// Checks that the file is a store this logan can read, and returns its version.
pub fn check(connection: &Connection) -> Result<i32, Problem> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let id = number("application_id")?;
    if id != APPLICATION_ID {
        return Err(Problem::Damaged(format!("not a logan store (application id {id:#x})")));
    }
    let version = number("user_version")?;
    if version > VERSION {
        return Err(Problem::Damaged(format!(
            "was written by a newer logan: schema version {version}, this logan knows {VERSION}"
        )));
    }
    if version < 1 {
        return Err(Problem::Damaged(format!("has the impossible schema version {version}")));
    }
    Ok(version)
}

/// Returns the names of the tables and indexes that are not, or not any more, as the store's version has them.
pub fn changed(connection: &Connection) -> Result<Vec<String>, Problem> {
    let model = Connection::open_in_memory()?;
    for migration in &MIGRATIONS[..check(connection)? as usize] {
        model.execute_batch(migration)?;
    }
    let mut known = model.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL")?;
    let known = known.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    let mut same = connection
        .prepare("SELECT count(*) FROM sqlite_schema WHERE (type, name, tbl_name, sql) = (?1, ?2, ?3, ?4)")?;
    let mut changed = Vec::new();
    for known in known {
        let known: [String; 4] = known?;
        let found: i64 = same.query_row(known.each_ref(), |row| row.get(0))?;
        if found != 1 {
            let [_, name, ..] = known;
            changed.push(name);
        }
    }
    Ok(changed)
}

/// Makes an empty file a store, and an older store a current one. All or nothing.
pub fn migrate(connection: &mut Connection) -> Result<(), Problem> {
    // Holds before the first table only; a store keeps the page size it was made with.
    connection.pragma_update(None, "page_size", super::connection::PAGE_SIZE)?;
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let id: i32 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = if tables == 0 && id == 0 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        0
    } else {
        check(&transaction)?
    };
    for migration in &MIGRATIONS[version as usize..] {
        transaction.execute_batch(migration)?;
    }
    if version < VERSION {
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(())
}
