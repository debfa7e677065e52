//! What is run: a query taken apart into a filter, at most one step that needs many entries at once, and
//! what follows it.

use super::ast::{Pipe, Query, Shown, SortKey, Stats};
use super::exec::filter_columns;
use super::{Comparison, Filter, Operand, Test};
use crate::entry::{Projection, RESERVED_NAMES, is_reserved};

/// A query made ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which entries.
    pub filter: Filter,
    /// Least and greatest timestamp an entry that matches can have; `None` when the filter does not say.
    pub time_range: Option<(i64, i64)>,
    /// Every column that is read.
    pub projection: Projection,
    /// Which fields of entries are shown, when entries are the result.
    pub shown: Shown,
    /// The fields that the query names, except those it drops.
    pub named: Vec<String>,
    pub(super) step: Step,
}

/// What is done with the entries that match.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// They are shown, at most so many; the projection is what showing them takes.
    Show { most: Option<u64>, rows: Projection },
    /// Some of them are collected, and go on to another plan.
    Collect { which: Which, then: Box<Plan> },
    /// They are counted and summed; the other pipes work on the table.
    Aggregate { stats: Stats, pipes: Vec<Pipe> },
}

/// Which entries are collected.
#[derive(Clone, Debug)]
pub(super) enum Which {
    /// The first.
    First(u64),
    /// The last.
    Last(u64),
    /// The first in this order; all of them when there is no number.
    Sorted(Vec<SortKey>, Option<u64>),
}

impl Plan {
    /// Plans a query. `output` is what showing an entry takes when the query has no `fields`; with `fields`
    /// it is added to them, unless it is everything.
    pub fn new(query: &Query, output: &Projection) -> Plan {
        Plan::of_pipes(query.filter.clone(), &query.pipes, Shown::All, output)
    }

    /// Plans a filter whose entries are shown.
    pub fn of_filter(filter: Filter, output: &Projection) -> Plan {
        Plan::of_pipes(filter, &[], Shown::All, output)
    }

    /// Returns true when the result is a table, not entries.
    pub fn makes_table(&self) -> bool {
        match &self.step {
            Step::Show { .. } => false,
            Step::Aggregate { .. } => true,
            Step::Collect { then, .. } => then.makes_table(),
        }
    }

    /// Returns which fields of the entries of the result are shown.
    pub fn result_shown(&self) -> &Shown {
        match &self.step {
            Step::Show { .. } | Step::Aggregate { .. } => &self.shown,
            Step::Collect { then, .. } => then.result_shown(),
        }
    }

    fn of_pipes(mut filter: Filter, pipes: &[Pipe], mut shown: Shown, output: &Projection) -> Plan {
        let mut rest = pipes;
        let step = loop {
            let Some((pipe, after)) = rest.split_first() else {
                break Step::Show { most: None, rows: rows_shown(&shown, output) };
            };
            rest = after;
            let which = match pipe {
                Pipe::Where(part) => {
                    filter = both(filter, part.clone());
                    continue;
                }
                Pipe::Fields(fields) => {
                    shown = narrowed(shown, fields);
                    continue;
                }
                Pipe::Stats(stats) => {
                    break Step::Aggregate { stats: stats.clone(), pipes: rest.to_vec() };
                }
                Pipe::Limit(count) => {
                    if rest.iter().all(|pipe| matches!(pipe, Pipe::Fields(_))) {
                        for pipe in rest {
                            if let Pipe::Fields(fields) = pipe {
                                shown = narrowed(shown, fields);
                            }
                        }
                        break Step::Show { most: Some(*count), rows: rows_shown(&shown, output) };
                    }
                    Which::First(*count)
                }
                Pipe::Tail(count) => Which::Last(*count),
                Pipe::Sort(keys) => {
                    // `fields` in between does not change which entries are first.
                    while let [Pipe::Fields(fields), after @ ..] = rest {
                        shown = narrowed(shown, fields);
                        rest = after;
                    }
                    let mut most = None;
                    if let [Pipe::Limit(count), after @ ..] = rest {
                        most = Some(*count);
                        rest = after;
                    }
                    Which::Sorted(keys.clone(), most)
                }
            };
            let then = Box::new(Plan::of_pipes(Filter::All, rest, shown.clone(), output));
            break Step::Collect { which, then };
        };
        // What is named, and then what is read.
        let mut projection = Projection::none();
        filter_columns(&filter, &mut projection);
        match &step {
            Step::Show { .. } => {
                if let Shown::Only(names) = &shown {
                    names.iter().for_each(|name| projection.add(name));
                }
            }
            Step::Collect { which, then } => {
                then.named.iter().for_each(|name| projection.add(name));
                if let Which::Sorted(keys, _) = which {
                    keys.iter().for_each(|key| projection.add(&key.field));
                }
            }
            Step::Aggregate { stats, .. } => {
                stats.keys.iter().for_each(|key| projection.add(&key.field));
                let fields = stats.aggregates.iter().map(|aggregate| &aggregate.field);
                fields.filter(|field| !field.is_empty()).for_each(|field| projection.add(field));
            }
        }
        let named = projection.names().into_iter().flatten().filter(|name| !is_reserved(name));
        let named = named.map(str::to_owned).collect();
        match &step {
            Step::Show { rows, .. } => projection.union(rows),
            Step::Collect { then, .. } => projection.union(&then.projection),
            Step::Aggregate { .. } => {}
        }
        Plan { time_range: time_range(&filter), filter, projection, shown, named, step }
    }
}

