//! Syslog as it comes over the network: messages are found in a stream (RFC 6587) or are datagrams, and read by the
//! engine's own parser of RFC 3164 and RFC 5424.

use std::ops::Range;
use std::sync::Arc;

use super::gather::{Gather, settings};
use super::{Arrival, Decoded, IntakeError};
use crate::entry::Span;
use crate::parse::formats::syslog::SyslogParser;
use crate::parse::{Format, Zone};

/// Messages that wait to be read.
#[derive(Debug, Default)]
pub struct Messages {
    text: Vec<u8>,
    found: Vec<Range<usize>>,
    /// Which of `found` were cut because they were too long.
    cut: Vec<usize>,
}

impl Messages {
    /// Adds a message; its line end and a closing NUL are no part of it. What is empty is none.
    pub fn add(&mut self, message: &[u8]) {
        let length = message.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r' | 0)).map_or(0, |last| last + 1);
        if length > 0 {
            let start = self.text.len();
            self.text.extend_from_slice(&message[..length]);
            self.found.push(start..start + length);
        }
    }

    fn add_cut(&mut self, beginning: &[u8]) {
        self.cut.push(self.found.len());
        let start = self.text.len();
        self.text.extend_from_slice(beginning);
        self.found.push(start..start + beginning.len());
    }

    /// Adds the messages of `others`, which came later.
    pub fn append(&mut self, others: &mut Messages) {
        let (text, count) = (self.text.len(), self.found.len());
        self.text.append(&mut others.text);
        self.found.extend(others.found.drain(..).map(|range| range.start + text..range.end + text));
        self.cut.extend(others.cut.drain(..).map(|index| index + count));
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Returns true when there is none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns how many bytes they have.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Reads the messages; `zone` is that of RFC 3164's timestamps. What is no syslog message is a reject.
    ///
    /// # Errors
    /// When there are too many at once.
    pub fn decode(&self, arrival: Arrival, zone: Zone) -> Result<Decoded, IntakeError> {
        let mut gather = Gather::new(&arrival);
        let mut parser = SyslogParser::new(&settings(&arrival, zone), &mut gather.builder);
        let format: Arc<str> = Format::Syslog.name().into();
        let mut cut = self.cut.iter().copied().peekable();
        for (index, Range { start, end }) in self.found.iter().cloned().enumerate() {
            let number = index as u64 + 1;
            let text = &self.text[start..end];
            if cut.next_if_eq(&index).is_some() {
                gather.reject(
                    number,
                    start,
                    text,
                    "syslog: the message is longer than its listener takes; it was cut",
                )?;
                continue;
            }
            match gather.parse(&mut parser, &self.text, start, end) {
                Ok(()) => gather.push(&self.text, Span::chunk(start, end - start), (number, start), &format)?,
                Err(reason) => gather.reject(number, start, text, reason)?,
            }
        }
        let count = self.found.len() as u64;
        gather.finish(self.text.clone(), count)
    }
}

/// What stands next in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    /// The beginning of a message.
    Message,
    /// The rest of a message whose beginning was cut: so many bytes.
    Rest(usize),
    /// The same, up to a line end.
    RestOfLine,
}

/// Finds messages in a stream: `LENGTH <PRI>…` or lines, also one after the other. Holds no more than one message.
#[derive(Debug)]
pub struct Framer {
    waiting: Vec<u8>,
    /// How much of `waiting` was searched for a line end without finding one.
    searched: usize,
    awaits: Awaits,
    max_message: usize,
}

/// Memory that a framer keeps for the beginning of the next message.
const KEPT_BYTES: usize = 8 * 1024;

/// Digits of a message's length: messages have less than 10 MB.
const MAX_DIGITS: usize = 7;

/// What the beginning of the waiting bytes is.
enum Begins {
    /// Too little to tell.
    Unknown,
    /// A message of so many bytes, after so many of its length.
    Counted { header: usize, length: usize },
    /// A line.
    Line,
}

impl Framer {
    /// Makes one that cuts messages longer than `max_message` bytes.
    pub fn new(max_message: usize) -> Framer {
        Framer { waiting: Vec::new(), searched: 0, awaits: Awaits::Message, max_message }
    }

