//! Entries and tables from the JSON a server answers with: what `output` wrote there, read back.
//!
//! Not the parser of `parse`: that one reads any log and finds out what its keys mean; here every key means one thing,
//! and a value is what it was written from. Numbers are read exactly and arrays keep their text, so what is written again
//! is what a store of one's own would have given. Lost is only what JSON cannot hold: text that is not UTF-8.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::entry::{LogEntry, LogLevel, Position, TimeStyle, Timestamp, Value, Zone};
use crate::query::Table;
use crate::query::ast::ColumnKind;
use crate::query::literal::{self, Clock};

/// The members of an object in their order, their values as text.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members<'de>, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(name), value)) = map.next_entry::<Key<'de>, &RawValue>()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// A name, borrowed where it stands without escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads an entry from the JSON `logan query -o json` prints for it.
///
/// # Errors
/// When it is no such object.
pub fn entry(line: &[u8]) -> Result<LogEntry, String> {
    let Members(members) = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let mut entry = LogEntry::default();
    let mut position = Position::default();
    for (name, raw) in members {
        let value = value(raw)?.ok_or_else(|| format!("{name} is null"))?;
        match name.as_ref() {
            "ts" => {
                let (ts, style) = time(&text(&name, value)?)?;
                (entry.ts, entry.style) = (Some(ts), style);
            }
            "level" => entry.level = Some(level(&text(&name, value)?)?),
            "message" => entry.message = Some(text(&name, value)?.into_bytes().into()),
            "raw" => entry.raw = Some(text(&name, value)?.into_bytes().into()),
            "source" => entry.source = Some(text(&name, value)?),
            "format" => entry.format = Some(text(&name, value)?),
            "line" => {
                position.line = number(&name, &value)?;
                entry.position = Some(position);
            }
            "offset" => {
                position.offset = number(&name, &value)?;
                entry.position = Some(position);
            }
            _ => entry.fields.push((name.into_owned(), value)),
        }
    }
    Ok(entry)
}

/// Reads the rows of a table.
///
/// # Errors
/// When they do not have these columns.
pub fn table(columns: Vec<(String, ColumnKind)>, rows: &[Box<RawValue>]) -> Result<Table, String> {
    let row = |raw: &RawValue| {
        let Members(members) = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
        if members.len() != columns.len() {
            return Err(format!("a row of {} values in a table of {} columns", members.len(), columns.len()));
        }
        let cell = |((name, raw), (column, kind)): ((Cow<'_, str>, &RawValue), &(String, ColumnKind))| {
            if name != column.as_str() {
                return Err(format!("a value called {name} in the column {column}"));
            }
            match (kind, value(raw)?) {
                (ColumnKind::Time, Some(Value::Text(text))) => {
                    let (ts, _) = time(&String::from_utf8_lossy(&text))?;
                    Ok(Some(Value::Int(ts.nanos())))
                }
                (ColumnKind::Time | ColumnKind::Value | ColumnKind::Level, value) => Ok(value),
            }
        };
        members.into_iter().zip(&columns).map(cell).collect()
    };
    let rows = rows.iter().map(|raw| row(raw)).collect::<Result<_, String>>()?;
    Ok(Table { columns, rows })
}

/// Reads a value; null is none.
fn value(raw: &RawValue) -> Result<Option<Value>, String> {
    let json = raw.get();
    Ok(Some(match json.as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(json).map_err(|error| error.to_string())?;
            Value::from(text.as_str())
        }
        Some(b'n') => return Ok(None),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'[' | b'{') => Value::Json(json.as_bytes().into()),
        _ => match json.parse() {
            Ok(integer) => Value::Int(integer),
            Err(_) => Value::Float(json.parse().map_err(|_| format!("{json} is no number"))?),
        },
    }))
}

fn text(name: &str, value: Value) -> Result<String, String> {
    match value {
        Value::Text(text) => String::from_utf8(text.into()).map_err(|error| error.to_string()),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Json(_) => Err(format!("{name} is no text")),
    }
}

fn number(name: &str, value: &Value) -> Result<u64, String> {
    let Value::Int(number) = value else { return Err(format!("{name} is no number")) };
    u64::try_from(*number).map_err(|error| format!("{name}: {error}"))
}

fn level(name: &str) -> Result<LogLevel, String> {
    LogLevel::ALL.into_iter().find(|level| level.name() == name).ok_or_else(|| format!("no level is called {name}"))
}

