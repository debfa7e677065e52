//! How many entries when: counts over bins of time, empty ones included.

use std::collections::BTreeMap;

use serde::Serialize;

use super::budget::{Budget, Cut};
use super::fields::{count_of, table};
use super::parameters::{Parameters, wrong};
use super::selection;
use crate::entry::{Timestamp, Value};
use crate::query::ast::{Aggregate, Bin, Function, Key, Pipe, Query, Stats, TimeBin};
use crate::query::{Filter, Test, literal, time_range};
use crate::serve::error::ApiError;
use crate::serve::org::OrgStore;

/// Bins when nobody says.
const USUAL: u64 = 60;
/// Bins at most.
const MOST: u64 = 2000;
/// The least width: a millisecond.
const LEAST: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Widths that people read easily, in seconds.
const WIDTHS: [i64; 19] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800];

/// How many entries when.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistogramAnswer {
    /// How long a bin is.
    #[schema(example = 60.0)]
    pub every_seconds: f64,
    /// The bins in order, without holes; none when no entry has a time.
    pub bins: Vec<HistogramBin>,
    /// Entries in all of them.
    pub total: u64,
    /// True when a limit was reached: counts are of what was looked at.
    pub truncated: bool,
    /// Which.
    pub truncated_by: Option<Cut>,
}

/// A bin.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistogramBin {
    /// Its first moment.
    #[schema(example = "2026-09-07T13:30:00Z")]
    pub start: String,
    /// Its entries.
    pub count: u64,
    /// Its entries of each level that occurs in it; those without one are under `none`. Only with `by=level`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub levels: Option<BTreeMap<String, u64>>,
}

/// What is asked.
#[derive(Debug)]
pub struct HistogramAsked {
    filter: Filter,
    bins: u64,
    every: Option<i64>,
    by_level: bool,
    /// When it is asked, in nanoseconds.
    now: i64,
}

impl HistogramAsked {
    /// Reads the parameters.
    ///
    /// # Errors
    /// 400 when something is wrong with them.
    pub fn read(
        pairs: Vec<(String, String)>,
        now: Timestamp,
        own: impl FnOnce() -> Result<Vec<String>, ApiError>,
    ) -> Result<HistogramAsked, ApiError> {
        let mut parameters = Parameters::new(pairs);
        let clock = selection::clock(&mut parameters, now)?;
        let range = selection::time_range(&mut parameters, &clock)?;
        let filter = selection::filter(&mut parameters, &clock)?;
        let bins = parameters.number("bins", 1..=MOST)?;
        let every = parameters.take("every")?;
        if bins.is_some() && every.is_some() {
            return Err(wrong("every", "give bins or every, not both"));
        }
        let width = |text: String| {
            let nanos = literal::duration(&text).filter(|nanos| *nanos >= LEAST);
            nanos.ok_or_else(|| wrong("every", "write a duration of at least 1ms, like 30s, 5m or 1h"))
        };
        let every = every.map(width).transpose()?;
        let by_level = parameters.choice("by", &[("level", true)])?.unwrap_or(false);
        let by_fields = selection::by_fields(&mut parameters, own)?;
        parameters.end()?;
        let timed = Filter::Field { field: "ts".to_owned(), test: Test::Exists };
        let filter = Filter::all_of(vec![range, filter, by_fields, timed]);
        Ok(HistogramAsked { filter, bins: bins.unwrap_or(USUAL), every, by_level, now: now.nanos() })
    }

