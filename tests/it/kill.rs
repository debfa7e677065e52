//! An import killed at random moments and run again ends in the store of an undisturbed import.
//!
//! Needs the release binary and time: started by `.ci/run` (`LOGAN_BIN`, `LOGAN_KILLS`). With `cargo test` a
//! handful of kills run on the test build.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The binary under test.
fn logan() -> PathBuf {
    std::env::var_os("LOGAN_BIN").map_or_else(|| env!("CARGO_BIN_EXE_logan").into(), PathBuf::from)
}

/// A small generator with a fixed seed (xorshift64*, Vigna 2016), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % limit
    }
}

/// Writes an access log with some rejects and equal lines in it.
fn write_log(path: &Path, lines: u64, random: &mut Random) {
    let mut text = String::new();
    for line in 0..lines {
        match random.below(500) {
            0 => text += "this line is not of the format\n",
            1 => text += "\n",
            _ => {
                let (a, b) = (random.below(200), random.below(250));
                let second = line / 40;
                text += &format!(
                    "10.0.{a}.{b} - - [07/Sep/2026:{:02}:{:02}:{:02} +0000] \"GET /item/{}?s={:x} HTTP/1.1\" {} {} \"-\" \"agent/{}.{}\"\n",
                    second / 3600 % 24,
                    second / 60 % 60,
                    second % 60,
                    random.below(5000),
                    random.below(1 << 40),
                    [200, 200, 200, 304, 404, 500][random.below(6) as usize],
                    random.below(100_000),
                    random.below(30),
                    random.below(100),
                );
            }
        }
    }
    std::fs::write(path, text).expect("the log can be written");
}

fn import(log: &[PathBuf], store: &Path) -> Command {
    let mut command = Command::new(logan());
    command.arg("import").args(log).arg("--db").arg(store).env_remove("LOGAN_DB");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Returns everything a store holds, as text that differs when anything differs.
fn contents(store: &Path) -> String {
    let entries = Command::new(logan())
        .args(["query", "*", "-o", "json", "--fields", "ts,status", "--with", "source,line,offset,format,raw", "--db"])
        .arg(store)
        .output()
        .expect("logan runs");
    assert!(entries.status.success(), "{}", String::from_utf8_lossy(&entries.stderr));
    let rejects =
        Command::new(logan()).args(["db", "rejects", "-o", "json", "--db"]).arg(store).output().expect("logan runs");
    assert!(rejects.status.success(), "{}", String::from_utf8_lossy(&rejects.stderr));
    String::from_utf8(entries.stdout).expect("JSON is UTF-8") + &String::from_utf8_lossy(&rejects.stdout)
}

fn kill_and_compare(kills: u64, lines: u64, seed: u64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut random = Random(seed);
    let logs: Vec<PathBuf> = ["a.log", "b.log", "c.log", "d.log"].iter().map(|name| folder.path().join(name)).collect();
    for log in &logs {
        write_log(log, lines, &mut random);
    }
    let calm = folder.path().join("calm.db");
    let begin = Instant::now();
    let run = import(&logs, &calm).output().expect("logan runs");
    let whole = begin.elapsed();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let expected = contents(&calm);
    assert!(expected.matches("\"raw\":").count() as u64 > lines, "the calm import holds the entries");

    let (mut killed, mut in_between, mut worst) = (0, 0, Duration::ZERO);
    let store = folder.path().join("killed.db");
    for number in 0..kills {
        for name in ["killed.db", "killed.db-journal", "killed.db-wal", "killed.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(name));
        }
        let moment = Duration::from_nanos(random.below(whole.as_nanos() as u64 + 1));
        let mut child = import(&logs, &store).spawn().expect("logan runs");
        let begin = Instant::now();
        while begin.elapsed() < moment && child.try_wait().expect("the child can be asked").is_none() {
            std::hint::spin_loop();
        }
        // SIGKILL, by the process id we started.
        if child.kill().is_ok() {
            killed += 1;
        }
        child.wait().expect("the child ends");
        in_between += u64::from(store.exists() && std::fs::metadata(&store).is_ok_and(|data| data.len() > 100_000));
        let begin = Instant::now();
        let again = import(&logs, &store).output().expect("logan runs");
        worst = worst.max(begin.elapsed());
        assert!(
            again.status.success(),
            "kill {number} after {moment:?} (seed {seed}): the import after it failed: {}",
            String::from_utf8_lossy(&again.stderr)
        );
        assert!(
            contents(&store) == expected,
            "kill {number} after {moment:?} (seed {seed}): the store differs from that of an undisturbed import"
        );
    }
    assert!(kills < 100 || in_between > 0, "no kill fell between two commits: the log is too small to tell anything");
    #[allow(clippy::print_stdout, reason = "the figures of the run, for .ci/run's log")]
    let () = println!(
        "T2 kill: {kills} moments within {whole:?}, {killed} killed, {in_between} with part of the data stored, \
         0 lost, 0 twice, slowest import after a kill {worst:?}, seed {seed}"
    );
}

#[test]
fn a_killed_import_that_runs_again_loses_and_doubles_nothing() {
    kill_and_compare(6, 3_000, 0x10_6a5);
}

#[test]
#[ignore = "200 kills of the release binary: started by .ci/run"]
fn kill_at_many_moments() {
    let kills = std::env::var("LOGAN_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    // Enough for several commits: an import commits every second or every sixteen blocks.
    // Two at a time: half of the time goes into comparing, which is the work of one core.
    std::thread::scope(|scope| {
        scope.spawn(|| kill_and_compare(kills / 2, 400_000, 0x5eed));
        scope.spawn(|| kill_and_compare(kills - kills / 2, 400_000, 0x5eee));
    });
}
