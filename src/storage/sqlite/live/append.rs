//! New entries: several requests in one transaction, what is small put together.

use std::sync::Arc;

use rusqlite::Connection;

use super::super::connection::Problem;
use super::super::encode::encode_block;
use super::super::import::{NewBlock, put_block};
use super::block::{LiveBlock, arrive};
use super::join::Joiner;
use super::requests::{Known, RequestKey};
use super::{LiveStore, rejects, requests};
use crate::entry::{EntryBatch, Position, Reject, Timestamp};
use crate::storage::StorageError;

/// Bytes of text after which entries that are put together begin another block.
const JOINED_BYTES: usize = 4 << 20;
/// Entries after which they do.
const JOINED_ROWS: usize = 32 << 10;

/// What one request brings.
#[derive(Clone, Debug)]
pub struct Append {
    /// Its entries.
    pub entries: AppendEntries,
    /// Its lines that are no entries. Line and offset count within the request.
    pub rejects: Vec<Reject>,
    /// How it came: the source of its entries and rejects.
    pub source: Arc<str>,
    /// What tells it from every other, when its sender wants it stored once however often it is sent.
    pub request: Option<RequestKey>,
    /// What a repetition of it is answered. Kept only with `request`.
    pub answer: Vec<u8>,
}

/// Entries to append.
#[derive(Clone, Debug)]
pub enum AppendEntries {
    /// Few entries: put together with those of other requests. Positions and sources of the batch are not kept.
    Rows(Box<EntryBatch>),
    /// Many entries: blocks of their own, already encoded.
    Encoded(LiveBlock),
}

/// What became of one [`Append`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is on disk.
    Stored {
        /// The arrival number of its first entry; the others follow without a hole.
        first_line: u64,
        /// How many entries.
        entries: u64,
    },
    /// The same request was stored before; nothing was stored now.
    Repeated {
        /// The answer it got.
        answer: Vec<u8>,
    },
    /// The key was used for other content; nothing was stored.
    Conflict,
}

impl LiveStore {
    /// Stores all of `appends` or, on an error, nothing; on disk when it returns. `now` is when they arrived.
    /// Returns what became of each, in order.
    pub fn append(&mut self, appends: Vec<Append>, now: Timestamp) -> Result<Vec<Appended>, StorageError> {
        if appends.is_empty() {
            return Ok(Vec::new());
        }
        let rejects_kept = self.options.rejects_kept;
        let (appended, bytes) = self.write(|connection| {
            let mut writer = Writer::begin(connection, now)?;
            let mut appended = Vec::with_capacity(appends.len());
            for append in appends {
                appended.push(writer.append(append, rejects_kept)?);
            }
            Ok((appended, writer.finish()?))
        })?;
        self.logged += bytes;
        self.after_commit();
        Ok(appended)
    }
}

/// The appends of one transaction.
struct Writer<'c> {
    connection: &'c Connection,
    now: Timestamp,
    first_line: u64,
    next_line: u64,
    /// Entries that are put together, the last ones so far, and the number of the first.
    joiner: Joiner,
    joined_from: u64,
    bytes: u64,
}

impl<'c> Writer<'c> {
    fn begin(connection: &'c Connection, now: Timestamp) -> Result<Writer<'c>, Problem> {
        let next: i64 = connection.prepare_cached("SELECT next_line FROM live")?.query_row([], |row| row.get(0))?;
        let first_line = next as u64;
        let joiner = Joiner::default();
        Ok(Writer { connection, now, first_line, next_line: first_line, joiner, joined_from: first_line, bytes: 0 })
    }

    fn append(&mut self, append: Append, rejects_kept: u64) -> Result<Appended, Problem> {
        let (connection, now) = (self.connection, self.now);
        if let Some(request) = &append.request {
            match requests::find(connection, request, now)? {
                Known::New => requests::put(connection, request, &append.answer, now)?,
                Known::Answered(answer) => return Ok(Appended::Repeated { answer }),
                Known::Other => return Ok(Appended::Conflict),
            }
        }
        if !append.rejects.is_empty() {
            rejects::put(connection, &append.source, &append.rejects, now, rejects_kept)?;
        }
        let first_line = self.next_line;
        match append.entries {
            AppendEntries::Rows(batch) if batch.rows > 0 => self.join(*batch, &append.source)?,
            AppendEntries::Encoded(block) if block.rows() > 0 => self.put_encoded(block)?,
            AppendEntries::Rows(_) | AppendEntries::Encoded(_) => {}
        }
        Ok(Appended::Stored { first_line, entries: self.next_line - first_line })
    }

    fn join(&mut self, mut batch: EntryBatch, source: &Arc<str>) -> Result<(), Problem> {
        arrive(&mut batch, source);
        if !self.joiner.fits(&batch, JOINED_BYTES) || self.joiner.rows() + batch.rows > JOINED_ROWS {
            self.put_joined()?;
        }
        if self.joiner.rows() == 0 {
            self.joined_from = self.next_line;
        }
        batch.base = Position { line: self.next_line - self.joined_from, offset: 0 };
        self.next_line += batch.rows as u64;
        self.joiner.add(&batch);
        Ok(())
    }

    fn put_joined(&mut self) -> Result<(), Problem> {
        if self.joiner.rows() == 0 {
            return Ok(());
        }
        let mut block = encode_block(&self.joiner.finish());
        block.place(Position { line: self.joined_from, offset: 0 });
        self.put(&block)
    }

    fn put_encoded(&mut self, block: LiveBlock) -> Result<(), Problem> {
        self.put_joined()?;
        let blocks = block.numbered(self.next_line);
        blocks.iter().try_for_each(|block| {
            self.next_line += block.rows() as u64;
            self.put(block)
        })
    }

    fn put(&mut self, block: &super::super::EncodedBlock) -> Result<(), Problem> {
        let now = self.now.nanos();
        self.bytes += block.stored_bytes() as u64;
        put_block(self.connection, NewBlock { arrived: Some((now, now)), ..NewBlock::default() }, block)
    }

    /// Stores what is left and the next number; returns how many bytes of blocks were stored.
    fn finish(mut self) -> Result<u64, Problem> {
        self.put_joined()?;
        if self.next_line > self.first_line {
            self.connection.prepare_cached("UPDATE live SET next_line = ?1")?.execute([self.next_line as i64])?;
        }
        Ok(self.bytes)
    }
}
