//! What one question may take, and the sink that ends a scan when it has taken it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::config;
use crate::query::exec::{Execution, Rendering};
use crate::query::{BatchSink, Columns, ScanError};

/// Why an answer was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cut {
    /// The question took too long: what was looked at until then is in the answer.
    Time,
    /// The answer had too many rows: the first of them are there.
    Rows,
    /// The answer had too many bytes: the first rows are there.
    Bytes,
}

const WHOLE: u8 = 0;
const CANCELLED: u8 = 4;

/// What one question may take. Shared by the threads that answer it and by the request that asked.
#[derive(Debug)]
pub struct Budget {
    deadline: Instant,
    rows: u64,
    bytes: u64,
    /// Bytes of memory for groups and collected entries.
    pub memory: usize,
    state: AtomicU8,
}

impl Budget {
    /// What the settings allow, from now on.
    pub fn of(settings: &config::Query) -> Budget {
        Budget::lasting(settings.time.get(), settings)
    }

    /// What the settings allow, but for this time.
    pub fn lasting(time: Duration, settings: &config::Query) -> Budget {
        Budget {
            deadline: Instant::now() + time,
            rows: u64::from(settings.rows),
            bytes: settings.result.bytes(),
            memory: settings.memory.as_usize(),
            state: AtomicU8::new(WHOLE),
        }
    }

    /// Returns when the time is over.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Cuts the answer; the first reason stays.
    pub fn cut(&self, reason: Cut) {
        // Nobody goes by the order of this and other memory.
        _ = self.state.compare_exchange(WHOLE, reason as u8 + 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Ends the question: nobody waits for the answer.
    pub fn cancel(&self) {
        self.state.store(CANCELLED, Ordering::Relaxed);
    }

    /// Returns true when nobody waits for the answer.
    pub fn is_cancelled(&self) -> bool {
        self.state.load(Ordering::Relaxed) == CANCELLED
    }

    /// Returns why the answer was cut, if it was.
    pub fn reason(&self) -> Option<Cut> {
        [Cut::Time, Cut::Rows, Cut::Bytes].into_iter().find(|cut| *cut as u8 + 1 == self.state.load(Ordering::Relaxed))
    }

    /// Returns true when nothing more is to be looked at. Asked once a batch: a look at the clock is cheap beside one.
    pub fn is_spent(&self) -> bool {
        if self.state.load(Ordering::Relaxed) == WHOLE && Instant::now() >= self.deadline {
            self.cut(Cut::Time);
        }
        self.state.load(Ordering::Relaxed) != WHOLE
    }

    /// Returns what counts the rows of an answer.
    pub fn meter(&self) -> Meter<'_> {
        Meter { budget: self, rows: self.rows, bytes: self.bytes }
    }
}

/// Counts rows and bytes of an answer.
#[derive(Debug)]
pub struct Meter<'b> {
    budget: &'b Budget,
    rows: u64,
    bytes: u64,
}

impl Meter<'_> {
    /// Returns how many of the next rows the answer takes, going by where each ends; cuts it when not all.
    pub fn admit(&mut self, ends: &[usize]) -> usize {
        let by_rows = ends.len().min(usize::try_from(self.rows).unwrap_or(usize::MAX));
        let admitted = ends[..by_rows].partition_point(|end| *end as u64 <= self.bytes);
        if admitted < ends.len() {
            self.budget.cut(if admitted < by_rows { Cut::Bytes } else { Cut::Rows });
            // What comes after a row that was left out is left out too.
            self.rows = 0;
            return admitted;
        }
        self.rows -= admitted as u64;
        self.bytes -= ends.last().map_or(0, |end| *end as u64);
        admitted
    }
}

/// Cancels a question when it is dropped: held by what lives as long as somebody waits.
#[derive(Debug)]
pub struct CancelOnDrop(pub Arc<Budget>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A plan at work that ends when its budget does.
pub struct Budgeted<'e, 'a, R> {
    /// The plan at work.
    pub execution: &'e Execution<'a, R>,
    /// What it may take.
    pub budget: &'e Budget,
}

impl<R: Rendering> BatchSink for Budgeted<'_, '_, R> {
    fn newest_first(&self) -> bool {
        self.execution.newest_first()
    }

    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        if self.budget.is_spent() {
            // The number of this batch is never brought, and nobody may wait for it.
            self.execution.stop();
            return Ok(ControlFlow::Break(()));
        }
        self.execution.batch(sequence, batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(rows: u32, bytes: u64) -> Budget {
        let settings = config::Query { rows, result: config::Size::from_bytes(bytes), ..config::Query::default() };
        Budget::of(&settings)
    }

    #[test]
    fn rows_and_bytes_are_admitted_up_to_the_limit_and_nothing_after_it() {
        let few = budget(3, 100);
        let mut meter = few.meter();
        assert_eq!((meter.admit(&[10, 20]), few.reason()), (2, None));
        assert_eq!((meter.admit(&[10, 20]), few.reason()), (1, Some(Cut::Rows)));
        let short = budget(10, 30);
        let mut meter = short.meter();
        assert_eq!((meter.admit(&[10, 20]), short.reason()), (2, None));
        assert_eq!((meter.admit(&[20, 25]), short.reason()), (0, Some(Cut::Bytes)));
        assert_eq!(meter.admit(&[1]), 0, "a later row that would fit is not taken out of order");
        let exact = budget(2, 20);
        assert_eq!((exact.meter().admit(&[10, 20]), exact.reason()), (2, None));
    }

    #[test]
    fn the_first_reason_stays_and_a_cancelled_question_has_none() {
        let budget = budget(1, 1);
        assert!(!budget.is_spent());
        budget.cut(Cut::Bytes);
        budget.cut(Cut::Time);
        assert_eq!((budget.reason(), budget.is_spent()), (Some(Cut::Bytes), true));
        drop(CancelOnDrop(Arc::new(self::budget(1, 1))));
        budget.cancel();
        assert_eq!((budget.reason(), budget.is_spent(), budget.is_cancelled()), (None, true, true));
    }
}
