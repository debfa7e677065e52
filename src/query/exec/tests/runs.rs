use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::sources::{StoreLike, batch_of, entries, filter};
use crate::entry::{EntryBatch, LogEntry, LogLevel, Projection, Timestamp, Value, Zone};
use crate::query::ast::{ColumnKind, Shown};
use crate::query::exec::{Execution, Outcome, Rendered};
use crate::query::literal::Clock;
use crate::query::{BatchSink, Columns, Plan, Query, oracle};

fn query(text: &str) -> Query {
    let clock = Clock { now: Timestamp::from_nanos(0).unwrap(), zone: Zone::Fixed(0) };
    Query::parse(text, &clock).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// How entries are cut and run.
#[derive(Clone, Copy, Debug)]
struct How {
    rows_a_batch: usize,
    threads: usize,
    stored: bool,
}

const PLAIN: How = How { rows_a_batch: usize::MAX, threads: 1, stored: false };

/// Runs a query; entries come out as one line each, fields sorted by name.
fn run(text: &str, entries: &[LogEntry], how: How) -> (Outcome, String) {
    let plan = Plan::new(&query(text), &Projection::all());
    let render = |batch: &EntryBatch, rows: &[u32]| {
        let mut rendered = Rendered::default();
        for row in rows {
            let mut entry = batch.entry(*row as usize).to_entry();
            entry.fields.sort_by(|left, right| left.0.cmp(&right.0));
            entry.position = None;
            if let Shown::Only(names) = plan.result_shown() {
                entry = LogEntry { fields: entry.fields, ..LogEntry::default() };
                entry.fields.retain(|(name, _)| names.contains(name));
            }
            rendered.bytes.extend_from_slice(format!("{entry:?}\n").as_bytes());
            rendered.ends.push(rendered.bytes.len());
        }
        rendered
    };
    let mut out = Vec::new();
    let mut deliver = |rendered: Rendered| -> io::Result<()> {
        out.extend_from_slice(&rendered.bytes);
        Ok(())
    };
    let execution = Execution::new(&plan, &render, &mut deliver);
    let batches: Vec<EntryBatch> = entries.chunks(how.rows_a_batch.min(entries.len()).max(1)).map(batch_of).collect();
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..how.threads {
            scope.spawn(|| {
                loop {
                    let sequence = next.fetch_add(1, Ordering::Relaxed);
                    if sequence >= batches.len() as u64 {
                        break;
                    }
                    let newest_first = how.stored && execution.newest_first();
                    let sequence = if newest_first { batches.len() as u64 - 1 - sequence } else { sequence };
                    let batch = &batches[sequence as usize];
                    let stored = StoreLike { batch: batch.clone() };
                    let source: &dyn Columns = if how.stored { &stored } else { batch };
                    if execution.batch(sequence, source).unwrap() == ControlFlow::Break(()) {
                        break;
                    }
                }
            });
        }
    });
    let outcome = execution.finish().unwrap();
    (outcome, String::from_utf8(out).unwrap())
}

/// A table as text: a line a row, `-` for no value.
fn show(outcome: &Outcome) -> String {
    let table = outcome.table.as_ref().expect("a table");
    let mut text = String::new();
    for row in &table.rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&table.columns)
            .map(|(value, (_, kind))| match (value, kind) {
                (None, _) => "-".to_owned(),
                (Some(Value::Int(nanos)), ColumnKind::Time) => Timestamp::from_nanos(*nanos).unwrap().to_rfc3339(0),
                (Some(Value::Text(text) | Value::Json(text)), _) => String::from_utf8_lossy(text).into_owned(),
                (Some(Value::Int(int)), _) => int.to_string(),
                (Some(Value::Float(float)), _) => format!("{float:?}"),
                (Some(Value::Bool(truth)), _) => truth.to_string(),
            })
            .collect();
        text.push_str(&cells.join(" "));
        text.push('\n');
    }
    text
}

