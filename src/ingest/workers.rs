//! The threads: each takes a piece, works on it, and hands in the result.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::IngestError;
use super::feed::{Feed, FileInfo, Job, Opener};
use crate::entry::EntryBatch;
use crate::parse::{ChunkParser, ParsedChunk};
use crate::query::InOrder;

/// How many results a thread may be ahead of the slowest.
const WINDOW_PER_THREAD: usize = 2;

/// What a thread keeps from piece to piece.
#[derive(Default)]
pub struct Bench {
    /// The piece's bytes.
    pub buffer: Vec<u8>,
    parser: Option<(Arc<FileInfo>, ChunkParser)>,
}

impl Bench {
    /// Parses the lines in the buffer, a piece of the input, and proves that every byte is accounted for.
    pub fn parse(&mut self, file: &Arc<FileInfo>, piece: u64, offset: u64) -> Result<ParsedChunk, IngestError> {
        let link = file.years.link(piece);
        if !self.parser.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, file)) {
            self.parser = Some((file.clone(), ChunkParser::new(&file.formats, &file.settings)));
        }
        let (_, parser) = self.parser.as_mut().expect("it was just made");
        let bytes = self.buffer.len() as u64;
        parser.set_years(link.guess());
        let mut parsed = parser.parse(std::mem::take(&mut self.buffer));
        if let Some(passage) = &parsed.years {
            let before = link.before();
            if !parser.agrees(passage, before) {
                let chunk = parser.recycle(std::mem::take(&mut parsed.batch));
                parser.set_years(before);
                parsed = parser.parse(chunk);
            }
        }
        link.done(parsed.years.as_ref().map(|passage| passage.end));
        if !parsed.account.adds_up() || parsed.account.bytes != bytes {
            return Err(IngestError::Unaccounted { source_name: file.name.to_string(), offset, bytes });
        }
        Ok(parsed)
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
