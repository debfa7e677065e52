//! `POST /api/v1/logs`: a JSON object, an array of them, one a line, or lines of text in any format.
//!
//! Every object is read by the engine's own JSON parser where it stands in the body; nothing is unfolded and written
//! again. In a body of objects each line is by itself: what is no object is a reject, never part of the line before
//! it, as an indented line in a file would be.

use std::borrow::Cow;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use memchr::{memchr, memchr_iter};

use super::gather::{Gather, settings};
use super::scan::{self, Pieces};
use super::{Arrival, Decoded, IntakeError, text};
use crate::entry::Span;
use crate::parse::formats::json::JsonParser;
use crate::parse::{Format, FormatSet, UnknownFormat, Zone};

/// How a body says it is to be read (`?format=`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// JSON when it begins like it, else lines of text whose format is found out.
    #[default]
    Auto,
    /// Lines of this format; for `json` also arrays and objects over several lines.
    As(Format),
}

impl FromStr for Reading {
    type Err = UnknownFormat;

    /// Reads the parameter; the error knows the nearest name, or all.
    fn from_str(name: &str) -> Result<Reading, UnknownFormat> {
        if name.eq_ignore_ascii_case("auto") {
            return Ok(Reading::Auto);
        }
        Format::from_name(name).map(Reading::As)
    }
}

/// How a body that begins like JSON is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// An object a line.
    Lines,
    /// One array.
    Array,
    /// Objects over several lines, one after the other.
    Objects,
}

/// Reads a body. `zone` is that of timestamps that name none.
///
/// # Errors
/// When it is too large, or an array that does not end.
pub fn decode(mut body: Vec<u8>, reading: Reading, arrival: Arrival, zone: Zone) -> Result<Decoded, IntakeError> {
    if body.starts_with(b"\xef\xbb\xbf") {
        body.drain(..3);
    }
    match (layout(&body), reading) {
        (Some(layout), Reading::Auto | Reading::As(Format::Json)) => objects(body, layout, arrival, zone),
        (None, Reading::As(Format::Json)) => objects(body, Layout::Lines, arrival, zone),
        (_, Reading::As(format)) => text::decode(body, Some(&FormatSet::only(format)), arrival, zone),
        (None, Reading::Auto) => text::decode(body, None, arrival, zone),
    }
}

/// Returns how a body that begins like JSON is laid out. A bracket alone does not make an array: many text logs begin
/// with one.
fn layout(body: &[u8]) -> Option<Layout> {
    let start = scan::skip_blanks(body, 0);
    match body.get(start)? {
        b'[' if matches!(body.get(scan::skip_blanks(body, start + 1)), Some(b'{' | b']')) => Some(Layout::Array),
        b'{' => {
            let line_end = memchr(b'\n', &body[start..]).map_or(body.len(), |length| start + length);
            let is_closed = scan::skip_value(&body[..line_end], start).is_ok();
            // A line that is cut short is wrong by itself, unless the next one goes on with it.
            let next = body.get(scan::skip_blanks(body, line_end));
            let goes_on = !is_closed && next.is_some_and(|byte| matches!(byte, b'"' | b'}' | b'[' | b']'));
            Some(if goes_on { Layout::Objects } else { Layout::Lines })
        }
        _ => None,
    }
}

