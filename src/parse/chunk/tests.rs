use proptest::prelude::*;

use super::*;
use crate::entry::{LogEntry, Projection, Timestamp, Value};
use crate::parse::{Zone, detect};

fn settings() -> Settings {
    let reference = Timestamp::from_nanos(1_795_392_000_000_000_000);
    Settings { projection: Projection::all(), zone: Zone::default(), reference }
}

/// All formats, `main` first.
fn mixed(main: Format) -> FormatSet {
    FormatSet::new(main, Format::ALL)
}

fn parse(formats: &FormatSet, text: &[u8]) -> ParsedChunk {
    let parsed = ChunkParser::new(formats, &settings()).parse(text.to_vec());
    assert!(parsed.account.adds_up(), "{:?}", parsed.account);
    assert_eq!(parsed.account.entries, parsed.formats.iter().map(|(_, count)| count).sum::<u64>());
    assert_eq!(parsed.account.rejects, parsed.rejects.len() as u64);
    let raw: usize = parsed.batch.entries().map(|entry| entry.raw().map_or(0, <[u8]>::len)).sum();
    assert_eq!(parsed.account.entry_bytes, raw as u64);
    parsed
}

/// Shows what became of each line: `entry "…"`, `reject N: …`, then the counts.
fn check(formats: &FormatSet, text: &str, expected: &[&str]) {
    let parsed = parse(formats, text.as_bytes());
    let mut shown: Vec<(u64, String)> = Vec::new();
    for entry in parsed.batch.entries() {
        let (position, format) = (entry.position().expect("asked for"), entry.format().expect("asked for"));
        let message = String::from_utf8_lossy(entry.message().unwrap_or(b"(none)"));
        let raw = entry.raw().expect("asked for");
        assert_eq!(&text.as_bytes()[position.offset as usize..][..raw.len()], raw, "raw stands where it says");
        shown.push((position.line, format!("{} {format} {message:?}", position.line)));
    }
    for reject in &parsed.rejects {
        let raw = String::from_utf8_lossy(&reject.raw);
        shown.push((reject.line, format!("{} {} {raw:?}", reject.line, reject.reason)));
    }
    shown.sort();
    let mut shown: Vec<String> = shown.into_iter().map(|(_, text)| text).collect();
    let Account { lines, continuation, blank, comment, .. } = parsed.account;
    shown.push(format!("{lines} lines, {continuation} continuation, {blank} blank, {comment} comment"));
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn java_s_own_logging_has_the_level_in_the_second_line() {
    let text = "Nov 22, 2026 10:00:00 AM com.acme.Shop sell\nSEVERE: no stock\n\tat a.b(C.java:1)\n\
                Nov 22, 2026 10:00:01 AM com.acme.Shop sell\nINFO: fine\nWARNING: in the message\n\
                Nov 22, 2026 10:00:02 AM com.acme.Shop sell\nnot a level\nSEVERE: not the second line\n\
                2026-11-22 10:00:03 ERROR own\nINFO: its message\n\
                Nov 22, 2026 10:00:04 AM com.acme.Shop sell\nINFORMAL: no\n";
    let parsed = parse(&mixed(Format::Plain), text.as_bytes());
    let levels: Vec<_> = parsed.batch.entries().map(|entry| entry.level().map_or("-", |level| level.name())).collect();
    assert_eq!(levels, ["critical", "info", "-", "error", "-"]);
    assert_eq!(parsed.batch.entry(0).message(), Some(&b"com.acme.Shop sell\nSEVERE: no stock\n\tat a.b(C.java:1)"[..]));
    let without = Settings { projection: Projection::only(["message"]), ..settings() };
    let parsed = ChunkParser::new(&mixed(Format::Plain), &without).parse(text.into());
    assert_eq!((parsed.batch.rows, parsed.account.continuation), (5, 8));
}

#[test]
fn a_line_that_a_container_runtime_has_cut_is_one_entry() {
    let text = "2026-11-22T10:00:07.1Z stdout P {\"msg\":\"lo\r\n2026-11-22T10:00:07.2Z stdout P n\n\
                2026-11-22T10:00:07.3Z stdout F g\",\"n\":1}\n2026-11-22T10:00:08Z stdout F {\"msg\":\"whole\"}\n\
                2026-11-22T10:00:09Z stdout P cut\n2026-11-22T10:00:09Z stderr F between\n\
                2026-11-22T10:00:09Z stdout F off\n\
                2026-11-22T10:00:10Z stderr P a\n\n2026-11-22T10:00:10Z stderr F b\n\
                2026-11-22T10:00:11Z stdout P end";
    let expected = [
        r#"1 json "long""#,
        r#"4 json "whole""#,
        r#"5 json "cut""#,
        r#"6 json "between""#,
        r#"7 json "off""#,
        r#"8 json "a""#,
        r#"10 json "b""#,
        r#"11 json "end""#,
        "11 lines, 2 continuation, 1 blank, 0 comment",
    ];
    check(&mixed(Format::Json), text, &expected);
    let parsed = parse(&mixed(Format::Json), text.as_bytes());
    let entries = entries(&parsed);
    assert_eq!(field(&entries[0], "n"), Some(&Value::Int(1)), "the united line is read as JSON");
    assert_eq!(field(&entries[0], "stream"), Some(&Value::Text(b"stdout"[..].into())));
    assert_eq!(entries[0].ts, Timestamp::from_nanos(1_795_341_607_100_000_000), "that of the first piece");
    let partial: Vec<bool> = entries.iter().map(|entry| field(entry, "partial").is_some()).collect();
    assert_eq!(
        partial,
        [false, false, true, false, false, true, false, true],
        "what is not united says that it goes on"
    );
}

#[test]
fn a_line_that_docker_has_cut_is_one_entry() {
    let line = |log: &str, time: u32| {
        format!("{{\"log\":\"{log}\",\"stream\":\"stdout\",\"time\":\"2026-11-22T10:00:0{time}Z\"}}\n")
    };
    let (first, second) = ("x".repeat(16 * 1024), "y".repeat(16 * 1024));
    let text = [
        line(&format!(r#"{{\"msg\":\"{first}"#), 1),
        line(&second, 2),
        line(r#"\",\"n\":1}\n"#, 3),
        line(r"whole\n", 4),
        line(&first, 5),
        // Not Docker's: the pieces stay what they are.
        "{\"log\":\"y\",\"stream\":\"stdout\",\"broken\n".to_owned(),
    ]
    .concat();
    let parsed = parse(&FormatSet::only(Format::Json), text.as_bytes());
    let entries = entries(&parsed);
    let messages: Vec<&[u8]> = entries.iter().map(|entry| entry.message.as_deref().expect("has one")).collect();
    assert_eq!(messages, [format!("{first}{second}").as_bytes(), b"whole", first.as_bytes()]);
    assert_eq!(field(&entries[0], "n"), Some(&Value::Int(1)));
    assert_eq!(entries[0].ts, Timestamp::from_nanos(1_795_341_601_000_000_000), "that of the first piece");
    assert_eq!((parsed.account.continuation, parsed.rejects.len(), parsed.account.lines), (2, 1, 6));
}

#[test]
fn pieces_that_give_no_entry_together_are_looked_at_once() {
    // Ten thousand pieces and one whose time cannot be: to try them from each piece on would take minutes.
    let text = "2026-11-22T10:00:07.1Z stdout P x\n".repeat(10_000) + "2026-99-22T10:00:07.1Z stdout F x\n";
    let parsed = parse(&FormatSet::only(Format::Json), text.as_bytes());
    assert_eq!((parsed.account.entries, parsed.account.rejects, parsed.account.continuation), (10_000, 1, 0));
    let text = text + "2026-11-22T10:00:08Z stdout P a\n2026-11-22T10:00:08Z stdout F b\n";
    let parsed = parse(&FormatSet::only(Format::Json), text.as_bytes());
    assert_eq!((parsed.account.entries, parsed.account.rejects, parsed.account.continuation), (10_001, 1, 1));
}

#[test]
fn a_cut_line_grows_to_an_entry_s_length_and_no_further() {
    let piece = format!("2026-11-22T10:00:07.1Z stdout P {}\n", "x".repeat(16 * 1024));
    let text = piece.repeat(MAX_ENTRY_BYTES / piece.len() + 2);
    let parsed = parse(&FormatSet::only(Format::Json), text.as_bytes());
    let lengths: Vec<usize> = parsed.batch.entries().map(|entry| entry.raw().map_or(0, <[u8]>::len)).collect();
    assert_eq!(lengths.len(), 2);
    assert!(lengths[0] <= MAX_ENTRY_BYTES && lengths[0] + piece.len() > MAX_ENTRY_BYTES, "{lengths:?}");
}

#[test]
fn lines_nothing_reads_join_text_entries() {
    check(
        &mixed(Format::Plain),
        "2026-11-22 10:00:00 ERROR boom\njava.lang.Error: x\n\tat a.b(C.java:1)\n\n \nCaused by: y\n# z\n\n2026-11-22 10:00:01 INFO next\n",
        &[
            r##"1 plain "boom\njava.lang.Error: x\n\tat a.b(C.java:1)\n\n \nCaused by: y\n# z""##,
            r#"9 plain "next""#,
            "9 lines, 6 continuation, 1 blank, 0 comment",
        ],
    );
    check(
        &mixed(Format::Syslog),
        "Nov 22 10:00:00 h a: x\nmore\n<34>Nov 22 10:00:00 h a: y\nmore\n",
        &[
            r#"1 syslog "x\nmore""#,
            r#"3 syslog "y""#,
            r#"4 syslog: no priority and no timestamp "more""#,
            "4 lines, 1 continuation, 0 blank, 0 comment",
        ],
    );
}

#[test]
fn only_traces_join_entries_of_one_line() {
    check(
        &mixed(Format::Syslog),
        "<34>Nov 22 10:00:00 h a: y\n  indented\nCaused by: z\n... 3 more\nnot this\n  nor this\n",
        &[
            r#"1 syslog "y\n  indented\nCaused by: z\n... 3 more""#,
            r#"5 syslog: no priority and no timestamp "not this""#,
            r#"6 syslog: no priority and no timestamp "  nor this""#,
            "6 lines, 3 continuation, 0 blank, 0 comment",
        ],
    );
}

#[test]
fn a_line_with_a_date_that_cannot_be_begins_an_entry() {
    check(
        &mixed(Format::Plain),
        "2026-11-22 10:00:00 INFO a\n2026-13-45 10:00:00 ERROR b\n  trace\n[2026-02-30T10:00:00Z] c\nFeb 31 25:61:61 d\n2026-13-45 x\n",
        &[
            r#"1 plain "a""#,
            r#"2 plain "b\n  trace""#,
            r#"4 plain "c""#,
            r#"5 plain "d\n2026-13-45 x""#,
            "6 lines, 2 continuation, 0 blank, 0 comment",
        ],
    );
}

#[test]
fn line_ends_are_no_content() {
    check(
        &mixed(Format::Plain),
        "2026-11-22 10:00:00 a\r\nb\rc\r\n\r\n2026-11-22 10:00:01 d\r",
        &[r#"1 plain "a\r\nb\rc""#, r#"4 plain "d\r""#, "4 lines, 1 continuation, 1 blank, 0 comment"],
    );
}

#[test]
fn what_stands_before_the_first_entry_is_put_aside() {
    check(
        &mixed(Format::Plain),
        "# comment\n\n  at a.b(C.java:1)\n2026-11-22 10:00:00 a\n",
        &[
            r#"3 plain: no timestamp at the beginning "  at a.b(C.java:1)""#,
            r#"4 plain "a""#,
            "4 lines, 0 continuation, 1 blank, 1 comment",
        ],
    );
    check(&mixed(Format::Plain), "", &["0 lines, 0 continuation, 0 blank, 0 comment"]);
    check(&mixed(Format::Plain), "\n\n", &["2 lines, 0 continuation, 2 blank, 0 comment"]);
}

#[test]
fn a_forced_format_is_not_overruled() {
    check(
        &FormatSet::only(Format::Syslog),
        "2026-11-22 10:00:00 a\nNov 22 10:00:00 h a: x\n",
        &[
            r#"1 syslog: not a timestamp of syslog "2026-11-22 10:00:00 a""#,
            r#"2 syslog "x""#,
            "2 lines, 0 continuation, 0 blank, 0 comment",
        ],
    );
}

#[test]
fn entries_grow_to_a_mebibyte_from_their_first_byte() {
    let first = "2026-11-22 10:00:00 a\n";
    let line = format!("{}\n", "x".repeat(1023));
    let text = format!("{first}{}{first}tail\n", line.repeat(1100));
    let parsed = parse(&mixed(Format::Plain), text.as_bytes());
    let joined = (MAX_ENTRY_BYTES - first.len() + 1) / 1024;
    assert_eq!(parsed.account.continuation, joined as u64 + 1);
    assert_eq!(parsed.account.rejects, 1100 - joined as u64);
    assert_eq!(parsed.rejects[0].line, joined as u64 + 2);
    assert_eq!(parsed.rejects[0].reason, "the entry before it has grown to 1 MiB");
    assert_eq!(parsed.batch.entry(1).message(), Some(b"a\ntail".as_slice()));
}

#[test]
fn long_rejects_are_cut() {
    let parsed = parse(&mixed(Format::Plain), "x".repeat(Reject::MAX_KEPT + 1).as_bytes());
    assert_eq!(
        (parsed.rejects[0].length, parsed.rejects[0].raw.len()),
        (Reject::MAX_KEPT as u64 + 1, Reject::MAX_KEPT)
    );
}

#[test]
fn placed_chunks_know_their_lines() {
    let mut parsed = parse(&mixed(Format::Syslog), b"no\nNov 22 10:00:00 h a: x\n");
    parsed.place(Position { line: 10, offset: 500 });
    assert_eq!(parsed.batch.entry(0).position(), Some(Position { line: 12, offset: 503 }));
    assert_eq!((parsed.rejects[0].line, parsed.rejects[0].offset), (11, 500));
}

/// Lines of every kind.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let usual = prop::sample::select(vec![
        "2026-11-22 10:00:00 INFO start",
        "2026-11-22T10:00:01.5Z [main] ERROR a.b.C - boom",
        "[Sun Nov 22 10:00:02 2026] [error] [client 10.0.0.1] no",
        "Nov 22 10:00:03 web sshd[12]: Accepted",
        "<34>Nov 22 10:00:03 web su: no",
        r#"<165>1 2026-11-22T10:00:03Z h app 1 ID [x@1 k="a\"b"] hi"#,
        r#"10.0.0.1 - - [22/Nov/2026:10:00:04 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8""#,
        r#"10.0.0.1 - - [22/Nov/2026:10:00:04 +0000] "GET / HTTP/1.1" 200 5"#,
        r#"{"time":"2026-11-22T10:00:05Z","level":"info","msg":"a\nb","n":{"x":1}}"#,
        r#"time=2026-11-22T10:00:06Z level=warn msg="x \"y\"" n=3"#,
        "\tat a.b.C(D.java:1)",
        "Caused by: java.io.IOException: x",
        "... 12 more",
        "Traceback (most recent call last):",
        "    key=value other=thing",
        r#"  {"time":"2026-11-22T10:00:05Z","msg":"indented"}"#,
        "something else",
        "# comment",
        "",
        "  ",
        "\r",
        "1700000000 epoch",
        r#"2026-11-22T10:00:07.1Z stdout P {"msg":"lo"#,
        "2026-11-22T10:00:07.1Z stdout P n",
        r#"2026-11-22T10:00:07.2Z stdout F g"}"#,
        "2026-11-22T10:00:07.3Z stderr P piece",
        "2026-11-22T10:00:07.4Z stderr F",
    ]);
    let usual = usual.prop_map(|line| line.as_bytes().to_vec());
    let noise = prop::collection::vec(any::<u8>().prop_filter("one line", |byte| *byte != b'\n'), 0..40);
    let cut = (line_text(), 0usize..60).prop_map(|(mut line, at)| {
        line.truncate(at);
        line
    });
    prop_oneof![8 => usual, 1 => noise, 1 => cut]
}

fn line_text() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![
        r#"<165>1 2026-11-22T10:00:03Z h app 1 ID [x@1 k="a\"b"] hi"#,
        r#"10.0.0.1 - - [22/Nov/2026:10:00:04 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8""#,
        r#"{"time":"2026-11-22T10:00:05Z","level":"info","msg":"a\nb","n":{"x":1}}"#,
        r#"time=2026-11-22T10:00:06Z level=warn msg="x \"y\"" n=3"#,
        "2026-11-22T10:00:01.5Z [main] ERROR a.b.C - boom",
    ])
    .prop_map(|line| line.as_bytes().to_vec())
}

