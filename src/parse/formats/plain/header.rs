//! What stands between the timestamp and the message of a text line.

mod known;

use crate::entry::LogLevel;
use crate::parse::level_word::{LevelWord, level_assignment, level_word, skip_blanks};

/// Among how many words the level is looked for, and among how many when one of them is not surely a field.
const WORDS: usize = 4;
const UNSURE_WORDS: usize = 3;
/// The longest bracket that is not part of the message.
const MAX_BRACKET: usize = 80;

/// Begin and end of a piece of the line.
pub(super) type Piece = (usize, usize);

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) level: Option<LogLevel>,
    pub(super) pid: Option<Piece>,
    pub(super) thread: Option<Piece>,
    pub(super) logger: Option<Piece>,
    pub(super) caller: Option<Piece>,
    pub(super) client_ip: Option<Piece>,
    pub(super) client_port: Option<Piece>,
    pub(super) request_id: Option<Piece>,
    pub(super) user: Option<Piece>,
    pub(super) database: Option<Piece>,
    pub(super) app: Option<Piece>,
    /// Where the message begins.
    pub(super) message: usize,
}

/// Reads what follows a timestamp that ends at `at`.
pub(super) fn header(text: &[u8], at: usize) -> Header {
    if let Some(found) = logcat(text, at).or_else(|| piped(text, at)).or_else(|| known::header(text, at)) {
        return found;
    }
    let body = skip_separator(text, at);
    let plain = |level| Header { level, message: body, ..Header::default() };
    if let Some((caller, message)) = caller(text, body).filter(|(caller, _)| text[caller.1] == b':') {
        // Go's log package: `main.go:23: message`.
        return Header { caller: Some(caller), ..plain(None) }.at(message);
    }
    let mut found = Header::default();
    // False once a word was passed that is not surely one of the fields.
    let mut sure = true;
    let mut at = body;
    for index in 0..WORDS {
        if !sure && index >= UNSURE_WORDS {
            break;
        }
        if let Some(word) = level_word(text, at) {
            return match sure {
                true => {
                    // MySQL: `0 [Warning]`, the number of a connection.
                    if text[at] == b'[' && found.thread.is_none() {
                        found.thread = found.pid.take_if(|pid| text[pid.0 - 1] != b'[');
                    }
                    after_level(text, word.end, Header { level: Some(word.level), ..found })
                }
                false => plain(Some(word.level)),
            };
        }
        if index == 0
            && let Some(found) = channel_level(text, at)
        {
            return found;
        }
        if index == 0
            && let Some(word) = quiet_level(text, at)
        {
            return match text.get(word.end) {
                Some(b'\t') => after_level(text, word.end, Header { level: Some(word.level), ..found }),
                _ => plain(Some(word.level)),
            };
        }
        if let Some((content, end)) = bracket(text, at) {
            if let Some((module, level)) = module_level(text, content) {
                found.logger = module;
                return after_level(text, end, Header { level: Some(level), ..found });
            }
            if index == 1
                && let Some(level) = known::system_level(text, content, end)
            {
                return after_level(text, end, Header { level: Some(level), thread: found.pid, ..Header::default() });
            }
            match found {
                // PostgreSQL's count of the session's lines: `[1235]: [3-1]`.
                Header { pid: Some(_), .. } if known::is_line_number(&text[content.0..content.1]) => {}
                Header { pid: None, .. } if is_pid(text, content) => found.pid = Some(content),
                Header { thread: None, .. } if !is_padded_number(text, content) => found.thread = Some(content),
                _ => sure = false,
            }
            at = skip_separator(text, end);
            continue;
        }
        let Some(end) = word_end(text, at) else { break };
        let next = skip_separator(text, end);
        if found.pid.is_some()
            && let Some(with_session) =
                session(text, (at, end), found).or_else(|| known::session(text, (at, end), found))
        {
            found = with_session;
            let is_level = level_word(text, next).is_some();
            match is_level {
                true => at = next,
                // `DETAIL:`, `STATEMENT:` and the like belong to the line before them, which has the level.
                false => return found.at(next),
            }
            continue;
        }
        let dashed = text[skip_blanks(text, end)..].starts_with(b"- ");
        match found {
            Header { pid: None, .. } if is_pid(text, (at, end)) => found.pid = Some((at, end)),
            // Python: `app.db - WARNING - message`.
            Header { logger: None, .. } if dashed && is_name(&text[at..end]) => found.logger = Some((at, end)),
            _ => sure = false,
        }
        at = next;
    }
    plain(level_assignment(text, body))
}

