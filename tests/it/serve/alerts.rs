//! Rules, alerts and their delivery, with a clock of the test's own; the background works when it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use logan::config::{Period, Settings};
use logan::entry::Timestamp;
use logan::serve::ManualClock;
use logan::serve::background::{Task, run_once};
use serde_json::{Value, json};

use super::server::{Account, TestServer};

const START: i64 = 1_789_000_020;

/// No task ticks by itself.
pub fn by_hand(settings: &mut Settings) {
    let never = Period::days(365);
    let background = &mut settings.background;
    background.detect_every = never;
    background.rules_every = never;
    background.merge_every = never;
    background.retention_every = never;
    background.delivery_every = never;
    background.cleanup_every = never;
    settings.disk.high_mark_free_bytes = logan::config::Size::from_bytes(1);
}

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_seconds(START, 0).expect("a time")))
}

pub fn start(clock: &Arc<ManualClock>, change: impl FnOnce(&mut Settings)) -> TestServer {
    TestServer::start_with(clock.clone(), |settings| {
        by_hand(settings);
        change(settings);
    })
}

pub fn run(server: &TestServer, task: Task) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let round = runtime.block_on(run_once(&server.state, task)).expect("the background runs");
    assert_eq!(round.failed, 0, "{task:?}");
}

/// Sends entries at these seconds after the start.
pub fn send(server: &TestServer, account: &Account, seconds: impl Iterator<Item = i64>, fields: &Value) {
    let entry = |second: i64| {
        let mut entry = fields.clone();
        entry["ts"] = json!(Timestamp::from_seconds(START + second, 0).expect("a time").to_rfc3339(0));
        entry
    };
    let entries: Vec<Value> = seconds.map(entry).collect();
    let answer = server.post(&account.token, "/api/v1/logs", &json!(entries));
    assert_eq!(answer.json()["accepted"], json!(entries.len()), "{answer:?}");
}

pub fn alerts(server: &TestServer, account: &Account, parameters: &str) -> Vec<Value> {
    let answer = server.get(&account.token, &format!("/api/v1/alerts{parameters}")).expect(200).json();
    answer["alerts"].as_array().expect("alerts").clone()
}

/// Somebody whose token is a key, which is good however far the clock moves.
pub fn by_key(server: &TestServer) -> Account {
    let account = server.somebody();
    Account { token: server.key(&account, "admin"), ..account }
}

pub fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

pub fn make_rule(server: &TestServer, account: &Account, rule: &Value) -> Value {
    server.post(&account.token, "/api/v1/rules", rule).expect(201).json()
}

#[test]
fn a_threshold_fires_once_goes_on_and_is_resolved_when_it_is_over() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let account = server.somebody();
    let rule = make_rule(
        &server,
        &account,
        &json!({"name": "errors", "kind": "threshold", "query": "status >= 500", "window": "2m", "above": 3}),
    );
    send(&server, &account, 0..10, &json!({"message": "broken <b>", "status": 503}));
    send(&server, &account, 0..10, &json!({"message": "fine", "status": 200}));
    run(&server, Task::Rules);
    assert!(alerts(&server, &account, "").is_empty(), "no window is over");

    clock.advance(Duration::from_secs(75));
    run(&server, Task::Rules);
    run(&server, Task::Rules);
    let found = alerts(&server, &account, "");
    assert_eq!(found.len(), 1, "{found:?}");
    let alert = &found[0];
    assert_eq!((&alert["state"], &alert["kind"], &alert["rule"]), (&json!("open"), &json!("threshold"), &rule["id"]));
    assert_eq!((&alert["value"], &alert["expected"], &alert["count"]), (&json!(10.0), &json!(3.0), &json!(1)));
    let examples = alert["examples"].as_array().expect("examples");
    assert_eq!(examples.len(), 5);
    assert!(examples.iter().all(|line| line.as_str().expect("a line").contains("broken <b>")), "{examples:?}");

    // The next window still holds them, the one after does not.
    clock.advance(minutes(1));
    run(&server, Task::Rules);
    assert_eq!(alerts(&server, &account, "?state=open")[0]["count"], 2);
    clock.advance(minutes(1));
    run(&server, Task::Rules);
    let id = alert["id"].as_str().expect("an id");
    let resolved = server.get(&account.token, &format!("/api/v1/alerts/{id}")).expect(200).json();
    assert_eq!((&resolved["state"], &resolved["history"][0]["by"]), (&json!("resolved"), &json!("server")));

    // What fires again is another alert.
    send(&server, &account, 200..210, &json!({"message": "broken again", "status": 500}));
    clock.advance(minutes(2));
    run(&server, Task::Rules);
    assert_eq!(alerts(&server, &account, "").len(), 2);
    assert!(alerts(&server, &account, "?state=open&severity=critical").is_empty());
}

