//! Which blocks need not be read: a filter evaluated on what is known of a block.

use std::cmp::Ordering;

use super::text::required_tokens;
use super::token::{hash, tokens};
use super::{BlockStats, ColumnStats, Comparison, Filter, Operand, Test, TextTest, compare};
use crate::entry::LogLevel;

/// How many entries of a block match, as far as can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// None.
    None,
    /// Unknown.
    Some,
    /// Every one.
    All,
}

impl Share {
    fn not(self) -> Share {
        match self {
            Share::None => Share::All,
            Share::Some => Share::Some,
            Share::All => Share::None,
        }
    }

    fn from(none: bool, all: bool) -> Share {
        match (none, all) {
            (true, _) => Share::None,
            (false, true) => Share::All,
            (false, false) => Share::Some,
        }
    }
}

/// Returns false only when no entry of the block can match.
pub fn may_match(filter: &Filter, stats: &dyn BlockStats) -> bool {
    share(filter, stats) != Share::None
}

/// Returns how many entries of the block match.
pub fn share(filter: &Filter, stats: &dyn BlockStats) -> Share {
    match filter {
        Filter::All => Share::All,
        Filter::And(parts) => {
            parts.iter().map(|part| share(part, stats)).fold(Share::All, |all, part| match (all, part) {
                (Share::None, _) | (_, Share::None) => Share::None,
                (Share::All, Share::All) => Share::All,
                _ => Share::Some,
            })
        }
        Filter::Or(parts) => parts
            .iter()
            .map(|part| share(part, stats).not())
            .fold(Share::All, |all, part| match (all, part) {
                (Share::None, _) | (_, Share::None) => Share::None,
                (Share::All, Share::All) => Share::All,
                _ => Share::Some,
            })
            .not(),
        Filter::Not(part) => share(part, stats).not(),
        Filter::Message(test) => {
            let message = stats.column("message").is_some() && may_hold("message", test, stats);
            let only_messages = stats.column("message").is_some_and(|known| known.present == stats.rows() as u64);
            let raw = !only_messages && stats.column("raw").is_some() && may_hold("raw", test, stats);
            Share::from(!message && !raw, false)
        }
        Filter::Field { field, test } => match field.as_str() {
            "ts" => time_share(test, stats),
            "level" => level_share(test, stats),
            // Not kept as columns: known only entry by entry.
            "line" | "offset" => Share::Some,
            field => column_share(field, test, stats),
        },
    }
}

/// Returns false only when no value of the column can hold the text.
fn may_hold(column: &str, test: &TextTest, stats: &dyn BlockStats) -> bool {
    required_tokens(test).iter().all(|token| stats.may_contain(column, *token))
}

fn time_share(test: &Test, stats: &dyn BlockStats) -> Share {
    let range = stats.time_range();
    let compare = |comparison: Comparison, operand: &Operand| {
        // Entries without a time: `!=` is true of those, all else false.
        let Some(time) = operand.time else {
            return if comparison == Comparison::NotEqual { Share::All } else { Share::None };
        };
        let Some((least, greatest)) = range else {
            return if comparison == Comparison::NotEqual { Share::All } else { Share::None };
        };
        let least = least.cmp(&time.nanos());
        let greatest = greatest.cmp(&time.nanos());
        let negated = comparison == Comparison::NotEqual;
        let mut known = bounds(if negated { Comparison::Equal } else { comparison }, least, greatest);
        // The range does not tell whether some entries have no time.
        if known == Share::All && !all_timed(stats) {
            known = Share::Some;
        }
        if negated { known.not() } else { known }
    };
    match test {
        Test::Exists => Share::from(range.is_none(), range.is_some() && all_timed(stats)),
        Test::Text(_) => Share::None,
        Test::Compare(comparison, operand) => compare(*comparison, operand),
        Test::In(operands) => any(operands.iter().map(|operand| compare(Comparison::Equal, operand))),
    }
}

/// Returns true when every entry is known to have a time.
fn all_timed(stats: &dyn BlockStats) -> bool {
    stats.column("ts").is_some_and(|known| known.present == stats.rows() as u64)
}

