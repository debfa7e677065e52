//! Where a page ended, so that the next begins there: a key, not a number of entries to pass over.
//!
//! Entries stand in the order of their times, those of one time in the order of their arrival, and nothing ever changes
//! either. A page ends at such a place; what arrived after the first page was asked for is left out of all that follow.
//! So no entry is given twice or missed, whatever arrives meanwhile and however blocks are merged.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::entry::Timestamp;
use crate::query::ast::SortKey;
use crate::query::{Comparison, Filter, Operand, Test};
use crate::serve::error::ApiError;
use crate::serve::ids::OrgId;

/// Which entries come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Those that happened last.
    #[default]
    Newest,
    /// Those that happened first.
    Oldest,
}

/// A place among the entries: between two of them, or at one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The time, in nanoseconds.
    pub ts: i64,
    /// The arrival number.
    pub line: i64,
}

/// A question that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The last entry that was given.
    pub place: Place,
    /// The greatest arrival number when the first page was asked for.
    pub newest: i64,
    /// When that was: `-2h` means the same on every page.
    pub now: i64,
    /// What tells the question from others.
    pub question: u64,
}

/// The first byte of a cursor; another form has another one.
const VERSION: u8 = 1;

impl Cursor {
    /// Writes it as text for a client.
    pub fn write(&self) -> String {
        let mut bytes = vec![VERSION];
        for number in [self.place.ts, self.place.line, self.newest, self.now, self.question as i64] {
            bytes.extend(number.to_be_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what [`Cursor::write`] wrote for the same question.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub fn read(text: &str, question: u64) -> Result<Cursor, ApiError> {
        let wrong = |message| ApiError::bad_request("invalid_cursor", message);
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| <[u8; 41]>::try_from(bytes).ok());
        let bytes = bytes.filter(|bytes| bytes[0] == VERSION);
        let bytes = bytes.ok_or_else(|| wrong("the cursor is none; give back next_cursor as it came"))?;
        let number = |index: usize| {
            let place = 1 + 8 * index;
            i64::from_be_bytes(bytes[place..place + 8].try_into().expect("eight bytes"))
        };
        let cursor = Cursor {
            place: Place { ts: number(0), line: number(1) },
            newest: number(2),
            now: number(3),
            question: number(4) as u64,
        };
        let is_time = |nanos| Timestamp::from_nanos(nanos).is_some();
        match cursor.question == question && is_time(cursor.now) && is_time(cursor.place.ts) {
            true => Ok(cursor),
            false => Err(wrong("the cursor belongs to another question; ask that one, or begin anew without it")),
        }
    }
}

/// Returns what tells this question of this org from every other.
pub fn question(org: OrgId, pairs: &[(String, String)]) -> u64 {
    let mut pairs: Vec<_> = pairs.iter().filter(|(name, _)| !["cursor", "limit"].contains(&name.as_str())).collect();
    pairs.sort();
    let mut text = org.to_bytes().to_vec();
    for part in pairs.into_iter().flat_map(|(name, value)| [name, value]) {
        text.extend((part.len() as u64).to_be_bytes());
        text.extend(part.as_bytes());
    }
    xxh3_64(&text)
}

impl Order {
    /// Returns what entries are sorted by.
    pub fn keys(self) -> Vec<SortKey> {
        let descending = self == Order::Newest;
        ["ts", "line"].map(|field| SortKey { field: field.to_owned(), descending }).into()
    }

    /// Returns true when `one` comes before `other`.
    pub fn is_before(self, one: Place, other: Place) -> bool {
        match self {
            Order::Newest => one > other,
            Order::Oldest => one < other,
        }
    }

    /// Returns the place before the first entry of this time.
    pub fn before(self, ts: i64) -> Place {
        let line = if self == Order::Newest { i64::MAX } else { 0 };
        Place { ts, line }
    }

    /// Returns the filter of the entries after a place.
    pub fn after(self, place: Place) -> Filter {
        let beyond = match self {
            Order::Newest => Comparison::Less,
            Order::Oldest => Comparison::Greater,
        };
        let Some(ts) = Timestamp::from_nanos(place.ts) else { return Filter::All };
        let time = |comparison| Filter::compare("ts", comparison, Operand::of_time("", ts));
        let same = vec![time(Comparison::Equal), Filter::compare("line", beyond, Operand::of_integer(place.line))];
        // The first part is what blocks are chosen by.
        let no_earlier = match self {
            Order::Newest => time(Comparison::LessOrEqual),
            Order::Oldest => time(Comparison::GreaterOrEqual),
        };
        Filter::And(vec![no_earlier, Filter::Or(vec![time(beyond), Filter::And(same)])])
    }
}

/// Returns the filter of what had arrived when the entry of this number was the newest. Entries without a time, which
/// only an imported file has, have no place in this order and are not among them.
pub fn arrived_by(newest: i64) -> Filter {
    Filter::And(vec![
        Filter::Field { field: "ts".to_owned(), test: Test::Exists },
        Filter::compare("line", Comparison::LessOrEqual, Operand::of_integer(newest)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_itself_and_nothing_else() {
        let pairs = |text: &str| vec![("q".to_owned(), text.to_owned()), ("limit".to_owned(), text.to_owned())];
        let org = OrgId::generate();
        let own = question(org, &pairs("a"));
        assert_eq!(own, question(org, &pairs("a")[..1]), "the size of a page is no part of the question");
        for other in [question(OrgId::generate(), &pairs("a")), question(org, &pairs("b"))] {
            assert_ne!(own, other);
        }
        let cursor = Cursor { place: Place { ts: -5, line: 7 }, newest: 9, now: 11, question: own };
        assert_eq!(Cursor::read(&cursor.write(), own).expect("a cursor"), cursor);
        assert_eq!(Cursor::read(&cursor.write(), own ^ 1).expect_err("another question").code, "invalid_cursor");
        for wrong in ["", "x", "é", &cursor.write()[1..], &format!("{}A", cursor.write())] {
            assert_eq!(Cursor::read(wrong, own).expect_err(wrong).code, "invalid_cursor");
        }
    }
}