#[test]
fn the_lines_of_a_rule_by_group_are_those_of_the_group_that_fired() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let account = server.somebody();
    for (name, by) in [("host", "host"), ("status", "status"), ("both", "host, bin(status, 100) as class")] {
        let query = format!("* | stats count() as n by {by} | sort n desc");
        make_rule(
            &server,
            &account,
            &json!({"name": name, "kind": "threshold", "query": query, "window": "1m", "above": 15}),
        );
    }
    // Groups without a number have none: the key is not taken for it, nor another column.
    for (name, query) in [
        ("key", "* | stats max(nosuch) by status"),
        ("other column", "* | stats count() as n, avg(nosuch) as mean by status"),
    ] {
        let rule = json!({"name": name, "kind": "threshold", "query": query, "window": "1m", "above": 0});
        make_rule(&server, &account, &rule);
    }
    let by_time = json!({"name": "time", "kind": "threshold",
        "query": "host = web1 | stats count() as n by level, bin(5m) | fields level, n, ts",
        "window": "1m", "above": 19});
    make_rule(&server, &account, &by_time);
    send(&server, &account, 0..20, &json!({"message": "loud", "host": "web1", "status": 503}));
    send(&server, &account, 30..50, &json!({"message": "nowhere", "status": 200}));
    // The last lines of the window are of other groups.
    send(&server, &account, 50..60, &json!({"message": "quiet", "host": "web2", "status": 201}));
    clock.advance(Duration::from_secs(75));
    run(&server, Task::Rules);
    let found = alerts(&server, &account, "");
    assert_eq!(found.len(), 4, "{found:?}");
    for alert in &found {
        let told = alert["explanation"].as_str().expect("a text");
        if told.contains("ts=") {
            assert!(told.contains("of level=(none) ts=20") && told.contains(":00Z in the"), "{told}");
            continue;
        }
        let expected = if told.contains("host=web1") || told.contains("status=503") { "loud" } else { "nowhere" };
        let lines = alert["examples"].as_array().expect("lines");
        assert_eq!(lines.len(), 5, "{alert}");
        assert!(lines.iter().all(|line| line.as_str().expect("a line").contains(expected)), "{alert}");
    }
}

#[test]
fn who_is_judged_in_time_is_not_behind() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let account = server.somebody();
    let lag = |task| server.state.background.lag(task, server.state.now());
    make_rule(&server, &account, &json!({"name": "gone", "kind": "absence", "window": "1m"}));
    send(&server, &account, 0..1, &json!({"message": "x"}));
    clock.advance(Duration::from_secs(10));
    for task in [Task::Rules, Task::Detection] {
        run(&server, task);
    }
    // The next window can be judged ten seconds after it is over.
    for (after, expected) in [(59, 0.0), (1, 0.0), (50, 50.0)] {
        clock.advance(Duration::from_secs(after));
        assert_eq!((lag(Task::Rules), lag(Task::Detection)), (expected, expected));
    }
    for task in [Task::Rules, Task::Detection] {
        run(&server, task);
        assert_eq!(lag(task), 0.0, "{task:?}");
    }
    clock.advance(minutes(1));
    assert_eq!((lag(Task::Rules), lag(Task::Detection)), (50.0, 50.0));
}

