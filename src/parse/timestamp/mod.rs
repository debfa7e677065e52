//! Timestamps as logs write them.
//!
//! A timestamp is read in two steps: [`forms`] finds the pieces of any known form ([`Written`]), and
//! [`TimeParser`] places them in time, which needs the zone of stamps that name none and, for stamps without
//! a year, the stamps before them ([`years`]). Neighbouring lines mostly share their minute, so the
//! text up to the minute is remembered ([`memo`]) and only the second, its fraction and the zone are read again.

use super::Settings;
use crate::entry::{NO_TIME, TimeStyle, Timestamp, Zone, days_from_civil};

mod epoch;
mod forms;
mod memo;
mod named;
mod tail;
pub(crate) mod years;

use forms::Written;
use memo::Memo;
use named::NamedZones;
use years::{SharedWalk, YearRule, Yearless};

/// Civil seconds within which nanoseconds surely fit `i64`, whatever the zone, for a whole minute more.
const SAFE_SECONDS: i64 = 9_223_000_000;

/// Reads timestamps; remembers the last one, because neighbours mostly share it.
#[derive(Clone, Debug)]
pub struct TimeParser {
    zone: Zone,
    years: YearRule,
    walk: SharedWalk,
    /// `2026-11-22T10:00` and the other forms whose text up to the minute has 16 bytes.
    iso: Memo<16>,
    /// `22/Nov/2026:10:00`.
    clf: Memo<17>,
    /// `Nov 22 10:00`.
    bsd: Memo<12>,
    named: NamedZones,
}

impl TimeParser {
    /// Makes a parser for sources read with `settings`.
    pub fn new(settings: &Settings) -> TimeParser {
        TimeParser {
            zone: settings.zone,
            years: YearRule::new(settings.zone, settings.reference),
            walk: SharedWalk::default(),
            iso: Memo::default(),
            clf: Memo::default(),
            bsd: Memo::default(),
            named: NamedZones::default(),
        }
    }

    /// Takes part in the walk through a source's stamps without a year.
    pub fn join(&mut self, walk: &SharedWalk) {
        self.walk = walk.clone();
    }

    /// Reads a text that is a timestamp and nothing else: nanoseconds ([`crate::entry::NO_TIME`] when out of
    /// range) and how it was written. Numbers count as seconds, milli-, micro- or nanoseconds since
    /// 1970, whichever gives a year of this century.
    #[inline]
    pub fn exact(&mut self, text: &[u8]) -> Option<(i64, TimeStyle)> {
        let found = match self.dated(text) {
            Some(found) => found,
            None => epoch::number(text)?,
        };
        (found.2 == text.len()).then_some((found.0, found.1))
    }

    /// Reads a timestamp at the beginning of a text; also returns its length in bytes.
    ///
    /// A bare number is one only with 10, 13, 16 or 19 digits, a year of this century and a blank,
    /// bracket or separator after it.
    #[inline]
    pub fn prefix(&mut self, text: &[u8]) -> Option<(i64, TimeStyle, usize)> {
        self.dated(text).or_else(|| epoch::prefix(text))
    }

    /// Returns the length of what has the shape of a timestamp at the beginning of a text, even if there is no such
    /// day: `2026-13-45 10:00:00`.
    pub fn shape(text: &[u8]) -> Option<usize> {
        forms::shape(text)
    }

    /// Reads `1122 10:00:00.123456`, month and day as glog writes them, at the beginning of a text.
    pub fn month_day(&mut self, text: &[u8]) -> Option<(i64, TimeStyle, usize)> {
        forms::month_day(text).map(|written| self.place(&written, self.civil_minute(&written)))
    }

    /// Reads a number as seconds, milli-, micro- or nanoseconds since 1970, whichever gives a plausible year.
    pub fn epoch(number: f64) -> Option<(i64, TimeStyle)> {
        epoch::float(number)
    }

    #[inline]
    fn dated(&mut self, text: &[u8]) -> Option<(i64, TimeStyle, usize)> {
        match self.dated_fast(text) {
            Some(found) => Some(found),
            None => self.dated_slow(text),
        }
    }

