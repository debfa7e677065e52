//! What a store does with damage, other programs' files, killed writers and half-done imports.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use proptest::prelude::*;
use tempfile::TempDir;

use super::bytes::Fault;
use super::coder::Coder;
use super::column::{StoredColumn, encode_column};
use super::frame::ReadAt;
use super::meta::BlockMeta;
use super::values::Cut;
use super::*;
use crate::entry::{
    BatchBuilder, Column, ColumnData, Kind, Kinds, LogEntry, Position, Span, TextRef, Timestamp, Value, ValueRef,
};
use crate::query::{Columns, Need, ScanError, token};

const CUT: Cut = Cut { frame_bytes: 200, filters: true };

/// A value of a test column, with its text apart.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Text(String),
    Number(Kind, u64),
}

fn cell_of(kind: usize) -> BoxedStrategy<Cell> {
    let few_or_any = |number: u64, few: bool| if few { number % 300 } else { number };
    match kind {
        0 => "(GET|POST|a|b|xyz| |/|[0-9]){0,6}".prop_map(Cell::Text).boxed(),
        1 => (any::<u64>(), any::<bool>())
            .prop_map(move |(number, few)| Cell::Number(Kind::Int, few_or_any(number, few)))
            .boxed(),
        2 => (0_u64..300).prop_map(|number| Cell::Number(Kind::Float, (number as f64 / 8.0).to_bits())).boxed(),
        _ => any::<u64>().prop_map(|bits| Cell::Number(Kind::Float, bits)).boxed(),
    }
}

/// Columns of one kind and of many, dense and sparse.
fn column() -> impl Strategy<Value = (Column, Vec<u8>, usize)> {
    let one_kind = (0..4_usize).prop_flat_map(|kind| prop::collection::vec(cell_of(kind), 1..80));
    let cell = (0..4_usize).prop_flat_map(cell_of);
    let cells = prop_oneof![3 => one_kind, 1 => prop::collection::vec(cell, 1..80)];
    let gaps = prop_oneof![Just(0_u32..1), Just(0..2), Just(0..20)];
    (cells, gaps, any::<u64>()).prop_map(|(cells, gaps, seed)| {
        let (mut column, mut text, mut row, mut random) = (Column::default(), Vec::new(), 0, seed);
        for cell in cells {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            row += gaps.start + (random >> 40) as u32 % (gaps.end - gaps.start);
            match cell {
                Cell::Text(value) => {
                    column.push(row, Kind::Text, Span::chunk(text.len(), value.len()).pack());
                    text.extend_from_slice(value.as_bytes());
                }
                Cell::Number(kind, bits) => column.push(row, kind, bits),
            }
            row += 1;
        }
        (column, text, row as usize + seed as usize % 3)
    })
}

/// One run of bytes as a column reads it: the head, then the body.
fn encoded(column: &Column, text: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let column = encode_column(column, TextRef { chunk: text, scratch: &[] }, CUT, &mut Coder::default());
    let all = [column.head.as_slice(), &column.body].concat();
    (column.head, all)
}

fn load(stored: &StoredColumn, all: &[u8], need: Need<'_>) -> Result<Column, Fault> {
    let filters = stored.filters(&all)?;
    stored.load(&all, need, || Ok(&filters))
}

fn bits(value: ValueRef<'_>) -> (Kind, Vec<u8>) {
    let bytes = match value {
        ValueRef::Text(text) | ValueRef::Json(text) => text.to_vec(),
        ValueRef::Int(number) => number.to_le_bytes().to_vec(),
        ValueRef::Float(number) => number.to_bits().to_le_bytes().to_vec(),
        ValueRef::Bool(truth) => vec![u8::from(truth)],
    };
    (value.kind(), bytes)
}

