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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    names: Option<BTreeSet<String>>,
}

impl Projection {
    /// Everything there is.
    pub fn all() -> Projection {
        Projection { names: None }
    }

    /// Nothing but what is added later; entries are still counted.
    pub fn none() -> Projection {
        Projection { names: Some(BTreeSet::new()) }
    }

    /// These names only.
    pub fn only<I: IntoIterator<Item = S>, S: Into<String>>(names: I) -> Projection {
        Projection { names: Some(names.into_iter().map(Into::into).collect()) }
    }

    /// Adds a name; no change when everything is wanted.
    pub fn add(&mut self, name: &str) {
        if let Some(names) = &mut self.names {
            names.insert(name.to_owned());
        }
    }

    /// Adds every name of `other`.
    pub fn union(&mut self, other: &Projection) {
        match &other.names {
            None => self.names = None,
            Some(names) => names.iter().for_each(|name| self.add(name)),
        }
    }

    /// Returns true when everything is wanted.
    pub fn is_all(&self) -> bool {
        self.names.is_none()
    }

    /// Returns true when `name` is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(name))
    }

    /// Returns the wanted names in order, or `None` when everything is wanted.
    pub fn names(&self) -> Option<impl Iterator<Item = &str>> {
        self.names.as_ref().map(|names| names.iter().map(String::as_str))
    }
}
