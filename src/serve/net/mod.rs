//! From a listening socket to requests: our own accept loop, since axum's has no time limit for headers.
//!
//! HTTP/1.1 alone, with TLS when there is a certificate. Whoever does not finish a handshake, a head or a body in time
//! is closed; there are only so many connections, and so many of one address. At the end, requests that are on their
//! way may finish, until a deadline.

mod client;
pub mod coding;
mod connections;
pub mod host;
mod long_head;
mod pace;
mod patience;
mod refusal;
#[cfg(test)]
mod tests;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub use self::connections::Connections;
use self::long_head::Head;
pub use self::pace::{Pace, is_too_slow, keep_pace, too_slow};
use self::patience::{Answer, Patience, Watch, Watched};
pub use self::tls::{Tls, TlsError};
use crate::config::Settings;

/// Where a request came from, as far as can be trusted.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// How connections are taken.
#[derive(Clone, Debug)]
pub struct Listening {
    /// Which door it is, in metrics.
    pub name: &'static str,
    /// Most connections at once.
    connections: usize,
    /// Most of one address.
    per_address: usize,
    /// Longest head of a request, in bytes.
    head_bytes: usize,
    patience: Patience,
    handshake: Duration,
    /// How long requests may go on after the end.
    drain: Duration,
    /// The proxies in front.
    trusted: Arc<[IpNet]>,
    tls: Option<Arc<Tls>>,
}

impl Listening {
    /// As the settings say.
    pub fn of(settings: &Settings, tls: Option<Arc<Tls>>) -> Listening {
        let limits = &settings.limits;
        Listening {
            name: "api",
            connections: limits.connections as usize,
            per_address: limits.connections_per_address as usize,
            head_bytes: limits.header.as_usize(),
            patience: Patience { head: limits.header_timeout.into(), idle: limits.keep_alive.into() },
            handshake: limits.handshake.into(),
            drain: limits.drain.into(),
            trusted: settings.behind_proxy.trusted.clone().into(),
            tls,
        }
    }

    /// For the operator's own endpoints: few connections, no TLS, no proxies.
    pub fn of_operator(settings: &Settings) -> Listening {
        Listening {
            name: "ops",
            connections: 64,
            per_address: 64,
            drain: Duration::from_secs(1),
            trusted: Arc::new([]),
            ..Listening::of(settings, None)
        }
    }

    /// Proxies bring everybody's connections, so those are counted together only.
    fn most_of(&self, address: IpAddr) -> usize {
        if client::is_trusted(address, &self.trusted) { usize::MAX } else { self.per_address }
    }
}

/// Takes connections until `stop`; then lets requests that are on their way finish, until the deadline, and returns.
pub async fn accept(listener: TcpListener, service: Router, listening: Listening, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(listening.connections));
    let connections = Arc::new(Connections::default());
    let tasks = TaskTracker::new();
    let deadline = CancellationToken::new();
    let door = Door { service, listening: Arc::new(listening), stop, deadline: deadline.clone() };
    let listening = &door.listening;
    let refused = |why: &'static str| metrics::counter!("logan_connections_refused_total", "cause" => why).increment(1);
    loop {
        let accepted = tokio::select! {
            () = door.stop.cancelled() => break,
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
            refused("all");
            continue;
        };
        let Some(entered) = connections.enter(peer.ip(), listening.most_of(peer.ip())) else {
            tracing::debug!(%peer, "refused: too many connections of one address");
            refused("address");
            continue;
        };
        // Without it the last part of an answer waits for the client's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "the connection is gone already");
            continue;
        }
        let door = door.clone();
        tasks.spawn(async move {
            let open = metrics::gauge!("logan_connections", "listener" => door.listening.name);
            open.increment(1);
            tokio::select! {
                () = door.enter(stream, peer) => {}
                () = door.deadline.cancelled() => tracing::warn!(%peer, "a request did not finish before the end"),
            }
            open.decrement(1);
            drop((slot, entered));
        });
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(door.listening.drain, tasks.wait()).await.is_err() {
        deadline.cancel();
        tasks.wait().await;
    }
}

/// What every connection of a listener shares.
#[derive(Clone)]
struct Door {
    service: Router,
    listening: Arc<Listening>,
    stop: CancellationToken,
    /// Set when the requests that are on their way may go on no longer.
    deadline: CancellationToken,
}

impl Door {
    /// Serves one connection to its end.
    async fn enter(&self, stream: TcpStream, peer: SocketAddr) {
        let Some(tls) = &self.listening.tls else { return self.serve(stream, peer).await };
        let handshake = tokio::time::timeout(self.listening.handshake, tls.acceptor().accept(stream));
        let shaken = tokio::select! {
            shaken = handshake => shaken,
            // Nothing was asked yet.
            () = self.stop.cancelled() => return,
        };
        match shaken {
            Ok(Ok(stream)) => self.serve(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS handshake"),
            Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
        }
    }

    async fn serve<S>(&self, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let watch = Watch::new(self.listening.patience);
        let mut stream = Watched::new(stream, watch.clone());
        // Again only after a head that was too long and was shortened.
        loop {
            let ended = tokio::select! {
                served = self.serve_heads(stream, peer, &watch) => served,
                () = watch.ended() => return tracing::debug!(%peer, "a client was too slow"),
            };
            match ended {
                Some(shortened) => stream = shortened,
                None => return,
            }
        }
    }

    /// Serves requests until the connection ends, or until one has a head that is too long for its credential alone:
    /// then the connection is returned, to be served on without it.
    async fn serve_heads<S>(&self, stream: Watched<S>, peer: SocketAddr, watch: &Arc<Watch>) -> Option<Watched<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (began, ends, trusted) = (watch.clone(), watch.clone(), self.listening.trusted.clone());
        let service = (self.service.clone())
            .map_request(move |mut request: hyper::Request<Incoming>| {
                began.request_began();
                let address = client::client_address(peer.ip(), request.headers(), &trusted);
                request.extensions_mut().insert(ClientAddress(address));
                request.map(Body::new)
            })
            .map_response(move |response: hyper::Response<Body>| response.map(|body| Answer::new(body, ends.clone())));
        let most = self.listening.head_bytes;
        let mut connection = hyper::server::conn::http1::Builder::new()
            // Its limit would count while a connection waits for its next request; `watch` has a longer one for that.
            .header_read_timeout(None)
            .max_header_size(most)
            .max_buf_size(most.max(64 * 1024))
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = self.stop.cancelled() => {
                if !watch.was_asked() {
                    return None;
                }
                std::pin::Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await
            }
        };
        let Err(error) = ended else { return None };
        tracing::debug!(%peer, %error, "a connection ended early");
        let parts = connection.into_parts();
        let (status, stream) = parts.io.into_inner().into_refused()?;
        // What the client sends and reads from here on has the time of a head.
        let mut stream = Watched::new(stream, watch.clone());
        let refused = async {
            if status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
                && let Head::Short(head) = long_head::shorten(&mut stream, &parts.read_buf, most).await?
            {
                return Ok(Some(stream.behind(head)));
            }
            stream.write_all(&refusal::answer(status, most).await).await?;
            stream.shutdown().await?;
            long_head::linger(&mut stream).await;
            Ok::<_, std::io::Error>(None)
        };
        tokio::select! {
            refused = refused => refused.unwrap_or_else(|error| {
                tracing::debug!(%peer, %error, "a client went away before it was refused");
                None
            }),
            () = self.stop.cancelled() => None,
        }
    }
}