fn log() -> Vec<LogEntry> {
    let entry = |second: i64, level, path: &str, bytes: Option<i64>, duration: Option<f64>| LogEntry {
        ts: Timestamp::from_seconds(1_788_912_000 + second, 0),
        level: Some(level),
        message: Some(format!("request {path} served").into_bytes().into()),
        fields: [
            Some(("path".to_owned(), Value::from(path))),
            bytes.map(|bytes| ("bytes".to_owned(), Value::Int(bytes))),
            duration.map(|duration| ("duration".to_owned(), Value::Float(duration))),
        ]
        .into_iter()
        .flatten()
        .collect(),
        raw: Some(b"raw"[..].into()),
        format: Some("json".into()),
        source: Some("x.log".into()),
        ..LogEntry::default()
    };
    vec![
        entry(0, LogLevel::Info, "/a", Some(100), Some(0.1)),
        entry(10, LogLevel::Error, "/b", Some(250), Some(0.2)),
        entry(70, LogLevel::Info, "/a", Some(300), Some(0.7)),
        entry(80, LogLevel::Warn, "/c", None, None),
        entry(200, LogLevel::Info, "/a", Some(50), Some(0.1)),
        entry(210, LogLevel::Error, "/b", Some(-5), Some(1.5)),
    ]
}

#[test]
fn tables_hold_what_they_should() {
    for (text, expected) in [
        ("* | stats count()", "6\n"),
        ("nothing | stats count(), sum(bytes), avg(bytes), p50(bytes), uniq(path), max(path)", "0 - - - 0 -\n"),
        ("* | stats count() by path", "/a 3\n/b 2\n/c 1\n"),
        ("* | stats count() by level", "info 3\nwarn 1\nerror 2\n"),
        ("* | stats sum(bytes), avg(bytes), min(bytes), max(bytes), count(bytes)", "695 139.0 -5 300 5\n"),
        ("* | stats sum(duration), median(duration), p100(duration)", "2.6 0.2 1.5\n"),
        ("* | stats uniq(path), uniq(level), uniq(bytes)", "3 3 5\n"),
        ("* | stats first(path), last(bytes), first(ts), last(level)", "/a -5 2026-09-09T00:00:00Z error\n"),
        (
            "* | stats min(ts), max(level) by path",
            "/a 2026-09-09T00:00:00Z info\n/b 2026-09-09T00:00:10Z error\n/c 2026-09-09T00:01:20Z warn\n",
        ),
        ("* | stats count() by bin(1m)", "2026-09-09T00:00:00Z 2\n2026-09-09T00:01:00Z 2\n2026-09-09T00:03:00Z 2\n"),
        ("* | stats count() by bin(bytes, 100)", "-100 1\n0 1\n100 1\n200 1\n300 1\n- 1\n"),
        ("* | stats count() by bin(duration, 0.5s)", "0.0 3\n0.5 1\n1.5 1\n- 1\n"),
        ("* | stats count() by path, level", "/a info 3\n/b error 2\n/c warn 1\n"),
        ("* | stats count() by nowhere, path", "- /a 3\n- /b 2\n- /c 1\n"),
        ("* | stats count() by path | sort by count, path desc | limit 2", "/c 1\n/b 2\n"),
        ("* | stats count() by path | where count >= 2 | stats count() as paths, sum(count) as all", "2 5\n"),
        ("* | stats sum(bytes) by path | where sum(bytes) > 100 | fields sum(bytes)", "450\n245\n"),
        ("* | stats count() by level | sort by level desc | tail 2", "warn 1\ninfo 3\n"),
        ("* | stats count() by level | where level >= warn", "warn 1\nerror 2\n"),
        (
            "* | stats count() by bin(1m) | where ts >= 2026-09-09T00:01 | stats count() by bin(1h)",
            "2026-09-09T00:00:00Z 2\n",
        ),
        ("* | stats max(ts) as last by path | where last < 2026-09-09T00:02 | fields -path", "2026-09-09T00:01:20Z\n"),
        ("* | top 2 by path", "/a 3\n/b 2\n"),
        ("* | top 1 path by sum(bytes)", "/a 450\n"),
        ("* | top bytes", "-5 1\n50 1\n100 1\n250 1\n300 1\n"),
        ("* | sort by bytes desc | limit 3 | stats sum(bytes), count()", "650 3\n"),
        ("* | limit 2 | where level = error | stats count()", "1\n"),
        ("* | tail 3 | stats count() by path", "/a 1\n/b 1\n/c 1\n"),
        ("request | where path ~ \"^/[ab]$\" | stats count()", "5\n"),
    ] {
        for rows_a_batch in [1, 2, 5, 100] {
            for stored in [false, true] {
                let how = How { rows_a_batch, threads: 1, stored };
                assert_eq!(show(&run(text, &log(), how).0), expected, "{text} {how:?}");
            }
        }
    }
}

