//! Entries in one text file, a line of JSON each.
//!
//! The simplest store there is, and the oracle of the others: append-only, read from front to end, no
//! index, no compression. The last line of each batch says so; what follows the last such line is a batch
//! whose writing was cut short, which was never promised to anybody: it is not read, and the next store
//! removes it.

mod line;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use self::line::Line;
use super::{Durability, LogStorage, ScanStats, StorageError, Stored};
use crate::entry::{BatchBuilder, EntryBatch, LogEntry, Names, Projection};
use crate::query::{BatchSink, Filter};

/// Keeps entries as lines of JSON.
#[derive(Debug)]
pub struct FileLogStorage {
    path: PathBuf,
}

/// What was found at the end of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// Bytes of whole batches.
    pub whole: u64,
    /// Bytes after them: a batch whose writing was cut short.
    pub torn: u64,
}

impl FileLogStorage {
    /// Opens a store; makes an empty one when there is no file.
    pub fn create(path: &Path) -> Result<FileLogStorage, StorageError> {
        let storage = FileLogStorage { path: path.to_path_buf() };
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        file.map_err(|error| storage.io(error))?;
        Ok(storage)
    }

    /// Opens a store for reading.
    pub fn open(path: &Path) -> Result<FileLogStorage, StorageError> {
        let storage = FileLogStorage { path: path.to_path_buf() };
        File::open(path).map_err(|error| storage.io(error))?;
        Ok(storage)
    }

    /// Returns how much of the file is whole batches, and how much was cut short.
    pub fn tail(&self) -> Result<Tail, StorageError> {
        let file = File::open(&self.path).map_err(|error| self.io(error))?;
        self.read_batches(file, |_| Ok(ControlFlow::Continue(())))
    }

    fn io(&self, source: std::io::Error) -> StorageError {
        StorageError::Io { path: self.path.display().to_string(), source }
    }

    fn damaged(&self, number: u64, detail: impl std::fmt::Display) -> StorageError {
        let path = self.path.display().to_string();
        StorageError::Damaged { path, detail: format!("line {number}: {detail}") }
    }

    /// Calls `take` with each whole batch.
    fn read_batches(
        &self,
        file: File,
        mut take: impl FnMut(Vec<LogEntry>) -> Result<ControlFlow<()>, StorageError>,
    ) -> Result<Tail, StorageError> {
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let (mut tail, mut number) = (Tail::default(), 0);
        let (mut bytes, mut entries) = (Vec::new(), Vec::new());
        // A line that is not JSON is damage if a whole batch follows it, and a torn end if not.
        let mut wrong = None;
        loop {
            bytes.clear();
            let len = reader.read_until(b'\n', &mut bytes).map_err(|error| self.io(error))?;
            if len == 0 {
                return Ok(tail);
            }
            number += 1;
            tail.torn += len as u64;
            let line = match serde_json::from_slice::<Line>(&bytes) {
                Ok(line) if bytes.ends_with(b"\n") => line,
                Ok(_) => continue,
                Err(error) => {
                    wrong.get_or_insert((number, error.to_string()));
                    continue;
                }
            };
            let last = line.batch;
            entries.push(line.entry().map_err(|detail| self.damaged(number, detail))?);
            let Some(count) = last else { continue };
            if let Some((number, detail)) = wrong {
                return Err(self.damaged(number, detail));
            }
            if count != entries.len() as u64 {
                return Err(self.damaged(number, format!("a batch of {count} entries has {}", entries.len())));
            }
            tail = Tail { whole: tail.whole + tail.torn, torn: 0 };
            if take(std::mem::take(&mut entries))? == ControlFlow::Break(()) {
                return Ok(tail);
            }
        }
    }

    /// Appends bytes after the last whole batch.
    fn append(&self, bytes: &[u8], durability: Durability) -> Result<(), StorageError> {
        let io = |error| self.io(error);
        let mut file = OpenOptions::new().read(true).write(true).open(&self.path).map_err(io)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => self.io(error),
            TryLockError::WouldBlock => StorageError::Busy {
                path: self.path.display().to_string(),
                detail: "another process is writing to it".to_owned(),
            },
        })?;
        let tail = self.tail()?;
        file.set_len(tail.whole).map_err(io)?;
        file.seek(SeekFrom::Start(tail.whole)).map_err(io)?;
        let written = file.write_all(bytes).and_then(|()| match durability {
            Durability::Synced => file.sync_data(),
            Durability::Buffered => Ok(()),
        });
        written.map_err(|error| {
            // Nothing or all: what was written of the batch goes again. If that fails too it stays as torn.
            _ = file.set_len(tail.whole);
            self.io(error)
        })
    }
}

