//! Orgs, members, invitations; what one org can see of another: nothing.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::server::{Account, Answer, PASSWORD, TestServer};

#[test]
fn an_org_is_changed_within_limits_and_deleted_by_its_owner() {
    let server = TestServer::start();
    let ada = server.sign_up("ada@example.org");
    let admin = server.sign_up_into(&ada, "admin@example.org", "admin");
    let path = format!("/api/v1/orgs/{}", ada.org);
    let change = |body: Value| server.patch(&admin.token, &path, &body);
    let changed = change(json!({"name": "Northwind", "retention_days": 30, "retention_bytes": 1 << 30})).expect(200);
    let changed = changed.json();
    assert_eq!(
        (&changed["name"], &changed["retention_days"], &changed["retention_bytes"]),
        (&json!("Northwind"), &json!(30), &json!(1 << 30))
    );
    let changed = change(json!({"retention_days": null})).expect(200).json();
    assert_eq!((&changed["retention_days"], &changed["retention_bytes"]), (&Value::Null, &json!(1 << 30)));
    for body in [
        json!({"retention_days": 0}),
        json!({"retention_days": 36501}),
        json!({"retention_bytes": 1}),
        json!({"name": ""}),
        json!({"id": ada.org}),
        json!({"retention_days": "30"}),
    ] {
        change(body).expect(400);
    }
    server.delete(&admin.token, &path).expect(403);
    let key = server.key(&ada, "admin");
    // Without an org nobody could log in.
    let refused = server.delete(&ada.token, &path).expect(409).json();
    let message = refused["error"]["message"].as_str().expect("a message");
    assert!(message.contains("make another one first (POST /api/v1/orgs)"), "{message}");
    server.get(&ada.token, &path).expect(200);
    let second = server.post(&ada.token, "/api/v1/orgs", &json!({"name": "Second"})).expect(201).json();
    server.delete(&ada.token, &path).expect(204);
    for token in [&ada.token, &admin.token, &key] {
        server.get(token, "/api/v1/orgs").expect(401);
    }
    assert_eq!(json!(server.log_in(&ada.email).org), second["id"]);
}

#[test]
fn who_is_in_no_org_any_more_gets_one_of_their_own_where_sign_up_is_open() {
    let server = TestServer::start();
    let ada = server.sign_up("ada@example.org");
    let [bob, eve] = ["bob@example.org", "eve@example.org"].map(|email| server.sign_up_into(&ada, email, "member"));
    server.post(&ada.token, "/api/v1/orgs", &json!({"name": "Second"})).expect(201);
    server.delete(&ada.token, &format!("/api/v1/orgs/{}", ada.org)).expect(204);
    let log_in = |server: &TestServer, email: &str, password: &str| {
        server.post("", "/api/v1/auth/login", &json!({"email": email, "password": password}))
    };
    log_in(&server, &bob.email, "not the password").expect(401);
    let inside = log_in(&server, &bob.email, PASSWORD).expect(200).json();
    assert_eq!((&inside["org"]["name"], &inside["org"]["role"]), (&json!("Somebody"), &json!("owner")));
    assert_ne!(inside["org"]["id"], json!(ada.org));
    assert_eq!(log_in(&server, &bob.email, PASSWORD).expect(200).json()["org"]["id"], inside["org"]["id"]);
    let folder = server.stop();
    let server = TestServer::start_in(folder, std::sync::Arc::new(logan::serve::SystemClock), |settings| {
        settings.signup = logan::config::SignUp::Invite;
    });
    let refused = log_in(&server, &eve.email, PASSWORD).expect(403).json();
    assert_eq!(refused["error"]["message"], "you are in no org; log in with an invitation");
    log_in(&server, &bob.email, PASSWORD).expect(200);
}

