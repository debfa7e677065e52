//! The orgs' stores: a file each, opened when it is asked for, with a thread that writes it.

mod disk;
mod writer;

use std::collections::HashMap;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

pub use self::disk::Disk;
use self::writer::Writer;
use super::auth::OrgScope;
use super::clock::Clock;
use super::error::ApiError;
use super::ids::OrgId;
use crate::config::Settings;
use crate::storage::{Append, Appended, LiveOptions, LiveStore, SqliteLogStorage, StorageError};

/// How long a store stays open that nobody uses.
const IDLE: Duration = Duration::from_secs(300);

/// The stores of all orgs.
#[derive(Debug)]
pub struct OrgStores {
    folder: PathBuf,
    limits: OrgLimits,
    /// What bodies of all orgs may take at once, in units of [`UNIT`].
    memory: Arc<Semaphore>,
    memory_units: usize,
    clock: Arc<dyn Clock>,
    open: Mutex<HashMap<OrgId, Arc<OrgStore>>>,
}

/// Semaphores count in these many bytes: their number of permits is limited.
const UNIT: usize = 1024;

/// What one org may take.
#[derive(Clone, Debug)]
struct OrgLimits {
    queue_bytes: usize,
    running_queries: usize,
    queued_queries: usize,
    tails: usize,
    disk_mark: u64,
}

/// Bytes of memory that are set aside for a body until it is stored.
#[derive(Debug)]
pub struct Reserved {
    _all: OwnedSemaphorePermit,
    _org: OwnedSemaphorePermit,
}

/// The open store of one org.
#[derive(Debug)]
pub struct OrgStore {
    writer: Writer,
    reader: SqliteLogStorage,
    queue: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    /// Questions that run, and those that run or wait.
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    tails: Arc<Semaphore>,
    used: Mutex<Instant>,
}

/// A place among the questions of an org that run.
#[derive(Debug)]
pub struct QuerySlot {
    _waiting: OwnedSemaphorePermit,
    _running: OwnedSemaphorePermit,
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT).max(1)).unwrap_or(u32::MAX)
}

impl OrgStores {
    /// The stores in this folder; none is opened yet.
    pub fn new(folder: PathBuf, settings: &Settings, clock: Arc<dyn Clock>) -> OrgStores {
        let limits = OrgLimits {
            queue_bytes: settings.limits.queue.as_usize(),
            running_queries: settings.query.running as usize,
            queued_queries: settings.query.queued as usize,
            tails: settings.query.tails as usize,
            disk_mark: settings.disk.high_mark_free_bytes.bytes(),
        };
        let memory_units = units(settings.limits.memory.as_usize()) as usize;
        let memory = Arc::new(Semaphore::new(memory_units));
        OrgStores { folder, limits, memory, memory_units, clock, open: Mutex::default() }
    }

    /// Returns the store of an org, opened if it was not; made when there is none. Blocks.
    pub fn get(&self, scope: &OrgScope) -> Result<Arc<OrgStore>, StorageError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = open.get(&scope.org()) {
            store.touch();
            return Ok(store.clone());
        }
        let store = Arc::new(OrgStore::open(&self.path(scope.org()), self)?);
        open.insert(scope.org(), store.clone());
        Ok(store)
    }

    /// Returns the store of an org if it is open already; does not block.
    pub fn opened(&self, scope: &OrgScope) -> Option<Arc<OrgStore>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let store = open.get(&scope.org())?;
        store.touch();
        Some(store.clone())
    }

    /// The file of an org's store: built from an id, never from text.
    pub fn path(&self, org: OrgId) -> PathBuf {
        self.folder.join(format!("{org}.db"))
    }

    /// Closes the stores nobody used for a while.
    pub fn close_idle(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever holds the other reference is using it.
        open.retain(|_, store| Arc::strong_count(store) > 1 || store.idle() < IDLE);
    }

    /// Closes an org's store and deletes its files. Blocks.
    pub fn delete(&self, scope: &OrgScope) -> Result<(), StorageError> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&scope.org());
        let path = self.path(scope.org());
        for ending in ["", "-wal", "-shm", "-journal"] {
            let mut name = path.clone().into_os_string();
            name.push(ending);
            match std::fs::remove_file(&name) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StorageError::Io { path: path.display().to_string(), source });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Stores what waits and closes all stores. Blocks.
    pub fn close(&self) {
        let stores: Vec<_> = self.open.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        stores.iter().for_each(|(_, store)| store.writer.close());
    }

    /// Returns how many bytes of bodies wait to be stored.
    pub fn queued_bytes(&self) -> usize {
        (self.memory_units - self.memory.available_permits()) * UNIT
    }

    /// Returns how many stores are open.
    pub fn count_open(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns why logs cannot be stored now, if so: for the readiness check.
    pub fn trouble(&self) -> Option<&'static str> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.values().find_map(|store| store.writer.trouble())
    }
}

