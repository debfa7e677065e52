//! What every store promises, asked of all of them: the same entries back, in order and to the byte, and the
//! same answers to the same filters.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use logan::entry::{
    BatchBuilder, EntryBatch, LogEntry, LogLevel, Names, Position, Projection, TimeStyle, Timestamp, Value,
};
use logan::query::exec::{Loader, Selector};
use logan::query::literal::Clock;
use logan::query::{BatchSink, Columns, Filter, ScanError, oracle};
use logan::storage::{
    Append, AppendEntries, Appended, Durability, FileLogStorage, LiveBlock, LiveOptions, LiveStore, LogStorage,
    MemoryLogStorage, MergeBudget, ScanStats, SqliteLogStorage, StorageError, Stored,
};
use proptest::prelude::*;

/// The store that gives entries places of its own.
const LIVE: &str = "live";

/// Makes each store in turn, in a folder of its own, and calls `check` with it.
fn on_every_store(check: &dyn Fn(&str, &dyn LogStorage)) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    check("memory", &MemoryLogStorage::new());
    check("file", &FileLogStorage::create(&path("log.ndjson")).expect("makes a store"));
    check("sqlite", &SqliteLogStorage::create(&path("one.db"), 1).expect("makes a store"));
    check("sqlite on 3 threads", &SqliteLogStorage::create(&path("three.db"), 3).expect("makes a store"));
    check(LIVE, &Live::new(&path("live.db"), 2));
}

/// A live store and its reader. Every second batch comes encoded, and small blocks are merged while it is asked.
struct Live {
    store: Mutex<LiveStore>,
    reader: SqliteLogStorage,
}

impl Live {
    fn new(path: &Path, threads: usize) -> Live {
        let store = LiveStore::open(path, LiveOptions::default()).expect("makes a store");
        Live { store: Mutex::new(store), reader: SqliteLogStorage::open_live(path, threads).expect("opens") }
    }
}

impl LogStorage for Live {
    fn store(&self, batch: &EntryBatch, _: Durability) -> Result<Stored, StorageError> {
        let source = "a.http".into();
        let entries = if batch.rows.is_multiple_of(2) {
            AppendEntries::Rows(Box::new(batch.clone()))
        } else {
            AppendEntries::Encoded(LiveBlock::encode(batch.clone(), &source))
        };
        let append = Append { entries, rejects: Vec::new(), source, request: None, answer: Vec::new() };
        let now = Timestamp::from_seconds(1_790_000_000, 0).expect("in range");
        match self.store.lock().expect("no panic").append(vec![append], now)?.as_slice() {
            [Appended::Stored { entries, .. }] => Ok(Stored { entries: *entries, bytes: 0 }),
            other => panic!("{other:?}"),
        }
    }

    fn query(&self, filter: &Filter, all: &Projection, sink: &dyn BatchSink) -> Result<ScanStats, StorageError> {
        self.store.lock().expect("no panic").merge(MergeBudget::default())?;
        self.reader.query(filter, all, sink)
    }
}

/// The batches as a live store keeps them: numbered as they arrive.
fn arrived(batches: &[EntryBatch]) -> Vec<EntryBatch> {
    let mut next = 1;
    let one = |batch: &EntryBatch| {
        let mut batch = batch.clone();
        batch.base = Position::default();
        batch.positions = (next..next + batch.rows as u64).map(|line| Position { line, offset: 0 }).collect();
        next += batch.rows as u64;
        batch.sources = Names::default();
        batch.sources.push(0, &"a.http".into());
        batch
    };
    batches.iter().map(one).collect()
}

/// Gathers what matches, batch by batch.
struct Collect<'a> {
    filter: &'a Filter,
    /// The matching entries of each batch by its number, as the executor finds them.
    found: Mutex<Vec<(u64, Vec<LogEntry>)>>,
    /// Batches after which to stop.
    most: usize,
}

