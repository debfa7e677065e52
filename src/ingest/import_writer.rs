//! Writes what an import read, in order, in transactions that hold data and progress together.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::identity::Content;
use super::report::time_range;
use super::scan::{mark, too_long};
use super::workers::Counted;
use super::{FileReport, IngestError, Observer, Outcome, Summary};
use crate::entry::{Position, Timestamp};
use crate::input::{Fingerprint, HEAD_BYTES, InputError};
use crate::parse::ParsedChunk;

use crate::storage::{
    Durability, EncodedBlock, ImportRecord, ImportWriter, SourceRecord, SqliteLogStorage, StorageError,
};

/// How long a transaction may take before it is committed.
const COMMIT_AFTER: Duration = Duration::from_secs(1);
/// How many blocks a transaction may have.
const COMMIT_BLOCKS: u64 = 16;
/// A last block of less input than this is read again and stored together with what was appended.
const SMALL_BLOCK: u64 = 2 << 20;

/// What became of a job.
pub struct Done {
    pub progress: u64,
    pub part: Part,
}

pub enum Part {
    Parsed {
        key: usize,
        offset: u64,
        /// The account and the rejects; the entries are in the block.
        parsed: Box<ParsedChunk>,
        block: Option<Box<EncodedBlock>>,
        /// What of it was stored by an earlier run.
        again: Counted,
        range: Option<(i64, i64)>,
        tail: Fingerprint,
    },
    TooLong {
        key: usize,
        offset: u64,
        length: u64,
        line_end: u8,
        raw: Box<[u8]>,
        tail: Fingerprint,
    },
    Mark {
        key: usize,
        bytes: u64,
    },
    End {
        key: usize,
        unfinished: u64,
        error: Option<InputError>,
    },
}

impl Part {
    /// Returns the times of the entries of a parsed piece that come after those known before.
    pub fn range(parsed: &ParsedChunk, again: &Counted) -> Option<(i64, i64)> {
        time_range(parsed.batch.ts.get(again.account.entries as usize..).unwrap_or_default())
    }
}

/// An input that is being taken.
#[derive(Default)]
pub struct Taking {
    /// Number of its source; `None` when nothing of it is to be taken.
    pub source: Option<usize>,
    /// Its first bytes.
    pub head: Vec<u8>,
    /// How much of it an earlier run took.
    pub known_bytes: u64,
    /// How it is taken.
    pub outcome: Outcome,
}

/// A last block that was dropped to be written again.
struct Redo {
    source: usize,
    /// The source as it was with the block.
    before: SourceRecord,
}

/// The store during an import.
pub struct Writer<'a> {
    store: ImportWriter,
    path: String,
    observer: &'a dyn Observer,
    /// The sources as they will be after the next commit. Those never put have the id 0.
    records: Vec<SourceRecord>,
    /// The sources as they stand in the store, to notice another import beside this one.
    committed: Vec<SourceRecord>,
    changed: BTreeSet<usize>,
    /// The inputs that were opened and are not done with, by their numbers: reading is ahead of writing.
    inputs: HashMap<usize, (Taking, FileReport)>,
    redo: Option<Redo>,
    open: bool,
    blocks: u64,
    last_commit: Instant,
    summary: Summary,
    stored_bytes: u64,
    total: Option<u64>,
    max_line: usize,
    names: Vec<String>,
    /// How many jobs were taken.
    pub taken: u64,
    /// True when no more will be taken.
    pub stopped: bool,
}

/// What a finished import left behind.
pub struct Written {
    pub summary: Summary,
    pub stored_bytes: u64,
}

