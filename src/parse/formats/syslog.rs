//! The `syslog` format: RFC 3164 and RFC 5424, with and without the priority.
//!
//! RFC 3164 describes what programs did rather than what they should do, so its header is read leniently: the
//! tag may lack its process number or its colon, the host may be missing, the timestamp may be that of
//! RFC 3339 (`RSYSLOG_FileFormat`, `journalctl -o short-iso`), and there may be no tag at all
//! (`last message repeated 3 times`).

use crate::entry::{BatchBuilder, FieldId, LogLevel, Record, RejectReason, Span};
use crate::parse::level_word::{level_of_message, level_word, skip_blanks};
use crate::parse::timestamp::TimeParser;
use crate::parse::{LineParser, Settings};

/// Names of the facilities, RFC 5424 table 1 in the words of syslog.h.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];
/// The longest tag; RFC 3164 says 32, programs do not care.
const MAX_TAG: usize = 128;

/// Reads `syslog` lines.
#[derive(Debug)]
pub struct SyslogParser {
    time: TimeParser,
    facility: Option<FieldId>,
    host: Option<FieldId>,
    app: Option<FieldId>,
    pid: Option<FieldId>,
    msgid: Option<FieldId>,
    ref_proc: Option<FieldId>,
    /// The name of a parameter of structured data, put together.
    name: Vec<u8>,
    /// Where each facility's name stands in the scratch buffer, if it still does.
    facilities: [Span; 24],
}

impl SyslogParser {
    /// Returns the parser of times.
    pub(super) fn times(&mut self) -> &mut TimeParser {
        &mut self.time
    }

    /// Makes a parser whose fields are numbered by `builder`.
    pub fn new(settings: &Settings, builder: &mut BatchBuilder) -> SyslogParser {
        SyslogParser {
            time: TimeParser::new(settings),
            facility: builder.field(b"facility"),
            host: builder.field(b"host"),
            app: builder.field(b"app"),
            pid: builder.field(b"pid"),
            msgid: builder.field(b"msgid"),
            ref_proc: builder.field(b"ref_proc"),
            name: Vec::new(),
            facilities: [Span::default(); 24],
        }
    }

    /// RFC 5424 after the version: `TIMESTAMP HOST APP PROCID MSGID SD [MSG]`.
    fn structured(
        &mut self,
        line: Line<'_>,
        at: usize,
        record: &mut Record,
        builder: &mut BatchBuilder,
    ) -> Result<(), RejectReason> {
        let text = line.text;
        let at = if text[at..].starts_with(b"- ") {
            at + 2
        } else {
            let (nanos, style, length) =
                self.time.prefix(&text[at..]).ok_or("syslog: no timestamp after the version")?;
            if text.get(at + length) != Some(&b' ') {
                return Err("syslog: no blank after the timestamp".into());
            }
            (record.ts, record.style) = (nanos, style);
            at + length + 1
        };
        let (host, at) = header_word(text, at).ok_or("syslog: no host after the timestamp")?;
        let (app, at) = header_word(text, at).ok_or("syslog: no app name after the host")?;
        let (pid, at) = header_word(text, at).ok_or("syslog: no process id after the app name")?;
        let (msgid, at) = last_header_word(text, at).ok_or("syslog: no message id after the process id")?;
        for (field, (start, end)) in [(self.host, host), (self.app, app)] {
            if &text[start..end] != b"-" {
                record.text(field, line.span(start, end));
            }
        }
        if &text[pid.0..pid.1] != b"-" {
            self.push_pid(line, pid.0, pid.1, record);
        }
        if &text[msgid.0..msgid.1] != b"-" {
            record.text(self.msgid, line.span(msgid.0, msgid.1));
        }
        let at = match text.get(at) {
            Some(b'-') if matches!(text.get(at + 1), None | Some(b' ')) => at + 1,
            Some(b'[') => {
                let fields = record.fields.len();
                match self.elements(line, at, record, builder) {
                    Some(end) => end,
                    // Some senders leave the structured data out; then the bracket belongs to the message.
                    None => {
                        record.fields.truncate(fields);
                        at
                    }
                }
            }
            _ => at,
        };
        let start = if text.get(at) == Some(&b' ') { at + 1 } else { at };
        let message = &text[start..];
        let start = if message.starts_with(b"\xEF\xBB\xBF") { start + 3 } else { start };
        if start < text.len() {
            record.message = Some(line.span(start, text.len()));
        }
        Ok(())
    }

