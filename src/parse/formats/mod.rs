//! The formats, one file each.

use crate::entry::{BatchBuilder, Record, RejectReason};

use super::timestamp::years::SharedWalk;
use super::{Format, LineParser, Settings};

pub mod combined;
mod container;
pub mod json;
mod keys;
pub mod logfmt;
pub(super) mod piece;
pub mod plain;
pub mod syslog;

/// A parser of any format, for lines the main format of a file refused.
// A handful a thread, each living as long as its source: their sizes do not matter.
#[allow(clippy::large_enum_variant)]
#[derive(Debug)]
pub(super) enum AnyParser {
    Combined(combined::CombinedParser),
    Common(combined::CombinedParser),
    Json(json::JsonParser),
    Logfmt(logfmt::LogfmtParser),
    Syslog(syslog::SyslogParser),
    Plain(plain::PlainParser),
}

impl AnyParser {
    /// Makes the parser of a format.
    pub(super) fn new(format: Format, settings: &Settings, builder: &mut BatchBuilder) -> AnyParser {
        match format {
            Format::Combined => AnyParser::Combined(combined::CombinedParser::new(settings, builder)),
            Format::Common => AnyParser::Common(combined::CombinedParser::common(settings, builder)),
            Format::Json => AnyParser::Json(json::JsonParser::new(settings, builder)),
            Format::Logfmt => AnyParser::Logfmt(logfmt::LogfmtParser::new(settings, builder)),
            Format::Syslog => AnyParser::Syslog(syslog::SyslogParser::new(settings, builder)),
            Format::Plain => AnyParser::Plain(plain::PlainParser::new(settings, builder)),
        }
    }
}

impl AnyParser {
    /// Takes part in the walk through a source's stamps without a year.
    pub(super) fn join(&mut self, walk: &SharedWalk) {
        match self {
            AnyParser::Combined(parser) | AnyParser::Common(parser) => parser.times().join(walk),
            AnyParser::Json(parser) => parser.times().join(walk),
            AnyParser::Logfmt(parser) => parser.times().join(walk),
            AnyParser::Syslog(parser) => parser.times().join(walk),
            AnyParser::Plain(parser) => parser.times().join(walk),
        }
    }
}

impl LineParser for AnyParser {
    fn parse(
        &mut self,
        chunk: &[u8],
        start: usize,
        end: usize,
        record: &mut Record,
        builder: &mut BatchBuilder,
    ) -> Result<(), RejectReason> {
        match self {
            AnyParser::Combined(parser) => parser.parse(chunk, start, end, record, builder),
            AnyParser::Common(parser) => parser.parse(chunk, start, end, record, builder),
            AnyParser::Json(parser) => parser.parse(chunk, start, end, record, builder),
            AnyParser::Logfmt(parser) => parser.parse(chunk, start, end, record, builder),
            AnyParser::Syslog(parser) => parser.parse(chunk, start, end, record, builder),
            AnyParser::Plain(parser) => parser.parse(chunk, start, end, record, builder),
        }
    }
}
