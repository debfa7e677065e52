//! `logan login`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::exit::{Exit, Failure};
use crate::cli::password;
use crate::cli::server::{self, TransportArgs};
use crate::cli::session::Session;
use crate::client::credentials::Login;
use crate::client::login::{key_id, try_key, with_password};
use crate::client::{Address, ClientError, Connection};

/// The longest name a key may have.
const NAME_CHARS: usize = 100;

/// Get a key of a server and keep it for the other commands
///
/// With --email it asks for the password (or reads it from a pipe or --password-file), and has the server make two keys: one
/// that only sends logs and one that only reads them. Without, it asks for a key that you were given. Keys are kept in
/// $XDG_CONFIG_HOME/logan/credentials.toml, which nobody else may read; the password is kept nowhere.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan login --server https://logs.example.org --email ada@example.org
  logan login --server https://logs.example.org --key-file key.txt    a key that an admin made for you
  pass show logan | logan login --server http://127.0.0.1:7171        a key from a pipe")]
pub struct LoginArgs {
    /// Log in to this server (LOGAN_SERVER names it as well)
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Log in as the account with this e-mail address
    #[arg(long, value_name = "EMAIL", conflicts_with = "key_file")]
    pub email: Option<String>,
    /// Be in this org, by its id; by default the one you have been in for longest
    #[arg(long, value_name = "ORG", requires = "email")]
    pub org: Option<String>,
    /// Read the password from this file, which nobody else may read
    #[arg(long, value_name = "FILE", requires = "email")]
    pub password_file: Option<PathBuf>,
    /// Read an API key from this file, which nobody else may read
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// How the server is reached.
    #[command(flatten)]
    pub transport: TransportArgs,
}

/// Logs in.
pub fn run(args: &LoginArgs, session: &Session) -> Result<Exit, Failure> {
    let address = server::named(args.server.as_deref())?.ok_or_else(|| {
        Failure::message("no server was named").hint("use --server URL, for example http://127.0.0.1:7171")
    })?;
    let connection = Connection::new(address.clone(), &args.transport.transport())?;
    let mut credentials = server::credentials()?;
    let login = match &args.email {
        Some(email) => {
            let password = password::read_once(args.password_file.as_deref(), "Password: ", &session.terminal)?;
            let before = credentials.get(&address);
            let name = key_name();
            let made = with_password(&connection, email, &password, args.org.as_deref(), &name, before);
            made.map_err(|error| explained(error, &address, args.org.is_some()))?
        }
        None => by_key(args, &connection, session)?,
    };
    let before = credentials.set(address.clone(), login.clone());
    credentials.write()?;
    let what = match (&login.push, &login.query) {
        (Some(_), Some(_)) => "logan push and logan query",
        (Some(_), None) => "logan push",
        (None, _) => "logan query",
    };
    let org = login.org_name.as_ref().map(|name| format!(" in the org {name}")).unwrap_or_default();
    session.note(&format!("logged in to {address}{org}: {what} use it"));
    if let Some(keys) = before.as_ref().and_then(|before| replaced(before, &login)) {
        let is_deleted = args.email.is_some() && before.is_some_and(|before| before.org == login.org);
        let rest = if is_deleted { " that were kept before" } else { ", which the server still takes" };
        session.note(&format!("it replaces {keys}{rest}"));
    }
    Ok(Exit::Done)
}

/// Returns the names of the keys that were kept before and are no longer; a key's id is no secret.
fn replaced(before: &Login, now: &Login) -> Option<String> {
    let is_kept = |id: &&str| now.push.iter().chain(&now.query).any(|key| key_id(key) == Some(*id));
    let gone = before.push.iter().chain(&before.query).filter_map(key_id).filter(|id| !is_kept(id));
    let mut names: Vec<String> = gone.map(|id| format!("lgn_{id}")).collect();
    // One that may do both is kept twice.
    names.dedup();
    match names.len() {
        0 => None,
        1 => Some(format!("the key {}", names[0])),
        _ => Some(format!("the keys {}", names.join(" and "))),
    }
}

/// Takes a key that somebody has already.
fn by_key(args: &LoginArgs, connection: &Connection, session: &Session) -> Result<Login, Failure> {
    let key = password::read_once(args.key_file.as_deref(), "API key: ", &session.terminal)?;
    if !server::is_given(&key) {
        return Err(Failure::message("there is no key").hint("use --email to log in with a password"));
    }
    let good = try_key(&connection.clone().with_key(key.clone()))?;
    if !good.push && !good.query {
        return Err(Failure::message("this key may neither send logs nor ask questions"));
    }
    Ok(Login { push: good.push.then(|| key.clone()), query: good.query.then_some(key), ..Login::default() })
}

fn explained(error: ClientError, address: &Address, has_org: bool) -> Failure {
    let hint = match &error {
        ClientError::Refused(refusal) if refusal.status == 404 && has_org => {
            Some("--org takes the id of an org that the account is in; GET /api/v1/orgs lists them".to_owned())
        }
        ClientError::Refused(refusal) if refusal.status == 401 => Some("wrong e-mail address or password".to_owned()),
        ClientError::Refused(refusal) if refusal.status == 403 => Some(format!(
            "only admins make keys: ask one for yours, then `logan login --server {address} --key-file FILE`"
        )),
        other => other.hint(),
    };
    Failure { hint, ..Failure::from(error).context(format!("could not log in to {address}")) }
}

/// Returns how the keys are called, so that people know in a list which machine has them.
fn key_name() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("logan login {host}").chars().filter(|letter| !letter.is_control()).take(NAME_CHARS).collect()
}
