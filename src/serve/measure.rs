//! What the server counts and measures, for Prometheus. Others note their own numbers by the `metrics` macros; here
//! stands what each of them means, and what is measured of every request.
//!
//! Labels have few values: a route is its template, never a path somebody asked for.

use std::sync::OnceLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::error::REQUEST_ID;

/// Upper bounds of what is measured in seconds: from a commit on a fast disk to a question that takes its whole time.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Begins to measure, once in a process, and returns what has been measured so far.
pub fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .expect("there are bounds")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::error!("something else measures in this process; /metrics stays empty");
        }
        describe();
        begin_at_zero();
        let version = env!("CARGO_PKG_VERSION");
        metrics::gauge!("logan_build_info", "version" => version).set(1.0);
        handle
    })
}

/// The counters that have one label, of which every value is known, and the values.
const LABELLED: [(&str, &str, &[&str]); 11] = [
    ("logan_connections_refused_total", "cause", &["all", "address"]),
    ("logan_backpressure_total", "cause", &["org", "server"]),
    ("logan_syslog_refused_connections_total", "cause", &["all", "address", "memory"]),
    ("logan_syslog_dropped_total", "cause", &["full", "stopping", "unreadable", "org_deleted"]),
    ("logan_retention_refused_total", "cause", &["clock", "too_many"]),
    ("logan_alerts_total", "severity", &["info", "warning", "critical"]),
    ("logan_background_failures_total", "task", &TASKS),
    ("logan_background_skipped_total", "task", &TASKS),
    ("logan_logins_total", "outcome", &["ok", "wrong", "throttled", "busy"]),
    ("logan_credentials_refused_total", "kind", &["token", "key", "session"]),
    ("logan_entries_accepted_total", "source", &SOURCES),
];
const TASKS: [&str; 6] = ["detection", "rules", "delivery", "merging", "retention", "cleanup"];
const SOURCES: [&str; 6] = ["http", "jsonline", "loki", "elastic", "otlp", "syslog"];
/// Of rejects.
const REASONS: [&str; 5] = ["unreadable", "too_long", "too_deep", "too_many_fields", "field_name"];
/// Of deliveries.
const KINDS: [&str; 4] = ["webhook", "slack", "mail", "command"];

/// Shows what is counted before there is any: the growth of a counter that appears with its first event misses that
/// event.
fn begin_at_zero() {
    for name in ["logan_damaged_blocks_total", "logan_merged_entries_total", "logan_expired_entries_total"] {
        metrics::counter!(name).increment(0);
    }
    for (name, label, values) in LABELLED {
        for value in values {
            metrics::counter!(name, label => *value).increment(0);
        }
    }
    for (source, reason) in SOURCES.iter().flat_map(|source| REASONS.map(|reason| (*source, reason))) {
        metrics::counter!("logan_entries_rejected_total", "source" => source, "reason" => reason).increment(0);
    }
    for (kind, outcome) in KINDS.iter().flat_map(|kind| ["sent", "failed"].map(|outcome| (*kind, outcome))) {
        metrics::counter!("logan_deliveries_total", "kind" => kind, "outcome" => outcome).increment(0);
    }
}

