//! A record becomes an entry.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::messages::{AnyValue, InstrumentationScope, KeyValue, LogRecord, Resource, any_value::Value};
use crate::entry::{BatchBuilder, FieldId, Kind, LogLevel, NO_TIME, RejectReason, Span, TimeStyle};
use crate::serve::intake::gather::Gather;
use crate::serve::intake::{Arrival, Decoded, IntakeError, Limits};

/// How deep values may lie in each other and still become fields of their own; deeper ones are kept as JSON.
const MAX_DEPTH: usize = 64;

/// Keys of a structured body that hold its text.
const MESSAGE_KEYS: [&str; 4] = ["message", "msg", "body", "log"];

/// A field of an entry.
type Own = (FieldId, Kind, u64);

/// Records of one request.
#[derive(Debug)]
pub struct Sink {
    gather: Gather,
    format: Arc<str>,
    resource: Vec<Named>,
    scope: Vec<Named>,
    /// Of the texts of both.
    beside_bytes: usize,
    /// All bodies, one after the other.
    text: Vec<u8>,
    count: u64,
}

/// A field that stands beside many records.
#[derive(Debug)]
struct Named {
    name: String,
    own: Own,
    /// The name's number with a trailing underscore, once a record has needed it.
    other: Option<FieldId>,
}

impl Sink {
    /// Returns what records and entries may have.
    pub fn limits(&self) -> &Limits {
        self.gather.limits()
    }

    /// Begins a request.
    pub fn new(arrival: &Arrival) -> Sink {
        let (resource, scope) = (Vec::new(), Vec::new());
        Sink {
            gather: Gather::new(arrival),
            format: "otlp".into(),
            resource,
            scope,
            beside_bytes: 0,
            text: Vec::new(),
            count: 0,
        }
    }

    /// Begins the records of a resource.
    pub fn resource(&mut self, resource: &Resource) -> Result<(), IntakeError> {
        self.resource = named(&resource.attributes, &mut self.gather, "resource")?;
        self.scope = Vec::new();
        self.beside_bytes = bytes(&self.resource);
        Ok(())
    }

    /// Begins the records of a library.
    pub fn scope(&mut self, scope: &InstrumentationScope) -> Result<(), IntakeError> {
        self.scope = named(&scope.attributes, &mut self.gather, "scope")?;
        let builder = &mut self.gather.builder;
        for (name, text) in [("otel.scope.name", &scope.name), ("otel.scope.version", &scope.version)] {
            if !text.is_empty()
                && let Some(field) = builder.field(name.as_bytes())
            {
                let span = builder.keep(text.as_bytes());
                self.scope.push(Named { name: name.to_owned(), own: (field, Kind::Text, span.pack()), other: None });
            }
        }
        self.beside_bytes = bytes(&self.resource) + bytes(&self.scope);
        Ok(())
    }

    /// Takes a record; `bytes` is how it was sent.
    pub fn record(&mut self, record: &LogRecord, bytes: &[u8]) -> Result<(), IntakeError> {
        self.count += 1;
        let values = record
            .attributes
            .iter()
            .filter_map(value_of)
            .chain(record.body.iter().filter_map(|body| body.value.as_ref()));
        let most = self.limits().depth;
        if values.into_iter().any(|value| is_deeper(value, most)) {
            let reason = self.limits().too_deep();
            return self.gather.reject(self.count, self.text.len(), bytes, reason);
        }
        let mark = self.gather.builder.scratch().len();
        self.gather.record.clear();
        let start = self.text.len();
        self.fill(record);
        let count = self.gather.record.fields.len();
        if count > self.limits().fields {
            // Counted again with equal names as one when the batch is done; here it bounds the work.
            self.gather.builder.scratch().truncate(mark);
            self.text.truncate(start);
            let reason = self.limits().too_many_fields(count);
            return self.gather.reject(self.count, start, bytes, reason);
        }
        self.gather.count_beside(self.beside_bytes);
        let raw = Span::chunk(start, self.text.len() - start);
        self.gather.push(&self.text, raw, (self.count, start), &self.format)
    }

