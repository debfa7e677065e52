//! One total order over values, as bytes: sorting and grouping compare and hash plain byte strings.
//!
//! Numbers come before booleans, texts and JSON; integers and floats mix by value (an integer before an
//! equal float, NaN after all numbers); no value comes last, also in descending order.

use super::literal::Number;
use crate::entry::{Value, ValueRef};

const NUMBER: u8 = 0x10;
const BOOL: u8 = 0x20;
const TEXT: u8 = 0x30;
const JSON: u8 = 0x40;
const ABSENT: u8 = 0xf0;
/// How a number was written, the end of its code: integers before equal floats, texts last.
const AS_INT: u8 = 0;
const AS_FLOAT: u8 = 1;
const AS_TEXT: u8 = 2;
const CANONICAL_NAN: u64 = 0x7ff8_0000_0000_0000;

/// Appends a value's code. Codes compare, byte for byte, as the values do; no code begins another.
pub fn encode(value: Option<ValueRef<'_>>, out: &mut Vec<u8>) {
    match value {
        None => out.push(ABSENT),
        Some(ValueRef::Int(int)) => encode_int(int, out),
        Some(ValueRef::Float(float)) => {
            let bits = match float {
                float if float.is_nan() => CANONICAL_NAN,
                // Minus zero equals zero.
                float => (float + 0.0).to_bits(),
            };
            encode_number(bits, 0, AS_FLOAT, out);
        }
        Some(ValueRef::Bool(truth)) => out.extend([BOOL, u8::from(truth)]),
        Some(ValueRef::Text(text)) => encode_text(TEXT, text, out),
        Some(ValueRef::Json(text)) => encode_text(JSON, text, out),
    }
}

/// Appends the code of a value among amounts: as [`encode`], but texts that are numbers or have a unit (`"200"`, `12ms`,
/// `8MB`) stand behind the equal number, not among the texts.
pub fn encode_amount(value: Option<ValueRef<'_>>, out: &mut Vec<u8>) {
    let Some(ValueRef::Text(text)) = value else { return encode(value, out) };
    match Number::of_text(text) {
        Some(Number::Int(int)) => encode_int(int, out),
        Some(Number::Float(float)) => encode(Some(ValueRef::Float(float)), out),
        None => return encode(value, out),
    }
    if let Some(kind) = out.last_mut() {
        *kind = AS_TEXT;
    }
    encode_text(TEXT, text, out);
}

/// Appends the code of a value to sort by: as [`encode_amount`]; descending the order is reversed, no value still last.
pub fn encode_to_sort(value: Option<ValueRef<'_>>, descending: bool, out: &mut Vec<u8>) {
    let start = out.len();
    encode_amount(value, out);
    if descending && value.is_some() {
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

/// Appends an integer's code.
#[inline]
pub fn encode_int(int: i64, out: &mut Vec<u8>) {
    // The nearest float, then what it misses: at most 512 either way.
    let float = int as f64;
    // 2^63 becomes the greatest integer there, one less.
    let beyond = i64::from(float == 9_223_372_036_854_775_808.0);
    let missed = int.wrapping_sub(float as i64).wrapping_sub(beyond);
    encode_number(float.to_bits(), missed as i16, AS_INT, out);
}

#[inline]
fn encode_number(bits: u64, missed: i16, kind: u8, out: &mut Vec<u8>) {
    let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    let mut code = [NUMBER; 12];
    code[1..9].copy_from_slice(&ordered.to_be_bytes());
    code[9..11].copy_from_slice(&((missed as u16) ^ 0x8000).to_be_bytes());
    code[11] = kind;
    out.extend_from_slice(&code);
}

/// A zero byte becomes 0 255, the end is 0 1.
#[inline]
fn encode_text(tag: u8, text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 3);
    out.push(tag);
    let mut rest = text;
    if has_zero(text) {
        while let Some(zero) = memchr::memchr(0, rest) {
            out.extend_from_slice(&rest[..=zero]);
            out.push(255);
            rest = &rest[zero + 1..];
        }
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(&[0, 1]);
}

/// Returns true when one of the bytes is zero. Most texts are short: two words that may overlap are looked at sooner
/// than memchr is called.
#[inline]
fn has_zero(text: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zeros = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        word.wrapping_sub(ONES) & !word & ONES << 7
    };
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) if text.len() <= 16 => zeros(first) | zeros(last) != 0,
        _ => memchr::memchr(0, text).is_some(),
    }
}

