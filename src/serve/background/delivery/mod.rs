//! Sending what is in the outbox: webhooks, Slack, mail, commands of the operator.
//!
//! At most two at a time for an org. What fails is tried again, later each time; what was sent is taken out. A crash in
//! between sends once more, under the same id.

mod address;
mod command;
mod mail;
mod message;
mod webhook;

use std::time::Duration;

pub use self::address::{Refused, is_public};
pub use self::mail::is_recipient;
pub use self::webhook::{Sender, check_url, sign};
use super::{BackgroundError, blocking};
use crate::serve::auth::OrgScope;
use crate::serve::control::channels::Channel;
use crate::serve::control::outbox::{Delivery, Target};
use crate::serve::control::words::{ChannelKind, Source};
use crate::serve::state::AppState;

/// Deliveries of an org at the same time.
const AT_ONCE: u32 = 2;
/// Deliveries of an org in one round.
const MOST: u32 = 100;

/// Why something was not sent. It tells nothing of what was answered.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The address is not one that may be sent to.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The receiver did not say yes.
    #[error("the receiver answered with status {0}")]
    Status(u16),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Late(Duration),
    /// No connection, or it broke.
    #[error("the receiver could not be reached")]
    Unreachable,
    /// The mail server said no, or could not be reached.
    #[error("the mail server did not take it")]
    Mail,
    /// The server, or the channel, is not set up for it.
    #[error("{0}")]
    Setup(String),
    /// The command failed.
    #[error("the command {0}")]
    Command(String),
}

/// Sends what is due.
pub async fn run(state: &AppState, scope: OrgScope) -> Result<(), BackgroundError> {
    let mut done = 0;
    while done < MOST && !state.stop.is_cancelled() {
        let due = blocking(state, move |state| Ok(state.control.due(&scope, AT_ONCE, state.now())?)).await?;
        if due.is_empty() {
            break;
        }
        done += AT_ONCE;
        let sent = due.into_iter().map(|delivery| deliver(state, scope, delivery));
        for result in futures_util::future::join_all(sent).await {
            result?;
        }
    }
    Ok(())
}

async fn deliver(state: &AppState, scope: OrgScope, delivery: Delivery) -> Result<(), BackgroundError> {
    let (kind, sent) = match &delivery.target {
        Target::Channel(channel) => {
            (channel.kind.name(), send(state, &scope, channel, &delivery.id, &delivery.payload).await)
        }
        Target::Command(name) => ("command", command::run(state, name, &delivery.payload).await),
    };
    let seq = delivery.seq;
    let outcome = if sent.is_ok() { "sent" } else { "failed" };
    metrics::counter!("logan_deliveries_total", "kind" => kind, "outcome" => outcome).increment(1);
    match sent {
        Ok(()) => blocking(state, move |state| Ok(state.control.sent(&scope, seq, state.now())?)).await,
        Err(error) => {
            tracing::warn!(org = %scope.org(), kind, id = delivery.id, %error, "an alert could not be sent");
            let text = error.to_string();
            let off =
                blocking(state, move |state| Ok(state.control.not_sent(&scope, seq, &text, state.now())?)).await?;
            if off {
                tracing::error!(org = %scope.org(), kind, "a channel was switched off: it failed too often in a row");
            }
            Ok(())
        }
    }
}

/// Sends a message to a channel.
///
/// # Errors
/// When it was not taken.
pub async fn send(
    state: &AppState,
    scope: &OrgScope,
    channel: &Channel,
    id: &str,
    payload: &str,
) -> Result<(), SendError> {
    match channel.kind {
        ChannelKind::Mail => mail::send(&state.settings, &channel.to, id, payload).await,
        ChannelKind::Webhook | ChannelKind::Slack => {
            let url = channel.url.as_deref().ok_or_else(|| SendError::Setup("the channel has no url".to_owned()))?;
            let sender = state.background.sender.get_or_init(|| Sender::new(&state.settings.delivery));
            let secret = match channel.source {
                Source::Api => channel.secret.clone(),
                Source::Config => configured_secret(state, scope, &channel.name),
            };
            let body = match channel.kind {
                ChannelKind::Slack => message::slack(payload)?,
                ChannelKind::Webhook | ChannelKind::Mail => payload.to_owned(),
            };
            let secret = secret.filter(|_| channel.kind == ChannelKind::Webhook);
            sender.post(url, secret.as_ref(), id, body, state.now()).await
        }
    }
}

fn configured_secret(state: &AppState, scope: &OrgScope, name: &str) -> Option<secrecy::SecretString> {
    let of_org = |org| crate::serve::ids::OrgId::of_ulid(org) == scope.org();
    let channel = state.settings.channels.iter().find(|channel| channel.name == name && of_org(channel.org))?;
    channel.secret.as_ref().map(|secret| secret.expose().to_owned().into())
}
