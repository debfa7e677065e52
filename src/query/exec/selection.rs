//! Some rows of a batch.

use crate::entry::Column;

/// Rows that (still) match: all of a batch, or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    total: usize,
    /// Ascending; `None` for every row.
    rows: Option<Vec<u32>>,
}

impl Selection {
    /// Every row of a batch of this size.
    pub fn all(total: usize) -> Selection {
        Selection { total, rows: None }
    }

    /// These rows, ascending, of a batch of this size.
    pub fn of(total: usize, rows: Vec<u32>) -> Selection {
        let rows = (rows.len() < total).then_some(rows);
        Selection { total, rows }
    }

    /// Returns how many rows there are.
    pub fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.total, Vec::len)
    }

    /// Returns true when there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many rows the batch has.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Returns the list, `None` for every row.
    pub fn rows(&self) -> Option<&[u32]> {
        self.rows.as_deref()
    }

    /// Returns the list in any case.
    pub fn into_rows(self) -> Vec<u32> {
        self.rows.unwrap_or_else(|| (0..self.total as u32).collect())
    }

    /// Returns the rows in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let listed = self.rows.as_deref().unwrap_or(&[]);
        let all = if self.rows.is_none() { 0..self.total as u32 } else { 0..0 };
        listed.iter().copied().chain(all)
    }

    /// Returns the rows that pass a test on the row's number.
    #[inline]
    pub fn keep(&self, mut passes: impl FnMut(usize) -> bool) -> Selection {
        let mut kept = Keeper::new();
        match &self.rows {
            None => (0..self.total).for_each(|row| kept.put(row as u32, passes(row))),
            Some(rows) => rows.iter().for_each(|row| kept.put(*row, passes(*row as usize))),
        }
        Selection::of(self.total, kept.finish())
    }

    /// Returns the rows whose value of a column passes a test on the value's number; `absent` says whether
    /// rows without a value pass.
    #[inline]
    pub fn keep_values(&self, column: &Column, absent: bool, mut passes: impl FnMut(usize) -> bool) -> Selection {
        match (&column.rows, &self.rows) {
            (None, _) if column.len() >= self.total => self.keep(passes),
            (None, _) => {
                let length = column.len();
                self.keep(|row| if row < length { passes(row) } else { absent })
            }
            (Some(present), None) if !absent => {
                let mut kept = Keeper::new();
                present.iter().enumerate().for_each(|(index, row)| kept.put(*row, passes(index)));
                Selection::of(self.total, kept.finish())
            }
            (Some(_), _) => {
                let mut cursor = 0;
                self.keep(|row| column.seek(row as u32, &mut cursor).map_or(absent, &mut passes))
            }
        }
    }

    /// Returns those of these rows, which ascend, that are in this.
    pub fn among(&self, mut rows: Vec<u32>) -> Selection {
        if let Some(selected) = &self.rows {
            let mut selected = selected.iter().peekable();
            rows.retain(|row| {
                while selected.next_if(|selected| *selected < row).is_some() {}
                selected.next_if_eq(&row).is_some()
            });
        }
        Selection::of(self.total, rows)
    }

    /// Returns the rows of this that are not in `other`, a part of it.
    pub fn without(&self, other: &Selection) -> Selection {
        let Some(gone) = &other.rows else { return Selection::of(self.total, Vec::new()) };
        let mut gone = gone.iter().copied().peekable();
        self.keep(|row| gone.next_if_eq(&(row as u32)).is_none())
    }

    /// Returns the rows of both, which share none.
    pub fn with(self, other: Selection) -> Selection {
        if other.is_empty() {
            return self;
        }
        if self.is_empty() {
            return other;
        }
        let (left, right) = (self.into_rows(), other.into_rows_of());
        let mut merged = Vec::with_capacity(left.len() + right.1.len());
        let mut right_rows = right.1.into_iter().peekable();
        for row in left {
            while let Some(before) = right_rows.next_if(|other| *other < row) {
                merged.push(before);
            }
            merged.push(row);
        }
        merged.extend(right_rows);
        Selection::of(right.0, merged)
    }

    fn into_rows_of(self) -> (usize, Vec<u32>) {
        (self.total, self.into_rows())
    }

    /// Keeps the first `count` rows only.
    pub fn truncate(&mut self, count: usize) {
        match &mut self.rows {
            Some(rows) => rows.truncate(count),
            None if count < self.total => self.rows = Some((0..count as u32).collect()),
            None => {}
        }
    }

    /// Keeps the last `count` rows only.
    pub fn keep_last(&mut self, count: usize) {
        let gone = self.len().saturating_sub(count);
        match &mut self.rows {
            Some(rows) => drop(rows.drain(..gone)),
            None if gone > 0 => self.rows = Some((gone as u32..self.total as u32).collect()),
            None => {}
        }
    }
}

/// Collects rows without a branch on the outcome of the test. Mostly few pass, so memory is taken as they come.
struct Keeper {
    rows: Vec<u32>,
    next: [u32; Keeper::STEP],
    count: usize,
}

impl Keeper {
    const STEP: usize = 512;

    fn new() -> Keeper {
        Keeper { rows: Vec::new(), next: [0; Keeper::STEP], count: 0 }
    }

    #[inline(always)]
    fn put(&mut self, row: u32, passes: bool) {
        self.next[self.count] = row;
        self.count += usize::from(passes);
        if self.count == Keeper::STEP {
            self.flush();
        }
    }

    #[cold]
    fn flush(&mut self) {
        self.rows.extend_from_slice(&self.next[..self.count]);
        self.count = 0;
    }

    fn finish(mut self) -> Vec<u32> {
        self.flush();
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Kind;

    #[test]
    fn sets_behave_as_sets() {
        let all = Selection::all(6);
        let even = all.keep(|row| row % 2 == 0);
        assert_eq!(even.rows(), Some(&[0, 2, 4][..]));
        let odd = all.without(&even);
        assert_eq!(odd.clone().into_rows(), [1, 3, 5]);
        assert_eq!(even.clone().with(odd), all);
        assert_eq!(all.without(&all).len(), 0);
        assert_eq!(even.among(vec![1, 2, 3, 4, 5]).into_rows(), [2, 4]);
        assert_eq!(all.among(vec![1, 2]).into_rows(), [1, 2]);
        assert_eq!(even.without(&even.keep(|row| row == 2)).into_rows(), [0, 4]);
    }

    #[test]
    fn rows_without_a_value_pass_only_when_asked() {
        let mut column = Column::default();
        for row in [1, 4] {
            column.push(row, Kind::Int, u64::from(row));
        }
        for start in [Selection::all(6), Selection::of(6, vec![0, 1, 4])] {
            assert_eq!(start.keep_values(&column, false, |index| index == 1).into_rows(), [4]);
            let with_absent = start.keep_values(&column, true, |index| index == 1);
            assert_eq!(with_absent, start.keep(|row| row != 1));
        }
    }
}
