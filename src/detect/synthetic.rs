//! Logs made from a seed, with and without trouble, and what is found in them.

use std::ops::ControlFlow;
use std::ops::Range;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::entry::{BatchBuilder, EntryBatch, LogEntry, LogLevel, Projection, Timestamp, Value};
use crate::query::BatchSink;

/// 2026-09-07, a Monday.
const START: i64 = 1_788_739_200;
const DAY: f64 = 86_400.0;

/// SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Uniform, above 0 and up to 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// Standard normal (G. E. P. Box, M. E. Muller, 1958).
    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Poisson: by multiplication (D. E. Knuth) below 30, else normal.
    fn poisson(&mut self, mean: f64) -> u64 {
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.normal() + 0.5).max(0.0) as u64;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

/// How a log goes when nothing happens.
#[derive(Clone, Copy)]
struct Shape {
    /// Seconds a counted bin.
    width: i64,
    days: f64,
    /// Mean entries a second.
    rate: f64,
    /// 0 for none, 0.65 for a busy site's day.
    daily: f64,
    /// Standard deviation of the rate from minute to minute.
    wobble: f64,
    /// Share of entries of level error and status 5xx.
    errors: f64,
}

/// Trouble: the rate times this, or this share of errors, in a range of seconds.
enum Trouble {
    Rate(Range<i64>, f64),
    Errors(Range<i64>, f64),
}

impl Shape {
    fn series(&self, seed: u64, troubles: &[Trouble]) -> Series {
        let mut random = Random(seed);
        let mut bins = Vec::new();
        let (mut minute, mut wobble) = (-1, 1.0);
        for second in (0..(self.days * DAY) as i64).step_by(self.width as usize) {
            if second / 60 != minute {
                (minute, wobble) = (second / 60, (self.wobble * random.normal()).exp());
            }
            let turn = std::f64::consts::TAU * (second as f64 / DAY - 0.33);
            let weekend = if self.days > 5.0 && second as f64 / DAY >= 5.0 { 0.7 } else { 1.0 };
            let mut mean = self.rate * self.width as f64 * (1.0 + self.daily * turn.sin()) * wobble * weekend;
            let mut errors = self.errors;
            for trouble in troubles {
                match trouble {
                    Trouble::Rate(when, factor) if when.contains(&second) => mean *= factor,
                    Trouble::Errors(when, share) if when.contains(&second) => errors = *share,
                    Trouble::Rate(..) | Trouble::Errors(..) => {}
                }
            }
            let bad = random.poisson(mean * errors);
            let missing = random.poisson(mean * (1.0 - errors) * 0.02);
            let entries = bad + missing + random.poisson(mean * (1.0 - errors) * 0.98);
            let mut counts = Counts::default();
            counts.levels[LogLevel::Error as usize] = bad;
            counts.levels[LogLevel::Info as usize] = entries - bad;
            (counts.classes[5], counts.classes[4], counts.classes[2]) = (bad, missing, entries - bad - missing);
            if entries > 0 {
                bins.push(((START + second) / self.width, counts));
            }
        }
        Series { width: self.width * 1_000_000_000, chosen: false, bins, untimed: 0 }
    }
}

const WEEK: Shape = Shape { width: 60, days: 7.0, rate: 2.0, daily: 0.65, wobble: 0.06, errors: 0.006 };
const TWO_DAYS: Shape = Shape { width: 10, days: 2.0, rate: 3.0, daily: 0.65, wobble: 0.06, errors: 0.03 };
const HOUR: Shape = Shape { width: 1, days: 1.0 / 24.0, rate: 40.0, daily: 0.0, wobble: 0.0, errors: 0.01 };
const SPARSE: Shape = Shape { width: 60, days: 4.0, rate: 0.01, daily: 0.5, wobble: 0.2, errors: 0.1 };
const NOISY: Shape = Shape { width: 10, days: 1.5, rate: 1.0, daily: 0.3, wobble: 0.4, errors: 0.02 };

