//! A filter compiled for columns: from a batch to the rows that match.
//!
//! Parts of an `and` run cheapest first, each only on the rows the ones before have left; parts of an `or`
//! each only on the rows not matched yet.

use super::loader::{Loader, need, presence};
use super::{Selection, scan};
use crate::entry::{ColumnData, Dictionary, Kind, Kinds, LogLevel, NO_TIME, Projection, ValueRef};
use crate::query::compare::{IntRange, order};
use crate::query::prune::{self, Share};
use crate::query::text::{TextMatcher, required_tokens};
use crate::query::{Comparison, Filter, Operand, ScanError, Test, TextTest};

/// A compiled filter.
#[derive(Debug)]
pub struct Selector {
    filter: Filter,
    node: Node,
}

#[derive(Debug)]
enum Node {
    All,
    And(Vec<Selector>),
    Or(Vec<Selector>),
    Not(Box<Selector>),
    Message(TextPart),
    /// Nanoseconds that pass; none at all is [`NO_TIME`].
    Time(Vec<IntRange>),
    /// For each level number whether it passes.
    Level([bool; 10]),
    Field(String, ValueTest),
}

#[derive(Debug)]
struct TextPart {
    matcher: TextMatcher,
    tokens: Vec<u64>,
}

#[derive(Debug)]
enum ValueTest {
    Exists,
    Text(TextPart),
    Compare { comparison: Comparison, operand: Operand, integers: Option<IntRange> },
    In(Vec<Operand>),
}

impl ValueTest {
    fn new(test: &Test) -> ValueTest {
        match test {
            Test::Exists => ValueTest::Exists,
            Test::Text(test) => ValueTest::Text(TextPart::new(test)),
            Test::Compare(comparison, operand) => ValueTest::Compare {
                comparison: *comparison,
                operand: operand.clone(),
                integers: IntRange::new(*comparison, operand),
            },
            Test::In(operands) => ValueTest::In(operands.clone()),
        }
    }
}

impl TextPart {
    fn new(test: &TextTest) -> TextPart {
        TextPart { matcher: TextMatcher::new(test), tokens: required_tokens(test) }
    }
}

impl Selector {
    /// Compiles a filter.
    pub fn new(filter: &Filter) -> Selector {
        let compile = |parts: &[Filter]| {
            let mut parts: Vec<Selector> = parts.iter().map(Selector::new).collect();
            parts.sort_by_key(|part| part.node.cost());
            parts
        };
        let node = match filter {
            Filter::All => Node::All,
            Filter::And(parts) => Node::And(compile(parts)),
            Filter::Or(parts) => Node::Or(compile(parts)),
            Filter::Not(part) => Node::Not(Box::new(Selector::new(part))),
            Filter::Message(test) => Node::Message(TextPart::new(test)),
            Filter::Field { field, test } => match field.as_str() {
                "ts" => Node::Time(time_ranges(test)),
                "level" => Node::Level(level_flags(test)),
                field => Node::Field(field.to_owned(), ValueTest::new(test)),
            },
        };
        Selector { filter: filter.clone(), node }
    }

    /// Returns the rows of a batch that match.
    pub fn select(&self, loader: &Loader<'_>) -> Result<Selection, ScanError> {
        self.within(loader, &Selection::all(loader.source().rows()))
    }

    /// Returns those of the candidates that match.
    fn within(&self, loader: &Loader<'_>, candidates: &Selection) -> Result<Selection, ScanError> {
        if candidates.is_empty() {
            return Ok(candidates.clone());
        }
        if let Some(stats) = loader.source().stats() {
            match prune::share(&self.filter, stats) {
                Share::None => return Ok(Selection::of(candidates.total(), Vec::new())),
                Share::All => return Ok(candidates.clone()),
                Share::Some => {}
            }
        }
        Ok(match &self.node {
            Node::All => candidates.clone(),
            Node::And(parts) => {
                let mut left = candidates.clone();
                for part in parts {
                    left = part.within(loader, &left)?;
                }
                left
            }
            Node::Or(parts) => {
                let mut found = Selection::of(candidates.total(), Vec::new());
                let mut left = candidates.clone();
                for part in parts {
                    let more = part.within(loader, &left)?;
                    left = left.without(&more);
                    found = found.with(more);
                }
                found
            }
            Node::Not(part) => candidates.without(&part.within(loader, candidates)?),
            Node::Time(ranges) => {
                let ts = loader.ts()?;
                match ranges.as_slice() {
                    [range] => candidates.keep(|row| range.contains(ts[row])),
                    ranges => candidates.keep(|row| ranges.iter().any(|range| range.contains(ts[row]))),
                }
            }
            Node::Level(flags) => {
                let levels = loader.levels()?;
                candidates.keep(|row| flags.get(levels[row] as usize).copied().unwrap_or(false))
            }
            Node::Message(part) => part.in_message(loader, candidates)?,
            Node::Field(field, test) => test.within(field, loader, candidates)?,
        })
    }
}

