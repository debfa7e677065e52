//! What became of the inputs.

use std::sync::Arc;

use crate::entry::{Account, NO_TIME};
use crate::input::InputError;

/// How an input was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Read from its beginning.
    #[default]
    Read,
    /// Known; only what came after the part already stored was read.
    Continued {
        /// The name under which the store knows it.
        known_as: String,
        /// Lines that were stored already. Some of them may be read again, because what follows belongs to
        /// their entry or is stored together with them; they are no part of the account.
        lines_before: u64,
    },
    /// Known, and there is nothing new in it.
    AlreadyImported {
        /// The name under which the store knows it.
        known_as: String,
    },
    /// Not read: see the error.
    NotRead,
}

/// What became of one input.
#[derive(Debug, Default)]
pub struct FileReport {
    /// What it is called.
    pub name: String,
    /// How it was taken.
    pub outcome: Outcome,
    /// Every line and byte that was read for the first time.
    pub account: Account,
    /// How many entries each format read.
    pub formats: Vec<(Arc<str>, u64)>,
    /// Length of a last line that was left for a later run because it has no line end yet.
    pub unfinished: u64,
    /// Why it could not be read, or not to its end.
    pub error: Option<InputError>,
}

/// What became of all inputs.
#[derive(Debug, Default)]
pub struct Summary {
    /// Every line and byte that was read for the first time.
    pub account: Account,
    /// How many entries each format read, most first.
    pub formats: Vec<(Arc<str>, u64)>,
    /// Least and greatest timestamp in nanoseconds, as far as timestamps were asked for.
    pub time_range: Option<(i64, i64)>,
    /// One an input, in order; those after a stop are missing.
    pub files: Vec<FileReport>,
    /// True when the run was stopped from outside before the end.
    pub cancelled: bool,
}

impl Summary {
    /// Returns the inputs that could not be read, or not to their end.
    pub fn failed(&self) -> impl Iterator<Item = (&FileReport, &InputError)> {
        self.files.iter().filter_map(|file| file.error.as_ref().map(|error| (file, error)))
    }

    pub(super) fn add_piece(&mut self, file: &mut FileReport, account: &Account, formats: &[(Arc<str>, u64)]) {
        self.account.add(account);
        file.account.add(account);
        add_formats(&mut self.formats, formats);
        add_formats(&mut file.formats, formats);
    }

    pub(super) fn add_time_range(&mut self, range: Option<(i64, i64)>) {
        self.time_range = match (self.time_range, range) {
            (Some((least, greatest)), Some((from, to))) => Some((least.min(from), greatest.max(to))),
            (known, None) => known,
            (None, new) => new,
        };
    }

    pub(super) fn finish(&mut self) {
        self.formats.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    }
}

fn add_formats(to: &mut Vec<(Arc<str>, u64)>, counts: &[(Arc<str>, u64)]) {
    for (name, count) in counts {
        match to.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += count,
            None => to.push((name.clone(), *count)),
        }
    }
}

/// Returns the least and greatest of timestamps, `None` when none is known.
pub(super) fn time_range(ts: &[i64]) -> Option<(i64, i64)> {
    // NO_TIME is the least number there is, so it only disturbs the minimum.
    let greatest = *ts.iter().max()?;
    let least = ts.iter().map(|nanos| if *nanos == NO_TIME { i64::MAX } else { *nanos }).min()?;
    (greatest != NO_TIME).then_some((least, greatest))
}
