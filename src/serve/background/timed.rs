//! A scan that ends: when its time is over, or the server stops.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::query::{BatchSink, Columns, ScanError};

/// Hands batches on until the time is over.
pub struct Timed<'a> {
    sink: &'a dyn BatchSink,
    until: Instant,
    stop: &'a CancellationToken,
}

impl<'a> Timed<'a> {
    /// Puts a limit of time in front of a sink.
    pub fn new(sink: &'a dyn BatchSink, time: Duration, stop: &'a CancellationToken) -> Timed<'a> {
        Timed { sink, until: Instant::now() + time, stop }
    }
}

impl BatchSink for Timed<'_> {
    fn newest_first(&self) -> bool {
        self.sink.newest_first()
    }

    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        if self.stop.is_cancelled() {
            return Err(ScanError::Storage("the server is stopping".to_owned()));
        }
        if Instant::now() > self.until {
            return Err(ScanError::Storage("it takes longer than a question may".to_owned()));
        }
        self.sink.batch(sequence, batch)
    }
}
