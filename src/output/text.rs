//! Text for people: one line an entry, and more lines, indented, when its message has more.

use super::cells::{Cell, Slot};
use super::palette::Palette;
use super::time::TimeText;
use super::writer::Rows;
use super::{logfmt, number, safe, scan};
use crate::entry::{EntryBatch, LogLevel, ValueRef};

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The colours.
    pub palette: &'a Palette,
    /// True when text goes to a terminal and must be made safe.
    pub terminal: bool,
    /// True to write requests and programs in their usual short forms, false for `name=value` throughout.
    pub short_forms: bool,
}

/// The cells that have a place of their own in the line; the others follow as `name=value`.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Part {
    Time,
    Level,
    Message,
    Host,
    App,
    Pid,
    Client,
    User,
    Method,
    Path,
    Query,
    Status,
    Bytes,
    Duration,
    Agent,
    Protocol,
}

const PARTS: [(Part, &str); 16] = [
    (Part::Time, "ts"),
    (Part::Level, "level"),
    (Part::Message, "message"),
    (Part::Host, "host"),
    (Part::App, "app"),
    (Part::Pid, "pid"),
    (Part::Client, "client_ip"),
    (Part::User, "user"),
    (Part::Method, "method"),
    (Part::Path, "path"),
    (Part::Query, "query"),
    (Part::Status, "status"),
    (Part::Bytes, "bytes"),
    (Part::Duration, "duration"),
    (Part::Agent, "user_agent"),
    (Part::Protocol, "protocol"),
];

/// Writes entries as text: time, level, then
/// - of an entry with a message: `host app[pid]: message`,
/// - of a request without one: `client user METHOD /path?query status bytes duration "agent"`,
///
/// and every other field as `name=value`. The protocol of a request is left to the other formats.
pub fn write<'b>(
    batch: &'b EntryBatch,
    rows: Rows<'_>,
    slots: &mut [Slot<'b>],
    look: Look<'_>,
    out: &mut Vec<u8>,
    mut ends: Option<&mut Vec<usize>>,
) {
    let keys: Vec<Vec<u8>> = slots.iter().map(|slot| logfmt::key(slot.name, look.terminal)).collect();
    let places = PARTS.map(|(_, name)| slots.iter().position(|slot| slot.name == name));
    let mut line = Line { look, places, keys: &keys, cells: vec![None; slots.len()], time: TimeText::new() };
    for row in rows.iter() {
        for (slot, cell) in slots.iter_mut().zip(&mut line.cells) {
            *cell = slot.cell(batch, row);
        }
        line.write(out);
        if let Some(ends) = &mut ends {
            ends.push(out.len());
        }
    }
}

/// One entry on its way to text.
struct Line<'l, 'a> {
    look: Look<'l>,
    places: [Option<usize>; 16],
    keys: &'l [Vec<u8>],
    cells: Vec<Option<Cell<'a>>>,
    time: TimeText,
}

