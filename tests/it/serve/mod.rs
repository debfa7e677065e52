//! The server, started in this process and asked over HTTP.

mod process;
mod running;
pub mod server;

use server::TestServer;

#[test]
fn a_request_without_a_credential_is_answered_401_with_an_id() {
    let server = TestServer::start();
    let answer =
        server.send(server.request(reqwest::Method::GET, "", "/api/v1/orgs/x").header("x-request-id", "own-1"));
    assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"));
    assert_eq!(answer.header("x-request-id"), Some("own-1"));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
}
