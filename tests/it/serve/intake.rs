//! Logs in by the native path: what is answered, and what the store then holds.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use logan::config::{Period, Rate, Settings, Size};
use logan::entry::{LogEntry, Projection, Value};
use logan::query::{BatchSink, Columns, Filter, ScanError};
use logan::serve::SystemClock;
use logan::storage::{LiveReject, LogStorage, SqliteLogStorage};
use reqwest::Method;
use serde_json::json;

use super::server::{Account, Answer, TestServer};

/// A server, somebody with an org, and a key of that org that only sends.
pub struct Intake {
    pub server: TestServer,
    pub ada: Account,
    pub key: String,
}

impl Intake {
    pub fn start() -> Intake {
        Intake::start_with(|_| {})
    }

    pub fn start_with(change: impl FnOnce(&mut Settings)) -> Intake {
        let server = TestServer::start_with(Arc::new(SystemClock), change);
        let ada = server.somebody();
        let key = server.key(&ada, "ingest");
        Intake { server, ada, key }
    }

    /// Posts a body with these headers, as the key.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<reqwest::blocking::Body>) -> Answer {
        let request = self.server.request(Method::POST, &self.key, path).body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.server.send(request)
    }

    fn store(&self) -> Option<SqliteLogStorage> {
        let path = self.server.data().join(format!("orgs/{}.db", self.ada.org));
        path.exists().then(|| SqliteLogStorage::open_live(&path, 1).expect("a store"))
    }

    /// What the org's store holds, in the order of its arrival.
    pub fn stored(&self) -> Vec<LogEntry> {
        let Some(store) = self.store() else { return Vec::new() };
        let sink = Collect(Mutex::default());
        store.query(&Filter::All, &Projection::all(), &sink).expect("an answer");
        let mut found = sink.0.into_inner().expect("no panic");
        found.sort_by_key(|entry| entry.position.map(|position| position.line));
        found
    }

    /// The messages of what the store holds.
    pub fn messages(&self) -> Vec<String> {
        let text =
            |entry: &LogEntry| String::from_utf8_lossy(entry.message.as_deref().unwrap_or_default()).into_owned();
        self.stored().iter().map(text).collect()
    }

    /// What the store could not take, the last first.
    pub fn rejects(&self) -> Vec<LiveReject> {
        self.store().map(|store| store.live_rejects(None, 100).expect("rejects").rejects).unwrap_or_default()
    }
}

struct Collect(Mutex<Vec<LogEntry>>);

impl BatchSink for Collect {
    fn batch(&self, _: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let rows: Vec<u32> = (0..batch.rows() as u32).collect();
        let batch = batch.gather(&rows, &Projection::all())?;
        self.0.lock().expect("no panic").extend(batch.entries().map(|entry| entry.to_entry()));
        Ok(ControlFlow::Continue(()))
    }
}

/// A field of an entry.
pub fn field<'a>(entry: &'a LogEntry, name: &str) -> Option<&'a Value> {
    entry.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

const LOGS: &str = "/api/v1/logs";

/// What a body is, its headers, its bytes.
type Body<'b> = (&'b str, &'b [(&'b str, &'b str)], Vec<u8>);

