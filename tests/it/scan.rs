//! Scanning: the same entries however the input is cut and however many threads there are.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use logan::entry::{EntryBatch, LogEntry, Projection, Reject};
use logan::ingest::{FileReport, NoObserver, Observer, Outcome, ScanOptions, Summary, scan};
use logan::input::InputPath;
use logan::parse::{Settings, Zone};
use logan::query::{BatchSink, Columns, ScanError};
use proptest::prelude::*;

pub fn settings() -> Settings {
    Settings { projection: Projection::all(), zone: Zone::default(), reference: None }
}

/// Keeps the entries of all batches.
#[derive(Default)]
struct Keep {
    batches: Mutex<Vec<(u64, Vec<LogEntry>)>>,
    limit: Option<u64>,
}

impl BatchSink for Keep {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let batch: &EntryBatch = batch.as_batch().expect("a parsed batch");
        self.batches.lock().unwrap().push((sequence, batch.entries().map(|entry| entry.to_entry()).collect()));
        Ok(if self.limit.is_some_and(|limit| sequence >= limit) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}

impl Keep {
    fn entries(self) -> Vec<LogEntry> {
        let mut batches = self.batches.into_inner().unwrap();
        batches.sort_by_key(|(sequence, _)| *sequence);
        for (index, (sequence, _)) in batches.iter().enumerate() {
            assert_eq!(index as u64, *sequence, "a hole in the sequence");
        }
        batches.into_iter().flat_map(|(_, entries)| entries).collect()
    }
}

#[derive(Default)]
struct Watch {
    rejects: Mutex<Vec<(String, Reject)>>,
    finished: Mutex<Vec<String>>,
    progress: Mutex<Vec<(u64, Option<u64>)>>,
}

impl Observer for Watch {
    fn progress(&self, done: u64, total: Option<u64>) {
        self.progress.lock().unwrap().push((done, total));
    }
    fn reject(&self, source: &str, reject: &Reject) {
        self.rejects.lock().unwrap().push((source.to_owned(), reject.clone()));
    }
    fn finished(&self, report: &FileReport) {
        self.finished.lock().unwrap().push(report.name.clone());
    }
}

fn run(paths: &[&Path], options: &ScanOptions) -> (Vec<LogEntry>, Vec<(String, Reject)>, Summary) {
    let inputs: Vec<InputPath> = paths.iter().map(|path| InputPath::File(path.into())).collect();
    let (keep, watch) = (Keep::default(), Watch::default());
    let summary = scan(&inputs, options, &keep, &watch, &AtomicBool::new(false)).unwrap();
    assert!(summary.account.adds_up(), "{:?}", summary.account);
    assert_eq!(*watch.finished.lock().unwrap(), summary.files.iter().map(|file| file.name.clone()).collect::<Vec<_>>());
    let progress = watch.progress.into_inner().unwrap();
    if let Some((done, total)) = progress.last() {
        assert_eq!(Some(*done), *total, "all is done at the end");
    }
    (keep.entries(), watch.rejects.into_inner().unwrap(), summary)
}

/// Lines of an access log among others.
const LINES: &[&str] = &[
    "10.0.0.1 - - [07/Sep/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \"agent\"\n",
    "10.0.0.2 - - [07/Sep/2026:10:00:01 +0000] \"GET /b HTTP/1.1\" 500 7 \"-\" \"agent\"\r\n",
    "no format reads this\n",
    "\n",
    "2026-09-07 10:00:02 ERROR it broke\n",
    "    at Some.where(File.java:7)\n",
    "Caused by: this\n",
    "{\"time\":\"2026-09-07T10:00:03Z\",\"level\":\"warn\",\"msg\":\"hm\",\"n\":5}\n",
    "# a comment\n",
    "<13>Sep  7 10:00:04 host app[7]: hello\n",
    "ts=2026-09-07T10:00:05Z level=info msg=\"yes\"\n",
];

/// Lines of a container, of which some are pieces.
const CONTAINER_LINES: &[&str] = &[
    "2026-09-07T10:00:06.1Z stdout F {\"level\":\"warn\",\"msg\":\"whole\"}\n",
    "2026-09-07T10:00:06.2Z stdout P {\"level\":\"info\",\"msg\":\"be\n",
    "2026-09-07T10:00:06.3Z stdout P tw\r\n",
    "2026-09-07T10:00:06.4Z stdout F een\"}\n",
    "2026-09-07T10:00:06.5Z stderr P panic: \n",
    "2026-09-07T10:00:06.6Z stderr F no\n",
    "2026-09-07T10:00:06.7Z stderr F \tat main.go:7\n",
];

/// Lines without a year, of several formats.
fn yearless() -> impl Strategy<Value = Vec<u8>> {
    let form = proptest::sample::select(vec!["syslog", "glog", "ctime"]);
    (1_u32..13, 1_u32..29, form).prop_map(|(month, day, form)| {
        let name = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let name = name[month as usize - 1];
        match form {
            "syslog" => format!("{name} {day:>2} 10:00:00 host app[7]: hello\n").into_bytes(),
            "glog" => format!("E{month:02}{day:02} 10:00:00.123456 12 a.go:1] hello\n").into_bytes(),
            _ => format!("[Sun {name} {day:02} 10:00:00] [error] hello\n").into_bytes(),
        }
    })
}

#[test]
fn a_file_of_more_than_a_year_ends_when_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut text = String::new();
    for month in ["Oct", "Nov", "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"] {
        (0..200).for_each(|line| text += &format!("{month} 10 10:00:{:02} host app[7]: line {line}\n", line % 60));
    }
    fs::write(&path, &text).unwrap();
    let written = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_795_392_000);
    fs::File::options().append(true).open(&path).unwrap().set_modified(written).unwrap();
    for threads in [1, 3] {
        let options = ScanOptions { chunk_bytes: 1000, ..ScanOptions::new(settings(), threads) };
        let (entries, _, _) = run(&[&path], &options);
        let day = |entry: &LogEntry| entry.ts.unwrap().to_rfc3339(0)[..7].to_owned();
        let mut months: Vec<String> = entries.iter().map(day).collect();
        months.dedup();
        assert_eq!((months.len(), months[0].as_str(), months[13].as_str()), (14, "2025-10", "2026-11"));
        assert!(months.is_sorted());
    }
}

