//! What a live store promises: order, numbers, every byte, one answer to a repeated request, on every way.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::super::migrations;
use super::*;
use crate::entry::{BatchBuilder, EntryBatch, LogEntry, LogLevel, Names, Position, Projection, Reject, Value};
use crate::query::{BatchSink, Columns, Filter, ScanError};
use crate::storage::{Durability, FieldKind, LogStorage, SqliteLogStorage};

mod history;

const DAY: i64 = 24 * 3600;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(path: &Path) -> LiveStore {
    LiveStore::open(path, LiveOptions::default()).expect("opens")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(1_789_000_000 + second, 0).expect("in range")
}

/// An entry that tells of `number` in every part.
fn entry(number: u64, second: i64) -> LogEntry {
    let mut raw = format!("{{\"n\":{number}}}").into_bytes();
    raw.extend([0, 0xff, number as u8]);
    let mut fields = Vec::new();
    if number.is_multiple_of(3) {
        fields.push(("user".to_owned(), Value::Text(format!("user {}", number % 20).into_bytes().into())));
    }
    if number.is_multiple_of(7) {
        fields.push(("mixed".to_owned(), if number.is_multiple_of(2) { Value::Int(7) } else { Value::Bool(true) }));
    }
    fields.push(("n".to_owned(), Value::Int(number as i64)));
    LogEntry {
        ts: Some(at(second)),
        level: LogLevel::from_u8((number % 4) as u8),
        message: (!number.is_multiple_of(5)).then(|| format!("message {number}").into_bytes().into()),
        fields,
        raw: Some(raw.into()),
        position: Some(Position::default()),
        format: Some(if number % 11 < 5 { "json" } else { "plain" }.to_owned()),
        ..LogEntry::default()
    }
}

fn batch(entries: &[LogEntry]) -> EntryBatch {
    let mut builder = BatchBuilder::new(&Projection::all());
    entries.iter().for_each(|entry| builder.push_owned(entry));
    builder.finish(Vec::new())
}

fn append(entries: &[LogEntry], source: &str) -> Append {
    Append {
        entries: AppendEntries::Rows(Box::new(batch(entries))),
        rejects: Vec::new(),
        source: source.into(),
        request: None,
        answer: Vec::new(),
    }
}

fn put(store: &mut LiveStore, entries: &[LogEntry], source: &str, second: i64) -> Vec<Appended> {
    store.append(vec![append(entries, source)], at(second)).expect("appends")
}

/// Entries as they stand in the store from a line on.
fn arrived(entries: &[LogEntry], source: &str, first_line: u64) -> Vec<LogEntry> {
    let entry = |(entry, line): (&LogEntry, u64)| {
        let mut entry = entry.clone();
        entry.position = Some(Position { line, offset: 0 });
        entry.source = Some(source.to_owned());
        entry
    };
    entries.iter().zip(first_line..).map(entry).collect()
}

/// Gathers everything in order.
struct Collect(Mutex<Vec<(u64, Vec<LogEntry>)>>);

impl BatchSink for Collect {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let rows: Vec<u32> = (0..batch.rows() as u32).collect();
        let batch = batch.gather(&rows, &Projection::all())?;
        self.0.lock().expect("no panic").push((sequence, batch.entries().map(|entry| entry.to_entry()).collect()));
        Ok(ControlFlow::Continue(()))
    }
}

fn all(store: &SqliteLogStorage) -> Vec<LogEntry> {
    let sink = Collect(Mutex::new(Vec::new()));
    store.query(&Filter::All, &Projection::all(), &sink).expect("answers");
    let mut found = sink.0.into_inner().expect("no panic");
    found.sort_by_key(|(sequence, _)| *sequence);
    found.into_iter().flat_map(|(_, entries)| entries).collect()
}

fn blocks(store: &LiveStore) -> i64 {
    store.connection.query_row("SELECT count(*) FROM blocks", [], |row| row.get(0)).expect("counts")
}

