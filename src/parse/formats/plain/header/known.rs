//! Headers of single programs, told by what no other writes.

use super::{Header, Piece, bracket, integer, is_before_what, is_name, is_number, logger};
use crate::entry::LogLevel;
use crate::parse::level_word::{level_word, skip_blanks};

/// The longest prefix of PostgreSQL's.
const MAX_PREFIX: usize = 200;

/// Reads the header of such a program after a timestamp that ends at `at`.
#[inline]
pub(super) fn header(text: &[u8], at: usize) -> Option<Header> {
    if let [b':', next, ..] = text.get(at..)?
        && *next != b' '
    {
        return amazon(text, at);
    }
    let start = skip_blanks(text, at);
    match text.get(start..start + 3)? {
        [_, b'/', _] => logcat_brief(text, start),
        [_, b' ', b'|'] => capnslog(text, start),
        [_, b' ', b'A'..=b'Z' | b'-'] => mongo(text, start, start + 1),
        [b'D', b'1'..=b'5', b' '] => mongo(text, start, start + 2),
        _ => None,
    }
}

/// PostgreSQL of Amazon, `%t:%r:%u@%d:[%p]:`: `CET:10.0.0.1(5555):postgres@app:[1235]:FATAL:  message`.
#[cold]
fn amazon(text: &[u8], at: usize) -> Option<Header> {
    let prefix = &text[..text.len().min(at + MAX_PREFIX)];
    let (before_pid, pid, end) = memchr::memmem::find_iter(&prefix[at..], b":[").find_map(|found| {
        let start = at + found + 2;
        let close = start + memchr::memmem::find(&prefix[start..], b"]:")?;
        integer(&text[start..close]).map(|_| (at + found, (start, close), close + 2))
    })?;
    let session = at + memchr::memrchr(b':', &text[at..before_pid])? + 1;
    let sign = session + memchr::memchr(b'@', &text[session..before_pid])?;
    let mut found = Header { pid: Some(pid), ..Header::default() };
    if !is_before_what(text, end) {
        return None;
    }
    found.user = some((session, sign));
    found.database = some((sign + 1, before_pid));
    // `[local]`, or nothing for processes of the server's own.
    let remote = (at + 1, (session - 1).max(at + 1));
    if let Some(address) = text[remote.0..remote.1].strip_suffix(b")") {
        let open = remote.0 + memchr::memrchr(b'(', address)?;
        found.client_ip = some((remote.0, open));
        found.client_port = some((open + 1, remote.1 - 1));
    }
    Some(match level_word(text, end) {
        Some(word) => found.leveled(word.level, skip_blanks(text, word.end)),
        // `DETAIL:`, `STATEMENT:` and the like belong to the line before them, which has the level.
        None => found.at(end),
    })
}

/// Android's brief lines with a time: `03-01 10:00:04.000 I/Tag ( 123): message`.
#[cold]
fn logcat_brief(text: &[u8], at: usize) -> Option<Header> {
    // `I/O error (5): x` may be a message of any other program.
    if text.get(2) != Some(&b'-') || text.get(5) != Some(&b' ') {
        return None;
    }
    let level = match text[at] {
        b'A' => LogLevel::Critical,
        letter if b"VDIWEF".contains(&letter) => LogLevel::from_word(&text[at..=at], true)?,
        _ => return None,
    };
    let close = at + memchr::memmem::find(&text[at..], b"):")?;
    let open = at + memchr::memrchr(b'(', &text[at..close])?;
    let pid = (skip_blanks(text, open + 1), close);
    let name = text[at + 2..open].trim_ascii_end().len();
    let found = Header { pid: Some(pid), logger: some((at + 2, at + 2 + name)), ..Header::default() };
    (pid.0 < pid.1 && is_number(text, pid)).then(|| found.leveled(level, skip_blanks(text, close + 2)))
}

/// etcd: `E | rafthttp: message`.
#[cold]
fn capnslog(text: &[u8], at: usize) -> Option<Header> {
    let level = LogLevel::from_word(&text[at..=at], true).filter(|_| b"CEWNIDT".contains(&text[at]))?;
    let start = at + text[at..].starts_with(&[text[at], b' ', b'|', b' ']).then_some(4)?;
    let colon = start + memchr::memmem::find(&text[start..], b": ")?;
    let found = Header { logger: Some((start, colon)), ..Header::default() };
    is_name(&text[start..colon]).then(|| found.leveled(level, colon + 2))
}