#[test]
fn entries_come_with_source_line_and_offset() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a.log"), folder.path().join("b.log"));
    fs::write(&first, "\u{feff}".to_owned() + LINES[0] + LINES[2] + LINES[1]).unwrap();
    fs::write(&second, LINES[4].to_owned() + LINES[5] + "no more").unwrap();
    for threads in [1, 3] {
        let (entries, rejects, summary) = run(&[&first, &second], &ScanOptions::new(settings(), threads));
        let found: Vec<_> = entries
            .iter()
            .map(|entry| {
                let position = entry.position.unwrap();
                let source = entry.source.as_deref().map(Path::new).unwrap().file_name().unwrap().to_str().unwrap();
                (source, position.line, position.offset, entry.format.as_deref().unwrap())
            })
            .collect();
        let third = (3 + LINES[0].len() + LINES[2].len()) as u64;
        assert_eq!(found, [("a.log", 1, 3, "combined"), ("a.log", 3, third, "combined"), ("b.log", 1, 0, "plain")]);
        assert_eq!(rejects.len(), 1);
        let (name, reject) = &rejects[0];
        assert_eq!(Path::new(name), first);
        assert_eq!(
            (reject.line, reject.offset, &*reject.raw),
            (2, 3 + LINES[0].len() as u64, &b"no format reads this"[..])
        );
        assert_eq!(summary.files.len(), 2);
        assert_eq!((summary.account.lines, summary.account.entries, summary.account.continuation), (6, 3, 2));
        assert_eq!(summary.account.bytes, fs::metadata(&first).unwrap().len() + fs::metadata(&second).unwrap().len());
        let least = entries.iter().map(|entry| entry.ts.unwrap().nanos()).min().unwrap();
        assert_eq!(summary.time_range.unwrap().0, least);
        assert_eq!(summary.formats, [("combined".into(), 2), ("plain".into(), 1)]);
    }
}