/// An entry with so much that is not repeated that forty of them fill more than a piece of a part.
fn large(number: u64, second: i64) -> LogEntry {
    let mut one = entry(number, second);
    let noise: String =
        (0..200).map(|part| format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&[number as u8, part]))).collect();
    one.raw = Some([one.raw.as_deref().expect("it has one"), noise.as_bytes()].concat().into());
    one.fields.push(("noise".to_owned(), Value::Text(noise.into_bytes().into())));
    one
}

#[test]
fn batches_of_every_shape_keep_it_through_joining_and_merging() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = open(&path);
    let mut expected = Vec::new();
    for round in 0..6_u64 {
        let mut appends = Vec::new();
        for shape in 0..4_u64 {
            let first = round * 20 + shape * 5;
            let entries: Vec<LogEntry> = (first..first + 5).map(|number| entry(number, 0)).collect();
            let mut one = batch(&entries);
            match shape {
                0 => {}
                1 => one.raw.clear(),
                2 => one.formats = Names::default(),
                _ => (one.ts.clear(), one.levels.clear(), one.message = crate::entry::Column::default()).0,
            }
            let stored: Vec<LogEntry> = one.entries().map(|entry| entry.to_entry()).collect();
            expected.extend(arrived(&stored, "http", first + 1));
            appends.push(Append { entries: AppendEntries::Rows(Box::new(one)), ..append(&[], "http") });
        }
        store.append(appends, at(0)).expect("appends");
    }
    let reader = SqliteLogStorage::open_live(&path, 2).expect("opens");
    let seen = || all(&reader).into_iter().map(|entry| LogEntry { style: Default::default(), ..entry });
    assert_eq!(seen().collect::<Vec<_>>(), expected);
    let merged = store.merge(MergeBudget { entries: 1000, span: Duration::ZERO }).expect("merges");
    assert_eq!((merged.blocks, merged.more), (0, false), "neighbours of different shapes were merged");
    assert_eq!(seen().collect::<Vec<_>>(), expected);
}

#[test]
fn small_blocks_become_few_and_a_reader_on_many_threads_sees_all_the_while() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = open(&path);
    let reader = SqliteLogStorage::open_live(&path, 3).expect("opens");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = 0;
                while !stop.load(Ordering::Relaxed) {
                    let lines: Vec<u64> =
                        all(&reader).iter().map(|entry| entry.position.expect("it has one").line).collect();
                    let count = lines.len() as u64;
                    assert!(lines.iter().copied().eq(1..=count), "a question saw half a store");
                    assert!(count >= last, "entries went away");
                    last = count;
                }
            });
        }
        for number in 0..400 {
            put(&mut store, &[entry(number, 0)], "http", 0);
            if number % 20 == 19 {
                store.merge(MergeBudget::default()).expect("merges");
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(blocks(&store) < 24, "{} blocks", blocks(&store));
    assert_eq!(all(&reader).len(), 400);
}

#[test]
fn expiring_beside_a_question_takes_nothing_from_it() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = open(&path);
    (0..50).for_each(|number| _ = put(&mut store, &[entry(number, number as i64)], "http", 0));
    let reader = SqliteLogStorage::open_live(&path, 1).expect("opens");
    /// Expires everything while the first batch is looked at.
    struct Meanwhile<'a>(Mutex<Option<&'a mut LiveStore>>, Mutex<u64>);
    impl BatchSink for Meanwhile<'_> {
        fn batch(&self, _: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
            if let Some(store) = self.0.lock().expect("no panic").take() {
                let everything = Retention { max_age: Some(Duration::ZERO), force: true, ..Retention::default() };
                assert_eq!(store.expire(&everything, at(DAY)).expect("expires").entries, 50);
            }
            let rows: Vec<u32> = (0..batch.rows() as u32).collect();
            *self.1.lock().expect("no panic") += batch.gather(&rows, &Projection::all())?.rows as u64;
            Ok(ControlFlow::Continue(()))
        }
    }
    let sink = Meanwhile(Mutex::new(Some(&mut store)), Mutex::new(0));
    reader.query(&Filter::All, &Projection::all(), &sink).expect("answers");
    assert_eq!(*sink.1.lock().expect("no panic"), 50);
    assert_eq!(all(&reader), []);
    assert_eq!(put(&mut store, &[entry(1, 0)], "http", 0), [Appended::Stored { first_line: 51, entries: 1 }]);
}