impl<'a> Writer<'a> {
    pub fn new(
        storage: &SqliteLogStorage,
        observer: &'a dyn Observer,
        names: Vec<String>,
        total: Option<u64>,
        max_line: usize,
    ) -> Result<Writer<'a>, StorageError> {
        let mut store = storage.import()?;
        store.begin()?;
        let committed = store.sources()?;
        store.rollback()?;
        Ok(Writer {
            store,
            path: storage.path().display().to_string(),
            observer,
            records: committed.clone(),
            committed,
            changed: BTreeSet::new(),
            inputs: HashMap::new(),
            redo: None,
            open: false,
            blocks: 0,
            last_commit: Instant::now(),
            summary: Summary::default(),
            stored_bytes: 0,
            total,
            max_line,
            names,
            taken: 0,
            stopped: false,
        })
    }

    /// Returns the sources known so far.
    pub fn records(&self) -> &[SourceRecord] {
        &self.records
    }

    /// Adds a source that has nothing yet.
    pub fn add_source(&mut self, name: String, format: String) -> usize {
        self.records.push(SourceRecord { name, format, ..SourceRecord::default() });
        self.records.len() - 1
    }

    /// Says how an input is taken, before its first piece comes.
    pub fn take_from(&mut self, key: usize, taking: Taking) {
        let report = FileReport { outcome: taking.outcome.clone(), ..FileReport::default() };
        self.inputs.insert(key, (taking, report));
    }

    /// Returns the first and the last time of the last block of a source.
    pub fn last_times(&mut self, source: usize) -> Result<Option<(Timestamp, Timestamp)>, IngestError> {
        self.settle()?;
        Ok(self.store.last_times(self.records[source].id)?)
    }

    /// Makes the last block of a source part of what is to be read, when it `must` be or is small. Returns
    /// where to read on. What is dropped comes back in the same transaction, or the drop is undone.
    pub fn drop_last_block(&mut self, source: usize, must: bool) -> Result<Option<u64>, IngestError> {
        self.settle()?;
        self.begin()?;
        let record = &mut self.records[source];
        match self.store.drop_last_block(record.id)? {
            Some(start) if must || record.offset - start.offset < SMALL_BLOCK => {
                self.redo = Some(Redo { source, before: record.clone() });
                record.offset = start.offset;
                record.lines = start.line - 1;
                Ok(Some(start.offset))
            }
            Some(_) | None => {
                self.store.rollback()?;
                self.open = false;
                Ok(None)
            }
        }
    }

    /// Takes what became of the next job.
    pub fn take(&mut self, done: Done) -> Result<(), IngestError> {
        match done.part {
            Part::Parsed { key, offset, parsed, block, again, range, tail } => {
                self.put_piece(key, offset, *parsed, block, &again, tail)?;
                self.summary.add_time_range(range);
            }
            Part::TooLong { key, offset, length, line_end, raw, tail } => {
                let (reject, account) = too_long(1, 0, length, line_end, raw, self.max_line);
                let parsed = ParsedChunk { rejects: vec![reject], account, ..ParsedChunk::default() };
                self.put_piece(key, offset, parsed, None, &Counted::default(), tail)?;
            }
            // Nothing is stored before there is a line: a mark alone identifies no content.
            Part::Mark { key, bytes } => {
                let (_, report) = self.inputs.get_mut(&key).expect("an input is known before its pieces come");
                self.summary.add_piece(report, &mark(bytes), &[]);
            }
            Part::End { key, unfinished, error } => self.end(key, unfinished, error)?,
        }
        if self.open
            && (self.blocks >= COMMIT_BLOCKS || self.last_commit.elapsed() >= COMMIT_AFTER)
            && self.may_commit()
        {
            self.commit(Durability::Buffered)?;
        }
        self.observer.progress(done.progress, self.total);
        self.taken += 1;
        Ok(())
    }

    fn put_piece(
        &mut self,
        key: usize,
        offset: u64,
        mut parsed: ParsedChunk,
        block: Option<Box<EncodedBlock>>,
        again: &Counted,
        tail: Fingerprint,
    ) -> Result<(), IngestError> {
        self.begin()?;
        let (taking, report) = self.inputs.get_mut(&key).expect("an input is known before its pieces come");
        let source = taking.source.expect("an input with pieces has a source");
        let record = &mut self.records[source];
        let base = Position { line: record.lines, offset };
        record.lines += parsed.account.lines;
        record.offset = offset + parsed.account.bytes;
        set_fingerprints(record, &taking.head, tail);
        if record.id == 0 {
            self.store.put_source(record)?;
        }
        self.changed.insert(source);
        if let Some(mut block) = block {
            block.place(base);
            self.stored_bytes += block.stored_bytes() as u64;
            self.store.put_block(record.id, &block)?;
            self.blocks += 1;
        }
        parsed.place(base);
        if !parsed.rejects.is_empty() {
            self.store.put_rejects(record.id, &parsed.rejects)?;
            let new = parsed.rejects.iter().filter(|reject| reject.offset >= taking.known_bytes);
            new.for_each(|reject| self.observer.reject(&self.names[key], reject));
        }
        let formats = without(&parsed.formats, &again.formats);
        self.summary.add_piece(report, &parsed.account.without(&again.account), &formats);
        Ok(())
    }

    fn end(&mut self, key: usize, unfinished: u64, error: Option<InputError>) -> Result<(), IngestError> {
        let (taking, mut report) = self.inputs.remove(&key).unwrap_or_default();
        report.name.clone_from(&self.names[key]);
        report.unfinished = unfinished;
        match taking.source {
            Some(_) if !self.may_commit() => self.undo()?,
            Some(source) => {
                let record = &mut self.records[source];
                let finished = error.is_none() && unfinished == 0;
                if record.id != 0 && record.finished != finished {
                    record.finished = finished;
                    self.changed.insert(source);
                }
            }
            None if error.is_some() && report.outcome == Outcome::Read => report.outcome = Outcome::NotRead,
            None => {}
        }
        if let Some(error) = error {
            self.observer.failed(&error);
            report.error = Some(error);
        }
        self.observer.finished(&report);
        self.summary.files.push(report);
        Ok(())
    }

    /// Returns false while a block that was dropped has not come back.
    fn may_commit(&mut self) -> bool {
        let is_back = |redo: &mut Redo, records: &[SourceRecord]| records[redo.source].offset >= redo.before.offset;
        if self.redo.as_mut().is_some_and(|redo| !is_back(redo, &self.records)) {
            return false;
        }
        self.redo = None;
        true
    }

    /// Undoes the transaction of a dropped block that did not come back. It holds nothing else.
    fn undo(&mut self) -> Result<(), IngestError> {
        if let Some(redo) = self.redo.take() {
            self.store.rollback()?;
            self.open = false;
            self.blocks = 0;
            self.changed.clear();
            self.records[redo.source] = redo.before;
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), IngestError> {
        if self.open {
            return Ok(());
        }
        self.store.begin()?;
        self.open = true;
        if self.store.sources()? != self.committed {
            let detail = "another import wrote to it meanwhile; run this one again".to_owned();
            return Err(StorageError::Busy { path: self.path.clone(), detail }.into());
        }
        Ok(())
    }

    /// Commits what there is, so that others see it.
    pub fn settle(&mut self) -> Result<(), IngestError> {
        self.commit(Durability::Buffered)
    }

    fn commit(&mut self, durability: Durability) -> Result<(), IngestError> {
        if !self.open && self.changed.is_empty() {
            return Ok(());
        }
        self.begin()?;
        for source in std::mem::take(&mut self.changed) {
            self.store.put_source(&mut self.records[source])?;
        }
        self.store.commit(durability)?;
        self.open = false;
        self.blocks = 0;
        self.last_commit = Instant::now();
        self.committed = self.records.iter().filter(|record| record.id != 0).cloned().collect();
        self.committed.sort_by_key(|record| record.id);
        Ok(())
    }

    /// Writes what is left, and that there was an import.
    pub fn finish(mut self, started: Timestamp, finished: Timestamp, command: &str) -> Result<Written, IngestError> {
        if !self.may_commit() {
            self.undo()?;
        }
        // Cancelled in the middle of them.
        let mut rest: Vec<_> = self.inputs.drain().filter(|(_, (_, report))| report.account.bytes > 0).collect();
        rest.sort_by_key(|(key, _)| *key);
        for (key, (_, mut report)) in rest {
            report.name.clone_from(&self.names[key]);
            self.summary.files.push(report);
        }
        let account = self.summary.account;
        if account.lines > 0 {
            self.begin()?;
            self.store.record_import(&ImportRecord {
                started,
                finished,
                command: command.to_owned(),
                entries: account.entries,
                lines: account.lines,
                rejects: account.rejects,
                bytes: account.bytes,
            })?;
        }
        self.commit(Durability::Synced)?;
        self.summary.finish();
        Ok(Written { summary: self.summary, stored_bytes: self.stored_bytes })
    }
}

