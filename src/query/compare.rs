//! How values compare with operands.

use std::cmp::Ordering;

use super::literal;
use super::text::text_of;
use super::{Comparison, Operand};
use crate::entry::ValueRef;

impl Comparison {
    /// Returns true when this order is what the comparison asks for. Values that have no order with the
    /// operand are only not equal to it.
    #[inline]
    pub fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Comparison::Equal => order == Some(Ordering::Equal),
            Comparison::NotEqual => order != Some(Ordering::Equal),
            Comparison::Less => order == Some(Ordering::Less),
            Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Comparison::Greater => order == Some(Ordering::Greater),
            Comparison::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

/// Compares an integer with a float exactly; `None` for a NaN.
pub fn int_with_float(int: i64, float: f64) -> Option<Ordering> {
    // Every integer lies between -2^63 and 2^63, which floats hold exactly.
    if float.is_nan() {
        return None;
    }
    if float >= 9_223_372_036_854_775_808.0 {
        return Some(Ordering::Less);
    }
    if float < -9_223_372_036_854_775_808.0 {
        return Some(Ordering::Greater);
    }
    let floor = float.floor();
    Some(int.cmp(&(floor as i64)).then(if float > floor { Ordering::Less } else { Ordering::Equal }))
}

/// Returns how a value stands to an operand.
///
/// An operand that is a number compares with numbers, with texts that are numbers, and, when it has a unit, with
/// texts that have one of the same kind; any other text can only equal it as written. An operand that is a text compares with what the value reads as, byte for byte.
pub fn order(value: ValueRef<'_>, operand: &Operand) -> Option<Ordering> {
    let Some(number) = operand.number else {
        return Some(text_of(value).as_ref().cmp(operand.text.as_bytes()));
    };
    let int_order = |int: i64| match operand.integer {
        Some(integer) => Some(int.cmp(&integer)),
        None => int_with_float(int, number),
    };
    let float_order = |float: f64| match operand.integer {
        Some(integer) => int_with_float(integer, float).map(Ordering::reverse),
        None => float.partial_cmp(&number),
    };
    match value {
        ValueRef::Int(int) => int_order(int),
        ValueRef::Float(float) => float_order(float),
        ValueRef::Bool(_) => None,
        ValueRef::Json(text) => (text == operand.text.as_bytes()).then_some(Ordering::Equal),
        ValueRef::Text(text) => match literal::integer(text) {
            Some(int) => int_order(int),
            None => match literal::number(text) {
                Some(float) => float_order(float),
                None => match with_unit(text, operand) {
                    Some((float, number)) => float.partial_cmp(&number),
                    None => (text == operand.text.as_bytes()).then_some(Ordering::Equal),
                },
            },
        },
    }
}

/// Reads a text such as `253ms` or `1KB` where the operand has a unit of the same kind: both in seconds, or in bytes.
/// The operand's number may be in another unit, that of the field's name.
fn with_unit(text: &[u8], operand: &Operand) -> Option<(f64, f64)> {
    let has_unit = |text: &[u8]| text.last().is_some_and(u8::is_ascii_alphabetic);
    if !has_unit(text) || !has_unit(operand.text.as_bytes()) {
        return None;
    }
    let text = str::from_utf8(text).ok()?;
    match literal::size(&operand.text) {
        Some(size) => literal::size(text).zip(Some(size)),
        None => literal::seconds(text).zip(literal::seconds(&operand.text)),
    }
}

/// The integers a comparison with a number lets through: a range, or all but a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntRange {
    /// The least.
    pub least: i64,
    /// The greatest; below `least` when the range is empty.
    pub greatest: i64,
    /// True when the integers outside the range are meant.
    pub outside: bool,
}

impl IntRange {
    /// Returns true for an integer that is let through.
    #[inline]
    pub fn contains(self, int: i64) -> bool {
        ((self.least <= int) & (int <= self.greatest)) != self.outside
    }

