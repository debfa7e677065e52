//! The tables of `control.db`, numbered; forward only.

use rusqlite::{Connection, TransactionBehavior};

use super::ControlError;

/// "lgnc": logan's control store.
const APPLICATION_ID: i32 = 0x6c67_6e63;

/// Each brings the schema from its index to the next number.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE users (
        id BLOB PRIMARY KEY,
        email TEXT NOT NULL COLLATE NOCASE UNIQUE,
        name TEXT NOT NULL,
        password TEXT NOT NULL,             -- PHC string
        created INTEGER NOT NULL,           -- nanoseconds since 1970, as all times here
        disabled INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE orgs (
        id BLOB PRIMARY KEY,
        name TEXT NOT NULL,
        created INTEGER NOT NULL,
        retention_days INTEGER,             -- NULL: the server's
        retention_bytes INTEGER
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE members (
        org BLOB NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
        user BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        role TEXT NOT NULL,
        created INTEGER NOT NULL,
        PRIMARY KEY (org, user)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX members_user ON members (user);

    CREATE TABLE sessions (
        id BLOB PRIMARY KEY,
        user BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        org BLOB NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
        refresh BLOB NOT NULL UNIQUE,       -- SHA-256 of the refresh token that is good now
        created INTEGER NOT NULL,
        used INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        address TEXT NOT NULL,
        user_agent TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_user ON sessions (user);

    -- Refresh tokens that were used: who shows one again has stolen it, or was stolen from.
    CREATE TABLE spent (
        refresh BLOB PRIMARY KEY,
        session BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX spent_session ON spent (session);

    CREATE TABLE keys (
        id BLOB PRIMARY KEY,
        org BLOB NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        scope TEXT NOT NULL,
        secret BLOB NOT NULL,               -- SHA-256
        created INTEGER NOT NULL,
        created_by TEXT NOT NULL,           -- user:<id> or key:<id>
        expires INTEGER,
        used INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX keys_org ON keys (org);

    CREATE TABLE invites (
        id BLOB PRIMARY KEY,
        org BLOB NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
        role TEXT NOT NULL,
        email TEXT,
        secret BLOB NOT NULL UNIQUE,        -- SHA-256
        created INTEGER NOT NULL,
        created_by BLOB NOT NULL,
        expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX invites_org ON invites (org);

    -- Tokens of the operator that make an account whatever is set; each is used once.
    CREATE TABLE admin_tokens (
        secret BLOB PRIMARY KEY,            -- SHA-256
        created INTEGER NOT NULL,
        expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Append-only; a chain for each org, so that no org sees how busy another is. Each row's hash covers the one
    -- before. What belongs to no org has the org of zeros. Rows outlive their org.
    CREATE TABLE audit (
        org BLOB NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        target TEXT NOT NULL,
        detail TEXT NOT NULL,
        address TEXT NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (org, seq)
    ) STRICT, WITHOUT ROWID;
"];

/// Makes an empty file a control store, and an older one a current one. All or nothing.
pub fn migrate(connection: &mut Connection) -> Result<(), ControlError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id: i32 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (id, tables) {
        (0, 0) => transaction.pragma_update(None, "application_id", APPLICATION_ID)?,
        (APPLICATION_ID, _) => {}
        _ => return Err(ControlError::Foreign("the file is no control store of logan".to_owned())),
    }
    let known = MIGRATIONS.len() as i32;
    let Some(todo) = usize::try_from(version).ok().and_then(|version| MIGRATIONS.get(version..)) else {
        return Err(ControlError::Foreign(format!(
            "was written by a newer logan: schema version {version}, this logan knows {known}"
        )));
    };
    todo.iter().try_for_each(|migration| transaction.execute_batch(migration))?;
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_becomes_a_store_once_and_a_foreign_one_is_refused() {
        let mut connection = Connection::open_in_memory().expect("a database in memory");
        migrate(&mut connection).expect("an empty database becomes a store");
        migrate(&mut connection).expect("a current store stays as it is");
        connection.pragma_update(None, "user_version", 99).expect("a pragma");
        assert!(migrate(&mut connection).expect_err("a newer store").to_string().contains("newer logan"));

        let mut foreign = Connection::open_in_memory().expect("a database in memory");
        foreign.execute_batch("CREATE TABLE notes (text TEXT)").expect("a table");
        assert!(migrate(&mut foreign).expect_err("a foreign file").to_string().contains("no control store"));
    }
}
