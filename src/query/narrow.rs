//! Filters that flags and parameters mean: a stretch of time, a least level, a value.

use super::literal::{self, Clock};
use super::{Comparison, Filter, Operand, Test};
use crate::entry::{LogLevel, Timestamp};

impl Filter {
    /// Returns the filter that matches what all parts match.
    pub fn all_of(parts: Vec<Filter>) -> Filter {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Filter::All => {}
                Filter::And(parts) => flat.extend(parts),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Filter::All,
            1 => flat.remove(0),
            _ => Filter::And(flat),
        }
    }

    /// Returns the filter of the entries from a time on; `None` when the text is no time.
    pub fn since(text: &str, clock: &Clock) -> Option<Filter> {
        let span = literal::time(text, clock)?;
        Some(Filter::compare("ts", Comparison::GreaterOrEqual, Operand::of_time(text, span.start)))
    }

    /// Returns the filter of the entries until a time: all of a day or minute, an instant included; `None` when the
    /// text is no time.
    pub fn until(text: &str, clock: &Clock) -> Option<Filter> {
        let span = literal::time(text, clock)?;
        let comparison = if span.nanos > 0 { Comparison::Less } else { Comparison::LessOrEqual };
        Some(Filter::compare("ts", comparison, Operand::of_time(text, span.end())))
    }

    /// Returns the filter of the entries of a level or a worse one.
    pub fn at_least(level: LogLevel) -> Filter {
        Filter::compare("level", Comparison::GreaterOrEqual, Operand::of_text(level.name()))
    }

    /// Returns the filter of the entries whose field compares so.
    pub fn compare(field: &str, comparison: Comparison, operand: Operand) -> Filter {
        Filter::Field { field: field.to_owned(), test: Test::Compare(comparison, operand) }
    }
}

impl Operand {
    /// An operand that is text and nothing else, as a quoted one is.
    pub fn of_text(text: &str) -> Operand {
        Operand { text: text.to_owned(), number: None, integer: None, time: None }
    }

    /// An operand that is whatever the text may mean, as one without quotes is.
    pub fn of_word(text: &str) -> Operand {
        let number = literal::number(text.as_bytes()).or_else(|| literal::quantity(text.as_bytes()));
        Operand::of_number(text, number)
    }

    /// An operand for values of a field: as [`Operand::of_word`], but one that has a unit is given in the unit that the
    /// field's name tells. `1s` is 1000 for `duration_ms`.
    pub fn of_word_for(field: &str, text: &str) -> Operand {
        let Some((unit, is_time)) = literal::unit_of_name(field) else { return Operand::of_word(text) };
        match if is_time { literal::seconds(text) } else { literal::size(text) } {
            // Rounded, as a thousandth is none in a float.
            Some(number) => Operand::of_number(text, Some((number / unit * 1e9).round() / 1e9)),
            None => Operand::of_word(text),
        }
    }

    fn of_number(text: &str, number: Option<f64>) -> Operand {
        // Whole numbers below 2^53 are exact in a float.
        let whole = number.filter(|number| number.fract() == 0.0 && number.abs() < 9e15).map(|number| number as i64);
        let integer = literal::integer(text.as_bytes()).or(whole);
        Operand { text: text.to_owned(), number, integer, time: None }
    }

    /// An operand that is an integer.
    pub fn of_integer(integer: i64) -> Operand {
        Operand { text: integer.to_string(), number: Some(integer as f64), integer: Some(integer), time: None }
    }

    /// An operand that is a point in time, written like this.
    pub fn of_time(text: &str, time: Timestamp) -> Operand {
        Operand { text: text.to_owned(), number: None, integer: None, time: Some(time) }
    }
}
