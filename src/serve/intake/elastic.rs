//! Elasticsearch's bulk: pairs of lines, what to do and the document; and the answers its clients look for.
//!
//! A document is an entry. What is asked to be changed or deleted is answered by an error of its own, as a wrong
//! document is: one answer an item, in order. The name of the index becomes the field `_index`, a given id `_id`.

use std::borrow::Cow;
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::gather::{Gather, settings};
use super::{Arrival, Decoded, IntakeError};
use crate::entry::{FieldId, Span};
use crate::parse::formats::json::JsonParser;
use crate::parse::{Format, Zone};

/// The header without which clients refuse the server, and its value.
pub const PRODUCT: (&str, &str) = ("x-elastic-product", "Elasticsearch");

/// The version clients see: the last one whose shapes this is.
pub const VERSION: &str = "8.19.0";

/// Most bytes of an action line.
const MAX_ACTION: usize = 64 * 1024;
/// Most items of a request: what is answered of each takes more than a small item does. Clients send thousands.
const MAX_ITEMS: usize = 100_000;
/// Most bytes of an index's name and of a document's id, as Elasticsearch has them: both are in the answer.
const MAX_INDEX: usize = 255;
const MAX_ID: usize = 512;
/// Most characters of a reason in the answer.
const MAX_REASON: usize = 200;

/// A body that was read: its entries, and what to answer of each item.
#[derive(Debug)]
pub struct Bulk {
    /// The entries and rejects; `line` is that of the document, or of the action that has none.
    pub decoded: Decoded,
    /// The items, in order.
    pub items: Vec<Item>,
}

/// An item of a bulk request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What was asked.
    pub action: Action,
    /// Of which index.
    pub index: Arc<str>,
    /// Of which document.
    pub id: Option<Box<str>>,
    /// Why it was not done.
    pub error: Option<ItemError>,
}

/// Why an item was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemError {
    /// Elasticsearch's word for it.
    pub kind: &'static str,
    /// What is wrong.
    pub reason: Cow<'static, str>,
}

/// What can be asked of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Store a new document.
    Create,
    /// Store a document.
    Index,
    /// Change a document: entries do not change.
    Update,
    /// Delete a document: entries go with their time.
    Delete,
}

impl Action {
    /// Returns Elasticsearch's word.
    pub fn name(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Index => "index",
            Action::Update => "update",
            Action::Delete => "delete",
        }
    }

    fn from_name(name: &[u8]) -> Option<Action> {
        [Action::Create, Action::Index, Action::Update, Action::Delete]
            .into_iter()
            .find(|action| action.name().as_bytes() == name)
    }
}

/// What an action line says beside the action.
#[derive(Deserialize)]
struct Target {
    #[serde(rename = "_index")]
    index: Option<Box<str>>,
    #[serde(rename = "_id")]
    id: Option<Value>,
}

/// An action line that was read.
#[derive(Clone)]
struct Asked {
    action: Action,
    index: Arc<str>,
    id: Option<Box<str>>,
    /// The index's name in the scratch buffer.
    span: Span,
}

