//! Cases, and what was written as the oracle of what is read.

use proptest::prelude::*;

use super::LogfmtParser;
use crate::entry::{Projection, Value};
use crate::parse::formats::keys::testing::{check, check_projections, read_all};

#[test]
fn pairs_become_entries() {
    check(
        LogfmtParser::new,
        &[
            (
                r#"ts=2026-09-07T00:00:00.023Z level=info msg="a \"b\"\n" n=5 f=2.925 ok=true no=false"#,
                r#"2026-09-07T00:00:00.023Z info "a \"b\"\n" | n=5 f=2.925 ok=true no=false"#,
            ),
            ("a=1 b=2", "| a=1 b=2"),
            ("  a=1\t b=2  ", "| a=1 b=2"),
            ("a= b=", r#"| a="" b="""#),
            (r#"a="" b="x=y z""#, r#"| a="" b="x=y z""#),
            (r#"a="5" b="true""#, r#"| a="5" b="true""#),
            ("a=1 flag b=2 end", "| a=1 flag=true b=2 end=true"),
            ("a=1 flag flag=2", "| a=1 flag=2"),
            ("a=1 a=2", "| a=2"),
            ("url=http://x/?a=b q=say\"so", r#"| url="http://x/?a=b" q="say\"so""#),
            (
                "a=007 b=1.0.0 c=- d=12e4 e=1e+2 f=1.5e-3 g=-0.5",
                r#"| a="007" b="1.0.0" c="-" d="12e4" e=100.0 f=0.0015 g=-0.5"#,
            ),
            ("a=99999999999999999999 b=1", r#"| a="99999999999999999999" b=1"#),
            ("a=truer b=tru c=falsely", r#"| a="truer" b="tru" c="falsely""#),
            ("a=1 k[0]=2 żółw=3", "| a=1 k[0]=2 żółw=3"),
            ("http.method=GET a/b=c @x-y=z", r#"| http.method="GET" a/b="c" @x-y="z""#),
            // One pair is enough when its key is known.
            ("level=warn", "warn |"),
            ("msg=\"just this\"", r#""just this" |"#),
            ("time=now", r#"| time="now""#),
            ("lvl=e at=x", r#"error | at="x""#),
            ("time=1788739200.5 level=30 msg=x", r#"2026-09-07T00:00:00.5Z info "x" |"#),
        ],
    );
}

#[test]
fn lines_that_are_no_logfmt_are_refused_with_the_place() {
    check(
        LogfmtParser::new,
        &[
            ("", "! logfmt: too few key=value pairs at column 1"),
            ("hello world", "! logfmt: expected key=value at column 1"),
            ("hello a=1 b=2", "! logfmt: expected key=value at column 1"),
            ("=1 b=2", "! logfmt: expected key=value at column 1"),
            ("1a=1 b=2", "! logfmt: expected key=value at column 1"),
            ("[a=1 b=2]", "! logfmt: expected key=value at column 1"),
            ("a=1", "! logfmt: too few key=value pairs at column 1"),
            ("a=1 the rest", "! logfmt: too few key=value pairs at column 1"),
            ("a=1 b=2 is too long a tale", "! logfmt: more words than key=value pairs at column 1"),
            ("a=1 b=2 -> done", "! logfmt: expected a key at column 9"),
            ("a=1 b=2, c", r#"| a=1 b="2," c=true"#),
            ("a=1 b=2 =3", "! logfmt: expected a key at column 9"),
            ("a=1 b=\"x", "! logfmt: line ends inside a string at column 9"),
            ("a=1 b=\"x\"y", "! logfmt: expected a blank after the quoted value at column 10"),
            ("a=1 b=\"\\q\"", "! logfmt: unknown escape at column 9"),
            ("a=1 b=\u{1}", "! logfmt: control character in a value at column 7"),
            ("a=1 b\u{1}=2", "! logfmt: expected a key at column 6"),
            ("a=1 \"b\"=2", "! logfmt: expected a key at column 5"),
            (r#"{"a":1}"#, "! logfmt: expected key=value at column 1"),
        ],
    );
}

#[test]
fn limits_hold() {
    let read = |line: String| read_all(LogfmtParser::new, &[line.as_bytes()], &Projection::all()).remove(0);
    let wide = |fields: usize| (0..fields).map(|n| format!("k{n}={n}")).collect::<Vec<_>>().join(" ");
    assert_eq!(read(wide(1000)).unwrap().fields.len(), 1000);
    assert!(read(wide(1001)).unwrap_err().starts_with("logfmt: more than 1000 fields at column "));
    assert!(read(format!("a=1 {}=2", "k".repeat(4096))).is_ok());
    assert!(read(format!("a=1 {}=2", "k".repeat(4097))).unwrap_err().starts_with("logfmt: field name longer"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn written_pairs_are_read_back(
        pairs in proptest::collection::vec(("[a-z][a-z0-9._/@-]{0,20}", any::<String>(), any::<bool>(), 1..4usize), 1..12),
    ) {
        let mut line = "x.first=0".to_owned();
        let mut expected = vec![("x.first".to_owned(), Value::Int(0))];
        for (key, text, quoted, blanks) in pairs {
            // Below `x.` no name is known or reserved.
            let name = format!("x.{key}");
            // A `-` keeps what is not quoted from being a number or a boolean.
            let plain: String = text.chars().filter(|char| *char > ' ' && *char != '"').collect();
            let (written, value) = if quoted {
                (serde_json::to_string(&text).unwrap(), text)
            } else {
                (format!("-{plain}x"), format!("-{plain}x"))
            };
            line = format!("{line}{}{name}={written}", " ".repeat(blanks));
            expected.retain(|(known, _)| *known != name);
            expected.push((name, Value::from(value.as_str())));
        }
        let lines = [line.as_bytes(), b"x.other=1 y=2", line.as_bytes()];
        let read = read_all(LogfmtParser::new, &lines, &Projection::all());
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        for entry in [&read[0], &read[2]] {
            let mut fields = entry.as_ref().unwrap().fields.clone();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            prop_assert_eq!(&fields, &expected);
        }
        let whole = read.into_iter().next().unwrap().unwrap();
        check_projections(LogfmtParser::new, line.as_bytes(), &whole);
    }

    #[test]
    fn random_bytes_never_panic_and_what_is_wanted_does_not_decide(
        line in proptest::collection::vec(prop_oneof![
            3 => proptest::sample::select(b"ab= \"\\n1.e-\t".to_vec()), 1 => any::<u8>()
        ], 0..60),
    ) {
        for line in [line.clone(), [b"a=1 b=2 ", &line[..]].concat()] {
            let all = read_all(LogfmtParser::new, &[&line], &Projection::all()).remove(0);
            let none = read_all(LogfmtParser::new, &[&line], &Projection::none()).remove(0);
            prop_assert_eq!(all.err(), none.err());
        }
    }
}
