//! The zone of times that name none.
//!
//! The IANA database is in the binary, as the compact files it is published in: a zone is unpacked when it is first
//! asked for. As Rust tables (chrono-tz) it took 1.5 MB that every start of the program had to relocate: 1.5 of the
//! 4 ms that the shortest command takes.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// The zone of times that name none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// A fixed number of seconds east of UTC.
    Fixed(i32),
    /// A zone of the IANA database, with its daylight saving rules.
    Named(NamedZone),
}

/// A zone of the IANA database.
#[derive(Clone, Copy)]
pub struct NamedZone(&'static TimeZone);

/// The zones that were asked for so far. They live as long as the program; there are some 600.
static KNOWN: Mutex<Vec<&'static TimeZone>> = Mutex::new(Vec::new());

impl NamedZone {
    /// Returns the zone of this name; letter case does not count.
    fn get(name: &str) -> Option<NamedZone> {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let is_named = |zone: &&&TimeZone| zone.iana_name().is_some_and(|known| known.eq_ignore_ascii_case(name));
        if let Some(zone) = known.iter().find(is_named) {
            return Some(NamedZone(zone));
        }
        let zone = TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some())?;
        let zone: &TimeZone = Box::leak(Box::new(zone));
        known.push(zone);
        Some(NamedZone(zone))
    }

    /// Returns its name, as the database writes it.
    pub fn name(self) -> &'static str {
        self.0.iana_name().expect("zones without a name are not made")
    }
}

impl PartialEq for NamedZone {
    fn eq(&self, other: &NamedZone) -> bool {
        self.name() == other.name()
    }
}

impl Eq for NamedZone {}

impl fmt::Debug for NamedZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
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
        NamedZone::get(text).map(Zone::Named).ok_or_else(unknown)
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
        let Some(clock) = civil_time(civil_seconds) else { return 0 };
        match zone.0.to_ambiguous_timestamp(clock).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.seconds(),
            AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before.seconds(),
        }
    }

    /// Returns the seconds east of UTC at a time given in seconds since 1970 UTC.
    pub fn utc_offset(self, seconds: i64) -> i32 {
        match self {
            Zone::Fixed(offset) => offset,
            Zone::Named(zone) => {
                jiff::Timestamp::from_second(seconds).map_or(0, |time| zone.0.to_offset(time).seconds())
            }
        }
    }
}

/// Returns what clocks show so many seconds after they showed 1970-01-01 00:00, between the years -9999 and 9999.
fn civil_time(seconds: i64) -> Option<civil::DateTime> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| TimeZone::UTC.to_datetime(time))
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
        check("Europe/Warsaw", NamedZone::get("Europe/Warsaw").map(Zone::Named));
        check("europe/warsaw", NamedZone::get("Europe/Warsaw").map(Zone::Named));
        assert_eq!("europe/warsaw".parse::<Zone>().expect("a zone").to_string(), "Europe/Warsaw");
        for wrong in ["", "+", "+24:00", "+02:60", "+1:2:3", "+é1", "Mars/Olympus", "+02:0", "++2"] {
            check(wrong, None);
        }
    }

    #[test]
    fn skipped_and_doubled_times_take_the_offset_before_the_change() {
        let warsaw: Zone = "Europe/Warsaw".parse().expect("a zone");
        // 2026-03-29 02:30 is skipped, 2026-10-25 02:30 happens twice.
        assert_eq!(warsaw.local_offset(1_774_751_400), 3600);
        assert_eq!(warsaw.local_offset(1_792_895_400), 7200);
        assert_eq!(warsaw.local_offset(1_792_895_400 + 3600), 3600);
        assert_eq!(warsaw.utc_offset(1_792_895_400), 3600);
    }
}
