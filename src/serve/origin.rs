//! When and from where a request came: what changes and refusals are written down with.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;

use super::net::ClientAddress;
use super::state::AppState;
use crate::entry::Timestamp;

/// Longest name of a program that is kept.
const MOST_AGENT_CHARS: usize = 200;

/// When and from where.
#[derive(Clone, Debug)]
pub struct Origin {
    /// When.
    pub now: Timestamp,
    /// From where, as far as can be trusted.
    pub address: IpAddr,
    /// The program that asks, as it calls itself.
    pub user_agent: String,
}

impl Origin {
    /// The operator's own command, on the machine itself.
    pub fn command(now: Timestamp) -> Origin {
        Origin { now, address: IpAddr::V4(Ipv4Addr::LOCALHOST), user_agent: "logan".to_owned() }
    }
}

/// Returns where a request came from. Only one that did not come through a listener has no address.
pub fn address(parts: &Parts) -> IpAddr {
    parts.extensions.get::<ClientAddress>().map_or(Ipv4Addr::UNSPECIFIED.into(), |client| client.0)
}

impl FromRequestParts<AppState> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Origin, Infallible> {
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Origin {
            now: state.now(),
            address: address(parts),
            user_agent: agent.chars().take(MOST_AGENT_CHARS).collect(),
        })
    }
}
