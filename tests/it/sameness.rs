//! The same question gets the same answer, byte for byte, from files and from a store they were imported into.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::process::{Command, Stdio};

use crate::cmd::logan;

const FILES: [&str; 8] = [
    "fixtures/combined/shop.log",
    "fixtures/common/gateway.log",
    "fixtures/json/orders.log",
    "fixtures/logfmt/worker.log",
    "fixtures/plain/depot.log",
    "fixtures/plain/hostile.log",
    "fixtures/syslog/rfc3164.log",
    "fixtures/syslog/rfc5424.log",
];

/// Questions of every kind: each filter, each function, each pipe, and what they make of missing and mixed values.
const QUERIES: [&str; 82] = [
    "*",
    "belt",
    "error",
    "\"stock is low\"",
    "time*",
    "-belt",
    "\"GET /\"",
    "kettle or belt",
    "(belt or stock) -low",
    "belt && !stopped || payment",
    "status:404",
    "status = 404",
    "status = \"404\"",
    "status != 200",
    "status:* status != 200",
    "status >= 500",
    "status < 300 method = GET",
    "status in (404, 500, 503)",
    "not status in (200)",
    "bytes > 1KB",
    "bytes >= 0.5KiB bytes < 2000",
    "method in (HEAD, POST)",
    "method:get",
    "method > \"GET\"",
    "path:/api*",
    "path ~ \"^/api/.*[0-9]$\"",
    "path !~ stock",
    "user_agent:curl",
    "user_agent ~ \"(?i)bot\"",
    "client_ip = 203.0.113.44",
    "client_ip:203*",
    "client_ip = 203.0.113.0/26",
    "client_ip != 10.0.0.0/8 client_ip in (203.0.113.0/27, 198.51.100.7)",
    "stats min(client_ip), max(path), sum(took), p50(took) by method",
    "duration_ms > 0.05s | sort by -duration_ms | limit 5",
    "referer:*",
    "not referer:*",
    "query:*",
    "duration > 10ms",
    "duration_ms > 50",
    "order >= 4010 order < 4015",
    "customer.vip = true",
    "error.code:(expired or declined)",
    "tags:retry",
    "level:*",
    "level >= warn",
    "level = error",
    "level != info",
    "level in (warn, error)",
    "not level:*",
    "ts:*",
    "not ts:*",
    "ts >= 2026-03-03T14:00:30Z ts < 2026-03-03T14:01Z",
    "ts:2026-03-03",
    "ts > 2030-01-01",
    "format = json",
    "format:(plain or syslog)",
    "source:orders",
    "line <= 3",
    "offset = 0",
    "raw ~ \"\\[.*\\]\"",
    "message ~ \"[0-9]+ C\"",
    "nosuchfield:*",
    "* | limit 7",
    "* | tail 7",
    "* | sort by ts | limit 20",
    "* | sort by -bytes, path | limit 20",
    "* | sort by status desc, client_ip | fields status, client_ip, ts",
    "level >= warn | sort by ts desc | where message:* | fields ts, level, message",
    "* | fields -user_agent, -referer | limit 40",
    "* | limit 50 | stats count() by level",
    "stats count()",
    "stats count(), count(status), count(level), uniq(client_ip), uniq(status)",
    "stats sum(bytes), avg(bytes), min(bytes), max(bytes) by status",
    "stats min(ts), max(ts), first(message), last(message) by format",
    "stats p50(bytes), p95(bytes), p99.9(bytes), median(duration_ms) by method",
    "stats count() by bin(1m), level",
    "stats count() by bin(1w)",
    "stats count() by bin(bytes, 1KB)",
    "stats count() by source, format",
    "top 5 by path",
    "top 3 client_ip by sum(bytes) | where client_ip:*",
];

fn ask(arguments: &[&str]) -> (Vec<u8>, String) {
    let mut command = Command::new(logan());
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_clear().env("TZ", "UTC").stdin(Stdio::null());
    let output = command.args(arguments).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    (output.stdout, stderr)
}

#[test]
fn files_and_a_store_answer_alike() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("all.db");
    let store = store.to_str().unwrap();
    ask(&[&["import", "-q", "--db", store][..], &FILES].concat());
    let mut empty = Vec::new();
    for query in QUERIES {
        for format in ["json", "csv", "text"] {
            let flags = ["query", query, "-q", "-o", format];
            // Rows of tables come from nowhere in particular.
            let makes_table = query.contains("stats ") || query.starts_with("top ");
            let with = if makes_table { &[][..] } else { &["--with", "source,line,offset,format"] };
            let (files, _) = ask(&[&flags[..], with, &FILES].concat());
            let (stored, _) = ask(&[&flags[..], with, &["--db", store]].concat());
            assert!(
                files == stored,
                "{query} -o {format}\n--- files\n{}\n--- store\n{}",
                String::from_utf8_lossy(&files),
                String::from_utf8_lossy(&stored)
            );
            if format == "json" && files.is_empty() {
                empty.push(query);
            }
        }
    }
    // A question nothing answers compares nothing.
    assert_eq!(empty, ["duration > 10ms", "not ts:*", "ts > 2030-01-01", "nosuchfield:*"]);
}

#[test]
fn raw_lines_come_back_from_files_and_store_alike() {
    let folder = tempfile::tempdir().unwrap();
    let (log, store) = (folder.path().join("crlf.log"), folder.path().join("crlf.db"));
    let (log, store) = (log.to_str().unwrap(), store.to_str().unwrap());
    let trace = "2026-09-09 10:00:00 ERROR it broke\r\n    at Some.where(F.java:7)\r\nCaused by: x\r\n";
    std::fs::write(log, trace).unwrap();
    ask(&["import", "-q", "--db", store, log]);
    assert_eq!(ask(&["query", "-q", "*", "-o", "raw", log]).0, trace.as_bytes());
    assert_eq!(ask(&["query", "-q", "*", "-o", "raw", "--db", store]).0, trace.as_bytes());
}

#[test]
fn misspelt_fields_are_told_with_the_name_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("shop.db");
    let store = store.to_str().unwrap();
    ask(&["import", "-q", "--db", store, FILES[0]]);
    let told = |name: &str, near: &str| {
        format!("warning: no entry that was looked at has a field called {name}; did you mean {near}?\n")
    };
    for (query, expected) in [
        ("statsu = 500", told("statsu", "status")),
        ("* | fields statsu", told("statsu", "status")),
        ("stats count() by metod", told("metod", "method")),
        ("* | sort by byts | limit 1", told("byts", "bytes")),
        ("* | sort by ts | where clientip:* | limit 1", told("clientip", "client_ip")),
        ("stats sum(byts) by metod", told("byts", "bytes") + &told("metod", "method")),
        // What is there, but not in what matches, is not misspelt.
        ("status = 999 | fields referer", String::new()),
        ("* | fields -statsu", String::new()),
        ("level >= emergency", String::new()),
    ] {
        for source in [&["--db", store][..], &[FILES[0]]] {
            let (_, stderr) = ask(&[&["query", query, "-o", "json"][..], source].concat());
            let warnings = stderr.lines().filter(|line| line.contains("a field called"));
            let warnings: String = warnings.flat_map(|line| [line, "\n"]).collect();
            assert_eq!(warnings, expected, "{query} {source:?}");
        }
    }
}
