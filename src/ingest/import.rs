//! Puts the entries of some inputs into a store, exactly once by content.
//!
//! - A content that is known is continued where it was left, whatever it is called now and however it is
//!   compressed; when nothing was added, nothing is written. A content under two names is taken once.
//! - What was read and how far is one transaction: an import that is killed continues where it was.
//! - An unfinished last line of a plain file waits for its line end, because it may still be written.
//!   Compressed data and pipes are final, unless they break off: then a whole copy may follow.
//! - Appended lines that join the last entry, or follow a small block, are stored together with that block:
//!   it is read and written again in one transaction.
//! - An input that ends before what is known of a content is compared with what is stored of it: it is an
//!   older copy, or else a content of its own. Where that cannot be proven (below 4 KiB only the contents
//!   added last are tried), it is taken: an entry twice is better than an entry lost.
//! - A pipe, as it can be read only once, has no identity and is always taken, unless it is given a name to
//!   be known by.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::feed::{Feed, FileInfo, Opened, Opener, Opening, Reading, Work};
use super::identity::{Content, Contents, Identity, go_to};
use super::import_writer::{Done, Part, Taking, Writer, content, taken_head};
use super::older_copy::is_older_copy;
use super::scan::total_size;
use super::workers::run;
use super::years::{YearChain, after};
use super::{IngestError, Observer, Outcome, Summary};
use crate::entry::{Projection, Timestamp};
use crate::input::{ChunkReader, Fingerprint, HEAD_BYTES, InputError, InputPath, LastLine, ReaderOptions, open};
use crate::parse::{ChunkParser, FormatSet, Settings, Zone};
use crate::storage::{SqliteLogStorage, encode_block};

/// How far the first new line is looked at, to see whether it begins an entry.
const FIRST_LINE: usize = 64 * 1024;

/// How inputs are imported.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The zone of timestamps that name none.
    pub zone: Zone,
    /// For timestamps without a year in inputs that do not tell when they were written.
    pub reference: Option<Timestamp>,
    /// The formats, when they are not to be detected.
    pub formats: Option<FormatSet>,
    /// How many threads parse.
    pub threads: usize,
    /// Size of a piece, about; each becomes a block.
    pub chunk_bytes: usize,
    /// Longest line that is accepted.
    pub max_line: usize,
    /// Whether an unfinished last line of a plain file is taken.
    pub takes_last_line: bool,
    /// The name pipes are known by: with it, what was taken under that name before is not taken again.
    pub source_id: Option<String>,
    /// What the user typed, for the list of imports.
    pub command: String,
}

impl ImportOptions {
    /// Size of a piece unless somebody says otherwise.
    pub const CHUNK_BYTES: usize = 16 << 20;
    /// Most lines in a piece.
    const CHUNK_LINES: usize = 64 * 1024;

    /// Imports on so many threads.
    pub fn new(threads: usize) -> ImportOptions {
        ImportOptions {
            zone: Zone::default(),
            reference: None,
            formats: None,
            threads,
            chunk_bytes: ImportOptions::CHUNK_BYTES,
            max_line: ReaderOptions::MAX_LINE,
            takes_last_line: false,
            source_id: None,
            command: String::new(),
        }
    }
}

/// What an import did.
#[derive(Debug)]
pub struct ImportSummary {
    /// What was read.
    pub summary: Summary,
    /// Entries that were added to the store.
    pub added: u64,
    /// Bytes of the blocks that were written.
    pub stored_bytes: u64,
}

