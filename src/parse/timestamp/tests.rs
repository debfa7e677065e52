use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone};
use proptest::prelude::*;

use super::*;
use crate::entry::{Projection, Zone};

/// 2026-11-23 00:00:00 UTC.
const REFERENCE: i64 = 1_795_392_000_000_000_000;

fn parser(zone: &str) -> TimeParser {
    let zone = zone.parse().expect("a zone");
    TimeParser::new(&Settings { projection: Projection::all(), zone, reference: Timestamp::from_nanos(REFERENCE) })
}

/// Reads `text` as a stamp and nothing else and checks it against an RFC 3339 text in UTC.
fn check(text: &str, expected: &str) {
    check_in("UTC", text, expected);
}

fn check_in(zone: &str, text: &str, expected: &str) {
    let mut parser = parser(zone);
    let read = parser.exact(text.as_bytes()).map(|(nanos, style)| rfc3339(nanos, style));
    assert_eq!(read.as_deref(), Some(expected), "{text}");
    assert_eq!(parser.exact(text.as_bytes()).map(|(nanos, style)| rfc3339(nanos, style)), read, "again: {text}");
    let longer = format!("{text}] and more");
    let (nanos, style, length) = parser.prefix(longer.as_bytes()).expect("a prefix is read as well");
    assert_eq!((rfc3339(nanos, style).as_str(), length), (expected, text.len()), "{longer}");
}

fn rfc3339(nanos: i64, style: TimeStyle) -> String {
    Timestamp::from_nanos(nanos).map_or("none".to_owned(), |time| time.to_rfc3339(style.digits))
}