/// What a comparison comes to when the least and the greatest value stand so to the operand.
fn bounds(comparison: Comparison, least: Ordering, greatest: Ordering) -> Share {
    match comparison {
        Comparison::Equal => Share::from(least.is_gt() || greatest.is_lt(), least.is_eq() && greatest.is_eq()),
        Comparison::NotEqual => bounds(Comparison::Equal, least, greatest).not(),
        Comparison::Less => Share::from(least.is_ge(), greatest.is_lt()),
        Comparison::LessOrEqual => Share::from(least.is_gt(), greatest.is_le()),
        Comparison::Greater => Share::from(greatest.is_le(), least.is_gt()),
        Comparison::GreaterOrEqual => Share::from(greatest.is_lt(), least.is_ge()),
    }
}

fn any(parts: impl Iterator<Item = Share>) -> Share {
    parts.fold(Share::None, |all, part| match (all, part) {
        (Share::All, _) | (_, Share::All) => Share::All,
        (Share::None, Share::None) => Share::None,
        _ => Share::Some,
    })
}

fn level_share(test: &Test, stats: &dyn BlockStats) -> Share {
    let passes = |level: Option<LogLevel>| {
        let compare = |operand: &Operand| Some(level?.cmp(&LogLevel::from_word(operand.text.as_bytes(), false)?));
        match test {
            Test::Exists => level.is_some(),
            Test::Text(test) => {
                level.is_some_and(|level| super::text::TextMatcher::new(test).is_match(level.name().as_bytes()))
            }
            Test::Compare(comparison, operand) => comparison.holds(compare(operand)),
            Test::In(operands) => operands.iter().any(|operand| compare(operand) == Some(Ordering::Equal)),
        }
    };
    let found = stats.levels();
    let mut matching =
        (0..10_u8).filter(|number| found & (1 << number) != 0).map(|number| passes(LogLevel::from_u8(number)));
    let all = matching.clone().all(|passes| passes);
    Share::from(!matching.any(|passes| passes), all)
}

fn column_share(field: &str, test: &Test, stats: &dyn BlockStats) -> Share {
    let Some(known) = stats.column(field) else {
        let absent_matches = matches!(test, Test::Compare(Comparison::NotEqual, _));
        return if absent_matches { Share::All } else { Share::None };
    };
    let everywhere = known.present == stats.rows() as u64;
    match test {
        Test::Exists => Share::from(known.present == 0, everywhere),
        Test::Text(test) => Share::from(!may_hold(field, test, stats), false),
        Test::Compare(comparison, operand) => compare_share(field, *comparison, operand, known, stats),
        Test::In(operands) => {
            any(operands.iter().map(|operand| compare_share(field, Comparison::Equal, operand, known, stats)))
        }
    }
}

fn compare_share(
    field: &str,
    comparison: Comparison,
    operand: &Operand,
    known: ColumnStats,
    stats: &dyn BlockStats,
) -> Share {
    if comparison == Comparison::NotEqual {
        let equal = compare_share(field, Comparison::Equal, operand, known, stats);
        return equal.not();
    }
    let Some(_) = operand.number else {
        // An equal text holds all tokens of the operand. Case counts there, but not in tokens.
        let absent = comparison == Comparison::Equal
            && tokens(operand.text.as_bytes()).any(|token| !stats.may_contain(field, hash(token)));
        return Share::from(absent, false);
    };
    let (Some((least, greatest)), true) = (known.numbers, known.only_numbers) else { return Share::Some };
    // Integers beyond 2^53 were rounded, and NaN is in no range.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let wide = |number: f64| number.is_nan() || number.abs() >= EXACT;
    if wide(least) || wide(greatest) {
        return Share::Some;
    }
    let stand = |number: f64| compare::order(crate::entry::ValueRef::Float(number), operand);
    let (Some(least), Some(greatest)) = (stand(least), stand(greatest)) else { return Share::Some };
    match bounds(comparison, least, greatest) {
        // A NaN among the values may have been left out of the range: never claim all.
        Share::All => Share::Some,
        share => share,
    }
}
