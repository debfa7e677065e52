//! On a terminal: colours, the summary and the progress bar; in a pipe nothing of it. `script` makes the terminal.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::cmd::logan;

/// Makes a command of the shell run on a terminal of its own.
fn script(command: &str) -> Command {
    let mut script = Command::new("script");
    // -q: no banner, -e: the exit code of the command, -c: the command, and no file of what was seen.
    script.args(["-qec", command, "/dev/null"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    script.env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "xterm").env("TZ", "UTC").env("SHELL", "/bin/sh");
    script.env("LOGAN", logan()).stdin(Stdio::null());
    script
}

/// Runs a command on a terminal and returns what appears there.
fn on_terminal(command: &str, variables: &[(&str, &str)]) -> String {
    let output = script(command).envs(variables.iter().copied()).output().expect("`script` (of util-linux) is there");
    let seen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command}: {seen}{}", String::from_utf8_lossy(&output.stderr));
    seen
}

const PARSE: &str = "\"$LOGAN\" parse -n 3 fixtures/logfmt/worker.log";

#[test]
fn colours_are_for_terminals() {
    let coloured = on_terminal(PARSE, &[]);
    assert!(coloured.contains("\x1b[") && coloured.contains("entries"), "{coloured:?}");
    for (command, variables) in [
        (PARSE.to_owned(), &[("NO_COLOR", "1")][..]),
        (PARSE.to_owned(), &[("TERM", "dumb")]),
        (format!("{PARSE} --color never"), &[]),
        (format!("{PARSE} 2>&1 | cat"), &[]),
    ] {
        let plain = on_terminal(&command, variables);
        assert!(!plain.contains('\x1b') && plain.contains("[INFO]"), "{command} {variables:?}: {plain:?}");
    }
}

#[test]
fn a_summary_is_for_terminals() {
    assert!(on_terminal(PARSE, &[]).contains(" lines = "));
    assert!(!on_terminal(&format!("{PARSE} 2>&1 | cat"), &[]).contains(" lines = "));
    // Nothing could be read: there is nothing to sum up.
    let nothing = on_terminal("\"$LOGAN\" parse nosuch.log || echo failed", &[]);
    assert!(nothing.contains("failed") && nothing.contains("error:") && !nothing.contains("lines ="), "{nothing:?}");
}

/// Feeds lines through a pipe to `command` on a terminal until what appears there is `enough`, or `most` bytes
/// were fed. Returns what appeared and how much was fed.
fn feed(command: &str, most: u64, enough: impl Fn(&str) -> bool) -> (String, u64) {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let command = format!("\"$LOGAN\" < {} {command}", pipe.display());
    let mut script = script(&command).stdout(Stdio::piped()).spawn().expect("`script` (of util-linux) is there");
    let stop = AtomicBool::new(false);
    let mut seen = Vec::new();
    let fed = thread::scope(|scope| {
        let feeder = scope.spawn(|| {
            let lines = b"level=info msg=working n=12345\n".repeat(10_000);
            let mut fed = 0;
            let mut pipe = OpenOptions::new().write(true).open(&pipe).unwrap();
            while fed < most && !stop.load(Ordering::Relaxed) && pipe.write_all(&lines).is_ok() {
                fed += lines.len() as u64;
            }
            fed
        });
        let mut output = script.stdout.take().unwrap();
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut part) {
            seen.extend_from_slice(&part[..count]);
            if enough(&String::from_utf8_lossy(&seen)) {
                stop.store(true, Ordering::Relaxed);
            }
        }
        feeder.join().unwrap()
    });
    let seen = String::from_utf8_lossy(&seen).into_owned();
    assert!(script.wait().unwrap().success(), "{command}: {seen}");
    (seen, fed)
}

#[test]
fn a_progress_bar_is_for_terminals_that_show_nothing_else() {
    // It comes after half a second of work: as much is fed as that takes.
    let (seen, fed) = feed("parse -o json - >/dev/null", 8 << 30, |seen| seen.contains("B/s"));
    assert!(seen.contains("B/s"), "no bar after {fed} bytes: {seen:?}");
    // As much work, and no bar: not wanted, in the way of the rows, or not on a terminal.
    for command in [
        "parse -o json --no-progress - >/dev/null",
        "parse -n 1 -w n=12345 -o json -",
        "parse -o json - 2>&1 >/dev/null | cat",
    ] {
        let (seen, _) = feed(command, fed, |_| false);
        assert!(!seen.contains("B/s, "), "{command}: {seen:?}");
    }
}
