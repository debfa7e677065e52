//! One page of entries, in the order of their times.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::budget::{Budget, Cut};
use super::cursor::{self, Cursor, Order, Place};
use super::parameters::Parameters;
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
    /// Reads the parameters of a request that came `now`; `own` looks up the fields that entries have.
    ///
    /// # Errors
    /// 400 when something is wrong with them.
    pub fn read(
        pairs: Vec<(String, String)>,
        org: OrgId,
        now: Timestamp,
        own: impl FnOnce() -> Result<Vec<String>, ApiError>,
    ) -> Result<Search, ApiError> {
        let question = cursor::question(org, &pairs);
        let mut parameters = Parameters::new(pairs);
        let cursor = parameters.take("cursor")?;
        let cursor = cursor.map(|text| Cursor::read(&text, question)).transpose()?;
        let now = cursor.and_then(|cursor| Timestamp::from_nanos(cursor.now)).unwrap_or(now);
        let clock = selection::clock(&mut parameters, now)?;
        let range = selection::time_range(&mut parameters, &clock)?;
        let filter = selection::filter(&mut parameters, &clock)?;
        let order = parameters.choice("order", &[("newest", Order::Newest), ("oldest", Order::Oldest)])?;
        let order = order.unwrap_or(Order::Newest);
        let limit = parameters.number("limit", 1..=MOST)?.unwrap_or(USUAL);
        let fields = parameters.list("fields")?;
        let by_fields = selection::by_fields(&mut parameters, own)?;
        parameters.end()?;
        let filter = Filter::all_of(vec![range, filter, by_fields]);
        Ok(Search { filter, order, limit, fields, now, question, cursor })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    /// The lines of the page and the place it ends at.
    fn page(limit: &str, found: &[(i64, i64)], unseen: Option<i64>, before: Option<Place>) -> (usize, Option<Place>) {
        let org = OrgId::generate();
        let pairs = vec![("limit".to_owned(), limit.to_owned())];
        let now = Timestamp::from_nanos(0).expect("a time");
        let mut search = Search::read(pairs, org, now, || Ok(Vec::new())).expect("a question");
        let cursor = |place| Cursor { place, newest: 99, now: 0, question: search.question };
        search.cursor = before.map(cursor);
        let mut rows = Found::default();
        for (ts, line) in found {
            rows.rendered.bytes.extend_from_slice(b"{}\n");
            rows.rendered.ends.push(rows.rendered.bytes.len());
            rows.places.push(Place { ts: *ts, line: *line });
        }
        let unseen = unseen.map(|ts| Order::Newest.before(ts));
        let bytes = search.page(rows, unseen, 99, &Budget::of(&config::Query::default()));
        let answer: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let next = answer["next_cursor"].as_str();
        let next = next.map(|text| Cursor::read(text, search.question).expect("a cursor").place);
        assert!(answer["truncated"] == false || unseen.is_some());
        (answer["entries"].as_array().expect("entries").len(), next)
    }

    #[test]
    fn a_page_cut_by_time_holds_what_is_sure_and_never_goes_back() {
        let place = |ts, line| Some(Place { ts, line });
        let found = [(50, 1), (40, 2), (30, 3)];
        assert_eq!(page("5", &found, None, None), (3, None));
        assert_eq!(page("2", &found, None, None), (2, place(40, 2)));
        assert_eq!(page("2", &found, Some(20), None), (2, place(40, 2)), "what was not seen comes later");
        assert_eq!(page("5", &found, Some(40), None), (1, place(40, i64::MAX)), "another one of 40 may come before");
        assert_eq!(page("5", &found, Some(60), None), (0, place(60, i64::MAX)));
        assert_eq!(page("5", &found, Some(60), place(55, 7)), (0, place(55, 7)));
    }
}
