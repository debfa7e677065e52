//! Levels that stand in the first words of a text.

use crate::entry::LogLevel;

/// How many words are looked at.
const WORDS: usize = 4;

/// A level found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LevelWord {
    pub(super) level: LogLevel,
    /// Position after the word, its closing bracket or colon.
    pub(super) end: usize,
}

/// Reads a word at `at` that surely names a level, whatever stands around it: `INFO`, `[error]`, `<warn>`,
/// `(debug)`, `error:`, `[E]`.
#[inline]
pub(super) fn level_word(text: &[u8], at: usize) -> Option<LevelWord> {
    let (closing, start) = match text.get(at)? {
        b'[' => (b']', at + 1),
        b'<' => (b'>', at + 1),
        b'(' => (b')', at + 1),
        b'|' => (b'|', at + 1),
        b'A'..=b'Z' | b'a'..=b'z' => (0, at),
        _ => return None,
    };
    // Some pad the word within the brackets: `[WARN ]`, `[ INFO]`.
    let start = if closing != 0 { skip_blanks(text, start) } else { start };
    let end = start + word_length(text, start);
    if closing != 0 {
        let level = LogLevel::from_word(text.get(start..end)?, true)?;
        let close = skip_blanks(text, end);
        return (text.get(close) == Some(&closing)).then_some(LevelWord { level, end: close + 1 });
    }
    let word = &text[start..end];
    let level = LogLevel::from_word(word, false)?;
    match text.get(end) {
        None => is_loud(word).then_some(LevelWord { level, end }),
        Some(b' ' | b'\t' | b'|' | b']' | b',' | b'-') => is_loud(word).then_some(LevelWord { level, end }),
        Some(b':') => {
            let spaced = matches!(text.get(end + 1), None | Some(b' ' | b'\t'));
            (spaced && (is_loud(word) || is_plain_level(word))).then_some(LevelWord { level, end: end + 1 })
        }
        Some(_) => None,
    }
}

/// Returns the level that the first word of a message names, or that `level=…` among the first words does.
#[inline]
pub(super) fn level_of_message(text: &[u8]) -> Option<LogLevel> {
    let at = skip_blanks(text, 0);
    match level_word(text, at) {
        Some(word) => Some(word.level),
        None => level_assignment(text, at),
    }
}

/// Returns the level of a `level=…`, `lvl=…` or `severity=…` among the first words.
#[inline]
pub(super) fn level_assignment(text: &[u8], mut at: usize) -> Option<LogLevel> {
    for _ in 0..WORDS {
        let rest = text.get(at..)?;
        let value = rest
            .strip_prefix(b"level=")
            .or_else(|| rest.strip_prefix(b"lvl="))
            .or_else(|| rest.strip_prefix(b"severity="));
        if let Some(value) = value {
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            return LogLevel::from_word(&value[..word_length(value, 0)], false);
        }
        at += memchr::memchr(b' ', &rest[..rest.len().min(64)])? + 1;
    }
    None
}

/// Returns the position of the first byte at or after `at` that is no blank.
#[inline]
pub(super) fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// Letters and digits at `at`, at most 14: no level has more.
#[inline]
fn word_length(text: &[u8], at: usize) -> usize {
    text.get(at..).map_or(0, |rest| rest.iter().take(14).take_while(|byte| byte.is_ascii_alphanumeric()).count())
}

/// Written in capitals, as levels are and words are not; two letters at least.
fn is_loud(word: &[u8]) -> bool {
    word.len() > 1 && !word.iter().any(u8::is_ascii_lowercase)
}

/// A word that before a colon is a level and not the subject of what follows (`config: loaded`).
fn is_plain_level(word: &[u8]) -> bool {
    !["config", "fine", "log", "note", "fail", "failure", "panic"]
        .iter()
        .any(|other| word.eq_ignore_ascii_case(other.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<LogLevel>) {
        assert_eq!(level_of_message(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn levels_stand_out_from_words() {
        check("INFO started", Some(LogLevel::Info));
        check("error: no such file", Some(LogLevel::Error));
        check("Warning: low disk", Some(LogLevel::Warn));
        check("[error] x", Some(LogLevel::Error));
        check("[WARN ] x", Some(LogLevel::Warn));
        check("<debug> x", Some(LogLevel::Debug));
        check("[E] x", Some(LogLevel::Error));
        check("time=1 level=warning msg=x", Some(LogLevel::Warn));
        check("a b lvl=\"crit\" d", Some(LogLevel::Critical));
        check("LOG:  checkpoint starting", Some(LogLevel::Info));
    }

    #[test]
    fn what_may_be_a_word_is_no_level() {
        for text in [
            "",
            " ",
            "error while reading",
            "log: rotated",
            "E x",
            "information about",
            "Info",
            "errors: 5",
            "a b c d level=info",
            "config: loaded",
            "[errors]",
            "[error",
            "INFORMAL x",
            "error:5",
        ] {
            check(text, None);
        }
    }
}
