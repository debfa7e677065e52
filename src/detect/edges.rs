//! When exactly: an event is found in bins, its ends are looked for in the narrower bins of the count.

use std::ops::Range;

use super::Counts;
use super::event::Event;
use super::finding::Kind;
use super::series::{Series, Timeline};
use super::track::{SeriesName, Track};

/// An event with its ends.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The event, its sums taken between the ends.
    pub event: Event,
    /// Nanoseconds after 1970 at which it began.
    pub from: i64,
    /// Nanoseconds after 1970 at which it was over.
    pub to: i64,
}

/// Returns what a series counts in a bin, and for a share the entries it is a share of.
fn count(name: SeriesName, counts: &Counts) -> (f64, f64) {
    let (hits, trials) = match name {
        SeriesName::Entries => (counts.entries(), 0),
        SeriesName::Level(level) => (counts.levels[level as usize], 0),
        SeriesName::Status(class) => (counts.classes[class as usize], 0),
        SeriesName::ErrorShare => (counts.errors(), counts.with_level()),
        SeriesName::ServerErrorShare => (counts.classes[5], counts.with_status()),
    };
    (hits as f64, trials as f64)
}

/// Finds the ends of an event.
pub fn place(event: Event, track: &Track, timeline: &Timeline, series: &Series) -> Placed {
    let (from, to) = (timeline.time(event.bins.start), timeline.time(event.bins.end));
    let ratio = (timeline.width / series.width) as usize;
    if ratio < 2 {
        return Placed { event, from, to };
    }
    let fine = Fine::new(&event, track, timeline, series, ratio);
    let ends = match event.kind {
        Kind::Silence => fine.gap(),
        Kind::Spike | Kind::Drop | Kind::ErrorRatio => fine.ends(track, &event, ratio),
    };
    let time = |index: usize| timeline.time(fine.first_bin) + index as i64 * series.width;
    Placed { from: time(ends.start), to: time(ends.end), event: fine.sums(event, ends) }
}

/// The narrow bins of an event and of the bin on each side of it.
struct Fine {
    /// The wide bin in which the first narrow one lies.
    first_bin: usize,
    /// The narrow bins that lie in the event's own bins.
    own: Range<usize>,
    values: Vec<f64>,
    trials: Vec<f64>,
    expected: Vec<f64>,
}

impl Fine {
    fn new(event: &Event, track: &Track, timeline: &Timeline, series: &Series, ratio: usize) -> Fine {
        let first_bin = event.bins.start.saturating_sub(1);
        let end_bin = (event.bins.end + 1).min(timeline.bins.len());
        let base = timeline.time(first_bin) / series.width;
        let length = (end_bin - first_bin) * ratio;
        let (mut values, mut trials) = (vec![0.0; length], vec![0.0; length]);
        let start = series.bins.partition_point(|(bin, _)| *bin < base);
        for (bin, counts) in series.bins[start..].iter().take_while(|(bin, _)| *bin < base + length as i64) {
            let index = (bin - base) as usize;
            (values[index], trials[index]) = count(track.name, counts);
        }
        let expected = (0..length).map(|index| {
            let bin = first_bin + index / ratio;
            if !track.name.is_share() {
                return track.baseline.expected[bin] / ratio as f64;
            }
            let share = if track.trials[bin] > 0.0 { track.baseline.expected[bin] / track.trials[bin] } else { 0.0 };
            share * trials[index]
        });
        let own = (event.bins.start - first_bin) * ratio..(event.bins.end - first_bin) * ratio;
        Fine { first_bin, own, expected: expected.collect(), values, trials }
    }

    /// The stretch without entries: the event's bins and the empty narrow bins that touch them.
    fn gap(&self) -> Range<usize> {
        let start = self.values[..self.own.start].iter().rposition(|value| *value > 0.0).map_or(0, |last| last + 1);
        let after = self.values[self.own.end..].iter().position(|value| *value > 0.0);
        start..after.map_or(self.values.len(), |first| self.own.end + first)
    }

    /// The stretch that the rate of the event explains better than the usual rate: at each end the split with
    /// the greatest likelihood ratio of two Poisson rates (E. S. Page, "Continuous Inspection Schemes", 1954).
    fn ends(&self, track: &Track, event: &Event, ratio: usize) -> Range<usize> {
        let core = event.bins.clone().map(|bin| track.values[bin] / track.baseline.expected[bin].max(1e-6));
        let mut core: Vec<f64> = core.collect();
        let factor = super::robust::median(&mut core).unwrap_or(1.0).clamp(0.01, 1000.0);
        let gain = |index: usize| self.values[index] * factor.ln() - (factor - 1.0) * self.expected[index];
        let reach = (self.own.start + ratio).min(self.own.end - 1);
        let start = best((0..=reach).rev(), gain).unwrap_or(self.own.start);
        let reach = self.own.end.saturating_sub(ratio).max(start);
        let end = best(reach..self.values.len(), gain).map_or(self.own.end, |last| last + 1);
        start..end.max(start + 1)
    }

    /// Takes the event's sums between its ends.
    fn sums(&self, event: Event, ends: Range<usize>) -> Event {
        let sum = |values: &[f64]| values[ends.clone()].iter().sum::<f64>();
        let (values, trials, expected) = (sum(&self.values), sum(&self.trials), sum(&self.expected));
        if event.series.is_share() {
            return if trials > 0.0 { Event { observed: values / trials, trials, ..event } } else { event };
        }
        let scale = if event.expected > 0.0 { expected / event.expected } else { 1.0 };
        let range = ((event.range.0 * scale).floor(), (event.range.1 * scale).ceil());
        Event { observed: values, expected, range, ..event }
    }
}

/// Returns the index up to which, in the order given, the sum of the gains is greatest.
fn best(indexes: impl Iterator<Item = usize>, gain: impl Fn(usize) -> f64) -> Option<usize> {
    let mut sum = 0.0;
    let mut found: Option<(f64, usize)> = None;
    for index in indexes {
        sum += gain(index);
        if found.is_none_or(|(most, _)| sum > most) {
            found = Some((sum, index));
        }
    }
    found.map(|(_, index)| index)
}
