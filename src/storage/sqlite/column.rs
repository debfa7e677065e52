//! One column at rest.
//!
//! `head` (a directory, read first) and `body` (frames) in one run of bytes. Four forms: a dictionary
//! with codes, text of mostly distinct values without codes, integers, and floats (as integers when
//! they are short decimals).

use super::bytes::{Fault, Reader, put_varint};
use super::coder::{Coder, value_bytes};
use super::codes::{Codes, put_codes};
use super::frame::{ReadAt, Window};
use super::ints::{Ints, put_ints};
use super::values::{Cut, Values, ValuesWriter, put_dictionary};
use crate::entry::{Column, ColumnData, Dictionary, Kind, Kinds, TextRef};
use crate::query::{ColumnStats, Need};

const FIRST_ROWS: u8 = 0;
const ONLY: u8 = 1;
const ALL_BUT: u8 = 2;

const DICTIONARY: u8 = 0;
const DISTINCT: u8 = 1;
const INTEGERS: u8 = 2;
const DECIMALS: u8 = 3;
const FLOATS: u8 = 4;

/// Digits after the point up to which floats are stored as integers.
const MAX_DIGITS: u32 = 9;

/// A column ready to be stored.
#[derive(Clone, Debug)]
pub struct EncodedColumn {
    /// Directory.
    pub head: Vec<u8>,
    /// Frames.
    pub body: Vec<u8>,
    /// What is known of the values.
    pub stats: ColumnStats,
}

/// Encodes a column that has values. `text` are the buffers of its batch; `coder` may have seen some of the values.
pub fn encode_column(column: &Column, text: TextRef<'_>, cut: Cut, coder: &mut Coder) -> EncodedColumn {
    let mut out = EncodedColumn {
        head: Vec::new(),
        body: Vec::new(),
        stats: ColumnStats { present: column.len() as u64, numbers: None, only_numbers: true },
    };
    put_presence(&mut out, column.rows.as_deref());
    coder.advance(column, text, column.len());
    if coder.pays {
        out.head.push(DICTIONARY);
        let builder = &coder.builder;
        put_dictionary(&mut out.head, &mut out.body, builder, cut);
        put_codes(&mut out.head, &mut out.body, &coder.codes, builder.len());
        for code in 0..builder.len() {
            note(&mut out.stats, builder.kinds.get(code), builder.bytes(code));
        }
    } else {
        put_values(&mut out, column, text, cut);
    }
    out
}

/// Encodes integers without looking for repetitions: right for what mostly ascends.
pub fn encode_integers(rows: Option<&[u32]>, values: &[i64]) -> EncodedColumn {
    let mut out = EncodedColumn {
        head: Vec::new(),
        body: Vec::new(),
        stats: ColumnStats { present: values.len() as u64, numbers: None, only_numbers: true },
    };
    put_presence(&mut out, rows);
    out.head.push(INTEGERS);
    put_ints(&mut out.head, &mut out.body, values);
    out
}

/// Notes which rows have a value: the first ones, or all before `end` but some, or some.
fn put_presence(out: &mut EncodedColumn, rows: Option<&[u32]>) {
    put_varint(&mut out.head, out.stats.present);
    let Some(rows) = rows else { return out.head.push(FIRST_ROWS) };
    let end = rows.last().map_or(0, |last| last + 1);
    let listed: Vec<i64> = if rows.len() > end as usize / 2 {
        out.head.push(ALL_BUT);
        put_varint(&mut out.head, end as u64 - rows.len() as u64);
        let mut absent = Vec::with_capacity(end as usize - rows.len());
        let mut expected = 0;
        for row in rows {
            absent.extend(expected..*row as i64);
            expected = *row as i64 + 1;
        }
        absent
    } else {
        out.head.push(ONLY);
        rows.iter().map(|row| *row as i64).collect()
    };
    put_ints(&mut out.head, &mut out.body, &listed);
}

/// Returns the numbers of a column of nothing but integers or nothing but floats.
pub(super) fn numbers(column: &Column) -> Option<(Kind, &[u64])> {
    match &column.data {
        ColumnData::Plain { kinds: Kinds::Same(kind @ (Kind::Int | Kind::Float)), payload } => Some((*kind, payload)),
        ColumnData::Plain { .. } | ColumnData::Dict { .. } => None,
    }
}

