//! What the standard streams are connected to, and what may be done to them. The only place that
//! opens stdout and stderr.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Stderr, Stdout, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;

use clap::ValueEnum;

use crate::output::safe;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The standard streams of this run.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// True when stdin is a pipe or a file somebody has redirected. Cron and systemd give /dev/null: that is neither.
    pub piped_in: bool,
    /// True when rows go to a terminal.
    pub stdout: bool,
    /// True when messages go to a terminal.
    pub stderr: bool,
    /// True to colour stdout.
    pub stdout_color: bool,
    /// True to colour stderr.
    pub stderr_color: bool,
    /// Columns of the terminal behind stdout.
    pub width: Option<u16>,
}

impl Terminal {
    /// Looks at the streams and the environment.
    pub fn detect(choice: ColorChoice) -> Terminal {
        let (stdout, stderr) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let variable = |name: &str| std::env::var_os(name);
        Terminal {
            piped_in: is_piped_in(),
            stdout,
            stderr,
            stdout_color: wants_color(choice, stdout, variable),
            stderr_color: wants_color(choice, stderr, variable),
            width: if stdout { terminal_size::terminal_size().map(|(width, _)| width.0) } else { None },
        }
    }

    /// Returns stdout with a buffer of its own.
    pub fn output(&self) -> BufWriter<Stdout> {
        BufWriter::with_capacity(256 * 1024, io::stdout())
    }

    /// Returns what opens stderr, for the server's own log.
    pub fn log_output(&self) -> fn() -> Stderr {
        io::stderr
    }

    /// Writes lines for the user to stderr; text from logs and file names in them is made safe.
    /// When stderr is closed there is nobody left to tell.
    pub fn tell(&self, text: &str) {
        let mut out = Vec::with_capacity(text.len() + 1);
        for line in text.lines() {
            let word = line.split(' ').next().unwrap_or_default();
            let color: &[u8] = match (self.stderr_color, word) {
                (true, "error:") => b"\x1b[1m\x1b[31m",
                (true, "warning:") => b"\x1b[1m\x1b[33m",
                (true, "hint:" | "caused" | "note:") => b"\x1b[1m\x1b[36m",
                _ => b"",
            };
            let label = if color.is_empty() { 0 } else { line.find(": ").map_or(0, |colon| colon + 1) };
            out.extend_from_slice(color);
            out.extend_from_slice(&line.as_bytes()[..label]);
            out.extend_from_slice(if color.is_empty() { b"" } else { b"\x1b[0m" });
            out.extend_from_slice(safe::display(&line[label..]).as_bytes());
            out.push(b'\n');
        }
        let _ = io::stderr().write_all(&out);
    }
}

impl Terminal {
    /// Asks the user something on stderr; the answer is typed behind it.
    pub fn ask(&self, question: &str) {
        let _ = io::stderr().write_all(safe::display(question).as_bytes());
    }

    /// Ends the line of a question whose answer was not shown.
    pub fn answered(&self) {
        let _ = io::stderr().write_all(b"\n");
    }
}

/// Returns true when stdin is a pipe, a socket or a file.
fn is_piped_in() -> bool {
    let Ok(stdin) = io::stdin().as_fd().try_clone_to_owned() else { return false };
    let kind = File::from(stdin).metadata().map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_file() || kind.is_fifo() || kind.is_socket())
}

/// The rules of no-color.org and bixense.com/clicolors; a flag is stronger than all of them.
fn wants_color(choice: ColorChoice, is_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if is_set("NO_COLOR") => false,
        ColorChoice::Auto if is_set("CLICOLOR_FORCE") && variable("CLICOLOR_FORCE") != Some("0".into()) => true,
        ColorChoice::Auto => is_terminal && variable("TERM") != Some("dumb".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_beat_the_environment_and_that_beats_the_terminal() {
        use ColorChoice::{Always, Auto, Never};
        type Environment<'a> = &'a [(&'a str, &'a str)];
        let cases: [(ColorChoice, bool, Environment<'_>, bool); 10] = [
            (Auto, true, &[], true),
            (Auto, false, &[], false),
            (Auto, true, &[("NO_COLOR", "1")], false),
            (Auto, true, &[("NO_COLOR", "")], true),
            (Auto, true, &[("TERM", "dumb")], false),
            (Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (Auto, true, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
            (Always, false, &[("NO_COLOR", "1")], true),
            (Never, true, &[("CLICOLOR_FORCE", "1")], false),
        ];
        for (choice, terminal, environment, expected) in cases {
            let variable = |name: &str| {
                environment.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            };
            assert_eq!(wants_color(choice, terminal, variable), expected, "{choice:?} {terminal} {environment:?}");
        }
    }
}
