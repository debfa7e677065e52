//! Literals: numbers, sizes, durations and points in time, as people write them.
//!
//! The command line's `--since` and `--until` read the same forms as the query language.

use crate::entry::{Timestamp, ValueRef, Zone, days_from_civil};

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What relative times are resolved against. This room has no clock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The present.
    pub now: Timestamp,
    /// The zone of dates and times that name none.
    pub zone: Zone,
}

/// A point in time as written, and how long the time it names lasts: a day for `2026-09-09`, a minute
/// for `13:00`, nothing for `now`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpan {
    /// Its beginning.
    pub start: Timestamp,
    /// Its length in nanoseconds.
    pub nanos: i64,
}

impl TimeSpan {
    /// Returns the first point in time after the span, or the last there is.
    pub fn end(&self) -> Timestamp {
        Timestamp::from_nanos(self.start.nanos().saturating_add(self.nanos)).unwrap_or(self.start)
    }
}

/// A number in its own type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
}

impl Number {
    /// Returns the number of a value: numbers, and texts that are numbers or have a unit.
    #[inline]
    pub fn of(value: ValueRef<'_>) -> Option<Number> {
        match value {
            ValueRef::Int(int) => Some(Number::Int(int)),
            ValueRef::Float(float) => Some(Number::Float(float)),
            ValueRef::Text(text) => Number::of_text(text),
            ValueRef::Bool(_) | ValueRef::Json(_) => None,
        }
    }

    /// Returns the number a text is, or means: bytes of a size, seconds of a duration.
    pub fn of_text(text: &[u8]) -> Option<Number> {
        // Most texts are none of it, as one byte shows.
        if !matches!(text.first(), Some(b'0'..=b'9' | b'-')) {
            return None;
        }
        let float = || number(text).or_else(|| quantity(text)).map(Number::Float);
        integer(text).map(Number::Int).or_else(float)
    }

    /// Returns the nearest float.
    #[inline]
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(int) => int as f64,
            Number::Float(float) => float,
        }
    }
}

/// Returns the integer a text is, sign allowed, nothing else.
pub fn integer(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || digits.len() > 19 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Returns the number a text is: `-12`, `1.5`, `2e9`. Never `inf`, `nan`, `+1`, `.5` or `1.`.
pub fn number(text: &[u8]) -> Option<f64> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    rest = &rest[whole..];
    if whole == 0 {
        return None;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        rest = &fraction[count..];
        if count == 0 {
            return None;
        }
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent);
        let count = digits(exponent);
        rest = &exponent[count..];
        if count == 0 {
            return None;
        }
    }
    if !rest.is_empty() {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Returns the bytes a size means: `512B`, `10KB` (1000), `1.5MiB` (1024 · 1024).
pub fn size(text: &str) -> Option<f64> {
    let unit_start = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (amount, unit) = text.split_at(unit_start);
    let scale = match unit.to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "pb" => 1e15,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        "tib" => 1_099_511_627_776.0,
        "pib" => 1_125_899_906_842_624.0,
        _ => return None,
    };
    number(amount.trim_end().as_bytes()).map(|amount| amount * scale)
}

/// The units of sizes and durations, as they are best written.
pub const UNITS: [&str; 19] =
    ["B", "KB", "MB", "GB", "TB", "PB", "KiB", "MiB", "GiB", "TiB", "PiB", "ms", "s", "m", "h", "d", "w", "us", "ns"];

/// Returns the nanoseconds of a unit of time.
fn unit_nanos(unit: &str) -> Option<i64> {
    // Minutes to some, months or millions to others.
    if unit == "M" {
        return None;
    }
    Some(match unit.to_ascii_lowercase().as_str() {
        "ns" | "nanosecond" | "nanoseconds" => 1,
        "us" | "µs" | "μs" | "microsecond" | "microseconds" => 1_000,
        "ms" | "millisecond" | "milliseconds" => 1_000_000,
        "s" | "sec" | "secs" | "second" | "seconds" => SECOND,
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        "w" | "wk" | "week" | "weeks" => 7 * DAY,
        _ => return None,
    })
}

