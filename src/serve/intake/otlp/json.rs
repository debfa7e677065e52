//! The request as JSON: protobuf's mapping with OpenTelemetry's exceptions (ids in hexadecimal). Whole numbers are
//! texts or numbers, enums numbers or names, bytes base 64; fields nobody knows are passed over.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, Unexpected, Visitor};

use super::messages::{AnyValue, ArrayValue, InstrumentationScope, KeyValueList, LogRecord, Resource, any_value};
use super::record::Sink;
use crate::serve::intake::scan::{self, Pieces, members};
use crate::serve::intake::{Arrival, Decoded, IntakeError};
use crate::serve::json::explain;

/// Reads a request.
///
/// # Errors
/// When it is none, or too large.
pub fn decode(body: &[u8], arrival: Arrival) -> Result<Decoded, IntakeError> {
    let mut sink = Sink::new(&arrival);
    let [resource_logs] = members(body, 0, "the request", ["resourceLogs"])?;
    scan::expect_end(body, scan::skip_value(body, scan::skip_blanks(body, 0))?)?;
    let Some(resource_logs) = resource_logs else { return sink.finish() };
    let mut resource_logs = Pieces::array(body, resource_logs.start, "resourceLogs")?;
    while let Some(one) = resource_logs.element()? {
        let [resource, scope_logs] = members(body, one.start, "of resourceLogs", ["resource", "scopeLogs"])?;
        let resource: Resource = small(resource.map(|range| &body[range]), "resource", arrival.limits.line)?;
        sink.resource(&resource)?;
        let Some(scope_logs) = scope_logs else { continue };
        let mut scope_logs = Pieces::array(body, scope_logs.start, "scopeLogs")?;
        while let Some(one) = scope_logs.element()? {
            let [scope, records] = members(body, one.start, "of scopeLogs", ["scope", "logRecords"])?;
            let scope: InstrumentationScope = small(scope.map(|range| &body[range]), "scope", arrival.limits.line)?;
            sink.scope(&scope)?;
            let Some(records) = records else { continue };
            let mut records = Pieces::array(body, records.start, "logRecords")?;
            while let Some(record) = records.element()? {
                take(&mut sink, &body[record])?;
            }
        }
    }
    sink.finish()
}

/// Reads an object that stands once beside many records.
fn small<T: DeserializeOwned + Default>(json: Option<&[u8]>, what: &str, most: usize) -> Result<T, IntakeError> {
    let Some(json) = json else { return Ok(T::default()) };
    if json.len() > most {
        return Err(IntakeError::Wrong(format!("{what}: more than {most} bytes")));
    }
    serde_json::from_slice(json).map_err(|_| IntakeError::Wrong(format!("{what}: {}", explain::<T>(json))))
}

fn take(sink: &mut Sink, record: &[u8]) -> Result<(), IntakeError> {
    if record.len() > sink.limits().line {
        let reason = sink.limits().too_long();
        return sink.reject(record, reason);
    }
    match serde_json::from_slice::<LogRecord>(record) {
        Ok(decoded) => sink.record(&decoded, record),
        Err(_) => sink.reject(record, format!("otlp: {}", explain::<LogRecord>(record))),
    }
}

/// A whole number, written as one or as a text; null is 0.
pub fn whole<'de, D: Deserializer<'de>, N: TryFrom<i128> + Default>(deserializer: D) -> Result<N, D::Error> {
    let number = deserializer.deserialize_any(Whole)?;
    N::try_from(number).map_err(|_| D::Error::custom(format!("the number {number} is out of range")))
}

struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, as a number or a text")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i128, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i128, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<i128, E> {
        // 1.0 and 1e9 are whole as well.
        if number.fract() == 0.0 && number.abs() < 1e19 {
            return Ok(number as i128);
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i128, E> {
        text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<i128, E> {
        Ok(0)
    }
}

/// A severity: its number, or its name `SEVERITY_NUMBER_…`.
pub fn severity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(i32),
        Name(String),
        Null(()),
    }
    let none = |_| D::Error::custom("a severity's number or name is expected");
    match Written::deserialize(deserializer).map_err(none)? {
        Written::Number(number) => Ok(number),
        Written::Null(()) => Ok(0),
        Written::Name(name) => name
            .parse()
            .ok()
            .or_else(|| severity_of_name(&name))
            .ok_or_else(|| D::Error::custom(format!("{name:?} is no severity number"))),
    }
}

