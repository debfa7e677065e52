//! What a server is posted: bodies to entries, and on to blocks.

use criterion::{BatchSize, Criterion, Throughput};
use logan::entry::Timestamp;
use logan::parse::{Format, Zone};
use logan::serve::intake::Arrival;
use logan::serve::intake::native::{Reading, decode};
use logan::storage::LiveBlock;

use crate::lines::chunk;

/// Lines a request.
const LINES: usize = 1000;

pub fn measure(criterion: &mut Criterion) {
    let text = chunk(Format::Json);
    let end = memchr::memchr_iter(b'\n', &text).nth(LINES - 1).expect("a thousand lines") + 1;
    let body = text[..end].to_vec();
    let arrival = Arrival::at(Timestamp::from_nanos(1_788_739_200_000_000_000).expect("a time"));
    let decode = |body: Vec<u8>| decode(body, Reading::Auto, arrival.clone(), Zone::default()).expect("entries");
    assert_eq!(decode(body.clone()).batch.rows, LINES);
    let mut group = criterion.benchmark_group("serve_intake");
    group.throughput(Throughput::Elements(LINES as u64));
    group.bench_function("ndjson/decode", |bencher| {
        bencher.iter_batched(|| body.clone(), &decode, BatchSize::SmallInput);
    });
    let source = "http".into();
    group.bench_function("ndjson/decode and encode", |bencher| {
        let both = |body| LiveBlock::encode(decode(body).batch, &source);
        bencher.iter_batched(|| body.clone(), both, BatchSize::SmallInput);
    });
    group.finish();
}