/// Returns the nanoseconds a duration means: `250ms`, `1.5s`, `1h30m`, `2 hours`, `-5m`.
pub fn duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut total = 0_i64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let amount_end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (amount, after) = rest.split_at(amount_end);
        let after = after.trim_start();
        let unit_end =
            after.find(|letter: char| letter.is_ascii_digit() || letter.is_whitespace()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        total = total.checked_add(scaled(amount, unit_nanos(unit)?)?)?;
        rest = after.trim_start();
    }
    Some(if negative { -total } else { total })
}

/// Returns a decimal number times an integer, exactly as far as whole nanoseconds go.
fn scaled(amount: &str, unit: i64) -> Option<i64> {
    number(amount.as_bytes())?;
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let mut total = whole.parse::<i64>().ok()?.checked_mul(unit)?;
    let mut place = unit as i128;
    let mut part = 0_i128;
    // Twenty digits are beyond a nanosecond of any unit.
    for (index, digit) in fraction.bytes().take(20).enumerate() {
        place *= i128::from(digit - b'0');
        part += place / 10_i128.pow(index as u32 + 1);
        place = unit as i128;
    }
    total = total.checked_add(i64::try_from(part).ok()?)?;
    Some(total)
}

/// Returns what a size or a duration means: bytes, or seconds.
pub fn quantity(text: &[u8]) -> Option<f64> {
    if !text.last().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let text = str::from_utf8(text).ok()?;
    size(text).or_else(|| seconds(text))
}

/// Returns the seconds a duration means.
pub fn seconds(text: &str) -> Option<f64> {
    duration(text).map(|nanos| nanos as f64 / 1e9)
}

/// Returns the unit that the name of a field ends with, `duration_ms`, `latencyMicros` or `heap_mb`: in seconds or in
/// bytes, and whether it is one of time. One-letter units and `min` are no such ending: `a_s` may mean anything.
///
/// The amounts of a field among the columns of an aggregate, `max(duration_ms)`, are in its unit as well.
pub fn unit_of_name(name: &str) -> Option<(f64, bool)> {
    let name = match name.strip_suffix(')').and_then(|name| name.split_once('(')) {
        Some(("count" | "uniq", _)) => return None,
        Some((_, field)) => field,
        None => name,
    };
    let last = name.rsplit(['_', '.', '-']).next()?;
    let hump = last.rfind(|letter: char| letter.is_ascii_uppercase()).unwrap_or(0);
    // `heapMB` has two capitals at its end, `tookMs` one.
    let humps = last[..hump].rfind(|letter: char| !letter.is_ascii_uppercase()).map_or(0, |before| before + 1);
    if last == name && hump == 0 && humps == 0 {
        return None;
    }
    [last, &last[hump..], &last[humps..]].into_iter().find_map(|unit| match unit.to_ascii_lowercase().as_str() {
        "ns" | "nsec" | "nanos" | "nanoseconds" => Some((1e-9, true)),
        "us" | "usec" | "micros" | "microseconds" => Some((1e-6, true)),
        "ms" | "msec" | "millis" | "milliseconds" => Some((1e-3, true)),
        "minutes" => Some((60.0, true)),
        "hours" => Some((3600.0, true)),
        "days" => Some((86_400.0, true)),
        "kb" => Some((1e3, false)),
        "mb" => Some((1e6, false)),
        "gb" => Some((1e9, false)),
        "kib" => Some((1024.0, false)),
        "mib" => Some((1_048_576.0, false)),
        "gib" => Some((1_073_741_824.0, false)),
        _ => None,
    })
}

