//! What every operation needs: one line each. An operation of the API's description that has no line here, or a line
//! that has no operation, fails the test.

use logan::serve::auth::access::Action;

use Carries::{Json, Nothing, Raw};
use Fresh::{Login, Org};
use Need::{Is, Public, SignedIn};

/// Who may do it.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// Everybody.
    Public,
    /// Whoever is logged in, about themselves; no key.
    SignedIn,
    /// Whoever the access table lets do this.
    Is(Action),
}

/// What a request carries. `{marker}` becomes the mark of whoever asks, `{n}` a number that no other request has, and the
/// names of [`super::world::ID_PARAMS`] become ids, as in the path.
#[derive(Clone, Copy, Debug)]
pub enum Carries {
    /// No body.
    Nothing,
    /// A JSON body.
    Json(&'static str),
    /// A body with this content type.
    Raw(&'static str, &'static str),
}

/// What must be made anew, because the request is the end of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// Nothing beyond what the path names.
    No,
    /// The session that asks.
    Login,
    /// The org with the one who asks.
    Org,
}

/// An operation and what is expected of it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Method and path, as in the API's description; what follows `?` is sent along.
    pub operation: &'static str,
    pub need: Need,
    pub send: Carries,
    pub fresh: Fresh,
    /// The answer never ends.
    pub streams: bool,
}

impl Row {
    /// The method, the path as it is described, and the query.
    pub fn parts(&self) -> (&'static str, &'static str, &'static str) {
        let (method, target) = self.operation.split_once(' ').expect("a method and a path");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        (method, path, query)
    }
}

const fn row(operation: &'static str, need: Need, send: Carries) -> Row {
    Row { operation, need, send, fresh: Fresh::No, streams: false }
}

const fn ending(operation: &'static str, need: Need, send: Carries, fresh: Fresh) -> Row {
    Row { operation, need, send, fresh, streams: false }
}

const fn streaming(operation: &'static str, need: Need) -> Row {
    Row { operation, need, send: Nothing, fresh: Fresh::No, streams: true }
}

const READ: Need = Is(Action::ReadLogs);
const SEE: Need = Is(Action::ReadAlerts);
const RULES: Need = Is(Action::ManageRules);
const CHANNELS: Need = Is(Action::ManageChannels);
const WRITE: Need = Is(Action::WriteLogs);
/// An entry and a line that cannot be read.
const ROWS: Carries = Raw("application/x-ndjson", "{\"message\":\"{marker}\",\"{marker}\":{n}}\n{\"cut\":\"{marker}\n");
const BULK: Carries = Raw("application/x-ndjson", "{\"create\":{\"_index\":\"i\"}}\n{\"message\":\"{marker}\"}\n");
const LOKI: Carries =
    Json(r#"{"streams":[{"stream":{"app":"{marker}"},"values":[["1800000000000000000","{marker}"]]}]}"#);
const OTLP: Carries =
    Json(r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"{marker}"}}]}]}]}"#);
const LINE: Carries = Raw("application/stream+json", "{\"_msg\":\"{marker}\"}\n");

