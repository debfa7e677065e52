//! What a rule's windows come to. Windows end at whole minutes (or at whole parts of one, when the rule's window is no
//! whole number of minutes), counted from 1970: so they are the same ones after a restart, and of a test.

use super::group;
use super::lines::{self, Lines};
use super::timed::{Limits, Stopping};
use crate::config::Period;
use crate::detect::{DetectOptions, ExampleCollector, Finding, Rolling, SeriesCollector};
use crate::entry::{EntryBatch, Projection, TimeStyle, Timestamp, Value, ValueRef, Zone};
use crate::query::ast::{Aggregate, Bin, ColumnKind, Function, Key, Pipe, Stats, TimeBin};
use crate::query::exec::{Execution, Loader, Selector, filter_columns};
use crate::query::literal::Clock;
use crate::query::{
    BatchSink, Columns, Comparison, Filter, Operand, PatternLimits, Plan, Query, QueryError, ScanError, Table, Test,
};
use crate::serve::answers::Cut;
use crate::serve::answers::budget::Budgeted;
use crate::serve::control::rules::RuleSpec;
use crate::serve::control::words::RuleKind;
use crate::storage::{LogStorage, SqliteLogStorage, StorageError};

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What is said of a rule that takes more time than there is.
const TOO_LONG: &str = "it takes longer than a question may";

/// Why a rule cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RuleProblem(pub String);

impl RuleProblem {
    fn of_query(field: &str, error: &QueryError) -> RuleProblem {
        let hint = error.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        RuleProblem(format!("{field}: {error}\n{}{hint}", error.caret()))
    }
}

/// What a number must stay within.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Not above.
    pub above: Option<f64>,
    /// Not below.
    pub below: Option<f64>,
}

impl Bounds {
    /// Returns the bound a number is beyond, its name, and how far beyond.
    pub fn crossed(&self, value: f64) -> Option<(f64, &'static str, f64)> {
        let above = self.above.filter(|bound| value > *bound).map(|bound| (bound, "above", value - bound));
        let below = self.below.filter(|bound| value < *bound).map(|bound| (bound, "below", bound - value));
        above.or(below)
    }
}

/// What one window came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, no longer part of it.
    pub to: Timestamp,
    /// The number; `None` when there is none, such as a share of nothing.
    pub value: Option<f64>,
    /// True when the rule fires.
    pub fires: bool,
    /// The bound that was crossed.
    pub bound: Option<f64>,
    /// How far it was crossed.
    pub beyond: f64,
    /// What happened, as a sentence.
    pub explanation: String,
    /// Of which entries that is the number, among those that count: the group of a table's row.
    pub group: Filter,
}

/// Returns how far a rule's windows are apart.
fn step(window: i64) -> i64 {
    let (mut a, mut b) = (window.max(SECOND), MINUTE);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(SECOND)
}

/// Returns the ends of a rule's windows after `from` and up to `until`, at most so many.
pub fn windows(spec: &RuleSpec, from: Timestamp, until: Timestamp, most: usize) -> Vec<i64> {
    let (step, first) = (step(spec.window), next_end(spec, from));
    (0..most as i64)
        .map(|index| first.saturating_add(index.saturating_mul(step)))
        .take_while(|end| *end <= until.nanos())
        .collect()
}

/// Returns when the next window of a rule is over that was judged up to `judged`.
pub fn next_end(spec: &RuleSpec, judged: Timestamp) -> i64 {
    let step = step(spec.window);
    (judged.nanos().div_euclid(step) + 1).saturating_mul(step)
}

/// What a rule asks, read.
enum Question {
    /// How many entries match.
    Count(Query),
    /// What part of the second match the first as well.
    Share(Filter, Filter),
    /// A number of a table, for each window.
    Table(Query),
    /// What the detectors find among these.
    Detector(Filter),
}