#[test]
fn a_user_has_several_orgs_and_is_in_one_at_a_time() {
    let server = TestServer::start();
    let ada = server.sign_up("ada@example.org");
    let eve = server.sign_up("eve@example.org");
    let second = server.post(&ada.token, "/api/v1/orgs", &json!({"name": "Second"})).expect(201).json();
    let second = second["id"].as_str().unwrap();
    server.get(&ada.token, &format!("/api/v1/orgs/{second}")).expect(404);
    let orgs = server.get(&ada.token, "/api/v1/orgs").expect(200).json();
    assert_eq!(orgs["orgs"].as_array().unwrap().len(), 2);
    let log_in = |org: &str| {
        server.post("", "/api/v1/auth/login", &json!({"email": ada.email, "password": PASSWORD, "org": org}))
    };
    let there = log_in(second).expect(200).json();
    let token = there["access_token"].as_str().unwrap();
    server.get(token, &format!("/api/v1/orgs/{second}")).expect(200);
    server.get(token, &format!("/api/v1/orgs/{}", ada.org)).expect(404);
    log_in(&eve.org).expect(404);
    // The session goes to the other org; the token of the first is not good there, nor here any more.
    let refresh =
        |org: &str| server.post("", "/api/v1/auth/refresh", &json!({"refresh_token": ada.refresh_token, "org": org}));
    refresh(&eve.org).expect(404);
    let moved = refresh(second).expect(200).json();
    server.get(&ada.token, "/api/v1/users/me").expect(401);
    let me = server.get(moved["access_token"].as_str().unwrap(), "/api/v1/users/me").expect(200).json();
    assert_eq!(me["org"]["id"], json!(second));
    for count in 2..20 {
        server.post(&eve.token, "/api/v1/orgs", &json!({"name": format!("{count}")})).expect(201);
    }
    server.post(&eve.token, "/api/v1/orgs", &json!({"name": "20"})).expect(201);
    server.post(&eve.token, "/api/v1/orgs", &json!({"name": "too many"})).expect(409);
}