/// Lines with their ends; the last may have none.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let ends = prop::sample::select(vec!["\n", "\n", "\n", "\r\n"]);
    (prop::collection::vec((line(), ends), 0..30), any::<bool>()).prop_map(|(lines, ended)| {
        let mut text: Vec<u8> =
            lines.iter().flat_map(|(line, end)| [line.as_slice(), end.as_bytes()].concat()).collect();
        if !ended && text.last() == Some(&b'\n') {
            text.pop();
        }
        text
    })
}

fn formats() -> impl Strategy<Value = FormatSet> {
    let format = prop::sample::select(Format::ALL.to_vec());
    (format, any::<bool>()).prop_map(|(format, only)| if only { FormatSet::only(format) } else { mixed(format) })
}

fn field<'e>(entry: &'e LogEntry, name: &str) -> Option<&'e Value> {
    entry.fields.iter().find(|(field, _)| **field == *name).map(|(_, value)| value)
}

fn entries(parsed: &ParsedChunk) -> Vec<LogEntry> {
    parsed.batch.entries().map(|entry| entry.to_entry()).collect()
}

proptest! {
    #[test]
    fn any_bytes_are_accounted_for(bytes in prop::collection::vec(any::<u8>(), 0..400), formats in formats()) {
        parse(&formats, &bytes);
        detect(&bytes, &settings());
    }

    #[test]
    fn any_lines_are_accounted_for_and_put_back_together(text in text(), formats in formats()) {
        let parsed = parse(&formats, &text);
        let lines = text.split_inclusive(|byte| *byte == b'\n').count() as u64;
        prop_assert_eq!(parsed.account.lines, lines);
        let begun: u64 = {
            let mut parser = ChunkParser::new(&formats, &settings());
            let mut before: &[u8] = b"";
            let mut begins = |line| parser.begins_entry(std::mem::replace(&mut before, line), line);
            text.split_inclusive(|byte| *byte == b'\n').filter(|line| begins(line)).count() as u64
        };
        prop_assert_eq!(parsed.account.entries, begun, "a line and the one before it say whether it begins an entry");
        for entry in parsed.batch.entries() {
            let position = entry.position().expect("asked for");
            let raw = entry.raw().expect("asked for");
            prop_assert_eq!(&text[position.offset as usize..][..raw.len()], raw);
        }
        for reject in &parsed.rejects {
            prop_assert_eq!(&text[reject.offset as usize..][..reject.raw.len()], &*reject.raw);
        }
    }

    #[test]
    fn cuts_before_entries_change_nothing(text in text(), formats in formats(), cuts in prop::collection::vec(any::<bool>(), 30)) {
        let whole = parse(&formats, &text);
        let mut parser = ChunkParser::new(&formats, &settings());
        let mut chunks: Vec<Vec<u8>> = vec![Vec::new()];
        let mut before: &[u8] = b"";
        for (index, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            if parser.begins_entry(std::mem::replace(&mut before, line), line) && cuts[index] {
                chunks.push(Vec::new());
            }
            chunks.last_mut().expect("one at least").extend_from_slice(line);
        }
        let (mut account, mut parts, mut rejects) = (Account::default(), Vec::new(), Vec::new());
        for chunk in chunks {
            let mut parsed = parser.parse(chunk);
            parsed.place(Position { line: account.lines, offset: account.bytes });
            account.add(&parsed.account);
            parts.extend(entries(&parsed));
            rejects.append(&mut parsed.rejects);
        }
        prop_assert_eq!(account, whole.account);
        prop_assert_eq!(parts, entries(&whole));
        prop_assert_eq!(rejects, whole.rejects);
    }

    #[test]
    fn what_is_wanted_does_not_change_what_is_read(text in text(), formats in formats()) {
        let whole = parse(&formats, &text);
        for projection in [Projection::none(), Projection::only(["ts", "host"]), Projection::only(["raw", "message"])] {
            let settings = Settings { projection, ..settings() };
            let parsed = ChunkParser::new(&formats, &settings).parse(text.clone());
            prop_assert_eq!(parsed.account, whole.account);
            prop_assert_eq!(&parsed.rejects, &whole.rejects);
        }
    }
}
