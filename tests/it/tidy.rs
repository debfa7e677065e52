//! The arrows between the rooms, read off the source: a room may use only what stands beside it here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each room and the rooms it may use. `docs/architecture.md` gives the reasons.
const ARROWS: &[(&str, &[&str])] = &[
    ("entry", &[]),
    ("input", &["entry"]),
    ("parse", &["entry"]),
    ("query", &["entry"]),
    ("storage", &["entry", "query"]),
    ("ingest", &["entry", "input", "parse", "query", "storage"]),
    ("detect", &["entry", "query"]),
    ("output", &["entry", "query", "detect"]),
    ("config", &[]),
    ("serve", &["entry", "input", "parse", "query", "storage", "ingest", "detect", "output", "config"]),
    ("client", &["entry", "input", "parse", "query", "ingest", "output"]),
    (
        "cli",
        &["client", "config", "serve", "entry", "input", "parse", "query", "storage", "ingest", "detect", "output"],
    ),
];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for item in std::fs::read_dir(folder).expect("a folder of the source can be listed") {
        let path = item.expect("a folder of the source can be listed").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Returns the code of a file without comments and doc examples.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a source file is text");
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Returns the files of each room.
fn rooms() -> BTreeMap<String, Vec<PathBuf>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    for file in files {
        let inside = file.strip_prefix(&source).expect("the file was found below it");
        if inside.components().count() > 1 {
            let room = inside.components().next().expect("there is a first part").as_os_str();
            rooms.entry(room.to_string_lossy().into_owned()).or_default().push(file);
        }
    }
    rooms
}

#[test]
fn rooms_use_only_the_rooms_beside_them() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    let rooms = rooms();
    assert_eq!(rooms.len(), ARROWS.len(), "rooms: {:?}", rooms.keys());
    for (room, files) in &rooms {
        let may = allowed.get(room.as_str()).unwrap_or_else(|| panic!("the room {room} has no arrows in this test"));
        for file in files {
            for part in code(file).split("crate::").skip(1) {
                // `use crate::{a, b}` hides arrows from this test: name each room in a line of its own.
                let used: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if used != *room && !may.contains(&used.as_str()) {
                    wrong.push(format!("{}: crate::{used}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that are not allowed:\n{}", wrong.join("\n"));
}

#[test]
fn only_cli_opens_stdout_and_stderr() {
    let mut wrong = Vec::new();
    for (room, files) in rooms().iter().filter(|(room, _)| *room != "cli") {
        for file in files {
            // Tests at the end of a file may print.
            let code = code(file);
            let code = code.split("#[cfg(test)]").next().unwrap_or("");
            for word in ["stdout()", "stderr()", "println!", "print!("] {
                if code.contains(word) {
                    wrong.push(format!("{room}: {}: {word}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "outside cli:\n{}", wrong.join("\n"));
}

#[test]
fn sql_stands_only_under_storage_and_the_control_store() {
    let mut wrong = Vec::new();
    for (room, files) in rooms().iter().filter(|(room, _)| *room != "storage") {
        // Accounts are no logs: `serve` keeps them in a store of its own.
        for file in files.iter().filter(|file| !file.to_string_lossy().contains("serve/control/")) {
            for word in ["rusqlite", "INSERT INTO", "CREATE TABLE", "DELETE FROM"] {
                if code(file).contains(word) {
                    wrong.push(format!("{room}: {}: {word}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "outside storage and serve/control:\n{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_open_no_file_socket_or_clock() {
    let mut wrong = Vec::new();
    for (room, files) in rooms() {
        if !["entry", "parse", "query", "detect", "output"].contains(&room.as_str()) {
            continue;
        }
        for file in files {
            let code = code(&file);
            let code = code.split("#[cfg(test)]").next().unwrap_or("");
            for word in ["std::fs", "std::net", "SystemTime", "Instant::now", "Utc::now", "Local::now", "std::env"] {
                if code.contains(word) {
                    wrong.push(format!("{}: {word}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "rooms that must open nothing:\n{}", wrong.join("\n"));
}

#[test]
fn every_room_says_what_it_is() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (room, _) in ARROWS {
        let file = source.join(room).join("mod.rs");
        let text = std::fs::read_to_string(&file).expect("each room has a mod.rs");
        assert!(text.starts_with("//! "), "{} begins with what the room is", file.display());
    }
}

/// Returns the metrics that stand behind one of these macros, in all files.
fn metrics(files: &[PathBuf], macros: &str) -> BTreeSet<String> {
    let named = regex::Regex::new(&format!(r#"(?:{macros})!\(\s*"(logan_[a-z_]+)""#)).expect("a pattern");
    let found =
        |file: &PathBuf| -> Vec<String> { named.captures_iter(&code(file)).map(|found| found[1].to_owned()).collect() };
    files.iter().flat_map(found).collect()
}

#[test]
fn every_metric_is_emitted_described_and_told_to_operators() {
    let files: Vec<PathBuf> = rooms().into_values().flatten().collect();
    let emitted = metrics(&files, "metrics::counter|metrics::gauge|metrics::histogram");
    let described = metrics(&files, "describe_counter|describe_gauge|describe_histogram");
    assert!(emitted.len() > 20, "{emitted:?}");
    assert_eq!(emitted, described);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let docs = std::fs::read_to_string(docs).expect("the manual is text");
    for metric in emitted {
        assert!(docs.contains(&format!("`{metric}`")) || docs.contains(&format!("`{metric}{{")), "{metric}");
    }
}

#[test]
fn nothing_is_left_unfinished() {
    let mut wrong = Vec::new();
    for file in rooms().values().flatten() {
        for word in ["todo!(", "unimplemented!("] {
            if code(file).contains(word) {
                wrong.push(format!("{}: {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn routes_are_described_or_known_to_be_hidden() {
    let rooms = rooms();
    let (_, files) = rooms.iter().find(|(room, _)| *room == "serve").expect("the room");
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.to_string_lossy().contains("serve/routes/")) {
        // `mod.rs` has the two ways to add one; the pages with the docs list theirs.
        let may = ["routes/mod.rs", "routes/docs.rs"].iter().any(|name| file.ends_with(name));
        if !may && code(file).contains(".route(") {
            wrong.push(file.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "a route that no test knows of, use routes!, alias or hidden:\n{}", wrong.join("\n"));
}
