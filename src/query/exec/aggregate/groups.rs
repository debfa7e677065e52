//! The groups of one batch: a small number for every selected row.

use std::rc::Rc;

use hashbrown::{HashMap, HashTable};

use super::super::{Loader, Selection};
use super::values::{each_index, view};
use crate::entry::{ColumnData, Kind, Kinds, ValueRef};
use crate::query::ast::{Bin, Key};
use crate::query::order::{encode, encode_int};
use crate::query::{ColumnView, ScanError};

type FastMap<K> = HashMap<K, u32, foldhash::fast::FixedState>;

/// Which group each selected row belongs to.
pub struct Groups<'a> {
    keys: Vec<KeyCodes<'a>>,
    ids: Ids,
    /// How many groups there may be; some may have no row.
    pub count: usize,
    /// The codes of each group's keys, one after the other; empty when ids are the codes of the only key.
    parts: Vec<u32>,
}

enum Ids {
    /// The codes of the only key.
    Codes,
    Own(Vec<u32>),
}

/// One key: a code for every selected row, and what the codes mean.
struct KeyCodes<'a> {
    /// `None`: those of the dictionary column.
    codes: Option<Vec<u32>>,
    values: CodeValues<'a>,
    /// How many codes there are, that for "no value" included.
    count: usize,
}

/// Integers by place, some of which may be missing.
struct Ints {
    values: Vec<i64>,
    is_present: Vec<bool>,
    present: usize,
    least: i64,
    greatest: i64,
}

impl Ints {
    fn new(rows: usize) -> Ints {
        Ints { values: vec![0; rows], is_present: vec![false; rows], present: 0, least: i64::MAX, greatest: i64::MIN }
    }

    #[inline]
    fn put(&mut self, place: usize, int: i64) {
        self.values[place] = int;
        self.is_present[place] = true;
        self.present += 1;
        self.least = self.least.min(int);
        self.greatest = self.greatest.max(int);
    }
}

enum CodeValues<'a> {
    /// Codes of a dictionary; the last one means no value.
    Dictionary(Rc<ColumnView<'a>>),
    /// `least` and up; the last code means no value.
    From(i64),
    /// These; the code after them means no value.
    Ints(Vec<i64>),
    /// The order codes of the values, one after the other, and where each ends; the code after them means no value.
    Encoded(Vec<u8>, Vec<usize>),
}