#[test]
fn a_copy_of_the_file_is_a_store() {
    let folder = folder();
    let (path, copy) = (folder.path().join("live.db"), folder.path().join("copy.db"));
    let mut store = open(&path);
    let entries: Vec<LogEntry> = (0..500).map(|number| entry(number, 0)).collect();
    put(&mut store, &entries, "http", 0);
    let expected = arrived(&entries, "http", 1);
    let read = |path: &Path| {
        let copy = SqliteLogStorage::open(path, 2).expect("opens");
        assert_eq!(copy.verify().expect("reads"), []);
        all(&copy)
    };
    store.connection.execute("VACUUM INTO ?1", [copy.to_str()]).expect("copies");
    assert_eq!(read(&copy), expected);
    store.close().expect("closes");
    std::fs::copy(&path, &copy).expect("copies");
    assert_eq!(read(&copy), expected);
    assert!(!folder.path().join("copy.db-wal").exists(), "reading made a file");
}

#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("live.db");
    let _store = open(&path);
    for ending in ["", "-wal", "-shm"] {
        let file = format!("{}{ending}", path.display());
        assert_eq!(std::fs::metadata(&file).expect("is").permissions().mode() & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_store_that_an_import_made_goes_on_above_its_lines() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let mut imported = batch(&[entry(0, 0), entry(1, 1)]);
    imported.positions = vec![Position { line: 1, offset: 0 }, Position { line: 7, offset: 40 }];
    SqliteLogStorage::create(&path, 1).expect("makes").store(&imported, Durability::Synced).expect("stores");
    let mut store = open(&path);
    (0..10).for_each(|number| _ = put(&mut store, &[entry(number, 0)], "http", 0));
    assert_eq!(store.merge(MergeBudget::default()).expect("merges").made, 1);
    let reader = SqliteLogStorage::open_live(&path, 1).expect("opens");
    let lines: Vec<u64> = all(&reader).iter().map(|entry| entry.position.expect("it has one").line).collect();
    assert_eq!(lines, [1, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
    let everything = Retention { max_age: Some(Duration::from_secs(1)), force: true, ..Retention::default() };
    assert_eq!(store.expire(&everything, at(100)).expect("expires").entries, 12);
    assert_eq!(put(&mut store, &[entry(0, 0)], "http", 0), [Appended::Stored { first_line: 18, entries: 1 }]);
    assert_eq!(reader.verify().expect("reads"), []);
}

#[test]
fn an_older_store_is_read_as_it_is_and_brought_up_to_date_by_the_writer() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let older = rusqlite::Connection::open(&path).expect("opens");
    older.execute_batch(migrations::MIGRATIONS[0]).expect("runs");
    let marks = format!("PRAGMA application_id = {}; PRAGMA user_version = 1", migrations::APPLICATION_ID);
    older.execute_batch(&marks).expect("runs");
    drop(older);
    let read = SqliteLogStorage::open(&path, 1).expect("opens");
    assert_eq!((all(&read).len(), read.summary().expect("reads").rejects), (0, 0));
    assert!(SqliteLogStorage::open_live(&path, 1).is_err(), "nobody writes to it");
    let mut store = open(&path);
    put(&mut store, &[entry(0, 0)], "http", 0);
    assert_eq!(all(&SqliteLogStorage::open_live(&path, 1).expect("opens")).len(), 1);
}

#[test]
fn a_full_disk_fails_a_write_whole_and_the_next_one_goes_on() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = open(&path);
    let entries: Vec<LogEntry> = (0..300).map(|number| entry(number, 0)).collect();
    put(&mut store, &entries, "http", 0);
    let pages: i64 = store.connection.pragma_query_value(None, "page_count", |row| row.get(0)).expect("counts");
    let limit = |store: &LiveStore, pages: i64| {
        let set = store.connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0));
        assert_eq!(set.expect("sets"), pages);
    };
    limit(&store, pages + 1);
    let mut large = append(&[], "http");
    let noise: Vec<LogEntry> = (0..2000_u64)
        .map(|number| {
            let hash = xxhash_rust::xxh3::xxh3_128(&number.to_le_bytes());
            LogEntry { raw: Some(format!("{hash:x}").into_bytes().into()), ..entry(number, 0) }
        })
        .collect();
    large.entries = AppendEntries::Encoded(LiveBlock::encode(batch(&noise), &large.source));
    let request = RequestKey { client: "c".to_owned(), key: "k".to_owned(), body_hash: [1; 16] };
    let small = Append { request: Some(request.clone()), ..append(&entries[..1], "http") };
    let error = store.append(vec![small.clone(), large], at(0)).expect_err("it does not fit");
    let full = |error: &StorageError| matches!(error, StorageError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull);
    assert!(full(&error) && !store.is_poisoned(), "{error}");
    limit(&store, 100_000);
    // Nothing of it is there, its key neither.
    let stored = store.append(vec![small], at(0)).expect("there is space again");
    assert_eq!(stored, [Appended::Stored { first_line: 301, entries: 1 }]);
    let reader = SqliteLogStorage::open_live(&path, 1).expect("opens");
    assert_eq!((all(&reader).len(), reader.verify().expect("reads")), (301, Vec::new()));
}

