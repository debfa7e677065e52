//! Hands every entry of some inputs to a sink.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use super::feed::{Feed, FileInfo, Opened, Opener, Opening, Reading, Work};
use super::report::time_range;
use super::workers::run;
use super::years::YearChain;
use super::{FileReport, IngestError, Observer, Outcome, Summary};
use crate::entry::{Account, Position, Reject};
use crate::input::{Fingerprint, InputError, InputPath, LastLine, ReaderOptions, open};
use crate::parse::{FormatSet, Settings};
use crate::query::BatchSink;

/// How inputs are scanned.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// How lines are read. The reference is for inputs that do not tell when they were written.
    pub settings: Settings,
    /// The formats, when they are not to be detected.
    pub formats: Option<FormatSet>,
    /// How many threads parse.
    pub threads: usize,
    /// Size of a piece, about.
    pub chunk_bytes: usize,
    /// Longest line that is accepted.
    pub max_line: usize,
}

impl ScanOptions {
    /// Size of a piece unless somebody says otherwise: what the caches near a core hold.
    pub const CHUNK_BYTES: usize = 1 << 20;
    /// Most lines in a piece.
    const CHUNK_LINES: usize = 64 * 1024;

    /// Reads with these settings on so many threads.
    pub fn new(settings: Settings, threads: usize) -> ScanOptions {
        ScanOptions {
            settings,
            formats: None,
            threads,
            chunk_bytes: ScanOptions::CHUNK_BYTES,
            max_line: ReaderOptions::MAX_LINE,
        }
    }
}

/// Reads all inputs and hands their entries to `sink`, one batch a piece, from many threads at once.
///
/// Batches are numbered over all inputs; a batch may be empty. Inputs that cannot be read are reported
/// and passed over. Setting `cancel` ends the run after the pieces that were begun.
///
/// # Errors
/// When the sink fails, or a parser loses a byte.
pub fn scan(
    inputs: &[InputPath],
    options: &ScanOptions,
    sink: &dyn BatchSink,
    observer: &dyn Observer,
    cancel: &AtomicBool,
) -> Result<Summary, IngestError> {
    let projection = &options.settings.projection;
    let (wants_source, wants_ts) = (projection.wants("source"), projection.wants("ts"));
    let reader = ReaderOptions {
        chunk_bytes: options.chunk_bytes,
        chunk_lines: ScanOptions::CHUNK_LINES,
        max_line: options.max_line,
        last_line: LastLine::Take,
        fingerprints: false,
    };
    let reading = Reading { settings: options.settings.clone(), formats: options.formats.clone() };
    let feed = Mutex::new(Feed::new(inputs, projection.wants("line"), ScanOpener { reading, reader }, cancel));
    let collector = Mutex::new(Collector {
        summary: Summary::default(),
        inputs,
        current: FileReport::default(),
        observer,
        total: total_size(inputs),
        max_line: options.max_line,
    });
    run(
        options.threads,
        &feed,
        &|bench, job| {
            let mut flow = ControlFlow::Continue(());
            let part = match job.work {
                Work::Lines { file, batch: number, piece, offset, lines, .. } => {
                    let mut parsed = bench.parse(&file, piece, offset)?;
                    parsed.batch.base = Position { line: lines, offset };
                    if wants_source && parsed.batch.rows > 0 {
                        parsed.batch.sources.push(0, &file.name);
                    }
                    let range = if wants_ts { time_range(&parsed.batch.ts) } else { None };
                    flow = sink.batch(number, &parsed.batch)?;
                    bench.recycle(std::mem::take(&mut parsed.batch));
                    Part::Parsed { offset, parsed: Box::new(parsed), range }
                }
                Work::TooLong { offset, length, line_end, .. } => {
                    Part::TooLong { offset, length, line_end, raw: bench.buffer.as_slice().into() }
                }
                Work::Mark { bytes, .. } => Part::Mark { bytes },
                Work::End { error, .. } => Part::End { error },
            };
            Ok((Done { progress: job.progress, part }, flow))
        },
        &|done| {
            collector.lock().unwrap_or_else(PoisonError::into_inner).take(done);
            Ok(())
        },
        &|| {},
    )?;
    let mut collector = collector.into_inner().unwrap_or_else(PoisonError::into_inner);
    let cancelled = feed.into_inner().unwrap_or_else(PoisonError::into_inner).was_cancelled();
    if collector.current.account != Account::default() {
        // The run ended in the middle of an input.
        collector.end(None);
    }
    collector.summary.cancelled = cancelled;
    collector.summary.finish();
    Ok(collector.summary)
}

