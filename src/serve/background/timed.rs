//! Scans that end with the server.

use std::ops::ControlFlow;

use tokio_util::sync::CancellationToken;

use crate::query::{BatchSink, Columns, ScanError};
use crate::serve::answers::Budget;

/// What all that is asked by these limits may take together, and what ends it.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// What it may take.
    pub budget: &'a Budget,
    /// Set when the server stops.
    pub stop: &'a CancellationToken,
}

impl Limits<'_> {
    /// Returns true when nothing more is to be looked at.
    pub fn are_spent(&self) -> bool {
        if self.stop.is_cancelled() {
            self.budget.cancel();
        }
        self.budget.is_spent()
    }
}

/// Cancels the budget when the server stops; the sink behind goes by the budget.
pub struct Stopping<'a> {
    /// What the batches are for.
    pub sink: &'a dyn BatchSink,
    /// What it goes by.
    pub limits: Limits<'a>,
}

impl BatchSink for Stopping<'_> {
    fn newest_first(&self) -> bool {
        self.sink.newest_first()
    }

    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        if self.limits.stop.is_cancelled() {
            self.limits.budget.cancel();
        }
        self.sink.batch(sequence, batch)
    }
}