    /// Structured data: `[id name="value" …][…]`. Returns the position after it, or `None` when it is none.
    fn elements(
        &mut self,
        line: Line<'_>,
        mut at: usize,
        record: &mut Record,
        builder: &mut BatchBuilder,
    ) -> Option<usize> {
        let text = line.text;
        while text.get(at) == Some(&b'[') {
            let id_start = at + 1;
            at = name_end(text, id_start)?;
            self.name.clear();
            self.name.extend_from_slice(&text[id_start..at]);
            if text[at] == b']' {
                record.bool(builder.field(&self.name), true);
            }
            self.name.push(b'.');
            let id_length = self.name.len();
            while text.get(at) == Some(&b' ') {
                let name_start = at + 1;
                let equals = name_end(text, name_start)?;
                if text.get(equals..equals + 2) != Some(b"=\"") {
                    return None;
                }
                self.name.truncate(id_length);
                self.name.extend_from_slice(&text[name_start..equals]);
                let field = builder.field(&self.name);
                let (close, escaped) = quoted_end(text, equals + 2)?;
                if field.is_some() {
                    let span = match escaped {
                        false => line.span(equals + 2, close),
                        true => keep_unescaped(&text[equals + 2..close], builder),
                    };
                    record.text(field, span);
                }
                at = close + 1;
            }
            if text.get(at) != Some(&b']') {
                return None;
            }
            at += 1;
        }
        matches!(text.get(at), None | Some(b' ')).then_some(at)
    }

    /// What follows the timestamp of RFC 3164: `HOST TAG[PID]: MESSAGE` or less.
    fn tagged(&mut self, line: Line<'_>, mut at: usize, record: &mut Record, builder: &mut BatchBuilder) {
        let text = line.text;
        // Cisco ends the timestamp with a colon.
        if text.get(at) == Some(&b':') {
            at += 1;
        }
        at = skip_blanks(text, at);
        let host_end = at + memchr::memchr(b' ', &text[at..]).unwrap_or(text.len() - at);
        let hostless = host_end == text.len() || text[host_end - 1] == b':' || text[at..].starts_with(b"last message");
        if !hostless && host_end > at {
            record.text(self.host, line.span(at, host_end));
            at = skip_blanks(text, host_end);
            if text[at..].starts_with(b": ") {
                at += 2;
            }
        }
        at = self.facility_word(text, at, record, builder);
        self.tag_and_message(line, at, record);
    }

    /// `TAG[PID]: MESSAGE` at `at`; without a tag all of it is the message.
    fn tag_and_message(&mut self, line: Line<'_>, at: usize, record: &mut Record) {
        let text = line.text;
        let mut message = at;
        if let Some(tag) = tag(text, at) {
            record.text(self.app, line.span(at, tag.end));
            if let Some((start, end)) = tag.pid {
                self.push_pid(line, start, end, record);
            }
            if let Some((start, end)) = tag.ref_proc {
                record.text(self.ref_proc, line.span(start, end));
            }
            message = tag.message;
        }
        record.message = Some(line.span(message, text.len()));
        if record.level.is_none() {
            record.level = level_of_message(&text[message..]);
        }
    }

