//! Counting entries over time, and judging the counts.

use std::ops::ControlFlow;

use criterion::{Criterion, Throughput};
use logan::detect::{DetectOptions, SeriesCollector, detect};
use logan::entry::{Column, EntryBatch, Kind};
use logan::query::BatchSink;

use crate::lines::Random;

const BATCH: usize = 20_000;
const SECOND: i64 = 1_000_000_000;

/// A week of entries in batches, `gap` nanoseconds apart on average, some a little late.
fn week(gap: i64) -> Vec<EntryBatch> {
    let mut random = Random(5);
    let rows = (7 * 86_400 * SECOND / gap) as usize;
    let batch = |number: usize, random: &mut Random| {
        let mut batch = EntryBatch { rows: BATCH, ..EntryBatch::default() };
        let mut status = Column::default();
        for row in 0..BATCH {
            let late = if random.below(200) == 0 { random.below(3) as i64 * SECOND } else { 0 };
            let time = 1_788_739_200 * SECOND + (number * BATCH + row) as i64 * gap - late;
            batch.ts.push(time / SECOND * SECOND);
            batch.levels.push(if random.below(50) == 0 { 6 } else { 3 });
            status.push(row as u32, Kind::Int, if random.below(100) == 0 { 503 } else { 200 });
        }
        batch.fields.push(("status".into(), status));
        batch
    };
    (0..rows / BATCH).map(|number| batch(number, &mut random)).collect()
}

fn collect(batches: &[EntryBatch]) -> SeriesCollector {
    let collector = SeriesCollector::new(None);
    for (sequence, batch) in batches.iter().enumerate() {
        let flow = collector.batch(sequence as u64, batch).expect("columns in memory");
        assert_eq!(flow, ControlFlow::Continue(()));
    }
    collector
}

pub fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("detect");
    let batches = week(SECOND / 7);
    group.throughput(Throughput::Elements((batches.len() * BATCH) as u64));
    group.sample_size(20);
    group.bench_function("count a week", |bencher| bencher.iter(|| collect(&batches)));
    let series = collect(&batches).finish();
    group.throughput(Throughput::Elements(1));
    group.bench_function("judge a week", |bencher| bencher.iter(|| detect(&series, &DetectOptions::default())));
    group.finish();
}
