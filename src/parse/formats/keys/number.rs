//! Numbers as the JSON grammar has them.

use super::scan::{byte, digits_end};
use crate::entry::{Kind, Span};

/// Where the parts of a number lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    start: usize,
    integer_end: usize,
    fraction_end: usize,
    /// The position after the last byte.
    pub end: usize,
}

/// Powers of ten that are exact in a double.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

impl Number {
    /// Finds the number that begins at `start`; the error is the position of the byte that cannot be there.
    #[inline(always)]
    pub fn scan(text: &[u8], start: usize) -> Result<Number, usize> {
        let first = start + usize::from(byte(text, start) == b'-');
        let integer_end = digits_end(text, first);
        if integer_end == first {
            return Err(first);
        }
        if byte(text, first) == b'0' && integer_end > first + 1 {
            return Err(first + 1);
        }
        match byte(text, integer_end) {
            b'.' | b'e' | b'E' => Number::scan_rest(text, start, integer_end),
            _ => Ok(Number { start, integer_end, fraction_end: integer_end, end: integer_end }),
        }
    }

    #[inline(always)]
    fn scan_rest(text: &[u8], start: usize, integer_end: usize) -> Result<Number, usize> {
        let mut end = integer_end;
        if byte(text, end) == b'.' {
            end = digits_end(text, integer_end + 1);
            if end == integer_end + 1 {
                return Err(end);
            }
        }
        let fraction_end = end;
        if matches!(byte(text, end), b'e' | b'E') {
            let first = end + 1 + usize::from(matches!(byte(text, end + 1), b'+' | b'-'));
            end = digits_end(text, first);
            if end == first {
                return Err(end);
            }
        }
        Ok(Number { start, integer_end, fraction_end, end })
    }

    /// Returns true when there is an exponent whose sign is not written.
    pub fn has_bare_exponent(&self, text: &[u8]) -> bool {
        self.end > self.fraction_end && byte(text, self.fraction_end + 1).is_ascii_digit()
    }

    /// Returns kind and payload: an integer or float, or the text itself (at `span`) of a number that
    /// neither can hold.
    #[inline]
    pub fn value(&self, text: &[u8], span: Span) -> (Kind, u64) {
        let negative = text[self.start] == b'-';
        let first = self.start + usize::from(negative);
        let digits = self.fraction_end - first;
        // At most 18 digits fit an i64 whatever they are; a point takes one of the places.
        if digits > 18 {
            return self.value_slow(text, span);
        }
        let mut magnitude = fold_digits(0, &text[first..self.integer_end]);
        if self.end == self.integer_end {
            let number = if negative { -magnitude } else { magnitude };
            return (Kind::Int, number as u64);
        }
        if self.end != self.fraction_end {
            return self.value_slow(text, span);
        }
        magnitude = fold_digits(magnitude, &text[self.integer_end + 1..self.fraction_end]);
        if magnitude >= 1 << 53 {
            return self.value_slow(text, span);
        }
        // Both are exact, so the one division rounds correctly (William Clinger, 1990).
        let number = magnitude as f64 / POWERS[self.fraction_end - self.integer_end - 1];
        (Kind::Float, if negative { -number } else { number }.to_bits())
    }

    #[cold]
    fn value_slow(&self, text: &[u8], span: Span) -> (Kind, u64) {
        let digits = std::str::from_utf8(&text[self.start..self.end]).expect("digits are ASCII");
        if self.end == self.integer_end {
            return match digits.parse::<i64>() {
                Ok(number) => (Kind::Int, number as u64),
                Err(_) => (Kind::Text, span.pack()),
            };
        }
        match digits.parse::<f64>() {
            Ok(number) if number.is_finite() => (Kind::Float, number.to_bits()),
            _ => (Kind::Text, span.pack()),
        }
    }
}

#[inline(always)]
fn fold_digits(start: i64, digits: &[u8]) -> i64 {
    digits.iter().fold(start, |number, digit| number * 10 + (digit - b'0') as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<(Kind, u64, usize), usize> {
        let number = Number::scan(text.as_bytes(), 0)?;
        let (kind, payload) = number.value(text.as_bytes(), Span::chunk(0, number.end));
        Ok((kind, payload, number.end))
    }

    #[test]
    fn numbers_keep_their_kind() {
        for (text, expected) in [
            ("0", (Kind::Int, 0)),
            ("-0", (Kind::Int, 0)),
            ("200", (Kind::Int, 200)),
            ("-17", (Kind::Int, -17i64 as u64)),
            ("9223372036854775807", (Kind::Int, i64::MAX as u64)),
            ("-9223372036854775808", (Kind::Int, i64::MIN as u64)),
            ("9223372036854775808", (Kind::Text, Span::chunk(0, 19).pack())),
            ("69.253", (Kind::Float, 69.253f64.to_bits())),
            ("-0.5", (Kind::Float, (-0.5f64).to_bits())),
            ("1e3", (Kind::Float, 1000f64.to_bits())),
            ("1e999", (Kind::Text, Span::chunk(0, 5).pack())),
            ("0.1234567890123456789", (Kind::Float, 0.123_456_789_012_345_68_f64.to_bits())),
        ] {
            assert_eq!(read(text), Ok((expected.0, expected.1, text.len())), "{text}");
        }
    }

    #[test]
    fn wrong_numbers_name_the_place() {
        for (text, place) in [("-", 1), ("01", 1), ("-00", 2), ("1.", 2), ("1.x", 2), ("1e", 2), ("1e+", 3), (".5", 0)]
        {
            assert_eq!(read(text), Err(place), "{text}");
        }
    }

    proptest! {
        #[test]
        fn floats_are_read_as_the_standard_library_reads_them(text in "-?(0|[1-9][0-9]{0,19})\\.[0-9]{1,20}([eE][+-]?[0-9]{1,2})?") {
            let (kind, payload, end) = read(&text).unwrap();
            prop_assert_eq!(end, text.len());
            prop_assert_eq!(kind, Kind::Float);
            prop_assert_eq!(payload, text.parse::<f64>().unwrap().to_bits());
        }

        #[test]
        fn integers_are_read_as_the_standard_library_reads_them(number: i64) {
            prop_assert_eq!(read(&number.to_string()), Ok((Kind::Int, number as u64, number.to_string().len())));
        }
    }
}
