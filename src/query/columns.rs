//! What a question is asked of: a batch whose columns may be loaded one at a time.

use std::borrow::Cow;
use std::ops::ControlFlow;

use crate::entry::{Column, Dictionary, EntryBatch, Projection, TextRef};

/// Why a batch could not be read to the end.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The store's data could not be read or is damaged; the text says what and where.
    #[error("{0}")]
    Storage(String),
    /// The result could not be written.
    #[error(transparent)]
    Output(#[from] std::io::Error),
    /// The question needs more memory than it may take; the text says which part and how much.
    #[error("{0}")]
    Memory(String),
}

/// Which values of a column matter to whoever asks for it. A source may always give more.
#[derive(Clone, Copy, Debug)]
pub enum Need<'a> {
    /// All of them.
    All,
    /// Those of these rows, ascending.
    Rows(&'a [u32]),
    /// Those that may hold all of these tokens (hashes of [`super::token::hash`]). Rows with other values may be
    /// left out, so the answer does not tell which rows have a value.
    Tokens(&'a [u64]),
    /// None: only which rows have one matters. The values given have no meaning.
    Presence,
}

/// A column and the buffers its text stands in.
#[derive(Clone, Debug)]
pub struct ColumnView<'a> {
    /// The values.
    pub column: Cow<'a, Column>,
    /// The buffers for [`Column::value`].
    pub text: TextRef<'a>,
}

impl<'a> ColumnView<'a> {
    /// A column that was made for the asker and holds its own text, if any.
    pub fn owned(column: Column) -> ColumnView<'a> {
        ColumnView { column: Cow::Owned(column), text: TextRef { chunk: &[], scratch: &[] } }
    }
}

/// Many entries whose columns are loaded when asked for.
///
/// Names are field names or reserved names. `ts` and `level` have methods of their own; `column`
/// answers `message`, `raw`, `line`, `offset` (integers), `format` and `source` (text) and every field.
pub trait Columns {
    /// Returns how many entries there are.
    fn rows(&self) -> usize;

    /// Returns the timestamps, [`crate::entry::NO_TIME`] for none, one a row.
    fn ts(&self) -> Result<Cow<'_, [i64]>, ScanError>;

    /// Returns the timestamps of these rows, ascending.
    fn ts_of(&self, rows: &[u32]) -> Result<Vec<i64>, ScanError> {
        let ts = self.ts()?;
        Ok(rows.iter().map(|row| ts[*row as usize]).collect())
    }

    /// Returns the levels as numbers, 0 for none, one a row.
    fn levels(&self) -> Result<Cow<'_, [u8]>, ScanError>;

    /// Returns a column, or `None` when no entry has it.
    fn column(&self, name: &str, need: Need<'_>) -> Result<Option<ColumnView<'_>>, ScanError>;

    /// Returns the rows, ascending, whose value of a field or the message passes a test, where that is told faster than by
    /// giving the column; `None` elsewhere. `test` is given distinct values and answers for each in turn. Values that
    /// do not hold all of these tokens do not pass, and may be kept from it.
    fn rows_where(
        &self,
        name: &str,
        tokens: &[u64],
        test: &dyn Fn(&Dictionary) -> Vec<bool>,
    ) -> Result<Option<Vec<u32>>, ScanError> {
        let _ = (name, tokens, test);
        Ok(None)
    }

    /// Returns these rows, in this order (any order, repeats allowed), as a batch of its own.
    fn gather(&self, rows: &[u32], projection: &Projection) -> Result<EntryBatch, ScanError>;

    /// Returns the whole as an entry batch when it is one already: then `gather` can be saved.
    fn as_batch(&self) -> Option<&EntryBatch> {
        None
    }

    /// Returns what is known without loading anything.
    fn stats(&self) -> Option<&dyn BlockStats> {
        None
    }
}

/// What is known of a column without loading it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnStats {
    /// How many rows have a value.
    pub present: u64,
    /// Least and greatest number among the integer and float values; `None` when there is none.
    pub numbers: Option<(f64, f64)>,
    /// True when every value is an integer or float.
    pub only_numbers: bool,
}

/// What is known of a block without loading its columns: enough to skip it.
pub trait BlockStats {
    /// Returns how many entries there are.
    fn rows(&self) -> usize;
    /// Returns the least and greatest timestamp, `None` when no entry has one.
    fn time_range(&self) -> Option<(i64, i64)>;
    /// Returns the set of levels that occur: bit `n` for level number `n`, bit 0 for none.
    fn levels(&self) -> u16;
    /// Returns what is known of a column (a field, or `message`, `raw`, `format`, `source`), `None` when no entry has it.
    fn column(&self, name: &str) -> Option<ColumnStats>;
    /// Returns false only when no value of the column can hold the token (see [`super::token`]).
    fn may_contain(&self, name: &str, token: u64) -> bool;
}

/// Takes the batches of a scan.
///
/// `batch` is called from many threads at once. Every batch of a scan has its own `sequence`,
/// 0, 1, 2, … without holes and given out in the order of the entries, so results can be put back in order
/// ([`super::InOrder`]). `Break` ends the scan as soon as possible.
pub trait BatchSink: Sync {
    /// Takes one batch.
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError>;

    /// Returns true when batches had best be brought from the last to the first, each still under the number
    /// of its place: the last entries are wanted, and batches that come late can then mostly be passed over.
    fn newest_first(&self) -> bool {
        false
    }
}