impl BatchSink for Collect<'_> {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let selection = Selector::new(self.filter).select(&Loader::new(batch))?.into_rows();
        let everything: Vec<u32> = (0..batch.rows() as u32).collect();
        let whole = entries_of(batch, &everything)?;
        let by_oracle: Vec<u32> =
            everything.into_iter().filter(|row| oracle::matches(self.filter, whole.entry(*row as usize))).collect();
        assert_eq!(selection, by_oracle, "{:?}", self.filter);
        let matching = entries_of(batch, &selection)?;
        let mut found = self.found.lock().expect("no panic");
        found.push((sequence, matching.entries().map(|entry| entry.to_entry()).collect()));
        Ok(if found.len() >= self.most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// Returns these rows. `EntryBatch::gather` gives every row an empty raw line, format and source where the batch has
/// none at all, so of a batch that is one already whichever parts it lacks are taken out again.
fn entries_of(batch: &dyn Columns, rows: &[u32]) -> Result<EntryBatch, ScanError> {
    let mut gathered = batch.gather(rows, &Projection::all())?;
    if let Some(whole) = batch.as_batch() {
        let parts = Parts {
            raw: !whole.raw.is_empty(),
            positions: !whole.positions.is_empty(),
            format: whole.formats != Names::default(),
            source: whole.sources != Names::default(),
        };
        parts.keep(&mut gathered);
    }
    Ok(gathered)
}

fn ask_at_most(
    store: &dyn LogStorage,
    filter: &Filter,
    most: usize,
) -> Result<(Vec<LogEntry>, ScanStats), StorageError> {
    let sink = Collect { filter, found: Mutex::new(Vec::new()), most };
    let stats = store.query(filter, &Projection::all(), &sink)?;
    let mut found = sink.found.into_inner().expect("no panic");
    found.sort_by_key(|(sequence, _)| *sequence);
    if most == usize::MAX {
        let numbers: Vec<u64> = found.iter().map(|(sequence, _)| *sequence).collect();
        assert_eq!(numbers, (0..found.len() as u64).collect::<Vec<u64>>(), "numbers have holes");
    }
    Ok((found.into_iter().flat_map(|(_, entries)| entries).collect(), stats))
}

fn ask(store: &dyn LogStorage, filter: &Filter) -> Vec<LogEntry> {
    ask_at_most(store, filter, usize::MAX).expect("answers").0
}

/// Compares to the bit: floats by their bits, so that NaN equals itself and -0 differs from 0.
fn assert_same(got: &[LogEntry], expected: &[LogEntry], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}: number of entries");
    for (row, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert_eq!(exact(got), exact(expected), "{what}: entry {row}");
    }
}

fn exact(entry: &LogEntry) -> (LogEntry, Vec<u64>) {
    let mut entry = entry.clone();
    let mut floats = Vec::new();
    for (_, value) in &mut entry.fields {
        if let Value::Float(number) = value {
            floats.push(if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() });
            *value = Value::Float(0.0);
        }
    }
    (entry, floats)
}

/// Stores the batches and asks for everything, then for each filter.
fn check(batches: &[EntryBatch], filters: &[Filter]) {
    let as_arrived = arrived(batches);
    on_every_store(&|name, store| {
        let kept = if name == LIVE { &as_arrived } else { batches };
        let expected = |filter: &Filter| -> Vec<LogEntry> {
            let entries = kept.iter().flat_map(EntryBatch::entries);
            entries.filter(|entry| oracle::matches(filter, *entry)).map(|entry| entry.to_entry()).collect()
        };
        for batch in batches {
            let stored = store.store(batch, Durability::Buffered).expect("stores");
            assert_eq!(stored.entries, batch.rows as u64);
        }
        assert_same(&ask(store, &Filter::All), &expected(&Filter::All), name);
        for filter in filters {
            assert_same(&ask(store, filter), &expected(filter), &format!("{name}: {filter:?}"));
        }
    });
}