#[test]
fn entries_come_in_the_order_asked_for() {
    for (text, expected) in [
        ("level = error", "10 210"),
        ("* | sort by bytes", "210 200 0 10 70 80"),
        ("* | sort by bytes desc", "70 10 0 200 210 80"),
        ("* | sort by path desc, bytes | limit 3", "80 210 10"),
        ("* | sort by level desc, ts desc", "210 10 80 200 70 0"),
        ("* | sort by ts desc | limit 2 | where path = /a", "200"),
        ("* | tail 2", "200 210"),
        ("* | limit 2", "0 10"),
        ("path = /a | limit 2 | sort by ts desc", "70 0"),
        ("* | limit 0", ""),
        ("* | sort by nowhere | limit 2", "0 10"),
    ] {
        for rows_a_batch in [1, 2, 4, 100] {
            let how = How { rows_a_batch, threads: 1, stored: rows_a_batch == 4 };
            let (outcome, out) = run(text, &log(), how);
            let seconds: Vec<String> = out
                .lines()
                .map(|line| {
                    let digits = line.split("Timestamp(").nth(1).unwrap().split(')').next().unwrap();
                    (digits.parse::<i64>().unwrap() / 1_000_000_000 - 1_788_912_000).to_string()
                })
                .collect();
            assert_eq!(seconds.join(" "), expected, "{text} {how:?}");
            assert_eq!(outcome.counts.shown as usize, seconds.len(), "{text}");
        }
    }
}

#[test]
fn fields_that_nothing_has_are_named() {
    let (outcome, _) = run("statsu = 5 or path = /a | stats count() by bites", &log(), PLAIN);
    assert_eq!(outcome.missing_fields, ["bites", "statsu"]);
    assert_eq!(outcome.counts.scanned, 6);
    assert_eq!(outcome.counts.matched, 3);
}

#[test]
fn a_failing_output_ends_the_scan() {
    let plan = Plan::new(&query("*"), &Projection::all());
    let render =
        |_: &EntryBatch, rows: &[u32]| Rendered { bytes: vec![b'x'; rows.len()], ends: (1..=rows.len()).collect() };
    let mut deliver = |_: Rendered| Err(io::Error::from(io::ErrorKind::BrokenPipe));
    let execution = Execution::new(&plan, &render, &mut deliver);
    let batch = batch_of(&log());
    assert!(execution.batch(0, &batch).is_err());
    assert_eq!(execution.batch(1, &batch).unwrap(), ControlFlow::Break(()));
}

#[test]
fn groups_beyond_the_memory_are_an_error_that_names_them() {
    let stats = query("* | stats count() by a");
    let crate::query::ast::Pipe::Stats(stats) = &stats.pipes[0] else { panic!("stats") };
    let aggregator = crate::query::exec::Aggregator::new(stats, ColumnKind::of_entry_field, 1 << 20);
    let mut result = Ok(());
    for sequence in 0..50 {
        let entries: Vec<LogEntry> = (0..1000)
            .map(|number| LogEntry {
                fields: vec![("a".to_owned(), Value::from(format!("key {sequence} {number}").as_str()))],
                ..LogEntry::default()
            })
            .collect();
        let batch = batch_of(&entries);
        let loader = crate::query::exec::Loader::new(&batch);
        result = aggregator.add(sequence, &loader, &crate::query::exec::Selection::all(batch.rows));
        if result.is_err() {
            break;
        }
    }
    let message = result.unwrap_err().to_string();
    assert!(message.contains("`stats` by a need more than 1 MiB"), "{message}");
}

