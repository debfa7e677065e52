//! `logan user`: accounts of a server, on the machine itself and while it does not run.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::exit::{Exit, Failure};
use crate::cli::password;
use crate::cli::session::Session;
use crate::serve::StartError;
use crate::serve::auth::access::Role;
use crate::serve::offline::{self, NewAccount, OfflineError};

/// Make accounts of a server that does not run, and say who may log in
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan user add ada@example.org                                   an account with an org of its own; asks for a password
  logan user add bob@example.org --org Northwind --role viewer     into an org that is there
  logan user add ada@example.org --password-file secret.txt        the password from a file only you may read
  logan user password ada@example.org                              a new one for somebody who forgot theirs
  logan user disable bob@example.org                               log somebody out everywhere, and keep them out")]
pub struct UserArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
    /// The data folder of the server
    #[arg(long, global = true, value_name = "FOLDER", env = "LOGAN_DATA", default_value = "./logan-data")]
    pub data: PathBuf,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum What {
    /// Make an account; its password is asked for, or read from a pipe or a file
    Add(AddArgs),
    /// Give somebody a new password, which is asked for, or read from a pipe or a file: all their sessions end
    Password {
        /// The e-mail address of the account
        #[arg(value_name = "EMAIL")]
        email: String,
        /// Read the password from this file, which nobody else may read
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Keep somebody out: all their sessions end
    Disable {
        /// The e-mail address of the account
        #[arg(value_name = "EMAIL")]
        email: String,
    },
    /// Let somebody in again
    Enable {
        /// The e-mail address of the account
        #[arg(value_name = "EMAIL")]
        email: String,
    },
}

/// An account to be made.
#[derive(Clone, Debug, Args)]
pub struct AddArgs {
    /// The e-mail address to log in with
    #[arg(value_name = "EMAIL")]
    pub email: String,
    /// What to call the person; the part of EMAIL before `@` by default
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The org, by name or id; made when there is none of that name
    #[arg(long, value_name = "NAME")]
    pub org: Option<String>,
    /// What the person is in an org that is there: member by default; who makes an org owns it
    #[arg(long, value_enum, value_name = "ROLE")]
    pub role: Option<RoleArg>,
    /// Read the password from this file, which nobody else may read
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// A role, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// Reads
    Viewer,
    /// Reads, sends logs, keeps rules
    Member,
    /// All but giving the org away or deleting it
    Admin,
    /// Everything
    Owner,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Role {
        match role {
            RoleArg::Viewer => Role::Viewer,
            RoleArg::Member => Role::Member,
            RoleArg::Admin => Role::Admin,
            RoleArg::Owner => Role::Owner,
        }
    }
}

/// Does it.
pub fn run(args: &UserArgs, session: &Session) -> Result<Exit, Failure> {
    let mut output = session.terminal.output();
    match &args.what {
        What::Add(add) => {
            let account = NewAccount {
                email: add.email.clone(),
                name: add.name.clone(),
                password: password::read(add.password_file.as_deref(), &session.terminal)?,
                org: add.org.clone(),
                role: add.role.map(Role::from),
            };
            let added = offline::add_user(&args.data, &account, session.now)?;
            let (role, org, id) = (added.role.name(), crate::output::safe::display(&added.org_name), added.org);
            writeln!(output, "{} is {role} of {org} ({id})", crate::output::safe::display(&add.email))?;
            if added.is_new_data {
                session.note(&format!("{} is a new data folder", args.data.display()));
            }
        }
        What::Password { email, password_file } => {
            let password = password::read(password_file.as_deref(), &session.terminal)?;
            let may_log_in = offline::reset_password(&args.data, email, &password, session.now)?;
            writeln!(output, "{} has a new password and no session", crate::output::safe::display(email))?;
            if !may_log_in {
                session.warn("this account is disabled: `logan user enable` lets somebody in again");
            }
        }
        What::Disable { email } => {
            offline::set_user_disabled(&args.data, email, true, session.now)?;
            writeln!(output, "{} may not log in", crate::output::safe::display(email))?;
        }
        What::Enable { email } => {
            offline::set_user_disabled(&args.data, email, false, session.now)?;
            writeln!(output, "{} may log in", crate::output::safe::display(email))?;
        }
    }
    output.flush()?;
    Ok(Exit::Done)
}

impl From<OfflineError> for Failure {
    fn from(error: OfflineError) -> Failure {
        let hint = match &error {
            OfflineError::Start(StartError::Running(_)) => {
                let hint = "stop the server first, or use its HTTP API";
                return Failure { exit: Exit::Store, ..Failure::new(error).hint(hint) };
            }
            OfflineError::NoData(_) => {
                "--data names the folder that the server was started with; `logan user add` makes a new one"
            }
            OfflineError::NoOrg(_) => "leave --role out, or name an org that is there",
            OfflineError::ManyOrgs(_) => "`GET /api/v1/orgs` tells the ids",
            _ => return Failure::new(error),
        };
        Failure::new(error).hint(hint)
    }
}