/// Which parts the entries of a batch have at all.
#[derive(Clone, Copy, Debug)]
struct Parts {
    raw: bool,
    positions: bool,
    format: bool,
    source: bool,
}

impl Parts {
    fn keep(self, batch: &mut EntryBatch) {
        if !self.raw {
            batch.raw.clear();
        }
        if !self.positions {
            batch.positions.clear();
        }
        if !self.format {
            batch.formats = Names::default();
        }
        if !self.source {
            batch.sources = Names::default();
        }
    }
}

const ALL_PARTS: Parts = Parts { raw: true, positions: true, format: true, source: true };

fn batch_of(entries: &[LogEntry], parts: Parts) -> EntryBatch {
    let mut builder = BatchBuilder::new(&Projection::all());
    entries.iter().for_each(|entry| builder.push_owned(entry));
    let mut batch = builder.finish(Vec::new());
    parts.keep(&mut batch);
    batch
}

fn filter(text: &str) -> Filter {
    let clock = Clock {
        now: Timestamp::from_seconds(1_790_000_000, 0).expect("in range"),
        zone: logan::entry::Zone::default(),
    };
    Filter::parse(text, &clock).expect("a filter")
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::collection::vec(
        prop::sample::select(vec![
            &b"error"[..],
            b"Error",
            b"GET /a/b.html?x=1",
            b"timeout",
            b"42",
            b"\xff\xfe",
            b"\0",
            b"\n\tat x",
            b"\xc3\xa9t\xc3\xa9",
            b"",
        ]),
        0..5,
    );
    prop_oneof![
        4 => words.prop_map(|words| words.join(&b' ')),
        1 => prop::collection::vec(any::<u8>(), 0..30),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => bytes().prop_map(|text| Value::Text(text.into())),
        2 => (-5_i64..600).prop_map(Value::Int),
        1 => any::<i64>().prop_map(Value::Int),
        1 => any::<f64>().prop_map(Value::Float),
        2 => (0_i64..5000).prop_map(|thousandths| Value::Float(thousandths as f64 / 1000.0)),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Json(b"[1,{}]".to_vec().into())),
    ]
}

fn entry() -> impl Strategy<Value = LogEntry> {
    let time = prop_oneof![
        1 => Just(None),
        4 => (0_i64..100_000).prop_map(|second| Timestamp::from_seconds(1_789_000_000 + second, 0)),
        1 => (any::<i64>()).prop_map(Timestamp::from_nanos),
    ];
    let names = prop::sample::subsequence(vec!["status", "path", "user", "duration", "odd name \u{1f980}"], 0..5);
    let fields = names.prop_flat_map(|names| {
        names.into_iter().map(|name| value().prop_map(move |value| (name.to_owned(), value))).collect::<Vec<_>>()
    });
    (
        time,
        (0_u8..=9, prop::sample::select(vec![0_i16, 120, -570])),
        prop::option::of(prop::sample::select(LogLevel::ALL.to_vec())),
        prop::option::of(bytes()),
        fields,
        bytes(),
        (0_u64..1000, 0_u64..100_000),
        prop::sample::select(vec!["json", "plain", "combined"]),
        prop::sample::select(vec!["a.log", "b.log"]),
    )
        .prop_map(|(ts, (digits, offset_minutes), level, message, fields, raw, (line, offset), format, source)| {
            LogEntry {
                ts,
                style: TimeStyle { digits, offset_minutes },
                level,
                message: message.map(Into::into),
                fields,
                raw: Some(raw.into()),
                position: Some(Position { line, offset }),
                format: Some(format.to_owned()),
                source: Some(source.to_owned()),
            }
        })
}

fn batches() -> impl Strategy<Value = Vec<EntryBatch>> {
    let parts = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>())
        .prop_map(|(raw, positions, format, source)| Parts { raw, positions, format, source });
    let batch = (prop::collection::vec(entry(), 0..40), parts, 0_u64..1000).prop_map(|(entries, parts, base)| {
        let mut batch = batch_of(&entries, parts);
        batch.base = Position { line: base, offset: base * 100 };
        batch
    });
    prop::collection::vec(batch, 0..5)
}