proptest! {
    #[test]
    fn columns_round_trip_in_every_way_they_are_read((column, text, rows) in column()) {
        let (head, all) = encoded(&column, &text);
        let stored = StoredColumn::parse(&head, head.len(), rows).expect("whole");
        let buffers = TextRef { chunk: &text, scratch: &[] };
        let value = |row: u32| column.position(row).map(|index| bits(column.value(index, buffers)));
        let loaded = |column: &Column, row: u32| {
            column.position(row).map(|index| bits(column.value(index, stored::NO_TEXT)))
        };
        let whole = load(&stored, &all, Need::All).expect("whole");
        for row in 0..rows as u32 {
            prop_assert_eq!(loaded(&whole, row), value(row), "row {}", row);
        }
        for row in 0..rows as u32 {
            let one = load(&stored, &all, Need::Rows(&[row])).expect("whole");
            prop_assert_eq!(loaded(&one, row), value(row), "row {} alone", row);
        }
        let present = load(&stored, &all, Need::Presence).expect("whole");
        for row in 0..rows as u32 {
            prop_assert_eq!(present.position(row).is_some(), value(row).is_some(), "row {}", row);
        }
        for word in ["GET", "a", "xyz", "nowhere"] {
            let wanted = token::hash(word.as_bytes());
            let some = load(&stored, &all, Need::Tokens(&[wanted])).expect("whole");
            let filters = stored.filters(&all.as_slice()).expect("whole");
            for row in 0..rows as u32 {
                // Rows may be left out, but none is given another's value.
                let given = loaded(&some, row);
                prop_assert!(given.is_none() || given == value(row), "row {} by {}", row, word);
                let Some((Kind::Text, text)) = value(row) else { continue };
                if token::tokens(&text).any(|token| token::hash(token) == wanted) {
                    prop_assert!(stored.may_contain(&filters, wanted));
                    prop_assert_eq!(loaded(&some, row), value(row), "row {} by {}", row, word);
                }
            }
        }
    }

    #[test]
    fn damaged_columns_are_faults_and_never_panic(
        (column, text, rows) in column(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 1..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let (head, mut all) = encoded(&column, &text);
        // The directory's own hash is left out, so that damage reaches the code behind it.
        for (at, bit) in &flips {
            let at = at.index(all.len());
            all[at] ^= 1 << bit;
        }
        for all in [&all[..], &all[..head.len() + cut.index(all.len() - head.len() + 1)]] {
            let Ok(stored) = StoredColumn::parse(&all[..head.len()], head.len(), rows) else { continue };
            _ = load(&stored, all, Need::Rows(&[0, rows as u32 - 1]));
            _ = load(&stored, all, Need::Tokens(&[token::hash(b"GET")]));
            _ = load(&stored, all, Need::Presence);
            if let Ok(column) = load(&stored, all, Need::All) {
                (0..column.len()).for_each(|index| _ = column.value(index, stored::NO_TEXT));
            }
        }
    }

    #[test]
    fn random_bytes_are_faults_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), rows in 0..5000_usize) {
        _ = BlockMeta::parse(&bytes);
        for head_len in [bytes.len() / 4, bytes.len()] {
            if let Ok(stored) = StoredColumn::parse(&bytes[..head_len], head_len, rows) {
                _ = load(&stored, &bytes, Need::All);
                _ = load(&stored, &bytes, Need::Rows(&[0]));
            }
        }
    }
}

#[test]
fn a_place_outside_is_a_fault() {
    let bytes = &[1_u8, 2, 3][..];
    assert!(bytes.read_at(usize::MAX, 2).is_err() && bytes.read_at(2, 2).is_err() && bytes.read_at(3, 0).is_ok());
}

fn entry(row: u64) -> LogEntry {
    let raw = format!("level=info n={row} word{}", row % 50).into_bytes();
    LogEntry {
        ts: Timestamp::from_seconds(1_789_000_000 + row as i64, 0),
        message: Some(format!("word{} of {row}", row % 50).into_bytes().into()),
        fields: vec![("n".to_owned(), Value::Int(row as i64))],
        position: Some(Position { line: row + 1, offset: row * 40 }),
        raw: Some(raw.into()),
        format: Some("logfmt".to_owned()),
        ..LogEntry::default()
    }
}