#[test]
fn the_commit_is_measured_apart_from_what_is_put_into_it() {
    let folder = folder();
    let mut store = open(&folder.path().join("live.db"));
    let began = std::time::Instant::now();
    put(&mut store, &[entry(0, 0)], "http", 0);
    let (commit, all) = (store.last_commit(), began.elapsed());
    assert!(!commit.is_zero() && commit < all, "{commit:?} of {all:?}");
    // A write that fails has no commit.
    let failed = store.write::<()>(|_| Err(rusqlite::Error::InvalidQuery.into()));
    assert!(failed.is_err() && store.last_commit() == commit);
}

#[test]
fn after_a_failed_sync_nothing_is_written_and_reading_goes_on() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = open(&path);
    put(&mut store, &[entry(0, 0)], "http", 0);
    let failure = |code| rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
    for (code, last) in [
        (ffi::SQLITE_IOERR_WRITE, false),
        (ffi::SQLITE_FULL, false),
        (ffi::SQLITE_BUSY, false),
        (ffi::SQLITE_IOERR_FSYNC, true),
    ] {
        let error = store.write::<()>(|_| Err(failure(code).into())).expect_err("it fails");
        assert_eq!(matches!(error, StorageError::Poisoned { .. }), last, "{error}");
        assert_eq!(store.is_poisoned(), last);
    }
    let poisoned = |result: Result<(), StorageError>| matches!(result, Err(StorageError::Poisoned { .. }));
    assert!(poisoned(store.append(vec![append(&[entry(1, 0)], "http")], at(0)).map(drop)));
    assert!(poisoned(store.expire(&Retention::default(), at(0)).map(drop)));
    assert!(poisoned(store.checkpoint()));
    let file = || std::fs::read(&path).expect("reads");
    let before = file();
    assert!(poisoned(store.close()));
    assert!(file() == before, "closing wrote");
    let log = std::fs::metadata(folder.path().join("live.db-wal"));
    assert!(log.expect("is").len() > 0, "the log went away");
    let _store = open(&path);
    assert_eq!(all(&SqliteLogStorage::open_live(&path, 1).expect("opens")).len(), 1);
}

