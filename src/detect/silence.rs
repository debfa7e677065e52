//! No entries at all where some are expected.

use std::ops::Range;

use super::DetectOptions;
use super::event::{Detector, Event, without_habits};
use super::finding::Kind;
use super::robust::{count_range, count_score};
use super::series::Timeline;
use super::track::{SeriesName, Track};

/// A hole longer than this share of the log is a hole in the data, such as two logs read as one.
const LONGEST: f64 = 0.5;
/// With more gaps than this that are at least half as long, gaps are the log's nature.
const COMPANIONS: usize = 3;

/// Finds stretches without any entry.
#[derive(Debug)]
pub struct Silences;

impl Detector for Silences {
    fn events(&self, timeline: &Timeline, tracks: &[Track], options: &DetectOptions) -> Vec<Event> {
        let entries = tracks.iter().filter(|track| track.name == SeriesName::Entries);
        entries.flat_map(|track| silences(timeline, track, options)).collect()
    }
}

fn silences(timeline: &Timeline, track: &Track, options: &DetectOptions) -> Vec<Event> {
    let gaps = gaps(&track.values);
    let ordinary = |gap: &Range<usize>| {
        let companions = gaps.iter().filter(|other| *other != gap && 2 * other.len() >= gap.len()).count();
        companions > COMPANIONS || gap.len() as f64 > track.values.len() as f64 * LONGEST
    };
    let events = gaps
        .iter()
        .filter(|gap| !ordinary(gap))
        .filter_map(|gap| {
            // The bins are taken together: a spread that makes one empty bin likely makes many so.
            let expected: f64 = track.baseline.expected[gap.clone()].iter().sum();
            let score = -count_score(0.0, expected, track.baseline.spread);
            (score >= track.threshold(options)).then(|| Event {
                kind: Kind::Silence,
                series: track.name,
                bins: gap.clone(),
                observed: 0.0,
                trials: 0.0,
                expected,
                range: count_range(expected, track.baseline.spread, track.threshold(options)),
                score,
            })
        })
        .collect();
    without_habits(events, track, timeline)
}

/// Returns the runs of empty bins.
fn gaps(values: &[f64]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for index in values.iter().enumerate().filter(|(_, value)| **value == 0.0).map(|(index, _)| index) {
        match found.last_mut() {
            Some(last) if last.end == index => last.end += 1,
            _ => found.push(index..index + 1),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_runs_of_empty_bins() {
        assert_eq!(gaps(&[1.0, 0.0, 0.0, 2.0, 0.0]), [1..3, 4..5]);
    }
}
