//! The one function through which text from a log passes before it reaches a terminal.
//!
//! A terminal obeys what it is shown: escape sequences can retitle the window, move the cursor over
//! older lines, or type an answer back; bidirectional controls can show text in another order than it
//! has. So C0 (but tab), DEL, C1, bidi controls, the Unicode line and paragraph separators and bytes
//! that are not UTF-8 are shown as visible escapes. A line feed is the caller's business: writers split
//! lines before they come here, and one that is left is escaped like the rest.

use super::scan;
use std::borrow::Cow;

/// Appends `text` so that a terminal shows it and does nothing else.
#[inline]
pub fn write(text: &[u8], out: &mut Vec<u8>) {
    if scan::is_printable_ascii(text) {
        out.extend_from_slice(text);
    } else {
        write_slow(text, out);
    }
}

/// Appends `text` for a `terminal` as [`write()`] does, or as it is for anything else.
#[inline]
pub fn write_for(text: &[u8], terminal: bool, out: &mut Vec<u8>) {
    if terminal {
        write(text, out);
    } else {
        out.extend_from_slice(text);
    }
}

/// Returns `text` as [`write()`] would write it.
pub fn display(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| !is_dangerous(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    write_slow(text.as_bytes(), &mut out);
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Returns JSON text with what a terminal must not see as JSON escapes. Such characters stand in strings only, so it is the same JSON.
pub fn display_json(json: &str) -> Cow<'_, str> {
    if json.chars().all(|c| !is_dangerous(c)) {
        return Cow::Borrowed(json);
    }
    let escape = |c: char| match is_dangerous(c) {
        // All of them lie in the basic plane: one code unit.
        true => format!("\\u{:04x}", c as u32),
        false => c.to_string(),
    };
    Cow::Owned(json.chars().map(escape).collect())
}

/// Returns true for a character a terminal must not see.
pub fn is_dangerous(c: char) -> bool {
    match c {
        '\t' => false,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => true,
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => false,
    }
}

fn write_slow(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid();
        let mut copied = 0;
        for (at, c) in valid.char_indices().filter(|(_, c)| is_dangerous(*c)) {
            out.extend_from_slice(&valid.as_bytes()[copied..at]);
            copied = at + c.len_utf8();
            write_escape(c, out);
        }
        out.extend_from_slice(&valid.as_bytes()[copied..]);
        chunk.invalid().iter().for_each(|byte| write_hex(*byte, out));
    }
}

fn write_escape(c: char, out: &mut Vec<u8>) {
    match c {
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        c if c.is_ascii() => write_hex(c as u8, out),
        c => out.extend_from_slice(c.escape_unicode().to_string().as_bytes()),
    }
}

fn write_hex(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(&[b'\\', b'x', DIGITS[byte as usize >> 4], DIGITS[byte as usize & 15]]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &[u8], expected: &str) {
        let mut out = Vec::new();
        write(text, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn what_a_terminal_would_obey_becomes_visible() {
        check(b"plain text", "plain text");
        check("żółw 東京 \u{1f980}".as_bytes(), "żółw 東京 \u{1f980}");
        check(b"a\tb", "a\tb");
        check(b"\x1b[2J\x07\x7f\r\n\0", "\\x1b[2J\\x07\\x7f\\r\\n\\x00");
        check("\u{9b}31m\u{85}".as_bytes(), "\\u{9b}31m\\u{85}");
        check("a\u{202e}b\u{2066}c\u{2028}".as_bytes(), "a\\u{202e}b\\u{2066}c\\u{2028}");
        check(b"ok \xff\xfe \xc3", "ok \\xff\\xfe \\xc3");
        check(b"\x9b1m", "\\x9b1m");
    }

    #[test]
    fn json_stays_the_same_json() {
        let json = "{\"a\":\"x\u{202e}\u{9b}\u{7f}é\"}";
        let shown = display_json(json);
        assert_eq!(shown, "{\"a\":\"x\\u202e\\u009b\\u007fé\"}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(read(&shown), read(json));
    }

    proptest! {
        #[test]
        fn no_bytes_get_past(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut out = Vec::new();
            write(&text, &mut out);
            let shown = String::from_utf8(out).expect("safe text is UTF-8");
            prop_assert!(!shown.chars().any(is_dangerous));
        }
    }
}