    fn fill(&mut self, from: &LogRecord) {
        let most_name = self.limits().field_name;
        let Gather { builder, record, .. } = &mut self.gather;
        let time = [from.time_unix_nano, from.observed_time_unix_nano].into_iter().find(|nanos| *nanos != 0);
        record.ts = time.and_then(|nanos| i64::try_from(nanos).ok()).unwrap_or(NO_TIME);
        record.style = TimeStyle::exact(record.ts);
        record.level = LogLevel::from_word(from.severity_text.trim().as_bytes(), false);
        let mut fields = Fields { builder, found: &mut record.fields, names: None, most_name };
        if record.level.is_none() {
            record.level = level_of_number(from.severity_number);
            fields.text("severity_text", &from.severity_text);
        }
        let start = self.text.len();
        if let Some(body) = from.body.as_ref().and_then(|body| body.value.as_ref()) {
            match body {
                Value::String(text) => self.text.extend_from_slice(text.as_bytes()),
                other => self.text.extend_from_slice(to_json(other).to_string().as_bytes()),
            }
            let whole = Span::chunk(start, self.text.len() - start);
            record.message = Some(whole);
            if let Value::Kvlist(list) = body {
                let is_text = |pair: &&KeyValue| matches!(value_of(pair), Some(Value::String(_)));
                let said = MESSAGE_KEYS
                    .iter()
                    .find_map(|key| list.values.iter().filter(is_text).find(|pair| pair.key == *key));
                record.message = said.and_then(value_of).map(|said| match said {
                    Value::String(text) => fields.builder.keep(text.as_bytes()),
                    _ => whole,
                });
                let rest = list.values.iter().filter(|pair| said.is_none_or(|said| !std::ptr::eq(said, *pair)));
                rest.for_each(|pair| fields.pair("", pair, 0));
            }
        }
        from.attributes.iter().for_each(|pair| fields.pair("", pair, 0));
        if from.trace_id.iter().any(|byte| *byte != 0) {
            fields.text("trace_id", &hex(&from.trace_id));
        }
        if from.span_id.iter().any(|byte| *byte != 0) {
            fields.text("span_id", &hex(&from.span_id));
        }
        fields.text("event_name", &from.event_name);
        if from.flags & 0xff != 0 {
            fields.value("trace_flags", &Value::Int(i64::from(from.flags & 0xff)), 0);
        }
        // What is nearer to the record keeps its name.
        for beside in [&mut self.scope, &mut self.resource] {
            let own = fields.found.len();
            for named in beside.iter_mut() {
                let (mut field, kind, payload) = named.own;
                if fields.found[..own].iter().any(|(known, _, _)| *known == field) {
                    let builder = &mut *fields.builder;
                    let name = &named.name;
                    let other = named.other.or_else(|| builder.field(format!("{name}_").as_bytes()));
                    named.other = other;
                    field = other.unwrap_or(field);
                }
                fields.found.push((field, kind, payload));
            }
        }
    }

    /// Takes note of a record that is not accepted.
    pub fn reject(&mut self, bytes: &[u8], reason: impl Into<RejectReason>) -> Result<(), IntakeError> {
        self.count += 1;
        self.gather.reject(self.count, self.text.len(), bytes, reason)
    }

    /// Ends the request.
    pub fn finish(self) -> Result<Decoded, IntakeError> {
        self.gather.finish(self.text, self.count)
    }
}

/// Returns the attributes as fields.
fn named(attributes: &[KeyValue], gather: &mut Gather, what: &str) -> Result<Vec<Named>, IntakeError> {
    let Limits { fields: most, field_name: most_name, .. } = *gather.limits();
    let builder = &mut gather.builder;
    let (mut found, mut names) = (Vec::new(), Vec::new());
    let mut fields = Fields { builder, found: &mut found, names: Some(&mut names), most_name };
    attributes.iter().for_each(|pair| fields.pair("", pair, 0));
    if found.len() > most {
        return Err(IntakeError::Wrong(format!("{what}: {} attributes, more than {most}", found.len())));
    }
    Ok(found.into_iter().zip(names).map(|(own, name)| Named { name, own, other: None }).collect())
}

/// Returns how many bytes the texts of fields have.
fn bytes(fields: &[Named]) -> usize {
    let length = |Named { own: (_, kind, payload), .. }: &Named| {
        if kind.is_text() { Span::unpack(*payload).len as usize } else { 0 }
    };
    fields.iter().map(length).sum()
}

