//! Which rows of a block have a value.
//!
//! Most columns have one in every row, or in all but some: what is listed is the smaller part. The lists ascend,
//! so the base of each of their frames is its first row, and one row is found by reading one frame.

use super::bytes::{Fault, Reader, put_varint};
use super::frame::ReadAt;
use super::ints::{FRAME_ROWS, Ints, put_ints};

const FIRST_ROWS: u8 = 0;
const ONLY: u8 = 1;
const ALL_BUT: u8 = 2;

/// Notes which of `present` values belongs to which row: the first ones, or all before the last but some, or some.
pub fn put_presence(head: &mut Vec<u8>, body: &mut Vec<u8>, present: usize, rows: Option<&[u32]>) {
    put_varint(head, present as u64);
    let Some(rows) = rows else { return head.push(FIRST_ROWS) };
    let end = rows.last().map_or(0, |last| last + 1);
    let listed: Vec<i64> = if rows.len() > end as usize / 2 {
        head.push(ALL_BUT);
        put_varint(head, end as u64 - rows.len() as u64);
        let mut absent = Vec::with_capacity(end as usize - rows.len());
        let mut expected = 0;
        for row in rows {
            absent.extend(expected..*row as i64);
            expected = *row as i64 + 1;
        }
        absent
    } else {
        head.push(ONLY);
        rows.iter().map(|row| *row as i64).collect()
    };
    put_ints(head, body, &listed);
}

/// Which rows have a value, its directory read.
#[derive(Debug)]
pub struct Presence {
    /// How many rows have one.
    pub present: usize,
    block_rows: usize,
    listed: Listed,
}

#[derive(Debug)]
enum Listed {
    First,
    Only(Ints),
    AllBut(Ints),
}

/// Rows, and the numbers of their values.
#[derive(Debug, Default)]
pub struct Places {
    /// Rows that have a value, ascending.
    pub rows: Vec<u32>,
    /// The number of the value of each.
    pub indexes: Vec<u32>,
}

impl Presence {
    /// Reads the directory; `at` is where the first frame begins and is moved behind the last.
    pub fn parse(head: &mut Reader<'_>, at: &mut usize, block_rows: usize) -> Result<Presence, Fault> {
        let present = head.count(block_rows)?;
        let mut list = |head: &mut Reader<'_>, count: usize| {
            let rows = Ints::parse(head, *at, count)?;
            *at = rows.end;
            Ok::<_, Fault>(rows)
        };
        let listed = match head.byte()? {
            FIRST_ROWS => Listed::First,
            ONLY => Listed::Only(list(head, present)?),
            ALL_BUT => {
                let absent = head.count(block_rows - present)?;
                Listed::AllBut(list(head, absent)?)
            }
            _ => return Err(Fault::new("rows are listed in an unknown way")),
        };
        Ok(Presence { present, block_rows, listed })
    }

    /// Returns the rows as a [`crate::entry::Column`] lists them.
    pub fn all(&self, source: &dyn ReadAt) -> Result<Option<Vec<u32>>, Fault> {
        let (listed, end) = match &self.listed {
            Listed::First => return Ok(None),
            Listed::Only(rows) => (rows.all(source)?, self.block_rows),
            // The last row before the end has a value.
            Listed::AllBut(rows) => {
                let absent = rows.all(source)?;
                let end = self.present + absent.len();
                (absent, end.saturating_sub(1))
            }
        };
        let ascending = listed.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = listed.first().is_none_or(|row| *row >= 0) && listed.last().is_none_or(|row| *row < end as i64);
        if !ascending || !inside {
            return Err(out_of_order());
        }
        if let Listed::Only(_) = self.listed {
            return Ok(Some(listed.into_iter().map(|row| row as u32).collect()));
        }
        let mut rows = Vec::with_capacity(self.present);
        let mut next = 0;
        for row in listed {
            rows.extend(next..row as u32);
            next = row as u32 + 1;
        }
        let left = self.present - rows.len();
        rows.extend(next..next + left as u32);
        Ok(Some(rows))
    }

    /// Returns those of these rows (ascending) that have a value.
    pub fn of_rows(&self, source: &dyn ReadAt, wanted: &[u32]) -> Result<Places, Fault> {
        let mut walk = Walk::new(source);
        let mut places = Places::default();
        for row in wanted {
            let index = match &self.listed {
                Listed::First => Some(*row as usize),
                Listed::Only(rows) => {
                    let (before, is_listed) = walk.rank(rows, *row)?;
                    is_listed.then_some(before)
                }
                Listed::AllBut(rows) => {
                    let (before, is_listed) = walk.rank(rows, *row)?;
                    (!is_listed).then_some((*row as usize).saturating_sub(before))
                }
            };
            if let Some(index) = index.filter(|index| *index < self.present) {
                places.rows.push(*row);
                places.indexes.push(index as u32);
            }
        }
        Ok(places)
    }

    /// Returns the rows of the values with these numbers, which ascend and are below `present`.
    pub fn of_values(&self, source: &dyn ReadAt, indexes: &[u32]) -> Result<Vec<u32>, Fault> {
        let mut walk = Walk::new(source);
        let row = |index: &u32| {
            let index = *index as usize;
            let row = match &self.listed {
                Listed::First => index,
                Listed::Only(rows) => {
                    *walk.frame(rows, index / FRAME_ROWS)?.get(index % FRAME_ROWS).unwrap_or(&-1) as usize
                }
                Listed::AllBut(rows) => index + walk.absent_before(rows, index)?,
            };
            if row < self.block_rows { Ok(row as u32) } else { Err(out_of_order()) }
        };
        let rows = indexes.iter().map(row).collect::<Result<Vec<u32>, Fault>>()?;
        if rows.windows(2).all(|pair| pair[0] < pair[1]) { Ok(rows) } else { Err(out_of_order()) }
    }
}

