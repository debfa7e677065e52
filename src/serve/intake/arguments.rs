//! The arguments VictoriaLogs' paths have in common, whatever the protocol: which fields hold what, what is left out,
//! what is added. Read once a request ([`Arguments`]), applied to each entry as it is taken ([`Shaper`]).

use std::borrow::Cow;

use super::gather::{Gather, settings};
use super::line::Beside;
use super::{Arrival, IntakeError};
use crate::entry::{FieldId, Kind, NO_TIME, Span, TextRef, Timestamp};
use crate::parse::{TimeParser, Zone};

/// Most fields that are added to every entry.
const MAX_EXTRA: usize = 256;

/// The arguments. `_stream_fields` is taken and not needed: entries are found by any field alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Fields that may hold the message; the first that is there and not empty does (`_msg_field`).
    pub message_fields: Vec<String>,
    /// Fields that may hold the time, likewise (`_time_field`).
    pub time_fields: Vec<String>,
    /// Fields that are not kept (`ignore_fields`).
    pub ignored: Patterns,
    /// Fields without the sequences that colour text on a terminal (`decolorize_fields`).
    pub decolorized: Patterns,
    /// Fields added to every entry (`extra_fields`).
    pub extra: Vec<(String, String)>,
    /// Read, but do not store (`debug`).
    pub is_debug: bool,
}

/// Names of fields; `prefix*` for many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns(Vec<String>);

impl Patterns {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == pattern,
        })
    }

    /// Returns true when the message is among them, by our name or VictoriaLogs'.
    fn has_message(&self) -> bool {
        self.has("message") || self.has("_msg")
    }
}

impl Arguments {
    /// Reads the arguments: those of the query go before the headers.
    ///
    /// # Errors
    /// When one is not as it should be.
    pub fn read(
        argument: impl Fn(&str) -> Option<String>,
        header: impl Fn(&str) -> Option<String>,
    ) -> Result<Arguments, IntakeError> {
        let of = |name: &str, header_name: &str| {
            argument(name).filter(|text| !text.is_empty()).or_else(|| header(header_name)).unwrap_or_default()
        };
        let list = |text: String| -> Vec<String> {
            text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
        };
        let pair = |text: &String| match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(IntakeError::Parameter(format!("extra_fields: expected name=value, found {text:?}"))),
        };
        let extra = list(of("extra_fields", "vl-extra-fields"));
        if extra.len() > MAX_EXTRA {
            return Err(IntakeError::Parameter(format!("extra_fields: more than {MAX_EXTRA}")));
        }
        Ok(Arguments {
            message_fields: list(of("_msg_field", "vl-msg-field")),
            time_fields: list(of("_time_field", "vl-time-field")),
            ignored: Patterns(list(of("ignore_fields", "vl-ignore-fields"))),
            decolorized: Patterns(list(of("decolorize_fields", "vl-decolorize-fields"))),
            extra: extra.iter().map(pair).collect::<Result<_, _>>()?,
            is_debug: matches!(of("debug", "vl-debug").as_str(), "1" | "true"),
        })
    }
}

/// Applies arguments to the entries of one request.
#[derive(Debug)]
pub struct Shaper {
    message_fields: Vec<(FieldId, String)>,
    time_fields: Vec<(FieldId, String)>,
    other_message: Option<FieldId>,
    other_time: Option<FieldId>,
    ignored: Asked,
    decolorized: Asked,
    decolorizes_message: bool,
    extra: Beside,
    times: TimeParser,
}

/// Patterns, and what they said of each field that was met.
#[derive(Debug)]
struct Asked {
    patterns: Patterns,
    answers: Vec<Option<bool>>,
}

impl Asked {
    fn new(patterns: &Patterns) -> Asked {
        Asked { patterns: patterns.clone(), answers: Vec::new() }
    }

    fn has(&mut self, field: FieldId, gather: &Gather) -> bool {
        let place = field as usize;
        if self.answers.len() <= place {
            self.answers.resize(place + 1, None);
        }
        *self.answers[place].get_or_insert_with(|| self.patterns.has(gather.builder.name(field)))
    }
}

impl Shaper {
    /// Applies these arguments to what `gather` takes.
    pub fn new(arguments: &Arguments, gather: &mut Gather, arrival: &Arrival) -> Shaper {
        let extra: Vec<_> =
            arguments.extra.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
        let extra = Beside::of(&extra, gather);
        let builder = &mut gather.builder;
        let mut named = |names: &[String]| -> Vec<(FieldId, String)> {
            names.iter().filter_map(|name| Some((builder.field(name.as_bytes())?, name.clone()))).collect()
        };
        Shaper {
            message_fields: named(&arguments.message_fields),
            time_fields: named(&arguments.time_fields),
            other_message: builder.field(b"message"),
            other_time: builder.field(b"ts"),
            ignored: Asked::new(&arguments.ignored),
            decolorized: Asked::new(&arguments.decolorized),
            decolorizes_message: arguments.decolorized.has_message(),
            extra,
            times: TimeParser::new(&settings(arrival, Zone::default())),
        }
    }