    /// BusyBox writes `daemon.info` before the tag. Returns the position after it, or `at`.
    #[inline]
    fn facility_word(&mut self, text: &[u8], at: usize, record: &mut Record, builder: &mut BatchBuilder) -> usize {
        let word = &text[at..text.len().min(at + 20)];
        let Some(end) = memchr::memchr3(b' ', b':', b'[', word).filter(|end| word[*end] == b' ') else { return at };
        let Some(dot) = memchr::memchr(b'.', &word[..end]) else { return at };
        let facility = FACILITIES.iter().position(|name| name.as_bytes() == &word[..dot]);
        let (Some(facility), Some(level)) = (facility, LogLevel::from_word(&word[dot + 1..end], false)) else {
            return at;
        };
        // The priority, when there is one, said the same first.
        if record.level.is_none() {
            record.level = Some(level);
            self.push_facility(facility, record, builder);
        }
        at + end + 1
    }

    /// The names of the facilities are made once a batch, not once a line.
    #[inline]
    fn push_facility(&mut self, facility: usize, record: &mut Record, builder: &mut BatchBuilder) {
        if self.facility.is_none() {
            return;
        }
        let name = FACILITIES[facility].as_bytes();
        let span = self.facilities[facility];
        if builder.scratch().get(span.start()..span.end()) != Some(name) {
            self.facilities[facility] = builder.keep(name);
        }
        record.text(self.facility, self.facilities[facility]);
    }

    #[inline]
    fn push_pid(&self, line: Line<'_>, start: usize, end: usize, record: &mut Record) {
        match integer(&line.text[start..end]) {
            Some(number) => record.int(self.pid, number),
            None => record.text(self.pid, line.span(start, end)),
        }
    }
}

impl LineParser for SyslogParser {
    fn parse(
        &mut self,
        chunk: &[u8],
        start: usize,
        end: usize,
        record: &mut Record,
        builder: &mut BatchBuilder,
    ) -> Result<(), RejectReason> {
        let line = Line { text: &chunk[start..end], start };
        let text = line.text;
        let Some((priority, at)) = priority(text)? else {
            return self.without_priority(line, record, builder);
        };
        record.level = LogLevel::from_syslog(priority % 8);
        self.push_facility((priority / 8) as usize, record, builder);
        if is_version(text, at) {
            return self.structured(line, at + 2, record, builder);
        }
        match self.time.prefix(&text[at..]) {
            Some((nanos, style, length)) if matches!(text.get(at + length), Some(b' ' | b':')) => {
                (record.ts, record.style) = (nanos, style);
                self.tagged(line, at + length, record, builder);
            }
            // The priority alone is enough: kernels and containers write no more.
            _ => self.tag_and_message(line, at, record),
        }
        Ok(())
    }
}

impl SyslogParser {
    fn without_priority(
        &mut self,
        line: Line<'_>,
        record: &mut Record,
        builder: &mut BatchBuilder,
    ) -> Result<(), RejectReason> {
        let text = line.text;
        if is_version(text, 0) && text.get(2..6).is_some_and(|year| year.iter().all(u8::is_ascii_digit)) {
            return self.structured(line, 2, record, builder);
        }
        let (nanos, style, length) = self.time.prefix(text).ok_or("syslog: no priority and no timestamp")?;
        (record.ts, record.style) = (nanos, style);
        let stamp = &text[..length];
        match text[0] {
            // `Nov 22, 2026` is Java's, `Sun Nov 22` that of C.
            b'A'..=b'Z' if !stamp[3..].contains(&b',') && !stamp[4].is_ascii_alphabetic() => {
                if !matches!(text.get(length), Some(b' ' | b':')) {
                    return Err("syslog: nothing after the timestamp".into());
                }
            }
            b'0'..=b'9' if has_date_and_zone(stamp) => {
                if !looks_like_header(&text[length..]) {
                    return Err("syslog: no host and tag after the timestamp".into());
                }
            }
            _ => return Err("syslog: not a timestamp of syslog".into()),
        }
        self.tagged(line, length, record, builder);
        Ok(())
    }
}