fn read(spec: &RuleSpec, now: Timestamp) -> Result<Question, RuleProblem> {
    let clock = Clock { now, zone: Zone::Fixed(0) };
    let filter = |field: &str, text: &str| {
        Filter::parse_within(text, &clock, PatternLimits::SHARED).map_err(|error| RuleProblem::of_query(field, &error))
    };
    match spec.kind {
        RuleKind::Threshold => {
            let query = Query::parse_within(&spec.query, &clock, PatternLimits::SHARED)
                .map_err(|error| RuleProblem::of_query("query", &error))?;
            if Plan::new(&query, &Projection::none()).makes_table() {
                return Ok(Question::Table(query));
            }
            if query.pipes.iter().all(|pipe| matches!(pipe, Pipe::Where(_))) {
                return Ok(Question::Count(query));
            }
            let hint = "a threshold needs a number: end the query with `| stats count()`, or give a filter alone";
            Err(RuleProblem(format!("query: it shows entries\n{}\nhint: {hint}", spec.query)))
        }
        RuleKind::Ratio => {
            let of = spec.of.as_deref().ok_or_else(|| RuleProblem("of: a ratio needs the filter of all".to_owned()))?;
            Ok(Question::Share(filter("query", &spec.query)?, filter("of", of)?))
        }
        RuleKind::Absence => Ok(Question::Count(Query { filter: filter("query", &spec.query)?, pipes: Vec::new() })),
        RuleKind::Detector => Ok(Question::Detector(filter("query", &spec.query)?)),
    }
}

/// Checks that a rule can be asked.
///
/// # Errors
/// What to change; of a wrong query with the place.
pub fn check(spec: &RuleSpec, now: Timestamp) -> Result<(), RuleProblem> {
    let problem = |text: &str| Err(RuleProblem(text.to_owned()));
    let question = read(spec, now)?;
    if spec.window % SECOND != 0 {
        return problem("window: whole seconds are expected");
    }
    let needs_bound = matches!(spec.kind, RuleKind::Threshold | RuleKind::Ratio);
    if needs_bound && spec.above.is_none() && spec.below.is_none() {
        return problem("above, below: one of them is needed");
    }
    if let Some(why) = senseless(spec, &question) {
        return problem(why);
    }
    if let Question::Table(query) = &question
        && number_column(query, &empty_table(query)).is_none()
    {
        let text = format!("query: its table has no column with a number\n{}", spec.query);
        let hint = "a threshold needs a number that is no key: keep it in `| fields`, or leave that out";
        return Err(RuleProblem(format!("{text}\nhint: {hint}")));
    }
    if spec.kind != RuleKind::Ratio && spec.of.is_some() {
        return problem("of: only a ratio has it");
    }
    match spec.kind {
        RuleKind::Threshold | RuleKind::Ratio => {}
        RuleKind::Absence if spec.above.is_some() || spec.below.is_some() => {
            return problem("above, below: an absence has no bounds");
        }
        RuleKind::Detector if spec.below.is_some() => return problem("below: a detector has only `above`"),
        RuleKind::Detector if spec.above.is_some_and(|above| !(2.0..=1000.0).contains(&above)) => {
            return problem("above: a detector's score is between 2 and 1000; 5 is usual");
        }
        RuleKind::Absence | RuleKind::Detector => {}
    }
    if !(10 * SECOND..=7 * DAY).contains(&spec.window) {
        return problem("window: between 10s and 7d is expected");
    }
    Ok(())
}