/// Reads what follows a timestamp whose bracket is still open: `[2026-11-22T10:00:00Z INFO app::db] message`.
pub(super) fn bracketed(text: &[u8], at: usize) -> Header {
    let body = skip_separator(text, at);
    let unknown = Header { message: body, ..Header::default() };
    let Some(word) = level_word(text, body) else { return known::celery(text, body).unwrap_or(unknown) };
    let Some(close) = memchr::memchr(b']', &text[word.end..]).map(|length| word.end + length) else { return unknown };
    let name = (skip_blanks(text, word.end), close);
    let logger = (name.0 < name.1).then_some(name);
    match logger {
        Some(name) if !is_name(&text[name.0..name.1]) => Header { level: Some(word.level), ..unknown },
        _ => Header { level: Some(word.level), logger, ..unknown }.at(skip_blanks(text, close + 1)),
    }
}

/// Reads what follows the timestamp of glog: `  1234 file.go:12] message`.
pub(super) fn glog(text: &[u8], at: usize) -> Option<Header> {
    let start = skip_blanks(text, at);
    let thread = (start, word_end(text, start)?);
    let start = skip_blanks(text, thread.1);
    let close = start + memchr::memchr2(b']', b' ', &text[start..])?;
    let found = Header { thread: Some(thread), caller: Some((start, close)), ..Header::default() };
    (is_number(text, thread) && text[close] == b']').then(|| found.at(skip_blanks(text, close + 1)))
}

/// Reads what follows the timestamp of Ruby's logger: ` #1234]  WARN -- app: message`.
pub(super) fn ruby(text: &[u8], at: usize) -> Option<Header> {
    let start = at + text.get(at..)?.starts_with(b" #").then_some(2)?;
    let close = start + memchr::memchr(b']', &text[start..])?;
    let word_start = skip_blanks(text, close + 1);
    let end = word_end(text, word_start)?;
    // `ANY` is Ruby's word for no level.
    let level = LogLevel::from_word(&text[word_start..end], false);
    let name = end + text[end..].starts_with(b" -- ").then_some(4)?;
    let colon = name + memchr::memmem::find(&text[name..], b": ")?;
    let logger = (name < colon).then_some((name, colon));
    is_number(text, (start, close))
        .then_some(Header { level, pid: Some((start, close)), logger, ..Header::default() }.at(colon + 2))
}

/// Reads what follows the level, which ends at `at`; `found` is what stood before it.
pub(super) fn after_level(text: &[u8], at: usize, mut found: Header) -> Header {
    let mut at = skip_separator(text, at);
    if let Some((pid, thread, end)) = nginx_process(text, at) {
        return Header { pid: Some(pid), thread: Some(thread), ..found }.at(skip_blanks(text, end));
    }
    // Spring Boot: `12345 --- [main] c.e.App : message`.
    if let Some(end) = word_end(text, at).filter(|end| is_number(text, (at, *end))) {
        let dashes = skip_blanks(text, end);
        if text[dashes..].starts_with(b"--- ") {
            found.pid = Some((at, end));
            at = skip_blanks(text, dashes + 4);
            if let Some(found) = known::named_spring(text, at, found) {
                return found;
            }
        }
    }
    while let Some((content, end)) = bracket(text, at) {
        if !apache_bracket(text, content, &mut found) {
            break;
        }
        at = skip_blanks(text, end);
    }
    let mut name_at = at;
    let mut thread = found.thread;
    if thread.is_none()
        && let Some((content, end)) = bracket(text, at)
    {
        thread = Some((skip_blanks(text, content.0), content.1));
        name_at = skip_blanks(text, end);
    }
    if let Some((caller, message)) = caller(text, name_at) {
        return Header { thread, caller: Some(caller), ..found }.at(message);
    }
    if let Some((logger, message)) = logger(text, name_at, thread.is_some()) {
        // OpenStack: the request's context stands in brackets.
        let (request_id, message) = request(text, message).unwrap_or((None, message));
        let logger = found.logger.or(Some(logger));
        return Header { thread, logger, request_id, ..found }.at(message);
    }
    found.at(at)
}