    /// Shapes the record under construction, whose exact bytes are `raw` within `text`. Returns what is kept of those:
    /// not what has a field that is left out, or colours.
    pub fn shape(&mut self, gather: &mut Gather, text: &[u8], raw: Span) -> Span {
        self.set_time(gather, text, raw);
        self.set_message(gather, text, raw);
        let mut is_exact = true;
        if !self.decolorized.patterns.0.is_empty() {
            is_exact &= !self.decolorize(gather, text);
        }
        if !self.ignored.patterns.0.is_empty() {
            let fields = std::mem::take(&mut gather.record.fields);
            let kept = fields.into_iter().filter(|(field, _, _)| !self.ignored.has(*field, gather)).collect();
            gather.record.fields = kept;
            is_exact = false;
        }
        self.extra.add_to(gather);
        if is_exact { raw } else { Span::default() }
    }

    /// Takes the first of the fields that is a time out of the record. The record's own time stays as a field.
    fn set_time(&mut self, gather: &mut Gather, text: &[u8], raw: Span) {
        for (id, name) in &self.time_fields {
            let Some(index) = gather.record.fields.iter().position(|(field, _, _)| field == id) else {
                if gather.record.ts != NO_TIME && is_named(gather, text, raw, name) {
                    return;
                }
                continue;
            };
            let (_, kind, payload) = gather.record.fields[index];
            let found = match kind {
                Kind::Text => {
                    let text = TextRef { chunk: text, scratch: gather.builder.scratch() };
                    self.times.exact(text.get(Span::unpack(payload)))
                }
                Kind::Int => self.times.exact((payload as i64).to_string().as_bytes()),
                Kind::Float => TimeParser::epoch(f64::from_bits(payload)),
                Kind::Bool | Kind::Json => None,
            };
            let Some((nanos, style)) = found.filter(|(nanos, _)| *nanos != NO_TIME) else { continue };
            gather.record.fields.remove(index);
            gather.record.style = style;
            let old = std::mem::replace(&mut gather.record.ts, nanos);
            if let Some(old) = Timestamp::from_nanos(old).filter(|_| old != NO_TIME) {
                gather.text(self.other_time, old.to_rfc3339(9).as_bytes());
            }
            return;
        }
    }

    /// Takes the first of the fields that is a text, and not empty, out of the record. The record's own message stays as
    /// a field.
    fn set_message(&mut self, gather: &mut Gather, text: &[u8], raw: Span) {
        for (id, name) in &self.message_fields {
            let Some(index) = gather.record.fields.iter().position(|(field, _, _)| field == id) else {
                let is_empty = gather.record.message.is_none_or(|message| message.end() == message.start());
                if !is_empty && is_named(gather, text, raw, name) {
                    return;
                }
                continue;
            };
            let (_, kind, payload) = gather.record.fields[index];
            let span = Span::unpack(payload);
            if kind == Kind::Text && span.end() > span.start() {
                gather.record.fields.remove(index);
                if let Some(old) = gather.record.message.replace(span) {
                    gather.record.text(self.other_message, old);
                }
                return;
            }
        }
    }

    /// Takes the colours out of the fields that are to have none; returns true when there were some.
    fn decolorize(&mut self, gather: &mut Gather, text: &[u8]) -> bool {
        let mut found = false;
        if self.decolorizes_message
            && let Some(span) = gather.record.message
            && let Some(plain) = plain(gather, text, span)
        {
            (gather.record.message, found) = (Some(plain), true);
        }
        for index in 0..gather.record.fields.len() {
            let (field, kind, payload) = gather.record.fields[index];
            if kind == Kind::Text
                && self.decolorized.has(field, gather)
                && let Some(plain) = plain(gather, text, Span::unpack(payload))
            {
                gather.record.fields[index].2 = plain.pack();
                found = true;
            }
        }
        found
    }
}

/// Returns true when the entry's own text has this name: a field of it that the record has not became what it is named
/// for already, the time or the message.
fn is_named(gather: &mut Gather, text: &[u8], raw: Span, name: &str) -> bool {
    let text = TextRef { chunk: text, scratch: gather.builder.scratch() };
    memchr::memmem::find(text.get(raw), name.as_bytes()).is_some()
}

