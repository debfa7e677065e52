//! Lines that show findings, kept while a log passes that can be read only once.
//!
//! What will be found is not known yet, so for each stretch of time the first and the last entries of every level
//! and status class are kept. Like the counts, stretches begin narrow and are widened when there get to be too many;
//! so what is kept depends on the entries alone, and memory has a bound.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use super::collect::{LADDER, SECOND};
use super::counts::status_class;
use super::examples::{Window, readable};
use super::finding::Finding;
use super::track::SeriesName;
use crate::entry::{LogLevel, NO_TIME, Projection, ValueRef};
use crate::query::{BatchSink, Columns, Need, ScanError};

/// How many cells (a kind of entry in a stretch of time) there may be before stretches are widened.
const MAX_CELLS: usize = 16_384;
/// How many entries a cell keeps of its beginning, and of its end.
const KEPT: usize = 3;
/// A kept line is cut to so many bytes: at most 48 MiB for all.
const LONGEST: usize = 500;
/// Number of the kind of all entries; levels have their numbers 1 to 9, status classes 10 + first digit.
const ANY: u8 = 0;
const STATUS: u8 = 10;
const KINDS: usize = 16;

/// Keeps lines for later.
#[derive(Debug, Default)]
pub struct LineKeeper {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Place on the ladder of widths.
    step: usize,
    /// By beginning and kind.
    cells: HashMap<(i64, u8), Cell, foldhash::fast::FixedState>,
}

#[derive(Debug, Default)]
struct Cell {
    first: BTreeMap<(u64, u32), Line>,
    last: BTreeMap<(u64, u32), Line>,
}

#[derive(Clone, Debug)]
struct Line {
    ts: i64,
    text: Arc<str>,
}

/// The first and last rows of a batch in a cell.
#[derive(Clone, Copy, Default)]
struct Rows {
    count: usize,
    first: [u32; KEPT],
    /// The row number `count` last stands at `count % KEPT`.
    last: [u32; KEPT],
}

impl Rows {
    fn add(&mut self, row: u32) {
        if let Some(place) = self.first.get_mut(self.count) {
            *place = row;
        }
        self.last[self.count % KEPT] = row;
        self.count += 1;
    }

    fn all(&self) -> impl Iterator<Item = u32> {
        let count = self.count.min(KEPT);
        self.first[..count].iter().chain(&self.last[..count]).copied()
    }
}

fn width(step: usize) -> i64 {
    LADDER[step] * SECOND
}

fn start(ts: i64, width: i64) -> i64 {
    ts.saturating_sub(ts.rem_euclid(width))
}

impl LineKeeper {
    /// Returns what the keeper has to be given of each entry.
    pub fn projection() -> Projection {
        Projection::only(["ts", "level", "status", "raw", "message"])
    }

    /// Puts up to `wanted` examples into each finding.
    pub fn finish(self, findings: &mut [Finding], wanted: usize) {
        let kept = self.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        let width = width(kept.step);
        for finding in findings {
            let window = Window::of(finding);
            let mut found = BTreeMap::new();
            for ((start, kind), cell) in &kept.cells {
                let near = *start < window.to && start.saturating_add(width) > window.from;
                if near && shows(window.series, *kind) {
                    let lines = cell.first.iter().chain(&cell.last);
                    let inside = lines.filter(|(_, line)| (window.from..window.to).contains(&line.ts));
                    found.extend(inside.map(|(place, line)| (*place, line.text.clone())));
                }
            }
            let skipped = if window.last { found.len().saturating_sub(wanted) } else { 0 };
            finding.examples = found.into_values().skip(skipped).take(wanted).map(|text| text.to_string()).collect();
        }
    }
}

/// Returns true when entries of a kind show what happened to a series.
fn shows(series: SeriesName, kind: u8) -> bool {
    match series {
        SeriesName::Entries => kind == ANY,
        SeriesName::Level(level) => kind == level as u8,
        SeriesName::Status(class) => kind == STATUS + class,
        SeriesName::ErrorShare => (LogLevel::Error as u8..STATUS).contains(&kind),
        SeriesName::ServerErrorShare => kind == STATUS + 5,
    }
}

impl Kept {
    fn add(&mut self, start_of: i64, kind: u8, place: (u64, u32), line: &Line) {
        let cell = self.cells.entry((start(start_of, width(self.step)), kind)).or_default();
        cell.add(place, line);
    }

    fn widen(&mut self) {
        while self.cells.len() > MAX_CELLS && self.step + 1 < LADDER.len() {
            self.step += 1;
            for ((begin, kind), cell) in std::mem::take(&mut self.cells) {
                let wide = self.cells.entry((start(begin, width(self.step)), kind)).or_default();
                cell.first.iter().chain(&cell.last).for_each(|(place, line)| wide.add(*place, line));
            }
        }
    }
}

impl Cell {
    fn add(&mut self, place: (u64, u32), line: &Line) {
        let is_first = self.first.len() < KEPT || self.first.last_key_value().is_some_and(|(last, _)| place < *last);
        if is_first {
            self.first.insert(place, line.clone());
            if self.first.len() > KEPT {
                self.first.pop_last();
            }
        }
        let is_last = self.last.len() < KEPT || self.last.first_key_value().is_some_and(|(first, _)| place > *first);
        if is_last {
            self.last.insert(place, line.clone());
            if self.last.len() > KEPT {
                self.last.pop_first();
            }
        }
    }
}

