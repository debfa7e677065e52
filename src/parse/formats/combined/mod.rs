//! The `combined` and `common` log formats of Apache httpd and nginx.
//!
//! ```text
//! [vhost ]client ident user [07/Sep/2026:13:55:36 +0000] "GET /a?b HTTP/1.1" 200 2326[ "referer" "agent"][ more]
//! ```
//!
//! Apache writes a quote inside a quoted field as `\"`, nginx as `\x22`. Text is kept as written: nothing is
//! unescaped, so a line can be rebuilt from its fields. A quote that the server did not escape is taken as
//! text when what follows shows that the field goes on.

use memchr::{memchr, memchr2};

use crate::entry::{BatchBuilder, FieldId, Record, RejectReason, Span, TimeStyle};
use crate::parse::{LineParser, Settings, timestamp::TimeParser};

mod clock;
mod head;
mod usual;

use clock::Clock;
use head::Head;

/// Reads `combined` lines, or `common` ones, which end after the byte count.
#[derive(Debug)]
pub struct CombinedParser {
    /// True for `combined`: referer and user agent must be there. `common` takes whatever follows as `extra`.
    quoted_tail: bool,
    fields: Fields,
    clock: Clock,
}

/// Where each value goes; `None` for what nobody wants.
#[derive(Debug)]
struct Fields {
    host: Option<FieldId>,
    client_ip: Option<FieldId>,
    forwarded_for: Option<FieldId>,
    ident: Option<FieldId>,
    user: Option<FieldId>,
    method: Option<FieldId>,
    path: Option<FieldId>,
    query: Option<FieldId>,
    protocol: Option<FieldId>,
    request: Option<FieldId>,
    status: Option<FieldId>,
    bytes: Option<FieldId>,
    referer: Option<FieldId>,
    user_agent: Option<FieldId>,
    duration: Option<FieldId>,
    extra: Option<FieldId>,
    /// Whether any of the request line's parts is wanted.
    any_of_request: bool,
    /// Whether anything before the time is wanted.
    any_of_head: bool,
}

impl Fields {
    fn new(builder: &mut BatchBuilder) -> Fields {
        let mut field = |name: &str| builder.field(name.as_bytes());
        let mut fields = Fields {
            host: field("host"),
            client_ip: field("client_ip"),
            forwarded_for: field("forwarded_for"),
            ident: field("ident"),
            user: field("user"),
            method: field("method"),
            path: field("path"),
            query: field("query"),
            protocol: field("protocol"),
            request: field("request"),
            status: field("status"),
            bytes: field("bytes"),
            referer: field("referer"),
            user_agent: field("user_agent"),
            duration: field("duration"),
            extra: field("extra"),
            any_of_request: false,
            any_of_head: false,
        };
        let any = |wanted: &[Option<FieldId>]| wanted.iter().any(Option::is_some);
        fields.any_of_request = any(&[fields.method, fields.path, fields.query, fields.protocol, fields.request]);
        fields.any_of_head = any(&[fields.host, fields.client_ip, fields.forwarded_for, fields.ident, fields.user]);
        fields
    }
}

impl CombinedParser {
    /// Returns the parser of times.
    pub(super) fn times(&mut self) -> &mut TimeParser {
        &mut self.clock.times
    }

    /// Makes a parser of `combined` lines whose fields are numbered by `builder`.
    pub fn new(settings: &Settings, builder: &mut BatchBuilder) -> CombinedParser {
        CombinedParser { quoted_tail: true, fields: Fields::new(builder), clock: Clock::new(settings) }
    }

    /// Makes a parser of `common` lines.
    pub fn common(settings: &Settings, builder: &mut BatchBuilder) -> CombinedParser {
        CombinedParser { quoted_tail: false, ..CombinedParser::new(settings, builder) }
    }
}

