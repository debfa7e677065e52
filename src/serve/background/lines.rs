//! Lines that show why a rule fired.

use crate::entry::{EntryBatch, Projection};
use crate::query::exec::Rendering;

/// Lines of an alert.
pub const MOST: usize = 5;
/// A line is cut to so many bytes.
const LONGEST: usize = 2000;

/// Entries as they stood in the log.
#[derive(Debug, Default)]
pub struct Lines(pub Vec<String>);

impl Rendering for Lines {
    fn rows(&self) -> usize {
        self.0.len()
    }

    fn truncate(&mut self, rows: usize) {
        self.0.truncate(rows);
    }
}

/// Returns what has to be read of an entry.
pub fn projection() -> Projection {
    Projection::only(["raw", "message"])
}

/// Returns these rows as lines.
pub fn render(batch: &EntryBatch, rows: &[u32]) -> Lines {
    let line = |row: &u32| {
        let entry = batch.entry(*row as usize);
        let text = entry.raw().filter(|raw| !raw.is_empty()).or(entry.message()).unwrap_or_default();
        match text.get(..LONGEST) {
            Some(head) => format!("{}…", String::from_utf8_lossy(head)),
            None => String::from_utf8_lossy(text).into_owned(),
        }
    };
    Lines(rows.iter().map(line).collect())
}
