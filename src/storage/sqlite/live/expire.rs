//! Old blocks go away, and the file shrinks.
//!
//! A wrong clock must not destroy what is stored: nothing goes by age when the clock jumped since the last time, and
//! nothing at all when more than half of the entries would, unless the caller insists.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::super::connection::Problem;
use super::super::import::delete_block;
use super::super::meta::{BlockMeta, Role};
use super::LiveStore;
use super::merge::count_generation;
use crate::entry::Timestamp;
use crate::storage::StorageError;

/// Blocks removed in one transaction, so that writers never wait long.
const BLOCKS_AT_ONCE: usize = 64;
/// Pages given back to the system in one transaction.
const PAGES_AT_ONCE: usize = 2048;
/// What the row of a block takes beside what it stores.
const ROW_BYTES: u64 = 200;
/// Rejects removed in one transaction.
const REJECTS_AT_ONCE: i64 = 1000;
/// How far the clock may go from one that cannot be set, and an entry's time ahead of its arrival: a day.
const TRUSTED: Duration = Duration::from_secs(24 * 3600);

/// What is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Entries and rejects older than this go. A block goes when its newest entry is older. What has no time of its own,
    /// or one more than a day after it arrived, is as old as its arrival; what was imported without a time stays.
    pub max_age: Option<Duration>,
    /// When the store takes more bytes, the entries that arrived first go.
    pub max_bytes: Option<u64>,
    /// Removes more than half of the entries as well: somebody asked for it. A clock that jumped is still not believed.
    pub may_take_most: bool,
    /// Removes what the guards against a wrong clock would keep.
    pub force: bool,
}

/// Why nothing was removed that should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The clock moved more than a day against one that cannot be set. The next run goes by the new time.
    ClockJumped,
    /// More than half of the entries would have gone.
    TooMany {
        /// Entries that would have gone.
        entries: u64,
        /// Entries there are.
        of: u64,
    },
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Entries.
    pub entries: u64,
    /// Blocks they were in.
    pub blocks: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Rejects.
    pub rejects: u64,
    /// Why not more.
    pub refused: Option<Refusal>,
}

/// A block that goes.
struct Block {
    id: i64,
    entries: u64,
    bytes: u64,
}

impl LiveStore {
    /// Removes what `retention` does not keep, some blocks at a time, and gives the space back. Readers that began
    /// before see everything to their end. The space of a store that an import made is used again, but not given back.
    pub fn expire(&mut self, retention: &Retention, now: Timestamp) -> Result<Expired, StorageError> {
        self.require_sound()?;
        let jumped = self.clock_jumped(now) && !retention.force;
        let max_age = retention.max_age.filter(|_| !jumped);
        let cutoff = max_age.map(|age| now.nanos().saturating_sub(age.as_nanos().min(i64::MAX as u128) as i64));
        let mut expired = Expired { refused: jumped.then_some(Refusal::ClockJumped), ..Expired::default() };
        let listed = doomed(&self.connection, cutoff, retention.max_bytes);
        let (doomed, all) = listed.map_err(|problem| self.failed(problem))?;
        let entries = doomed.iter().map(|block| block.entries).sum::<u64>();
        if entries > all / 2 && !retention.may_take_most && !retention.force {
            expired.refused = Some(Refusal::TooMany { entries, of: all });
            return Ok(expired);
        }
        for chunk in doomed.chunks(BLOCKS_AT_ONCE) {
            self.write(|connection| {
                chunk.iter().try_for_each(|block| delete_block(connection, block.id))?;
                count_generation(connection)
            })?;
            for block in chunk {
                self.left_alone.remove(&block.id);
                expired.entries += block.entries;
                expired.blocks += 1;
                expired.bytes += block.bytes;
                self.logged += block.bytes / 8;
            }
            self.after_commit();
        }
        if let Some(cutoff) = cutoff {
            expired.rejects = self.expire_rejects(cutoff)?;
        }
        self.give_back()?;
        Ok(expired)
    }

    /// Returns true when the clock moved otherwise than time since the last call.
    fn clock_jumped(&mut self, now: Timestamp) -> bool {
        let here = Instant::now();
        let Some((then, told)) = self.last_expire.replace((here, now)) else { return false };
        let passed = (here - then).as_nanos() as i128;
        let moved = now.nanos() as i128 - told.nanos() as i128;
        (moved - passed).unsigned_abs() > TRUSTED.as_nanos()
    }