/// A batch of entries `first..first + count`; positions are relative to entry 0 of the batch.
fn batch(first: u64, count: u64) -> EntryBatch {
    let mut builder = BatchBuilder::new(&Projection::all());
    (first..first + count).for_each(|row| builder.push_owned(&entry(row)));
    let mut batch = builder.finish(Vec::new());
    batch.sources = crate::entry::Names::default();
    batch.positions.iter_mut().for_each(|position| {
        *position = Position { line: position.line - first, offset: position.offset - first * 40 };
    });
    batch.base = Position { line: first, offset: first * 40 };
    batch
}

/// Takes the messages of everything.
struct Messages(Mutex<Vec<(u64, Vec<String>)>>);

impl BatchSink for Messages {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let rows: Vec<u32> = (0..batch.rows() as u32).collect();
        let batch = batch.gather(&rows, &Projection::all())?;
        let text = |entry: crate::entry::EntryRef<'_>| {
            let message = String::from_utf8_lossy(entry.message().unwrap_or_default()).into_owned();
            let place = entry.position().map_or(0, |position| position.line);
            format!("{}:{place} {message} {:?}", entry.source().map_or("-", |source| source), entry.field("n"))
        };
        self.0.lock().expect("no panic").push((sequence, batch.entries().map(text).collect()));
        Ok(ControlFlow::Continue(()))
    }
}

fn messages(store: &SqliteLogStorage) -> Result<Vec<String>, StorageError> {
    let sink = Messages(Mutex::new(Vec::new()));
    store.query(&Filter::All, &Projection::all(), &sink)?;
    let mut found = sink.0.into_inner().expect("no panic");
    found.sort();
    Ok(found.into_iter().flat_map(|(_, messages)| messages).collect())
}

fn rejects(store: &SqliteLogStorage, source: i64) -> Vec<Reject> {
    let mut rejects = Vec::new();
    let taken = store.each_reject(source, &mut |reject| {
        rejects.push(reject);
        Ok(())
    });
    taken.expect("reads");
    rejects
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn source(name: &str) -> SourceRecord {
    SourceRecord { name: name.to_owned(), format: "logfmt".to_owned(), ..SourceRecord::default() }
}

#[test]
fn an_import_is_there_after_its_commit_and_not_before() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let store = SqliteLogStorage::create(&path, 2).expect("makes a store");
    let mut writer = store.import().expect("opens");
    let mut source = source("a.log");
    writer.begin().expect("begins");
    writer.put_source(&mut source).expect("puts");
    assert_eq!(source.id, 1);
    let mut block = encode_block(&batch(0, 100));
    block.place(Position { line: 1000, offset: 5000 });
    writer.put_block(source.id, &block).expect("puts");
    let reject = Reject { line: 7, offset: 77, length: 3, reason: "no time".into(), raw: (*b"a\xffb").into() };
    writer.put_rejects(source.id, std::slice::from_ref(&reject)).expect("puts");
    assert_eq!(messages(&store).expect("reads"), Vec::<String>::new());
    (source.offset, source.lines, source.finished) = (4000, 100, true);
    writer.put_source(&mut source).expect("puts");
    writer.commit(Durability::Synced).expect("commits");
    let found = messages(&store).expect("reads");
    assert_eq!(found.len(), 100);
    assert_eq!(found[3], "a.log:1004 word3 of 3 Some(Int(3))");
    assert_eq!(store.sources().expect("reads"), [source.clone()]);
    assert_eq!(rejects(&store, source.id), [reject]);
    writer.begin().expect("begins");
    writer.put_block(source.id, &block).expect("puts");
    drop(writer);
    assert_eq!(store.summary().expect("reads").entries, 100);
    assert!(!folder.path().join("log.db-journal").exists() && !folder.path().join("log.db-wal").exists());
}

