//! Keys seen before, and the guess which comes next.
//!
//! The lines of one file mostly have the same keys in the same order. So every key remembers which key
//! followed it the last time, and which came first inside it; the guess is compared with two loads of
//! eight bytes before anything is searched or hashed. On `app.json` (17 keys a line, only the level
//! wanted, one core) it takes the parser from 528 to 1502 MB/s, on `app.logfmt` from 583 to 1583.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::assembly::Assembly;
use super::scan::word;
use super::{Claim, claim};
use crate::entry::{BatchBuilder, FieldId};

/// Number of a key within its table; [`ROOT`] is the line itself.
pub type KeyId = u32;

/// The key that stands for the whole line.
pub const ROOT: KeyId = 0;

/// Where a guess is kept: the first key inside another, or the key after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(u32);

impl Slot {
    /// The first key inside `parent`.
    #[inline]
    pub fn first_in(parent: KeyId) -> Slot {
        Slot(parent * 2)
    }

    /// The key after `key`, within the same object.
    #[inline]
    pub fn after(key: KeyId) -> Slot {
        Slot(key * 2 + 1)
    }
}

/// What is done with the values of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Not known yet: no value was seen.
    Unresolved,
    /// Nobody wants them.
    Skip,
    /// They are values of a field.
    Field(FieldId),
    /// They may be the time, the level or the message; if they are not, they belong to the field. The
    /// key is the first one that has this full name, however it was written.
    Candidate(Claim, Option<FieldId>, KeyId),
}

/// Keys whose text says how the whole line is to be taken, whatever is wanted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Any other key.
    None,
    /// `log`: the inner line of a container's JSON wrapper.
    Log,
    /// `stream`: `stdout` or `stderr` in such a wrapper.
    Stream,
    /// `short_message`: the entry is GELF, so its level is a syslog severity.
    Gelf,
}

/// A key as it stands in the line, ready to be compared.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    low: u64,
    low_mask: u64,
    high: u64,
    high_mask: u64,
    /// Length in bytes, punctuation included.
    len: u32,
    /// The key this one is inside of.
    parent: KeyId,
}

#[derive(Debug)]
struct Key {
    /// The pattern's bytes: the key as written with the punctuation around it.
    written: Box<[u8]>,
    /// The full name, escapes undone, joined with dots.
    name: Box<[u8]>,
    action: Action,
    mark: Mark,
}

/// The keys of one format's lines.
#[derive(Debug)]
pub struct KeyTable {
    patterns: Vec<Pattern>,
    keys: Vec<Key>,
    guesses: Vec<KeyId>,
    index: HashTable<KeyId>,
    hasher: FixedState,
    name_bytes: usize,
}

/// Keys a table holds before it starts afresh.
const MAX_KEYS: usize = 1 << 14;
/// Bytes of names a table holds before it starts afresh.
const MAX_NAME_BYTES: usize = 1 << 22;

impl KeyTable {
    /// Makes an empty table.
    pub fn new() -> KeyTable {
        let mut table = KeyTable {
            patterns: Vec::new(),
            keys: Vec::new(),
            guesses: Vec::new(),
            index: HashTable::new(),
            hasher: FixedState::default(),
            name_bytes: 0,
        };
        table.add(ROOT, b"", b"".to_vec());
        table
    }

    /// Forgets everything when too much was learnt. Called between lines: key numbers do not survive it.
    #[inline]
    pub fn bound(&mut self) {
        if self.keys.len() > MAX_KEYS || self.name_bytes > MAX_NAME_BYTES {
            *self = KeyTable::new();
        }
    }

    /// Returns the key that is expected at `slot` and its length, when the text at `at` begins with it.
    #[inline(always)]
    pub fn guess(&self, slot: Slot, text: &[u8], at: usize) -> Option<(KeyId, usize)> {
        let key = self.guesses[slot.0 as usize];
        let pattern = &self.patterns[key as usize];
        let len = pattern.len as usize;
        let differs =
            (word(text, at) ^ pattern.low) & pattern.low_mask | (word(text, at + 8) ^ pattern.high) & pattern.high_mask;
        // The root has no bytes and matches everything: it stands for "no guess yet".
        if differs != 0 || key == ROOT {
            return None;
        }
        if len > 16 && text.get(at..at + len) != Some(&*self.keys[key as usize].written) {
            return None;
        }
        Some((key, len))
    }

