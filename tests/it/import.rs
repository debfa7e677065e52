//! Importing: exactly once by content, whatever happens to the files between two runs.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use logan::entry::{Projection, Reject};
use logan::ingest::{FileReport, ImportOptions, ImportSummary, IngestError, NoObserver, Observer, Outcome, import};
use logan::input::InputPath;
use logan::query::{BatchSink, Columns, Filter, ScanError};
use logan::storage::{LogStorage, SqliteLogStorage, StorageError};
use proptest::prelude::*;

/// A folder with logs and a store.
struct Place {
    folder: tempfile::TempDir,
    options: ImportOptions,
}

/// What a store holds: source, line, offset and raw text of each entry and reject.
type Held = Vec<(String, u64, u64, String)>;

struct Collect(Mutex<Vec<(u64, Held)>>);

impl BatchSink for Collect {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let rows: Vec<u32> = (0..batch.rows() as u32).collect();
        let batch = batch.gather(&rows, &Projection::all())?;
        let held = batch.entries().map(|entry| {
            let position = entry.position().unwrap();
            let raw = String::from_utf8_lossy(entry.raw().unwrap()).into_owned();
            (entry.source().unwrap().to_string(), position.line, position.offset, raw)
        });
        self.0.lock().unwrap().push((sequence, held.collect()));
        Ok(ControlFlow::Continue(()))
    }
}