impl OrgStore {
    fn open(path: &Path, stores: &OrgStores) -> Result<OrgStore, StorageError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| StorageError::Io { path: folder.display().to_string(), source })?;
        let store = LiveStore::open(path, LiveOptions::default())?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let reader = SqliteLogStorage::open_live(path, threads)?;
        let disk = Disk::new(folder, stores.limits.disk_mark);
        let limits = &stores.limits;
        Ok(OrgStore {
            writer: Writer::start(store, disk, stores.clock.clone())
                .map_err(|source| StorageError::Io { path: path.display().to_string(), source })?,
            reader,
            queue: Arc::new(Semaphore::new(units(limits.queue_bytes) as usize)),
            memory: stores.memory.clone(),
            running: Arc::new(Semaphore::new(limits.running_queries)),
            waiting: Arc::new(Semaphore::new(limits.running_queries + limits.queued_queries)),
            tails: Arc::new(Semaphore::new(limits.tails)),
            used: Mutex::new(Instant::now()),
        })
    }

    fn touch(&self) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn idle(&self) -> Duration {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Sets memory aside for so many bytes of a body, decompressed.
    ///
    /// # Errors
    /// 503 when too much waits already: come back in a second.
    pub fn reserve(&self, bytes: usize) -> Result<Reserved, ApiError> {
        let full = |whose: &'static str| {
            metrics::counter!("logan_backpressure_total", "cause" => whose).increment(1);
            ApiError::unavailable("queue_full", "too much waits to be stored", Duration::from_secs(1))
        };
        let (all, org) = (self.memory.clone(), self.queue.clone());
        Ok(Reserved {
            _org: org.try_acquire_many_owned(units(bytes)).map_err(|_| full("org"))?,
            _all: all.try_acquire_many_owned(units(bytes)).map_err(|_| full("server"))?,
        })
    }

    /// Stores what came with one request, together with what others sent meanwhile; on disk when this returns.
    ///
    /// # Errors
    /// 507 when the disk is full, 503 when the store cannot be written: nothing of it is stored then.
    pub async fn append(&self, append: Append, reserved: Reserved) -> Result<Appended, ApiError> {
        self.writer.append(append, reserved).await
    }

    /// Runs `work` on the writer's thread, between two commits.
    ///
    /// # Errors
    /// 503 when the store is closing.
    pub async fn with_writer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut LiveStore) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        self.writer.run(work).await
    }

    /// Returns what questions are asked of. Blocks where it is used.
    pub fn reader(&self) -> &SqliteLogStorage {
        &self.reader
    }

    /// Waits for a place among the questions that run.
    ///
    /// # Errors
    /// 429 when too many of this org wait already.
    pub async fn query_slot(&self) -> Result<QuerySlot, ApiError> {
        let busy = || ApiError::too_many("too many questions of your org wait already", Duration::from_secs(1));
        let waiting = self.waiting.clone().try_acquire_owned().map_err(|_| busy())?;
        let running = self.running.clone().acquire_owned().await.map_err(|error| ApiError::internal(&error))?;
        Ok(QuerySlot { _waiting: waiting, _running: running })
    }

    /// Takes a place among those who follow the log.
    ///
    /// # Errors
    /// 429 when there are too many of this org.
    pub fn tail_slot(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let busy = |_| ApiError::too_many("too many of your org follow the log already", Duration::from_secs(10));
        self.tails.clone().try_acquire_owned().map_err(busy)
    }

    /// Returns the arrival number of the last entry that was stored since the store was opened (0 for none), and wakes
    /// whoever waits for the next.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.writer.newest()
    }
}