/// Says of bounds that no number can ever be beyond, or every number is, what would make sense.
fn senseless(spec: &RuleSpec, question: &Question) -> Option<&'static str> {
    let (above, below) = (spec.above, spec.below);
    if above.is_some_and(|bound| !bound.is_finite()) {
        return Some("above: a finite number is expected");
    }
    if below.is_some_and(|bound| !bound.is_finite()) {
        return Some("below: a finite number is expected");
    }
    if above.zip(below).is_some_and(|(above, below)| below > above) {
        return Some(
            "above, below: every number is above the one or below the other; `below` is expected to be the lesser",
        );
    }
    match question {
        Question::Share(..) if above.is_some_and(|above| !(0.0..1.0).contains(&above)) => {
            Some("above: a ratio lies between 0 and 1; at least 0 and less than 1 is expected")
        }
        Question::Share(..) if below.is_some_and(|below| below <= 0.0 || below > 1.0) => {
            Some("below: a ratio lies between 0 and 1; more than 0 and at most 1 is expected")
        }
        Question::Count(query) | Question::Table(query) if only_counts(query) => {
            if above.is_some_and(|above| above < 0.0) {
                return Some("above: a count is never less than 0; at least 0 is expected");
            }
            if below.is_some_and(|below| below <= 0.0) {
                return Some("below: a count is never less than 0; more than 0 is expected");
            }
            let (Question::Table(query), Some(below)) = (question, below) else { return None };
            (below <= 1.0 && counts_groups(query)).then_some(
                "below: a group that is there has one entry at least; more than 1 is expected. That nothing comes is told \
                 by a rule of the kind `absence`",
            )
        }
        Question::Share(..) | Question::Count(_) | Question::Table(_) | Question::Detector(_) => None,
    }
}

/// Returns true when the number of a query is how many entries each of some groups has.
fn counts_groups(query: &Query) -> bool {
    group::last_stats(query).is_some_and(|stats| {
        let number = stats.aggregates.last().map(|one| one.function);
        !stats.keys.is_empty() && number == Some(Function::Count)
    })
}

/// Returns true when the number of a query can only be a count: of entries, or of different values.
fn only_counts(query: &Query) -> bool {
    query.pipes.iter().all(|pipe| match pipe {
        Pipe::Stats(stats) => stats
            .aggregates
            .iter()
            .all(|one| matches!(one.function, Function::Count | Function::CountField | Function::Unique)),
        Pipe::Where(_) | Pipe::Sort(_) | Pipe::Limit(_) | Pipe::Tail(_) => true,
        // May leave a key as the number.
        Pipe::Fields(_) => false,
    })
}

/// Returns how far a detector looks back: less than an hour would be too little to learn from, so it is a day then.
pub fn look_back(spec: &RuleSpec) -> i64 {
    if spec.window < HOUR { DAY } else { spec.window }
}

/// Returns how a detector judges.
pub fn options(spec: &RuleSpec) -> DetectOptions {
    spec.above.map_or_else(DetectOptions::default, |threshold| DetectOptions { threshold })
}

/// Returns the filter of a detector's entries.
pub fn detector_filter(spec: &RuleSpec, now: Timestamp) -> Result<Filter, RuleProblem> {
    match read(spec, now)? {
        Question::Detector(filter) => Ok(filter),
        Question::Count(_) | Question::Share(..) | Question::Table(_) => {
            Err(RuleProblem("the rule is no detector".to_owned()))
        }
    }
}

/// Why windows could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The rule is wrong.
    #[error(transparent)]
    Rule(#[from] RuleProblem),
    /// It takes more than a question may; the text is for who made the rule.
    #[error("{0}")]
    Limit(String),
    /// The server stops, or nobody waits for it any more.
    #[error("it was ended before it was done")]
    Ended,
    /// The store; the text is not for those who ask.
    #[error(transparent)]
    Storage(StorageError),
}

impl From<StorageError> for MeasureError {
    fn from(error: StorageError) -> MeasureError {
        match error {
            StorageError::Scan(ScanError::Memory(text)) => MeasureError::Limit(text),
            error => MeasureError::Storage(error),
        }
    }
}

impl From<ScanError> for MeasureError {
    fn from(error: ScanError) -> MeasureError {
        StorageError::from(error).into()
    }
}

/// Says why a scan did not see all, if it did not.
fn seen_all(limits: Limits<'_>) -> Result<(), MeasureError> {
    match limits.budget.reason() {
        Some(Cut::Time) => Err(MeasureError::Limit(TOO_LONG.to_owned())),
        // Nothing here counts rows or bytes of an answer.
        Some(Cut::Rows | Cut::Bytes) => Ok(()),
        None if limits.budget.is_cancelled() => Err(MeasureError::Ended),
        None => Ok(()),
    }
}