impl<'a> Groups<'a> {
    /// Groups the selected rows.
    pub fn new(loader: &Loader<'a>, selection: &Selection, keys: &[Key]) -> Result<Groups<'a>, ScanError> {
        let keys =
            keys.iter().map(|key| KeyCodes::new(loader, selection, key)).collect::<Result<Vec<KeyCodes<'a>>, _>>()?;
        let rows = selection.len();
        let mut groups = match keys.as_slice() {
            [] => Groups { keys, ids: Ids::Own(vec![0; rows]), count: 1, parts: Vec::new() },
            [only] if only.count <= 2 * rows + 64 => {
                Groups { count: only.count, keys, ids: Ids::Codes, parts: Vec::new() }
            }
            [only] => {
                // Few rows of many values: number only those that occur.
                let (ids, parts) = numbered(only.codes().iter().map(|code| u64::from(*code)), only.count as u64);
                let parts: Vec<u32> = parts.into_iter().map(|code| code as u32).collect();
                Groups { count: parts.len(), keys, ids: Ids::Own(ids), parts }
            }
            [first, others @ ..] => {
                let mut ids = first.codes().to_vec();
                let mut count = first.count;
                let mut parts: Vec<u32> = (0..count as u32).collect();
                for (width, other) in (1..).zip(others) {
                    let size = other.count as u64;
                    let pairs =
                        ids.iter().zip(other.codes()).map(|(id, code)| u64::from(*id) * size + u64::from(*code));
                    let (new_ids, pairs) = numbered(pairs, count as u64 * size);
                    let mut new_parts = Vec::with_capacity(pairs.len() * (width + 1));
                    for pair in &pairs {
                        let id = (pair / size) as usize;
                        new_parts.extend_from_slice(&parts[id * width..(id + 1) * width]);
                        new_parts.push((pair % size) as u32);
                    }
                    (ids, parts, count) = (new_ids, new_parts, pairs.len());
                }
                Groups { keys, ids: Ids::Own(ids), count, parts }
            }
        };
        groups.count = groups.count.max(1);
        Ok(groups)
    }

    /// Returns the group of each selected row.
    pub fn ids(&self) -> &[u32] {
        match &self.ids {
            Ids::Codes => self.keys[0].codes(),
            Ids::Own(ids) => ids,
        }
    }

    /// Appends the order codes of a group's keys.
    pub fn encode(&self, group: usize, out: &mut Vec<u8>) {
        match self.keys.as_slice() {
            [] => {}
            [only] if self.parts.is_empty() => only.encode(group as u32, out),
            keys => {
                let parts = &self.parts[group * keys.len()..];
                keys.iter().zip(parts).for_each(|(key, code)| key.encode(*code, out));
            }
        }
    }
}

/// Numbers the different values below `limit` in order of first appearance.
fn numbered(values: impl Iterator<Item = u64>, limit: u64) -> (Vec<u32>, Vec<u64>) {
    let mut seen = Vec::new();
    let mut number = |slot: &mut u32, value: u64| {
        if *slot == u32::MAX {
            *slot = seen.len() as u32;
            seen.push(value);
        }
        *slot
    };
    let ids = if limit <= 1 << 18 {
        let mut slots = vec![u32::MAX; limit as usize];
        values.map(|value| number(&mut slots[value as usize], value)).collect()
    } else {
        let mut slots: FastMap<u64> = FastMap::default();
        values.map(|value| number(slots.entry(value).or_insert(u32::MAX), value)).collect()
    };
    (ids, seen)
}

impl<'a> KeyCodes<'a> {
    fn new(loader: &Loader<'a>, selection: &Selection, key: &Key) -> Result<KeyCodes<'a>, ScanError> {
        let rows = selection.len();
        let Some(view) = view(loader, &key.field, selection)? else {
            return Ok(KeyCodes { codes: Some(vec![0; rows]), values: CodeValues::Ints(Vec::new()), count: 1 });
        };
        let column = &*view.column;
        Ok(match (&column.data, key.bin) {
            (ColumnData::Dict { codes, dictionary }, Bin::Exact) => {
                let count = dictionary.len() + 1;
                let whole = column.rows.is_none() && selection.rows().is_none() && codes.len() == rows;
                let own = (!whole).then(|| {
                    let mut own = vec![count as u32 - 1; rows];
                    each_index(column, selection, |place, index| own[place] = codes[index]);
                    own
                });
                KeyCodes { codes: own, values: CodeValues::Dictionary(view.clone()), count }
            }
            (ColumnData::Plain { kinds: Kinds::Same(Kind::Int), payload }, Bin::Exact) => {
                let mut ints = Ints::new(rows);
                each_index(column, selection, |place, index| ints.put(place, payload[index] as i64));
                KeyCodes::of_ints(ints)
            }
            (ColumnData::Plain { kinds: Kinds::Same(Kind::Int), payload }, Bin::Time(bin)) => {
                // Neighbours mostly share a bin; a division a row costs more than all else.
                let (mut start, mut end) = (0, 0);
                let mut ints = Ints::new(rows);
                each_index(column, selection, |place, index| {
                    let nanos = payload[index] as i64;
                    if nanos < start || nanos >= end {
                        start = bin.start(nanos);
                        end = start.saturating_add(bin.width);
                    }
                    ints.put(place, start);
                });
                KeyCodes::of_ints(ints)
            }
            (ColumnData::Plain { kinds: Kinds::Same(Kind::Text), payload }, Bin::Exact) => {
                KeyCodes::of_texts(rows, |each| {
                    each_index(column, selection, |place, index| {
                        if let ValueRef::Text(text) = view.text.value(Kind::Text, payload[index]) {
                            each(place, text);
                        }
                    });
                })
            }
            _ => KeyCodes::of_values(rows, |each| {
                each_index(column, selection, |place, index| {
                    each(place, binned(column.value(index, view.text), key.bin))
                });
            }),
        })
    }

    fn codes(&self) -> &[u32] {
        match (&self.codes, &self.values) {
            (Some(codes), _) => codes,
            (None, CodeValues::Dictionary(view)) => match &view.column.data {
                ColumnData::Dict { codes, .. } => codes,
                ColumnData::Plain { .. } => &[],
            },
            (None, _) => &[],
        }
    }

    /// Integers: numbered from the least when they lie close together, else in order of appearance.
    fn of_ints(ints: Ints) -> KeyCodes<'a> {
        let rows = ints.values.len();
        let all = ints.present == rows;
        if ints.present == 0 {
            return KeyCodes { codes: Some(vec![0; rows]), values: CodeValues::Ints(Vec::new()), count: 1 };
        }
        let Ints { values: ints, is_present, least, greatest, .. } = ints;
        let range = greatest.wrapping_sub(least) as u64;
        if range < (1 << 12).max(rows as u64) {
            let none = range as u32 + 1;
            let codes = if all {
                ints.iter().map(|int| (int - least) as u32).collect()
            } else {
                let code = |(int, present): (&i64, &bool)| if *present { (int - least) as u32 } else { none };
                ints.iter().zip(&is_present).map(code).collect()
            };
            return KeyCodes { codes: Some(codes), values: CodeValues::From(least), count: none as usize + 1 };
        }
        let mut slots: FastMap<i64> = FastMap::default();
        let mut values: Vec<i64> = Vec::new();
        let mut last = None;
        let mut codes: Vec<u32> = Vec::with_capacity(rows);
        for (int, present) in ints.into_iter().zip(is_present) {
            codes.push(match last {
                _ if !present => u32::MAX,
                Some((known, code)) if known == int => code,
                _ => {
                    let code = *slots.entry(int).or_insert_with(|| {
                        values.push(int);
                        values.len() as u32 - 1
                    });
                    last = Some((int, code));
                    code
                }
            });
        }
        let none = values.len() as u32;
        codes.iter_mut().filter(|code| **code == u32::MAX).for_each(|code| *code = none);
        KeyCodes { codes: Some(codes), count: values.len() + 1, values: CodeValues::Ints(values) }
    }