#[track_caller]
fn check_quiet(shape: Shape) {
    for seed in 0..20 {
        let found = detect(&shape.series(seed, &[]), &DetectOptions::default());
        assert!(found.is_empty(), "seed {seed}: {found:#?}");
    }
}

#[test]
fn a_quiet_week_yields_nothing() {
    check_quiet(WEEK);
}

#[test]
fn two_quiet_days_yield_nothing() {
    check_quiet(TWO_DAYS);
}

#[test]
fn a_quiet_hour_yields_nothing() {
    check_quiet(HOUR);
}

#[test]
fn a_quiet_sparse_log_yields_nothing() {
    check_quiet(SPARSE);
}

#[test]
fn a_noisy_log_yields_nothing() {
    check_quiet(NOISY);
}

/// Kind and series of each finding, and the seconds it lasted.
fn found(series: &Series) -> Vec<(Kind, String, i64, i64)> {
    let seconds = |time: Timestamp| time.seconds() - START;
    detect(series, &DetectOptions::default())
        .iter()
        .map(|finding| (finding.kind, finding.series.to_string(), seconds(finding.from), seconds(finding.to)))
        .collect()
}

/// Checks that in each of five seeds exactly these are found, with ends no further off than `slack` seconds.
#[track_caller]
fn check_found(shape: Shape, troubles: &[Trouble], slack: i64, expected: &[(Kind, &str, i64, i64)]) {
    for seed in 100..105 {
        let found = found(&shape.series(seed, troubles));
        let near = found.len() == expected.len()
            && found.iter().zip(expected).all(|(found, expected)| {
                (found.0, &*found.1) == (expected.0, expected.1)
                    && (found.2 - expected.2).abs() <= slack
                    && (found.3 - expected.3).abs() <= slack
            });
        assert!(near, "seed {seed}: {found:?}");
    }
}

#[test]
fn the_troubles_of_a_week_are_found_and_nothing_else() {
    let (day, minute) = (86_400, 60);
    let outage = 5 * day + 720 * minute..5 * day + 743 * minute;
    let troubles = [
        Trouble::Errors(2 * day + 841 * minute..2 * day + 863 * minute, 0.25),
        Trouble::Rate(4 * day + 190 * minute..4 * day + 205 * minute, 4.0),
        Trouble::Rate(outage.clone(), 0.05),
        Trouble::Rate(6 * day + 600 * minute..6 * day + 660 * minute, 0.0),
    ];
    check_found(
        WEEK,
        &troubles,
        60,
        &[
            (Kind::ErrorRatio, "errors/levels", 2 * day + 841 * minute, 2 * day + 863 * minute),
            (Kind::Spike, "entries", 4 * day + 190 * minute, 4 * day + 205 * minute),
            (Kind::Drop, "entries", outage.start, outage.end),
            (Kind::Silence, "entries", 6 * day + 600 * minute, 6 * day + 660 * minute),
        ],
    );
}

#[test]
fn the_troubles_of_two_days_are_found_and_nothing_else() {
    let troubles = [
        Trouble::Errors(900 * 60..915 * 60, 0.3),
        Trouble::Rate(1500 * 60..1510 * 60, 3.0),
        Trouble::Rate(2000 * 60..2012 * 60, 0.0),
    ];
    check_found(
        TWO_DAYS,
        &troubles,
        60,
        &[
            (Kind::ErrorRatio, "errors/levels", 900 * 60, 915 * 60),
            (Kind::Spike, "entries", 1500 * 60, 1510 * 60),
            (Kind::Silence, "entries", 2000 * 60, 2012 * 60),
        ],
    );
}

#[test]
fn the_troubles_of_an_hour_are_found_and_nothing_else() {
    let troubles = [Trouble::Rate(600..640, 2.5), Trouble::Rate(1800..1830, 0.0), Trouble::Errors(2700..2760, 0.2)];
    check_found(
        HOUR,
        &troubles,
        4,
        &[
            (Kind::Spike, "entries", 600, 640),
            (Kind::Silence, "entries", 1800, 1830),
            (Kind::ErrorRatio, "errors/levels", 2700, 2760),
        ],
    );
}