/// Returns the point in time a text means: RFC 3339 and its beginnings (`2026-09-09`,
/// `2026-09-09T13:00`, with or without zone), `13:00` (today), `now`, `today`, `yesterday`, `tomorrow`,
/// weekday names (the last such day, today included), `-2h`, `2h` and `"2 hours ago"` (before now),
/// `+2h`, and `@1789000000` (seconds, milli-, micro- or nanoseconds since 1970).
pub fn time(text: &str, clock: &Clock) -> Option<TimeSpan> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let at = |nanos: i64, length: i64| Some(TimeSpan { start: Timestamp::from_nanos(nanos)?, nanos: length });
    let now = clock.now.nanos();
    if lower == "now" {
        return at(now, 0);
    }
    if let Some(days_back) = named_day(&lower, clock) {
        return local(i128::from(local_day(clock) - days_back) * i128::from(DAY), DAY, clock.zone);
    }
    if let Some(epoch) = text.strip_prefix('@') {
        return at(epoch_nanos(epoch)?, 0);
    }
    if let Some(ahead) = text.strip_prefix('+') {
        return at(now.checked_add(duration(ahead)?)?, 0);
    }
    let back = lower.strip_suffix("ago").map_or(lower.as_str(), str::trim_end);
    let back = back.strip_prefix('-').unwrap_or(back);
    let back = match back.split_once(' ') {
        Some(("a" | "an", unit)) => unit_nanos(unit.trim()),
        _ => duration(back),
    };
    if let Some(back) = back {
        return at(now.checked_sub(back)?, 0);
    }
    date_time(text, clock)
}

/// Returns how many days ago the day of a name began.
fn named_day(name: &str, clock: &Clock) -> Option<i64> {
    match name {
        "today" => return Some(0),
        "yesterday" => return Some(1),
        "tomorrow" => return Some(-1),
        _ => {}
    }
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let weekday = DAYS.iter().position(|day| *day == name || (name.len() == 3 && day.starts_with(name)))? as i64;
    // 1970-01-01 was a Thursday.
    let today = (local_day(clock) + 3).rem_euclid(7);
    Some((today - weekday).rem_euclid(7))
}

fn local_day(clock: &Clock) -> i64 {
    let now = clock.now.seconds();
    (now + i64::from(clock.zone.utc_offset(now))).div_euclid(86_400)
}

/// Returns the span of time in which the zone's clocks show this many nanoseconds since they showed 1970-01-01 00:00,
/// and those after it. A time that they show twice is the first of the two, as in logs; a day may have 23 or 25 hours.
fn local(civil: i128, length: i64, zone: Zone) -> Option<TimeSpan> {
    let second = i128::from(SECOND);
    let nanos = |civil: i128| {
        let seconds = i64::try_from(civil.div_euclid(second)).ok()?;
        i64::try_from(civil - i128::from(zone.local_offset(seconds)) * second).ok()
    };
    let start = nanos(civil)?;
    // The end may be beyond the end of time.
    let length = nanos(civil + i128::from(length)).map_or(length, |end| end.saturating_sub(start));
    Some(TimeSpan { start: Timestamp::from_nanos(start)?, nanos: length })
}

/// Reads a number since 1970; its size tells the unit (seconds up to the year 5138).
fn epoch_nanos(text: &str) -> Option<i64> {
    let value = number(text.as_bytes())?;
    let unit = match value.abs() {
        size if size < 1e11 => SECOND,
        size if size < 1e14 => 1_000_000,
        size if size < 1e17 => 1_000,
        _ => 1,
    };
    match text.strip_prefix('-') {
        Some(text) => scaled(text, unit).map(|nanos| -nanos),
        None => scaled(text, unit),
    }
}

