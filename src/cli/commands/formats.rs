//! `logan formats`.

use std::io::Write;

use clap::{Args, ValueEnum};

use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::parse::Format;

/// List the formats logan reads
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan formats                            the formats and what they are
  logan parse --format combined odd.log    read a file as one of them, whatever it looks like
  logan parse --why odd.log                see how well each format reads a file")]
pub struct FormatsArgs {
    /// Print as text or as one JSON object a line
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: ListOutput,
}

/// How lists are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListOutput {
    /// For people
    #[default]
    Text,
    /// One object a line
    Json,
}

/// Returns the names of all formats.
pub fn names() -> [&'static str; Format::ALL.len()] {
    Format::ALL.map(Format::name)
}

/// Prints the list.
pub fn run(args: &FormatsArgs, session: &Session) -> Result<Exit, Failure> {
    let mut output = session.terminal.output();
    for format in Format::ALL {
        match args.output {
            ListOutput::Text => writeln!(output, "{:<10} {}", format.name(), format.description())?,
            ListOutput::Json => {
                let object = serde_json::json!({ "name": format.name(), "description": format.description() });
                writeln!(output, "{object}")?;
            }
        }
    }
    output.flush()?;
    Ok(Exit::Done)
}