/// Reads the body of a bulk request; `default_index` is the index of the path.
///
/// # Errors
/// When an action line is none, or the request is too large.
pub fn bulk(body: Vec<u8>, default_index: Option<&str>, arrival: Arrival) -> Result<Bulk, IntakeError> {
    let mut gather = Gather::new(&arrival);
    let mut parser = JsonParser::new(&settings(&arrival, Zone::default()), &mut gather.builder);
    let format: Arc<str> = Format::Json.name().into();
    let names = Names {
        index: gather.builder.field(b"_index"),
        other_index: gather.builder.field(b"_index_"),
        id: gather.builder.field(b"_id"),
        other_id: gather.builder.field(b"_id_"),
    };
    let mut items: Vec<Item> = Vec::new();
    // Which line each item's document is: the items' own numbers are nowhere in the body.
    let mut document_lines: Vec<u64> = Vec::new();
    let mut lines = Lines { body: &body, at: 0, number: 0 };
    // Most requests say the same of every document.
    let mut last: Option<(&[u8], Asked)> = None;
    while let Some((start, end)) = lines.next() {
        let text = &body[start..end];
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let asked = match &last {
            Some((known, asked)) if *known == text => asked.clone(),
            _ => {
                let asked = ask(text, lines.number, default_index, &mut gather)?;
                last = Some((text, asked.clone()));
                asked
            }
        };
        if items.len() == MAX_ITEMS {
            let most = crate::entry::grouped(MAX_ITEMS as u64);
            let what =
                format!("more than {most} items in one request; nothing of it was stored, send it in smaller ones");
            return Err(IntakeError::TooLarge(what));
        }
        let mut item = Item { action: asked.action, index: asked.index, id: asked.id, error: None };
        if asked.action == Action::Delete {
            item.error = Some(unsupported(asked.action));
            gather.reject(lines.number, start, text, "elastic: entries are not deleted by id")?;
            document_lines.push(lines.number);
            items.push(item);
            continue;
        }
        let Some((start, end)) = lines.next() else {
            let number = lines.number;
            return Err(IntakeError::Wrong(format!("the action in line {number} has no document after it")));
        };
        let (text, number) = (&body[start..end], lines.number);
        if asked.action == Action::Update {
            item.error = Some(unsupported(asked.action));
            gather.reject(number, start, text, "elastic: entries are not changed")?;
        } else {
            match gather.parse_json(&mut parser, &body, start, end) {
                Ok(()) => {
                    names.add(&mut gather, asked.span, item.id.as_deref());
                    gather.push(&body, Span::chunk(start, end - start), (number, start), &format)?;
                }
                Err(reason) => gather.reject(number, start, text, reason)?,
            }
        }
        document_lines.push(number);
        items.push(item);
    }
    if items.is_empty() {
        return Err(IntakeError::wrong("request body is required"));
    }
    let count = lines.number;
    let decoded = gather.finish(body, count)?;
    for reject in &decoded.rejects {
        let Ok(place) = document_lines.binary_search(&reject.line) else { continue };
        let item = &mut items[place];
        let kind = "document_parsing_exception";
        item.error.get_or_insert_with(|| ItemError { kind, reason: short(&reject.reason) });
    }
    Ok(Bulk { decoded, items })
}

fn unsupported(action: Action) -> ItemError {
    let reason = match action {
        Action::Update => "[update] is not supported: entries are only added",
        Action::Delete => "[delete] is not supported: entries are only added",
        Action::Create | Action::Index => "it is not supported",
    };
    ItemError { kind: "illegal_argument_exception", reason: reason.into() }
}

/// Returns a reason that is no longer than an answer takes: some name what was sent.
fn short(reason: &str) -> Cow<'static, str> {
    match reason.char_indices().nth(MAX_REASON) {
        None => reason.to_owned().into(),
        Some((end, _)) => format!("{}…", &reason[..end]).into(),
    }
}

/// The fields that say where a document was meant to go. Other fields of these names in it get a trailing underscore.
struct Names {
    index: Option<FieldId>,
    other_index: Option<FieldId>,
    id: Option<FieldId>,
    other_id: Option<FieldId>,
}

impl Names {
    fn add(&self, gather: &mut Gather, index: Span, id: Option<&str>) {
        let pairs = [(self.index, self.other_index, true), (self.id, self.other_id, id.is_some())];
        for (own, other, _) in pairs.into_iter().filter(|(_, _, is_given)| *is_given) {
            for (field, _, _) in &mut gather.record.fields {
                if Some(*field) == own {
                    *field = other.unwrap_or(*field);
                }
            }
        }
        gather.record.text(self.index, index);
        if let Some(id) = id {
            gather.text(self.id, id.as_bytes());
        }
    }
}

/// Reads an action line.
fn ask(line: &[u8], number: u64, default_index: Option<&str>, gather: &mut Gather) -> Result<Asked, IntakeError> {
    let malformed = |what: &str| IntakeError::Wrong(format!("Malformed action/metadata line [{number}], {what}"));
    if line.len() > MAX_ACTION {
        return Err(malformed("longer than 64 KiB"));
    }
    let mut pieces =
        super::scan::Pieces::object(line, 0, "an action").map_err(|error| malformed(&error.to_string()))?;
    let member = pieces.member().map_err(|error| malformed(&error.to_string()))?;
    let member = member.ok_or_else(|| malformed("expected an action"))?;
    let action = Action::from_name(member.key).ok_or_else(|| {
        let found = String::from_utf8_lossy(&member.key[..member.key.len().min(40)]);
        malformed(&format!("expected one of [create, delete, index, update] but found [{found}]"))
    })?;
    let target: Target = serde_json::from_slice(&line[member.value]).map_err(|error| malformed(&error.to_string()))?;
    if pieces.member().map_err(|error| malformed(&error.to_string()))?.is_some() {
        return Err(malformed("expected one action, found more"));
    }
    let index: Arc<str> = match target.index.as_deref().or(default_index) {
        Some(index) if index.len() > MAX_INDEX => return Err(malformed("[_index] has more than 255 bytes")),
        Some(index) if !index.is_empty() => index.into(),
        _ => return Err(malformed("[_index] is missing: name it in the line or in the path")),
    };
    let id = match target.id {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if id.len() > MAX_ID => return Err(malformed("[_id] has more than 512 bytes")),
        Some(Value::String(id)) => Some(id.into()),
        Some(Value::Number(id)) => Some(id.to_string().into()),
        Some(_) => return Err(malformed("[_id] must be a text")),
    };
    let span = gather.builder.keep(index.as_bytes());
    Ok(Asked { action, index, id, span })
}

