//! `logan serve` as a process: what it prints, what signals do, who may share a data folder.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::running::write_certificate;

/// A server in a process of its own, killed if it is still there when a test ends.
struct Process {
    child: Option<Child>,
    address: String,
    ops: String,
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(crate::cmd::logan());
    command.env_clear().current_dir(folder).args(["serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Process {
    fn start(mut command: Command) -> Process {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        // No more than it holds: what follows is left for others.
        BufReader::with_capacity(1, child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let pattern =
            Regex::new(r"^listening on (https?://127\.0\.0\.1:\d+), docs at \S+, metrics at (http://\S+)/metrics\n$");
        let Some(found) = pattern.unwrap().captures(&line) else {
            let mut said = String::new();
            child.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
            panic!("{line:?}: {said}");
        };
        let (address, ops) = (found[1].to_owned(), found[2].to_owned());
        Process { child: Some(child), address, ops }
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.as_ref().unwrap().id();
        kill_process(Pid::from_raw(i32::try_from(id).unwrap()).unwrap(), signal).unwrap();
    }

    /// Waits for its end.
    fn output(mut self) -> Output {
        self.child.take().unwrap().wait_with_output().unwrap()
    }

    fn terminate(self) -> Output {
        self.signal(Signal::TERM);
        self.output()
    }

    /// Waits until it has written a line with this text to stderr.
    fn until_said(&mut self, text: &str) {
        let stderr = self.child.as_mut().unwrap().stderr.as_mut().unwrap();
        let mut said = Vec::new();
        let mut byte = [0];
        // Byte by byte, so that what follows is left for others.
        while !(said.ends_with(b"\n") && String::from_utf8_lossy(&said).contains(text)) {
            assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&said));
            said.push(byte[0]);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

fn client() -> reqwest::blocking::Client {
    reqwest::blocking::Client::builder().no_proxy().build().unwrap()
}

#[test]
fn it_serves_until_sigterm_and_its_log_knows_requests_but_no_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let mut debug = command(folder.path());
    debug.args(["--log-level", "debug"]);
    let server = Process::start(debug);
    let answer = client()
        .get(format!("{}/api/v1/orgs/01JDB2QX3V8Z5N4M7K6H9G0F1E", server.address))
        .header("x-request-id", "own-4711")
        .header("user-agent", "lgn_agent")
        .bearer_auth("lgn_01JDB2QX3V8Z5N4M7K6H9G0F1E_secretsecret")
        .send()
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(client().get(format!("{}/readyz", server.ops)).send().unwrap().status(), 200);
    let healthy = Command::new(crate::cmd::logan())
        .args(["healthcheck", "--ops-listen", server.ops.strip_prefix("http://").unwrap()])
        .output()
        .unwrap();
    assert!(healthy.status.success(), "{}", String::from_utf8_lossy(&healthy.stderr));
    let ops = server.ops.clone();

    let output = server.terminate();
    assert_eq!(output.status.code(), Some(0));
    let log = String::from_utf8(output.stderr).unwrap();
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let said = |text: &str| events.iter().any(|event| event["message"] == text);
    assert!(said("listening") && said("stopped"), "{log}");
    let answered = events.iter().find(|event| event["message"] == "answered").expect("each request is told");
    assert_eq!((answered["id"].as_str(), answered["status"].as_u64()), (Some("own-4711"), Some(401)));
    assert_eq!(answered["route"], "/api/v1/orgs/{org}");
    assert!(!log.contains("secretsecret"), "{log}");

    let gone = Command::new(crate::cmd::logan()).args(["healthcheck", "--url", &ops]).output().unwrap();
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stderr).starts_with("error: "), "{gone:?}");
}

#[test]
fn a_data_folder_is_its_owners_alone_and_has_one_server_at_a_time() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(command(folder.path()));
    let second = command(folder.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(4));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("error: ./logan-data: another logan is working on this data folder\nhint: "), "{said}");
    assert!(second.stdout.is_empty());

    let mut waiting = vec![folder.path().join("logan-data")];
    while let Some(path) = waiting.pop() {
        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o077, 0, "{}", path.display());
        if metadata.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    assert_eq!(first.terminate().status.code(), Some(0));
    assert_eq!(Process::start(command(folder.path())).terminate().status.code(), Some(0));
}