    /// Takes the next bytes of the stream; whole messages go to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Messages) {
        self.waiting.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(length) = self.step(at, out) {
            at += length;
        }
        self.waiting.drain(..at);
        // A long message is over: most connections say little, and there are many.
        if self.waiting.capacity() > KEPT_BYTES && self.waiting.len() <= KEPT_BYTES {
            self.waiting.shrink_to(KEPT_BYTES);
        }
    }

    /// Returns how many bytes wait for the rest of their message.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Ends the stream: what is left is a message, as senders often close without a line end. A counted message that
    /// did not come whole is cut.
    pub fn finish(&mut self, out: &mut Messages) {
        let rest = std::mem::take(&mut self.waiting);
        if self.awaits == Awaits::Message && !rest.is_empty() {
            match begins(&rest) {
                Begins::Counted { header, .. } => out.add_cut(&rest[header..]),
                Begins::Unknown | Begins::Line => out.add(&rest),
            }
        }
        (self.searched, self.awaits) = (0, Awaits::Message);
    }

    /// Takes what can be taken at `at`; returns how many bytes that was, or `None` when more must come first.
    fn step(&mut self, at: usize, out: &mut Messages) -> Option<usize> {
        let waiting = &self.waiting[at..];
        if waiting.is_empty() {
            return None;
        }
        match self.awaits {
            Awaits::Rest(left) => {
                let skipped = left.min(waiting.len());
                self.awaits = if skipped == left { Awaits::Message } else { Awaits::Rest(left - skipped) };
                return Some(skipped);
            }
            Awaits::RestOfLine => {
                let end = memchr::memchr2(b'\n', 0, waiting);
                if end.is_some() {
                    self.awaits = Awaits::Message;
                }
                return Some(end.map_or(waiting.len(), |end| end + 1));
            }
            Awaits::Message => {}
        }
        match begins(waiting) {
            Begins::Unknown => None,
            Begins::Counted { header, length } if length > self.max_message => {
                let kept = &waiting[header..];
                if kept.len() < self.max_message {
                    return None;
                }
                out.add_cut(&kept[..self.max_message]);
                self.awaits = Awaits::Rest(length - self.max_message);
                Some(header + self.max_message)
            }
            Begins::Counted { header, length } => {
                let message = waiting.get(header..header + length)?;
                out.add(message);
                Some(header + length)
            }
            Begins::Line => match memchr::memchr2(b'\n', 0, &waiting[self.searched..]) {
                Some(length) => {
                    let length = self.searched + length;
                    self.searched = 0;
                    if length > self.max_message {
                        out.add_cut(&waiting[..self.max_message]);
                    } else {
                        out.add(&waiting[..length]);
                    }
                    Some(length + 1)
                }
                None if waiting.len() > self.max_message => {
                    out.add_cut(&waiting[..self.max_message]);
                    (self.searched, self.awaits) = (0, Awaits::RestOfLine);
                    Some(waiting.len())
                }
                None => {
                    self.searched = waiting.len();
                    None
                }
            },
        }
    }
}

