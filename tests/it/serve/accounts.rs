//! Signing up, logging in, staying, the audit log.

use std::sync::Arc;
use std::time::Duration;

use logan::config::SignUp;
use logan::serve::{SystemClock, offline};
use reqwest::Method;
use serde_json::{Value, json};

use super::server::{PASSWORD, TestServer};

fn new_user(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD})
}

#[test]
fn who_signs_up_owns_an_org_and_can_log_in() {
    let server = TestServer::start();
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "name": "Ada", "org": "Northwind"});
    let made = server.post("", "/api/v1/users", &body).expect(201).json();
    assert_eq!(made["user"]["email"], "ada@example.org");
    assert_eq!((&made["org"]["name"], &made["org"]["role"]), (&json!("Northwind"), &json!("owner")));
    let ada = server.log_in("ADA@Example.org");
    assert_eq!(json!(ada.user), made["user"]["id"]);
    let me = server.get(&ada.token, "/api/v1/users/me").expect(200).json();
    assert_eq!((&me["user"], &me["org"]), (&made["user"], &made["org"]));
    assert!(!me.to_string().contains("argon2"), "{me}");

    let again = server.post("", "/api/v1/users", &new_user("Ada@example.org")).expect(409);
    assert_eq!(again.code(), "conflict");
    let plain = server.post("", "/api/v1/users", &new_user("grace@example.org")).expect(201).json();
    assert_eq!((&plain["user"]["name"], &plain["org"]["name"]), (&json!("grace"), &json!("grace")));
}

#[test]
fn what_is_not_understood_is_refused_and_changes_nothing() {
    let server = TestServer::start();
    let post = |body: &Value| server.post("", "/api/v1/users", body);
    for (body, code) in [
        (json!({"email": "ada@example.org", "password": "password1234"}), "weak_password"),
        (json!({"email": "ada@example.org", "password": "ada@example.org"}), "weak_password"),
        (json!({"email": "ada@example.org", "password": "too short"}), "invalid_body"),
        (json!({"email": "ada@example.org", "password": "x".repeat(129)}), "invalid_body"),
        (json!({"email": "no address", "password": PASSWORD}), "invalid_body"),
        (json!({"email": "ada@example.org", "password": PASSWORD, "role": "owner"}), "invalid_body"),
        (json!({"email": "ada@example.org", "password": PASSWORD, "org": "a", "invite": "b"}), "invalid_body"),
        (json!({"email": "ada@example.org", "password": PASSWORD, "name": "a\nb"}), "invalid_body"),
        (json!([1]), "invalid_body"),
        (json!(["ada@example.org", PASSWORD]), "invalid_body"),
    ] {
        assert_eq!(post(&body).expect(400).code(), code, "{body}");
    }
    let form = server.request(Method::POST, "", "/api/v1/users").header("content-type", "text/plain");
    assert_eq!(
        server.send(form.body(new_user("ada@example.org").to_string())).expect(415).code(),
        "unsupported_media_type"
    );
    let large = json!({"email": "ada@example.org", "password": PASSWORD, "name": "x".repeat(70_000)});
    assert_eq!(post(&large).expect(413).code(), "too_large");
    post(&json!({"email": "ada@example.org", "password": PASSWORD, "invite": "lgi_x"})).expect(403);
    post(&new_user("ada@example.org")).expect(201);
}

#[test]
fn sign_up_is_open_by_invitation_or_closed_and_the_operators_token_opens_it_once() {
    let invite_only = TestServer::start_with(Arc::new(SystemClock), |settings| settings.signup = SignUp::Invite);
    assert_eq!(invite_only.post("", "/api/v1/users", &new_user("a@example.org")).expect(403).code(), "sign_up_closed");

    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let data = folder.path().join("data");
    let now = logan::serve::Clock::now(&SystemClock);
    let (token, is_new_data) = offline::admin_token(&data, now).expect("a token");
    assert!(is_new_data);
    let token = secrecy::ExposeSecret::expose_secret(&token).to_owned();
    let server = TestServer::start_in(folder, Arc::new(SystemClock), |settings| settings.signup = SignUp::Closed);
    let with = |email: &str, token: &str| {
        let body = json!({"email": email, "password": PASSWORD, "admin_token": token});
        server.post("", "/api/v1/users", &body)
    };
    assert_eq!(server.post("", "/api/v1/users", &new_user("a@example.org")).expect(403).code(), "sign_up_closed");
    with("a@example.org", "lga_wrong").expect(403);
    with("a@example.org", &token).expect(201);
    with("b@example.org", &token).expect(403);
    // Closed is closed for invitations as well, which is said when one is made: `invite` is for those.
    let ada = server.log_in("a@example.org");
    let path = format!("/api/v1/orgs/{}/invites", ada.org);
    let invite = server.post(&ada.token, &path, &json!({"role": "viewer"})).expect(201).json();
    assert_eq!(invite["signs_up"], false, "{invite}");
    let body = json!({"email": "b@example.org", "password": PASSWORD, "invite": invite["token"]});
    let refused = server.post("", "/api/v1/users", &body).expect(403).json();
    let message = refused["error"]["message"].as_str().expect("a message");
    assert!(message.contains("log in with it"), "{message}");
}

