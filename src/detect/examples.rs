//! Lines that show a finding, found in a second pass over the entries.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use super::counts::status_class;
use super::finding::{Finding, Kind, time_text};
use super::track::SeriesName;
use crate::entry::{LogLevel, NO_TIME, Projection, Timestamp, ValueRef};
use crate::query::{BatchSink, ColumnView, Columns, Comparison, Filter, Need, Operand, ScanError, Test};

/// An example is cut to so many bytes.
const LONGEST: usize = 2000;

/// Picks the first entries of each finding; of a silence, the last ones before it.
///
/// The answer depends on the order of the entries alone, not on the threads.
#[derive(Debug)]
pub struct ExampleCollector {
    wanted: usize,
    places: Vec<Place>,
}

/// Where the examples of a finding stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub from: i64,
    pub to: i64,
    pub series: SeriesName,
    /// True to keep the last entries instead of the first.
    pub last: bool,
}

impl Window {
    pub fn of(finding: &Finding) -> Window {
        let (from, to) = (finding.from.nanos(), finding.to.nanos());
        let silence = finding.kind == Kind::Silence;
        let before = from.saturating_sub((to - from).clamp(60_000_000_000, 3_600_000_000_000));
        Window {
            from: if silence { before } else { from },
            to: if silence { from } else { to },
            series: finding.examples_of,
            last: silence,
        }
    }
}

#[derive(Debug)]
struct Place {
    window: Window,
    /// By batch and row, at most as many as wanted.
    found: Mutex<BTreeMap<(u64, u32), String>>,
}

impl ExampleCollector {
    /// Makes a collector of up to `wanted` examples for each of `findings`.
    pub fn new(findings: &[Finding], wanted: usize) -> ExampleCollector {
        let place = |finding| Place { window: Window::of(finding), found: Mutex::new(BTreeMap::new()) };
        ExampleCollector { wanted, places: findings.iter().map(place).collect() }
    }

    /// Returns what the collector has to be given of each entry.
    pub fn projection() -> Projection {
        Projection::only(["ts", "level", "status", "raw", "message"])
    }

    /// Returns the entries that may be examples, so that a store can skip the rest. Nothing matches when
    /// there is no finding.
    pub fn filter(&self) -> Filter {
        let windows = || self.places.iter().map(|place| place.window);
        let ranges = windows().map(|window| between(window.from, window.to));
        let around = || Some((windows().map(|w| w.from).min()?, windows().map(|w| w.to).max()?));
        match around() {
            None => Filter::Or(Vec::new()),
            Some((from, to)) if self.places.len() > 1 => {
                Filter::And(vec![between(from, to), Filter::Or(ranges.collect())])
            }
            Some((from, to)) => between(from, to),
        }
    }

    /// Puts the examples into the findings the collector was made for.
    pub fn finish(self, findings: &mut [Finding]) {
        for (finding, place) in findings.iter_mut().zip(self.places) {
            let found = place.found.into_inner().unwrap_or_else(PoisonError::into_inner);
            finding.examples = found.into_values().collect();
        }
    }
}

impl Place {
    /// Returns false when entries of this batch can no longer be examples.
    fn open(&self, sequence: u64, wanted: usize) -> bool {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let outermost = if self.window.last { found.first_key_value() } else { found.last_key_value() };
        found.len() < wanted
            || outermost
                .is_some_and(|((batch, _), _)| if self.window.last { sequence > *batch } else { sequence < *batch })
    }

    fn keep(&self, sequence: u64, row: u32, text: String, wanted: usize) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.insert((sequence, row), text);
        if found.len() > wanted {
            if self.window.last {
                found.pop_first()
            } else {
                found.pop_last()
            };
        }
    }
}

impl BatchSink for ExampleCollector {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let open: Vec<&Place> = self.places.iter().filter(|place| place.open(sequence, self.wanted)).collect();
        if open.is_empty() || self.wanted == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        let ts = batch.ts()?;
        let mut levels = None;
        let mut status = None;
        for place in open {
            let window = place.window;
            let inside = |row: &u32| {
                let time = ts[*row as usize];
                time != NO_TIME && (window.from..window.to).contains(&time)
            };
            let mut rows: Vec<u32> = (0..ts.len() as u32).filter(inside).collect();
            if rows.is_empty() {
                continue;
            }
            match window.series {
                SeriesName::Entries => {}
                SeriesName::Level(_) | SeriesName::ErrorShare => {
                    let levels = match &levels {
                        Some(levels) => levels,
                        None => levels.insert(batch.levels()?),
                    };
                    rows.retain(|row| {
                        let level = levels.get(*row as usize).and_then(|level| LogLevel::from_u8(*level));
                        level.is_some_and(|level| match window.series {
                            SeriesName::Level(wanted) => level == wanted,
                            _ => level >= LogLevel::Error,
                        })
                    });
                }
                SeriesName::Status(_) | SeriesName::ServerErrorShare => {
                    let status = match &status {
                        Some(status) => status,
                        None => status.insert(batch.column("status", Need::All)?),
                    };
                    let class = if let SeriesName::Status(class) = window.series { class as usize } else { 5 };
                    rows.retain(|row| status.as_ref().is_some_and(|status| has_class(status, *row, class)));
                }
            }
            let skip = if window.last { rows.len().saturating_sub(self.wanted) } else { 0 };
            let rows: Vec<u32> = rows.into_iter().skip(skip).take(self.wanted).collect();
            let entries = batch.gather(&rows, &ExampleCollector::projection())?;
            for (entry, row) in entries.entries().zip(rows) {
                let raw = entry.raw().filter(|raw| !raw.is_empty());
                if let Some(text) = raw.or(entry.message()) {
                    place.keep(sequence, row, readable(text, LONGEST), self.wanted);
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn has_class(status: &ColumnView<'_>, row: u32, class: usize) -> bool {
    let value = status.column.position(row).map(|index| status.column.value(index, status.text));
    matches!(value, Some(ValueRef::Int(status)) if status_class(status) == class)
}

/// Returns log text as UTF-8, cut to `longest` bytes.
pub(super) fn readable(text: &[u8], longest: usize) -> String {
    match text.get(..longest) {
        Some(head) => format!("{}…", String::from_utf8_lossy(head)),
        None => String::from_utf8_lossy(text).into_owned(),
    }
}

fn between(from: i64, to: i64) -> Filter {
    let test = |comparison, nanos| {
        let time = Timestamp::from_nanos(nanos);
        let operand = Operand { text: time.map(time_text).unwrap_or_default(), number: None, integer: None, time };
        Filter::Field { field: "ts".to_owned(), test: Test::Compare(comparison, operand) }
    };
    Filter::And(vec![test(Comparison::GreaterOrEqual, from), test(Comparison::Less, to)])
}
