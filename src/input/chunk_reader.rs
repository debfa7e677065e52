//! Cuts an input into pieces of whole lines that can be parsed independently.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use memchr::{memchr, memrchr};

use super::cut::{CutSearch, LOOK_AHEAD, LongLineSearch, end_of_line};
use super::fingerprint::TailWindow;
use super::source::Source;
use super::{Fingerprint, HEAD_BYTES, InputError, TAIL_BYTES};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// How much of a line that is too long is kept.
const KEPT_OF_LONG_LINE: usize = 64 * 1024;
/// Size of the reads that pass over data nobody keeps.
const SKIP_BYTES: usize = 256 * 1024;
/// How long a pipe must be quiet for what was read of it to be delivered, but for the last entry.
const QUIET: Duration = Duration::from_millis(100);
/// How much longer for the last entry: more lines may belong to it.
const QUIET_LONGER: Duration = Duration::from_millis(150);
/// By how much a piece grows at most when it has to.
const GROWTH: usize = 4 << 20;

/// What to do with a last line that has no line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastLine {
    /// Take it: nothing more will come.
    Take,
    /// Take it, unless the input broke off and a whole copy may have more.
    TakeUnlessBroken,
    /// Leave it for later: it may still be written.
    Leave,
}

/// How an input is cut.
#[derive(Clone, Debug)]
pub struct ReaderOptions {
    /// Size of a piece, about.
    pub chunk_bytes: usize,
    /// Most lines in a piece, about: bounds the memory that lines of a few bytes take.
    pub chunk_lines: usize,
    /// Longest line that is accepted, without its line end.
    pub max_line: usize,
    /// What to do with a last line that has no line end.
    pub last_line: LastLine,
    /// Whether [`ChunkReader::tail`] is wanted.
    pub fingerprints: bool,
}

impl ReaderOptions {
    /// Longest line that is accepted unless somebody says otherwise.
    pub const MAX_LINE: usize = 16 << 20;
}

/// A part of an input: the buffer handed to [`ChunkReader::next`] holds it, or what is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Whole lines. The first begins an entry, unless no such line was found far and wide or it follows
    /// the beginning of the input or a line that is too long.
    Lines {
        /// Where they begin in the (decompressed) input.
        offset: u64,
    },
    /// A line that is longer than is accepted. The buffer holds its first 64 KiB, without line end.
    TooLong {
        /// Where it begins.
        offset: u64,
        /// Its length without line end.
        length: u64,
        /// Length of its line end: 0 at the end of the input, 1 or 2.
        line_end: u8,
    },
    /// A byte order mark, which is no part of any line. Comes first or never; the buffer is empty.
    ByteOrderMark,
}

/// Reads one input piece by piece.
pub struct ChunkReader {
    source: Source,
    consumed: Option<Arc<AtomicU64>>,
    options: ReaderOptions,
    tail: TailWindow,
    head: Vec<u8>,
    unfinished: u64,
    done: bool,
    is_live: bool,
}

impl ChunkReader {
    pub(super) fn new(source: Source, consumed: Option<Arc<AtomicU64>>, options: ReaderOptions) -> ChunkReader {
        let tail = TailWindow::default();
        ChunkReader { source, consumed, options, tail, head: Vec::new(), unfinished: 0, done: false, is_live: false }
    }

    /// Delivers what was read of a pipe as soon as it is quiet, rather than when a piece is full. Where pieces end
    /// then depends on time: an entry whose lines come a quarter of a second apart is cut.
    pub fn deliver_when_quiet(&mut self) {
        self.is_live = true;
    }

    /// Returns up to `max` of the next bytes without taking them: fewer only when the input has no more, or is a pipe
    /// that is quiet after at least one line.
    pub fn peek(&mut self, max: usize) -> &[u8] {
        let mut head = std::mem::take(&mut self.head);
        head.resize(max, 0);
        let mut filled = 0;
        loop {
            let (read, quiet) = self.fill(&mut head, filled, QUIET);
            filled += read;
            if !quiet || memchr(b'\n', &head[..filled]).is_some() {
                break;
            }
        }
        head.truncate(filled);
        self.source.unread(&head);
        self.head = head;
        &self.head
    }

