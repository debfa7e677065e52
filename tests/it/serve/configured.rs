//! What the configuration names: rules and channels become rows, and what is not there is told.

use std::sync::Arc;

use logan::config::{Channel, ChannelKind, Period, Rule, RuleKind, Settings, Syslog, SyslogProtocol};
use logan::serve::Server;
use logan::serve::background::Task;
use serde_json::{Value, json};

use super::alerts::{alerts, by_hand, clock, minutes, run, start};
use super::server::{Account, TestServer};

fn rule(org: &str, channels: &[&str]) -> Rule {
    Rule {
        org: org.parse().expect("an id"),
        name: "configured".into(),
        kind: RuleKind::Absence,
        query: String::new(),
        of: None,
        window: Period::minutes(1),
        above: None,
        below: None,
        channels: channels.iter().map(|name| (*name).to_owned()).collect(),
        commands: Vec::new(),
    }
}

/// Starts a server that has to refuse; returns why.
fn refused(folder: &tempfile::TempDir, change: impl FnOnce(&mut Settings)) -> String {
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let mut settings =
        Settings { data: folder.path().join("data"), listen: any, ops_listen: any, ..Settings::default() };
    change(&mut settings);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let clock = Arc::new(logan::serve::SystemClock);
    runtime.block_on(Server::start(settings, clock)).expect_err("it does not fit").to_string()
}

fn rules(server: &TestServer, account: &Account) -> Vec<Value> {
    let rules = server.get(&account.token, "/api/v1/rules").expect(200).json();
    rules["rules"].as_array().expect("rules").clone()
}

#[test]
fn a_channel_that_may_not_be_sent_to_is_refused_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let channel = |url: &str| Channel {
        org: "01JDB2QX3V8Z5N4M7K6H9G0F1E".parse().expect("an id"),
        name: "hook".into(),
        kind: ChannelKind::Webhook,
        url: Some(url.into()),
        to: Vec::new(),
        secret_file: None,
        secret: None,
    };
    for (url, why) in [
        ("http://127.0.0.1:9000/x", "channels[0].url: the address is not one of the open internet"),
        ("http://example.org/x", "channels[0].url: https is expected"),
        ("https://example.org:9000/x", "channels[0].url: the port is not one that the server sends to"),
    ] {
        assert_eq!(refused(&folder, |settings| settings.channels = vec![channel(url)]), why);
    }
    assert!(!folder.path().join("data").exists(), "before anything is made");
}

#[test]
fn rules_of_the_configuration_are_rows_that_only_the_configuration_changes() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let account = server.somebody();
    let folder = server.stop();
    let org = account.org.clone();
    let configured = move |settings: &mut Settings| {
        by_hand(settings);
        settings.rules = vec![rule(&org, &[])];
    };
    let server = TestServer::start_in(folder, clock.clone(), configured);
    let account = server.log_in(&account.email);
    run(&server, Task::Rules);
    let shown = &rules(&server, &account)[0];
    assert_eq!((&shown["name"], &shown["source"]), (&json!("configured"), &json!("config")));
    let path = format!("/api/v1/rules/{}", shown["id"].as_str().expect("an id"));
    server.patch(&account.token, &path, &json!({"enabled": false})).expect(409);
    server.delete(&account.token, &path).expect(409);
    clock.advance(minutes(2));
    run(&server, Task::Rules);
    assert_eq!(alerts(&server, &account, "").len(), 1);
    let folder = server.stop();
    let server = TestServer::start_in(folder, clock.clone(), by_hand);
    let account = server.log_in(&account.email);
    run(&server, Task::Rules);
    assert!(rules(&server, &account).is_empty());
    assert_eq!(alerts(&server, &account, "")[0]["state"], "resolved");
}

