//! One incident, one finding: events of several series at the same time are told together.

use super::edges::Placed;
use super::explain::{explain, severity};
use super::finding::{Also, Finding, Kind};
use super::track::SeriesName;
use crate::entry::Timestamp;

/// Joins events that share at least half of the shorter one's time, and makes a finding of each group. The
/// finding is that of the group's leader: a silence or drop, else a rise of errors, else a spike of all
/// entries, else a spike of a part; within these the highest score.
pub fn findings(mut events: Vec<Placed>) -> Vec<Finding> {
    let silences: Vec<(i64, i64)> = events
        .iter()
        .filter(|placed| placed.event.kind == Kind::Silence)
        .map(|placed| (placed.from, placed.to))
        .collect();
    let rank = |placed: &Placed| match (placed.event.kind, placed.event.series) {
        // A drop leads the silences within it when they are less than half of it.
        (Kind::Drop, _) if silences.iter().any(|silence| shared(*silence, placed) * 2 >= length(placed)) => 2,
        (Kind::Drop, _) => 0,
        (Kind::Silence, _) => 1,
        (Kind::ErrorRatio, _) => 2,
        (Kind::Spike, SeriesName::Entries) => 3,
        (Kind::Spike, _) => 4,
    };
    events.sort_by(|a, b| {
        let place = |placed: &Placed| (placed.from, placed.event.series);
        rank(a).cmp(&rank(b)).then(b.event.score.total_cmp(&a.event.score)).then(place(a).cmp(&place(b)))
    });
    let mut groups: Vec<(Placed, Vec<Placed>)> = Vec::new();
    for placed in events {
        let same =
            |leader: &Placed| shared((leader.from, leader.to), &placed) * 2 >= length(leader).min(length(&placed));
        match groups.iter_mut().find(|(leader, _)| same(leader)) {
            Some((_, members)) => members.push(placed),
            None => groups.push((placed, Vec::new())),
        }
    }
    groups.sort_by_key(|(leader, _)| (leader.from, leader.event.series));
    groups.into_iter().filter_map(|(leader, members)| finding(leader, &members)).collect()
}

fn growth(placed: &Placed) -> f64 {
    placed.event.observed / placed.event.expected.max(1.0)
}

fn length(placed: &Placed) -> i64 {
    placed.to - placed.from
}

/// Returns how long a stretch of time and an event overlap.
fn shared(stretch: (i64, i64), placed: &Placed) -> i64 {
    (stretch.1.min(placed.to) - stretch.0.max(placed.from)).max(0)
}

fn finding(leader: Placed, members: &[Placed]) -> Option<Finding> {
    let driver = driver(&leader, members);
    let event = &leader.event;
    Some(Finding {
        kind: event.kind,
        series: event.series,
        from: Timestamp::from_nanos(leader.from)?,
        to: Timestamp::from_nanos(leader.to)?,
        observed: event.observed,
        expected: event.expected,
        expected_low: event.range.0,
        expected_high: event.range.1,
        score: event.score,
        severity: severity(event),
        explanation: explain(&leader, driver),
        also: members
            .iter()
            .map(|member| Also {
                kind: member.event.kind,
                series: member.event.series,
                observed: member.event.observed,
                expected: member.event.expected,
                score: member.event.score,
            })
            .collect(),
        examples: Vec::new(),
        examples_of: driver.map_or(event.series, |driver| driver.event.series),
    })
}

/// Returns the part that makes up most of a spike of all entries.
fn driver<'a>(leader: &Placed, members: &'a [Placed]) -> Option<&'a Placed> {
    let excess = |placed: &Placed| placed.event.observed - placed.event.expected;
    members
        .iter()
        .filter(|member| {
            (leader.event.kind, leader.event.series) == (Kind::Spike, SeriesName::Entries)
                && member.event.kind == Kind::Spike
                && excess(member) * 2.0 >= excess(leader)
        })
        .max_by(|a, b| growth(a).total_cmp(&growth(b)))
}
