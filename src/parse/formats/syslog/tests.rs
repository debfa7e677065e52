use super::*;
use crate::entry::{LogEntry, Position, Projection, Timestamp, Value};

fn read(line: &str) -> Result<LogEntry, RejectReason> {
    let reference = Timestamp::from_nanos(1_795_392_000_000_000_000);
    let settings = Settings { projection: Projection::all(), zone: crate::parse::Zone::default(), reference };
    let mut builder = BatchBuilder::new(&settings.projection);
    let mut parser = SyslogParser::new(&settings, &mut builder);
    let mut record = Record::default();
    record.clear();
    let line = line.as_bytes();
    parser.parse(line, 0, line.len(), &mut record, &mut builder)?;
    builder.push(&record, Span::chunk(0, line.len()), Position::default(), &"syslog".into());
    Ok(builder.finish(line.to_vec()).entry(0).to_entry())
}

/// Shows an entry as `time level | field=value … | message`.
fn show(entry: &LogEntry) -> String {
    let time = entry.ts.map_or("-".to_owned(), |time| time.to_rfc3339(entry.style.digits));
    let level = entry.level.map_or("-", LogLevel::name);
    let fields: Vec<String> =
        entry.fields.iter().map(|(name, value)| format!("{name}={}", show_value(value))).collect();
    let message = entry.message.as_deref().map_or("(none)".into(), String::from_utf8_lossy);
    format!("{time} {level} | {} | {message}", fields.join(" "))
}

fn show_value(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Json(text) => format!("{:?}", String::from_utf8_lossy(text)),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
    }
}

fn check(line: &str, expected: &str) {
    let shown = read(line).map(|entry| show(&entry)).unwrap_or_else(|reason| format!("reject: {reason}"));
    assert_eq!(shown, expected, "{line}");
}

