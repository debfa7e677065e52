//! Runs a plan over the batches of a scan.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::collect::Collector;
use super::{Aggregator, Loader, Selector, tables};
use crate::entry::{EntryBatch, Projection};
use crate::query::ast::{ColumnKind, Pipe};
use crate::query::plan::Step;
use crate::query::{BatchSink, Columns, InOrder, Need, Plan, ScanError, Table};

/// How many batches may be shown ahead of the one that is due.
const WINDOW: usize = 8;
/// What groups or collected entries may take.
const MOST_BYTES: usize = 150 << 20;

/// Rows of one batch, made ready to be shown.
pub trait Rendering: Default + Send {
    /// Returns how many rows there are.
    fn rows(&self) -> usize;

    /// Keeps the first `rows` of them.
    fn truncate(&mut self, rows: usize);
}

/// Rows as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The output of all rows.
    pub bytes: Vec<u8>,
    /// Where the output of each row ends in `bytes`.
    pub ends: Vec<usize>,
}

impl Rendering for Rendered {
    fn rows(&self) -> usize {
        self.ends.len()
    }

    fn truncate(&mut self, rows: usize) {
        self.bytes.truncate(rows.checked_sub(1).map_or(0, |last| self.ends[last]));
        self.ends.truncate(rows);
    }
}

/// Makes these rows of a batch ready; called by many threads at once.
pub type Render<'a, R> = dyn Fn(&EntryBatch, &[u32]) -> R + Sync + 'a;

/// Takes what was made ready in order, never on two threads at once.
pub type Deliver<'a, R> = dyn FnMut(R) -> io::Result<()> + Send + 'a;

/// How many entries took part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries looked at: those of blocks that were skipped are not among them.
    pub scanned: u64,
    /// Entries that matched the filter; with an early end, those that were shown.
    pub matched: u64,
    /// Entries or rows in the result.
    pub shown: u64,
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// How many entries took part.
    pub counts: Counts,
    /// The table, when the plan makes one ([`Plan::makes_table`]).
    pub table: Option<Table>,
    /// Fields the query names that no entry it looked at has: misspelt, perhaps. Of a store the blocks that were
    /// skipped may have them.
    pub missing_fields: Vec<String>,
    /// True when some quantile or number of different values is an estimate.
    pub estimated: bool,
}

/// A plan at work: push batches, then finish.
pub struct Execution<'a, R> {
    plan: &'a Plan,
    selector: Selector,
    work: Work<'a, R>,
    scanned: AtomicU64,
    matched: AtomicU64,
    /// For each field the plan names, whether some entry has it.
    found: Vec<AtomicBool>,
    /// False when batches that cannot be among the result need not be looked at to count what matches.
    counts_all: bool,
    most_bytes: usize,
}

enum Work<'a, R> {
    Show { render: &'a Render<'a, R>, rows: &'a Projection, most: Option<u64>, queue: InOrder<Part<R>, Output<'a, R>> },
    Collect { collector: Collector, then: Box<Execution<'a, R>> },
    Aggregate { aggregator: Aggregator, pipes: &'a [Pipe] },
}

/// What a batch has come to.
struct Part<R> {
    scanned: u64,
    rendered: R,
}

/// The end of the line.
struct Output<'a, R> {
    deliver: &'a mut Deliver<'a, R>,
    left: Option<u64>,
    counts: Counts,
}