#[test]
fn blocks_whose_parts_lie_in_many_pieces_are_merged() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = open(&path);
    let entries: Vec<LogEntry> = (0..8 * 60).map(|number| large(number, 0)).collect();
    entries.chunks(60).for_each(|some| _ = put(&mut store, some, "http", 0));
    let pieces: i64 = store
        .connection
        .query_row("SELECT count(*) FROM parts WHERE length(data) = 33750", [], |row| row.get(0))
        .expect("counts");
    assert!(pieces >= 16, "no part is long enough: {pieces}");
    let merged = store.merge(MergeBudget::default()).expect("merges");
    assert_eq!(merged.damaged, []);
    assert_eq!((merged.blocks, blocks(&store)), (8, 1));
    let reader = SqliteLogStorage::open_live(&path, 2).expect("opens");
    assert_eq!(all(&reader), arrived(&entries, "http", 1));
    assert_eq!(reader.verify().expect("reads"), []);
}

#[test]
fn a_damaged_block_is_told_and_not_merged() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = open(&path);
    (0..30).for_each(|number| _ = put(&mut store, &[entry(number, 0)], "http", 0));
    let damage = "UPDATE parts SET data = CAST(data || x'00' AS BLOB) WHERE id >> 16 = 12";
    assert_eq!(store.connection.execute(damage, []).expect("runs"), 1);
    let merged = store.merge(MergeBudget::default()).expect("merges");
    assert_eq!(merged.damaged.iter().map(|block| block.id).collect::<Vec<_>>(), [12]);
    assert_eq!((merged.blocks, merged.made, blocks(&store)), (29, 2, 3));
    assert_eq!(store.merge(MergeBudget::default()).expect("merges"), Merged::default());
    let reader = SqliteLogStorage::open_live(&path, 1).expect("opens");
    assert_eq!(reader.verify().expect("reads").len(), 1);
}

#[test]
fn old_blocks_go_and_the_file_shrinks() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = open(&path);
    let noise = |number: u64| {
        let hash = xxhash_rust::xxh3::xxh3_128(&number.to_le_bytes());
        LogEntry { raw: Some(format!("{hash:x}").into_bytes().into()), ..entry(number, number as i64) }
    };
    for first in (0..40_000).step_by(1000) {
        let entries: Vec<LogEntry> = (first..first + 1000).map(noise).collect();
        put(&mut store, &entries, "http", first as i64);
    }
    let size = || std::fs::metadata(&path).expect("is").len();
    store.checkpoint().expect("copies");
    let before = size();
    // Blocks of a thousand seconds: the newest entry of the first fifteen is older than 25 001 s at second 40 000.
    let by_age = Retention { max_age: Some(Duration::from_secs(25_001)), ..Retention::default() };
    let expired = store.expire(&by_age, at(40_000)).expect("expires");
    assert_eq!((expired.entries, expired.blocks, expired.refused), (14_000, 14, None));
    let after = size();
    assert!(after < before * 3 / 4, "{before} bytes became {after}");
    let most = after * 3 / 4;
    let expired = store.expire(&Retention { max_bytes: Some(most), ..Retention::default() }, at(40_000));
    assert_eq!(expired.expect("expires").refused, None);
    assert!(size() <= most + 64 * 1024, "{} bytes where {most} may be", size());
    let reader = SqliteLogStorage::open_live(&path, 1).expect("opens");
    let left = all(&reader);
    assert_eq!(left.last().and_then(|entry| entry.position).map(|at| at.line), Some(40_000));
    assert_eq!(reader.verify().expect("reads"), []);
}

#[test]
fn a_wrong_clock_destroys_nothing() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = open(&path);
    (0..10).for_each(|number| _ = put(&mut store, &[entry(number, number as i64)], "http", number as i64));
    let hour = Retention { max_age: Some(Duration::from_secs(3600)), ..Retention::default() };
    let mut expire = |retention: &Retention, second| {
        let expired = store.expire(retention, at(second)).expect("expires");
        (expired.entries, expired.refused)
    };
    let too_many = Some(Refusal::TooMany { entries: 10, of: 10 });
    assert_eq!(expire(&hour, 365 * DAY), (0, too_many));
    assert_eq!(expire(&hour, 3605), (0, Some(Refusal::ClockJumped)));
    assert_eq!(expire(&hour, 3605), (5, None));
    assert_eq!(expire(&hour, 30 * DAY), (0, Some(Refusal::ClockJumped)));
    assert_eq!(expire(&Retention { force: true, ..hour }, 30 * DAY), (5, None));
}