#[test]
fn the_last_block_can_be_dropped_with_the_rejects_behind_it() {
    let folder = folder();
    let store = SqliteLogStorage::create(&folder.path().join("log.db"), 1).expect("makes a store");
    let mut writer = store.import().expect("opens");
    let (mut one, mut two) = (source("a.log"), source("b.log"));
    writer.begin().expect("begins");
    writer.put_source(&mut one).expect("puts");
    writer.put_source(&mut two).expect("puts");
    writer.put_block(one.id, &encode_block(&batch(0, 50))).expect("puts");
    writer.put_block(one.id, &encode_block(&batch(50, 50))).expect("puts");
    writer.put_block(two.id, &encode_block(&batch(0, 10))).expect("puts");
    let reject = |offset| Reject { line: 1, offset, length: 1, reason: "no".into(), raw: (*b"x").into() };
    writer.put_rejects(one.id, &[reject(1999), reject(2000), reject(3000)]).expect("puts");
    let dropped = writer.drop_last_block(one.id).expect("drops");
    assert_eq!(dropped, Some(Position { line: 51, offset: 2000 }));
    assert_eq!(writer.drop_last_block(77).expect("drops"), None);
    writer.commit(Durability::Synced).expect("commits");
    assert_eq!(store.summary().expect("reads").entries, 60);
    assert_eq!(rejects(&store, one.id), [reject(1999)]);
    assert_eq!(store.verify().expect("reads"), []);
}

#[test]
fn reading_changes_no_byte() {
    let folder = folder();
    let path = folder.path().join("log.db");
    SqliteLogStorage::create(&path, 1).expect("makes").store(&batch(0, 500), Durability::Synced).expect("stores");
    let state = || {
        let names: Vec<_> =
            std::fs::read_dir(folder.path()).expect("reads").map(|file| file.expect("is").path()).collect();
        let modified = std::fs::metadata(&path).expect("is").modified().expect("has a time");
        (names, modified, std::fs::read(&path).expect("reads"))
    };
    let before = state();
    let store = SqliteLogStorage::open(&path, 3).expect("opens");
    assert_eq!(messages(&store).expect("reads").len(), 500);
    store.verify().expect("reads");
    store.summary().expect("reads");
    assert!(state() == before, "reading changed the store or its folder");
}

#[test]
fn files_that_are_no_store_are_named_and_left_alone() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let sqlite = |name: &str, sql: &str| {
        rusqlite::Connection::open(path(name)).expect("opens").execute_batch(sql).expect("runs");
    };
    std::fs::write(path("text"), "hello").expect("writes");
    std::fs::write(path("empty"), "").expect("writes");
    sqlite("foreign", "CREATE TABLE t (x)");
    sqlite("newer", &format!("PRAGMA application_id = {}; PRAGMA user_version = 99", migrations::APPLICATION_ID));
    let cases = [
        ("text", "not a SQLite file"),
        ("empty", "not a SQLite file"),
        ("foreign", "not a logan store"),
        ("newer", "schema version 99"),
    ];
    for (name, expected) in cases {
        let before = std::fs::read(path(name)).expect("reads");
        let error = SqliteLogStorage::open(&path(name), 1).expect_err("it is no store");
        assert!(matches!(error, StorageError::Damaged { .. }), "{name}: {error}");
        assert!(error.to_string().contains(expected), "{name}: {error}");
        if name != "empty" {
            let error = SqliteLogStorage::create(&path(name), 1).expect_err("it is no store");
            assert!(matches!(error, StorageError::Damaged { .. }), "{name}: {error}");
        }
        assert_eq!(std::fs::read(path(name)).expect("reads"), before, "{name} was changed");
    }
    assert!(matches!(SqliteLogStorage::open(&path("absent"), 1), Err(StorageError::Io { .. })));
    assert!(!path("absent").exists());
}

#[test]
fn a_second_writer_is_told_that_the_store_is_busy() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let store = SqliteLogStorage::create(&path, 1).expect("makes a store");
    let mut writer = store.import().expect("opens");
    writer.begin().expect("begins");
    let other = rusqlite::Connection::open(&path).expect("opens");
    let error = other.execute_batch("BEGIN IMMEDIATE").expect_err("the other holds the lock");
    assert!(matches!(Problem::Sqlite(error).at(&path), StorageError::Busy { .. }));
    assert_eq!(messages(&store).expect("readers go on"), Vec::<String>::new());
}

