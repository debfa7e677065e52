//! `docs/configuration.md` lists every setting with its default.

use std::fs;
use std::path::Path;

use logan::config;

/// Returns a default as the table of the documentation writes it.
fn written(default: &serde_json::Value) -> String {
    match default {
        serde_json::Value::Null => "–".to_owned(),
        serde_json::Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

#[test]
fn the_documentation_lists_every_setting_with_its_default_and_no_other() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let text = fs::read_to_string(path).expect("the file is there");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    let keys = config::keys();
    assert!(keys.len() > 80, "{} keys", keys.len());
    let mut wrong = Vec::new();
    for key in &keys {
        let name = format!("`{}`", key.name);
        match rows.iter().find(|row| row[0] == name) {
            None => wrong.push(format!("{name} is missing")),
            // What the items of a list may leave out is said in words.
            Some(_) if key.name.contains("[]") => {}
            Some(row) if row[1] != written(&key.default) => {
                wrong.push(format!("{name}: the default is {}, not {}", written(&key.default), row[1]));
            }
            Some(row) if row.len() != 3 || row[2].is_empty() => wrong.push(format!("{name} has no meaning")),
            Some(_) => {}
        }
    }
    for row in &rows {
        let name = row[0].trim_matches('`');
        if !name.starts_with("LOGAN_") && !keys.iter().any(|key| key.name == name) {
            wrong.push(format!("{name} is no setting"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
