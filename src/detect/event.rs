//! What a detector says: a stretch of bins in which one series was unusual.

use std::ops::Range;

use super::DetectOptions;
use super::finding::Kind;
use super::robust::{count_range, share_score};
use super::series::Timeline;
use super::track::{SeriesName, Track};

/// A stretch of bins in which one series was unusual.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What happened.
    pub kind: Kind,
    /// To which series.
    pub series: SeriesName,
    /// In which bins.
    pub bins: Range<usize>,
    /// How many were counted; of a share, the share.
    pub observed: f64,
    /// Of a share, how many entries it is a share of; else 0.
    pub trials: f64,
    /// How many were expected.
    pub expected: f64,
    /// The range in which the observation would not have been unusual.
    pub range: (f64, f64),
    /// The score of the most unusual bin, in standard deviations, always positive.
    pub score: f64,
}

/// Looks for one kind of unusual thing.
///
/// The contract: pure (the answer depends on the arguments alone), events of one series do not overlap
/// and come in time order, and on data that follow their baseline nothing is said.
pub trait Detector: Sync {
    /// Returns the events of the tracks of a timeline.
    fn events(&self, timeline: &Timeline, tracks: &[Track], options: &DetectOptions) -> Vec<Event>;
}

/// Returns the stretches of bins in which `strength` reaches `threshold` somewhere and three fifths of it
/// throughout. One weaker bin does not end a stretch.
pub fn stretches(strengths: &[f64], threshold: f64) -> Vec<Range<usize>> {
    let weak = threshold * 0.6;
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut index = 0;
    while index < strengths.len() {
        if strengths[index] < weak {
            index += 1;
            continue;
        }
        let start = index;
        while index < strengths.len() && strengths[index] >= weak {
            index += 1;
        }
        if !strengths[start..index].iter().any(|strength| *strength >= threshold) {
            continue;
        }
        match found.last_mut() {
            Some(last) if start - last.end <= 1 => last.end = index,
            _ => found.push(start..index),
        }
    }
    found
}

/// Makes the event of a stretch of counts: sums over its bins.
pub fn count_event(kind: Kind, track: &Track, bins: Range<usize>, options: &DetectOptions) -> Event {
    let ranges = bins
        .clone()
        .map(|index| count_range(track.baseline.expected[index], track.baseline.spread, track.threshold(options)));
    Event {
        kind,
        series: track.name,
        observed: track.values[bins.clone()].iter().sum(),
        trials: 0.0,
        expected: track.baseline.expected[bins.clone()].iter().sum(),
        range: ranges.fold((0.0, 0.0), |sum, range| (sum.0 + range.0, sum.1 + range.1)),
        score: bins.clone().map(|index| track.score(index).abs()).fold(0.0, f64::max),
        bins,
    }
}

/// Makes the event of a stretch of shares: hits and trials of its bins taken together.
pub fn share_event(kind: Kind, track: &Track, bins: Range<usize>, options: &DetectOptions) -> Event {
    let sum = |values: &[f64]| values[bins.clone()].iter().sum::<f64>();
    let (hits, trials, mean) = (sum(&track.values), sum(&track.trials), sum(&track.baseline.expected));
    let expected = if trials > 0.0 { mean / trials } else { 0.0 };
    let top = (0..50).fold((expected, 1.0), |(low, high), _| {
        let middle = (low + high) / 2.0;
        let score = share_score(middle * trials, trials, expected, track.baseline.spread);
        if score > track.threshold(options) { (low, middle) } else { (middle, high) }
    });
    Event {
        kind,
        series: track.name,
        observed: if trials > 0.0 { hits / trials } else { 0.0 },
        trials,
        expected,
        range: (0.0, top.0),
        score: bins.clone().map(|index| track.score(index)).fold(0.0, f64::max),
        bins,
    }
}

/// Leaves only events that are not a habit of their series.
///
/// What comes back at the same time of another day, at least two fifths as strong, is a habit while the
/// days are too few to know their course. And what happens more than eight times in a log is its nature: then only
/// what stands out from the eighth strongest by half is kept.
pub fn without_habits(events: Vec<Event>, track: &Track, timeline: &Timeline) -> Vec<Event> {
    const MANY: usize = 8;
    let mut scores: Vec<f64> = events.iter().map(|event| event.score).collect();
    scores.sort_unstable_by(|a, b| b.total_cmp(a));
    let least = scores.get(MANY).map_or(0.0, |_| scores[MANY - 1] * 1.5);
    let day = timeline.bins_a_day().filter(|_| !track.daily);
    let excess = |bins: Range<usize>| {
        let sum = |values: &[f64]| values.get(bins.clone()).map(|values| values.iter().sum::<f64>());
        sum(&track.values).zip(sum(&track.baseline.expected)).map(|(value, expected)| value - expected)
    };
    let comes_back = |event: &Event, shift: i64| {
        let moved = |index: usize| usize::try_from(index as i64 + shift).unwrap_or(usize::MAX);
        let (now, then) = (excess(event.bins.clone()), excess(moved(event.bins.start)..moved(event.bins.end)));
        now.zip(then).is_some_and(|(now, then)| then / now >= 0.4)
    };
    let again = |event: &Event| {
        let Some(day) = day.map(|day| day as i64) else { return false };
        let days = timeline.bins.len() as i64 / day + 1;
        (-days..=days).filter(|days| *days != 0).any(|days| comes_back(event, days * day))
    };
    events.iter().filter(|event| event.score >= least && !again(event)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_grow_to_the_weak_edges_and_bridge_one_bin() {
        let strengths = [0.0, 3.5, 6.0, 1.0, 5.5, 3.0, 0.0, 0.0, 4.9, 0.0, 7.0];
        assert_eq!(stretches(&strengths, 5.0), [1..6, 10..11]);
    }
}