#[test]
fn json_and_text_come_in_whatever_their_shape_and_packing() {
    let intake = Intake::start();
    let one = r#"{"ts":"2026-11-22T10:00:00Z","level":"error","message":"one","n":1}"#;
    let line = |text: &str| format!("{{\"message\":\"{text}\"}}\n");
    let deflated = {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(line("six").as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    };
    let bodies: Vec<Body<'_>> = vec![
        (LOGS, &[("content-type", "application/json")], one.into()),
        (LOGS, &[("content-type", "application/json")], format!("[{}, {}]", line("two"), line("three")).into()),
        (
            LOGS,
            &[("content-type", "application/x-ndjson"), ("content-encoding", "gzip")],
            gzip(line("four").as_bytes()),
        ),
        (LOGS, &[("content-encoding", "zstd")], zstd::encode_all(line("five").as_bytes(), 1).expect("memory")),
        (LOGS, &[("content-encoding", "deflate")], deflated),
        ("/api/v1/logs?format=logfmt", &[("content-type", "text/plain")], "level=warn msg=seven n=7\n".into()),
        ("/api/v1/logs?format=auto&tz=%2B02:00", &[], "2026-11-22 12:00:00 ERROR eight\n  at line 2\n".into()),
    ];
    for (path, headers, body) in bodies {
        let answer = intake.post(path, headers, body).expect(200).json();
        let expected = json!({"accepted": if answer["accepted"] == 2 { 2 } else { 1 }, "rejected": 0, "errors": [], "durable": true});
        assert_eq!(answer, expected, "{path} {headers:?}");
    }
    let stored = intake.stored();
    let said = intake.messages();
    assert_eq!(said[..7], ["one", "two", "three", "four", "five", "six", "seven"]);
    assert!(said[7].contains("eight"), "{said:?}");
    assert_eq!(stored.len(), 8);
    assert_eq!(field(&stored[0], "n"), Some(&Value::Int(1)));
    assert_eq!(field(&stored[0], "ts_assumed"), None);
    assert_eq!(field(&stored[1], "ts_assumed"), Some(&Value::Bool(true)));
    assert_eq!(stored[7].ts.expect("a time").to_rfc3339(0), "2026-11-22T10:00:00Z", "the zone of the request");
    assert!(stored.iter().all(|entry| entry.source.as_deref() == Some("http")));
    let lines: Vec<u64> = stored.iter().filter_map(|entry| entry.position).map(|position| position.line).collect();
    assert_eq!(lines, (1..=8).collect::<Vec<u64>>());
}

#[test]
fn lines_that_cannot_be_read_are_named_and_kept_and_the_others_stored() {
    let intake = Intake::start_with(|settings| {
        settings.limits.line = Size::from_bytes(100);
        settings.limits.fields = 3;
        settings.limits.field_name = Size::from_bytes(8);
        settings.limits.depth = 2;
    });
    let long = format!("{{\"m\":\"{}\"}}", "x".repeat(100));
    let lines = [
        r#"{"message":"good","a":{"b":1}}"#,
        r#"{"message":"#,
        &long,
        r#"{"a":1,"b":2,"c":3,"d":4}"#,
        r#"{"much_too_long":1}"#,
        r#"{"a":{"b":{"c":1}}}"#,
        r#"{"message":"brackets in a text are none: {{{[[["}"#,
    ];
    let answer = intake.post(LOGS, &[], lines.join("\n")).expect(200).json();
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(2), &json!(5)));
    let errors: Vec<_> = answer["errors"].as_array().expect("errors").iter().skip(1).collect();
    let expected = [
        json!({"line": 3, "reason": "longer than 100B"}),
        json!({"line": 4, "reason": "4 fields, more than 3"}),
        json!({"line": 5, "reason": "a field name is longer than 8 bytes"}),
        json!({"line": 6, "reason": "nested deeper than 2"}),
    ];
    assert_eq!(errors, expected.iter().collect::<Vec<_>>());
    assert_eq!(answer["errors"][0]["line"], 2);
    assert_eq!(intake.messages().len(), 2);
    let mut rejects = intake.rejects();
    rejects.reverse();
    let kept: Vec<_> = rejects.iter().map(|kept| (kept.reject.line, kept.reject.raw.to_vec())).collect();
    let sent: Vec<_> = (2..=6).map(|line| (line as u64, lines[line - 1].as_bytes().to_vec())).collect();
    assert_eq!(kept, sent);
    // Of many errors the answer names the first hundred.
    let answer = intake.post(LOGS, &[], "{\n".repeat(150)).expect(200).json();
    assert_eq!((&answer["rejected"], answer["errors"].as_array().map(Vec::len)), (&json!(150), Some(100)));
}

