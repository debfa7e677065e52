//! The orgs' stores: a file each, opened when it is asked for, with a thread that writes it.

mod disk;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::HashMap;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
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
    /// Questions of all orgs that run.
    questions: Arc<Semaphore>,
    /// Stores that stay open, beyond those that are used.
    most_open: usize,
    /// Locked for a look and no longer; what takes time happens under a place's own lock.
    places: Mutex<HashMap<OrgId, Place>>,
}

/// Where the store of one org is. It is opened and closed under this lock: only who wants the same one waits, and a file
/// is never open twice.
type Place = Arc<Mutex<Held>>;

/// What a place holds.
#[derive(Debug, Default)]
enum Held {
    /// A store that is not open; perhaps there is none yet.
    #[default]
    Closed,
    /// An open store.
    Open(Arc<OrgStore>),
    /// Nothing ever again: the org was deleted, and who was let in before is not to make its file anew.
    Deleted,
}

impl Held {
    fn store(&self) -> Option<&Arc<OrgStore>> {
        match self {
            Held::Open(store) => Some(store),
            Held::Closed | Held::Deleted => None,
        }
    }
}

/// Why there is no store to use.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The org was deleted since the one who asks was let in.
    #[error("the org was deleted")]
    Deleted,
    /// It cannot be opened.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<OpenError> for ApiError {
    fn from(error: OpenError) -> ApiError {
        match error {
            OpenError::Deleted => ApiError::unauthorized("the org was deleted"),
            OpenError::Storage(error) => error.into(),
        }
    }
}

/// Semaphores count in these many bytes: their number of permits is limited.
const UNIT: usize = 1024;

/// What one org may take.
#[derive(Clone, Debug)]
struct OrgLimits {
    queue_bytes: usize,
    running_queries: u32,
    queued_queries: u32,
    tails: u32,
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
    /// Questions of all orgs that run.
    all_running: Arc<Semaphore>,
    tails: Arc<Semaphore>,
    /// How many may run or wait, and follow.
    most_waiting: u32,
    most_tails: u32,
    used: Mutex<Instant>,
}

/// A place among the questions that run, of the org and of all.
#[derive(Debug)]
pub struct QuerySlot {
    _waiting: OwnedSemaphorePermit,
    _running: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks what nobody else has locked.
fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(error)) => Some(error.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT).max(1)).unwrap_or(u32::MAX)
}

impl OrgStores {
    /// The stores in this folder; none is opened yet.
    pub fn new(folder: PathBuf, settings: &Settings, clock: Arc<dyn Clock>) -> OrgStores {
        let limits = OrgLimits {
            queue_bytes: settings.limits.queue.as_usize(),
            running_queries: settings.query.running,
            queued_queries: settings.query.queued,
            tails: settings.query.tails,
            disk_mark: settings.disk.high_mark_free_bytes.bytes(),
        };
        let memory_units = units(settings.limits.memory.as_usize()) as usize;
        let memory = Arc::new(Semaphore::new(memory_units));
        let questions = Arc::new(Semaphore::new(settings.query.running_all as usize));
        let most_open = settings.limits.stores as usize;
        OrgStores { folder, limits, memory, memory_units, clock, questions, most_open, places: Mutex::default() }
    }

    fn place(&self, org: OrgId) -> Place {
        lock(&self.places).entry(org).or_default().clone()
    }

    /// Returns the places there are.
    fn places(&self) -> Vec<Place> {
        lock(&self.places).values().cloned().collect()
    }

    /// Returns the store of an org, opened if it was not; made when there is none. Blocks.
    ///
    /// # Errors
    /// When the org was deleted or its store cannot be opened.
    pub fn get(&self, scope: &OrgScope) -> Result<Arc<OrgStore>, OpenError> {
        let place = self.place(scope.org());
        let mut held = lock(&place);
        match &*held {
            Held::Open(store) => {
                store.touch();
                return Ok(store.clone());
            }
            Held::Deleted => return Err(OpenError::Deleted),
            Held::Closed => {}
        }
        self.make_room();
        let store = Arc::new(OrgStore::open(&self.path(scope.org()), self)?);
        *held = Held::Open(store.clone());
        Ok(store)
    }

    /// Returns the store of an org if it is open already; does not block.
    pub fn opened(&self, scope: &OrgScope) -> Option<Arc<OrgStore>> {
        let store = self.in_use(scope)?;
        store.touch();
        Some(store)
    }

    /// Returns the store of an org if it is open already, without keeping it open; for the background.
    pub fn in_use(&self, scope: &OrgScope) -> Option<Arc<OrgStore>> {
        let place = lock(&self.places).get(&scope.org())?.clone();
        // One that is being opened is not open.
        try_lock(&place)?.store().cloned()
    }

    /// The file of an org's store: built from an id, never from text.
    pub fn path(&self, org: OrgId) -> PathBuf {
        self.folder.join(format!("{org}.db"))
    }

    /// Waits until there is memory for so many bytes, beside the bodies: of an answer, or of a message that is not there
    /// yet. Whoever waits must hold none yet.
    ///
    /// # Errors
    /// Never in practice.
    pub async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, ApiError> {
        let wanted = units(bytes).min(units(self.memory_units * UNIT));
        self.memory.clone().acquire_many_owned(wanted).await.map_err(|error| ApiError::internal(&error))
    }