#[test]
fn a_silence_longer_than_the_window_is_one_silence() {
    check_found(TWO_DAYS, &[Trouble::Rate(30_000..54_000, 0.0)], 10, &[(Kind::Silence, "entries", 30_000, 54_000)]);
}

#[test]
fn what_comes_back_every_day_or_every_hour_is_no_finding() {
    let nightly: Vec<Trouble> =
        (0..2).map(|day| Trouble::Rate(day * 86_400 + 7200..day * 86_400 + 7800, 5.0)).collect();
    check_found(TWO_DAYS, &nightly, 0, &[]);
    let hourly: Vec<Trouble> = (0..48).map(|hour| Trouble::Rate(hour * 3600..hour * 3600 + 120, 5.0)).collect();
    check_found(TWO_DAYS, &hourly, 0, &[]);
    let nights: Vec<Trouble> = (0..7).map(|day| Trouble::Rate(day * 86_400..day * 86_400 + 14_400, 0.0)).collect();
    check_found(WEEK, &nights, 0, &[]);
}

#[test]
fn too_few_bins_yield_nothing() {
    let short = Shape { days: 15.0 / DAY, ..HOUR };
    check_found(short, &[Trouble::Rate(5..8, 50.0)], 0, &[]);
    assert_eq!(bin_width(&short.series(1, &[])), None);
    assert_eq!(bin_width(&WEEK.series(1, &[])), Some(Duration::from_secs(300)));
}

/// Some minutes of entries, three a second, some without time, level or status; errors in the last minute.
fn entries(minutes: i64) -> Vec<LogEntry> {
    let mut random = Random(7);
    let entry = |index: i64, random: &mut Random| {
        let second = START + index / 3;
        let bad = index >= (minutes - 1) * 180;
        let mut fields = Vec::new();
        if index % 5 > 0 {
            let status = if index % 7 == 0 { Value::from("200") } else { Value::Int(if bad { 503 } else { 200 }) };
            fields.push(("status".to_owned(), status));
        }
        LogEntry {
            // One in ten is up to three seconds late.
            ts: (index % 11 > 0)
                .then(|| {
                    Timestamp::from_seconds(second - if index % 10 == 0 { (random.next() % 4) as i64 } else { 0 }, 0)
                })
                .flatten(),
            level: (index % 3 > 0).then_some(if bad { LogLevel::Error } else { LogLevel::Info }),
            raw: Some(format!("line {index}").into_bytes().into()),
            fields,
            ..LogEntry::default()
        }
    };
    (0..minutes * 180).map(|index| entry(index, &mut random)).collect()
}

fn batches(entries: &[LogEntry], size: usize, projection: &Projection) -> Vec<EntryBatch> {
    let mut builder = BatchBuilder::new(projection);
    let batch = |entries: &[LogEntry]| {
        entries.iter().for_each(|entry| builder.push_owned(entry));
        builder.finish(Vec::new())
    };
    entries.chunks(size).map(batch).collect()
}

fn push(sink: &dyn BatchSink, sequence: usize, batch: &EntryBatch) {
    assert_eq!(sink.batch(sequence as u64, batch).expect("columns in memory"), ControlFlow::Continue(()));
}