impl Node {
    /// A rough cost a row, to begin with what is cheap.
    fn cost(&self) -> u32 {
        let most = |parts: &[Selector]| parts.iter().map(|part| part.node.cost()).max().unwrap_or(0);
        match self {
            Node::All => 0,
            Node::Time(_) | Node::Level(_) => 1,
            Node::Field(_, ValueTest::Compare { integers: Some(_), .. } | ValueTest::Exists) => 2,
            Node::Field(_, ValueTest::Compare { .. } | ValueTest::In(_)) => 3,
            Node::Field(name, ValueTest::Text(_)) if name == "raw" => 7,
            Node::Field(_, ValueTest::Text(part)) => match part.matcher {
                TextMatcher::Ascii(_) => 4,
                TextMatcher::Folded { .. } | TextMatcher::Regex(_) | TextMatcher::Network(_) => 5,
            },
            Node::Message(_) => 6,
            Node::And(parts) | Node::Or(parts) => most(parts) + 1,
            Node::Not(part) => part.node.cost() + 1,
        }
    }
}

impl TextPart {
    fn in_column(&self, name: &str, loader: &Loader<'_>, candidates: &Selection) -> Result<Selection, ScanError> {
        let matching = |dictionary: &Dictionary| scan::texts_matching(dictionary, &self.matcher);
        if let Some(found) = loader.rows_where(name, &self.tokens, candidates, &matching)? {
            return Ok(found);
        }
        match loader.column(name, need(candidates, &self.tokens))? {
            Some(view) => Ok(scan::matching_text(&view, candidates, &self.matcher)),
            None => Ok(Selection::of(candidates.total(), Vec::new())),
        }
    }

    /// The message, or the raw lines of entries that have none.
    fn in_message(&self, loader: &Loader<'_>, candidates: &Selection) -> Result<Selection, ScanError> {
        let source = loader.source();
        let known = source.stats().and_then(|stats| stats.column("message"));
        if known.is_some_and(|known| known.present == source.rows() as u64) {
            return self.in_column("message", loader, candidates);
        }
        let Some(view) = loader.column("message", presence(candidates))? else {
            return self.in_column("raw", loader, candidates);
        };
        let with_message = candidates.keep_values(&view.column, false, |_| true);
        let found = self.in_column("message", loader, &with_message)?;
        let without_message = candidates.without(&with_message);
        if without_message.is_empty() {
            return Ok(found);
        }
        Ok(found.with(self.in_column("raw", loader, &without_message)?))
    }
}

impl ValueTest {
    fn within(&self, field: &str, loader: &Loader<'_>, candidates: &Selection) -> Result<Selection, ScanError> {
        let (comparison, operand, integers) = match self {
            ValueTest::Text(part) => return part.in_column(field, loader, candidates),
            ValueTest::Exists => {
                let Some(view) = loader.column(field, presence(candidates))? else {
                    return Ok(Selection::of(candidates.total(), Vec::new()));
                };
                return Ok(candidates.keep_values(&view.column, false, |_| true));
            }
            ValueTest::In(operands) => {
                let test = |value: ValueRef<'_>| {
                    operands.iter().any(|operand| order(value, operand).is_some_and(|order| order.is_eq()))
                };
                return values_where(field, loader, candidates, false, None, test);
            }
            ValueTest::Compare { comparison, operand, integers } => (*comparison, operand, integers),
        };
        let absent = comparison == Comparison::NotEqual;
        if operand.number.is_none() && matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
            let wanted = operand.text.as_bytes();
            return values_where(field, loader, candidates, absent, None, |value| {
                let equal = match value {
                    ValueRef::Text(text) | ValueRef::Json(text) => text == wanted,
                    other => order(other, operand).is_some_and(|order| order.is_eq()),
                };
                equal != absent
            });
        }
        values_where(field, loader, candidates, absent, *integers, |value| comparison.holds(order(value, operand)))
    }
}