/// Takes the first value off codes made by [`encode`] or [`encode_amount`].
///
/// # Panics
/// On bytes that are no code.
pub fn decode(codes: &mut &[u8]) -> Option<Value> {
    let (tag, rest) = codes.split_first().expect("a code has a tag");
    let (value, rest) = match *tag {
        ABSENT => (None, rest),
        BOOL => (Some(Value::Bool(rest[0] != 0)), &rest[1..]),
        NUMBER => {
            let ordered = u64::from_be_bytes(rest[..8].try_into().expect("eight bytes"));
            let bits = if ordered >> 63 == 1 { ordered ^ 1 << 63 } else { !ordered };
            let missed = (u16::from_be_bytes([rest[8], rest[9]]) ^ 0x8000) as i16;
            let float = f64::from_bits(bits);
            let value = match rest[10] {
                AS_INT => Value::Int((float as i128 + i128::from(missed)) as i64),
                AS_FLOAT => Value::Float(float),
                // The text itself follows.
                _ => {
                    *codes = &rest[11..];
                    return decode(codes);
                }
            };
            (Some(value), &rest[11..])
        }
        tag => {
            let mut text = Vec::new();
            let mut rest = rest;
            loop {
                let zero = memchr::memchr(0, rest).expect("a text has an end");
                text.extend_from_slice(&rest[..zero]);
                let mark = rest[zero + 1];
                rest = &rest[zero + 2..];
                if mark == 1 {
                    break;
                }
                text.push(0);
            }
            let text = text.into();
            (Some(if tag == TEXT { Value::Text(text) } else { Value::Json(text) }), rest)
        }
    };
    *codes = rest;
    value
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::*;
    use crate::query::compare::int_with_float;

    fn code(value: Option<&Value>) -> Vec<u8> {
        let mut out = Vec::new();
        encode(value.map(Value::as_ref), &mut out);
        out
    }

    fn value() -> impl Strategy<Value = Value> {
        let int = prop_oneof![any::<i64>(), -3..3_i64, (i64::MAX - 600)..=i64::MAX];
        prop_oneof![
            int.clone().prop_map(Value::Int),
            prop_oneof![any::<f64>(), int.prop_map(|int| int as f64)].prop_map(Value::Float),
            any::<bool>().prop_map(Value::Bool),
            proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(255), Just(97)], 0..5)
                .prop_map(|text| Value::Text(text.into())),
            // Around the lengths from which and up to which words are looked at.
            proptest::collection::vec(prop_oneof![1 => Just(0_u8), 20 => Just(97), 1 => Just(128)], 6..19)
                .prop_map(|text| Value::Text(text.into())),
        ]
    }

    #[test]
    fn texts_that_are_amounts_stand_among_the_numbers() {
        let text = |text: &str| Value::Text(text.as_bytes().into());
        let in_order = [
            text("-5m"),
            Value::Int(0),
            text("0.25ms"),
            text("253ms"),
            Value::Float(0.5),
            text("500ms"),
            Value::Int(1),
            // Equal amounts stand as their texts do.
            text("1000ms"),
            text("1s"),
            Value::Float(1.5),
            text("1h30m"),
            text("1MB"),
            text("1MiB"),
            text("9007199254740993"),
            text("1.2.3"),
            text("5x"),
            text("ms"),
        ];
        let codes = in_order.each_ref().map(|value| {
            let mut code = Vec::new();
            encode_amount(Some(value.as_ref()), &mut code);
            assert_eq!(decode(&mut code.as_slice()).as_ref(), Some(value));
            code
        });
        assert!(codes.is_sorted(), "{codes:?}");
    }

    proptest! {
        #[test]
        fn codes_order_and_return_values(left in value(), right in value()) {
            let order = code(Some(&left)).cmp(&code(Some(&right)));
            match (&left, &right) {
                (Value::Int(left), Value::Int(right)) => prop_assert_eq!(order, left.cmp(right)),
                (Value::Text(left), Value::Text(right)) => prop_assert_eq!(order, left.cmp(right)),
                (Value::Float(left), Value::Float(right)) if left == right => prop_assert_eq!(order, Ordering::Equal),
                (Value::Float(left), Value::Float(right)) if !left.is_nan() && !right.is_nan() => {
                    prop_assert_eq!(Some(order), left.partial_cmp(right));
                }
                (Value::Int(left), Value::Float(right)) => {
                    let exact = int_with_float(*left, *right).unwrap_or(Ordering::Less);
                    prop_assert_eq!(order, exact.then(Ordering::Less));
                }
                _ => {}
            }
            prop_assert!(code(Some(&left)) < code(None));
            let mut descending = Vec::new();
            encode_to_sort(Some(left.as_ref()), true, &mut descending);
            let mut other = Vec::new();
            encode_to_sort(Some(right.as_ref()), true, &mut other);
            let ascending = [&left, &right].map(|value| {
                let mut out = Vec::new();
                encode_to_sort(Some(value.as_ref()), false, &mut out);
                out
            });
            prop_assert_eq!(descending.cmp(&other), ascending[1].cmp(&ascending[0]));
            prop_assert_eq!(ascending[0] == ascending[1], order == Ordering::Equal);
            prop_assert!(descending < code(None));
            let bytes = [code(Some(&left)), code(None)].concat();
            let mut rest = bytes.as_slice();
            let back = decode(&mut rest).expect("a value");
            prop_assert_eq!(code(Some(&back)), code(Some(&left)));
            prop_assert_eq!(decode(&mut rest), None);
            prop_assert!(rest.is_empty());
        }
    }
}