#[test]
fn counts_do_not_depend_on_the_cuts_or_the_order() {
    let entries = entries(30);
    let timed: Vec<&LogEntry> = entries.iter().filter(|entry| entry.ts.is_some()).collect();
    let status = |entry: &&&LogEntry| matches!(entry.fields.first(), Some((_, Value::Int(503))));
    for every in [None, Some(Duration::from_millis(40))] {
        let count = |size: usize, reverse: bool| {
            let collector = SeriesCollector::new(every);
            let mut batches = batches(&entries, size, &SeriesCollector::projection());
            if reverse {
                batches.reverse();
            }
            batches.iter().enumerate().for_each(|(sequence, batch)| push(&collector, sequence, batch));
            collector.finish()
        };
        let whole = count(entries.len(), false);
        assert_eq!(whole.entries() + whole.untimed(), entries.len() as u64);
        assert_eq!(whole.entries(), timed.len() as u64);
        let mut sum = Counts::default();
        whole.bins.iter().for_each(|(_, counts)| sum.add(counts));
        assert_eq!(sum.classes[5], timed.iter().filter(status).count() as u64);
        assert_eq!(sum.errors(), timed.iter().filter(|entry| entry.level == Some(LogLevel::Error)).count() as u64);
        for (size, reverse) in [(1, false), (17, true), (1000, false), (1000, true)] {
            assert_eq!(count(size, reverse), whole, "batches of {size}");
        }
    }
}

#[test]
fn too_many_bins_are_widened_alike_in_any_order() {
    let mut random = Random(3);
    let entry = |random: &mut Random| LogEntry {
        ts: Timestamp::from_seconds(START + (random.next() % (3 * 86_400)) as i64, 0),
        ..LogEntry::default()
    };
    let entries: Vec<LogEntry> = (0..60_000).map(|_| entry(&mut random)).collect();
    let count = |size: usize, every| {
        let collector = SeriesCollector::new(every);
        let batches = batches(&entries, size, &SeriesCollector::projection());
        batches.iter().enumerate().for_each(|(sequence, batch)| push(&collector, sequence, batch));
        collector.finish()
    };
    let whole = count(60_000, None);
    // Three days have 25,920 bins of ten seconds, and 60,000 entries fill most of them; 8640 of thirty.
    assert_eq!((whole.width(), whole.entries()), (Duration::from_secs(30), 60_000));
    assert_eq!(count(777, None), whole);
    assert_eq!(count(777, Some(Duration::from_secs(7))).width(), Duration::from_secs(14));
}

#[test]
fn examples_are_the_first_of_their_series_whatever_the_cuts() {
    let entries = entries(30);
    let collector = SeriesCollector::new(None);
    push(&collector, 0, &batches(&entries, entries.len(), &SeriesCollector::projection())[0]);
    let findings = detect(&collector.finish(), &DetectOptions::default());
    let kinds: Vec<(Kind, String)> =
        findings.iter().map(|finding| (finding.kind, finding.series.to_string())).collect();
    assert_eq!(kinds, [(Kind::ErrorRatio, "5xx/statuses".to_owned())]);
    let from = findings[0].from;
    let status = |entry: &LogEntry| entry.fields.first().map(|(_, value)| value.clone());
    let bad = |entry: &&LogEntry| status(entry) == Some(Value::Int(503)) && entry.ts.is_some_and(|ts| ts >= from);
    let raw = |entry: &LogEntry| String::from_utf8(entry.raw.clone().expect("given").into_vec()).expect("ASCII");
    let expected: Vec<String> = entries.iter().filter(bad).take(3).map(raw).collect();
    for size in [1, 50, 10_000] {
        let examples = ExampleCollector::new(&findings, 3);
        let batches = batches(&entries, size, &ExampleCollector::projection());
        batches.iter().enumerate().rev().for_each(|(sequence, batch)| push(&examples, sequence, batch));
        let mut shown = findings.clone();
        examples.finish(&mut shown);
        assert_eq!(shown[0].examples, expected, "batches of {size}");
    }
}

