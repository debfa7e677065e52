//! The last minute, so that the next stamp within it is read from its second on.

use crate::entry::TimeStyle;

use super::tail::{Tail, tail_inlined};

/// The text of a stamp up to its minute (`N` bytes) and what it meant.
#[derive(Clone, Debug)]
pub(super) struct Memo<const N: usize> {
    /// All zero when nothing is remembered; no stamp begins with a zero byte.
    text: [u8; N],
    /// Seconds from 1970 to the minute, on the stamp's own clock. Small enough for nanoseconds.
    minute: i64,
    /// Seconds east of UTC of stamps that name no zone, once known.
    local_offset: Option<i32>,
}

impl<const N: usize> Default for Memo<N> {
    fn default() -> Memo<N> {
        Memo { text: [0; N], minute: 0, local_offset: None }
    }
}

impl<const N: usize> Memo<N> {
    /// Remembers the minute of a stamp whose first `N` bytes end with the minute.
    pub(super) fn keep(&mut self, stamp: &[u8], minute: i64, local_offset: Option<i32>) {
        let Some(text) = stamp.first_chunk::<N>() else { return };
        let same = self.text == *text && self.minute == minute;
        let local_offset = if same { local_offset.or(self.local_offset) } else { local_offset };
        *self = Memo { text: *text, minute, local_offset };
    }

    /// Returns the minute that is remembered.
    #[inline]
    pub(super) fn minute(&self) -> i64 {
        self.minute
    }

    /// Reads a stamp of the same minute: nanoseconds, style and length.
    #[inline]
    pub(super) fn read(&self, text: &[u8], spaced_zone: bool) -> Option<(i64, TimeStyle, usize)> {
        if text.first_chunk::<N>()? != &self.text {
            return None;
        }
        let Tail { second, nanos, digits, offset, end } = tail_inlined(text, N, spaced_zone)?;
        let offset = match offset {
            Some(offset) => offset,
            None => self.local_offset?,
        };
        let seconds = self.minute + i64::from(second) - i64::from(offset);
        let style = TimeStyle { digits, offset_minutes: (offset / 60) as i16 };
        Some((seconds * 1_000_000_000 + i64::from(nanos), style, end))
    }
}
