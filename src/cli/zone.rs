//! The zone of `--tz`.

use chrono::{Offset, TimeZone};

use super::exit::Failure;
use crate::entry::Timestamp;
use crate::parse::Zone;

/// Reads a zone; `local` is that of this computer.
pub fn read(text: &str, now: Timestamp) -> Result<Zone, Failure> {
    if text.eq_ignore_ascii_case("local") {
        return Ok(local(now));
    }
    text.parse().map_err(|error| {
        Failure::new(error).hint("a zone is a name like Europe/Berlin, an offset like +02:00, UTC or local")
    })
}

/// The zone TZ names, or else the computer's settings, or else the offset this computer has now.
fn local(now: Timestamp) -> Zone {
    let of_session = || std::env::var("TZ").ok()?.trim_start_matches(':').parse().ok();
    let of_computer = || {
        let file = std::fs::read_link("/etc/localtime").ok()?;
        file.to_str()?.split_once("zoneinfo/")?.1.parse().ok()
    };
    of_session().or_else(of_computer).unwrap_or_else(|| {
        let time = chrono::Local.timestamp_opt(now.seconds(), 0).single();
        Zone::Fixed(time.map_or(0, |time| time.offset().fix().local_minus_utc()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_the_offset_of_the_season() {
        let now = Timestamp::from_seconds(1_788_739_200, 0).expect("in range");
        let winter = Timestamp::from_seconds(1_767_225_600, 0).expect("in range");
        for (text, summer_offset, winter_offset) in
            [("UTC", 0, 0), ("+02:00", 7200, 7200), ("Europe/Berlin", 7200, 3600), ("America/St_Johns", -9000, -12600)]
        {
            let zone = read(text, now).expect("a zone");
            assert_eq!(
                (zone.utc_offset(now.seconds()), zone.utc_offset(winter.seconds())),
                (summer_offset, winter_offset),
                "{text}"
            );
        }
        assert!(read("Mars/Olympus", now).is_err());
    }
}
