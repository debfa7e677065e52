//! The `syslog` format.

use crate::entry::{BatchBuilder, Record, RejectReason};
use crate::parse::{LineParser, Settings};

/// Reads `syslog` lines.
#[derive(Debug)]
pub struct SyslogParser {}

impl SyslogParser {
    /// Makes a parser whose fields are numbered by `builder`.
    pub fn new(settings: &Settings, builder: &mut BatchBuilder) -> SyslogParser {
        let _ = (settings, builder);
        SyslogParser {}
    }
}

impl LineParser for SyslogParser {
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