fn describe() {
    use Unit::{Bytes, Count, Seconds};
    describe_gauge!("logan_build_info", "1, with the version as label");
    describe_counter!("logan_requests_total", Count, "Requests by route, method and status");
    describe_histogram!("logan_request_seconds", Seconds, "Until an answer began, by route");
    describe_gauge!("logan_requests_in_flight", Count, "Requests that wait for their answer");
    describe_gauge!("logan_connections", Count, "Open connections by listener");
    describe_counter!("logan_connections_refused_total", Count, "Connections beyond a limit, by limit");
    describe_counter!("logan_entries_accepted_total", Count, "Entries stored, by where they came from");
    describe_counter!(
        "logan_entries_rejected_total",
        Count,
        "Lines no entry could be made of, by where they came from and what is wrong with them"
    );
    describe_counter!("logan_syslog_dropped_total", Count, "Messages of syslog that could not be stored, by cause");
    describe_counter!("logan_syslog_refused_connections_total", Count, "Connections of syslog beyond a limit");
    describe_counter!("logan_backpressure_total", Count, "Bodies refused because too much waited, by whose queue");
    describe_histogram!("logan_commit_seconds", Seconds, "Storing one group of bodies: encoding, writing and syncing");
    describe_histogram!(
        "logan_fsync_seconds",
        Seconds,
        "The COMMIT alone of a group that was stored: its pages written to the store's log, and the log synced"
    );
    describe_gauge!("logan_queue_bytes", Bytes, "Bodies that wait to be stored");
    describe_gauge!("logan_stores_open", Count, "Stores of orgs that are open");
    describe_gauge!("logan_disk_free_bytes", Bytes, "Free on the disk of the data folder");
    describe_gauge!("logan_ready", "1 when /readyz answers 200");
    describe_histogram!("logan_query_seconds", Seconds, "Questions, by kind and outcome");
    describe_counter!("logan_alerts_total", Count, "Alerts raised, by severity");
    describe_gauge!("logan_alerts_live", Count, "Alerts that are not resolved");
    describe_counter!("logan_deliveries_total", Count, "Messages to channels and commands, by kind and outcome");
    describe_gauge!("logan_deliveries_waiting", Count, "Messages that wait to be sent");
    describe_histogram!("logan_background_seconds", Seconds, "Work in the background for one org, by task");
    describe_counter!("logan_background_failures_total", Count, "Work in the background that failed, by task");
    describe_counter!(
        "logan_background_skipped_total",
        Count,
        "Work in the background left out since the last was not done, by task"
    );
    describe_counter!("logan_merged_entries_total", Count, "Entries put together in larger blocks");
    describe_counter!("logan_damaged_blocks_total", Count, "Blocks of stores that were found damaged");
    describe_counter!("logan_expired_entries_total", Count, "Entries deleted for their age or the size of their store");
    describe_counter!("logan_retention_refused_total", Count, "Deletions that were not done, by cause");
    describe_gauge!("logan_detector_lag_seconds", Seconds, "How far detection is behind, of the org furthest behind");
    describe_gauge!("logan_rules_lag_seconds", Seconds, "How far rules are behind, of the org furthest behind");
    describe_counter!("logan_logins_total", Count, "Passwords that were shown, by what came of it");
    describe_counter!("logan_credentials_refused_total", Count, "Tokens and keys that are not good, by kind");
}

/// Measures a request.
pub async fn measure(request: Request, next: Next) -> Response {
    let template = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = template.unwrap_or_else(|| "unmatched".to_owned());
    let method = method_name(request.method());
    let began = Instant::now();
    let flying = InFlight::begin();
    let response = next.run(request).await;
    drop(flying);
    let status = response.status();
    metrics::histogram!("logan_request_seconds", "route" => route.clone()).record(began.elapsed().as_secs_f64());
    let labels = [("route", route), ("method", method.to_owned()), ("status", status.as_str().to_owned())];
    tell(&labels[0].1, method, status, began, &response);
    metrics::counter!("logan_requests_total", &labels).increment(1);
    response
}

fn tell(route: &str, method: &str, status: StatusCode, began: Instant, response: &Response) {
    let id = response.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let millis = began.elapsed().as_millis();
    tracing::debug!(id, route, method, status = status.as_u16(), millis, "answered");
}

/// A request on its way; its client may go away any time.
struct InFlight;

impl InFlight {
    fn begin() -> InFlight {
        metrics::gauge!("logan_requests_in_flight").increment(1);
        InFlight
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::gauge!("logan_requests_in_flight").decrement(1);
    }
}

/// Anybody may make up a method, and each would be a series.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::background::Task;
    use crate::serve::control::words::{ChannelKind, Severity};

    #[test]
    fn what_begins_at_zero_is_named_as_it_is_counted() {
        let values = |name: &str| LABELLED.iter().find(|(known, ..)| *known == name).expect("it is there").2;
        assert_eq!(TASKS, Task::ALL.map(Task::name));
        let severities = [Severity::Info, Severity::Warning, Severity::Critical].map(Severity::name);
        assert_eq!(values("logan_alerts_total"), severities);
        let kinds = [ChannelKind::Webhook, ChannelKind::Slack, ChannelKind::Mail].map(ChannelKind::name);
        assert_eq!(KINDS[..3], kinds);
    }
}