/// Imports all inputs. Setting `cancel` ends it after the pieces that were begun; a later import goes on from there.
///
/// # Errors
/// When the store cannot be written; what was committed stays, and a later import goes on from there.
pub fn import(
    inputs: &[InputPath],
    options: &ImportOptions,
    store: &SqliteLogStorage,
    observer: &dyn Observer,
    cancel: &AtomicBool,
) -> Result<ImportSummary, IngestError> {
    let started = now();
    let names = inputs.iter().map(|input| source_name(input, options)).collect();
    let writer = Writer::new(store, observer, names, total_size(inputs), options.max_line)?;
    let mut contents = Contents::default();
    for record in writer.records() {
        contents.add(content(record));
    }
    let shared = Shared { writer: Mutex::new(writer), moved: Condvar::new() };
    let settings = Settings { projection: Projection::all(), zone: options.zone, reference: options.reference };
    let reading = Reading { settings, formats: options.formats.clone() };
    let opener = ImportOpener { options, reading, store, shared: &shared, contents, current: None };
    let feed = Mutex::new(Feed::new(inputs, false, opener, cancel));
    run(
        options.threads,
        &feed,
        &|bench, job| {
            let part = match job.work {
                Work::Lines { file, piece, offset, tail, .. } => {
                    let again = bench.count_again(&file, offset)?;
                    let mut parsed = bench.parse(&file, piece, offset)?;
                    let block = (parsed.batch.rows > 0).then(|| Box::new(encode_block(&parsed.batch)));
                    let range = Part::range(&parsed, &again);
                    bench.recycle(std::mem::take(&mut parsed.batch));
                    Part::Parsed { key: file.key, offset, parsed: Box::new(parsed), block, again, range, tail }
                }
                Work::TooLong { file, offset, length, line_end, tail } => {
                    Part::TooLong { key: file.key, offset, length, line_end, raw: bench.buffer.as_slice().into(), tail }
                }
                Work::Mark { file, bytes } => Part::Mark { key: file.key, bytes },
                Work::End { key, unfinished, error } => Part::End { key, unfinished, error },
            };
            Ok((Done { progress: job.progress, part }, ControlFlow::Continue(())))
        },
        &|done| {
            shared.lock().take(done)?;
            shared.moved.notify_all();
            Ok(())
        },
        &|| {
            shared.lock().stopped = true;
            shared.moved.notify_all();
        },
    )?;
    let cancelled = feed.into_inner().unwrap_or_else(PoisonError::into_inner).was_cancelled();
    let writer = shared.writer.into_inner().unwrap_or_else(PoisonError::into_inner);
    let written = writer.finish(started, now(), &options.command)?;
    let mut summary = written.summary;
    summary.cancelled = cancelled;
    let added = summary.account.entries;
    Ok(ImportSummary { summary, added, stored_bytes: written.stored_bytes })
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).ok().and_then(Timestamp::from_nanos).expect("the clock is between 1970 and 2262")
}

fn source_name(input: &InputPath, options: &ImportOptions) -> String {
    match &options.source_id {
        Some(name) if is_pipe(input) => name.clone(),
        Some(_) | None => input.name(),
    }
}

/// Returns true for what can be read only once.
pub fn is_pipe(input: &InputPath) -> bool {
    input.file().is_none() || input.is_descriptor()
}

/// The writer, which the thread that opens inputs needs as well.
struct Shared<'a> {
    writer: Mutex<Writer<'a>>,
    moved: Condvar,
}

impl<'a> Shared<'a> {
    fn lock(&self) -> MutexGuard<'_, Writer<'a>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until so many jobs are written; `None` when that will not happen any more.
    fn after(&self, jobs: u64) -> Option<MutexGuard<'_, Writer<'a>>> {
        let mut writer = self.lock();
        while writer.taken < jobs && !writer.stopped {
            writer = self.moved.wait(writer).unwrap_or_else(PoisonError::into_inner);
        }
        (writer.taken >= jobs).then_some(writer)
    }
}

/// The input that is being read.
struct Current {
    /// Number of its content, and of its source.
    source: usize,
    head: Vec<u8>,
}

struct ImportOpener<'a, 'w> {
    options: &'a ImportOptions,
    reading: Reading,
    store: &'a SqliteLogStorage,
    shared: &'a Shared<'w>,
    /// By the numbers of the writer's sources.
    contents: Contents,
    current: Option<Current>,
}