/// Reads RFC 3339, and with how many digits of the second it was written.
fn time(text: &str) -> Result<(Timestamp, TimeStyle), String> {
    let utc = Clock { now: Timestamp::from_seconds(0, 0).expect("1970 is in range"), zone: Zone::Fixed(0) };
    let span = literal::time(text, &utc).ok_or_else(|| format!("{text} is no time"))?;
    let digits = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    Ok((span.start, TimeStyle { digits: digits.min(9) as u8, offset_minutes: 0 }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::{BatchBuilder, Projection};
    use crate::output::{EntryWriter, Options, OutputFormat, Rows};

    const ORIGINS: [&str; 5] = ["source", "line", "offset", "format", "raw"];

    fn written(entry: &LogEntry) -> String {
        let mut builder = BatchBuilder::new(&Projection::all());
        builder.push_owned(entry);
        let batch = builder.finish(Vec::new());
        let mut options = Options::new(OutputFormat::Json);
        options.with = ORIGINS.map(str::to_owned).to_vec();
        let mut out = Vec::new();
        EntryWriter::new(options).write(&batch, Rows::All(1), &mut out, None);
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn an_entry_comes_back_as_it_was_written() {
        for line in [
            r#"{"ts":"2026-11-22T10:00:00.120Z","level":"error","message":"a \"b\"\n\u0000","status":500,"source":"http","line":7,"offset":0,"format":"json","raw":"{}"}"#,
            r#"{"ts":"1677-09-22T00:00:00Z","message":"","deep.key":[1, {"a":"\u00e9"}],"empty":{},"ts_":"x"}"#,
            r#"{"duration":0.1,"big":9223372036854775807,"small":-9223372036854775808,"huge":1e300,"truth":true}"#,
            r#"{"message":"no time","x":5e-324,"y":123456789.12345679,"z":-0.0}"#,
        ] {
            let entry = entry(line.as_bytes()).expect(line);
            let again = super::entry(written(&entry).as_bytes()).expect("it reads itself");
            assert_eq!(again.fields.len(), entry.fields.len(), "{line}");
            assert_eq!(written(&again), written(&entry), "{line}");
            assert_eq!((again.ts, again.style, again.level), (entry.ts, entry.style, entry.level), "{line}");
        }
    }

    #[test]
    fn what_is_no_entry_is_none() {
        for line in
            ["", "[]", "{", "{\"ts\":5}", "{\"ts\":\"soon\"}", "{\"level\":\"loud\"}", "{\"a\":null}", "{\"line\":-1}"]
        {
            assert!(entry(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn a_table_has_its_columns() {
        let rows = [r#"{"ts":"2026-11-22T10:00:00Z","n":1,"x":null}"#, r#"{"ts":null,"n":0.5,"x":[1]}"#];
        let rows = rows.map(|row| RawValue::from_string(row.to_owned()).expect("JSON"));
        let columns = [("ts", ColumnKind::Time), ("n", ColumnKind::Value), ("x", ColumnKind::Value)];
        let columns = columns.map(|(name, kind)| (name.to_owned(), kind)).to_vec();
        let table = table(columns.clone(), &rows).expect("a table");
        assert_eq!(table.rows[0], [Some(Value::Int(1_795_341_600_000_000_000)), Some(Value::Int(1)), None]);
        assert_eq!(table.rows[1], [None, Some(Value::Float(0.5)), Some(Value::Json(b"[1]"[..].into()))]);
        assert!(super::table(columns[..2].to_vec(), &rows).is_err());
    }

    proptest! {
        #[test]
        fn any_values_are_written_again_the_same(
            nanos in any::<i64>(), digits in prop::sample::select(vec![0_u8, 3, 6, 9]), message in "\\PC{0,30}",
            integer in any::<i64>(), float in any::<f64>(), text in any::<String>(),
        ) {
            let first = LogEntry {
                ts: Timestamp::from_nanos(nanos),
                style: TimeStyle { digits, offset_minutes: 0 },
                message: Some(message.into_bytes().into()),
                fields: vec![
                    ("f".to_owned(), Value::Float(float)),
                    ("i".to_owned(), Value::Int(integer)),
                    ("t".to_owned(), Value::from(text.as_str())),
                ],
                ..LogEntry::default()
            };
            let line = written(&first);
            prop_assert_eq!(written(&entry(line.as_bytes()).expect("it is read")), line);
        }
    }
}
