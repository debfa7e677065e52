//! Numbers of seconds, milli-, micro- or nanoseconds since 1970.

use crate::entry::TimeStyle;

use super::tail::fraction;

/// 2000-01-01, the first second taken as a time. The ranges of the four units do not touch.
const FIRST: u64 = 946_684_800;
/// 2100-01-01, the first second no longer taken as a time.
const END: u64 = 4_102_444_800;

/// Reads a number at the beginning of a text when it has 10, 13, 16 or 19 digits and a blank, a
/// bracket or a separator follows.
pub(super) fn prefix(text: &[u8]) -> Option<(i64, TimeStyle, usize)> {
    let found @ (_, _, end) = number(text)?;
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ended = matches!(text.get(end), None | Some(b' ' | b'\t' | b']' | b')' | b',' | b';' | b'|' | b':'));
    (matches!(digits, 10 | 13 | 16 | 19) && ended).then_some(found)
}

/// Reads a number, with or without a fraction, whose year is of this century: nanoseconds, style and end.
pub(super) fn number(text: &[u8]) -> Option<(i64, TimeStyle, usize)> {
    let digits = text.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
    if !(9..=19).contains(&digits) {
        return None;
    }
    let whole = text[..digits].iter().fold(0u64, |number, byte| number * 10 + u64::from(byte - b'0'));
    let (unit_digits, unit) = unit_of(whole)?;
    let (part, part_digits, end) = match text.get(digits) {
        Some(b'.') => fraction(text, digits),
        _ => (0, 0, digits),
    };
    // Of a fraction of a millisecond, say, only the digits down to the nanosecond count.
    let nanos = whole * unit + u64::from(part) * unit / 1_000_000_000;
    let style = TimeStyle { digits: (unit_digits + part_digits).min(9), offset_minutes: 0 };
    Some((nanos as i64, style, end))
}

/// Reads a number that was already decoded; digits of its fraction are those of its shortest text.
pub(super) fn float(number: f64) -> Option<(i64, TimeStyle)> {
    if !(FIRST as f64..END as f64 * 1e9).contains(&number) {
        return None;
    }
    let text = number.to_string();
    let (nanos, style, end) = self::number(text.as_bytes())?;
    (end == text.len()).then_some((nanos, style))
}

/// Returns the unit in which a number is a time of this century: its digits after the second and nanoseconds.
fn unit_of(number: u64) -> Option<(u8, u64)> {
    [(0, 1_000_000_000), (3, 1_000_000), (6, 1000), (9, 1)].into_iter().find(|(_, unit)| {
        let a_second = 1_000_000_000 / unit;
        (FIRST * a_second..END * a_second).contains(&number)
    })
}
