//! Which server is meant, with which key, and how its errors are told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::exit::{Exit, Failure};
use super::session::Session;
use super::{password, settings};
use crate::client::credentials::Login;
use crate::client::{Address, ClientError, Connection, Credentials, Transport};

/// How a server is reached.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Server")]
pub struct TransportArgs {
    /// Trust the certificate authorities in this file (PEM) as well, or the server's own certificate
    #[arg(long, value_name = "FILE", env = "LOGAN_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Send the key and the logs without TLS beyond this machine
    #[arg(long)]
    pub insecure: bool,
}

/// What is to be done at a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Send logs.
    Push,
    /// Ask questions.
    Query,
}

/// A server to ask, and what is known of who asks.
#[derive(Debug)]
pub struct Found {
    /// The connection, with its key.
    pub connection: Connection,
    /// What tells the org, or else the key, from others.
    pub owner: String,
}

impl TransportArgs {
    /// Returns the settings of a connection.
    pub fn transport(&self) -> Transport {
        Transport { ca_file: self.ca_file.clone(), insecure: self.insecure }
    }
}

/// Returns the value of a variable that is set and not empty.
pub fn variable(name: &str) -> Result<Option<String>, Failure> {
    match std::env::var_os(name).filter(|value| !value.is_empty()) {
        None => Ok(None),
        Some(value) => value.into_string().map(Some).map_err(|_| Failure::message(format!("{name}: is not UTF-8"))),
    }
}

/// Returns the server that was named, or else that of LOGAN_SERVER.
pub fn named(server: Option<&str>) -> Result<Option<Address>, Failure> {
    let text = match server {
        Some(text) => Some(text.to_owned()),
        None => variable("LOGAN_SERVER")?,
    };
    Ok(text.map(|text| Address::new(&text)).transpose()?)
}

/// Returns the server that was named, that of LOGAN_SERVER, or else the only one somebody logged in to.
pub fn named_or_only(server: Option<&str>, credentials: &Credentials) -> Result<Address, Failure> {
    if let Some(address) = named(server)? {
        return Ok(address);
    }
    credentials.only().cloned().ok_or_else(|| {
        Failure::message("no server was named").hint("use --server URL or LOGAN_SERVER, or `logan login` to one server")
    })
}

/// Reads the credentials file.
pub fn credentials() -> Result<Credentials, Failure> {
    let folder = settings::config_home().ok_or_else(|| {
        Failure::message("there is no folder for the credentials")
            .hint("set HOME or XDG_CONFIG_HOME to an absolute path")
    })?;
    Ok(Credentials::read(&folder.join("logan/credentials.toml"))?)
}

/// Connects to a server with the key of LOGAN_API_KEY_FILE, of LOGAN_API_KEY, or of the credentials file.
pub fn connect(
    address: Address,
    transport: &TransportArgs,
    purpose: Purpose,
    session: &Session,
) -> Result<Found, Failure> {
    let connection = Connection::new(address.clone(), &transport.transport())?;
    let key = match (variable("LOGAN_API_KEY_FILE")?, variable("LOGAN_API_KEY")?) {
        (Some(path), _) => Some(password::read_once(Some(Path::new(&path)), "", &session.terminal)?),
        (None, Some(key)) => Some(SecretString::from(key.trim().to_owned())),
        (None, None) => None,
    };
    if let Some(key) = key {
        // Its id is no secret; who changes keys starts a new journal.
        let owner = crate::client::login::key_id(&key).unwrap_or("key").to_owned();
        return Ok(Found { connection: connection.with_key(key), owner });
    }
    let credentials = credentials()?;
    let login = credentials.get(&address).cloned().unwrap_or_default();
    let Login { push, query, org, .. } = login;
    let has_other = push.is_some() || query.is_some();
    let (key, what, scope) = match purpose {
        Purpose::Push => (push, "send logs", "ingest"),
        Purpose::Query => (query, "ask questions", "query"),
    };
    let key = key.ok_or_else(|| {
        let url = address.as_str().to_owned();
        if has_other { ClientError::OtherKey { url, what, scope } } else { ClientError::NoKey { url } }
    })?;
    let id = crate::client::login::key_id(&key).unwrap_or("key").to_owned();
    Ok(Found { owner: org.unwrap_or(id), connection: connection.with_key(key) })
}

/// Waits so long, unless Ctrl-C comes; false then.
pub fn pause(wait: Duration, session: &Session) -> bool {
    const STEP: Duration = Duration::from_millis(100);
    let mut left = wait;
    while !left.is_zero() {
        if session.was_interrupted() {
            return false;
        }
        let step = left.min(STEP);
        std::thread::sleep(step);
        left -= step;
    }
    !session.was_interrupted()
}

/// Returns true when a text is not empty; a key that is piped in must be there.
pub fn is_given(secret: &SecretString) -> bool {
    !secret.expose_secret().is_empty()
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        let hint = error.hint();
        let exit = match &error {
            ClientError::Busy { .. } => Exit::Store,
            ClientError::Interrupted => Exit::Interrupted,
            _ => Exit::Failed,
        };
        let failure = match error {
            // What is wrong with a query is told as it is told of files.
            ClientError::Refused(refusal) if refusal.caret.is_some() => {
                Failure { place: refusal.caret, ..Failure::message(refusal.message) }
            }
            ClientError::Output(error) => error.into(),
            error => Failure::new(error),
        };
        Failure { exit, hint, ..failure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Refusal;

    #[test]
    fn a_wrong_query_is_told_as_of_files() {
        let refusal = Refusal {
            url: "https://x".to_owned(),
            status: 400,
            code: "invalid_query".to_owned(),
            message: "unknown pipe `stat`".to_owned(),
            request_id: "1".to_owned(),
            retry_after: None,
            caret: Some("* | stat\n    ^^^^".to_owned()),
            hint: Some("did you mean stats?".to_owned()),
        };
        let failure = Failure::from(ClientError::Refused(Box::new(refusal)));
        assert_eq!(failure.exit, Exit::Failed);
        assert_eq!(
            failure.to_string(),
            "error: unknown pipe `stat`\n  * | stat\n      ^^^^\nhint: did you mean stats?"
        );
    }
}
