//! One page of entries, in the order of their times.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::budget::{Budget, Cut};
use super::cursor::{self, Cursor, Order, Place};
use super::parameters::{Parameters, wrong};
use super::selection;
use crate::entry::{EntryBatch, Timestamp};
use crate::output::{EntryWriter, Options, OutputFormat, Rows};
use crate::query::ast::{Pipe, Query};
use crate::query::exec::{Execution, Rendered, Rendering};
use crate::query::{BatchSink, Columns, Filter, Plan, ScanError};
use crate::serve::error::ApiError;
use crate::serve::ids::OrgId;
use crate::serve::org::OrgStore;
use crate::storage::{LogStorage, StorageError};

/// Entries of a page when nobody says.
const USUAL: u64 = 100;
/// Entries of a page at most.
const MOST: u64 = 1000;

/// What a page is asked of.
#[derive(Debug)]
pub struct Search {
    filter: Filter,
    order: Order,
    limit: u64,
    fields: Option<Vec<String>>,
    now: Timestamp,
    question: u64,
    cursor: Option<Cursor>,
}

/// What a page says beside its entries.
#[derive(Debug, Serialize)]
struct PageEnd {
    next_cursor: Option<String>,
    truncated: bool,
    truncated_by: Option<Cut>,
}

impl Search {
    /// Reads the parameters of a request that came `now`.
    ///
    /// # Errors
    /// 400 when something is wrong with them.
    pub fn read(pairs: Vec<(String, String)>, org: OrgId, now: Timestamp) -> Result<Search, ApiError> {
        let question = cursor::question(org, &pairs);
        let mut parameters = Parameters::new(pairs);
        let cursor = parameters.take("cursor")?;
        let cursor = cursor.map(|text| Cursor::read(&text, question)).transpose()?;
        let now = cursor.and_then(|cursor| Timestamp::from_nanos(cursor.now)).unwrap_or(now);
        let clock = selection::clock(&mut parameters, now)?;
        let range = selection::time_range(&mut parameters, &clock)?;
        let filter = selection::filter(&mut parameters, &clock)?;
        let order = match parameters.take("order")?.as_deref() {
            None | Some("newest") => Order::Newest,
            Some("oldest") => Order::Oldest,
            Some(_) => return Err(wrong("order", "write newest or oldest")),
        };
        let limit = parameters.number("limit", 1..=MOST)?.unwrap_or(USUAL);
        let fields = parameters.list("fields")?;
        parameters.end()?;
        Ok(Search { filter: Filter::all_of(vec![range, filter]), order, limit, fields, now, question, cursor })
    }

    /// Returns the page as JSON.
    ///
    /// # Errors
    /// When the store cannot be read or the entries take too much memory.
    pub fn run(&self, store: &OrgStore, budget: &Budget) -> Result<Vec<u8>, ApiError> {
        let reader = store.reader();
        let newest = match self.cursor {
            Some(cursor) => cursor.newest,
            None => i64::try_from(reader.newest_line()?).unwrap_or(i64::MAX),
        };
        let mut parts = vec![self.filter.clone(), cursor::arrived_by(newest)];
        parts.extend(self.cursor.map(|cursor| self.order.after(cursor.place)));
        // One more than a page holds tells whether there is another.
        let pipes = vec![Pipe::Sort(self.order.keys()), Pipe::Limit(self.limit + 1)];
        let query = Query { filter: Filter::all_of(parts), pipes };

        let mut options = Options::new(OutputFormat::Json);
        options.columns.clone_from(&self.fields);
        if !self.fields.iter().flatten().any(|field| field == "line") {
            options.with.push("line".to_owned());
        }
        let mut projection = options.projection();
        ["ts", "line"].iter().for_each(|name| projection.add(name));
        let plan = Plan::new(&query, &projection);
        let writer = EntryWriter::new(options);
        let render = |batch: &EntryBatch, rows: &[u32]| Found::of(batch, rows, &writer);
        let mut found = Found::default();
        let mut deliver = |next: Found| {
            found.add(&next);
            Ok(())
        };
        let execution = Execution::within(budget.memory, &plan, &render, &mut deliver).without_counts();
        let sink = Sift { execution: &execution, budget, order: self.order, unseen: Mutex::default() };
        reader.query(&plan.filter, &plan.projection, &sink)?;
        let unseen = sink.unseen.into_inner().unwrap_or_else(PoisonError::into_inner);
        execution.finish().map_err(StorageError::from)?;
        Ok(self.page(found, unseen, newest, budget))
    }

