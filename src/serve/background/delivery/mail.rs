//! Mail, by the server that is set.

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::SendError;
use super::message::spoken;
use crate::config::{Settings, SmtpTls};

/// Until the mail server must have taken it.
const TIMEOUT: Duration = Duration::from_secs(15);

fn setup(error: impl std::fmt::Display) -> SendError {
    SendError::Setup(error.to_string())
}

/// Sends a message of the outbox to people.
pub async fn send(settings: &Settings, to: &[String], id: &str, payload: &str) -> Result<(), SendError> {
    let smtp = &settings.smtp;
    let (Some(host), Some(from)) = (&smtp.host, &smtp.from) else {
        return Err(setup("the server has no mail server: smtp.host and smtp.from are not set"));
    };
    let spoken = spoken(payload)?;
    let from: Mailbox = from.parse().map_err(setup)?;
    let name = format!("<{id}@logan>");
    let mut message = Message::builder().from(from).subject(spoken.subject).message_id(Some(name));
    for recipient in to {
        message = message.to(recipient.parse().map_err(setup)?);
    }
    let message = message.body(spoken.text).map_err(setup)?;

    let builder = match smtp.tls {
        SmtpTls::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host).map_err(setup)?,
        SmtpTls::Implicit => AsyncSmtpTransport::<Tokio1Executor>::relay(host).map_err(setup)?,
        SmtpTls::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
    };
    let mut builder = builder.port(smtp.port).timeout(Some(TIMEOUT));
    if let (Some(user), Some(password)) = (&smtp.user, &smtp.password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
    }
    match tokio::time::timeout(TIMEOUT * 2, builder.build().send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            // For the operator; who made the channel is told only that it failed.
            tracing::debug!(%error, "the mail server did not take a message");
            Err(SendError::Mail)
        }
        Err(_) => Err(SendError::Late(TIMEOUT * 2)),
    }
}

/// Returns true for an address that mail can be sent to.
pub fn is_recipient(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}
