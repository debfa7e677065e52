//! Lines to entries, and timestamps.

use criterion::{BatchSize, Criterion, Throughput};
use logan::entry::Projection;
use logan::parse::{Format, TimeParser};

use crate::lines::{self, chunk, parser};

pub fn measure(criterion: &mut Criterion) {
    formats(criterion);
    timestamps(criterion);
}

/// Each format with nothing, one field, time and level, and everything asked for.
fn formats(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for format in Format::ALL {
        let text = chunk(format);
        group.throughput(Throughput::Bytes(text.len() as u64));
        let projections = [
            ("count", Projection::none()),
            ("status", Projection::only(["status"])),
            ("ts,level", Projection::only(["ts", "level"])),
            ("all", Projection::all()),
        ];
        for (name, projection) in projections {
            let mut parser = parser(format, projection);
            group.bench_function(format!("{}/{name}", format.name()), |bencher| {
                bencher.iter_batched(|| text.clone(), |text| parser.parse(text), BatchSize::LargeInput);
            });
        }
    }
    group.finish();
}

/// Writes a second of the day as a timestamp.
type Form = fn(u32) -> String;

/// The usual forms: a new second every seventh stamp, a new minute every 420th.
fn timestamps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("timestamp");
    let forms: [(&str, Form); 5] = [
        ("rfc3339", |second| format!("2026-09-07T{}.123Z", clock(second))),
        ("rfc3339 offset", |second| format!("2026-09-07 {},123456+02:00", clock(second))),
        ("access log", |second| format!("07/Sep/2026:{} +0000", clock(second))),
        ("syslog", |second| format!("Sep  7 {}", clock(second))),
        ("epoch milliseconds", |second| format!("{}", 1_788_739_200_123 + u64::from(second) * 1000)),
    ];
    for (name, form) in forms {
        let stamps: Vec<String> = (0..7000).map(|index| form(index / 7)).collect();
        let mut parser = TimeParser::new(&lines::settings(Projection::all()));
        assert!(stamps.iter().all(|stamp| parser.exact(stamp.as_bytes()).is_some()), "{name}");
        group.throughput(Throughput::Elements(stamps.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                stamps.iter().filter_map(|stamp| parser.exact(stamp.as_bytes())).fold(0, |sum, (ts, _)| sum ^ ts)
            });
        });
    }
    group.finish();
}

fn clock(second: u32) -> String {
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}
