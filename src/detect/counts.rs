//! What is counted in one bin of time.

use crate::entry::LogLevel;

/// The entries of one bin, counted by level and by status class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries by level number; 0 counts those without a level. Every entry is counted here once.
    pub levels: [u64; 10],
    /// Entries by first digit of `status`; 0 counts integers that are no status, entries without one are not counted.
    pub classes: [u64; 6],
}

impl Counts {
    /// Adds the counts of `other`.
    #[inline]
    pub fn add(&mut self, other: &Counts) {
        self.levels.iter_mut().zip(other.levels).for_each(|(mine, more)| *mine += more);
        self.classes.iter_mut().zip(other.classes).for_each(|(mine, more)| *mine += more);
    }

    /// Returns how many entries there are.
    pub fn entries(&self) -> u64 {
        self.levels.iter().sum()
    }

    /// Returns how many entries have a level.
    pub fn with_level(&self) -> u64 {
        self.levels[1..].iter().sum()
    }

    /// Returns how many entries have level error or worse.
    pub fn errors(&self) -> u64 {
        self.levels[LogLevel::Error as usize..].iter().sum()
    }

    /// Returns how many entries have a status of 100 to 599.
    pub fn with_status(&self) -> u64 {
        self.classes[1..].iter().sum()
    }
}

/// Returns the class of a status: 2 for 200 to 299; 0 for a number that is no status.
#[inline]
pub fn status_class(status: i64) -> usize {
    match status as u64 {
        status @ 100..600 => (status / 100) as usize,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_the_class_of_its_first_digit() {
        let cases = [(99, 0), (100, 1), (204, 2), (399, 3), (499, 4), (599, 5), (600, 0), (-200, 0), (i64::MAX, 0)];
        for (status, class) in cases {
            assert_eq!(status_class(status), class, "{status}");
        }
    }

    #[test]
    fn errors_are_error_and_worse_and_every_entry_counts_once() {
        let mut counts = Counts { levels: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512], classes: [9, 1, 1, 1, 1, 1] };
        assert_eq!((counts.entries(), counts.with_level()), (1023, 1022));
        assert_eq!((counts.errors(), counts.with_status()), (64 + 128 + 256 + 512, 5));
        counts.add(&counts.clone());
        assert_eq!((counts.entries(), counts.with_status()), (2046, 10));
    }
}