    /// Counts.
    ///
    /// # Errors
    /// 400 when there would be too many bins; when the store cannot be read.
    pub fn run(&self, store: &OrgStore, budget: &Budget) -> Result<HistogramAnswer, ApiError> {
        let asked = time_range(&self.filter).unwrap_or((i64::MIN + 1, i64::MAX));
        // An end that nobody named is where the entries end, or now: one entry of a clock that is wrong must not stretch
        // the bins over years.
        let (least, greatest) = store.reader().time_range()?.unwrap_or((0, -1));
        let from = if asked.0 == i64::MIN + 1 { least } else { asked.0 };
        let to = match asked.1 {
            i64::MAX if from <= self.now => greatest.min(self.now),
            i64::MAX => greatest,
            named => named,
        };
        let every = self.every.unwrap_or_else(|| width(from, to, self.bins));
        let count = if from > to { 0 } else { makes(from, to, every) };
        if count > MOST as i64 {
            return Err(wrong("every", format!("that makes {count} bins; at most {MOST} are given")));
        }
        let levels = || self.by_level.then(BTreeMap::new);
        let first = TimeBin::new(every).start(from);
        let start = |bin: i64| first.saturating_add(bin.saturating_mul(every));
        let mut bins: Vec<HistogramBin> =
            (0..count).map(|bin| HistogramBin { start: text(start(bin)), count: 0, levels: levels() }).collect();
        if count > 0 {
            for row in &table(&self.query(every), store, budget)?.rows {
                let (Some(Value::Int(nanos)), Some(entries)) = (&row[0], row.last().and_then(Option::as_ref)) else {
                    continue;
                };
                let place = nanos.saturating_sub(first) / every;
                let Some(bin) = usize::try_from(place).ok().and_then(|place| bins.get_mut(place)) else { continue };
                let entries = count_of(entries);
                bin.count += entries;
                if let Some(levels) = &mut bin.levels {
                    let name = match &row[1] {
                        Some(Value::Text(name)) => String::from_utf8_lossy(name).into_owned(),
                        _ => "none".to_owned(),
                    };
                    *levels.entry(name).or_default() += entries;
                }
            }
        }
        Ok(HistogramAnswer {
            every_seconds: every as f64 / SECOND as f64,
            total: bins.iter().map(|bin| bin.count).sum(),
            bins,
            truncated: budget.reason().is_some(),
            truncated_by: budget.reason(),
        })
    }

    fn query(&self, every: i64) -> Query {
        let key = |field: &str, bin, name: &str| Key { field: field.to_owned(), bin, name: name.to_owned() };
        let mut keys = vec![key("ts", Bin::Time(TimeBin::new(every)), "bin")];
        keys.extend(self.by_level.then(|| key("level", Bin::Exact, "level")));
        let count = Aggregate { function: Function::Count, field: String::new(), name: "count".to_owned() };
        Query { filter: self.filter.clone(), pipes: vec![Pipe::Stats(Stats { aggregates: vec![count], keys })] }
    }
}

/// Returns how many bins of this width there are from one time to another.
fn makes(from: i64, to: i64, every: i64) -> i64 {
    let bin = TimeBin::new(every);
    let between = i128::from(bin.start(to)) - i128::from(bin.start(from));
    i64::try_from(between / i128::from(every) + 1).unwrap_or(i64::MAX)
}

/// Returns the least width of the usual ones that makes at most so many bins.
fn width(from: i64, to: i64, bins: u64) -> i64 {
    let bins = i64::try_from(bins).unwrap_or(i64::MAX);
    let usual = WIDTHS.into_iter().map(|seconds| seconds * SECOND).find(|every| makes(from, to, *every) <= bins);
    usual.unwrap_or_else(|| {
        // Years of logs in few bins: whole days, as many as it takes; one more where the bins begin off the edge.
        let span = i128::from(to) - i128::from(from);
        let days = span / i128::from(DAY) / i128::from((bins - 1).max(1)) + 1;
        i64::try_from(days * i128::from(DAY)).unwrap_or(i64::MAX)
    })
}

fn text(nanos: i64) -> String {
    let digits = if nanos % SECOND == 0 { 0 } else { 3 };
    Timestamp::from_nanos(nanos).map_or_else(String::new, |time| time.to_rfc3339(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_usual_ones_and_make_no_more_bins_than_asked() {
        let hour = 3600 * SECOND;
        for (from, to, bins, seconds) in [
            (0, hour - 1, 60, 60),
            (1, hour + 1, 60, 120),
            (0, 0, 1, 1),
            (0, 10 * DAY, 11, 86_400),
            (0, 364 * DAY - 1, 60, 604_800),
            (0, 3650 * DAY, 11, 366 * 86_400),
        ] {
            let every = width(from, to, bins);
            assert_eq!(every, seconds * SECOND, "{from} to {to} in {bins}");
            assert!(makes(from, to, every) <= bins as i64);
        }
        assert!(width(i64::MIN + 1, i64::MAX, 1) > 0);
    }
}