    /// Closes the stores nobody used for a while. Blocks.
    pub fn close_idle(&self) {
        for place in self.places() {
            close_unused(&place, IDLE);
        }
        let is_needed = |place: &mut Place| {
            // Whoever holds the other reference is about to look into it.
            Arc::strong_count(place) > 1 || !matches!(try_lock(place).as_deref(), Some(Held::Closed))
        };
        lock(&self.places).retain(|_, place| is_needed(place));
    }

    /// Closes the stores that are longest unused when there are as many open as may stay so. One that is used stays open
    /// however many there are: no request fails for others' being there.
    fn make_room(&self) {
        let places = self.places();
        let mut open: Vec<(Duration, Place)> = places
            .into_iter()
            .filter_map(|place| {
                let idle = try_lock(&place)?.store().map(|store| store.idle());
                Some((idle?, place))
            })
            .collect();
        open.sort_by_key(|(idle, _)| std::cmp::Reverse(*idle));
        let mut too_many = (open.len() + 1).saturating_sub(self.most_open);
        for (_, place) in open {
            if too_many == 0 {
                return;
            }
            too_many -= usize::from(close_unused(&place, Duration::ZERO));
        }
    }

    /// Opens no store of an org that was deleted before the server started: nobody could read what is written there.
    pub fn stay_deleted(&self, org: OrgId) {
        *lock(&self.place(org)) = Held::Deleted;
    }

    /// Closes an org's store, for ever, and deletes its files. Blocks.
    ///
    /// # Errors
    /// When a file cannot be deleted.
    pub fn delete(&self, scope: &OrgScope) -> Result<(), StorageError> {
        let place = self.place(scope.org());
        let mut held = lock(&place);
        if let Held::Open(store) = std::mem::replace(&mut *held, Held::Deleted) {
            // What is still on its way to it is refused.
            store.writer.close();
        }
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
        for place in self.places() {
            let mut held = lock(&place);
            if let Some(store) = held.store() {
                store.writer.close();
                *held = Held::Closed;
            }
        }
    }

    /// Returns how many bytes of bodies wait to be stored.
    pub fn queued_bytes(&self) -> usize {
        (self.memory_units - self.memory.available_permits()) * UNIT
    }

    /// Returns how many stores are open.
    pub fn count_open(&self) -> usize {
        self.places().iter().filter(|place| try_lock(place).is_some_and(|held| held.store().is_some())).count()
    }

    /// Returns why logs cannot be stored now, if so: for the readiness check.
    pub fn trouble(&self) -> Option<&'static str> {
        self.places().iter().find_map(|place| try_lock(place)?.store()?.writer.trouble())
    }

    /// Waits for a place among the questions of all orgs, for one that has a limit of its own in its org.
    ///
    /// # Errors
    /// Never in practice.
    pub async fn question_slot(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        self.questions.clone().acquire_owned().await.map_err(|error| ApiError::internal(&error))
    }
}

/// Closes a store that nobody has, and nobody had for so long; returns true when it did.
fn close_unused(place: &Place, idle: Duration) -> bool {
    let Some(mut held) = try_lock(place) else { return false };
    // References are given out under the lock: whoever holds another one is using it.
    let is_unused = |store: &Arc<OrgStore>| Arc::strong_count(store) == 1 && store.idle() >= idle;
    let closes = held.store().is_some_and(is_unused);
    if closes {
        *held = Held::Closed;
    }
    closes
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
            running: Arc::new(Semaphore::new(limits.running_queries as usize)),
            waiting: Arc::new(Semaphore::new((limits.running_queries + limits.queued_queries) as usize)),
            all_running: stores.questions.clone(),
            tails: Arc::new(Semaphore::new(limits.tails as usize)),
            most_waiting: limits.running_queries + limits.queued_queries,
            most_tails: limits.tails,
            used: Mutex::new(Instant::now()),
        })
    }

    fn touch(&self) {
        *lock(&self.used) = Instant::now();
    }

    fn idle(&self) -> Duration {
        lock(&self.used).elapsed()
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

    /// Returns the names of the fields that entries have. Blocks.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn field_names(&self) -> Result<Vec<String>, ApiError> {
        Ok(self.reader.fields()?.into_iter().map(|field| field.name.to_string()).collect())
    }

    /// Waits for a place among the questions that run: first among those of the org, then among those of all. So an org
    /// with many questions stands in the common queue with no more of them than may run, and others come in between.
    ///
    /// # Errors
    /// 429 when too many of this org wait already.
    pub async fn query_slot(&self) -> Result<QuerySlot, ApiError> {
        let message = "too many questions of your org wait already";
        let busy = |_| ApiError::too_many(message, self.most_waiting, Duration::from_secs(1));
        let waiting = self.waiting.clone().try_acquire_owned().map_err(busy)?;
        let running = self.running.clone().acquire_owned().await.map_err(|error| ApiError::internal(&error))?;
        let all = self.all_running.clone().acquire_owned().await.map_err(|error| ApiError::internal(&error))?;
        Ok(QuerySlot { _waiting: waiting, _running: running, _all: all })
    }

    /// Takes a place among those who follow the log.
    ///
    /// # Errors
    /// 429 when there are too many of this org.
    pub fn tail_slot(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let message = "too many of your org follow the log already";
        let busy = |_| ApiError::too_many(message, self.most_tails, Duration::from_secs(10));
        self.tails.clone().try_acquire_owned().map_err(busy)
    }

    /// Returns the arrival number of the last entry that was stored since the store was opened (0 for none), and wakes
    /// whoever waits for the next.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.writer.newest()
    }
}
