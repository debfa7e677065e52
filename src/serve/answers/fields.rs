//! Which fields there are, and which values they have.

use serde::Serialize;

use super::budget::{Budget, Budgeted, Cut};
use super::parameters::Parameters;
use super::selection;
use crate::entry::{EntryBatch, Timestamp};
use crate::query::ast::{Aggregate, Bin, Function, Key, Pipe, Query, SortKey, Stats};
use crate::query::exec::{Execution, Rendered};
use crate::query::{Filter, Plan, Table, Test, TextTest, time_range};
use crate::serve::error::ApiError;
use crate::serve::org::OrgStore;
use crate::storage::{self, LogStorage, StorageError};

/// All fields.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldsAnswer {
    /// The fields, in the order entries show them.
    pub fields: Vec<Field>,
    /// Entries of that time.
    pub entries: u64,
    /// True when a limit was reached: counts are of what was looked at.
    pub truncated: bool,
    /// Which.
    pub truncated_by: Option<Cut>,
}

/// A field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Field {
    /// Its name.
    #[schema(example = "status")]
    pub name: String,
    /// What its values are.
    pub kind: FieldKind,
    /// Entries that have it.
    pub count: u64,
    /// Its least number, of the blocks that were asked.
    pub minimum: Option<f64>,
    /// Its greatest number, of the blocks that were asked.
    pub maximum: Option<f64>,
}

/// What the values of a field are.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// Numbers only.
    Number,
    /// No numbers.
    Text,
    /// Both.
    Mixed,
}

/// The values of a field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ValuesAnswer {
    /// The most frequent values, most frequent first.
    pub values: Vec<FieldValue>,
    /// True when a limit was reached: counts are of what was looked at.
    pub truncated: bool,
    /// Which.
    pub truncated_by: Option<Cut>,
}

/// A value of a field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldValue {
    /// The value.
    pub value: serde_json::Value,
    /// Entries that have it.
    pub count: u64,
}

/// Which fields are asked for.
#[derive(Debug)]
pub struct FieldsAsked {
    filter: Filter,
}

/// Which values of a field are asked for.
#[derive(Debug)]
pub struct ValuesAsked {
    query: Query,
}

impl FieldsAsked {
    /// Reads the parameters.
    ///
    /// # Errors
    /// 400 when something is wrong with them.
    pub fn read(pairs: Vec<(String, String)>, now: Timestamp) -> Result<FieldsAsked, ApiError> {
        let mut parameters = Parameters::new(pairs);
        let clock = selection::clock(&mut parameters, now)?;
        let filter = selection::time_range(&mut parameters, &clock)?;
        parameters.end()?;
        Ok(FieldsAsked { filter })
    }

    /// Returns the fields.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn run(&self, store: &OrgStore, budget: &Budget) -> Result<FieldsAnswer, ApiError> {
        let between = time_range(&self.filter).unwrap_or((i64::MIN + 1, i64::MAX));
        let found = store.reader().fields_between(between, &|| !budget.is_spent())?;
        let finite = |number: f64| number.is_finite().then_some(number);
        let field = |field: storage::FieldSummary| Field {
            name: field.name.to_string(),
            kind: match field.kind {
                storage::FieldKind::Number => FieldKind::Number,
                storage::FieldKind::Text => FieldKind::Text,
                storage::FieldKind::Mixed => FieldKind::Mixed,
            },
            count: field.entries,
            minimum: field.numbers.and_then(|(least, _)| finite(least)),
            maximum: field.numbers.and_then(|(_, most)| finite(most)),
        };
        Ok(FieldsAnswer {
            fields: found.fields.into_iter().map(field).collect(),
            entries: found.entries,
            truncated: budget.reason().is_some(),
            truncated_by: budget.reason(),
        })
    }
}