#[test]
fn who_asks_for_it_gets_more_than_half_removed_but_not_by_a_clock_that_jumped() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = open(&path);
    (0..10).for_each(|number| _ = put(&mut store, &[entry(number, number as i64)], "http", number as i64));
    let hour = Retention { max_age: Some(Duration::from_secs(3600)), ..Retention::default() };
    let asked = Retention { may_take_most: true, ..hour };
    let mut expire = |retention: &Retention, second| {
        let expired = store.expire(retention, at(second)).expect("expires");
        (expired.entries, expired.refused)
    };
    assert_eq!(expire(&hour, 3608), (0, Some(Refusal::TooMany { entries: 8, of: 10 })));
    assert_eq!(expire(&asked, 30 * DAY), (0, Some(Refusal::ClockJumped)));
    assert_eq!(expire(&asked, 3608), (0, Some(Refusal::ClockJumped)));
    assert_eq!(expire(&asked, 3608), (8, None));
}

#[test]
fn times_that_cannot_be_count_as_their_arrival() {
    let folder = folder();
    let mut store = open(&folder.path().join("live.db"));
    let far = |ts| LogEntry { ts, ..entry(0, 0) };
    let future = Timestamp::from_seconds(9_000_000_000, 0);
    for ts in [None, future, Some(at(0)), Some(at(DAY))] {
        put(&mut store, &[far(ts)], "http", 10);
    }
    (0..8).for_each(|_| _ = put(&mut store, &[entry(1, 5 * DAY)], "http", 5 * DAY));
    let mut left_after = |second: i64| {
        let day = Retention { max_age: Some(Duration::from_secs(2 * DAY as u64)), ..Retention::default() };
        store.expire(&day, at(second)).expect("expires");
        blocks(&store)
    };
    assert_eq!(left_after(2 * DAY + 5), 11, "the entry of second 0 alone is old");
    assert_eq!(left_after(2 * DAY + 11), 9, "what has no time of its own is as old as its arrival");
    assert_eq!(left_after(3 * DAY), 9);
    assert_eq!(left_after(3 * DAY + 1), 8);
}

#[test]
fn rejects_come_back_newest_first_and_the_oldest_go() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = LiveStore::open(&path, LiveOptions { rejects_kept: 10 }).expect("opens");
    let reject =
        |line: u64| Reject { line, offset: line * 9, length: 3, reason: "no JSON".into(), raw: (*b"a\xffb").into() };
    for second in 0..6_u64 {
        let rejects = vec![reject(second * 2), reject(second * 2 + 1)];
        let append = Append { rejects, ..append(&[], &format!("source {second}")) };
        let stored = store.append(vec![append], at(second as i64)).expect("appends");
        assert_eq!(stored, [Appended::Stored { first_line: 1, entries: 0 }]);
    }
    let reader = SqliteLogStorage::open_live(&path, 1).expect("opens");
    let page = |before, most| {
        let page = reader.live_rejects(before, most).expect("reads");
        (page.rejects.iter().map(|reject| reject.reject.line).collect::<Vec<u64>>(), page.next, page.dropped)
    };
    assert_eq!(page(None, 4), (vec![11, 10, 9, 8], Some(9), 2));
    assert_eq!(page(Some(9), 6), (vec![7, 6, 5, 4, 3, 2], None, 2));
    let first = reader.live_rejects(None, 1).expect("reads").rejects.remove(0);
    assert_eq!((first.source.as_str(), first.arrived, first.reject), ("source 5", Some(at(5)), reject(11)));
    assert_eq!(reader.summary().expect("reads").rejects, 10);
    let old = Retention { max_age: Some(Duration::from_secs(2)), ..Retention::default() };
    assert_eq!(store.expire(&old, at(5)).expect("expires").rejects, 4);
    assert_eq!(page(None, 9), (vec![11, 10, 9, 8, 7, 6], None, 2));
}