#[test]
fn rfc_3164_headers_are_read_as_programs_write_them() {
    for (line, expected) in [
        (
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
            r#"2026-10-11T22:14:15Z critical | host="mymachine" app="su" facility="auth" | 'su root' failed for lonvick on /dev/pts/8"#,
        ),
        (
            "Nov  2 10:00:00 web sshd[24200]: Accepted",
            r#"2026-11-02T10:00:00Z - | host="web" app="sshd" pid=24200 | Accepted"#,
        ),
        (
            "Nov  2 10:00:00 web sshd(pam_unix)[7]: x",
            r#"2026-11-02T10:00:00Z - | host="web" app="sshd(pam_unix)" pid=7 | x"#,
        ),
        ("Nov  2 10:00:00 web sshd: error: x", r#"2026-11-02T10:00:00Z error | host="web" app="sshd" | error: x"#),
        ("Nov  2 10:00:00 web app[worker-1]: x", r#"2026-11-02T10:00:00Z - | host="web" app="app" pid="worker-1" | x"#),
        ("Nov  2 10:00:00 web app[007]: x", r#"2026-11-02T10:00:00Z - | host="web" app="app" pid="007" | x"#),
        ("Nov  2 10:00:00 web app[12] x", r#"2026-11-02T10:00:00Z - | host="web" app="app" pid=12 | x"#),
        ("Nov  2 10:00:00 web no tag here", r#"2026-11-02T10:00:00Z - | host="web" | no tag here"#),
        (
            "Nov  2 10:00:00 web syslogd 1.4.1: restart.",
            r#"2026-11-02T10:00:00Z - | host="web" | syslogd 1.4.1: restart."#,
        ),
        (
            "Nov  2 10:00:00 web last message repeated 3 times",
            r#"2026-11-02T10:00:00Z - | host="web" | last message repeated 3 times"#,
        ),
        ("Nov  2 10:00:00 last message repeated 3 times", "2026-11-02T10:00:00Z - |  | last message repeated 3 times"),
        ("Nov  2 10:00:00 sshd[12]: x", r#"2026-11-02T10:00:00Z - | app="sshd" pid=12 | x"#),
        ("Nov  2 10:00:00 web kernel: [12.3] x", r#"2026-11-02T10:00:00Z - | host="web" app="kernel" | [12.3] x"#),
        (
            "Nov  2 10:00:00 mac Microsoft Word[14463]: x",
            r#"2026-11-02T10:00:00Z - | host="mac" app="Microsoft Word" pid=14463 | x"#,
        ),
        (
            "Nov  2 10:00:00 mac failed for user[14463]: x",
            r#"2026-11-02T10:00:00Z - | host="mac" | failed for user[14463]: x"#,
        ),
        ("Nov  2 10:00:00 web app:", r#"2026-11-02T10:00:00Z - | host="web" app="app" | "#),
        ("Nov  2 10:00:00 web Foo::Bar: x", r#"2026-11-02T10:00:00Z - | host="web" app="Foo::Bar" | x"#),
        (
            "Nov  2 10:00:00 web daemon.warn dnsmasq[3]: x",
            r#"2026-11-02T10:00:00Z warn | host="web" app="dnsmasq" pid=3 facility="daemon" | x"#,
        ),
        (
            "Nov  2 10:00:00 mac sandboxd[129] ([31211]): deny",
            r#"2026-11-02T10:00:00Z - | host="mac" app="sandboxd" pid=129 ref_proc="[31211]" | deny"#,
        ),
        (
            "<166>Nov 22 2026 10:00:00: %ASA-6-302013: Built",
            r#"2026-11-22T10:00:00Z info | app="%ASA-6-302013" facility="local4" | Built"#,
        ),
        (
            "2026-11-22T10:00:00.123456+01:00 web sshd[5]: x",
            r#"2026-11-22T09:00:00.123456Z - | host="web" app="sshd" pid=5 | x"#,
        ),
        (
            "<13>2026-11-22T10:00:00Z web app: x",
            r#"2026-11-22T10:00:00Z notice | host="web" app="app" facility="user" | x"#,
        ),
        ("<6>usb 1-1: new device", r#"- info | facility="kern" | usb 1-1: new device"#),
        ("<30>sshd[5]: x", r#"- info | app="sshd" pid=5 facility="daemon" | x"#),
    ] {
        check(line, expected);
    }
}

#[test]
fn rfc_5424_is_read_with_its_structured_data() {
    for (line, expected) in [
        (
            r#"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [ex@32473 iut="3" src="App"][pri@1 class="high"] An event"#,
            r#"2003-10-11T22:14:15.003Z notice | host="mymachine.example.com" app="evntslog" ex@32473.iut="3" ex@32473.src="App" facility="local4" msgid="ID47" pri@1.class="high" | An event"#,
        ),
        (
            "<34>1 2003-10-11T22:14:15.003Z host su 77 - - \u{feff}'su root' failed",
            r#"2003-10-11T22:14:15.003Z critical | host="host" app="su" pid=77 facility="auth" | 'su root' failed"#,
        ),
        ("<0>1 - - - - - -", r#"- emergency | facility="kern" | (none)"#),
        ("1 2003-10-11T22:14:15Z host app - - - x", r#"2003-10-11T22:14:15Z - | host="host" app="app" | x"#),
        (
            r#"<14>1 2003-10-11T22:14:15Z h a - - [x k="a\"b\\c\]d\e"][empty] m"#,
            r#"2003-10-11T22:14:15Z info | host="h" app="a" empty=true facility="user" x.k="a\"b\\c]d\\e" | m"#,
        ),
        (
            "<14>1 2003-10-11T22:14:15Z h a - - [not structured data",
            r#"2003-10-11T22:14:15Z info | host="h" app="a" facility="user" | [not structured data"#,
        ),
        (
            "<14>1 2003-10-11T22:14:15Z h a p ID",
            r#"2003-10-11T22:14:15Z info | host="h" app="a" pid="p" facility="user" msgid="ID" | (none)"#,
        ),
    ] {
        check(line, expected);
    }
}

#[test]
fn other_lines_are_refused_with_a_reason() {
    for (line, reason) in [
        ("", "syslog: no priority and no timestamp"),
        ("<192>Nov  2 10:00:00 h a: x", "syslog: priority above 191"),
        ("<b>bold</b>", "syslog: no priority between < and >"),
        ("<14>1 2003-10-11T22:14:15Z host", "syslog: no host after the timestamp"),
        ("<14>1 2003-99-11T22:14:15Z h a p m - x", "syslog: no timestamp after the version"),
        ("Nov  2 10:00:00", "syslog: nothing after the timestamp"),
        ("Sun Nov 22 10:00:00 2026 x", "syslog: not a timestamp of syslog"),
        ("Nov 22, 2026 10:00:00 AM org.example.Main run", "syslog: not a timestamp of syslog"),
        ("2026-11-22 10:00:00 web app: x", "syslog: not a timestamp of syslog"),
        ("2026-11-22T10:00:00Z INFO app: x", "syslog: no host and tag after the timestamp"),
        ("2026-11-22T10:00:00Z web started", "syslog: no host and tag after the timestamp"),
        ("2026-11-22T10:00:00Z stdout F {}", "syslog: no host and tag after the timestamp"),
    ] {
        check(line, &format!("reject: {reason}"));
    }
}
