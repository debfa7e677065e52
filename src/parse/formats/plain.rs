//! The `plain` format: text lines that begin with a timestamp.
//!
//! What stands between the timestamp and the message differs from program to program. `header` takes
//! from it only what cannot be anything else; the rest stays in the message, where it can be searched.
//!
//! A line that begins with what has the shape of a timestamp but cannot be one (`2026-13-45 10:00:00`) begins an entry
//! as well, without time: it is no part of the one before.

use crate::entry::{BatchBuilder, FieldId, LogLevel, Record, RejectReason, Span};
use crate::parse::level_word::{level_word, skip_blanks};
use crate::parse::timestamp::TimeParser;
use crate::parse::{LineParser, Settings};

mod header;

use header::{Header, Piece, header, skip_separator};

/// The longest word before the timestamp.
const MAX_ORIGIN: usize = 64;

/// Reads `plain` lines.
#[derive(Debug)]
pub struct PlainParser {
    time: TimeParser,
    origin: Option<FieldId>,
    pid: Option<FieldId>,
    thread: Option<FieldId>,
    logger: Option<FieldId>,
    caller: Option<FieldId>,
    client_ip: Option<FieldId>,
    client_port: Option<FieldId>,
    request_id: Option<FieldId>,
    user: Option<FieldId>,
    database: Option<FieldId>,
    app: Option<FieldId>,
}

impl PlainParser {
    /// Returns the parser of times.
    pub(super) fn times(&mut self) -> &mut TimeParser {
        &mut self.time
    }

    /// Makes a parser whose fields are numbered by `builder`.
    pub fn new(settings: &Settings, builder: &mut BatchBuilder) -> PlainParser {
        PlainParser {
            time: TimeParser::new(settings),
            origin: builder.field(b"origin"),
            pid: builder.field(b"pid"),
            thread: builder.field(b"thread"),
            logger: builder.field(b"logger"),
            caller: builder.field(b"caller"),
            client_ip: builder.field(b"client_ip"),
            client_port: builder.field(b"client_port"),
            request_id: builder.field(b"request_id"),
            user: builder.field(b"user"),
            database: builder.field(b"database"),
            app: builder.field(b"app"),
        }
    }

    /// Reads a timestamp at `at`, perhaps in brackets: sets it and returns the position after it and whether a
    /// bracket is still open.
    #[inline]
    fn stamp(&mut self, text: &[u8], at: usize, record: &mut Record) -> Option<(usize, bool)> {
        let bracket = text.get(at) == Some(&b'[');
        let at = at + usize::from(bracket);
        let (nanos, style, length) = self.time.prefix(text.get(at..)?)?;
        (record.ts, record.style) = (nanos, style);
        let end = at + length;
        Some(match bracket && text.get(end) == Some(&b']') {
            true => (end + 1, false),
            false => (end, bracket),
        })
    }

    /// `2026-11-22 10:00:00 …` and `[2026-11-22 10:00:00] …`, also `[2026-11-22T10:00:00Z INFO app] …`.
    #[inline]
    fn stamp_first(&mut self, text: &[u8], record: &mut Record) -> Option<Header> {
        let (end, open) = self.stamp(text, 0, record)?;
        Some(if open { header::bracketed(text, end) } else { header(text, end) })
    }

    /// `E1122 10:00:00.123456  1234 file.go:12] …`.
    fn glog(&mut self, text: &[u8], record: &mut Record) -> Option<Header> {
        let level = LogLevel::from_word(text.get(..1)?, true).filter(|_| b"DIWEFC".contains(&text[0]))?;
        let digits = text[1..].iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
        let (nanos, style, length) = match digits {
            4 => self.time.month_day(&text[1..])?,
            8 => self.time.prefix(&text[1..])?,
            _ => return None,
        };
        let header = header::glog(text, 1 + length)?;
        (record.ts, record.style) = (nanos, style);
        Some(Header { level: Some(level), ..header })
    }

    /// Ruby: `W, [2026-11-22T10:00:00.497736 #1234]  WARN -- app: …`.
    fn ruby(&mut self, text: &[u8], record: &mut Record) -> Option<Header> {
        if text.get(1..4) != Some(b", [") {
            return None;
        }
        let (end, _) = self.stamp(text, 3, record)?;
        header::ruby(text, end)
    }

    /// Redis: `1:M 22 Nov 2026 10:00:00.123 * Ready`: process, role and a sign for the level.
    fn redis(&mut self, text: &[u8], record: &mut Record) -> Option<Header> {
        let pid = text.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
        let [b':', b'X' | b'C' | b'S' | b'M', b' ', ..] = text[pid..] else { return None };
        let (end, open) = self.stamp(text, pid + 3, record).filter(|_| pid > 0)?;
        let level = match text[end..] {
            [b' ', b'.', b' ', ..] => LogLevel::Debug,
            [b' ', b'-', b' ', ..] => LogLevel::Info,
            [b' ', b'*', b' ', ..] => LogLevel::Notice,
            [b' ', b'#', b' ', ..] => LogLevel::Warn,
            _ => return None,
        };
        let header = Header { level: Some(level), pid: Some((0, pid)), message: end + 3, ..Header::default() };
        (!open).then_some(header)
    }

