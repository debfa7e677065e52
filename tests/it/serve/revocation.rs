//! An end is an end on the next request, whatever the token still says.

use logan::entry::Timestamp;
use logan::serve::offline;
use serde_json::json;
use std::sync::Arc;

use super::server::{PASSWORD, TestServer};

#[test]
fn logging_out_ends_the_session_at_once() {
    let server = TestServer::start();
    let ada = server.somebody();
    server.get(&ada.token, "/api/v1/users/me").expect(200);
    server.post(&ada.token, "/api/v1/auth/logout", &json!({})).expect(204);
    server.get(&ada.token, "/api/v1/users/me").expect(401);
    server.post(&ada.token, "/api/v1/auth/logout", &json!({})).expect(401);
    server.post("", "/api/v1/auth/refresh", &json!({"refresh_token": ada.refresh_token})).expect(401);
}

#[test]
fn a_role_is_what_it_is_now() {
    let server = TestServer::start();
    let ada = server.somebody();
    let other = server.sign_up_into(&ada, "other@example.org", "viewer");
    let path = format!("/api/v1/orgs/{}/members/{}", ada.org, other.user);
    for (role, status) in [("admin", 200), ("member", 403), ("admin", 200), ("viewer", 403)] {
        server.patch(&ada.token, &path, &json!({"role": role})).expect(200);
        server.get(&other.token, "/api/v1/keys").expect(status);
    }
}

#[test]
fn who_is_taken_out_of_an_org_is_out_at_once() {
    let server = TestServer::start();
    let ada = server.somebody();
    let other = server.sign_up_into(&ada, "other@example.org", "admin");
    server.get(&other.token, "/api/v1/orgs").expect(200);
    server.delete(&ada.token, &format!("/api/v1/orgs/{}/members/{}", ada.org, other.user)).expect(204);
    server.get(&other.token, "/api/v1/orgs").expect(401);
    server.post("", "/api/v1/auth/refresh", &json!({"refresh_token": other.refresh_token})).expect(401);
}

#[test]
fn a_deleted_key_is_refused_at_once() {
    let server = TestServer::start();
    let ada = server.somebody();
    let made = server.post(&ada.token, "/api/v1/keys", &json!({"name": "k", "scope": "admin"})).expect(201).json();
    let key = made["key"].as_str().unwrap();
    server.get(key, "/api/v1/orgs").expect(200);
    server.delete(&ada.token, &format!("/api/v1/keys/{}", made["id"].as_str().unwrap())).expect(204);
    server.get(key, "/api/v1/orgs").expect(401);
    server.delete(&ada.token, &format!("/api/v1/keys/{}", made["id"].as_str().unwrap())).expect(404);
}

#[test]
fn a_disabled_user_is_out_and_cannot_come_back_until_enabled() {
    let (server, clock) = TestServer::start_at(1_800_000_000);
    let ada = server.sign_up("ada@example.org");
    let data = server.data();
    let now = Timestamp::from_seconds(1_800_000_000, 0).expect("a time");
    let folder = server.stop();
    offline::set_user_disabled(&data, "ADA@example.org", true, now).expect("disabled");
    let server = TestServer::start_in(folder, clock.clone(), |_| {});
    server.get(&ada.token, "/api/v1/users/me").expect(401);
    server.post("", "/api/v1/auth/refresh", &json!({"refresh_token": ada.refresh_token})).expect(401);
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    assert_eq!(server.post("", "/api/v1/auth/login", &body).expect(401).code(), "wrong_login");
    let folder = server.stop();
    offline::set_user_disabled(&data, "ada@example.org", false, now).expect("enabled");
    let server = TestServer::start_in(folder, clock, |_| {});
    server.get(&ada.token, "/api/v1/users/me").expect(401);
    server.log_in("ada@example.org");
}

#[test]
fn a_password_that_was_reset_is_the_only_one_and_ends_all_sessions() {
    let (server, clock) = TestServer::start_at(1_800_000_000);
    let ada = server.sign_up("ada@example.org");
    let data = server.data();
    let now = Timestamp::from_seconds(1_800_000_000, 0).expect("a time");
    let folder = server.stop();
    let reset = |password: &str| offline::reset_password(&data, "ADA@example.org", &password.into(), now);
    assert!(matches!(reset("password1234"), Err(offline::OfflineError::Weak(_))));
    assert!(reset("nine lamps over the harbour").expect("reset"));
    let server = TestServer::start_in(folder, clock, |_| {});
    server.get(&ada.token, "/api/v1/users/me").expect(401);
    server.post("", "/api/v1/auth/refresh", &json!({"refresh_token": ada.refresh_token})).expect(401);
    let log_in = |password: &str| {
        server.post("", "/api/v1/auth/login", &json!({"email": "ada@example.org", "password": password}))
    };
    assert_eq!(log_in(PASSWORD).expect(401).code(), "wrong_login");
    let token = log_in("nine lamps over the harbour").expect(200).json()["access_token"].as_str().unwrap().to_owned();
    let events = server.get(&token, "/api/v1/audit").expect(200).json();
    let of_reset = events["events"].as_array().unwrap().iter().find(|event| event["action"] == "password.reset");
    let event = of_reset.expect("an event");
    assert_eq!((&event["actor"], &event["target"]), (&json!("command"), &json!(ada.user)));
}

#[test]
fn tokens_outlive_a_restart_but_not_their_time() {
    let (server, clock) = TestServer::start_at(1_800_000_000);
    let ada = server.somebody();
    let folder = server.stop();
    let server = TestServer::start_in(Arc::clone(&folder), clock.clone(), |_| {});
    server.get(&ada.token, "/api/v1/users/me").expect(200);
    clock.advance(std::time::Duration::from_secs(900 + 31));
    server.get(&ada.token, "/api/v1/users/me").expect(401);
    server.post("", "/api/v1/auth/refresh", &json!({"refresh_token": ada.refresh_token})).expect(200);
}