impl Place {
    fn new() -> Place {
        // Small pieces, so that little files have several.
        let options = ImportOptions { chunk_bytes: 2000, ..ImportOptions::new(3) };
        Place { folder: tempfile::tempdir().unwrap(), options }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn append(&self, name: &str, content: impl AsRef<[u8]>) {
        OpenOptions::new().append(true).open(self.path(name)).unwrap().write_all(content.as_ref()).unwrap();
    }

    fn store(&self) -> SqliteLogStorage {
        SqliteLogStorage::create(&self.path("logan.db"), 2).unwrap()
    }

    fn run(&self, names: &[&str], observer: &dyn Observer, cancel: &AtomicBool) -> ImportSummary {
        let inputs: Vec<InputPath> = names.iter().map(|name| InputPath::File(self.path(name))).collect();
        let done = import(&inputs, &self.options, &self.store(), observer, cancel).unwrap();
        assert!(done.summary.account.adds_up(), "{:?}", done.summary.account);
        done
    }

    /// Imports and says what became of each file.
    fn import(&self, names: &[&str]) -> Vec<String> {
        let done = self.run(names, &NoObserver, &AtomicBool::new(false));
        assert_eq!(done.summary.files.len(), names.len());
        done.summary.files.iter().map(|file| self.describe(file)).collect()
    }

    fn describe(&self, file: &FileReport) -> String {
        let mut text = match &file.outcome {
            Outcome::Read => format!("read {}", file.account.entries),
            Outcome::Continued { known_as, .. } => {
                format!("{} more of {known_as}", file.account.entries)
            }
            Outcome::AlreadyImported { known_as } => format!("known as {known_as}"),
            Outcome::NotRead => "not read".to_owned(),
        };
        if file.unfinished > 0 {
            text += &format!(", {} bytes wait", file.unfinished);
        }
        if let Some(error) = &file.error {
            text += &format!("! {error}");
        }
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }

    fn entries(&self) -> Held {
        let collect = Collect(Mutex::default());
        self.store().query(&Filter::All, &Projection::all(), &collect).unwrap();
        let mut batches = collect.0.into_inner().unwrap();
        batches.sort_by_key(|(sequence, _)| *sequence);
        let prefix = format!("{}/", self.folder.path().display());
        let entries = batches.into_iter().flat_map(|(_, held)| held);
        entries.map(|(source, line, offset, raw)| (source.replace(&prefix, ""), line, offset, raw)).collect()
    }

    fn rejects(&self) -> Held {
        let store = self.store();
        let mut held = Vec::new();
        for source in store.sources().unwrap() {
            let name = Path::new(&source.name).file_name().unwrap().to_str().unwrap().to_owned();
            let mut keep = |Reject { line, offset, raw, .. }| {
                held.push((name.clone(), line, offset, String::from_utf8(raw.into()).unwrap()));
                Ok(())
            };
            store.each_reject(source.id, &mut keep).unwrap();
        }
        held
    }

    /// Checks that the store holds exactly the entries and rejects of one content with blank lines and comments.
    fn holds_text(&self, name: &str, content: &str) {
        let other = Place::new();
        other.write(name, content);
        other.import(&[name]);
        assert!(self.entries() == other.entries() && self.rejects() == other.rejects());
    }

    /// Checks that the store holds exactly the lines of these contents, each under its source's name.
    fn holds(&self, contents: &[(&str, &str)]) {
        let mut expected: Held = Vec::new();
        for (name, content) in contents {
            let (mut offset, mut line) = (0, 1);
            for text in content.split_inclusive('\n') {
                expected.push(((*name).to_owned(), line, offset, text.trim_end().to_owned()));
                offset += text.len() as u64;
                line += 1;
            }
        }
        let mut held = self.entries();
        held.extend(self.rejects());
        held.sort();
        expected.sort();
        assert_eq!(held, expected);
    }
}

/// Lines of an access log, some of which are rejects.
fn access(from: u32, to: u32) -> String {
    let line = |number: u32| match number % 7 {
        3 => format!("no format reads line {number}\n"),
        _ => format!(
            "10.0.0.{} - - [07/Sep/2026:10:{:02}:{:02} +0000] \"GET /{number} HTTP/1.1\" 200 {number} \"-\" \"agent\"\n",
            number % 200,
            number / 60 % 60,
            number % 60,
        ),
    };
    (from..to).map(line).collect()
}

/// How many entries these lines are.
fn count(from: u32, to: u32) -> usize {
    access(from, to).matches("GET").count()
}

fn gzip(content: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_second_import_adds_nothing() {
    let place = Place::new();
    place.write("a.log", access(0, 200));
    assert_eq!(place.import(&["a.log"]), [format!("read {}", count(0, 200))]);
    let before = fs::read(place.path("logan.db")).unwrap();
    assert_eq!(place.import(&["a.log"]), ["known as a.log"]);
    assert!(fs::read(place.path("logan.db")).unwrap() == before, "the store changed");
    place.holds(&[("a.log", &access(0, 200))]);
}

#[test]
fn appended_lines_are_added_and_no_others() {
    for step in [1, 3, 50] {
        let place = Place::new();
        place.write("a.log", access(0, 100));
        place.import(&["a.log"]);
        for from in (100..160).step_by(step) {
            place.append("a.log", access(from, from + step as u32));
            let entries = count(from, from + step as u32);
            assert_eq!(place.import(&["a.log"]), [format!("{entries} more of a.log")]);
        }
        let end = 100 + 60_u32.div_ceil(step as u32) * step as u32;
        place.holds(&[("a.log", &access(0, end))]);
    }
}

#[test]
fn appended_lines_without_a_year_follow_those_that_are_stored() {
    let place = Place::new();
    let lines = |month: &str, count: u32| -> String {
        (0..count).map(|line| format!("{month} 10 10:00:{:02} host app: line {line}\n", line % 60)).collect()
    };
    let touch = |seconds: u64| {
        let written = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        File::options().append(true).open(place.path("a.log")).unwrap().set_modified(written).unwrap();
    };
    let months = || -> Vec<String> {
        let collect = Times(Mutex::default());
        place.store().query(&Filter::All, &Projection::only(["ts"]), &collect).unwrap();
        let mut months = collect.0.into_inner().unwrap();
        months.sort();
        months.dedup();
        months
    };
    place.write("a.log", lines("Nov", 300) + &lines("Dec", 300));
    // 2024-12-11: then it was copied, and went on.
    touch(1_733_900_000);
    assert_eq!(place.import(&["a.log"]), ["read 600"]);
    assert_eq!(months(), ["2024-11", "2024-12"]);
    place.append("a.log", lines("Jan", 5));
    touch(1_795_392_000);
    assert_eq!(place.import(&["a.log"]), ["5 more of a.log"]);
    place.append("a.log", lines("Feb", 500));
    assert_eq!(place.import(&["a.log"]), ["500 more of a.log"]);
    assert_eq!(months(), ["2024-11", "2024-12", "2025-01", "2025-02"]);
    assert_eq!(place.import(&["a.log"]), ["known as a.log"]);
}

/// Keeps the months of all entries.
struct Times(Mutex<Vec<String>>);

impl BatchSink for Times {
    fn batch(&self, _sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let rows: Vec<u32> = (0..batch.rows() as u32).collect();
        let batch = batch.gather(&rows, &Projection::only(["ts"]))?;
        self.0.lock().unwrap().extend(batch.entries().map(|entry| entry.ts().unwrap().to_rfc3339(0)[..7].to_owned()));
        Ok(ControlFlow::Continue(()))
    }
}

#[test]
fn a_renamed_file_is_known_and_its_successor_is_new() {
    let place = Place::new();
    place.write("a.log", access(0, 100));
    place.import(&["a.log"]);
    fs::rename(place.path("a.log"), place.path("a.log.1")).unwrap();
    place.append("a.log.1", access(100, 110));
    place.write("a.log", access(110, 150));
    assert_eq!(place.import(&["a.log", "a.log.1"]), ["read 35", "8 more of a.log"]);
    place.holds(&[("a.log", &access(0, 110)), ("a.log", &access(110, 150))]);
}

#[test]
fn a_file_emptied_in_place_is_a_new_content() {
    for to in [105, 400] {
        let place = Place::new();
        place.write("a.log", access(0, 100));
        place.import(&["a.log"]);
        fs::copy(place.path("a.log"), place.path("a.log.1")).unwrap();
        place.write("a.log", access(100, to));
        assert_eq!(place.import(&["a.log", "a.log.1"])[1], "known as a.log");
        place.holds(&[("a.log", &access(0, 100)), ("a.log", &access(100, to))]);
    }
}

#[test]
fn a_file_compressed_later_is_known_and_what_it_has_more_is_added() {
    let place = Place::new();
    place.write("a.log", access(0, 300));
    place.import(&["a.log"]);
    place.write("a.log.1.gz", gzip(&access(0, 300)));
    place.write("a.log.2.zst", zstd::encode_all(access(0, 310).as_bytes(), 1).unwrap());
    assert_eq!(place.import(&["a.log.1.gz"]), ["known as a.log"]);
    assert_eq!(place.import(&["a.log.2.zst"]), ["9 more of a.log"]);
    assert_eq!(place.import(&["a.log.2.zst", "a.log.1.gz"])[0], "known as a.log");
    place.holds(&[("a.log", &access(0, 310))]);
}

#[test]
fn an_older_copy_is_known_by_what_is_stored() {
    let text = access(0, 60) + "\n# a comment\n\r\n" + &access(60, 200);
    let place = Place::new();
    place.write("a.log", &text);
    place.import(&["a.log"]);
    let silent = text.find("\n# a").unwrap();
    for cut in [30, 3000, silent + 1, silent + 5, 7000, text.len() - 10, text.len() - 1] {
        // Also with an unfinished last line, compressed, and compressed and cut off.
        let copy = &text.as_bytes()[..cut];
        place.write("old.log", copy);
        place.write("old.gz", gzip(&text[..cut]));
        assert_eq!(place.import(&["old.log", "old.gz"]), ["known as a.log", "known as a.log"], "{cut}");
        let mut changed = copy.to_vec();
        changed[cut / 2] ^= 1;
        let other = Place::new();
        other.write("a.log", &text);
        other.import(&["a.log"]);
        other.write("changed.log", &changed);
        assert!(other.import(&["changed.log"])[0].starts_with("read "), "{cut}");
    }
    place.holds_text("a.log", &text);
    // More than the copy had, and other than what is stored.
    place.write("fork.log", text[..5000].to_owned() + &access(900, 910));
    let found = place.import(&["fork.log"]);
    assert!(found[0].starts_with("read "), "{found:?}");
}

#[test]
fn a_compressed_file_cut_off_is_completed_by_a_whole_copy() {
    let place = Place::new();
    let whole = gzip(&access(0, 5000));
    place.write("a.gz", &whole[..whole.len() / 2]);
    let first = place.import(&["a.gz"]);
    assert!(first[0].contains("bytes wait! a.gz: the gzip data ends early after"), "{first:?}");
    place.write("a.gz", whole);
    let second = place.import(&["a.gz"]);
    assert!(second[0].ends_with("more of a.gz"), "{second:?}");
    place.holds(&[("a.gz", &access(0, 5000))]);
}

#[test]
fn an_unfinished_line_waits_for_its_end() {
    let place = Place::new();
    let text = access(0, 10);
    for cut in [text.len() - 1, text.len() - 20, 30] {
        let place = Place::new();
        place.write("a.log", &text[..cut]);
        let whole = text[..cut].rfind('\n').map_or(0, |at| at + 1);
        let entries = text[..whole].matches("GET").count();
        assert_eq!(place.import(&["a.log"]), [format!("read {entries}, {} bytes wait", cut - whole)]);
        place.holds(&[("a.log", &text[..whole])]);
        place.append("a.log", &text[cut..]);
        place.import(&["a.log"]);
        place.holds(&[("a.log", &text)]);
        assert_eq!(place.import(&["a.log"]), ["known as a.log"]);
    }
    place.write("a.log.gz", gzip(&text[..text.len() - 20]));
    assert_eq!(place.import(&["a.log.gz"]), ["read 8"], "a compressed file is final");
}

#[test]
fn an_unfinished_line_that_was_taken_is_completed_later() {
    let mut place = Place::new();
    place.options.takes_last_line = true;
    let text = access(4, 9) + "10.0.0.1 - - [07/Sep/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5";
    place.write("a.log", &text);
    // The cut line is a reject until its rest is there.
    assert_eq!(place.import(&["a.log"]), ["read 5"]);
    place.holds(&[("a.log", &text)]);
    let rest = "12 \"-\" \"agent\"\n".to_owned() + &access(9, 12);
    place.append("a.log", &rest);
    // The reject has become an entry.
    assert_eq!(place.import(&["a.log"]), ["3 more of a.log"]);
    place.holds(&[("a.log", &(text + &rest))]);
}

#[test]
fn one_content_under_many_names_is_taken_once() {
    let place = Place::new();
    place.write("a.log", access(0, 100));
    fs::hard_link(place.path("a.log"), place.path("b.log")).unwrap();
    symlink(place.path("a.log"), place.path("c.log")).unwrap();
    fs::copy(place.path("a.log"), place.path("d.log")).unwrap();
    place.write("e.log.gz", gzip(&access(0, 100)));
    place.write("f.log", access(0, 120));
    let found = place.import(&["a.log", "b.log", "c.log", "d.log", "e.log.gz", "f.log", "a.log"]);
    let known = "known as a.log";
    assert_eq!(found[..6], ["read 86", known, known, known, known, "17 more of a.log"]);
    assert_eq!(found.len(), 7);
}

#[test]
fn equal_beginnings_do_not_make_equal_contents() {
    let place = Place::new();
    let (first, second) = (access(0, 100) + &access(500, 600), access(0, 100) + &access(700, 830));
    assert!(access(0, 100).len() > 4096);
    place.write("a.log", &first);
    place.write("b.log", &second);
    assert_eq!(place.import(&["a.log", "b.log"]), ["read 171", "read 197"]);
    assert_eq!(place.import(&["b.log", "a.log"]), ["known as b.log", "known as a.log"]);
    place.append("a.log", access(600, 610));
    place.append("b.log", access(830, 840));
    place.write("b.gz", gzip(&(second.clone() + &access(830, 850))));
    assert_eq!(place.import(&["b.log", "a.log", "b.gz"]), ["9 more of b.log", "9 more of a.log", "9 more of b.log"]);
    place.holds(&[("a.log", &(first + &access(600, 610))), ("b.log", &(second + &access(830, 850)))]);
}

#[test]
fn equal_lines_stay_as_many_as_they_are() {
    let place = Place::new();
    let line = access(1, 2);
    place.write("a.log", line.repeat(500));
    assert_eq!(place.import(&["a.log"]), ["read 500"]);
    place.append("a.log", line.repeat(3));
    assert_eq!(place.import(&["a.log"]), ["3 more of a.log"]);
    assert_eq!(place.entries().len(), 503);
}

#[test]
fn empty_and_missing_files_do_not_stop_the_others() {
    let place = Place::new();
    place.write("empty.log", "");
    place.write("mark.log", "\u{feff}");
    place.write("a.log", "\u{feff}".to_owned() + &access(0, 20));
    let found = place.import(&["none.log", "empty.log", "mark.log", "a.log"]);
    assert_eq!(found, ["not read! none.log: No such file or directory (os error 2)", "read 0", "read 0", "read 17"]);
    assert_eq!(place.import(&["empty.log", "a.log"]), ["read 0", "known as a.log"]);
    assert_eq!(place.entries()[0].2, 3);
}

#[test]
fn lines_that_join_a_stored_entry_join_it() {
    let place = Place::new();
    let trace = |number: u32| {
        let at = "\tat Some.where(File.java:7)\n".repeat(20);
        format!("2026-09-07 10:{:02}:{:02} ERROR number {number}\n{at}\nCaused by: this\n", number / 60, number % 60)
    };
    let text: String = (0..30).map(trace).collect();
    let whole = Place::new();
    whole.write("a.log", &text);
    whole.import(&["a.log"]);
    // Cut behind lines of all kinds; the pieces are smaller than what is stored so far.
    let mut cuts: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).step_by(41).collect();
    cuts.push(text.len());
    place.write("a.log", "");
    let mut from = 0;
    for cut in cuts {
        place.append("a.log", &text[from..cut]);
        place.import(&["a.log"]);
        from = cut;
    }
    assert_eq!(place.entries(), whole.entries());
    assert_eq!(place.entries().len(), 30);

    // The same when the rest comes compressed.
    let packed = Place::new();
    packed.write("a.log", &text[..text.len() / 2]);
    packed.import(&["a.log"]);
    packed.write("a.log.gz", gzip(&text));
    packed.import(&["a.log.gz"]);
    assert_eq!(packed.entries(), whole.entries());
}

/// Imports what comes out of a pipe.
fn import_pipe(place: &Place, content: &[u8]) -> String {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let path = InputPath::File(format!("/dev/fd/{}", reader.as_raw_fd()).into());
    let done = std::thread::scope(|scope| {
        scope.spawn(move || writer.write_all(content));
        import(std::slice::from_ref(&path), &place.options, &place.store(), &NoObserver, &AtomicBool::new(false))
            .unwrap()
    });
    place.describe(&done.summary.files[0]).replace(&path.name(), "PIPE")
}

#[test]
fn a_pipe_is_always_taken_unless_it_has_a_name() {
    let mut place = Place::new();
    let text = access(0, 100);
    assert_eq!(import_pipe(&place, text.as_bytes()), "read 86");
    assert_eq!(import_pipe(&place, &gzip(&text)), "read 86");
    assert_eq!(place.entries().len(), 172);
    place.write("a.log", &text);
    assert!(place.import(&["a.log"])[0].starts_with("known as"), "a file is known by a pipe's content");

    place.options.source_id = Some("web".into());
    assert_eq!(import_pipe(&place, text.as_bytes()), "read 86");
    assert_eq!(import_pipe(&place, text.as_bytes()), "known as web");
    assert_eq!(import_pipe(&place, (text.clone() + &access(100, 107)).as_bytes()), "6 more of web");
    assert_eq!(import_pipe(&place, access(500, 507).as_bytes()), "read 6");
    let error = import_pipe(&place, text.as_bytes());
    assert!(error.starts_with("not read! web: begins like what was taken under this name"), "{error}");
    assert_eq!(place.entries().len(), 172 + 86 + 6 + 6);
}

#[test]
fn a_line_that_a_container_runtime_has_cut_is_one_entry_however_its_file_grew() {
    let lines = [
        "2026-09-07T10:00:06.1Z stdout F {\"msg\":\"whole\"}\n",
        "2026-09-07T10:00:06.2Z stdout P {\"msg\":\"be\n",
        "2026-09-07T10:00:06.3Z stdout P tw\n",
        "2026-09-07T10:00:06.4Z stdout F een\"}\n",
        "2026-09-07T10:00:06.5Z stderr P on\n",
        "2026-09-07T10:00:06.5Z stderr F e\n",
        "2026-09-07T10:00:06.6Z stderr F two\n",
    ];
    let whole = Place::new();
    whole.write("pod.log", lines.concat());
    whole.import(&["pod.log"]);
    assert_eq!(whole.entries().iter().map(|entry| entry.1).collect::<Vec<_>>(), [1, 2, 5, 7]);
    let grown = Place::new();
    grown.write("pod.log", "");
    for line in lines {
        grown.append("pod.log", line);
        grown.import(&["pod.log"]);
    }
    assert_eq!(grown.entries(), whole.entries());
}

#[test]
fn two_imports_at_once_do_not_double_anything() {
    let place = Place::new();
    for number in 0..20 {
        place.write(&format!("{number}.log"), access(number * 100, number * 100 + 100));
    }
    let inputs: Vec<InputPath> = (0..20).map(|number| InputPath::File(place.path(&format!("{number}.log")))).collect();
    place.store();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                // One of them may be told to try again.
                let result = import(&inputs, &place.options, &place.store(), &NoObserver, &AtomicBool::new(false));
                assert!(matches!(result, Ok(_) | Err(IngestError::Storage(StorageError::Busy { .. }))), "{result:?}");
            });
        }
    });
    import(&inputs, &place.options, &place.store(), &NoObserver, &AtomicBool::new(false)).unwrap();
    assert_eq!(place.entries().len() + place.rejects().len(), 2000);
    assert_eq!(place.store().sources().unwrap().len(), 20);
}