    /// `INFO 2026-11-22 10:00:00 …`, `[INFO] 2026-11-22 …`, `INFO  [main] 2026-11-22 10:00:00,123 …`.
    fn level_first(&mut self, text: &[u8], record: &mut Record) -> Option<Header> {
        // CUPS: `E [08/Jun/2013:11:28:58 -0700] …`.
        let letter = text.get(1..3) == Some(b" [") && text[0].is_ascii_uppercase();
        let (level, end) = match letter {
            true => (LogLevel::from_word(&text[..1], true)?, 1),
            false => level_word(text, 0).map(|word| (word.level, word.end))?,
        };
        let mut at = skip_separator(text, end);
        let mut thread = None;
        if !text.get(at + 1).is_some_and(u8::is_ascii_digit)
            && let Some((content, end)) = header::bracket(text, at)
        {
            thread = Some(content);
            at = skip_separator(text, end);
        }
        let (end, open) = self.stamp(text, at, record)?;
        if open {
            return None;
        }
        Some(header::after_level(text, end, Header { level: Some(level), thread, ..Header::default() }))
    }

    /// A word, a timestamp with its year and a level: OpenStack's collected logs, container names.
    fn word_first(&mut self, text: &[u8], record: &mut Record) -> Option<(Piece, Header)> {
        let length = memchr::memchr(b' ', &text[..text.len().min(MAX_ORIGIN)]).filter(|length| *length > 0)?;
        let at = skip_blanks(text, length);
        if text.get(at + 4) != Some(&b'-') {
            return None;
        }
        let (end, _) = self.stamp(text, at, record)?;
        let header = header(text, end);
        header.level.is_some().then_some(((0, length), header))
    }
}

/// Java's own logging writes two lines an entry; the second one begins with the level: `SEVERE: no stock`.
pub fn level_of_second_line(text: &[u8]) -> Option<LogLevel> {
    const LEVELS: [&[u8]; 7] = [b"SEVERE", b"WARNING", b"INFO", b"CONFIG", b"FINE", b"FINER", b"FINEST"];
    let colon = memchr::memchr(b':', &text[..text.len().min(8)])?;
    let word = LEVELS.into_iter().find(|level| *level == &text[..colon])?;
    matches!(text.get(colon + 1), None | Some(b' ')).then(|| LogLevel::from_word(word, false))?
}

/// A date that no calendar has, where a timestamp belongs: the line begins an entry, whose time is not known.
fn impossible_first(text: &[u8]) -> Option<Header> {
    let bracket = text.first() == Some(&b'[');
    let end = usize::from(bracket) + TimeParser::shape(&text[usize::from(bracket)..])?;
    Some(match bracket {
        true if text.get(end) == Some(&b']') => header(text, end + 1),
        true => header::bracketed(text, end),
        false => header(text, end),
    })
}

impl LineParser for PlainParser {
    fn parse(
        &mut self,
        chunk: &[u8],
        start: usize,
        end: usize,
        record: &mut Record,
        _builder: &mut BatchBuilder,
    ) -> Result<(), RejectReason> {
        let text = &chunk[start..end];
        let header = self
            .stamp_first(text, record)
            .or_else(|| impossible_first(text))
            .or_else(|| self.glog(text, record))
            .or_else(|| self.ruby(text, record))
            .or_else(|| self.level_first(text, record))
            .or_else(|| self.redis(text, record));
        let (origin, header) = match header {
            Some(header) => (None, header),
            None => match self.word_first(text, record) {
                Some((origin, header)) => (Some(origin), header),
                None => return Err("plain: no timestamp at the beginning".into()),
            },
        };
        let span = |(from, to): Piece| Span::chunk(start + from, to - from);
        for (field, piece) in [
            (self.origin, origin),
            (self.pid, header.pid),
            (self.thread, header.thread),
            (self.logger, header.logger),
            (self.caller, header.caller),
            (self.client_ip, header.client_ip),
            (self.client_port, header.client_port),
            (self.request_id, header.request_id),
            (self.user, header.user),
            (self.database, header.database),
            (self.app, header.app),
        ] {
            let Some(piece) = piece else { continue };
            match header::integer(&text[piece.0..piece.1]) {
                Some(number) => record.int(field, number),
                None => record.text(field, span(piece)),
            }
        }
        record.level = header.level;
        record.message = Some(span((header.message, text.len())));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
