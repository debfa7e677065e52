//! What a user types and sees: the files under `tests/cmd`.
//!
//! A file holds cases. A line that begins with `$ ` is a command; below it stand the expected lines of stdout, lines
//! of stderr after `! `, and `? N` for an exit code other than 0. Lines before the first command, and lines that begin
//! with `# ` are comments. `NAME=value` before the command sets a variable, `< FILE` behind it is standard input, and
//! `$TMP` is a folder of the file's own that is empty at the first case. `…` stands for any text within a line, and alone
//! for any number of lines. `UPDATE_EXPECTED=1 cargo test --test it` writes what was seen into the files; read the difference before
//! you keep it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;

#[derive(Debug)]
struct Case {
    /// Comment lines above the command.
    comment: String,
    command: String,
    expected: Seen,
}

#[derive(Debug, Default, PartialEq)]
struct Seen {
    stdout: String,
    stderr: String,
    exit: i32,
}

impl Seen {
    fn text(&self) -> String {
        let mut text = self.stdout.clone();
        self.stderr.lines().for_each(|line| _ = writeln!(text, "! {line}"));
        if self.exit != 0 {
            _ = writeln!(text, "? {}", self.exit);
        }
        text
    }

    fn matches(&self, seen: &Seen) -> bool {
        pattern(&self.stdout).is_match(&seen.stdout)
            && pattern(&self.stderr).is_match(&seen.stderr)
            && self.exit == seen.exit
    }
}

/// The binary under test.
pub fn logan() -> PathBuf {
    std::env::var_os("LOGAN_BIN").map_or_else(
        || env!("CARGO_BIN_EXE_logan").into(),
        |path| fs::canonicalize(&path).unwrap_or_else(|error| panic!("LOGAN_BIN {}: {error}", path.display())),
    )
}

/// Turns expected text into a pattern: `…` is any text, a line of `…` any lines.
fn pattern(expected: &str) -> Regex {
    let escaped = regex::escape(expected).replace("…\n", "\u{0}").replace('…', "[^\n]*").replace('\u{0}', "(?s:.*)");
    Regex::new(&format!("^{escaped}$")).expect("escaped text is a pattern")
}

fn cases(text: &str) -> (String, Vec<Case>) {
    let mut cases: Vec<Case> = Vec::new();
    let (mut head, mut comment) = (String::new(), String::new());
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let comment = std::mem::take(&mut comment);
            cases.push(Case { comment, command: command.to_owned(), expected: Seen::default() });
            continue;
        }
        if line.starts_with("# ") {
            _ = writeln!(comment, "{line}");
            continue;
        }
        match (cases.last_mut(), line.split_at_checked(2)) {
            (None, _) => _ = writeln!(head, "{line}"),
            (Some(case), Some(("! ", stderr))) => _ = writeln!(case.expected.stderr, "{stderr}"),
            (Some(case), Some(("? ", exit))) => case.expected.exit = exit.parse().expect("an exit code"),
            (Some(case), _) => _ = writeln!(case.expected.stdout, "{line}"),
        }
    }
    (head, cases)
}

/// Splits a command as a shell would: blanks, `'…'` and `"…"`.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in command.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    assert!(quote.is_none(), "a quote is not closed: {command}");
    words.extend(word);
    words
}

fn run(command: &str, folder: &Path) -> Seen {
    let folder_name = folder.to_str().expect("a folder named in UTF-8");
    let mut words = words(&command.replace("$TMP", folder_name)).into_iter().peekable();
    let mut process = Command::new(logan());
    process.current_dir(env!("CARGO_MANIFEST_DIR")).env_clear().env("TERM", "dumb").env("TZ", "UTC");
    process.stdin(Stdio::null());
    while let Some(variable) = words.next_if(|word| word.contains('=')) {
        let (name, value) = variable.split_once('=').expect("it has one");
        process.env(name, value);
    }
    assert_eq!(words.next().as_deref(), Some("logan"), "{command}");
    while let Some(word) = words.next() {
        if word == "<" {
            let path = words.next().expect("a file behind <");
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
            process.stdin(File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        } else {
            process.arg(word);
        }
    }
    let output = process.output().expect("logan runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(folder_name, "$TMP");
    Seen { stdout: text(&output.stdout), stderr: text(&output.stderr), exit: output.status.code().unwrap_or(-1) }
}

/// Runs the cases of a file; returns what differed.
fn check(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a readable file");
    let (head, cases) = cases(&text);
    assert!(!cases.is_empty(), "{}: there is no case in it", path.display());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut updated = head;
    let mut different = Vec::new();
    for case in &cases {
        let seen = run(&case.command, folder.path());
        let fits = case.expected.matches(&seen);
        let kept = if fits { &case.expected } else { &seen };
        _ = write!(updated, "{}$ {}\n{}", case.comment, case.command, kept.text());
        if !fits {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (expected, seen) = (case.expected.text(), seen.text());
            different.push(format!("{name}: $ {}\n--- expected\n{expected}--- seen\n{seen}", case.command));
        }
    }
    if std::env::var_os("UPDATE_EXPECTED").is_some() && !different.is_empty() {
        fs::write(path, updated).expect("a writable file");
        return Vec::new();
    }
    different
}

#[test]
fn commands_do_what_the_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() >= 5, "{files:?}");
    let different: Vec<String> = files.iter().flat_map(|file| check(file)).collect();
    assert!(different.is_empty(), "{} cases differ\n\n{}", different.len(), different.join("\n"));
}

#[test]
fn expected_text_is_compared_and_not_just_looked_at() {
    let expected = Seen { stdout: "a … c\n…\nend\n".into(), ..Seen::default() };
    let seen = |stdout: &str| Seen { stdout: stdout.into(), ..Seen::default() };
    assert!(expected.matches(&seen("a b c\nend\n")) && expected.matches(&seen("a  c\n1\n2\nend\n")));
    assert!(!expected.matches(&seen("a b c\n")) && !expected.matches(&seen("x\na b c\nend\n")));
    assert!(!expected.matches(&Seen { exit: 1, ..seen("a b c\nend\n") }));
    assert!(!expected.matches(&Seen { stderr: "!".into(), ..seen("a b c\nend\n") }));
    assert_eq!(words("a 'b c' \"\" d\"e f\""), ["a", "b c", "", "de f"]);
}