#[test]
fn an_absence_fires_and_no_window_is_left_out_over_a_restart() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let account = server.somebody();
    let kept = json!({"name": "heartbeat", "kind": "absence", "query": "beat", "window": "1m", "auto_resolve": false});
    make_rule(&server, &account, &kept);
    send(&server, &account, (0..120).step_by(20), &json!({"message": "beat"}));
    clock.advance(minutes(2));
    run(&server, Task::Rules);
    assert!(alerts(&server, &account, "").is_empty());
    let folder = server.stop();
    clock.advance(minutes(5));
    let server = TestServer::start_in(folder, clock.clone(), by_hand);
    let account = server.log_in(&account.email);
    run(&server, Task::Rules);
    run(&server, Task::Rules);
    let found = alerts(&server, &account, "");
    assert_eq!((found.len(), &found[0]["kind"]), (1, &json!("absence")));
    // Seven minutes, less the grace: the windows that end at 180, 240, 300, 360 seconds were empty.
    assert_eq!(found[0]["count"], 4, "{found:?}");
}

#[test]
fn an_alert_is_handled_by_its_org_alone() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let (account, other) = (server.somebody(), server.somebody());
    let absent = json!({"name": "x", "kind": "absence", "window": "1m"});
    let rule = make_rule(&server, &account, &absent);
    clock.advance(minutes(2));
    run(&server, Task::Rules);
    let id = alerts(&server, &account, "")[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/alerts/{id}");
    let body = json!({"state": "acknowledged", "note": "looking"});
    let rule_path = format!("/api/v1/rules/{}", rule["id"].as_str().expect("an id"));
    for path in [&path, &rule_path] {
        server.get(&other.token, path).expect(404);
        server.patch(&other.token, path, &if path.contains("rules") { json!({}) } else { body.clone() }).expect(404);
    }
    server.delete(&other.token, &rule_path).expect(404);
    let handled = server.patch(&account.token, &path, &body).expect(200).json();
    assert_eq!((&handled["state"], &handled["history"][0]["note"]), (&json!("acknowledged"), &json!("looking")));
    assert_eq!(handled["history"][0]["by"], format!("user:{}", account.user));
    server.patch(&account.token, &path, &json!({"state": "resolved"})).expect(200);
    assert_eq!(server.patch(&account.token, &path, &json!({"state": "resolved"})).expect(409).code(), "conflict");
    let key = server.key(&account, "query");
    server.get(&key, &path).expect(200);
    server.patch(&key, &path, &body).expect(403);
    server.delete(&account.token, &rule_path).expect(204);
    assert!(alerts(&server, &account, "")[0]["rule"].is_null());
}