    /// Returns up to `max` of the next bytes without a byte order mark, to detect a format by.
    pub fn sample(&mut self, max: usize) -> &[u8] {
        let at_start = self.source.position() == 0;
        let bytes = self.peek(max);
        if at_start { bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes) } else { bytes }
    }

    /// Returns the fingerprint of the next bytes, at most [`HEAD_BYTES`], and those bytes.
    pub fn head(&mut self) -> (Fingerprint, &[u8]) {
        let bytes = self.peek(HEAD_BYTES);
        (Fingerprint::of(bytes), bytes)
    }

    /// Returns the offset of the next byte.
    pub fn position(&self) -> u64 {
        self.source.position()
    }

    /// Returns the fingerprint of the last `length` bytes before [`ChunkReader::position`], of all when
    /// there are fewer, at most of [`TAIL_BYTES`]. Needs [`ReaderOptions::fingerprints`].
    pub fn tail(&self, length: usize) -> Fingerprint {
        let bytes = self.tail.bytes();
        Fingerprint::of(&bytes[bytes.len() - length.min(bytes.len())..])
    }

    /// Returns how many bytes of the file on disk were taken, for progress.
    pub fn consumed(&self) -> u64 {
        self.consumed.as_ref().map_or(self.source.position(), |count| count.load(Ordering::Relaxed))
    }

    /// Returns the length of the last line that was left because it has no line end; known once `next` returned `None`.
    pub fn unfinished(&self) -> u64 {
        self.unfinished
    }

    /// Returns true when the input broke off.
    pub fn is_broken(&self) -> bool {
        self.source.failed()
    }

    /// Returns why the input broke off, once; `next` returns it as well.
    pub fn take_failure(&mut self) -> Option<InputError> {
        self.source.take_failure()
    }

    /// Returns true when [`ChunkReader::skip_to`] can also go back.
    pub fn is_seekable(&self) -> bool {
        self.source.is_seekable()
    }

    /// Returns the size a plain file had when it was opened; `None` for anything else.
    pub fn file_size(&self) -> Option<u64> {
        self.source.file_size()
    }

    /// Returns up to `max` bytes of a plain file from `offset` on, and does not go there.
    pub fn window(&self, offset: u64, max: usize) -> Vec<u8> {
        self.source.window(offset, max)
    }

    /// Goes to `offset` without delivering what lies before it. Returns false when the input ends before.
    ///
    /// Plain files go there at once, also backwards; others have to read what is skipped.
    pub fn skip_to(&mut self, offset: u64) -> bool {
        let mut from = self.source.position();
        let wants_tail = self.options.fingerprints;
        if self.source.is_seekable() {
            from = offset.saturating_sub(if wants_tail { TAIL_BYTES as u64 } else { 1 });
            self.source.seek(from);
            self.tail.clear();
            self.done = false;
        }
        assert!(from <= offset, "only plain files can be read backwards");
        let mut left = offset - from;
        let mut buffer = vec![0; SKIP_BYTES.min(left as usize)];
        while left > 0 {
            let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let read = self.source.read(&mut buffer[..wanted]);
            if wants_tail {
                self.tail.push(&buffer[..read]);
            }
            left -= read as u64;
            if read < wanted {
                return false;
            }
        }
        true
    }

    /// Reads the next piece into `buffer`, `None` at the end. `begins_entry` says of a whole line whether an
    /// entry begins there; it is given the line before it, which may be empty, and the line, both without line end.
    ///
    /// The buffer's old content is overwritten, not cleared first: hand back the one that was used before,
    /// at its full length, and no byte of it has to be zeroed again.
    ///
    /// # Errors
    /// Once, after all that could be read was delivered.
    pub fn next(
        &mut self,
        buffer: &mut Vec<u8>,
        begins_entry: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<Option<Piece>, InputError> {
        if self.done {
            return self.end(buffer);
        }
        if self.source.position() == 0 && self.peek(BYTE_ORDER_MARK.len()) == BYTE_ORDER_MARK {
            self.skip_to(BYTE_ORDER_MARK.len() as u64);
            buffer.clear();
            return Ok(Some(Piece::ByteOrderMark));
        }
        if buffer.capacity() > self.options.chunk_bytes.saturating_mul(2).saturating_add(LOOK_AHEAD) {
            // It had to hold a very long line once.
            *buffer = Vec::new();
        }
        let offset = self.source.position();
        let mut filled = 0;
        let mut wanted = self.options.chunk_bytes.max(1);
        let mut long_lines = LongLineSearch::new(self.options.max_line);
        let mut cut = CutSearch::new();
        let mut patience = QUIET;
        loop {
            buffer.reserve_exact(wanted.saturating_sub(buffer.len()));
            buffer.resize(wanted, 0);
            let first_read = filled == 0;
            let (read, quiet) = self.fill(buffer, filled, patience);
            filled += read;
            let mut at_end = filled < wanted && !quiet;
            if first_read && let Some(kept) = end_of_line(&buffer[..filled], self.options.chunk_lines) {
                at_end &= kept == filled;
                self.source.unread(&buffer[kept..filled]);
                filled = kept;
            }
            if let Some(start) = long_lines.find(&buffer[..filled]) {
                if start == 0 {
                    return self.long_line(offset, buffer, filled);
                }
                return self.deliver(offset, buffer, filled, start);
            }
            if at_end {
                return self.last_piece(offset, buffer, filled);
            }
            if quiet {
                let Some(whole) = memrchr(b'\n', &buffer[..filled]).map(|at| at + 1) else { continue };
                // All but the last entry, and that one as well when it was waited for.
                let begun = CutSearch::new().find(&buffer[..whole], self.options.chunk_lines, begins_entry);
                let keep = begun.or((patience == QUIET_LONGER && read == 0).then_some(whole));
                patience = QUIET_LONGER;
                match keep {
                    Some(keep) => return self.deliver(offset, buffer, filled, keep),
                    None => continue,
                }
            }
            patience = QUIET;
            if let Some(keep) = cut.find(&buffer[..filled], self.options.chunk_lines, begins_entry) {
                return self.deliver(offset, buffer, filled, keep);
            }
            wanted = filled + filled.clamp(1, GROWTH);
        }
    }

    /// Reads on behind `buffer[..filled]`. Returns true as well when a pipe is quiet after a whole line.
    fn fill(&mut self, buffer: &mut [u8], filled: usize, patience: Duration) -> (usize, bool) {
        if !self.is_live {
            return (self.source.read(&mut buffer[filled..]), false);
        }
        let waits = memchr(b'\n', &buffer[..filled]).is_none();
        self.source.read_until_quiet(&mut buffer[filled..], patience, waits)
    }

    /// Gives `buffer[..keep]` out and the rest of what was read back.
    fn deliver(
        &mut self,
        offset: u64,
        buffer: &mut Vec<u8>,
        filled: usize,
        keep: usize,
    ) -> Result<Option<Piece>, InputError> {
        if self.source.is_replaced() {
            // What was just read may be of another content already.
            self.source.unread(&buffer[..filled]);
            self.source.break_off();
            return self.end(buffer);
        }
        self.source.unread(&buffer[keep..filled]);
        buffer.truncate(keep);
        self.pass(buffer);
        if keep == 0 { self.end(buffer) } else { Ok(Some(Piece::Lines { offset })) }
    }

    /// Gives out what is left of the input; there is nothing after `buffer[..filled]`.
    fn last_piece(&mut self, offset: u64, buffer: &mut Vec<u8>, filled: usize) -> Result<Option<Piece>, InputError> {
        self.done = true;
        let whole = memrchr(b'\n', &buffer[..filled]).map_or(0, |at| at + 1);
        let keep = if self.leaves_last_line() { whole } else { filled };
        self.unfinished = (filled - keep) as u64;
        self.deliver(offset, buffer, filled, keep)
    }

    /// Says that there is nothing more, or why.
    fn end(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Piece>, InputError> {
        self.done = true;
        buffer.clear();
        self.source.take_failure().map_or(Ok(None), Err)
    }

    fn leaves_last_line(&self) -> bool {
        match self.options.last_line {
            LastLine::Take => false,
            LastLine::TakeUnlessBroken => self.source.failed(),
            LastLine::Leave => true,
        }
    }

    /// Passes over a line that is too long; `buffer[..filled]` is its beginning.
    fn long_line(&mut self, offset: u64, buffer: &mut Vec<u8>, filled: usize) -> Result<Option<Piece>, InputError> {
        let mut kept = Vec::new();
        let mut length = 0_u64;
        let mut last_byte = 0;
        let mut filled = filled;
        let ended = loop {
            kept.extend_from_slice(&buffer[..filled.min(KEPT_OF_LONG_LINE - kept.len())]);
            if let Some(at) = memchr(b'\n', &buffer[..filled]) {
                self.source.unread(&buffer[at + 1..filled]);
                self.pass(&buffer[..=at]);
                length += at as u64;
                last_byte = if at > 0 { buffer[at - 1] } else { last_byte };
                break true;
            }
            self.pass(&buffer[..filled]);
            length += filled as u64;
            last_byte = if filled > 0 { buffer[filled - 1] } else { last_byte };
            buffer.resize(SKIP_BYTES, 0);
            filled = self.source.read(buffer);
            if filled == 0 {
                break false;
            }
        };
        let line_end = match (ended, last_byte) {
            (false, _) => 0,
            (true, b'\r') => 2,
            (true, _) => 1,
        };
        self.done = !ended;
        if self.done && self.leaves_last_line() {
            self.unfinished = length;
            return self.end(buffer);
        }
        // Of a line end of two bytes, the first was counted.
        length -= u64::from(line_end == 2);
        buffer.clear();
        buffer.extend_from_slice(&kept[..usize::try_from(length).unwrap_or(usize::MAX).min(kept.len())]);
        Ok(Some(Piece::TooLong { offset, length, line_end }))
    }

    fn pass(&mut self, bytes: &[u8]) {
        if self.options.fingerprints {
            self.tail.push(bytes);
        }
    }
}