    /// Returns the key written so inside `parent`, and expects it at `slot` from now on. `name` makes its
    /// own name when it was never seen before.
    pub fn find(&mut self, slot: Slot, parent: KeyId, written: &[u8], name: impl FnOnce() -> Vec<u8>) -> KeyId {
        let hash = self.hasher.hash_one((parent, written));
        let known = self.index.find(hash, |key| {
            self.patterns[*key as usize].parent == parent && *self.keys[*key as usize].written == *written
        });
        let key = match known {
            Some(key) => *key,
            None => {
                let key = self.add(parent, written, name());
                let (patterns, keys, hasher) = (&self.patterns, &self.keys, &self.hasher);
                self.index.insert_unique(hash, key, |key| {
                    hasher.hash_one((patterns[*key as usize].parent, &*keys[*key as usize].written))
                });
                key
            }
        };
        self.guesses[slot.0 as usize] = key;
        key
    }

    fn add(&mut self, parent: KeyId, written: &[u8], own_name: Vec<u8>) -> KeyId {
        let id = self.keys.len() as KeyId;
        let name = match self.keys.get(parent as usize) {
            Some(parent_key) if parent != ROOT => [&parent_key.name, &b"."[..], &own_name].concat(),
            _ => own_name,
        };
        let mask = |bytes: usize| if bytes >= 8 { u64::MAX } else { (1 << (bytes * 8)) - 1 };
        self.patterns.push(Pattern {
            low: word(written, 0),
            low_mask: mask(written.len()),
            high: word(written, 8),
            high_mask: mask(written.len().saturating_sub(8)),
            len: written.len() as u32,
            parent,
        });
        self.guesses.extend([ROOT, ROOT]);
        self.name_bytes += name.len() + written.len();
        let mark = match &*name {
            b"log" => Mark::Log,
            b"stream" => Mark::Stream,
            b"short_message" => Mark::Gelf,
            _ => Mark::None,
        };
        self.keys.push(Key { written: written.into(), name: name.into(), action: Action::Unresolved, mark });
        id
    }

    /// Returns the length of a key's full name.
    #[inline]
    pub fn name_len(&self, key: KeyId) -> usize {
        self.keys[key as usize].name.len()
    }

    /// Returns what a text under this key says of the whole line.
    #[inline(always)]
    pub fn mark(&self, key: KeyId) -> Mark {
        self.keys[key as usize].mark
    }

    /// Returns what is to be done with a value of this key.
    #[inline(always)]
    pub fn action(&mut self, key: KeyId, assembly: &Assembly, builder: &mut BatchBuilder) -> Action {
        match self.keys[key as usize].action {
            Action::Unresolved => self.resolve(key, assembly, builder),
            action => action,
        }
    }

    /// Fields are numbered at their first value, so that a key that only holds objects is no field.
    #[cold]
    fn resolve(&mut self, key: KeyId, assembly: &Assembly, builder: &mut BatchBuilder) -> Action {
        let name = &self.keys[key as usize].name;
        let field = builder.field(name);
        let claim = claim(name).filter(|claim| assembly.matters(claim.role));
        let action = match (claim, field) {
            (Some(claim), field) => {
                let first = self.keys.iter().position(|known| known.name == *name).unwrap_or(key as usize);
                Action::Candidate(claim, field, first as KeyId)
            }
            (None, Some(field)) => Action::Field(field),
            (None, None) => Action::Skip,
        };
        self.keys[key as usize].action = action;
        action
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_right_only_for_the_whole_key() {
        let mut table = KeyTable::new();
        let slot = Slot::first_in(ROOT);
        for written in ["\"a\":", "\"levels\":", "\"exactly8\":", "\"duration_ms\":", "\"a_very_long_key_indeed\":"] {
            assert_eq!(table.guess(slot, written.as_bytes(), 0).map(|(_, len)| len), None, "{written}");
            let key = table.find(slot, ROOT, written.as_bytes(), || written.trim_matches(['"', ':']).into());
            assert_eq!(table.guess(slot, written.as_bytes(), 0), Some((key, written.len())), "{written}");
            for cut in 0..written.len() {
                assert_eq!(table.guess(slot, &written.as_bytes()[..cut], 0), None, "{written} cut at {cut}");
                let mut other = written.as_bytes().to_vec();
                other[cut] ^= 1;
                assert_eq!(table.guess(slot, &other, 0), None, "{written} changed at {cut}");
            }
        }
    }

    #[test]
    fn equal_keys_in_different_places_are_different() {
        let mut table = KeyTable::new();
        let outer = table.find(Slot::first_in(ROOT), ROOT, b"\"a\":", || b"a".to_vec());
        let inner = table.find(Slot::first_in(outer), outer, b"\"a\":", || b"a".to_vec());
        assert_ne!(outer, inner);
        assert_eq!(table.name_len(inner), "a.a".len());
        assert_eq!(table.find(Slot::after(outer), ROOT, b"\"a\":", || unreachable!("known")), outer);
    }
}