impl LineParser for CombinedParser {
    #[inline]
    fn parse(
        &mut self,
        chunk: &[u8],
        start: usize,
        end: usize,
        record: &mut Record,
        _builder: &mut BatchBuilder,
    ) -> Result<(), RejectReason> {
        record.clear();
        let line = &chunk[start..end];
        let fields = &self.fields;
        let parts = match Parts::usual(chunk, start, end, self.quoted_tail, &mut self.clock) {
            Some(parts) => parts,
            None => Parts::split(line, self.quoted_tail, &mut self.clock)?,
        };
        (record.ts, record.style) = (parts.nanos, parts.style);
        if fields.any_of_head {
            parts.head.note(record, fields, chunk, start);
        }
        if fields.any_of_request {
            note_request(record, fields, chunk, start, parts.request.0, parts.request.1);
        }
        if let Some(status) = parts.status {
            record.int(fields.status, status);
        }
        if let Some(bytes) = parts.bytes {
            record.int(fields.bytes, bytes);
        }
        if let Some((from, to)) = parts.referer {
            text_or_dash(record, fields.referer, chunk, start, from, to);
        }
        if let Some((from, to)) = parts.user_agent {
            text_or_dash(record, fields.user_agent, chunk, start, from, to);
        }
        if parts.end < line.len() {
            note_rest(record, fields, chunk, start, parts.end, end)?;
        }
        Ok(())
    }
}

/// The parts of a line. Positions are within the line; of texts they are where they begin and end.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    nanos: i64,
    style: TimeStyle,
    head: Head,
    request: (usize, usize),
    status: Option<i64>,
    bytes: Option<i64>,
    referer: Option<(usize, usize)>,
    user_agent: Option<(usize, usize)>,
    /// After the last of them.
    end: usize,
}

impl Parts {
    /// Splits any line. [`Parts::usual`] does the same for most lines in less time; this is what it must agree with.
    fn split(line: &[u8], quoted_tail: bool, clock: &mut Clock) -> Result<Parts, RejectReason> {
        // Client, ident, user: everything before the bracket of the time.
        let Some(mut bracket) = memchr(b'[', line) else { return Err(no("no [ before the time")) };
        let (nanos, style, after_time) = loop {
            match clock.read(&line[bracket + 1..]) {
                Some((nanos, style, length)) => break (nanos, style, bracket + 1 + length),
                // A bracket may also stand in a user name: the time is in a later one.
                None => match memchr(b'[', &line[bracket + 1..]) {
                    Some(next) if bracket < MAX_HEAD => bracket += 1 + next,
                    _ => return Err(no("no time in brackets")),
                },
            }
        };
        let head = Head::split(line, bracket).ok_or_else(|| no("no client, identity and user before the time"))?;

        // The request line.
        if !line[after_time..].starts_with(b"] \"") {
            return Err(no("no quoted request after the time"));
        }
        let request_start = after_time + 3;
        let mut request_end =
            close_quote(line, request_start).ok_or_else(|| no("no closing quote after the request"))?;
        let (status, after_status) = loop {
            match read_status(line, request_end + 1) {
                Some(read) => break read,
                None => match close_quote(line, request_end + 1) {
                    Some(next) => request_end = next,
                    None => return Err(no("no three-digit status after the request")),
                },
            }
        };
        let (bytes, end) = read_bytes(line, after_status).ok_or_else(|| no("no byte count after the status"))?;
        let request = (request_start, request_end);
        let mut parts = Parts { nanos, style, head, request, status, bytes, referer: None, user_agent: None, end };
        if quoted_tail {
            let referer = quoted_field(line, end).ok_or_else(|| no("no quoted referer after the byte count"))?;
            let (agent_start, mut agent_end) =
                quoted_field(line, referer.1 + 1).ok_or_else(|| no("no quoted user agent after the referer"))?;
            // An odd number of quotes behind it: it has a quote of its own and goes on.
            while has_odd_quotes(&line[agent_end + 1..]) {
                agent_end =
                    close_quote(line, agent_end + 1).ok_or_else(|| no("no closing quote after the user agent"))?;
            }
            parts.referer = Some(referer);
            parts.user_agent = Some((agent_start, agent_end));
            parts.end = agent_end + 1;
        }
        Ok(parts)
    }
}

/// The longest text before the time.
const MAX_HEAD: usize = 1024;

#[cold]
fn no(what: &'static str) -> RejectReason {
    what.into()
}

/// Notes a text field; a lone dash means absent.
#[inline]
fn text_or_dash(record: &mut Record, field: Option<FieldId>, chunk: &[u8], start: usize, from: usize, to: usize) {
    if field.is_some() && !(to - from == 1 && chunk[start + from] == b'-') {
        record.text(field, Span::chunk(start + from, to - from));
    }
}

