//! More entries than usual.

use super::DetectOptions;
use super::event::{Detector, Event, count_event, stretches, without_habits};
use super::finding::Kind;
use super::robust::count_score;
use super::series::Timeline;
use super::track::{SeriesName, Track};

/// Less than this many times the expected count is no spike, however surely it is more.
const FACTOR: f64 = 1.5;
/// Fewer entries than this above the expected count are no spike.
const EXCESS: f64 = 10.0;

/// Finds counts that are higher than usual, in every series. A part (a level, a status class) is expected to
/// grow as all entries do: only what it grows beyond that is its own.
#[derive(Debug)]
pub struct Spikes;

impl Detector for Spikes {
    fn events(&self, timeline: &Timeline, tracks: &[Track], options: &DetectOptions) -> Vec<Event> {
        let whole = tracks.iter().find(|track| track.name == SeriesName::Entries);
        let growth = |track: &Track, index: usize| match whole {
            Some(whole) if track.name != whole.name => {
                (whole.values[index] / whole.baseline.expected[index].max(1.0)).max(1.0)
            }
            Some(_) | None => 1.0,
        };
        tracks
            .iter()
            .filter(|track| !track.name.is_share())
            .flat_map(|track| spikes(timeline, track, |index| growth(track, index), options))
            .collect()
    }
}

fn spikes(timeline: &Timeline, track: &Track, growth: impl Fn(usize) -> f64, options: &DetectOptions) -> Vec<Event> {
    let strength = |index: usize| {
        let (value, expected) = (track.values[index], track.baseline.expected[index] * growth(index));
        if value >= expected * FACTOR { count_score(value, expected, track.baseline.spread) } else { 0.0 }
    };
    let strengths: Vec<f64> = (0..track.values.len()).map(strength).collect();
    let events = stretches(&strengths, track.threshold(options))
        .into_iter()
        .map(|bins| Event {
            score: strengths[bins.clone()].iter().copied().fold(0.0, f64::max),
            ..count_event(Kind::Spike, track, bins, options)
        })
        .filter(|event| event.observed - event.expected >= EXCESS)
        .collect();
    without_habits(events, track, timeline)
}
