//! The thread that writes an org's store: group commit.
//!
//! What comes while one commit is on its way to the disk goes together into the next one. So a commit costs the same
//! for one request and for a hundred, nobody waits for more than two of them, and nothing waits when nothing else comes.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::Reserved;
use super::disk::Disk;
use crate::serve::clock::Clock;
use crate::serve::error::ApiError;
use crate::storage::{Append, AppendEntries, Appended, LiveStore, StorageError};

/// Most entries in one commit: bounds how long it takes and how much memory.
const MOST_ENTRIES: usize = 128 * 1024;

/// The store is being written.
const GOOD: u8 = 0;
/// The disk is full; may pass.
const FULL: u8 = 1;
/// A sync failed: nothing is written any more until the server is started anew.
const BROKEN: u8 = 2;

type Work = Box<dyn FnOnce(&mut LiveStore) + Send>;

enum Job {
    Append { append: Box<Append>, answer: oneshot::Sender<Result<Appended, ApiError>>, reserved: Reserved },
    Work(Work),
    Close,
}

/// The handle of the thread.
#[derive(Debug)]
pub struct Writer {
    jobs: Sender<Job>,
    thread: Mutex<Option<JoinHandle<()>>>,
    newest: watch::Receiver<u64>,
    state: Arc<AtomicU8>,
}

fn closing() -> ApiError {
    ApiError::unavailable("closing", "the server is stopping", Duration::from_secs(5))
}

impl Writer {
    /// Starts the thread.
    pub fn start(store: LiveStore, disk: Disk, clock: Arc<dyn Clock>) -> std::io::Result<Writer> {
        let (jobs, inbox) = channel();
        let (newest_out, newest) = watch::channel(0);
        let state = Arc::new(AtomicU8::new(GOOD));
        let thread = Thread { store, disk, clock, inbox, newest: newest_out, state: state.clone() };
        let thread = std::thread::Builder::new().name("org-writer".to_owned()).spawn(move || thread.run())?;
        Ok(Writer { jobs, thread: Mutex::new(Some(thread)), newest, state })
    }

    /// See [`super::OrgStore::append`].
    pub async fn append(&self, append: Append, reserved: Reserved) -> Result<Appended, ApiError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job::Append { append: Box::new(append), answer, reserved }).map_err(|_| closing())?;
        answered.await.map_err(|_| closing())?
    }

    /// See [`super::OrgStore::with_writer`].
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut LiveStore) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |store| {
            // Whoever asked may have gone away; the work is done all the same.
            _ = answer.send(work(store));
        });
        self.jobs.send(Job::Work(work)).map_err(|_| closing())?;
        answered.await.map_err(|_| closing())
    }

    /// Returns the arrival number of the last entry.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.clone()
    }

    /// Returns why nothing can be stored now, if so.
    pub fn trouble(&self) -> Option<&'static str> {
        match self.state.load(Ordering::Relaxed) {
            FULL => Some("disk_full"),
            BROKEN => Some("store_read_only"),
            _ => None,
        }
    }

    /// Stores what waits, closes the store and waits for it.
    pub fn close(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A thread that is gone already has closed its store.
        _ = self.jobs.send(Job::Close);
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of an org's store panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// What waits for a commit.
type Waiting = (oneshot::Sender<Result<Appended, ApiError>>, Reserved);

struct Thread {
    store: LiveStore,
    disk: Disk,
    clock: Arc<dyn Clock>,
    inbox: Receiver<Job>,
    newest: watch::Sender<u64>,
    state: Arc<AtomicU8>,
}

impl Thread {
    fn run(mut self) {
        let mut next = None;
        while let Some(job) = next.take().or_else(|| self.inbox.recv().ok()) {
            match job {
                Job::Append { append, answer, reserved } => {
                    let mut appends = vec![*append];
                    let mut waiting = vec![(answer, reserved)];
                    next = self.gather(&mut appends, &mut waiting);
                    self.commit(appends, waiting);
                }
                Job::Work(work) => work(&mut self.store),
                Job::Close => break,
            }
        }
        if let Err(error) = self.store.close() {
            // Nothing is lost: the log beside the file has it, and the next one to open the store reads it.
            tracing::warn!(%error, "the log of a store could not be emptied into its file");
        }
    }

    /// Takes what else waits, up to the first thing that is no append.
    fn gather(&self, appends: &mut Vec<Append>, waiting: &mut Vec<Waiting>) -> Option<Job> {
        let mut entries = rows(&appends[0]);
        while entries < MOST_ENTRIES {
            match self.inbox.try_recv() {
                Ok(Job::Append { append, answer, reserved }) => {
                    entries += rows(&append);
                    appends.push(*append);
                    waiting.push((answer, reserved));
                }
                Ok(other) => return Some(other),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        None
    }

    fn commit(&mut self, appends: Vec<Append>, waiting: Vec<Waiting>) {
        let began = Instant::now();
        let result = if self.disk.has_room() { self.store.append(appends, self.clock.now()) } else { Err(full()) };
        metrics::histogram!("logan_commit_seconds").record(began.elapsed().as_secs_f64());
        match result {
            Ok(answers) => {
                // Where all was stored before, nothing was written.
                if answers.iter().any(|appended| matches!(appended, Appended::Stored { .. })) {
                    metrics::histogram!("logan_fsync_seconds").record(self.store.last_commit().as_secs_f64());
                }
                self.state.store(GOOD, Ordering::Relaxed);
                let newest = answers.iter().filter_map(|appended| match appended {
                    Appended::Stored { first_line, entries } if *entries > 0 => Some(first_line + entries - 1),
                    _ => None,
                });
                if let Some(newest) = newest.max() {
                    self.newest.send_replace(newest);
                }
                for ((answer, reserved), appended) in waiting.into_iter().zip(answers) {
                    drop(reserved);
                    // A client that has gone away asks again with its key.
                    _ = answer.send(Ok(appended));
                }
            }
            Err(error) => {
                let state = match &error {
                    StorageError::Poisoned { .. } => BROKEN,
                    StorageError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => FULL,
                    _ => GOOD,
                };
                self.state.store(state, Ordering::Relaxed);
                let answer = ApiError::from(error);
                for (waiter, reserved) in waiting {
                    drop(reserved);
                    _ = waiter.send(Err(answer.clone()));
                }
            }
        }
    }
}

fn rows(append: &Append) -> usize {
    match &append.entries {
        AppendEntries::Rows(batch) => batch.rows,
        AppendEntries::Encoded(block) => block.rows(),
    }
}

fn full() -> StorageError {
    let source = std::io::Error::new(std::io::ErrorKind::StorageFull, "less is free than the disk's high mark allows");
    StorageError::Io { path: "the data folder".to_owned(), source }
}