#[test]
fn wrong_rules_are_told_where_they_are_wrong() {
    let server = start(&clock(), |_| {});
    let account = server.somebody();
    for (rule, expected) in [
        (json!({"kind": "threshold", "query": "status >= 500 | stat count()", "above": 1}), "^^^^"),
        (json!({"kind": "threshold", "query": "a | limit 5", "above": 1}), "stats count()"),
        (json!({"kind": "threshold", "query": "a"}), "above, below"),
        (json!({"kind": "ratio", "query": "a", "above": 0.5}), "of:"),
        (json!({"kind": "absence", "above": 1}), "absence"),
        (json!({"kind": "detector", "above": 1}), "score"),
        (json!({"kind": "ratio", "query": "a", "of": "*", "above": 1}), "above: a ratio lies between 0 and 1"),
        (json!({"kind": "ratio", "query": "a", "of": "*", "above": -0.1}), "above: a ratio lies between 0 and 1"),
        (json!({"kind": "ratio", "query": "a", "of": "*", "below": 0}), "below: a ratio lies between 0 and 1"),
        (json!({"kind": "ratio", "query": "a", "of": "*", "below": 1.5}), "below: a ratio lies between 0 and 1"),
        (json!({"kind": "threshold", "query": "a", "above": -1}), "above: a count is never less than 0"),
        (json!({"kind": "threshold", "query": "a", "below": 0}), "below: a count is never less than 0"),
        (json!({"kind": "threshold", "query": "* | stats uniq(a) by b", "below": -1}), "below: a count is never"),
        (json!({"kind": "threshold", "query": "a", "above": 1, "below": 2}), "above, below: every number"),
        (json!({"kind": "threshold", "query": "* | stats count() by host", "below": 1}), "the kind `absence`"),
        (json!({"kind": "threshold", "query": "* | stats count() by a | fields a", "above": 1}), "no column"),
        (json!({"kind": "threshold", "query": "* | top 3 by a | fields -count", "above": 1}), "no column"),
        (json!({"kind": "threshold", "query": "* | stats max(ts) by a", "above": 1}), "no column"),
        (json!({"kind": "absence", "window": "8d"}), "window"),
        (json!({"kind": "absence", "commands": ["x"]}), "there is no field commands"),
    ] {
        let mut rule = rule;
        rule["name"] = json!("wrong");
        let answer = server.post(&account.token, "/api/v1/rules", &rule).expect(400).json();
        let message = answer["error"]["message"].as_str().expect("a message");
        assert!(message.contains(expected), "{rule}: {message}");
    }
}

#[test]
fn bounds_that_make_sense_are_taken() {
    let server = start(&clock(), |_| {});
    let account = server.somebody();
    for (number, rule) in [
        json!({"kind": "ratio", "query": "a", "of": "*", "above": 0}),
        json!({"kind": "ratio", "query": "a", "of": "*", "below": 1}),
        json!({"kind": "threshold", "query": "a", "above": 5, "below": 5}),
        json!({"kind": "threshold", "query": "* | stats min(celsius)", "below": -10}),
        json!({"kind": "threshold", "query": "* | stats uniq(user) by host", "below": 1}),
        json!({"kind": "threshold", "query": "* | stats count() by host", "below": 2}),
        json!({"kind": "threshold", "query": "* | stats sum(balance) by host", "above": -1}),
        json!({"kind": "threshold", "query": "* | stats count() by host | fields host, count", "above": 2}),
        json!({"kind": "threshold", "query": "* | top 3 by host | where count > 2 | sort by host", "above": 2}),
        json!({"kind": "threshold", "query": "* | stats count() by host | stats max(count)", "above": 2}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut rule = rule;
        rule["name"] = json!(format!("rule {number}"));
        make_rule(&server, &account, &rule);
    }
}

#[test]
fn a_rule_is_tried_on_what_is_stored() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let account = server.somebody();
    send(&server, &account, 0..30, &json!({"message": "a", "host": "web1", "status": 500}));
    send(&server, &account, 0..60, &json!({"message": "a", "host": "web2", "status": 200}));
    clock.advance(minutes(10));
    let tried = |rule: Value| {
        let mut rule = rule;
        rule["name"] = json!("tried");
        rule["window"] = json!("1m");
        server.post(&account.token, "/api/v1/rules/test", &json!({"rule": rule, "since": "10m"})).expect(200).json()
    };
    let count = tried(json!({"kind": "threshold", "query": "status >= 500", "above": 29}));
    assert_eq!((&count["windows"], &count["fired"]), (&json!(10), &json!(1)), "{count}");
    let by = tried(json!({"kind": "threshold", "query": "* | stats count() by host", "above": 50}));
    let text = by["firings"][0]["explanation"].as_str().expect("a text");
    assert!(text.starts_with("60 of host=web2 in the 1m up to") && text.ends_with("is above 50"), "{text}");
    let ratio = tried(json!({"kind": "ratio", "query": "status >= 500", "of": "status:*", "above": 0.3}));
    assert_eq!((&ratio["fired"], &ratio["firings"][0]["value"]), (&json!(1), &json!(30.0 / 90.0)), "{ratio}");
    let absence = tried(json!({"kind": "absence"}));
    assert_eq!((&absence["fired"], absence["firings"][0]["value"].to_string()), (&json!(9), "0.0".to_owned()));
    assert!(alerts(&server, &account, "").is_empty());
}

