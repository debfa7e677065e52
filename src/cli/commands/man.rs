//! `logan man`.

use std::io::Write;

use clap::{Args, CommandFactory};

use crate::cli::args::Cli;
use crate::cli::exit::{Exit, Failure};
use crate::cli::terminal::Terminal;

/// Print a man page
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan man | man -l -              read the page of logan itself
  logan man query > logan-query.1   write the page of a command to a file")]
pub struct ManArgs {
    /// Print the page of this command instead of that of logan itself
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

/// Prints the page.
pub fn run(args: &ManArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut output = terminal.output();
    output.write_all(&page(args.command.as_deref())?)?;
    output.flush()?;
    Ok(Exit::Done)
}

/// Returns the page of a command, or of logan itself, as roff.
fn page(name: Option<&str>) -> Result<Vec<u8>, Failure> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let command = match name {
        None => root,
        Some(name) => {
            let found = root.find_subcommand(name).cloned();
            let names: Vec<&str> = root.get_subcommands().map(|command| command.get_name()).collect();
            let command = found.ok_or_else(|| {
                Failure::message(format!("no command is called {name}"))
                    .hint(format!("the commands are {}", names.join(", ")))
            })?;
            // The page is called logan-query; what is typed stays `logan query`.
            let title = format!("logan-{name}");
            command.display_name(title.clone()).name(title)
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        for command in Cli::command().get_subcommands() {
            let page = page(Some(command.get_name())).expect("a page");
            let page = String::from_utf8(page).expect("text");
            assert!(page.contains(&format!("logan-{}", command.get_name()).replace('-', "\\-")), "{page}");
        }
        let own = String::from_utf8(page(None).expect("a page")).expect("text");
        assert!(own.contains("logan\\-query") || own.contains("logan-query"), "{own}");
        assert!(page(Some("nosuch")).is_err());
    }
}