/// A line and where it begins in its chunk.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a [u8],
    start: usize,
}

impl Line<'_> {
    /// Returns the place in the chunk of a piece of the line.
    #[inline]
    fn span(self, start: usize, end: usize) -> Span {
        Span::chunk(self.start + start, end - start)
    }
}

/// Reads `<PRI>` at the beginning: the number and the position after it.
#[inline]
fn priority(text: &[u8]) -> Result<Option<(u8, usize)>, RejectReason> {
    if text.first() != Some(&b'<') {
        return Ok(None);
    }
    let digits = text[1..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > 3 || text.get(1 + digits) != Some(&b'>') {
        return Err("syslog: no priority between < and >".into());
    }
    let number = text[1..=digits].iter().fold(0u32, |number, byte| number * 10 + u32::from(byte - b'0'));
    match number {
        0..=191 => Ok(Some((number as u8, digits + 2))),
        _ => Err("syslog: priority above 191".into()),
    }
}

/// Returns true when version 1 of RFC 5424 stands at `at`, before a timestamp.
#[inline]
fn is_version(text: &[u8], at: usize) -> bool {
    matches!(text.get(at..at + 3), Some([b'1', b' ', b'-' | b'0'..=b'9']))
}

/// Reads a word that a blank ends: its place and the position after the blank.
#[inline]
fn header_word(text: &[u8], at: usize) -> Option<((usize, usize), usize)> {
    let end = at + memchr::memchr(b' ', &text[at..])?;
    (end > at).then_some(((at, end), end + 1))
}

/// Like [`header_word`], but the line may end with the word.
#[inline]
fn last_header_word(text: &[u8], at: usize) -> Option<((usize, usize), usize)> {
    header_word(text, at).or_else(|| (at < text.len() && text[at] != b' ').then_some(((at, text.len()), text.len())))
}

/// Returns the end of a name of structured data (RFC 5424 SD-NAME) at `at`, which must not be empty or
/// the end of the line.
#[inline]
fn name_end(text: &[u8], at: usize) -> Option<usize> {
    let length = text[at..].iter().position(|byte| matches!(byte, b'=' | b' ' | b']' | b'"'))?;
    (length > 0).then_some(at + length)
}

/// Returns the position of the quote that ends a value, and whether the value has escapes.
#[inline]
fn quoted_end(text: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

/// Undoes `\"`, `\\` and `\]`; any other backslash stays (RFC 5424, 6.3.3).
fn keep_unescaped(value: &[u8], builder: &mut BatchBuilder) -> Span {
    let scratch = builder.scratch();
    let start = scratch.len();
    let mut bytes = value.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = (byte == b'\\').then(|| bytes.next_if(|next| matches!(next, b'"' | b'\\' | b']'))).flatten();
        scratch.push(escaped.unwrap_or(byte));
    }
    Span::scratch(start, scratch.len() - start)
}

/// The tag of RFC 3164.
struct Tag {
    end: usize,
    pid: Option<(usize, usize)>,
    /// macOS: the process the message is about.
    ref_proc: Option<(usize, usize)>,
    message: usize,
}

/// Reads `TAG:`, `TAG[PID]:` or `TAG[PID]` at `at`.
#[inline]
fn tag(text: &[u8], at: usize) -> Option<Tag> {
    let mut end = at;
    let limit = text.len().min(at + MAX_TAG);
    loop {
        end += memchr::memchr3(b':', b'[', b' ', &text[end..limit])?;
        match text[end] {
            b':' if end > at && matches!(text.get(end + 1), None | Some(b' ' | b'\t' | b'[')) => {
                return Some(Tag { end, pid: None, ref_proc: None, message: after_blank(text, end + 1) });
            }
            b':' => end += 1,
            b'[' if end > at => break,
            b' ' => {
                end = spaced_tag(&text[at..limit], end - at)? + at;
                break;
            }
            _ => return None,
        }
    }
    let pid_start = end + 1;
    let pid_end = pid_start + memchr::memchr2(b']', b' ', &text[pid_start..])?;
    if text[pid_end] != b']' || pid_end == pid_start {
        return None;
    }
    let pid = Some((pid_start, pid_end));
    match text.get(pid_end + 1) {
        Some(b':') => Some(Tag { end, pid, ref_proc: None, message: after_blank(text, pid_end + 2) }),
        Some(b' ') => Some(match ref_proc(text, pid_end + 2) {
            Some((start, close)) => {
                Tag { end, pid, ref_proc: Some((start, close)), message: after_blank(text, close + 2) }
            }
            None => Tag { end, pid, ref_proc: None, message: pid_end + 2 },
        }),
        None => Some(Tag { end, pid, ref_proc: None, message: text.len() }),
        Some(_) => None,
    }
}

/// macOS: the name of a program may have a blank (`Microsoft Word[14463]: `). Returns the position of the
/// bracket; the number and the colon must follow, so that no message is taken for a tag.
#[cold]
fn spaced_tag(text: &[u8], blank: usize) -> Option<usize> {
    let bracket = memchr::memchr(b'[', text)?;
    let name = &text[..bracket];
    let name_like = |byte: &u8| byte.is_ascii_alphanumeric() || b" ._-".contains(byte);
    let digits = text[bracket + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ended = digits > 0 && text[bracket + 1 + digits..].starts_with(b"]: ");
    let blanks = name[blank..].iter().filter(|byte| **byte == b' ').count();
    (ended && blanks <= 2 && name[0].is_ascii_uppercase() && name.iter().all(name_like)).then_some(bracket)
}

/// Reads `(NAME[PID]):`.
fn ref_proc(text: &[u8], at: usize) -> Option<(usize, usize)> {
    if text.get(at) != Some(&b'(') {
        return None;
    }
    let close = at + memchr::memchr2(b')', b' ', &text[at..])?;
    (text[close] == b')' && text.get(close + 1) == Some(&b':')).then_some((at + 1, close))
}

#[inline]
fn after_blank(text: &[u8], at: usize) -> usize {
    if text.get(at) == Some(&b' ') { at + 1 } else { at }
}

/// Reads digits as a number; `007` is text.
#[inline]
fn integer(text: &[u8]) -> Option<i64> {
    let number = text.len() <= 18 && text.iter().all(u8::is_ascii_digit) && (text[0] != b'0' || text.len() == 1);
    number.then(|| text.iter().fold(0, |number, byte| number * 10 + i64::from(byte - b'0')))
}

/// Returns true for `2026-11-22T10:00:00…` that ends with a zone, as syslog daemons write it.
fn has_date_and_zone(stamp: &[u8]) -> bool {
    stamp.get(10) == Some(&b'T')
        && (stamp.ends_with(b"Z") || stamp[19.min(stamp.len())..].iter().any(|byte| matches!(byte, b'+' | b'-')))
}

/// Returns true when a blank, a host and a tag (or a repetition) follow. Stricter than the header after a
/// timestamp of RFC 3164: this timestamp is anyone's.
fn looks_like_header(text: &[u8]) -> bool {
    let Some(((start, end), at)) = text.strip_prefix(b" ").and_then(|text| header_word(text, 0)) else { return false };
    let text = &text[1..];
    let host = &text[start..end];
    let host_like = host.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(byte))
        && host[0].is_ascii_alphanumeric()
        && host.last() != Some(&b':')
        && LogLevel::from_word(host, true).is_none();
    let tag_like = tag(text, at).is_some_and(|tag| {
        let name = &text[at..tag.end];
        level_word(text, at).is_none()
            && name[0].is_ascii_alphanumeric()
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-./()@+".contains(byte))
    });
    host_like && (tag_like || text[at..].starts_with(b"last message repeated "))
}

#[cfg(test)]
mod tests;
