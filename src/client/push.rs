//! Ships files to a server, each line once.
//!
//! Contents are known as an import knows them ([`Contents`]): a file that grew, was renamed, rotated or compressed is
//! continued. It goes in batches of whole entries, one at a time; each is noted in the journal before it is sent, and
//! acknowledged there when the server says that it is on its disk. The key of a batch is made of what it is (the content's
//! first bytes, where it begins, its own hash), so the server stores it once however often it is sent.
//!
//! Left out on purpose: lines appended to an entry that was sent (a stack trace that is still being written) are a
//! batch of their own and do not join it; an older copy of a content, which is shorter than what was sent of it, is taken
//! for a content of its own. An entry twice is better than an entry lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde::Deserialize;

use super::journal::{Journal, Sending, hex};
use super::retry::Patience;
use super::{ClientError, Connection};
use crate::entry::{Account, Projection, Reject, Timestamp};
use crate::ingest::{
    Content, Contents, FileReport, Identity, Observer, Outcome, Reading, go_to, is_pipe, taken_head, total_size,
};
use crate::input::{
    ChunkReader, Fingerprint, HEAD_BYTES, Input, InputError, InputPath, LastLine, Piece, ReaderOptions, TAIL_BYTES,
    open,
};
use crate::parse::{ChunkParser, FormatSet, Settings, Zone};

/// How long a server may take to answer a batch.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a server remembers the key of a request.
const REMEMBERED_SECONDS: i64 = 24 * 3600;
/// A server refuses bodies that become very much longer when they are unpacked; such are sent as they are.
const MOST_PACKED: usize = 100;
/// Most bytes of the name of a source.
const NAME_BYTES: usize = 200;

/// How files are shipped.
#[derive(Clone, Debug)]
pub struct PushOptions {
    /// The zone of timestamps that name none.
    pub zone: Zone,
    /// The present.
    pub now: Timestamp,
    /// The formats, when they are not to be detected.
    pub formats: Option<FormatSet>,
    /// Whether an unfinished last line of a plain file is taken.
    pub takes_last_line: bool,
    /// Whether batches are compressed.
    pub packs: bool,
    /// Size of a batch, about.
    pub batch_bytes: usize,
    /// Most lines of a batch, about.
    pub batch_lines: usize,
    /// Longest line that is sent.
    pub max_line: usize,
    /// What tells this run from others: what comes through a pipe has no identity.
    pub run: String,
}

impl PushOptions {
    /// Size of a batch unless somebody says otherwise.
    pub const BATCH_BYTES: usize = 1 << 20;
    /// Lines of a batch unless somebody says otherwise.
    pub const BATCH_LINES: usize = 5000;
    /// Longest line that servers take unless somebody says otherwise.
    pub const MAX_LINE: usize = 1 << 20;
}

/// What a push did.
#[derive(Debug, Default)]
pub struct PushSummary {
    /// One a file that was looked at, in order.
    pub files: Vec<FileReport>,
    /// What was sent: lines, bytes, entries that are stored, rejects.
    pub account: Account,
    /// Batches whose fate an earlier run did not learn, and whose keys the server may have forgotten since.
    pub unsure: u64,
    /// True when it was interrupted.
    pub interrupted: bool,
}

/// The server's answer to a batch.
#[derive(Deserialize)]
struct Accepted {
    accepted: u64,
    rejected: u64,
    errors: Vec<LineError>,
    durable: bool,
}

#[derive(Deserialize)]
struct LineError {
    line: u64,
    reason: String,
}

/// A push at work.
pub struct Push<'a> {
    /// The server.
    pub connection: &'a Connection,
    /// How it is done.
    pub options: &'a PushOptions,
    /// What is remembered.
    pub journal: &'a mut Journal,
    /// How long is waited for a busy server.
    pub patience: &'a Patience<'a>,
    /// Is told what happens.
    pub observer: &'a dyn Observer,
    /// Ends it after the batch that is under way.
    pub cancel: &'a AtomicBool,
}

