//! The `logfmt` format: `key=value key="quoted value" flag key=`.
//!
//! A line must begin with a key and have two pairs at least, or one whose key is known to hold the time,
//! level or message (see [`super::keys`]). A word without `=` is a boolean true; it must look like a key,
//! and when there are more of them than pairs the line is prose, not logfmt. A value without quotes runs
//! to the next blank, whatever is in it: numbers as JSON writes them are numbers, `true` and `false` are
//! booleans, all else is text. An exponent needs its sign, or hexadecimal names like `12e4` would become
//! numbers. A quoted value is text, with the escapes of JSON. Of a key that comes twice the last value
//!

#[cfg(test)]
mod tests;

use super::json::{Fault, Source, skip_string, unescape};
use super::keys::assembly::{Assembly, Found};
use super::keys::claim;
use super::keys::number::Number;
use super::keys::scan::{blank, byte, key_end, skip_blanks};
use super::keys::table::{Action, KeyId, KeyTable, ROOT, Slot};
use crate::entry::{BatchBuilder, Kind, Record, RejectReason, Span};
use crate::parse::timestamp::TimeParser;
use crate::parse::{LineParser, Settings};

/// Most values a line may have.
const MAX_FIELDS: usize = 1000;
/// Longest key, in bytes.
const MAX_NAME: usize = 4096;

/// Reads `logfmt` lines.
#[derive(Debug)]
pub struct LogfmtParser {
    pairs: Pairs,
    assembly: Assembly,
}

impl LogfmtParser {
    /// Returns the parser of times.
    pub(super) fn times(&mut self) -> &mut TimeParser {
        self.assembly.times()
    }

    /// Makes a parser whose fields are numbered by `builder`.
    pub fn new(settings: &Settings, builder: &mut BatchBuilder) -> LogfmtParser {
        // Fields are numbered when they are first met.
        let _ = builder;
        LogfmtParser { pairs: Pairs::new(), assembly: Assembly::new(settings) }
    }
}

impl LineParser for LogfmtParser {
    fn parse(
        &mut self,
        chunk: &[u8],
        start: usize,
        end: usize,
        record: &mut Record,
        builder: &mut BatchBuilder,
    ) -> Result<(), RejectReason> {
        self.assembly.begin(record);
        let source = Source { text: &chunk[..end], scratch: None };
        self.pairs
            .read(source, start, record, &mut self.assembly, builder)
            .map_err(|fault| fault.reason("logfmt", start))?;
        self.assembly.finish(chunk, record, builder);
        Ok(())
    }
}

/// Reads the pairs of a line; remembers the keys it has met.
#[derive(Debug)]
pub(super) struct Pairs {
    keys: KeyTable,
}

impl Pairs {
    /// Makes one that knows no keys.
    pub fn new() -> Pairs {
        Pairs { keys: KeyTable::new() }
    }

    /// Reads the line that begins at `start` and ends with the text.
    #[inline]
    pub fn read(
        &mut self,
        source: Source<'_>,
        start: usize,
        record: &mut Record,
        assembly: &mut Assembly,
        builder: &mut BatchBuilder,
    ) -> Result<(), Fault> {
        self.keys.bound();
        let text = source.text;
        let (mut pairs, mut flags) = (0, 0);
        let mut slot = Slot::first_in(ROOT);
        let mut at = skip_blanks(text, start);
        while at < text.len() {
            if pairs + flags == MAX_FIELDS {
                return Err(Fault::new("more than 1000 fields", at));
            }
            let (key, length) = match self.keys.guess(slot, text, at) {
                Some(guess) => guess,
                None => match self.key(text, at, slot, pairs == 0)? {
                    Word::Key(key, length) => (key, length),
                    Word::Flag(key, length) => {
                        flags += 1;
                        let action = self.keys.action(key, assembly, builder);
                        let text_span = source.span(at, at + length);
                        assembly.take(record, action, Found { kind: Kind::Bool, payload: 1, text: text_span });
                        at = skip_blanks(text, at + length);
                        continue;
                    }
                },
            };
            pairs += 1;
            slot = Slot::after(key);
            at = self.value(source, at + length, key, record, assembly, builder)?;
            if byte(text, at) == b' ' {
                at += 1;
            }
            if byte(text, at) <= b' ' {
                at = skip_blanks(text, at);
            }
        }
        if pairs == 0 || (pairs == 1 && !begins_with_known_key(text, start)) {
            return Err(Fault::new("too few key=value pairs", start));
        }
        if flags > pairs {
            return Err(Fault::new("more words than key=value pairs", start));
        }
        Ok(())
    }

