//! Any question of the language, answered in JSON lines: the bytes `logan query -o json` prints.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::budget::{Budget, Budgeted, Cut};
use super::parameters::{Parameters, no_such, wrong};
use super::selection;
use crate::entry::{EntryBatch, Timestamp};
use crate::output::{EntryWriter, Options, OutputFormat, Rows, result};
use crate::query::ast::{ColumnKind, Pipe, Query, Shown};
use crate::query::exec::{Execution, Rendered, Rendering};
use crate::query::{BatchSink, Filter, PatternLimits, Plan};
use crate::serve::error::ApiError;
use crate::serve::org::OrgStore;
use crate::storage::{LogStorage, ScanStats, StorageError};

/// What tells where an entry came from, in the order it is shown.
const ORIGINS: [&str; 5] = ["source", "line", "offset", "format", "raw"];
/// The greatest limit that can be asked for; how many rows come is for the settings to say.
const MOST_ROWS: u64 = 1_000_000;

/// In which form an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One object with everything.
    Json,
    /// A line for each row, sent while it is found.
    Ndjson,
}

/// A question.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The question in the query language.
    #[schema(max_length = 16384, example = "level >= warn | stats count() by status")]
    pub query: String,
    /// Entries from this time on: `2026-09-07`, `2026-09-07T13:30:00Z`, `2h`, `yesterday`.
    #[schema(example = "2h")]
    pub since: Option<String>,
    /// Entries until this time.
    #[schema(example = "now")]
    pub until: Option<String>,
    /// The zone of times that name none.
    #[schema(example = "UTC")]
    pub tz: Option<String>,
    /// Rows of the answer.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub limit: Option<u64>,
    /// What to show of where entries came from, beside their fields.
    #[serde(default)]
    pub with: Vec<Origin>,
    /// In which form the answer comes; the header `Accept: application/x-ndjson` asks for lines as well.
    pub format: Option<Form>,
}

/// What tells where an entry came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// How it came.
    Source,
    /// Its arrival number.
    Line,
    /// Its place in its file, for imported ones.
    Offset,
    /// The format it was read by.
    Format,
    /// Its lines as they came.
    Raw,
}

impl Asked {
    /// Reads the parameters of an address.
    ///
    /// # Errors
    /// 400 when something is wrong with them.
    pub fn read(pairs: Vec<(String, String)>) -> Result<Asked, ApiError> {
        let mut parameters = Parameters::new(pairs);
        let query = parameters.take("query")?.ok_or_else(|| wrong("query", "is missing"))?;
        let (since, until, tz) = (parameters.take("since")?, parameters.take("until")?, parameters.take("tz")?);
        let limit = parameters.number("limit", 1..=MOST_ROWS)?;
        let origin = |name: String| match name.as_str() {
            "source" => Ok(Origin::Source),
            "line" => Ok(Origin::Line),
            "offset" => Ok(Origin::Offset),
            "format" => Ok(Origin::Format),
            "raw" => Ok(Origin::Raw),
            other => Err(no_such("with", other, &ORIGINS)),
        };
        let with = parameters.list("with")?.unwrap_or_default().into_iter().map(origin).collect::<Result<_, _>>()?;
        let format = parameters.choice("format", &[("json", Form::Json), ("ndjson", Form::Ndjson)])?;
        parameters.end()?;
        Ok(Asked { query, since, until, tz, limit, with, format })
    }

    /// Reads the question itself.
    ///
    /// # Errors
    /// 400 with the place that is wrong.
    pub fn question(&self, now: Timestamp) -> Result<Question, ApiError> {
        selection::check_length(&self.query)?;
        let clock = selection::clock_in(self.tz.as_deref(), now)?;
        let mut query = Query::parse_within(&self.query, &clock, PatternLimits::SHARED)?;
        let range = selection::between(self.since.as_deref(), self.until.as_deref(), &clock)?;
        query.filter = Filter::all_of(vec![range, query.filter]);
        if let Some(limit) = self.limit {
            if !(1..=MOST_ROWS).contains(&limit) {
                return Err(wrong("limit", format!("write a number from 1 to {MOST_ROWS}")));
            }
            query.pipes.push(Pipe::Limit(limit));
        }
        Ok(Question::new(query, &self.with))
    }
}

/// A question that was understood.
#[derive(Debug)]
pub struct Question {
    plan: Plan,
    options: Options,
}

/// What an answer says beside its rows.
#[derive(Debug, Serialize)]
pub struct Answered {
    /// The columns of a table; none when entries are the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<AnswerColumn>>,
    /// What it took.
    pub stats: AnswerStats,
    /// True when quantiles or counts of different values are estimates.
    pub estimated: bool,
    /// Fields the question names that no entry has.
    pub missing_fields: Vec<String>,
    /// True when a limit was reached.
    pub truncated: bool,
    /// Which.
    pub truncated_by: Option<Cut>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AnswerColumn {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: AnswerColumnKind,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnswerColumnKind {
    /// Numbers, texts, truths.
    Value,
    /// Times, in RFC 3339.
    Time,
    /// Names of levels.
    Level,
}

/// What an answer took.
#[derive(Clone, Copy, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct AnswerStats {
    /// Entries that were looked at.
    pub looked_at: u64,
    /// Entries that matched.
    pub matched: u64,
    /// Entries or rows of the answer.
    pub rows: u64,
    /// Blocks of the store.
    pub blocks: u64,
    /// Blocks that could not match and were not read.
    pub blocks_skipped: u64,
    /// Bytes that were read.
    pub bytes_read: u64,
    /// Milliseconds it took.
    pub milliseconds: u64,
}

impl Question {
    /// Makes a query ready, as the command line does.
    pub fn new(query: Query, with: &[Origin]) -> Question {
        let mut options = Options::new(OutputFormat::Json);
        let shown = |origin: &str| {
            with.iter().any(|with| match with {
                Origin::Source => origin == "source",
                Origin::Line => origin == "line",
                Origin::Offset => origin == "offset",
                Origin::Format => origin == "format",
                Origin::Raw => origin == "raw",
            })
        };
        options.with = ORIGINS.into_iter().filter(|origin| shown(origin)).map(str::to_owned).collect();
        let plan = Plan::new(&query, &options.projection());
        match plan.result_shown() {
            Shown::All => {}
            Shown::Only(names) => options.columns = Some(names.clone()),
            Shown::Without(names) => options.hidden.clone_from(names),
        }
        Question { plan, options }
    }

