//! Proves that an input is an older copy of a content that is stored.
//!
//! Such a copy ends before the offset whose surroundings the store remembers, so there is no hash to compare.
//! What is compared is the input with the stored entries and rejects themselves, byte for byte; what lies
//! between them must be line ends, blank lines and comments.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use crate::entry::{Projection, Reject};
use crate::input::ChunkReader;
use crate::query::{BatchSink, Columns, ScanError};
use crate::storage::{SqliteLogStorage, StorageError};

/// How much of the input is read at once.
const WINDOW: usize = 1 << 20;
/// How much memory the rejects of a source may take; with more of them nothing is proven.
const MAX_REJECTS: usize = 32 << 20;

/// Returns true when every line of the input is stored as part of the source, which was taken up to
/// `offset`. The reader stands at the input's beginning, and wherever it likes afterwards.
pub fn is_older_copy(
    reader: &mut ChunkReader,
    store: &SqliteLogStorage,
    source_id: i64,
    offset: u64,
) -> Result<bool, StorageError> {
    let Some(rejects) = rejects(store, source_id)? else { return Ok(false) };
    let window = Window { reader, bytes: Vec::new(), at: 0 };
    let rejects = rejects.into_iter().peekable();
    let comparison = Mutex::new(Comparison { window, rejects, covered: 0, state: State::Equal });
    store.query_source(source_id, offset, &Sink(&comparison))?;
    Ok(comparison.into_inner().unwrap_or_else(PoisonError::into_inner).finish(offset))
}

/// Returns the rejects of a source in order, `None` when they are too many.
fn rejects(store: &SqliteLogStorage, source_id: i64) -> Result<Option<Vec<Reject>>, StorageError> {
    let mut rejects = Vec::new();
    let (mut bytes, mut too_many) = (0, false);
    let result = store.each_reject(source_id, &mut |reject| {
        bytes += reject.raw.len() + size_of::<Reject>();
        rejects.push(reject);
        too_many = bytes > MAX_REJECTS;
        if too_many { Err(std::io::ErrorKind::OutOfMemory.into()) } else { Ok(()) }
    });
    if too_many { Ok(None) } else { result.map(|()| Some(rejects)) }
}

struct Sink<'s, 'r>(&'s Mutex<Comparison<'r>>);

impl BatchSink for Sink<'_, '_> {
    fn batch(&self, _sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let rows: Vec<u32> = (0..batch.rows() as u32).collect();
        let batch = batch.gather(&rows, &Projection::only(["raw", "offset"]))?;
        let mut comparison = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in batch.entries() {
            let (Some(position), Some(raw)) = (entry.position(), entry.raw()) else {
                comparison.state = State::Different;
                break;
            };
            comparison.rejects_before(position.offset);
            comparison.compare(position.offset, raw);
            if comparison.state != State::Equal {
                break;
            }
        }
        Ok(if comparison.state == State::Equal { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So far.
    Equal,
    /// To the end of the input.
    Proven,
    Different,
}

struct Comparison<'r> {
    window: Window<'r>,
    rejects: std::iter::Peekable<std::vec::IntoIter<Reject>>,
    /// The input is compared up to here.
    covered: u64,
    state: State,
}

impl Comparison<'_> {
    /// Compares the rejects before an offset.
    fn rejects_before(&mut self, offset: u64) {
        while self.state == State::Equal
            && let Some(reject) = self.rejects.next_if(|reject| reject.offset < offset)
        {
            if reject.length > reject.raw.len() as u64 {
                // Only its beginning is stored.
                self.state = State::Different;
                return;
            }
            self.compare(reject.offset, &reject.raw);
        }
    }

    /// Compares what is stored of one offset.
    fn compare(&mut self, offset: u64, stored: &[u8]) {
        self.gap(offset);
        if self.state != State::Equal {
            return;
        }
        let found = self.window.get(offset, stored.len());
        self.state = match found.len() < stored.len() {
            // The input ends here, perhaps within a line.
            true if stored.starts_with(found) => State::Proven,
            false if found == stored => State::Equal,
            true | false => State::Different,
        };
        self.covered = offset + stored.len() as u64;
    }

    /// Looks at what lies before `offset` and is not stored: it must say nothing.
    fn gap(&mut self, offset: u64) {
        while self.state == State::Equal && self.covered < offset {
            let wanted = usize::try_from(offset - self.covered).unwrap_or(usize::MAX).min(WINDOW);
            let found = self.window.get(self.covered, wanted);
            if !is_silent(found, self.covered == 0) {
                self.state = State::Different;
            } else if found.len() < wanted {
                self.state = State::Proven;
            }
            self.covered += wanted as u64;
        }
    }

    fn finish(mut self, offset: u64) -> bool {
        self.rejects_before(offset);
        self.gap(offset);
        // An input that goes on at the offset is no older copy.
        self.state == State::Proven
    }
}

/// Returns true for line ends, blank lines and comments.
fn is_silent(bytes: &[u8], at_start: bool) -> bool {
    let bytes = if at_start { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes) } else { bytes };
    bytes.split(|byte| *byte == b'\n').all(|line| line.starts_with(b"#") || line.iter().all(u8::is_ascii_whitespace))
}

/// The input, read forward.
struct Window<'r> {
    reader: &'r mut ChunkReader,
    bytes: Vec<u8>,
    at: u64,
}

impl Window<'_> {
    /// Returns the bytes at an offset that never falls: fewer than asked for at the end of the input.
    fn get(&mut self, offset: u64, length: usize) -> &[u8] {
        let end = offset + length as u64;
        if offset < self.at || end > self.at + self.bytes.len() as u64 {
            self.at = offset;
            self.bytes.clear();
            if self.reader.skip_to(offset) {
                self.bytes.extend_from_slice(self.reader.peek(length.max(WINDOW)));
            }
        }
        let start = (offset - self.at) as usize;
        &self.bytes[start..self.bytes.len().min(start + length)]
    }
}
