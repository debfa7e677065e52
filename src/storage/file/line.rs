//! One entry as one line of JSON.

use serde::{Deserialize, Serialize};

use crate::entry::{LogEntry, LogLevel, Position, TimeStyle, Timestamp, Value};

/// Bytes that are mostly UTF-8; others are written as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Text {
    Utf8(String),
    Other { hex: String },
}

/// A value with its kind. Floats are text: JSON has no infinity, and not every reader rounds alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kinded {
    Text(Text),
    Int(i64),
    Float(String),
    Bool(bool),
    Json(Text),
}

/// An entry as the file holds it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ts: Option<i64>,
    /// Digits of the second and minutes east of UTC.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    style: Option<(u8, i16)>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    level: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    message: Option<Text>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    fields: Vec<(String, Kinded)>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    raw: Option<Text>,
    /// Line number and byte offset.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    position: Option<(u64, u64)>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    source: Option<String>,
    /// On the last line of a batch: how many lines it has. Lines that no such line follows were never stored.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub batch: Option<u64>,
}

impl Text {
    fn of(bytes: &[u8]) -> Text {
        match std::str::from_utf8(bytes) {
            Ok(text) => Text::Utf8(text.to_owned()),
            Err(_) => Text::Other { hex: bytes.iter().map(|byte| format!("{byte:02x}")).collect() },
        }
    }

    fn bytes(self) -> Result<Box<[u8]>, String> {
        let hex = match self {
            Text::Utf8(text) => return Ok(text.into_bytes().into()),
            Text::Other { hex } => hex,
        };
        let byte = |pair: &[u8]| {
            let digits = std::str::from_utf8(pair).ok().filter(|digits| digits.len() == 2)?;
            u8::from_str_radix(digits, 16).ok()
        };
        hex.as_bytes().chunks(2).map(byte).collect::<Option<_>>().ok_or_else(|| "bad hexadecimal digits".to_owned())
    }
}

impl Kinded {
    fn of(value: &Value) -> Kinded {
        match value {
            Value::Text(text) => Kinded::Text(Text::of(text)),
            Value::Int(number) => Kinded::Int(*number),
            Value::Float(number) => Kinded::Float(number.to_string()),
            Value::Bool(truth) => Kinded::Bool(*truth),
            Value::Json(text) => Kinded::Json(Text::of(text)),
        }
    }

    fn value(self) -> Result<Value, String> {
        Ok(match self {
            Kinded::Text(text) => Value::Text(text.bytes()?),
            Kinded::Int(number) => Value::Int(number),
            Kinded::Float(text) => Value::Float(text.parse().map_err(|_| format!("bad float {text:?}"))?),
            Kinded::Bool(truth) => Value::Bool(truth),
            Kinded::Json(text) => Value::Json(text.bytes()?),
        })
    }
}

impl Line {
    /// Returns the line of an entry.
    pub fn of(entry: &LogEntry) -> Line {
        Line {
            ts: entry.ts.map(Timestamp::nanos),
            style: (entry.style != TimeStyle::default()).then_some((entry.style.digits, entry.style.offset_minutes)),
            level: entry.level.map(|level| level as u8),
            message: entry.message.as_deref().map(Text::of),
            fields: entry.fields.iter().map(|(name, value)| (name.clone(), Kinded::of(value))).collect(),
            raw: entry.raw.as_deref().map(Text::of),
            position: entry.position.map(|position| (position.line, position.offset)),
            format: entry.format.clone(),
            source: entry.source.clone(),
            batch: None,
        }
    }

    /// Returns the entry of the line, or what is wrong with it.
    pub fn entry(self) -> Result<LogEntry, String> {
        let (digits, offset_minutes) = self.style.unwrap_or_default();
        let level = match self.level {
            Some(number) => Some(LogLevel::from_u8(number).ok_or_else(|| format!("unknown level {number}"))?),
            None => None,
        };
        Ok(LogEntry {
            ts: self.ts.and_then(Timestamp::from_nanos),
            style: TimeStyle { digits, offset_minutes },
            level,
            message: self.message.map(Text::bytes).transpose()?,
            fields: self
                .fields
                .into_iter()
                .map(|(name, value)| Ok((name, value.value()?)))
                .collect::<Result<_, String>>()?,
            raw: self.raw.map(Text::bytes).transpose()?,
            position: self.position.map(|(line, offset)| Position { line, offset }),
            format: self.format,
            source: self.source,
        })
    }
}