#[test]
fn a_request_with_a_key_is_stored_once_however_often_it_is_sent() {
    let intake = Intake::start();
    let body = "{\"message\":\"once\"}\nnothing\n";
    let key: &[(&str, &str)] = &[("idempotency-key", "batch-1")];
    let first = intake.post(LOGS, key, body).expect(200);
    assert_eq!(intake.post(LOGS, key, body).expect(200).body, first.body);
    // The content counts, not how it is packed.
    let packed = intake.post(LOGS, &[key[0], ("content-encoding", "gzip")], gzip(body.as_bytes()));
    assert_eq!(packed.expect(200).body, first.body);
    let other = intake.post(LOGS, key, "{\"message\":\"other\"}").expect(409);
    assert_eq!(other.code(), "idempotency_conflict");
    // Read in another way, it is another request; the order of parameters is none of it.
    for parameters in ["?source=a", "?format=json", "?tz=%2B02:00"] {
        let other = intake.post(&format!("{LOGS}{parameters}"), key, body).expect(409);
        assert_eq!(other.code(), "idempotency_conflict", "{parameters}");
    }
    let sourced: &[(&str, &str)] = &[("idempotency-key", "batch-2")];
    intake.post(&format!("{LOGS}?source=a&format=json"), sourced, "").expect(200);
    intake.post(&format!("{LOGS}?format=json&source=a"), sourced, "").expect(200);
    intake.post(&format!("{LOGS}?format=json&source=b"), sourced, "").expect(409);
    assert_eq!((intake.messages(), intake.rejects().len()), (vec!["once".to_owned()], 1));
    // Another client's keys are others, and so are those of another protocol.
    let other_key = intake.server.key(&intake.ada, "ingest");
    let request = intake.server.request(Method::POST, &other_key, LOGS).header("idempotency-key", "batch-1");
    intake.server.send(request.body("{\"message\":\"of another\"}")).expect(200);
    let long = "k".repeat(256);
    for wrong in ["", "two words", long.as_str()] {
        assert_eq!(intake.post(LOGS, &[("idempotency-key", wrong)], body).expect(400).code(), "invalid_header");
    }
    // Two of them: which one counts would be a guess, also when they are alike.
    for second in ["batch-9", "batch-8"] {
        let twice = [("idempotency-key", "batch-9"), ("idempotency-key", second)];
        let refused = intake.post(LOGS, &twice, body).expect(400).json();
        assert_eq!(refused["error"]["message"], "Idempotency-Key stands there more than once");
    }
    let key: &[(&str, &str)] = &[("idempotency-key", "at-once")];
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let send = || intake.post(LOGS, key, "{\"message\":\"at once\"}");
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (200, &answers[0].body));
    }
    assert_eq!(intake.messages(), ["once", "of another", "at once"]);
}

#[test]
fn what_is_too_large_or_unreadable_is_refused_whole() {
    let intake = Intake::start_with(|settings| {
        settings.limits.body = Size::kib(64);
        settings.limits.queue = Size::kib(128);
    });
    let large = "{\"message\":\"x\"}\n".repeat(5000);
    let unpacked = intake.post(LOGS, &[("content-encoding", "gzip")], gzip(large.as_bytes())).expect(413);
    assert_eq!(unpacked.code(), "too_large");
    let br = intake.post(LOGS, &[("content-encoding", "br")], "x").expect(415);
    assert_eq!(br.code(), "unsupported_media_type");
    let twice = [("content-encoding", "identity"), ("content-encoding", "gzip")];
    assert_eq!(intake.post(LOGS, &twice, gzip(b"{}")).expect(400).code(), "invalid_header");
    let wrong = intake.post(LOGS, &[("content-encoding", "gzip")], "no gzip").expect(400);
    assert_eq!(wrong.code(), "invalid_body");
    for (query, code, said) in [
        ("format=nonsense", "invalid_parameter", "format: unknown format \"nonsense\", expected one of combined, "),
        ("format=combine", "invalid_parameter", "did you mean combined?"),
        ("tz=Mars", "invalid_parameter", "tz: unknown time zone \"Mars\": expected UTC, "),
        ("source=", "invalid_parameter", "source: "),
        ("format=json&format=json", "invalid_parameter", "format: "),
        ("fromat=json", "unknown_parameter", "there is no parameter fromat; did you mean format?"),
    ] {
        let refused = intake.post(&format!("{LOGS}?{query}"), &[], "x").expect(400);
        assert_eq!(refused.code(), code, "{query}");
        assert!(refused.json()["error"]["message"].as_str().unwrap().contains(said), "{refused:?}");
    }
    let extra = intake.post("/insert/jsonline?extra_fields=x", &[], "{}").expect(400);
    assert_eq!(extra.code(), "invalid_parameter");
    intake.post(LOGS, &[], "[{\"message\":\"cut\"},").expect(400);
    // Declared too large: refused before it is sent.
    let declared = raw(&intake, &intake.key, "content-length: 65537\r\n", "");
    assert!(declared.starts_with("HTTP/1.1 413 "), "{declared}");
    // For two hosts at once (RFC 9112 §3.2).
    let hosts = raw(&intake, &intake.key, "host: y\r\ncontent-length: 1\r\n", "x");
    assert!(hosts.starts_with("HTTP/1.1 400 ") && hosts.contains("\"invalid_request\""), "{hosts}");
    // In pieces that do not say how many there will be.
    let piece = format!("{:x}\r\n{}\r\n", 66_000, "x".repeat(66_000));
    let chunked = raw(&intake, &intake.key, "transfer-encoding: chunked\r\n", &piece);
    assert!(chunked.starts_with("HTTP/1.1 413 "), "{chunked}");
    // Packed on its way, which is not undone.
    let coded = raw(&intake, &intake.key, "transfer-encoding: gzip, chunked\r\n", "1\r\nx\r\n0\r\n\r\n");
    assert!(coded.starts_with("HTTP/1.1 501 ") && coded.contains("Content-Encoding"), "{coded}");
    assert!(intake.messages().is_empty());
}