/// What windows came to.
#[derive(Clone, Debug, Default)]
pub struct Measuring {
    /// The windows, in order.
    pub windows: Vec<Measured>,
    /// Why those that are there are only the first ones.
    pub cut: Option<String>,
}

/// Measures windows that end at these times, which follow each other: all of them within the limits, at least one or it
/// fails. Blocks.
pub fn measure(
    storage: &SqliteLogStorage,
    spec: &RuleSpec,
    ends: &[i64],
    limits: Limits<'_>,
) -> Result<Measuring, MeasureError> {
    let (Some(first), Some(last)) = (ends.first(), ends.last()) else { return Ok(Measuring::default()) };
    let from = first.saturating_sub(spec.window);
    let now = Timestamp::from_nanos(*last).ok_or_else(|| RuleProblem("window: out of time".to_owned()))?;
    let mut cut = None;
    let values: Vec<Found> = match read(spec, now)? {
        Question::Count(query) => {
            let counts = Counts::of(storage, query, from, *last, step(spec.window), limits)?;
            ends.iter().map(|end| Found::of(Some(counts.between(end - spec.window, *end)))).collect()
        }
        Question::Share(part, all) => {
            let both = Filter::And(vec![part, all.clone()]);
            let query = |filter| Query { filter, pipes: Vec::new() };
            let part = Counts::of(storage, query(both), from, *last, step(spec.window), limits)?;
            let all = Counts::of(storage, query(all), from, *last, step(spec.window), limits)?;
            let share = |end: &i64| {
                let all = all.between(end - spec.window, *end);
                Found::of((all > 0.0).then(|| part.between(end - spec.window, *end) / all))
            };
            ends.iter().map(share).collect()
        }
        Question::Table(query) => {
            let (values, why) = tables(storage, spec, &query, ends, limits)?;
            cut = why;
            values
        }
        Question::Detector(_) => return Ok(Measuring::default()),
    };
    let of_window = |(end, found): (&i64, Found)| judged(spec, *end, found);
    Ok(Measuring { windows: ends.iter().zip(values).filter_map(of_window).collect(), cut })
}

/// The number of a window.
struct Found {
    value: Option<f64>,
    /// The row it stands in, as it is told.
    name: String,
    /// The entries of that row.
    group: Filter,
}

impl Found {
    /// A number of all entries.
    fn of(value: Option<f64>) -> Found {
        Found { value, name: String::new(), group: Filter::All }
    }
}

/// What each window came to; and why the last ones are not there.
type Values = (Vec<Found>, Option<String>);

/// Asks a query that makes a table about each window, until a limit is reached.
fn tables(
    storage: &SqliteLogStorage,
    spec: &RuleSpec,
    query: &Query,
    ends: &[i64],
    limits: Limits<'_>,
) -> Result<Values, MeasureError> {
    let bounds = Bounds { above: spec.above, below: spec.below };
    let mut values = Vec::new();
    for end in ends {
        // A window whose blocks are all skipped never looks at the clock.
        let seen = if limits.are_spent() { seen_all(limits) } else { Ok(()) };
        let table = || table(storage, query.clone(), end.saturating_sub(spec.window), *end, limits);
        match seen.and_then(|()| table()) {
            Ok(table) => values.push(worst(query, &table, bounds)),
            Err(MeasureError::Limit(why)) if !values.is_empty() => return Ok((values, Some(why))),
            Err(error) => return Err(error),
        }
    }
    Ok((values, None))
}

