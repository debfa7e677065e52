//! What is unusual in a log, and why.
//!
//! Entries are counted per bin of time ([`SeriesCollector`], one pass over three columns); [`detect`]
//! judges the counts; [`ExampleCollector`] takes a second, pruned pass for lines that show each finding.
//!
//! ```text
//! scan ─► SeriesCollector ─► Series ─► timeline ─► tracks with baselines ─► detectors ─► events
//!                                                                              events ─► ends ─► findings
//! scan ─► ExampleCollector ───────────────────────────────────────────────────────────► examples
//! ```
//!
//! What can be read only once has no second pass: there [`LineKeeper`] keeps some lines of every time on the way.
//!
//! A track is one series (all entries, a level, a status class, a share of errors) with what is usual in
//! each bin. Each kind of trouble has a [`event::Detector`] in a file of its own. Events of several series at
//! the same time become one finding. Batch mode looks at the whole log: what is usual is learnt from the
//! time after an event as well as before it. The room prefers silence: thresholds are set so that a log in
//! which nothing happens yields nothing.
//!
//! Left out on purpose: single series by template, host or path, slow drifts, and logs of fewer than 20 bins.

use std::time::Duration;

mod baseline;
mod collect;
mod counts;
mod drop;
mod edges;
pub mod event;
mod examples;
mod explain;
mod finding;
mod incident;
mod kept;
mod ratio;
mod render;
pub mod robust;
mod rolling;
mod series;
mod silence;
mod spike;
#[cfg(test)]
mod synthetic;
mod track;

pub use baseline::Baseline;
pub use collect::SeriesCollector;
pub use counts::Counts;
pub use examples::ExampleCollector;
pub use finding::{Also, Finding, Kind, Severity};
pub use kept::LineKeeper;
pub use render::render;
pub use rolling::Rolling;
pub use series::{Series, Timeline};
pub use track::{SeriesName, Track};

/// How to judge.
#[derive(Clone, Debug, PartialEq)]
pub struct DetectOptions {
    /// How far from what is expected a bin must lie, in standard deviations.
    pub threshold: f64,
}

impl Default for DetectOptions {
    /// At five standard deviations chance alone yields one finding in some million bins.
    fn default() -> DetectOptions {
        DetectOptions { threshold: 5.0 }
    }
}

/// The detectors, in no particular order.
const DETECTORS: [&dyn event::Detector; 4] = [&spike::Spikes, &drop::Drops, &silence::Silences, &ratio::ErrorRatios];

/// Returns what is unusual in a log, in time order, without examples. Too few bins to judge yield nothing.
pub fn detect(series: &Series, options: &DetectOptions) -> Vec<Finding> {
    let Some(timeline) = series.timeline() else { return Vec::new() };
    let tracks = Track::all(&timeline);
    let events = DETECTORS.iter().flat_map(|detector| detector.events(&timeline, &tracks, options));
    let placed = events.filter_map(|event| {
        let track = tracks.iter().find(|track| track.name == event.series)?;
        Some(edges::place(event, track, &timeline, series))
    });
    incident::findings(placed.collect())
}

/// Returns the width of the bins a log is judged in, or `None` when it has too few to judge.
pub fn bin_width(series: &Series) -> Option<Duration> {
    series.timeline().map(|timeline| Duration::from_nanos(timeline.width as u64))
}
