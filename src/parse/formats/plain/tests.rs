use proptest::prelude::*;

use super::*;
use crate::entry::{Position, Projection, Timestamp, Value};

/// Shows a line as `time level | field=value … | message`.
fn read(line: &str) -> Result<String, RejectReason> {
    let reference = Timestamp::from_nanos(1_795_392_000_000_000_000);
    let settings = Settings { projection: Projection::all(), zone: crate::parse::Zone::default(), reference };
    let mut builder = BatchBuilder::new(&settings.projection);
    let mut parser = PlainParser::new(&settings, &mut builder);
    let mut record = Record::default();
    record.clear();
    parser.parse(line.as_bytes(), 0, line.len(), &mut record, &mut builder)?;
    builder.push(&record, Span::chunk(0, line.len()), Position::default(), &"plain".into());
    let entry = builder.finish(line.into()).entry(0).to_entry();
    let time = entry.ts.map_or("-".to_owned(), |time| time.to_rfc3339(entry.style.digits));
    let level = entry.level.map_or("-", LogLevel::name);
    let fields: Vec<String> = entry
        .fields
        .iter()
        .map(|(name, value)| match value {
            Value::Text(text) => format!("{name}={:?}", String::from_utf8_lossy(text)),
            other => format!("{name}={other:?}"),
        })
        .collect();
    let message = entry.message.expect("plain lines have a message");
    Ok(format!("{time} {level} | {} | {}", fields.join(" "), String::from_utf8_lossy(&message)))
}

/// Checks what stands after the time, which is 2026-11-22 10:00:00 in all of them.
fn check(line: &str, expected: &str) {
    let shown = read(line).unwrap_or_else(|reason| format!("reject: {reason}"));
    assert!(shown.starts_with("2026-11-22T10:00:00"), "{line}: {shown}");
    assert_eq!(shown.split_once(' ').expect("a blank").1, expected, "{line}");
}

#[test]
fn levels_stand_in_the_first_words() {
    for (rest, expected) in [
        ("INFO start", "info |  | start"),
        ("[error] no", "error |  | no"),
        ("<warn> hm", "warn |  | hm"),
        ("(debug) x", "debug |  | x"),
        ("ERROR: no", "error |  | no"),
        ("| INFO | x", "info |  | x"),
        ("[I] x", "info |  | x"),
        ("- WARNING - x", "warn |  | x"),
        ("host is in ERROR state", "- |  | host is in ERROR state"),
        ("host has ERROR state", "error |  | host has ERROR state"),
        ("time=1 level=debug msg=x", "debug |  | time=1 level=debug msg=x"),
        ("info up", "info |  | info up"),
        ("production.ERROR: no", "error | logger=\"production\" | no"),
        ("app.CRITICAL: no", "critical | logger=\"app\" | no"),
        ("example.org: no", "- |  | example.org: no"),
        ("nothing here", "- |  | nothing here"),
        ("", "- |  | "),
        ("Info                  CBS    loaded", "info |  | Info                  CBS    loaded"),
        ("Error in CBS", "- |  | Error in CBS"),
        ("42 apples", "- |  | 42 apples"),
        ("[main] 42 apples fell down", "- |  | [main] 42 apples fell down"),
    ] {
        check(&format!("2026-11-22 10:00:00 {rest}"), expected);
        check(&format!("[2026-11-22 10:00:00] {rest}"), expected);
        check(&format!("22/Nov/2026:10:00:00 +0000 {rest}"), expected);
    }
}