#[test]
fn the_first_start_of_a_closed_server_shows_a_token_once() {
    let folder = tempfile::tempdir().unwrap();
    let shown = || {
        let mut closed = command(folder.path());
        closed.env("LOGAN_SIGNUP", "closed");
        let mut server = Process::start(closed);
        // The rest of stdout, after its first line.
        let mut stdout = server.child.as_mut().unwrap().stdout.take().unwrap();
        assert_eq!(server.terminate().status.code(), Some(0));
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        rest
    };
    let first = shown();
    assert!(
        Regex::new(r"^the first account is made with this token, .*: lga_\S+\n$").unwrap().is_match(&first),
        "{first:?}"
    );
    assert_eq!(shown(), "");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Process::start(command(folder.path()));
    // A client that asks for more than sockets hold and reads nothing: the first signal waits for it.
    let mut open = TcpStream::connect(server.address.strip_prefix("http://").unwrap()).unwrap();
    let ask = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n";
    open.write_all(ask.repeat(40).as_bytes()).unwrap();
    let answered = || {
        let text = client().get(format!("{}/metrics", server.ops)).send().unwrap().text().unwrap();
        let line = text.lines().find(|line| line.starts_with("logan_requests_total{route=\"/docs/{file}\""));
        line.map(str::to_owned)
    };
    // It is stuck when no answer is added while many others are asked.
    let (mut last, mut same) = (None, 0);
    while same < 20 {
        let now = answered();
        same = if now.is_some() && now == last { same + 1 } else { 0 };
        last = now;
    }
    server.signal(Signal::TERM);
    server.until_said("a second signal ends at once");
    let red = client().get(format!("{}/readyz", server.ops)).send().unwrap();
    assert_eq!(
        (red.status().as_u16(), red.text().unwrap()),
        (503, r#"{"ready":false,"reason":"draining"}"#.to_owned())
    );
    server.signal(Signal::INT);
    assert_eq!(server.output().status.code(), Some(130));
}

#[test]
fn sighup_reads_the_certificate_again() {
    let folder = tempfile::tempdir().unwrap();
    write_certificate(folder.path());
    let mut tls = command(folder.path());
    tls.args(["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    let mut server = Process::start(tls);
    assert!(server.address.starts_with("https://"));
    let second = write_certificate(folder.path());
    server.signal(Signal::HUP);
    server.until_said("the certificate was read again");
    let address = server.address.strip_prefix("https://").unwrap().parse().unwrap();
    let client = reqwest::blocking::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(second.as_bytes()).unwrap()])
        .resolve("localhost", address)
        .build()
        .unwrap();
    let answer = client.get(format!("https://localhost:{}/docs", address.port())).send().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(server.terminate().status.code(), Some(0));
}

#[test]
fn what_cannot_be_served_is_told_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str]| {
        let output = command(folder.path()).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut busy = Command::new(crate::cmd::logan());
    busy.env_clear().current_dir(folder.path()).args(["serve", "--ops-listen", "127.0.0.1:0", "--listen"]);
    let busy = busy.arg(taken.local_addr().unwrap().to_string()).output().unwrap();
    let said = String::from_utf8(busy.stderr).unwrap();
    assert_eq!(busy.status.code(), Some(2));
    assert!(said.contains("error: cannot listen on 127.0.0.1:") && said.contains("hint: "), "{said}");

    let (code, said) = refused(&["--tls-cert", "no.pem", "--tls-key", "no.pem"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("error: no.pem: ") && said.contains("hint: both are PEM files"), "{said}");
    write_certificate(folder.path());
    let readable: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(folder.path().join("key.pem"), readable).unwrap();
    let (code, said) = refused(&["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("error: key.pem: holds a secret, and others may read it (mode 0644)"), "{said}");
    assert!(said.contains("hint: chmod 600 key.pem"), "{said}");
    let (code, said) = refused(&["--config", "missing.toml"]);
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn a_rule_of_the_configuration_that_cannot_be_asked_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let start = "[[rules]]\norg = '01ARZ3NDEKTSV4RRFFQ69G5FAV'\n";
    let good = format!("{start}name = 'good'\nkind = 'absence'\nquery = 'level >= error'\n");
    for (rule, expected) in [
        (
            "kind = 'threshold'\nabove = 1\nquery = '* | stat count()'",
            "error: own.toml: rules[1].query: there is no pipe `stat`\n* | stat count()\n    ^^^^\nhint: did you mean `stats`?\n",
        ),
        (
            "kind = 'ratio'\nabove = 0.5\nquery = 'error'\nof = 'service = '",
            "error: own.toml: rules[1].of: the query ends where a value should follow\nservice = \n          ^\n",
        ),
        ("kind = 'absence'\nwindow = '8d'", "error: own.toml: rules[1].window: between 10s and 7d is expected\n"),
    ] {
        std::fs::write(folder.path().join("own.toml"), format!("{good}{start}name = 'bad'\n{rule}\n")).unwrap();
        let output = command(folder.path()).args(["--config", "own.toml"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.as_str()), (Some(2), expected));
        assert!(!folder.path().join("logan-data/orgs").exists(), "it looked before it began");
    }
}