    /// Reads a stamp of the same minute as the last one of its kind.
    #[inline]
    fn dated_fast(&self, text: &[u8]) -> Option<(i64, TimeStyle, usize)> {
        let found = match text.first()? {
            b'0'..=b'9' => match text.get(2)? {
                b'0'..=b'9' => self.iso.read(text, true),
                _ => self.clf.read(text, true).or_else(|| self.iso.read(text, true)),
            },
            b'A'..=b'Z' if self.walk.stands_at(self.bsd.minute()) => {
                self.bsd.read(text, false).filter(|(_, _, end)| forms::trailing_year(text, *end).is_none())
            }
            _ => None,
        };
        found.filter(|(_, _, end)| !goes_on(text, *end))
    }

    /// Reads a stamp of any form and remembers it.
    fn dated_slow(&mut self, text: &[u8]) -> Option<(i64, TimeStyle, usize)> {
        let mut written = forms::read(text)?;
        let minute = self.civil_minute(&written);
        // Where a stamp has no year, the host may follow.
        if (written.year.is_some() || text[0].is_ascii_digit())
            && let Some((zone, end)) = self.named.read(text, written.length, written.tail.offset.is_some())
        {
            written.tail.offset = written.tail.offset.or_else(|| Some(zone.local_offset(minute?)));
            written.length = end;
        }
        let found = self.place(&written, minute);
        let Some(minute) = minute else { return Some(found) };
        if minute.abs() < SAFE_SECONDS {
            let local = if written.tail.offset.is_none() { Some(self.zone.local_offset(minute)) } else { None };
            match written.minute_end {
                16 if text[0].is_ascii_digit() => self.iso.keep(text, minute, local),
                17 if text[0].is_ascii_digit() => self.clf.keep(text, minute, local),
                12 if written.year.is_none() && !text[0].is_ascii_digit() => self.bsd.keep(text, minute, local),
                _ => {}
            }
        }
        Some(found)
    }

    /// Places the pieces in time; `minute` is their [`TimeParser::civil_minute`].
    fn place(&self, written: &Written, minute: Option<i64>) -> (i64, TimeStyle, usize) {
        let tail = &written.tail;
        let Some(minute) = minute else {
            let style = TimeStyle { digits: tail.digits, offset_minutes: (tail.offset.unwrap_or(0) / 60) as i16 };
            return (NO_TIME, style, written.length);
        };
        let offset = tail.offset.unwrap_or_else(|| self.zone.local_offset(minute));
        let seconds = minute + i64::from(tail.second) - i64::from(offset);
        let nanos = Timestamp::from_seconds(seconds, tail.nanos).map_or(NO_TIME, Timestamp::nanos);
        (nanos, TimeStyle { digits: tail.digits, offset_minutes: (offset / 60) as i16 }, written.length)
    }

    /// Returns the seconds from 1970 to the stamp's minute, both on the stamp's own clock, or `None` when
    /// the stamp has no year and nothing says which one it was.
    fn civil_minute(&self, written: &Written) -> Option<i64> {
        if let Some(year) = written.year {
            let days = days_from_civil(i64::from(year), u32::from(written.month), u32::from(written.day));
            return Some(days * 86_400 + i64::from(written.hour) * 3600 + i64::from(written.minute) * 60);
        }
        self.walk.place(&self.years, Yearless::of(written))
    }
}

/// Returns true when `AM`, `PM` or the name of a zone may follow what was read of a stamp. Levels in capitals and most
/// other things that follow are told by their second letter; the narrow blank ends with 0xaf.
#[inline(always)]
fn goes_on(text: &[u8], end: usize) -> bool {
    matches!(text.get(end + 2), Some(b'M' | b'a'..=b'z' | 0xaf))
        && matches!(text[end + 1], b'A' | b'P' | b'a' | b'p' | b'E' | b'I' | 0x80)
        && goes_on_indeed(text, end)
}

#[inline(never)]
fn goes_on_indeed(text: &[u8], end: usize) -> bool {
    tail::meridiem(text, end).is_some() || named::name(text, end).is_some()
}

#[cfg(test)]
mod tests;