impl<R: Rendering> Output<'_, R> {
    fn take(&mut self, mut part: Part<R>) -> Result<ControlFlow<()>, ScanError> {
        let rows = part.rendered.rows() as u64;
        let shown = self.left.map_or(rows, |left| left.min(rows));
        if shown < rows {
            part.rendered.truncate(shown as usize);
        }
        self.counts.scanned += part.scanned;
        self.counts.matched += shown;
        self.counts.shown += shown;
        if shown > 0 {
            (self.deliver)(part.rendered)?;
        }
        if let Some(left) = &mut self.left {
            *left -= shown;
            if *left == 0 {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl<'a, R: Rendering> Execution<'a, R> {
    /// Makes a plan ready. `render` and `deliver` are used for entries; a table is returned at the end.
    pub fn new(plan: &'a Plan, render: &'a Render<'a, R>, deliver: &'a mut Deliver<'a, R>) -> Execution<'a, R> {
        Execution::within(MOST_BYTES, plan, render, deliver)
    }

    /// Makes a plan ready whose groups or collected entries may take so many bytes.
    pub fn within(
        most_bytes: usize,
        plan: &'a Plan,
        render: &'a Render<'a, R>,
        deliver: &'a mut Deliver<'a, R>,
    ) -> Execution<'a, R> {
        let work = match &plan.step {
            Step::Show { most, rows } => {
                let output = Output { deliver, left: *most, counts: Counts::default() };
                Work::Show { render, rows, most: *most, queue: InOrder::new(WINDOW, output) }
            }
            Step::Collect { which, then } => Work::Collect {
                collector: Collector::new(which.clone(), then.projection.clone(), most_bytes),
                then: Box::new(Execution::within(most_bytes, then, render, deliver)),
            },
            Step::Aggregate { stats, pipes } => {
                Work::Aggregate { aggregator: Aggregator::new(stats, ColumnKind::of_entry_field, most_bytes), pipes }
            }
        };
        Execution {
            plan,
            selector: Selector::new(&plan.filter),
            work,
            scanned: AtomicU64::new(0),
            matched: AtomicU64::new(0),
            found: plan.named.iter().map(|_| AtomicBool::new(false)).collect(),
            counts_all: true,
            most_bytes,
        }
    }

    /// Gives up the count of what matches, and the fields that are missing, for speed: a batch of which nothing can be
    /// among the result, going by its times alone, is passed over unread. The result is the same.
    pub fn without_counts(mut self) -> Execution<'a, R> {
        self.counts_all = false;
        self
    }

    /// Lets nobody wait any more for a batch that is not brought: whoever ends a scan early calls it.
    pub fn stop(&self) {
        if let Work::Show { queue, .. } = &self.work {
            queue.stop();
        }
    }

    /// Ends the scan and returns what came out; entries that were collected are delivered now.
    pub fn finish(self) -> Result<Outcome, ScanError> {
        let mut counts = Counts { scanned: self.scanned.into_inner(), matched: self.matched.into_inner(), shown: 0 };
        let named = self.plan.named.iter().zip(self.found);
        let missing_fields = named.filter(|(_, found)| !found.load(Ordering::Relaxed));
        let missing_fields = missing_fields.map(|(name, _)| name.clone()).collect();
        let mut estimated = false;
        let table = match self.work {
            Work::Show { queue, .. } => {
                counts = queue.into_consumer().counts;
                None
            }
            Work::Aggregate { aggregator, pipes } => {
                estimated = aggregator.is_estimated();
                let table = tables::run(aggregator.finish(pipes), pipes, self.most_bytes, &mut estimated)?;
                counts.shown = table.rows.len() as u64;
                Some(table)
            }
            Work::Collect { collector, then } => {
                let mut sequence = 0;
                let collected = collector.finish(|batch| {
                    sequence += 1;
                    then.batch(sequence - 1, batch)
                })?;
                if matches!(self.plan.step, Step::Collect { which: crate::query::plan::Which::First(_), .. }) {
                    counts.matched = collected;
                }
                let outcome = then.finish()?;
                counts.shown = outcome.counts.shown;
                estimated = outcome.estimated;
                // What the later plan did not find may just have been dropped.
                outcome.table
            }
        };
        Ok(Outcome { counts, table, missing_fields, estimated })
    }

    fn run(&self, sequence: u64, loader: &Loader<'_>) -> Result<ControlFlow<()>, ScanError> {
        let batch = loader.source();
        if let (Work::Collect { collector, .. }, false) = (&self.work, self.counts_all)
            && collector.passes_over(sequence, loader)
        {
            return Ok(ControlFlow::Continue(()));
        }
        let mut selection = self.selector.select(loader)?;
        match &self.work {
            Work::Show { render, rows, most, queue } => {
                if let Some(most) = most {
                    selection.truncate(usize::try_from(*most).unwrap_or(usize::MAX));
                }
                let selected = selection.into_rows();
                let rendered = match batch.as_batch() {
                    _ if selected.is_empty() => R::default(),
                    Some(batch) => render(batch, &selected),
                    None => {
                        let gathered = batch.gather(&selected, rows)?;
                        drop(selected);
                        let all: Vec<u32> = (0..gathered.rows as u32).collect();
                        render(&gathered, &all)
                    }
                };
                let part = Part { scanned: batch.rows() as u64, rendered };
                queue.put(sequence, part, |output, part| output.take(part))
            }
            Work::Collect { collector, .. } => {
                self.count(batch, selection.len());
                collector.add(sequence, loader, &selection)
            }
            Work::Aggregate { aggregator, .. } => {
                self.count(batch, selection.len());
                aggregator.add(sequence, loader, &selection)?;
                Ok(ControlFlow::Continue(()))
            }
        }
    }

    fn count(&self, batch: &dyn Columns, matched: usize) {
        self.scanned.fetch_add(batch.rows() as u64, Ordering::Relaxed);
        self.matched.fetch_add(matched as u64, Ordering::Relaxed);
    }

    /// Remembers which of the fields that are named this batch has.
    fn note_fields(&self, batch: &dyn Columns) -> Result<(), ScanError> {
        for (name, found) in self.plan.named.iter().zip(&self.found) {
            if !found.load(Ordering::Relaxed) && has_field(batch, name)? {
                found.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

/// Returns true when some entry of a batch has the field.
pub fn has_field(batch: &dyn Columns, name: &str) -> Result<bool, ScanError> {
    match batch.stats() {
        Some(stats) => Ok(stats.column(name).is_some()),
        None => Ok(batch.column(name, Need::Rows(&[]))?.is_some()),
    }
}

impl<R: Rendering> BatchSink for Execution<'_, R> {
    fn newest_first(&self) -> bool {
        matches!(&self.work, Work::Collect { collector, .. } if collector.newest_first())
    }

    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let loader = Loader::new(batch);
        let result = self.note_fields(batch).and_then(|()| self.run(sequence, &loader));
        if result.is_err() {
            // This batch will never come: nobody may wait for it.
            self.stop();
        }
        result
    }
}
