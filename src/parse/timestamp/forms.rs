//! The forms in which logs write dates and times.
//!
//! One function a form. All of them check the calendar: the 30th of February is no timestamp.

use super::tail::{Tail, fraction, is_boundary, meridiem, spaced_zone, tail, two_digits, zone};

/// The pieces of a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// `None` when the form has no year.
    pub(super) year: Option<i32>,
    /// 1 to 12.
    pub(super) month: u8,
    /// 1 to 31, valid for the month.
    pub(super) day: u8,
    /// 0 to 23.
    pub(super) hour: u8,
    /// 0 to 59.
    pub(super) minute: u8,
    /// Second, fraction and zone.
    pub(super) tail: Tail,
    /// Length of the text up to and with the minute when [`tail`] reads all that follows it, else 0.
    pub(super) minute_end: usize,
    /// Length of the stamp.
    pub(super) length: usize,
}

/// A date and the position after it.
#[derive(Clone, Copy)]
struct Date {
    year: Option<i32>,
    month: u8,
    day: u8,
    end: usize,
}

/// Reads a timestamp of any form at the beginning of a text; bare numbers are another matter.
pub(super) fn read(text: &[u8]) -> Option<Written> {
    if !text.first()?.is_ascii_digit() {
        return worded(text);
    }
    let digits = text.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
    let separator = *text.get(digits)?;
    let named_month = text.get(digits + 1).is_some_and(u8::is_ascii_alphabetic);
    match (digits, separator) {
        (4, b'-' | b'/' | b'.') => year_first(text, separator),
        (1 | 2, b'/' | b'-' | b' ') if named_month => day_first(text, digits, separator),
        (2, b'.') => day_month_year(text),
        (1 | 2, b'/') => short_year_first(text).or_else(|| month_day_year(text, digits)),
        (2, b'-') => with_clock(text, month_and_day(text, 3)?, b" ", true),
        (6, b' ') => six_digits(text),
        (8, b'T') => compact(text),
        (8, b'-') => unpadded(text),
        (8, b' ') => with_clock(text, eight_digits(text)?, b" ", true),
        _ => None,
    }
}

/// `1122 10:00:00.123456`.
pub(super) fn month_day(text: &[u8]) -> Option<Written> {
    with_clock(text, month_and_day(text, 2)?, b" ", true)
}

/// Returns the length of what has the shape of a date and a time at the beginning of a text, whether or not there
/// is such a day: `2026-13-45 10:00:00`, `Nov 31 10:00:00`.
pub(super) fn shape(text: &[u8]) -> Option<usize> {
    let end = match text.first()? {
        b'0'..=b'9' => after_pattern(text, 0, b"0000-00-00T00:00:00")?,
        b'A'..=b'Z' => month_name(text, 0).and_then(|_| after_pattern(text, 3, b" _0 00:00:00"))?,
        _ => return None,
    };
    let (_, _, end) = fraction(text, end);
    let (_, end) = zone(text, end, true);
    is_boundary(text, end).then_some(end)
}

/// Returns the position after a pattern at `at`: `0` is a digit, `_` a digit or blank, `-` what joins the parts of a
/// date, `T` what may stand between date and time; anything else itself.
fn after_pattern(text: &[u8], at: usize, pattern: &[u8]) -> Option<usize> {
    let alike = |(byte, wanted): (&u8, &u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        b'_' => matches!(byte, b' ' | b'0'..=b'9'),
        b'-' => matches!(byte, b'-' | b'/' | b'.'),
        b'T' => matches!(byte, b'T' | b' '),
        wanted => byte == wanted,
    };
    text.get(at..at + pattern.len())?.iter().zip(pattern).all(alike).then_some(at + pattern.len())
}

/// Returns true when the calendar has the day.
pub(super) fn valid_date(year: i32, month: u8, day: u8) -> bool {
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn date(year: Option<i32>, month: u8, day: u8, end: usize) -> Option<Date> {
    // Without a year the 29th of February is possible.
    valid_date(year.unwrap_or(2000), month, day).then_some(Date { year, month, day, end })
}

fn four_digits(text: &[u8], at: usize) -> Option<i32> {
    Some(i32::from(two_digits(text, at)?) * 100 + i32::from(two_digits(text, at + 2)?))
}

/// Years of two digits: 1970 to 2069.
fn century(year: u8) -> i32 {
    if year < 70 { 2000 + i32::from(year) } else { 1900 + i32::from(year) }
}

fn is_at(text: &[u8], at: usize, bytes: &[u8]) -> bool {
    text.get(at).is_some_and(|byte| bytes.contains(byte))
}

fn month_name(text: &[u8], at: usize) -> Option<u8> {
    const NAMES: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let name = text.get(at..at + 3)?;
    NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)).map(|index| index as u8 + 1)
}

