//! A higher share of errors than usual.

use super::DetectOptions;
use super::event::{Detector, Event, share_event, stretches, without_habits};
use super::finding::Kind;
use super::robust::wilson;
use super::series::Timeline;
use super::track::Track;

/// A share must surely (three standard deviations by Wilson) be so many times the expected one.
const FACTOR: f64 = 1.5;
/// And higher by so much.
const EXCESS: f64 = 0.01;
/// Fewer errors than this are no rise.
const FEWEST: f64 = 10.0;

/// Finds rises of the share of errors (level error or worse, status 5xx).
#[derive(Debug)]
pub struct ErrorRatios;

impl Detector for ErrorRatios {
    fn events(&self, timeline: &Timeline, tracks: &[Track], options: &DetectOptions) -> Vec<Event> {
        tracks.iter().filter(|track| track.name.is_share()).flat_map(|track| rises(timeline, track, options)).collect()
    }
}

fn rises(timeline: &Timeline, track: &Track, options: &DetectOptions) -> Vec<Event> {
    let strengths: Vec<f64> = (0..track.values.len()).map(|index| track.score(index)).collect();
    let events = stretches(&strengths, track.threshold(options))
        .into_iter()
        .filter_map(|bins| {
            let event = share_event(Kind::ErrorRatio, track, bins.clone(), options);
            let trials: f64 = track.trials[bins.clone()].iter().sum();
            let hits: f64 = track.values[bins].iter().sum();
            let surely = wilson(hits, trials, 3.0).0;
            let enough = hits >= FEWEST && surely >= event.expected * FACTOR && surely >= event.expected + EXCESS;
            enough.then_some(event)
        })
        .collect();
    without_habits(events, track, timeline)
}
