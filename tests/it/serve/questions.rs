//! Questions over HTTP: pages, the language, limits, followers, and nobody else's entries.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use logan::serve::SystemClock;
use reqwest::Method;
use serde_json::{Value, json};

use super::server::{Account, TestServer};

const FIRST: i64 = 1_788_782_400;

/// Sends entries numbered from `first` on; their times repeat and are in no order.
fn send(server: &TestServer, account: &Account, first: u64, count: u64) {
    let mut body = String::new();
    for n in first..first + count {
        let second = FIRST + (n * 7919 % 50) as i64;
        let level = ["debug", "info", "warn", "error"][(n % 4) as usize];
        writeln!(
            body,
            r#"{{"ts":{second},"level":"{level}","message":"request {n} done","n":{n},"status":{}}}"#,
            200 + n % 3 * 100
        )
        .unwrap();
    }
    let request = server.request(Method::POST, &account.token, "/api/v1/logs");
    server.send(request.header("content-type", "application/x-ndjson").body(body)).expect(200);
}

fn numbers(entries: &Value) -> Vec<u64> {
    entries.as_array().unwrap().iter().map(|entry| entry["n"].as_u64().unwrap()).collect()
}

/// The numbers in the order of `/api/v1/logs`, going by what `send` does.
fn in_order(count: u64) -> Vec<u64> {
    let mut all: Vec<u64> = (0..count).collect();
    all.sort_by_key(|n| (n * 7919 % 50, *n));
    all.reverse();
    all
}

#[test]
fn pages_give_what_was_there_at_the_first_once_while_more_arrives() {
    let server = TestServer::start();
    let account = server.somebody();
    for part in 0..20 {
        send(&server, &account, part * 10, 10);
    }
    for (order, expected) in [("newest", in_order(200)), ("oldest", in_order(200).into_iter().rev().collect())] {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut next = 100_000;
                // Fewer than fit a page below, however long it takes.
                while !stop.load(Ordering::Relaxed) && next < 100_300 {
                    send(&server, &account, next, 3);
                    next += 3;
                }
            });
            let mut found = Vec::new();
            // Numbers below those of the writer, so that what it sends would show only by displacing others.
            let mut path = format!("/api/v1/logs?order={order}&limit=7&q=n%20%3C%20200");
            let base = path.clone();
            for page in 0.. {
                let answer = server.get(&account.token, &path).expect(200).json();
                assert_eq!(answer["truncated"], false);
                found.extend(numbers(&answer["entries"]));
                let Some(cursor) = answer["next_cursor"].as_str() else { break };
                assert!(page < 100, "it ends");
                path = format!("{base}&cursor={cursor}");
            }
            stop.store(true, Ordering::Relaxed);
            assert_eq!(found, expected, "{order}");
        });
    }
    // Without the filter, what arrives after the first page is on no later one.
    let first = server.get(&account.token, "/api/v1/logs?limit=1000").expect(200).json();
    let total = numbers(&first["entries"]).len();
    let page = server.get(&account.token, "/api/v1/logs?limit=5").expect(200).json();
    send(&server, &account, 500_000, 40);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = server.get(&account.token, &format!("/api/v1/logs?limit=1000&cursor={cursor}")).expect(200).json();
    assert_eq!(numbers(&rest["entries"]), numbers(&first["entries"])[5..total], "{total}");
}