#[test]
fn headers_of_well_known_loggers_become_fields() {
    for (line, expected) in [
        // Redis
        ("1:M 22 Nov 2026 10:00:00.123 * Ready", "notice | pid=Int(1) | Ready"),
        ("1234:C 22 Nov 2026 10:00:00.123 # WARNING overcommit", "warn | pid=Int(1234) | WARNING overcommit"),
        ("77:S 22 Nov 2026 10:00:00 - DB 0", "info | pid=Int(77) | DB 0"),
        ("77:X 22 Nov 2026 10:00:00 . tick", "debug | pid=Int(77) | tick"),
        // logback, log4j, Spring Boot
        (
            "2026-11-22 10:00:00.123 [main] DEBUG o.s.boot.App - up",
            "debug | thread=\"main\" logger=\"o.s.boot.App\" | up",
        ),
        ("2026-11-22 10:00:00.123 [pool 1] INFO  Main - up", "info | thread=\"pool 1\" logger=\"Main\" | up"),
        ("2026-11-22 10:00:00,123 INFO org.App: up", "info | logger=\"org.App\" | up"),
        ("2026-11-22 10:00:00,123 INFO [main] org.App: up", "info | thread=\"main\" logger=\"org.App\" | up"),
        (
            "2026-11-22 10:00:00.123  WARN 12345 --- [           main] c.e.App     : up",
            "warn | pid=Int(12345) thread=\"main\" logger=\"c.e.App\" | up",
        ),
        (
            "2026-11-22T10:00:00.123Z  INFO 1 --- [myapp] [           main] c.e.Foo                  : up",
            "info | app=\"myapp\" pid=Int(1) thread=\"main\" logger=\"c.e.Foo\" | up",
        ),
        (
            "2026-11-22 10:00:00.123  INFO 1 --- [nio-1] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : up",
            "info | pid=Int(1) thread=\"nio-1\" logger=\"o.a.c.c.C.[.[.[/].[dispatcherServlet]\" | up",
        ),
        (
            "INFO  [main] 2026-11-22 10:00:00,123 Server.java:42 - up",
            "info | thread=\"main\" caller=\"Server.java:42\" | up",
        ),
        // Python, Rust, Go
        ("2026-11-22 10:00:00,123 - app.db - WARNING - up", "warn | logger=\"app.db\" | up"),
        ("2026-11-22 10:00:00,123 - root - INFO - a - b", "info | logger=\"root\" | a - b"),
        ("2026-11-22T10:00:00.123456Z  INFO app::db: up", "info | logger=\"app::db\" | up"),
        ("[2026-11-22T10:00:00Z ERROR app] up", "error | logger=\"app\" | up"),
        ("2026/11/22 10:00:00 main.go:23: up", "- | caller=\"main.go:23\" | up"),
        ("2026-11-22T10:00:00.5Z\tinfo\tpkg/a.go:87\tup\t{}", "info | caller=\"pkg/a.go:87\" | up\t{}"),
        ("E1122 10:00:00.123456  1234 file.go:12] up", "error | thread=Int(1234) caller=\"file.go:12\" | up"),
        ("W, [2026-11-22T10:00:00.497736 #1234]  WARN -- : up: x", "warn | pid=Int(1234) | up: x"),
        ("I, [2026-11-22 10:00:00 #12] INFO -- Main: up", "info | pid=Int(12) logger=\"Main\" | up"),
        // servers
        ("[Sun Nov 22 10:00:00 2026] [notice] up", "notice |  | up"),
        (
            "[Sun Nov 22 10:00:00.123456 2026] [core:error] [pid 8:tid 9] [client ::1:58619] up",
            "error | pid=Int(8) thread=Int(9) logger=\"core\" client_ip=\"::1\" client_port=Int(58619) | up",
        ),
        ("[Sun Nov 22 10:00:00 2026] [error] [client ::1] up", "error | client_ip=\"::1\" | up"),
        ("2026/11/22 10:00:00 [error] 12#34: *9 up", "error | pid=Int(12) thread=Int(34) | *9 up"),
        ("2026-11-22 10:00:00.123 UTC [77] LOG:  up", "info | pid=Int(77) | up"),
        (
            "2026-11-22 10:00:00.123 UTC [77] app@shop ERROR:  no column at character 15",
            "error | pid=Int(77) user=\"app\" database=\"shop\" | no column at character 15",
        ),
        (
            "2026-11-22 10:00:00.123 UTC [77] [unknown]@[unknown] LOG:  up",
            "info | pid=Int(77) user=\"[unknown]\" database=\"[unknown]\" | up",
        ),
        (
            "2026-11-22 10:00:00.123 UTC [77] app@shop STATEMENT:  select 1",
            "- | pid=Int(77) user=\"app\" database=\"shop\" | STATEMENT:  select 1",
        ),
        (
            "2026-11-22 11:00:00 CET:10.0.0.1(5555):postgres@app:[1235]:FATAL:  x",
            "critical | pid=Int(1235) client_ip=\"10.0.0.1\" user=\"postgres\" client_port=Int(5555) database=\"app\" | x",
        ),
        (
            "2026-11-22 10:00:00 UTC:::1(5555):a@b:[1235]:DETAIL:  x",
            "- | pid=Int(1235) client_ip=\"::1\" user=\"a\" client_port=Int(5555) database=\"b\" | DETAIL:  x",
        ),
        ("2026-11-22 10:00:00 UTC:[local]:a@b:[9]:LOG:  x", "info | pid=Int(9) user=\"a\" database=\"b\" | x"),
        ("2026-11-22 10:00:00 UTC::@:[1235]:LOG:  x", "info | pid=Int(1235) | x"),
        (
            "2026-11-22 10:00:00 UTC [1235]: [3-1] user=app,db=shop,client=10.0.0.1 ERROR:  deadlock",
            "error | pid=Int(1235) client_ip=\"10.0.0.1\" user=\"app\" database=\"shop\" | deadlock",
        ),
        (
            "2026-11-22 10:00:00 UTC [1235]: [4-1] user=app,db=shop,app=psql,client=[local] DETAIL:  x",
            "- | app=\"psql\" pid=Int(1235) user=\"app\" database=\"shop\" | DETAIL:  x",
        ),
        ("2026-11-22 10:00:00 UTC [1235]: [3-1] user=,db= LOG:  x", "info | pid=Int(1235) | x"),
        ("2026-11-22 10:00:00 UTC [1235]: [3-1] LOG:  x", "info | pid=Int(1235) | x"),
        ("2026-11-22 10:00:00.123 UTC [77] bob@example.org said: no", "- |  | [77] bob@example.org said: no"),
        ("2026-11-22T10:00:00.123456Z 0 [Warning] up", "warn | thread=Int(0) | up"),
        (
            "2026-11-22T10:00:00.123456Z 0 [System] [MY-010116] [Server] up",
            "notice | thread=Int(0) | [MY-010116] [Server] up",
        ),
        ("[Sun Nov 22 10:00:00.123456 2026] [proxy:trace3] [pid 1] up", "trace | pid=Int(1) logger=\"proxy\" | up"),
        ("2026-11-22T10:00:00.123+0000 E STORAGE  [conn1] up", "error | thread=\"conn1\" logger=\"STORAGE\" | up"),
        ("2026-11-22T10:00:00.123+0000 I -        [main] up", "info | thread=\"main\" | up"),
        ("2026-11-22T10:00:00.123+0000 D2 COMMAND  [conn1] up", "debug | thread=\"conn1\" logger=\"COMMAND\" | up"),
        ("2026-11-22 10:00:00.123456 E | rafthttp: up", "error | logger=\"rafthttp\" | up"),
        ("2026-11-22 10:00:00.123456 N | etcdserver/membership: up", "notice | logger=\"etcdserver/membership\" | up"),
        ("[2026-11-22 10:00:00,123: ERROR/ForkPoolWorker-1] Task x", "error | thread=\"ForkPoolWorker-1\" | Task x"),
        ("E [22/Nov/2026:10:00:00 +0000] up", "error |  | up"),
        (
            "nova.log 2026-11-22 10:00:00.008 257 INFO nova.api [req-1 a b - - -] up",
            "info | pid=Int(257) logger=\"nova.api\" origin=\"nova.log\" request_id=\"req-1\" | up",
        ),
        // others
        ("2026-11-22 10:00:00 148 INFO dfs.DataNode$X: up", "info | pid=Int(148) logger=\"dfs.DataNode$X\" | up"),
        (
            "11-22 10:00:00.811  1702  2395 D Window Manager: up",
            "debug | pid=Int(1702) thread=Int(2395) logger=\"Window Manager\" | up",
        ),
        ("11-22 10:00:00.811 I/Tag ( 123): up", "info | pid=Int(123) logger=\"Tag\" | up"),
        (
            "11-22 10:00:00.811 W/Window Manager(1702): a (b): c",
            "warn | pid=Int(1702) logger=\"Window Manager\" | a (b): c",
        ),
        ("20261122-10:0:0:606|Step_LSC|300| up 3", "- | pid=Int(300) logger=\"Step_LSC\" | up 3"),
        ("[INFO] 2026-11-22 10:00:00 up", "info |  | up"),
        ("WARN 2026-11-22 10:00:00 up", "warn |  | up"),
    ] {
        check(line, expected);
    }
}

