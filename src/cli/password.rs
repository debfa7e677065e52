//! A password from whoever runs the command: from a file, a pipe, or typed without being shown. Never from an argument,
//! which everybody on the machine can read.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};

use super::exit::{Exit, Failure};
use super::terminal::Terminal;

/// Longest file or line that is read.
const MOST_BYTES: u64 = 4096;

/// Reads a password: the first line of `file`, or of stdin when that is a pipe, or else asks for it, twice.
pub fn read(file: Option<&Path>, terminal: &Terminal) -> Result<SecretString, Failure> {
    if let Some(path) = file {
        let failed = |error: io::Error| Failure::new(error).context(format!("{}: could not be read", path.display()));
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        // A pipe has no mode that says anything.
        if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 {
            let hint = format!("run `chmod 600 {}`", path.display());
            return Err(Failure::message(format!("{}: others may read it", path.display())).hint(hint));
        }
        return first_line(file).map_err(failed);
    }
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        let password = first_line(stdin.lock())?;
        let missing = "no password: nothing is piped in and there is no terminal to ask on";
        let hint = "pipe it in, or use --password-file FILE";
        let empty = password.expose_secret().is_empty();
        return if empty { Err(Failure::message(missing).hint(hint)) } else { Ok(password) };
    }
    let first = ask("Password: ", terminal)?;
    let second = ask("The same again: ", terminal)?;
    let same = first.expose_secret() == second.expose_secret();
    if same { Ok(first) } else { Err(Failure::message("the two passwords are not the same")) }
}

/// Returns the first line without its end.
fn first_line(from: impl Read) -> io::Result<SecretString> {
    let mut line = String::new();
    io::BufReader::new(from.take(MOST_BYTES)).read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(SecretString::from(line))
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Quiet {
    before: Termios,
}

impl Quiet {
    fn new() -> io::Result<Quiet> {
        let before = tcgetattr(io::stdin().as_fd())?;
        let mut quiet = before.clone();
        // Without signals Ctrl-C comes as a character: the terminal is put back in order before the command ends.
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        tcsetattr(io::stdin().as_fd(), OptionalActions::Flush, &quiet)?;
        Ok(Quiet { before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // It was set a moment ago; if the terminal is gone now, there is nothing to put in order.
        let _ = tcsetattr(io::stdin().as_fd(), OptionalActions::Flush, &self.before);
    }
}

fn ask(question: &str, terminal: &Terminal) -> Result<SecretString, Failure> {
    terminal.ask(question);
    let quiet = Quiet::new()?;
    let line = first_line(io::stdin().lock());
    drop(quiet);
    terminal.answered();
    let line = line?;
    if line.expose_secret().contains('\u{3}') {
        return Err(Failure { exit: Exit::Interrupted, ..Failure::message("interrupted") });
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_without_its_end() {
        for (text, password) in [("a b c\nx", "a b c"), ("a\r\n", "a"), ("a", "a"), ("", ""), (" a \n", " a ")] {
            let read = first_line(text.as_bytes()).expect("it is read");
            assert_eq!(read.expose_secret(), password, "{text:?}");
        }
    }
}
