//! What is deleted by the background, with a clock of the test's own.

use std::time::Duration;

use logan::config::Size;
use logan::serve::background::Task;
use serde_json::{Value, json};

use super::alerts::{by_hand, by_key, clock, run, send, start};
use super::server::{Account, TestServer};

/// The messages that are there, each once, in the order of their names.
fn messages(server: &TestServer, account: &Account) -> Vec<String> {
    let path = "/api/v1/query?query=*%20%7C%20stats%20count()%20by%20message%20%7C%20sort%20message";
    let answer = server.get(&account.token, path).expect(200).json();
    let rows = answer["rows"].as_array().expect("rows").clone();
    rows.iter().map(|row: &Value| row["message"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn entries_go_when_they_are_older_than_the_server_keeps_them() {
    let clock = clock();
    let server = start(&clock, |settings| settings.retention.days = Some(2));
    let account = by_key(&server);
    let hours = |count: u64| Duration::from_secs(3600 * count);
    send(&server, &account, 0..5, &json!({"message": "old"}));
    run(&server, Task::Retention);
    for _ in 0..2 {
        clock.advance(hours(23));
        run(&server, Task::Retention);
    }
    send(&server, &account, 46 * 3600..46 * 3600 + 20, &json!({"message": "young"}));
    assert_eq!(messages(&server, &account), ["old", "young"], "46 hours are less than two days");
    clock.advance(hours(3));
    run(&server, Task::Retention);
    assert_eq!(messages(&server, &account), ["young"]);
}

#[test]
fn the_oldest_entries_go_when_the_store_is_larger_than_the_server_keeps() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let account = by_key(&server);
    // Text that no compression makes small, a block each.
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:x}", state >> 8)
    };
    let name = |number: i64| format!("block {number:02}");
    for number in 0..20 {
        let blob = (0..4000).map(|_| noise()).collect::<String>();
        send(&server, &account, number..number + 1, &json!({"message": name(number), "blob": blob}));
    }
    let folder = server.stop();
    let store = folder.path().join("data/orgs").join(format!("{}.db", account.org));
    let bytes = std::fs::metadata(store).expect("the store").len();
    let server = TestServer::start_in(folder, clock, |settings| {
        by_hand(settings);
        settings.retention.bytes = Some(Size::from_bytes(bytes - 100_000));
    });
    run(&server, Task::Retention);
    let left = messages(&server, &account);
    assert!((10..20).contains(&left.len()), "{left:?}");
    let newest: Vec<String> = (20 - left.len() as i64..20).map(name).collect();
    assert_eq!(left, newest, "the first to come are the first to go");
    run(&server, Task::Retention);
    assert_eq!(messages(&server, &account), left, "it is small enough now");
}

#[test]
fn old_entries_go_unless_the_clock_jumped_and_small_blocks_are_merged() {
    let clock = clock();
    let server = start(&clock, |settings| settings.retention.days = Some(2));
    let account = by_key(&server);
    for minute in 0..20 {
        send(&server, &account, minute * 60..minute * 60 + 5, &json!({"message": "x"}));
    }
    run(&server, Task::Merging);
    run(&server, Task::Cleanup);
    run(&server, Task::Retention);
    clock.advance(Duration::from_secs(3 * 86_400));
    run(&server, Task::Retention);
    let kept = json!({"rule": {"name": "x", "kind": "threshold", "above": 0.0, "window": "7d"}, "since": "1m"});
    let tried = server.post(&account.token, "/api/v1/rules/test", &kept).expect(200).json();
    assert_eq!(tried["firings"][0]["value"], json!(100.0), "the clock jumped, nothing went: {tried}");
}

#[test]
fn more_than_half_goes_when_somebody_asked_for_it_and_only_then() {
    let clock = clock();
    let server = start(&clock, |settings| settings.retention.days = Some(60));
    let account = server.somebody();
    let path = format!("/api/v1/orgs/{}", account.org);
    let day = 86_400;
    let send_old = |days: i64| send(&server, &account, -days * day..-days * day + 20, &json!({"message": "old"}));
    let held = || server.get(&account.token, &path).expect(200).json()["retention_held"].clone();
    let change = |body: Value| server.patch(&account.token, &path, &body).expect(200).json();
    send(&server, &account, 0..5, &json!({"message": "young"}));
    send_old(70);
    // The server's setting is nobody's word for it, and neither is another change.
    run(&server, Task::Retention);
    assert_eq!((held(), messages(&server, &account).len()), (json!(20), 2));
    change(json!({"name": "renamed"}));
    run(&server, Task::Retention);
    assert_eq!((held(), messages(&server, &account).len()), (json!(20), 2));
    assert_eq!(change(json!({"retention_days": 30}))["retention_held"], Value::Null);
    run(&server, Task::Retention);
    assert_eq!((held(), messages(&server, &account)), (Value::Null, vec!["young".to_owned()]));
    // Once: what comes to more than half later is asked for again, by the same setting.
    send_old(40);
    run(&server, Task::Retention);
    assert_eq!((held(), messages(&server, &account).len()), (json!(20), 2));
    change(json!({"retention_days": 31}));
    run(&server, Task::Retention);
    assert_eq!((held(), messages(&server, &account).len()), (json!(20), 2), "a longer one asks for nothing");
    change(json!({"retention_days": 31}));
    run(&server, Task::Retention);
    assert_eq!((held(), messages(&server, &account)), (Value::Null, vec!["young".to_owned()]));
}