#[test]
fn answers_are_those_of_the_command_line_on_a_copy_of_the_store() {
    let server = TestServer::start();
    let account = server.somebody();
    send(&server, &account, 0, 100);
    let queries = [
        ("*", ""),
        ("level >= warn status = 200", "&with=line"),
        ("stats count() as requests, avg(n) by status", ""),
        ("* | sort by n desc | limit 7 | fields n, message", ""),
        ("stats count() by bin(10s), level", ""),
        ("done | tail 3", "&with=source,line,raw"),
        ("nothing_has_this = 1", ""),
    ];
    let mut asked = Vec::new();
    for (query, with) in queries {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let path = format!("/api/v1/query?query={encoded}{with}");
        let request = server.request(Method::GET, &account.token, &path).header("accept", "application/x-ndjson");
        let lines = server.send(request).expect(200);
        assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
        let object = server.get(&account.token, &path).expect(200).json();
        let rows = if object["columns"].is_null() { &object["entries"] } else { &object["rows"] };
        let parsed: Vec<Value> =
            lines.body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        assert_eq!(rows, &Value::from(parsed), "{query}");
        assert_eq!(object["stats"]["rows"], rows.as_array().unwrap().len());
        asked.push((query, with, lines.body));
    }
    let org = account.org.clone();
    let folder = server.stop();
    let store = folder.path().join(format!("data/orgs/{org}.db"));
    for (query, with, answer) in asked {
        let mut command = std::process::Command::new(crate::cmd::logan());
        command.args(["query", query, "-o", "json", "--db"]).arg(&store);
        if let Some(with) = with.strip_prefix("&with=") {
            command.args(["--with", with]);
        }
        let output = command.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), String::from_utf8_lossy(&output.stdout), "{query}");
    }
}

#[test]
fn the_name_of_a_field_is_a_parameter_that_filters_by_it() {
    let server = TestServer::start();
    let account = server.somebody();
    send(&server, &account, 0, 60);
    let quoted = json!({"message": "x", "path": "/a b\" or status = 200", "tenant": "blue"});
    server.post(&account.token, "/api/v1/logs", &quoted).expect(200);
    let count = |filter: &str| {
        let path = format!("/api/v1/logs?limit=1000&{filter}");
        server.get(&account.token, &path).expect(200).json()["entries"].as_array().expect("entries").len()
    };
    for (filter, expected) in [
        ("status=300", 20),
        ("status=300&status=400", 40),
        ("status=300&level=error", 5),
        ("n=7", 1),
        ("tenant=blue", 1),
        ("field.tenant=blue&path=/a%20b%22%20or%20status%20%3D%20200", 1),
        ("path=%2A", 0),
        // A standard name, which no entry has yet.
        ("host=web1", 0),
    ] {
        assert_eq!(count(filter), expected, "{filter}");
        let asked = server.get(&account.token, &format!("/api/v1/histogram?{filter}")).expect(200).json();
        let bins = asked["bins"].as_array().expect("bins").iter();
        let total: u64 = bins.map(|bin| bin["count"].as_u64().expect("a count")).sum();
        assert_eq!(total as usize, expected, "{filter}: {asked}");
    }
    let values = server.get(&account.token, "/api/v1/fields/level/values?status=300&n=7").expect(200).json();
    assert_eq!(values["values"].as_array().expect("values").len(), 1, "{values}");
    for (filter, said) in [
        ("stauts=300", "there is no parameter stauts; did you mean status?"),
        ("tenants=blue", "there is no parameter tenants; possible:"),
        ("query=a", "there is no parameter query; did you mean q?"),
        ("limti=5", "there is no parameter limti; did you mean limit?"),
    ] {
        for path in ["/api/v1/logs", "/api/v1/tail"] {
            let refused = server.get(&account.token, &format!("{path}?{filter}")).expect(400);
            assert_eq!(refused.code(), "unknown_parameter", "{path}?{filter}");
            let message = refused.json()["error"]["message"].as_str().expect("a message").to_owned();
            assert!(message.contains(said) || path.ends_with("tail"), "{message}");
        }
    }
    // What another org's entries have is none of this one's.
    let other = server.somebody();
    server.get(&other.token, "/api/v1/logs?tenant=blue").expect(400);
}