/// Cancels after so many progress reports.
struct Cancel<'a> {
    left: AtomicU64,
    cancel: &'a AtomicBool,
}

impl Observer for Cancel<'_> {
    fn progress(&self, _done: u64, _total: Option<u64>) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.cancel.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn a_cancelled_import_goes_on_where_it_was() {
    let whole = Place::new();
    let (first, second) = (access(0, 400), access(1000, 1500));
    whole.write("a.log", &first);
    whole.write("b.log", &second);
    whole.import(&["a.log", "b.log"]);
    for after in 1..40 {
        let place = Place::new();
        place.write("a.log", &first);
        place.write("b.log", &second);
        let cancel = AtomicBool::new(false);
        let observer = Cancel { left: AtomicU64::new(after), cancel: &cancel };
        let done = place.run(&["a.log", "b.log"], &observer, &cancel);
        assert_eq!(done.added, place.entries().len() as u64);
        assert!(done.summary.cancelled || done.added == 772, "{}", done.added);
        place.import(&["a.log", "b.log"]);
        assert_eq!(place.entries(), whole.entries());
        assert_eq!(place.rejects(), whole.rejects());
    }
}

#[test]
fn a_line_that_is_too_long_is_a_reject() {
    let mut place = Place::new();
    place.options.max_line = 1000;
    let text = access(4, 9) + &"x".repeat(150_000) + "\r\n" + &access(11, 16);
    place.write("a.log", &text);
    assert_eq!(place.import(&["a.log"]), ["read 10"]);
    let rejects = place.rejects();
    assert_eq!(rejects.len(), 1);
    assert_eq!((rejects[0].1, rejects[0].2, rejects[0].3.len()), (6, access(4, 9).len() as u64, 64 * 1024));
    assert_eq!(place.entries()[5].1, 7);
    place.append("a.log", "y".repeat(5000));
    assert_eq!(place.import(&["a.log"])[0], "known as a.log, 5000 bytes wait");
    place.append("a.log", "\n");
    place.import(&["a.log"]);
    assert_eq!((place.rejects().len(), place.entries().len()), (2, 10));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, failure_persistence: None, ..ProptestConfig::default() })]

    /// A log that is written, rotated, compressed, emptied and imported at any moments is in the store once.
    #[test]
    fn any_history_of_a_log_is_stored_once(steps in proptest::collection::vec((0_u32..6, 1_u32..60), 1..25)) {
        let place = Place::new();
        // The generations of the log, and the names they have now.
        let mut contents = vec![String::new()];
        place.write("log", "");
        let mut number = 0;
        for (step, size) in steps {
            let generation = contents.len();
            let last = contents.last_mut().unwrap();
            match step {
                0 | 1 => {
                    let text = access(number, number + size);
                    number += size;
                    place.append("log", &text);
                    last.push_str(&text);
                }
                2 => {
                    let names: Vec<String> = (1..generation).flat_map(|old| [format!("log.{old}"), format!("log.{old}.gz")]).collect();
                    let mut names: Vec<&str> = names.iter().map(String::as_str).filter(|name| place.path(name).exists()).collect();
                    names.push("log");
                    place.import(&names);
                }
                3 if !last.is_empty() => {
                    fs::rename(place.path("log"), place.path(&format!("log.{generation}"))).unwrap();
                    place.write("log", "");
                    contents.push(String::new());
                }
                4 if !last.is_empty() => {
                    fs::copy(place.path("log"), place.path(&format!("log.{generation}"))).unwrap();
                    place.write("log", "");
                    contents.push(String::new());
                }
                5 => {
                    for old in 1..generation {
                        let plain = place.path(&format!("log.{old}"));
                        if plain.exists() {
                            place.write(&format!("log.{old}.gz"), gzip(&contents[old - 1]));
                            fs::remove_file(plain).unwrap();
                        }
                    }
                }
                _ => {}
            }
        }
        let names: Vec<String> = (1..contents.len()).flat_map(|old| [format!("log.{old}"), format!("log.{old}.gz")]).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).filter(|name| place.path(name).exists()).collect();
        names.push("log");
        place.import(&names);
        let strip = |held: Held| held.into_iter().map(|(_, line, offset, raw)| (raw, line, offset));
        let mut held: Vec<_> = strip(place.entries()).chain(strip(place.rejects())).collect();
        let mut expected = Vec::new();
        for content in &contents {
            let mut offset = 0;
            for (index, text) in content.split_inclusive('\n').enumerate() {
                expected.push((text.trim_end().to_owned(), index as u64 + 1, offset));
                offset += text.len() as u64;
            }
        }
        held.sort();
        expected.sort();
        prop_assert_eq!(held, expected);
    }
}