#[test]
fn one_unreadable_file_among_many_is_named_and_the_rest_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths: Vec<PathBuf> = (0..30).map(|number| folder.path().join(format!("{number:02}.log"))).collect();
    for path in &paths {
        fs::write(path, LINES[0]).unwrap();
    }
    fs::remove_file(&paths[7]).unwrap();
    fs::write(&paths[9], "").unwrap();
    paths[12] = folder.path().to_owned();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(LINES[0].repeat(10_000).as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    fs::write(&paths[20], &gz[..gz.len() - 20]).unwrap();
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let (entries, _, summary) = run(&paths, &ScanOptions::new(settings(), 4));
    let failed: Vec<String> = summary
        .failed()
        .map(|(file, error)| {
            assert!(error.to_string().starts_with(&file.name));
            error.to_string().replace(&file.name, "FILE")
        })
        .collect();
    assert_eq!(failed.len(), 3, "{failed:?}");
    assert_eq!(failed[..2], ["FILE: No such file or directory (os error 2)", "FILE: is a folder"]);
    assert!(failed[2].contains("ends early"), "{failed:?}");
    let read = summary.files.iter().filter(|file| file.outcome == Outcome::Read).count();
    assert_eq!(read, 28);
    assert!(entries.len() > 26 + 1000, "the good part of the damaged file is kept: {}", entries.len());
    assert_eq!(entries.len() as u64, summary.account.entries);
}

#[test]
fn a_sink_that_has_enough_ends_the_scan_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, LINES[0].repeat(50_000)).unwrap();
    let inputs = [InputPath::File(path)];
    let keep = Keep { limit: Some(3), ..Keep::default() };
    let options = ScanOptions { chunk_bytes: 10_000, ..ScanOptions::new(settings(), 3) };
    let summary = scan(&inputs, &options, &keep, &NoObserver, &AtomicBool::new(false)).unwrap();
    assert!(!summary.cancelled);
    assert!(keep.batches.into_inner().unwrap().len() < 20);
    assert!(summary.account.entries > 0 && summary.account.entries < 50_000);
}

#[test]
fn a_cancelled_scan_ends_with_whole_pieces() {
    struct Cancel<'a>(&'a AtomicBool);
    impl BatchSink for Cancel<'_> {
        fn batch(&self, _sequence: u64, _batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
            self.0.store(true, Ordering::Relaxed);
            Ok(ControlFlow::Continue(()))
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, LINES[0].repeat(50_000)).unwrap();
    let cancel = AtomicBool::new(false);
    let options = ScanOptions { chunk_bytes: 10_000, ..ScanOptions::new(settings(), 2) };
    let summary = scan(&[InputPath::File(path)], &options, &Cancel(&cancel), &NoObserver, &cancel).unwrap();
    assert!(summary.cancelled && summary.account.adds_up() && summary.account.entries < 50_000);
}

#[test]
fn a_failing_sink_ends_the_scan_with_its_error() {
    struct Fail;
    impl BatchSink for Fail {
        fn batch(&self, sequence: u64, _batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
            if sequence == 5 { Err(ScanError::Memory("enough".into())) } else { Ok(ControlFlow::Continue(())) }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, LINES[0].repeat(50_000)).unwrap();
    let options = ScanOptions { chunk_bytes: 10_000, ..ScanOptions::new(settings(), 3) };
    let result = scan(&[InputPath::File(path)], &options, &Fail, &NoObserver, &AtomicBool::new(false));
    assert_eq!(result.unwrap_err().to_string(), "enough");
}

#[test]
fn entries_and_garbage_larger_than_a_piece_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    // An entry of 900 kB, one that outgrows what an entry may hold, more garbage than is searched for
    // an entry at once, and more lines than a piece may have.
    let trace = format!("    at {}\n", "Some.where(File.java:7) ".repeat(20));
    let mut text = LINES[4].to_owned() + &trace.repeat(900_000 / trace.len());
    text += &(LINES[4].to_owned() + &trace.repeat(5_000_000 / trace.len()));
    text += &"x\n".repeat(150_000);
    text += LINES[4];
    fs::write(&path, &text).unwrap();
    let whole = run(&[&path], &ScanOptions { chunk_bytes: 64 << 20, ..ScanOptions::new(settings(), 1) });
    assert_eq!(whole.0.len(), 3);
    for chunk_bytes in [1 << 20, 100_000] {
        let parts = run(&[&path], &ScanOptions { chunk_bytes, ..ScanOptions::new(settings(), 3) });
        assert!(parts.0 == whole.0, "{chunk_bytes}");
        assert_eq!(parts.2.account, whole.2.account);
        let places = |rejects: &[(String, Reject)]| {
            rejects.iter().map(|(_, reject)| (reject.line, reject.offset)).collect::<Vec<_>>()
        };
        assert!(places(&parts.1) == places(&whole.1), "{chunk_bytes}");
    }
}