    fn expire_rejects(&mut self, cutoff: i64) -> Result<u64, StorageError> {
        let mut removed = 0;
        loop {
            // In the order they came, up to the first that stays: so their numbers keep having no holes.
            let step = self.write(|connection| {
                let first = "SELECT ifnull(min(id), 0) FROM live_rejects";
                let kept = format!(
                    "SELECT id FROM live_rejects WHERE arrived >= ?1 AND id < ({first}) + ?2 ORDER BY id LIMIT 1"
                );
                let sql = format!("DELETE FROM live_rejects WHERE id < ifnull(({kept}), ({first}) + ?2)");
                Ok(connection.prepare_cached(&sql)?.execute(params![cutoff, REJECTS_AT_ONCE])?)
            })?;
            removed += step as u64;
            if step < REJECTS_AT_ONCE as usize {
                return Ok(removed);
            }
        }
    }

    /// Cuts free pages off the file, then the log's own.
    fn give_back(&mut self) -> Result<(), StorageError> {
        let mut free = if self.number("auto_vacuum")? != 0 { self.number("freelist_count")? } else { 0 };
        let any = free > 0;
        while free > 0 {
            self.write(|connection| {
                let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})"))?;
                let mut rows = statement.query([])?;
                while rows.next()?.is_some() {}
                Ok(())
            })?;
            let left = self.number("freelist_count")?;
            free = if left < free { left } else { 0 };
        }
        if any { self.checkpoint() } else { Ok(()) }
    }

    fn number(&mut self, pragma: &str) -> Result<i64, StorageError> {
        let number = self.connection.pragma_query_value(None, pragma, |row| row.get(0));
        number.map_err(|error| self.failed(error.into()))
    }
}

/// Returns the blocks that should go, and how many entries there are.
fn doomed(connection: &Connection, cutoff: Option<i64>, max_bytes: Option<u64>) -> Result<(Vec<Block>, u64), Problem> {
    let mut excess = match max_bytes {
        None => 0,
        Some(most) => used_bytes(connection)?.saturating_sub(most),
    };
    let (mut doomed, mut all) = (Vec::new(), 0);
    let mut statement = connection
        .prepare_cached("SELECT id, entries, stored_bytes, max_ts, arrived_last, meta FROM blocks ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let number = |column| row.get::<_, i64>(column).map(|number| number as u64);
        let block = Block { id: row.get(0)?, entries: number(1)?, bytes: number(2)? + ROW_BYTES };
        all += block.entries;
        let too_old = match cutoff {
            None => false,
            Some(cutoff) => {
                let all_timed = || Ok(is_timed(row.get_ref(5)?.as_blob().unwrap_or_default()));
                newest(row.get(3)?, row.get(4)?, all_timed)?.is_some_and(|newest| newest < cutoff)
            }
        };
        if too_old || excess > 0 {
            excess = excess.saturating_sub(block.bytes);
            doomed.push(block);
        }
    }
    Ok((doomed, all))
}

/// Returns when the newest entry of a block happened, `None` when nobody knows. `all_timed` tells whether every entry
/// has a time.
fn newest(
    time: Option<i64>,
    arrived: Option<i64>,
    all_timed: impl FnOnce() -> Result<bool, Problem>,
) -> Result<Option<i64>, Problem> {
    let Some(arrived) = arrived else { return Ok(time) };
    let believed = time.filter(|time| *time <= arrived.saturating_add(TRUSTED.as_nanos() as i64));
    Ok(match believed {
        Some(time) if time >= arrived || all_timed()? => Some(time),
        _ => Some(arrived),
    })
}

/// Returns true when every entry of the block has a time. One that cannot be read says nothing, so it stays longer.
fn is_timed(meta: &[u8]) -> bool {
    BlockMeta::parse(meta).is_ok_and(|meta| {
        let time = meta.role(Role::Time);
        time.is_some_and(|index| meta.columns[index].stats.present == meta.rows as u64)
    })
}

/// Returns the bytes of the file that are in use.
fn used_bytes(connection: &Connection) -> Result<u64, Problem> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    Ok(((number("page_count")? - number("freelist_count")?) * number("page_size")?) as u64)
}