/// `SEVERITY_NUMBER_ERROR3` is 19.
fn severity_of_name(name: &str) -> Option<i32> {
    let name = name.strip_prefix("SEVERITY_NUMBER_")?;
    if name == "UNSPECIFIED" {
        return Some(0);
    }
    let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let step = match &name[word.len()..] {
        "" => 1,
        digit => digit.parse().ok().filter(|step| (2..=4).contains(step))?,
    };
    let place = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].iter().position(|known| *known == word)?;
    Some(place as i32 * 4 + step)
}

/// Bytes in hexadecimal.
pub fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    match digits {
        Some(digits) if digits.len().is_multiple_of(2) => {
            Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
        }
        _ => Err(D::Error::custom("an id must be in hexadecimal")),
    }
}

/// A value of JSON's spelling: the first of these that is there.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Written {
    string_value: Option<String>,
    bool_value: Option<bool>,
    int_value: Option<WholeText>,
    double_value: Option<Double>,
    array_value: Option<ArrayValue>,
    kvlist_value: Option<KeyValueList>,
    bytes_value: Option<Base64>,
}

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AnyValue, D::Error> {
        use any_value::Value;
        let written = Written::deserialize(deserializer)?;
        let value = written.string_value.map(Value::String);
        let value = value.or_else(|| written.bool_value.map(Value::Bool));
        let value = value.or_else(|| written.int_value.map(|WholeText(number)| Value::Int(number)));
        let value = value.or_else(|| written.double_value.map(|Double(number)| Value::Double(number)));
        let value = value.or_else(|| written.array_value.map(Value::Array));
        let value = value.or_else(|| written.kvlist_value.map(Value::Kvlist));
        let value = value.or_else(|| written.bytes_value.map(|Base64(bytes)| Value::Bytes(bytes)));
        Ok(AnyValue { value })
    }
}

struct WholeText(i64);

impl<'de> Deserialize<'de> for WholeText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WholeText, D::Error> {
        whole(deserializer).map(WholeText)
    }
}

/// A number, or one of the texts `NaN`, `Infinity`, `-Infinity`, or a number as text.
struct Double(f64);

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Double, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Text(String),
        }
        let none = |_| D::Error::custom("a number is expected, as a number or a text");
        match Written::deserialize(deserializer).map_err(none)? {
            Written::Number(number) => Ok(Double(number)),
            Written::Text(text) => match text.parse() {
                Ok(number) => Ok(Double(number)),
                Err(_) => Err(D::Error::custom(format!("{text:?} is no number"))),
            },
        }
    }
}

struct Base64(Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Base64, D::Error> {
        // Both alphabets and padding or none, as protobuf's mapping asks readers to take.
        let text = String::deserialize(deserializer)?.replace('-', "+").replace('_', "/");
        let bytes = STANDARD.decode(&text).or_else(|_| STANDARD_NO_PAD.decode(&text));
        bytes.map(Base64).map_err(|_| D::Error::custom("bytes must be in base 64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_have_names() {
        for (name, expected) in [
            ("SEVERITY_NUMBER_UNSPECIFIED", Some(0)),
            ("SEVERITY_NUMBER_TRACE", Some(1)),
            ("SEVERITY_NUMBER_INFO2", Some(10)),
            ("SEVERITY_NUMBER_FATAL4", Some(24)),
            ("SEVERITY_NUMBER_FATAL5", None),
            ("SEVERITY_NUMBER_LOUD", None),
            ("INFO", None),
        ] {
            assert_eq!(severity_of_name(name), expected, "{name}");
        }
    }
}
