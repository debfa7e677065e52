//! The year of stamps that name none.
//!
//! Logs are written forward, so the year of such a stamp follows from the stamp before it: [`YearWalk`]. Where
//! the walk begins follows from the time the source was last written and, if a [`survey`](YearRule::start)
//! of the source could be made, from the stamps spread over it.
//!
//! - A stamp lies in the year in which it is nearest to the one before it. So a walk from December into January
//!   comes into the next year, and one more line of December is in the old year again.
//! - It goes back to an earlier year only for a line that is late: at most [`LATE`] away from where the
//!   walk last left that year. Otherwise a gap of more than half a year lies before the stamp.
//! - A stamp more than [`LATE`] after the one before it and the first later than the source was written is that of a
//!   clock that was wrong: it is placed a year earlier, and the walk does not follow it. Whoever streams past the
//!   time a pipe was opened does so in smaller steps, and is not kept from going on.
//! - The 29th of February is in a year that has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use super::forms::{Written, valid_date};
use crate::entry::{Timestamp, Zone, days_from_civil};

/// By how many seconds a line may be late.
const LATE: i64 = 31 * 86_400;
/// By how many seconds a stamp may lie after the time the source was written: clocks differ.
const AHEAD: i64 = 86_400;
/// Seconds of a year, about.
const YEAR: i64 = 31_556_952;
/// How many of a source's last stamps tell when it ends.
const END: usize = 3;
/// How many years are tried: between two leap days lie eight at most.
const YEARS: i32 = 8;

/// A stamp without a year, to its minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yearless {
    /// 1 to 12.
    month: u8,
    /// 1 to 31.
    day: u8,
    /// Minute of the day.
    minute: u16,
}

impl Yearless {
    pub(super) fn of(written: &Written) -> Yearless {
        let minute = u16::from(written.hour) * 60 + u16::from(written.minute);
        Yearless { month: written.month, day: written.day, minute }
    }

    /// Seconds from 1970 to the stamp's minute in a year, on the stamp's own clock, if the year has the day.
    fn in_year(self, year: i32) -> Option<i64> {
        valid_date(year, self.month, self.day).then(|| {
            let days = days_from_civil(i64::from(year), u32::from(self.month), u32::from(self.day));
            days * 86_400 + i64::from(self.minute) * 60
        })
    }

    fn pack(self) -> u64 {
        u64::from(self.month) << 32 | u64::from(self.day) << 16 | u64::from(self.minute)
    }

    fn unpack(packed: u64) -> Yearless {
        Yearless { month: (packed >> 32) as u8, day: (packed >> 16) as u8, minute: packed as u16 }
    }
}

/// How far the walk through stamps without a year has come. Seconds since 1970 on the stamps' own clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YearWalk {
    /// The last stamp.
    last: Option<i64>,
    /// The stamp before the walk last came into another year.
    left: Option<i64>,
}

impl YearWalk {
    /// A walk that comes from a time that is known.
    pub fn from(time: Timestamp) -> YearWalk {
        YearWalk { last: Some(time.seconds()), left: None }
    }
}

/// What a chunk had of stamps without a year. The walk through it was begun where it may not have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The first one.
    first: Yearless,
    /// The walk after it.
    begun: YearWalk,
    /// The walk at the chunk's end.
    pub end: YearWalk,
}

/// What the year depends on besides the walk.
#[derive(Clone, Debug)]
pub struct YearRule {
    zone: Zone,
    /// When the source was last written.
    reference: Option<Timestamp>,
}

impl YearRule {
    /// The rule for sources whose stamps are in `zone`, and which were last written at `reference`.
    pub fn new(zone: Zone, reference: Option<Timestamp>) -> YearRule {
        YearRule { zone, reference }
    }

