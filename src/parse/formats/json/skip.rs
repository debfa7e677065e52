//! Checks JSON values that are kept as text: arrays, and objects nested too deep.

use super::Fault;
use super::string::skip_string;
use crate::parse::formats::keys::number::Number;
use crate::parse::formats::keys::scan::{byte, skip_blanks, word};

/// Checks the value at `at` and returns the position after it. `stack` is a buffer to reuse: nesting costs
/// memory there and never on the call stack.
pub fn skip_value(text: &[u8], mut at: usize, stack: &mut Vec<u8>) -> Result<usize, Fault> {
    stack.clear();
    'value: loop {
        let open = byte(text, at);
        match open {
            b'"' => at = skip_string(text, at + 1)?.0 + 1,
            b'[' | b'{' => {
                let close = if open == b'[' { b']' } else { b'}' };
                at = skip_blanks(text, at + 1);
                if byte(text, at) == close {
                    at += 1;
                } else {
                    stack.push(close);
                    at = if open == b'{' { skip_key(text, at)? } else { at };
                    continue 'value;
                }
            }
            _ => at = skip_scalar(text, at)?,
        }
        while let Some(close) = stack.last().copied() {
            at = skip_blanks(text, at);
            match byte(text, at) {
                b',' => {
                    at = skip_blanks(text, at + 1);
                    at = if close == b'}' { skip_key(text, at)? } else { at };
                    continue 'value;
                }
                end if end == close => {
                    stack.pop();
                    at += 1;
                }
                _ if close == b'}' => return Err(Fault::expected("expected ',' or '}'", text, at)),
                _ => return Err(Fault::expected("expected ',' or ']'", text, at)),
            }
        }
        return Ok(at);
    }
}

/// Checks a key and its colon; returns where its value begins.
fn skip_key(text: &[u8], at: usize) -> Result<usize, Fault> {
    if byte(text, at) != b'"' {
        return Err(Fault::expected("expected a key", text, at));
    }
    let colon = skip_blanks(text, skip_string(text, at + 1)?.0 + 1);
    if byte(text, colon) != b':' {
        return Err(Fault::expected("expected ':'", text, colon));
    }
    Ok(skip_blanks(text, colon + 1))
}

fn skip_scalar(text: &[u8], at: usize) -> Result<usize, Fault> {
    match byte(text, at) {
        b'-' | b'0'..=b'9' => match Number::scan(text, at) {
            Ok(number) => Ok(number.end),
            Err(place) => Err(Fault::expected("wrong number", text, place)),
        },
        _ => literal(text, at).map(|(_, end)| end),
    }
}

/// Reads `true`, `false` or `null` (`None`); also returns the position after it.
#[inline(always)]
pub fn literal(text: &[u8], at: usize) -> Result<(Option<bool>, usize), Fault> {
    let word = word(text, at);
    let four = (word as u32).to_le_bytes();
    match (&four, word.to_le_bytes()[4]) {
        (b"true", _) => Ok((Some(true), at + 4)),
        (b"null", _) => Ok((None, at + 4)),
        (b"fals", b'e') => Ok((Some(false), at + 5)),
        _ => Err(Fault::expected("expected a value", text, at)),
    }
}