#[test]
fn a_detector_is_tried_as_it_judges() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let account = by_key(&server);
    let rule = json!({"name": "unusual", "kind": "detector", "window": "1h"});
    make_rule(&server, &account, &rule);
    // Short enough to be judged by seconds, if it were not a log that goes on.
    send(&server, &account, (-2400..75).step_by(3), &json!({"message": "usual"}));
    send(&server, &account, (0..400).map(|number| -290 + number % 4), &json!({"message": "many"}));
    clock.advance(Duration::from_secs(75));
    let mut other = rule;
    other["name"] = json!("tried");
    let body = json!({"rule": other, "since": "1h"});
    let tried = server.post(&account.token, "/api/v1/rules/test", &body).expect(200).json();
    let time = |second: i64| json!(Timestamp::from_seconds(START + second, 0).expect("a time").to_rfc3339(3));
    let firing = &tried["firings"][0];
    assert_eq!((&tried["fired"], &firing["from"], &firing["to"]), (&json!(1), &time(-300), &time(-240)), "{tried}");
    run(&server, Task::Rules);
    let found = alerts(&server, &account, "");
    let alert = &found[0];
    assert_eq!(found.len(), 1, "{found:?}");
    for name in ["from", "to", "value", "explanation"] {
        assert_eq!(alert[name], firing[name], "{name}");
    }
}

#[test]
fn who_hangs_up_ends_the_trial_of_a_rule() {
    // One question at a time and none that waits: whether it runs is seen by whether another is refused.
    let server = start(&clock(), |settings| {
        settings.query.running = 1;
        settings.query.queued = 0;
        settings.query.time = Period::days(1);
    });
    let account = server.somebody();
    send(&server, &account, -20_000..0, &json!({"message": "x"}));
    // Each of the windows is all there is, each entry a group: it takes minutes, if nobody ends it.
    let rule =
        json!({"name": "slow", "kind": "threshold", "query": "* | stats count() by ts", "window": "7d", "above": 1});
    let body = json!({"rule": rule, "since": "23h"}).to_string();
    let request = format!(
        "POST /api/v1/rules/test HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        account.token,
        body.len()
    );
    let mut stream = std::net::TcpStream::connect(server.address).expect("a connection");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let is_running = || server.get(&account.token, "/api/v1/rejects").status == 429;
    while !is_running() {}
    drop(stream);
    while is_running() {}
    let text = String::from_utf8(server.get_ops("/metrics").expect(200).body).expect("text");
    assert!(text.contains(r#"logan_query_seconds_count{kind="rule",outcome="cancelled"}"#), "{text}");
}

#[test]
fn a_silence_is_found_while_it_goes_on_and_resolved_when_it_is_over() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let account = by_key(&server);
    let usual = (0..7200).filter(|second| second % 2 == 0);
    send(&server, &account, usual, &json!({"message": "usual", "level": "info"}));
    clock.advance(minutes(120) + Duration::from_secs(15));
    run(&server, Task::Detection);
    assert!(alerts(&server, &account, "").is_empty());
    clock.advance(minutes(4));
    run(&server, Task::Detection);
    clock.advance(minutes(1));
    run(&server, Task::Detection);
    let found = alerts(&server, &account, "");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (&found[0]["kind"], &found[0]["state"], &found[0]["count"]),
        (&json!("silence"), &json!("open"), &json!(2))
    );
    assert!(!found[0]["examples"].as_array().expect("examples").is_empty());
    // It is over, and told so, once.
    let (from, to) = (7500, 7500 + 15 * 60);
    send(&server, &account, (from..to).filter(|second| second % 2 == 0), &json!({"message": "usual", "level": "info"}));
    clock.advance(minutes(15));
    run(&server, Task::Detection);
    run(&server, Task::Detection);
    let found = alerts(&server, &account, "");
    assert_eq!((found.len(), &found[0]["state"]), (1, &json!("resolved")), "{found:?}");
}