#[test]
fn who_has_an_account_is_told_how_to_use_an_invitation() {
    let server = TestServer::start();
    let (ada, bob) = (server.sign_up("ada@example.org"), server.sign_up("bob@example.org"));
    let path = format!("/api/v1/orgs/{}/invites", ada.org);
    let invite = server.post(&ada.token, &path, &json!({"role": "viewer"})).expect(201).json();
    assert_eq!(invite["signs_up"], true, "{invite}");
    let new = json!({"email": bob.email, "password": PASSWORD, "name": "Bob", "invite": invite["token"]});
    let refused = server.post("", "/api/v1/users", &new).expect(409).json();
    let message = refused["error"]["message"].as_str().expect("a message");
    assert!(message.contains("POST /api/v1/auth/login with `invite`"), "{message}");
    // As it says.
    let log_in = json!({"email": bob.email, "password": PASSWORD, "invite": invite["token"]});
    assert_eq!(server.post("", "/api/v1/auth/login", &log_in).expect(200).json()["org"]["id"], ada.org);
}

#[test]
fn a_wrong_password_and_an_unknown_user_are_answered_alike() {
    let server = TestServer::start();
    server.sign_up("ada@example.org");
    let log_in = |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        server.send(server.request(Method::POST, "", "/api/v1/auth/login").header("x-request-id", "same").json(&body))
    };
    let wrong = log_in("ada@example.org", "seven herons wade downstream").expect(401);
    assert_eq!(wrong.code(), "wrong_login");
    assert_eq!(wrong, log_in("nobody@example.org", "seven herons wade downstream"));
    log_in("ada@example.org", PASSWORD).expect(200);
}

#[test]
fn refresh_tokens_are_good_once_and_a_second_use_ends_the_session() {
    let server = TestServer::start();
    let ada = server.sign_up("ada@example.org");
    let other = server.log_in("ada@example.org");
    let refresh = |token: &str| server.post("", "/api/v1/auth/refresh", &json!({"refresh_token": token}));
    let second = refresh(&ada.refresh_token).expect(200).json();
    let (access, next) = (second["access_token"].as_str().unwrap(), second["refresh_token"].as_str().unwrap());
    server.get(access, "/api/v1/users/me").expect(200);
    refresh("lgr_unknown").expect(401);
    refresh(&ada.token).expect(400);
    server.get(access, "/api/v1/users/me").expect(200);
    // Whoever shows the old one again stole it, or was stolen from.
    refresh(&ada.refresh_token).expect(401);
    server.get(access, "/api/v1/users/me").expect(401);
    server.get(&ada.token, "/api/v1/users/me").expect(401);
    refresh(next).expect(401);
    server.get(&other.token, "/api/v1/users/me").expect(200);
    let events = server.get(&other.token, "/api/v1/audit").expect(200).json();
    assert_eq!(events["events"][0]["action"], "session.reuse");
}

#[test]
fn a_session_ends_unused_after_a_day_and_used_after_fourteen() {
    let (server, clock) = TestServer::start_at(1_800_000_000);
    let hour = Duration::from_secs(3600);
    let refresh = |token: &str| server.post("", "/api/v1/auth/refresh", &json!({"refresh_token": token}));
    let idle = server.sign_up("idle@example.org");
    clock.advance(hour * 25);
    refresh(&idle.refresh_token).expect(401);

    let mut token = server.sign_up("used@example.org").refresh_token;
    for round in 1..=16 {
        clock.advance(hour * 20);
        token =
            refresh(&token).expect(200).json()["refresh_token"].as_str().unwrap_or_else(|| panic!("{round}")).into();
    }
    // 320 hours have passed; the session ends after 336.
    clock.advance(hour * 15);
    token = refresh(&token).expect(200).json()["refresh_token"].as_str().unwrap().into();
    clock.advance(hour * 2);
    refresh(&token).expect(401);
}

#[test]
fn sessions_are_listed_and_ended_one_by_one_by_their_owner_alone() {
    let server = TestServer::start();
    let first = server.sign_up("ada@example.org");
    let second = server.log_in("ada@example.org");
    let stranger = server.sign_up("eve@example.org");
    let list = server.get(&first.token, "/api/v1/sessions").expect(200).json();
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let other = sessions.iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/api/v1/sessions/{}", other["id"].as_str().unwrap());
    server.delete(&stranger.token, &path).expect(404);
    server.get(&second.token, "/api/v1/users/me").expect(200);
    server.delete(&first.token, &path).expect(204);
    server.get(&second.token, "/api/v1/users/me").expect(401);
    server.delete(&first.token, &path).expect(404);
    server.get(&server.key(&first, "admin"), "/api/v1/sessions").expect(403);
}

