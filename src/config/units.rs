//! Sizes and lengths of time, as they are written: `64MiB`, `10s`, `1h30m`; and other values that are written as text.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of bytes above zero, written with its unit: `64MiB`, `10MB`, `512B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

/// The units of a size, the greatest first.
const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1_000),
    ("B", 1),
];

impl Size {
    /// Makes a size of so many bytes, at least one.
    pub const fn from_bytes(bytes: u64) -> Size {
        Size(if bytes == 0 { 1 } else { bytes })
    }

    /// Makes a size of so many KiB.
    pub const fn kib(count: u64) -> Size {
        Size::from_bytes(count << 10)
    }

    /// Makes a size of so many MiB.
    pub const fn mib(count: u64) -> Size {
        Size::from_bytes(count << 20)
    }

    /// Returns how many bytes it is.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Returns how many bytes it is, for lengths of things in memory.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let split = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = (&text[..split], text[split..].trim_start());
        let scale = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, scale)| *scale);
        number
            .parse::<u64>()
            .ok()
            .zip(scale)
            .and_then(|(number, scale)| number.checked_mul(scale))
            .filter(|bytes| *bytes > 0)
            .map(Size)
            .ok_or_else(|| "a size above zero with its unit, such as 64MiB".to_owned())
    }
}

impl fmt::Display for Size {
    /// Writes it in the greatest unit that needs no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, scale) =
            SIZES.iter().find(|(_, scale)| self.0.is_multiple_of(*scale)).expect("one byte divides everything");
        write!(f, "{}{name}", self.0 / scale)
    }
}

/// A length of time above zero, written with its units: `10s`, `15m`, `1h30m`, `250ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(Duration);

/// The units of a length of time, the greatest first, in milliseconds.
const PERIODS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

impl Period {
    /// The longest, a hundred years: far from where adding it to a time would fail.
    const MAX_MILLIS: u64 = 36_500 * 86_400_000;

    /// Makes a period of so many milliseconds, at least one.
    pub const fn from_millis(millis: u64) -> Period {
        Period(Duration::from_millis(if millis == 0 { 1 } else { millis }))
    }

    /// Makes a period of so many seconds.
    pub const fn seconds(count: u64) -> Period {
        Period::from_millis(count * 1000)
    }

    /// Makes a period of so many minutes.
    pub const fn minutes(count: u64) -> Period {
        Period::seconds(count * 60)
    }

    /// Makes a period of so many days.
    pub const fn days(count: u64) -> Period {
        Period::seconds(count * 86_400)
    }

    /// Returns it as a duration.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<Period> for Duration {
    fn from(period: Period) -> Duration {
        period.0
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Period, String> {
        millis(text)
            .filter(|millis| (1..=Period::MAX_MILLIS).contains(millis))
            .map(Period::from_millis)
            .ok_or_else(|| "a length of time above zero with its unit, such as 10s, 15m or 1h30m".to_owned())
    }
}

/// Returns the milliseconds of `1h30m`; a unit may stand only once, and the greater ones first.
fn millis(text: &str) -> Option<u64> {
    let (mut rest, mut total, mut units) = (text, 0_u64, PERIODS.as_slice());
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let (number, unit) = (&rest[..digits], &rest[digits..digits + letters]);
        let place = units.iter().position(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(units[place].1)?)?;
        units = &units[place + 1..];
        rest = &rest[digits + letters..];
    }
    Some(total)
}

impl fmt::Display for Period {
    /// Writes it in the greatest unit that needs no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let (name, scale) = PERIODS
            .iter()
            .find(|(_, scale)| millis.is_multiple_of(u128::from(*scale)))
            .expect("one divides everything");
        write!(f, "{}{name}", millis / u128::from(*scale))
    }
}

/// Reads a value that is written as text; the error says what is expected.
pub fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// Reads an address with its port.
pub fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<std::net::SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom("an address and a port, such as 127.0.0.1:7171 or [::1]:7171"))
}

/// Reads a list of networks. An address alone is the network of that address.
pub fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ipnet::IpNet>, D::Error> {
    let network = |text: &String| {
        let address = || text.parse::<std::net::IpAddr>().ok().map(ipnet::IpNet::from);
        text.parse().ok().or_else(address).ok_or_else(|| D::Error::custom("networks such as 10.0.0.0/8 or fd00::/8"))
    };
    Vec::<String>::deserialize(deserializer)?.iter().map(network).collect()
}

/// Reads the name of an org.
pub fn org<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ulid::Ulid, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom("the id of an org, 26 characters such as 01ARZ3NDEKTSV4RRFFQ69G5FAV"))
}

macro_rules! written_as_text {
    ($($name:ty),*) => { $(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                from_text(deserializer)
            }
        }
    )* };
}

written_as_text!(Size, Period);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_unit_and_shown_in_the_greatest() {
        for (text, bytes, shown) in [
            ("64MiB", 64 << 20, "64MiB"),
            ("1024kib", 1 << 20, "1MiB"),
            ("10 MB", 10_000_000, "10MB"),
            ("7B", 7, "7B"),
            ("1536B", 1536, "1536B"),
            ("2TiB", 2 << 40, "2TiB"),
        ] {
            let size: Size = text.parse().expect(text);
            assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, shown), "{text}");
            assert_eq!(size.to_string().parse::<Size>(), Ok(size));
        }
        for wrong in ["", "64", "0MiB", "-1B", "1.5MB", "MiB", "1XB", "99999999TiB", "1MiB "] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn periods_are_read_with_their_units_and_shown_in_the_greatest() {
        for (text, millis, shown) in [
            ("10s", 10_000, "10s"),
            ("250ms", 250, "250ms"),
            ("15m", 900_000, "15m"),
            ("1h30m", 5_400_000, "90m"),
            ("24h", 86_400_000, "1d"),
            ("1m500ms", 60_500, "60500ms"),
        ] {
            let period: Period = text.parse().expect(text);
            assert_eq!((period.get().as_millis(), period.to_string().as_str()), (millis, shown), "{text}");
            assert_eq!(period.to_string().parse::<Period>(), Ok(period));
        }
        for wrong in
            ["", "10", "0s", "-1s", "1.5s", "s", "1m1h", "1s1s", "1 s", "1S", "36501d", "99999999999999999999d"]
        {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }
}
