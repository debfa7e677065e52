//! The settings of the server, from this process: which files, which variables, and how what is wrong is told.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::CommandFactory;

use super::args::{Cli, ServeFlags};
use super::exit::{Exit, Failure};
use crate::config::{ConfigError, Loaded, SourceFile, Sources};
use crate::entry::Timestamp;
use crate::query::suggest;
use crate::serve::{self, StartError, TlsError};

/// The configuration of the machine.
const SYSTEM_FILE: &str = "/etc/logan/logan.toml";

/// Variables of other commands and of the tests that no flag declares.
const OTHER_VARIABLES: [&str; 7] =
    ["LOGAN_DB", "LOGAN_LOG", "LOGAN_BIN", "LOGAN_KILLS", "LOGAN_SERVER", "LOGAN_API_KEY", "LOGAN_API_KEY_FILE"];

/// Collects what settings are built from: the usual files, `--config`, the environment, the flags.
pub fn sources(flags: &ServeFlags) -> Result<Sources, Failure> {
    let home_file = config_home().map(|folder| folder.join("logan/config.toml"));
    let usual = [Some(PathBuf::from(SYSTEM_FILE)), home_file].into_iter().flatten();
    let asked = flags.config.clone().map(|path| SourceFile { path, is_asked: true });
    Ok(Sources {
        files: usual.map(|path| SourceFile { path, is_asked: false }).chain(asked).collect(),
        variables: variables(std::env::vars_os())?,
        other_variables: other_variables(),
        flags: flags.given(),
    })
}

/// Returns the folder of the user's configuration. A relative one does not count, as the XDG specification says.
pub fn config_home() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))
}

/// Returns the folder of what programs remember for the user, as the XDG specification says.
pub fn state_home() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")))
}

/// Returns the variables of ours, by name.
fn variables(all: impl Iterator<Item = (OsString, OsString)>) -> Result<Vec<(String, String)>, Failure> {
    let mut ours = Vec::new();
    for (name, value) in all {
        let Some(name) = name.to_str().filter(|name| name.starts_with("LOGAN_")) else { continue };
        let value = value.into_string().map_err(|_| Failure::message(format!("{name}: is not UTF-8")))?;
        ours.push((name.to_owned(), value));
    }
    ours.sort();
    Ok(ours)
}

/// Returns the variables that stand for flags of any command.
fn other_variables() -> Vec<String> {
    fn collect(command: &clap::Command, names: &mut Vec<String>) {
        let variables = command.get_arguments().filter_map(|argument| argument.get_env());
        names.extend(variables.map(|name| name.to_string_lossy().into_owned()));
        command.get_subcommands().for_each(|command| collect(command, names));
    }
    let mut names = OTHER_VARIABLES.map(str::to_owned).to_vec();
    collect(&Cli::command(), &mut names);
    names
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Failure {
        let hint = match &error {
            ConfigError::UnknownKey { key, origin, known } => {
                let variable = origin.to_string();
                let word = if known.iter().any(|name| name.starts_with("LOGAN_")) { &variable } else { key };
                let near = suggest::near(word, known.iter().map(String::as_str));
                near.map_or_else(
                    || "docs/configuration.md and `logan config show` list all settings".to_owned(),
                    |near| format!("did you mean {near}?"),
                )
            }
            ConfigError::NotPrivate { path, .. } => format!("chmod 600 {}", path.display()),
            ConfigError::Twice { key, .. } => format!("keep {key}_file, and put the secret there"),
            ConfigError::Rule { hint, .. } => hint.clone(),
            ConfigError::Read { .. }
            | ConfigError::Syntax { .. }
            | ConfigError::Value { .. }
            | ConfigError::NoSecret { .. } => return Failure::new(error),
        };
        Failure::new(error).hint(hint)
    }
}

/// Asks whether every rule can be asked, and every channel may be sent to.
pub fn check(loaded: &Loaded, now: Timestamp) -> Result<(), Failure> {
    serve::check_settings(&loaded.settings, now).map_err(|error| start_failure(error, loaded))
}

/// Says of a setting that keeps the server from starting which file it stands in.
pub fn start_failure(error: StartError, loaded: &Loaded) -> Failure {
    let key = match &error {
        StartError::Rule { .. } => "rules",
        StartError::Setting { key, .. } => key.split('[').next().unwrap_or(key),
        StartError::Data { .. }
        | StartError::Running(_)
        | StartError::Hash(_)
        | StartError::Control(_)
        | StartError::Token(_)
        | StartError::Tls(_)
        | StartError::Listen { .. } => return error.into(),
    };
    let text = format!("{}: {error}", loaded.origin(key));
    Failure { error: anyhow::anyhow!(text), ..error.into() }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Failure {
        let error = match error {
            StartError::Tls(TlsError::Key(error)) => return error.into(),
            other => other,
        };
        let (exit, hint) = match &error {
            StartError::Running(_) => {
                (Exit::Store, "stop the other one, or give this one a folder of its own by --data")
            }
            StartError::Control(_) => (Exit::Store, "if control.db is damaged, restore it from a backup"),
            StartError::Listen { .. } => {
                (Exit::Failed, "another program may have the address; --listen and --ops-listen choose others")
            }
            StartError::Setting { key, .. } if key.ends_with(".url") => {
                (Exit::Failed, "delivery.allow and delivery.ports say where else may be sent to")
            }
            StartError::Setting { .. } => {
                (Exit::Failed, "GET /api/v1/orgs tells the ids of orgs, GET /api/v1/channels the names of channels")
            }
            StartError::Data { .. } => {
                (Exit::Failed, "--data chooses the folder; it must belong to the user logan runs as")
            }
            StartError::Tls(_) => {
                (Exit::Failed, "both are PEM files: the certificate with its chain, and the key that belongs to it")
            }
            // It says what to do itself.
            StartError::Rule { .. } | StartError::Token(_) | StartError::Hash(_) => return Failure::new(error),
        };
        Failure { exit, ..Failure::new(error).hint(hint) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_flags_are_found_at_any_depth() {
        let names = other_variables();
        for name in ["LOGAN_THREADS", "LOGAN_TZ", "LOGAN_DB", "LOGAN_CONFIG"] {
            assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
        }
    }

    #[test]
    fn only_variables_of_ours_are_taken_and_in_order() {
        let all = [("LOGAN_B", "2"), ("PATH", "/bin"), ("LOGAN_A", "1"), ("XLOGAN_C", "3")];
        let all = all.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let expected = [("LOGAN_A".to_owned(), "1".to_owned()), ("LOGAN_B".to_owned(), "2".to_owned())];
        assert_eq!(variables(all.into_iter()).unwrap(), expected);
    }
}
