//! From a listening socket to requests: our own accept loop, since axum's has no time limit for headers.
//!
//! HTTP/1.1 alone; a connection that does not send its headers in time is closed; there are only so many connections,
//! and so many of one address.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::limits::network;
use crate::config::Settings;

/// Where a request came from, as far as can be trusted.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// How connections are taken.
#[derive(Clone, Debug)]
pub struct Listening {
    /// Most connections at once.
    pub connections: usize,
    /// Most of one address.
    pub per_address: usize,
    /// How long headers may take.
    pub header_timeout: Duration,
}

impl Listening {
    /// As the settings say.
    pub fn of(settings: &Settings) -> Listening {
        Listening {
            connections: settings.limits.connections as usize,
            per_address: settings.limits.connections_per_address as usize,
            header_timeout: settings.limits.header_timeout.into(),
        }
    }
}

/// Open connections of each address.
#[derive(Debug, Default)]
struct Connections(Mutex<HashMap<IpAddr, usize>>);

impl Connections {
    /// Counts one more, or refuses it.
    fn enter(self: &Arc<Connections>, address: IpAddr, most: usize) -> Option<Entered> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Entered { connections: self.clone(), address })
    }
}

/// One open connection.
struct Entered {
    connections: Arc<Connections>,
    address: IpAddr,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut open = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// Takes connections until `stop`; then lets those that are open finish their request and returns.
pub async fn accept(listener: TcpListener, service: Router, listening: Listening, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(listening.connections));
    let connections = Arc::new(Connections::default());
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many open files, mostly: taking a breath lets some of them be closed.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(slot) = slots.clone().try_acquire_owned() else {
            tracing::debug!(%peer, "refused: too many connections");
            continue;
        };
        let Some(entered) = connections.enter(network(peer.ip()), listening.per_address) else {
            tracing::debug!(%peer, "refused: too many connections of one address");
            continue;
        };
        // Without it the last part of an answer waits for the client's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "the connection is gone already");
            continue;
        }
        let (service, stop, timeout) = (service.clone(), stop.clone(), listening.header_timeout);
        tasks.spawn(async move {
            serve(stream, peer, service, timeout, stop).await;
            drop((slot, entered));
        });
    }
    tasks.close();
    tasks.wait().await;
}

/// Serves one connection to its end.
async fn serve<S>(stream: S, peer: SocketAddr, service: Router, header_timeout: Duration, stop: CancellationToken)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ClientAddress(peer.ip().to_canonical()));
        request.map(axum::body::Body::new)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}