    /// Returns true when the answer is a table.
    pub fn makes_table(&self) -> bool {
        self.plan.makes_table()
    }

    /// Answers it: hands over JSON lines, whole ones, in order.
    ///
    /// # Errors
    /// When the store cannot be read or the question needs too much memory.
    pub fn run(
        &self,
        store: &OrgStore,
        budget: &Budget,
        out: &mut (dyn FnMut(Vec<u8>) + Send),
    ) -> Result<Answered, ApiError> {
        self.run_on(budget, out, |sink| store.reader().query(&self.plan.filter, &self.plan.projection, sink))
    }

    /// Answers it about what arrived after the entry with this number; the question says so itself as well.
    ///
    /// # Errors
    /// As [`Question::run`].
    pub fn run_arrived(
        &self,
        store: &OrgStore,
        after: u64,
        budget: &Budget,
        out: &mut (dyn FnMut(Vec<u8>) + Send),
    ) -> Result<Answered, ApiError> {
        self.run_on(budget, out, |sink| store.reader().query_arrived(after, &self.plan.filter, sink))
    }

    fn run_on(
        &self,
        budget: &Budget,
        out: &mut (dyn FnMut(Vec<u8>) + Send),
        scan: impl FnOnce(&dyn BatchSink) -> Result<ScanStats, StorageError>,
    ) -> Result<Answered, ApiError> {
        let began = Instant::now();
        let plan = &self.plan;
        let writer = EntryWriter::new(self.options.clone());
        let render = |batch: &EntryBatch, rows: &[u32]| {
            let mut rendered = Rendered::default();
            writer.write(batch, Rows::Some(rows), &mut rendered.bytes, Some(&mut rendered.ends));
            rendered
        };
        let mut meter = budget.meter();
        let mut rows = 0;
        let mut give = |mut rendered: Rendered| {
            rendered.truncate(meter.admit(&rendered.ends));
            rows += rendered.rows() as u64;
            if rendered.rows() > 0 && !budget.is_cancelled() {
                out(rendered.bytes);
            }
        };
        let mut deliver = |rendered: Rendered| {
            give(rendered);
            Ok(())
        };
        let execution = Execution::within(budget.memory, plan, &render, &mut deliver);
        let scan = scan(&Budgeted { execution: &execution, budget })?;
        let outcome = execution.finish().map_err(StorageError::from)?;
        let mut columns = None;
        if let Some(table) = &outcome.table {
            let mut rendered = Rendered::default();
            result::write(table, writer.options(), &mut rendered.bytes);
            rendered.ends = memchr::memchr_iter(b'\n', &rendered.bytes).map(|end| end + 1).collect();
            give(rendered);
            let column = |(name, kind): &(String, ColumnKind)| AnswerColumn {
                name: name.clone(),
                kind: match kind {
                    ColumnKind::Value => AnswerColumnKind::Value,
                    ColumnKind::Time => AnswerColumnKind::Time,
                    ColumnKind::Level => AnswerColumnKind::Level,
                },
            };
            columns = Some(table.columns.iter().map(column).collect());
        }
        Ok(Answered {
            columns,
            stats: AnswerStats {
                looked_at: outcome.counts.scanned,
                matched: outcome.counts.matched,
                rows,
                blocks: scan.blocks,
                blocks_skipped: scan.blocks_skipped,
                bytes_read: scan.bytes_read,
                milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            },
            estimated: outcome.estimated,
            // Of a cut answer nobody knows what the rest has.
            missing_fields: if budget.reason().is_none() { outcome.missing_fields } else { Vec::new() },
            truncated: budget.reason().is_some(),
            truncated_by: budget.reason(),
        })
    }

    /// Answers it with one JSON object.
    ///
    /// # Errors
    /// As [`Question::run`].
    pub fn object(&self, store: &OrgStore, budget: &Budget) -> Result<Vec<u8>, ApiError> {
        let mut lines = Vec::new();
        let answered = self.run(store, budget, &mut |bytes| lines.extend_from_slice(&bytes))?;
        Ok(object(if self.makes_table() { "rows" } else { "entries" }, &lines, &answered))
    }
}

/// Returns a JSON object with an array of JSON lines under `name`, and the members of `rest`.
pub fn object(name: &str, lines: &[u8], rest: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len() + 256);
    out.extend_from_slice(format!("{{\"{name}\":[").as_bytes());
    let start = out.len();
    out.extend_from_slice(lines);
    // Within a line of JSON every line end is written as an escape.
    out[start..].iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b',');
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.extend_from_slice(b"],");
    let rest = serde_json::to_vec(rest).expect("these members are plain data with texts as keys");
    out.extend_from_slice(&rest[1..]);
    out
}
