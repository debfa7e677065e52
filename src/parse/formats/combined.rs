//! The `combined` format.

use crate::entry::{BatchBuilder, Record, RejectReason};
use crate::parse::{LineParser, Settings};

/// Reads `combined` lines.
#[derive(Debug)]
pub struct CombinedParser {}

impl CombinedParser {
    /// Makes a parser whose fields are numbered by `builder`.
    pub fn new(settings: &Settings, builder: &mut BatchBuilder) -> CombinedParser {
        let _ = (settings, builder);
        CombinedParser {}
    }
}

impl LineParser for CombinedParser {
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
