//! The `json` and `logfmt` parsers on made-up service logs, one core, as bytes a second.

use std::fmt::Write;
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use logan::entry::{BatchBuilder, EntryBatch, Position, Projection, Record, Span};
use logan::parse::formats::{json::JsonParser, logfmt::LogfmtParser};
use logan::parse::{LineParser, Settings, Zone};

const LINES: u64 = 10_000;

/// Measures both formats with one field wanted and with everything wanted.
pub fn keyed_lines(criterion: &mut Criterion) {
    for (name, projection) in [("level", Projection::only(["level"])), ("all", Projection::all())] {
        measure(criterion, &format!("json/{name}"), json(), &projection, JsonParser::new);
        measure(criterion, &format!("logfmt/{name}"), logfmt(), &projection, LogfmtParser::new);
    }
}

fn measure<P: LineParser>(
    criterion: &mut Criterion,
    name: &str,
    text: String,
    projection: &Projection,
    new: fn(&Settings, &mut BatchBuilder) -> P,
) {
    let settings = Settings { projection: projection.clone(), zone: Zone::default(), reference: None };
    let mut builder = BatchBuilder::new(projection);
    let mut parser = new(&settings, &mut builder);
    let mut group = criterion.benchmark_group("keyed_lines");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function(name, |bencher| {
        bencher.iter_batched(
            || text.clone().into_bytes(),
            |chunk| parse(chunk, &mut parser, &mut builder),
            criterion::BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn parse(chunk: Vec<u8>, parser: &mut impl LineParser, builder: &mut BatchBuilder) -> EntryBatch {
    let format: Arc<str> = "bench".into();
    let mut record = Record::default();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', &chunk) {
        parser.parse(&chunk, start, end, &mut record, builder).expect("the line was written to be accepted");
        builder.push(&record, Span::chunk(start, end - start), Position::default(), &format);
        start = end + 1;
    }
    builder.finish(chunk)
}

/// Level, latency and user of a line: every seventh line warns, every thirtieth is an error.
fn varying(line: u64) -> (&'static str, f64, u64) {
    let level = if line.is_multiple_of(30) {
        "error"
    } else if line.is_multiple_of(7) {
        "warn"
    } else {
        "info"
    };
    (level, (line * 7919 % 100_000) as f64 / 1000.0, line * 104_729 % 200_000)
}

fn json() -> String {
    (0..LINES).fold(String::new(), |mut text, line| {
        let (level, duration, user) = varying(line);
        let trace = line.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(
            text,
            r#"{{"ts":"2026-09-07T00:{:02}:{:02}.{:03}Z","level":"{level}","service":"checkout","host":"node-{}","trace_id":"{trace:032x}","msg":"order {line} placed by user {user}","duration_ms":{duration},"status":200,"user_id":{user},"http":{{"method":"GET","path":"/api/v1/items","bytes":{},"remote":{{"ip":"10.0.212.{}"}}}}}}"#,
            line / 600 % 60, line / 10 % 60, line % 1000, line % 20, line * 31 % 60_000, line % 256,
        )
        .expect("a string takes everything");
        text
    })
}

fn logfmt() -> String {
    (0..LINES).fold(String::new(), |mut text, line| {
        let (level, duration, user) = varying(line);
        let trace = line.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(
            text,
            "ts=2026-09-07T00:{:02}:{:02}.{:03}Z level={level} service=checkout host=node-{} trace_id={trace:032x} \
             msg=\"order {line} placed by user {user}\" duration_ms={duration} status=200 user_id={user} http.method=GET",
            line / 600 % 60, line / 10 % 60, line % 1000, line % 20,
        )
        .expect("a string takes everything");
        text
    })
}
