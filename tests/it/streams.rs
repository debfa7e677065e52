//! Pipes that are still written to, and data that breaks off.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::cmd::logan;

/// Writes lines into a pipe, each time waiting for the lines that must come out of it while it stays open. A
/// logan that keeps them makes the test hang.
fn check(arguments: &[&str], steps: &[(&str, &[&str])], at_the_end: &[&str]) {
    let mut child = Command::new(logan()).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    for (written, expected) in steps {
        input.write_all(written.as_bytes()).unwrap();
        let seen: Vec<String> = output.by_ref().take(expected.len()).map(|line| line.unwrap()).collect();
        assert_eq!(seen, *expected, "after {written:?}");
    }
    drop(input);
    assert_eq!(output.map(|line| line.unwrap()).collect::<Vec<_>>(), at_the_end);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_pipe_shows_its_entries_while_it_is_open() {
    check(
        &["parse", "-o", "raw"],
        &[
            ("2026-11-22 10:00:00 INFO one\n  more\n", &["2026-11-22 10:00:00 INFO one", "  more"]),
            ("2026-11-22 10:00:01 INFO two\n2026-11-22 10:00:02 INFO th", &["2026-11-22 10:00:01 INFO two"]),
            ("ree\n", &["2026-11-22 10:00:02 INFO three"]),
        ],
        &[],
    );
    check(
        &["query", "error", "-o", "raw"],
        &[
            (
                "ts=2026-11-22T10:00:00Z level=info msg=fine\nts=2026-11-22T10:00:01Z level=error msg=\"an error\"\n",
                &["ts=2026-11-22T10:00:01Z level=error msg=\"an error\""],
            ),
            ("ts=2026-11-22T10:00:02Z level=info msg=fine\nts=2026-11-22T10:00:03Z msg=\"error", &[]),
        ],
        &[],
    );
}

#[test]
fn one_ctrl_c_ends_a_run_that_waits_for_a_silent_pipe() {
    let mut child = Command::new(logan())
        .args(["parse", "-o", "raw"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    input.write_all(b"2026-11-22 10:00:00 INFO one\n").unwrap();
    // It is reading when it has shown the line.
    assert_eq!(output.next().unwrap().unwrap(), "2026-11-22 10:00:00 INFO one");
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(input);
}

#[test]
fn compressed_data_that_breaks_off_is_incomplete_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..20_000).for_each(|line| writeln!(gz, "2026-11-22 10:00:00 INFO line {line} {}", line * 7919 % 1000).unwrap());
    let whole = gz.finish().unwrap();
    let run = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let mut command = Command::new(logan());
        command.arg("import").arg(&path).arg("--db").arg(folder.path().join("logan.db"));
        command.output().unwrap().status.code()
    };
    let cut = &whole[..whole.len() / 2];
    assert_eq!([run("a.log.gz", cut), run("a.log.gz", cut)], [Some(3), Some(3)]);
    assert_eq!(run("a.log.gz", &[whole.clone(), vec![0; 5000]].concat()), Some(0));
    let text = Command::new(logan())
        .args(["query", "stats count()", "-o", "csv", "--db"])
        .arg(folder.path().join("logan.db"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(text.stdout).unwrap(), "count\n20000\n");
}