#[test]
fn zones_and_halves_of_the_day_belong_to_the_stamp() {
    for (line, expected) in [
        ("[22-Nov-2026 11:00:00 Europe/Berlin] PHP Warning:  x", "warn |  | PHP Warning:  x"),
        ("[22-Nov-2026 10:00:00 UTC] PHP Warning:  x", "warn |  | PHP Warning:  x"),
        ("2026-11-22 11:00:00 Europe/Berlin ERROR x", "error |  | x"),
        ("2026-11-22T11:00:00+01:00[Europe/Berlin] ERROR x", "error |  | x"),
        ("2026-11-22 10:00:00 Europe/Atlantis ERROR x", "error |  | Europe/Atlantis ERROR x"),
        ("[22-Nov-2026 10:00:00 Europe/Atlantis] x", "- |  | Europe/Atlantis] x"),
        ("2026-11-22 10:00:00 AM INFO x", "info |  | x"),
        ("2026-11-22 12:00:00 UTC+02:00 ERROR y", "error |  | y"),
        ("2026-11-22 05:00:00 UTC-5 ERROR y", "error |  | y"),
        ("11/22/2026 10:00:00 AM ERROR y", "error |  | y"),
        ("2026-11-22 10:00:00 Pmain started", "- |  | Pmain started"),
    ] {
        check(line, expected);
    }
}

