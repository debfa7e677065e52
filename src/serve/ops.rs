//! The operator's own listener: `/metrics`, `/livez`, `/readyz`. Without TLS and accounts, so it belongs on a loopback
//! address or in a network of the operator's.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::background::Task;
use super::control::ControlError;
use super::measure;
use super::net::host::one_host;
use super::org::Disk;
use super::state::{AppState, blocking};

/// Whether requests can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// True when they can.
    pub ready: bool,
    /// Why not: `draining`, `disk_full`, `store_read_only`, `accounts_unwritable` or `accounts_busy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// Returns the routes.
pub fn service(state: AppState) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .layer(from_fn(one_host))
        .with_state(state)
}

/// Says whether requests can be answered.
pub async fn readiness(state: &AppState) -> Readiness {
    let reason = reason(state).await;
    metrics::gauge!("logan_ready").set(f64::from(u8::from(reason.is_none())));
    Readiness { ready: reason.is_none(), reason }
}

async fn reason(state: &AppState) -> Option<&'static str> {
    if state.stop.is_cancelled() {
        return Some("draining");
    }
    let asked = state.clone();
    let looking = tokio::task::spawn_blocking(move || {
        if !Disk::of(&asked.settings).has_room() {
            return Some("disk_full");
        }
        // A store that found the disk full says so until it is written again; the disk itself knows better.
        if let Some(trouble) = asked.orgs.trouble().filter(|trouble| *trouble != "disk_full") {
            return Some(trouble);
        }
        asked.control.is_writable().err().map(|error| {
            tracing::error!(%error, "the accounts cannot be written");
            "accounts_unwritable"
        })
    });
    match tokio::time::timeout(Duration::from_secs(2), looking).await {
        Ok(Ok(reason)) => reason,
        Ok(Err(error)) => {
            tracing::error!(%error, "the check of readiness failed");
            Some("check_failed")
        }
        Err(_) => Some("accounts_busy"),
    }
}

async fn readyz(State(state): State<AppState>) -> impl IntoResponse {
    let readiness = readiness(&state).await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(readiness))
}

/// Sets the numbers of what lies in the store of the accounts. When they cannot be read, they stay what they were.
async fn count_rows(state: &AppState) {
    let asked = state.clone();
    let counted =
        blocking(move || Ok::<_, ControlError>((asked.control.live_alerts()?, asked.control.waiting_deliveries()?)));
    // What failed is in the log.
    if let Ok((alerts, deliveries)) = counted.await {
        metrics::gauge!("logan_alerts_live").set(alerts as f64);
        metrics::gauge!("logan_deliveries_waiting").set(deliveries as f64);
    }
}

async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    // Sets the numbers that are asked for and not counted.
    readiness(&state).await;
    count_rows(&state).await;
    metrics::gauge!("logan_queue_bytes").set(state.orgs.queued_bytes() as f64);
    metrics::gauge!("logan_stores_open").set(state.orgs.count_open() as f64);
    metrics::gauge!("logan_detector_lag_seconds").set(state.background.lag(Task::Detection, state.now()));
    metrics::gauge!("logan_rules_lag_seconds").set(state.background.lag(Task::Rules, state.now()));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], measure::recorder().render())
}