/// What became of a job, in the order of the jobs.
struct Done {
    progress: u64,
    part: Part,
}

enum Part {
    Parsed { offset: u64, parsed: Box<crate::parse::ParsedChunk>, range: Option<(i64, i64)> },
    TooLong { offset: u64, length: u64, line_end: u8, raw: Box<[u8]> },
    Mark { bytes: u64 },
    End { error: Option<InputError> },
}

struct Collector<'a> {
    summary: Summary,
    inputs: &'a [InputPath],
    current: FileReport,
    observer: &'a dyn Observer,
    total: Option<u64>,
    max_line: usize,
}

impl Collector<'_> {
    fn name(&self) -> String {
        self.inputs[self.summary.files.len()].name()
    }

    fn take(&mut self, done: Done) {
        match done.part {
            Part::Parsed { offset, mut parsed, range } => {
                parsed.place(Position { line: self.current.account.lines, offset });
                if !parsed.rejects.is_empty() {
                    let name = self.name();
                    parsed.rejects.iter().for_each(|reject| self.observer.reject(&name, reject));
                }
                self.summary.add_piece(&mut self.current, &parsed.account, &parsed.formats);
                self.summary.add_time_range(range);
            }
            Part::TooLong { offset, length, line_end, raw } => {
                let line = self.current.account.lines + 1;
                let (reject, account) = too_long(line, offset, length, line_end, raw, self.max_line);
                self.observer.reject(&self.name(), &reject);
                self.summary.add_piece(&mut self.current, &account, &[]);
            }
            Part::Mark { bytes } => self.summary.add_piece(&mut self.current, &mark(bytes), &[]),
            Part::End { error } => self.end(error),
        }
        self.observer.progress(done.progress, self.total);
    }

    fn end(&mut self, error: Option<InputError>) {
        let name = self.name();
        let mut report = std::mem::take(&mut self.current);
        report.name = name;
        if let Some(error) = error {
            self.observer.failed(&error);
            if report.account.bytes == 0 {
                report.outcome = Outcome::NotRead;
            }
            report.error = Some(error);
        }
        self.observer.finished(&report);
        self.summary.files.push(report);
    }
}

/// Returns the reject for a line that is too long, and the account of it.
pub(super) fn too_long(
    line: u64,
    offset: u64,
    length: u64,
    line_end: u8,
    raw: Box<[u8]>,
    max_line: usize,
) -> (Reject, Account) {
    let reason = format!("line of {length} bytes is longer than the limit of {max_line}").into();
    let mut account = Account { lines: 1, rejects: 1, reject_bytes: length, ..Account::default() };
    account.separator_bytes = u64::from(line_end);
    account.bytes = length + u64::from(line_end);
    (Reject { line, offset, length, reason, raw }, account)
}

/// Returns the account of a byte order mark.
pub(super) fn mark(bytes: u64) -> Account {
    Account { bytes, separator_bytes: bytes, ..Account::default() }
}

/// Returns how many bytes there are on disk, `None` when a pipe is among the inputs.
pub fn total_size(inputs: &[InputPath]) -> Option<u64> {
    let size = |input: &InputPath| -> Option<u64> {
        let path = input.file()?;
        // What cannot be read counts nothing: it is reported when it is opened.
        let metadata = std::fs::metadata(path).ok();
        let size = metadata.map_or(0, |metadata| if metadata.is_file() { metadata.len() } else { 0 });
        (!input.is_descriptor()).then_some(size)
    };
    inputs.iter().map(size).sum()
}

struct ScanOpener {
    reading: Reading,
    reader: ReaderOptions,
}

impl Opener for ScanOpener {
    fn open(&mut self, path: &InputPath, key: usize, _given_out: u64) -> Result<Opening, IngestError> {
        Ok(match open(path) {
            Ok(input) => {
                let (name, size, modified) = (input.name.as_str().into(), input.size, input.modified);
                let mut reader = input.into_reader(self.reader.clone());
                reader.deliver_when_quiet();
                let (formats, settings, walk) = self.reading.of(&mut reader, modified);
                let years = YearChain::new(walk);
                let file = FileInfo { name, formats, settings, key, known_bytes: 0, years };
                Opening::Read(Box::new(Opened { reader, file, size }))
            }
            Err(error) => Opening::failed(error),
        })
    }

    fn read_to(&mut self, _key: usize, _offset: u64, _tail: Fingerprint) {}
}