#[test]
fn a_password_is_changed_by_who_knows_it_and_ends_the_other_sessions() {
    let server = TestServer::start();
    let ada = server.sign_up("ada@example.org");
    let other = server.log_in("ada@example.org");
    let change = |current: &str, new: &str| {
        server.post(&ada.token, "/api/v1/auth/password", &json!({"current": current, "new": new}))
    };
    let new = "gravel-teapot-9-violin";
    assert_eq!(change("not the password", new).expect(403).code(), "wrong_password");
    assert_eq!(change(PASSWORD, "password1234").expect(400).code(), "weak_password");
    server.get(&other.token, "/api/v1/users/me").expect(200);
    change(PASSWORD, new).expect(204);
    server.get(&ada.token, "/api/v1/users/me").expect(200);
    server.get(&other.token, "/api/v1/users/me").expect(401);
    server.post("", "/api/v1/auth/refresh", &json!({"refresh_token": other.refresh_token})).expect(401);
    let log_in = |password: &str| {
        server.post("", "/api/v1/auth/login", &json!({"email": "ada@example.org", "password": password}))
    };
    log_in(PASSWORD).expect(401);
    log_in(new).expect(200);
}

#[test]
fn the_audit_log_tells_what_was_done_page_by_page_and_holds_together() {
    let server = TestServer::start();
    let ada = server.sign_up("ada@example.org");
    let eve = server.sign_up("eve@example.org");
    server.post("", "/api/v1/auth/login", &json!({"email": "ada@example.org", "password": "wrong"})).expect(401);
    let key = server.post(&ada.token, "/api/v1/keys", &json!({"name": "k", "scope": "admin"})).expect(201).json();
    server.get(key["key"].as_str().unwrap(), "/api/v1/orgs").expect(200);
    server.delete(&ada.token, &format!("/api/v1/keys/{}", key["id"].as_str().unwrap())).expect(204);
    server.get(&ada.token, &format!("/api/v1/orgs/{}", eve.org)).expect(404);
    server.patch(&ada.token, &format!("/api/v1/orgs/{}", ada.org), &json!({"retention_days": 30})).expect(200);
    let viewer = server.sign_up_into(&ada, "vi@example.org", "viewer");
    let member = format!("/api/v1/orgs/{}/members/{}", ada.org, viewer.user);
    server.patch(&ada.token, &member, &json!({"role": "member"})).expect(200);
    server.delete(&ada.token, &member).expect(204);

    let (mut actions, mut cursor) = (Vec::new(), None);
    loop {
        let path =
            cursor.map_or("/api/v1/audit?limit=4".to_owned(), |next| format!("/api/v1/audit?limit=4&cursor={next}"));
        let page = server.get(&ada.token, &path).expect(200).json();
        let events = page["events"].as_array().unwrap();
        assert!((1..=4).contains(&events.len()), "{page}");
        actions.extend(events.iter().map(|event| event["action"].as_str().unwrap().to_owned()));
        assert!(!page.to_string().contains(&eve.user), "another org's events: {page}");
        match page["next_cursor"].as_i64() {
            None => break,
            next => cursor = next,
        }
    }
    actions.reverse();
    assert_eq!(
        actions,
        [
            "org.created",
            "user.created",
            "login.ok",
            "login.failed",
            "key.created",
            "org.refused",
            "org.changed",
            "invite.created",
            "invite.used",
            "user.created",
            "login.ok",
            "member.changed",
            "member.removed",
        ]
        .map(str::to_owned)
        .into_iter()
        .flat_map(|action| if action == "key.created" { vec![action, "key.deleted".to_owned()] } else { vec![action] })
        .collect::<Vec<_>>()
    );
    assert_eq!(server.state.control.verify_audit().expect("it is read"), []);
    server.get(&ada.token, "/api/v1/audit?limit=0").expect(400);
    server.get(&ada.token, "/api/v1/audit?limit=x").expect(400);
    server.get(&ada.token, "/api/v1/audit?nosuch=1").expect(400);
}

#[test]
fn the_first_use_of_a_key_is_written_down_once() {
    let server = TestServer::start();
    let ada = server.sign_up("ada@example.org");
    let key = server.key(&ada, "admin");
    let uses = || {
        let events = server.get(&ada.token, "/api/v1/audit").expect(200).json();
        let events = events["events"].as_array().unwrap().clone();
        events.into_iter().filter(|event| event["action"] == "key.first_used").collect::<Vec<_>>()
    };
    assert_eq!(uses().len(), 0);
    server.get(&key, "/api/v1/orgs").expect(200);
    assert_eq!(uses().len(), 1);
    assert_eq!(uses()[0]["address"], "127.0.0.1");
    server.get(&key, "/api/v1/orgs").expect(200);
    assert_eq!(uses().len(), 1);
    let keys = server.get(&ada.token, "/api/v1/keys").expect(200).json();
    assert!(keys["keys"][0]["used"].is_string(), "{keys}");
}

#[test]
fn a_running_server_keeps_commands_off_its_data() {
    let server = TestServer::start();
    let now = logan::serve::Clock::now(&SystemClock);
    let error = offline::admin_token(&server.data(), now).expect_err("the server has it");
    assert!(error.to_string().contains("another logan"), "{error}");
    let data = server.data();
    let _folder = server.stop();
    offline::admin_token(&data, now).expect("nobody has it");
}