    /// Texts: hashed as they stand, encoded once each.
    fn of_texts(rows: usize, walk: impl Fn(&mut dyn FnMut(usize, &[u8]))) -> KeyCodes<'a> {
        use std::hash::BuildHasher;
        let hasher = foldhash::fast::FixedState::default();
        // The distinct texts one after the other, with the hash and end of each.
        let mut text = Vec::new();
        let mut known: Vec<(u64, usize)> = Vec::new();
        let mut table: HashTable<u32> = HashTable::new();
        let mut codes = vec![u32::MAX; rows];
        walk(&mut |place, value| {
            let hash = hasher.hash_one(value);
            let start = |code: u32| code.checked_sub(1).map_or(0, |before| known[before as usize].1);
            let same =
                |code: &u32| known[*code as usize].0 == hash && text[start(*code)..known[*code as usize].1] == *value;
            codes[place] = match table.find(hash, same) {
                Some(code) => *code,
                None => {
                    let code = known.len() as u32;
                    text.extend_from_slice(value);
                    known.push((hash, text.len()));
                    table.insert_unique(hash, code, |code| known[*code as usize].0);
                    code
                }
            };
        });
        let (mut encoded, mut ends) = (Vec::with_capacity(text.len() + 4 * known.len()), Vec::new());
        let mut start = 0;
        for (_, end) in &known {
            encode(Some(ValueRef::Text(&text[start..*end])), &mut encoded);
            ends.push(encoded.len());
            start = *end;
        }
        KeyCodes::of_encoded(codes, encoded, ends)
    }

    /// Any values: encoded, then hashed.
    fn of_values(rows: usize, walk: impl Fn(&mut dyn FnMut(usize, Option<ValueRef<'_>>))) -> KeyCodes<'a> {
        let mut slots: FastMap<Box<[u8]>> = FastMap::default();
        let mut codes = vec![u32::MAX; rows];
        let (mut encoded, mut ends) = (Vec::new(), Vec::new());
        let mut one = Vec::new();
        walk(&mut |place, value| {
            let Some(value) = value else { return };
            one.clear();
            encode(Some(value), &mut one);
            codes[place] = match slots.get(one.as_slice()) {
                Some(code) => *code,
                None => {
                    let code = ends.len() as u32;
                    encoded.extend_from_slice(&one);
                    ends.push(encoded.len());
                    slots.insert(one.as_slice().into(), code);
                    code
                }
            };
        });
        KeyCodes::of_encoded(codes, encoded, ends)
    }

    fn of_encoded(mut codes: Vec<u32>, encoded: Vec<u8>, ends: Vec<usize>) -> KeyCodes<'a> {
        let none = ends.len() as u32;
        codes.iter_mut().filter(|code| **code == u32::MAX).for_each(|code| *code = none);
        KeyCodes { codes: Some(codes), count: ends.len() + 1, values: CodeValues::Encoded(encoded, ends) }
    }

    fn encode(&self, code: u32, out: &mut Vec<u8>) {
        if code as usize + 1 == self.count {
            return encode(None, out);
        }
        match &self.values {
            CodeValues::From(least) => encode_int(least + i64::from(code), out),
            CodeValues::Ints(values) => encode_int(values[code as usize], out),
            CodeValues::Encoded(encoded, ends) => {
                let start = code.checked_sub(1).map_or(0, |before| ends[before as usize]);
                out.extend_from_slice(&encoded[start..ends[code as usize]]);
            }
            CodeValues::Dictionary(view) => {
                if let ColumnData::Dict { dictionary, .. } = &view.column.data {
                    encode(Some(dictionary.value(code)), out);
                }
            }
        }
    }
}

/// Returns the least number of a value's bin. Values that are no numbers are in no bin.
fn binned(value: ValueRef<'_>, bin: Bin) -> Option<ValueRef<'_>> {
    use crate::query::literal::Number;
    match bin {
        Bin::Exact => Some(value),
        Bin::Time(bin) => match value {
            ValueRef::Int(nanos) => Some(ValueRef::Int(bin.start(nanos))),
            ValueRef::Text(_) | ValueRef::Float(_) | ValueRef::Bool(_) | ValueRef::Json(_) => None,
        },
        Bin::Number(width) => Some(match Number::of(value)? {
            Number::Int(int) if width.fract() == 0.0 && width < 9e15 => {
                ValueRef::Int(int.saturating_sub(int.rem_euclid(width as i64)))
            }
            number => {
                let start = (number.as_f64() / width).floor() * width;
                // Widths that are whole have whole starts, whatever the values are.
                match width.fract() == 0.0 && start.abs() < 9e15 {
                    true => ValueRef::Int(start as i64),
                    false => ValueRef::Float(start),
                }
            }
        }),
    }
}