fn some_filter() -> impl Strategy<Value = Filter> {
    let leaf = prop::sample::select(vec![
        "error",
        "\"get /a\"",
        "time*",
        "42",
        "xyzzy",
        "status = 42",
        "status >= 5",
        "status != 42",
        "path:error",
        "path:ti*",
        "path ~ \"a.b\"",
        "user:*",
        "user in (42, error)",
        "duration < 2.5",
        "level >= warn",
        "level:*",
        "ts >= @1789050000",
        "raw:error",
        "message:timeout",
        "format:json",
        "source:a",
        "line < 500",
        "offset > 50000",
    ]);
    (leaf.clone(), leaf, 0..4).prop_map(|(one, two, how)| match how {
        0 => filter(one),
        1 => filter(&format!("({one}) and ({two})")),
        2 => filter(&format!("({one}) or ({two})")),
        _ => filter(&format!("not ({one})")),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 10, ..ProptestConfig::default() })]

    #[test]
    fn same_filter_same_entries(batches in batches(), filters in prop::collection::vec(some_filter(), 1..4)) {
        check(&batches, &filters);
    }
}

#[test]
fn an_empty_batch_changes_nothing() {
    check(&[EntryBatch::default(), batch_of(&[], ALL_PARTS)], &[filter("error")]);
}

#[test]
fn raw_bytes_come_back_whatever_they_are() {
    let every_byte: Vec<u8> = (0..=255).collect();
    let long = vec![b'x'; 300_000];
    let entries: Vec<LogEntry> = [&b""[..], b"\0", b"\xff\xff", b"a\r\nb\nc", &every_byte, &long]
        .into_iter()
        .map(|raw| LogEntry {
            message: Some(raw.into()),
            raw: Some(raw.into()),
            fields: vec![("field".to_owned(), Value::Text(raw.into()))],
            ..LogEntry::default()
        })
        .collect();
    check(&[batch_of(&entries, ALL_PARTS)], &[filter("a"), filter("field:b"), filter("raw ~ \"x{9}\"")]);
}

#[test]
fn many_columns_come_back() {
    // More columns than a block has parts, of mixed sizes: 40 large ones among a thousand small.
    let entries: Vec<LogEntry> = (0..600_i64)
        .map(|row| LogEntry {
            fields: (0..1000_i64)
                .filter(|column| column % 25 == 0 || (column + row) % 97 == 0)
                .map(|column| (format!("f{column:04}"), Value::Text(format!("{row} {column}").into_bytes().into())))
                .collect(),
            ..LogEntry::default()
        })
        .collect();
    let batch = batch_of(&entries, Parts { raw: false, ..ALL_PARTS });
    check(&[batch], &[filter("f0025:77"), filter("f0001:*"), filter("f0999:nothing")]);
}

/// Access-log entries as the parser makes them: enough rows for several frames of codes and of text.
fn access(first: u32, count: u32) -> EntryBatch {
    let entries: Vec<LogEntry> = (first..first + count)
        .map(|row| {
            let second = 1_789_000_000 + (row / 7) as i64;
            let time = Timestamp::from_seconds(second, 0).expect("in range");
            let clock = time.to_rfc3339(0);
            let status = if row % 50 == 3 { 503 } else { 200 };
            let path =
                if row == first + count / 2 { "/xyzzyplugh".to_owned() } else { format!("/item/{}", row % 9000) };
            let ip = format!("10.{}.{}.{}", row % 7, row % 250, row % 11);
            // A tenth of the lines is not written the way the format is: they must be kept as they are.
            let odd = if row % 10 == 0 { " " } else { "" };
            let raw = format!(
                "{ip} - - [{}/Sep/2026:{} +0000] \"GET {path} HTTP/1.1\" {status} {} \"-\" \"agent {}\"{odd}",
                &clock[8..10],
                &clock[11..19],
                row * 3,
                row % 500,
            );
            let text = |text: &str| Value::Text(text.as_bytes().into());
            LogEntry {
                ts: Some(time),
                fields: vec![
                    ("client_ip".to_owned(), text(&ip)),
                    ("method".to_owned(), text("GET")),
                    ("path".to_owned(), text(&path)),
                    ("protocol".to_owned(), text("HTTP/1.1")),
                    ("status".to_owned(), Value::Int(status)),
                    ("bytes".to_owned(), Value::Int(row as i64 * 3)),
                    ("user_agent".to_owned(), text(&format!("agent {}", row % 500))),
                ],
                raw: Some(raw.into_bytes().into()),
                position: Some(Position { line: row as u64 + 1, offset: row as u64 * 100 }),
                format: Some("combined".to_owned()),
                source: Some("access.log".to_owned()),
                ..LogEntry::default()
            }
        })
        .collect();
    batch_of(&entries, ALL_PARTS)
}