#[test]
fn wrong_questions_say_where_and_unknown_parameters_are_none() {
    let server = TestServer::start();
    let account = server.somebody();
    let answer = server.get(&account.token, "/api/v1/query?query=*%20%7C%20stat%20count()").expect(400).json();
    assert_eq!(answer["error"]["code"], "invalid_query");
    assert_eq!(answer["error"]["query"]["start"], 4);
    assert_eq!(answer["error"]["query"]["caret"], "* | stat count()\n    ^^^^");
    assert!(answer["error"]["query"]["hint"].as_str().unwrap().contains("stats"), "{answer}");
    let ndjson = server.request(Method::GET, &account.token, "/api/v1/query?query=(&format=ndjson");
    assert_eq!(server.send(ndjson).expect(400).code(), "invalid_query");
    for (path, code) in [
        ("/api/v1/logs?q=a%20%7C%20limit%205", "invalid_query"),
        ("/api/v1/logs?lmit=5", "unknown_parameter"),
        ("/api/v1/logs?limit=0", "invalid_parameter"),
        ("/api/v1/logs?since=never", "invalid_parameter"),
        ("/api/v1/logs?level=loud", "invalid_parameter"),
        ("/api/v1/logs?cursor=x", "invalid_cursor"),
        ("/api/v1/query", "invalid_parameter"),
        ("/api/v1/histogram?every=5m&bins=3", "invalid_parameter"),
        ("/api/v1/histogram?since=2020-01-01&until=2026-01-01&every=1s", "invalid_parameter"),
        ("/api/v1/fields?q=a", "unknown_parameter"),
        ("/api/v1/logs?tz=Mars", "invalid_parameter"),
        ("/api/v1/logs?format=nonsense", "unknown_parameter"),
        ("/api/v1/query?query=a&format=nonsense", "invalid_parameter"),
        ("/api/v1/alerts?stat=open", "unknown_parameter"),
        ("/api/v1/alerts?state=opened", "invalid_parameter"),
        ("/api/v1/alerts?rule=x", "invalid_parameter"),
        ("/api/v1/alerts?limit=0", "invalid_parameter"),
        ("/api/v1/audit?lmit=5", "unknown_parameter"),
        ("/api/v1/audit?cursor=0", "invalid_parameter"),
        ("/api/v1/tail?q=(", "invalid_query"),
        ("/api/v1/rejects?cursor=5", "invalid_cursor"),
    ] {
        assert_eq!(server.get(&account.token, path).expect(400).code(), code, "{path}");
    }
    for (body, said) in [
        (json!({"query": "*", "lmit": 5}), "there is no field lmit; did you mean limit?"),
        (json!({"query": {}}), "query: a text is expected, not an object"),
        (json!({}), "the field query is missing"),
        (json!({"query": "*", "with": ["row"]}), "with[0]: row is none of the possible; did you mean raw?"),
        (json!(["*"]), "an object is expected, not a list"),
    ] {
        let refused = server.post(&account.token, "/api/v1/query", &body).expect(400);
        assert_eq!(refused.code(), "invalid_body");
        assert_eq!(refused.json()["error"]["message"], said, "{body}");
    }
    for (path, said) in [
        ("/api/v1/alerts?state=closed", "state: there is no closed; possible: open, acknowledged, resolved"),
        ("/api/v1/alerts?severty=info", "there is no parameter severty; did you mean severity?"),
        ("/api/v1/logs?level=errr", "level: there is no errr; did you mean error?"),
        ("/api/v1/logs?order=oldst", "order: there is no oldst; did you mean oldest?"),
    ] {
        assert_eq!(server.get(&account.token, path).expect(400).json()["error"]["message"], said, "{path}");
    }
    send(&server, &account, 0, 20);
    let cursor = server.get(&account.token, "/api/v1/logs?limit=5").expect(200).json()["next_cursor"].clone();
    let other = format!("/api/v1/logs?level=warn&cursor={}", cursor.as_str().unwrap());
    assert_eq!(server.get(&account.token, &other).expect(400).code(), "invalid_cursor");
}

#[test]
fn limits_cut_an_answer_and_the_answer_says_so() {
    let server = TestServer::start_with(Arc::new(SystemClock), |settings| {
        settings.query.rows = 5;
    });
    let account = server.somebody();
    send(&server, &account, 0, 20);
    let answer = server.get(&account.token, "/api/v1/query?query=*").expect(200).json();
    assert_eq!((answer["entries"].as_array().unwrap().len(), &answer["truncated_by"]), (5, &json!("rows")));
    let exact = server.get(&account.token, "/api/v1/query?query=*&limit=5").expect(200).json();
    assert_eq!(exact["truncated"], false);
    let lines = server.get(&account.token, "/api/v1/query?query=*&format=ndjson").expect(200);
    let text = String::from_utf8(lines.body).unwrap();
    assert_eq!(text.lines().count(), 6);
    assert!(text.ends_with("{\"truncated\":{\"by\":\"rows\"}}\n"), "{text}");
}