/// Makes a batch of entries that agree in which parts they have.
fn batch_of(entries: &[LogEntry], builder: &mut BatchBuilder) -> EntryBatch {
    entries.iter().for_each(|entry| builder.push_owned(entry));
    let mut batch = builder.finish(Vec::new());
    // The builder puts empty parts where an entry has none.
    if entries.iter().all(|entry| entry.raw.is_none()) {
        batch.raw.clear();
    }
    if entries.iter().all(|entry| entry.position.is_none()) {
        batch.positions.clear();
    }
    if entries.iter().all(|entry| entry.format.is_none()) {
        batch.formats = Names::default();
    }
    if entries.iter().all(|entry| entry.source.is_none()) {
        batch.sources = Names::default();
    }
    batch
}

impl LogStorage for FileLogStorage {
    fn store(&self, batch: &EntryBatch, durability: Durability) -> Result<Stored, StorageError> {
        let mut bytes = Vec::new();
        for (row, entry) in batch.entries().enumerate() {
            let mut line = Line::of(&entry.to_entry());
            line.batch = (row + 1 == batch.rows).then_some(batch.rows as u64);
            serde_json::to_writer(&mut bytes, &line).map_err(|error| self.io(error.into()))?;
            bytes.push(b'\n');
        }
        if !bytes.is_empty() {
            self.append(&bytes, durability)?;
        }
        Ok(Stored { entries: batch.rows as u64, bytes: bytes.len() as u64 })
    }

    fn query(&self, _: &Filter, _: &Projection, sink: &dyn BatchSink) -> Result<ScanStats, StorageError> {
        let file = File::open(&self.path).map_err(|error| self.io(error))?;
        let mut stats = ScanStats::default();
        let mut builder = BatchBuilder::new(&Projection::all());
        let tail = self.read_batches(file, |entries| {
            let batch = batch_of(&entries, &mut builder);
            stats.rows += batch.rows as u64;
            stats.blocks += 1;
            Ok(sink.batch(stats.blocks - 1, &batch)?)
        })?;
        stats.bytes_read = tail.whole + tail.torn;
        Ok(stats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(message: &[u8]) -> LogEntry {
        LogEntry { message: Some(message.into()), ..LogEntry::default() }
    }

    fn batch(messages: &[&[u8]]) -> EntryBatch {
        let entries: Vec<LogEntry> = messages.iter().map(|message| entry(message)).collect();
        batch_of(&entries, &mut BatchBuilder::new(&Projection::all()))
    }

    fn stored(storage: &FileLogStorage) -> Result<Vec<LogEntry>, StorageError> {
        let mut all = Vec::new();
        let file = File::open(&storage.path).expect("it exists");
        storage.read_batches(file, |entries| {
            all.extend(entries);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    #[test]
    fn a_batch_cut_short_at_any_byte_is_dropped_whole_and_the_next_store_removes_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.ndjson");
        let storage = FileLogStorage::create(&path).expect("makes a file");
        storage.store(&batch(&[b"one", b"caf\xe9\x00"]), Durability::Synced).expect("stores");
        let whole = std::fs::read(&path).expect("reads");
        storage.store(&batch(&[b"two", b"three"]), Durability::Buffered).expect("stores");
        let both = std::fs::read(&path).expect("reads");
        for cut in whole.len()..both.len() {
            std::fs::write(&path, &both[..cut]).expect("writes");
            assert_eq!(stored(&storage).expect("reads"), [entry(b"one"), entry(b"caf\xe9\x00")], "cut at {cut}");
            let torn = (cut - whole.len()) as u64;
            assert_eq!(storage.tail().expect("reads"), Tail { whole: whole.len() as u64, torn });
        }
        storage.store(&batch(&[b"two", b"three"]), Durability::Buffered).expect("stores");
        assert_eq!(std::fs::read(&path).expect("reads"), both);
    }

    #[test]
    fn a_damaged_line_before_a_whole_batch_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.ndjson");
        let storage = FileLogStorage::create(&path).expect("makes a file");
        storage.store(&batch(&[b"one", b"two"]), Durability::Synced).expect("stores");
        let text = String::from_utf8(std::fs::read(&path).expect("reads")).expect("is text");
        std::fs::write(&path, text.replacen('{', "<", 1)).expect("writes");
        let error = stored(&storage).expect_err("it is damaged");
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