    /// Returns the integers for which the comparison holds, when the operand is a number.
    pub fn new(comparison: Comparison, operand: &Operand) -> Option<IntRange> {
        let number = operand.number?;
        // The last integer below the operand and the first above it, in a wider type.
        let (below, above) = match operand.integer {
            Some(integer) => (i128::from(integer) - 1, i128::from(integer) + 1),
            None => {
                let bounded = number.clamp(-2e19, 2e19);
                (bounded.ceil() as i128 - 1, bounded.floor() as i128 + 1)
            }
        };
        let (least, greatest) = match comparison {
            Comparison::Equal | Comparison::NotEqual => (below + 1, above - 1),
            Comparison::Less => (i128::MIN, below),
            Comparison::LessOrEqual => (i128::MIN, above - 1),
            Comparison::Greater => (above, i128::MAX),
            Comparison::GreaterOrEqual => (below + 1, i128::MAX),
        };
        let outside = comparison == Comparison::NotEqual;
        let (low, high) = (i128::from(i64::MIN), i128::from(i64::MAX));
        if least > greatest || least > high || greatest < low {
            return Some(IntRange { least: 1, greatest: 0, outside });
        }
        Some(IntRange { least: least.clamp(low, high) as i64, greatest: greatest.clamp(low, high) as i64, outside })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Operand {
        let number = literal::number(text.as_bytes());
        let integer = literal::integer(text.as_bytes());
        Operand { text: text.into(), number, integer, time: None }
    }

    fn text(text: &str) -> Operand {
        Operand { text: text.into(), number: None, integer: None, time: None }
    }

    #[test]
    fn values_compare_with_operands() {
        use Ordering::{Equal, Greater, Less};
        for (value, operand, expected) in [
            (ValueRef::Int(5), number("5"), Some(Equal)),
            (ValueRef::Float(5.0), number("5"), Some(Equal)),
            (ValueRef::Text(b"200"), number("200"), Some(Equal)),
            (ValueRef::Text(b"200.0"), number("200"), Some(Equal)),
            (ValueRef::Text(b"1e3"), number("999"), Some(Greater)),
            (ValueRef::Text(b"-"), number("5"), None),
            (ValueRef::Bool(true), number("1"), None),
            (ValueRef::Bool(true), text("true"), Some(Equal)),
            (ValueRef::Int(404), text("404"), Some(Equal)),
            (ValueRef::Int(10), text("9"), Some(Less)),
            (ValueRef::Text(b"ab"), text("Ab"), Some(Greater)),
            (ValueRef::Float(f64::NAN), number("5"), None),
            (ValueRef::Int(i64::MAX), number("9223372036854775807"), Some(Equal)),
            (ValueRef::Float(9_223_372_036_854_775_808.0), number("9223372036854775807"), Some(Greater)),
        ] {
            assert_eq!(order(value, &operand), expected, "{value:?} {operand:?}");
        }
    }

    #[test]
    fn texts_with_a_unit_compare_with_operands_that_have_one() {
        use Ordering::{Equal, Greater, Less};
        let unit = |text: &str, number| Operand { text: text.into(), number: Some(number), integer: None, time: None };
        for (value, operand, expected) in [
            ("253ms", unit("500ms", 0.5), Some(Less)),
            ("1500ms", unit("1.5s", 1.5), Some(Equal)),
            ("1h30m", unit("90s", 90.0), Some(Greater)),
            ("2MB", unit("1MiB", 1_048_576.0), Some(Greater)),
            ("1KB", unit("1000B", 1000.0), Some(Equal)),
            ("soon", unit("500ms", 0.5), None),
            ("253ms", unit("0.5", 0.5), None),
        ] {
            assert_eq!(order(ValueRef::Text(value.as_bytes()), &operand), expected, "{value} {}", operand.text);
        }
    }

    proptest! {
        #[test]
        fn ranges_hold_what_comparisons_let_through(
            int in prop_oneof![any::<i64>(), -3..3_i64],
            operand in prop_oneof!["-?[0-9]{1,19}", "-?[0-3]\\.[05]", "-?1e(1[89]|20)"],
        ) {
            let operand = number(&operand);
            for comparison in [
                Comparison::Equal, Comparison::NotEqual, Comparison::Less,
                Comparison::LessOrEqual, Comparison::Greater, Comparison::GreaterOrEqual,
            ] {
                let range = IntRange::new(comparison, &operand).unwrap();
                prop_assert_eq!(range.contains(int), comparison.holds(order(ValueRef::Int(int), &operand)));
            }
        }
    }
}