/// Takes a fixed number of digits.
fn take(text: &mut &str, count: usize) -> Option<u32> {
    let digits = text.get(..count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    *text = &text[count..];
    digits.parse().ok()
}

/// Takes one of these characters.
fn skip(text: &mut &str, any: &[char]) -> bool {
    let rest = text.strip_prefix(any);
    *text = rest.unwrap_or(text);
    rest.is_some()
}

/// Reads a date, a time of day, or both.
fn date_time(text: &str, clock: &Clock) -> Option<TimeSpan> {
    let mut rest = text;
    let mut length = DAY;
    let day = if text.as_bytes().get(2) == Some(&b':') {
        local_day(clock)
    } else {
        let year = take(&mut rest, 4)?;
        if !skip(&mut rest, &['-']) {
            return None;
        }
        let month = take(&mut rest, 2).filter(|month| (1..=12).contains(month))?;
        let first = days_from_civil(i64::from(year), month, 1);
        let next = days_from_civil(i64::from(year) + i64::from(month == 12), month % 12 + 1, 1);
        if skip(&mut rest, &['-']) {
            let day = take(&mut rest, 2).filter(|day| (1..=(next - first) as u32).contains(day))?;
            first + i64::from(day) - 1
        } else {
            length = (next - first) * DAY;
            first
        }
    };
    let mut nanos = i128::from(day) * i128::from(DAY);
    let timed = rest.len() == text.len() || skip(&mut rest, &['T', 't', ' ', '_']);
    if timed {
        if length > DAY {
            return None;
        }
        length = HOUR;
        nanos += i128::from(take(&mut rest, 2).filter(|hour| *hour < 24)?) * i128::from(HOUR);
        if skip(&mut rest, &[':']) {
            length = MINUTE;
            nanos += i128::from(take(&mut rest, 2).filter(|minute| *minute < 60)?) * i128::from(MINUTE);
            if skip(&mut rest, &[':']) {
                length = SECOND;
                // A leap second is taken as the second after it.
                nanos += i128::from(take(&mut rest, 2).filter(|second| *second <= 60)?) * i128::from(SECOND);
                if skip(&mut rest, &['.', ',']) {
                    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
                    for index in 0..count {
                        length = (length / 10).max(1);
                        let digit = i64::from(rest.as_bytes()[index] - b'0');
                        nanos += i128::from(if index < 9 { digit * 10_i64.pow(8 - index as u32) } else { 0 });
                    }
                    rest = &rest[count..];
                    if count == 0 {
                        return None;
                    }
                }
            }
        }
    }
    let zone = match rest.trim_start() {
        "" => clock.zone,
        rest => Zone::Fixed(zone_offset(rest)?),
    };
    local(nanos, length, zone)
}

/// Reads a zone (`Z`, `+02:00`, `-0530`, `UTC`) and returns seconds east of UTC.
fn zone_offset(text: &str) -> Option<i32> {
    if text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("utc") {
        return Some(0);
    }
    let mut rest = text;
    let sign = if skip(&mut rest, &['+']) { 1 } else { -1 };
    if sign < 0 && !skip(&mut rest, &['-']) {
        return None;
    }
    let hours = take(&mut rest, 2).filter(|hours| *hours < 24)?;
    let minutes = if skip(&mut rest, &[':']) || !rest.is_empty() { take(&mut rest, 2)? } else { 0 };
    (rest.is_empty() && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wednesday, 2026-09-09 13:45:30.5 UTC.
    fn clock(offset_seconds: i32) -> Clock {
        clock_in(Zone::Fixed(offset_seconds))
    }

    fn clock_in(zone: Zone) -> Clock {
        let nanos = days_from_civil(2026, 9, 9) * DAY + 13 * HOUR + 45 * MINUTE + 30 * SECOND + SECOND / 2;
        Clock { now: Timestamp::from_nanos(nanos).unwrap(), zone }
    }

    #[test]
    fn numbers_are_strict() {
        for (text, expected) in [
            ("5", Some(5.0)),
            ("-1.25", Some(-1.25)),
            ("2e3", Some(2000.0)),
            ("1E-2", Some(0.01)),
            ("", None),
            ("-", None),
            ("1.", None),
            (".5", None),
            ("inf", None),
            ("0x10", None),
            ("1e", None),
            ("1e999", None),
            ("5 ", None),
        ] {
            assert_eq!(number(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(integer(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(integer(b"9223372036854775808"), None);
        assert_eq!(integer(b"1.0"), None);
    }

    #[test]
    fn sizes_tell_decimal_from_binary() {
        for (text, expected) in
            [("10KB", Some(1e4)), ("1kib", Some(1024.0)), ("1.5MB", Some(1.5e6)), ("7B", Some(7.0)), ("7X", None)]
        {
            assert_eq!(size(text), expected, "{text}");
        }
    }

    #[test]
    fn durations_add_up() {
        for (text, expected) in [
            ("250ms", Some(250_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("2h", Some(2 * HOUR)),
            ("1h30m", Some(90 * MINUTE)),
            ("2 hours", Some(2 * HOUR)),
            ("-5m", Some(-5 * MINUTE)),
            ("10µs", Some(10_000)),
            ("0.1s", Some(100_000_000)),
            ("1h 5m", Some(65 * MINUTE)),
            ("5", None),
            ("5M", None),
            ("h", None),
            ("", None),
            ("999999999w", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn times_are_read_in_every_form() {
        for (text, offset, expected, length) in [
            ("2026-09-09T13:00:00Z", 7200, "2026-09-09T13:00:00.000000000Z", SECOND),
            ("2026-09-09T13:00:00.25+02:00", 0, "2026-09-09T11:00:00.250000000Z", SECOND / 100),
            ("2026-09-09 13:00", 7200, "2026-09-09T11:00:00.000000000Z", MINUTE),
            ("2026-09-09T13", 0, "2026-09-09T13:00:00.000000000Z", HOUR),
            ("2026-09-09", -3600, "2026-09-09T01:00:00.000000000Z", DAY),
            ("2026-02", 0, "2026-02-01T00:00:00.000000000Z", 28 * DAY),
            ("13:00", 0, "2026-09-09T13:00:00.000000000Z", MINUTE),
            ("now", 0, "2026-09-09T13:45:30.500000000Z", 0),
            ("-2h", 0, "2026-09-09T11:45:30.500000000Z", 0),
            ("2h", 0, "2026-09-09T11:45:30.500000000Z", 0),
            ("2 hours ago", 0, "2026-09-09T11:45:30.500000000Z", 0),
            ("an hour ago", 0, "2026-09-09T12:45:30.500000000Z", 0),
            ("+30m", 0, "2026-09-09T14:15:30.500000000Z", 0),
            ("today", 0, "2026-09-09T00:00:00.000000000Z", DAY),
            ("yesterday", 7200, "2026-09-07T22:00:00.000000000Z", DAY),
            ("Monday", 0, "2026-09-07T00:00:00.000000000Z", DAY),
            ("wed", 0, "2026-09-09T00:00:00.000000000Z", DAY),
            ("thu", 0, "2026-09-03T00:00:00.000000000Z", DAY),
            ("@1789000000", 0, "2026-09-10T00:26:40.000000000Z", 0),
            ("@1789000000.5", 0, "2026-09-10T00:26:40.500000000Z", 0),
            ("@1789000000123", 0, "2026-09-10T00:26:40.123000000Z", 0),
        ] {
            let span = time(text, &clock(offset)).unwrap_or_else(|| panic!("{text} is a time"));
            assert_eq!((span.start.to_rfc3339(9).as_str(), span.nanos), (expected, length), "{text}");
        }
        for text in ["", "soon", "2026", "2026-13-01", "2026-02-30", "2026-09-09T25", "2026-09-09x", "12", "9999-01-01"]
        {
            assert_eq!(time(text, &clock(0)), None, "{text}");
        }
    }

    #[test]
    fn times_have_the_offset_of_their_own_day() {
        let berlin = clock_in("Europe/Berlin".parse().unwrap());
        for (text, expected, length) in [
            ("2026-07-01T12:00", "2026-07-01T10:00:00Z", MINUTE),
            ("2026-01-01T12:00", "2026-01-01T11:00:00Z", MINUTE),
            ("2026-01", "2025-12-31T23:00:00Z", 31 * DAY),
            // Clocks go from 03:00 back to 02:00: the first of two, and all of both.
            ("2026-10-25T02:30", "2026-10-25T00:30:00Z", MINUTE),
            ("2026-10-25T02", "2026-10-25T00:00:00Z", 2 * HOUR),
            ("2026-10-25", "2026-10-24T22:00:00Z", 25 * HOUR),
            ("2026-10-25T02:30+01:00", "2026-10-25T01:30:00Z", MINUTE),
            // Forward from 02:00 to 03:00.
            ("2026-03-29", "2026-03-28T23:00:00Z", 23 * HOUR),
            ("2026-03-29T02:30", "2026-03-29T01:30:00Z", MINUTE),
            ("today", "2026-09-08T22:00:00Z", DAY),
        ] {
            let span = time(text, &berlin).unwrap_or_else(|| panic!("{text} is a time"));
            assert_eq!((span.start.to_rfc3339(0).as_str(), span.nanos), (expected, length), "{text}");
        }
        let after_the_change = Clock { now: Timestamp::from_seconds(1_793_000_000, 0).unwrap(), ..berlin };
        let yesterday = time("yesterday", &after_the_change).unwrap();
        assert_eq!((yesterday.start.to_rfc3339(0).as_str(), yesterday.nanos), ("2026-10-24T22:00:00Z", 25 * HOUR));
    }
}