/// The lines of the body.
struct Lines<'a> {
    body: &'a [u8],
    at: usize,
    number: u64,
}

impl Lines<'_> {
    fn next(&mut self) -> Option<(usize, usize)> {
        if self.at >= self.body.len() {
            return None;
        }
        let start = self.at;
        let end = memchr::memchr(b'\n', &self.body[start..]).map_or(self.body.len(), |length| start + length);
        self.at = end + 1;
        self.number += 1;
        let has_return = end > start && self.body[end - 1] == b'\r';
        Some((start, end - usize::from(has_return)))
    }
}

/// The answer to a bulk request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BulkAnswer<'a> {
    /// Milliseconds.
    pub took: u64,
    /// True when an item was not done.
    pub errors: bool,
    /// One an item, in order: `{"create":{"_index","_id","status","error"}}`.
    #[schema(value_type = Vec<Object>)]
    pub items: &'a [Item],
}

/// What is answered of an item.
#[derive(Serialize)]
struct ItemAnswer<'a> {
    #[serde(rename = "_index")]
    index: &'a str,
    #[serde(rename = "_id")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'static str>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ItemErrorAnswer<'a>>,
}

/// What is answered of one that was not done.
#[derive(Serialize)]
struct ItemErrorAnswer<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    reason: &'a str,
}

/// As it is answered: written straight into the body, for there are many.
impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (result, status, error) = match &self.error {
            None => (Some("created"), 201, None),
            Some(ItemError { kind, reason }) => (None, 400, Some(ItemErrorAnswer { kind, reason })),
        };
        let said = ItemAnswer { index: &self.index, id: self.id.as_deref(), result, status, error };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.action.name(), &said)?;
        map.end()
    }
}

/// Returns the body of the answer to a bulk request whose accepted items were stored. It says of each item what the
/// item says itself, so that a request which is sent again is answered by itself and nothing need be kept.
pub fn answer(items: &[Item], took: std::time::Duration) -> Vec<u8> {
    let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let said = BulkAnswer { took, errors: items.iter().any(|item| item.error.is_some()), items };
    serde_json::to_vec(&said).expect("these members are plain data with texts as keys")
}

/// Returns an error of a whole request in Elasticsearch's shape.
pub fn error(status: u16, kind: &str, reason: &str) -> Value {
    let cause = json!({ "type": kind, "reason": reason });
    json!({ "error": { "root_cause": [cause], "type": kind, "reason": reason }, "status": status })
}

/// Returns Elasticsearch's word for an error of this status.
pub fn error_kind(status: u16) -> &'static str {
    match status {
        401 | 403 => "security_exception",
        404 => "resource_not_found_exception",
        413 => "content_too_long_exception",
        429 | 503 => "es_rejected_execution_exception",
        400..=499 => "illegal_argument_exception",
        _ => "exception",
    }
}