#[test]
fn a_history_that_is_sent_later_is_judged_by_the_detection_and_by_rules_as_if_it_had_been_there() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let account = by_key(&server);
    make_rule(&server, &account, &json!({"name": "unusual", "kind": "detector", "window": "1d"}));
    send(&server, &account, 0..1, &json!({"message": "first"}));
    clock.advance(Duration::from_secs(75));
    let round = || {
        run(&server, Task::Detection);
        run(&server, Task::Rules);
    };
    round();
    // Four hours, in it three loud minutes that ended seven minutes before the first round.
    send(&server, &account, (-14_400..60).step_by(6), &json!({"message": "usual"}));
    send(&server, &account, (0..600).map(|number| -540 + number % 180), &json!({"message": "many"}));
    run(&server, Task::Merging);
    clock.advance(minutes(1));
    round();
    let found = alerts(&server, &account, "");
    let kinds: Vec<&str> = found.iter().filter_map(|alert| alert["kind"].as_str()).collect();
    assert_eq!(kinds, ["spike", "spike"], "{found:?}");
    assert!(found.iter().all(|alert| alert["value"].as_f64() > Some(600.0)), "{found:?}");
}

/// A receiver of webhooks: answers each request with the next of these statuses, hands over head and body.
fn receiver(statuses: &'static [u16]) -> (u16, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a line");
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
                if line.trim().is_empty() {
                    break;
                }
                head += &line;
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let answer = format!("HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).expect("it is answered");
            if sender.send((head, String::from_utf8(body).expect("text"))).is_err() {
                return;
            }
        }
    });
    (port, received)
}

#[test]
fn an_alert_is_sent_signed_tried_again_and_survives_a_restart() {
    let clock = clock();
    let (port, received) = receiver(&[500, 200, 200]);
    let allow = move |settings: &mut Settings| {
        by_hand(settings);
        settings.delivery.allow = vec!["127.0.0.0/8".parse().expect("a network")];
        settings.delivery.ports = vec![port];
    };
    let server = TestServer::start_with(clock.clone(), allow);
    let account = server.somebody();
    let hook = json!({"name": "hook", "kind": "webhook", "url": format!("http://127.0.0.1:{port}/hook?a=b")});
    let channel = server.post(&account.token, "/api/v1/channels", &hook).expect(201).json();
    let secret = channel["secret"].as_str().expect("a secret").to_owned();
    let rule = json!({"name": "gone", "kind": "absence", "window": "1m", "channels": [channel["id"]]});
    make_rule(&server, &account, &rule);
    clock.advance(minutes(2));
    run(&server, Task::Rules);

    // Stopped between the detection and the delivery.
    let folder = server.stop();
    let server = TestServer::start_in(folder, clock.clone(), allow);
    let account = server.log_in(&account.email);
    run(&server, Task::Delivery);
    let (_, first) = received.recv().expect("a request");
    run(&server, Task::Delivery);
    let path = format!("/api/v1/channels/{}", channel["id"].as_str().expect("an id"));
    let shown = server.get(&account.token, &path).expect(200).json();
    assert_eq!((&shown["failures"], &shown["secret"]), (&json!(1), &Value::Null), "it is not time to try again");
    clock.advance(Duration::from_secs(11));
    run(&server, Task::Delivery);
    let (head, body) = received.recv().expect("a request");
    assert_eq!(first, body, "the same message, under the same id");
    assert!(head.starts_with("POST /hook?a=b HTTP/1.1"), "{head}");
    let message: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&message["event"], &message["alert"]["kind"]), (&json!("alert.opened"), &json!("absence")));
    let signature =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("x-logan-signature: ").map(str::to_owned));
    let seconds = START + 131;
    assert_eq!(signature, Some(signature_of(&secret, seconds, &body)));
    run(&server, Task::Delivery);
    let shown = server.get(&account.token, &path).expect(200).json();
    assert_eq!((&shown["failures"], &shown["last_error"]), (&json!(0), &Value::Null));

    // The end of it is told as well, once.
    send(&server, &account, 131..180, &json!({"message": "back"}));
    clock.advance(minutes(1));
    run(&server, Task::Rules);
    run(&server, Task::Delivery);
    let (_, body) = received.recv().expect("a request");
    assert!(body.contains("alert.resolved"), "{body}");
}

