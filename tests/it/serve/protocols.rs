//! Logs in as agents send them: Loki, Elasticsearch, OpenTelemetry, JSON lines.

use logan::entry::{LogLevel, Value};
use logan::serve::intake::{loki, otlp};
use prost::Message;
use reqwest::Method;
use serde_json::json;

use super::intake::{Intake, field, gzip};

const JSON: (&str, &str) = ("content-type", "application/json");
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
/// 2026-11-22T10:00:00Z in nanoseconds.
const TIME: i64 = 1_795_341_600_000_000_000;

fn text(text: &str) -> Value {
    Value::from(text)
}

#[test]
fn loki_pushes_json_and_protobuf() {
    let intake = Intake::start();
    let json = |line: &str| {
        json!({"streams": [{"stream": {"app": "web", "level": "warn"},
            "values": [[TIME.to_string(), line, {"pod": "web-1"}]]}]})
        .to_string()
    };
    for (path, line) in [
        ("/loki/api/v1/push", "status=500 msg=\"by json\""),
        ("/insert/loki/api/v1/push", "the second"),
        ("/api/prom/push", "the third"),
    ] {
        let answer = intake.post(path, &[JSON], json(line)).expect(204);
        assert!(answer.body.is_empty());
    }
    intake
        .post("/loki/api/v1/push", &[JSON, ("content-encoding", "gzip")], gzip(json("packed").as_bytes()))
        .expect(204);
    let push = loki::messages::PushRequest {
        streams: vec![loki::messages::StreamAdapter {
            labels: "{app=\"proto\"}".to_owned(),
            entries: vec![loki::messages::EntryAdapter {
                timestamp: Some(loki::messages::Time { seconds: TIME / 1_000_000_000, nanos: 5 }),
                line: b"by protobuf".to_vec(),
                structured_metadata: Vec::new(),
            }],
            hash: 0,
        }],
    };
    let packed = snap::raw::Encoder::new().compress_vec(&push.encode_to_vec()).expect("memory");
    intake.post("/loki/api/v1/push", &[PROTOBUF], packed.clone()).expect(204);
    let stored = intake.stored();
    assert_eq!(intake.messages(), ["by json", "the second", "the third", "packed", "by protobuf"]);
    assert_eq!(field(&stored[0], "status"), Some(&Value::Int(500)));
    for entry in &stored[..4] {
        assert_eq!(entry.level, Some(LogLevel::Warn));
        assert_eq!((field(entry, "app"), field(entry, "pod")), (Some(&text("web")), Some(&text("web-1"))));
        assert_eq!(entry.ts.map(|ts| ts.nanos()), Some(TIME));
        assert_eq!(entry.source.as_deref(), Some("loki"));
    }
    assert_eq!(stored[4].ts.map(|ts| ts.nanos()), Some(TIME + 5));

    for (headers, body, said) in [
        (JSON, br#"{"streams":[{"stream":{},"values":[[1795341600000000000,"x"]]}]}"#.to_vec(), "must be a text"),
        (JSON, br#"{"streams":[{"stream":{},"values":[["soon","x"]]}]}"#.to_vec(), "no timestamp"),
        (JSON, br#"{"streams":[{"stream":{},"values":[["1","x"],["2",{}]]}]}"#.to_vec(), "the line must be a text"),
        (JSON, b"{".to_vec(), "ends early"),
        (PROTOBUF, b"\xff\xff\xff\xff\xff".to_vec(), "snappy"),
    ] {
        let refused = intake.post("/loki/api/v1/push", &[headers], body).expect(400);
        assert_eq!(refused.code(), "invalid_body");
        assert!(refused.json()["error"]["message"].as_str().is_some_and(|text| text.contains(said)), "{refused:?}");
    }
    // A line that is refused by itself: the others are stored, and a repetition says the same.
    let name = "n".repeat(129);
    let body = json!({"streams": [{"stream": {}, "values": [["0", "good"], ["0", "bad", {name: "x"}]]}]}).to_string();
    let key = ("idempotency-key", "k");
    let refused = intake.post("/loki/api/v1/push", &[JSON, key], body.clone()).expect(400).json();
    let message = "1 lines were not taken, 1 were stored; line 2: a field name is longer than 128 bytes";
    assert_eq!(refused["error"]["message"], message);
    assert_eq!(intake.post("/loki/api/v1/push", &[JSON, key], body).expect(400).json()["error"]["message"], message);
    assert_eq!(intake.messages().len(), 6);
    intake.server.post("", "/loki/api/v1/push", &json!({})).expect(401);
    assert_eq!(intake.server.get("", "/ready").expect(200).body, b"ready\n");
}

#[test]
fn labels_that_would_fill_the_memory_are_refused() {
    let intake = Intake::start();
    let values: Vec<_> = (0..10_000).map(|_| json!(["0", ""])).collect();
    let body = json!({"streams": [{"stream": {"a": "x".repeat(60_000)}, "values": values}]}).to_string();
    let refused = intake.post("/loki/api/v1/push", &[JSON], body).expect(413);
    assert!(refused.json()["error"]["message"].as_str().is_some_and(|text| text.contains("256 MiB")), "{refused:?}");
    assert!(intake.stored().is_empty());
}

#[test]
fn elasticsearch_clients_find_what_they_look_for() {
    let intake = Intake::start();
    let product = |answer: &super::server::Answer| {
        assert_eq!(answer.header("x-elastic-product"), Some("Elasticsearch"), "{answer:?}");
    };
    let version = intake.server.get(&intake.key, "/").expect(200);
    product(&version);
    assert!(version.json()["version"]["number"].as_str().is_some_and(|number| number.starts_with("8.")));
    for path in [
        "/_license",
        "/_cluster/health",
        "/_xpack",
        "/_nodes/http",
        "/_ilm/policy/filebeat",
        "/_index_template/filebeat",
        "/_ingest/pipeline/x",
        "/insert/elasticsearch/",
        "/insert/elasticsearch/_license",
    ] {
        product(&intake.server.get(&intake.key, path).expect(200));
    }
    assert_eq!(intake.server.get(&intake.key, "/_license").json()["license"]["status"], "active");
    let head = intake.server.send(intake.server.request(Method::HEAD, &intake.key, "/")).expect(200);
    product(&head);
    product(&intake.server.send(intake.server.request(Method::PUT, &intake.key, "/_ilm/policy/x")).expect(200));
    for (token, path, status) in
        [("", "/", 401), ("", "/_license", 401), (&intake.key, "/_cat/indices", 404), (&intake.key, "/_bulk", 405)]
    {
        product(&intake.server.get(token, path).expect(status));
    }
    let unknown = intake.server.get(&intake.key, "/_cat/indices").json();
    assert_eq!((&unknown["status"], &unknown["error"]["type"]), (&json!(404), &json!("resource_not_found_exception")));

    let bulk = concat!(
        "{\"create\":{\"_index\":\"web\"}}\n{\"@timestamp\":\"2026-11-22T10:00:00Z\",\"message\":\"one\"}\n",
        "{\"index\":{\"_index\":\"web\",\"_id\":\"7\"}}\n{\"message\":\n",
        "{\"delete\":{\"_index\":\"web\",\"_id\":\"1\"}}\n",
        "{\"index\":{\"_index\":\"web\"}}\n{\"message\":\"two\"}\n",
    );
    let answer = intake.post("/_bulk", &[("content-type", "application/x-ndjson")], bulk).expect(200);
    product(&answer);
    let said = answer.json();
    assert_eq!(said["errors"], true);
    let statuses: Vec<_> = (said["items"].as_array().expect("items").iter())
        .map(|item| item.as_object().and_then(|item| item.iter().next()).expect("an action"))
        .map(|(action, item)| (action.as_str(), item["status"].as_u64(), item["error"].is_object()))
        .collect();
    let expected = [
        ("create", Some(201), false),
        ("index", Some(400), true),
        ("delete", Some(400), true),
        ("index", Some(201), false),
    ];
    assert_eq!(statuses, expected);
    let page = intake.server.get(&intake.ada.token, "/api/v1/rejects").expect(200).json();
    let lines: Vec<_> = (page["rejects"].as_array().expect("rejects").iter())
        .map(|reject| (reject["line"].as_u64(), reject["raw"].as_str()))
        .collect();
    assert_eq!(
        lines,
        [(Some(5), Some("{\"delete\":{\"_index\":\"web\",\"_id\":\"1\"}}")), (Some(4), Some("{\"message\":"))]
    );
    for path in ["/shop/_bulk", "/insert/elasticsearch/_bulk", "/insert/elasticsearch/shop/_bulk"] {
        let bulk = "{\"index\":{\"_index\":\"shop\"}}\n{\"message\":\"three\"}\n";
        assert_eq!(
            intake.post(path, &[("content-encoding", "gzip")], gzip(bulk.as_bytes())).expect(200).json()["errors"],
            false
        );
    }
    assert_eq!(intake.messages(), ["one", "two", "three", "three", "three"]);
    let stored = intake.stored();
    assert_eq!(stored[0].ts.map(|ts| ts.nanos()), Some(TIME));
    assert_eq!(field(&stored[2], "_index"), Some(&text("shop")));
    let refused = intake.post("/_bulk", &[], "nonsense\n").expect(400);
    product(&refused);
    assert_eq!((&refused.json()["status"], refused.json()["error"]["reason"].is_string()), (&json!(400), true));
    product(&intake.post("/_bulk", &[("content-encoding", "br")], "x").expect(415));
}

#[test]
fn opentelemetry_exports_in_both_spellings() {
    let intake = Intake::start();
    let json = |body: serde_json::Value| {
        json!({"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
            "scopeLogs": [{"logRecords": body}]}]})
        .to_string()
    };
    let good = json!({"timeUnixNano": TIME.to_string(), "severityNumber": 17, "body": {"stringValue": "by json"},
        "traceId": "0102030405060708090a0b0c0d0e0f10"});
    for path in ["/v1/logs", "/otlp/v1/logs", "/insert/opentelemetry/v1/logs"] {
        let answer = intake.post(path, &[JSON], json(json!([good]))).expect(200);
        assert_eq!((answer.json(), answer.header("content-type")), (json!({}), Some("application/json")));
    }
    let partial = intake.post("/v1/logs", &[JSON], json(json!([good, {"timeUnixNano": "soon"}]))).expect(200).json();
    assert_eq!(partial["partialSuccess"]["rejectedLogRecords"], "1");
    let message = &partial["partialSuccess"]["errorMessage"];
    assert_eq!(*message, "record 2: otlp: timeUnixNano: a whole number, as a number or a text is expected");
    let message = otlp::messages::ExportLogsServiceRequest {
        resource_logs: vec![otlp::messages::ResourceLogs {
            resource: None,
            scope_logs: vec![otlp::messages::ScopeLogs {
                scope: None,
                log_records: vec![otlp::messages::LogRecord {
                    time_unix_nano: TIME as u64,
                    severity_text: "WARN".to_owned(),
                    event_name: "by protobuf".to_owned(),
                    ..otlp::messages::LogRecord::default()
                }],
            }],
        }],
    };
    let sent = message.encode_to_vec();
    let answer = intake.post("/v1/logs", &[PROTOBUF, ("content-encoding", "gzip")], gzip(&sent)).expect(200);
    assert_eq!((answer.body.len(), answer.header("content-type")), (0, Some("application/x-protobuf")));
    let stored = intake.stored();
    assert_eq!(stored.len(), 5);
    assert_eq!(intake.messages()[..4], ["by json"; 4]);
    assert_eq!((stored[0].level, stored[4].level), (Some(LogLevel::Error), Some(LogLevel::Warn)));
    assert_eq!(field(&stored[0], "service.name"), Some(&text("shop")));
    assert_eq!(field(&stored[0], "trace_id"), Some(&text("0102030405060708090a0b0c0d0e0f10")));
    assert_eq!(field(&stored[4], "event_name"), Some(&text("by protobuf")));
    assert!(stored.iter().all(|entry| entry.ts.map(|ts| ts.nanos()) == Some(TIME)));

    // Errors are `Status`, in the content type of the request.
    let refused = intake.post("/v1/logs", &[JSON], "{").expect(400);
    assert_eq!((&refused.json()["code"], refused.header("content-type")), (&json!(3), Some("application/json")));
    let refused = intake.post("/v1/logs", &[PROTOBUF], sent[..sent.len() - 1].to_vec()).expect(400);
    assert_eq!(refused.header("content-type"), Some("application/x-protobuf"));
    let status = otlp::messages::Status::decode(refused.body.as_slice()).expect("a status");
    assert_eq!((status.code, status.message.is_empty()), (3, false));
    let request = intake.server.request(Method::POST, "", "/v1/logs").header(PROTOBUF.0, PROTOBUF.1).body(sent);
    let refused = intake.server.send(request).expect(401);
    assert_eq!(otlp::messages::Status::decode(refused.body.as_slice()).expect("a status").code, 16);
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    // Also where that is neither.
    let refused = intake.post("/v1/logs", &[("content-type", "text/plain")], "x").expect(415);
    assert_eq!((&refused.json()["code"], refused.header("content-type")), (&json!(3), Some("application/json")));
    assert!(refused.json()["message"].as_str().unwrap().contains("send application/x-protobuf or application/json"));
    let request = intake.server.request(Method::POST, "", "/v1/logs").header("content-type", "text/plain").body("x");
    assert_eq!(intake.server.send(request).expect(401).json()["code"], 16);
}

#[test]
fn json_lines_come_in_with_victorialogs_arguments() {
    let intake = Intake::start();
    let path = "/insert/jsonline?_msg_field=log.text&_time_field=when&ignore_fields=secret*&extra_fields=dc%3Deu";
    let body = "{\"log\":{\"text\":\"hello\"},\"when\":\"2026-11-22T10:00:00Z\",\"secret.a\":\"hunter2\"}\nno json\n";
    let answer = intake.post(path, &[("content-type", "application/stream+json")], body).expect(200).json();
    assert_eq!((&answer["accepted"], &answer["rejected"], &answer["durable"]), (&json!(1), &json!(1), &json!(true)));
    let debug = intake.post("/insert/jsonline?debug=1", &[], "{\"_msg\":\"not kept\"}").expect(200).json();
    assert_eq!((&debug["accepted"], &debug["durable"]), (&json!(1), &json!(false)));
    intake.post("/insert/jsonline", &[("vl-msg-field", "said")], "{\"said\":\"by header\"}").expect(200);
    intake.post("/insert/jsonline?extra_fields=nothing", &[], "{}").expect(400);
    assert_eq!(intake.messages(), ["hello", "by header"]);
    let stored = intake.stored();
    assert_eq!(stored[0].ts.map(|ts| ts.nanos()), Some(TIME));
    assert_eq!(field(&stored[0], "dc"), Some(&text("eu")));
    assert!(!format!("{:?}", stored[0]).contains("hunter2"));
}

#[test]
fn victorialogs_arguments_are_those_of_all_its_paths_and_of_no_others() {
    let intake = Intake::start();
    let query = "_msg_field=what&extra_fields=dc%3Deu&ignore_fields=secret&debug=";
    let document = json!({"what": "hello", "secret": "hunter2"}).to_string();
    let bulk = format!("{{\"create\":{{\"_index\":\"web\"}}}}\n{document}\n");
    let push = json!({"streams": [{"stream": {"app": "web"}, "values": [[TIME.to_string(), document]]}]}).to_string();
    let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let record = json!({"attributes": [attribute("what", "hello"), attribute("secret", "hunter2")]});
    let export = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).to_string();
    let lines = document + "\n";
    for (path, body, status) in [
        ("/insert/jsonline", &lines, 200),
        ("/insert/elasticsearch/_bulk", &bulk, 200),
        ("/insert/elasticsearch/web/_bulk", &bulk, 200),
        ("/insert/loki/api/v1/push", &push, 204),
        ("/insert/opentelemetry/v1/logs", &export, 200),
    ] {
        let before = intake.messages().len();
        intake.post(&format!("{path}?{query}1"), &[JSON], body.clone()).expect(status);
        assert_eq!(intake.messages().len(), before, "{path}: only read");
        intake.post(&format!("{path}?{query}"), &[JSON], body.clone()).expect(status);
        intake.post(path, &[JSON, ("vl-msg-field", "what")], body.clone()).expect(status);
        let stored = intake.stored();
        let [.., by_query, by_header] = stored.as_slice() else { panic!("{path}: {stored:?}") };
        assert_eq!(by_query.message.as_deref(), Some(&b"hello"[..]), "{path}");
        assert_eq!(field(by_query, "dc"), Some(&text("eu")), "{path}");
        assert!(!format!("{by_query:?}").contains("hunter2"), "{path}");
        assert_eq!(by_header.message.as_deref(), Some(&b"hello"[..]), "{path}");
        assert!(field(by_header, "dc").is_none() && field(by_header, "secret").is_some(), "{path}");
        intake.post(&format!("{path}?extra_fields=nothing"), &[JSON], body.clone()).expect(400);
        // Who asks comes before what is asked.
        let request = intake.server.request(Method::POST, "", &format!("{path}?extra_fields=nothing"));
        intake.server.send(request.header(JSON.0, JSON.1).body(body.clone())).expect(401);
    }
    for (path, body, status) in [("/_bulk", &bulk, 200), ("/loki/api/v1/push", &push, 204), ("/v1/logs", &export, 200)]
    {
        intake.post(&format!("{path}?{query}1"), &[JSON, ("vl-extra-fields", "dc=eu")], body.clone()).expect(status);
        let stored = intake.stored();
        let last = stored.last().expect("it is stored");
        assert!(field(last, "what").is_some() && field(last, "dc").is_none(), "{path}: {last:?}");
    }
}

