//! The server as its operator sees it: TLS, readiness, metrics, the description of the API.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use logan::config::Settings;
use logan::serve::{Server, SystemClock};
use regex::Regex;
use serde_json::json;

use super::server::TestServer;

/// Writes a new certificate for `localhost` and its key into a folder; returns the certificate.
pub fn write_certificate(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    let key = folder.join("key.pem");
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(key, Permissions::from_mode(0o600)).unwrap();
    made.cert.pem()
}

/// A client that believes this certificate alone.
fn client(certificate: &str, address: SocketAddr) -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap()])
        .resolve("localhost", address)
        .build()
        .unwrap()
}

#[test]
fn a_certificate_is_replaced_without_dropping_connections() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_certificate(folder.path());
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut settings =
        Settings { data: folder.path().join("data"), listen: any, ops_listen: any, ..Settings::default() };
    settings.tls.cert = Some(folder.path().join("cert.pem"));
    settings.tls.key = Some(folder.path().join("key.pem"));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let server = Server::start(settings, Arc::new(SystemClock)).await.unwrap();
        let url = format!("https://localhost:{}/api/openapi.json", server.address.port());
        let old = client(&first, server.address);
        let answer = old.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers().contains_key("strict-transport-security"));
        answer.bytes().await.unwrap();

        let second = write_certificate(folder.path());
        server.reload().unwrap();
        assert_eq!(client(&second, server.address).get(&url).send().await.unwrap().status(), 200);
        assert!(client(&first, server.address).get(&url).send().await.is_err());
        // It does not believe the new certificate, so it can only have used its open connection.
        assert_eq!(old.get(&url).send().await.unwrap().status(), 200);

        // A key that others may read: said, and the certificate stays.
        let key = folder.path().join("key.pem");
        std::fs::set_permissions(&key, Permissions::from_mode(0o604)).unwrap();
        assert!(server.reload().unwrap_err().to_string().contains("others may read it (mode 0604)"));
        std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
        // A key that does not belong to it: said, and the certificate stays.
        let other = tempfile::tempdir().unwrap();
        write_certificate(other.path());
        std::fs::copy(other.path().join("key.pem"), folder.path().join("key.pem")).unwrap();
        assert!(server.reload().is_err());
        std::fs::write(folder.path().join("cert.pem"), "no certificate").unwrap();
        assert!(server.reload().unwrap_err().to_string().contains("no certificate in it"));
        assert_eq!(client(&second, server.address).get(&url).send().await.unwrap().status(), 200);
        server.stop().await.unwrap();
    });
}

#[test]
fn it_is_ready_until_it_stops_or_the_disk_is_full_and_alive_all_the_time() {
    let server = TestServer::start();
    assert_eq!(server.get_ops("/readyz").expect(200).json(), json!({"ready": true}));
    server.state.stop.cancel();
    assert_eq!(server.get_ops("/readyz").expect(503).json(), json!({"ready": false, "reason": "draining"}));
    assert_eq!(server.get_ops("/livez").expect(200).body, b"alive\n");
}

#[test]
fn metrics_are_counted_by_route_and_well_formed() {
    let server = TestServer::start();
    server.get("", "/api/v1/orgs/01JDB2QX3V8Z5N4M7K6H9G0F1E").expect(401);
    server.get("", "/no/such/path").expect(404);
    let text = String::from_utf8(server.get_ops("/metrics").expect(200).body).unwrap();
    let line = Regex::new(concat!(
        r"^(# (HELP|TYPE) [a-z_]+ .+",
        r#"|[a-z_]+(\{[a-z_]+="([^"\\]|\\.)*"(,[a-z_]+="([^"\\]|\\.)*")*\})? (\+Inf|NaN|-?[0-9.e+-]+))?$"#
    ))
    .unwrap();
    for written in text.lines() {
        assert!(line.is_match(written), "{written}");
    }
    for expected in [
        r#"logan_requests_total{route="/api/v1/orgs/{org}",method="GET",status="401"}"#,
        r#"logan_requests_total{route="unmatched",method="GET",status="404"}"#,
        r#"logan_request_seconds_bucket{route="/api/v1/orgs/{org}",le="+Inf"}"#,
        "# TYPE logan_request_seconds histogram",
        "logan_disk_free_bytes ",
        "logan_build_info{version=",
        "logan_queue_bytes ",
        "logan_ready 1",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("01JDB2QX"), "an id became a label");
}

