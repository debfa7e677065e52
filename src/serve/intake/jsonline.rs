//! VictoriaLogs' JSON lines: an object a line, with arguments that say which fields hold what.
//!
//! Without arguments a line is read as everywhere. `_stream_fields` is taken and not needed: entries are found by any
//! field alike.

use std::sync::Arc;

use super::gather::{Gather, settings};
use super::line::Beside;
use super::{Arrival, Decoded, IntakeError};
use crate::entry::{FieldId, Kind, NO_TIME, Span, Timestamp};
use crate::parse::formats::json::JsonParser;
use crate::parse::{Format, TimeParser, Zone};

/// Most fields that are added to every entry.
const MAX_EXTRA: usize = 256;

/// The arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Fields that may hold the message; the first that is there and not empty does (`_msg_field`).
    pub message_fields: Vec<String>,
    /// Fields that may hold the time, likewise (`_time_field`).
    pub time_fields: Vec<String>,
    /// Fields that are not kept; `prefix*` for many (`ignore_fields`).
    pub ignored: Vec<String>,
    /// Fields added to every entry (`extra_fields`).
    pub extra: Vec<(String, String)>,
    /// Read, but do not store (`debug`).
    pub is_debug: bool,
}

impl Options {
    /// Reads the arguments: those of the query go before the headers.
    ///
    /// # Errors
    /// When one is not as it should be.
    pub fn read(
        argument: impl Fn(&str) -> Option<String>,
        header: impl Fn(&str) -> Option<String>,
    ) -> Result<Options, IntakeError> {
        let of = |name: &str, header_name: &str| {
            argument(name).filter(|text| !text.is_empty()).or_else(|| header(header_name)).unwrap_or_default()
        };
        let list = |text: String| -> Vec<String> {
            text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
        };
        let pair = |text: &String| match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(IntakeError::Wrong(format!("extra_fields: expected name=value, found {text:?}"))),
        };
        let extra = list(of("extra_fields", "vl-extra-fields"));
        if extra.len() > MAX_EXTRA {
            return Err(IntakeError::Wrong(format!("extra_fields: more than {MAX_EXTRA}")));
        }
        Ok(Options {
            message_fields: list(of("_msg_field", "vl-msg-field")),
            time_fields: list(of("_time_field", "vl-time-field")),
            ignored: list(of("ignore_fields", "vl-ignore-fields")),
            extra: extra.iter().map(pair).collect::<Result<_, _>>()?,
            is_debug: matches!(of("debug", "vl-debug").as_str(), "1" | "true"),
        })
    }

    fn ignores(&self, name: &str) -> bool {
        self.ignored.iter().any(|ignored| match ignored.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == ignored,
        })
    }
}

/// Reads a body. When fields are ignored the exact text of the lines, which has them, is not kept either.
///
/// # Errors
/// When the request is too large.
pub fn decode(body: Vec<u8>, options: &Options, arrival: Arrival) -> Result<Decoded, IntakeError> {
    let mut gather = Gather::new(arrival);
    let settings = settings(arrival, Zone::default());
    let mut parser = JsonParser::new(&settings, &mut gather.builder);
    let mut times = TimeParser::new(&settings);
    let format: Arc<str> = Format::Json.name().into();
    let extra: Vec<_> = options.extra.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
    let mut extra = Beside::of(&extra, &mut gather);
    let mut ids = |names: &[String]| -> Vec<FieldId> {
        names.iter().filter_map(|name| gather.builder.field(name.as_bytes())).collect()
    };
    let (message_ids, time_ids) = (ids(&options.message_fields), ids(&options.time_fields));
    let (other_message, other_time) = (gather.builder.field(b"message"), gather.builder.field(b"ts"));
    let (mut lines, mut start) = (0, 0);
    while start < body.len() {
        let next = memchr::memchr(b'\n', &body[start..]).map_or(body.len(), |length| start + length);
        let end = if next > start && body[next - 1] == b'\r' { next - 1 } else { next };
        lines += 1;
        match gather.parse_json(&mut parser, &body, start, end) {
            Ok(()) => {
                if let Some(nanos) = take_time(&mut gather, &time_ids, &body, &mut times) {
                    let old = std::mem::replace(&mut gather.record.ts, nanos);
                    if let Some(old) = Timestamp::from_nanos(old).filter(|_| old != NO_TIME) {
                        gather.text(other_time, old.to_rfc3339(9).as_bytes());
                    }
                }
                if let Some(span) = take_text(&mut gather, &message_ids) {
                    let old = gather.record.message.replace(span);
                    if let Some(old) = old {
                        gather.record.text(other_message, old);
                    }
                }
                extra.add_to(&mut gather);
                gather.push(Span::chunk(start, end - start), lines, start, &format)?;
            }
            Err(_) if body[start..end].iter().all(u8::is_ascii_whitespace) => {}
            Err(reason) => gather.reject(lines, start, &body[start..end], reason)?,
        }
        start = next + 1;
    }
    let mut decoded = gather.finish(body, lines)?;
    if !options.ignored.is_empty() {
        decoded.batch.fields.retain(|(name, _)| !options.ignores(name));
        decoded.batch.raw.fill(Span::default());
    }
    Ok(decoded)
}

