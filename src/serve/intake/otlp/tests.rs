use proptest::prelude::{prop_assert_eq, proptest};
use prost::Message;
use serde_json::json;

use super::messages::*;
use super::*;
use crate::entry::{LogEntry, LogLevel, Reject, Timestamp, Value};
use crate::serve::intake::{Arrival, Decoded, IntakeError, TS_ASSUMED};

const NOW: i64 = 1_795_000_000_000_000_000;

fn now() -> Arrival {
    Arrival::at(Timestamp::from_nanos(NOW).unwrap())
}

fn entries(decoded: &Decoded) -> Vec<LogEntry> {
    decoded.batch.entries().map(|entry| entry.to_entry()).collect()
}

fn field(entry: &LogEntry, name: &str) -> Option<Value> {
    entry.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

fn text(entry: &LogEntry, name: &str) -> Option<String> {
    match field(entry, name)? {
        Value::Text(text) | Value::Json(text) => Some(String::from_utf8_lossy(&text).into_owned()),
        _ => None,
    }
}

fn message(entry: &LogEntry) -> Option<&str> {
    entry.message.as_deref().map(|message| std::str::from_utf8(message).unwrap())
}

fn any(value: any_value::Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn string(text: &str) -> AnyValue {
    any(any_value::Value::String(text.to_owned()))
}

fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value) }
}

fn request(attributes: Vec<KeyValue>, scope: &str, records: Vec<LogRecord>) -> Vec<u8> {
    let scope = InstrumentationScope { name: scope.to_owned(), ..InstrumentationScope::default() };
    let scope_logs = vec![ScopeLogs { scope: Some(scope), log_records: records }];
    let resource_logs = vec![ResourceLogs { resource: Some(Resource { attributes }), scope_logs }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

#[test]
fn json_of_the_specification_and_protobuf_say_the_same() {
    let json = json!({"resourceLogs": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "my.service"}},
            {"key": "k", "value": {"stringValue": "of the resource"}}
        ], "unknown": {"x": []}},
        "scopeLogs": [{
            "scope": {"name": "my.library", "version": "1.0.0"},
            "logRecords": [{
                "timeUnixNano": "1544712660300000000", "observedTimeUnixNano": 1544712660300000001u64,
                "severityNumber": 10, "severityText": "Information", "flags": 1,
                "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174",
                "body": {"stringValue": "Example log record"},
                "attributes": [
                    {"key": "string.attribute", "value": {"stringValue": "some string"}},
                    {"key": "boolean.attribute", "value": {"boolValue": true}},
                    {"key": "int.attribute", "value": {"intValue": "10"}},
                    {"key": "double.attribute", "value": {"doubleValue": 637.704}},
                    {"key": "array.attribute", "value": {"arrayValue": {"values": [{"stringValue": "many"}, {"intValue": 2}]}}},
                    {"key": "map", "value": {"kvlistValue": {"values": [{"key": "some.map.key", "value": {"stringValue": "v"}}]}}},
                    {"key": "bytes", "value": {"bytesValue": "aGk="}},
                    {"key": "k", "value": {"stringValue": "of the record"}}
                ],
                "droppedAttributesCount": 3
            }]
        }]
    }]});
    use any_value::Value as Any;
    let array = ArrayValue { values: vec![string("many"), any(Any::Int(2))] };
    let list = KeyValueList { values: vec![pair("some.map.key", string("v"))] };
    let record = LogRecord {
        time_unix_nano: 1_544_712_660_300_000_000,
        observed_time_unix_nano: 1_544_712_660_300_000_001,
        severity_number: 10,
        severity_text: "Information".to_owned(),
        body: Some(string("Example log record")),
        attributes: vec![
            pair("string.attribute", string("some string")),
            pair("boolean.attribute", any(Any::Bool(true))),
            pair("int.attribute", any(Any::Int(10))),
            pair("double.attribute", any(Any::Double(637.704))),
            pair("array.attribute", any(Any::Array(array))),
            pair("map", any(Any::Kvlist(list))),
            pair("bytes", any(Any::Bytes(b"hi".to_vec()))),
            pair("k", string("of the record")),
        ],
        flags: 1,
        trace_id: vec![0x5b, 0x8e, 0xff, 0xf7, 0x98, 0x03, 0x81, 0x03, 0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6, 0x0c],
        span_id: vec![0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74],
        event_name: String::new(),
    };
    let attributes = vec![pair("service.name", string("my.service")), pair("k", string("of the resource"))];
    let scope = InstrumentationScope { name: "my.library".into(), version: "1.0.0".into(), attributes: vec![] };
    let scope_logs = vec![ScopeLogs { scope: Some(scope), log_records: vec![record] }];
    let resource_logs = vec![ResourceLogs { resource: Some(Resource { attributes }), scope_logs }];
    let protobuf = ExportLogsServiceRequest { resource_logs }.encode_to_vec();

    let from_json = entries(&decode_json(json.to_string().as_bytes(), now()).unwrap());
    let from_protobuf = entries(&decode_protobuf(&protobuf, now()).unwrap());
    assert_eq!(from_json, from_protobuf);
    let [entry] = from_json.as_slice() else { panic!("one entry: {from_json:?}") };
    assert_eq!(entry.ts.unwrap().nanos(), 1_544_712_660_300_000_000);
    assert_eq!((entry.level, message(entry)), (Some(LogLevel::Info), Some("Example log record")));
    assert_eq!(text(entry, "service.name").as_deref(), Some("my.service"));
    assert_eq!(text(entry, "otel.scope.name").as_deref(), Some("my.library"));
    assert_eq!(text(entry, "trace_id").as_deref(), Some("5b8efff798038103d269b633813fc60c"));
    assert_eq!(field(entry, "int.attribute"), Some(Value::Int(10)));
    assert_eq!(text(entry, "array.attribute").as_deref(), Some("[\"many\",2]"));
    assert_eq!(text(entry, "map.some.map.key").as_deref(), Some("v"));
    assert_eq!(text(entry, "bytes").as_deref(), Some("aGk="));
    assert_eq!(
        (text(entry, "k").as_deref(), text(entry, "k_").as_deref()),
        (Some("of the record"), Some("of the resource"))
    );
    assert_eq!(field(entry, TS_ASSUMED), None);
}

