//! The counts of a log over time, and the bins they are judged in.

use std::time::Duration;

use super::Counts;

const SECOND: i64 = 1_000_000_000;
/// Widths a bin may have, in seconds. Each divides a day, so that bins of different days can be compared.
const WIDTHS: [i64; 18] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];
/// Fewer bins than this say nothing about what is usual.
pub const MIN_BINS: usize = 20;
/// Bins are chosen so narrow that there are at most so many.
const TARGET_BINS: i64 = 3000;
/// Bins are chosen so wide that each holds at least so many entries on average, …
const TARGET_ENTRIES: u64 = 20;
/// … unless that leaves fewer bins than this.
const FEW_BINS: i64 = 120;
/// A log that would have more bins than this is cut to its densest days by [`Series::busy`] or not judged.
const MAX_BINS: i64 = 400_000;

/// The counts of a log: what [`super::SeriesCollector`] makes and [`super::detect`] judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Nanoseconds a bin.
    pub(super) width: i64,
    /// True when the user chose the width.
    pub(super) chosen: bool,
    /// The bins that hold entries, ascending: bin `n` begins `n · width` nanoseconds after 1970.
    pub(super) bins: Vec<(i64, Counts)>,
    /// Entries without a time.
    pub(super) untimed: u64,
}

impl Series {
    /// Returns how many entries had a time and were counted.
    pub fn entries(&self) -> u64 {
        self.bins.iter().map(|(_, counts)| counts.entries()).sum()
    }

    /// Returns how many entries had no time and so belong to no bin.
    pub fn untimed(&self) -> u64 {
        self.untimed
    }

    /// Returns the width of the bins the entries were counted in. When the user chose a width for which
    /// the log is too long, this is wider.
    pub fn width(&self) -> Duration {
        Duration::from_nanos(self.width as u64)
    }

    /// Returns the stretch of bins to judge: all but a few stray entries (less than one in a hundred)
    /// that lie further from the rest than the rest is long, such as those of a clock that was not set.
    pub(super) fn busy(&self) -> &[(i64, Counts)] {
        let mut bins = &self.bins[..];
        let stray = self.entries() / 100;
        let entries = |bins: &[(i64, Counts)]| bins.iter().map(|(_, counts)| counts.entries()).sum::<u64>();
        'cut: loop {
            for (index, pair) in bins.windows(2).enumerate() {
                let gap = pair[1].0.saturating_sub(pair[0].0);
                let (before, after) = bins.split_at(index + 1);
                let length =
                    |bins: &[(i64, Counts)]| bins[bins.len() - 1].0.saturating_sub(bins[0].0).saturating_add(1);
                if gap > length(after) && entries(before) <= stray {
                    bins = after;
                    continue 'cut;
                }
                if gap > length(before) && entries(after) <= stray {
                    bins = before;
                    continue 'cut;
                }
            }
            return bins;
        }
    }

    /// Puts the counts into bins of equal width without holes; `None` when there is too little to judge.
    pub(super) fn timeline(&self) -> Option<Timeline> {
        let busy = self.busy();
        let (first, last) = (busy.first()?.0, busy.last()?.0);
        let width = if self.chosen { self.width } else { self.judged_width(busy)? };
        let ratio = width / self.width;
        let (start, end) = (first.div_euclid(ratio), last.div_euclid(ratio));
        let count = end.checked_sub(start)?.checked_add(1)?;
        if !(MIN_BINS as i64..=MAX_BINS).contains(&count) {
            return None;
        }
        let mut bins = vec![Counts::default(); count as usize];
        for (bin, counts) in busy {
            bins[(bin.div_euclid(ratio) - start) as usize].add(counts);
        }
        Some(Timeline { start: start.checked_mul(width)?, width, bins })
    }

    /// Returns what a log that goes on can be judged by at `until`: the bins that were whole by then, in the width the
    /// log is judged in, and one after them that says nothing. So what was not counted yet is no silence, and a silence
    /// that goes on is one. `None` when there is too little to judge.
    pub(super) fn whole_at(&self, until: i64) -> Option<Series> {
        let width = self.judged_width(self.busy())?;
        let end = until.div_euclid(width);
        let mut bins: Vec<(i64, Counts)> = Vec::new();
        for (bin, counts) in &self.bins {
            let bin = bin.checked_mul(self.width)?.div_euclid(width);
            match bins.last_mut() {
                _ if bin >= end => break,
                Some((last, sum)) if *last == bin => sum.add(counts),
                Some(_) | None => bins.push((bin, *counts)),
            }
        }
        // Detectors leave the last bin alone, for it is seldom whole; an empty one would be a silence all the same.
        bins.push((end, Counts { levels: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], ..Counts::default() }));
        Some(Series { width, chosen: true, bins, untimed: self.untimed })
    }

    /// Chooses the width of the bins from the length of the log and the number of entries.
    fn judged_width(&self, busy: &[(i64, Counts)]) -> Option<i64> {
        let bins = busy.last()?.0.checked_sub(busy.first()?.0)?.checked_add(1)?;
        let span = bins.checked_mul(self.width)?;
        let entries: u64 = busy.iter().map(|(_, counts)| counts.entries()).sum();
        let mut widths = WIDTHS.iter().map(|seconds| seconds * SECOND).filter(|width| width % self.width == 0);
        let mut width = widths.find(|width| span / width <= TARGET_BINS).unwrap_or(self.width);
        for wider in widths {
            let bins = span / width + 1;
            if entries / bins as u64 >= TARGET_ENTRIES || span / wider < FEW_BINS {
                break;
            }
            width = wider;
        }
        Some(width)
    }
}

