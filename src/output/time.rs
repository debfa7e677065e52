//! Timestamps as text; neighbours mostly share the second, so its text is kept.

use crate::entry::Timestamp;

/// Writes timestamps. The date and time of the last second are remembered.
#[derive(Clone, Debug)]
pub struct TimeText {
    second: i64,
    /// `YYYY-MM-DDTHH:MM:SS`.
    text: [u8; 19],
}

impl TimeText {
    /// Makes a writer.
    pub fn new() -> TimeText {
        // No timestamp of the range has this second.
        TimeText { second: i64::MAX, text: [b'0'; 19] }
    }

    /// Appends the RFC 3339 form in UTC with `digits` digits of the second.
    #[inline]
    pub fn write_rfc3339(&mut self, nanos: i64, digits: u8, out: &mut Vec<u8>) {
        self.write(nanos, digits, b'T', out);
        out.push(b'Z');
    }

    /// Appends the form for people: a space between date and time, UTC without saying so.
    #[inline]
    pub fn write_plain(&mut self, nanos: i64, digits: u8, out: &mut Vec<u8>) {
        self.write(nanos, digits, b' ', out);
    }

    #[inline]
    fn write(&mut self, nanos: i64, digits: u8, between: u8, out: &mut Vec<u8>) {
        let second = nanos.div_euclid(1_000_000_000);
        if second != self.second {
            self.learn(second, nanos);
        }
        self.text[10] = between;
        out.extend_from_slice(&self.text);
        if digits > 0 {
            let mut fraction = nanos.rem_euclid(1_000_000_000) as u32;
            let mut text = *b".000000000";
            for place in (1..10).rev() {
                text[place] = b'0' + (fraction % 10) as u8;
                fraction /= 10;
            }
            out.extend_from_slice(&text[..1 + digits.min(9) as usize]);
        }
    }

    #[cold]
    fn learn(&mut self, second: i64, nanos: i64) {
        let Some(time) = Timestamp::from_nanos(nanos) else { return };
        let mut text = Vec::with_capacity(20);
        time.write_rfc3339(0, &mut text);
        self.text.copy_from_slice(&text[..19]);
        self.second = second;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_seconds_give_the_same_text() {
        let mut writer = TimeText::new();
        for nanos in [0, 1, 999_999_999, 1_000_000_000, -1, -1, 1_789_000_000_123_456_789, i64::MAX, i64::MIN + 1] {
            for digits in [0, 3, 9] {
                let mut out = Vec::new();
                writer.write_rfc3339(nanos, digits, &mut out);
                let time = Timestamp::from_nanos(nanos).expect("in range");
                assert_eq!(String::from_utf8_lossy(&out), time.to_rfc3339(digits));
            }
        }
        let mut out = Vec::new();
        writer.write_plain(1_500_000_000, 3, &mut out);
        assert_eq!(out, b"1970-01-01 00:00:01.500");
    }
}