fn signature_of(secret: &str, seconds: i64, body: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("{seconds}.{body}").as_bytes());
    let digest: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={digest}")
}

#[test]
fn a_redirect_is_a_failure_and_twenty_in_a_row_switch_a_channel_off() {
    let clock = clock();
    let (port, received) = receiver(&[302; 21]);
    let server = start(&clock, |settings| {
        settings.delivery.allow = vec!["127.0.0.0/8".parse().expect("a network")];
        settings.delivery.ports = vec![port];
    });
    let account = by_key(&server);
    let hook = json!({"name": "hook", "kind": "slack", "url": format!("http://127.0.0.1:{port}/services/secret")});
    let channel = server.post(&account.token, "/api/v1/channels", &hook).expect(201).json();
    assert_eq!(channel["url"], "https://127.0.0.1/…", "an address of Slack is a secret");
    let path = format!("/api/v1/channels/{}", channel["id"].as_str().expect("an id"));
    let tested = server.post(&account.token, &format!("{path}/test"), &json!({})).expect(200).json();
    assert_eq!(tested, json!({"sent": false, "error": "the receiver answered with status 302"}));
    let audit = server.get(&account.token, "/api/v1/audit").expect(200).json();
    let mut events = audit["events"].as_array().expect("events").iter();
    let tried = events.find(|event| event["action"] == "channel.tested").expect("it is written down");
    assert_eq!(tried["target"], channel["id"]);
    let (_, body) = received.recv().expect("a request");
    assert!(body.starts_with("{\"text\":\"[logan]"), "{body}");
    make_rule(
        &server,
        &account,
        &json!({"name": "gone", "kind": "absence", "window": "1m", "channels": [channel["id"]], "auto_resolve": false}),
    );
    clock.advance(minutes(2));
    run(&server, Task::Rules);
    for _ in 0..25 {
        run(&server, Task::Delivery);
        clock.advance(minutes(61));
    }
    let shown = server.get(&account.token, &path).expect(200).json();
    assert_eq!((&shown["enabled"], &shown["failures"]), (&json!(false), &json!(20)));
    let shown = server.patch(&account.token, &path, &json!({"enabled": true})).expect(200).json();
    assert_eq!((&shown["enabled"], &shown["failures"]), (&json!(true), &json!(0)));
}

#[test]
fn who_tries_two_channels_already_is_told_to_come_back() {
    let server = start(&clock(), |_| {});
    let (account, other) = (server.somebody(), server.somebody());
    let hook = json!({"name": "hook", "kind": "webhook", "url": "https://127.0.0.1.nip.invalid/"});
    let test = |account: &Account| {
        let channel = server.post(&account.token, "/api/v1/channels", &hook).expect(201).json();
        format!("/api/v1/channels/{}/test", channel["id"].as_str().expect("an id"))
    };
    let (own, foreign) = (test(&account), test(&other));
    let org = account.org.parse().expect("an id");
    let places = [server.state.channel_tests.take(org), server.state.channel_tests.take(org)];
    assert!(places.iter().all(Option::is_some));
    let refused = server.post(&account.token, &own, &json!({})).expect(429);
    assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("too_many_requests", Some("5")));
    // Those of others are their own, and a place is free again when a test is over.
    assert_eq!(server.post(&other.token, &foreign, &json!({})).expect(200).json()["sent"], false);
    drop(places);
    server.post(&account.token, &own, &json!({})).expect(200);
}