/// What may follow a filter.
fn pipes() -> impl Strategy<Value = String> {
    let pipe = proptest::sample::select(
        &[
            "",
            "| limit 3",
            "| tail 4",
            "| sort by a desc, b",
            "| sort by b, ts desc | limit 5",
            "| sort by level desc, c | limit 2 | where b >= 1",
            "| limit 7 | stats count() by b",
            "| stats count(), sum(a), avg(a), sum(b) by b",
            "| stats min(a), max(a), first(a), last(a), uniq(a) by b, level",
            "| stats count() by a",
            "| stats p50(a), p99(b), median(a), count(a) by source",
            "| stats uniq(a), uniq(message), uniq(c) by bin(7s)",
            "| stats sum(a) as s by bin(b, 2), c | sort by s desc | limit 4",
            "| stats min(ts), max(level), first(ts) by c | sort by c desc",
            "| top 3 by a, b",
            "| fields a, b | where b > 1",
        ][..],
    );
    pipe.prop_map(str::to_owned)
}

proptest! {
    /// With a limit, only the rows that come first are made at all, and batches may be passed over.
    #[test]
    fn a_limit_keeps_the_first_of_what_comes_without_it(
        entries in entries(60), limit in 0..12_usize, rows_a_batch in 1..20_usize, stored in any::<bool>(),
        pipes in proptest::sample::select(&[
            "| stats count(), sum(a) as s, max(level) as l, min(b) by a",
            "| stats count(), sum(a) as s, max(level) as l, min(b) by a | sort by s",
            "| stats count(), sum(a) as s, max(level) as l, min(b) by a | sort by l desc, s | fields -a",
            "| stats count() as n by c, level | sort by level desc",
            "| stats count() as n by c, level | sort by n desc | fields c",
            "| stats first(b), avg(a) by bin(2s) | sort by ts desc",
            "| sort by ts desc",
            "| sort by ts, a desc",
            "| sort by b desc, level",
            "| where a:* | sort by -a, c",
        ][..]),
    ) {
        let how = How { rows_a_batch, threads: 3, stored };
        let all = run(&format!("* {pipes}"), &entries, PLAIN);
        let first = run(&format!("* {pipes} | limit {limit}"), &entries, how);
        match (all.0.table, first.0.table) {
            (Some(mut all), Some(first)) => {
                all.rows.truncate(limit);
                prop_assert_eq!(format!("{all:?}"), format!("{first:?}"));
            }
            _ => {
                let lines: String = all.1.split_inclusive('\n').take(limit).collect();
                prop_assert_eq!(first.1, lines);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases * 5 / 2,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/proptest-regressions/query_runs.txt"))),
        ..ProptestConfig::default()
    })]
    #[test]
    fn neither_threads_nor_cuts_nor_columns_change_the_answer(
        entries in entries(60), filter in filter(), pipes in pipes(),
        rows_a_batch in 1..20_usize, threads in 1..4_usize, stored in any::<bool>(),
    ) {
        let text = format!("{filter} {pipes}");
        let (expected, expected_out) = run(&text, &entries, PLAIN);
        let (found, found_out) = run(&text, &entries, How { rows_a_batch, threads, stored });
        // NaN equals nothing, so tables are compared as text.
        prop_assert_eq!(format!("{:?}", found.table), format!("{:?}", expected.table), "{}", text);
        prop_assert_eq!(found_out, expected_out, "{}", text);
        prop_assert_eq!(found.counts.shown, expected.counts.shown);
        let batch = batch_of(&entries);
        let filter = query(&filter).filter;
        let matching = batch.entries().filter(|entry| oracle::matches(&filter, *entry)).count() as u64;
        if pipes.is_empty() {
            prop_assert_eq!(found.counts.shown, matching);
        }
        if pipes.contains("by a") && !pipes.contains("top") && !pipes.contains("sort") {
            let table = found.table.expect("a table");
            let counted: i64 = table.rows.iter().map(|row| if let Some(Value::Int(n)) = row[1] { n } else { 0 }).sum();
            prop_assert_eq!(counted as u64, matching);
        }
    }
}