/// What the store and its journal were at some moment of a writer's life, as a kill leaves them.
fn copy_as_killed(path: &Path, to: &Path) {
    for ending in ["", "-journal"] {
        let from = format!("{}{ending}", path.display());
        if Path::new(&from).exists() {
            std::fs::copy(from, format!("{}{ending}", to.display())).expect("copies");
        }
    }
}

#[test]
fn what_a_killed_writer_left_is_undone_by_the_next_reader() {
    let folder = folder();
    let (path, copy) = (folder.path().join("log.db"), folder.path().join("copy.db"));
    let store = SqliteLogStorage::create(&path, 1).expect("makes a store");
    store.store(&batch(0, 300), Durability::Synced).expect("stores");
    let expected = messages(&store).expect("reads");
    // A small cache makes SQLite write into the store in the middle of the transaction: a hot journal.
    let writer = rusqlite::Connection::open(&path).expect("opens");
    writer.execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE").expect("begins");
    writer.execute_batch("UPDATE blocks SET entries = 0, meta = zeroblob(60000); DELETE FROM parts").expect("runs");
    writer.execute_batch("UPDATE blocks SET meta = randomblob(90000)").expect("runs");
    copy_as_killed(&path, &copy);
    drop(writer);
    assert!(folder.path().join("copy.db-journal").exists());
    assert_ne!(std::fs::read(&copy).expect("reads"), std::fs::read(&path).expect("reads"), "the journal is not hot");
    let copied = SqliteLogStorage::open(&copy, 2).expect("opens");
    assert_eq!(messages(&copied).expect("reads"), expected);
    assert_eq!(copied.verify().expect("reads"), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 3 / 5, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_gives_errors_or_the_truth_and_verify_finds_it(
        at in any::<prop::sample::Index>(),
        how in 0..4_u8,
        bit in 0..8_u8,
    ) {
        let folder = folder();
        let path = folder.path().join("log.db");
        let whole = whole_store();
        let mut damaged = whole.0.clone();
        let at = at.index(damaged.len());
        match how {
            0 => damaged.truncate(at),
            1 => damaged[at / 4096 * 4096..].iter_mut().take(4096).for_each(|byte| *byte = 0),
            _ => damaged[at] ^= 1 << bit,
        }
        std::fs::write(&path, &damaged).expect("writes");
        let Ok(store) = SqliteLogStorage::open(&path, 2) else { return Ok(()) };
        let found = messages(&store);
        let verified = store.verify();
        let told = verified.is_err() || verified.is_ok_and(|damaged| !damaged.is_empty());
        prop_assert!(found.is_ok() || told, "an error that verify does not know: {:?}", found);
        if let Ok(found) = found {
            // Rows that are gone with a page of the table are missed by a reader, but not by `verify`.
            prop_assert!(found == whole.1 || told, "byte {at} bit {bit} of {}, {how}", damaged.len());
            let truth: HashSet<&String> = whole.1.iter().collect();
            prop_assert!(found.iter().all(|message| truth.contains(message)), "byte {at} bit {bit}, {how}");
        }
    }
}

#[test]
fn a_piece_that_lost_its_number_is_found_by_verify_as_by_readers() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let store = SqliteLogStorage::create(&path, 1).expect("makes a store");
    store.store(&batch(0, 300), Durability::Synced).expect("stores");
    for change in ["UPDATE parts SET id = id + 64", "INSERT INTO parts SELECT id + 99, data FROM parts LIMIT 1"] {
        let damaged = folder.path().join("damaged.db");
        std::fs::copy(&path, &damaged).expect("copies");
        rusqlite::Connection::open(&damaged).expect("opens").execute_batch(change).expect("runs");
        let found = SqliteLogStorage::open(&damaged, 1).expect("opens").verify().expect("reads");
        assert_eq!(found.iter().map(|found| (found.id, found.entries)).collect::<Vec<_>>(), [(1, 300)], "{change}");
        assert!(found[0].detail.contains("not numbered as they were"), "{change}: {found:?}");
    }
    assert_eq!(store.verify().expect("reads"), []);
}