    /// Places a stamp and goes on to it: seconds from 1970 to its minute, on its own clock. `None` when the
    /// walk has not begun and nothing says when the source was written.
    pub fn place(&self, walk: &mut YearWalk, stamp: Yearless) -> Option<i64> {
        let Some(last) = walk.last else {
            let minute = self.latest(stamp)?;
            walk.last = Some(minute);
            return Some(minute);
        };
        let year = year_of(last);
        let within = |range: std::ops::RangeInclusive<i32>| range.filter_map(|year| stamp.in_year(year));
        let nearest = |minutes: &mut dyn Iterator<Item = i64>| minutes.min_by_key(|minute| (minute - last).abs());
        let minute = match nearest(&mut within(year - 1..=year + 1)) {
            // Only the 29th of February is in none of them.
            None => nearest(&mut within(year - YEARS..=year + YEARS).filter(|minute| !self.is_ahead(*minute)))
                .or_else(|| nearest(&mut within(year - YEARS..=year + YEARS)))?,
            Some(minute) if year_of(minute) < year && (minute - walk.left.unwrap_or(last)).abs() > LATE => {
                // Not late: it comes after a long gap.
                stamp.in_year(year).unwrap_or(minute)
            }
            Some(minute) => minute,
        };
        if minute - last > LATE && self.is_ahead(minute) && !self.is_ahead(last) {
            return Some(self.latest(stamp).unwrap_or(minute));
        }
        if year_of(minute) != year {
            walk.left = Some(last);
        }
        walk.last = Some(minute);
        Some(minute)
    }

    /// Returns true when the chunk would have come out the same if the walk had begun at `walk`.
    pub fn agrees(&self, passage: &Passage, mut walk: YearWalk) -> bool {
        self.place(&mut walk, passage.first);
        walk == passage.begun
    }

    /// Returns where the walk through a source begins, of which `stamps` are the first one and others, in order: so
    /// that it ends at the latest before the source was written, and passes no 29th of February in a year
    /// that has none.
    pub fn start(&self, stamps: &[Yearless]) -> YearWalk {
        let Some(first) = stamps.first().and_then(|stamp| self.latest(*stamp)) else { return YearWalk::default() };
        // The walk itself must not be kept from going on by what it is to find out.
        let free = YearRule { zone: self.zone, reference: None };
        let fits = |start: i64| {
            let mut walk = YearWalk { last: Some(start), left: None };
            let mut before = start;
            let mut ahead = Vec::with_capacity(stamps.len());
            for stamp in stamps {
                let minute = free.place(&mut walk, *stamp).unwrap_or(before);
                // Other steps are those to a leap day out of its year.
                if !(-YEAR / 2 - 86_400..=YEAR).contains(&(minute - before)) {
                    return false;
                }
                before = minute;
                ahead.push(self.is_ahead(minute));
            }
            // One of the last may be that of a wrong clock.
            let end = &ahead[ahead.len().saturating_sub(END)..];
            end.iter().filter(|ahead| **ahead).count() * 2 <= end.len()
        };
        let start = (0..=i64::from(YEARS)).map(|years| first - years * YEAR).find(|start| fits(*start));
        start.map_or(YearWalk::default(), |start| YearWalk { last: Some(start), left: None })
    }

    /// Places a stamp in the latest year in which it does not lie more than a day after the source was written.
    fn latest(&self, stamp: Yearless) -> Option<i64> {
        let year = self.reference?.civil().0 as i32;
        let mut minutes = (year - YEARS..=year + 1).rev().filter_map(|year| stamp.in_year(year));
        minutes.find(|minute| !self.is_ahead(*minute))
    }

    /// Returns true for a time after the source was written, the zone and clocks that differ considered.
    fn is_ahead(&self, minute: i64) -> bool {
        let utc = || minute - i64::from(self.zone.local_offset(minute));
        self.reference.is_some_and(|reference| utc() > reference.seconds() + AHEAD)
    }
}

fn year_of(seconds: i64) -> i32 {
    let time = Timestamp::from_seconds(seconds, 0).expect("a few years around the times that nanoseconds hold");
    time.civil().0 as i32
}

/// The walk that the time parsers of one source share: a stamp of one format is a neighbour of another's.
///
/// They all run on one thread. Atomics, because they may move to another thread together.
#[derive(Clone, Debug)]
pub struct SharedWalk(Arc<Cells>);

#[derive(Debug)]
struct Cells {
    last: AtomicI64,
    left: AtomicI64,
    /// The first stamp since the walk was set; 0 for none.
    first: AtomicU64,
    begun_last: AtomicI64,
    begun_left: AtomicI64,
}

/// No time.
const NONE: i64 = i64::MIN;

fn load(cell: &AtomicI64) -> Option<i64> {
    Some(cell.load(Ordering::Relaxed)).filter(|seconds| *seconds != NONE)
}

fn store(cell: &AtomicI64, seconds: Option<i64>) {
    cell.store(seconds.unwrap_or(NONE), Ordering::Relaxed);
}

