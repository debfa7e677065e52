//! The series that are judged, each with its baseline.

use std::fmt;

use serde::{Serialize, Serializer};

use super::DetectOptions;
use super::baseline::{Baseline, Fit, daily_course};
use super::robust::median;
use super::series::Timeline;
use crate::entry::LogLevel;

/// Half of the window that the level of counts is fitted to, in seconds, when no course of the day is known.
const HALF_WINDOW: i64 = 2 * 3600;
/// The same when the course of the day is known, and for shares.
const WIDE_HALF_WINDOW: i64 = 6 * 3600;

/// What is counted. The text of a name is stable: it is the `series` of a finding in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SeriesName {
    /// All entries: `entries`.
    Entries,
    /// Entries of one level: `level=error`.
    Level(LogLevel),
    /// Entries of one status class: `status=5xx`.
    Status(u8),
    /// Entries of level error or worse among those with a level: `errors/levels`.
    ErrorShare,
    /// Entries of status 5xx among those with a status: `5xx/statuses`.
    ServerErrorShare,
}

impl fmt::Display for SeriesName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SeriesName::Entries => out.write_str("entries"),
            SeriesName::Level(level) => write!(out, "level={}", level.name()),
            SeriesName::Status(class) => write!(out, "status={class}xx"),
            SeriesName::ErrorShare => out.write_str("errors/levels"),
            SeriesName::ServerErrorShare => out.write_str("5xx/statuses"),
        }
    }
}

impl Serialize for SeriesName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl SeriesName {
    /// Returns true for a share of entries, false for a count.
    pub fn is_share(self) -> bool {
        matches!(self, SeriesName::ErrorShare | SeriesName::ServerErrorShare)
    }

    /// Returns what is counted as a reader would say it.
    pub fn plain(self) -> String {
        match self {
            SeriesName::Entries => "entries".to_owned(),
            SeriesName::Level(level) => format!("entries of level {}", level.name()),
            SeriesName::Status(class) => format!("entries with status {class}xx"),
            SeriesName::ErrorShare => "entries of level error or worse".to_owned(),
            SeriesName::ServerErrorShare => "entries with status 5xx".to_owned(),
        }
    }
}

/// One series over the bins of a timeline.
#[derive(Clone, Debug)]
pub struct Track {
    /// What is counted.
    pub name: SeriesName,
    /// The count of each bin; of a share, the hits.
    pub values: Vec<f64>,
    /// Of a share, the trials of each bin; else empty.
    pub trials: Vec<f64>,
    /// False for bins that are not whole: the first and the last. Their counts are too low.
    pub whole: Vec<bool>,
    /// What is usual.
    pub baseline: Baseline,
    /// True when the baseline knows the course of a day.
    pub daily: bool,
}

impl Track {
    /// Returns the tracks of a timeline that have anything to judge.
    pub fn all(timeline: &Timeline) -> Vec<Track> {
        let mut whole = vec![true; timeline.bins.len()];
        whole[0] = false;
        whole[timeline.bins.len() - 1] = false;
        let entries: Vec<f64> = timeline.bins.iter().map(|bin| bin.entries() as f64).collect();
        let usable = speaking(&entries, &whole);
        let mut tracks = vec![count_track(timeline, SeriesName::Entries, entries, &whole, &usable)];
        let mut add = |name, values: Vec<f64>| {
            // A series that is all entries was judged above.
            if values != tracks[0].values && values.iter().any(|value| *value > 0.0) {
                tracks.push(count_track(timeline, name, values, &whole, &usable));
            }
        };
        for level in LogLevel::ALL {
            add(SeriesName::Level(level), timeline.bins.iter().map(|bin| bin.levels[level as usize] as f64).collect());
        }
        for class in 1..=5u8 {
            add(
                SeriesName::Status(class),
                timeline.bins.iter().map(|bin| bin.classes[class as usize] as f64).collect(),
            );
        }
        for (name, share) in [
            (SeriesName::ErrorShare, (|bin| (bin.errors(), bin.with_level())) as fn(&super::Counts) -> (u64, u64)),
            (SeriesName::ServerErrorShare, |bin| (bin.classes[5], bin.with_status())),
        ] {
            let (values, trials): (Vec<f64>, Vec<f64>) =
                timeline.bins.iter().map(share).map(|(hits, trials)| (hits as f64, trials as f64)).unzip();
            if values.iter().any(|value| *value > 0.0) && values != trials {
                let half = timeline.bins_in(WIDE_HALF_WINDOW).min(timeline.bins.len() / 4);
                let baseline = Fit { values: &values, exposure: &trials, usable: &usable, half }.baseline();
                tracks.push(Track { name, values, trials, whole: whole.clone(), baseline, daily: false });
            }
        }
        tracks
    }

    /// Returns the score from which a bin is unusual. A restless series has a heavier tail than the negative
    /// binomial allows for, so there more is asked: half as much again at a spread of 50 %.
    pub fn threshold(&self, options: &DetectOptions) -> f64 {
        options.threshold * (1.0 + self.baseline.spread)
    }

    /// Returns how far bin `index` strays, in standard deviations, negative below.
    pub fn score(&self, index: usize) -> f64 {
        let (value, expected) = (self.values[index], self.baseline.expected[index]);
        if self.name.is_share() {
            let trials = self.trials[index];
            if trials == 0.0 {
                return 0.0;
            }
            return super::robust::share_score(value, trials, expected / trials, self.baseline.spread);
        }
        super::robust::count_score(value, expected, self.baseline.spread)
    }
}

fn count_track(timeline: &Timeline, name: SeriesName, values: Vec<f64>, whole: &[bool], usable: &[bool]) -> Track {
    let course = timeline.bins_a_day().and_then(|bins| daily_course(&values, usable, bins));
    let daily = course.is_some();
    let half = timeline.bins_in(if daily { WIDE_HALF_WINDOW } else { HALF_WINDOW }).min(timeline.bins.len() / 4);
    let exposure = course.unwrap_or_else(|| vec![1.0; values.len()]);
    let baseline = Fit { values: &values, exposure: &exposure, usable, half }.baseline();
    Track { name, values, trials: Vec::new(), whole: whole.to_vec(), baseline, daily }
}

/// Returns the bins that say what is usual. Bins without any entry do not when there usually are many: the
/// level of a long silence is that of the time around it.
fn speaking(entries: &[f64], whole: &[bool]) -> Vec<bool> {
    let busy = median(&mut entries.to_vec()).is_some_and(|median| median >= 10.0);
    entries.iter().zip(whole).map(|(count, whole)| *whole && (!busy || *count > 0.0)).collect()
}