impl<'a> Line<'_, 'a> {
    fn write(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        if let Some(Cell::Time(nanos, digits)) = self.take(Part::Time) {
            out.extend_from_slice(&self.look.palette.time);
            self.time.write_plain(nanos, digits, out);
            out.extend_from_slice(&self.look.palette.reset);
        }
        if let Some(Cell::Level(level)) = self.take(Part::Level) {
            gap(start, out);
            self.write_level(level, out);
        }
        let mut more_lines: &[u8] = &[];
        if let Some(Cell::Lines(message)) = self.take(Part::Message) {
            gap(start, out);
            let first = match memchr::memchr(b'\n', message) {
                Some(end) => {
                    more_lines = &message[end + 1..];
                    &message[..end]
                }
                None => message,
            };
            if self.look.short_forms {
                self.write_program(out);
            }
            self.write_line(first, out);
        } else if self.look.short_forms && self.is_request() {
            self.write_request(start, out);
        }
        self.write_rest(start, out);
        out.push(b'\n');
        if !more_lines.is_empty() {
            let more_lines = more_lines.strip_suffix(b"\n").unwrap_or(more_lines);
            for line in more_lines.split(|byte| *byte == b'\n') {
                out.extend_from_slice(b"    ");
                self.write_line(line, out);
                out.push(b'\n');
            }
        }
    }

    fn take(&mut self, part: Part) -> Option<Cell<'a>> {
        self.places[part as usize].and_then(|place| self.cells[place].take())
    }

    fn take_value(&mut self, part: Part) -> Option<ValueRef<'a>> {
        match self.take(part) {
            Some(Cell::Value(value)) => Some(value),
            _ => None,
        }
    }

    fn has(&self, part: Part) -> bool {
        self.places[part as usize].is_some_and(|place| self.cells[place].is_some())
    }

    /// The level keeps its brackets and word without colour; padded so that messages line up.
    fn write_level(&self, level: LogLevel, out: &mut Vec<u8>) {
        let word: &[u8] = match level {
            LogLevel::Trace => b"[TRACE]",
            LogLevel::Debug => b"[DEBUG]",
            LogLevel::Info => b"[INFO]",
            LogLevel::Notice => b"[NOTICE]",
            LogLevel::Warn => b"[WARN]",
            LogLevel::Error => b"[ERROR]",
            LogLevel::Critical => b"[CRIT]",
            LogLevel::Alert => b"[ALERT]",
            LogLevel::Emergency => b"[EMERG]",
        };
        let color = self.look.palette.level(level);
        out.extend_from_slice(color);
        out.extend_from_slice(word);
        out.extend_from_slice(self.look.palette.end(color));
        if word.len() < 7 {
            out.push(b' ');
        }
    }

    /// `host app[pid]: `, as syslog has it.
    fn write_program(&mut self, out: &mut Vec<u8>) {
        if !self.has(Part::App) {
            return;
        }
        if let Some(host) = self.take_value(Part::Host) {
            self.write_value(host, out);
            out.push(b' ');
        }
        if let Some(app) = self.take_value(Part::App) {
            out.extend_from_slice(&self.look.palette.strong);
            self.write_value(app, out);
            out.extend_from_slice(&self.look.palette.reset);
        }
        if let Some(pid) = self.take_value(Part::Pid) {
            out.push(b'[');
            self.write_value(pid, out);
            out.push(b']');
        }
        out.extend_from_slice(b": ");
    }

    fn is_request(&self) -> bool {
        self.has(Part::Status) && (self.has(Part::Path) || self.has(Part::Method))
    }

    fn write_request(&mut self, start: usize, out: &mut Vec<u8>) {
        for part in [Part::Client, Part::User, Part::Method] {
            if let Some(value) = self.take_value(part) {
                gap(start, out);
                self.write_value(value, out);
            }
        }
        if let Some(path) = self.take_value(Part::Path) {
            gap(start, out);
            self.write_value(path, out);
            if let Some(query) = self.take_value(Part::Query) {
                out.push(b'?');
                self.write_value(query, out);
            }
        }
        if let Some(status) = self.take_value(Part::Status) {
            gap(start, out);
            let palette = self.look.palette;
            let color = if let ValueRef::Int(status) = status { palette.status(status) } else { &[] };
            out.extend_from_slice(color);
            self.write_value(status, out);
            out.extend_from_slice(palette.end(color));
        }
        for (part, unit) in [(Part::Bytes, b'B'), (Part::Duration, b's')] {
            if let Some(value) = self.take_value(part) {
                gap(start, out);
                self.write_value(value, out);
                out.push(unit);
            }
        }
        if let Some(agent) = self.take_value(Part::Agent) {
            gap(start, out);
            out.extend_from_slice(&self.look.palette.dim);
            out.push(b'"');
            self.write_value(agent, out);
            out.push(b'"');
            out.extend_from_slice(&self.look.palette.reset);
        }
        self.take(Part::Protocol);
    }

    fn write_rest(&mut self, start: usize, out: &mut Vec<u8>) {
        let palette = self.look.palette;
        for (cell, key) in self.cells.iter_mut().zip(self.keys) {
            let Some(cell) = cell.take() else { continue };
            let key = if out.len() == start { &key[1..] } else { &key[..] };
            out.extend_from_slice(&palette.dim);
            out.extend_from_slice(key);
            out.extend_from_slice(&palette.reset);
            match cell {
                Cell::Time(nanos, digits) => self.time.write_rfc3339(nanos, digits, out),
                Cell::Level(level) => out.extend_from_slice(level.name().as_bytes()),
                Cell::Lines(text) => logfmt::write_text(text, self.look.terminal, out),
                Cell::Value(value) => logfmt::write_value(value, self.look.terminal, out),
            }
        }
    }

    /// Writes a value without quotes; a line feed inside is escaped.
    fn write_value(&self, value: ValueRef<'_>, out: &mut Vec<u8>) {
        match value {
            ValueRef::Text(text) | ValueRef::Json(text) => {
                if self.look.terminal || scan::is_printable_ascii(text) {
                    safe::write(text, out);
                } else {
                    text.split_inclusive(|byte| *byte == b'\n').for_each(|piece| {
                        let line = piece.strip_suffix(b"\n");
                        out.extend_from_slice(line.unwrap_or(piece));
                        out.extend_from_slice(if line.is_some() { b"\\n" } else { b"" });
                    });
                }
            }
            ValueRef::Int(integer) => number::write_int(integer, out),
            ValueRef::Float(float) => number::write_float(float, out),
            ValueRef::Bool(truth) => number::write_bool(truth, out),
        }
    }

    /// Writes a line of a message.
    fn write_line(&self, line: &[u8], out: &mut Vec<u8>) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.look.terminal {
            safe::write(line, out);
        } else {
            out.extend_from_slice(line);
        }
    }
}