#[test]
fn a_body_that_comes_too_slowly_is_answered_408_and_not_stored() {
    let intake = Intake::start_with(|settings| settings.limits.body_idle = Period::from_millis(50));
    let answer = raw(&intake, &intake.key, "content-length: 100\r\n", "{\"message\":\"x\"}\n");
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("too_slow"), "{answer}");
    assert!(intake.messages().is_empty());
}

#[test]
fn who_asks_is_looked_at_before_the_body() {
    let intake = Intake::start();
    // None of the body was sent, and all the same there is an answer.
    let wrong = format!("{}x", &intake.key[..intake.key.len() - 1]);
    for nobody in ["", wrong.as_str()] {
        let answer = raw(&intake, nobody, "content-length: 1000000000\r\n", "");
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    }
    let query = intake.server.key(&intake.ada, "query");
    let answer = raw(&intake, &query, "content-length: 1000\r\n", "");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let viewer = intake.server.sign_up_into(&intake.ada, "viewer@example.org", "viewer");
    let member = intake.server.sign_up_into(&intake.ada, "member@example.org", "member");
    intake.server.post(&viewer.token, LOGS, &json!({"message": "no"})).expect(403);
    intake.server.post(&member.token, LOGS, &json!({"message": "yes"})).expect(200);
    // A key that sends does nothing else.
    for path in ["/api/v1/keys", "/api/v1/orgs", "/api/v1/audit"] {
        intake.server.get(&intake.key, path).expect(403);
    }
    assert_eq!(intake.messages(), ["yes"]);
}

#[test]
fn when_too_much_waits_the_client_is_told_to_come_back() {
    let intake = Intake::start_with(|settings| settings.limits.queue = Size::kib(1));
    let full = intake.post(LOGS, &[], "{\"message\":\"x\"}\n".repeat(200)).expect(503);
    assert_eq!((full.code().as_str(), full.header("retry-after")), ("queue_full", Some("1")));
    intake.post(LOGS, &[], "{\"message\":\"small\"}").expect(200);
    assert_eq!(intake.messages(), ["small"]);
}