#[test]
fn a_bulk_request_that_is_sent_again_is_stored_once() {
    let intake = Intake::start();
    let bulk = |message: &str| {
        format!(
            "{{\"index\":{{\"_index\":\"web\"}}}}\n{{\"message\":\"{message}\"}}\n{{\"index\":{{\"_index\":\"web\"}}}}\n7\n"
        )
    };
    let key = ("idempotency-key", "batch-1");
    let items = |body: String| intake.post("/_bulk", &[key], body).expect(200).json()["items"].clone();
    let first = items(bulk("one"));
    assert_eq!((&first[0]["index"]["status"], &first[1]["index"]["status"]), (&json!(201), &json!(400)));
    assert_eq!(items(bulk("one")), first, "answered alike");
    assert_eq!((intake.messages(), intake.rejects().len()), (vec!["one".to_owned()], 1));
    let other = intake.post("/_bulk", &[key], bulk("two")).expect(409).json();
    assert_eq!(other["status"], 409);
    intake.post("/_bulk", &[("idempotency-key", "batch-2")], bulk("one")).expect(200);
    assert_eq!(intake.messages(), ["one", "one"]);
}

#[test]
fn every_path_that_takes_logs_is_described() {
    let description = serde_json::to_value(logan::serve::openapi()).expect("a description");
    for path in [
        "/api/v1/logs",
        "/loki/api/v1/push",
        "/api/prom/push",
        "/insert/loki/api/v1/push",
        "/_bulk",
        "/{index}/_bulk",
        "/insert/elasticsearch/_bulk",
        "/insert/elasticsearch/{index}/_bulk",
        "/v1/logs",
        "/otlp/v1/logs",
        "/insert/opentelemetry/v1/logs",
        "/insert/jsonline",
    ] {
        let methods = &description["paths"][path];
        assert!(methods["post"]["responses"]["401"].is_object(), "{path}");
        assert_eq!(methods["put"]["responses"]["401"].is_object(), path.ends_with("_bulk"), "{path}");
    }
}