impl BatchSink for LineKeeper {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let width = width(self.kept.lock().unwrap_or_else(PoisonError::into_inner).step);
        let (ts, levels) = (batch.ts()?, batch.levels()?);
        let status = batch.column("status", Need::All)?;
        let class = |row: u32| {
            let status = status.as_ref()?;
            match status.column.value(status.column.position(row)?, status.text) {
                ValueRef::Int(status) => Some(status_class(status) as u8),
                ValueRef::Text(_) | ValueRef::Float(_) | ValueRef::Bool(_) | ValueRef::Json(_) => None,
            }
        };
        // Neighbours mostly share a stretch of time.
        let mut stretches: HashMap<i64, [Rows; KINDS]> = HashMap::new();
        let mut current = (NO_TIME, [Rows::default(); KINDS]);
        for (row, time) in ts.iter().enumerate().filter(|(_, time)| **time != NO_TIME) {
            let begin = start(*time, width);
            if begin != current.0 {
                let next = stretches.remove(&begin).unwrap_or_default();
                let (known, rows) = std::mem::replace(&mut current, (begin, next));
                stretches.insert(known, rows);
            }
            let row = row as u32;
            current.1[usize::from(ANY)].add(row);
            if let Some(level) = levels.get(row as usize).filter(|level| (1..STATUS).contains(*level)) {
                current.1[usize::from(*level)].add(row);
            }
            if let Some(class) = class(row) {
                current.1[usize::from(STATUS + class)].add(row);
            }
        }
        stretches.insert(current.0, current.1);

        let mut rows: Vec<u32> = stretches.values().flatten().flat_map(Rows::all).collect();
        rows.sort_unstable();
        rows.dedup();
        let entries = batch.gather(&rows, &LineKeeper::projection())?;
        let lines: Vec<Line> = entries
            .entries()
            .zip(&rows)
            .map(|(entry, row)| {
                let text = entry.raw().filter(|raw| !raw.is_empty()).or(entry.message()).unwrap_or_default();
                Line { ts: ts[*row as usize], text: readable(text, LONGEST).into() }
            })
            .collect();

        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (begin, kinds) in &stretches {
            for (kind, of_kind) in kinds.iter().enumerate() {
                for row in of_kind.all() {
                    let index = rows.binary_search(&row).expect("every row was gathered");
                    if !lines[index].text.is_empty() {
                        kept.add(*begin, kind as u8, (sequence, row), &lines[index]);
                    }
                }
            }
        }
        kept.widen();
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Kind;
    use crate::detect::Severity;
    use crate::entry::{EntryBatch, Span, Timestamp};

    fn finding(kind: Kind, series: SeriesName, from: i64, to: i64) -> Finding {
        let time = |seconds| Timestamp::from_seconds(seconds, 0).unwrap();
        Finding {
            kind,
            series,
            from: time(from),
            to: time(to),
            observed: 0.0,
            expected: 0.0,
            expected_low: 0.0,
            expected_high: 0.0,
            score: 9.0,
            severity: Severity::Warning,
            explanation: String::new(),
            also: Vec::new(),
            examples: Vec::new(),
            examples_of: series,
        }
    }

    /// An entry every second from 1970 on, an error every tenth, each with its number as its line.
    fn batch(from: u32, to: u32) -> EntryBatch {
        let mut batch = EntryBatch { rows: (to - from) as usize, ..EntryBatch::default() };
        for number in from..to {
            let start = batch.chunk.len();
            batch.chunk.extend(number.to_string().bytes());
            batch.raw.push(Span::chunk(start, batch.chunk.len() - start));
            batch.ts.push(i64::from(number) * SECOND);
            batch.levels.push(if number % 10 == 0 { LogLevel::Error } else { LogLevel::Info } as u8);
        }
        batch
    }

    fn examples(order: &[u64], findings: &[Finding]) -> Vec<String> {
        let keeper = LineKeeper::default();
        for sequence in order {
            let from = *sequence as u32 * 5000;
            assert!(keeper.batch(*sequence, &batch(from, from + 5000)).unwrap().is_continue());
        }
        let kept = keeper.kept.lock().unwrap().cells.len();
        assert!(kept <= MAX_CELLS && kept > 1000, "{kept}");
        let mut findings = findings.to_vec();
        keeper.finish(&mut findings, 3);
        findings.iter().map(|finding| finding.examples.join(" ")).collect()
    }

    #[test]
    fn lines_of_the_time_are_there_whatever_the_order() {
        let findings = [
            finding(Kind::Spike, SeriesName::Entries, 12_000, 12_600),
            finding(Kind::Spike, SeriesName::Level(LogLevel::Error), 12_001, 12_600),
            finding(Kind::ErrorRatio, SeriesName::ErrorShare, 600, 1200),
            finding(Kind::Silence, SeriesName::Entries, 20_000, 20_600),
            finding(Kind::Spike, SeriesName::Status(5), 600, 1200),
        ];
        let expected = ["12000 12001 12002", "12010 12020 12030", "600 610 620", "19997 19998 19999", ""];
        for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 2]] {
            let found = examples(&order, &findings);
            // Stretches are 5 s wide by now: their first and last lines are there, not all.
            assert_eq!(found, expected, "{order:?}");
        }
    }
}