fn judged(spec: &RuleSpec, end: i64, found: Found) -> Option<Measured> {
    let Found { value, name, group } = found;
    let (from, to) = (Timestamp::from_nanos(end.saturating_sub(spec.window))?, Timestamp::from_nanos(end)?);
    let window = Period::seconds((spec.window / SECOND).max(1) as u64);
    let time = format!("in the {window} up to {}", to.to_rfc3339(0));
    let measured =
        Measured { from, to, value, fires: false, bound: None, beyond: 0.0, explanation: String::new(), group };
    if spec.kind == RuleKind::Absence {
        let fires = value == Some(0.0);
        let what = if spec.query.trim().is_empty() { "no entry came" } else { "no entry matched" };
        return Some(Measured { fires, beyond: f64::from(fires), explanation: format!("{what} {time}"), ..measured });
    }
    let bounds = Bounds { above: spec.above, below: spec.below };
    let Some((value, (bound, side, beyond))) = value.and_then(|value| Some((value, bounds.crossed(value)?))) else {
        return Some(measured);
    };
    let explanation = match spec.kind {
        RuleKind::Ratio => format!("a share of {} {time} is {side} {}", number(value), number(bound)),
        RuleKind::Threshold | RuleKind::Absence | RuleKind::Detector => {
            format!("{}{name} {time} is {side} {}", number(value), number(bound))
        }
    };
    Some(Measured { fires: true, bound: Some(bound), beyond, explanation, ..measured })
}

/// Returns a number as people write it: four digits after the point at most.
fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Returns true for a column of the last table that says of which group a row is.
fn is_key(query: &Query, name: &str) -> bool {
    group::last_stats(query).is_some_and(|stats| stats.keys.iter().any(|key| key.name == name))
}

/// Returns which column of a table has the number: the last one that is no key, no time and no level.
fn number_column(query: &Query, table: &Table) -> Option<usize> {
    table.columns.iter().rposition(|(name, kind)| *kind == ColumnKind::Value && !is_key(query, name))
}

/// Returns the value of a table furthest beyond its bounds, else its first one; and which row it is of. The last column
/// that is no key counts, and a row that has no number there has none; the keys, and the columns before it, name the row.
fn worst(query: &Query, table: &Table, bounds: Bounds) -> Found {
    let is_key = |name: &str| is_key(query, name);
    let Some(place) = number_column(query, table) else { return Found::of(None) };
    let value = |row: &Vec<Option<Value>>| row[place].as_ref()?.as_ref().as_f64().filter(|value| value.is_finite());
    let beyond = |value: f64| bounds.crossed(value).map_or(-1.0, |(_, _, beyond)| beyond);
    let rows = table.rows.iter().filter_map(|row| Some((row, value(row)?)));
    let found = rows.reduce(|one, other| if beyond(other.1) > beyond(one.1) { other } else { one });
    let Some((row, value)) = found else { return Found::of(None) };
    let named = row.iter().zip(&table.columns).enumerate().filter_map(|(at, (value, (name, kind)))| {
        if at == place || at > place && !is_key(name) {
            return None;
        }
        let text = match value.as_ref().map(Value::as_ref) {
            None if is_key(name) => "(none)".to_owned(),
            None => return None,
            Some(ValueRef::Text(text) | ValueRef::Json(text)) => {
                String::from_utf8_lossy(text).chars().take(80).collect()
            }
            Some(ValueRef::Int(nanos)) if *kind == ColumnKind::Time => {
                let time = Timestamp::from_nanos(nanos)?;
                time.to_rfc3339(TimeStyle::exact(nanos).digits)
            }
            Some(ValueRef::Int(number)) => number.to_string(),
            Some(ValueRef::Float(number)) => number.to_string(),
            Some(ValueRef::Bool(truth)) => truth.to_string(),
        };
        Some(format!("{name}={text}"))
    });
    let names = named.collect::<Vec<String>>().join(" ");
    let name = if names.is_empty() { String::new() } else { format!(" of {names}") };
    Found { value: Some(value), name, group: group::of_row(query, table, row) }
}

/// How many entries match, by stretches of time.
struct Counts {
    /// Beginning of each stretch that has entries, ascending, and how many.
    stretches: Vec<(i64, f64)>,
}

