//! Tests on text, compiled: one search for the rarest byte of the needle, then a look around it.

use core::net::{IpAddr, SocketAddr};
use std::borrow::Cow;

use ipnet::IpNet;
use memchr::{memchr, memchr2};
use regex::bytes::{Regex, RegexBuilder};

use super::TextTest;
use super::token::{hash, is_token_byte, tokens};
use crate::entry::ValueRef;

/// Returns the text of a value as every output writes it: what text tests look at.
pub fn text_of(value: ValueRef<'_>) -> Cow<'_, [u8]> {
    match value {
        ValueRef::Text(text) | ValueRef::Json(text) => Cow::Borrowed(text),
        ValueRef::Int(number) => Cow::Owned(itoa::Buffer::new().format(number).into()),
        ValueRef::Float(number) => Cow::Owned(zmij::Buffer::new().format(number).into()),
        ValueRef::Bool(truth) => Cow::Borrowed(if truth { b"true" } else { b"false" }),
    }
}

/// A compiled [`TextTest`].
#[derive(Clone, Debug)]
pub enum TextMatcher {
    /// An ASCII word, phrase or prefix.
    Ascii(Needle),
    /// A word, phrase or prefix with other letters: found by a regular expression that folds their case.
    Folded {
        /// Finds the letters.
        regex: Regex,
        /// Must not be preceded by a word byte.
        starts: bool,
        /// Must not be followed by a word byte.
        ends: bool,
    },
    /// A regular expression.
    Regex(Regex),
    /// A network of addresses.
    Network(IpNet),
}

/// An ASCII text that is searched without regard to case.
#[derive(Clone, Debug)]
pub struct Needle {
    lower: Vec<u8>,
    /// Position of the byte that is rarest in logs, and its two cases.
    rare: usize,
    rare_bytes: (u8, u8),
    starts: bool,
    ends: bool,
}

/// Letters and signs of logs, the most frequent first; what is not here is rarer.
const FREQUENT: &[u8] = b" 0e1t2a/o3s.i4n5r6-78d9l:c\"pmu,=_ghfbw()[]vyk;+x";

impl Needle {
    fn new(text: &[u8], starts: bool, ends: bool) -> Needle {
        let lower = text.to_ascii_lowercase();
        let rank = |byte: u8| FREQUENT.iter().position(|known| *known == byte).unwrap_or(FREQUENT.len());
        let rare = (0..lower.len()).max_by_key(|index| rank(lower[*index])).unwrap_or(0);
        let rare_byte = lower.get(rare).copied().unwrap_or(0);
        Needle { rare, rare_bytes: (rare_byte, rare_byte.to_ascii_uppercase()), starts, ends, lower }
    }

    /// Returns the needle made ready for texts like this sample: it looks for the byte that is rarest there.
    pub fn tuned(&self, sample: &[u8]) -> Needle {
        let mut counts = [0_u32; 256];
        sample.iter().for_each(|byte| counts[byte.to_ascii_lowercase() as usize] += 1);
        let count = |index: usize| counts[self.lower[index] as usize];
        let rare = (0..self.lower.len()).min_by_key(|index| (count(*index), index.abs_diff(self.rare))).unwrap_or(0);
        let rare_byte = self.lower.get(rare).copied().unwrap_or(0);
        Needle { rare, rare_bytes: (rare_byte, rare_byte.to_ascii_uppercase()), ..self.clone() }
    }

    /// Returns the next place at or after `from` where the letters stand, whatever is around them.
    #[inline]
    pub fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        if self.lower.is_empty() {
            return (from <= text.len()).then_some(from);
        }
        let mut at = from + self.rare;
        loop {
            let rest = text.get(at..)?;
            let (low, high) = self.rare_bytes;
            let found = at + if low == high { memchr(low, rest)? } else { memchr2(low, high, rest)? };
            let start = found - self.rare;
            let candidate = text.get(start..start + self.lower.len())?;
            if candidate.eq_ignore_ascii_case(&self.lower) {
                return Some(start);
            }
            at = found + 1;
        }
    }

    /// Returns how many bytes the text has.
    pub fn len(&self) -> usize {
        self.lower.len()
    }

    /// Returns true when the letters at `start` of `text` do not stand inside a longer word.
    #[inline]
    pub fn is_whole(&self, text: &[u8], start: usize) -> bool {
        is_whole(text, start, start + self.lower.len(), self.starts, self.ends)
    }

    fn is_match(&self, text: &[u8]) -> bool {
        let mut from = 0;
        while let Some(start) = self.next(text, from) {
            if self.is_whole(text, start) {
                return true;
            }
            from = start + 1;
        }
        false
    }
}