#[test]
fn channels_inside_are_refused_and_those_of_other_orgs_are_not_there() {
    let server = start(&clock(), |_| {});
    let (account, other) = (server.somebody(), server.somebody());
    for url in ["http://example.org/", "https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://a:99/"] {
        let hook = json!({"name": "hook", "kind": "webhook", "url": url});
        assert_eq!(server.post(&account.token, "/api/v1/channels", &hook).expect(400).code(), "invalid_channel");
    }
    for (channel, code, said) in [
        (json!({"kind": "webhook"}), "invalid_channel", "url: it is needed"),
        (json!({"kind": "slack", "url": "https://a.example/", "to": []}), "invalid_channel", "to: only mail has it"),
        (json!({"kind": "mail", "url": null, "to": ["a@b"]}), "invalid_channel", "url: mail has none"),
        (json!({"kind": "mail", "to": ["a@b", "nobody"]}), "invalid_body", "to[1]: not an e-mail address"),
        (json!({"kind": "webhook", "url": " https://a.example/"}), "invalid_body", "url: not a url"),
        (json!({"kind": "pigeon"}), "invalid_body", "kind: pigeon is none of the possible; possible: webhook, slack"),
    ] {
        let mut channel = channel;
        channel["name"] = json!("wrong");
        let refused = server.post(&account.token, "/api/v1/channels", &channel).expect(400);
        let message = refused.json()["error"]["message"].as_str().expect("a message").to_owned();
        assert!(refused.code() == code && message.contains(said), "{channel}: {refused:?}");
    }
    let hook = json!({"name": "hook", "kind": "webhook", "url": "https://example.org/hook"});
    let channel = server.post(&account.token, "/api/v1/channels", &hook).expect(201).json();
    server.post(&account.token, "/api/v1/channels", &hook).expect(409);
    let path = format!("/api/v1/channels/{}", channel["id"].as_str().expect("an id"));
    let refused = server.patch(&account.token, &path, &json!({"to": []})).expect(400);
    assert_eq!(refused.json()["error"]["message"], "to: only mail has it");
    server.get(&other.token, &path).expect(404);
    server.delete(&other.token, &path).expect(404);
    let rule = json!({"name": "r", "kind": "absence", "channels": [channel["id"]]});
    server.post(&other.token, "/api/v1/rules", &rule).expect(409);
    server.delete(&account.token, &path).expect(204);
    server.get(&account.token, &path).expect(404);
}

#[test]
fn old_audit_events_go_and_the_chain_still_holds() {
    let clock = clock();
    let server = start(&clock, |settings| settings.retention.audit_days = 30);
    let account = server.sign_up("ada@example.org");
    let count = |account: &Account| {
        let events = server.get(&account.token, "/api/v1/audit").expect(200).json();
        events["events"].as_array().expect("events").len()
    };
    assert_eq!(count(&account), 3, "org.created, user.created, login.ok");
    clock.advance(Duration::from_secs(31 * 86_400));
    let account = server.log_in(&account.email);
    run(&server, Task::Cleanup);
    assert_eq!(count(&account), 1, "only the new login is left");
    assert_eq!(server.state.control.verify_audit().expect("it is read"), []);
    // From here on the clock is watched: one that jumps deletes nothing.
    clock.advance(Duration::from_secs(31 * 86_400));
    let account = server.log_in(&account.email);
    run(&server, Task::Cleanup);
    assert_eq!(count(&account), 2);
}