#[test]
fn an_org_that_never_was_is_refused_at_the_start() {
    let missing = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let folder = tempfile::tempdir().expect("a folder");
    let why = refused(&folder, |settings| settings.rules = vec![rule(missing, &[])]);
    assert_eq!(why, format!("rules[0].org: there is no org {missing}"));
    let syslog = Syslog {
        listen: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
        protocol: SyslogProtocol::Udp,
        org: missing.parse().expect("an id"),
        format: "syslog".to_owned(),
        tz: "UTC".to_owned(),
        insecure: false,
    };
    let why = refused(&folder, |settings| settings.syslog = vec![syslog]);
    assert_eq!(why, format!("syslog[0].org: there is no org {missing}"));
}

#[test]
fn an_org_that_was_deleted_keeps_no_server_from_starting() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let (account, other) = (server.somebody(), server.somebody());
    server.post(&account.token, "/api/v1/orgs", &json!({"name": "another"})).expect(201);
    server.delete(&account.token, &format!("/api/v1/orgs/{}", account.org)).expect(204);
    let folder = server.stop();
    let gone = account.org.clone();
    let server = TestServer::start_in(folder, clock, |settings| {
        by_hand(settings);
        settings.rules = vec![rule(&gone, &[]), rule(&other.org, &[])];
        settings.syslog = vec![Syslog {
            listen: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
            protocol: SyslogProtocol::Udp,
            org: gone.parse().expect("an id"),
            format: "syslog".to_owned(),
            tz: "UTC".to_owned(),
            insecure: false,
        }];
    });
    let other = server.log_in(&other.email);
    run(&server, Task::Rules);
    assert_eq!(rules(&server, &other).len(), 1);
    let store = server.data().join("orgs").join(format!("{gone}.db"));
    assert!(!store.exists(), "nobody could read what is written there");
}

#[test]
fn a_channel_that_is_not_there_is_refused_at_the_start_and_told_when_it_goes_later() {
    let clock = clock();
    let server = start(&clock, |_| {});
    let account = server.somebody();
    let hook = json!({"name": "hook", "kind": "webhook", "url": "https://example.org/hook"});
    let channel = server.post(&account.token, "/api/v1/channels", &hook).expect(201).json();
    let folder = server.stop();
    let org = account.org.clone();
    let why = refused(&folder, |settings| settings.rules = vec![rule(&org, &["hook", "huk"])]);
    assert_eq!(why, format!("rules[0].channels: the org {org} has no channel called \"huk\""));

    let configured = |settings: &mut Settings| {
        by_hand(settings);
        settings.rules = vec![rule(&org, &["hook"])];
    };
    let server = TestServer::start_in(folder, clock.clone(), configured);
    let account = server.log_in(&account.email);
    run(&server, Task::Rules);
    let shown = &rules(&server, &account)[0];
    assert_eq!((&shown["problem"], &shown["channels"]), (&Value::Null, &json!([channel["id"]])));
    // Deleted just before the end: nobody but the audit log saw it.
    let path = format!("/api/v1/channels/{}", channel["id"].as_str().expect("an id"));
    server.delete(&account.token, &path).expect(204);
    let server = TestServer::start_in(server.stop(), clock.clone(), configured);
    let account = server.log_in(&account.email);
    let channel = server.post(&account.token, "/api/v1/channels", &hook).expect(201).json();
    run(&server, Task::Rules);
    assert_eq!(rules(&server, &account)[0]["problem"], Value::Null);
    let path = format!("/api/v1/channels/{}", channel["id"].as_str().expect("an id"));
    server.delete(&account.token, &path).expect(204);
    // It is judged all the same, and what is wrong stays told.
    for _ in 0..2 {
        clock.advance(minutes(2));
        run(&server, Task::Rules);
        assert_eq!(rules(&server, &account)[0]["problem"], "channels: the org has no channel called \"hook\"");
    }
    assert_eq!(alerts(&server, &account, "").len(), 1);
    let folder = server.stop();
    let server = TestServer::start_in(folder, clock.clone(), configured);
    let account = server.log_in(&account.email);
    server.post(&account.token, "/api/v1/channels", &hook).expect(201);
    run(&server, Task::Rules);
    assert_eq!(rules(&server, &account)[0]["problem"], Value::Null);
}
