//! Gives out the inputs piece by piece, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::entry::{Projection, Timestamp};
use crate::input::{ChunkReader, Fingerprint, InputError, InputPath, Piece, TAIL_BYTES};
use crate::parse::{ChunkParser, FormatSet, Settings, detect};

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
    /// Where whoever opened it keeps what it knows of it.
    pub key: usize,
}

/// An input that was opened.
pub struct Opened {
    pub reader: ChunkReader,
    /// What it is called.
    pub name: String,
    /// When it was last written.
    pub modified: Option<Timestamp>,
    /// How many bytes it has on disk.
    pub size: Option<u64>,
    /// See [`FileInfo::key`].
    pub key: usize,
    /// Lines before the reader's position.
    pub lines: u64,
}

/// What became of an attempt to open an input.
pub enum Opening {
    /// It is to be read.
    Read(Box<Opened>),
    /// There is nothing to read in it.
    Nothing { key: usize, size: Option<u64> },
    /// It cannot be read.
    Failed { key: usize, error: InputError },
}

/// Opens inputs in order. `given_out` is how many jobs there were before.
pub trait Opener: Send {
    fn open(&mut self, path: &InputPath, given_out: u64) -> Opening;

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
        offset: u64,
        /// Lines before the piece, when that is wanted and otherwise 0.
        lines: u64,
        tail: Fingerprint,
    },
    /// Reject a line that is too long, whose beginning is in the buffer.
    TooLong { file: Arc<FileInfo>, offset: u64, length: u64, line_end: u8, tail: Fingerprint },
    /// Count a byte order mark of so many bytes.
    Mark { file: Arc<FileInfo>, bytes: u64, tail: Fingerprint },
    /// The input is done with.
    End { key: usize, unfinished: u64, error: Option<InputError> },
}

/// Settings of a feed.
pub struct FeedOptions {
    /// How lines are read; the reference is for inputs that do not tell their time.
    pub settings: Settings,
    /// The formats, when they are not to be detected.
    pub formats: Option<FormatSet>,
    /// Whether the lines before a piece are counted.
    pub counts_lines: bool,
}

/// The inputs, opened one after the other and given out in pieces.
pub struct Feed<'a, O> {
    inputs: std::slice::Iter<'a, InputPath>,
    options: FeedOptions,
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
    lines: u64,
    read_to: u64,
    tail: Fingerprint,
}

impl<'a, O: Opener> Feed<'a, O> {
    pub fn new(inputs: &'a [InputPath], options: FeedOptions, opener: O, cancel: &'a AtomicBool) -> Feed<'a, O> {
        let (current, sequence, batches, progress) = (None, 0, 0, 0);
        Feed { inputs: inputs.iter(), options, opener, cancel, current, sequence, batches, progress, cancelled: false }
    }

    /// Returns true when the run was cancelled before everything was given out.
    pub fn was_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Makes this the end.
    pub fn stop(&mut self) {
        self.inputs = [].iter();
        self.current = None;
    }

    /// Returns the next job, whose bytes are in `buffer`.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Option<Job> {
        if self.cancel.load(Ordering::Relaxed) && (self.current.is_some() || self.inputs.len() > 0) {
            self.cancelled = true;
            self.stop();
        }
        let work = match &mut self.current {
            Some(_) => self.piece(buffer),
            None => {
                let path = self.inputs.next()?;
                match self.opener.open(path, self.sequence) {
                    Opening::Read(opened) => {
                        self.current = Some(self.options.begin(*opened));
                        self.piece(buffer)
                    }
                    Opening::Nothing { key, size } => {
                        self.progress += size.unwrap_or(0);
                        Work::End { key, unfinished: 0, error: None }
                    }
                    Opening::Failed { key, error } => Work::End { key, unfinished: 0, error: Some(error) },
                }
            }
        };
        let sequence = self.sequence;
        self.sequence += 1;
        let progress = self.progress + self.current.as_ref().map_or(0, |current| current.reader.consumed());
        Some(Job { sequence, progress, work })
    }

    fn piece(&mut self, buffer: &mut Vec<u8>) -> Work {
        let current = self.current.as_mut().expect("an input is open");
        let Current { reader, cutter, .. } = current;
        let piece = match reader.next(buffer, &mut |line| cutter.begins_entry(line)) {
            Ok(Some(piece)) => piece,
            Ok(None) => return self.end(None),
            Err(error) => return self.end(Some(error)),
        };
        current.read_to = reader.position();
        current.tail = reader.tail(TAIL_BYTES);
        let (file, tail) = (current.file.clone(), current.tail);
        match piece {
            Piece::Lines { offset } => {
                let lines = current.lines;
                if self.options.counts_lines {
                    current.lines += memchr::memchr_iter(b'\n', buffer).count() as u64;
                }
                self.batches += 1;
                Work::Lines { file, batch: self.batches - 1, offset, lines, tail }
            }
            Piece::TooLong { offset, length, line_end } => {
                current.lines += 1;
                Work::TooLong { file, offset, length, line_end, tail }
            }
            Piece::ByteOrderMark => Work::Mark { file, bytes: current.read_to, tail },
        }
    }

    fn end(&mut self, error: Option<InputError>) -> Work {
        let current = self.current.take().expect("an input is open");
        self.progress += current.size.unwrap_or_else(|| current.reader.consumed());
        self.opener.read_to(current.file.key, current.read_to, current.tail);
        Work::End { key: current.file.key, unfinished: current.reader.unfinished(), error }
    }
}

impl FeedOptions {
    fn begin(&self, opened: Opened) -> Current {
        let Opened { mut reader, name, modified, size, key, lines } = opened;
        let settings = Settings { reference: modified.or(self.settings.reference), ..self.settings.clone() };
        let cutter_settings = Settings { projection: Projection::none(), ..settings.clone() };
        let formats = self.formats.clone().unwrap_or_else(|| {
            let sample = reader.sample(SAMPLE_BYTES);
            let sample = if sample.len() == SAMPLE_BYTES && !sample.contains(&b'\n') {
                reader.sample(LONG_SAMPLE_BYTES)
            } else {
                sample
            };
            let whole = memchr::memrchr(b'\n', sample).map_or(sample.len(), |at| at + 1);
            detect(&sample[..whole], &cutter_settings).formats
        });
        let cutter = ChunkParser::new(&formats, &cutter_settings);
        let (read_to, tail) = (reader.position(), reader.tail(TAIL_BYTES));
        let file = Arc::new(FileInfo { name: name.into(), formats, settings, key });
        Current { file, reader, cutter, size, lines, read_to, tail }
    }
}