#[test]
fn an_entry_of_a_clock_that_is_wrong_does_not_stretch_a_histogram() {
    let (server, _clock) = TestServer::start_at(FIRST + 3600);
    let account = server.somebody();
    send(&server, &account, 0, 90);
    let future = json!({"ts": "2199-01-01T00:00:00Z", "message": "from the future"});
    server.post(&account.token, "/api/v1/logs", &future).expect(200);
    let path = format!("/api/v1/histogram?bins=2000&since=@{FIRST}");
    let until_now = server.get(&account.token, &path).expect(200).json();
    assert_eq!(until_now["total"], 90);
    let width = |answer: &Value| answer["every_seconds"].as_f64().unwrap();
    let path = format!("{path}&until=2200-01-01");
    let all = server.get(&account.token, &path).expect(200).json();
    assert_eq!(all["total"], 91);
    assert!(width(&until_now) < width(&all) / 2.0, "{} of {}", width(&until_now), width(&all));
}

#[test]
fn fields_values_and_histogram_count_what_is_there() {
    let server = TestServer::start();
    let account = server.somebody();
    send(&server, &account, 0, 90);
    let fields = server.get(&account.token, "/api/v1/fields").expect(200).json();
    assert_eq!(fields["entries"], 90);
    let status = fields["fields"].as_array().unwrap().iter().find(|field| field["name"] == "status").unwrap();
    assert_eq!((&status["kind"], &status["count"]), (&json!("number"), &json!(90)));
    assert_eq!((&status["minimum"], &status["maximum"]), (&json!(200.0), &json!(400.0)));
    let inside = (0..90_u64).filter(|n| n * 7919 % 50 >= 25).count();
    let path = format!("/api/v1/fields?since=@{}", FIRST + 25);
    let some = server.get(&account.token, &path).expect(200).json();
    assert_eq!(some["entries"], inside);
    assert_eq!(some["fields"][0]["count"], inside);

    let values = server.get(&account.token, "/api/v1/fields/status/values?q=n%20%3C%2040").expect(200).json();
    assert_eq!(
        values["values"],
        json!([{"value": 200, "count": 14}, {"value": 300, "count": 13}, {"value": 400, "count": 13}])
    );
    let values = server.get(&account.token, "/api/v1/fields/status/values?prefix=3&limit=1").expect(200).json();
    assert_eq!(values["values"], json!([{"value": 300, "count": 30}]));
    let none = server.get(&account.token, "/api/v1/fields/no.such/values").expect(200).json();
    assert_eq!(none["values"], json!([]));

    let histogram = server.get(&account.token, "/api/v1/histogram?every=10s&by=level").expect(200).json();
    let bins = histogram["bins"].as_array().unwrap();
    assert_eq!((bins.len(), &histogram["total"]), (5, &json!(90)));
    for (bin, place) in bins.iter().zip(0_u64..) {
        let here = |n: &u64| n * 7919 % 50 / 10 == place;
        assert_eq!(bin["count"], (0..90).filter(here).count());
        assert_eq!(bin["levels"]["error"], (0..90_u64).filter(here).filter(|n| n % 4 == 3).count());
    }
    let path = format!("/api/v1/histogram?bins=6&since=@{FIRST}&until=@{}", FIRST + 59);
    let wide = server.get(&account.token, &path).expect(200).json();
    let counts: Vec<u64> = wide["bins"].as_array().unwrap().iter().map(|bin| bin["count"].as_u64().unwrap()).collect();
    assert_eq!((counts.len(), counts[5], &wide["every_seconds"]), (6, 0, &json!(10.0)));
}

