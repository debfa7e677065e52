//! The same engine as a service: HTTP in, JSON out, one store an org. The only async room.
//!
//! [`Server::start`] opens the data folder and listens. A request passes [`net`] (connections), [`router`] (its id, its
//! limits), [`auth`] (who asks: [`auth::OrgScope`]) and comes to a handler in [`routes`], which calls the library. What
//! blocks runs on threads of its own.

mod answers;
pub mod auth;
pub mod background;
mod clock;
mod control;
mod data_folder;
mod error;
mod examples;
mod extract;
mod ids;
pub mod intake;
mod json;
mod limits;
mod measure;
mod net;
pub mod offline;
mod ops;
mod org;
mod origin;
mod places;
mod receive;
mod router;
mod routes;
mod state;
pub mod syslog;
mod time;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

pub use self::clock::{Clock, ManualClock, SystemClock};
pub use self::control::ControlError;
pub use self::net::TlsError;
pub use self::state::{AppState, StartError, check_settings};
use crate::config::Settings;

/// How often the recorder of metrics puts away what was measured since.
const UPKEEP: Duration = Duration::from_secs(10);

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it answers the operator: `/metrics`, `/livez`, `/readyz`.
    pub ops_address: SocketAddr,
    state: AppState,
    tls: Option<Arc<net::Tls>>,
    accepting: tokio::task::JoinHandle<()>,
    /// Ends the operator's listener, last of all: it says that the server is stopping.
    stop_ops: CancellationToken,
    accepting_ops: tokio::task::JoinHandle<()>,
    syslog: tokio_util::task::TaskTracker,
    background: tokio_util::task::TaskTracker,
}

impl Server {
    /// Opens the data folder and listens. Must be called inside a tokio runtime.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Server, StartError> {
        state::check_settings(&settings, clock.now())?;
        let metrics = measure::recorder();
        let tls = settings.tls.files().map(|(certificate, key)| net::Tls::load(certificate, key)).transpose()?;
        let tls = tls.map(Arc::new);
        let listening = net::Listening::of(&settings, tls.clone());
        let listening_ops = net::Listening::of_operator(&settings);
        let (listener, address) = bind(settings.listen)?;
        let (ops_listener, ops_address) = bind(settings.ops_listen)?;
        let state = AppState::open(settings, clock)?;
        state.check_named()?;
        state.warn_of_unsigned();
        let syslog = syslog::start(&state).await?;
        let service = router::service(state.clone());
        let accepting = tokio::spawn(net::accept(listener, service, listening, state.stop.clone()));
        let background = background::start(&state);
        let stop_ops = CancellationToken::new();
        let ops = ops::service(state.clone());
        let accepting_ops = tokio::spawn(net::accept(ops_listener, ops, listening_ops, stop_ops.clone()));
        let stopped = stop_ops.clone();
        tokio::spawn(async move {
            while tokio::time::timeout(UPKEEP, stopped.cancelled()).await.is_err() {
                metrics.run_upkeep();
            }
        });
        Ok(Server { address, ops_address, state, tls, accepting, stop_ops, accepting_ops, syslog, background })
    }

    /// Reads the certificate again, for connections to come. Blocks shortly.
    ///
    /// # Errors
    /// When the files are wrong; then the certificate stays what it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.tls.as_ref().map_or(Ok(()), |tls| tls.reload())
    }

    /// Returns what its handlers share.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Lets open requests finish, writes everything to disk and ends.
    pub async fn stop(self) -> Result<(), ControlError> {
        self.state.stop.cancel();
        if let Err(error) = self.accepting.await {
            tracing::error!(%error, "the accept loop failed");
        }
        self.syslog.wait().await;
        self.background.wait().await;
        let state = self.state.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || state.orgs.close()).await {
            tracing::error!(%error, "closing the stores failed");
        }
        let written = self.state.note_used_keys().and_then(|()| self.state.control.checkpoint());
        self.stop_ops.cancel();
        if let Err(error) = self.accepting_ops.await {
            tracing::error!(%error, "the operator's accept loop failed");
        }
        written
    }
}

/// Connections that may wait to be accepted. When all agents come back at once on a busy machine, the usual 1,024 are not
/// enough: the system drops the rest, and each waits a second or more before it tries again. It takes no more than
/// `net.core.somaxconn`.
const WAITING_CONNECTIONS: u32 = 4096;

fn bind(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let wrong = |source| StartError::Listen { address: wanted.to_string(), source };
    let socket = if wanted.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(wrong)?;
    socket.set_reuseaddr(true).map_err(wrong)?;
    socket.bind(wanted).map_err(wrong)?;
    let listener = socket.listen(WAITING_CONNECTIONS).map_err(wrong)?;
    let address = listener.local_addr().map_err(wrong)?;
    Ok((listener, address))
}

/// Returns the OpenAPI document of the service.
pub fn openapi() -> utoipa::openapi::OpenApi {
    router::api().1
}

/// Returns the routes that the OpenAPI document leaves out, as method and path: other spellings, what other services'
/// clients ask first, and the pages with the docs.
pub fn undescribed() -> Vec<String> {
    router::api().2
}
