//! A query that was understood.

use super::{Filter, literal};

/// A question: which entries, and what is done with them.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Which entries.
    pub filter: Filter,
    /// What is done with them, in order.
    pub pipes: Vec<Pipe>,
}

/// One step after the filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Pipe {
    /// Keeps what matches.
    Where(Filter),
    /// Counts and sums.
    Stats(Stats),
    /// Puts in order; equals keep theirs.
    Sort(Vec<SortKey>),
    /// Keeps the first.
    Limit(u64),
    /// Keeps the last.
    Tail(u64),
    /// Chooses the fields that are shown.
    Fields(Shown),
}

/// Which fields are shown.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Shown {
    /// All.
    #[default]
    All,
    /// These, in this order.
    Only(Vec<String>),
    /// All but these.
    Without(Vec<String>),
}

/// Aggregates by key.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// What is computed.
    pub aggregates: Vec<Aggregate>,
    /// For each combination of these.
    pub keys: Vec<Key>,
}

impl Stats {
    /// Returns name and kind of the columns of the result: keys first. `kind_of` tells what a field holds.
    pub fn columns(&self, kind_of: impl Fn(&str) -> ColumnKind) -> Vec<(String, ColumnKind)> {
        let keys = self.keys.iter().map(|key| (key.name.clone(), kind_of(&key.field)));
        let aggregates = self.aggregates.iter().map(|aggregate| {
            let kind = match aggregate.function {
                Function::Minimum | Function::Maximum | Function::First | Function::Last => kind_of(&aggregate.field),
                Function::Count
                | Function::CountField
                | Function::Sum
                | Function::Average
                | Function::Quantile(_)
                | Function::Unique => ColumnKind::Value,
            };
            (aggregate.name.clone(), kind)
        });
        keys.chain(aggregates).collect()
    }
}

/// Something computed of many entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// How.
    pub function: Function,
    /// Of which field; empty for [`Function::Count`].
    pub field: String,
    /// The name of the result.
    pub name: String,
}

/// How many values become one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// Number of entries.
    Count,
    /// Number of entries that have the field.
    CountField,
    /// Sum of the numbers.
    Sum,
    /// Arithmetic mean of the numbers.
    Average,
    /// Least value.
    Minimum,
    /// Greatest value.
    Maximum,
    /// The value below which this part (0 to 1) of the numbers lies.
    Quantile(f64),
    /// Number of different values.
    Unique,
    /// The value of the first entry that has one.
    First,
    /// The value of the last entry that has one.
    Last,
}

/// What entries are grouped by.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The field.
    pub field: String,
    /// Which values of it are taken together.
    pub bin: Bin,
    /// The name of the column in the result.
    pub name: String,
}

/// Which values of a key are taken together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bin {
    /// Each value is a group of its own.
    Exact,
    /// Times of the same stretch.
    Time(TimeBin),
    /// Numbers of the same stretch of this width, counted from 0.
    Number(f64),
}

/// Stretches of time of the same length, counted from 1970-01-01 UTC; whole weeks from the first Monday after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeBin {
    /// How long a stretch is, in nanoseconds.
    pub width: i64,
    /// Where the first of them begins, in nanoseconds since 1970: less than `width`.
    origin: i64,
}

impl TimeBin {
    /// Makes stretches of `width` nanoseconds, more than 0.
    pub fn new(width: i64) -> TimeBin {
        const DAY: i64 = 86_400 * literal::SECOND;
        // 1970-01-01 was a Thursday.
        TimeBin { width, origin: if width % (7 * DAY) == 0 { 4 * DAY } else { 0 } }
    }

    /// Returns where the stretch of a time begins.
    #[inline]
    pub fn start(self, nanos: i64) -> i64 {
        let into = nanos.rem_euclid(self.width) - self.origin;
        nanos.saturating_sub(if into < 0 { into + self.width } else { into })
    }
}

/// What is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The field.
    pub field: String,
    /// Greatest first.
    pub descending: bool,
}

impl ColumnKind {
    /// Returns what a field of an entry holds.
    pub fn of_entry_field(field: &str) -> ColumnKind {
        match field {
            "ts" => ColumnKind::Time,
            "level" => ColumnKind::Level,
            _ => ColumnKind::Value,
        }
    }
}

/// What the values of a result column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Just values.
    Value,
    /// Integers that are nanoseconds since 1970.
    Time,
    /// Texts that are names of levels; ordered by severity.
    Level,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Timestamp;

    #[test]
    fn bins_begin_at_round_times_and_weeks_on_mondays() {
        const HOUR: i64 = 3_600 * literal::SECOND;
        let start = |width, seconds: i64| {
            let nanos = TimeBin::new(width).start(seconds * literal::SECOND + 7);
            Timestamp::from_nanos(nanos).unwrap().to_rfc3339(0)
        };
        // 2026-09-09 is a Wednesday.
        let noon = 1_788_955_200;
        assert_eq!(start(HOUR / 12, noon + 899), "2026-09-09T12:10:00Z");
        assert_eq!(start(24 * HOUR, noon), "2026-09-09T00:00:00Z");
        assert_eq!(start(7 * 24 * HOUR, noon), "2026-09-07T00:00:00Z");
        assert_eq!(start(7 * 24 * HOUR, noon - 3 * 86_400), "2026-08-31T00:00:00Z");
        assert_eq!(start(14 * 24 * HOUR, 4 * 86_400), "1970-01-05T00:00:00Z");
        assert_eq!(start(7 * 24 * HOUR, 0), "1969-12-29T00:00:00Z");
        assert_eq!(start(24 * HOUR, -1), "1969-12-31T00:00:00Z");
        assert_eq!(TimeBin::new(7 * 24 * HOUR).start(i64::MIN + 1), i64::MIN);
    }
}