impl ValuesAsked {
    /// Reads the parameters.
    ///
    /// # Errors
    /// 400 when something is wrong with them.
    pub fn read(
        field: &str,
        pairs: Vec<(String, String)>,
        now: Timestamp,
        own: impl FnOnce() -> Result<Vec<String>, ApiError>,
    ) -> Result<ValuesAsked, ApiError> {
        let mut parameters = Parameters::new(pairs);
        let clock = selection::clock(&mut parameters, now)?;
        let limit = parameters.number("limit", 1..=1000)?.unwrap_or(10);
        let range = selection::time_range(&mut parameters, &clock)?;
        let prefix = parameters.take("prefix")?;
        let filter = selection::filter(&mut parameters, &clock)?;
        let by_fields = selection::by_fields(&mut parameters, own)?;
        parameters.end()?;
        let of_field = |test| Filter::Field { field: field.to_owned(), test };
        let mut parts = vec![range, filter, by_fields, of_field(Test::Exists)];
        if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
            selection::check_length(&prefix)?;
            let pattern = regex::bytes::Regex::new(&format!("^{}", regex::escape(&prefix)));
            let pattern = pattern.map_err(|error| super::parameters::wrong("prefix", error))?;
            parts.push(of_field(Test::Text(TextTest::Regex(pattern))));
        }
        let keys = vec![Key { field: field.to_owned(), bin: Bin::Exact, name: "value".to_owned() }];
        let count = Aggregate { function: Function::Count, field: String::new(), name: "count".to_owned() };
        let sorted = |field: &str, descending| SortKey { field: field.to_owned(), descending };
        let pipes = vec![
            Pipe::Stats(Stats { aggregates: vec![count], keys }),
            Pipe::Sort(vec![sorted("count", true), sorted("value", false)]),
            Pipe::Limit(limit),
        ];
        Ok(ValuesAsked { query: Query { filter: Filter::all_of(parts), pipes } })
    }

    /// Returns the values.
    ///
    /// # Errors
    /// When the store cannot be read or there are too many values for the memory of a question.
    pub fn run(&self, store: &OrgStore, budget: &Budget) -> Result<ValuesAnswer, ApiError> {
        let table = table(&self.query, store, budget)?;
        let values = table.rows.iter().filter_map(|row| {
            let [Some(value), Some(count)] = row.as_slice() else { return None };
            Some(FieldValue { value: json_value(value), count: count_of(count) })
        });
        Ok(ValuesAnswer {
            values: values.collect(),
            truncated: budget.reason().is_some(),
            truncated_by: budget.reason(),
        })
    }
}

/// Runs a query whose answer is a table.
///
/// # Errors
/// When the store cannot be read or the question needs too much memory.
pub fn table(query: &Query, store: &OrgStore, budget: &Budget) -> Result<Table, ApiError> {
    let plan = Plan::new(query, &crate::entry::Projection::none());
    let render = |_: &EntryBatch, _: &[u32]| Rendered::default();
    let mut deliver = |_: Rendered| Ok(());
    let execution = Execution::within(budget.memory, &plan, &render, &mut deliver);
    store.reader().query(&plan.filter, &plan.projection, &Budgeted { execution: &execution, budget })?;
    let outcome = execution.finish().map_err(StorageError::from)?;
    outcome.table.ok_or_else(|| ApiError::internal(&"a query with stats made no table"))
}

/// Returns the number in a cell of counts.
pub fn count_of(value: &crate::entry::Value) -> u64 {
    match value {
        crate::entry::Value::Int(count) => u64::try_from(*count).unwrap_or(0),
        _ => 0,
    }
}

/// Returns a value as entries show it in JSON.
fn json_value(value: &crate::entry::Value) -> serde_json::Value {
    use crate::entry::Value;
    let text = |text: &[u8]| serde_json::Value::from(String::from_utf8_lossy(text).into_owned());
    match value {
        Value::Text(bytes) => text(bytes),
        Value::Int(number) => (*number).into(),
        Value::Float(number) if number.is_finite() => (*number).into(),
        Value::Float(number) => number.to_string().into(),
        Value::Bool(truth) => (*truth).into(),
        Value::Json(bytes) => serde_json::from_slice(bytes).unwrap_or_else(|_| text(bytes)),
    }
}