#[test]
fn times_levels_and_bodies_of_every_kind() {
    let one =
        |record: LogRecord| entries(&decode_protobuf(&request(vec![], "", vec![record]), now()).unwrap()).remove(0);
    let observed = one(LogRecord { observed_time_unix_nano: 7, ..LogRecord::default() });
    assert_eq!(observed.ts.unwrap().nanos(), 7);
    let none = one(LogRecord::default());
    assert_eq!((none.ts.unwrap().nanos(), none.level, message(&none)), (NOW, None, None));
    assert_eq!(field(&none, TS_ASSUMED), Some(Value::Bool(true)));
    let numbered = |severity_number: i32, text: &str| {
        one(LogRecord { severity_number, severity_text: text.to_owned(), ..LogRecord::default() })
    };
    for (number, level) in [
        (1, Some(LogLevel::Trace)),
        (8, Some(LogLevel::Debug)),
        (9, Some(LogLevel::Info)),
        (13, Some(LogLevel::Warn)),
        (17, Some(LogLevel::Error)),
        (24, Some(LogLevel::Emergency)),
        (0, None),
        (25, None),
        (-1, None),
    ] {
        assert_eq!(numbered(number, "").level, level, "{number}");
    }
    assert_eq!(numbered(21, "FATAL").level, Some(LogLevel::Critical));
    let strange = numbered(17, "LOUD");
    assert_eq!((strange.level, text(&strange, "severity_text").as_deref()), (Some(LogLevel::Error), Some("LOUD")));
    let body = |value: any_value::Value| one(LogRecord { body: Some(any(value)), ..LogRecord::default() });
    let list = KeyValueList { values: vec![pair("msg", string("hello")), pair("n", any(any_value::Value::Int(3)))] };
    let structured = body(any_value::Value::Kvlist(list));
    assert_eq!((message(&structured), field(&structured, "n")), (Some("hello"), Some(Value::Int(3))));
    assert_eq!(structured.raw.as_deref(), Some(&br#"{"msg":"hello","n":3}"#[..]));
    assert_eq!(message(&body(any_value::Value::Int(5))), Some("5"));
    let array = ArrayValue { values: vec![any(any_value::Value::Bool(true))] };
    assert_eq!(message(&body(any_value::Value::Array(array))), Some("[true]"));
}

#[test]
fn what_cannot_be_taken_is_counted_and_the_rest_is_taken() {
    let json = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"body": {"stringValue": "a"}, "severityNumber": "SEVERITY_NUMBER_WARN"},
        {"body": {"stringValue": "b"}, "traceId": "xyz"},
        {"body": {"stringValue": "c"}, "attributes": (0..300).map(|n| json!({"key": format!("k{n}"), "value": {"intValue": n}})).collect::<Vec<_>>()},
        {"body": {"stringValue": "d"}, "timeUnixNano": 1.5},
        {"body": {"doubleValue": "NaN"}}
    ]}]}]});
    let decoded = decode_json(json.to_string().as_bytes(), now()).unwrap();
    assert_eq!(decoded.rejects.iter().map(|reject| reject.line).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!((decoded.batch.rows, decoded.lines), (2, 5));
    assert_eq!(entries(&decoded)[0].level, Some(LogLevel::Warn));
    let answer: serde_json::Value = serde_json::from_slice(&success(Content::Json, &decoded.rejects)).unwrap();
    assert_eq!(answer["partialSuccess"]["rejectedLogRecords"], "3");
    let answer = ExportLogsServiceResponse::decode(success(Content::Protobuf, &decoded.rejects).as_slice()).unwrap();
    assert_eq!(answer.partial_success.unwrap().rejected_log_records, 3);
    assert_eq!(success(Content::Json, &[]), b"{}");
    assert_eq!(success(Content::Protobuf, &[] as &[Reject]), b"");
}

