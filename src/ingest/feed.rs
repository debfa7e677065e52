//! Gives out the inputs piece by piece, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::IngestError;
use super::years::{YearChain, survey};
use crate::entry::{Projection, Timestamp};
use crate::input::{ChunkReader, Fingerprint, InputError, InputPath, Piece, TAIL_BYTES};
use crate::parse::{ChunkParser, FormatSet, Settings, YearWalk, detect};

/// How much of an input its format is detected by.
const SAMPLE_BYTES: usize = 64 * 1024;
/// How much is looked at when the first line is longer than that.
const LONG_SAMPLE_BYTES: usize = 1 << 20;

/// What is known of an input when it is opened.
pub struct FileInfo {
    /// What it is called.
    pub name: Arc<str>,
    /// How its lines are read.
    pub formats: FormatSet,
    /// How its lines are read.
    pub settings: Settings,
    /// Its number among the inputs.
    pub key: usize,
    /// How many of its bytes were taken by an earlier run.
    pub known_bytes: u64,
    /// The year of its timestamps that name none.
    pub years: YearChain,
}

/// An input that was opened.
pub struct Opened {
    pub reader: ChunkReader,
    pub file: FileInfo,
    /// How many bytes it has on disk.
    pub size: Option<u64>,
}

/// What became of an attempt to open an input.
pub enum Opening {
    /// It is to be read.
    Read(Box<Opened>),
    /// There is nothing to take, except perhaps an unfinished line of so many bytes; or it cannot be read.
    Nothing { size: Option<u64>, unfinished: u64, error: Option<InputError> },
}

impl Opening {
    /// It cannot be read.
    pub fn failed(error: InputError) -> Opening {
        Opening::Nothing { size: None, unfinished: 0, error: Some(error) }
    }
}

/// Opens inputs in order. `given_out` is how many jobs there were before.
pub trait Opener: Send {
    fn open(&mut self, path: &InputPath, key: usize, given_out: u64) -> Result<Opening, IngestError>;

    /// Says how far an input was read, before the next is opened.
    fn read_to(&mut self, key: usize, offset: u64, tail: Fingerprint);
}

/// A piece of work.
pub struct Job {
    /// 0, 1, 2, … without holes.
    pub sequence: u64,
    /// Bytes on disk that were taken, over all inputs.
    pub progress: u64,
    pub work: Work,
}

/// What is to be done.
pub enum Work {
    /// Parse the lines in the buffer.
    Lines {
        file: Arc<FileInfo>,
        /// 0, 1, 2, … without holes.
        batch: u64,
        /// Likewise, within the input.
        piece: u64,
        offset: u64,
        /// Lines before the piece, when that is wanted and otherwise 0.
        lines: u64,
        tail: Fingerprint,
    },
    /// Reject a line that is too long, whose beginning is in the buffer.
    TooLong { file: Arc<FileInfo>, offset: u64, length: u64, line_end: u8, tail: Fingerprint },
    /// Count a byte order mark of so many bytes.
    Mark { file: Arc<FileInfo>, bytes: u64 },
    /// The input is done with.
    End { key: usize, unfinished: u64, error: Option<InputError> },
}

/// How the lines of inputs are read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The reference is for inputs that do not tell their time.
    pub settings: Settings,
    /// The formats, when they are not to be detected.
    pub formats: Option<FormatSet>,
}

impl Reading {
    /// Finds out how the lines of an input are read, which must stand at its beginning, and where the walk through
    /// its timestamps without a year begins.
    pub(super) fn of(&self, reader: &mut ChunkReader, modified: Option<SystemTime>) -> (FormatSet, Settings, YearWalk) {
        let (formats, settings) = self.formats(reader, modified);
        let walk = survey(reader, &formats, &settings);
        (formats, settings, walk)
    }

    /// Finds out how the lines of an input are read, which must stand at its beginning.
    pub fn formats(&self, reader: &mut ChunkReader, modified: Option<SystemTime>) -> (FormatSet, Settings) {
        let reference = modified.and_then(timestamp).or(self.settings.reference);
        let settings = Settings { reference, ..self.settings.clone() };
        if let Some(formats) = &self.formats {
            return (formats.clone(), settings);
        }
        let mut sample = reader.sample(SAMPLE_BYTES);
        if sample.len() >= SAMPLE_BYTES && !sample.contains(&b'\n') {
            sample = reader.sample(LONG_SAMPLE_BYTES);
        }
        let whole = memchr::memrchr(b'\n', sample).map_or(sample.len(), |at| at + 1);
        (detect(&sample[..whole], &settings).formats, settings)
    }
}

