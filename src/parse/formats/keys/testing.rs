//! What the tests of the formats with keys share.

use crate::entry::{BatchBuilder, LogEntry, NO_TIME, Position, Projection, Record, Span, Value, field_order};
use crate::parse::{LineParser, Settings, Zone};

/// Returns settings that want this of each entry.
pub fn settings(projection: Projection) -> Settings {
    Settings { projection, zone: Zone::default(), reference: None }
}

/// Reads lines, one after the other, with one parser.
pub fn read_all<P: LineParser>(
    new: fn(&Settings, &mut BatchBuilder) -> P,
    lines: &[&[u8]],
    projection: &Projection,
) -> Vec<Result<LogEntry, String>> {
    let mut builder = BatchBuilder::new(projection);
    let mut parser = new(&settings(projection.clone()), &mut builder);
    // A dirty record and text on both sides show what a parser does not clear or where it reads too far.
    let mut record = Record { ts: 7, ..Record::default() };
    let read = |line: &&[u8]| {
        let chunk = [b"}\n", *line, b"\n{\"x\":1, y=2"].concat();
        let (start, end) = (2, 2 + line.len());
        match parser.parse(&chunk, start, end, &mut record, &mut builder) {
            Ok(()) => {
                builder.push(&record, Span::chunk(start, line.len()), Position::default(), &"f".into());
                Ok(builder.finish(chunk).entry(0).to_entry())
            }
            Err(reason) => {
                builder.finish(chunk);
                Err(reason.into_owned())
            }
        }
    };
    lines.iter().map(read).collect()
}

/// Returns an entry as one line: time, level and message before the bar, fields after it.
pub fn show(entry: &LogEntry) -> String {
    let mut out = Vec::new();
    if let Some(ts) = entry.ts {
        assert_ne!(ts.nanos(), NO_TIME);
        out.push(ts.to_rfc3339(entry.style.digits));
    }
    out.extend(entry.level.map(|level| level.name().to_owned()));
    out.extend(entry.message.iter().map(|message| format!("{:?}", String::from_utf8_lossy(message))));
    out.push("|".to_owned());
    out.extend(entry.fields.iter().map(|(name, value)| match value {
        Value::Text(text) => format!("{name}={:?}", String::from_utf8_lossy(text)),
        Value::Int(number) => format!("{name}={number}"),
        Value::Float(number) => format!("{name}={number:?}"),
        Value::Bool(truth) => format!("{name}={truth}"),
        Value::Json(text) => format!("{name}={}", String::from_utf8_lossy(text)),
    }));
    out.join(" ")
}

/// Returns what is shown of an entry with its fields in the order of batches: cases list them as the line does.
fn in_order(shown: &str) -> String {
    let Some((head, fields)) = shown.split_once("| ") else { return shown.to_owned() };
    let (mut quoted, mut escaped, mut depth) = (false, false, 0);
    let mut fields: Vec<&str> = fields
        .split(|letter: char| {
            match letter {
                '"' if !escaped => quoted = !quoted,
                '[' | '{' if !quoted => depth += 1,
                ']' | '}' if !quoted => depth -= 1,
                _ => {}
            }
            escaped = letter == '\\' && !escaped;
            letter == ' ' && !quoted && depth == 0
        })
        .collect();
    fields.sort_by_key(|field| field_order(field.split('=').next().unwrap_or(field)));
    format!("{head}| {}", fields.join(" "))
}

/// Reads each line, twice with the same parser (the second time its keys are known), and compares what is
/// shown of it, or the reason why it is refused. Whether it is accepted must not depend on what is wanted.
pub fn check<P: LineParser>(new: fn(&Settings, &mut BatchBuilder) -> P, cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        let line = line.as_bytes();
        let all = read_all(new, &[line, b"other=1 line=2", line], &Projection::all());
        for read in [&all[0], &all[2]] {
            let shown = read.as_ref().map_or_else(|reason| format!("! {reason}"), show);
            assert_eq!(in_order(&shown), in_order(expected), "{}", String::from_utf8_lossy(line));
        }
        let Ok(entry) = &all[0] else {
            let reason = read_all(new, &[line], &Projection::none())[0].as_ref().expect_err("refused with all").clone();
            assert_eq!(format!("! {reason}"), *expected);
            continue;
        };
        check_projections(new, line, entry);
    }
}

/// Asks for each part of an entry alone: it must be what it is when everything is asked for.
pub fn check_projections<P: LineParser>(new: fn(&Settings, &mut BatchBuilder) -> P, line: &[u8], whole: &LogEntry) {
    let only = |name: &str| match read_all(new, &[line, line], &Projection::only([name])).pop() {
        Some(Ok(entry)) => entry,
        other => panic!("{name} of {}: {other:?}", String::from_utf8_lossy(line)),
    };
    assert_eq!(only("ts").ts, whole.ts);
    assert_eq!(only("level").level, whole.level);
    assert_eq!(only("message").message, whole.message);
    for name in ["ts_", "level_", "message_", "msg", "time", "no such field"] {
        let expected: Vec<_> = whole.fields.iter().filter(|(known, _)| known == name).cloned().collect();
        assert_eq!(only(name).fields, expected, "{name} of {}", String::from_utf8_lossy(line));
    }
    for (name, value) in &whole.fields {
        assert_eq!(only(name).fields, [(name.clone(), value.clone())]);
    }
}