#[test]
fn what_is_no_request_is_400_in_its_own_type() {
    for body in ["[]", "{", "{\"resourceLogs\":{}}", "{\"resourceLogs\":[{\"resource\":[1]}]}", "{} x"] {
        assert!(matches!(decode_json(body.as_bytes(), now()), Err(IntakeError::Wrong(_))), "{body}");
    }
    assert_eq!(decode_json(b"{\"resourceLogs\":null}", now()).unwrap().batch.rows, 0);
    let whole = request(vec![], "s", vec![LogRecord { body: Some(string("x")), ..LogRecord::default() }]);
    assert!(matches!(decode_protobuf(&whole[..whole.len() - 1], now()), Err(IntakeError::Wrong(_))));
    let body = Status::decode(status(Content::Protobuf, 400, "no").as_slice()).unwrap();
    assert_eq!((body.code, body.message.as_str()), (3, "no"));
    let body: serde_json::Value = serde_json::from_slice(&status(Content::Json, 503, "no")).unwrap();
    assert_eq!(body["code"], 14);
    assert_eq!(Content::from_header(Some("application/json; charset=utf-8")), Ok(Content::Json));
    assert!(matches!(Content::from_header(Some("text/plain")), Err(IntakeError::Unsupported(_))));
}

#[test]
fn deep_values_do_not_break_the_stack_and_stay_whole() {
    let mut value = string("end");
    for _ in 0..40 {
        value = any(any_value::Value::Kvlist(KeyValueList { values: vec![pair("k", value)] }));
    }
    let body = request(vec![], "", vec![LogRecord { attributes: vec![pair("a", value)], ..LogRecord::default() }]);
    let decoded = decode_protobuf(&body, now()).unwrap();
    assert_eq!(decoded.batch.rows + decoded.rejects.len(), 1);
    let open = "{\"kvlistValue\":{\"values\":[{\"key\":\"k\",\"value\":".repeat(500);
    let close = "}]}}".repeat(500);
    let json = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{open}{{}}{close}}}]}}]}}]}}"#);
    assert!(decode_json(json.as_bytes(), now()).is_err());
}

#[test]
fn millions_of_empty_records_are_refused() {
    let records = b"\x12\x00".repeat(1_200_000);
    let wrap = |tag: u8, inner: &[u8]| {
        let mut out = vec![tag];
        prost::encoding::encode_varint(inner.len() as u64, &mut out);
        out.extend_from_slice(inner);
        out
    };
    let body = wrap(0x0a, &wrap(0x12, &records));
    assert!(matches!(decode_protobuf(&body, now()), Err(IntakeError::TooLarge(_))));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = decode_protobuf(&bytes, now());
        let _ = decode_json(&bytes, now());
        let inner = [br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"#, bytes.as_slice()].concat();
        let _ = decode_json(&inner, now());
    }

    #[test]
    fn records_come_out_as_they_went_in(records in proptest::collection::vec(("\\PC{0,30}", 1..i64::MAX as u64, proptest::num::i64::ANY), 0..20)) {
        let sent = records.iter().map(|(body, nanos, number)| LogRecord {
            time_unix_nano: *nanos,
            body: Some(string(body)),
            attributes: vec![pair("n", any(any_value::Value::Int(*number)))],
            ..LogRecord::default()
        }).collect();
        let protobuf = decode_protobuf(&request(vec![], "s", sent), now()).unwrap();
        let sent: Vec<_> = records.iter().map(|(body, nanos, number)| json!({
            "timeUnixNano": nanos.to_string(), "body": {"stringValue": body},
            "attributes": [{"key": "n", "value": {"intValue": number.to_string()}}]
        })).collect();
        let json = json!({"resourceLogs": [{"scopeLogs": [{"scope": {"name": "s"}, "logRecords": sent}]}]});
        let json = decode_json(json.to_string().as_bytes(), now()).unwrap();
        for decoded in [protobuf, json] {
            let read: Vec<_> = entries(&decoded).iter().map(|entry| (
                message(entry).unwrap().to_owned(), entry.ts.unwrap().nanos() as u64, field(entry, "n")
            )).collect();
            let expected: Vec<_> = records.iter().cloned().map(|(body, nanos, n)| (body, nanos, Some(Value::Int(n)))).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