/// The operations of the API's description.
pub const TABLE: &[Row] = &[
    row("GET /api/openapi.json", Public, Nothing),
    // Accounts.
    row(
        "POST /api/v1/users",
        Public,
        Json(r#"{"email":"new{n}@{marker}.example","password":"seven herons wade upstream"}"#),
    ),
    row("GET /api/v1/users/me", SignedIn, Nothing),
    row(
        "POST /api/v1/auth/login",
        Public,
        Json(r#"{"email":"owner@{marker}.example","password":"seven herons wade upstream"}"#),
    ),
    row("POST /api/v1/auth/refresh", Public, Json(r#"{"refresh_token":"{refresh}"}"#)),
    ending("POST /api/v1/auth/logout", SignedIn, Nothing, Login),
    row(
        "POST /api/v1/auth/password",
        SignedIn,
        Json(r#"{"current":"seven herons wade upstream","new":"seven herons wade upstream"}"#),
    ),
    row("GET /api/v1/sessions", SignedIn, Nothing),
    row("DELETE /api/v1/sessions/{session}", SignedIn, Nothing),
    // Orgs.
    row("GET /api/v1/orgs", Is(Action::ReadOrg), Nothing),
    row("POST /api/v1/orgs", SignedIn, Json(r#"{"name":"another of {marker}"}"#)),
    row("GET /api/v1/orgs/{org}", Is(Action::ReadOrg), Nothing),
    row("PATCH /api/v1/orgs/{org}", Is(Action::ManageOrg), Json(r#"{"name":"renamed {marker}"}"#)),
    ending("DELETE /api/v1/orgs/{org}", Is(Action::OwnOrg), Nothing, Org),
    row("GET /api/v1/orgs/{org}/members", Is(Action::ReadOrg), Nothing),
    row("PATCH /api/v1/orgs/{org}/members/{user}", Is(Action::ManageMembers), Json(r#"{"role":"viewer"}"#)),
    row("DELETE /api/v1/orgs/{org}/members/{user}", Is(Action::ManageMembers), Nothing),
    row("GET /api/v1/orgs/{org}/invites", Is(Action::ManageMembers), Nothing),
    row(
        "POST /api/v1/orgs/{org}/invites",
        Is(Action::ManageMembers),
        Json(r#"{"role":"viewer","email":"friend{n}@{marker}.example"}"#),
    ),
    row("DELETE /api/v1/orgs/{org}/invites/{invite}", Is(Action::ManageMembers), Nothing),
    // Keys, audit.
    row("GET /api/v1/keys", Is(Action::ManageKeys), Nothing),
    row("POST /api/v1/keys", Is(Action::ManageKeys), Json(r#"{"name":"key of {marker}","scope":"ingest"}"#)),
    row("DELETE /api/v1/keys/{key}", Is(Action::ManageKeys), Nothing),
    row("GET /api/v1/audit?limit=1000", Is(Action::ReadAudit), Nothing),
    // Logs in.
    row("POST /api/v1/logs", WRITE, ROWS),
    row("POST /loki/api/v1/push", WRITE, LOKI),
    row("GET /", WRITE, Nothing),
    row("POST /_bulk", WRITE, BULK),
    row("PUT /_bulk", WRITE, BULK),
    row("POST /{index}/_bulk", WRITE, BULK),
    row("PUT /{index}/_bulk", WRITE, BULK),
    row("POST /v1/logs", WRITE, OTLP),
    row("POST /insert/jsonline", WRITE, LINE),
    row("GET /ready", Public, Nothing),
    row("POST /api/prom/push", WRITE, LOKI),
    row("POST /insert/loki/api/v1/push", WRITE, LOKI),
    row("POST /otlp/v1/logs", WRITE, OTLP),
    row("POST /insert/opentelemetry/v1/logs", WRITE, OTLP),
    row("POST /insert/elasticsearch/_bulk", WRITE, BULK),
    row("PUT /insert/elasticsearch/_bulk", WRITE, BULK),
    row("POST /insert/elasticsearch/{index}/_bulk", WRITE, BULK),
    row("PUT /insert/elasticsearch/{index}/_bulk", WRITE, BULK),
    // Questions.
    row("GET /api/v1/logs?limit=1000", READ, Nothing),
    row("GET /api/v1/query?query=*+|+stats+count()+by+message", READ, Nothing),
    row("POST /api/v1/query", READ, Json(r#"{"query":"* | limit 1000","format":"ndjson"}"#)),
    row("GET /api/v1/fields", READ, Nothing),
    row("GET /api/v1/fields/{name}/values", READ, Nothing),
    row("GET /api/v1/histogram?bins=10", READ, Nothing),
    row("GET /api/v1/rejects?limit=1000", READ, Nothing),
    streaming("GET /api/v1/tail", READ),
    // Rules, alerts, channels.
    row("GET /api/v1/rules", SEE, Nothing),
    row("POST /api/v1/rules", RULES, Json(r#"{"name":"rule {n} of {marker}","kind":"threshold","above":9}"#)),
    row("GET /api/v1/rules/{rule}", SEE, Nothing),
    row("PATCH /api/v1/rules/{rule}", RULES, Json(r#"{"name":"changed {n} {marker}"}"#)),
    row("DELETE /api/v1/rules/{rule}", RULES, Nothing),
    row("POST /api/v1/rules/test", RULES, Json(r#"{"rule":{"name":"{marker}","kind":"threshold","above":9}}"#)),
    row("GET /api/v1/alerts?limit=1000", SEE, Nothing),
    row("GET /api/v1/alerts/{alert}", SEE, Nothing),
    row(
        "PATCH /api/v1/alerts/{alert}",
        Is(Action::HandleAlerts),
        Json(r#"{"state":"acknowledged","note":"{marker} looks at it"}"#),
    ),
    row("GET /api/v1/channels", CHANNELS, Nothing),
    // Nobody listens there: a test of it is told to have failed.
    row(
        "POST /api/v1/channels",
        CHANNELS,
        Json(r#"{"name":"channel {n} of {marker}","kind":"webhook","url":"http://127.0.0.1:1/{marker}"}"#),
    ),
    row("GET /api/v1/channels/{channel}", CHANNELS, Nothing),
    row("PATCH /api/v1/channels/{channel}", CHANNELS, Json(r#"{"name":"changed {n} {marker}"}"#)),
    row("DELETE /api/v1/channels/{channel}", CHANNELS, Nothing),
    row("POST /api/v1/channels/{channel}/test", CHANNELS, Nothing),
];

/// Routes that the description leaves out: other names of the same things, and what other services' agents ask first.
/// One that is added and has no line here fails the test.
pub const UNDESCRIBED: &[Row] = &[
    row("GET /docs", Public, Nothing),
    row("GET /docs/", Public, Nothing),
    row("GET /docs/start.js", Public, Nothing),
    row("GET /_license", WRITE, Nothing),
    row("PUT /_license", WRITE, Nothing),
    row("GET /_cluster/health", WRITE, Nothing),
    row("PUT /_cluster/health", WRITE, Nothing),
    row("GET /_xpack", WRITE, Nothing),
    row("PUT /_xpack", WRITE, Nothing),
    row("GET /_nodes", WRITE, Nothing),
    row("PUT /_nodes", WRITE, Nothing),
    row("GET /_nodes/own", WRITE, Nothing),
    row("PUT /_nodes/own", WRITE, Nothing),
    row("GET /_ilm/policy", WRITE, Nothing),
    row("PUT /_ilm/policy", WRITE, Nothing),
    row("GET /_ilm/policy/own", WRITE, Nothing),
    row("PUT /_ilm/policy/own", WRITE, Nothing),
    row("GET /_index_template", WRITE, Nothing),
    row("PUT /_index_template", WRITE, Nothing),
    row("GET /_index_template/own", WRITE, Nothing),
    row("PUT /_index_template/own", WRITE, Nothing),
    row("GET /_component_template/own", WRITE, Nothing),
    row("PUT /_component_template/own", WRITE, Nothing),
    row("GET /_template", WRITE, Nothing),
    row("PUT /_template", WRITE, Nothing),
    row("GET /_template/own", WRITE, Nothing),
    row("PUT /_template/own", WRITE, Nothing),
    row("GET /_ingest", WRITE, Nothing),
    row("PUT /_ingest", WRITE, Nothing),
    row("GET /_ingest/own", WRITE, Nothing),
    row("PUT /_ingest/own", WRITE, Nothing),
    row("GET /_data_stream/own", WRITE, Nothing),
    row("PUT /_data_stream/own", WRITE, Nothing),
    row("GET /_alias/own", WRITE, Nothing),
    row("PUT /_alias/own", WRITE, Nothing),
    row("GET /_logstash/own", WRITE, Nothing),
    row("PUT /_logstash/own", WRITE, Nothing),
    row("GET /_security/own", WRITE, Nothing),
    row("PUT /_security/own", WRITE, Nothing),
    row("GET /insert/elasticsearch", WRITE, Nothing),
    row("PUT /insert/elasticsearch", WRITE, Nothing),
    row("GET /insert/elasticsearch/", WRITE, Nothing),
    row("PUT /insert/elasticsearch/", WRITE, Nothing),
    row("GET /insert/elasticsearch/_license", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_license", WRITE, Nothing),
    row("GET /insert/elasticsearch/_cluster/health", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_cluster/health", WRITE, Nothing),
    row("GET /insert/elasticsearch/_xpack", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_xpack", WRITE, Nothing),
    row("GET /insert/elasticsearch/_nodes", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_nodes", WRITE, Nothing),
    row("GET /insert/elasticsearch/_nodes/own", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_nodes/own", WRITE, Nothing),
    row("GET /insert/elasticsearch/_ilm/policy", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_ilm/policy", WRITE, Nothing),
    row("GET /insert/elasticsearch/_ilm/policy/own", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_ilm/policy/own", WRITE, Nothing),
    row("GET /insert/elasticsearch/_index_template", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_index_template", WRITE, Nothing),
    row("GET /insert/elasticsearch/_index_template/own", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_index_template/own", WRITE, Nothing),
    row("GET /insert/elasticsearch/_component_template/own", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_component_template/own", WRITE, Nothing),
    row("GET /insert/elasticsearch/_template", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_template", WRITE, Nothing),
    row("GET /insert/elasticsearch/_template/own", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_template/own", WRITE, Nothing),
    row("GET /insert/elasticsearch/_ingest", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_ingest", WRITE, Nothing),
    row("GET /insert/elasticsearch/_ingest/own", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_ingest/own", WRITE, Nothing),
    row("GET /insert/elasticsearch/_data_stream/own", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_data_stream/own", WRITE, Nothing),
    row("GET /insert/elasticsearch/_alias/own", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_alias/own", WRITE, Nothing),
    row("GET /insert/elasticsearch/_logstash/own", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_logstash/own", WRITE, Nothing),
    row("GET /insert/elasticsearch/_security/own", WRITE, Nothing),
    row("PUT /insert/elasticsearch/_security/own", WRITE, Nothing),
];
