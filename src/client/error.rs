//! Why a server could not be asked.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::input::InputError;

/// Why a server could not be asked. No text of it holds a key or a password.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none.
    #[error("{url}: {reason}")]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Others could read what is sent.
    #[error("{url}: without TLS everybody on the way can read the key and the logs")]
    Insecure {
        /// The server.
        url: String,
    },
    /// Certificates could not be read.
    #[error("{path}: {reason}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is no key.
    #[error("there is no API key for {url}")]
    NoKey {
        /// The server.
        url: String,
    },
    /// There is a key, but it is for something else.
    #[error("the API key that is kept for {url} may not {what}: its scope is another")]
    OtherKey {
        /// The server.
        url: String,
        /// What it would have to be for.
        what: &'static str,
        /// The scope of keys that are for it.
        scope: &'static str,
    },
    /// A key that cannot be one.
    #[error("the API key is not one line of visible characters")]
    WrongKey,
    /// The server could not be reached, or did not answer.
    #[error("{url}: {doing}")]
    Unreachable {
        /// The server.
        url: String,
        /// What failed.
        doing: &'static str,
        /// Why.
        source: reqwest::Error,
    },
    /// An answer ended before it was complete.
    #[error("{url}: the answer broke off")]
    BrokenOff {
        /// The server.
        url: String,
        /// Why.
        source: io::Error,
    },
    /// The server said no.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The answer is not one of a logan server.
    #[error("{url}: this is not how a logan server answers: {detail}")]
    Strange {
        /// The server.
        url: String,
        /// What came.
        detail: String,
    },
    /// A file of ours could not be read or written.
    #[error("{path}: {doing}")]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A file of ours does not say what it should.
    #[error("{path}: {reason}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another push works with the same journal.
    #[error("{path}: another push to this server is at work")]
    Busy {
        /// The journal.
        path: PathBuf,
    },
    /// The server was asked again and again, for so long.
    #[error("given up after waiting {} seconds", waited.as_secs())]
    GaveUp {
        /// How long.
        waited: Duration,
        /// The last answer.
        source: Box<ClientError>,
    },
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// What was read could not be taken further.
    #[error(transparent)]
    Input(#[from] InputError),
    /// What was asked for could not be written.
    #[error(transparent)]
    Output(io::Error),
}

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url} answered {status}: {message}")]
pub struct Refusal {
    /// The server.
    pub url: String,
    /// The status.
    pub status: u16,
    /// A word for programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// The id under which the server's log knows the request.
    pub request_id: String,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// The wrong line of a query with carets under what is wrong.
    pub caret: Option<String>,
    /// What to write instead.
    pub hint: Option<String>,
}

impl ClientError {
    /// Returns true when the same may work a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            ClientError::Unreachable { source, .. } => !source.is_builder() && !is_said(source, "certificate"),
            ClientError::BrokenOff { .. } => true,
            ClientError::Refused(refusal) => matches!(refusal.status, 408 | 429 | 502 | 503 | 504 | 507),
            ClientError::Address { .. }
            | ClientError::Insecure { .. }
            | ClientError::CaFile { .. }
            | ClientError::NoKey { .. }
            | ClientError::OtherKey { .. }
            | ClientError::WrongKey
            | ClientError::Strange { .. }
            | ClientError::File { .. }
            | ClientError::Content { .. }
            | ClientError::Busy { .. }
            | ClientError::GaveUp { .. }
            | ClientError::Interrupted
            | ClientError::Input(_)
            | ClientError::Output(_) => false,
        }
    }

    /// Returns when the server wants to be asked again.
    pub fn retry_after(&self) -> Option<Duration> {
        if let ClientError::Refused(refusal) = self { refusal.retry_after } else { None }
    }

    /// Returns what to do next.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            ClientError::Address { .. } => "write it like https://logs.example.org or http://127.0.0.1:7171",
            ClientError::Insecure { .. } => "use https://, or --insecure if nobody else is on that network",
            ClientError::CaFile { .. } => "--ca-file takes certificates in PEM",
            ClientError::NoKey { url } => {
                return Some(format!("`logan login --server {url}` gets one, or set LOGAN_API_KEY_FILE"));
            }
            ClientError::OtherKey { url, scope, .. } => {
                return Some(format!(
                    "`logan login --server {url}` gets one of scope {scope} as well; or have one made (POST \
                     /api/v1/keys) and set LOGAN_API_KEY_FILE to its file"
                ));
            }
            ClientError::WrongKey => "a key looks like lgn_01JDB2QX3V8Z5N4M7K6H9G0F1E_…",
            // As `openssl req -x509` makes it.
            ClientError::Unreachable { source, .. } if is_said(source, "CaUsedAsEndEntity") => {
                "a certificate that signed itself is trusted when the same one stands in the file of --ca-file"
            }
            ClientError::Unreachable { source, .. } if is_said(source, "not valid for name") => {
                "ask for the server by a name that stands in its certificate (subjectAltName)"
            }
            ClientError::Unreachable { source, .. } if is_said(source, "certificate") => {
                "--ca-file FILE trusts a certificate authority of your own"
            }
            ClientError::Unreachable { source, .. } if source.is_timeout() => {
                "the server is there but slow, or something in between is silent"
            }
            ClientError::Unreachable { .. } => {
                "is the server running there, and the address right? `logan serve` listens on http://127.0.0.1:7171"
            }
            ClientError::BrokenOff { .. } => "the connection or the server broke; ask again",
            ClientError::Refused(refusal) => return refusal.hint(),
            ClientError::Strange { .. } => "is the address that of `logan serve`? Something else may answer there",
            ClientError::Content { .. } => "repair or remove the file",
            ClientError::Busy { .. } => "wait for it, or use another --state",
            ClientError::GaveUp { .. } => "nothing is lost: the same command again goes on from here",
            ClientError::Interrupted => "the same command again goes on from here",
            ClientError::Input(error) => return error.hint().map(str::to_owned),
            ClientError::File { .. } | ClientError::Output(_) => return None,
        };
        Some(text.to_owned())
    }
}

impl Refusal {
    fn hint(&self) -> Option<String> {
        let text = match (self.status, self.code.as_str()) {
            (400, _) => return self.hint.clone(),
            (401, _) => "the key is wrong, deleted or expired: `logan login` gets another",
            (403, _) => {
                return Some(format!(
                    "`logan login --server {}` gets keys that may, if your role may; or have an admin of the org make one \
                     (POST /api/v1/keys) and set LOGAN_API_KEY_FILE to its file",
                    self.url
                ));
            }
            (404, _) => "the server may be older than this logan, or it is no logan server",
            (409, _) => "the file changed while it was sent; push it again",
            (413, _) => "an entry is larger than the server takes at once (`limits.body`)",
            (429 | 503, _) => "the server is busy; try again later",
            (507, _) => "the server's disk is full",
            (500, _) => return Some(format!("the server's log knows this request as {}", self.request_id)),
            _ => return self.hint.clone(),
        };
        Some(text.to_owned())
    }
}

/// Returns true when a cause of the error says this word.
fn is_said(error: &reqwest::Error, word: &str) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.to_string().contains(word) {
            return true;
        }
        cause = error.source();
    }
    false
}
