//! The server, started in this process and asked over HTTP.

mod accounts;
mod alerts;
mod client;
mod configured;
mod durability;
mod intake;
mod keys;
mod matrix;
mod orgs;
mod process;
mod protocols;
mod questions;
mod retention;
mod revocation;
mod running;
pub mod server;
mod throttle;
mod tokens;
#[path = "../../wire/mod.rs"]
mod wire;

use reqwest::Method;
use server::TestServer;

#[test]
fn a_request_without_a_credential_is_answered_401_with_an_id() {
    let server = TestServer::start();
    let answer = server.send(server.request(Method::GET, "", "/api/v1/orgs/x").header("x-request-id", "own-1"));
    assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"));
    assert_eq!(answer.header("x-request-id"), Some("own-1"));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
}

#[test]
fn the_description_names_nothing_it_does_not_explain() {
    let description = serde_json::to_value(logan::serve::openapi()).expect("a description");
    let text = description.to_string();
    let names = text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
    let missing: Vec<&str> = names.filter(|name| description["components"]["schemas"][name].is_null()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let mut operations = std::collections::BTreeSet::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            assert!(operations.insert(operation["operationId"].to_string()), "{method} {path}: one id for two");
            assert!(operation["summary"].is_string(), "{method} {path} says what it does");
        }
    }
    assert!(operations.len() >= 23, "{operations:?}");
}
