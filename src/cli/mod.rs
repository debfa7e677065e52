//! The command line: from arguments to an exit code.
//!
//! This is the door. Only this room opens stdout and stderr (`terminal`), reads the environment and the
//! clock, and turns errors into a message, a hint and an exit code (`exit`). `parse`, `query` and `detect` differ in
//! what they ask and print; finding the entries is one path (`entries`), and so is answering a query (`answer`).

mod answer;
pub mod args;
pub mod commands;
mod entries;
pub mod exit;
mod filtered;
mod limits;
mod misspelt;
mod own_log;
mod password;
mod progress;
mod question;
mod rejects;
mod selection;
mod session;
mod settings;
mod source;
mod summary;
mod terminal;
mod why;
mod zone;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::{Exit, Failure};
use session::Session;

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse_from(question::shielded(std::env::args_os().collect())) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; if nobody reads them any more there is nothing to do.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Exit::Failed as u8 } else { Exit::Done as u8 });
        }
    };
    let session = Session::new(&cli.global);
    let exit = command(&cli.command, &session).unwrap_or_else(|failure| {
        if failure.is_closed_pipe() {
            return Exit::Done;
        }
        session.terminal.tell(&failure.to_string());
        failure.exit
    });
    ExitCode::from(exit as u8)
}

fn command(command: &Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::Parse(args) => commands::parse::run(args, session),
        Command::Import(args) => commands::import::run(args, session),
        Command::Query(args) => commands::query::run(args, session),
        Command::Detect(args) => commands::detect::run(args, session),
        Command::Db(args) => commands::db::run(args, session),
        Command::Serve(args) => commands::serve::run(args, session),
        Command::Healthcheck(args) => commands::healthcheck::run(args, session),
        Command::Config(args) => commands::config::run(args, session),
        Command::User(args) => commands::user::run(args, session),
        Command::Formats(args) => commands::formats::run(args, session),
        Command::Completions(args) => commands::completions::run(args, &session.terminal),
        Command::Man(args) => commands::man::run(args, &session.terminal),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_help_text_begins_with_a_verb_and_is_complete() {
        for command in Cli::command().get_subcommands() {
            let about = command.get_about().expect("a help text").to_string();
            let first = about.split(' ').next().expect("a word");
            assert!(
                ["Read", "Put", "Ask", "Find", "Look", "List", "Print", "Make", "Serve"].contains(&first),
                "{}: {about}",
                command.get_name()
            );
            assert!(command.get_after_help().is_some(), "{} shows no examples", command.get_name());
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                assert!(argument.get_help().is_some(), "{} {} has no help", command.get_name(), argument.get_id());
            }
        }
    }
}
