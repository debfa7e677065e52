//! Fewer entries than usual, but some.

use super::DetectOptions;
use super::event::{Detector, Event, count_event, stretches, without_habits};
use super::finding::Kind;
use super::series::Timeline;
use super::track::{SeriesName, Track};

/// More than this share of the expected count is no drop, however surely it is less.
const FACTOR: f64 = 0.5;

/// Finds counts of all entries that are lower than usual. The parts (a level, a status class) are not
/// looked at: fewer errors are no trouble, and fewer successes show as a drop of all or as a rise of errors.
#[derive(Debug)]
pub struct Drops;

impl Detector for Drops {
    fn events(&self, timeline: &Timeline, tracks: &[Track], options: &DetectOptions) -> Vec<Event> {
        let entries = tracks.iter().filter(|track| track.name == SeriesName::Entries);
        entries.flat_map(|track| drops(timeline, track, options)).collect()
    }
}

fn drops(timeline: &Timeline, track: &Track, options: &DetectOptions) -> Vec<Event> {
    let strength = |index: usize| {
        let (value, expected) = (track.values[index], track.baseline.expected[index]);
        if track.whole[index] && value <= expected * FACTOR { -track.score(index) } else { 0.0 }
    };
    let strengths: Vec<f64> = (0..track.values.len()).map(strength).collect();
    let events = stretches(&strengths, track.threshold(options))
        .into_iter()
        // A stretch without any entry is a silence.
        .filter(|bins| track.values[bins.clone()].iter().any(|value| *value > 0.0))
        .map(|bins| count_event(Kind::Drop, track, bins, options))
        .collect();
    without_habits(events, track, timeline)
}
