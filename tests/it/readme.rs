//! The examples of the README do what it says.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns each example of a README: the command after `$ ` and the output that follows it.
fn examples(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(name) => inside = !inside && name == "console",
            None if !inside => {}
            None => match line.strip_prefix("$ ") {
                Some(command) => found.push((command.to_owned(), String::new())),
                None => {
                    let (_, output) = found.last_mut().expect("an example begins with its command");
                    output.push_str(line);
                    output.push('\n');
                }
            },
        }
    }
    found
}

#[test]
fn readme_examples_print_what_the_readme_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let binary = std::env::var_os("LOGAN_BIN").map_or_else(|| env!("CARGO_BIN_EXE_logan").into(), PathBuf::from);
    let binary = root.join(binary);
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::os::unix::fs::symlink(root.join("fixtures"), folder.path().join("fixtures")).expect("fixtures can be linked");
    let path = format!(
        "{}:{}",
        binary.parent().expect("the binary stands in a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let readme = std::fs::read_to_string(root.join("README.md")).expect("there is a README");
    let examples = examples(&readme);
    assert!(examples.len() >= 5, "the README has {} examples", examples.len());
    for (command, expected) in examples {
        let run = Command::new("sh")
            .args(["-c", &command])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env_remove("LOGAN_DB")
            .env("TZ", "UTC")
            .output()
            .expect("sh runs");
        let shown = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
        let trim = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(trim(&shown), trim(&expected), "$ {command}");
    }
}