fn out_of_order() -> Fault {
    Fault::new("the rows of a column are not in order")
}

/// Goes through a list, keeping the frame it read last.
struct Walk<'a> {
    source: &'a dyn ReadAt,
    number: usize,
    values: Vec<i64>,
}

impl<'a> Walk<'a> {
    fn new(source: &'a dyn ReadAt) -> Walk<'a> {
        Walk { source, number: usize::MAX, values: Vec::new() }
    }

    fn frame(&mut self, list: &Ints, number: usize) -> Result<&[i64], Fault> {
        if number != self.number {
            self.number = usize::MAX;
            self.values.clear();
            list.append(number, self.source, &mut Vec::new(), &mut self.values)?;
            let values = &self.values;
            let ascending =
                values.windows(2).all(|pair| pair[0] < pair[1]) && values.first() == list.base(number).as_ref();
            let inside = list.base(number + 1).is_none_or(|next| values.last().is_some_and(|last| *last < next));
            if !ascending || !inside {
                return Err(out_of_order());
            }
            self.number = number;
        }
        Ok(&self.values)
    }

    /// Returns how many listed rows come before a row, and whether it is listed itself.
    fn rank(&mut self, list: &Ints, row: u32) -> Result<(usize, bool), Fault> {
        let row = row as i64;
        let Some(number) = list.last_frame(|_, base| base <= row) else { return Ok((0, false)) };
        let place = self.frame(list, number)?.binary_search(&row);
        Ok((number * FRAME_ROWS + place.unwrap_or_else(|place| place), place.is_ok()))
    }

    /// Returns how many of the absent rows listed come before value number `index`.
    fn absent_before(&mut self, list: &Ints, index: usize) -> Result<usize, Fault> {
        // Absent row number `n` comes after as many values as its row is greater than `n`.
        let comes_before = |number: usize, row: i64| row - number as i64 <= index as i64;
        let Some(number) = list.last_frame(|number, base| comes_before(number * FRAME_ROWS, base)) else {
            return Ok(0);
        };
        let first = number * FRAME_ROWS;
        let frame = self.frame(list, number)?;
        // Rows ascend, so the places before some row and no others pass: a binary search by hand.
        let (mut low, mut high) = (0, frame.len());
        while low < high {
            let middle = (low + high) / 2;
            if comes_before(first + middle, frame[middle]) { low = middle + 1 } else { high = middle }
        }
        Ok(first + low)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_and_values_find_each_other(
            // Runs of rows with and without a value, some longer than a frame of the list.
            runs in prop::collection::vec(prop_oneof![4 => 1..40_usize, 1 => 5000..20_000_usize], 1..12),
            first in any::<bool>(),
        ) {
            let mut rows = Vec::new();
            let mut block_rows = 0;
            for (number, run) in runs.iter().enumerate() {
                let start = block_rows as u32;
                block_rows += run;
                if (number % 2 == 0) == first {
                    rows.extend(start..block_rows as u32);
                }
            }
            let (mut head, mut body) = (Vec::new(), Vec::new());
            put_presence(&mut head, &mut body, rows.len(), Some(&rows));
            let mut end = 0;
            let presence = Presence::parse(&mut Reader::new(&head), &mut end, block_rows).expect("whole");
            prop_assert_eq!(end, body.len());
            let body = &body.as_slice();
            prop_assert_eq!(presence.all(body).expect("whole"), Some(rows.clone()));
            let wanted: Vec<u32> = (0..block_rows as u32).step_by(7).collect();
            let places = presence.of_rows(body, &wanted).expect("whole");
            let expected: Vec<u32> = wanted.iter().copied().filter(|row| rows.binary_search(row).is_ok()).collect();
            prop_assert_eq!(&places.rows, &expected);
            prop_assert!(places.rows.iter().zip(&places.indexes).all(|(row, index)| rows[*index as usize] == *row));
            prop_assert_eq!(presence.of_values(body, &places.indexes).expect("whole"), expected);
        }
    }
}