#[inline]
fn is_whole(text: &[u8], start: usize, end: usize, starts: bool, ends: bool) -> bool {
    let inside_before = starts && start > 0 && is_token_byte(text[start - 1]);
    let inside_after = ends && text.get(end).is_some_and(|byte| is_token_byte(*byte));
    !inside_before && !inside_after
}

impl TextMatcher {
    /// Compiles a test.
    pub fn new(test: &TextTest) -> TextMatcher {
        let (text, prefix) = match test {
            TextTest::Phrase(text) => (text, false),
            TextTest::Prefix(text) => (text, true),
            TextTest::Regex(regex) => return TextMatcher::Regex(regex.clone()),
            TextTest::Network(network) => return TextMatcher::Network(*network),
        };
        let edge = |byte: Option<&u8>| byte.is_some_and(|byte| is_token_byte(*byte));
        let starts = edge(text.as_bytes().first());
        let ends = !prefix && edge(text.as_bytes().last());
        if text.is_ascii() {
            return TextMatcher::Ascii(Needle::new(text.as_bytes(), starts, ends));
        }
        // An escaped text is a small valid pattern; a text beyond the size limit keeps its case.
        let folded = RegexBuilder::new(&regex::escape(text)).case_insensitive(true).size_limit(1 << 26).build();
        match folded {
            Ok(regex) => TextMatcher::Folded { regex, starts, ends },
            Err(_) => TextMatcher::Ascii(Needle::new(text.as_bytes(), starts, ends)),
        }
    }

    /// Returns true when the text matches.
    #[inline]
    pub fn is_match(&self, text: &[u8]) -> bool {
        match self {
            TextMatcher::Ascii(needle) => needle.is_match(text),
            TextMatcher::Regex(regex) => regex.is_match(text),
            TextMatcher::Network(network) => is_within(network, text),
            TextMatcher::Folded { regex, starts, ends } => {
                let mut from = 0;
                while let Some(found) = regex.find_at(text, from) {
                    if is_whole(text, found.start(), found.end(), *starts, *ends) {
                        return true;
                    }
                    from = found.start() + 1;
                }
                false
            }
        }
    }

    /// Returns a copy for one thread's use for a while: a regular expression shared by threads waits for itself.
    pub fn for_thread(&self) -> Cow<'_, TextMatcher> {
        match self {
            TextMatcher::Ascii(_) | TextMatcher::Network(_) => Cow::Borrowed(self),
            TextMatcher::Folded { .. } | TextMatcher::Regex(_) => Cow::Owned(self.clone()),
        }
    }
}