/// Returns what clients are told who ask what this server is and how it is set up before they send anything.
/// `path` is the path below that of the protocol; `None` for one nobody asks for.
pub fn probe(path: &str) -> Option<Value> {
    let path = path.trim_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    Some(match first {
        "" => json!({
            "name": "logan",
            "cluster_name": "logan",
            "cluster_uuid": "logan",
            "version": {
                "number": VERSION,
                "build_flavor": "default",
                "build_type": "docker",
                "build_hash": "0",
                "build_date": "2026-01-01T00:00:00Z",
                "build_snapshot": false,
                "lucene_version": "9.12.0",
                "minimum_wire_compatibility_version": "7.17.0",
                "minimum_index_compatibility_version": "7.0.0"
            },
            "tagline": "You Know, for Search"
        }),
        "_license" => json!({
            "license": {
                "uid": "logan", "type": "oss", "status": "active", "issued_to": "logan", "issuer": "logan",
                "expiry_date_in_millis": 4_000_000_000_000_u64
            }
        }),
        "_cluster" if path == "_cluster/health" => json!({
            "cluster_name": "logan", "status": "green", "timed_out": false, "number_of_nodes": 1,
            "number_of_data_nodes": 1, "active_primary_shards": 0, "active_shards": 0
        }),
        "_xpack" => {
            json!({ "build": {}, "license": { "uid": "logan", "type": "oss", "status": "active" }, "features": {} })
        }
        "_nodes" => {
            json!({ "_nodes": { "total": 1, "successful": 1, "failed": 0 }, "cluster_name": "logan", "nodes": {} })
        }
        "_ilm"
        | "_index_template"
        | "_component_template"
        | "_template"
        | "_ingest"
        | "_data_stream"
        | "_alias"
        | "_logstash"
        | "logstash"
        | "_security"
        | "_cluster" => json!({}),
        _ if first.starts_with("logstash") => json!({}),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::{LogEntry, Timestamp};
    use crate::serve::intake::TS_ASSUMED;

    fn now() -> Arrival {
        Arrival::at(Timestamp::from_nanos(1_795_000_000_000_000_000).unwrap())
    }

    fn entries(bulk: &Bulk) -> Vec<LogEntry> {
        bulk.decoded.batch.entries().map(|entry| entry.to_entry()).collect()
    }

    fn said(items: &[Item]) -> Value {
        serde_json::from_slice(&answer(items, std::time::Duration::from_millis(12))).unwrap()
    }

    fn text(entry: &LogEntry, name: &str) -> Option<String> {
        let value = entry.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)?;
        match value {
            crate::entry::Value::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        }
    }

    #[test]
    fn filebeat_and_the_python_client_send_like_this() {
        let body = concat!(
            r#"{"create":{"_index":"filebeat-8.9.0"}}"#,
            "\n",
            r#"{"@timestamp":"2026-11-22T10:00:00.000Z","message":"hi","log":{"level":"error"},"host":{"name":"a"}}"#,
            "\n",
            r#"{"index":{"_index":"logs","_id":7}}"#,
            "\n",
            r#"{"timestamp":1795341600,"_index":"mine","msg":"x"}"#,
            "\n",
            r#"{"index":{}}"#,
            "\r\n",
            r#"{"n":1}"#,
            "\r\n",
        );
        let bulk = bulk(body.into(), Some("from-path"), now()).unwrap();
        let entries = entries(&bulk);
        let indexes: Vec<_> = entries.iter().map(|entry| text(entry, "_index").unwrap()).collect();
        assert_eq!(indexes, ["filebeat-8.9.0", "logs", "from-path"]);
        assert_eq!(entries[0].ts.unwrap().to_rfc3339(0), "2026-11-22T10:00:00Z");
        assert_eq!(entries[0].ts, entries[1].ts);
        assert_eq!(entries[0].level, Some(crate::entry::LogLevel::Error));
        assert_eq!((text(&entries[1], "_id"), text(&entries[1], "_index_")), (Some("7".into()), Some("mine".into())));
        assert!(entries[2].fields.iter().any(|(name, _)| name == TS_ASSUMED));
        let answer = said(&bulk.items);
        assert_eq!((&answer["took"], &answer["errors"]), (&json!(12), &json!(false)));
        assert_eq!(answer["items"][0]["create"]["status"], 201);
        assert_eq!(answer["items"][1]["index"], json!({"_index":"logs","_id":"7","result":"created","status":201}));
    }

    #[test]
    fn each_item_has_its_own_answer() {
        let many: Vec<_> = (0..300).map(|number| format!("\"f{number}\":1")).collect();
        let body = format!(
            "{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            r#"{"create":{"_index":"a"}}"#,
            r#"{"ok":1"#,
            r#"{"delete":{"_index":"a","_id":"1"}}"#,
            r#"{"update":{"_index":"a","_id":"1"}}"#,
            r#"{"doc":{}}"#,
            r#"{"create":{"_index":"a"}}"#,
            format_args!("{{{}}}", many.join(",")),
            r#"{"create":{"_index":"a"}}"#,
            r#"{"ok":2}"#,
        );
        let bulk = bulk(body.into(), None, now()).unwrap();
        assert_eq!((bulk.decoded.batch.rows, bulk.decoded.rejects.len()), (1, 4));
        let lines: Vec<u64> = bulk.decoded.rejects.iter().map(|reject| reject.line).collect();
        assert_eq!(lines, [2, 3, 5, 7], "of the documents, and of the action that has none");
        let answer = said(&bulk.items);
        assert_eq!(answer["errors"], true);
        let items: Vec<_> = answer["items"].as_array().unwrap().iter().map(|item| item.as_object().unwrap()).collect();
        let kinds: Vec<_> = items.iter().map(|item| item.keys().next().unwrap().as_str()).collect();
        assert_eq!(kinds, ["create", "delete", "update", "create", "create"]);
        let statuses: Vec<_> = items.iter().map(|item| item.values().next().unwrap()["status"].clone()).collect();
        assert_eq!(statuses, [400, 400, 400, 400, 201]);
        assert!(items[0]["create"]["error"]["reason"].as_str().unwrap().contains("line ends inside"));
        assert!(items[3]["create"]["error"]["reason"].as_str().unwrap().contains("more than 256"));
    }

    #[test]
    fn an_answer_is_bounded_by_its_items_and_there_are_only_so_many() {
        let tiny = "{\"index\":{}}\n{}\n";
        let most = bulk(tiny.repeat(MAX_ITEMS).into(), Some("logs"), now()).unwrap();
        assert!(answer(&most.items, std::time::Duration::ZERO).len() < 80 * MAX_ITEMS);
        let error = bulk(tiny.repeat(MAX_ITEMS + 1).into(), Some("logs"), now()).unwrap_err();
        assert!(matches!(&error, IntakeError::TooLarge(text) if text.contains("smaller")), "{error}");
        let long = "x".repeat(MAX_INDEX + 1);
        assert!(bulk(tiny.into(), Some(&long), now()).unwrap_err().to_string().contains("[_index]"));
        let id = format!("{{\"index\":{{\"_index\":\"a\",\"_id\":\"{}\"}}}}\n{{}}\n", "x".repeat(MAX_ID + 1));
        assert!(bulk(id.into(), None, now()).unwrap_err().to_string().contains("[_id]"));
        assert_eq!(short(&"é".repeat(1000)).chars().count(), MAX_REASON + 1);
    }

    #[test]
    fn a_wrong_action_line_fails_the_request() {
        for (body, expected) in [
            ("", "request body is required"),
            ("{\"a\":1}\n{}\n", "[1], expected one of [create, delete, index, update] but found [a]"),
            ("{\"create\":{}}\n{}\n", "[_index] is missing"),
            ("nothing\n", "Malformed action/metadata line [1]"),
            ("{\"create\":{\"_index\":\"a\"}}\n", "has no document"),
            ("{\"create\":{\"_index\":\"a\"},\"index\":{}}\n{}\n", "found more"),
        ] {
            let error = bulk(body.into(), None, now()).unwrap_err();
            assert!(error.to_string().contains(expected), "{body}: {error}");
        }
    }

    #[test]
    fn probes_are_answered() {
        assert_eq!(probe("/").unwrap()["version"]["number"], VERSION);
        assert_eq!(probe("_license").unwrap()["license"]["status"], "active");
        for path in [
            "/_ilm/policy/logs",
            "/_index_template/x",
            "/_ingest/pipeline",
            "/_nodes/http",
            "/_cluster/health",
            "/_xpack",
            "/logstash-x",
        ] {
            assert!(probe(path).is_some(), "{path}");
        }
        assert_eq!(probe("/secret/_search"), None);
        assert_eq!(error(413, error_kind(413), "too large")["error"]["type"], "content_too_long_exception");
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = bulk(bytes.clone(), Some("x"), now());
            let _ = bulk([b"{\"index\":{}}\n", bytes.as_slice()].concat(), Some("x"), now());
        }

        #[test]
        fn there_is_an_answer_for_each_item(documents in proptest::collection::vec("(\\{\"a\":1\\})|[a{\" ]{0,4}", 1..20)) {
            let body: String = documents.iter().map(|text| format!("{{\"create\":{{\"_index\":\"i\"}}}}\n{text}\n")).collect();
            let bulk = bulk(body.into(), None, now()).unwrap();
            prop_assert_eq!(bulk.items.len(), documents.len());
            let stored = bulk.items.iter().filter(|item| item.error.is_none()).count();
            prop_assert_eq!(stored, bulk.decoded.batch.rows);
        }
    }
}
