//! The command line as a client: what it prints of a server, and that each line arrives once whatever breaks.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use logan::client::journal::Journal;
use logan::client::push::{Push, PushOptions, PushSummary};
use logan::client::retry::Patience;
use logan::client::{Address, ClientError, Connection, Transport};
use logan::config::Settings;
use logan::entry::Timestamp;
use logan::ingest::{NoObserver, Outcome};
use logan::input::InputPath;
use logan::parse::Zone;
use logan::serve::{Server, SystemClock};
use secrecy::SecretString;

use super::server::{Account, PASSWORD, TestServer};
use crate::cmd::logan;

/// A user's machine.
struct Machine {
    folder: tempfile::TempDir,
    url: String,
}

struct Said {
    exit: i32,
    stdout: String,
    stderr: String,
}

impl Machine {
    fn new(server: &TestServer) -> Machine {
        let url = format!("http://{}", server.address);
        Machine { folder: tempfile::tempdir().unwrap(), url }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn secret(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn run(&self, args: &[&str]) -> Said {
        self.run_with(args, &[])
    }

    fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Said {
        let mut command = Command::new(logan());
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null()).env_clear();
        command.env("XDG_CONFIG_HOME", self.path("config")).env("XDG_STATE_HOME", self.path("state"));
        command.envs(variables.iter().copied());
        let output = command.env("LOGAN_SERVER", &self.url).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { exit: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Logs in and returns what is said.
    fn log_in(&self, account: &Account) -> String {
        let file = self.secret("password", PASSWORD);
        let said = self.run(&["login", "--email", &account.email, "--password-file", file.to_str().unwrap()]);
        assert_eq!(said.exit, 0, "{}", said.stderr);
        said.stderr
    }
}

const LINES: &str = concat!(
    "{\"ts\":\"2026-09-07T10:00:00.120Z\",\"level\":\"error\",\"message\":\"disk \\\"a\\\" full\",\"status\":500,\"took\":0.125,\"path\":\"/a b\"}\n",
    "{\"ts\":\"2026-09-07T10:00:01Z\",\"level\":\"info\",\"message\":\"fine\",\"status\":200,\"deep\":{\"list\":[1, \"x\"],\"no\":false}}\n",
    "{\"ts\":\"2026-09-07T11:00:02.000001Z\",\"level\":\"warn\",\"message\":\"slow\\nvery\",\"status\":200,\"took\":12345678.9}\n",
    "{\"ts\":\"2026-09-08T00:00:00Z\",\"message\":\"=1+1\",\"status\":404,\"odd name\":\"\\u00e9\\u0001\"}\n",
);

#[test]
fn a_server_is_asked_in_the_same_words_and_answers_in_the_same_bytes() {
    let server = TestServer::start();
    let machine = Machine::new(&server);
    machine.log_in(&server.somebody());
    fs::write(machine.path("app.log"), LINES).unwrap();
    let said = machine.run(&["push", "-v", "app.log"]);
    assert_eq!(said.exit, 0, "{}", said.stderr);
    assert!(said.stderr.contains("4 entries stored, 0 lines rejected"), "{}", said.stderr);
    let questions: &[&[&str]] = &[
        &["*"],
        &["status >= 404"],
        &["level >= warn", "--with", "line,format,raw"],
        &["*", "--since", "2026-09-07", "--until", "2026-09-07 10:00", "--tz", "+00:00"],
        &["*", "--until", "2026-09-07", "--tz", "Asia/Tokyo"],
        &["*", "-l", "warn", "-w", "status = 200 # only these"],
        &["*", "-n", "2", "--fields", "ts,odd name,status"],
        &["stats count() by status"],
        &["stats count(), avg(took), max(ts) by bin(1h), level", "-l", "info"],
        &["* | stats count() as n by level | sort by n desc", "-n", "1"],
        &["sort by ts desc | limit 3 | fields message, took"],
        &["nothing at all"],
        &["-fine"],
    ];
    for question in questions {
        for format in ["text", "json", "csv", "tsv", "logfmt", "table", "raw"] {
            let ask = |more: &[&str]| machine.run(&[&["query", "-e", "-q", "-o", format][..], question, more].concat());
            let (theirs, ours) = (ask(&["--server", &machine.url]), ask(&["app.log"]));
            assert_eq!(theirs.stdout, ours.stdout, "{question:?} {format}");
            assert_eq!((theirs.exit, theirs.stderr), (ours.exit, ours.stderr), "{question:?} {format}");
        }
    }
    // LOGAN_SERVER alone is enough, and files are stronger.
    assert_eq!(machine.run(&["query", "stats count()", "-o", "json"]).stdout, "{\"count\":4}\n");
    fs::write(machine.path("one.log"), "{\"message\":\"a\"}\n").unwrap();
    assert_eq!(machine.run(&["query", "stats count()", "-o", "json", "one.log"]).stdout, "{\"count\":1}\n");
}

#[test]
fn a_wrong_question_is_told_the_same_and_a_cut_answer_is_said_to_be_one() {
    let server = TestServer::start_with(Arc::new(SystemClock), |settings| settings.query.rows = 2);
    let machine = Machine::new(&server);
    machine.log_in(&server.somebody());
    fs::write(machine.path("app.log"), LINES).unwrap();
    assert_eq!(machine.run(&["push", "app.log"]).exit, 0);
    for question in ["* | stat count()", "status >", "level >= loud"] {
        let (theirs, ours) = (machine.run(&["query", question]), machine.run(&["query", question, "app.log"]));
        assert_eq!((theirs.exit, theirs.stderr), (ours.exit, ours.stderr), "{question}");
    }
    let said = machine.run(&["query", "*", "-o", "json"]);
    assert_eq!((said.exit, said.stdout.lines().count()), (3, 2), "{}", said.stderr);
    assert!(said.stderr.contains("limit of rows"), "{}", said.stderr);
}

#[test]
fn flags_about_files_are_refused_where_a_server_is_asked() {
    let server = TestServer::start();
    let machine = Machine::new(&server);
    machine.log_in(&server.somebody());
    fs::write(machine.path("app.log"), LINES).unwrap();
    for flag in ["--format=json", "-r", "--rejects=out", "--strict", "--max-rejects=5"] {
        let name = match flag {
            "-r" => "--recursive",
            flag => flag.split('=').next().unwrap(),
        };
        // LOGAN_SERVER is set, so no flag is needed.
        for who in [&["--server", &machine.url][..], &[]] {
            let said = machine.run(&[&["query", "*", flag][..], who].concat());
            let expected = format!("error: {name} says how files are read, and the server {} is asked\n", machine.url);
            assert!(said.exit == 2 && said.stderr.starts_with(&expected), "{flag}: {}", said.stderr);
        }
        assert_eq!(machine.run(&["query", "*", flag, "app.log"]).exit, 0, "{flag}");
    }
    assert!(machine.path("out").exists(), "of files, not of the server");
}

#[test]
fn keys_are_kept_private_and_given_up() {
    let server = TestServer::start();
    let machine = Machine::new(&server);
    let said = machine.run(&["query", "*"]);
    assert_eq!(said.exit, 2);
    assert!(said.stderr.contains("hint: `logan login --server"), "{}", said.stderr);
    let ada = server.somebody();
    machine.log_in(&ada);
    let path = machine.path("config/logan/credentials.toml");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let keys = || server.get(&ada.token, "/api/v1/keys").expect(200).json()["keys"].as_array().unwrap().len();
    assert_eq!(keys(), 2);
    // A second log-in replaces the keys of the first.
    let old = fs::read_to_string(&path).unwrap();
    let again = machine.log_in(&ada);
    assert!(keys() == 2 && fs::read_to_string(&path).unwrap() != old);
    let ids: Vec<&str> = old.split("lgn_").skip(1).map(|key| &key[..26]).collect();
    let replaced = format!("it replaces the keys lgn_{} and lgn_{} that were kept before\n", ids[0], ids[1]);
    assert!(again.ends_with(&replaced), "{again}");
    assert_eq!(server.get(&ada.token, "/api/v1/sessions").expect(200).json()["sessions"].as_array().unwrap().len(), 1);
    let wrong = machine.secret("wrong", "not the password\n");
    let said = machine.run(&["login", "--email", &ada.email, "--password-file", wrong.to_str().unwrap()]);
    assert_eq!(said.exit, 2);
    assert!(said.stderr.contains("wrong e-mail address or password"), "{}", said.stderr);
    let password = machine.path("password");
    let other = ["login", "--email", &ada.email, "--password-file", password.to_str().unwrap(), "--org", &ada.user];
    let said = machine.run(&other);
    assert!(said.exit == 2 && said.stderr.contains("hint: --org takes the id of an org"), "{}", said.stderr);
    let said = machine.run(&["logout", "--revoke", "--password-file", password.to_str().unwrap()]);
    assert_eq!((said.exit, keys()), (0, 0), "{}", said.stderr);
    assert!(!fs::read_to_string(&path).unwrap().contains("lgn_"));

    let key = server.key(&ada, "query");
    let file = machine.secret("key", &key);
    let said = machine.run(&["login", "--key-file", file.to_str().unwrap()]);
    assert!(said.exit == 0 && said.stderr.contains("logan query use it"), "{}", said.stderr);
    assert!(!said.stderr.contains("replaces"), "the others were forgotten: {}", said.stderr);
    let other = server.key(&ada, "query");
    let second = machine.secret("second key", &other);
    let said = machine.run(&["login", "--key-file", second.to_str().unwrap()]);
    let replaced = format!("it replaces the key {}, which the server still takes", &key[..30]);
    assert!(said.exit == 0 && said.stderr.contains(&replaced), "{}", said.stderr);
    assert!(!said.stderr.contains(&key) && !said.stderr.contains(&other), "{}", said.stderr);
    let said = machine.run(&["login", "--key-file", second.to_str().unwrap()]);
    assert!(!said.stderr.contains("replaces"), "the same again: {}", said.stderr);
    assert_eq!(machine.run(&["query", "*"]).exit, 0);
    fs::write(machine.path("app.log"), LINES).unwrap();
    let said = machine.run(&["push", "app.log"]);
    assert_eq!(said.exit, 2, "this key only asks");
    assert!(said.stderr.contains("may not send logs: its scope is another"), "{}", said.stderr);
    assert!(said.stderr.contains("gets one of scope ingest as well"), "{}", said.stderr);
    for (scope, arguments, what) in [
        ("query", ["push", "app.log"], "a key of scope query may not send logs; one of scope ingest or admin may"),
        ("ingest", ["query", "*"], "a key of scope ingest may not read logs; one of scope query or admin may"),
    ] {
        let file = machine.secret("other", &server.key(&ada, scope));
        let said = machine.run_with(&arguments, &[("LOGAN_API_KEY_FILE", file.to_str().unwrap())]);
        assert_eq!(said.exit, 2, "{}", said.stderr);
        assert!(said.stderr.contains(what) && said.stderr.contains("`logan login --server"), "{}", said.stderr);
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(machine.run(&["login", "--key-file", file.to_str().unwrap()]).exit, 2);
    let said = machine.run(&["query", "--server", "http://logs.example.org", "*"]);
    assert!(said.exit == 2 && said.stderr.contains("--insecure"), "{}", said.stderr);
}

#[test]
fn a_server_is_believed_by_its_own_certificate() {
    let folder = tempfile::tempdir().unwrap();
    // As `openssl req -x509` makes it: an authority's.
    let certificate = |name: &str| {
        let mut params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    };
    let ((own, key), (other, _)) = (certificate("localhost"), certificate("localhost"));
    let path = |name: &str| folder.path().join(name);
    fs::write(path("own.pem"), &own).unwrap();
    fs::write(path("other.pem"), &other).unwrap();
    fs::write(path("both.pem"), other + &own).unwrap();
    fs::write(path("key.pem"), key).unwrap();
    fs::set_permissions(path("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut settings = Settings { data: path("data"), listen: any, ops_listen: any, ..Settings::default() };
    settings.tls.cert = Some(path("own.pem"));
    settings.tls.key = Some(path("key.pem"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(settings, Arc::new(SystemClock))).unwrap();
    let ask = |host: &str, file: &str| {
        let url = format!("https://{host}:{}", server.address.port());
        let mut command = Command::new(logan());
        command.args(["query", "*", "--server", &url, "--ca-file"]).arg(path(file)).stdin(Stdio::null()).env_clear();
        let output = command.env("LOGAN_API_KEY", "lgn_none").output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    // The server is asked, and does not know the key.
    for file in ["own.pem", "both.pem"] {
        let said = ask("localhost", file);
        assert!(said.contains("the API key is not known"), "{file}: {said}");
    }
    let said = ask("127.0.0.1", "own.pem");
    assert!(said.contains("not valid for name") && said.contains("hint: ask for the server by a name"), "{said}");
    let said = ask("localhost", "other.pem");
    assert!(said.contains("CaUsedAsEndEntity") && said.contains("when the same one stands in the file"), "{said}");
    let said = ask("localhost", "key.pem");
    assert!(said.contains("there is no certificate in it"), "{said}");
    runtime.block_on(server.stop()).unwrap();
}

/// What becomes of a request that passes the gate.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// It reaches the server, and the answer its sender.
    Pass,
    /// The connection breaks before the server has it.
    CutBefore,
    /// The server has it and answers, but the answer is lost.
    CutAfter,
    /// It is answered 503 instead.
    Busy,
}

/// Stands between a client and a server, and breaks what it is told to, one fate a request; then all pass.
struct Gate {
    address: SocketAddr,
    fates: Arc<Mutex<Vec<Fate>>>,
}

impl Gate {
    fn before(server: SocketAddr, fates: &[Fate]) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gate = Gate { address: listener.local_addr().unwrap(), fates: Arc::new(Mutex::new(fates.to_vec())) };
        let fates = gate.fates.clone();
        // Ends with the process of the tests.
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Some(request) = client.as_ref().ok().and_then(message) else { continue };
                let mut client = client.unwrap();
                let fate = {
                    let mut fates = fates.lock().unwrap();
                    if fates.is_empty() { Fate::Pass } else { fates.remove(0) }
                };
                let busy = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 3\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                match fate {
                    Fate::CutBefore => continue,
                    Fate::Busy => _ = client.write_all(busy),
                    Fate::Pass | Fate::CutAfter => {
                        let mut upstream = TcpStream::connect(server).unwrap();
                        upstream.write_all(&request).unwrap();
                        let answer = message(&upstream).unwrap();
                        if fate == Fate::Pass {
                            let end = answer.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
                            let closing = [&answer[..end], b"connection: close\r\n", &answer[end..]].concat();
                            client.write_all(&closing).unwrap();
                        }
                    }
                }
            }
        });
        gate
    }
}

/// Reads one request or answer whole.
fn message(mut stream: &TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 64 * 1024];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .map_or(0, |n| n.trim().parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(bytes);
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
    }
}

/// Pushes with small batches and without waiting.
fn push(
    to: SocketAddr,
    key: &str,
    journal: &Path,
    file: &Path,
    patience: u64,
) -> Result<PushSummary, Box<(PushSummary, ClientError)>> {
    let address = Address::new(&format!("http://{to}")).unwrap();
    let connection =
        Connection::new(address, &Transport::default()).unwrap().with_key(SecretString::from(key.to_owned()));
    let options = PushOptions {
        zone: Zone::default(),
        now: Timestamp::from_seconds(1_795_341_600, 0).unwrap(),
        formats: None,
        takes_last_line: false,
        packs: true,
        batch_bytes: 2000,
        batch_lines: 10,
        max_line: 1000,
        run: String::new(),
    };
    let patience = Patience { limit: Duration::from_secs(patience), pause: &|_| true, told: &|_, _| {} };
    let mut journal = Journal::open(journal).unwrap();
    Push {
        connection: &connection,
        options: &options,
        journal: &mut journal,
        patience: &patience,
        observer: &NoObserver,
        cancel: &AtomicBool::new(false),
    }
    .run(&[InputPath::File(file.to_owned())])
}

fn lines(range: std::ops::Range<u32>) -> String {
    range
        .map(|n| format!("2026-09-07 10:{:02}:{:02} INFO number {n} of many, and one more word\n", n / 60 % 60, n % 60))
        .collect()
}

/// The numbers that are stored, in the order of their arrival.
fn stored(server: &TestServer, key: &str) -> Vec<u32> {
    let body = serde_json::json!({"query": "* | sort by line | fields message", "format": "ndjson"});
    let answer = server.post(key, "/api/v1/query", &body).expect(200);
    let number = |line: &str| line.split("number ").nth(1)?.split(' ').next()?.parse().ok();
    String::from_utf8(answer.body)
        .unwrap()
        .lines()
        .map(|line| number(line).unwrap_or_else(|| panic!("{line}")))
        .collect()
}

#[test]
fn whatever_breaks_nothing_is_lost_and_nothing_is_there_twice() {
    use Fate::{Busy, CutAfter, CutBefore, Pass};
    let server = TestServer::start();
    let ada = server.somebody();
    let (send, ask) = (server.key(&ada, "ingest"), server.key(&ada, "query"));
    let folder = tempfile::tempdir().unwrap();
    let (log, journal) = (folder.path().join("app.log"), folder.path().join("journal"));
    fs::write(&log, lines(0..95)).unwrap();
    let gate = Gate::before(server.address, &[CutAfter, CutBefore, Pass, Busy, CutAfter, CutAfter, Pass, CutBefore]);
    let summary = push(gate.address, &send, &journal, &log, 1000).map_err(|failed| failed.1).unwrap();
    assert!(gate.fates.lock().unwrap().is_empty(), "all of it happened");
    assert_eq!((summary.account.lines, summary.account.entries), (95, 95));
    assert_eq!(stored(&server, &ask), (0..95).collect::<Vec<_>>());
    // The same again is nothing new, grown and renamed only what is new.
    let again = push(server.address, &send, &journal, &log, 0).map_err(|failed| failed.1).unwrap();
    assert!(matches!(again.files[0].outcome, Outcome::AlreadyImported { .. }), "{again:?}");
    let renamed = folder.path().join("app.log.1");
    fs::write(&renamed, lines(0..120) + "2026-09-07 11:00:00 INFO number 120").unwrap();
    let more = push(server.address, &send, &journal, &renamed, 0).map_err(|failed| failed.1).unwrap();
    assert_eq!((more.account.lines, more.files[0].unfinished > 0), (25, true));
    let packed = folder.path().join("app.log.2.gz");
    let mut gzip = flate2::write::GzEncoder::new(fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    gzip.write_all(lines(0..130).as_bytes()).unwrap();
    gzip.finish().unwrap();
    let more = push(server.address, &send, &journal, &packed, 0).map_err(|failed| failed.1).unwrap();
    assert_eq!(more.account.lines, 10);
    assert_eq!(stored(&server, &ask), (0..130).collect::<Vec<_>>());
}

#[test]
fn a_push_that_ended_in_the_middle_sends_the_same_batch_again_though_the_file_grew() {
    use Fate::{CutAfter, CutBefore, Pass};
    for fates in [[Pass, Pass, CutAfter], [Pass, Pass, CutBefore], [CutAfter, Pass, Pass], [CutBefore, Pass, Pass]] {
        let server = TestServer::start();
        let ada = server.somebody();
        let (send, ask) = (server.key(&ada, "ingest"), server.key(&ada, "query"));
        let folder = tempfile::tempdir().unwrap();
        let (log, journal) = (folder.path().join("app.log"), folder.path().join("journal"));
        fs::write(&log, lines(0..25)).unwrap();
        let gate = Gate::before(server.address, &fates);
        let (_, error) = *push(gate.address, &send, &journal, &log, 0).expect_err("without patience a cut is the end");
        assert!(error.is_passing(), "{error:?}");
        fs::write(&log, lines(0..33)).unwrap();
        let summary = push(server.address, &send, &journal, &log, 0).map_err(|failed| failed.1).unwrap();
        assert_eq!(summary.unsure, 0);
        assert_eq!(stored(&server, &ask), (0..33).collect::<Vec<_>>(), "{fates:?}");
    }
}

#[test]
fn lines_that_nobody_takes_are_counted_and_do_not_stop_the_others() {
    let server = TestServer::start();
    let machine = Machine::new(&server);
    machine.log_in(&server.somebody());
    let long = "x".repeat((1 << 20) + 10);
    let text = format!("level=info msg=a n=1\n{long}\nwhat is this\nlevel=info msg=b n=2\n");
    fs::write(machine.path("app.log"), text).unwrap();
    let said = machine.run(&["push", "--format", "logfmt", "--rejects", "rejects.json", "--strict", "app.log"]);
    assert_eq!(said.exit, 3, "{}", said.stderr);
    let rejects = fs::read_to_string(machine.path("rejects.json")).unwrap();
    let rejects: Vec<serde_json::Value> = rejects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let places: Vec<_> =
        rejects.iter().map(|reject| (reject["line"].as_u64().unwrap(), reject["offset"].as_u64().unwrap())).collect();
    assert_eq!(places, [(2, 21), (3, 21 + long.len() as u64 + 1)]);
    assert_eq!(rejects[1]["raw"], "what is this");
    assert_eq!(
        machine.run(&["query", "stats count() by source", "-o", "json"]).stdout,
        "{\"source\":\"push:app.log\",\"count\":2}\n"
    );
    let said = machine.run(&["push", "missing.log"]);
    assert!(said.exit == 2 && said.stderr.contains("missing.log"), "{}", said.stderr);
}