#[test]
fn access_lines_are_rebuilt_and_found() {
    let batches: Vec<EntryBatch> = (0..2).map(|block| access(block * 9000, 9000)).collect();
    let filters = [
        "path:xyzzyplugh",
        "xyzzyplugh",
        "\"get /xyzzyplugh\"",
        "xyzzyplugh 200",
        "nowhere",
        "503 8997",
        "not xyzzyplugh status=503",
        "ts >= @1789001000 status >= 500",
        "user_agent ~ \"agent 49[0-9]\"",
        "path:89*",
        "raw ~ \"8999 HTTP\"",
    ];
    check(&batches, &filters.map(filter));
}

#[test]
fn a_rare_word_reads_little() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteLogStorage::create(&folder.path().join("log.db"), 1).expect("makes a store");
    for block in 0..4 {
        store.store(&access(block * 9000, 9000), Durability::Buffered).expect("stores");
    }
    let count = |text| {
        let (found, stats) = ask_at_most(&store, &filter(text), usize::MAX).expect("answers");
        (found.len(), stats.blocks_skipped)
    };
    assert_eq!(count("path:nowhere"), (0, 4));
    assert_eq!(count("nowhere"), (0, 4));
    assert_eq!(count("path:xyzzyplugh"), (4, 0));
    assert_eq!(count("ts < @1789000010"), (70, 3));
    assert_eq!(count("status = 404"), (0, 0));
    assert_eq!(count("status > 600"), (0, 4));
}

#[test]
fn a_scan_stops_when_told() {
    on_every_store(&|name, store| {
        for block in 0..6 {
            store.store(&access(block * 10, 10), Durability::Buffered).expect("stores");
        }
        let (found, _) = ask_at_most(store, &Filter::All, 2).expect("answers");
        assert!((20..=40).contains(&found.len()), "{name}: {}", found.len());
    });
}

#[test]
fn a_store_can_be_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let batch = access(0, 500);
    let expected: Vec<LogEntry> = batch.entries().map(|entry| entry.to_entry()).collect();
    type Opener = fn(&Path) -> Box<dyn LogStorage>;
    let reopen: [(&str, Opener, Opener); 2] = [
        (
            "file",
            |path| Box::new(FileLogStorage::create(path).expect("makes")),
            |path| Box::new(FileLogStorage::open(path).expect("opens")),
        ),
        (
            "sqlite",
            |path| Box::new(SqliteLogStorage::create(path, 2).expect("makes")),
            |path| Box::new(SqliteLogStorage::open(path, 2).expect("opens")),
        ),
    ];
    for (name, create, open) in reopen {
        let path = folder.path().join(name);
        create(&path).store(&batch, Durability::Synced).expect("stores");
        create(&path).store(&batch, Durability::Synced).expect("stores");
        let twice = [expected.clone(), expected.clone()].concat();
        assert_same(&ask(&*open(&path), &Filter::All), &twice, name);
    }
}
