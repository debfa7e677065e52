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
pub(super) const SECOND: i64 = 1_000_000_000;
/// Widths in seconds; each divides the next and, up to a day, a day.
pub(super) const LADDER: [i64; 15] =
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

    /// Cuts the rows into runs of the same bin. Entries come mostly in time order, so most rows cost no division.
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
            // "No time" lies before any start.
            let start = bin.saturating_mul(self.width).max(NO_TIME + 1);
            let length = inside(&ts[row..], start, start.saturating_add(self.width - 1));
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
                Some(levels) if !none => count_each(levels, |level| LEVELS[(level & 15) as usize], counts),
                Some(_) | None => counts[0] += (end - start) as u64,
            }
        }
    }

    fn statuses(&mut self, status: &ColumnView<'_>) {
        match &status.column.data {
            ColumnData::Plain { kinds: Kinds::Same(Kind::Int), payload } => {
                self.classes(status.column.rows.as_deref(), payload, |status| STATUSES[(*status).min(600) as usize]);
            }
            ColumnData::Plain { payload, .. } => {
                let classes: Vec<u8> =
                    (0..payload.len()).map(|index| class_of(status.column.value(index, status.text))).collect();
                self.classes(status.column.rows.as_deref(), &classes, |class| one::<7>(*class as usize));
            }
            ColumnData::Dict { codes, dictionary } => {
                let classes: Vec<u64> = (0..dictionary.len() as u32)
                    .map(|code| one::<7>(class_of(dictionary.value(code)) as usize))
                    .collect();
                self.classes(status.column.rows.as_deref(), codes, |code| classes[*code as usize]);
            }
        }
    }

    /// Counts the class of each value.
    #[inline]
    fn classes<T>(&mut self, rows: Option<&[u32]>, values: &[T], class: impl Fn(&T) -> u64) {
        let mut cursor = 0;
        for (start, end, slot) in &self.runs {
            let values = match rows {
                None => &values[(*start as usize).min(values.len())..(*end as usize).min(values.len())],
                Some(rows) => {
                    let first = cursor + rows[cursor..].iter().take_while(|row| *row < start).count();
                    cursor = first + rows[first..].iter().take_while(|row| *row < end).count();
                    &values[first..cursor]
                }
            };
            let mut classes = [0; 7];
            count_each(values, &class, &mut classes);
            let counts = &mut self.bins[*slot as usize].1.classes;
            counts.iter_mut().zip(classes).for_each(|(count, more)| *count += more);
        }
    }
}

/// Returns how many of the first values lie from `first` to `last`, by blocks: the sign of a difference
/// tells, and where one of the two overflows the other is negative.
fn inside(ts: &[i64], first: i64, last: i64) -> usize {
    let out = |ts: &i64| ts.wrapping_sub(first) | last.wrapping_sub(*ts);
    let blocks = ts.chunks_exact(16).take_while(|block| block.iter().fold(0, |any, ts| any | out(ts)) >= 0).count();
    let whole = blocks * 16;
    whole + ts[whole..].iter().take_while(|ts| out(ts) >= 0).count()
}

/// Adds to `counts` what the values count as: `counter` gives for each the [`one`] of its place.
///
/// The counters stand side by side in one register: counting in memory waits for the last store to the
/// same counter, and most rows have the same one.
#[inline]
fn count_each<T, const N: usize>(values: &[T], counter: impl Fn(&T) -> u64, counts: &mut [u64; N]) {
    let bits = 64 / N;
    let most = (1 << bits) - 1;
    for values in values.chunks(most) {
        let packed: u64 = values.iter().map(&counter).sum();
        for (place, count) in counts.iter_mut().enumerate() {
            *count += packed >> (place * bits) & most as u64;
        }
    }
}

/// A one in the counter of `place` among `N`.
const fn one<const N: usize>(place: usize) -> u64 {
    1 << (place * (64 / N))
}

/// What each level number counts as; numbers no level has count as none.
const LEVELS: [u64; 16] = {
    let mut ones = [one::<10>(0); 16];
    let mut level = 0;
    while level < 10 {
        ones[level] = one::<10>(level);
        level += 1;
    }
    ones
};

/// What each status counts as; 600 stands for every greater number.
const STATUSES: [u64; 601] = {
    let mut ones = [one::<7>(0); 601];
    let mut status = 100;
    while status < 600 {
        ones[status] = one::<7>(status / 100);
        status += 1;
    }
    ones
};

/// The class of a value that is no integer: not counted.
const NO_STATUS: u8 = 6;

fn class_of(value: ValueRef<'_>) -> u8 {
    match value {
        ValueRef::Int(status) => status_class(status) as u8,
        ValueRef::Float(_) | ValueRef::Text(_) | ValueRef::Bool(_) | ValueRef::Json(_) => NO_STATUS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_at_the_first_time_outside() {
        let mut times = vec![105; 40];
        assert_eq!(inside(&times, 100, 109), 40);
        for (at, time) in [(39, 110), (17, 99), (16, i64::MAX), (3, NO_TIME)] {
            times[at] = time;
            assert_eq!(inside(&times, 100, 109), at, "{time}");
        }
        let (first, last) = (NO_TIME + 1, NO_TIME + 5);
        assert_eq!(inside(&[first, last, NO_TIME], first, last), 2);
        assert_eq!(inside(&[i64::MAX - 1, i64::MAX, 0], i64::MAX - 1, i64::MAX), 2);
        assert_eq!(inside(&[first, i64::MAX], first, last), 1);
    }

    #[test]
    fn packed_counters_do_not_run_over() {
        let mut counts = [0; 10];
        count_each(&[3_u8; 1000], |level| LEVELS[*level as usize], &mut counts);
        count_each(&[9_u8, 0, 15], |level| LEVELS[*level as usize], &mut counts);
        assert_eq!(counts, [2, 0, 0, 1000, 0, 0, 0, 0, 0, 1]);
        for status in [-1, 0, 99, 100, 404, 599, 600, i64::MAX] {
            let found = STATUSES[(status as u64).min(600) as usize];
            assert_eq!(found, one::<7>(status_class(status)), "{status}");
        }
    }
}