impl Counts {
    fn of(
        storage: &SqliteLogStorage,
        mut query: Query,
        from: i64,
        to: i64,
        step: i64,
        limits: Limits<'_>,
    ) -> Result<Counts, MeasureError> {
        let count = Aggregate { function: Function::Count, field: String::new(), name: "entries".to_owned() };
        let stretch = Key { field: "ts".to_owned(), bin: Bin::Time(TimeBin::new(step)), name: "stretch".to_owned() };
        query.pipes.push(Pipe::Stats(Stats { aggregates: vec![count], keys: vec![stretch] }));
        let table = table(storage, query, from, to, limits)?;
        let row = |row: &Vec<Option<Value>>| match (row[0].as_ref()?.as_ref(), row[1].as_ref()?.as_ref()) {
            (ValueRef::Int(stretch), count) => Some((stretch, count.as_f64()?)),
            _ => None,
        };
        let mut stretches: Vec<(i64, f64)> = table.rows.iter().filter_map(row).collect();
        stretches.sort_by_key(|(stretch, _)| *stretch);
        Ok(Counts { stretches })
    }

    fn between(&self, from: i64, to: i64) -> f64 {
        let start = self.stretches.partition_point(|(stretch, _)| *stretch < from);
        // A sum of none would be -0.0.
        self.stretches[start..].iter().take_while(|(stretch, _)| *stretch < to).fold(0.0, |sum, (_, count)| sum + count)
    }
}

/// Asks a query that makes a table about a stretch of time.
fn table(
    storage: &SqliteLogStorage,
    mut query: Query,
    from: i64,
    to: i64,
    limits: Limits<'_>,
) -> Result<Table, MeasureError> {
    query.filter = within(from, to, query.filter);
    let plan = Plan::new(&query, &Projection::none());
    let render = |_: &EntryBatch, _: &[u32]| Lines::default();
    let mut deliver = |_: Lines| Ok(());
    let execution = Execution::within(limits.budget.memory, &plan, &render, &mut deliver);
    run(storage, &plan, &execution, limits)?;
    Ok(execution.finish()?.table.unwrap_or_default())
}

/// Returns the table that a query makes of no entries: it has the columns of every other.
fn empty_table(query: &Query) -> Table {
    let plan = Plan::new(query, &Projection::none());
    let render = |_: &EntryBatch, _: &[u32]| Lines::default();
    let mut deliver = |_: Lines| Ok(());
    let outcome = Execution::new(&plan, &render, &mut deliver).finish();
    outcome.ok().and_then(|outcome| outcome.table).unwrap_or_default()
}

/// Returns the last lines that count in a window. Blocks.
pub fn examples(
    storage: &SqliteLogStorage,
    spec: &RuleSpec,
    window: &Measured,
    limits: Limits<'_>,
) -> Result<Vec<String>, MeasureError> {
    let filter = match read(spec, window.to)? {
        Question::Count(query) | Question::Table(query) => {
            // What stands before the first aggregate chooses entries.
            let chosen = query.pipes.into_iter().map_while(|pipe| match pipe {
                Pipe::Where(filter) => Some(filter),
                Pipe::Stats(_) | Pipe::Sort(_) | Pipe::Limit(_) | Pipe::Tail(_) | Pipe::Fields(_) => None,
            });
            Filter::And(std::iter::once(query.filter).chain(chosen).chain([window.group.clone()]).collect())
        }
        Question::Share(part, all) => Filter::And(vec![part, all]),
        Question::Detector(filter) => filter,
    };
    let filter = within(window.from.nanos(), window.to.nanos(), filter);
    let query = Query { filter, pipes: vec![Pipe::Tail(lines::MOST as u64)] };
    let plan = Plan::new(&query, &lines::projection());
    let mut found = Vec::new();
    let mut deliver = |lines: Lines| {
        found.extend(lines.0);
        Ok(())
    };
    let execution = Execution::within(limits.budget.memory, &plan, &lines::render, &mut deliver);
    run(storage, &plan, &execution, limits)?;
    execution.finish()?;
    Ok(found)
}

/// Runs a plan over all it asks for.
fn run(
    storage: &SqliteLogStorage,
    plan: &Plan,
    execution: &Execution<'_, Lines>,
    limits: Limits<'_>,
) -> Result<(), MeasureError> {
    let budgeted = Budgeted { execution, budget: limits.budget };
    storage.query(&plan.filter, &plan.projection, &Stopping { sink: &budgeted, limits })?;
    seen_all(limits)
}