/// A file that is being sent.
struct Sender {
    /// The number of its content; none for a pipe.
    number: Option<usize>,
    name: String,
    head: Vec<u8>,
    formats: FormatSet,
    /// Lines before the next batch.
    lines: u64,
    report: FileReport,
}

impl Push<'_> {
    /// Ships all files. Those that cannot be read are told and passed over.
    ///
    /// # Errors
    /// When the server cannot take more, or the journal cannot be written; what was acknowledged is not sent again.
    pub fn run(&mut self, inputs: &[InputPath]) -> Result<PushSummary, Box<(PushSummary, ClientError)>> {
        let (total, observer) = (total_size(inputs), self.observer);
        let mut contents = Contents::default();
        self.journal.known().iter().for_each(|known| _ = contents.add(known.content));
        let (mut summary, mut done) = (PushSummary::default(), 0);
        for input in inputs {
            let size = input.file().and_then(|path| std::fs::metadata(path).ok()).map_or(0, |metadata| metadata.len());
            let mut sender = Sender::new(input);
            let sent = self.file(input, &mut contents, &mut sender, &mut summary, &move |read| {
                observer.progress(done + read, total)
            });
            let mut report = sender.report;
            report.name = input.name();
            let ended = match sent {
                Ok(()) => None,
                Err(ClientError::Input(error)) => {
                    self.observer.failed(&error);
                    if report.account.bytes == 0 && report.outcome == Outcome::Read {
                        report.outcome = Outcome::NotRead;
                    }
                    report.error = Some(error);
                    None
                }
                Err(error) => Some(error),
            };
            summary.account.add(&report.account);
            self.observer.finished(&report);
            summary.files.push(report);
            match ended {
                None => {}
                Some(ClientError::Interrupted) => {
                    summary.interrupted = true;
                    break;
                }
                Some(error) => return Err(Box::new((summary, error))),
            }
            done += size;
            self.observer.progress(done, total);
        }
        match self.journal.sync() {
            Ok(()) => Ok(summary),
            Err(error) => Err(Box::new((summary, error))),
        }
    }

    fn file(
        &mut self,
        path: &InputPath,
        contents: &mut Contents,
        sender: &mut Sender,
        summary: &mut PushSummary,
        progress: &dyn Fn(u64),
    ) -> Result<(), ClientError> {
        let input = open(path)?;
        let (modified, options) = (input.modified, self.reader_options(&input));
        let mut reader = input.into_reader(options.clone());
        let mut reopen = || open(path).map(|input| input.into_reader(options.clone()));
        let settings =
            Settings { projection: Projection::none(), zone: self.options.zone, reference: Some(self.options.now) };
        let reading = Reading { settings, formats: self.options.formats.clone() };
        let (formats, settings) = reading.formats(&mut reader, modified);
        sender.head = reader.peek(HEAD_BYTES).to_vec();
        if !is_pipe(path) {
            let number = match contents.identify(&mut reader, &mut reopen)? {
                Identity::Known(number) => {
                    let known = &self.journal.known()[number];
                    sender.report.outcome =
                        Outcome::Continued { known_as: known.name.clone(), lines_before: known.lines };
                    sender.lines = known.lines;
                    number
                }
                Identity::New | Identity::Shorter(_) => {
                    go_to(&mut reader, 0, &mut reopen)?;
                    match self.begun(&sender.head) {
                        Some(number) => number,
                        None => {
                            let number = self.journal.add(&sender.name);
                            let added = contents.add(Content::default());
                            debug_assert_eq!(number, added);
                            number
                        }
                    }
                }
            };
            sender.number = Some(number);
            sender.formats = formats.clone();
            self.finish_begun(&mut reader, contents, sender, summary, &mut reopen)?;
        }
        sender.formats = formats;
        let mut cutter = ChunkParser::new(&sender.formats, &settings);
        let mut buffer = Vec::new();
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(ClientError::Interrupted);
            }
            let Some(piece) = reader.next(&mut buffer, &mut |before, line| cutter.begins_entry(before, line))? else {
                break;
            };
            match piece {
                // Nothing is noted before there is a line: a mark alone identifies no content.
                Piece::ByteOrderMark => continue,
                Piece::Lines { offset } => self.batch(sender, &buffer, offset)?,
                Piece::TooLong { offset, length, line_end, .. } => {
                    self.too_long(sender, &buffer, offset, length, line_end)
                }
            }
            self.acknowledged(&reader, contents, sender)?;
            progress(reader.consumed());
        }
        sender.report.unfinished = reader.unfinished();
        if sender.report.account.bytes == 0
            && let Outcome::Continued { known_as, .. } = &sender.report.outcome
        {
            sender.report.outcome = Outcome::AlreadyImported { known_as: known_as.clone() };
        }
        Ok(())
    }

    fn reader_options(&self, input: &Input) -> ReaderOptions {
        ReaderOptions {
            chunk_bytes: self.options.batch_bytes,
            chunk_lines: self.options.batch_lines,
            max_line: self.options.max_line,
            last_line: match (input.may_grow, self.options.takes_last_line) {
                (true, false) => LastLine::Leave,
                (true, true) => LastLine::Take,
                (false, _) => LastLine::TakeUnlessBroken,
            },
            fingerprints: true,
        }
    }

    /// Finds the content whose first batch was begun and that starts like this.
    fn begun(&self, head: &[u8]) -> Option<usize> {
        self.journal.known().iter().position(|known| {
            let begun = known.sending.filter(|_| known.content.offset == 0);
            begun.is_some_and(|begun| {
                let start = head.get(..begun.head.length as usize);
                start.is_some_and(|start| Fingerprint::of(start) == begun.head)
            })
        })
    }

    /// Sends the batch again that a run before began and did not see acknowledged.
    fn finish_begun(
        &mut self,
        reader: &mut ChunkReader,
        contents: &mut Contents,
        sender: &mut Sender,
        summary: &mut PushSummary,
        reopen: &mut dyn FnMut() -> Result<ChunkReader, InputError>,
    ) -> Result<(), ClientError> {
        let Some(number) = sender.number else { return Ok(()) };
        let Some(begun) = self.journal.known()[number].sending else { return Ok(()) };
        let start = reader.position();
        let length = begun.bytes.length as usize;
        let bytes = if reader.skip_to(begun.offset) { reader.peek(length).to_vec() } else { Vec::new() };
        if Fingerprint::of(&bytes) != begun.bytes {
            // The file has other lines there now.
            go_to(reader, start, reopen)?;
            return Ok(());
        }
        let seconds = self.options.now.seconds();
        summary.unsure += u64::from(seconds.saturating_sub(begun.at) >= REMEMBERED_SECONDS);
        self.batch(sender, &bytes, begun.offset)?;
        reader.skip_to(begun.offset + bytes.len() as u64);
        self.acknowledged(reader, contents, sender)
    }

    /// Sends lines and waits until they are on the server's disk.
    fn batch(&mut self, sender: &mut Sender, bytes: &[u8], offset: u64) -> Result<(), ClientError> {
        let print = Fingerprint::of(bytes);
        let head = taken_head(&sender.head, offset + bytes.len() as u64);
        if let Some(number) = sender.number {
            let sending = Sending { head, offset, bytes: print, at: self.options.now.seconds() };
            // One that was begun before keeps the time of its first attempt.
            let again = self.journal.known()[number].sending.filter(|old| old.offset == offset && old.bytes == print);
            if again.is_none() {
                self.journal.sending(number, sending)?;
            }
        }
        let run = if sender.number.is_some() { "" } else { self.options.run.as_str() };
        let key = format!("push-{}-{offset}-{}-{}{run}", hex(&head.hash), print.length, hex(&print.hash));
        let path = self.path(sender);
        let packed = self.options.packs.then(|| zstd::bulk::compress(bytes, 1).ok()).flatten();
        let packed = packed.filter(|packed| packed.len() * MOST_PACKED > bytes.len());
        let accepted: Accepted = self.patience.run(|| {
            let request = self.connection.request(Method::POST, &path, PATIENCE)?;
            let request = request.header("idempotency-key", &key).header("content-type", "text/plain");
            let request = match &packed {
                Some(packed) => request.header("content-encoding", "zstd").body(packed.clone()),
                None => request.body(bytes.to_vec()),
            };
            self.connection.read(request)
        })?;
        if !accepted.durable {
            return Err(self.connection.strange("it does not say that the lines are on its disk"));
        }
        let lines = memchr::memchr_iter(b'\n', bytes).count() as u64 + u64::from(!bytes.ends_with(b"\n"));
        tell_rejects(&accepted.errors, sender, bytes, offset, self.observer);
        let account = &mut sender.report.account;
        account.bytes += bytes.len() as u64;
        account.lines += lines;
        account.entries += accepted.accepted;
        account.rejects += accepted.rejected;
        sender.lines += lines;
        Ok(())
    }

    fn path(&self, sender: &Sender) -> String {
        // What is found out of several formats is found out again, for there is no one name for it.
        let format = if sender.formats.others().is_empty() { sender.formats.main().name() } else { "auto" };
        let mut name = sender.name.replace(char::is_control, "?");
        name.truncate(name.floor_char_boundary(NAME_BYTES));
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        format!("/api/v1/logs?format={format}&tz={}&source={}", encode(&self.options.zone.to_string()), encode(&name))
    }

    /// A line that no server takes is a reject here.
    fn too_long(&self, sender: &mut Sender, raw: &[u8], offset: u64, length: u64, line_end: u8) {
        let reason = format!("line of {length} bytes is longer than the limit of {}", self.options.max_line).into();
        let reject = Reject { line: sender.lines + 1, offset, length, reason, raw: raw.into() };
        self.observer.reject(&sender.name, &reject);
        let account = &mut sender.report.account;
        account.bytes += length + u64::from(line_end);
        account.lines += 1;
        account.rejects += 1;
        sender.lines += 1;
    }

    /// Notes that everything before the reader's position is done with.
    fn acknowledged(
        &mut self,
        reader: &ChunkReader,
        contents: &mut Contents,
        sender: &Sender,
    ) -> Result<(), ClientError> {
        let Some(number) = sender.number else { return Ok(()) };
        let (offset, tail) = (reader.position(), reader.tail(TAIL_BYTES));
        let content = Content { head: taken_head(&sender.head, offset), offset, tail };
        contents.set(number, content);
        self.journal.acknowledged(number, content, sender.lines)
    }
}

impl Sender {
    fn new(path: &InputPath) -> Sender {
        Sender {
            number: None,
            name: path.name(),
            head: Vec::new(),
            formats: FormatSet::only(crate::parse::Format::Plain),
            lines: 0,
            report: FileReport::default(),
        }
    }
}

/// Hands on what the server says of single lines, with their places in the file.
fn tell_rejects(errors: &[LineError], sender: &Sender, bytes: &[u8], offset: u64, observer: &dyn Observer) {
    let mut errors = errors.iter().peekable();
    let mut at = 0;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let Some(error) = errors.next_if(|error| error.line == number as u64 + 1) else {
            at += line.len();
            continue;
        };
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let reject = Reject {
            line: sender.lines + error.line,
            offset: offset + at as u64,
            length: text.len() as u64,
            reason: error.reason.clone().into(),
            raw: text[..text.len().min(64 * 1024)].into(),
        };
        observer.reject(&sender.name, &reject);
        at += line.len();
    }
}
