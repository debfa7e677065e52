//! The `plain` format.

use crate::entry::{BatchBuilder, Record, RejectReason};
use crate::parse::{LineParser, Settings};

/// Reads `plain` lines.
#[derive(Debug)]
pub struct PlainParser {}

impl PlainParser {
    /// Makes a parser whose fields are numbered by `builder`.
    pub fn new(settings: &Settings, builder: &mut BatchBuilder) -> PlainParser {
        let _ = (settings, builder);
        PlainParser {}
    }
}

impl LineParser for PlainParser {
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