    /// Keeps what surely comes next, and says where the page after it begins. `unseen` is the place before all that was
    /// not looked at for want of time.
    fn page(&self, mut found: Found, unseen: Option<Place>, newest: i64, budget: &Budget) -> Vec<u8> {
        if let Some(unseen) = unseen {
            let sure = found.places.partition_point(|place| self.order.is_before(*place, unseen));
            found.truncate(sure);
        }
        let limit = self.limit as usize;
        let is_full = found.rows() > limit;
        found.truncate(limit);
        let mut meter = budget.meter();
        let fitting = meter.admit(&found.rendered.ends).max(found.rows().min(1));
        let is_too_long = fitting < found.rows();
        found.truncate(fitting);

        let last = found.places.last().copied();
        let (end, cut) = match unseen {
            _ if is_too_long => (last, Some(Cut::Bytes)),
            _ if is_full => (last, None),
            // Going on from there looks at the rest; never back behind what was given already.
            Some(unseen) => {
                let given = last.or(self.cursor.map(|cursor| cursor.place));
                let end = given.filter(|given| !self.order.is_before(*given, unseen)).unwrap_or(unseen);
                (Some(end), Some(Cut::Time))
            }
            None => (None, None),
        };
        let next = end.map(|place| Cursor { place, newest, now: self.now.nanos(), question: self.question }.write());
        let end = PageEnd { next_cursor: next, truncated: cut.is_some(), truncated_by: cut };
        super::answer::object("entries", &found.rendered.bytes, &end)
    }
}

/// Entries as JSON lines, and where each stands.
#[derive(Debug, Default)]
struct Found {
    rendered: Rendered,
    places: Vec<Place>,
}

impl Found {
    fn of(batch: &EntryBatch, rows: &[u32], writer: &EntryWriter) -> Found {
        let mut found = Found::default();
        writer.write(batch, Rows::Some(rows), &mut found.rendered.bytes, Some(&mut found.rendered.ends));
        found.places.extend(rows.iter().map(|row| {
            let line = batch.base.line + batch.positions.get(*row as usize).map_or(0, |position| position.line);
            Place { ts: batch.ts[*row as usize], line: i64::try_from(line).unwrap_or(i64::MAX) }
        }));
        found
    }

    fn add(&mut self, next: &Found) {
        let before = self.rendered.bytes.len();
        self.rendered.bytes.extend_from_slice(&next.rendered.bytes);
        self.rendered.ends.extend(next.rendered.ends.iter().map(|end| before + end));
        self.places.extend_from_slice(&next.places);
    }
}

impl Rendering for Found {
    fn rows(&self) -> usize {
        self.places.len()
    }

    fn truncate(&mut self, rows: usize) {
        self.rendered.truncate(rows);
        self.places.truncate(rows);
    }
}

/// Looks at batches while there is time, and notes of the others between which times their entries lie: that costs
/// nothing, and tells which of those that were found are surely the first.
struct Sift<'e, 'a> {
    execution: &'e Execution<'a, Found>,
    budget: &'e Budget,
    order: Order,
    unseen: Mutex<Option<Place>>,
}

impl BatchSink for Sift<'_, '_> {
    fn newest_first(&self) -> bool {
        self.execution.newest_first()
    }

    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        if !self.budget.is_spent() {
            return self.execution.batch(sequence, batch);
        }
        if self.budget.is_cancelled() {
            return Ok(ControlFlow::Break(()));
        }
        if let Some((least, greatest)) = batch.stats().and_then(|stats| stats.time_range()) {
            let place = self.order.before(if self.order == Order::Newest { greatest } else { least });
            let mut unseen = self.unseen.lock().unwrap_or_else(PoisonError::into_inner);
            if unseen.is_none_or(|known| self.order.is_before(place, known)) {
                *unseen = Some(place);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