    /// Reads a key that was not the expected one, with its `=`, or a flag.
    #[inline(never)]
    fn key(&mut self, text: &[u8], at: usize, slot: Slot, first: bool) -> Result<Word, Fault> {
        let end = key_end(text, at);
        let name = &text[at..end];
        let strict = is_strict(name);
        if name.len() > MAX_NAME {
            return Err(Fault::new("field name longer than 4096 bytes", at));
        }
        match byte(text, end) {
            b'=' if !name.is_empty() && (strict || !first) => {
                let key = self.keys.find(slot, ROOT, &text[at..end + 1], || name.to_vec());
                Ok(Word::Key(key, end + 1 - at))
            }
            // A flag is never guessed, so that no guess has to tell it from a key: nobody asks this slot.
            b' ' | b'\t' | b'\r' | 0 if strict && !first && byte_is_end(text, end) => {
                let written = [name, b" "].concat();
                Ok(Word::Flag(self.keys.find(Slot::after(ROOT), ROOT, &written, || name.to_vec()), end - at))
            }
            _ if first => Err(Fault::new("expected key=value", at)),
            _ => Err(Fault::new("expected a key", if strict { end } else { at })),
        }
    }

    /// Reads a value and returns the position after it.
    #[inline(always)]
    fn value(
        &mut self,
        source: Source<'_>,
        at: usize,
        key: KeyId,
        record: &mut Record,
        assembly: &mut Assembly,
        builder: &mut BatchBuilder,
    ) -> Result<usize, Fault> {
        let text = source.text;
        let action = self.keys.action(key, assembly, builder);
        if byte(text, at) == b'"' {
            let (end, escaped) = skip_string(text, at + 1)?;
            if !byte_is_end(text, end + 1) {
                return Err(Fault::new("expected a blank after the quoted value", end + 1));
            }
            if action != Action::Skip {
                let span = if escaped {
                    let scratch = builder.scratch();
                    let start = scratch.len();
                    unescape(&text[at + 1..end], scratch);
                    Span::scratch(start, scratch.len() - start)
                } else {
                    source.span(at + 1, end)
                };
                assembly.take(record, action, Found::text(span));
            }
            return Ok(end + 1);
        }
        let end = blank(text, at);
        if !byte_is_end(text, end) {
            return Err(Fault::new("control character in a value", end));
        }
        if action != Action::Skip {
            assembly.take(record, action, typed(source, at, end));
        }
        Ok(end)
    }
}

/// A piece of a line that begins where a key may stand.
enum Word {
    /// A key and its length with the `=`.
    Key(KeyId, usize),
    /// A word without `=` and its length.
    Flag(KeyId, usize),
}

/// Returns the value of an unquoted text.
#[inline]
fn typed(source: Source<'_>, at: usize, end: usize) -> Found {
    let span = source.span(at, end);
    let text = source.text;
    match byte(text, at) {
        b'-' | b'0'..=b'9' => match Number::scan(text, at) {
            Ok(number) if number.end == end && !number.has_bare_exponent(text) => {
                let (kind, payload) = number.value(text, span);
                Found { kind, payload, text: span }
            }
            _ => Found::text(span),
        },
        b't' if &text[at..end] == b"true" => Found { kind: Kind::Bool, payload: 1, text: span },
        b'f' if &text[at..end] == b"false" => Found { kind: Kind::Bool, payload: 0, text: span },
        _ => Found::text(span),
    }
}

/// Returns true when the key the line begins with is known to hold the time, level or message.
fn begins_with_known_key(text: &[u8], start: usize) -> bool {
    let at = skip_blanks(text, start);
    claim(&text[at..key_end(text, at)]).is_some()
}

/// Returns true when a word may end at `at`.
#[inline(always)]
fn byte_is_end(text: &[u8], at: usize) -> bool {
    at >= text.len() || matches!(text[at], b' ' | b'\t' | b'\r')
}

/// Returns true for `[A-Za-z_@][A-Za-z0-9_.@/-]*`.
fn is_strict(name: &[u8]) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@');
    let (Some(first), rest) = (name.first(), name.get(1..).unwrap_or_default()) else { return false };
    word(first) && !first.is_ascii_digit() && rest.iter().all(|byte| word(byte) || matches!(byte, b'.' | b'/' | b'-'))
}
