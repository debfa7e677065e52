//! Nanoseconds a row, printed: `cargo test --release --lib speed -- --ignored --nocapture`.

use std::time::Instant;

use crate::entry::{Column, ColumnData, Dictionary, EntryBatch, Kind, Kinds, Projection, Span};
use crate::query::exec::{Execution, Rendered};
use crate::query::literal::Clock;
use crate::query::{BatchSink, Plan, Query};

const ROWS: usize = 65_536;

fn dictionary(distinct: usize, text: impl Fn(usize) -> String, code: impl Fn(usize) -> usize) -> Column {
    let mut dictionary =
        Dictionary { kinds: Kinds::Same(Kind::Text), payload: Vec::new(), text: Vec::new(), skipped: Vec::new() };
    for index in 0..distinct {
        let text = text(index);
        dictionary.payload.push(Span::chunk(dictionary.text.len(), text.len()).pack());
        dictionary.text.extend_from_slice(text.as_bytes());
    }
    let codes = (0..ROWS).map(|row| code(row) as u32).collect();
    Column { rows: None, data: ColumnData::Dict { codes, dictionary } }
}

fn plain(kind: Kind, payload: Vec<u64>) -> Column {
    Column { rows: None, data: ColumnData::Plain { kinds: Kinds::Same(kind), payload } }
}

/// A spread of numbers that looks random.
fn mixed(number: usize) -> usize {
    (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9) as usize
        >> 20
}

fn batch() -> EntryBatch {
    let mut batch = EntryBatch { rows: ROWS, ..EntryBatch::default() };
    batch.ts = (0..ROWS as i64).map(|row| 1_788_912_000_000_000_000 + row * 100_000_000).collect();
    batch.levels = (0..ROWS).map(|row| [3, 3, 3, 3, 5, 6][mixed(row) % 6]).collect();
    let mut spans = Vec::with_capacity(ROWS);
    for row in 0..ROWS {
        let start = batch.chunk.len();
        let line = format!(
            "10.0.{}.{} - - [07/Sep/2026:00:00:01 +0000] \"GET /api/v1/items/{} HTTP/1.1\" 200 {} \"-\" \"Mozilla/5.0\"{}",
            row % 256,
            mixed(row) % 256,
            mixed(row) % 100_000,
            mixed(row + 1) % 9999,
            if row % 1000 == 7 { " needle found" } else { "" }
        );
        batch.chunk.extend_from_slice(line.as_bytes());
        spans.push(Span::chunk(start, line.len()).pack());
        batch.chunk.push(b'\n');
    }
    batch.message = plain(Kind::Text, spans.clone());
    let status = ["200", "200", "200", "200", "304", "404", "500"];
    batch.fields = [
        ("status", dictionary(status.len(), |index| status[index].to_owned(), |row| mixed(row) % status.len())),
        ("ip", dictionary(20_000, |index| format!("10.{}.{}.7", index / 250, index % 250), |row| mixed(row) % 20_000)),
        (
            "ua",
            dictionary(
                400,
                |index| {
                    format!(
                        "Mozilla/5.0 (X11; Linux x86_64; rv:{index}) Gecko/20100101 Firefox/{index} agent{}",
                        index % 9
                    )
                },
                |row| mixed(row) % 400,
            ),
        ),
        (
            "path",
            dictionary(20_000, |index| format!("/presentations/images/item-{index}.png"), |row| mixed(row) % 20_000),
        ),
        ("bytes", plain(Kind::Int, (0..ROWS).map(|row| mixed(row) as u64 % 70_000).collect())),
        ("code", plain(Kind::Int, (0..ROWS).map(|row| [200, 200, 200, 404, 500][mixed(row) % 5]).collect())),
        ("duration", plain(Kind::Float, (0..ROWS).map(|row| (mixed(row) as f64 / 1e15).to_bits()).collect())),
        ("text", plain(Kind::Text, spans)),
    ]
    .into_iter()
    .map(|(name, column)| (name.into(), column))
    .collect();
    batch
}

#[test]
#[ignore = "measures; nothing is asserted but that it runs"]
#[allow(clippy::print_stdout, reason = "the result is for the eye")]
fn nanoseconds_a_row() {
    let batch = batch();
    let render = |_: &EntryBatch, rows: &[u32]| Rendered { bytes: vec![], ends: vec![0; rows.len()] };
    let clock = Clock { now: crate::entry::Timestamp::from_nanos(0).unwrap(), offset_seconds: 0 };
    for text in [
        "* | stats count()",
        "* | stats count() by status",
        "* | stats count() by code",
        "* | stats count() by ip",
        "* | stats sum(bytes) by ip",
        "* | stats sum(duration) by status",
        "* | stats p99(duration) by status",
        "* | stats uniq(ip)",
        "* | stats uniq(ip) by status",
        "* | stats uniq(bytes)",
        "* | stats count() by status, code",
        "* | stats count() by text",
        "* | stats count() by bin(1m)",
        "* | stats min(bytes), max(duration) by status",
        "level = error | stats count()",
        "bytes > 60000 | stats count()",
        "status >= 500 | stats count()",
        "path:item-77* | stats count()",
        "path:png | stats count()",
        "ua ~ \"Firefox/3[0-9] .*5$\" | stats count()",
        "needle | stats count()",
        "items | stats count()",
        "message ~ \"needle f\" | stats count()",
        "text = nothing | stats count()",
        "* | sort by bytes desc | limit 100 | stats count()",
        "* | tail 100 | stats count()",
        "ts >= 2026-09-09T01:00 ts < 2026-09-09T02:00 status >= 500 | tail 100 | stats count()",
    ] {
        let plan = Plan::new(&Query::parse(text, &clock).unwrap(), &Projection::all());
        let mut deliver = |_| Ok(());
        let execution = Execution::new(&plan, &render, &mut deliver);
        const ROUNDS: u64 = 40;
        let _ = execution.batch(0, &batch);
        let start = Instant::now();
        for sequence in 1..=ROUNDS {
            let _ = execution.batch(sequence, &batch).unwrap();
        }
        let nanos = start.elapsed().as_nanos() as f64 / (ROUNDS as f64 * ROWS as f64);
        let outcome = execution.finish().unwrap();
        println!("{nanos:8.2} ns  {text}  ({} matched)", outcome.counts.matched);
    }
}
