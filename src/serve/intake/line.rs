//! A line inside an envelope: what it says itself is taken from it where it is JSON, logfmt or of an access log.
//!
//! Agents send lines with a time and labels beside them. Only formats that cannot be mistaken are read; any other line
//! is the message as it is, and gives its level where it says one.

use std::sync::Arc;

use super::gather::Gather;
use crate::entry::{FieldId, LogLevel, NO_TIME, Span, TimeStyle};
use crate::parse::formats::{combined::CombinedParser, json::JsonParser, logfmt::LogfmtParser, plain::PlainParser};
use crate::parse::{Format, Settings};

/// Reads lines inside envelopes.
#[derive(Debug)]
pub struct InnerLines {
    json: JsonParser,
    logfmt: LogfmtParser,
    combined: CombinedParser,
    common: CombinedParser,
    plain: PlainParser,
    names: Names,
}

/// The names of the formats, made once.
#[derive(Debug)]
struct Names {
    json: Arc<str>,
    logfmt: Arc<str>,
    combined: Arc<str>,
    common: Arc<str>,
    text: Arc<str>,
}

impl InnerLines {
    /// Makes a reader for a request; `protocol` is the format of lines that are their own message.
    pub fn new(settings: &Settings, gather: &mut Gather, protocol: &str) -> InnerLines {
        let builder = &mut gather.builder;
        InnerLines {
            json: JsonParser::new(settings, builder),
            logfmt: LogfmtParser::new(settings, builder),
            combined: CombinedParser::new(settings, builder),
            common: CombinedParser::common(settings, builder),
            plain: PlainParser::new(settings, builder),
            names: Names {
                json: Format::Json.name().into(),
                logfmt: Format::Logfmt.name().into(),
                combined: Format::Combined.name().into(),
                common: Format::Common.name().into(),
                text: protocol.into(),
            },
        }
    }

    /// Reads `text[start..]` into the record; returns the name of the format.
    pub fn read(&mut self, gather: &mut Gather, text: &[u8], start: usize) -> Arc<str> {
        let end = text.len();
        let line = &text[start..];
        if line.trim_ascii_start().first() == Some(&b'{') && gather.parse_json(&mut self.json, text, start, end).is_ok()
        {
            return self.names.json.clone();
        }
        // An access log has the request in quotes and its time in brackets.
        if memchr::memchr(b'[', line).is_some() && memchr::memchr(b'"', line).is_some() {
            if gather.parse(&mut self.combined, text, start, end).is_ok() {
                return self.names.combined.clone();
            }
            if gather.parse(&mut self.common, text, start, end).is_ok() {
                return self.names.common.clone();
            }
        }
        if memchr::memchr(b'=', line).is_some() && gather.parse(&mut self.logfmt, text, start, end).is_ok() {
            return self.names.logfmt.clone();
        }
        let mark = gather.builder.scratch().len();
        let level = match gather.parse(&mut self.plain, text, start, end) {
            Ok(()) => gather.record.level,
            Err(_) => None,
        };
        gather.builder.scratch().truncate(mark);
        let record = &mut gather.record;
        record.clear();
        record.level = level.or_else(|| leading_level(line));
        record.message = Some(Span::chunk(start, end - start));
        self.names.text.clone()
    }
}

/// Returns the level of a line that begins with it: in capitals, in brackets or before a colon.
fn leading_level(line: &[u8]) -> Option<LogLevel> {
    let line = line.trim_ascii_start();
    let (is_bracketed, line) = line.strip_prefix(b"[").map_or((false, line), |line| (true, line));
    let length = line.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(line.len());
    let (word, rest) = line.split_at(length);
    let stands_out = match rest.first() {
        Some(b']') => is_bracketed,
        Some(b':') => true,
        Some(b' ' | b'\t') | None => word.iter().all(u8::is_ascii_uppercase),
        Some(_) => false,
    };
    if stands_out { LogLevel::from_word(word, false) } else { None }
}

/// Fields that stand beside a line, under their own names whatever the line says.
#[derive(Debug, Default)]
pub struct Beside {
    fields: Vec<(FieldId, Span)>,
    /// For each the name's number with a trailing underscore, once a line has needed it.
    others: Vec<Option<FieldId>>,
    names: Vec<String>,
    /// Of all values.
    bytes: usize,
    level: Option<LogLevel>,
}

/// Labels that say the level, the most telling first.
const LEVEL_NAMES: [&str; 3] = ["level", "detected_level", "severity"];

impl Beside {
    /// Takes at most as many names and values as an entry may have. Of a name that comes twice the second gets a trailing
    /// underscore.
    pub fn of(pairs: &[(String, Vec<u8>)], gather: &mut Gather) -> Beside {
        let mut beside = Beside::default();
        let mut best = LEVEL_NAMES.len();
        for (name, value) in pairs.iter().take(gather.limits().fields) {
            if let Some(rank) = LEVEL_NAMES.iter().position(|known| known == name)
                && rank < best
                && let Some(level) = LogLevel::from_word(value.trim_ascii(), false)
            {
                (best, beside.level) = (rank, Some(level));
                // `level` is the entry's own; the others stay what they are as well.
                if name == "level" {
                    continue;
                }
            }
            let mut name = name.clone();
            while beside.names.contains(&name) {
                name.push('_');
            }
            let Some(field) = gather.builder.field(name.as_bytes()) else { continue };
            let span = gather.builder.keep(value);
            beside.fields.push((field, span));
            beside.bytes += value.len();
            beside.names.push(name);
        }
        beside.others.resize(beside.fields.len(), None);
        beside
    }

    /// Adds the fields to the record: what the record has under one of their names gets a trailing underscore.
    pub fn add_to(&mut self, gather: &mut Gather) {
        gather.count_beside(self.bytes);
        let record = &mut gather.record;
        let own = record.fields.len();
        for index in 0..own {
            let Some(known) = self.fields.iter().position(|(field, _)| *field == record.fields[index].0) else {
                continue;
            };
            let other = match self.others[known] {
                Some(other) => other,
                None => {
                    let name = format!("{}_", self.names[known]);
                    let Some(other) = gather.builder.field(name.as_bytes()) else { continue };
                    self.others[known] = Some(other);
                    other
                }
            };
            record.fields[index].0 = other;
        }
        self.fields.iter().for_each(|(field, span)| record.text(Some(*field), *span));
        record.level = self.level.or(record.level);
    }
}

/// Sets the record's time to the envelope's, unless that has none.
pub fn set_time(gather: &mut Gather, nanos: i64) {
    if nanos != NO_TIME {
        gather.record.ts = nanos;
        gather.record.style = TimeStyle::exact(nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_taken_only_where_it_stands_out() {
        for (line, expected) in [
            ("ERROR it broke", Some(LogLevel::Error)),
            ("[warn] low", Some(LogLevel::Warn)),
            ("info: up", Some(LogLevel::Info)),
            ("error it broke", None),
            ("Warning signs", None),
            ("ERRORS", None),
            ("[error", None),
            ("", None),
        ] {
            assert_eq!(leading_level(line.as_bytes()), expected, "{line}");
        }
    }
}
