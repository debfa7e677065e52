//! API keys: shown once, bound to their scope.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;

use super::server::{Answer, TestServer};

#[test]
fn a_key_is_shown_once_and_works_as_agents_send_it() {
    let server = TestServer::start();
    let ada = server.somebody();
    let made = server.post(&ada.token, "/api/v1/keys", &json!({"name": "agent", "scope": "admin"})).expect(201).json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let list = server.get(&ada.token, "/api/v1/keys").expect(200);
    assert!(list.json().to_string().contains(id));
    let secret = key.rsplit('_').next().unwrap();
    assert!(!String::from_utf8_lossy(&list.body).contains(secret), "the list shows no secret");
    let pair = STANDARD.encode(format!("any:{key}"));
    for (name, value) in [
        ("authorization", format!("Bearer {key}")),
        ("authorization", format!("bearer {key}")),
        ("authorization", format!("Basic {pair}")),
        ("authorization", format!("ApiKey {key}")),
        ("authorization", format!("ApiKey {pair}")),
        ("x-api-key", key.to_owned()),
    ] {
        let answer = server.send(server.request(Method::GET, "", "/api/v1/orgs").header(name, &value));
        assert_eq!(answer.expect(200).json()["orgs"][0]["id"], json!(ada.org), "{name}: {value}");
    }
    let mut wrong = key.to_owned();
    wrong.replace_range(31..32, if &key[31..32] == "A" { "B" } else { "A" });
    for (name, value) in [
        ("authorization", format!("Bearer {wrong}")),
        ("authorization", format!("Digest {key}")),
        ("authorization", key.to_owned()),
        ("x-api-key", "lgn_".to_owned()),
    ] {
        server.send(server.request(Method::GET, "", "/api/v1/orgs").header(name, &value)).expect(401);
    }
    server.send(server.request(Method::GET, "", &format!("/api/v1/orgs?key={key}"))).expect(401);
    let twice =
        server.request(Method::GET, key, "/api/v1/orgs").header("authorization", format!("Bearer {}", ada.token));
    let said = |refused: Answer| refused.expect(401).json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert_eq!(said(server.send(twice)), "the header Authorization stands there more than once; send one");
    let twice = server.request(Method::GET, "", "/api/v1/orgs").header("x-api-key", key).header("x-api-key", key);
    assert_eq!(said(server.send(twice)), "the header X-Api-Key stands there more than once; send one");
}

#[test]
fn a_key_does_what_its_scope_says_and_makes_none_that_may_do_more() {
    let server = TestServer::start();
    let ada = server.somebody();
    let (ingest, query, admin) = (server.key(&ada, "ingest"), server.key(&ada, "query"), server.key(&ada, "admin"));
    let org = format!("/api/v1/orgs/{}", ada.org);
    for key in [&ingest, &query] {
        for path in ["/api/v1/keys", "/api/v1/audit", "/api/v1/orgs", &org, "/api/v1/sessions", "/api/v1/users/me"] {
            server.get(key, path).expect(403);
        }
        server.post(key, "/api/v1/keys", &json!({"name": "more", "scope": "ingest"})).expect(403);
    }
    server.get(&admin, &org).expect(200);
    server.patch(&admin, &org, &json!({"name": "renamed"})).expect(200);
    server.delete(&admin, &org).expect(403);
    server.get(&admin, &format!("{org}/invites")).expect(403);
    server.post(&admin, &format!("{org}/invites"), &json!({"role": "owner"})).expect(403);
    server.get(&admin, "/api/v1/users/me").expect(403);
    server.post(&admin, "/api/v1/auth/logout", &json!({})).expect(403);
    for scope in ["ingest", "query", "admin"] {
        server.post(&admin, "/api/v1/keys", &json!({"name": "as much", "scope": scope})).expect(201);
    }
    for body in [
        json!({"name": "k", "scope": "owner"}),
        json!({"name": "", "scope": "query"}),
        json!({"name": "k", "scope": "query", "expires_in_days": 0}),
        json!({"name": "k", "scope": "query", "expires_in_days": 3651}),
        json!({"name": "k", "scope": "query", "org": ada.org}),
    ] {
        server.post(&ada.token, "/api/v1/keys", &body).expect(400);
    }
}

#[test]
fn a_key_is_good_until_it_expires() {
    let (server, clock) = TestServer::start_at(1_800_000_000);
    let ada = server.somebody();
    let body = json!({"name": "short", "scope": "admin", "expires_in_days": 1});
    let made = server.post(&ada.token, "/api/v1/keys", &body).expect(201).json();
    assert_eq!(made["expires"], "2027-01-16T08:00:00.000Z");
    clock.advance(Duration::from_secs(86_399));
    server.get(made["key"].as_str().unwrap(), "/api/v1/orgs").expect(200);
    clock.advance(Duration::from_secs(1));
    server.get(made["key"].as_str().unwrap(), "/api/v1/orgs").expect(401);
}