/// Returns what a record says of the content.
pub fn content(record: &SourceRecord) -> Content {
    Content {
        head: Fingerprint { length: record.head_len, hash: record.head_hash },
        offset: record.offset,
        tail: Fingerprint { length: record.tail_len, hash: record.tail_hash },
    }
}

/// Returns the fingerprint of the part of a content's first bytes that was taken.
pub fn taken_head(head: &[u8], offset: u64) -> Fingerprint {
    let taken = usize::try_from(offset).unwrap_or(usize::MAX);
    Fingerprint::of(&head[..head.len().min(HEAD_BYTES).min(taken)])
}

/// Returns the counts of formats without those of a part.
fn without(formats: &[(Arc<str>, u64)], part: &[(Arc<str>, u64)]) -> Vec<(Arc<str>, u64)> {
    let of_part = |name: &Arc<str>| part.iter().find(|(known, _)| known == name).map_or(0, |(_, count)| *count);
    let left = formats.iter().map(|(name, count)| (name.clone(), count.saturating_sub(of_part(name))));
    left.filter(|(_, count)| *count > 0).collect()
}

fn set_fingerprints(record: &mut SourceRecord, head: &[u8], tail: Fingerprint) {
    let head = taken_head(head, record.offset);
    (record.head_len, record.head_hash) = (head.length, head.hash);
    (record.tail_len, record.tail_hash) = (tail.length, tail.hash);
}
