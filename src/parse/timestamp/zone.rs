//! The zone of timestamps that name none.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, LocalResult, Offset, TimeZone};

/// The zone of timestamps that name none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// A fixed number of seconds east of UTC.
    Fixed(i32),
    /// A zone of the IANA database, with its daylight saving rules.
    Named(chrono_tz::Tz),
}

impl Default for Zone {
    fn default() -> Zone {
        Zone::Fixed(0)
    }
}

/// The text names no zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone {0:?}: expected UTC, an offset such as +02:00 or a name such as Europe/Warsaw")]
pub struct UnknownZone(pub String);

impl fmt::Display for Zone {
    /// Writes a zone as [`FromStr`] reads it; an offset without its seconds, which none has today.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Named(zone) => f.write_str(zone.name()),
            Zone::Fixed(seconds) => {
                let minutes = seconds.abs() / 60;
                write!(f, "{}{:02}:{:02}", if *seconds < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
            }
        }
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// Reads `UTC`, `Z`, an offset (`+02:00`, `-0530`, `+2`) or an IANA name (`Europe/Warsaw`).
    fn from_str(text: &str) -> Result<Zone, UnknownZone> {
        let unknown = || UnknownZone(text.to_owned());
        if ["utc", "z", "gmt"].contains(&text.to_ascii_lowercase().as_str()) {
            return Ok(Zone::Fixed(0));
        }
        if let Some(digits) = text.strip_prefix(['+', '-']) {
            let seconds = offset_seconds(digits).ok_or_else(unknown)?;
            return Ok(Zone::Fixed(if text.starts_with('-') { -seconds } else { seconds }));
        }
        chrono_tz::Tz::from_str(text).map(Zone::Named).map_err(|_| unknown())
    }
}

/// Reads `2`, `02`, `0200` or `02:00`.
fn offset_seconds(text: &str) -> Option<i32> {
    let (hours, minutes) = match text.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if text.len() == 4 => text.split_at_checked(2)?,
        None => (text, "0"),
    };
    if hours.len() > 2 || !hours.bytes().chain(minutes.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)
}

impl Zone {
    /// Returns the seconds east of UTC when the zone's clocks show a time, given in seconds from
    /// 1970-01-01 00:00 on the same clocks.
    ///
    /// A time that clocks show twice is taken as the first of the two, one that they skip as if they
    /// had not been put forward.
    pub fn local_offset(self, civil_seconds: i64) -> i32 {
        let zone = match self {
            Zone::Fixed(seconds) => return seconds,
            Zone::Named(zone) => zone,
        };
        let Some(clock) = DateTime::from_timestamp(civil_seconds, 0) else { return 0 };
        let clock = clock.naive_utc();
        match zone.offset_from_local_datetime(&clock) {
            LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix().local_minus_utc(),
            // A day earlier lies before the change wherever the zone is, and no zone changes twice in two days.
            LocalResult::None => self.utc_offset(civil_seconds - 86_400),
        }
    }

    /// Returns the seconds east of UTC at a time given in seconds since 1970 UTC.
    pub fn utc_offset(self, seconds: i64) -> i32 {
        match self {
            Zone::Fixed(offset) => offset,
            Zone::Named(zone) => DateTime::from_timestamp(seconds, 0)
                .map_or(0, |time| zone.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<Zone>) {
        assert_eq!(text.parse::<Zone>().ok(), expected, "{text}");
    }

    #[test]
    fn zones_are_read_by_name_and_offset() {
        check("UTC", Some(Zone::Fixed(0)));
        check("utc", Some(Zone::Fixed(0)));
        check("+02:00", Some(Zone::Fixed(7200)));
        check("-0530", Some(Zone::Fixed(-19_800)));
        check("+2", Some(Zone::Fixed(7200)));
        check("Europe/Warsaw", Some(Zone::Named(chrono_tz::Europe::Warsaw)));
        for wrong in ["", "+", "+24:00", "+02:60", "+1:2:3", "+é1", "Mars/Olympus", "+02:0", "++2"] {
            check(wrong, None);
        }
    }

    #[test]
    fn skipped_and_doubled_times_take_the_offset_before_the_change() {
        let warsaw = Zone::Named(chrono_tz::Europe::Warsaw);
        // 2026-03-29 02:30 is skipped, 2026-10-25 02:30 happens twice.
        assert_eq!(warsaw.local_offset(1_774_751_400), 3600);
        assert_eq!(warsaw.local_offset(1_792_895_400), 7200);
        assert_eq!(warsaw.local_offset(1_792_895_400 + 3600), 3600);
        assert_eq!(warsaw.utc_offset(1_792_895_400), 3600);
    }
}
