//! A sink in front of another that lets only matching entries through.

use std::ops::ControlFlow;

use crate::entry::Projection;
use crate::query::exec::{Loader, Selector, filter_columns};
use crate::query::{BatchSink, Columns, Filter, ScanError};

/// Hands on the entries that match a filter, under the numbers their batches had.
pub struct Filtered<'s> {
    selector: Selector,
    /// What the sink behind wants of each entry.
    wanted: Projection,
    sink: &'s dyn BatchSink,
}

impl<'s> Filtered<'s> {
    /// Puts a filter in front of a sink.
    pub fn new(filter: &Filter, wanted: Projection, sink: &'s dyn BatchSink) -> Filtered<'s> {
        Filtered { selector: Selector::new(filter), wanted, sink }
    }

    /// Returns what has to be read for the filter and the sink behind it.
    pub fn projection(filter: &Filter, wanted: &Projection) -> Projection {
        let mut projection = wanted.clone();
        filter_columns(filter, &mut projection);
        projection
    }
}

impl BatchSink for Filtered<'_> {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let selection = self.selector.select(&Loader::new(batch))?;
        if selection.len() == batch.rows() {
            return self.sink.batch(sequence, batch);
        }
        // An empty batch still counts: sinks may rely on numbers without holes.
        self.sink.batch(sequence, &batch.gather(&selection.into_rows(), &self.wanted)?)
    }
}
