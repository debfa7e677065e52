//! Counts the entries of a scan into bins of time.
//!
//! How long the log is, and so how wide a bin should be, is known only at the end. So counting starts
//! with narrow bins and widens them all when there get to be too many. The width that comes out is the
//! narrowest of a fixed ladder at which the log's entries fill no more than [`MAX_BINS`] bins: it
//! depends on the set of entries alone, not on their order, the cuts between batches or the threads.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hashbrown::HashMap;

use super::counts::status_class;
use super::{Counts, Series};
use crate::entry::{ColumnData, Kind, Kinds, NO_TIME, Projection, ValueRef};
use crate::query::{BatchSink, ColumnView, Columns, Need, ScanError};

/// How many bins that hold entries there may be before they are widened.
const MAX_BINS: usize = 20_000;
const SECOND: i64 = 1_000_000_000;
/// Widths in seconds; each divides the next and, up to a day, a day.
const LADDER: [i64; 15] =
    [1, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 30 * 86_400, 360 * 86_400];

type Bins = HashMap<i64, Counts, foldhash::fast::FixedState>;

/// Counts the entries of a scan per bin, level and status class.
#[derive(Debug)]
pub struct SeriesCollector {
    /// The width all batches counted so far were brought to, in nanoseconds.
    width: AtomicI64,
    /// True when the user chose the width: then it doubles instead of following the ladder.
    chosen: bool,
    tally: Mutex<Tally>,
}

#[derive(Debug)]
struct Tally {
    width: i64,
    bins: Bins,
    untimed: u64,
}

impl SeriesCollector {
    /// Makes a collector. `every` is the width of a bin, if the user chose one; it is doubled only when
    /// the log would fill more than 20,000 bins.
    pub fn new(every: Option<Duration>) -> SeriesCollector {
        let width = every.map_or(SECOND, |every| i64::try_from(every.as_nanos()).unwrap_or(i64::MAX).max(1));
        let tally = Tally { width, bins: Bins::default(), untimed: 0 };
        SeriesCollector { width: AtomicI64::new(width), chosen: every.is_some(), tally: Mutex::new(tally) }
    }

    /// Returns what the collector has to be given of each entry.
    pub fn projection() -> Projection {
        Projection::only(["ts", "level", "status"])
    }

    /// Returns the counts when the scan is over.
    pub fn finish(self) -> Series {
        let tally = self.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut bins: Vec<(i64, Counts)> = tally.bins.into_iter().collect();
        bins.sort_unstable_by_key(|(bin, _)| *bin);
        Series { width: tally.width, chosen: self.chosen, bins, untimed: tally.untimed }
    }

    /// Adds what one batch was counted to.
    fn merge(&self, batch: BatchCount) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.untimed += batch.untimed;
        for (bin, counts) in &batch.bins {
            // The batch was counted at this width or at an earlier one, which divides it.
            let bin = if batch.width == tally.width { *bin } else { rebin(*bin, batch.width, tally.width) };
            tally.bins.entry(bin).or_default().add(counts);
            while tally.bins.len() > MAX_BINS {
                let width = self.wider(tally.width);
                tally.widen(width);
            }
        }
        self.width.store(tally.width, Ordering::Relaxed);
    }

    fn wider(&self, width: i64) -> i64 {
        if self.chosen {
            return width.saturating_mul(2);
        }
        LADDER.iter().map(|seconds| seconds * SECOND).find(|step| *step > width).unwrap_or(width.saturating_mul(2))
    }
}

impl Tally {
    fn widen(&mut self, width: i64) {
        let narrow = std::mem::take(&mut self.bins);
        for (bin, counts) in narrow {
            self.bins.entry(rebin(bin, self.width, width)).or_default().add(&counts);
        }
        self.width = width;
    }
}

/// Returns the bin of width `to` in which bin `bin` of width `from` lies.
fn rebin(bin: i64, from: i64, to: i64) -> i64 {
    ((bin as i128 * from as i128).div_euclid(to as i128)) as i64
}

impl BatchSink for SeriesCollector {
    fn batch(&self, _sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let mut count = BatchCount::new(self.width.load(Ordering::Relaxed));
        count.times(&batch.ts()?, batch.rows());
        count.levels(&batch.levels()?);
        if let Some(status) = batch.column("status", Need::All)? {
            count.statuses(&status);
        }
        self.merge(count);
        Ok(ControlFlow::Continue(()))
    }
}

/// The counts of one batch.
struct BatchCount {
    width: i64,
    /// The counts, in the order of the runs. A bin may stand here twice: merging adds them up.
    bins: Vec<(i64, Counts)>,
    /// Neighbouring rows of the same bin: first row, row after the last, index into `bins`.
    runs: Vec<(u32, u32, u32)>,
    untimed: u64,
}