impl Default for SharedWalk {
    fn default() -> SharedWalk {
        let none = || AtomicI64::new(NONE);
        let (last, left, begun_last, begun_left) = (none(), none(), none(), none());
        SharedWalk(Arc::new(Cells { last, left, first: AtomicU64::new(0), begun_last, begun_left }))
    }
}

impl SharedWalk {
    /// Returns how far the walk has come.
    pub fn get(&self) -> YearWalk {
        YearWalk { last: load(&self.0.last), left: load(&self.0.left) }
    }

    /// Sets how far it has come, and forgets which stamp came first.
    pub fn set(&self, walk: YearWalk) {
        store(&self.0.last, walk.last);
        store(&self.0.left, walk.left);
        self.0.first.store(0, Ordering::Relaxed);
    }

    /// Returns what was passed since the walk was set, or `None` when there was no stamp without a year.
    pub fn passage(&self) -> Option<Passage> {
        let first = self.first()?;
        let begun = YearWalk { last: load(&self.0.begun_last), left: load(&self.0.begun_left) };
        Some(Passage { first, begun, end: self.get() })
    }

    /// Returns the first stamp since the walk was set.
    pub fn first(&self) -> Option<Yearless> {
        match self.0.first.load(Ordering::Relaxed) {
            0 => None,
            packed => Some(Yearless::unpack(packed)),
        }
    }

    /// Returns true when the last stamp was of this minute, and not the first one.
    #[inline]
    pub(super) fn stands_at(&self, minute: i64) -> bool {
        self.0.last.load(Ordering::Relaxed) == minute && self.0.first.load(Ordering::Relaxed) != 0
    }

