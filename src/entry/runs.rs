//! A column of values that seldom change.

/// One value a row, stored as runs: cheap when neighbours are mostly equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs<T> {
    /// First row of each run, ascending, and the run's value. The first run starts at row 0.
    runs: Vec<(u32, T)>,
}

impl<T> Default for Runs<T> {
    fn default() -> Runs<T> {
        Runs { runs: Vec::new() }
    }
}

impl<T: Copy + PartialEq> Runs<T> {
    /// Sets the value of `row`, which must not lie before the last row set.
    #[inline]
    pub fn push(&mut self, row: u32, value: T) {
        if self.runs.last().is_none_or(|(_, last)| *last != value) {
            self.runs.push((row, value));
        }
    }

    /// Returns the value of `row`; `None` only when nothing was set at or before it.
    pub fn get(&self, row: u32) -> Option<T> {
        match self.runs.as_slice() {
            [(start, value)] => (*start <= row).then_some(*value),
            runs => runs[..runs.partition_point(|(start, _)| *start <= row)].last().map(|(_, value)| *value),
        }
    }

    /// Returns the runs: first row and value of each.
    pub fn runs(&self) -> &[(u32, T)] {
        &self.runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_neighbours_share_a_run() {
        let mut runs = Runs::default();
        for (row, value) in [7, 7, 8, 8, 7].into_iter().enumerate() {
            runs.push(row as u32, value);
        }
        assert_eq!(runs.runs(), [(0, 7), (2, 8), (4, 7)]);
        assert_eq!([0, 1, 2, 3, 4, 99].map(|row| runs.get(row)), [7, 7, 8, 8, 7, 7].map(Some));
    }
}