/// Returns those of the candidates whose value of a field passes a test; `absent` says whether those without one do,
/// `integers` which integers pass, if that is known.
fn values_where(
    field: &str,
    loader: &Loader<'_>,
    candidates: &Selection,
    absent: bool,
    integers: Option<IntRange>,
    test: impl Fn(ValueRef<'_>) -> bool,
) -> Result<Selection, ScanError> {
    if !absent
        && let Some(found) =
            loader.rows_where(field, &[], candidates, &|dictionary| scan::values_passing(dictionary, &test))?
    {
        return Ok(found);
    }
    let Some(view) = loader.column(field, need(candidates, &[]))? else {
        return Ok(if absent { candidates.clone() } else { Selection::of(candidates.total(), Vec::new()) });
    };
    Ok(match (&view.column.data, integers) {
        (ColumnData::Plain { kinds: Kinds::Same(Kind::Int), payload }, Some(range)) => {
            candidates.keep_values(&view.column, absent, |index| range.contains(payload[index] as i64))
        }
        _ => scan::matching(&view, candidates, absent, test),
    })
}

fn time_ranges(test: &Test) -> Vec<IntRange> {
    let range = |least, greatest, outside| IntRange { least, greatest, outside };
    let first = NO_TIME + 1;
    let compare = |comparison: Comparison, operand: &Operand| {
        let Some(time) = operand.time else { return range(1, 0, comparison == Comparison::NotEqual) };
        let nanos = time.nanos();
        match comparison {
            Comparison::Equal => range(nanos, nanos, false),
            Comparison::NotEqual => range(nanos, nanos, true),
            // The first time of all is NO_TIME + 1, so nothing here overflows downwards.
            Comparison::Less => range(first, nanos - 1, false),
            Comparison::LessOrEqual => range(first, nanos, false),
            Comparison::Greater => range(nanos.saturating_add(1), if nanos == i64::MAX { 0 } else { i64::MAX }, false),
            Comparison::GreaterOrEqual => range(nanos, i64::MAX, false),
        }
    };
    match test {
        Test::Exists => vec![range(first, i64::MAX, false)],
        Test::Text(_) => Vec::new(),
        Test::Compare(comparison, operand) => vec![compare(*comparison, operand)],
        Test::In(operands) => operands.iter().map(|operand| compare(Comparison::Equal, operand)).collect(),
    }
}

fn level_flags(test: &Test) -> [bool; 10] {
    let compare = |level: Option<LogLevel>, operand: &Operand| {
        Some(level?.cmp(&LogLevel::from_word(operand.text.as_bytes(), false)?))
    };
    let mut flags = [false; 10];
    for (number, flag) in flags.iter_mut().enumerate() {
        let level = LogLevel::from_u8(number as u8);
        *flag = match test {
            Test::Exists => level.is_some(),
            Test::Text(test) => level.is_some_and(|level| TextMatcher::new(test).is_match(level.name().as_bytes())),
            Test::Compare(comparison, operand) => comparison.holds(compare(level, operand)),
            Test::In(operands) => {
                operands.iter().any(|operand| compare(level, operand).is_some_and(|order| order.is_eq()))
            }
        };
    }
    flags
}

/// Adds the columns a filter reads.
pub fn filter_columns(filter: &Filter, projection: &mut Projection) {
    match filter {
        Filter::All => {}
        Filter::And(parts) | Filter::Or(parts) => parts.iter().for_each(|part| filter_columns(part, projection)),
        Filter::Not(part) => filter_columns(part, projection),
        Filter::Message(_) => ["message", "raw"].iter().for_each(|name| projection.add(name)),
        Filter::Field { field, .. } => projection.add(field),
    }
}