/// Puts values that are no dictionary.
fn put_values(out: &mut EncodedColumn, column: &Column, text: TextRef<'_>, cut: Cut) {
    let Some((kind, payload)) = numbers(column) else {
        out.head.push(DISTINCT);
        let mut writer = ValuesWriter::new(cut);
        for index in 0..column.len() {
            let value = column.value(index, text);
            let (kind, buffer) = (value.kind(), &mut [0; 8]);
            let bytes = value_bytes(value, buffer);
            note(&mut out.stats, kind, bytes);
            writer.push(kind, bytes);
        }
        return writer.finish(&mut out.head, &mut out.body);
    };
    payload.iter().for_each(|number| note_number(&mut out.stats, kind, *number));
    let integers = payload.iter().map(|number| *number as i64);
    if kind == Kind::Int {
        out.head.push(INTEGERS);
        put_ints(&mut out.head, &mut out.body, &integers.collect::<Vec<i64>>());
    } else if let Some((digits, integers)) = decimals(payload) {
        out.head.extend([DECIMALS, digits]);
        put_ints(&mut out.head, &mut out.body, &integers);
    } else {
        out.head.push(FLOATS);
        put_ints(&mut out.head, &mut out.body, &integers.collect::<Vec<i64>>());
    }
}

fn note(stats: &mut ColumnStats, kind: Kind, bytes: &[u8]) {
    match <[u8; 8]>::try_from(bytes) {
        Ok(bytes) if matches!(kind, Kind::Int | Kind::Float) => note_number(stats, kind, u64::from_le_bytes(bytes)),
        _ => stats.only_numbers = false,
    }
}

fn note_number(stats: &mut ColumnStats, kind: Kind, payload: u64) {
    let (low, high) = match kind {
        Kind::Int => {
            let number = payload as i64 as f64;
            // Beyond 2^53 an integer rounds; the range must still enclose it.
            let exact = (payload as i64).unsigned_abs() <= 1 << 53;
            if exact { (number, number) } else { (number.next_down(), number.next_up()) }
        }
        Kind::Float => (f64::from_bits(payload), f64::from_bits(payload)),
        Kind::Text | Kind::Bool | Kind::Json => return,
    };
    if !low.is_nan() {
        let (least, most) = stats.numbers.unwrap_or((low, high));
        stats.numbers = Some((least.min(low), most.max(high)));
    }
}

/// Returns the floats times a power of ten when that gives them back bit for bit.
fn decimals(payload: &[u64]) -> Option<(u8, Vec<i64>)> {
    let scaled = |bits: u64, power: f64| {
        let integer = (f64::from_bits(bits) * power).round() as i64;
        let fits = integer.unsigned_abs() < 1 << 53 && (integer as f64 / power).to_bits() == bits;
        fits.then_some(integer)
    };
    (0..=MAX_DIGITS).find_map(|digits| {
        let power = 10_u64.pow(digits) as f64;
        let integers: Option<Vec<i64>> = payload.iter().map(|bits| scaled(*bits, power)).collect();
        integers.map(|integers| (digits as u8, integers))
    })
}

/// A column in a store, its directory read.
#[derive(Debug)]
pub struct StoredColumn {
    block_rows: usize,
    present: usize,
    presence: Presence,
    form: Form,
    start: usize,
    end: usize,
}

/// Which rows have a value.
#[derive(Debug)]
enum Presence {
    First,
    Only(Ints),
    AllBut(Ints),
}

/// [`Presence`], read.
enum Rows {
    First,
    Only(Vec<u32>),
    AllBut(Vec<u32>),
}

#[derive(Debug)]
enum Form {
    Dictionary(Values, Codes),
    Distinct(Values),
    Integers(Ints),
    Decimals(f64, Ints),
    Floats(Ints),
}

