//! `logan completions`.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::args::Cli;
use crate::cli::exit::{Exit, Failure};
use crate::cli::terminal::Terminal;

/// Print a completion script for a shell
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan completions bash > /usr/share/bash-completion/completions/logan
  logan completions zsh > /usr/share/zsh/site-functions/_logan
  logan completions fish > ~/.config/fish/completions/logan.fish")]
pub struct CompletionsArgs {
    /// Write for this shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// Prints the script.
pub fn run(args: &CompletionsArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "logan", &mut script);
    let mut output = terminal.output();
    output.write_all(&script)?;
    output.flush()?;
    Ok(Exit::Done)
}
