//! The time of an access log's line.

use memchr::memchr;

use crate::entry::TimeStyle;
use crate::parse::{Settings, timestamp::TimeParser};

/// Reads the time of an access log line, mostly equal to that of the line before.
#[derive(Debug)]
pub(super) struct Clock {
    /// The last text of the usual length, with its closing bracket, and what it meant.
    last: [u8; CLF_LENGTH + 1],
    pub(super) nanos: i64,
    pub(super) style: TimeStyle,
    pub(super) times: TimeParser,
}

/// Length of `07/Sep/2026:13:55:36 +0000`.
pub(super) const CLF_LENGTH: usize = 26;
/// Where its second stands.
const SECOND: usize = 18;

/// The two digits of the second in the second of [`halves`].
const SECONDS: u128 = 0xffff << (8 * (SECOND - (CLF_LENGTH + 1 - 16)));

/// Returns the first 16 bytes and the last 16 as numbers. The five in the middle are in both.
#[inline]
fn halves(text: &[u8; CLF_LENGTH + 1]) -> (u128, u128) {
    let (begins, _) = text.split_first_chunk().expect("27 bytes are more than 16");
    let (_, ends) = text.split_last_chunk().expect("27 bytes are more than 16");
    (u128::from_le_bytes(*begins), u128::from_le_bytes(*ends))
}

impl Clock {
    pub(super) fn new(settings: &Settings) -> Clock {
        Clock { last: [0; CLF_LENGTH + 1], nanos: 0, style: TimeStyle::default(), times: TimeParser::new(settings) }
    }

    /// Reads the time at the beginning of `text`, which a `]` must follow: nanoseconds, style, length.
    #[inline]
    pub(super) fn read(&mut self, text: &[u8]) -> Option<(i64, TimeStyle, usize)> {
        match text.first_chunk() {
            Some(now) if self.goes_on(now) => Some((self.nanos, self.style, CLF_LENGTH)),
            _ => self.read_new(text),
        }
    }

    /// Returns true when `now`, a time of the usual length with the bracket behind it, is the last one or differs from
    /// it in its second alone. Then it is the last one from here on.
    #[inline]
    pub(super) fn goes_on(&mut self, now: &[u8; CLF_LENGTH + 1]) -> bool {
        // In words: quicker than a comparison of texts of 27 bytes.
        let (begins, ends) = halves(now);
        let (last_begins, last_ends) = halves(&self.last);
        let other = (begins ^ last_begins, ends ^ last_ends);
        other == (0, 0) || (other.0 == 0 && other.1 & !SECONDS == 0 && self.advance(now))
    }

    /// Reads a time of which only the second is another than the last one's.
    #[inline]
    fn advance(&mut self, now: &[u8; CLF_LENGTH + 1]) -> bool {
        if now[SECOND - 1] != b':' {
            return false;
        }
        let second = |text: &[u8; CLF_LENGTH + 1]| match text[SECOND..] {
            [tens @ b'0'..=b'5', ones @ b'0'..=b'9', ..] => Some(i64::from(tens - b'0') * 10 + i64::from(ones - b'0')),
            _ => None,
        };
        let Some((before, after)) = second(&self.last).zip(second(now)) else { return false };
        self.nanos += (after - before) * 1_000_000_000;
        self.last = *now;
        true
    }

    fn read_new(&mut self, text: &[u8]) -> Option<(i64, TimeStyle, usize)> {
        let end = memchr(b']', &text[..text.len().min(64)])?;
        let (nanos, style) = self.times.exact(&text[..end])?;
        // What begins with a digit names its year. A minute from the end of time there is nothing to go on from.
        if end == CLF_LENGTH
            && nanos.unsigned_abs() < i64::MAX as u64 - 60_000_000_000
            && text[0].is_ascii_digit()
            && let Some(now) = text.first_chunk()
        {
            (self.last, self.nanos, self.style) = (*now, nanos, style);
        }
        Some((nanos, style, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Projection;
    use crate::parse::Zone;

    /// Reads times in turn, and each with a clock that remembers nothing.
    #[test]
    fn remembered_times_change_nothing() {
        let settings = Settings { projection: Projection::all(), zone: Zone::default(), reference: None };
        let mut clock = Clock::new(&settings);
        let minutes = ["07/Sep/2026:13:55:", "07/Sep/2026:13:56:", "11/Apr/2262:23:47:", "21/Sep/1677:00:12:"];
        let seconds = ["36", "37", "09", "59", "60", "61", "3x", "x3", " 1"];
        let zones = [" +0000", " -0730", " +2500", "+00000"];
        let mut good = 0;
        for minute in minutes {
            for zone in zones {
                for second in seconds.iter().chain(seconds.iter().rev()) {
                    let text = format!("{minute}{second}{zone}] \"GET");
                    let read = clock.read(text.as_bytes());
                    assert_eq!(read, Clock::new(&settings).read(text.as_bytes()), "{text}");
                    good += usize::from(read.is_some());
                }
            }
        }
        assert!(good > 50, "{good} were times");
        for text in ["2026-09-07T13:55:36.123456] ", "2026-09-07T13:55:37.123456] ", "2026/09/07 13:55:38 +02:00] "] {
            assert_eq!(clock.read(text.as_bytes()), Clock::new(&settings).read(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn the_memo_of_the_clock_changes_nothing() {
        let settings = Settings { projection: Projection::all(), zone: Zone::default(), reference: None };
        let mut warm = Clock::new(&settings);
        let texts = [
            "10/Oct/2000:13:55:36 -0700]",
            "10/Oct/2000:13:55:37 -0700]",
            "10/Oct/2000:13:54:59 -0700]",
            "10/Oct/2000:13:61:00 -0700]",
            "10/Oct/2000:14:00:00 -0700]",
            "10/Oct/2000:14:00:00 +0530]",
            "29/Feb/2000:23:59:59 +0000]",
            "29/Feb/2001:23:59:59 +0000]",
            "10/Oct/2000:14:00:00 +0530x",
        ];
        for text in texts {
            assert_eq!(warm.read(text.as_bytes()), Clock::new(&settings).read(text.as_bytes()), "{text}");
        }
    }
}
