//! A query that was understood.

use super::Filter;

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
    /// Times of the same stretch of this many nanoseconds, counted from 1970.
    Time(i64),
    /// Numbers of the same stretch of this width, counted from 0.
    Number(f64),
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
