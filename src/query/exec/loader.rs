//! The columns of one batch, each loaded once.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use super::Selection;
use crate::entry::Dictionary;
use crate::query::{ColumnView, Columns, Need, ScanError};

type Loaded<'a> = Option<Rc<ColumnView<'a>>>;

/// Remembers which columns of a batch were loaded whole.
pub struct Loader<'a> {
    source: &'a dyn Columns,
    ts: OnceCell<Cow<'a, [i64]>>,
    levels: OnceCell<Cow<'a, [u8]>>,
    columns: RefCell<Vec<(String, Loaded<'a>)>>,
}

impl<'a> Loader<'a> {
    /// Makes a loader for one batch.
    pub fn new(source: &'a dyn Columns) -> Loader<'a> {
        Loader { source, ts: OnceCell::new(), levels: OnceCell::new(), columns: RefCell::default() }
    }

    /// Returns the batch.
    pub fn source(&self) -> &'a dyn Columns {
        self.source
    }

    /// Returns the timestamps.
    pub fn ts(&self) -> Result<&[i64], ScanError> {
        if self.ts.get().is_none() {
            let loaded = self.source.ts()?;
            return Ok(self.ts.get_or_init(|| loaded));
        }
        Ok(self.ts.get().map_or(&[], |ts| ts))
    }

    /// Returns the timestamps of the selected rows, one after the other.
    pub fn ts_of(&self, selection: &Selection) -> Result<Cow<'_, [i64]>, ScanError> {
        match selection.rows() {
            Some(rows) if self.ts.get().is_none() && rows.len() * 8 < selection.total() => {
                self.source.ts_of(rows).map(Cow::Owned)
            }
            Some(rows) => {
                let ts = self.ts()?;
                Ok(rows.iter().map(|row| ts[*row as usize]).collect())
            }
            None => self.ts().map(Cow::Borrowed),
        }
    }

    /// Returns the levels.
    pub fn levels(&self) -> Result<&[u8], ScanError> {
        if self.levels.get().is_none() {
            let loaded = self.source.levels()?;
            return Ok(self.levels.get_or_init(|| loaded));
        }
        Ok(self.levels.get().map_or(&[], |levels| levels))
    }

    /// Returns a column; at least the values that `need` names are there.
    pub fn column(&self, name: &str, need: Need<'_>) -> Result<Loaded<'a>, ScanError> {
        if let Some((_, loaded)) = self.columns.borrow().iter().find(|(known, _)| known == name) {
            return Ok(loaded.clone());
        }
        let loaded = self.source.column(name, need)?.map(Rc::new);
        if matches!(need, Need::All) {
            self.columns.borrow_mut().push((name.to_owned(), loaded.clone()));
        }
        Ok(loaded)
    }

    /// Returns the selected rows whose value passes a test, where the source tells that faster than by giving the column:
    /// see [`Columns::rows_where`].
    pub fn rows_where(
        &self,
        name: &str,
        tokens: &[u64],
        selection: &Selection,
        test: &dyn Fn(&Dictionary) -> Vec<bool>,
    ) -> Result<Option<Selection>, ScanError> {
        let is_loaded = self.columns.borrow().iter().any(|(known, _)| known == name);
        if is_loaded || matches!(need(selection, &[]), Need::Rows(_)) {
            return Ok(None);
        }
        Ok(self.source.rows_where(name, tokens, test)?.map(|rows| selection.among(rows)))
    }

    /// Returns a column of which only the selected rows matter.
    pub fn column_for(&self, name: &str, selection: &Selection) -> Result<Loaded<'a>, ScanError> {
        self.column(name, need(selection, &[]))
    }
}

/// Returns what is needed of a column when only these rows, and in them only these tokens, matter.
pub fn need<'n>(selection: &'n Selection, tokens: &'n [u64]) -> Need<'n> {
    match selection.rows() {
        Some(rows) if rows.len() * 8 < selection.total() => Need::Rows(rows),
        _ if !tokens.is_empty() => Need::Tokens(tokens),
        _ => Need::All,
    }
}

/// Returns what is needed of a column when only matters which of these rows have a value.
pub fn presence(selection: &Selection) -> Need<'_> {
    match need(selection, &[]) {
        Need::All | Need::Tokens(_) | Need::Presence => Need::Presence,
        rows @ Need::Rows(_) => rows,
    }
}