/// A length counts only when a message's priority follows it: lines may begin with digits as well.
fn begins(waiting: &[u8]) -> Begins {
    let digits = waiting.iter().take(MAX_DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > MAX_DIGITS || waiting[0] == b'0' {
        return Begins::Line;
    }
    match (waiting.get(digits), waiting.get(digits + 1)) {
        (None, _) | (Some(b' '), None) => Begins::Unknown,
        (Some(b' '), Some(b'<')) => {
            let length = waiting[..digits].iter().fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
            Begins::Counted { header: digits + 1, length }
        }
        _ => Begins::Line,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::LogLevel;

    fn frames(stream: &[u8], max: usize, cuts: &[usize]) -> Vec<(String, bool)> {
        let mut framer = Framer::new(max);
        let mut out = Messages::default();
        let mut at = 0;
        for cut in cuts.iter().map(|cut| cut % (stream.len() + 1)).chain([stream.len()]) {
            if cut > at {
                framer.push(&stream[at..cut], &mut out);
                at = cut;
            }
        }
        framer.finish(&mut out);
        let text = |range: &Range<usize>| String::from_utf8_lossy(&out.text[range.clone()]).into_owned();
        out.found.iter().enumerate().map(|(index, range)| (text(range), out.cut.contains(&index))).collect()
    }

    fn check(stream: &str, max: usize, expected: &[(&str, bool)]) {
        let expected: Vec<_> = expected.iter().map(|(text, is_cut)| ((*text).to_owned(), *is_cut)).collect();
        assert_eq!(frames(stream.as_bytes(), max, &[]), expected, "{stream:?}");
        let every: Vec<_> = (1..stream.len()).collect();
        assert_eq!(frames(stream.as_bytes(), max, &every), expected, "{stream:?} byte by byte");
    }

    #[test]
    fn both_framings_are_read_also_mixed() {
        check("<13>one\n<13>two\r\n\n<13>three", 100, &[("<13>one", false), ("<13>two", false), ("<13>three", false)]);
        check(
            "7 <13>one11 <13>two\nand8 <13>end\n",
            100,
            &[("<13>one", false), ("<13>two\nand", false), ("<13>end", false)],
        );
        check("<13>line\n7 <13>one<13>next\n", 100, &[("<13>line", false), ("<13>one", false), ("<13>next", false)]);
        check("<13>nul\0<13>x\0", 100, &[("<13>nul", false), ("<13>x", false)]);
        check(
            "2026-11-22 a line that begins with digits\n",
            100,
            &[("2026-11-22 a line that begins with digits", false)],
        );
        check("12 monkeys\n", 100, &[("12 monkeys", false)]);
    }

    #[test]
    fn long_messages_are_cut_and_the_next_one_is_whole() {
        check("<13>0123456789\n<13>ok\n", 10, &[("<13>012345", true), ("<13>ok", false)]);
        check("14 <13>01234567896 <1>abc", 10, &[("<13>012345", true), ("<1>abc", false)]);
        check("14 <13>0123", 100, &[("<13>0123", true)]);
    }

    #[test]
    fn a_framer_holds_no_more_than_a_message() {
        let mut framer = Framer::new(1000);
        let mut out = Messages::default();
        for _ in 0..10_000 {
            framer.push(&[b'x'; 500], &mut out);
            assert!(framer.waiting.len() <= 1500);
        }
        assert_eq!((out.len(), out.bytes()), (1, 1000));
    }

    #[test]
    fn messages_become_entries_in_the_zone_of_the_listener() {
        let now = crate::entry::Timestamp::from_nanos(1_795_341_600_000_000_000).unwrap();
        let mut messages = Messages::default();
        messages.add(b"<11>Nov 22 10:00:00 web sshd[17]: no\n");
        messages.add(b"<165>1 2026-11-22T10:00:00.5Z host app 1 ID [x@1 a=\"b\"] text");
        messages.add(b"<13>1 - - - - - - no time");
        let mut others = Messages::default();
        others.add(b"\n");
        others.add(b"what is this");
        messages.append(&mut others);
        assert_eq!(messages.len(), 4);
        let decoded = messages.decode(Arrival::at(now), "+02:00".parse().unwrap()).unwrap();
        let entries: Vec<_> = decoded.batch.entries().map(|entry| entry.to_entry()).collect();
        assert_eq!(entries[0].ts.unwrap().to_rfc3339(0), "2026-11-22T08:00:00Z");
        assert_eq!(entries[0].level, Some(LogLevel::Error));
        assert_eq!(entries[1].ts.unwrap().to_rfc3339(1), "2026-11-22T10:00:00.5Z");
        assert_eq!(entries[2].ts, Some(now));
        assert!(entries[2].fields.iter().any(|(name, _)| name == crate::serve::intake::TS_ASSUMED));
        assert_eq!((decoded.rejects.len(), decoded.rejects[0].line), (1, 4));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(
            stream in proptest::collection::vec(proptest::sample::select(b"<>1230 ab\n\0".as_slice()), 0..80),
            cuts in proptest::collection::vec(0usize..80, 0..10),
        ) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            prop_assert_eq!(frames(&stream, 12, &cuts), frames(&stream, 12, &[]));
        }

        #[test]
        fn what_is_framed_comes_out(messages in proptest::collection::vec(("[a-z0-9 ]{1,20}", any::<bool>()), 0..10)) {
            let mut stream = String::new();
            for (text, is_counted) in &messages {
                let message = format!("<13>{text}");
                match is_counted {
                    true => stream += &format!("{} {message}", message.len()),
                    false => stream += &format!("{message}\n"),
                }
            }
            let expected: Vec<_> = messages.iter().map(|(text, _)| (format!("<13>{text}"), false)).collect();
            prop_assert_eq!(frames(stream.as_bytes(), 100, &[]), expected);
        }
    }
}
