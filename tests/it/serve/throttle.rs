//! Guessing passwords is slow, and keeps nobody out for good.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::server::{Answer, PASSWORD, TestServer};

fn log_in(server: &TestServer, email: &str, password: &str) -> Answer {
    server.post("", "/api/v1/auth/login", &json!({"email": email, "password": password}))
}

/// What a 429 says of the limit: how much, what is left of it, in how many seconds there is some again.
fn rate(answer: &Answer) -> [&str; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| answer.header(name).unwrap_or("none"))
}

#[test]
fn an_org_asks_no_more_often_for_having_many_keys() {
    let server = TestServer::start_with(std::sync::Arc::new(logan::serve::SystemClock), |settings| {
        settings.rates.org = logan::config::Rate { per_second: 1, burst: 20 };
    });
    let (ada, bob) = (server.somebody(), server.somebody());
    let keys: Vec<String> = (0..4).map(|_| server.key(&ada, "ingest")).collect();
    let others = server.key(&bob, "ingest");
    // A path of another protocol: what it says is in that one's shape, and the headers are there all the same.
    let refused = (0..40).map(|n| server.get(&keys[n % 4], "/")).find(|answer| answer.status != 200).expect("an end");
    assert_eq!((refused.status, rate(&refused)), (429, ["20", "0", "1"]), "{refused:?}");
    assert_eq!(refused.header("retry-after"), Some("1"));
    server.get(&others, "/").expect(200);
    let refused = (0..40).map(|_| server.get(&ada.token, "/api/v1/orgs")).find(|answer| answer.status != 200);
    assert_eq!(rate(&refused.expect("an end"))[1], "0");
}

#[test]
fn an_account_waits_longer_after_each_failure_known_or_not() {
    let (server, clock) = TestServer::start_at(1_800_000_000);
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    server.post("", "/api/v1/users", &body).expect(201);
    for email in ["ada@example.org", "nobody@example.org"] {
        for _ in 0..5 {
            log_in(&server, email, "wrong").expect(401);
        }
        let refused = log_in(&server, email, PASSWORD).expect(429);
        assert_eq!(refused.header("retry-after"), Some("15"), "{email}");
        assert_eq!(rate(&refused), ["5", "0", "15"], "{email}");
        assert_eq!(refused.code(), "too_many_requests");
    }
    clock.advance(Duration::from_secs(15));
    log_in(&server, "ada@example.org", "wrong").expect(401);
    assert_eq!(log_in(&server, "ada@example.org", PASSWORD).expect(429).header("retry-after"), Some("30"));
    clock.advance(Duration::from_secs(30));
    log_in(&server, "ada@example.org", PASSWORD).expect(200);
    // Success forgets it all.
    for _ in 0..5 {
        log_in(&server, "ada@example.org", "wrong").expect(401);
    }
    log_in(&server, "ada@example.org", PASSWORD).expect(429);
}

#[test]
fn an_address_waits_whatever_accounts_it_tries() {
    let (server, clock) = {
        let clock = std::sync::Arc::new(logan::serve::ManualClock::at(
            logan::entry::Timestamp::from_seconds(1_800_000_000, 0).expect("a time"),
        ));
        let server = TestServer::start_with(clock.clone(), |settings| settings.rates.login_address_per_minute = 3);
        (server, clock)
    };
    for count in 0..3 {
        log_in(&server, &format!("{count}@example.org"), "wrong").expect(401);
    }
    assert_eq!(log_in(&server, "3@example.org", "wrong").expect(429).header("retry-after"), Some("20"));
    clock.advance(Duration::from_secs(20));
    log_in(&server, "3@example.org", "wrong").expect(401);
}

#[test]
fn a_stolen_session_cannot_guess_the_password() {
    let (server, _clock) = TestServer::start_at(1_800_000_000);
    let ada = server.somebody();
    let guess = || {
        let body = json!({"current": "a guess", "new": "gravel-teapot-9-violin"});
        server.post(&ada.token, "/api/v1/auth/password", &body)
    };
    for _ in 0..5 {
        guess().expect(403);
    }
    guess().expect(429);
}

#[test]
fn an_attempt_costs_one_hash_whoever_it_is_for_and_is_answered_alike() {
    let server = TestServer::start();
    let ada = server.sign_up("ada@example.org");
    let costs = |email: &str, password: &str| {
        let before = server.state.passwords.hashed();
        let body = json!({"email": email, "password": password});
        let request = server.request(Method::POST, "", "/api/v1/auth/login").header("x-request-id", "same").json(&body);
        (server.send(request), server.state.passwords.hashed() - before)
    };
    let (known, hashes) = costs(&ada.email, "not the password");
    assert_eq!((known.status, hashes), (401, 1));
    for (email, password) in [
        ("nobody@example.org", "not the password"),
        // The password of somebody else, and that of nobody.
        ("nobody@example.org", PASSWORD),
        (ada.email.as_str(), "x"),
        ("x@y", "x"),
    ] {
        assert_eq!(costs(email, password), (known.clone(), 1), "{email}");
    }
    let (good, hashes) = costs(&ada.email, PASSWORD);
    assert_eq!((good.status, hashes), (200, 1));
    // What is refused for its number costs nothing.
    let (mut refused, mut count) = (costs("nobody@example.org", "x"), 0);
    while refused.0.status != 429 {
        count += 1;
        assert!(count < 10, "{refused:?}");
        refused = costs("nobody@example.org", "x");
    }
    assert_eq!(refused.1, 0);
}