#[test]
fn a_silence_is_shown_by_what_was_said_last() {
    let entries: Vec<LogEntry> = entries(20)
        .into_iter()
        .enumerate()
        .filter(|(index, _)| !(1000..1900).contains(index))
        .map(|(_, entry)| entry)
        .collect();
    let collector = SeriesCollector::new(None);
    push(&collector, 0, &batches(&entries, entries.len(), &SeriesCollector::projection())[0]);
    let mut findings = detect(&collector.finish(), &DetectOptions::default());
    findings.retain(|finding| finding.kind == Kind::Silence);
    let examples = ExampleCollector::new(&findings, 2);
    batches(&entries, 100, &ExampleCollector::projection())
        .iter()
        .enumerate()
        .for_each(|(sequence, batch)| push(&examples, sequence, batch));
    examples.finish(&mut findings);
    // Line 990 has no time: one in eleven has none.
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].examples, ["line 998", "line 999"]);
}

#[test]
fn findings_have_stable_json_and_text() {
    let series = WEEK.series(1, &[Trouble::Errors(2 * 86_400 + 50_400..2 * 86_400 + 51_600, 0.25)]);
    let mut findings = detect(&series, &DetectOptions::default());
    findings[0].examples = vec!["GET /\u{1b}[31m 500\n  at home".to_owned()];
    let json = serde_json::to_value(&findings).expect("plain data");
    let keys: Vec<&str> = json[0].as_object().expect("an object").keys().map(String::as_str).collect();
    let mut expected = [
        "kind",
        "series",
        "from",
        "to",
        "observed",
        "expected",
        "expected_low",
        "expected_high",
        "score",
        "severity",
        "explanation",
        "also",
        "examples",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(json[0]["kind"], "error_ratio");
    assert_eq!(json[0]["from"], "2026-09-09T14:00:00Z");
    assert_eq!(json[0]["severity"], "critical");
    let mut text = String::new();
    render(&findings, &|line, out| out.extend(line.chars().filter(|letter| !letter.is_control())), &mut text);
    let head = "2026-09-09T14:00:00Z to 2026-09-09T14:20:00Z  critical: error_ratio of errors/levels (score ";
    assert!(text.starts_with(head), "{text}");
    assert!(text.ends_with("  | GET /[31m 500 (and 1 more lines)\n"), "{text}");
}

/// A series of any shape: counts from none to many, holes from none to years, any width.
fn any_series() -> impl Strategy<Value = Series> {
    let step = prop_oneof![8 => Just(1_i64), 1 => 1..50_i64, 1 => 1..1_000_000_000_000_i64];
    let count = prop_oneof![2 => Just(0_u64), 4 => 0..20_u64, 2 => 0..5000_u64, 1 => 0..4_000_000_000_u64];
    let bin = (step, count.clone(), count.clone(), count);
    let width = prop_oneof![Just(1), Just(7), Just(1_000_000_000), Just(60_000_000_000)];
    (prop::collection::vec(bin, 0..400), -5_000_000_000..5_000_000_000_i64, width, any::<bool>()).prop_map(
        |(steps, mut bin, width, chosen)| {
            let mut bins = Vec::new();
            for (step, good, bad, unknown) in steps {
                bin += step;
                let mut counts = Counts::default();
                (counts.levels[0], counts.levels[3], counts.levels[6]) = (unknown, good, bad);
                (counts.classes[2], counts.classes[5]) = (good, bad);
                bins.push((bin, counts));
            }
            // What is counted in seconds has bins within the range of timestamps.
            bins.retain(|(bin, _)| (*bin as i128 * width as i128).abs() < i64::MAX as i128 / 2);
            Series { width, chosen: chosen || width < 1_000_000_000, bins, untimed: 0 }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_series_can_be_judged(series in any_series()) {
        let mut last = None;
        for finding in detect(&series, &DetectOptions::default()) {
            prop_assert!(finding.from < finding.to, "{finding:?}");
            prop_assert!(last <= Some(finding.from), "findings come in time order");
            last = Some(finding.from);
            prop_assert!(finding.score.is_finite() && finding.score >= 5.0 && finding.observed >= 0.0, "{finding:?}");
            prop_assert!(finding.expected_low <= finding.expected_high, "{finding:?}");
        }
    }
}