/// MongoDB up to 4.2: `E STORAGE  [conn1] message`: level, component and context.
#[cold]
fn mongo(text: &[u8], at: usize, after_letter: usize) -> Option<Header> {
    const COMPONENTS: [&[u8]; 22] = [
        b"-",
        b"ACCESS",
        b"ASIO",
        b"BRIDGE",
        b"COMMAND",
        b"CONNPOOL",
        b"CONTROL",
        b"ELECTION",
        b"FTDC",
        b"GEO",
        b"INDEX",
        b"INITSYNC",
        b"JOURNAL",
        b"NETWORK",
        b"QUERY",
        b"RECOVERY",
        b"REPL",
        b"ROLLBACK",
        b"SHARDING",
        b"STORAGE",
        b"TXN",
        b"WRITE",
    ];
    let level = LogLevel::from_word(&text[at..=at], true).filter(|_| b"FEWID".contains(&text[at]))?;
    let start = after_letter + 1;
    let end = start + memchr::memchr(b' ', &text[start..text.len().min(start + 12)])?;
    let component = &text[start..end];
    let (thread, message) = bracket(text, skip_blanks(text, end)).filter(|_| COMPONENTS.contains(&component))?;
    let logger = (component != b"-").then_some((start, end));
    let found = Header { logger, thread: Some(thread), ..Header::default() };
    Some(found.leveled(level, skip_blanks(text, message)))
}

/// Celery, whose bracket is still open: `ERROR/ForkPoolWorker-1] message`.
#[cold]
pub(super) fn celery(text: &[u8], at: usize) -> Option<Header> {
    let close = at + memchr::memchr(b']', &text[at..])?;
    let slash = at + memchr::memchr(b'/', &text[at..close])?;
    let is_loud = text[at..slash].iter().all(u8::is_ascii_uppercase);
    let level = LogLevel::from_word(&text[at..slash], false).filter(|_| is_loud)?;
    let thread = some((slash + 1, close)).filter(|_| !text[slash..close].contains(&b' '))?;
    Some(Header { thread: Some(thread), ..Header::default() }.leveled(level, skip_blanks(text, close + 1)))
}

/// Spring Boot since 3.2 with the name of the application: `[myapp] [main] c.e.Foo : message`.
#[inline]
pub(super) fn named_spring(text: &[u8], at: usize, found: Header) -> Option<Header> {
    let (app, end) = bracket(text, at)?;
    let (thread, end) = bracket(text, skip_blanks(text, end))?;
    let (logger, message) = logger(text, skip_blanks(text, end), true)?;
    let thread = some((skip_blanks(text, thread.0), thread.1)).filter(|thread| !is_trace(&text[thread.0..thread.1]))?;
    Some(Header { app: Some(app), thread: Some(thread), logger: Some(logger), ..found }.at(message))
}

/// Spring's trace and span, which may stand after the thread: 32 and 16 hexadecimal digits.
fn is_trace(word: &[u8]) -> bool {
    word.len() == 49 && word[32] == b'-' && word.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
}

/// Tomcat's loggers of containers: `o.a.c.c.C.[Tomcat].[localhost].[/]`, `o.a.c.c.C.[.[.[/].[dispatcherServlet]`.
#[cold]
pub(super) fn is_container(name: &[u8]) -> bool {
    let is_within = |byte: &u8| byte.is_ascii_alphanumeric() || b".[]/_-$:".contains(byte);
    memchr::memmem::find(name, b".[").is_some_and(|dot| is_name(&name[..dot]) && name[dot..].iter().all(is_within))
        && name.ends_with(b"]")
}

/// MySQL's level beside its own three, for what is told at any rate: `0 [System] [MY-010116]`.
#[inline]
pub(super) fn system_level(text: &[u8], content: Piece, end: usize) -> Option<LogLevel> {
    let is_system = &text[content.0..content.1] == b"System" && text[skip_blanks(text, end)..].starts_with(b"[MY-");
    is_system.then_some(LogLevel::Notice)
}

/// `3-1`.
pub(super) fn is_line_number(content: &[u8]) -> bool {
    let digits = content.strip_suffix(b"-1").unwrap_or_default();
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// PostgreSQL's `user=app,db=shop,app=psql,client=10.0.0.1`, before a word in capitals and a colon.
#[inline]
pub(super) fn session(text: &[u8], (start, end): Piece, mut found: Header) -> Option<Header> {
    if !text[start..end].starts_with(b"user=") || !is_before_what(text, end) {
        return None;
    }
    let mut at = start;
    for pair in text[start..end].split(|byte| *byte == b',') {
        let equals = memchr::memchr(b'=', pair)?;
        let value = some((at + equals + 1, at + pair.len()));
        match &pair[..equals] {
            b"user" => found.user = value,
            b"db" => found.database = value,
            b"app" => found.app = value,
            b"client" => found.client_ip = value.filter(|value| &text[value.0..value.1] != b"[local]"),
            _ => return None,
        }
        at += pair.len() + 1;
    }
    Some(found)
}

/// Returns a piece that is not empty.
fn some(piece: Piece) -> Option<Piece> {
    (piece.0 < piece.1).then_some(piece)
}

impl Header {
    /// Sets the level and where the message begins.
    fn leveled(self, level: LogLevel, message: usize) -> Header {
        Header { level: Some(level), message, ..self }
    }
}