/// Returns when a file was written as a timestamp, if it can be one.
fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).ok()?)
}

/// The inputs, opened one after the other and given out in pieces.
pub struct Feed<'a, O> {
    inputs: &'a [InputPath],
    /// How many inputs were opened.
    opened: usize,
    /// Whether the lines before a piece are counted.
    counts_lines: bool,
    opener: O,
    cancel: &'a AtomicBool,
    current: Option<Current>,
    sequence: u64,
    batches: u64,
    /// Bytes on disk of the inputs that are done with.
    progress: u64,
    cancelled: bool,
}

struct Current {
    file: Arc<FileInfo>,
    reader: ChunkReader,
    /// Knows where entries begin.
    cutter: ChunkParser,
    size: Option<u64>,
    pieces: u64,
    lines: u64,
    read_to: u64,
    tail: Fingerprint,
}

impl<'a, O: Opener> Feed<'a, O> {
    pub fn new(inputs: &'a [InputPath], counts_lines: bool, opener: O, cancel: &'a AtomicBool) -> Feed<'a, O> {
        let (opened, current, sequence, batches, progress, cancelled) = (0, None, 0, 0, 0, false);
        Feed { inputs, opened, counts_lines, opener, cancel, current, sequence, batches, progress, cancelled }
    }

    /// Returns true when the run was cancelled before everything was given out.
    pub fn was_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Makes this the end.
    pub fn stop(&mut self) {
        self.opened = self.inputs.len();
        self.current = None;
    }

    /// Returns the next job, whose bytes are in `buffer`.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Job>, IngestError> {
        if self.cancel.load(Ordering::Relaxed) && (self.current.is_some() || self.opened < self.inputs.len()) {
            self.cancelled = true;
            self.stop();
        }
        let work = match &mut self.current {
            Some(_) => self.piece(buffer),
            None => {
                let Some(path) = self.inputs.get(self.opened) else { return Ok(None) };
                let key = self.opened;
                self.opened += 1;
                match self.opener.open(path, key, self.sequence)? {
                    Opening::Read(opened) => {
                        self.current = Some(Current::new(*opened));
                        self.piece(buffer)
                    }
                    Opening::Nothing { size, unfinished, error } => {
                        self.progress += size.unwrap_or(0);
                        Work::End { key, unfinished, error }
                    }
                }
            }
        };
        let sequence = self.sequence;
        self.sequence += 1;
        let progress = self.progress + self.current.as_ref().map_or(0, |current| current.reader.consumed());
        Ok(Some(Job { sequence, progress, work }))
    }

    fn piece(&mut self, buffer: &mut Vec<u8>) -> Work {
        let current = self.current.as_mut().expect("an input is open");
        let Current { reader, cutter, .. } = current;
        let piece = match reader.next(buffer, &mut |before, line| cutter.begins_entry(before, line)) {
            Ok(Some(piece)) => piece,
            Ok(None) => return self.end(None),
            Err(error) => return self.end(Some(error)),
        };
        let (file, tail, position) = (current.file.clone(), reader.tail(TAIL_BYTES), reader.position());
        // A mark alone says nothing of the content that follows.
        if piece != Piece::ByteOrderMark {
            (current.read_to, current.tail) = (position, tail);
        }
        match piece {
            Piece::Lines { offset } => {
                let lines = current.lines;
                if self.counts_lines {
                    current.lines += memchr::memchr_iter(b'\n', buffer).count() as u64;
                }
                self.batches += 1;
                current.pieces += 1;
                Work::Lines { file, batch: self.batches - 1, piece: current.pieces - 1, offset, lines, tail }
            }
            Piece::TooLong { offset, length, line_end } => {
                current.lines += 1;
                Work::TooLong { file, offset, length, line_end, tail }
            }
            Piece::ByteOrderMark => Work::Mark { file, bytes: position },
        }
    }

    fn end(&mut self, error: Option<InputError>) -> Work {
        let current = self.current.take().expect("an input is open");
        self.progress += current.size.unwrap_or_else(|| current.reader.consumed());
        self.opener.read_to(current.file.key, current.read_to, current.tail);
        Work::End { key: current.file.key, unfinished: current.reader.unfinished(), error }
    }
}

impl Current {
    fn new(opened: Opened) -> Current {
        let Opened { reader, file, size } = opened;
        let settings = Settings { projection: Projection::none(), ..file.settings.clone() };
        let cutter = ChunkParser::new(&file.formats, &settings);
        let (read_to, tail) = (reader.position(), reader.tail(TAIL_BYTES));
        Current { file: Arc::new(file), reader, cutter, size, pieces: 0, lines: 0, read_to, tail }
    }
}