/// Returns the hashes of tokens that every matching text holds whole.
pub fn required_tokens(test: &TextTest) -> Vec<u64> {
    let mut hashes = match test {
        TextTest::Phrase(text) => whole_tokens(text.as_bytes(), true, true, !text.is_ascii()),
        TextTest::Prefix(text) => whole_tokens(text.as_bytes(), true, false, !text.is_ascii()),
        TextTest::Regex(regex) => regex_tokens(regex.as_str()),
        // An address is written in many ways.
        TextTest::Network(_) => Vec::new(),
    };
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// Returns true for an address, with or without a port, within the network. An IPv4 address in IPv6 is the IPv4 address.
pub fn is_within(network: &IpNet, text: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(text) else { return false };
    // An interface may follow: `fe80::1%eth0`.
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    let address = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.is_ok_and(|address| network.contains(&address.to_canonical()) || network.contains(&address))
}

/// Returns the hashes of the tokens of a literal that are whole in every text that holds it; `starts` and
/// `ends` tell whether the ends of the literal are ends of words. With `folded`, other letters may stand
/// for those of the literal: `k` and `s` have such twins beyond ASCII.
fn whole_tokens(text: &[u8], starts: bool, ends: bool, folded: bool) -> Vec<u64> {
    let base = text.as_ptr() as usize;
    tokens(text)
        .filter(|token| {
            let start = token.as_ptr() as usize - base;
            let whole = (start > 0 || starts) && (start + token.len() < text.len() || ends);
            let fixed = !folded || token.iter().all(|byte| byte.is_ascii() && !b"kKsS".contains(byte));
            whole && fixed
        })
        .map(hash)
        .collect()
}

/// Returns the tokens within the literal parts of a regular expression.
fn regex_tokens(pattern: &str) -> Vec<u64> {
    use regex_syntax::hir::{Hir, HirKind, Look};
    let Ok(hir) = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern) else { return Vec::new() };
    fn visit(hir: &Hir, starts: bool, ends: bool, hashes: &mut Vec<u64>) {
        match hir.kind() {
            HirKind::Literal(literal) => hashes.extend(whole_tokens(&literal.0, starts, ends, false)),
            HirKind::Capture(capture) => visit(&capture.sub, starts, ends, hashes),
            HirKind::Repetition(repetition) if repetition.min > 0 => visit(&repetition.sub, false, false, hashes),
            HirKind::Concat(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    let at_start = index > 0 && matches!(parts[index - 1].kind(), HirKind::Look(Look::Start));
                    let at_end = matches!(parts.get(index + 1).map(Hir::kind), Some(HirKind::Look(Look::End)));
                    visit(part, at_start, at_end, hashes);
                }
            }
            HirKind::Empty
            | HirKind::Class(_)
            | HirKind::Look(_)
            | HirKind::Repetition(_)
            | HirKind::Alternation(_) => {}
        }
    }
    let mut hashes = Vec::new();
    visit(&hir, false, false, &mut hashes);
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_within_networks() {
        let within = |network: &str, text: &str| is_within(&network.parse().unwrap(), text.as_bytes());
        for text in ["10.1.2.3", "10.1.2.3:8080", "::ffff:10.1.2.3", "[::ffff:10.1.2.3]:443"] {
            assert!(within("10.0.0.0/8", text), "{text}");
            assert!(!within("10.2.0.0/16", text), "{text}");
        }
        assert!(within("10.1.2.3/8", "10.9.9.9"), "bits behind the prefix do not count");
        assert!(within("2001:db8::/32", "2001:DB8::17") && within("::ffff:10.0.0.0/104", "::ffff:10.1.2.3"));
        for text in ["", "-", "10.1.2", "10.1.2.3 ", "x10.1.2.3", "10.1.2.300", "2001:db8::1"] {
            assert!(!within("10.0.0.0/8", text), "{text}");
        }
    }

    #[test]
    fn phrases_do_not_stand_inside_longer_words() {
        let phrase = |text: &str| TextMatcher::new(&TextTest::Phrase(text.into()));
        let prefix = |text: &str| TextMatcher::new(&TextTest::Prefix(text.into()));
        for (matcher, text, expected) in [
            (phrase("error"), "an ERROR here", true),
            (phrase("error"), "errors", false),
            (phrase("error"), "my_error", false),
            (phrase("error"), "errors, then error", true),
            (phrase("/api/"), "x/api/y", true),
            (phrase("a b"), "A B", true),
            (phrase("aa"), "aaa aa", true),
            (phrase(""), "", true),
            (phrase("straße"), "die STRASSE", false),
            (phrase("Ärger"), "viel ärger!", true),
            (phrase("Ärger"), "ärgern", false),
            (prefix("time"), "a TimeOut", true),
            (prefix("time"), "runtime", false),
            (prefix("tim"), "runtime time", true),
        ] {
            assert_eq!(matcher.is_match(text.as_bytes()), expected, "{matcher:?} {text}");
        }
    }

    #[test]
    fn required_tokens_are_certain() {
        let hashes = |words: &[&str]| {
            let mut hashes: Vec<u64> = words.iter().map(|word| hash(word.as_bytes())).collect();
            hashes.sort_unstable();
            hashes
        };
        let regex = |pattern: &str| TextTest::Regex(Regex::new(pattern).unwrap());
        for (test, expected) in [
            (TextTest::Phrase("GET /index.html".into()), hashes(&["get", "index", "html"])),
            (TextTest::Prefix("GET /index.ht".into()), hashes(&["get", "index"])),
            (TextTest::Phrase("größe cm asks".into()), hashes(&["cm"])),
            (regex("GET /api/v1"), hashes(&["api"])),
            (regex("^GET /api/v1$"), hashes(&["GET", "api", "v1"])),
            (regex("(a b c)+x"), hashes(&["b"])),
            (regex("(?i) error "), vec![]),
            (regex(" a | b "), vec![]),
            (regex("x? (?: mid )* y"), vec![]),
        ] {
            assert_eq!(required_tokens(&test), expected, "{test:?}");
        }
    }
}