#[test]
fn usual_forms_are_read() {
    for (text, expected) in [
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
        ("2026-11-22t10:00:00z", "2026-11-22T10:00:00Z"),
        ("2026-11-22 10:00:00", "2026-11-22T10:00:00Z"),
        ("2026-11-22T10:00", "2026-11-22T10:00:00Z"),
        ("2026-11-22T10:00+01:00", "2026-11-22T09:00:00Z"),
        ("2026-11-22 10:00:00,123", "2026-11-22T10:00:00.123Z"),
        ("2026-11-22 10:00:00:123", "2026-11-22T10:00:00.123Z"),
        ("2026-11-22 10:00:00.123456789", "2026-11-22T10:00:00.123456789Z"),
        ("2026-11-22T10:00:00.1234567899Z", "2026-11-22T10:00:00.123456789Z"),
        ("2026-11-22T10:00:00.5+02:00", "2026-11-22T08:00:00.5Z"),
        ("2026-11-22T10:00:00-0330", "2026-11-22T13:30:00Z"),
        ("2026-11-22T10:00:00+05", "2026-11-22T05:00:00Z"),
        ("2026-11-22 10:00:00 +0000", "2026-11-22T10:00:00Z"),
        ("2026-11-22 10:00:00.25 -01:00", "2026-11-22T11:00:00.25Z"),
        ("2026-11-22 10:00:00 UTC", "2026-11-22T10:00:00Z"),
        ("2026-11-22 10:00:00 CEST", "2026-11-22T08:00:00Z"),
        ("2026/11/22 10:00:00", "2026-11-22T10:00:00Z"),
        ("22/Nov/2026:10:00:00 +0100", "2026-11-22T09:00:00Z"),
        ("22/nov/2026:10:00:00", "2026-11-22T10:00:00Z"),
        ("22-Nov-2026 10:00:00.123", "2026-11-22T10:00:00.123Z"),
        ("22 Nov 2026 10:00:00.123", "2026-11-22T10:00:00.123Z"),
        ("2 Nov 2026 10:00:00", "2026-11-02T10:00:00Z"),
        ("22.11.2026 10:00:00", "2026-11-22T10:00:00Z"),
        ("20261122T100000Z", "2026-11-22T10:00:00Z"),
        ("20261122T100000.5+0100", "2026-11-22T09:00:00.5Z"),
        ("20261122T1000", "2026-11-22T10:00:00Z"),
        ("20261122 10:00:00.123456", "2026-11-22T10:00:00.123456Z"),
        ("081109 203615", "2008-11-09T20:36:15Z"),
        ("081109 20:36:15", "2008-11-09T20:36:15Z"),
        ("081109  9:36:15", "2008-11-09T09:36:15Z"),
        ("17/06/09 20:10:40", "2017-06-09T20:10:40Z"),
        ("20171223-22:15:29:606", "2017-12-23T22:15:29.606Z"),
        ("20171224-0:5:9:62", "2017-12-24T00:05:09.062Z"),
        ("20171224-10:05:09", "2017-12-24T10:05:09Z"),
        ("03-17 16:13:38.811", "2026-03-17T16:13:38.811Z"),
        ("Nov  2 10:00:00", "2026-11-02T10:00:00Z"),
        ("Nov 22 10:00:00.125", "2026-11-22T10:00:00.125Z"),
        ("Nov 2 2026 10:00:00", "2026-11-02T10:00:00Z"),
        ("Nov 22 10:00:00 2020", "2020-11-22T10:00:00Z"),
        ("Nov 22, 2026 9:05:03 PM", "2026-11-22T21:05:03Z"),
        ("Nov 22, 2026 12:05:03 AM", "2026-11-22T00:05:03Z"),
        ("Nov 22, 2026 9:05:03.5 PM UTC", "2026-11-22T21:05:03.5Z"),
        ("2026-11-22 11:00:00 PM", "2026-11-22T23:00:00Z"),
        ("2026-11-22 11:00:00 AM", "2026-11-22T11:00:00Z"),
        ("2026-11-22 12:30:00 AM", "2026-11-22T00:30:00Z"),
        ("2026-11-22 12:30:00 PM", "2026-11-22T12:30:00Z"),
        ("2026-11-22 9:05:03 pm", "2026-11-22T21:05:03Z"),
        ("2026-11-22 09:05 PM", "2026-11-22T21:05:00Z"),
        ("2026-11-22 11:00:00PM", "2026-11-22T23:00:00Z"),
        ("2026-11-22 11:00:00\u{202f}PM", "2026-11-22T23:00:00Z"),
        ("2026/11/22 11:00:00,123 PM +0100", "2026-11-22T22:00:00.123Z"),
        ("22-Nov-2026 11:00:00 PM", "2026-11-22T23:00:00Z"),
        ("22.11.2026 11:00:00 PM", "2026-11-22T23:00:00Z"),
        ("3/1/2026 11:00:00 PM", "2026-03-01T23:00:00Z"),
        ("3/1/2026 9:05 AM", "2026-03-01T09:05:00Z"),
        ("11/22/2026, 11:00:00 PM", "2026-11-22T23:00:00Z"),
        ("2026-11-22 10:00:00 UTC+02:00", "2026-11-22T08:00:00Z"),
        ("2026-11-22 10:00:00 UTC-0330", "2026-11-22T13:30:00Z"),
        ("2026-11-22 10:00:00 GMT+2", "2026-11-22T08:00:00Z"),
        ("2026-11-22 10:00:00 GMT+02", "2026-11-22T08:00:00Z"),
        ("2026-11-22 10:00:00 UTC-5", "2026-11-22T15:00:00Z"),
        ("Sun Nov 22 10:00:00 UTC+2 2026", "2026-11-22T08:00:00Z"),
        ("2026-11-22 10:00:03 Europe/Berlin", "2026-11-22T09:00:03Z"),
        ("2026-07-22 10:00:03.5 Europe/Berlin", "2026-07-22T08:00:03.5Z"),
        ("22-Nov-2026 10:00:03 America/Argentina/Buenos_Aires", "2026-11-22T13:00:03Z"),
        ("2026-11-22 10:00:03 Etc/GMT+2", "2026-11-22T12:00:03Z"),
        ("2026-11-22 10:00:03[Europe/Berlin]", "2026-11-22T09:00:03Z"),
        ("2026-11-22T10:00:03+02:00[Europe/Berlin]", "2026-11-22T08:00:03Z"),
        ("2026-11-22 11:00:00 PM Europe/Berlin", "2026-11-22T22:00:00Z"),
        ("Sun Nov 22 10:00:00 2026", "2026-11-22T10:00:00Z"),
        ("Sun Nov  2 10:00:00.123456 2026", "2026-11-02T10:00:00.123456Z"),
        ("Sun Nov 22 10:00:00 EST 2026", "2026-11-22T15:00:00Z"),
        ("Sun Nov 22 10:00:00 2026 +0100", "2026-11-22T09:00:00Z"),
        ("Sun, 22 Nov 2026 10:00:00 +0000", "2026-11-22T10:00:00Z"),
        ("Sun, 2 Nov 2026 10:00:00 GMT", "2026-11-02T10:00:00Z"),
        ("1700000000", "2023-11-14T22:13:20Z"),
        ("1700000000.25", "2023-11-14T22:13:20.25Z"),
        ("1700000000123", "2023-11-14T22:13:20.123Z"),
        ("1700000000123.5", "2023-11-14T22:13:20.1235Z"),
        ("1700000000123456", "2023-11-14T22:13:20.123456Z"),
        ("1700000000123456789", "2023-11-14T22:13:20.123456789Z"),
    ] {
        check(text, expected);
    }
}

