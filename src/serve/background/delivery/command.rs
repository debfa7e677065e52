//! Programs of the operator: started without a shell, told by standard input, ended when they take too long.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::SendError;
use crate::serve::state::AppState;

/// How often it is looked whether a program has ended.
const LOOK: Duration = Duration::from_millis(20);

fn failed(error: impl std::fmt::Display) -> SendError {
    SendError::Command(format!("failed: {error}"))
}

/// Starts a command of the configuration and waits for its end.
pub async fn run(state: &AppState, name: &str, payload: &str) -> Result<(), SendError> {
    let command = state.settings.commands.iter().find(|command| command.name == name);
    let Some(command) = command.cloned() else {
        return Err(SendError::Setup(format!("no command is called {name} any more")));
    };
    let input = payload.to_owned();
    let run = tokio::task::spawn_blocking(move || start(&command.argv, input, command.timeout.get()));
    run.await.map_err(failed)?
}

fn start(argv: &[String], input: String, timeout: Duration) -> Result<(), SendError> {
    let Some((program, arguments)) = argv.split_first() else { return Err(failed("it has no program")) };
    let mut child = Command::new(program)
        .args(arguments)
        // The server's own variables may hold secrets.
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read is not waited for here, and one that closes its input has read enough. The
        // thread ends when nobody holds the other end any more.
        std::thread::spawn(move || _ = stdin.write_all(input.as_bytes()));
    }
    let ended = wait(&mut child, timeout);
    if ended.is_err() {
        end(&mut child);
    }
    match ended? {
        status if status.success() => Ok(()),
        status => Err(SendError::Command(format!("ended with {status}"))),
    }
}

fn wait(child: &mut Child, timeout: Duration) -> Result<ExitStatus, SendError> {
    let until = Instant::now() + timeout;
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(status);
        }
        if Instant::now() >= until {
            return Err(SendError::Command("took too long and was ended".to_owned()));
        }
        std::thread::sleep(LOOK);
    }
}

/// Ends a program and whatever it started.
fn end(child: &mut Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
    // It is dead; its entry in the system's table goes with this.
    _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, timeout: Duration) -> Result<(), SendError> {
        start(&["/bin/sh".into(), "-c".into(), script.into()], "{\"a\":1}\n".repeat(20_000), timeout)
    }

    #[test]
    fn a_command_reads_the_message_and_may_fail() {
        let long = Duration::from_secs(60);
        assert!(sh("read line; test \"$line\" = '{\"a\":1}'", long).is_ok());
        assert!(matches!(sh("cat >/dev/null; exit 3", long), Err(SendError::Command(text)) if text.contains('3')));
        assert!(start(&["/nowhere/at/all".into()], String::new(), long).is_err());
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let ended = sh("sleep 600 & sleep 600", Duration::ZERO);
        assert!(matches!(ended, Err(SendError::Command(text)) if text.contains("too long")));
    }
}