fn objects(body: Vec<u8>, layout: Layout, arrival: Arrival, zone: Zone) -> Result<Decoded, IntakeError> {
    let mut gather = Gather::new(&arrival);
    let mut parser = JsonParser::new(&settings(&arrival, zone), &mut gather.builder);
    let format: Arc<str> = Format::Json.name().into();
    let lines = match layout {
        Layout::Lines => {
            let mut lines = 0;
            let mut start = 0;
            for next in memchr_iter(b'\n', &body).chain((body.last() != Some(&b'\n')).then_some(body.len())) {
                lines += 1;
                take(&mut gather, &mut parser, &body, &body, start..next, lines, &format)?;
                start = next + 1;
            }
            lines
        }
        Layout::Array | Layout::Objects => {
            // The parser reads one line: line ends between the tokens of an object are blanks to it.
            let mut flat = Cow::Borrowed(body.as_slice());
            if memchr(b'\n', &body).is_some() {
                let line_ends = flat.to_mut().iter_mut().filter(|byte| **byte == b'\n');
                line_ends.for_each(|byte| *byte = b' ');
            }
            let mut count = 0;
            let mut take = |range: Range<usize>| {
                count += 1;
                take(&mut gather, &mut parser, &flat, &body, range, count, &format)
            };
            if layout == Layout::Array {
                let mut elements = Pieces::array(&body, 0, "of entries")?;
                while let Some(range) = elements.element()? {
                    take(range)?;
                }
                scan::expect_end(&body, elements.position())?;
            } else {
                let mut at = scan::skip_blanks(&body, 0);
                while at < body.len() {
                    let end = scan::skip_value(&body, at)?;
                    take(at..end)?;
                    at = scan::skip_blanks(&body, end);
                }
            }
            count
        }
    };
    gather.finish(body, lines)
}