#[test]
fn what_is_stored_is_measured_and_what_is_not_is_counted_by_reason() {
    let server = TestServer::start();
    let account = server.sign_up("ada@example.org");
    let long = "x".repeat(200);
    server.post(&account.token, "/api/v1/logs", &json!([{"message": "x"}, {(long): 1}, 7])).expect(200);
    let text = String::from_utf8(server.get_ops("/metrics").expect(200).body).unwrap();
    let number = |name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name}\n{text}")).parse().unwrap()
    };
    assert!(number(r#"logan_entries_rejected_total{source="http",reason="field_name"}"#) >= 1.0);
    assert!(number(r#"logan_entries_rejected_total{source="http",reason="unreadable"}"#) >= 1.0);
    assert!(number("logan_fsync_seconds_count") >= 1.0);
    // The sync is a part of storing, and not nothing.
    let (sync, all) = (number("logan_fsync_seconds_sum"), number("logan_commit_seconds_sum"));
    assert!(sync > 0.0 && sync < all, "{sync} of {all}");
}

#[test]
fn metrics_tell_of_log_ins_credentials_rejects_and_how_questions_ended() {
    // What the other tests of this process count is in it too: numbers here only grow.
    let server = TestServer::start();
    let account = server.somebody();
    server.post("", "/api/v1/auth/login", &json!({"email": account.email, "password": "wrong"})).expect(401);
    server.get("lgn_no_key", "/api/v1/keys").expect(401);
    server.get("no.token.at-all", "/api/v1/keys").expect(401);
    let long = json!({"message": "x".repeat(2 << 20)});
    server.post(&account.token, "/api/v1/logs", &long).expect(200);
    server.get(&account.token, "/api/v1/query?query=*").expect(200);
    server.get(&account.token, "/api/v1/query?query=(").expect(400);
    let text = String::from_utf8(server.get_ops("/metrics").expect(200).body).unwrap();
    for expected in [
        r#"logan_logins_total{outcome="ok"}"#,
        r#"logan_logins_total{outcome="wrong"}"#,
        r#"logan_credentials_refused_total{kind="key"}"#,
        r#"logan_credentials_refused_total{kind="token"}"#,
        r#"logan_entries_rejected_total{source="http",reason="too_long"}"#,
        r#"logan_query_seconds_count{kind="query",outcome="answered"}"#,
        r#"logan_query_seconds_count{kind="query",outcome="refused"}"#,
        "logan_detector_lag_seconds 0",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn what_is_counted_is_there_before_it_is_counted() {
    let server = TestServer::start();
    let text = String::from_utf8(server.get_ops("/metrics").expect(200).body).unwrap();
    for expected in [
        "logan_alerts_live 0",
        "logan_deliveries_waiting 0",
        r#"logan_backpressure_total{cause="server"} "#,
        r#"logan_connections_refused_total{cause="address"} "#,
        r#"logan_background_failures_total{task="merging"} "#,
        r#"logan_background_skipped_total{task="retention"} "#,
        r#"logan_alerts_total{severity="critical"} "#,
        r#"logan_deliveries_total{kind="mail",outcome="failed"} "#,
        r#"logan_entries_rejected_total{source="otlp",reason="too_deep"} "#,
        r#"logan_logins_total{outcome="busy"} "#,
        "logan_merged_entries_total ",
        "logan_expired_entries_total ",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn the_operators_endpoints_are_not_among_the_others() {
    let server = TestServer::start();
    for path in ["/metrics", "/livez", "/readyz"] {
        server.get("", path).expect(404);
    }
    assert_eq!(server.get_ops("/docs").status, 404);
}

#[test]
fn the_page_with_the_docs_asks_nobody_else() {
    let server = TestServer::start();
    let page = server.get("", "/docs").expect(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("http"), "{policy}");
    let text = String::from_utf8(page.body).unwrap();
    let files: Vec<&str> = Regex::new(r#"(?:src|href)="([^"]+)""#)
        .unwrap()
        .captures_iter(&text)
        .map(|found| found.get(1).unwrap().as_str())
        .collect();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        assert!(file.starts_with("/docs/"), "{file}");
        let answer = server.get("", file).expect(200);
        let kind = answer.header("content-type").unwrap();
        assert!(["text/css", "text/javascript", "image/png"].contains(&kind), "{file}: {kind}");
    }
    assert_eq!(server.get("", "/docs/index.html").expect(404).code(), "not_found");
}

#[test]
fn the_description_of_the_api_is_served_and_kept_in_docs() {
    let server = TestServer::start();
    let served = server.get("", "/api/openapi.json").expect(200).json();
    assert_eq!(served["openapi"].as_str(), Some("3.1.0"));
    let mut written = serde_json::to_string_pretty(&served).unwrap();
    written.push('\n');
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == written, "docs/openapi.json is old: UPDATE_EXPECTED=1 cargo test --test it kept_in_docs");
}