    /// Places a stamp and goes on to it.
    pub(super) fn place(&self, rule: &YearRule, stamp: Yearless) -> Option<i64> {
        let mut walk = self.get();
        let minute = rule.place(&mut walk, stamp);
        store(&self.0.last, walk.last);
        store(&self.0.left, walk.left);
        if self.0.first.load(Ordering::Relaxed) == 0 {
            self.0.first.store(stamp.pack(), Ordering::Relaxed);
            store(&self.0.begun_last, walk.last);
            store(&self.0.begun_left, walk.left);
        }
        minute
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::Projection;
    use crate::parse::{Settings, TimeParser};

    /// A parser of a source last written at a time.
    fn parser(written: &str) -> TimeParser {
        TimeParser::new(&Settings { projection: Projection::all(), zone: Zone::default(), reference: time(written) })
    }

    fn time(text: &str) -> Option<Timestamp> {
        let mut parser =
            TimeParser::new(&Settings { projection: Projection::all(), zone: Zone::default(), reference: None });
        parser.exact(text.as_bytes()).and_then(|(nanos, _)| Timestamp::from_nanos(nanos))
    }

    /// Places `Nov 22` and so on, one after the other, and shows years and days.
    fn walk(parser: &mut TimeParser, days: &[&str]) -> Vec<String> {
        let place = |day: &&str| {
            let (nanos, _) = parser.exact(format!("{day} 10:00:00").as_bytes()).expect("a stamp");
            Timestamp::from_nanos(nanos).map_or("none".to_owned(), |time| time.to_rfc3339(0)[..10].to_owned())
        };
        days.iter().map(place).collect()
    }

    fn check(written: &str, days: &[&str], expected: &[&str]) {
        assert_eq!(walk(&mut parser(written), days), expected, "written {written}");
    }

    #[test]
    fn a_walk_over_the_turn_of_the_year_goes_on() {
        check(
            "2026-01-03 00:00:00",
            &["Nov 28", "Dec 31", "Jan  1", "Jan  2"],
            &["2025-11-28", "2025-12-31", "2026-01-01", "2026-01-02"],
        );
    }

    #[test]
    fn a_late_line_after_the_turn_is_in_the_old_year() {
        check(
            "2026-01-03 00:00:00",
            &["Dec 31", "Jan  1", "Dec 31", "Jan  1", "Jan  2"],
            &["2025-12-31", "2026-01-01", "2025-12-31", "2026-01-01", "2026-01-02"],
        );
    }

    #[test]
    fn a_gap_of_more_than_half_a_year_does_not_step_back() {
        check(
            "2026-12-01 00:00:00",
            &["Dec 30", "Jan  2", "Oct 20", "Nov 20"],
            &["2025-12-30", "2026-01-02", "2026-10-20", "2026-11-20"],
        );
    }

    #[test]
    fn a_clock_that_was_not_set_is_no_turn_of_the_year() {
        check(
            "2026-11-23 00:00:00",
            &["Sep 20", "Jan  1", "Sep 20", "Nov 20", "Jan  1", "Nov 21"],
            &["2026-09-20", "2026-01-01", "2026-09-20", "2026-11-20", "2026-01-01", "2026-11-21"],
        );
        // In August, half a year off, with no file time to tell.
        check(
            "2030-01-01 00:00:00",
            &["Aug 10", "Jan  1", "Aug 10", "Aug 11"],
            &["2029-08-10", "2030-01-01", "2029-08-10", "2029-08-11"],
        );
    }

    #[test]
    fn a_stream_runs_past_the_time_it_was_opened() {
        check(
            "2026-12-20 00:00:00",
            &["Dec 20", "Dec 31", "Jan  2", "Feb 20", "Mar  1"],
            &["2026-12-20", "2026-12-31", "2027-01-02", "2027-02-20", "2027-03-01"],
        );
    }

    #[test]
    fn the_leap_day_is_in_a_leap_year() {
        check("2024-03-02 00:00:00", &["Feb 28", "Feb 29", "Mar  1"], &["2024-02-28", "2024-02-29", "2024-03-01"]);
        check("2026-03-02 00:00:00", &["Feb 28", "Feb 29", "Mar  1"], &["2026-02-28", "2024-02-29", "2024-03-01"]);
    }

    /// Shows where walks begin that pass these days, when the first is what is walked from.
    fn check_start(written: &str, days: &[&str], expected: &str) {
        let stamps: Vec<Yearless> = days
            .iter()
            .map(|day| {
                let mut parser = parser(written);
                let shared = SharedWalk::default();
                parser.join(&shared);
                parser.exact(format!("{day} 10:00:00").as_bytes()).expect("a stamp");
                shared.first().expect("one stamp")
            })
            .collect();
        let start = YearRule::new(Zone::default(), time(written)).start(&stamps);
        let shared = SharedWalk::default();
        shared.set(start);
        let mut parser = parser(written);
        parser.join(&shared);
        assert_eq!(walk(&mut parser, &days[..1]), [expected], "{days:?} written {written}");
    }

    #[test]
    fn a_survey_ends_before_the_source_was_written() {
        check_start("2026-11-23 00:00:00", &["Nov  1", "Nov 20"], "2026-11-01");
        check_start("2026-11-23 00:00:00", &["Nov  1", "Jan  5", "May  5", "Aug  5", "Nov 20"], "2025-11-01");
        check_start("2026-11-23 00:00:00", &["Nov  1", "Jan  5", "Jul  5", "Sep  5", "Jan  5", "Apr  3"], "2024-11-01");
        check_start("2026-11-23 00:00:00", &["Dec  1", "Jan  5", "Nov 20"], "2025-12-01");
        // One clock that was wrong does not move the others.
        check_start("2026-11-23 00:00:00", &["Nov  1", "Nov 18", "Nov 20", "Nov 20", "Dec 10"], "2026-11-01");
        assert_eq!(YearRule::new(Zone::default(), None).start(&[]), YearWalk::default());
    }

    #[test]
    fn a_survey_that_passes_a_leap_day_begins_in_a_leap_year() {
        check_start("2026-11-23 00:00:00", &["Feb 27", "Feb 29", "Mar  2"], "2024-02-27");
        check_start("2026-11-23 00:00:00", &["Nov 27", "Feb 29", "Mar  2"], "2023-11-27");
    }

    proptest! {
        #[test]
        fn steps_forward_of_less_than_half_a_year_are_followed_over_any_number_of_years(
            steps in prop::collection::vec(0_i64..182 * 1440, 1..200),
            start in 0_i64..365 * 1440,
        ) {
            let start = time("2001-01-01 00:00:00").expect("a time").seconds() + start * 60;
            let mut minute = start;
            let minutes: Vec<i64> = steps.iter().map(|step| { minute += step * 60; minute }).collect();
            let rule = YearRule::new(Zone::default(), Timestamp::from_seconds(minute, 0));
            let mut walk = YearWalk { last: Some(start), left: None };
            for minute in minutes {
                let (_, month, day) = Timestamp::from_seconds(minute, 0).expect("in range").civil();
                let clock = (minute.rem_euclid(86_400) / 60) as u16;
                let stamp = Yearless { month: month as u8, day: day as u8, minute: clock };
                prop_assert_eq!(rule.place(&mut walk, stamp), Some(minute));
            }
        }
    }
}