impl StoredColumn {
    /// Reads the directory of a column whose body begins at `at`, in a block of `block_rows` rows.
    pub fn parse(head: &[u8], at: usize, block_rows: usize) -> Result<StoredColumn, Fault> {
        let head = &mut Reader::new(head);
        let present = head.count(block_rows)?;
        let presence = match head.byte()? {
            FIRST_ROWS => Presence::First,
            ONLY => Presence::Only(Ints::parse(head, at, present)?),
            ALL_BUT => {
                let absent = head.count(block_rows - present)?;
                Presence::AllBut(Ints::parse(head, at, absent)?)
            }
            _ => return Err(Fault::new("rows are listed in an unknown way")),
        };
        let mut end = match &presence {
            Presence::First => at,
            Presence::Only(rows) | Presence::AllBut(rows) => rows.end,
        };
        let tag = head.byte()?;
        let form = match tag {
            DICTIONARY => {
                let values = Values::parse(head, end, present)?;
                let codes = Codes::parse(head, values.end, present, values.count)?;
                end = codes.end;
                Form::Dictionary(values, codes)
            }
            DISTINCT => {
                let values = Values::parse(head, end, present)?;
                if values.count != present {
                    return Err(Fault::new("values are missing"));
                }
                end = values.end;
                Form::Distinct(values)
            }
            INTEGERS | DECIMALS | FLOATS => {
                let digits = if tag == DECIMALS { head.count(MAX_DIGITS as usize)? } else { 0 };
                let ints = Ints::parse(head, end, present)?;
                end = ints.end;
                match tag {
                    INTEGERS => Form::Integers(ints),
                    DECIMALS => Form::Decimals(10_u64.pow(digits as u32) as f64, ints),
                    _ => Form::Floats(ints),
                }
            }
            _ => return Err(Fault::new("a column has an unknown form")),
        };
        Ok(StoredColumn { block_rows, present, presence, form, start: at, end })
    }

    fn values(&self) -> Option<&Values> {
        match &self.form {
            Form::Dictionary(values, _) | Form::Distinct(values) => Some(values),
            Form::Integers(_) | Form::Decimals(..) | Form::Floats(_) => None,
        }
    }

    /// Returns the token filters, for [`StoredColumn::may_contain`] and [`StoredColumn::load`].
    pub fn filters(&self, source: &dyn ReadAt) -> Result<Vec<u8>, Fault> {
        self.values().map_or(Ok(Vec::new()), |values| values.filters(source))
    }

    /// Returns false only when no value holds the token.
    pub fn may_contain(&self, filters: &[u8], token: u64) -> bool {
        self.values().is_none_or(|values| values.may_contain(filters, token))
    }

