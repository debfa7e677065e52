//! How much `logan serve` takes in: a loader over plain sockets, which shares the machine with the server.
//!
//! `cargo bench --bench load -- [--seconds 10] [--strict] [batches] [lines] [asked]`: starts the release binary (or
//! `LOGAN_BIN`) on an empty folder for each, in `LOGAN_LOAD_FOLDER` or the system's temporary folder, and prints what was
//! acknowledged, that is on disk. Ends with 1 on any error and, with `--strict`, when a target is missed.

#![allow(clippy::print_stdout, reason = "it prints its figures")]

#[path = "../wire/mod.rs"]
mod wire;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use wire::{Connection, Server, request};

/// What is sent.
struct Load {
    name: &'static str,
    about: &'static str,
    connections: usize,
    entries: usize,
    is_asked: bool,
    targets: Targets,
}

/// What must be reached: 2 cores, issue 3.
struct Targets {
    entries_per_second: f64,
    p99: Option<Duration>,
    cpu_micros: Option<f64>,
    rss_mib: f64,
}

const BATCH_TARGETS: Targets =
    Targets { entries_per_second: 300_000.0, p99: None, cpu_micros: Some(4.0), rss_mib: 256.0 };

const LOADS: [Load; 3] = [
    Load {
        name: "batches",
        about: "NDJSON, 1,000 entries a request, 4 connections",
        connections: 4,
        entries: 1000,
        is_asked: false,
        targets: BATCH_TARGETS,
    },
    Load {
        name: "lines",
        about: "one entry a request, 64 connections",
        connections: 64,
        entries: 1,
        is_asked: false,
        targets: Targets {
            entries_per_second: 5_000.0,
            p99: Some(Duration::from_millis(60)),
            cpu_micros: None,
            rss_mib: 256.0,
        },
    },
    Load {
        name: "asked",
        about: "NDJSON, 1,000 entries a request, 4 connections, questions meanwhile",
        connections: 4,
        entries: 1000,
        is_asked: true,
        targets: Targets { entries_per_second: 0.0, p99: None, cpu_micros: None, rss_mib: 256.0 },
    },
];

/// The rates are those of a client that may: what is measured is the server's work.
const SETTINGS: [(&str, &str); 9] = [
    ("LOGAN_RATES__KEY__PER_SECOND", "1000000"),
    ("LOGAN_RATES__KEY__BURST", "1000000"),
    ("LOGAN_RATES__ADDRESS__PER_SECOND", "1000000"),
    ("LOGAN_RATES__ADDRESS__BURST", "1000000"),
    ("LOGAN_RATES__ORG__PER_SECOND", "1000000"),
    ("LOGAN_RATES__ORG__BURST", "1000000"),
    ("LOGAN_RATES__INGEST", "1024MiB"),
    ("LOGAN_RATES__INGEST_BURST", "2048MiB"),
    ("LOGAN_AUTH__ACCESS", "60m"),
];

/// Questions that are asked in turn.
const QUESTIONS: [&str; 3] = [
    "/api/v1/query?since=1h&query=level%20%3E%3D%20error%20%7C%20stats%20count()%20by%20status",
    "/api/v1/logs?limit=50&q=status%20%3D%20503",
    "/api/v1/query?query=*%20%7C%20stats%20count()",
];

/// An access log's entry as an agent sends it, about 230 bytes.
fn entry(number: u64, text: &mut String) {
    let mix = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let status = [200, 200, 200, 200, 304, 404, 500, 503][(mix >> 61) as usize];
    let level = if status >= 500 { "error" } else { "info" };
    *text += &format!(
        "{{\"ts\":\"2026-11-23T{:02}:{:02}:{:02}.{:03}Z\",\"level\":\"{level}\",\"message\":\"GET /item/{}\",\"service\":\"shop-{}\",\
         \"client\":\"10.0.{}.{}\",\"status\":{status},\"bytes\":{},\"ms\":{}.{},\"trace\":\"{mix:016x}\",\"agent\":\"Mozilla/5.0 ({})\"}}\n",
        number / 3_600_000 % 24,
        number / 60_000 % 60,
        number / 1000 % 60,
        number % 1000,
        mix >> 20 & 0xfff,
        mix >> 8 & 7,
        mix >> 32 & 255,
        mix >> 40 & 255,
        mix >> 16 & 0xffff,
        mix >> 12 & 0x3ff,
        mix & 7,
        mix >> 4 & 15,
    );
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    took: Vec<Duration>,
    errors: Vec<String>,
}

fn ask_until(over: &AtomicBool, server: &Server, requests: &[Vec<u8>]) -> Seen {
    let mut seen = Seen::default();
    let mut connection = Connection::open(server.address).expect("the server takes connections");
    for request in requests.iter().cycle() {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let began = Instant::now();
        match connection.ask(request) {
            Ok((200, _)) => seen.took.push(began.elapsed()),
            Ok((status, body)) => seen.errors.push(format!("{status} {}", String::from_utf8_lossy(&body))),
            Err(error) => {
                seen.errors.push(error.to_string());
                connection = Connection::open(server.address).expect("the server takes connections");
            }
        }
    }
    seen
}

/// Seconds of processor the process has had: hundredths in fields 14 and 15 of its `stat`.
fn cpu_seconds(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("the server runs");
    let after_name = stat.rsplit(") ").next().expect("a stat has a name");
    let ticks: u64 = after_name.split(' ').skip(11).take(2).map(|text| text.parse::<u64>().expect("a number")).sum();
    ticks as f64 / 100.0
}

