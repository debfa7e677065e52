//! The counts of a log that goes on: the last hours, kept from one judgement to the next, so that each looks only at
//! what is new.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Counts, DetectOptions, Finding, Series, detect};
use crate::entry::Timestamp;

/// Nanoseconds of a bin. Narrower ones would only matter to a log of less than an hour.
const WIDTH: i64 = 60_000_000_000;

/// The counts of the last hours of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rolling {
    bins: BTreeMap<i64, Counts>,
}

impl Rolling {
    /// The width in which a [`super::SeriesCollector`] counts for this.
    pub const BIN: Duration = Duration::from_nanos(WIDTH as u64);

    /// Returns the beginning of the bin a time lies in.
    pub fn floor(time: Timestamp) -> Timestamp {
        Timestamp::from_nanos(bin(time).saturating_mul(WIDTH)).unwrap_or(time)
    }

    /// Puts what was counted from `from` to before `to`, beginnings of bins both, in the place of what was known of
    /// that time, and forgets what lies before `oldest`.
    pub fn replace(&mut self, from: Timestamp, to: Timestamp, counted: &Series, oldest: Timestamp) {
        let again = bin(from)..bin(to);
        self.bins.retain(|known, _| !again.contains(known));
        self.forget(oldest);
        for (index, counts) in &counted.bins {
            let minute = index.saturating_mul(counted.width).div_euclid(WIDTH);
            self.bins.entry(minute).or_default().add(counts);
        }
    }

    /// Forgets what lies before `oldest`.
    pub fn forget(&mut self, oldest: Timestamp) {
        self.bins = self.bins.split_off(&bin(oldest));
    }

    /// Returns what is unusual in the bins that were whole at `until`, with the width they were judged in. A silence
    /// that goes on is found. Too little to judge yields `None`.
    pub fn findings(&self, until: Timestamp, options: &DetectOptions) -> Option<(Vec<Finding>, Duration)> {
        let bins = self.bins.iter().map(|(bin, counts)| (*bin, *counts)).collect();
        let series = Series { width: WIDTH, chosen: false, bins, untimed: 0 }.whole_at(until.nanos())?;
        let width = series.width();
        Some((detect(&series, options), width))
    }
}

/// Returns the bin a time lies in.
fn bin(time: Timestamp) -> i64 {
    time.nanos().div_euclid(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Kind;

    const START: i64 = 1_789_000_020;

    fn minute(index: i64) -> Timestamp {
        Timestamp::from_seconds(START + 60 * index, 0).expect("a time")
    }

    /// Minutes `from..to` with so many entries each.
    fn counted(from: i64, to: i64, entries: impl Fn(i64) -> u64) -> Series {
        let counts = |count| Counts { levels: [count, 0, 0, 0, 0, 0, 0, 0, 0, 0], classes: [0; 6] };
        let bins = (from..to)
            .map(|index| (minute(index).nanos() / WIDTH, counts(entries(index))))
            .filter(|(_, counts)| counts.entries() > 0)
            .collect();
        Series { width: WIDTH, chosen: true, bins, untimed: 0 }
    }

    fn usual(index: i64) -> u64 {
        100 + (index as u64 * 7) % 11
    }

    fn kinds(rolling: &Rolling, until: Timestamp) -> Vec<Kind> {
        let found = rolling.findings(until, &DetectOptions::default());
        found.map_or(Vec::new(), |(found, _)| found.iter().map(|finding| finding.kind).collect())
    }

    #[test]
    fn a_silence_is_found_while_it_goes_on_and_a_minute_that_is_not_over_is_none() {
        let mut rolling = Rolling::default();
        rolling.replace(minute(0), minute(120), &counted(0, 120, usual), minute(0));
        assert_eq!(kinds(&rolling, minute(120)), []);
        let half = Timestamp::from_nanos(minute(120).nanos() + WIDTH / 2).expect("a time");
        assert_eq!(kinds(&rolling, half), [], "the minute that has just begun is not judged");
        assert_eq!(kinds(&rolling, minute(123)), [Kind::Silence]);
    }

    #[test]
    fn a_spike_is_found_when_its_minute_is_over() {
        let mut rolling = Rolling::default();
        rolling.replace(minute(0), minute(119), &counted(0, 119, usual), minute(0));
        rolling.replace(minute(119), minute(120), &counted(119, 120, |_| 2000), minute(0));
        let inside = Timestamp::from_nanos(minute(120).nanos() - 1).expect("a time");
        assert_eq!(kinds(&rolling, inside), []);
        assert_eq!(kinds(&rolling, minute(120)), [Kind::Spike]);
    }

    #[test]
    fn counting_a_stretch_again_replaces_it_and_old_bins_go() {
        let mut rolling = Rolling::default();
        rolling.replace(minute(0), minute(60), &counted(0, 60, usual), minute(0));
        let once = rolling.clone();
        rolling.replace(minute(50), minute(60), &counted(50, 60, usual), minute(0));
        assert_eq!(rolling, once);
        rolling.replace(minute(60), minute(61), &counted(60, 61, usual), minute(59));
        assert_eq!(rolling.bins.len(), 2);
    }
}