/// Returns the place of a text without its colours; `None` when it has none.
fn plain(gather: &mut Gather, text: &[u8], span: Span) -> Option<Span> {
    let text = TextRef { chunk: text, scratch: gather.builder.scratch() };
    match without_colours(text.get(span)) {
        Cow::Borrowed(_) => None,
        Cow::Owned(plain) => Some(gather.builder.keep(&plain)),
    }
}

/// Takes out control sequences (`ESC [ … letter`, ECMA-48), which is what colours text.
fn without_colours(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memmem::find(text, b"\x1b[") else { return Cow::Borrowed(text) };
    let (mut plain, mut rest) = (text[..first].to_vec(), &text[first..]);
    while let Some(start) = memchr::memmem::find(rest, b"\x1b[") {
        plain.extend_from_slice(&rest[..start]);
        let sequence = &rest[start + 2..];
        let length = sequence.iter().position(|byte| !(0x20..=0x3f).contains(byte)).unwrap_or(sequence.len());
        // One that is cut off or broken ends where it stops being one.
        let ends = sequence.get(length).is_some_and(|byte| (0x40..=0x7e).contains(byte));
        rest = &sequence[length + usize::from(ends)..];
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entry::{LogEntry, Value};
    use crate::serve::intake::{Decoded, TS_ASSUMED, elastic, jsonline, loki, otlp};

    fn arguments(query: &[(&str, &str)], headers: &[(&str, &str)]) -> Result<Arguments, IntakeError> {
        let find = |pairs: &[(&str, &str)], name: &str| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Arguments::read(|name| find(query, name), |name| find(headers, name))
    }

    fn arrival(query: &[(&str, &str)]) -> Arrival {
        let now = Timestamp::from_nanos(1_795_000_000_000_000_000).unwrap();
        Arrival { arguments: Some(arguments(query, &[]).unwrap().into()), ..Arrival::at(now) }
    }

    fn entries(decoded: &Decoded) -> Vec<LogEntry> {
        decoded.batch.entries().map(|entry| entry.to_entry()).collect()
    }

    fn read(body: &str, query: &[(&str, &str)]) -> Vec<LogEntry> {
        entries(&jsonline::decode(body.into(), arrival(query)).unwrap())
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
    fn the_first_named_field_goes_first_though_the_line_has_it_as_its_message_already() {
        let body = r#"{"msg":"a","log":"b","time":"2026-11-22T10:00:00Z","date":"2020-01-01T00:00:00Z"}"#;
        for (fields, expected) in [("msg,log", "a"), ("log,msg", "b"), ("none,msg,log", "a"), ("none,log", "b")] {
            let [entry] = read(body, &[("_msg_field", fields)]).try_into().unwrap();
            assert_eq!(entry.message.as_deref(), Some(expected.as_bytes()), "{fields}");
        }
        for (fields, expected) in [("time,date", "2026"), ("date,time", "2020"), ("none,date", "2020")] {
            let [entry] = read(body, &[("_time_field", fields)]).try_into().unwrap();
            assert!(entry.ts.unwrap().to_rfc3339(0).starts_with(expected), "{fields}");
        }
        // An empty one is none.
        let [entry] = read(r#"{"msg":"","log":"b"}"#, &[("_msg_field", "msg,log")]).try_into().unwrap();
        assert_eq!(entry.message.as_deref(), Some(&b"b"[..]));
    }

    #[test]
    fn ignored_fields_are_nowhere_and_extra_ones_everywhere() {
        let body = "{\"password\":\"hunter2\",\"tmp.a\":1,\"tmp.b\":2,\"host\":\"h\"}\n{\"n\":1}\n";
        let entries = read(body, &[("ignore_fields", "password,tmp.*,dc"), ("extra_fields", "host=mine,dc=x")]);
        assert_eq!(entries.len(), 2);
        let [first, second] = entries.try_into().unwrap();
        assert!(
            !format!("{first:?}").contains("hunter2") && !first.fields.iter().any(|(name, _)| name.starts_with("tmp"))
        );
        assert!(first.raw.is_none_or(|raw| raw.is_empty()));
        assert_eq!((text(&second, "host").as_deref(), text(&second, "dc").as_deref()), (Some("mine"), Some("x")));
    }

    #[test]
    fn colours_go_from_the_fields_that_are_named_and_from_no_others() {
        let red = "\u{1b}[31mred\u{1b}[0m";
        let body = json!({"_msg": red, "a": {"b": red}, "c": red, "n": 1}).to_string() + "\n{\"_msg\":\"plain\"}";
        let [entry, plain] = read(&body, &[("decolorize_fields", "_msg,a.*")]).try_into().unwrap();
        assert_eq!((entry.message.as_deref(), text(&entry, "a.b").as_deref()), (Some(&b"red"[..]), Some("red")));
        assert_eq!(text(&entry, "c").as_deref(), Some(red));
        assert!(entry.raw.is_none_or(|raw| raw.is_empty()), "it has the colours");
        assert_eq!(plain.raw.as_deref(), Some(&b"{\"_msg\":\"plain\"}"[..]));
    }

    #[test]
    fn every_protocol_has_them() {
        let query = [
            ("_msg_field", "what"),
            ("_time_field", "when"),
            ("ignore_fields", "secret"),
            ("extra_fields", "dc=x"),
            ("decolorize_fields", "colour"),
        ];
        let document = json!({
            "what": "hello", "when": "2026-11-22T10:00:00Z", "secret": "hunter2", "colour": "\u{1b}[1mbold\u{1b}[m"
        });
        let bulk = format!("{{\"create\":{{\"_index\":\"web\"}}}}\n{document}\n");
        let push = json!({"streams": [{"stream": {}, "values": [["1700000000000000000", document.to_string()]]}]});
        let attribute =
            |(key, value): (&String, &serde_json::Value)| json!({"key": key, "value": {"stringValue": value}});
        let attributes: Vec<_> = document.as_object().unwrap().iter().map(attribute).collect();
        let record = json!({"timeUnixNano": "1700000000000000000", "attributes": attributes});
        let export = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]});
        for (protocol, decoded) in [
            ("jsonline", jsonline::decode(document.to_string().into(), arrival(&query))),
            ("elastic", elastic::bulk(bulk.into(), None, arrival(&query)).map(|bulk| bulk.decoded)),
            ("loki", loki::decode_json(push.to_string().as_bytes(), arrival(&query))),
            ("otlp", otlp::decode_json(export.to_string().as_bytes(), arrival(&query))),
        ] {
            let [entry] = entries(&decoded.unwrap()).try_into().unwrap();
            assert_eq!(entry.message.as_deref(), Some(&b"hello"[..]), "{protocol}");
            assert_eq!(entry.ts.unwrap().to_rfc3339(0), "2026-11-22T10:00:00Z", "{protocol}");
            assert_eq!(text(&entry, "dc").as_deref(), Some("x"), "{protocol}");
            assert_eq!(text(&entry, "colour").as_deref(), Some("bold"), "{protocol}");
            assert!(!format!("{entry:?}").contains("hunter2"), "{protocol}");
        }
    }

    proptest::proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let query = [("_msg_field", "a"), ("_time_field", "b"), ("ignore_fields", "c*"), ("extra_fields", "d=1"), ("decolorize_fields", "*")];
            without_colours(&bytes);
            let _ = jsonline::decode(bytes, arrival(&query));
        }
    }

    #[test]
    fn arguments_go_before_headers() {
        let headers = [
            ("vl-msg-field", "a"),
            ("vl-time-field", "t"),
            ("vl-debug", "1"),
            ("vl-ignore-fields", "i"),
            ("vl-decolorize-fields", "d,e*"),
            ("vl-extra-fields", "x=1"),
        ];
        let found = arguments(&[("_msg_field", "b"), ("ignore_fields", "")], &headers).unwrap();
        let expected = Arguments {
            message_fields: vec!["b".into()],
            time_fields: vec!["t".into()],
            ignored: Patterns(vec!["i".into()]),
            decolorized: Patterns(vec!["d".into(), "e*".into()]),
            extra: vec![("x".into(), "1".into())],
            is_debug: true,
        };
        assert_eq!(found, expected);
        assert!(arguments(&[("extra_fields", "nothing")], &[]).is_err());
        let many: Vec<_> = (0..=MAX_EXTRA).map(|number| format!("f{number}=1")).collect();
        assert!(arguments(&[("extra_fields", &many.join(","))], &[]).is_err());
    }

    #[test]
    fn colours_are_taken_out_and_nothing_else() {
        for (text, expected) in [
            ("plain", "plain"),
            ("\x1b[31mred\x1b[0m", "red"),
            ("a\x1b[1;38;5;208mb\x1b[Kc", "abc"),
            ("\x1bM no sequence [31m", "\x1bM no sequence [31m"),
            ("cut off\x1b[31", "cut off"),
            ("broken\x1b[3\u{e9}", "broken\u{e9}"),
            ("\x1b[\x1b[31mx", "x"),
        ] {
            assert_eq!(without_colours(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
    }
}
