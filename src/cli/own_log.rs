//! The server's own log: `tracing` to stderr, as text on a terminal and as JSON otherwise.
//!
//! Secrets do not reach it: no code hands one over, and what looks like one is blacked out on its way all the same.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::LazyLock;

use regex::bytes::Regex;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::fmt::MakeWriter;

use super::terminal::Terminal;
use crate::config::{Log, LogFormat, LogLevel};

/// Begins to write the log. Only the first call in a process has an effect.
pub fn begin(log: &Log, terminal: &Terminal) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(log.level))
        .with_writer(Redacted(terminal.log_output()))
        .with_ansi(terminal.stderr_color)
        // Nobody is left to tell when stderr is closed.
        .log_internal_errors(false);
    let is_json = match log.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !terminal.stderr,
    };
    // It fails when there is a log already.
    let _ = if is_json { builder.json().flatten_event(true).try_init() } else { builder.try_init() };
}

/// Lets ours through at the level that was asked for. Libraries say what is wrong and no more: at finer levels some of
/// them write what they send and receive.
fn filter(level: LogLevel) -> EnvFilter {
    let (ours, theirs) = match level {
        LogLevel::Off => (LevelFilter::OFF, LevelFilter::OFF),
        LogLevel::Error => (LevelFilter::ERROR, LevelFilter::ERROR),
        LogLevel::Warn => (LevelFilter::WARN, LevelFilter::WARN),
        LogLevel::Info => (LevelFilter::INFO, LevelFilter::WARN),
        LogLevel::Debug => (LevelFilter::DEBUG, LevelFilter::WARN),
        LogLevel::Trace => (LevelFilter::TRACE, LevelFilter::WARN),
    };
    EnvFilter::builder().parse_lossy(format!("{theirs},logan={ours}"))
}

/// What looks like the value of a password or credential (in quotes, or to the next blank), a token of ours (`lgn_`
/// and its likes), or a JWT. In doubt it takes more.
static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    let name = r"[a-z0-9_-]*(?:password|passwd|secret|authorization|cookie)";
    // Between a name and its value: quotes (escaped within JSON), colours, blanks.
    let to = r#"\\*["']?(?:\x1b\[[0-9;]*m|\s)*[:=](?:\x1b\[[0-9;]*m|\s)*"#;
    let patterns = [
        format!(r#"(?P<quoted>{name}{to}\\*["'])(?:[^"'\\]|\\.)+"#),
        format!(r#"(?P<bare>{name}{to}(?:(?:bearer|basic) +)?)[^\s"'\\,;}}]+"#),
        r#"(?P<scheme>\b(?:bearer|basic) +)[^\s"'\\,;}]+"#.to_owned(),
        r"(?P<ours>\blg[a-z]_)[a-z0-9_-]+".to_owned(),
        r"\beyJ[a-z0-9_=-]+\.[a-z0-9_=-]+\.?[a-z0-9_=-]*".to_owned(),
    ];
    Regex::new(&format!("(?i){}", patterns.join("|"))).expect("a pattern of ours")
});

/// Blacks out what looks like a secret.
fn redact(line: &[u8]) -> Cow<'_, [u8]> {
    SECRETS.replace_all(line, &b"${quoted}${bare}${scheme}${ours}***"[..])
}

/// Where lines go without their secrets.
#[derive(Clone, Copy, Debug)]
struct Redacted<W>(W);

impl<W: Write> Write for Redacted<W> {
    /// A line comes in one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(&redact(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Redacted<W> {
    type Writer = Redacted<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Redacted(self.0.make_writer())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_blacked_out_and_nothing_else() {
        let cases = [
            ("key lgn_01JDB2QX3V8Z5N4M7K6H9G0F1E_abcDEF used", "key lgn_*** used"),
            ("refresh lgr_abc-def_1.", "refresh lgr_***."),
            ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
            ("authorization=Basic dXNlcg==", "authorization=Basic ***"),
            ("sent Bearer abc.def on", "sent Bearer *** on"),
            (r#"{"authorization":"Bearer abc","x":1}"#, r#"{"authorization":"***","x":1}"#),
            (r#"{"password":"seven herons","x":1}"#, r#"{"password":"***","x":1}"#),
            (r#"{"password":"a\"b","x":1}"#, r#"{"password":"***","x":1}"#),
            (r#"{"message":"{\"password\":\"heron\"}","x":1}"#, r#"{"message":"{\"password\":\"***","x":1}"#),
            ("smtp_password=heron port=25", "smtp_password=*** port=25"),
            ("\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0mheron x", "\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0m*** x"),
            ("token eyJhbGciOi.eyJzdWIi.c2ln ends", "token *** ends"),
            ("the password is wrong", "the password is wrong"),
            ("listening on 127.0.0.1:7171 path=/api/v1/logs", "listening on 127.0.0.1:7171 path=/api/v1/logs"),
        ];
        for (line, expected) in cases {
            assert_eq!(String::from_utf8_lossy(&redact(line.as_bytes())), expected, "{line}");
        }
    }
}