#[test]
fn bytes_beyond_an_orgs_rate_are_told_to_wait() {
    let intake = Intake::start_with(|settings| {
        settings.rates.ingest = Size::kib(1);
        settings.rates.ingest_burst = Size::kib(4);
    });
    let body = |lines: usize| "{\"message\":\"0123456789abcdef\"}\n".repeat(lines);
    intake.post(LOGS, &[], body(100)).expect(200);
    let refused = intake.post(LOGS, &[], body(100)).expect(429);
    let wait = refused.header("retry-after");
    assert!(wait.is_some());
    let limit = ["limit", "remaining", "reset"].map(|name| refused.header(&format!("ratelimit-{name}")));
    assert_eq!(limit, [Some("4"), Some("0"), wait]);
    let said = "too many bytes of logs of this org: 4KiB at once and 1KiB a second are allowed; come again in";
    assert_eq!(refused.json()["error"]["message"], format!("{said} {} s", wait.unwrap()));
    // In the words of another protocol as well.
    let bulk = format!("{{\"create\":{{\"_index\":\"x\"}}}}\n{{\"message\":\"{}\"}}\n", "x".repeat(3000));
    let refused = intake.post("/_bulk", &[], bulk).expect(429);
    assert!(refused.header("retry-after").is_some() && refused.header("ratelimit-limit") == Some("4"), "{refused:?}");
    let larger = intake.post(LOGS, &[], body(1000)).expect(413).json();
    assert_eq!(larger["error"]["message"], "the body is larger than the 4KiB this org may send at once");
    assert_eq!(intake.stored().len(), 100);
}

#[test]
fn an_org_asks_only_so_often_however_many_keys_it_has() {
    let server = TestServer::start_with(Arc::new(SystemClock), |settings| {
        settings.rates.org = Rate { per_second: 1, burst: 8 };
        settings.rates.key = Rate { per_second: 1, burst: 5 };
    });
    let (ada, eve) = (server.sign_up("ada@example.org"), server.sign_up("eve@example.org"));
    // Two requests of Ada's own.
    let keys = [server.key(&ada, "query"), server.key(&ada, "query")];
    let ask = |key: &str| server.get(key, "/api/v1/rejects");
    let refused = |key: &str| (0..50).map(|_| ask(key)).find(|answer| answer.status == 429).expect("it is too often");
    let by_key = refused(&keys[0]);
    assert_eq!((by_key.header("ratelimit-limit"), by_key.header("retry-after")), (Some("5"), Some("1")));
    let said = |refused: &Answer| refused.json()["error"]["message"].as_str().unwrap().to_owned();
    let expected = "too many requests of this key or account: 5 at once and 1 a second are allowed; come again in 1 s";
    assert_eq!(said(&by_key), expected);
    let by_org = refused(&keys[1]);
    assert_eq!(by_org.header("ratelimit-limit"), Some("8"), "{by_org:?}");
    assert!(said(&by_org).starts_with("too many requests of this org: 8 at once"), "{by_org:?}");
    ask(&eve.token).expect(200);
}

#[test]
fn a_batch_of_many_lines_becomes_several_blocks_with_nothing_lost() {
    let intake = Intake::start();
    let body: String = (0..150_000).map(|number| format!("{{\"n\":{number}}}\n")).collect();
    assert_eq!(intake.post(LOGS, &[], body).expect(200).json()["accepted"], 150_000);
    struct Sizes(Mutex<Vec<usize>>);
    impl BatchSink for Sizes {
        fn batch(&self, _: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
            self.0.lock().expect("no panic").push(batch.rows());
            Ok(ControlFlow::Continue(()))
        }
    }
    let sizes = Sizes(Mutex::default());
    intake.store().expect("a store").query(&Filter::All, &Projection::all(), &sizes).expect("an answer");
    let sizes = sizes.0.into_inner().expect("no panic");
    assert!(sizes.len() >= 3 && sizes.iter().all(|rows| *rows <= 64 * 1024), "{sizes:?}");
    let numbers: Vec<_> = intake.stored().iter().map(|entry| field(entry, "n").cloned()).collect();
    assert!(numbers.into_iter().eq((0..150_000).map(|number| Some(Value::Int(number)))));
}

/// Sends a request by hand, not more of its body than `sent`, and reads the answer.
fn raw(intake: &Intake, token: &str, headers: &str, sent: &str) -> String {
    let mut stream = TcpStream::connect(intake.server.address).expect("a connection");
    let authorization = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    let head = format!("POST {LOGS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{authorization}{headers}\r\n");
    stream.write_all(head.as_bytes()).expect("the head goes out");
    stream.write_all(sent.as_bytes()).expect("the body goes out");
    let mut answer = Vec::new();
    // A server that has not read all that was sent may reset the connection behind its answer.
    let read = stream.read_to_end(&mut answer);
    assert!(read.is_ok() || !answer.is_empty(), "{read:?}");
    String::from_utf8_lossy(&answer).into_owned()
}
