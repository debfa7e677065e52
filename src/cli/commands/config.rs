//! `logan config`.

use std::fmt::Write as _;
use std::io::Write;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use crate::cli::args::ServeFlags;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::settings;
use crate::config::{self, Shown};
use crate::output::safe;

/// Look at the settings of the server
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan config show                                      every setting, and where its value came from
  logan config show --config logan.toml -o json          one object a line, after this file
  LOGAN_LIMITS__BODY=1MiB logan config show -o toml      the same as a configuration file")]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// What to do with settings.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigAction {
    /// Print every setting, its value and where that came from
    ///
    /// Settings are built from defaults, /etc/logan/logan.toml, $XDG_CONFIG_HOME/logan/config.toml, --config FILE, LOGAN_*
    /// variables and flags, the later ones stronger. Secrets are shown as `***`. When the values do not go together
    /// they are printed all the same, and the exit code is 2.
    Show(Box<ShowArgs>),
}

/// How settings are shown, and the flags of the server.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan config show | grep -v default      what is set, and by whom
  logan config show --listen 0.0.0.0:80    whether the server would take these flags")]
pub struct ShowArgs {
    /// Print as text, as one JSON object a line, or as a configuration file
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: SettingsOutput,
    /// The settings given as flags.
    #[command(flatten)]
    pub flags: ServeFlags,
}

/// How settings are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SettingsOutput {
    /// For people
    #[default]
    Text,
    /// One object a line
    Json,
    /// As a configuration file
    Toml,
}

/// Prints the settings.
pub fn run(args: &ConfigArgs, session: &Session) -> Result<Exit, Failure> {
    let ConfigAction::Show(args) = &args.action;
    let loaded = config::read(&settings::sources(&args.flags)?)?;
    let values = loaded.values();
    let text = match args.output {
        SettingsOutput::Text => as_text(&values),
        SettingsOutput::Json => as_json(&values),
        SettingsOutput::Toml => as_toml(&values),
    };
    let mut output = session.terminal.output();
    for line in text.lines() {
        match session.terminal.stdout {
            true => writeln!(output, "{}", safe::display(line))?,
            false => writeln!(output, "{line}")?,
        }
    }
    output.flush()?;
    loaded.check()?;
    settings::check(&loaded, session.now)?;
    Ok(Exit::Done)
}

fn as_text(values: &[Shown]) -> String {
    let rows: Vec<(&str, String, String)> =
        values.iter().map(|shown| (shown.key.as_str(), value_text(&shown.value), shown.origin.to_string())).collect();
    let width = |length: fn(&(&str, String, String)) -> usize| rows.iter().map(length).max().unwrap_or_default();
    let keys = width(|row| row.0.len());
    // A long list must not push the origins of all others off the screen.
    let texts = width(|row| row.1.chars().count()).min(30);
    let mut text = String::new();
    for (key, value, origin) in &rows {
        _ = writeln!(text, "{key:keys$}  {value:texts$}  {origin}");
    }
    text
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn as_json(values: &[Shown]) -> String {
    let mut text = String::new();
    for Shown { key, value, origin } in values {
        let object = serde_json::json!({ "key": key, "value": value, "origin": origin.to_string() });
        _ = writeln!(text, "{object}");
    }
    text
}

/// Writes a configuration file. What nobody set, and secrets, stand in comments.
fn as_toml(values: &[Shown]) -> String {
    let mut text = String::new();
    let table_and_name = |shown: &'_ Shown| {
        let (table, name) = shown.key.rsplit_once('.').unwrap_or(("", &shown.key));
        (table.to_owned(), name.to_owned())
    };
    // What stands outside of tables comes first, and each table in one piece.
    let mut rows: Vec<((String, String), &Shown)> = values.iter().map(|shown| (table_and_name(shown), shown)).collect();
    rows.sort_by(|left, right| left.0.cmp(&right.0));
    let mut section = "";
    for ((table, name), shown) in &rows {
        if table != section {
            section = table;
            _ = writeln!(text, "\n[{table}]");
        }
        let (comment, value) = match toml_value(&shown.value) {
            None => ("#", String::new()),
            Some(value) if shown.value == "***" => ("#", value),
            Some(value) => ("", value),
        };
        let line = format!("{comment}{name} = {value}");
        // A file may be named with line ends; in a comment they would end it.
        let origin = shown.origin.to_string().replace(char::is_control, "?");
        _ = writeln!(text, "{:<40} # {origin}", line.trim_end());
    }
    text
}

/// Returns a value in TOML on one line; none for null, which TOML does not have.
fn toml_value(value: &Value) -> Option<String> {
    let items = |texts: Vec<String>| texts.join(", ");
    match value {
        Value::Null => None,
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::String(text) => Some(toml::Value::String(text.clone()).to_string()),
        Value::Array(list) => Some(format!("[{}]", items(list.iter().filter_map(toml_value).collect()))),
        Value::Object(table) => {
            let pairs = table.iter().filter_map(|(key, value)| Some(format!("{key} = {}", toml_value(value)?)));
            Some(format!("{{ {} }}", items(pairs.collect())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, read};

    #[test]
    fn what_is_shown_as_toml_is_a_file_that_gives_the_same_settings() {
        let sources = Sources {
            variables: [
                ("LOGAN_LIMITS__BODY", "1MiB"),
                ("LOGAN_RETENTION__DAYS", "30"),
                ("LOGAN_AUTH__ISSUER", "a\"b\\c\n#"),
                ("LOGAN_BEHIND_PROXY__TRUSTED", "10.0.0.0/8,::1"),
                ("LOGAN_COMMANDS", "[{ name = 'page', argv = ['/bin/page', 'x y'] }]"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
            ..Sources::default()
        };
        let first = read(&sources).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logan.toml");
        std::fs::write(&path, as_toml(&first.values())).unwrap();
        let file = crate::config::SourceFile { path, is_asked: true };
        let second = read(&Sources { files: vec![file], ..Sources::default() }).unwrap();
        let values = |loaded: &crate::config::Loaded| -> Vec<(String, Value)> {
            loaded.values().into_iter().map(|shown| (shown.key, shown.value)).collect()
        };
        assert_eq!(values(&first), values(&second));
    }
}