impl BatchCount {
    fn new(width: i64) -> BatchCount {
        BatchCount { width, bins: Vec::new(), runs: Vec::new(), untimed: 0 }
    }

    /// Cuts the rows into runs of the same bin. Entries come mostly in time order, so most rows cost
    /// one comparison and no division.
    fn times(&mut self, ts: &[i64], rows: usize) {
        self.untimed += (rows - ts.len().min(rows)) as u64;
        let mut row = 0;
        while row < ts.len() {
            if ts[row] == NO_TIME {
                self.untimed += 1;
                row += 1;
                continue;
            }
            let bin = ts[row].div_euclid(self.width);
            // One comparison a row; "no time" lies before any start.
            let start = bin.saturating_mul(self.width).max(NO_TIME + 1);
            let same = |ts: &i64| (ts.wrapping_sub(start) as u64) < self.width as u64;
            let length = ts[row..].iter().position(|ts| !same(ts)).unwrap_or(ts.len() - row);
            let slot = self.slot(bin);
            self.runs.push((row as u32, (row + length) as u32, slot));
            row += length;
        }
    }

    /// Returns the place of a bin in `bins`, a new one when it is not among the last few.
    fn slot(&mut self, bin: i64) -> u32 {
        let recent = self.bins.len().saturating_sub(8);
        let known = self.bins[recent..].iter().rposition(|(known, _)| *known == bin);
        let slot = known.map_or(self.bins.len(), |index| recent + index);
        if known.is_none() {
            self.bins.push((bin, Counts::default()));
        }
        slot as u32
    }

    fn levels(&mut self, levels: &[u8]) {
        let none = levels.iter().all(|level| *level == 0);
        for (start, end, slot) in &self.runs {
            let counts = &mut self.bins[*slot as usize].1.levels;
            match levels.get(*start as usize..*end as usize) {
                Some(levels) if !none => {
                    count_each(levels.len(), |index| if levels[index] < 10 { levels[index] } else { 0 }, counts);
                }
                Some(_) | None => counts[0] += (end - start) as u64,
            }
        }
    }

    fn statuses(&mut self, status: &ColumnView<'_>) {
        match &status.column.data {
            ColumnData::Plain { kinds: Kinds::Same(Kind::Int), payload } => {
                self.classes(status, |index| status_class(payload[index] as i64) as u8);
            }
            ColumnData::Plain { .. } => {
                self.classes(status, |index| class_of(status.column.value(index, status.text)));
            }
            ColumnData::Dict { codes, dictionary } => {
                let classes: Vec<u8> =
                    (0..dictionary.len() as u32).map(|code| class_of(dictionary.value(code))).collect();
                self.classes(status, |index| classes[codes[index] as usize]);
            }
        }
    }

    /// Counts the class of each value.
    #[inline]
    fn classes(&mut self, status: &ColumnView<'_>, class: impl Fn(usize) -> u8) {
        let mut cursor = 0;
        for (start, end, slot) in &self.runs {
            let indexes = match &status.column.rows {
                None => (*start as usize).min(status.column.len())..(*end as usize).min(status.column.len()),
                Some(rows) => {
                    let first = cursor + rows[cursor..].iter().take_while(|row| *row < start).count();
                    cursor = first + rows[first..].iter().take_while(|row| *row < end).count();
                    first..cursor
                }
            };
            let mut classes = [0; 7];
            count_each(indexes.len(), |index| class(indexes.start + index), &mut classes);
            let counts = &mut self.bins[*slot as usize].1.classes;
            counts.iter_mut().zip(classes).for_each(|(count, more)| *count += more);
        }
    }
}

/// Adds to `counts[n]` how many of `length` indexes have number `n`, which must be below `N`.
///
/// The counters stand side by side in one register: counting in memory waits for the last store to the
/// same counter, and most rows have the same number.
#[inline]
fn count_each<const N: usize>(length: usize, number: impl Fn(usize) -> u8, counts: &mut [u64; N]) {
    let bits = 64 / N as u32;
    let most = (1 << bits) - 1;
    let mut start = 0;
    while start < length {
        let end = length.min(start + most);
        let packed: u64 = (start..end).map(|index| 1_u64 << (u32::from(number(index)) * bits)).sum();
        for (place, count) in counts.iter_mut().enumerate() {
            *count += packed >> (place as u32 * bits) & most as u64;
        }
        start = end;
    }
}

/// The class of a value that is no integer: not counted.
const NO_STATUS: u8 = 6;

fn class_of(value: ValueRef<'_>) -> u8 {
    match value {
        ValueRef::Int(status) => status_class(status) as u8,
        ValueRef::Float(_) | ValueRef::Text(_) | ValueRef::Bool(_) | ValueRef::Json(_) => NO_STATUS,
    }
}