#[test]
fn what_points_to_a_source_that_is_gone_is_damage() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let store = SqliteLogStorage::create(&path, 1).expect("makes a store");
    let mut writer = store.import().expect("opens");
    let mut source = source("a.log");
    writer.begin().expect("begins");
    writer.put_source(&mut source).expect("puts");
    writer.put_block(source.id, &encode_block(&batch(0, 50))).expect("puts");
    let reject = Reject { line: 7, offset: 77, length: 3, reason: "no time".into(), raw: (*b"a b").into() };
    writer.put_rejects(source.id, &[reject]).expect("puts");
    writer.commit(Durability::Synced).expect("commits");
    drop(writer);
    let other = rusqlite::Connection::open(&path).expect("opens");
    other.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM sources").expect("runs");
    let error = messages(&store).expect_err("its entries would have no source");
    assert!(error.to_string().contains("block 1: its source is gone"), "{error}");
    let found: Vec<String> = store.verify().expect("reads").into_iter().map(|found| found.detail).collect();
    assert_eq!(found, ["rejects are there of source 1, but not its row", "its source is gone"]);
}

#[test]
fn a_changed_source_is_damage_and_imports_nothing_again() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let store = SqliteLogStorage::create(&path, 1).expect("makes a store");
    let mut writer = store.import().expect("opens");
    let mut one = source("a.log");
    writer.begin().expect("begins");
    writer.put_source(&mut one).expect("puts");
    one.offset = 7;
    writer.put_source(&mut one).expect("puts again");
    writer.put_block(one.id, &encode_block(&batch(0, 50))).expect("puts");
    writer.commit(Durability::Synced).expect("commits");
    drop(writer);
    assert_eq!((store.sources().expect("reads"), store.verify().expect("reads")), (vec![one.clone()], vec![]));
    let other = rusqlite::Connection::open(&path).expect("opens");
    for change in ["name = 'b.log'", "head_hash = x'01000000000000000000000000000000'", "offset = 8", "finished = 1"] {
        other.execute_batch(&format!("BEGIN; UPDATE sources SET {change}; COMMIT")).expect("runs");
        for error in [store.sources().err(), messages(&store).err()] {
            let error = error.expect("it is not as it was stored").to_string();
            assert!(error.contains("source 1: its row does not have the hash"), "{change}: {error}");
        }
        let mut writer = store.import().expect("opens");
        writer.begin().expect("begins");
        assert!(writer.sources().is_err(), "{change}");
        drop(writer);
        assert_eq!(store.verify().expect("reads").len(), 1, "{change}");
        let mut writer = store.import().expect("opens");
        writer.begin().expect("begins");
        writer.put_source(&mut one).expect("mends it");
        writer.commit(Durability::Synced).expect("commits");
    }
    // Rows of an older logan have none.
    other.execute_batch("UPDATE sources SET row_hash = NULL, offset = 9").expect("runs");
    assert_eq!(store.sources().expect("reads")[0].offset, 9);
}

#[test]
fn a_table_that_lost_a_column_s_name_is_found_by_verify() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let store = SqliteLogStorage::create(&path, 1).expect("makes a store");
    store.store(&batch(0, 10), Durability::Synced).expect("stores");
    let other = rusqlite::Connection::open(&path).expect("opens");
    other.execute_batch("CREATE TABLE notes (text)").expect("a table of somebody else's does no harm");
    assert_eq!(store.verify().expect("reads"), []);
    other.execute_batch("ALTER TABLE sources RENAME COLUMN head_len TO heed_len").expect("renames");
    let found = store.verify().expect("reads");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].detail.contains("the description of sources"), "{found:?}");
}

