//! The `common` format: access log lines without referer and user agent.

use super::combined::CombinedParser;
use crate::entry::{BatchBuilder, Record, RejectReason};
use crate::parse::{LineParser, Settings};

/// Reads `common` lines: those of `combined` that have no referer and user agent.
#[derive(Debug)]
pub struct CommonParser {
    combined: CombinedParser,
}

impl CommonParser {
    /// Makes a parser whose fields are numbered by `builder`.
    pub fn new(settings: &Settings, builder: &mut BatchBuilder) -> CommonParser {
        CommonParser { combined: CombinedParser::new(settings, builder) }
    }
}

impl LineParser for CommonParser {
    fn parse(
        &mut self,
        chunk: &[u8],
        start: usize,
        end: usize,
        record: &mut Record,
        builder: &mut BatchBuilder,
    ) -> Result<(), RejectReason> {
        if has_referer_and_agent(&chunk[start..end]) {
            return Err("common: referer and user agent are those of combined".into());
        }
        self.combined.parse(chunk, start, end, record, builder)
    }
}

/// Returns true when an access log line has three quoted texts: request, referer and user agent.
pub(in crate::parse) fn has_referer_and_agent(line: &[u8]) -> bool {
    memchr::memchr_iter(b'"', line).filter(|at| *at == 0 || line[at - 1] != b'\\').nth(5).is_some()
}