#[test]
fn leap_seconds_are_the_next_second() {
    check("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z");
    check("Dec 31 2016 23:59:60.5", "2017-01-01T00:00:00.5Z");
}

#[test]
fn times_out_of_range_are_stamps_without_a_time() {
    check("0000-01-01T00:00:00Z", "none");
    check("9999-12-31T23:59:59Z", "none");
    check("2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775807Z");
    check("2262-04-11T23:47:17Z", "none");
}

#[test]
fn what_the_calendar_does_not_have_is_no_stamp() {
    for text in [
        "",
        "2026",
        "2026-11-22",
        "2026-02-30T10:00:00Z",
        "2026-02-29T10:00:00Z",
        "2026-13-01T10:00:00Z",
        "2026-00-01T10:00:00Z",
        "2026-11-00 10:00:00",
        "2026-11-22T25:00:00Z",
        "2026-11-22T10:60:00Z",
        "2026-11-22T10:00:61Z",
        "2026-11-22T10:00:00+24:00",
        "2026-11-22T10:00:00Zulu",
        "2026-11-22 10:00:0",
        "22/Nox/2026:10:00:00",
        "31/Nov/2026:10:00:00",
        "22/11/2026 10:00:00",
        "Feb 30 10:00:00",
        "Nov 22",
        "Now 22 10:00:00",
        "Nov 22 10:00",
        "Sun Nov 22",
        "Nov 22, 2026 13:05:03 PM",
        "2026-11-22 0:05:03 PM",
        "2026-11-22 9:05:03",
        "2026-11-22 11:60:00 PM",
        "13/1/2026 11:00:00 PM",
        "3/1/2026 11:00:00",
        "3/1/2026 11:00:00 pm",
        "10.0.0.1",
        "12",
        "123456",
        "123456 999999",
        "4102444800",
        "946684799",
        "17000000001234567890",
        "1.5",
        "-1700000000",
        "1700000000x",
        "16/13/09 20:10:40",
        "12:00:00",
        "20261122T1",
        "20261122-1:2",
        "081109 20361",
        "Nov  2 10:00:00 2026x",
        "1.2.3.4 10:00:00",
    ] {
        assert_eq!(parser("UTC").exact(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn prefixes_end_where_the_stamp_ends() {
    for (text, length) in [
        ("2026-11-22 10:00:00 -5 items left", 19),
        ("2026-11-22 10:00:00 INFO start", 19),
        ("2026-11-22 10:00:00 UTC [1]", 23),
        ("2026-11-22 10:00:00 UTCX", 19),
        ("2026-11-22 10:00:00 UTC-server", 23),
        ("2026-11-22 10:00:00 UTC+20 x", 23),
        ("2026-11-22 10:00:00 PMX", 19),
        ("2026-11-22 10:00:00 PM: suspend entry", 19),
        ("3/1/2026 10:00:00 PM: x", 20),
        ("Nov 22, 2026 10:00:00 PM: x", 24),
        ("2026-11-22 10:00:00Z PM x", 20),
        ("2026-11-22 23:00:00 PM x", 19),
        ("2026-11-22 10:00:00 Europe/Atlantis x", 19),
        ("2026-11-22 10:00:00[Europe/Atlantis] x", 19),
        ("2026-11-22 10:00:00[Europe/Berlin x", 19),
        ("2026-11-22 10:00:00 Europe/Berlin: x", 19),
        ("2026-11-22 10:00:00 Europe/ x", 19),
        ("2026-11-22 10:00:00 CET Europe/Berlin x", 23),
        ("Nov  2 10:00:00 PM app: x", 15),
        ("Nov  2 10:00:00 Europe/Berlin app: x", 15),
        ("2026-11-22 10:00:00, next", 19),
        ("2026-11-22 10:00:00. Done", 19),
        ("Nov  2 10:00:00 2026 app: x", 15),
        ("Nov  2 10:00:00 UTC app: x", 15),
        ("Nov  2 10:00:00 10.0.0.1 app: x", 15),
        ("1700000000.123    345 10.0.0.1", 14),
        ("1700000000 x", 10),
    ] {
        let mut parser = parser("UTC");
        for _ in 0..2 {
            assert_eq!(parser.prefix(text.as_bytes()).map(|found| found.2), Some(length), "{text}");
        }
    }
    for text in ["10.0.0.1 - -", "170000000 x", "1700000000x", "1700000000-a", "12345 x", "1700000000.1.2"] {
        assert_eq!(parser("UTC").prefix(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn what_goes_on_after_a_remembered_minute_is_read_as_ever() {
    for stamp in ["2026-11-22 10:00:00", "2026/11/22 10:00:00", "22-Nov-2026 10:00:00", "22/Nov/2026 10:00:00"] {
        for rest in [
            " PM x",
            " pm",
            "\u{202f}PM x",
            ".5 AM x",
            " PMX",
            " PM: x",
            " Pm x",
            " [main] x",
            " Europe/Berlin x",
            "[Asia/Tokyo] x",
            " Asia/Edo",
            " UTC+2",
        ] {
            let text = format!("{stamp}{rest}");
            let mut warm = parser("UTC");
            warm.prefix(stamp.as_bytes());
            assert_eq!(warm.prefix(text.as_bytes()), parser("UTC").prefix(text.as_bytes()), "{text}");
        }
    }
}

#[test]
fn stamps_without_a_zone_are_read_in_the_given_one() {
    check_in("+02:00", "2026-11-22 10:00:00", "2026-11-22T08:00:00Z");
    check_in("Europe/Warsaw", "2026-11-22 10:00:00", "2026-11-22T09:00:00Z");
    check_in("Europe/Warsaw", "2026-07-22 10:00:00", "2026-07-22T08:00:00Z");
    check_in("Europe/Warsaw", "2026-03-29 02:30:00", "2026-03-29T01:30:00Z");
    check_in("Europe/Warsaw", "2026-10-25 02:30:00", "2026-10-25T00:30:00Z");
    check_in("Europe/Warsaw", "2026-11-22 10:00:00Z", "2026-11-22T10:00:00Z");
}

#[test]
fn stamps_without_a_year_lie_at_most_a_day_after_the_reference() {
    check("Nov 23 23:59:00", "2026-11-23T23:59:00Z");
    check("Nov 24 00:00:59", "2026-11-24T00:00:59Z");
    check("Nov 24 00:01:00", "2025-11-24T00:01:00Z");
    check("Dec 31 23:59:59", "2025-12-31T23:59:59Z");
    check("Feb 29 10:00:00", "2024-02-29T10:00:00Z");
    let settings = Settings { projection: Projection::all(), zone: Zone::default(), reference: None };
    let mut parser = TimeParser::new(&settings);
    assert_eq!(parser.prefix(b"Nov  2 10:00:00 x").map(|found| (found.0, found.2)), Some((NO_TIME, 15)));
}

#[test]
fn glog_stamps_have_month_and_day() {
    let found =
        parser("UTC").month_day(b"1122 10:00:00.123456  12 a.go:1] x").map(|(nanos, style, _)| rfc3339(nanos, style));
    assert_eq!(found.as_deref(), Some("2026-11-22T10:00:00.123456Z"));
    assert_eq!(parser("UTC").month_day(b"1322 10:00:00.123456"), None);
}

#[test]
fn floats_are_epochs_of_a_plausible_year() {
    let read = |number| TimeParser::epoch(number).map(|(nanos, style)| rfc3339(nanos, style));
    assert_eq!(read(1_700_000_000.0).as_deref(), Some("2023-11-14T22:13:20Z"));
    assert_eq!(read(1_700_000_000.125).as_deref(), Some("2023-11-14T22:13:20.125Z"));
    assert_eq!(read(1_700_000_000_123.0).as_deref(), Some("2023-11-14T22:13:20.123Z"));
    assert_eq!(read(1.7e18).as_deref(), Some("2023-11-14T22:13:20.000000000Z"));
    for number in [0.0, -1.0, 5e9, 1e30, f64::NAN, f64::INFINITY, 9e8] {
        assert_eq!(read(number), None, "{number}");
    }
}

/// A stamp of one of the remembered forms, its time on its own clock, digits and zone.
fn stamps() -> impl Strategy<Value = (String, NaiveDateTime, usize, Option<i32>)> {
    // 1900 to 2200; small steps let neighbours share a minute.
    let seconds = prop_oneof![-2_208_988_800i64..7_258_118_400, 1_795_000_000i64..1_795_000_200];
    let zones = prop_oneof![Just(None), Just(Some(0)), (-1439i32..=1439).prop_map(Some)];
    (seconds, 0u32..1_000_000_000, 0usize..=9, 0usize..5, zones).prop_map(|(seconds, nanos, digits, form, zone)| {
        let nanos = nanos - nanos % 10u32.pow(9 - digits as u32);
        let clock = DateTime::from_timestamp(seconds, nanos).expect("in range").naive_utc();
        let format =
            ["%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d/%b/%Y:%H:%M:%S", "%b %e %H:%M:%S", "%d.%m.%Y %H:%M:%S"];
        let zone = zone.filter(|_| form != 3);
        let mut text = clock.format(format[form]).to_string();
        if digits > 0 {
            text.push_str(&format!(".{nanos:09}")[..=digits]);
        }
        match zone {
            Some(0) => text.push('Z'),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                text.push_str(&format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60));
            }
            None => {}
        }
        (text, clock, digits, zone.map(|minutes| minutes * 60))
    })
}

proptest! {
    #[test]
    fn remembered_minutes_change_nothing(
        stamps in prop::collection::vec(stamps(), 1..12),
        zone in prop::sample::select(vec!["UTC", "+05:30", "Europe/Warsaw", "America/New_York"]),
    ) {
        let mut parser = parser(zone);
        // What comes before a stamp without a year matters, but not to the memory.
        let walk = SharedWalk::default();
        for (text, clock, digits, zone_seconds) in stamps {
            let mut fresh = self::parser(zone);
            fresh.join(&walk);
            let fresh = fresh.dated_slow(text.as_bytes());
            let read = parser.prefix(text.as_bytes());
            prop_assert_eq!(read, fresh, "{}", text);
            let (nanos, style, length) = read.expect("a form we know");
            prop_assert_eq!((length, style.digits as usize), (text.len(), digits));
            if text.starts_with(|first: char| first.is_ascii_digit()) {
                let Some(offset) = zone_seconds.or_else(|| chrono_offset(zone, clock)) else { continue };
                let expected = clock - TimeDelta::seconds(i64::from(offset));
                prop_assert_eq!(Some(nanos), expected.and_utc().timestamp_nanos_opt(), "{}", text);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_alike_with_and_without_memory(
        stamp in stamps(),
        cut in 0usize..40,
        noise in prop::collection::vec(prop_oneof![any::<u8>(), Just(b' '), Just(b':'), Just(b'0')], 0..6),
    ) {
        let mut parser = parser("UTC");
        parser.prefix(stamp.0.as_bytes());
        let cut = cut.min(stamp.0.len());
        for text in [[&stamp.0.as_bytes()[..cut], &noise].concat(), [stamp.0.as_bytes(), &noise].concat(), noise.clone()] {
            let fresh = self::parser("UTC").prefix(&text);
            prop_assert_eq!(parser.prefix(&text), fresh, "{:?}", String::from_utf8_lossy(&text));
            if let Some((_, _, length)) = fresh {
                prop_assert!(length <= text.len());
            }
            parser.month_day(&text);
            prop_assert_eq!(parser.exact(&text).is_some(), self::parser("UTC").exact(&text).is_some());
            parser.prefix(stamp.0.as_bytes());
        }
    }
}

/// The offset chrono and its own copy of the zones give for a clock time, by its own rules for skipped and doubled
/// times; `None` for a zone beyond its tables, which end with the year 2099.
fn chrono_offset(zone: &str, clock: NaiveDateTime) -> Option<i32> {
    use chrono::{Datelike, Offset};
    // Before 1972 zones had offsets with seconds; we place those by the minute.
    let zone = match zone.parse::<Zone>().expect("a zone") {
        Zone::Fixed(seconds) => return Some(seconds),
        Zone::Named(zone) => zone.name().parse::<chrono_tz::Tz>().expect("chrono knows the zone"),
    };
    if clock.year() > 2099 {
        return None;
    }
    let minute = clock - TimeDelta::seconds(clock.and_utc().timestamp().rem_euclid(60));
    let offset =
        |clock: &NaiveDateTime| zone.offset_from_local_datetime(clock).earliest().map(|o| o.fix().local_minus_utc());
    let found = offset(&minute).or_else(|| offset(&(minute - TimeDelta::hours(3))));
    Some(found.expect("no change within three hours of another"))
}