/// The counts of a log in bins of equal width, without holes.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// Nanoseconds after 1970 at which the first bin begins.
    pub start: i64,
    /// Nanoseconds a bin.
    pub width: i64,
    /// The counts.
    pub bins: Vec<Counts>,
}

impl Timeline {
    /// Returns when bin `index` begins.
    pub fn time(&self, index: usize) -> i64 {
        self.start.saturating_add((index as i64).saturating_mul(self.width))
    }

    /// Returns how many bins make a day, when a whole number does.
    pub fn bins_a_day(&self) -> Option<usize> {
        let day = 86_400 * SECOND;
        (day % self.width == 0).then_some((day / self.width) as usize)
    }

    /// Returns how many bins `seconds` are, at least 1.
    pub fn bins_in(&self, seconds: i64) -> usize {
        (seconds * SECOND / self.width).max(1) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(width: i64, bins: &[(i64, u64)]) -> Series {
        let counts = |count| Counts { levels: [count, 0, 0, 0, 0, 0, 0, 0, 0, 0], classes: [0; 6] };
        let bins = bins.iter().map(|(bin, count)| (*bin, counts(*count))).collect();
        Series { width: width * SECOND, chosen: false, bins, untimed: 0 }
    }

    fn even(width: i64, count: i64, entries: u64) -> Series {
        series(width, &(86_400..86_400 + count).map(|bin| (bin, entries)).collect::<Vec<_>>())
    }

    #[test]
    fn the_width_follows_length_and_number() {
        // (width counted in, bins, entries a bin) → (width judged in, bins).
        let cases = [
            ((60, 7 * 1440, 400), Some((300, 2016))),
            ((10, 17_280, 80), Some((60, 2880))),
            ((1, 600, 50), Some((1, 600))),
            ((1, 600, 5), Some((5, 120))),
            ((60, 7 * 1440, 1), Some((1800, 336))),
            ((1, 19, 1000), None),
        ];
        for ((width, count, entries), expected) in cases {
            let timeline = even(width, count, entries).timeline();
            let found = timeline.map(|timeline| (timeline.width / SECOND, timeline.bins.len()));
            assert_eq!(found, expected, "{count} bins of {width} s with {entries}");
        }
    }

    #[test]
    fn a_chosen_width_is_kept() {
        let series = Series { chosen: true, ..even(7, 100, 1) };
        let timeline = series.timeline().expect("enough bins");
        assert_eq!((timeline.width, timeline.bins.len()), (7 * SECOND, 100));
    }

    #[test]
    fn stray_times_are_left_out() {
        let mut bins: Vec<(i64, u64)> = (1_000_000..1_000_100).map(|bin| (bin, 100)).collect();
        bins.insert(0, (0, 3));
        bins.push((9_000_000, 1));
        let found = series(60, &bins).timeline().expect("enough bins");
        assert_eq!((found.bins.len(), found.start), (100, 1_000_000 * 60 * SECOND));
        // As many as a tenth of all are not stray, and such a hole cannot be judged.
        bins[0].1 = 1000;
        assert!(series(60, &bins).busy().len() == 101);
    }
}