impl Opener for ImportOpener<'_, '_> {
    fn open(&mut self, path: &InputPath, key: usize, given_out: u64) -> Result<Opening, IngestError> {
        let options = self.options;
        let failed = |error| Ok(Opening::failed(error));
        let input = match open(path) {
            Ok(input) => input,
            Err(error) => return failed(error),
        };
        let (size, modified) = (input.size, input.modified);
        let reader_options = ReaderOptions {
            chunk_bytes: options.chunk_bytes,
            chunk_lines: ImportOptions::CHUNK_LINES,
            max_line: options.max_line,
            last_line: match (input.may_grow, options.takes_last_line) {
                (true, false) => LastLine::Leave,
                (true, true) => LastLine::Take,
                (false, _) => LastLine::TakeUnlessBroken,
            },
            fingerprints: true,
        };
        let mut reader = input.into_reader(reader_options.clone());
        let mut reopen = || open(path).map(|input| input.into_reader(reader_options.clone()));
        let (formats, settings, walk) = self.reading.of(&mut reader, modified);
        let head = reader.peek(HEAD_BYTES).to_vec();
        let (name, years) = (source_name(path, options).into(), YearChain::new(walk));
        let mut file = FileInfo { name, formats, settings, key, known_bytes: 0, years };
        loop {
            let identity = match is_pipe(path) {
                true => self.identify_pipe(&mut reader, &file.name),
                false => self.contents.identify(&mut reader, &mut reopen),
            };
            let identity = match identity {
                Ok(identity) => identity,
                Err(error) => return failed(error),
            };
            if identity == Identity::New {
                break self.begin(file, reader, head, size);
            }
            // What was read of a content in this run must be written before it is continued.
            let Some(mut writer) = self.shared.after(given_out) else {
                return Ok(Opening::Nothing { size, unfinished: 0, error: None });
            };
            let source = match identity {
                Identity::Known(source) => source,
                Identity::New | Identity::Shorter(_) => {
                    writer.settle()?;
                    let known = self.contains(&identity, &writer, &mut reader, &mut reopen)?;
                    if let Some(known_as) = known {
                        let outcome = Outcome::AlreadyImported { known_as };
                        writer.take_from(key, Taking { outcome, ..Taking::default() });
                        return Ok(Opening::Nothing { size, unfinished: 0, error: reader.take_failure() });
                    }
                    drop(writer);
                    if let Err(error) = go_to(&mut reader, 0, &mut reopen) {
                        return failed(error);
                    }
                    break self.begin(file, reader, head, size);
                }
            };
            let record = writer.records()[source].clone();
            if self.contents.get(source) != content(&record) {
                // Reading another input of this content ended otherwise than was thought.
                self.contents.set(source, content(&record));
                drop(writer);
                if let Err(error) = go_to(&mut reader, 0, &mut reopen) {
                    return failed(error);
                }
                continue;
            }
            let news = News::of(&mut reader, &file);
            let waits = match reader_options.last_line {
                LastLine::Take => false,
                LastLine::TakeUnlessBroken => reader.is_broken(),
                LastLine::Leave => true,
            };
            if news.bytes == 0 || news.is_unfinished && waits {
                let outcome = Outcome::AlreadyImported { known_as: record.name };
                writer.take_from(key, Taking { outcome, ..Taking::default() });
                return Ok(Opening::Nothing { size, unfinished: news.bytes, error: reader.take_failure() });
            }
            let outcome = Outcome::Continued { known_as: record.name, lines_before: record.lines };
            file.known_bytes = record.offset;
            writer.take_from(
                key,
                Taking { source: Some(source), head: head.clone(), known_bytes: record.offset, outcome },
            );
            // What can only be read forward is read again when there is need.
            let may_go_back = reader.is_seekable() || news.joins && !is_pipe(path);
            let stored = writer.last_times(source)?;
            let start = if may_go_back { writer.drop_last_block(source, news.joins)? } else { None };
            // New lines are placed by those that are stored, whenever the file was written since.
            file.years = YearChain::new(after(stored.map(|(first, last)| if start.is_some() { first } else { last })));
            if let Some(start) = start
                && let Err(error) = go_to(&mut reader, start, &mut reopen)
            {
                return failed(error);
            }
            self.current = Some(Current { source, head });
            break Ok(Opening::Read(Box::new(Opened { reader, file, size })));
        }
    }

