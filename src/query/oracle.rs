//! The slow and obvious evaluation of a filter on one entry: what the executor must agree with.

use super::compare::order;
use super::text::text_of;
use super::token::is_token_byte;
use super::{Filter, Operand, Test, TextTest};
use crate::entry::{EntryRef, LogLevel, ValueRef};

/// Returns true when the entry matches.
pub fn matches(filter: &Filter, entry: EntryRef<'_>) -> bool {
    match filter {
        Filter::All => true,
        Filter::And(parts) => parts.iter().all(|part| matches(part, entry)),
        Filter::Or(parts) => parts.iter().any(|part| matches(part, entry)),
        Filter::Not(part) => !matches(part, entry),
        Filter::Message(test) => entry.message().or(entry.raw()).is_some_and(|text| text_matches(test, text)),
        Filter::Field { field, test } => field_matches(field, test, entry),
    }
}

fn field_matches(field: &str, test: &Test, entry: EntryRef<'_>) -> bool {
    match field {
        "ts" => {
            let compare = |operand: &Operand| Some(entry.ts()?.cmp(&operand.time?));
            match test {
                Test::Exists => entry.ts().is_some(),
                Test::Text(_) => false,
                Test::Compare(comparison, operand) => comparison.holds(compare(operand)),
                Test::In(operands) => {
                    operands.iter().any(|operand| compare(operand).is_some_and(|order| order.is_eq()))
                }
            }
        }
        "level" => {
            let compare =
                |operand: &Operand| Some(entry.level()?.cmp(&LogLevel::from_word(operand.text.as_bytes(), false)?));
            match test {
                Test::Exists => entry.level().is_some(),
                Test::Text(test) => entry.level().is_some_and(|level| text_matches(test, level.name().as_bytes())),
                Test::Compare(comparison, operand) => comparison.holds(compare(operand)),
                Test::In(operands) => {
                    operands.iter().any(|operand| compare(operand).is_some_and(|order| order.is_eq()))
                }
            }
        }
        "message" => value_matches(entry.message().map(ValueRef::Text), test),
        "raw" => value_matches(entry.raw().map(ValueRef::Text), test),
        "line" => value_matches(entry.position().map(|position| ValueRef::Int(position.line as i64)), test),
        "offset" => value_matches(entry.position().map(|position| ValueRef::Int(position.offset as i64)), test),
        "format" => value_matches(entry.format().map(|name| ValueRef::Text(name.as_bytes())), test),
        "source" => value_matches(entry.source().map(|name| ValueRef::Text(name.as_bytes())), test),
        field => value_matches(entry.field(field), test),
    }
}

fn value_matches(value: Option<ValueRef<'_>>, test: &Test) -> bool {
    match test {
        Test::Exists => value.is_some(),
        Test::Text(test) => value.is_some_and(|value| text_matches(test, &text_of(value))),
        Test::Compare(comparison, operand) => comparison.holds(value.and_then(|value| order(value, operand))),
        Test::In(operands) => operands
            .iter()
            .any(|operand| value.and_then(|value| order(value, operand)).is_some_and(|order| order.is_eq())),
    }
}

fn text_matches(test: &TextTest, text: &[u8]) -> bool {
    let (needle, prefix) = match test {
        TextTest::Regex(regex) => return regex.is_match(text),
        TextTest::Network(network) => return super::text::is_within(network, text),
        TextTest::Phrase(needle) => (needle, false),
        TextTest::Prefix(needle) => (needle, true),
    };
    let boundary = |inner: Option<&u8>, outer: Option<&u8>| {
        !(inner.is_some_and(|byte| is_token_byte(*byte)) && outer.is_some_and(|byte| is_token_byte(*byte)))
    };
    let whole = |start: usize, end: usize| {
        let before = start.checked_sub(1).and_then(|index| text.get(index));
        boundary(needle.as_bytes().first(), before) && (prefix || boundary(needle.as_bytes().last(), text.get(end)))
    };
    if needle.is_ascii() {
        return (0..=text.len()).any(|start| {
            let end = start + needle.len();
            text.get(start..end).is_some_and(|part| part.eq_ignore_ascii_case(needle.as_bytes())) && whole(start, end)
        });
    }
    let pattern = format!("(?i)\\A(?:{})", regex::escape(needle));
    let regex = regex::bytes::Regex::new(&pattern).expect("an escaped text is a pattern");
    (0..=text.len()).any(|start| regex.find(&text[start..]).is_some_and(|found| whole(start, start + found.end())))
}
