//! The tables of `control.db`, numbered; forward only.

use rusqlite::{Connection, TransactionBehavior};

use super::ControlError;

/// "lgnc": logan's control store.
const APPLICATION_ID: i32 = 0x6c67_6e63;

/// Each brings the schema from its index to the next number.
const MIGRATIONS: &[&str] = &[
    "
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
",
    "
    CREATE TABLE channels (
        id BLOB PRIMARY KEY,
        org BLOB NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        url TEXT,
        recipients TEXT NOT NULL,           -- JSON array
        secret TEXT,                        -- signs what is sent; of a channel of the configuration it stays there
        detections TEXT NOT NULL,           -- least severity of what the detection finds, or none
        enabled INTEGER NOT NULL,
        failures INTEGER NOT NULL DEFAULT 0, -- in a row
        last_error TEXT,
        last_sent INTEGER,
        source TEXT NOT NULL,
        created INTEGER NOT NULL,
        UNIQUE (org, name)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE rules (
        id BLOB PRIMARY KEY,
        org BLOB NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        query TEXT NOT NULL,
        of_query TEXT,
        window INTEGER NOT NULL,            -- nanoseconds
        above REAL,
        below REAL,
        severity TEXT NOT NULL,
        auto_resolve INTEGER NOT NULL,
        enabled INTEGER NOT NULL,
        commands TEXT NOT NULL,             -- JSON array
        source TEXT NOT NULL,
        created INTEGER NOT NULL,
        version INTEGER NOT NULL DEFAULT 1, -- counts changes: what was judged by an older one is thrown away
        judged INTEGER NOT NULL,            -- windows that end up to here were judged
        problem TEXT,                       -- why it could not be judged last time
        UNIQUE (org, name)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE rule_channels (
        rule BLOB NOT NULL REFERENCES rules (id) ON DELETE CASCADE,
        channel BLOB NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
        PRIMARY KEY (rule, channel)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX rule_channels_channel ON rule_channels (channel);

    CREATE TABLE alerts (
        id BLOB PRIMARY KEY,
        org BLOB NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
        rule BLOB REFERENCES rules (id) ON DELETE SET NULL,
        condition TEXT NOT NULL,            -- while it goes on there is one alert of it
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        series TEXT,
        severity TEXT NOT NULL,
        state TEXT NOT NULL,
        explanation TEXT NOT NULL,
        value REAL,
        expected REAL,
        score REAL NOT NULL,
        began INTEGER NOT NULL,
        ended INTEGER NOT NULL,
        first_seen INTEGER NOT NULL,
        last_seen INTEGER NOT NULL,
        count INTEGER NOT NULL,
        examples TEXT NOT NULL,             -- JSON array
        commands TEXT NOT NULL              -- JSON array
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX alerts_live ON alerts (org, condition) WHERE state <> 'resolved';
    CREATE INDEX alerts_org ON alerts (org, id);
    CREATE INDEX alerts_condition ON alerts (org, condition, ended);
    CREATE INDEX alerts_rule ON alerts (rule);

    -- Who did what to an alert, and when.
    CREATE TABLE alert_changes (
        alert BLOB NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        state TEXT NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (alert, seq)
    ) STRICT, WITHOUT ROWID;

    -- The outbox: what is to be sent, written with what it tells of. A row goes when it was sent.
    CREATE TABLE deliveries (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        org BLOB NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
        channel BLOB REFERENCES channels (id) ON DELETE CASCADE,
        command TEXT,
        condition TEXT NOT NULL,            -- those of one condition go out in order
        payload TEXT NOT NULL,
        created INTEGER NOT NULL,
        due INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX deliveries_due ON deliveries (org, due);
    CREATE INDEX deliveries_order ON deliveries (channel, condition, seq);

    -- Up to when an org's entries were judged by the detection.
    CREATE TABLE watermarks (
        org BLOB PRIMARY KEY REFERENCES orgs (id) ON DELETE CASCADE,
        detected INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    -- Where an org's audit chain begins once its oldest events are deleted: the last deleted one's number and hash, which
    -- the first event that is left was hashed with.
    CREATE TABLE audit_bases (
        org BLOB PRIMARY KEY,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    -- So that the clean-up looks at old events alone.
    CREATE INDEX audit_at ON audit (at);
",
    "
    -- Channels that a rule of the configuration names and its org has not (a JSON array of names).
    ALTER TABLE rules ADD COLUMN missing_channels TEXT NOT NULL DEFAULT '[]';
",
    "
    -- When somebody asked for the retention that was not carried out yet: more than half of the entries may go then.
    ALTER TABLE orgs ADD COLUMN retention_asked INTEGER;
    -- Entries that the retention did not delete, since they were more than half.
    ALTER TABLE orgs ADD COLUMN retention_held INTEGER;
",
];

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