    fn read_to(&mut self, _key: usize, offset: u64, tail: Fingerprint) {
        if let Some(Current { source, head }) = self.current.take() {
            self.contents.set(source, Content { head: taken_head(&head, offset), offset, tail });
        }
    }
}

impl ImportOpener<'_, '_> {
    /// Takes an input as a content that was never seen.
    fn begin(
        &mut self,
        file: FileInfo,
        reader: ChunkReader,
        head: Vec<u8>,
        size: Option<u64>,
    ) -> Result<Opening, IngestError> {
        let mut writer = self.shared.lock();
        let source = writer.add_source(file.name.to_string(), file.formats.main().name().to_owned());
        let number = self.contents.add(Content::default());
        debug_assert_eq!(source, number);
        writer.take_from(file.key, Taking { source: Some(source), head: head.clone(), ..Taking::default() });
        self.current = Some(Current { source, head });
        Ok(Opening::Read(Box::new(Opened { reader, file, size })))
    }

    /// Returns the name of the content of which an input is an older copy.
    fn contains(
        &self,
        identity: &Identity,
        writer: &Writer<'_>,
        reader: &mut ChunkReader,
        reopen: &mut dyn FnMut() -> Result<ChunkReader, InputError>,
    ) -> Result<Option<String>, IngestError> {
        let Identity::Shorter(sources) = identity else { return Ok(None) };
        for source in sources {
            let record = &writer.records()[*source];
            if record.id != 0
                && go_to(reader, 0, reopen).is_ok()
                && is_older_copy(reader, self.store, record.id, record.offset)?
            {
                return Ok(Some(record.name.clone()));
            }
        }
        Ok(None)
    }

    /// Finds out which content a pipe carries, among those of the name it was given. It can be read only once.
    fn identify_pipe(&self, reader: &mut ChunkReader, name: &str) -> Result<Identity, InputError> {
        if self.options.source_id.is_none() {
            return Ok(Identity::New);
        }
        let mut known = self.contents.beginning_like(reader.peek(HEAD_BYTES));
        {
            let writer = self.shared.lock();
            known.retain(|number| writer.records()[*number].name == name);
        }
        let Some(number) = known.pop() else { return Ok(Identity::New) };
        let content = self.contents.get(number);
        if reader.skip_to(content.offset) && reader.tail(content.tail.length as usize) == content.tail {
            return Ok(Identity::Known(number));
        }
        Err(InputError::Differs { path: name.to_owned(), bytes: content.offset })
    }
}

/// What follows the part of an input that is known.
struct News {
    /// How many bytes, as far as was looked.
    bytes: u64,
    /// True when it is less than a line.
    is_unfinished: bool,
    /// True when it belongs, or may belong, to what is stored.
    joins: bool,
}

impl News {
    fn of(reader: &mut ChunkReader, file: &FileInfo) -> News {
        let ends_line = reader.tail(1) == Fingerprint::of(b"\n");
        let bytes = reader.peek(FIRST_LINE);
        let line_end = memchr::memchr(b'\n', bytes);
        let line = &bytes[..line_end.map_or(bytes.len(), |end| end + 1)];
        let settings = Settings { projection: Projection::none(), ..file.settings.clone() };
        let may_continue = ChunkParser::new(&file.formats, &settings).may_continue(line);
        News {
            bytes: bytes.len() as u64,
            is_unfinished: line_end.is_none() && bytes.len() < FIRST_LINE,
            joins: !ends_line || may_continue,
        }
    }
}
