//! `logan logout`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::exit::{Exit, Failure};
use crate::cli::password;
use crate::cli::server::{self, TransportArgs};
use crate::cli::session::Session;
use crate::client::{Connection, login};

/// Forget the keys of a server
///
/// The keys are removed from this machine. Whoever copied them can still use them: --revoke deletes them at the server,
/// for which it asks for the password.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan logout                                               of the only server there is a key of
  logan logout --server https://logs.example.org --revoke    delete the keys at the server, too")]
pub struct LogoutArgs {
    /// Forget this server (LOGAN_SERVER names it as well)
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Delete the keys at the server as well
    #[arg(long)]
    pub revoke: bool,
    /// Read the password from this file, which nobody else may read
    #[arg(long, value_name = "FILE", requires = "revoke")]
    pub password_file: Option<PathBuf>,
    /// How the server is reached.
    #[command(flatten)]
    pub transport: TransportArgs,
}

/// Logs out.
pub fn run(args: &LogoutArgs, session: &Session) -> Result<Exit, Failure> {
    let mut credentials = server::credentials()?;
    let address = server::named_or_only(args.server.as_deref(), &credentials)?;
    let Some(known) = credentials.remove(&address) else {
        session.note(&format!("there was no key for {address}"));
        return Ok(Exit::Done);
    };
    if args.revoke {
        if known.email.is_none() {
            return Err(Failure::message("this key was not made by `logan login`")
                .hint("ask an admin to delete it; without --revoke it is forgotten here"));
        }
        let connection = Connection::new(address.clone(), &args.transport.transport())?;
        let password = password::read_once(args.password_file.as_deref(), "Password: ", &session.terminal)?;
        login::revoke(&connection, &password, &known)?;
    }
    credentials.write()?;
    session.note(&match args.revoke {
        true => format!("logged out of {address}; its keys are deleted"),
        false => format!("logged out of {address}; its keys still work for whoever has a copy"),
    });
    Ok(Exit::Done)
}