fn value_of(pair: &KeyValue) -> Option<&Value> {
    pair.value.as_ref()?.value.as_ref()
}

/// Returns true when values lie in each other more than `most` deep.
fn is_deeper(value: &Value, most: usize) -> bool {
    let is_deeper = |value: &Value| most == 0 || is_deeper(value, most - 1);
    match value {
        Value::Array(array) => array.values.iter().filter_map(|any| any.value.as_ref()).any(is_deeper),
        Value::Kvlist(list) => list.values.iter().filter_map(value_of).any(is_deeper),
        Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Bytes(_) => false,
    }
}

/// Where values become fields.
struct Fields<'a> {
    builder: &'a mut BatchBuilder,
    found: &'a mut Vec<Own>,
    /// The name of each, where it will be needed again.
    names: Option<&'a mut Vec<String>>,
    /// Names that are longer already are not made longer.
    most_name: usize,
}

impl Fields<'_> {
    /// Adds a text, unless it is empty.
    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.add(name, Kind::Text, |builder| builder.keep(text.as_bytes()).pack());
        }
    }

    fn add(&mut self, name: &str, kind: Kind, payload: impl FnOnce(&mut BatchBuilder) -> u64) {
        if let Some(field) = self.builder.field(name.as_bytes()) {
            let payload = payload(self.builder);
            self.found.push((field, kind, payload));
            if let Some(names) = &mut self.names {
                names.push(name.to_owned());
            }
        }
    }

    fn pair(&mut self, prefix: &str, pair: &KeyValue, depth: usize) {
        let Some(value) = value_of(pair) else { return };
        if prefix.is_empty() {
            self.value(&pair.key, value, depth);
        } else {
            self.value(&format!("{prefix}.{}", pair.key), value, depth);
        }
    }

    fn value(&mut self, name: &str, value: &Value, depth: usize) {
        match value {
            Value::String(text) => self.add(name, Kind::Text, |builder| builder.keep(text.as_bytes()).pack()),
            Value::Bool(truth) => self.add(name, Kind::Bool, |_| u64::from(*truth)),
            Value::Int(number) => self.add(name, Kind::Int, |_| *number as u64),
            Value::Double(number) if number.is_finite() => self.add(name, Kind::Float, |_| number.to_bits()),
            Value::Double(number) => self.text(name, &number.to_string()),
            Value::Bytes(bytes) => {
                self.add(name, Kind::Text, |builder| builder.keep(STANDARD.encode(bytes).as_bytes()).pack());
            }
            Value::Kvlist(list) if !list.values.is_empty() && depth < MAX_DEPTH && name.len() <= self.most_name => {
                list.values.iter().for_each(|pair| self.pair(name, pair, depth + 1));
            }
            Value::Kvlist(_) | Value::Array(_) => {
                let text = to_json(value).to_string();
                self.add(name, Kind::Json, |builder| builder.keep(text.as_bytes()).pack());
            }
        }
    }
}

/// Returns a value as JSON; its depth was bounded when it was read.
fn to_json(value: &Value) -> serde_json::Value {
    let of = |any: Option<&AnyValue>| {
        let value = any.and_then(|any| any.value.as_ref());
        value.map_or(serde_json::Value::Null, to_json)
    };
    match value {
        Value::String(text) => json!(text),
        Value::Bool(truth) => json!(truth),
        Value::Int(number) => json!(number),
        Value::Double(number) if number.is_finite() => json!(number),
        Value::Double(number) => json!(number.to_string()),
        Value::Bytes(bytes) => json!(STANDARD.encode(bytes)),
        Value::Array(array) => array.values.iter().map(|value| of(Some(value))).collect(),
        Value::Kvlist(list) => list
            .values
            .iter()
            .map(|pair| (pair.key.clone(), of(pair.value.as_ref())))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// Returns the highest level whose number in OpenTelemetry's table is not above this one.
fn level_of_number(number: i32) -> Option<LogLevel> {
    LogLevel::ALL.into_iter().rfind(|level| (i32::from(level.otel_severity())..=24).contains(&number))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
