//! Field names and which of them somebody wants.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// Names that mean the same in every entry, query and output; a log's own field of such a name gets a trailing underscore.
pub const RESERVED_NAMES: [&str; 8] = ["ts", "level", "message", "source", "line", "offset", "format", "raw"];

/// The standard names, the same for every format that has the thing, in the order outputs show them.
/// `docs/fields.md` says what each means.
pub const STANDARD_NAMES: [&str; 21] = [
    "host",
    "app",
    "pid",
    "thread",
    "logger",
    "client_ip",
    "ident",
    "user",
    "method",
    "path",
    "query",
    "protocol",
    "request",
    "status",
    "bytes",
    "duration",
    "referer",
    "user_agent",
    "extra",
    "trace_id",
    "span_id",
];

/// Returns what fields are ordered by in every batch and output: standard names first, in their order,
/// then the others by name. An order of first appearance would change with the cut into chunks.
pub fn field_order(name: &str) -> (usize, &str) {
    (STANDARD_NAMES.iter().position(|known| *known == name).unwrap_or(STANDARD_NAMES.len()), name)
}

/// Number of a column within one [`crate::entry::BatchBuilder`].
pub type FieldId = u32;

/// Returns true for a name of [`RESERVED_NAMES`].
pub fn is_reserved(name: &str) -> bool {
    RESERVED_NAMES.contains(&name)
}

/// Returns the name under which a log's own field is kept: valid UTF-8, not empty, not reserved.
pub fn field_name(name: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(name) {
        name if is_reserved(&name) => Cow::Owned(format!("{name}_")),
        name if name.is_empty() => Cow::Borrowed("_"),
        name => name,
    }
}

/// The names somebody wants of each entry: field names and those of [`RESERVED_NAMES`].
///
/// "Every field" and "everything" differ: printing entries needs all fields, but seldom their raw text and
/// place, which cost a store the most to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    names: Option<BTreeSet<String>>,
    /// Reserved names nobody wants although `names` is `None`. Empty otherwise.
    left_out: BTreeSet<String>,
}

/// The reserved names that tell where an entry came from.
const ORIGIN_NAMES: [&str; 5] = ["source", "line", "offset", "format", "raw"];

impl Projection {
    /// Everything there is.
    pub fn all() -> Projection {
        Projection { names: None, left_out: BTreeSet::new() }
    }

    /// Every field, `ts`, `level` and `message`; of `source`, `line`, `offset`, `format` and `raw` only what is added later.
    pub fn fields() -> Projection {
        Projection { names: None, left_out: ORIGIN_NAMES.map(str::to_owned).into() }
    }

    /// Nothing but what is added later; entries are still counted.
    pub fn none() -> Projection {
        Projection { names: Some(BTreeSet::new()), left_out: BTreeSet::new() }
    }

    /// These names only.
    pub fn only<I: IntoIterator<Item = S>, S: Into<String>>(names: I) -> Projection {
        Projection { names: Some(names.into_iter().map(Into::into).collect()), left_out: BTreeSet::new() }
    }

    /// Adds a name; no change when everything is wanted.
    pub fn add(&mut self, name: &str) {
        self.left_out.remove(name);
        if let Some(names) = &mut self.names {
            names.insert(name.to_owned());
        }
    }

    /// Adds every name of `other`.
    pub fn union(&mut self, other: &Projection) {
        match &other.names {
            None => {
                // A name is left out of both or of neither.
                let left_out = other.left_out.iter().filter(|name| !self.wants(name)).cloned().collect();
                *self = Projection { names: None, left_out };
            }
            Some(names) => names.iter().for_each(|name| self.add(name)),
        }
    }

    /// Returns true when everything is wanted.
    pub fn is_all(&self) -> bool {
        self.names.is_none() && self.left_out.is_empty()
    }

    /// Returns true when every field is wanted, whatever else is.
    pub fn wants_all_fields(&self) -> bool {
        self.names.is_none()
    }

    /// Returns true when `name` is wanted.
    pub fn wants(&self, name: &str) -> bool {
        match &self.names {
            None => !self.left_out.contains(name),
            Some(names) => names.contains(name),
        }
    }

    /// Returns the wanted names in order, or `None` when every field is wanted ([`Projection::wants`] then
    /// tells which of the reserved names are).
    pub fn names(&self) -> Option<impl Iterator<Item = &str>> {
        self.names.as_ref().map(|names| names.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unions_want_what_either_wants() {
        let some = Projection::only(["raw", "status"]);
        for (mut projection, other) in [(some.clone(), Projection::fields()), (Projection::fields(), some)] {
            projection.union(&other);
            assert!(["ts", "raw", "status", "other"].iter().all(|name| projection.wants(name)));
            assert!(!projection.wants("line") && !projection.is_all() && projection.wants_all_fields());
            projection.union(&Projection::all());
            assert!(projection.is_all() && projection.wants("line"));
        }
    }

    #[test]
    fn reserved_and_impossible_names_change() {
        for (name, expected) in [(&b"level"[..], "level_"), (b"", "_"), (b"path", "path"), (b"a\xff", "a\u{fffd}")] {
            assert_eq!(field_name(name), expected);
        }
    }
}