/// Takes one object of `text`; blank lines are none. `body` has the exact bytes.
#[inline]
fn take(
    gather: &mut Gather,
    parser: &mut JsonParser,
    text: &[u8],
    body: &[u8],
    Range { start, mut end }: Range<usize>,
    line: u64,
    format: &Arc<str>,
) -> Result<(), IntakeError> {
    if end > start && text[end - 1] == b'\r' {
        end -= 1;
    }
    match gather.parse_json(parser, text, start, end) {
        Ok(()) => gather.push(text, Span::chunk(start, end - start), (line, start), format),
        Err(_) if body[start..end].iter().all(u8::is_ascii_whitespace) => Ok(()),
        Err(reason) => gather.reject(line, start, &body[start..end], reason),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::{LogEntry, LogLevel, Timestamp, Value};
    use crate::serve::intake::{Limits, TS_ASSUMED};

    const NOW: i64 = 1_795_000_000_000_000_000;

    fn now() -> Arrival {
        Arrival::at(Timestamp::from_nanos(NOW).unwrap())
    }

    fn read(body: impl AsRef<[u8]>, reading: Reading) -> Result<(Vec<LogEntry>, Decoded), IntakeError> {
        let decoded = decode(body.as_ref().to_vec(), reading, now(), Zone::default())?;
        Ok((decoded.batch.entries().map(|entry| entry.to_entry()).collect(), decoded))
    }

    fn auto(body: impl AsRef<[u8]>) -> (Vec<LogEntry>, Decoded) {
        read(body, Reading::Auto).unwrap()
    }

    fn message(entry: &LogEntry) -> &str {
        std::str::from_utf8(entry.message.as_deref().unwrap_or_default()).unwrap()
    }

    fn field<'a>(entry: &'a LogEntry, name: &str) -> Option<&'a Value> {
        entry.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    #[test]
    fn objects_come_one_a_line_in_an_array_or_as_one() {
        let one = r#"{"ts":"2026-11-22T10:00:00Z","level":"error","message":"a","n":1,"deep":{"k":[1,2]}}"#;
        let two = r#"{"ts":"2026-11-22T10:00:01Z","level":"info","message":"b \"q\"","n":2}"#;
        let pretty = |text: &str| {
            serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(text).unwrap()).unwrap()
        };
        let bodies = [
            format!("{one}\n{two}\n"),
            format!("\u{feff}{one}\r\n\r\n{two}"),
            format!("[{one},{two}]"),
            format!(" [\n{one} ,\n\t{two}\n]\n"),
            format!("[\r\n{},\r\n{}]", pretty(one).replace('\n', "\r\n"), pretty(two)),
            format!("{}\n{}", pretty(one), pretty(two)),
        ];
        for body in bodies {
            let (entries, decoded) = auto(&body);
            assert!(decoded.rejects.is_empty(), "{body}: {:?}", decoded.rejects);
            assert_eq!(entries.iter().map(message).collect::<Vec<_>>(), ["a", "b \"q\""], "{body}");
            assert_eq!(entries[0].level, Some(LogLevel::Error));
            assert_eq!(field(&entries[1], "n"), Some(&Value::Int(2)));
            assert!(matches!(field(&entries[0], "deep.k"), Some(Value::Json(_))));
            // The exact bytes of each are kept.
            assert!(entries.iter().all(|entry| {
                let raw = std::str::from_utf8(entry.raw.as_deref().unwrap()).unwrap();
                body.contains(raw) && serde_json::from_str::<serde_json::Value>(raw).is_ok()
            }));
        }
    }

    #[test]
    fn an_object_alone_is_an_entry_and_nothing_is_none() {
        assert_eq!(auto(r#"{"message":"x"}"#).0.len(), 1);
        assert_eq!(auto("{\n \"message\": \"x\"\n}\n").0.len(), 1);
        for body in ["", "\n \n", "[]", "[ ]\n"] {
            assert_eq!(auto(body).1.batch.rows, 0, "{body:?}");
        }
    }

    #[test]
    fn a_line_that_is_wrong_is_a_reject_by_itself() {
        let body = "{\"a\":1}\n  {\"a\":\n# {\"a\":2}\nat nothing\n\n{\"a\":3}\nnull\n";
        let (entries, decoded) = auto(body);
        assert_eq!(entries.len(), 2);
        let rejects: Vec<_> = decoded.rejects.iter().map(|reject| (reject.line, reject.offset)).collect();
        assert_eq!(rejects, [(2, 8), (3, 16), (4, 26), (7, 46)]);
        assert_eq!(&*decoded.rejects[0].raw, b"  {\"a\":");
        assert_eq!(decoded.lines, 7);
        let (entries, decoded) = auto("[1, {\"a\":1}, \"x\"]".replace("[1,", "[{},1,"));
        assert_eq!((entries.len(), decoded.rejects.len()), (2, 2));
        assert_eq!(decoded.rejects[0].line, 2);
        assert!(read("[{\"a\":1},", Reading::Auto).is_err());
    }

    #[test]
    fn the_first_line_cut_short_does_not_swallow_the_rest() {
        let (entries, decoded) = auto("{\"a\":\n{\"a\":2}\n{\"a\":3}\n");
        assert_eq!((entries.len(), decoded.rejects.len()), (2, 1));
    }

    #[test]
    fn an_entry_without_a_time_gets_that_of_its_arrival_and_says_so() {
        let (entries, _) =
            auto("{\"a\":1}\n{\"ts\":\"2026-11-22T10:00:00Z\",\"ts_assumed\":\"mine\"}\n{\"ts\":\"soon\"}\n");
        let times: Vec<_> = entries.iter().map(|entry| entry.ts.unwrap().nanos()).collect();
        assert_eq!(times, [NOW, 1_795_341_600_000_000_000, NOW]);
        let assumed: Vec<_> = entries.iter().map(|entry| field(entry, TS_ASSUMED).cloned()).collect();
        assert_eq!(assumed, [Some(Value::Bool(true)), Some(Value::from("mine")), Some(Value::Bool(true))]);
        assert_eq!(field(&entries[2], "ts_"), Some(&Value::from("soon")));
    }

    #[test]
    fn entries_beyond_the_limits_are_rejects() {
        let many = |count: usize| {
            let fields: Vec<_> = (0..count).map(|number| format!("\"f{number}\":1")).collect();
            format!("{{\"ts\":\"2026-11-22T10:00:00Z\",{}}}", fields.join(","))
        };
        let long_name = format!("{{\"{}\":1}}", "n".repeat(129));
        let long_line = format!("{{\"m\":\"{}\"}}", "x".repeat(Limits::default().line));
        let deep = format!("{}1{}", "{\"a\":".repeat(5000), "}".repeat(5000));
        let body = [many(256), many(257), long_name, long_line, "{\"ok\":1}".to_owned(), deep].join("\n");
        let (entries, decoded) = auto(&body);
        let reasons: Vec<_> = decoded.rejects.iter().map(|reject| (reject.line, reject.reason.to_string())).collect();
        let expected = [
            (2, "257 fields, more than 256".to_owned()),
            (3, "a field name is longer than 128 bytes".to_owned()),
            (4, "longer than 1MiB".to_owned()),
        ];
        assert_eq!(reasons[..3], expected);
        assert!(entries.iter().any(|entry| field(entry, "ok").is_some()));
        assert_eq!(entries.len() + decoded.rejects.len(), 6);
        assert_eq!(decoded.rejects[2].raw.len(), 64 * 1024);
        assert_eq!(decoded.rejects[0].offset, many(256).len() as u64 + 1);
    }

    #[test]
    fn a_request_of_too_many_names_entries_or_rejects_is_refused_whole() {
        let names: String = (0..Limits::NAMES + 10).map(|number| format!("{{\"k{number}\":1}}\n")).collect();
        let entries = "{}\n".repeat(Limits::ENTRIES + 1);
        let rejects = "{\n".repeat(Limits::REJECTS + 1);
        for (body, what) in [(names, "field names"), (entries, "entries"), (rejects, "could not be read")] {
            let error = read(&body, Reading::Auto).unwrap_err();
            assert!(matches!(&error, IntakeError::TooLarge(text) if text.contains(what)), "{error}");
        }
    }

    #[test]
    fn text_is_read_by_the_format_that_is_found_or_named() {
        let access = "10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 404 5 \"-\" \"curl\"\n";
        let (entries, decoded) = auto(access.repeat(3));
        assert_eq!((entries.len(), decoded.lines), (3, 3));
        assert_eq!(field(&entries[0], "status"), Some(&Value::Int(404)));
        let plain = "[2026-11-22 10:00:00] ERROR boom\n  at a.b(c.rs:1)\n[2026-11-22 10:00:01] INFO fine\n";
        let (entries, _) = auto(plain);
        assert_eq!(entries.len(), 2, "a trace joins its entry");
        let reading = "logfmt".parse().unwrap();
        let (entries, decoded) = read("level=warn msg=x n=1\nwhat is this\n", reading).unwrap();
        assert_eq!((entries.len(), decoded.rejects.len()), (1, 1));
        assert_eq!(field(&entries[0], TS_ASSUMED), Some(&Value::Bool(true)));
        assert_eq!(decoded.rejects[0].line, 2);
        let (_, decoded) = read(access, Reading::As(Format::Json)).unwrap();
        assert_eq!(decoded.rejects.len(), 1);
        let error = "combine".parse::<Reading>().unwrap_err();
        assert_eq!(error.to_string(), "unknown format \"combine\", did you mean combined?");
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes, Reading::Auto);
            let _ = read([b"[{", bytes.as_slice()].concat(), Reading::Auto);
            let _ = read([b"{\"a\":1}\n{", bytes.as_slice()].concat(), Reading::Auto);
        }

        #[test]
        fn every_line_is_an_entry_a_reject_or_blank(lines in proptest::collection::vec("(\\{\"a\":[0-9]{1,3}\\})|[ a-z{\"]{0,6}", 1..30)) {
            let body = lines.join("\n");
            if layout(body.as_bytes()) != Some(Layout::Objects) {
                let (entries, decoded) = read(&body, Reading::As(Format::Json)).unwrap();
                let blank = lines.iter().filter(|line| line.trim().is_empty()).count();
                prop_assert_eq!(entries.len() + decoded.rejects.len() + blank, lines.len());
            }
        }

        #[test]
        fn what_was_sent_is_what_is_there(values in proptest::collection::vec(("\\PC{0,20}", any::<i64>()), 1..20), shape in 0..3) {
            let objects: Vec<_> = values.iter().map(|(text, number)| serde_json::json!({"message": text, "n": number})).collect();
            let body = match shape {
                0 => objects.iter().map(|object| format!("{object}\n")).collect(),
                1 => serde_json::to_string(&objects).unwrap(),
                _ => serde_json::to_string_pretty(&objects).unwrap(),
            };
            let (entries, _) = auto(&body);
            let read: Vec<_> = entries.iter().map(|entry| (message(entry).to_owned(), field(entry, "n").cloned())).collect();
            let sent: Vec<_> = values.into_iter().map(|(text, number)| (text, Some(Value::Int(number)))).collect();
            prop_assert_eq!(read, sent);
        }
    }
}
