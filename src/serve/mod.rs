//! The same engine as a service: HTTP in, JSON out, one store an org. The only async room.
//!
//! [`Server::start`] opens the data folder and listens. A request passes [`net`] (connections), [`router`] (its id, its
//! limits), [`auth`] (who asks: [`auth::OrgScope`]) and comes to a handler in [`routes`], which calls the library. What
//! blocks runs on threads of its own.

pub mod auth;
pub mod background;
mod clock;
mod control;
mod data_folder;
mod error;
mod extract;
mod ids;
pub mod intake;
mod limits;
mod net;
pub mod offline;
mod org;
mod origin;
mod receive;
mod router;
mod routes;
mod state;
pub mod syslog;
mod time;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

pub use self::clock::{Clock, ManualClock, SystemClock};
pub use self::control::ControlError;
pub use self::state::{AppState, StartError};
use crate::config::Settings;

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    state: AppState,
    accepting: tokio::task::JoinHandle<()>,
    background: tokio_util::task::TaskTracker,
}

impl Server {
    /// Opens the data folder and listens. Must be called inside a tokio runtime.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Server, StartError> {
        let listening = net::Listening::of(&settings);
        let wanted = settings.listen;
        let wrong = |source| StartError::Listen { address: wanted.to_string(), source };
        let listener = TcpListener::bind(wanted).await.map_err(wrong)?;
        let address = listener.local_addr().map_err(wrong)?;
        let state = AppState::open(settings, clock)?;
        let service = router::service(state.clone());
        let accepting = tokio::spawn(net::accept(listener, service, listening, state.stop.clone()));
        let background = background::start(&state);
        Ok(Server { address, state, accepting, background })
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
        self.background.wait().await;
        let state = self.state.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || state.orgs.close()).await {
            tracing::error!(%error, "closing the stores failed");
        }
        self.state.note_used_keys()?;
        self.state.control.checkpoint()
    }
}

/// Returns the OpenAPI document of the service.
pub fn openapi() -> utoipa::openapi::OpenApi {
    router::api().1
}
