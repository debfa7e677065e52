//! Which requests were answered, so that a retry is stored once.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::connection::Problem;
use crate::entry::Timestamp;

/// How long an answered request is remembered: 24 hours in nanoseconds.
const KEPT_NANOS: i64 = 24 * 3600 * 1_000_000_000;
/// Forgotten requests removed with each new one: the table shrinks as fast as it ever grew, in small steps.
const FORGOTTEN_AT_ONCE: i64 = 64;

/// What tells a request from every other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// Who sent it: keys of two clients never meet.
    pub client: String,
    /// The client's own key of the request.
    pub key: String,
    /// Hash of what was sent.
    pub body_hash: [u8; 16],
}

/// What is known of a request.
pub enum Known {
    /// It was not seen in the last 24 hours.
    New,
    /// It was stored and answered so.
    Answered(Vec<u8>),
    /// The same key came with other content.
    Other,
}

fn oldest(now: Timestamp) -> i64 {
    now.nanos().saturating_sub(KEPT_NANOS)
}

/// Looks a request up.
pub fn find(connection: &Connection, request: &RequestKey, now: Timestamp) -> Result<Known, Problem> {
    let mut statement = connection
        .prepare_cached("SELECT body_hash, answer FROM requests WHERE client = ?1 AND key = ?2 AND arrived >= ?3")?;
    let values = params![request.client, request.key, oldest(now)];
    let found = statement.query_row(values, |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?))).optional()?;
    Ok(match found {
        None => Known::New,
        Some((hash, answer)) if hash == request.body_hash => Known::Answered(answer),
        Some(_) => Known::Other,
    })
}

/// Notes the answer to a request, and removes some of those that are forgotten.
pub fn put(connection: &Connection, request: &RequestKey, answer: &[u8], now: Timestamp) -> Result<(), Problem> {
    connection
        .prepare_cached(
            "DELETE FROM requests WHERE (client, key) IN
                 (SELECT client, key FROM requests WHERE arrived < ?1 ORDER BY arrived LIMIT ?2)",
        )?
        .execute([oldest(now), FORGOTTEN_AT_ONCE])?;
    // A forgotten request of the same key may still stand there.
    connection.prepare_cached("INSERT OR REPLACE INTO requests VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        request.client,
        request.key,
        request.body_hash.as_slice(),
        answer,
        now.nanos()
    ])?;
    Ok(())
}
