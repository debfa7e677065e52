//! Loki's push as JSON: `{"streams":[{"stream":{…},"values":[["<nanoseconds>","line",{…}]]}]}`, and the older
//! `{"streams":[{"labels":"{…}","entries":[{"ts":"<RFC 3339>","line":"…"}]}]}`.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::labels;
use super::sink::Sink;
use crate::entry::NO_TIME;
use crate::parse::{TimeParser, Zone};
use crate::serve::intake::gather::settings;
use crate::serve::intake::scan::{self, Pieces, members};
use crate::serve::intake::{Arrival, Decoded, IntakeError};

/// Reads a request.
///
/// # Errors
/// When it is no push request, a timestamp is no text of nanoseconds, or it is too large.
pub fn decode(body: &[u8], arrival: Arrival) -> Result<Decoded, IntakeError> {
    let mut sink = Sink::new(&arrival);
    let mut times = TimeParser::new(&settings(&arrival, Zone::default()));
    let [streams] = members(body, 0, "the push request", ["streams"])?;
    scan::expect_end(body, scan::skip_value(body, scan::skip_blanks(body, 0))?)?;
    let Some(streams) = streams else { return sink.finish() };
    let mut streams = Pieces::array(body, streams.start, "streams")?;
    while let Some(stream) = streams.element()? {
        let names = ["stream", "values", "labels", "entries"];
        let [stream, values, labels, entries] = members(body, stream.start, "a stream", names)?;
        let labels = match (stream, labels) {
            (Some(stream), _) => pairs(&body[stream], "stream")?,
            (None, Some(labels)) => {
                let labels = labels::parse(&String::from_utf8_lossy(&text(&body[labels], "labels")?))
                    .map_err(|error| IntakeError::wrong(error.to_string()))?;
                labels.into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
            }
            (None, None) => Vec::new(),
        };
        sink.stream(&labels)?;
        if let Some(values) = values {
            let mut values = Pieces::array(body, values.start, "values")?;
            while let Some(value) = values.element()? {
                take_value(&mut sink, body, value)?;
            }
        }
        if let Some(entries) = entries {
            let mut entries = Pieces::array(body, entries.start, "entries")?;
            while let Some(entry) = entries.element()? {
                let [ts, line] = members(body, entry.start, "an entry", ["ts", "line"])?;
                let ts = ts.map(|ts| text(&body[ts], "ts")).transpose()?.unwrap_or_default();
                let nanos = match times.exact(&ts) {
                    Some((nanos, _)) => nanos,
                    None if ts.is_empty() => NO_TIME,
                    None => return Err(wrong_time(&ts)),
                };
                let line = line.map(|line| text(&body[line], "line")).transpose()?.unwrap_or_default();
                sink.line(nanos, &line, &[])?;
            }
        }
    }
    sink.finish()
}

/// Takes `["<nanoseconds>","line"]`, with or without metadata.
fn take_value(sink: &mut Sink, body: &[u8], value: Range<usize>) -> Result<(), IntakeError> {
    let mut parts = Pieces::array(body, value.start, "a value: [time, line]")?;
    let (Some(time), Some(line)) = (parts.element()?, parts.element()?) else {
        return Err(IntakeError::wrong("values: expected [time, line] or [time, line, metadata]"));
    };
    let metadata = parts.element()?.map(|metadata| pairs(&body[metadata], "structured metadata")).transpose()?;
    if parts.element()?.is_some() {
        return Err(IntakeError::wrong("values: expected [time, line] or [time, line, metadata], found more"));
    }
    let time = &body[time];
    if time.first() != Some(&b'"') {
        let found = String::from_utf8_lossy(&time[..time.len().min(40)]);
        let what = format!(
            "values: the timestamp must be a text of nanoseconds, such as \"1795341600000000000\", not {found}"
        );
        return Err(IntakeError::Wrong(what));
    }
    let time = text(time, "the timestamp")?;
    let digits = std::str::from_utf8(&time).ok().and_then(|digits| digits.trim().parse::<i64>().ok());
    let nanos = match digits.ok_or_else(|| wrong_time(&time))? {
        0 => NO_TIME,
        nanos => nanos,
    };
    sink.line(nanos, &text(&body[line], "the line")?, &metadata.unwrap_or_default())
}

fn wrong_time(found: &[u8]) -> IntakeError {
    let found = String::from_utf8_lossy(&found[..found.len().min(40)]);
    IntakeError::Wrong(format!("{found:?} is no timestamp of Loki's: a text of nanoseconds since 1970 is expected"))
}

/// Returns the bytes of a JSON string.
fn text<'a>(json: &'a [u8], what: &str) -> Result<Cow<'a, [u8]>, IntakeError> {
    if let [b'"', inside @ .., b'"'] = json
        && inside.iter().all(|byte| *byte != b'\\' && *byte >= b' ')
    {
        return Ok(Cow::Borrowed(inside));
    }
    let Text(text) = serde_json::from_slice(json).map_err(|_| IntakeError::Wrong(format!("{what} must be a text")))?;
    Ok(Cow::Owned(text))
}

/// Returns the members of an object of texts; numbers and truths count as their text.
fn pairs(json: &[u8], what: &str) -> Result<Vec<(String, Vec<u8>)>, IntakeError> {
    let mut found = Vec::new();
    let mut pieces = Pieces::object(json, 0, what)?;
    while let Some(member) = pieces.member()? {
        let name = [b"\"", member.key, b"\""].concat();
        let name = String::from_utf8_lossy(&text(&name, what)?).into_owned();
        let value = &json[member.value];
        match value.first() {
            Some(b'"') => found.push((name, text(value, what)?.into_owned())),
            Some(b'{' | b'[') => {
                return Err(IntakeError::Wrong(format!("{what}: the value of {name:?} must be a text")));
            }
            _ => found.push((name, value.to_vec())),
        }
    }
    Ok(found)
}

/// A JSON string that may hold what is not Unicode, such as half a surrogate pair.
struct Text(Vec<u8>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Text, E> {
                Ok(Text(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