#[test]
fn an_org_keeps_an_owner_and_admins_leave_owners_alone() {
    let server = TestServer::start();
    let ada = server.sign_up("ada@example.org");
    let admin = server.sign_up_into(&ada, "admin@example.org", "admin");
    let viewer = server.sign_up_into(&ada, "viewer@example.org", "viewer");
    let path = |user: &Account| format!("/api/v1/orgs/{}/members/{}", ada.org, user.user);
    let make = |by: &Account, user: &Account, role: &str| server.patch(&by.token, &path(user), &json!({"role": role}));
    make(&ada, &ada, "admin").expect(409);
    server.delete(&ada.token, &path(&ada)).expect(409);
    make(&admin, &ada, "viewer").expect(403);
    server.delete(&admin.token, &path(&ada)).expect(403);
    make(&admin, &viewer, "owner").expect(403);
    make(&admin, &admin, "owner").expect(403);
    server.post(&admin.token, &format!("/api/v1/orgs/{}/invites", ada.org), &json!({"role": "owner"})).expect(403);
    make(&viewer, &viewer, "admin").expect(403);
    make(&admin, &viewer, "member").expect(200);
    make(&ada, &admin, "owner").expect(200);
    make(&admin, &ada, "viewer").expect(200);
    make(&admin, &admin, "viewer").expect(409);
    let members = server.get(&viewer.token, &format!("/api/v1/orgs/{}/members", ada.org)).expect(200).json();
    let members = members["members"].as_array().unwrap();
    let roles: Vec<_> = members.iter().map(|member| member["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["viewer", "owner", "member"]);
    make(&admin, &viewer, "king").expect(400);
}

#[test]
fn an_invitation_lets_one_person_in_once_while_it_is_good() {
    let (server, clock) = TestServer::start_at(1_800_000_000);
    let ada = server.sign_up("ada@example.org");
    let eve = server.sign_up("eve@example.org");
    let path = format!("/api/v1/orgs/{}/invites", ada.org);
    // The clock moves on: each is made with a new token.
    let invite = |body: Value| server.post(&server.log_in("ada@example.org").token, &path, &body).expect(201).json();
    let sign_up = |email: &str, invite: &Value| {
        let body = json!({"email": email, "password": PASSWORD, "invite": invite["token"]});
        server.post("", "/api/v1/users", &body)
    };
    let for_all = invite(json!({"role": "member"}));
    assert_eq!(for_all["expires"], "2027-01-22T08:00:00.000Z");
    let listed = server.get(&ada.token, &path).expect(200);
    assert!(!String::from_utf8_lossy(&listed.body).contains("lgi_"), "the list shows no text");
    let joined = sign_up("bob@example.org", &for_all).expect(201).json();
    assert_eq!((&joined["org"]["id"], &joined["org"]["role"]), (&json!(ada.org), &json!("member")));
    sign_up("carol@example.org", &for_all).expect(403);

    let for_dan = invite(json!({"role": "viewer", "email": "Dan@example.org", "expires_in_days": 1}));
    sign_up("carol@example.org", &for_dan).expect(403);
    clock.advance(Duration::from_secs(86_399));
    sign_up("dan@example.org", &for_dan).expect(201);
    let late = invite(json!({"role": "viewer", "expires_in_days": 1}));
    clock.advance(Duration::from_secs(86_401));
    sign_up("carol@example.org", &late).expect(403);
    let taken_back = invite(json!({"role": "viewer"}));
    let ada = server.log_in("ada@example.org");
    server.delete(&ada.token, &format!("{path}/{}", taken_back["id"].as_str().unwrap())).expect(204);
    sign_up("carol@example.org", &taken_back).expect(403);

    // Somebody who has an account already comes in by logging in.
    let body = json!({"role": "viewer"});
    let for_eve = server.post(&ada.token, &path, &body).expect(201).json();
    let log_in = || {
        let body = json!({"email": "eve@example.org", "password": PASSWORD, "invite": for_eve["token"]});
        server.post("", "/api/v1/auth/login", &body)
    };
    let inside = log_in().expect(200).json();
    assert_eq!((&inside["org"]["id"], &inside["org"]["role"]), (&json!(ada.org), &json!("viewer")));
    assert_eq!(inside["user"]["id"], json!(eve.user));
    log_in().expect(403);
    for body in [json!({"role": "viewer", "expires_in_days": 31}), json!({}), json!({"role": "viewer", "email": "x"})] {
        server.post(&ada.token, &path, &body).expect(400);
    }
}

/// Asks the same with the same request id.
fn ask(server: &TestServer, token: &str, method: &Method, path: &str) -> Answer {
    let request = server.request(method.clone(), token, path).header("x-request-id", "the-same");
    let body = match (method, path) {
        (&Method::PATCH, path) if path.contains("members") => Some(json!({"role": "viewer"})),
        (&Method::PATCH, _) => Some(json!({"name": "x"})),
        (&Method::POST, _) => Some(json!({"role": "viewer"})),
        _ => None,
    };
    server.send(match body {
        Some(body) => request.json(&body),
        None => request,
    })
}

#[test]
fn what_belongs_to_another_org_is_answered_as_what_does_not_exist() {
    let server = TestServer::start();
    let ada = server.sign_up("ada@example.org");
    let eve = server.sign_up("eve@example.org");
    let made = |path: &str, body: Value| server.post(&eve.token, path, &body).expect(201).json()["id"].clone();
    let key = made("/api/v1/keys", json!({"name": "k", "scope": "query"}));
    let invite = made(&format!("/api/v1/orgs/{}/invites", eve.org), json!({"role": "viewer"}));
    let sessions = server.get(&eve.token, "/api/v1/sessions").expect(200).json();
    let session = &sessions["sessions"][0]["id"];
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    let missing = "01JDB2QX3V8Z5N4M7K6H9G0F1E";
    let own = &ada.org;
    let cases = [
        (Method::GET, "/api/v1/orgs/{}".to_owned(), eve.org.clone()),
        (Method::PATCH, "/api/v1/orgs/{}".to_owned(), eve.org.clone()),
        (Method::DELETE, "/api/v1/orgs/{}".to_owned(), eve.org.clone()),
        (Method::GET, "/api/v1/orgs/{}/members".to_owned(), eve.org.clone()),
        (Method::PATCH, format!("/api/v1/orgs/{{}}/members/{}", eve.user), eve.org.clone()),
        (Method::DELETE, format!("/api/v1/orgs/{{}}/members/{}", eve.user), eve.org.clone()),
        (Method::GET, "/api/v1/orgs/{}/invites".to_owned(), eve.org.clone()),
        (Method::POST, "/api/v1/orgs/{}/invites".to_owned(), eve.org.clone()),
        (Method::DELETE, format!("/api/v1/orgs/{{}}/invites/{}", id(&invite)), eve.org.clone()),
        (Method::PATCH, format!("/api/v1/orgs/{own}/members/{{}}"), eve.user.clone()),
        (Method::DELETE, format!("/api/v1/orgs/{own}/members/{{}}"), eve.user.clone()),
        (Method::DELETE, format!("/api/v1/orgs/{own}/invites/{{}}"), id(&invite)),
        (Method::DELETE, "/api/v1/keys/{}".to_owned(), id(&key)),
        (Method::DELETE, "/api/v1/sessions/{}".to_owned(), id(session)),
    ];
    for (method, template, foreign) in &cases {
        let [foreign, missing, no_id] = [foreign.as_str(), missing, "no-id"]
            .map(|id| ask(&server, &ada.token, method, &template.replace("{}", id)));
        assert_eq!(foreign.status, 404, "{method} {template}");
        assert_eq!(foreign, missing, "{method} {template}");
        assert_eq!(foreign, no_id, "{method} {template}");
    }
    // All of it still stands, and the same requests work for who may make them.
    assert_eq!(server.get(&eve.token, "/api/v1/keys").expect(200).json()["keys"][0]["id"], key);
    for (method, template, own) in
        cases.iter().filter(|(method, template, _)| method == Method::GET && !template.contains("sessions"))
    {
        ask(&server, &eve.token, method, &template.replace("{}", own)).expect(200);
    }
}

#[test]
fn where_sign_up_is_not_open_nobody_makes_one_more_org() {
    let server = TestServer::start();
    let account = server.somebody();
    server.post(&account.token, "/api/v1/orgs", &json!({"name": "second"})).expect(201);
    let folder = server.stop();
    for signup in [logan::config::SignUp::Invite, logan::config::SignUp::Closed] {
        let server = TestServer::start_in(folder.clone(), std::sync::Arc::new(logan::serve::SystemClock), |settings| {
            settings.signup = signup;
        });
        let account = server.log_in(&account.email);
        let refused = server.post(&account.token, "/api/v1/orgs", &json!({"name": "third"})).expect(403);
        assert_eq!(refused.code(), "sign_up_closed");
    }
}

/// What the org's audit log holds of these actions, the oldest first: the action and to what.
fn noted(server: &TestServer, account: &Account, actions: &[&str]) -> Vec<(String, String)> {
    let page = server.get(&account.token, "/api/v1/audit?limit=100").expect(200).json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mut all: Vec<_> = (page["events"].as_array().expect("events").iter())
        .map(|event| (text(&event["action"]), text(&event["target"])))
        .filter(|(action, _)| actions.contains(&action.as_str()))
        .collect();
    all.reverse();
    all
}

#[test]
fn refusals_for_a_role_and_ids_of_others_are_written_down_alike_and_only_so_often() {
    let server = TestServer::start();
    let (ada, eve) = (server.somebody(), server.somebody());
    let viewer = server.sign_up_into(&ada, "viewer@example.org", "viewer");
    let rule = json!({"name": "errors", "kind": "absence", "window": "1m"});
    let foreign = server.post(&eve.token, "/api/v1/rules", &rule).expect(201).json();
    let foreign = foreign["id"].as_str().expect("an id");
    let missing = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    server.post(&viewer.token, "/api/v1/rules", &rule).expect(403);
    for id in [foreign, missing] {
        server.delete(&ada.token, &format!("/api/v1/rules/{id}")).expect(404);
    }
    server.get(&ada.token, "/api/v1/alerts/no%20id").expect(404);
    server.get(&ada.token, &format!("/api/v1/orgs/{}", eve.org)).expect(404);
    let pair = |action: &str, target: String| (action.to_owned(), target);
    let expected = [
        pair("role.refused", "POST /api/v1/rules".to_owned()),
        pair("id.refused", format!("DELETE /api/v1/rules/{foreign}")),
        pair("id.refused", format!("DELETE /api/v1/rules/{missing}")),
        pair("id.refused", "GET /api/v1/alerts/{alert}".to_owned()),
        pair("org.refused", eve.org.clone()),
    ];
    let actions = ["role.refused", "id.refused", "org.refused"];
    assert_eq!(noted(&server, &ada, &actions), expected);
    assert!(noted(&server, &eve, &actions).is_empty(), "who was asked for learns nothing");
    for _ in 0..40 {
        server.delete(&ada.token, &format!("/api/v1/keys/{missing}")).expect(404);
    }
    assert!(noted(&server, &ada, &actions).len() <= expected.len() + 10);
}