#[test]
fn rejects_are_listed_page_by_page() {
    let server = TestServer::start();
    let account = server.somebody();
    let body = "{\"n\":1}\nnot json\n{\"n\":2}\n{broken\n";
    let request = server.request(Method::POST, &account.token, "/api/v1/logs?format=json");
    let sent = server.send(request.header("content-type", "text/plain").body(body)).expect(200).json();
    assert_eq!(sent["rejected"], 2);
    let first = server.get(&account.token, "/api/v1/rejects?limit=1").expect(200).json();
    assert_eq!((&first["rejects"][0]["raw"], &first["rejects"][0]["line"]), (&json!("{broken"), &json!(4)));
    let path = format!("/api/v1/rejects?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let last = server.get(&account.token, &path).expect(200).json();
    assert_eq!((&last["rejects"][0]["raw"], &last["next_cursor"]), (&json!("not json"), &Value::Null));
}

/// Reads events until `count` of them came; gives back their kinds and data.
fn events(reader: &mut impl BufRead, count: usize) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut kind = String::new();
    for line in reader.lines() {
        let line = line.unwrap();
        if let Some(name) = line.strip_prefix("event: ") {
            kind = name.to_owned();
        } else if let Some(data) = line.strip_prefix("data: ") {
            found.push((kind.clone(), serde_json::from_str(data).unwrap()));
            if found.len() == count {
                break;
            }
        }
    }
    found
}

#[test]
fn a_follower_gets_what_arrives_and_is_cut_off_with_its_session() {
    let server = TestServer::start();
    let (account, other) = (server.somebody(), server.somebody());
    send(&server, &account, 0, 10);
    let tail = server.request(Method::GET, &account.token, "/api/v1/tail?q=n%20%3E%3D%20100%20level%20%3D%20error");
    let response = tail.send().unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut reader = BufReader::new(response);
    send(&server, &other, 100, 10);
    send(&server, &account, 100, 8);
    let found = events(&mut reader, 2);
    let entry = |n: u64, line: u64| json!([n, line]);
    let seen: Vec<Value> = found.iter().map(|(_, data)| json!([data["n"], data["line"]])).collect();
    assert_eq!(seen, [entry(103, 14), entry(107, 18)]);
    assert!(found.iter().all(|(kind, _)| kind == "entry"));

    // A flood is told by a number: the newest come, and how many others there were.
    let again = server.request(Method::GET, &account.token, "/api/v1/tail").header("last-event-id", "10");
    let mut flooded = BufReader::new(again.send().unwrap());
    assert_eq!(events(&mut flooded, 1)[0].1["line"], 11);
    send(&server, &account, 1000, 900);
    let found = events(&mut flooded, 7 + 1 + 500);
    let (kind, dropped) = &found[7];
    assert_eq!((kind.as_str(), dropped), ("dropped", &json!({"entries": 400, "exact": true})));
    assert_eq!(found.last().unwrap().1["line"], 918);

    server.post(&account.token, "/api/v1/auth/logout", &json!({"refresh_token": account.refresh_token}));
    assert_eq!(server.get(&account.token, "/api/v1/logs").status, 401);
    // The stream ends by itself, or this test never would.
    let rest = reader.lines().count();
    assert!(rest < 10_000, "{rest}");
}

#[test]
fn the_entries_of_an_org_are_its_own() {
    let server = TestServer::start();
    let (account, other) = (server.somebody(), server.somebody());
    send(&server, &account, 0, 10);
    for path in ["/api/v1/logs", "/api/v1/query?query=*", "/api/v1/histogram", "/api/v1/fields", "/api/v1/rejects"] {
        let text = server.get(&other.token, path).expect(200).json().to_string();
        assert!(!text.contains("done") && !text.contains("status"), "{path}: {text}");
    }
    let values = server.get(&other.token, "/api/v1/fields/status/values").expect(200).json();
    assert_eq!(values["values"], json!([]));
    let cursor = server.get(&account.token, "/api/v1/logs?limit=2").expect(200).json()["next_cursor"].clone();
    let path = format!("/api/v1/logs?limit=2&cursor={}", cursor.as_str().unwrap());
    assert_eq!(server.get(&other.token, &path).expect(400).code(), "invalid_cursor");
    let ingest = server.key(&account, "ingest");
    for path in ["/api/v1/logs", "/api/v1/query?query=*", "/api/v1/tail"] {
        assert_eq!(server.get(&ingest, path).status, 403, "{path}");
    }
}