/// Takes the first of the fields that is a time out of the record.
fn take_time(gather: &mut Gather, ids: &[FieldId], body: &[u8], times: &mut TimeParser) -> Option<i64> {
    for id in ids {
        let Some(index) = gather.record.fields.iter().position(|(field, _, _)| field == id) else { continue };
        let (_, kind, payload) = gather.record.fields[index];
        let found = match kind {
            Kind::Text => {
                let text = crate::entry::TextRef { chunk: body, scratch: gather.builder.scratch() };
                times.exact(text.get(Span::unpack(payload)))
            }
            Kind::Int => times.exact((payload as i64).to_string().as_bytes()),
            Kind::Float => TimeParser::epoch(f64::from_bits(payload)),
            Kind::Bool | Kind::Json => None,
        };
        if let Some((nanos, style)) = found.filter(|(nanos, _)| *nanos != NO_TIME) {
            gather.record.fields.remove(index);
            gather.record.style = style;
            return Some(nanos);
        }
    }
    None
}

/// Takes the first of the fields that is a text, and not empty, out of the record.
fn take_text(gather: &mut Gather, ids: &[FieldId]) -> Option<Span> {
    let fields = &mut gather.record.fields;
    let is_text = |(_, kind, payload): &(FieldId, Kind, u64)| {
        let span = Span::unpack(*payload);
        *kind == Kind::Text && span.end() > span.start()
    };
    let index = ids.iter().find_map(|id| fields.iter().position(|found| found.0 == *id && is_text(found)))?;
    Some(Span::unpack(fields.remove(index).2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{LogEntry, Value};
    use crate::serve::intake::TS_ASSUMED;

    fn options(query: &[(&str, &str)], headers: &[(&str, &str)]) -> Result<Options, IntakeError> {
        let find = |pairs: &[(&str, &str)], name: &str| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Options::read(|name| find(query, name), |name| find(headers, name))
    }

    fn read(body: &str, query: &[(&str, &str)]) -> Vec<LogEntry> {
        let now = Arrival::at(Timestamp::from_nanos(1_795_000_000_000_000_000).unwrap());
        let decoded = decode(body.into(), &options(query, &[]).unwrap(), now).unwrap();
        decoded.batch.entries().map(|entry| entry.to_entry()).collect()
    }

    fn text(entry: &LogEntry, name: &str) -> Option<String> {
        let value = entry.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)?;
        match value {
            Value::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        }
    }

    #[test]
    fn named_fields_become_time_and_message() {
        let body =
            r#"{"log":{"text":"hello"},"message":"other","date":"2026-11-22T10:00:00Z","ts":"2020-01-01T00:00:00Z"}"#;
        let query = [("_msg_field", "nothing, log.text"), ("_time_field", "date"), ("_stream_fields", "host")];
        let [entry] = read(body, &query).try_into().unwrap();
        assert_eq!(entry.message.as_deref(), Some(&b"hello"[..]));
        assert_eq!(text(&entry, "message_").as_deref(), Some("other"));
        assert_eq!(entry.ts.unwrap().to_rfc3339(0), "2026-11-22T10:00:00Z");
        assert_eq!(text(&entry, "ts_").as_deref(), Some("2020-01-01T00:00:00.000000000Z"));
        assert_eq!((text(&entry, "log.text"), text(&entry, "date")), (None, None));
        // VictoriaLogs' own names need no argument.
        let [entry] = read(r#"{"_msg":"m","_time":1795341600000}"#, &[]).try_into().unwrap();
        assert_eq!((entry.message.as_deref(), entry.ts.unwrap().nanos()), (Some(&b"m"[..]), 1_795_341_600_000_000_000));
        let [entry] = read(r#"{"when":1795341600}"#, &[("_time_field", "when")]).try_into().unwrap();
        assert!(!entry.fields.iter().any(|(name, _)| name == TS_ASSUMED || name == "when"));
    }

    #[test]
    fn ignored_fields_are_nowhere_and_extra_ones_everywhere() {
        let body = "{\"password\":\"hunter2\",\"tmp.a\":1,\"tmp.b\":2,\"host\":\"h\"}\n{\"n\":1}\n";
        let entries = read(body, &[("ignore_fields", "password,tmp.*"), ("extra_fields", "host=mine,dc=x")]);
        assert_eq!(entries.len(), 2);
        let [first, second] = entries.try_into().unwrap();
        assert!(
            !format!("{first:?}").contains("hunter2") && !first.fields.iter().any(|(name, _)| name.starts_with("tmp"))
        );
        assert!(first.raw.is_none_or(|raw| raw.is_empty()));
        assert_eq!((text(&second, "host").as_deref(), text(&second, "dc").as_deref()), (Some("mine"), Some("x")));
    }

    #[test]
    fn arguments_go_before_headers() {
        let headers = [("vl-msg-field", "a"), ("vl-time-field", "t"), ("vl-debug", "1")];
        let found = options(&[("_msg_field", "b")], &headers).unwrap();
        assert_eq!(
            (found.message_fields, found.time_fields, found.is_debug),
            (vec!["b".into()], vec!["t".into()], true)
        );
        assert!(options(&[("extra_fields", "nothing")], &[]).is_err());
    }

    #[test]
    fn lines_that_are_wrong_are_rejects() {
        let now = Arrival::at(Timestamp::from_nanos(1).unwrap());
        let decoded = decode(b"{\"a\":1}\nx\n\n{".to_vec(), &Options::default(), now).unwrap();
        assert_eq!((decoded.batch.rows, decoded.rejects.len(), decoded.lines), (1, 2, 4));
        assert_eq!(decoded.rejects[1].line, 4);
    }

    proptest::proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let given = options(&[("_msg_field", "a"), ("_time_field", "b"), ("ignore_fields", "c*"), ("extra_fields", "d=1")], &[]).unwrap();
            let _ = decode(bytes, &given, Arrival::at(Timestamp::from_nanos(1).unwrap()));
        }
    }
}
