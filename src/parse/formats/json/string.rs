//! JSON strings: their ends and their escapes.

use super::Fault;
use crate::parse::formats::keys::scan::{byte, string_end};

/// Finds the closing quote of the string whose content begins at `at`; also tells whether it has escapes.
#[inline(always)]
pub fn skip_string(text: &[u8], at: usize) -> Result<(usize, bool), Fault> {
    let end = string_end(text, at);
    if byte(text, end) == b'"' { Ok((end, false)) } else { skip_rest(text, end) }
}

/// Goes on at a byte that is special and no quote.
#[inline(never)]
fn skip_rest(text: &[u8], mut at: usize) -> Result<(usize, bool), Fault> {
    loop {
        match byte(text, at) {
            b'"' => return Ok((at, true)),
            b'\\' => at = skip_escape(text, at)?,
            _ if at >= text.len() => return Err(Fault::new("line ends inside a string", at)),
            _ => return Err(Fault::new("control character in a string", at)),
        }
        at = string_end(text, at);
    }
}

/// Returns the position after the escape that begins at `at`.
fn skip_escape(text: &[u8], at: usize) -> Result<usize, Fault> {
    match byte(text, at + 1) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
        b'u' => match (2..6).find(|digit| !byte(text, at + digit).is_ascii_hexdigit()) {
            None => Ok(at + 6),
            Some(_) if at + 6 > text.len() => Err(Fault::new("line ends inside a string", text.len())),
            Some(digit) => Err(Fault::new("expected a hexadecimal digit", at + digit)),
        },
        _ if at + 1 >= text.len() => Err(Fault::new("line ends inside a string", text.len())),
        _ => Err(Fault::new("unknown escape", at + 1)),
    }
}

/// Appends the content of a string, whose escapes [`skip_string`] has checked, with its escapes undone.
/// Half a surrogate pair becomes U+FFFD.
pub fn unescape(mut content: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', content) {
        out.extend_from_slice(&content[..at]);
        let escape = content[at + 1];
        content = &content[at + 2..];
        match escape {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let (character, length) = unicode(content);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                content = &content[length..];
            }
            other => out.push(other),
        }
    }
    out.extend_from_slice(content);
}

/// Reads the digits after `\u`, and a second escape when both make one character; also returns their length.
fn unicode(text: &[u8]) -> (char, usize) {
    let first = hex(&text[..4]);
    if let Some(character) = char::from_u32(first) {
        return (character, 4);
    }
    let second = text.get(4..10).filter(|rest| rest.starts_with(b"\\u")).map(|rest| hex(&rest[2..]));
    match second {
        Some(low @ 0xdc00..0xe000) if first < 0xdc00 => {
            let pair = 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00);
            (char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER), 10)
        }
        _ => (char::REPLACEMENT_CHARACTER, 4),
    }
}

fn hex(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |number, digit| number << 4 | (*digit as char).to_digit(16).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        for (written, expected) in [
            (r"plain", "plain"),
            (r"a\n\t\r\b\f\/\\\x22".replace(r"\x22", "\\\"").as_str(), "a\n\t\r\u{8}\u{c}/\\\""),
            (r"\u0041\u00e9\u20ac", "Aé€"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\uD83D\uDE00", "😀"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ud83dx", "\u{fffd}x"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"ends\\", "ends\\"),
        ] {
            let line = format!("{written}\"");
            assert_eq!(skip_string(line.as_bytes(), 0).map(|(end, _)| end).ok(), Some(written.len()), "{written}");
            let mut out = Vec::new();
            unescape(written.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{written}");
        }
    }

    #[test]
    fn wrong_strings_name_the_place() {
        for (written, what, at) in [
            ("abc", "line ends inside a string", 3),
            ("a\\", "line ends inside a string", 2),
            ("a\\u12", "line ends inside a string", 5),
            ("a\tb\"", "control character in a string", 1),
            ("a\\x\"", "unknown escape", 2),
            ("\\u12g4\"", "expected a hexadecimal digit", 4),
        ] {
            assert_eq!(skip_string(written.as_bytes(), 0), Err(Fault::new(what, at)), "{written:?}");
        }
    }
}