/// Puts a blank between the parts of the line that began at `start`.
#[inline]
fn gap(start: usize, out: &mut Vec<u8>) {
    if out.len() > start {
        out.push(b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::{batch_of, entry};
    use super::*;
    use crate::entry::{LogEntry, Value};

    fn text(entry: LogEntry, look: (bool, bool, bool)) -> String {
        let (color, terminal, short_forms) = look;
        let batch = batch_of(&[entry]);
        let palette = Palette::new(color);
        let mut out = Vec::new();
        let look = Look { palette: &palette, terminal, short_forms };
        write(&batch, Rows::All(1), &mut Slot::all(&batch, &[], &[]), look, &mut out, None);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn request() -> LogEntry {
        entry(
            0,
            None,
            None,
            &[
                ("client_ip", "1.2.3.4".into()),
                ("method", "GET".into()),
                ("path", "/a b".into()),
                ("query", "x=1".into()),
                ("protocol", "HTTP/1.1".into()),
                ("status", Value::Int(503)),
                ("bytes", Value::Int(1234)),
                ("referer", "http://e.org/".into()),
                ("user_agent", "curl/8".into()),
            ],
        )
    }

    #[test]
    fn forms_for_people() {
        let plain = (false, false, true);
        assert_eq!(
            text(entry(1_123_000_000, Some(LogLevel::Info), Some("hello"), &[("user_id", Value::Int(7))]), plain),
            "2026-09-07 00:00:01.123 [INFO]  hello user_id=7\n"
        );
        assert_eq!(
            text(request(), plain),
            "2026-09-07 00:00:00.000 1.2.3.4 GET /a b?x=1 503 1234B \"curl/8\" referer=http://e.org/\n"
        );
        assert_eq!(
            text(request(), (false, false, false)),
            "2026-09-07 00:00:00.000 client_ip=1.2.3.4 method=GET path=\"/a b\" query=\"x=1\" protocol=HTTP/1.1 \
             status=503 bytes=1234 referer=http://e.org/ user_agent=curl/8\n"
        );
        let syslog = [("host", "web-1".into()), ("app", "sshd".into()), ("pid", Value::Int(9))];
        assert_eq!(
            text(entry(0, Some(LogLevel::Critical), Some("no"), &syslog), plain),
            "2026-09-07 00:00:00.000 [CRIT]  web-1 sshd[9]: no\n"
        );
        assert_eq!(text(LogEntry { fields: vec![("a".into(), "b".into())], ..LogEntry::default() }, plain), "a=b\n");
    }

    #[test]
    fn further_lines_of_a_message_are_indented() {
        assert_eq!(
            text(
                entry(0, Some(LogLevel::Error), Some("boom\r\n\tat a\r\n\tat b"), &[("n", Value::Int(1))]),
                (false, false, true)
            ),
            "2026-09-07 00:00:00.000 [ERROR] boom n=1\n    \tat a\n    \tat b\n"
        );
    }

    #[test]
    fn a_terminal_is_told_nothing_by_the_log() {
        let hostile = "\x1b]0;title\x07\nsecond\x1b[2J\u{202e}";
        let mut entry = request();
        entry.fields.push(("x\x1b[1m".into(), hostile.into()));
        for (_, value) in &mut entry.fields {
            if let Value::Text(_) = value {
                *value = hostile.into();
            }
        }
        let mut other = entry.clone();
        other.message = Some(hostile.as_bytes().into());
        for entry in [entry, other] {
            for short_forms in [false, true] {
                let shown = text(entry.clone(), (false, true, short_forms));
                assert!(!shown.chars().any(|c| c != '\n' && safe::is_dangerous(c)), "{shown:?}");
            }
        }
    }

    #[test]
    fn colour_is_added_and_nothing_else_changes() {
        let entry = entry(0, Some(LogLevel::Warn), Some("m"), &[("k", "v".into())]);
        let colored = text(entry.clone(), (true, true, true));
        let escapes = regex::Regex::new("\x1b\\[[0-9;]*m").expect("a good pattern");
        assert!(escapes.find_iter(&colored).count() >= 6, "{colored:?}");
        assert_eq!(escapes.replace_all(&colored, ""), text(entry, (false, false, true)));
    }
}
