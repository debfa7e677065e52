//! One column at rest.
//!
//! `head` (a directory, read first) and `body` (frames) in one run of bytes. Four forms: a dictionary
//! with codes, text of mostly distinct values without codes, integers, and floats (as integers when
//! they are short decimals).

use super::bytes::{Fault, Reader};
use super::coder::{Coder, value_bytes};
use super::codes::{Codes, put_codes};
use super::frame::{ReadAt, Window};
use super::ints::{Ints, put_ints};
use super::presence::{Places, Presence, put_presence};
use super::values::{Cut, Found, Values, ValuesWriter, put_dictionary};
use crate::entry::{Column, ColumnData, Dictionary, Kind, Kinds, TextRef};
use crate::query::{ColumnStats, Need};

const DICTIONARY: u8 = 0;
const DISTINCT: u8 = 1;
const INTEGERS: u8 = 2;
const DECIMALS: u8 = 3;
const FLOATS: u8 = 4;
/// A dictionary whose codes tell which values are in one frame only, if there are many.
const DICTIONARY_NOTED: u8 = 5;

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
    put_presence(&mut out.head, &mut out.body, column.len(), column.rows.as_deref());
    coder.advance(column, text, column.len());
    if coder.pays {
        out.head.push(DICTIONARY_NOTED);
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
    put_presence(&mut out.head, &mut out.body, values.len(), rows);
    out.head.push(INTEGERS);
    put_ints(&mut out.head, &mut out.body, values);
    out
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
    presence: Presence,
    form: Form,
    start: usize,
    end: usize,
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
        let mut end = at;
        let presence = Presence::parse(head, &mut end, block_rows)?;
        let present = presence.present;
        let tag = head.byte()?;
        let form = match tag {
            DICTIONARY | DICTIONARY_NOTED => {
                let values = Values::parse(head, end, present)?;
                let codes = Codes::parse(head, values.end, present, values.count, tag == DICTIONARY_NOTED)?;
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
        Ok(StoredColumn { presence, form, start: at, end })
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
            Need::Rows(rows) if rows.len() * 16 < self.presence.present => self.load_rows(source, rows),
            Need::Presence => Ok(which_only(self.presence.present, self.presence.all(source)?)),
            Need::Tokens(tokens) => match &self.form {
                Form::Distinct(values) => match values.with_tokens(source, filters()?, tokens)? {
                    Some(found) => self.load_tokens(source, found),
                    None => self.load_all(source),
                },
                // Whoever looks for words in a dictionary asks `rows_where`.
                Form::Dictionary(..) | Form::Integers(_) | Form::Decimals(..) | Form::Floats(_) => {
                    self.load_all(source)
                }
            },
            Need::All | Need::Rows(_) => self.load_all(source),
        }
    }

    fn load_all(&self, source: &dyn ReadAt) -> Result<Column, Fault> {
        let source = &Window::read(source, self.start, self.end)?;
        let rows = self.presence.all(source)?;
        let data = match &self.form {
            Form::Dictionary(values, codes) => {
                ColumnData::Dict { dictionary: values.all(source)?, codes: codes.all(source)? }
            }
            Form::Distinct(values) => distinct(values.all(source)?),
            Form::Integers(ints) | Form::Decimals(_, ints) | Form::Floats(ints) => self.numbers(ints.all(source)?),
        };
        Ok(Column { rows, data })
    }

    /// Returns the rows that have one of these values, each of which is another one, and no others.
    fn load_tokens(&self, source: &dyn ReadAt, found: Found) -> Result<Column, Fault> {
        // Each value stands where its number says.
        let indexes: Vec<u32> = found.ranges.iter().cloned().flatten().collect();
        let rows = self.presence.of_values(source, &indexes)?;
        let codes = (0..found.dictionary.len() as u32).collect();
        Ok(Column { rows: Some(rows), data: ColumnData::Dict { codes, dictionary: found.dictionary } })
    }

    /// Returns the rows whose value passes a test, `None` unless the column has a dictionary. Only values that may hold
    /// all `tokens` can pass. `test` is given distinct values and answers for each. `filters` is asked for with tokens only.
    pub fn rows_where<'f>(
        &self,
        source: &dyn ReadAt,
        tokens: &[u64],
        filters: impl FnOnce() -> Result<&'f [u8], Fault>,
        test: &dyn Fn(&Dictionary) -> Vec<bool>,
    ) -> Result<Option<Vec<u32>>, Fault> {
        let Form::Dictionary(values, codes) = &self.form else { return Ok(None) };
        let found = if tokens.is_empty() { None } else { values.with_tokens(source, filters()?, tokens)? };
        let wanted = match found {
            Some(found) => {
                let mut wanted = vec![false; values.count];
                let passing = test(&found.dictionary);
                found
                    .ranges
                    .into_iter()
                    .flatten()
                    .zip(passing)
                    .for_each(|(code, passes)| wanted[code as usize] = passes);
                wanted
            }
            None => test(&values.all(source)?),
        };
        let indexes = codes.find(&wanted, source)?;
        // As with rows: from one in sixteen on, reading all of the list costs less.
        if indexes.len() * 16 < self.presence.present {
            return self.presence.of_values(source, &indexes).map(Some);
        }
        let Some(rows) = self.presence.all(source)? else { return Ok(Some(indexes)) };
        let row = |index: &u32| rows.get(*index as usize).copied().ok_or(Fault::new("rows are missing"));
        indexes.iter().map(row).collect::<Result<_, _>>().map(Some)
    }

    fn load_rows(&self, source: &dyn ReadAt, wanted: &[u32]) -> Result<Column, Fault> {
        let Places { rows, indexes } = self.presence.of_rows(source, wanted)?;
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

/// Returns a column that tells which rows have a value, all of them empty.
fn which_only(present: usize, rows: Option<Vec<u32>>) -> Column {
    let payload = vec![0; usize::from(present > 0)];
    let dictionary = Dictionary { kinds: Kinds::Same(Kind::Text), payload, text: Vec::new() };
    Column { rows, data: ColumnData::Dict { codes: vec![0; present], dictionary } }
}
