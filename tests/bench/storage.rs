//! Batches to blocks and back.

use std::ops::ControlFlow;

use criterion::{BatchSize, Criterion, Throughput};
use logan::entry::{EntryBatch, Projection};
use logan::parse::Format;
use logan::query::{BatchSink, Columns, Filter, Need, ScanError};
use logan::storage::{Durability, LiveBlock, LogStorage, SqliteLogStorage, encode_block};

use crate::lines::{LINES, batch};

pub fn measure(criterion: &mut Criterion) {
    for format in [Format::Combined, Format::Json, Format::Syslog] {
        let batch = batch(format);
        encode(criterion, format, &batch);
        read(criterion, format, &batch);
    }
    encode_small(criterion, &batch(Format::Json));
}

/// Encodes what a server is posted: a few lines at a time, a thousand at a time.
fn encode_small(criterion: &mut Criterion, batch: &EntryBatch) {
    let mut group = criterion.benchmark_group("encode_live");
    let source = "http".into();
    for rows in [1, 20, 100, 1000] {
        let small = batch.gather(&(0..rows).collect::<Vec<u32>>(), &Projection::all());
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(format!("json/{rows}"), |bencher| {
            bencher.iter_batched(|| small.clone(), |batch| LiveBlock::encode(batch, &source), BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn encode(criterion: &mut Criterion, format: Format, batch: &EntryBatch) {
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(batch.rows as u64));
    group.bench_function(format.name(), |bencher| bencher.iter(|| encode_block(batch)));
    group.finish();
}

/// Loads these columns of each block: what a query does before it computes anything.
struct Load(&'static [&'static str]);

impl BatchSink for Load {
    fn batch(&self, _sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        for name in self.0 {
            match *name {
                "ts" => assert_eq!(batch.ts()?.len(), LINES),
                "level" => assert_eq!(batch.levels()?.len(), LINES),
                name => assert!(batch.column(name, Need::All)?.is_some(), "{name} is missing"),
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Reads one block from a store whose pages are in memory.
fn read(criterion: &mut Criterion, format: Format, batch: &EntryBatch) {
    let folder = tempfile::tempdir().expect("a folder for the store");
    let store = SqliteLogStorage::create(&folder.path().join("bench.db"), 1).expect("a new store");
    store.store(batch, Durability::Buffered).expect("a batch to store");
    let wanted: [(&str, &[&str]); 3] = match format {
        Format::Syslog => [("ts", &["ts"]), ("level", &["level"]), ("raw", &["raw"])],
        Format::Combined | Format::Common | Format::Json | Format::Logfmt | Format::Plain => {
            [("ts", &["ts"]), ("status", &["status"]), ("raw", &["raw"])]
        }
    };
    let mut group = criterion.benchmark_group("read");
    group.throughput(Throughput::Elements(batch.rows as u64));
    for (name, columns) in wanted {
        let projection = Projection::only(columns.iter().copied());
        group.bench_function(format!("{}/{name}", format.name()), |bencher| {
            bencher.iter(|| store.query(&Filter::All, &projection, &Load(columns)).expect("a store that can be read"));
        });
    }
    group.finish();
}