#[test]
fn forgotten_requests_are_removed_and_may_come_again() {
    let folder = folder();
    let mut store = open(&folder.path().join("live.db"));
    let mut send = |key: u64, second| {
        let request = RequestKey { client: "c".to_owned(), key: key.to_string(), body_hash: [0; 16] };
        let append = Append { request: Some(request), ..append(&[entry(key, 0)], "http") };
        let stored = matches!(store.append(vec![append], at(second)).expect("appends")[0], Appended::Stored { .. });
        let kept: i64 = store.connection.query_row("SELECT count(*) FROM requests", [], |row| row.get(0)).expect("is");
        (stored, kept)
    };
    for key in 0..30 {
        assert_eq!(send(key, 0), (true, key as i64 + 1));
    }
    assert_eq!(send(7, DAY), (false, 30));
    assert_eq!(send(7, DAY + 1), (true, 1));
}

#[test]
fn fields_are_told_by_what_blocks_say_of_themselves() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let mut store = open(&path);
    (0..42).for_each(|number| _ = put(&mut store, &[entry(number, 0)], "http", 0));
    let reader = SqliteLogStorage::open_live(&path, 1).expect("opens");
    let told = || -> Vec<(String, FieldKind, u64)> {
        let fields = reader.fields().expect("reads").into_iter();
        fields.map(|field| (field.name.to_string(), field.kind, field.entries)).collect()
    };
    let expected = [("user", FieldKind::Text, 14), ("mixed", FieldKind::Mixed, 6), ("n", FieldKind::Number, 42)]
        .map(|(name, kind, entries)| (name.to_owned(), kind, entries));
    assert_eq!(told(), expected);
    store.merge(MergeBudget::default()).expect("merges");
    assert_eq!(told(), expected);
}

#[test]
fn a_small_block_takes_one_row_of_parts_and_little_beside_its_lines() {
    let folder = folder();
    let mut store = open(&folder.path().join("live.db"));
    let entries: Vec<LogEntry> = (0..100).map(|number| entry(number, 0)).collect();
    put(&mut store, &entries, "http", 0);
    put(&mut store, &entries[..1], "http", 0);
    let numbers = |sql: &str| -> Vec<i64> {
        let mut statement = store.connection.prepare(sql).expect("prepares");
        let rows = statement.query_map([], |row| row.get(0)).expect("runs");
        rows.collect::<Result<_, _>>().expect("reads")
    };
    assert_eq!(numbers("SELECT count(*) FROM parts"), [2]);
    let bytes = numbers("SELECT stored_bytes FROM blocks ORDER BY id");
    assert!(bytes[1] < 900, "one entry takes {} bytes", bytes[1]);
}

#[test]
fn a_live_store_moves_between_threads_and_a_foreign_file_is_left_alone() {
    fn is_send<T: Send>() {}
    is_send::<LiveStore>();
    let folder = folder();
    let path = folder.path().join("foreign.db");
    let foreign = rusqlite::Connection::open(&path).expect("opens");
    foreign.execute_batch("PRAGMA auto_vacuum = FULL; CREATE TABLE t (x)").expect("runs");
    drop(foreign);
    let before = std::fs::read(&path).expect("reads");
    let error = LiveStore::open(&path, LiveOptions::default()).expect_err("it is no store");
    assert!(matches!(error, StorageError::Damaged { .. }), "{error}");
    assert!(std::fs::read(&path).expect("reads") == before, "it was changed");
}

#[test]
fn only_the_live_store_writes() {
    let folder = folder();
    let path = folder.path().join("live.db");
    let _store = open(&path);
    let reader = SqliteLogStorage::open_live(&path, 1).expect("opens");
    assert!(matches!(reader.store(&batch(&[entry(0, 0)]), Durability::Synced), Err(StorageError::Busy { .. })));
    assert!(matches!(reader.import(), Err(StorageError::Busy { .. })));
}
