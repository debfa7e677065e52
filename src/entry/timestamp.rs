//! Points in time and how they were written.

/// The number that stands for "no time" in timestamp columns.
pub const NO_TIME: i64 = i64::MIN;

/// A point in time: UTC nanoseconds since 1970, 1677 to 2262.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// How the source wrote a timestamp: digits after the second, and its zone offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct TimeStyle {
    /// Digits of the fraction of a second, 0 to 9.
    pub digits: u8,
    /// Minutes east of UTC, kept for display.
    pub offset_minutes: i16,
}

impl TimeStyle {
    /// Returns the style of a time that came as a number of nanoseconds: in UTC, with as many thousandths as it has.
    pub fn exact(nanos: i64) -> TimeStyle {
        let digits = match nanos {
            _ if nanos % 1_000_000_000 == 0 => 0,
            _ if nanos % 1_000_000 == 0 => 3,
            _ if nanos % 1_000 == 0 => 6,
            _ => 9,
        };
        TimeStyle { digits, offset_minutes: 0 }
    }

    /// Packs the style into one number, as blocks store it.
    pub fn pack(self) -> u32 {
        (self.digits as u32) << 16 | self.offset_minutes as u16 as u32
    }

    /// Unpacks what [`TimeStyle::pack`] made.
    pub fn unpack(packed: u32) -> TimeStyle {
        TimeStyle { digits: ((packed >> 16) as u8).min(9), offset_minutes: packed as u16 as i16 }
    }
}

/// Returns the number of days from 1970-01-01 to a date of the proleptic Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_shifted = (month as i64 + 9) % 12;
    let day_of_year = (153 * month_shifted + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`]: year, month, day.
fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_shifted + 2) / 5 + 1) as u32;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl Timestamp {
    /// Wraps nanoseconds since 1970; `None` for the one value that means "no time".
    pub fn from_nanos(nanos: i64) -> Option<Timestamp> {
        (nanos != NO_TIME).then_some(Timestamp(nanos))
    }

    /// Returns the timestamp `seconds` and `nanos` (0 to 999,999,999) after 1970, or `None` outside the range.
    pub fn from_seconds(seconds: i64, nanos: u32) -> Option<Timestamp> {
        let total = (seconds as i128) * 1_000_000_000 + nanos as i128;
        i64::try_from(total).ok().and_then(Timestamp::from_nanos)
    }

    /// Returns nanoseconds since 1970.
    pub fn nanos(self) -> i64 {
        self.0
    }

    /// Returns whole seconds since 1970, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Returns year, month (1 to 12) and day (1 to 31) in UTC.
    pub fn civil(self) -> (i64, u32, u32) {
        civil_from_days(self.seconds().div_euclid(86_400))
    }

    /// Appends the RFC 3339 form in UTC with `digits` (0 to 9) digits of the second, truncated.
    pub fn write_rfc3339(self, digits: u8, out: &mut Vec<u8>) {
        let seconds = self.seconds();
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let second_of_day = seconds.rem_euclid(86_400) as u32;
        // The range of i64 nanoseconds keeps the year within four digits.
        let mut text = *b"0000-00-00T00:00:00";
        let two = |text: &mut [u8], number: u32| {
            text[0] = b'0' + (number / 10 % 10) as u8;
            text[1] = b'0' + (number % 10) as u8;
        };
        two(&mut text[0..2], year as u32 / 100);
        two(&mut text[2..4], year as u32 % 100);
        two(&mut text[5..7], month);
        two(&mut text[8..10], day);
        two(&mut text[11..13], second_of_day / 3600);
        two(&mut text[14..16], second_of_day / 60 % 60);
        two(&mut text[17..19], second_of_day % 60);
        out.extend_from_slice(&text);
        if digits > 0 {
            let mut fraction = self.0.rem_euclid(1_000_000_000) as u32;
            let mut text = *b".000000000";
            for place in (1..10).rev() {
                text[place] = b'0' + (fraction % 10) as u8;
                fraction /= 10;
            }
            out.extend_from_slice(&text[..1 + digits.min(9) as usize]);
        }
        out.push(b'Z');
    }

    /// Returns the RFC 3339 form in UTC with `digits` digits of the second.
    pub fn to_rfc3339(self, digits: u8) -> String {
        let mut out = Vec::with_capacity(30);
        self.write_rfc3339(digits, &mut out);
        String::from_utf8(out).expect("RFC 3339 text is ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_has_as_many_digits_as_asked() {
        let time = Timestamp::from_nanos(1_789_000_000_123_456_789).expect("in range");
        assert_eq!(time.to_rfc3339(0), "2026-09-10T00:26:40Z");
        assert_eq!(time.to_rfc3339(3), "2026-09-10T00:26:40.123Z");
        assert_eq!(time.to_rfc3339(9), "2026-09-10T00:26:40.123456789Z");
    }

    #[test]
    fn times_before_1970_round_down() {
        let time = Timestamp::from_nanos(-1).expect("in range");
        assert_eq!(time.to_rfc3339(9), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(time.civil(), (1969, 12, 31));
    }

    #[test]
    fn civil_dates_round_trip() {
        for days in (-107_000..107_000).step_by(17) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn styles_round_trip() {
        for (nanos, digits) in [(0, 0), (1_500_000_000, 3), (-1_000_000, 3), (1_000, 6), (1, 9), (-7_000_000_000, 0)] {
            assert_eq!(TimeStyle::exact(nanos).digits, digits, "{nanos}");
        }
        let style = TimeStyle { digits: 6, offset_minutes: -570 };
        assert_eq!(TimeStyle::unpack(style.pack()), style);
    }
}
