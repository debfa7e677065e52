//! The keys by which JSON and logfmt lines say when, how serious and what.
//!
//! Each role has a documented order of preference. Of the keys a line has, the first in that order
//! whose value fits the role wins: its value becomes the entry's timestamp, level or message and is no
//! field. All others stay ordinary fields under the names the log gives them. Keys are compared
//! without regard to ASCII case, but for those that carry a meaning only as written (`PRIORITY`).
//!
//! The folder holds what both formats are read with: [`scan`] finds ends, [`number`] reads numbers,
//! [`table`] recognises keys seen before, [`assembly`] decides who wins.

pub mod assembly;
pub mod number;
pub mod scan;
pub mod table;
#[cfg(test)]
pub mod testing;

use crate::entry::{Projection, is_reserved};

/// What a key may say of its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// When it happened.
    Time,
    /// How serious it is.
    Level,
    /// The text written for people.
    Message,
}

/// A role and how preferred the key is: the lowest rank wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The role.
    pub role: Role,
    /// Place in the order of preference.
    pub rank: u8,
}

/// Keys of the time, most preferred first. Nested keys are joined with dots.
pub const TIME_KEYS: &[&str] = &[
    "ts",
    "timestamp",
    "@timestamp",
    "time",
    "datetime",
    "eventTime",
    "event_time",
    "_time",
    "asctime",
    "@t",
    "time_iso8601",
    "time_local",
    "timeMillis",
    "logtime",
    "log_time",
    "t",
    "t.$date",
    "date",
    "created",
    "instant.epochSecond",
    "stageTimestamp",
    "requestReceivedTimestamp",
    "__REALTIME_TIMESTAMP",
    "timestamp_ms",
    "time_stamp",
    "event_timestamp",
    "eventTimestamp",
    "TimeGenerated",
    "EdgeStartTimestamp",
    "start_time",
    "startTime",
    "created_at",
    "createdAt",
    "received_at",
    "receivedAt",
    "record.time.timestamp",
];

/// Keys of the level, most preferred first.
pub const LEVEL_KEYS: &[&str] = &[
    "level",
    "severity",
    "lvl",
    "log.level",
    "levelname",
    "level_name",
    "loglevel",
    "log_level",
    "severity_text",
    "severityText",
    "@l",
    "PRIORITY",
    "priority",
    "s",
    "L",
    "record.level.name",
];

/// Keys of the message, most preferred first.
pub const MESSAGE_KEYS: &[&str] = &[
    "message",
    "msg",
    "@message",
    "short_message",
    "_msg",
    "@m",
    "@mt",
    "log",
    "event",
    "text",
    "body",
    "fields.message",
    "textPayload",
    "jsonPayload.message",
    "RenderedMessage",
    "MessageTemplate",
    "M",
    "record.message",
];

/// Keys whose meaning hangs on their case.
const EXACT_KEYS: &[&str] = &["PRIORITY", "L", "M"];

impl Role {
    /// Every role, in the order of [`Role::index`].
    pub const ALL: [Role; 3] = [Role::Time, Role::Level, Role::Message];

    /// Returns the role's place in [`Role::ALL`].
    #[inline]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Returns the role's keys, most preferred first.
    pub fn keys(self) -> &'static [&'static str] {
        match self {
            Role::Time => TIME_KEYS,
            Role::Level => LEVEL_KEYS,
            Role::Message => MESSAGE_KEYS,
        }
    }

    /// Returns the reserved name of what the winner becomes.
    pub fn reserved_name(self) -> &'static str {
        match self {
            Role::Time => "ts",
            Role::Level => "level",
            Role::Message => "message",
        }
    }

    /// Returns true when who wins this role makes a difference: its winner is wanted, or a field that
    /// exists only when another key wins.
    pub fn matters(self, projection: &Projection) -> bool {
        let Some(mut names) = projection.names() else { return true };
        let claims = |name: &str| claim(name.as_bytes()).is_some_and(|claim| claim.role == self);
        projection.wants(self.reserved_name())
            || names.any(|name| {
                let own = name.strip_suffix('_').filter(|own| is_reserved(own));
                claims(own.unwrap_or(name))
            })
    }
}

/// Returns what a key (its full name, nested ones joined with dots) may say of its entry.
pub fn claim(key: &[u8]) -> Option<Claim> {
    Role::ALL.into_iter().find_map(|role| {
        let rank = role.keys().iter().position(|known| {
            if EXACT_KEYS.contains(known) {
                known.as_bytes() == key
            } else {
                known.as_bytes().eq_ignore_ascii_case(key)
            }
        })?;
        Some(Claim { role, rank: rank as u8 })
    })
}

/// Returns the rank of one of the role's keys.
const fn rank_of(keys: &[&str], name: &str) -> u8 {
    let mut rank = 0;
    while rank < keys.len() {
        let (known, wanted) = (keys[rank].as_bytes(), name.as_bytes());
        let mut same = known.len() == wanted.len();
        let mut place = 0;
        while same && place < known.len() {
            same = known[place] == wanted[place];
            place += 1;
        }
        if same {
            return rank as u8;
        }
        rank += 1;
    }
    panic!("no such key");
}

/// Rank of journald's `PRIORITY`, a syslog severity.
pub const SYSLOG_PRIORITY: u8 = rank_of(LEVEL_KEYS, "PRIORITY");
/// Rank of the one-letter key of MongoDB.
pub const MONGO_SEVERITY: u8 = rank_of(LEVEL_KEYS, "s");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_counts_only_where_it_means_something() {
        assert_eq!(claim(b"Timestamp"), claim(b"timestamp"));
        assert_eq!(claim(b"MESSAGE").map(|claim| claim.role), Some(Role::Message));
        assert_eq!(claim(b"PRIORITY").map(|claim| claim.rank), Some(SYSLOG_PRIORITY));
        assert_ne!(claim(b"priority"), claim(b"PRIORITY"));
        assert_eq!(claim(b"status"), None);
        assert_eq!(claim(b"http.level"), None);
    }

    #[test]
    fn every_key_is_documented() {
        let docs = include_str!("../../../docs/fields.md");
        for key in Role::ALL.into_iter().flat_map(Role::keys) {
            assert!(docs.contains(&format!("`{key}`")), "docs/fields.md does not list {key}");
        }
    }

    #[test]
    fn no_key_has_two_roles() {
        for role in Role::ALL {
            for (rank, key) in role.keys().iter().enumerate() {
                assert_eq!(claim(key.as_bytes()), Some(Claim { role, rank: rank as u8 }), "{key}");
            }
        }
    }

    #[test]
    fn a_role_matters_when_a_loser_of_it_is_wanted() {
        assert!(Role::Time.matches_projection(&["ts"]));
        assert!(Role::Time.matches_projection(&["ts_"]));
        assert!(Role::Time.matches_projection(&["Date"]));
        assert!(!Role::Time.matches_projection(&["level", "status"]));
        assert!(Role::Level.matters(&Projection::all()));
        assert!(!Role::Level.matters(&Projection::none()));
    }

    impl Role {
        fn matches_projection(self, names: &[&str]) -> bool {
            self.matters(&Projection::only(names.iter().copied()))
        }
    }
}
