//! A question asked of a server: the same words, the same answers.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ClientError, Connection, rebuilt};
use crate::entry::{BatchBuilder, EntryBatch, Projection};
use crate::query::Table;
use crate::query::ast::ColumnKind;

/// How long an answer may take as a whole. The server has limits of its own; this one is for a server that is gone
/// without a word while it answers.
const LONGEST: Duration = Duration::from_secs(3600);
/// Entries of a batch.
const BATCH_ROWS: usize = 4096;
/// Bytes of a batch, about.
const BATCH_BYTES: usize = 1 << 20;

/// A question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// In the query language.
    pub query: String,
    /// Entries from this time on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Entries until this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The zone of times that name none.
    pub tz: String,
    /// What to tell of where entries came from.
    pub with: Vec<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    asked: &'a Asked,
    format: &'static str,
}

/// What a server says of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Entries or rows that came.
    pub rows: u64,
    /// Entries that matched, where it says so.
    pub matched: Option<u64>,
    /// Entries it looked at, where it says so.
    pub looked_at: Option<u64>,
    /// The limit that cut the answer.
    pub cut_by: Option<String>,
    /// True when some numbers are estimates.
    pub estimated: bool,
    /// Fields the question names that no entry has.
    pub missing_fields: Vec<String>,
}

#[derive(Deserialize)]
struct TableAnswer {
    rows: Vec<Box<RawValue>>,
    columns: Vec<ColumnAnswer>,
    stats: Stats,
    estimated: bool,
    missing_fields: Vec<String>,
    truncated: bool,
    truncated_by: Option<String>,
}

#[derive(Deserialize)]
struct ColumnAnswer {
    name: String,
    kind: KindAnswer,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum KindAnswer {
    Value,
    Time,
    Level,
}

#[derive(Deserialize)]
struct Stats {
    looked_at: u64,
    matched: u64,
}

/// The last line of an answer that was cut.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CutLine {
    truncated: CutBy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CutBy {
    by: String,
}

/// Asks for entries, which come in batches while the server finds them.
///
/// # Errors
/// When the server refuses, cannot be reached, or breaks off; what `take` says.
pub fn entries(
    connection: &Connection,
    asked: &Asked,
    take: &mut dyn FnMut(EntryBatch) -> std::io::Result<()>,
) -> Result<Answered, ClientError> {
    let request = connection.request(Method::POST, "/api/v1/query", LONGEST)?;
    let response = connection.send(request.json(&Body { asked, format: "ndjson" }))?;
    let url = connection.address().as_str();
    let mut lines = BufReader::with_capacity(256 * 1024, response);
    let mut answered = Answered::default();
    let mut builder = BatchBuilder::new(&Projection::all());
    let (mut line, mut bytes) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = lines.read_until(b'\n', &mut line);
        read.map_err(|source| ClientError::BrokenOff { url: url.to_owned(), source })?;
        if line.is_empty() {
            break;
        }
        if answered.cut_by.is_some() {
            return Err(connection.strange("an answer that was cut goes on"));
        }
        if let Some(by) = cut(&line) {
            answered.cut_by = Some(by);
            continue;
        }
        let entry = rebuilt::entry(&line).map_err(|error| connection.strange(&error))?;
        builder.push_owned(&entry);
        bytes += line.len();
        answered.rows += 1;
        if builder.rows() >= BATCH_ROWS || bytes >= BATCH_BYTES {
            take(builder.finish(Vec::new())).map_err(ClientError::Output)?;
            bytes = 0;
        }
    }
    if builder.rows() > 0 {
        take(builder.finish(Vec::new())).map_err(ClientError::Output)?;
    }
    Ok(answered)
}

/// Returns which limit cut the answer, when this line says so. No entry looks like it: nested objects are flattened.
fn cut(line: &[u8]) -> Option<String> {
    let cut: CutLine = line.starts_with(b"{\"truncated\":{").then(|| serde_json::from_slice(line).ok())??;
    Some(cut.truncated.by)
}

/// Asks for a table.
///
/// # Errors
/// When the server refuses or cannot be reached, or answers with something else.
pub fn table(connection: &Connection, asked: &Asked) -> Result<(Table, Answered), ClientError> {
    let request = connection.request(Method::POST, "/api/v1/query", LONGEST)?;
    let answer: TableAnswer = connection.read(request.json(&Body { asked, format: "json" }))?;
    let kind = |column: ColumnAnswer| {
        let kind = match column.kind {
            KindAnswer::Value => ColumnKind::Value,
            KindAnswer::Time => ColumnKind::Time,
            KindAnswer::Level => ColumnKind::Level,
        };
        (column.name, kind)
    };
    let columns = answer.columns.into_iter().map(kind).collect();
    let table = rebuilt::table(columns, &answer.rows).map_err(|error| connection.strange(&error))?;
    let by = answer.truncated_by.unwrap_or_else(|| "a limit".to_owned());
    let answered = Answered {
        rows: table.rows.len() as u64,
        matched: Some(answer.stats.matched),
        looked_at: Some(answer.stats.looked_at),
        cut_by: answer.truncated.then_some(by),
        estimated: answer.estimated,
        missing_fields: answer.missing_fields,
    };
    Ok((table, answered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_of_a_cut_is_one() {
        assert_eq!(cut(b"{\"truncated\":{\"by\":\"rows\"}}\n").as_deref(), Some("rows"));
        for line in [
            "{\"truncated\":true}",
            "{\"message\":\"truncated\"}",
            "{\"truncated\":{}}",
            "{\"truncated\":{\"by\":\"x\"},\"a\":1}",
        ] {
            assert_eq!(cut(line.as_bytes()), None, "{line}");
        }
    }
}
