//! The `json` format.

use crate::entry::{BatchBuilder, Record, RejectReason};
use crate::parse::{LineParser, Settings};

/// Reads `json` lines.
#[derive(Debug)]
pub struct JsonParser {}

impl JsonParser {
    /// Makes a parser whose fields are numbered by `builder`.
    pub fn new(settings: &Settings, builder: &mut BatchBuilder) -> JsonParser {
        let _ = (settings, builder);
        JsonParser {}
    }
}

impl LineParser for JsonParser {
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