/// Returns the position of the next quote that is not escaped, from `from` on.
#[inline]
fn close_quote(line: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr2(b'"', b'\\', line.get(at..)?)?;
        if line[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Returns true when one of the text's quotes has no partner.
fn has_odd_quotes(text: &[u8]) -> bool {
    !text.is_empty() && !memchr::memchr_iter(b'"', text).count().is_multiple_of(2)
}

/// Reads ` "text"` at `from`: the positions after the opening and of the closing quote. A quote that
/// is followed by neither a blank nor the end belongs to the text.
#[inline]
fn quoted_field(line: &[u8], from: usize) -> Option<(usize, usize)> {
    if !line.get(from..)?.starts_with(b" \"") {
        return None;
    }
    let start = from + 2;
    let mut end = close_quote(line, start)?;
    while line.get(end + 1).is_some_and(|next| *next != b' ') {
        end = close_quote(line, end + 1)?;
    }
    Some((start, end))
}

/// Reads ` NNN ` (or ` - `) at `from`: the status and the position after the second blank.
#[inline]
fn read_status(line: &[u8], from: usize) -> Option<(Option<i64>, usize)> {
    match line.get(from..)? {
        [b' ', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ', ..] => {
            let number = (*a as i64 - 48) * 100 + (*b as i64 - 48) * 10 + (*c as i64 - 48);
            Some((Some(number), from + 5))
        }
        [b' ', b'-', b' ', ..] => Some((None, from + 3)),
        _ => None,
    }
}

/// Reads digits or a dash at `from`, up to a blank or the end: the count and the position after it.
#[inline]
fn read_bytes(line: &[u8], from: usize) -> Option<(Option<i64>, usize)> {
    let mut at = from;
    let mut number = 0i64;
    while let Some(digit @ b'0'..=b'9') = line.get(at) {
        number = number.checked_mul(10)?.checked_add((digit - b'0') as i64)?;
        at += 1;
    }
    let dash = at == from && line.get(at) == Some(&b'-');
    at += usize::from(dash);
    let ended = at > from && line.get(at).is_none_or(|next| *next == b' ');
    ended.then_some(((!dash).then_some(number), at))
}

/// Notes the parts of the request line: `METHOD target PROTOCOL`, or the whole when it is not of that shape.
#[inline]
fn note_request(record: &mut Record, fields: &Fields, chunk: &[u8], start: usize, from: usize, to: usize) {
    let request = &chunk[start + from..start + to];
    let span = |from: usize, to: usize| Span::chunk(start + from, to - from);
    let parts = memchr(b' ', request).zip(memchr::memrchr(b' ', request));
    let Some((first, last)) = parts.filter(|(first, last)| {
        first < last && *first > 0 && last + 1 < request.len() && memchr(b' ', &request[first + 1..*last]).is_none()
    }) else {
        return text_or_dash(record, fields.request, chunk, start, from, to);
    };
    record.text(fields.method, span(from, from + first));
    let target = (from + first + 1, from + last);
    match memchr(b'?', &chunk[start + target.0..start + target.1]) {
        None => record.text(fields.path, span(target.0, target.1)),
        Some(mark) => {
            record.text(fields.path, span(target.0, target.0 + mark));
            record.text(fields.query, span(target.0 + mark + 1, target.1));
        }
    }
    record.text(fields.protocol, span(from + last + 1, to));
}

/// Returns where a field in quotes at the beginning ends, when a blank follows.
fn after_quoted(text: &[u8]) -> Option<usize> {
    let end = close_quote(text.strip_prefix(b"\"")?, 0)? + 2;
    (text.get(end) == Some(&b' ')).then_some(end)
}

/// Notes what follows the usual fields: one decimal fraction is the request time in seconds, as nginx's
/// `$request_time` and GoAccess's `%T`; the rest is kept as it stands.
#[cold]
fn note_rest(
    record: &mut Record,
    fields: &Fields,
    chunk: &[u8],
    start: usize,
    at: usize,
    end: usize,
) -> Result<(), RejectReason> {
    let from = start + at + 1;
    let rest = &chunk[from.min(end)..end];
    if chunk[start + at] != b' ' {
        return Err(no("stray text at the end"));
    }
    // Some formats end with a blank.
    if rest.iter().all(|byte| *byte == b' ') {
        return Ok(());
    }
    if has_odd_quotes(rest) {
        return Err(no("no closing quote in the last field"));
    }
    let is_fraction = |text: &[u8]| {
        let dots = text.iter().filter(|byte| **byte == b'.').count();
        dots == 1 && text.len() > 2 && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
    };
    let seconds = |text: &[u8]| is_fraction(text).then(|| str::from_utf8(text).ok()?.parse::<f64>().ok()).flatten();
    let word = memchr(b' ', rest).unwrap_or(rest.len());
    let extra = match seconds(&rest[..word]) {
        Some(seconds) => {
            record.float(fields.duration, seconds);
            rest.len().min(word + 1)..rest.len()
        }
        // It may also follow a field in quotes: `"$http_x_forwarded_for" $request_time`.
        None => match after_quoted(rest).and_then(|at| Some((at, seconds(&rest[at + 1..])?))) {
            Some((at, seconds)) => {
                record.float(fields.duration, seconds);
                0..at
            }
            None => 0..rest.len(),
        },
    };
    if !extra.is_empty() {
        record.text(fields.extra, Span::chunk(from + extra.start, extra.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Position, Projection};
    use crate::parse::Zone;

    /// Parses one line and shows it as `ts level? name=value …`, or the reason it was refused.
    fn show(combined: bool, line: &str) -> String {
        let settings = Settings { projection: Projection::all(), zone: Zone::default(), reference: None };
        let mut builder = BatchBuilder::new(&settings.projection);
        let mut parser = match combined {
            true => CombinedParser::new(&settings, &mut builder),
            false => CombinedParser::common(&settings, &mut builder),
        };
        let mut record = Record::default();
        let bytes = line.as_bytes().to_vec();
        if let Err(reason) = parser.parse(&bytes, 0, bytes.len(), &mut record, &mut builder) {
            return format!("refused: {reason}");
        }
        builder.push(&record, Span::chunk(0, bytes.len()), Position::default(), &"x".into());
        let batch = builder.finish(bytes);
        let entry = batch.entry(0);
        let mut shown = entry.ts().map(|ts| ts.to_rfc3339(0)).unwrap_or_default();
        for (name, value) in entry.fields() {
            let value = match value {
                crate::entry::ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
                crate::entry::ValueRef::Int(number) => number.to_string(),
                crate::entry::ValueRef::Float(number) => format!("{number:?}"),
                other => format!("{other:?}"),
            };
            shown += &format!(" {name}={value}");
        }
        shown
    }

    #[test]
    fn combined_lines_become_fields() {
        let cases = [
            (
                r#"1.2.3.4 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif?x=1 HTTP/1.0" 200 2326 "http://r/" "UA 1""#,
                r#"2000-10-10T20:55:36Z client_ip="1.2.3.4" user="frank" method="GET" path="/a.gif" query="x=1" protocol="HTTP/1.0" status=200 bytes=2326 referer="http://r/" user_agent="UA 1""#,
            ),
            (
                r#"::1 - - [10/Oct/2000:13:55:36 +0000] "-" 408 - "-" "-""#,
                r#"2000-10-10T13:55:36Z client_ip="::1" status=408"#,
            ),
            (
                r#"h - - [10/Oct/2000:13:55:36 +0000] "\x16\x03" 400 0 "" "a \"b\" c""#,
                r#"2000-10-10T13:55:36Z client_ip="h" request="\\x16\\x03" status=400 bytes=0 referer="" user_agent="a \\\"b\\\" c""#,
            ),
            (
                r#"www.x.org:443 1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/2.0" 200 1 "-" "x" 0.042 "y z""#,
                r#"2000-10-10T13:55:36Z host="www.x.org:443" client_ip="1.2.3.4" method="GET" path="/" protocol="HTTP/2.0" status=200 bytes=1 duration=0.042 user_agent="x" extra="\"y z\"""#,
            ),
            (
                r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/2.0" 200 1 "-" "x" "10.1.2.3" 0.004"#,
                r#"2000-10-10T13:55:36Z client_ip="1.2.3.4" method="GET" path="/" protocol="HTTP/2.0" status=200 bytes=1 duration=0.004 user_agent="x" extra="\"10.1.2.3\"""#,
            ),
            (
                r#"x.org "203.0.113.7:5555, 10.0.0.1"  - bob [10/Oct/2000:13:55:36 +0000] "GET / HTTP/2.0" 200 1 "-" "x""#,
                r#"2000-10-10T13:55:36Z host="x.org" client_ip="203.0.113.7" user="bob" method="GET" path="/" protocol="HTTP/2.0" status=200 bytes=1 user_agent="x" forwarded_for="203.0.113.7:5555, 10.0.0.1""#,
            ),
            (
                r#"203.0.113.7,10.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/2.0" 200 1 "-" "x""#,
                r#"2000-10-10T13:55:36Z client_ip="203.0.113.7" method="GET" path="/" protocol="HTTP/2.0" status=200 bytes=1 user_agent="x" forwarded_for="203.0.113.7,10.0.0.1""#,
            ),
            (
                r#"1.2.3.4 - Doe, Jane [10/Oct/2000:13:55:36 +0000] "GET / HTTP/2.0" 200 1 "-" "x""#,
                r#"2000-10-10T13:55:36Z client_ip="1.2.3.4" user="Doe, Jane" method="GET" path="/" protocol="HTTP/2.0" status=200 bytes=1 user_agent="x""#,
            ),
            (
                r#"example.org:443 webclient - bob [10/Oct/2000:13:55:36 +0000] "GET / HTTP/2.0" 200 1 "-" "x""#,
                r#"2000-10-10T13:55:36Z host="example.org:443" client_ip="webclient" user="bob" method="GET" path="/" protocol="HTTP/2.0" status=200 bytes=1 user_agent="x""#,
            ),
            (
                r#"example.org - - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/2.0" 200 1 "-" "x""#,
                r#"2000-10-10T13:55:36Z host="example.org" method="GET" path="/" protocol="HTTP/2.0" status=200 bytes=1 user_agent="x""#,
            ),
            (
                r#"1.2.3.4 - john doe [10/Oct/2000:13:55:36 +0000] "GET /a b HTTP/1.1" 200 1 "-" "say "hi" twice""#,
                r#"2000-10-10T13:55:36Z client_ip="1.2.3.4" user="john doe" request="GET /a b HTTP/1.1" status=200 bytes=1 user_agent="say \"hi\" twice""#,
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(show(true, line), expected, "{line}");
        }
    }

    #[test]
    fn a_blank_at_the_end_is_nothing() {
        let line = r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1"#;
        assert_eq!(show(false, &format!("{line} ")), show(false, line));
        let line = format!("{line} \"-\" \"UA\"");
        assert!(show(true, &line).ends_with(r#"bytes=1 user_agent="UA""#));
        assert_eq!(show(true, &format!("{line} ")), show(true, &line));
        assert_eq!(show(true, &format!("{line}  ")), show(true, &line));
        assert_eq!(show(true, &format!("{line} x")), show(true, &line) + r#" extra="x""#);
    }

    #[test]
    fn what_is_not_combined_is_refused_with_the_place() {
        let cases = [
            ("", "no [ before the time"),
            ("1.2.3.4 - - [10/Oct/2000:13", "no time in brackets"),
            (r#"1.2.3.4 - - [31/Feb/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1 "-" "-""#, "no time in brackets"),
            (r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP"#, "no closing quote after the request"),
            (
                r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 20"#,
                "no three-digit status after the request",
            ),
            (r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1x"#, "no byte count after the status"),
            (
                r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1"#,
                "no quoted referer after the byte count",
            ),
            (
                r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1 "-" "Mozilla"#,
                "no quoted user agent after the referer",
            ),
            (
                r#"[10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1 "-" "-""#,
                "no client, identity and user before the time",
            ),
        ];
        for (line, reason) in cases {
            assert_eq!(show(true, line), format!("refused: {reason}"), "{line}");
        }
    }

    #[test]
    fn common_lines_end_after_the_byte_count() {
        let line = r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1"#;
        let fields =
            r#"2000-10-10T13:55:36Z client_ip="1.2.3.4" method="GET" path="/" protocol="HTTP/1.1" status=200 bytes=1"#;
        assert_eq!(show(false, line), fields);
        assert_eq!(show(false, &format!("{line} 0.5")), format!("{fields} duration=0.5"));
        assert_eq!(show(false, &format!("{line} \"-\" \"Mozi")), "refused: no closing quote in the last field");
    }
}
