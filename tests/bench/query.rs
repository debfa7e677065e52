//! Filters and aggregates over columns, and the queue that puts results back in order.

use std::convert::Infallible;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput};
use logan::entry::{EntryBatch, Projection, Timestamp};
use logan::parse::Format;
use logan::query::exec::{Execution, Loader, Rendered, Selector};
use logan::query::literal::Clock;
use logan::query::{BatchSink, InOrder, Plan, Query};

use crate::lines::{LINES, batch, dictionaries};

pub fn measure(criterion: &mut Criterion) {
    let plain = batch(Format::Combined);
    let batches = [("dictionary", dictionaries(&plain)), ("plain", plain)];
    filters(criterion, &batches);
    aggregates(criterion, &batches);
    in_order(criterion);
}

fn query(text: &str) -> Query {
    let now = Timestamp::from_seconds(1_788_825_600, 0).expect("a time of this century");
    Query::parse(text, &Clock { now, zone: logan::entry::Zone::default() }).expect("a right query")
}

fn filters(criterion: &mut Criterion, batches: &[(&str, EntryBatch)]) {
    let mut group = criterion.benchmark_group("filter");
    group.throughput(Throughput::Elements(LINES as u64));
    for (kind, batch) in batches {
        for text in ["status >= 500", "googlebot", "path ~ \"^/api/v[0-9]+/\"", "ts >= 2026-09-07 method = POST"] {
            let selector = Selector::new(&query(text).filter);
            group.bench_function(format!("{kind}/{text}"), |bencher| {
                bencher.iter(|| selector.select(&Loader::new(batch)).expect("columns in memory").len());
            });
        }
    }
    group.finish();
}

fn aggregates(criterion: &mut Criterion, batches: &[(&str, EntryBatch)]) {
    let mut group = criterion.benchmark_group("stats");
    group.throughput(Throughput::Elements(LINES as u64));
    for (kind, batch) in batches {
        for text in [
            "* | stats count() by status",
            "* | stats count() by bin(1m)",
            "* | stats sum(bytes) by client_ip",
            "* | stats p99(bytes) by path",
        ] {
            let plan = Plan::new(&query(text), &Projection::all());
            group.bench_function(format!("{kind}/{text}"), |bencher| {
                bencher.iter(|| {
                    let mut deliver = |_: Rendered| Ok(());
                    let execution = Execution::new(&plan, &|_, _| Rendered::default(), &mut deliver);
                    let flow = execution.batch(0, batch).expect("columns in memory");
                    assert_eq!(flow, ControlFlow::Continue(()));
                    execution.finish().expect("columns in memory")
                });
            });
        }
    }
    group.finish();
}

/// Results that come in groups of eight, each group in reverse, so that most of them must wait.
fn in_order(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("in order");
    let results: u64 = 8000;
    group.throughput(Throughput::Elements(results));
    group.bench_function("reversed eights", |bencher| {
        bencher.iter(|| {
            let queue = InOrder::new(8, 0);
            for number in (0..results).map(|number| number / 8 * 8 + 7 - number % 8) {
                let put = queue.put(number, number, |sum: &mut u64, number| {
                    *sum += number;
                    Ok::<_, Infallible>(ControlFlow::Continue(()))
                });
                assert_eq!(put, Ok(ControlFlow::Continue(())));
            }
            queue.into_consumer()
        });
    });
    group.finish();
}
