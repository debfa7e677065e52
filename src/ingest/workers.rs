//! The threads: each takes a piece, works on it, and hands in the result.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::IngestError;
use super::feed::{Feed, FileInfo, Job, Opener};
use crate::entry::{Account, EntryBatch};
use crate::parse::{ChunkParser, ParsedChunk};
use crate::query::InOrder;

/// How many results a thread may be ahead of the slowest.
const WINDOW_PER_THREAD: usize = 2;

/// Proves that every byte of a piece is accounted for.
fn require_account(parsed: &ParsedChunk, file: &FileInfo, offset: u64, bytes: u64) -> Result<(), IngestError> {
    if parsed.account.adds_up() && parsed.account.bytes == bytes {
        return Ok(());
    }
    Err(IngestError::Unaccounted { source_name: file.name.to_string(), offset, bytes })
}

/// What a thread keeps from piece to piece.
#[derive(Default)]
pub struct Bench {
    /// The piece's bytes.
    pub buffer: Vec<u8>,
    parser: Option<(Arc<FileInfo>, ChunkParser)>,
}

/// What some lines come to.
#[derive(Debug, Default)]
pub struct Counted {
    /// Every line and byte.
    pub account: Account,
    /// How many entries each format read.
    pub formats: Vec<(Arc<str>, u64)>,
}

impl Bench {
    /// Parses the lines in the buffer, a piece of the input, and proves that every byte is accounted for.
    pub fn parse(&mut self, file: &Arc<FileInfo>, piece: u64, offset: u64) -> Result<ParsedChunk, IngestError> {
        let link = file.years.link(piece);
        let bytes = self.buffer.len() as u64;
        let chunk = std::mem::take(&mut self.buffer);
        let parser = self.parser(file);
        parser.set_years(link.guess());
        let mut parsed = parser.parse(chunk);
        if let Some(passage) = &parsed.years {
            let before = link.before();
            if !parser.agrees(passage, before) {
                let chunk = parser.recycle(std::mem::take(&mut parsed.batch));
                parser.set_years(before);
                parsed = parser.parse(chunk);
            }
        }
        link.done(parsed.years.as_ref().map(|passage| passage.end));
        require_account(&parsed, file, offset, bytes)?;
        Ok(parsed)
    }

    /// Counts what of the buffer was stored by an earlier run and is there only to be stored together with what
    /// follows. In which year a line was written does not matter to its count.
    pub fn count_again(&mut self, file: &Arc<FileInfo>, offset: u64) -> Result<Counted, IngestError> {
        let known = file.known_bytes.saturating_sub(offset).min(self.buffer.len() as u64) as usize;
        if known == 0 {
            return Ok(Counted::default());
        }
        let part = self.buffer[..known].to_vec();
        let parsed = self.parser(file).parse(part);
        require_account(&parsed, file, offset, known as u64)?;
        let counted = Counted { account: parsed.account, formats: parsed.formats };
        self.parser(file).recycle(parsed.batch);
        Ok(counted)
    }

    /// Returns the parser of a file, made when the one at hand is another's.
    fn parser(&mut self, file: &Arc<FileInfo>) -> &mut ChunkParser {
        if !self.parser.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, file)) {
            self.parser = None;
        }
        let (_, parser) =
            self.parser.get_or_insert_with(|| (file.clone(), ChunkParser::new(&file.formats, &file.settings)));
        parser
    }

    /// Takes back the memory of a batch that is done with.
    pub fn recycle(&mut self, batch: EntryBatch) {
        let (_, parser) = self.parser.as_mut().expect("the batch came from it");
        self.buffer = parser.recycle(batch);
    }
}

/// What is done with a job: its result, and whether to go on.
type Worked<T> = Result<(T, ControlFlow<()>), IngestError>;

/// Runs all jobs of a feed: `work` in parallel, then `take` one after the other in the order of the jobs.
/// `Break` of `work` ends the run after the jobs that were begun. `stopped` is called when a job failed, which
/// ends the run at once.
pub fn run<O: Opener, T: Send>(
    threads: usize,
    feed: &Mutex<Feed<'_, O>>,
    work: &(dyn Fn(&mut Bench, Job) -> Worked<T> + Sync),
    take: &(dyn Fn(T) -> Result<(), IngestError> + Sync),
    stopped: &(dyn Fn() + Sync),
) -> Result<(), IngestError> {
    let threads = threads.max(1);
    let queue = InOrder::new(threads * WINDOW_PER_THREAD, ());
    let stop = || {
        queue.stop();
        stopped();
    };
    let thread = || -> Result<(), IngestError> {
        let _guard = StopOnPanic(&stop);
        let mut bench = Bench::default();
        let mut turn = || -> Result<ControlFlow<()>, IngestError> {
            // A thread that panicked with the lock left the feed half way: then this is the end.
            let Ok(mut locked) = feed.lock() else { return Ok(ControlFlow::Break(())) };
            let Some(job) = locked.next(&mut bench.buffer)? else { return Ok(ControlFlow::Break(())) };
            drop(locked);
            let sequence = job.sequence;
            let (result, flow) = work(&mut bench, job)?;
            if flow.is_break() {
                feed.lock().unwrap_or_else(PoisonError::into_inner).stop();
            }
            queue.put(sequence, result, |(), result| take(result).map(ControlFlow::Continue))
        };
        loop {
            match turn() {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Ok(()),
                Err(error) => {
                    stop();
                    return Err(error);
                }
            }
        }
    };
    if threads == 1 {
        return thread();
    }
    thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(thread)).collect();
        let results = handles.into_iter().map(|handle| match handle.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.collect::<Vec<_>>().into_iter().collect()
    })
}

/// Frees the threads that wait for the result of one that panicked.
struct StopOnPanic<'a>(&'a (dyn Fn() + Sync));

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            (self.0)();
        }
    }
}