/// The most memory the process had, in MiB.
fn peak_mib(id: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("the server runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a status has it");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

fn at(sorted: &[Duration], share: f64) -> Duration {
    sorted
        .get(((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

/// Runs one load; returns false when something is wrong.
fn run(load: &Load, binary: &Path, folder: &Path, seconds: u64, is_strict: bool) -> bool {
    std::fs::create_dir_all(folder).expect("a folder for the server's data");
    let server = Server::start(binary, folder, &SETTINGS);
    let (_, token, key) = server.sign_up("ingest");
    let batches = if load.entries > 1 { 16 } else { 500 };
    let requests: Vec<Vec<Vec<u8>>> = (0..load.connections)
        .map(|connection| {
            let batch = |batch| {
                let mut body = String::new();
                let first = (connection * batches + batch) * load.entries;
                (first..first + load.entries).for_each(|number| entry(number as u64, &mut body));
                request("POST", "/api/v1/logs", &key, &[("Content-Type", "application/x-ndjson")], body.as_bytes())
            };
            (0..batches).map(batch).collect()
        })
        .collect();
    let questions: Vec<Vec<u8>> = QUESTIONS.iter().map(|path| request("GET", path, &token, &[], b"")).collect();
    let over = AtomicBool::new(false);
    let (cpu, began) = (cpu_seconds(server.id()), Instant::now());
    let (seen, asked) = std::thread::scope(|scope| {
        let clients: Vec<_> =
            requests.iter().map(|requests| scope.spawn(|| ask_until(&over, &server, requests))).collect();
        let asking = load.is_asked.then(|| scope.spawn(|| ask_until(&over, &server, &questions)));
        std::thread::sleep(Duration::from_secs(seconds));
        over.store(true, Ordering::Relaxed);
        let seen: Vec<Seen> = clients.into_iter().map(|client| client.join().expect("a client")).collect();
        (seen, asking.map(|client| client.join().expect("the client that asks")))
    });
    let (took, cpu) = (began.elapsed(), cpu_seconds(server.id()) - cpu);
    let mut times: Vec<Duration> = seen.iter().flat_map(|seen| seen.took.iter().copied()).collect();
    times.sort_unstable();
    let entries = (times.len() * load.entries) as f64;
    let mut errors: Vec<&String> = seen.iter().flat_map(|seen| &seen.errors).collect();
    let (rate, cpu, rss) = (entries / took.as_secs_f64(), cpu * 1e6 / entries, peak_mib(server.id()));
    let (p50, p99) = (at(&times, 0.5), at(&times, 0.99));
    println!("{}: {}", load.name, load.about);
    println!(
        "  {rate:.0} entries/s durable, {:.0} requests/s, p50 {p50:.1?}, p99 {p99:.1?}",
        times.len() as f64 / took.as_secs_f64()
    );
    println!("  server: {cpu:.2} µs of CPU an entry, at most {rss:.0} MiB");
    if let Some(asked) = &asked {
        let mut times = asked.took.clone();
        times.sort_unstable();
        println!("  {} questions answered, p50 {:.1?}, p99 {:.1?}", times.len(), at(&times, 0.5), at(&times, 0.99));
        errors.extend(&asked.errors);
        if times.is_empty() {
            println!("  MISSED: no question was answered");
        }
    }
    println!(
        "  errors: {}{}",
        errors.len(),
        errors.first().map(|error| format!(", such as {error}")).unwrap_or_default()
    );
    let targets = &load.targets;
    let missed = [
        (rate < targets.entries_per_second, format!("{:.0} entries/s", targets.entries_per_second)),
        (targets.p99.is_some_and(|most| p99 > most), format!("p99 {:?}", targets.p99.unwrap_or_default())),
        (targets.cpu_micros.is_some_and(|most| cpu > most), format!("{:.1} µs", targets.cpu_micros.unwrap_or(0.0))),
        (rss > targets.rss_mib, format!("{:.0} MiB", targets.rss_mib)),
    ];
    let missed: Vec<&str> = missed.iter().filter(|(is_missed, _)| *is_missed).map(|(_, what)| what.as_str()).collect();
    if !missed.is_empty() {
        println!("  MISSED: {}", missed.join(", "));
    }
    let is_answered = asked.as_ref().is_none_or(|asked| !asked.took.is_empty());
    errors.is_empty() && entries > 0.0 && is_answered && (missed.is_empty() || !is_strict)
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut seconds, mut is_strict, mut wanted) = (10, false, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // By `cargo bench`.
            "--bench" => {}
            "--strict" => is_strict = true,
            "--seconds" => {
                seconds = arguments.next().and_then(|text| text.parse().ok()).expect("--seconds has a number");
            }
            name => wanted.push(LOADS.iter().find(|load| load.name == name).expect("batches, lines or asked")),
        }
    }
    if wanted.is_empty() {
        wanted = LOADS.iter().collect();
    }
    let binary = std::env::var_os("LOGAN_BIN").map_or_else(|| PathBuf::from(default_binary()), PathBuf::from);
    let binary = std::fs::canonicalize(&binary).unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
    let folder = std::env::var_os("LOGAN_LOAD_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("logan-load-{}", std::process::id()));
    let mut is_good = true;
    for load in wanted {
        is_good &= run(load, &binary, &folder.join(load.name), seconds, is_strict);
    }
    if is_good {
        std::fs::remove_dir_all(&folder).expect("the folder can be removed");
    } else {
        println!("the servers' logs are kept in {}", folder.display());
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn default_binary() -> &'static str {
    option_env!("CARGO_BIN_EXE_logan").unwrap_or("target/release/logan")
}