/// Counts the entries from `from` to before `until`, beginnings of minutes both, into the counts that are kept since
/// `oldest`. Blocks.
pub fn count(
    storage: &SqliteLogStorage,
    filter: &Filter,
    (from, until): (Timestamp, Timestamp),
    oldest: Timestamp,
    rolling: &mut Rolling,
    limits: Limits<'_>,
) -> Result<(), MeasureError> {
    let filter = within(from.nanos(), until.nanos(), filter.clone());
    let collector = SeriesCollector::new(Some(Rolling::BIN));
    scan(storage, &filter, &SeriesCollector::projection(), &collector, limits)?;
    rolling.replace(from, until, &collector.finish(), oldest);
    Ok(())
}

/// Returns what the detectors find in the whole minutes from `from` to before `to`, with lines: what the rule would find
/// at that time if it looked back so far. Blocks.
pub fn findings(
    storage: &SqliteLogStorage,
    spec: &RuleSpec,
    from: Timestamp,
    to: Timestamp,
    limits: Limits<'_>,
) -> Result<Vec<Finding>, MeasureError> {
    let (from, until) = (Rolling::floor(from), Rolling::floor(to));
    let filter = detector_filter(spec, to)?;
    let mut rolling = Rolling::default();
    count(storage, &filter, (from, until), from, &mut rolling, limits)?;
    let (mut found, _) = rolling.findings(until, &options(spec)).unwrap_or_default();
    add_examples(storage, &filter, &mut found, limits)?;
    Ok(found)
}

/// Looks lines up that show findings. Blocks.
pub fn add_examples(
    storage: &SqliteLogStorage,
    filter: &Filter,
    findings: &mut [Finding],
    limits: Limits<'_>,
) -> Result<(), MeasureError> {
    if findings.is_empty() {
        return Ok(());
    }
    let collector = ExampleCollector::new(findings, lines::MOST);
    let filter = Filter::And(vec![collector.filter(), filter.clone()]);
    scan(storage, &filter, &ExampleCollector::projection(), &collector, limits)?;
    collector.finish(findings);
    Ok(())
}

/// Hands the entries that match to a sink. Blocks.
pub fn scan(
    storage: &SqliteLogStorage,
    filter: &Filter,
    wanted: &Projection,
    sink: &dyn BatchSink,
    limits: Limits<'_>,
) -> Result<(), MeasureError> {
    let mut projection = wanted.clone();
    filter_columns(filter, &mut projection);
    let chosen = Chosen { selector: Selector::new(filter), wanted, sink, limits };
    storage.query(filter, &projection, &Stopping { sink: &chosen, limits })?;
    seen_all(limits)
}

/// Lets only matching entries through, until the limits are spent.
struct Chosen<'a> {
    selector: Selector,
    wanted: &'a Projection,
    sink: &'a dyn BatchSink,
    limits: Limits<'a>,
}

impl BatchSink for Chosen<'_> {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<std::ops::ControlFlow<()>, ScanError> {
        if self.limits.budget.is_spent() {
            return Ok(std::ops::ControlFlow::Break(()));
        }
        let selection = self.selector.select(&Loader::new(batch))?;
        if selection.len() == batch.rows() {
            return self.sink.batch(sequence, batch);
        }
        self.sink.batch(sequence, &batch.gather(&selection.into_rows(), self.wanted)?)
    }
}

/// Returns a filter that asks for a stretch of time as well.
pub fn within(from: i64, to: i64, filter: Filter) -> Filter {
    let test = |comparison, nanos: i64| {
        let time = Timestamp::from_nanos(nanos);
        let text = time.map(|time| time.to_rfc3339(9)).unwrap_or_default();
        let operand = Operand { text, number: None, integer: None, time };
        Filter::Field { field: "ts".to_owned(), test: Test::Compare(comparison, operand) }
    };
    let mut parts = vec![test(Comparison::GreaterOrEqual, from), test(Comparison::Less, to)];
    if filter != Filter::All {
        parts.push(filter);
    }
    Filter::And(parts)
}