#[test]
fn a_block_with_the_number_of_another_is_not_read_as_that_one() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let (mut bytes, _) = whole_store().clone();
    // The row of the third block, within the page of the table: its number stands before its columns.
    let rows: Vec<usize> = (0..5 * 8192).filter(|at| bytes[*at] == 3 && (19..25).contains(&bytes[at + 1])).collect();
    let mut seen = 0;
    for at in rows {
        bytes[at] = 2;
        std::fs::write(&path, &bytes).expect("writes");
        bytes[at] = 3;
        let ids: Result<Vec<i64>, _> = rusqlite::Connection::open(&path).and_then(|connection| {
            let mut rows = connection.prepare("SELECT id FROM blocks NOT INDEXED ORDER BY id")?;
            rows.query_map([], |row| row.get(0))?.collect()
        });
        if ids.is_ok_and(|ids| ids == [1, 2, 2, 4]) {
            seen += 1;
            let store = SqliteLogStorage::open(&path, 2).expect("opens");
            let error = messages(&store).expect_err("the answer would be wrong");
            assert!(error.to_string().contains("block 2: its number stands in more than one row"), "{error}");
        }
    }
    assert_eq!(seen, 1, "the place was not found");
}

/// The bytes of a store, and the messages in it.
fn whole_store() -> &'static (Vec<u8>, Vec<String>) {
    static WHOLE: std::sync::OnceLock<(Vec<u8>, Vec<String>)> = std::sync::OnceLock::new();
    WHOLE.get_or_init(|| {
        let folder = folder();
        let path = folder.path().join("log.db");
        let store = SqliteLogStorage::create(&path, 1).expect("makes a store");
        (0..4).for_each(|block| {
            store.store(&batch(block * 2000, 2000), Durability::Buffered).expect("stores");
        });
        (std::fs::read(&path).expect("reads"), messages(&store).expect("reads"))
    })
}

#[test]
fn equal_batches_give_equal_bytes() {
    let (one, two) = (encode_block(&batch(0, 1000)), encode_block(&batch(0, 1000)));
    assert!(one.pieces == two.pieces && one.meta == two.meta && one.hash == two.hash);
    let stored: usize = one.column_bytes().iter().map(|(_, bytes)| bytes).sum();
    assert!(stored <= one.stored_bytes());
    assert!(matches!(batch(0, 1).message.data, ColumnData::Plain { kinds: Kinds::Same(Kind::Text), .. }));
}

#[test]
fn columns_of_many_pieces_are_read_whole_and_by_row() {
    let folder = folder();
    let path = folder.path().join("log.db");
    let mut builder = BatchBuilder::new(&Projection::all());
    let mut random = 7_u64;
    let mut noise = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random >> 8
    };
    let entries: Vec<LogEntry> = (0..4000)
        .map(|_| LogEntry {
            message: Some(format!("{:x}{:x}{:x}", noise(), noise(), noise()).into_bytes().into()),
            fields: vec![("n".into(), Value::Int(noise() as i64))],
            ..LogEntry::default()
        })
        .collect();
    entries.iter().for_each(|entry| builder.push_owned(entry));
    let block = encode_block(&builder.finish(Vec::new()));
    let meta = BlockMeta::parse(&block.meta).expect("it was just written");
    assert!(meta.columns.iter().any(|column| column.len > 2 * meta.piece), "no column is long enough");
    let store = SqliteLogStorage::create(&path, 1).expect("makes a store");
    let mut writer = store.import().expect("opens");
    writer.begin().expect("begins");
    writer.put_own_block(&block).expect("stores");
    writer.commit(Durability::Buffered).expect("commits");
    drop(writer);

    struct Rows<'a>(&'a [LogEntry]);
    impl BatchSink for Rows<'_> {
        fn batch(&self, _: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
            let some: Vec<u32> = (0..self.0.len() as u32).step_by(397).collect();
            for rows in [(0..self.0.len() as u32).collect(), some, vec![self.0.len() as u32 - 1]] {
                let gathered = batch.gather(&rows, &Projection::all())?;
                for (place, row) in rows.iter().enumerate() {
                    let (got, expected) = (gathered.entry(place), &self.0[*row as usize]);
                    assert_eq!(got.message(), expected.message.as_deref(), "row {row}");
                    assert_eq!(got.field("n").map(|value| value.to_value()), Some(expected.fields[0].1.clone()));
                }
            }
            Ok(ControlFlow::Continue(()))
        }
    }
    let stats = store.query(&Filter::All, &Projection::all(), &Rows(&entries)).expect("reads");
    assert_eq!(stats.rows, 4000);
    assert_eq!(store.verify().expect("reads"), []);
}