#[test]
fn what_may_be_the_message_stays_in_it() {
    for (rest, expected) in [
        ("ERROR java.lang.NullPointerException: x", "error |  | java.lang.NullPointerException: x"),
        ("INFO user: bob", "info |  | user: bob"),
        ("INFO [x] y", "info |  | [x] y"),
        ("INFO example.com is down", "info |  | example.com is down"),
        ("INFO shutting - down", "info |  | shutting - down"),
        ("[77] bob ERROR: x", "error |  | [77] bob ERROR: x"),
        ("[     46]   INFO - #c.i.Env - x", "info |  | [     46]   INFO - #c.i.Env - x"),
        ("[352231305] INFO - x", "info |  | [352231305] INFO - x"),
        ("I/O error (5): x", "- |  | I/O error (5): x"),
        ("I AM [not] x", "- |  | I AM [not] x"),
        ("E REPL x", "- |  | E REPL x"),
        ("E | x", "- |  | E | x"),
        ("E | no name: x", "- |  | E | no name: x"),
        ("0 [System] x", "- |  | 0 [System] x"),
        ("[System] [MY-1] x", "- |  | [System] [MY-1] x"),
        ("[77] user=bob,db=x logged in", "- |  | [77] user=bob,db=x logged in"),
        ("user=bob,db=x ERROR: x", "error |  | user=bob,db=x ERROR: x"),
        ("[proxy:trace9] x", "- |  | [proxy:trace9] x"),
        ("INFO 1 --- [myapp] [main] up : x", "info | app=\"myapp\" pid=Int(1) thread=\"main\" logger=\"up\" | x"),
        ("INFO 1 --- [myapp] [main] is up", "info | pid=Int(1) | [myapp] [main] is up"),
        ("INFO a.[b] : x", "info |  | a.[b] : x"),
        ("INFO 10.0.0.1:80 x", "info |  | 10.0.0.1:80 x"),
    ] {
        check(&format!("2026-11-22 10:00:00 {rest}"), expected);
    }
}

#[test]
fn lines_without_a_timestamp_are_refused() {
    for line in [
        "1:M 22 Nov 2026 10:00:00.123 Ready",
        "1:Q 22 Nov 2026 10:00:00.123 * Ready",
        ":M 22 Nov 2026 10:00:00.123 * Ready",
        "",
        "INFO start",
        "\tat a.b.C(D.java:1)",
        "10.0.0.1 - - x",
        "E1122 x",
        "[main] x",
        "word 2026-11-22 10:00:00 no level at all",
    ] {
        assert_eq!(read(line), Err("plain: no timestamp at the beginning".into()), "{line}");
    }
}

proptest! {
    /// Pieces of headers in any order: a line is an entry or is refused, and its pieces lie within it.
    #[test]
    fn pieces_in_any_order_are_read(
        stamp in prop::sample::select(vec![
            "2026-11-22 10:00:00", "[2026-11-22 10:00:00", "11-22 10:00:00.1", "2026-11-22 9:05:03 PM", "",
        ]),
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                " ", ":", "[", "]", "]:", ":[", "@", "(", "):", "/", "-", ",", "=", "|", "7", "E", "D1", "I/", "E | a: ",
                " STORAGE ", "user=a", "db=", "client=[local]", "LOG:", "ERROR/", "INFO 1 --- ", "[System]", "[MY-1]", "[3-1]",
                "a.[b", " UTC", "+2", " Europe/Berlin", "PM", "\u{202f}",
            ]),
            0..8,
        ),
    ) {
        let line = format!("{stamp}{}", pieces.concat());
        if let Ok(shown) = read(&line) {
            prop_assert!(shown.contains(" | "));
        }
    }
}
