//! Logging in: a password becomes two keys, one that sends and one that asks. The session is ended again at once; the
//! password is kept nowhere.

use std::time::Duration;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::credentials::Login;
use super::{ClientError, Connection};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who is logged in.
struct Session {
    connection: Connection,
    org: Org,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    org: Org,
}

#[derive(Deserialize)]
struct Org {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct MadeKey {
    key: String,
}

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Good {
    /// It may send logs.
    pub push: bool,
    /// It may ask questions.
    pub query: bool,
}

/// Logs in and makes two keys with this name; keys of an earlier log-in to the same org are deleted.
///
/// # Errors
/// When the server refuses or cannot be reached. What was made until then is deleted again as far as possible.
pub fn with_password(
    connection: &Connection,
    email: &str,
    password: &SecretString,
    org: Option<&str>,
    name: &str,
    before: Option<&Login>,
) -> Result<Login, ClientError> {
    let session = begin(connection, email, password, org)?;
    let made = (|| {
        let push = session.make_key(name, "ingest")?;
        match session.make_key(name, "query") {
            Ok(query) => Ok((push, query)),
            Err(error) => {
                let _ = session.delete_key(&push);
                Err(error)
            }
        }
    })();
    if made.is_ok()
        && let Some(before) = before
        && before.org.as_ref() == Some(&session.org.id)
    {
        // An old key that cannot be deleted is no reason not to take the new ones.
        before.push.iter().chain(&before.query).for_each(|key| _ = session.delete_key(key));
    }
    session.end();
    let (push, query) = made?;
    Ok(Login {
        push: Some(push),
        query: Some(query),
        org: Some(session.org.id),
        org_name: Some(session.org.name),
        email: Some(email.to_owned()),
    })
}

/// Deletes the keys of a log-in at the server.
///
/// # Errors
/// When the server refuses or cannot be reached; keys that are gone already are none.
pub fn revoke(connection: &Connection, password: &SecretString, login: &Login) -> Result<(), ClientError> {
    let session = begin(connection, login.email.as_deref().unwrap_or_default(), password, login.org.as_deref())?;
    let deleted = login.push.iter().chain(&login.query).try_for_each(|key| session.delete_key(key));
    session.end();
    deleted
}

/// Finds out what a key is good for, without leaving a trace in the logs.
///
/// # Errors
/// When the key is not known, or the server cannot be reached.
pub fn try_key(connection: &Connection) -> Result<Good, ClientError> {
    let allowed = |answer: Result<_, ClientError>| match answer {
        Ok(_) => Ok(true),
        Err(ClientError::Refused(refusal)) if refusal.status == 403 => Ok(false),
        Err(error) => Err(error),
    };
    let push = connection.request(Method::POST, "/api/v1/logs", PATIENCE)?;
    let push = allowed(connection.send(push.header("content-type", "text/plain").body("")))?;
    let query = connection.request(Method::POST, "/api/v1/query", PATIENCE)?;
    let question = json!({"query": "* | limit 1", "since": "now", "until": "now"});
    Ok(Good { push, query: allowed(connection.send(query.json(&question)))? })
}

fn begin(
    connection: &Connection,
    email: &str,
    password: &SecretString,
    org: Option<&str>,
) -> Result<Session, ClientError> {
    let mut body = json!({"email": email, "password": password.expose_secret()});
    if let Some(org) = org {
        body["org"] = json!(org);
    }
    let request = connection.request(Method::POST, "/api/v1/auth/login", PATIENCE)?;
    let tokens: Tokens = connection.read(request.json(&body))?;
    let connection = connection.clone().with_key(SecretString::from(tokens.access_token));
    Ok(Session { connection, org: tokens.org })
}

impl Session {
    fn make_key(&self, name: &str, scope: &str) -> Result<SecretString, ClientError> {
        let request = self.connection.request(Method::POST, "/api/v1/keys", PATIENCE)?;
        let made: MadeKey = self.connection.read(request.json(&json!({"name": name, "scope": scope})))?;
        Ok(SecretString::from(made.key))
    }

    fn delete_key(&self, key: &SecretString) -> Result<(), ClientError> {
        let Some(id) = key_id(key) else { return Ok(()) };
        let request = self.connection.request(Method::DELETE, &format!("/api/v1/keys/{id}"), PATIENCE)?;
        match self.connection.send(request) {
            Ok(_) => Ok(()),
            Err(ClientError::Refused(refusal)) if refusal.status == 404 => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Ends the session; one that cannot be ended now ends by itself.
    fn end(&self) {
        if let Ok(request) = self.connection.request(Method::POST, "/api/v1/auth/logout", PATIENCE) {
            let _ = self.connection.send(request);
        }
    }
}

/// Returns the id of a key, which is no secret.
pub fn key_id(key: &SecretString) -> Option<&str> {
    let id = key.expose_secret().strip_prefix("lgn_")?.split('_').next()?;
    (id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(id)
}