fn weekday(text: &[u8]) -> bool {
    const NAMES: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
    text.first_chunk::<3>().is_some_and(|name| NAMES.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

/// Hour and minute at `at`, each of two digits.
fn clock(text: &[u8], at: usize) -> Option<(u8, u8)> {
    let (hour, minute) = (two_digits(text, at)?, two_digits(text, at + 3)?);
    (text[at + 2] == b':' && hour < 24 && minute < 60).then_some((hour, minute))
}

/// One of the bytes `between`, `hh:mm`, and the usual tail. Without `needs_second` the clock may end
/// with its minute; with `AM` or `PM` it may in any case, and its hour may have one digit.
fn with_clock(text: &[u8], date: Date, between: &[u8], needs_second: bool) -> Option<Written> {
    if !is_at(text, date.end, between) {
        return None;
    }
    let Some((hour, minute)) = clock(text, date.end + 1) else { return twelve_hours(text, date, false) };
    let minute_end = date.end + 6;
    if let Some(tail) = tail(text, minute_end, true) {
        if tail.offset.is_none()
            && meridiem(text, tail.end).is_some()
            && let Some(written) = twelve_hours(text, date, false)
        {
            return Some(written);
        }
        let Date { year, month, day, .. } = date;
        return Some(Written { year, month, day, hour, minute, tail, minute_end, length: tail.end });
    }
    if let Some(written) = twelve_hours(text, date, false) {
        return Some(written);
    }
    if needs_second || is_at(text, minute_end, b":") {
        return None;
    }
    let (offset, end) = zone(text, minute_end, true);
    let tail = Tail { second: 0, nanos: 0, digits: 0, offset, end };
    is_boundary(text, end).then(|| written(date, hour, minute, tail, end))
}

/// A stamp that [`super::memo`] cannot help with.
fn written(date: Date, hour: u8, minute: u8, tail: Tail, length: usize) -> Written {
    let Date { year, month, day, .. } = date;
    Written { year, month, day, hour, minute, tail, minute_end: 0, length }
}

/// `2026-11-22T10:00:00Z`, `2026-11-22 10:00`, `2026/11/22 10:00:00`.
fn year_first(text: &[u8], separator: u8) -> Option<Written> {
    let year = four_digits(text, 0)?;
    let (month, day) = (two_digits(text, 5)?, two_digits(text, 8)?);
    if text[7] != separator {
        return None;
    }
    with_clock(text, date(Some(year), month, day, 10)?, b"T t", separator != b'-')
}

/// `22/Nov/2026:10:00:00 +0000`, `22-Nov-2026 10:00:00`, `22 Nov 2026 10:00:00`.
fn day_first(text: &[u8], digits: usize, separator: u8) -> Option<Written> {
    let day = if digits == 2 { two_digits(text, 0)? } else { text[0] - b'0' };
    let month = month_name(text, digits + 1)?;
    let year = four_digits(text, digits + 5)?;
    if !is_at(text, digits + 4, &[separator]) {
        return None;
    }
    let between: &[u8] = if separator == b'/' { b": " } else { b" " };
    with_clock(text, date(Some(year), month, day, digits + 9)?, between, true)
}

/// `22.11.2026 10:00:00`.
fn day_month_year(text: &[u8]) -> Option<Written> {
    let (day, month) = (two_digits(text, 0)?, two_digits(text, 3)?);
    if !is_at(text, 5, b".") {
        return None;
    }
    with_clock(text, date(Some(four_digits(text, 6)?), month, day, 10)?, b" ", true)
}

/// `17/06/09 20:10:40`: year, month, day.
fn short_year_first(text: &[u8]) -> Option<Written> {
    let (year, month, day) = (two_digits(text, 0)?, two_digits(text, 3)?, two_digits(text, 6)?);
    if !is_at(text, 5, b"/") {
        return None;
    }
    with_clock(text, date(Some(century(year)), month, day, 8)?, b" ", true)
}

/// `3/1/2026 9:05:03 PM` and `03/01/2026, 09:05:03 PM`, as it is written in America: month, day, year. Without `AM` or
/// `PM` in capitals nothing says that it is not the day that comes first.
fn month_day_year(text: &[u8], digits: usize) -> Option<Written> {
    let (month, _) = unpadded_number(text, 0, 2)?;
    let (day, at) = unpadded_number(text, digits + 1, 2)?;
    if !is_at(text, at, b"/") {
        return None;
    }
    let year = four_digits(text, at + 1)?;
    let end = at + 5 + usize::from(is_at(text, at + 5, b","));
    if !is_at(text, end, b" ") {
        return None;
    }
    let written = twelve_hours(text, date(Some(year), month as u8, day as u8, end)?, true)?;
    text[end..written.length].contains(&b'M').then_some(written)
}

/// Month and day, the day at `day_at`, without a year.
fn month_and_day(text: &[u8], day_at: usize) -> Option<Date> {
    date(None, two_digits(text, 0)?, two_digits(text, day_at)?, day_at + 2)
}

/// `20261122`.
fn eight_digits(text: &[u8]) -> Option<Date> {
    date(Some(four_digits(text, 0)?), two_digits(text, 4)?, two_digits(text, 6)?, 8)
}

/// `081109 203615`, `081109 20:36:15` and `081109  9:36:15`.
fn six_digits(text: &[u8]) -> Option<Written> {
    let date = date(Some(century(two_digits(text, 0)?)), two_digits(text, 2)?, two_digits(text, 4)?, 6)?;
    if is_at(text, 9, b":") {
        if is_at(text, 7, b" ") {
            let hour = text[8].wrapping_sub(b'0');
            let minute = two_digits(text, 10)?;
            let tail = tail(text, 12, false)?;
            return (hour < 10 && minute < 60).then(|| written(date, hour, minute, tail, tail.end));
        }
        return with_clock(text, date, b" ", true);
    }
    let (hour, minute, second) = (two_digits(text, 7)?, two_digits(text, 9)?, two_digits(text, 11)?);
    let (nanos, digits, end) = fraction(text, 13);
    let tail = Tail { second, nanos, digits, offset: None, end };
    (hour < 24 && minute < 60 && second <= 60 && is_boundary(text, end)).then(|| written(date, hour, minute, tail, end))
}

/// `20261122T100000Z`, `20261122T1000`.
fn compact(text: &[u8]) -> Option<Written> {
    let date = eight_digits(text)?;
    if is_at(text, 11, b":") {
        return with_clock(text, date, b"T", true);
    }
    let (hour, minute) = (two_digits(text, 9)?, two_digits(text, 11)?);
    let (second, (nanos, digits, end)) = match two_digits(text, 13) {
        Some(second) => (second, fraction(text, 15)),
        None => (0, (0, 0, 13)),
    };
    let (offset, end) = zone(text, end, true);
    let tail = Tail { second, nanos, digits, offset, end };
    (hour < 24 && minute < 60 && second <= 60 && is_boundary(text, end)).then(|| written(date, hour, minute, tail, end))
}

/// `20171223-22:15:29:606`; hour, minute, second and milliseconds without leading zeros.
fn unpadded(text: &[u8]) -> Option<Written> {
    let date = eight_digits(text)?;
    let (hour, at) = unpadded_number(text, 9, 2)?;
    let (minute, at) = unpadded_number(text, after_colon(text, at)?, 2)?;
    let (second, at) = unpadded_number(text, after_colon(text, at)?, 2)?;
    let millis = after_colon(text, at).and_then(|at| unpadded_number(text, at, 3));
    let (nanos, digits, end) = match millis {
        Some((millis, end)) => (millis * 1_000_000, 3, end),
        None => fraction(text, at),
    };
    let tail = Tail { second: second as u8, nanos, digits, offset: None, end };
    (hour < 24 && minute < 60 && second <= 60 && is_boundary(text, end))
        .then(|| written(date, hour as u8, minute as u8, tail, end))
}

fn after_colon(text: &[u8], at: usize) -> Option<usize> {
    is_at(text, at, b":").then_some(at + 1)
}

/// A number of one to `most` digits and the position after it.
fn unpadded_number(text: &[u8], at: usize, most: usize) -> Option<(u32, usize)> {
    let digits = text.get(at..)?.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let number = text[at..at + digits].iter().fold(0, |number, byte| number * 10 + u32::from(byte - b'0'));
    (digits > 0).then_some((number, at + digits))
}

/// Forms that begin with the name of a month or weekday.
fn worded(text: &[u8]) -> Option<Written> {
    if let Some(month) = month_name(text, 0) {
        return month_first(text, month);
    }
    if !weekday(text) {
        return None;
    }
    let start = match text.get(3..5)? {
        b", " => 5,
        [b' ', _] => 4,
        _ => return None,
    };
    let rest = &text[start..];
    let mut written = if rest.first()?.is_ascii_digit() { read(rest)? } else { ctime(rest)? };
    written.minute_end = 0;
    written.length += start;
    Some(written)
}

/// A day of one or two digits, or of one after two blanks, at `at`: the day and the position after it.
fn day_of_month(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let at = if is_at(text, at, b" ") { at + 1 } else { at };
    if let Some(day) = two_digits(text, at) {
        return Some((day, at + 2));
    }
    let day = text.get(at)?.wrapping_sub(b'0');
    (day < 10).then_some((day, at + 1))
}

/// `Nov 22 10:00:00`, `Nov 22 2026 10:00:00`, `Nov 22, 2026 10:00:00 AM`, and `Nov 22 10:00:00 2026` when
/// nothing follows.
fn month_first(text: &[u8], month: u8) -> Option<Written> {
    if !is_at(text, 3, b" ") {
        return None;
    }
    let (day, end) = day_of_month(text, 4)?;
    let year_at = if is_at(text, end, b",") { end + 2 } else { end + 1 };
    if let Some(year) = four_digits(text, year_at) {
        let date = date(Some(year), month, day, year_at + 4)?;
        return twelve_hours(text, date, true).or_else(|| with_clock(text, date, b" ", true));
    }
    let date = date(None, month, day, end)?;
    if !is_at(text, end, b" ") {
        return None;
    }
    let (hour, minute) = clock(text, end + 1)?;
    let minute_end = end + 6;
    let tail = tail(text, minute_end, false)?;
    let mut written = Written { minute_end, ..written(date, hour, minute, tail, tail.end) };
    if let Some((year, end)) = trailing_year(text, tail.end) {
        written = Written { year: Some(year), length: end, minute_end: 0, ..written };
        return valid_date(year, month, day).then_some(written);
    }
    Some(written)
}

/// ` 2026` at `at`, and nothing after it but a bracket: in a syslog line the host stands there.
pub(super) fn trailing_year(text: &[u8], at: usize) -> Option<(i32, usize)> {
    year_at(text, at).filter(|(_, end)| matches!(text.get(*end), None | Some(b']')))
}

/// ` 2026` at `at`.
#[inline]
fn year_at(text: &[u8], at: usize) -> Option<(i32, usize)> {
    if !is_at(text, at, b" ") {
        return None;
    }
    let year = four_digits(text, at + 1)?;
    is_boundary(text, at + 5).then_some((year, at + 5))
}

/// `9:05:03 PM`, `09:05:03.123 PM UTC`, `9:05 pm` after the date and one byte. Of dates that are written so with 24 hours as
/// well, `PM:` is not `with_colon` the time but what a message is about: `PM: suspend entry`.
#[cold]
fn twelve_hours(text: &[u8], date: Date, with_colon: bool) -> Option<Written> {
    let (hour, at) = unpadded_number(text, date.end + 1, 2)?;
    let minute_at = after_colon(text, at)?;
    let minute = two_digits(text, minute_at)?;
    let (second, (nanos, digits, end)) = match after_colon(text, minute_at + 2) {
        Some(at) => (two_digits(text, at)?, fraction(text, at + 2)),
        None => (0, (0, 0, minute_at + 2)),
    };
    let (noon, end) = meridiem(text, end).filter(|(_, end)| with_colon || !is_at(text, *end, b":"))?;
    let (offset, end) = zone(text, end, true);
    let is_time = (1..=12).contains(&hour) && minute < 60 && second <= 60 && is_boundary(text, end);
    let tail = Tail { second, nanos, digits, offset, end };
    is_time.then(|| written(date, hour as u8 % 12 + noon, minute, tail, end))
}

/// `Nov 22 10:00:00[.123456] [UTC] [2026] [+0100]`, after the weekday.
fn ctime(text: &[u8]) -> Option<Written> {
    let month = month_name(text, 0)?;
    if !is_at(text, 3, b" ") {
        return None;
    }
    let (day, end) = day_of_month(text, 4)?;
    let mut date = date(None, month, day, end)?;
    if !is_at(text, end, b" ") {
        return None;
    }
    let (hour, minute) = clock(text, end + 1)?;
    let mut tail = tail(text, end + 6, true)?;
    if let Some((year, end)) = year_at(text, tail.end) {
        date.year = valid_date(year, month, day).then_some(year);
        date.year?;
        tail.end = end;
        // Git writes the zone last.
        if tail.offset.is_none()
            && is_at(text, end, b" ")
            && let Some((offset, end)) = spaced_zone(text, end + 1)
        {
            tail.offset = Some(offset);
            tail.end = end;
        }
    }
    Some(written(date, hour, minute, tail, tail.end))
}
