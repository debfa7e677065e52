//! The `logfmt` format.

use crate::entry::{BatchBuilder, Record, RejectReason};
use crate::parse::{LineParser, Settings};

/// Reads `logfmt` lines.
#[derive(Debug)]
pub struct LogfmtParser {}

impl LogfmtParser {
    /// Makes a parser whose fields are numbered by `builder`.
    pub fn new(settings: &Settings, builder: &mut BatchBuilder) -> LogfmtParser {
        let _ = (settings, builder);
        LogfmtParser {}
    }
}

impl LineParser for LogfmtParser {
    fn parse(
        &mut self,
        _chunk: &[u8],
        _start: usize,
        _end: usize,
        _record: &mut Record,
        _builder: &mut BatchBuilder,
    ) -> Result<(), RejectReason> {
        Err("being written".into())
    }
}
