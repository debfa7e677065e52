//! One entry that owns everything.

use super::{LogLevel, Position, TimeStyle, Timestamp, Value};

/// One log event. The convenient form, for tests and the edges; work is done on [`super::EntryBatch`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogEntry {
    /// When it happened; `None` when the log does not say, or says it outside 1677 to 2262.
    pub ts: Option<Timestamp>,
    /// How the timestamp was written.
    pub style: TimeStyle,
    /// How serious it is, where the log says so.
    pub level: Option<LogLevel>,
    /// The text written for people, where the format has one.
    pub message: Option<Box<[u8]>>,
    /// Named values in the order of the log; nested names are joined with dots.
    pub fields: Vec<(String, Value)>,
    /// The exact bytes of its lines, without the last line end.
    pub raw: Option<Box<[u8]>>,
    /// Where it begins in its source.
    pub position: Option<Position>,
    /// The name of the format that read it.
    pub format: Option<String>,
    /// The source it came from.
    pub source: Option<String>,
}