impl Header {
    /// Sets where the message begins.
    fn at(self, message: usize) -> Header {
        Header { message, ..self }
    }
}

/// Passes blanks, one `-` or `---` that stands alone, or one `|`, `:`, `,` or `;`, and blanks.
pub(super) fn skip_separator(text: &[u8], at: usize) -> usize {
    let at = skip_blanks(text, at);
    let after = match text.get(at) {
        Some(b'|' | b':' | b',' | b';') => at + 1,
        Some(b'-') if matches!(text.get(at + 1), Some(b' ' | b'\t')) => at + 1,
        _ => return at,
    };
    skip_blanks(text, after)
}

/// PostgreSQL's `user@database`, before a word in capitals and a colon.
fn session(text: &[u8], (start, end): Piece, found: Header) -> Option<Header> {
    let sign = start + memchr::memchr(b'@', &text[start..end])?;
    let is_session = is_before_what(text, end) && start < sign && sign + 1 < end;
    is_session.then_some(Header { user: Some((start, sign)), database: Some((sign + 1, end)), ..found })
}

/// Returns true when a word in capitals and a colon follow: `ERROR:`, `DETAIL:`.
fn is_before_what(text: &[u8], at: usize) -> bool {
    let rest = &text[skip_blanks(text, at)..];
    memchr::memchr(b':', &rest[..rest.len().min(12)]).is_some_and(|colon| {
        colon > 0 && rest[..colon].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

/// Reads `[content]` at `at`: the content and the position after the bracket. A blank, another bracket, a
/// separator or nothing must follow.
pub(super) fn bracket(text: &[u8], at: usize) -> Option<(Piece, usize)> {
    if text.get(at) != Some(&b'[') {
        return None;
    }
    let close = at + memchr::memchr(b']', &text[at..text.len().min(at + MAX_BRACKET)])?;
    let followed = matches!(text.get(close + 1), None | Some(b' ' | b'\t' | b'[' | b':' | b'|' | b'-'));
    (followed && close > at + 1).then_some(((at + 1, close), close + 1))
}

/// Returns the end of the word at `at`, if a blank ends it.
fn word_end(text: &[u8], at: usize) -> Option<usize> {
    let length = memchr::memchr2(b' ', b'\t', text.get(at..text.len().min(at + MAX_BRACKET))?)?;
    (length > 0).then_some(at + length)
}

fn is_number(text: &[u8], (start, end): Piece) -> bool {
    integer(&text[start..end]).is_some()
}

/// A number that a process may have: Linux gives out 4,194,304 at most. Greater ones count something else.
fn is_pid(text: &[u8], (start, end): Piece) -> bool {
    integer(&text[start..end]).is_some_and(|number| number <= 1 << 22)
}

/// `     46` and numbers too great for a process, which JetBrains' programs write for milliseconds.
fn is_padded_number(text: &[u8], (start, end): Piece) -> bool {
    let number = text[start..end].trim_ascii();
    !number.is_empty() && number.iter().all(u8::is_ascii_digit)
}

/// Reads digits as a number; `007` is text.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let digits = (1..=18).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    let number = digits && (text[0] != b'0' || text.len() == 1);
    number.then(|| text.iter().fold(0, |number, byte| number * 10 + i64::from(byte - b'0')))
}

/// A level in small letters right after the timestamp, a blank after it; or one that begins with a capital, as words do,
/// but fills a column (Windows' component logs): two blanks after it.
fn quiet_level(text: &[u8], at: usize) -> Option<LevelWord> {
    const LEVELS: [&[u8]; 11] = [
        b"trace",
        b"debug",
        b"verbose",
        b"info",
        b"notice",
        b"warn",
        b"warning",
        b"error",
        b"critical",
        b"fatal",
        b"panic",
    ];
    let end = word_end(text, at)?;
    let fills_column = matches!(text.get(end..end + 2), Some(b"  " | b"\t\t"));
    let is_same = |level: &&[u8]| {
        let word = &text[at..end];
        word == *level || fills_column && word[1..] == level[1..] && word.eq_ignore_ascii_case(level)
    };
    let word = LEVELS.into_iter().find(is_same)?;
    LogLevel::from_word(word, false).map(|level| LevelWord { level, end })
}

/// Monolog's `production.ERROR: message`: the channel and the level.
fn channel_level(text: &[u8], at: usize) -> Option<Header> {
    let end = word_end(text, at)?;
    let word = text[at..end].strip_suffix(b":")?;
    let dot = memchr::memrchr(b'.', word)?;
    let level = &word[dot + 1..];
    let is_loud = level.iter().all(u8::is_ascii_uppercase) && is_name(&word[..dot]);
    let level = LogLevel::from_word(level, false).filter(|_| is_loud)?;
    Some(Header { level: Some(level), logger: Some((at, at + dot)), ..Header::default() }.at(skip_blanks(text, end)))
}

/// Apache's `core:error`: the module, if it is named, and the level.
fn module_level(text: &[u8], (start, end): Piece) -> Option<(Option<Piece>, LogLevel)> {
    let colon = start + memchr::memrchr(b':', &text[start..end])?;
    let word = &text[colon + 1..end];
    // `trace1` to `trace8`.
    let word = if word.len() == 6 && matches!(word[5], b'1'..=b'8') { &word[..5] } else { word };
    let level = LogLevel::from_word(word, false)?;
    let module = &text[start..colon];
    (module.is_empty() || is_name(module)).then_some(((start < colon).then_some((start, colon)), level))
}

/// Apache's `pid 12:tid 34` and `client 10.0.0.1:5678`. Returns false for anything else.
fn apache_bracket(text: &[u8], (start, end): Piece, found: &mut Header) -> bool {
    let content = &text[start..end];
    if let Some(process) = content.strip_prefix(b"pid ") {
        let digits = process.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let pid = (start + 4, start + 4 + digits);
        let thread = process[digits..].strip_prefix(b":tid ").map(|thread| (end - thread.len(), end));
        let whole = thread.is_some() || digits == process.len();
        if digits == 0 || !whole {
            return false;
        }
        found.pid = Some(pid);
        found.thread = thread.filter(|thread| thread.0 < thread.1).or(found.thread);
        return true;
    }
    let Some(client) = content.strip_prefix(b"client ").filter(|client| !client.is_empty()) else { return false };
    let start = start + 7;
    // Since 2.4, which writes the process as well, a port follows; before, `::1` was all there was.
    let colons = client.iter().filter(|byte| **byte == b':').count();
    let port = memchr::memrchr(b':', client)
        .filter(|colon| *colon > 0 && (colons == 1 || found.pid.is_some()))
        .filter(|colon| integer(&client[colon + 1..]).is_some());
    found.client_ip = Some((start, port.map_or(end, |colon| start + colon)));
    found.client_port = port.map(|colon| (start + colon + 1, end));
    true
}

/// nginx's `1234#5678: `.
fn nginx_process(text: &[u8], at: usize) -> Option<(Piece, Piece, usize)> {
    let end = word_end(text, at)?;
    let word = text[at..end].strip_suffix(b":")?;
    let hash = memchr::memchr(b'#', word)?;
    let (pid, thread) = ((at, at + hash), (at + hash + 1, at + word.len()));
    (is_number(text, pid) && is_number(text, thread)).then_some((pid, thread, end))
}

/// Letters, digits and what joins them in the names of loggers: `c.e.App`, `app::db`, `__main__`, `#c.i.Env`.
fn is_name(word: &[u8]) -> bool {
    let joined = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.$:-/@".contains(byte);
    word.first().is_some_and(|first| first.is_ascii_alphabetic() || b"_#".contains(first))
        && word.last().is_some_and(|last| last.is_ascii_alphanumeric() || b"_$".contains(last))
        && word[1..].iter().all(joined)
}

/// A name that no sentence begins with: it has a dot, `::`, `_` or `$` or a capital within, and is not that of an
/// exception.
fn is_logger(word: &[u8]) -> bool {
    let humped = word.windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    let joined = word.iter().any(|byte| b"._$".contains(byte)) || word.windows(2).any(|pair| pair == b"::");
    is_name(word) && (humped || joined) && !word.ends_with(b"Exception") && !word.ends_with(b"Error")
}

/// Reads the name of a logger and what ends it: `name: `, `name - `, `name : `, and `name [req-…]`. Returns it
/// and where the message begins. After a thread any name before a dash is a logger.
fn logger(text: &[u8], at: usize, after_thread: bool) -> Option<(Piece, usize)> {
    let end = word_end(text, at)?;
    if let Some(name) = text[at..end].strip_suffix(b":") {
        return is_logger(name).then(|| ((at, end - 1), skip_blanks(text, end)));
    }
    let name = &text[at..end];
    let next = skip_blanks(text, end);
    let rest = &text[next..];
    if rest.starts_with(b"- ") || rest.starts_with(b": ") {
        let is_one = is_logger(name) || after_thread && (is_name(name) || known::is_container(name));
        return is_one.then(|| ((at, end), skip_blanks(text, next + 1)));
    }
    (request(text, next).is_some() && name.contains(&b'.') && is_logger(name)).then_some(((at, end), next))
}

/// Reads OpenStack's `[req-1234 user project - - -]` or `[-]`: the request's id and where the message begins.
fn request(text: &[u8], at: usize) -> Option<(Option<Piece>, usize)> {
    let rest = text.get(at..)?;
    if rest.starts_with(b"[-] ") {
        return Some((None, at + 4));
    }
    if !rest.starts_with(b"[req-") {
        return None;
    }
    let close = at + memchr::memchr(b']', rest)?;
    let id_end = at + memchr::memchr2(b' ', b']', rest)?;
    Some((Some((at + 1, id_end)), skip_blanks(text, close + 1)))
}

/// Reads a place in the source, `file.go:12`, that a blank or a colon ends: it and where the message begins.
fn caller(text: &[u8], at: usize) -> Option<(Piece, usize)> {
    let end = word_end(text, at)?;
    let end = if text[end - 1] == b':' { end - 1 } else { end };
    let word = &text[at..end];
    let colon = memchr::memrchr(b':', word)?;
    let file = &word[..colon];
    let dot = memchr::memrchr(b'.', file)?;
    let extension = &file[dot + 1..];
    let is_file = (1..=5).contains(&extension.len())
        && extension[0].is_ascii_alphabetic()
        && is_name(file)
        && file[0] != b'-'
        && dot > 0;
    (is_file && is_number(text, (at + colon + 1, end))).then(|| ((at, end), skip_separator(text, end)))
}

/// Android: `  1702  2395 D WindowManager: message`.
fn logcat(text: &[u8], at: usize) -> Option<Header> {
    let number = |at: usize| {
        let start = skip_blanks(text, at);
        let end = word_end(text, start)?;
        (start > at && is_number(text, (start, end))).then_some((start, end))
    };
    let pid = number(at)?;
    let thread = number(pid.1)?;
    let letter = skip_blanks(text, thread.1);
    let level = match text.get(letter..letter + 2)? {
        [b'V', b' '] => LogLevel::Trace,
        [b'D', b' '] => LogLevel::Debug,
        [b'I', b' '] => LogLevel::Info,
        [b'W', b' '] => LogLevel::Warn,
        [b'E', b' '] => LogLevel::Error,
        [b'F' | b'A', b' '] => LogLevel::Critical,
        _ => return None,
    };
    let start = skip_blanks(text, letter + 2);
    let colon = start
        + memchr::memmem::find(&text[start..], b": ").or_else(|| text[start..].strip_suffix(b":").map(<[u8]>::len))?;
    let name = text[start..colon].trim_ascii_end().len();
    let logger = (name > 0).then_some((start, start + name));
    let found = Header { level: Some(level), pid: Some(pid), thread: Some(thread), logger, ..Header::default() };
    Some(found.at(text.len().min(colon + 2)))
}

/// Huawei Health: `|Step_LSC|30002312|message` right after the timestamp.
fn piped(text: &[u8], at: usize) -> Option<Header> {
    let field = |at: usize| {
        let rest = text.get(at..)?.strip_prefix(b"|")?;
        Some((at + 1, at + 1 + memchr::memchr(b'|', rest)?))
    };
    let logger = field(at)?;
    let pid = field(logger.1)?;
    let sure = is_name(&text[logger.0..logger.1]) && is_number(text, pid);
    let found = Header { logger: Some(logger), pid: Some(pid), ..Header::default() };
    sure.then(|| found.at(skip_blanks(text, pid.1 + 1)))
}