#[test]
fn a_line_in_more_pieces_than_an_entry_holds_is_the_same_wherever_chunks_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pod.log");
    for (length, count) in [(16_000, 400), (60, 70_000)] {
        let piece = |number: u32| format!("2026-09-07T10:00:06.{number:06}Z stdout P {}\n", "x".repeat(length));
        let pieces: String = (0..count).map(piece).collect();
        let whole = "2026-09-07T10:00:05Z stderr F first\n".to_owned()
            + &pieces
            + "2026-09-07T10:00:07Z stdout F end\n2026-09-07T10:00:08Z stderr F last\n";
        fs::write(&path, &whole).unwrap();
        let options = |chunk_bytes| ScanOptions { chunk_bytes, ..ScanOptions::new(settings(), 2) };
        let (expected, _, summary) = run(&[&path], &options(64 << 20));
        assert_eq!(summary.account.entries as usize, 2 + pieces.len().div_ceil(1 << 20));
        for chunk_bytes in [100_000, 3 << 20] {
            let (entries, ..) = run(&[&path], &options(chunk_bytes));
            let lines = |entries: &[LogEntry]| entries.iter().map(|entry| entry.position).collect::<Vec<_>>();
            assert_eq!(lines(&entries), lines(&expected), "{length} in chunks of {chunk_bytes}");
            assert!(entries == expected, "{length} in chunks of {chunk_bytes}");
        }
    }
}

/// However a file is cut in chunks, and by however many threads it is read, it gives the same.
fn cut_anywhere(text: &[u8], chunk_bytes: usize, threads: usize) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, text).unwrap();
    let serial = ScanOptions { max_line: 300, chunk_bytes: 1 << 20, ..ScanOptions::new(settings(), 1) };
    let (entries, rejects, summary) = run(&[&path], &serial);
    prop_assert_eq!(summary.account.bytes, text.len() as u64);
    for entry in &entries {
        let raw = entry.raw.as_ref().unwrap();
        let offset = entry.position.unwrap().offset as usize;
        prop_assert_eq!(&text[offset..offset + raw.len()], &raw[..]);
    }
    let cut = run(&[&path, &path], &ScanOptions { chunk_bytes, threads, ..serial });
    prop_assert_eq!(cut.0, [entries.clone(), entries].concat());
    prop_assert_eq!(cut.1, [rejects.clone(), rejects].concat());
    prop_assert_eq!(cut.2.files[1].account, summary.account);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 3 / 5, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_and_any_number_of_threads_give_the_same(
        lines in proptest::collection::vec(prop_oneof![
            9 => proptest::sample::select(LINES).prop_map(|line| line.as_bytes().to_vec()),
            4 => yearless(),
            1 => proptest::collection::vec(any::<u8>(), 0..60),
            1 => Just(vec![b'y'; 400]),
        ], 0..80),
        chunk_bytes in 1_usize..3000,
        threads in 1_usize..5,
    ) {
        cut_anywhere(&lines.concat(), chunk_bytes, threads)?;
    }

    #[test]
    fn lines_that_a_container_runtime_has_cut_are_the_same_wherever_chunks_end(
        lines in proptest::collection::vec(proptest::sample::select(CONTAINER_LINES), 0..80),
        chunk_bytes in 1_usize..1000,
        threads in 1_usize..5,
    ) {
        cut_anywhere(lines.concat().as_bytes(), chunk_bytes, threads)?;
    }
}