    /// Returns the column as far as it is needed. `filters` is asked for with [`Need::Tokens`] only.
    pub fn load<'f>(
        &self,
        source: &dyn ReadAt,
        need: Need<'_>,
        filters: impl FnOnce() -> Result<&'f [u8], Fault>,
    ) -> Result<Column, Fault> {
        match need {
            // From one row in sixteen on, finding the frames costs more than reading them all.
            Need::Rows(rows) if rows.len() * 16 < self.present => self.load_rows(source, rows),
            Need::Tokens(tokens) if self.values().is_some() => self.load_tokens(source, tokens, filters()?),
            Need::All | Need::Rows(_) | Need::Tokens(_) => self.load_all(source),
        }
    }

    fn rows(&self, source: &dyn ReadAt) -> Result<Rows, Fault> {
        let (listed, end) = match &self.presence {
            Presence::First => return Ok(Rows::First),
            Presence::Only(rows) => (rows.all(source)?, self.block_rows),
            // The last row before the end has a value.
            Presence::AllBut(rows) => {
                let absent = rows.all(source)?;
                let end = self.present + absent.len();
                (absent, end.saturating_sub(1))
            }
        };
        let ascending = listed.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = listed.first().is_none_or(|row| *row >= 0) && listed.last().is_none_or(|row| *row < end as i64);
        if !ascending || !inside {
            return Err(Fault::new("the rows of a column are not in order"));
        }
        let listed = listed.into_iter().map(|row| row as u32).collect();
        let only = matches!(self.presence, Presence::Only(_));
        Ok(if only { Rows::Only(listed) } else { Rows::AllBut(listed) })
    }

    /// Returns the rows as a [`Column`] lists them.
    fn listed_rows(&self, source: &dyn ReadAt) -> Result<Option<Vec<u32>>, Fault> {
        Ok(match self.rows(source)? {
            Rows::First => None,
            Rows::Only(rows) => Some(rows),
            Rows::AllBut(absent) => {
                let mut rows = Vec::with_capacity(self.present);
                let mut next = 0;
                for row in absent {
                    rows.extend(next..row);
                    next = row + 1;
                }
                let left = self.present - rows.len();
                rows.extend(next..next + left as u32);
                Some(rows)
            }
        })
    }

    fn load_all(&self, source: &dyn ReadAt) -> Result<Column, Fault> {
        let source = &Window::read(source, self.start, self.end)?;
        let rows = self.listed_rows(source)?;
        let data = match &self.form {
            Form::Dictionary(values, codes) => {
                ColumnData::Dict { dictionary: values.all(source)?, codes: codes.all(source)? }
            }
            Form::Distinct(values) => distinct(values.all(source)?),
            Form::Integers(ints) | Form::Decimals(_, ints) | Form::Floats(ints) => self.numbers(ints.all(source)?),
        };
        Ok(Column { rows, data })
    }

    fn load_tokens(&self, source: &dyn ReadAt, tokens: &[u64], filters: &[u8]) -> Result<Column, Fault> {
        let values = self.values().expect("asked for text only");
        let rows = self.listed_rows(source)?;
        let dictionary = values.with_tokens(source, filters, tokens)?;
        let data = match &self.form {
            Form::Dictionary(_, codes) => {
                let none = dictionary.skipped == [(0, dictionary.len() as u32)];
                // No value can match, so which one a row has does not matter.
                let codes = if none { vec![0; self.present] } else { codes.all(source)? };
                ColumnData::Dict { codes, dictionary }
            }
            Form::Distinct(_) | Form::Integers(_) | Form::Decimals(..) | Form::Floats(_) => distinct(dictionary),
        };
        Ok(Column { rows, data })
    }

    fn load_rows(&self, source: &dyn ReadAt, wanted: &[u32]) -> Result<Column, Fault> {
        let mut rows = Vec::with_capacity(wanted.len());
        let mut indexes = Vec::with_capacity(wanted.len());
        let known = self.rows(source)?;
        for row in wanted {
            let index = match &known {
                Rows::First => Some(*row),
                Rows::Only(rows) => rows.binary_search(row).ok().map(|index| index as u32),
                Rows::AllBut(absent) => absent.binary_search(row).err().map(|before| *row - before as u32),
            };
            if let Some(index) = index.filter(|index| (*index as usize) < self.present) {
                rows.push(*row);
                indexes.push(index);
            }
        }
        let data = match &self.form {
            Form::Dictionary(values, codes) => {
                let mut codes = codes.some(&indexes, source)?;
                let mut distinct = codes.clone();
                distinct.sort_unstable();
                distinct.dedup();
                for code in &mut codes {
                    *code = distinct.partition_point(|known| known < code) as u32;
                }
                ColumnData::Dict { codes, dictionary: values.some(source, &distinct)? }
            }
            Form::Distinct(values) => distinct(values.some(source, &indexes)?),
            Form::Integers(ints) | Form::Decimals(_, ints) | Form::Floats(ints) => {
                self.numbers(ints.some(&indexes, source)?)
            }
        };
        Ok(Column { rows: Some(rows), data })
    }

    fn numbers(&self, integers: Vec<i64>) -> ColumnData {
        let (kind, power) = match &self.form {
            Form::Decimals(power, _) => (Kind::Float, Some(*power)),
            Form::Floats(_) => (Kind::Float, None),
            Form::Integers(_) | Form::Dictionary(..) | Form::Distinct(_) => (Kind::Int, None),
        };
        let payload = match power {
            Some(power) => integers.into_iter().map(|integer| (integer as f64 / power).to_bits()).collect(),
            None => integers.into_iter().map(|integer| integer as u64).collect(),
        };
        ColumnData::Plain { kinds: Kinds::Same(kind), payload }
    }
}

fn distinct(dictionary: Dictionary) -> ColumnData {
    ColumnData::Dict { codes: (0..dictionary.len() as u32).collect(), dictionary }
}