/// Joins two filters.
fn both(one: Filter, other: Filter) -> Filter {
    match (one, other) {
        (Filter::All, filter) | (filter, Filter::All) => filter,
        (Filter::And(mut parts), filter) => {
            parts.push(filter);
            Filter::And(parts)
        }
        (one, other) => Filter::And(vec![one, other]),
    }
}

fn narrowed(shown: Shown, fields: &Shown) -> Shown {
    match (shown, fields) {
        (shown, Shown::All) => shown,
        (_, Shown::Only(names)) => Shown::Only(names.clone()),
        (Shown::All, Shown::Without(names)) => Shown::Without(names.clone()),
        (Shown::Without(before), Shown::Without(names)) => {
            Shown::Without(before.into_iter().chain(names.iter().cloned()).collect())
        }
        (Shown::Only(before), Shown::Without(names)) => {
            Shown::Only(before.into_iter().filter(|name| !names.contains(name)).collect())
        }
    }
}

fn rows_shown(shown: &Shown, output: &Projection) -> Projection {
    let Shown::Only(names) = shown else { return output.clone() };
    let mut rows = Projection::only(names.iter().cloned());
    match output.names() {
        Some(_) => rows.union(output),
        // All fields were to be shown; now only these, and with them whatever else was.
        None => {
            let origin = RESERVED_NAMES.into_iter().filter(|name| !["ts", "level", "message"].contains(name));
            origin.filter(|name| output.wants(name)).for_each(|name| rows.add(name));
        }
    }
    rows
}

/// Returns the least and greatest timestamp that a filter lets through, as far as it says so outright.
pub fn time_range(filter: &Filter) -> Option<(i64, i64)> {
    let of = |comparison: Comparison, operand: &Operand| {
        let nanos = operand.time?.nanos();
        Some(match comparison {
            Comparison::Equal => (nanos, nanos),
            Comparison::NotEqual => return None,
            Comparison::Less => (i64::MIN + 1, nanos.saturating_sub(1)),
            Comparison::LessOrEqual => (i64::MIN + 1, nanos),
            Comparison::Greater => (nanos.saturating_add(1), i64::MAX),
            Comparison::GreaterOrEqual => (nanos, i64::MAX),
        })
    };
    match filter {
        Filter::Field { field, test: Test::Compare(comparison, operand) } if field == "ts" => of(*comparison, operand),
        Filter::And(parts) => parts
            .iter()
            .filter_map(time_range)
            .reduce(|(least, greatest), (from, to)| (least.max(from), greatest.min(to))),
        Filter::All | Filter::Or(_) | Filter::Not(_) | Filter::Message(_) | Filter::Field { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Timestamp;
    use crate::entry::Zone;
    use crate::query::literal::Clock;

    fn plan(query: &str) -> Plan {
        let clock = Clock { now: Timestamp::from_nanos(0).unwrap(), zone: Zone::Fixed(0) };
        Plan::new(&Query::parse(query, &clock).unwrap(), &Projection::fields())
    }

    #[test]
    fn only_the_columns_that_are_needed_are_read() {
        for (query, expected) in [
            ("status >= 500 | stats count() by path", Some(vec!["path", "status"])),
            ("* | stats count()", Some(vec![])),
            ("word | stats p99(duration) by bin(5m)", Some(vec!["duration", "message", "raw", "ts"])),
            ("a = 1 | fields b | where b:* | sort by b | limit 3", Some(vec!["a", "b"])),
            ("a = 1 | limit 5 | where c = 2 | stats count() by d", Some(vec!["a", "c", "d"])),
            ("level = error", None),
            ("* | top 3 by user", Some(vec!["user"])),
        ] {
            let found = plan(query).projection;
            let names = found.names().map(|names| names.map(str::to_owned).collect::<Vec<_>>());
            let expected = expected.map(|names| names.into_iter().map(str::to_owned).collect());
            assert_eq!(names, expected, "{query}");
        }
    }

    #[test]
    fn the_fields_a_query_names_are_known() {
        for (query, expected) in [
            ("level = error a = 1", "a"),
            ("word | fields ts, b, c", "b c"),
            ("* | fields -a", ""),
            ("* | sort by a | limit 3 | where b:* | fields c", "a b c"),
            ("* | stats sum(x) by y | sort by y", "x y"),
        ] {
            assert_eq!(plan(query).named.join(" "), expected, "{query}");
        }
    }

    #[test]
    fn time_ranges_are_found_beside_other_tests() {
        let second = 1_000_000_000;
        for (query, expected) in [
            ("ts >= @1 ts < @3 a", Some((second, 3 * second - 1))),
            ("ts:* | where ts > @5", Some((5 * second + 1, i64::MAX))),
            ("ts > @1 or a", None),
            ("not ts > @1", None),
            ("a", None),
        ] {
            assert_eq!(plan(query).time_range, expected, "{query}");
        }
    }

    #[test]
    fn what_is_shown_is_known() {
        assert!(plan("* | stats count()").makes_table());
        assert!(plan("* | limit 5 | stats count()").makes_table());
        assert!(!plan("* | sort by a | limit 5").makes_table());
        let shown = plan("* | sort by a | fields a, b | limit 5 | fields -b");
        assert_eq!(*shown.result_shown(), Shown::Only(vec!["a".into()]));
    }
}
