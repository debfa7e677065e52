use proptest::prelude::*;
use prost::Message;

use super::messages::{EntryAdapter, LabelPairAdapter, PushRequest, StreamAdapter, Time};
use super::*;
use crate::entry::{LogEntry, LogLevel, Timestamp, Value};
use crate::serve::intake::{Arrival, Decoded, IntakeError, TS_ASSUMED};

const NOW: i64 = 1_795_000_000_000_000_000;

fn now() -> Arrival {
    Arrival::at(Timestamp::from_nanos(NOW).unwrap())
}

fn entries(decoded: &Decoded) -> Vec<LogEntry> {
    decoded.batch.entries().map(|entry| entry.to_entry()).collect()
}

fn text<'a>(entry: &'a LogEntry, name: &str) -> Option<&'a str> {
    let value = entry.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)?;
    match value {
        Value::Text(text) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}

fn message(entry: &LogEntry) -> &str {
    std::str::from_utf8(entry.message.as_deref().unwrap()).unwrap()
}

#[test]
fn promtail_and_python_send_json_like_this() {
    let body = br#"{"streams": [
        {"stream": {"job": "varlogs", "level": "warn", "host": "web1"},
         "values": [["1795341600000000001", "plain \"words\" \u00e9"],
                    ["1795341600000000002", "{\"msg\":\"inner\",\"host\":\"other\",\"n\":3}", {"trace_id": "abc"}]]},
        {"values": [["0", "level=error msg=oops code=7"]], "stream": {"app": "x"}}
    ]}"#;
    let decoded = decode_json(body, now()).unwrap();
    let entries = entries(&decoded);
    assert_eq!(entries.len(), 3);
    assert_eq!((message(&entries[0]), entries[0].level), ("plain \"words\" é", Some(LogLevel::Warn)));
    assert_eq!(entries[0].ts.unwrap().nanos(), 1_795_341_600_000_000_001);
    assert_eq!(text(&entries[0], "job"), Some("varlogs"));
    assert_eq!(message(&entries[1]), "inner");
    assert_eq!((text(&entries[1], "host"), text(&entries[1], "host_")), (Some("web1"), Some("other")));
    assert_eq!(text(&entries[1], "trace_id"), Some("abc"));
    assert_eq!(entries[1].format.as_deref(), Some("json"));
    assert_eq!(entries[1].raw.as_deref(), Some(&br#"{"msg":"inner","host":"other","n":3}"#[..]));
    // Labels of one stream are not those of the next.
    assert_eq!((text(&entries[2], "job"), text(&entries[2], "app")), (None, Some("x")));
    assert_eq!((entries[2].level, entries[2].ts.unwrap().nanos()), (Some(LogLevel::Error), NOW));
    assert!(entries[2].fields.iter().any(|(name, value)| name == TS_ASSUMED && *value == Value::Bool(true)));
}

#[test]
fn the_older_json_is_read_too() {
    let body = br#"{"streams":[{"labels":"{app=\"x\"}","entries":[{"ts":"2026-11-22T10:00:00Z","line":"hello"}]}]}"#;
    let decoded = decode_json(body, now()).unwrap();
    let entries = entries(&decoded);
    assert_eq!((message(&entries[0]), text(&entries[0], "app")), ("hello", Some("x")));
    assert_eq!(entries[0].ts.unwrap().to_rfc3339(0), "2026-11-22T10:00:00Z");
}

#[test]
fn a_level_comes_from_the_labels_or_the_line() {
    let line = |labels: &str, line: &str| {
        let body = format!(r#"{{"streams":[{{"stream":{labels},"values":[["1",{}]]}}]}}"#, serde_json::json!(line));
        entries(&decode_json(body.as_bytes(), now()).unwrap()).remove(0)
    };
    assert_eq!(line(r#"{"detected_level":"info"}"#, "ERROR x").level, Some(LogLevel::Info));
    assert_eq!(line(r#"{"severity":"err","detected_level":"unknown"}"#, "x").level, Some(LogLevel::Error));
    assert_eq!(line("{}", "2026-11-22 10:00:00 WARN low").level, Some(LogLevel::Warn));
    assert_eq!(message(&line("{}", "2026-11-22 10:00:00 WARN low")), "2026-11-22 10:00:00 WARN low");
    assert_eq!(line("{}", "[error] no").level, Some(LogLevel::Error));
    let access = line("{}", "10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 404 5 \"-\" \"curl\"");
    assert_eq!((access.format.as_deref(), text(&access, "client_ip")), (Some("combined"), Some("10.0.0.1")));
    assert_eq!(access.ts.unwrap().nanos(), 1);
    assert_eq!(text(&line(r#"{"level":"loud"}"#, "x"), "level_"), Some("loud"));
}

#[test]
fn wrong_json_is_400_and_says_what() {
    let check = |body: &str, expected: &str| {
        let error = decode_json(body.as_bytes(), now()).unwrap_err();
        assert!(matches!(&error, IntakeError::Wrong(text) if text.contains(expected)), "{body}: {error}");
    };
    let values = |values: &str| format!(r#"{{"streams":[{{"stream":{{}},"values":{values}}}]}}"#);
    check(&values(r#"[[1795341600000000001,"x"]]"#), "must be a text of nanoseconds");
    check(&values(r#"[["2026-11-22","x"]]"#), "is no timestamp");
    check(&values(r#"[["1"]]"#), "expected [time, line]");
    check(&values(r#"[["1","x",{},1]]"#), "found more");
    check(&values(r#"[["1",2]]"#), "the line");
    check(r#"{"streams":{}}"#, "expected an array (streams)");
    check(r#"{"streams":[{"stream":{"a":{}},"values":[]}]}"#, "must be a text");
    check(r#"{"streams":[]"#, "ends early");
    check("[]", "expected an object");
    assert_eq!(decode_json(b"{}", now()).unwrap().batch.rows, 0);
}

fn push(labels: &str, entries: Vec<EntryAdapter>) -> Vec<u8> {
    PushRequest { streams: vec![StreamAdapter { labels: labels.to_owned(), entries, hash: 7 }] }.encode_to_vec()
}

fn entry(nanos: i64, line: &[u8], metadata: &[(&str, &str)]) -> EntryAdapter {
    let timestamp =
        Some(Time { seconds: nanos.div_euclid(1_000_000_000), nanos: nanos.rem_euclid(1_000_000_000) as i32 });
    let pair =
        |(name, value): &(&str, &str)| LabelPairAdapter { name: (*name).to_owned(), value: value.as_bytes().into() };
    EntryAdapter { timestamp, line: line.into(), structured_metadata: metadata.iter().map(pair).collect() }
}

#[test]
fn protobuf_says_the_same() {
    let body = push(
        r#"{app="web", app2="x\"y"}"#,
        vec![entry(5, b"{\"app\":\"inner\"}", &[("pod", "p1"), ("app", "meta")]), entry(0, b"bytes \xff", &[])],
    );
    let decoded = decode_protobuf(&body, now()).unwrap();
    let entries = entries(&decoded);
    assert_eq!((text(&entries[0], "app"), text(&entries[0], "app2")), (Some("web"), Some("x\"y")));
    assert_eq!((text(&entries[0], "app_"), text(&entries[0], "pod")), (Some("meta"), Some("p1")));
    assert_eq!(entries[0].ts.unwrap().nanos(), 5);
    assert_eq!(entries[1].message.as_deref(), Some(&b"bytes \xff"[..]));
    assert_eq!(entries[1].ts.unwrap().nanos(), NOW);
}

#[test]
fn a_piece_that_is_wrong_is_a_reject_and_broken_framing_is_400() {
    // A metadata name that is not UTF-8.
    let wrong = b"\x12\x01x\x1a\x03\x0a\x01\xff";
    let mut stream = b"\x0a\x02{}\x12\x03\x12\x01a\x12\x08".to_vec();
    stream.extend_from_slice(wrong);
    let body = [&[0x0a, stream.len() as u8][..], &stream].concat();
    let decoded = decode_protobuf(&body, now()).unwrap();
    assert_eq!((decoded.batch.rows, decoded.rejects.len(), decoded.lines), (1, 1, 2));
    assert!(decode_protobuf(&body[..body.len() - 1], now()).is_err());
    assert!(decode_protobuf(&push("{a=", vec![]), now()).is_err());
    let long = push("{}", vec![entry(1, &vec![b'x'; (1 << 20) + 1], &[]), entry(2, b"y", &[])]);
    let decoded = decode_protobuf(&long, now()).unwrap();
    assert_eq!((decoded.batch.rows, decoded.rejects[0].reason.as_ref()), (1, "longer than 1MiB"));
}

#[test]
fn millions_of_empty_entries_are_refused() {
    let stream = b"\x12\x00".repeat(1_500_000);
    let mut body = vec![0x0a];
    prost::encoding::encode_varint(stream.len() as u64, &mut body);
    body.extend_from_slice(&stream);
    assert!(matches!(decode_protobuf(&body, now()), Err(IntakeError::TooLarge(_))));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_protobuf(&bytes, now());
        let _ = decode_json(&bytes, now());
        let _ = decode_json(&[br#"{"streams":[{"stream":{},"values":[["#, bytes.as_slice()].concat(), now());
    }

    #[test]
    fn lines_come_out_as_they_went_in(lines in proptest::collection::vec(("[^{=\\[]{0,30}", 1..i64::MAX), 0..20)) {
        let sent: Vec<_> = lines.iter().map(|(line, nanos)| entry(*nanos, line.as_bytes(), &[])).collect();
        let protobuf = decode_protobuf(&push("{a=\"b\"}", sent), now()).unwrap();
        let values: Vec<_> = lines.iter().map(|(line, nanos)| serde_json::json!([nanos.to_string(), line])).collect();
        let json = serde_json::json!({"streams": [{"stream": {"a": "b"}, "values": values}]}).to_string();
        let json = decode_json(json.as_bytes(), now()).unwrap();
        for decoded in [protobuf, json] {
            let read: Vec<_> = entries(&decoded).iter().map(|entry| (message(entry).to_owned(), entry.ts.unwrap().nanos())).collect();
            prop_assert_eq!(&read, &lines);
        }
    }
}
