//! Cases, and serde_json as the oracle.

use std::io::{self, Write};

use proptest::prelude::*;
use serde::Serialize;
use serde_json::Value as Json;

use super::JsonParser;
use crate::entry::{Projection, Value};
use crate::parse::formats::keys::testing::{check, check_projections, read_all};

#[test]
fn objects_become_entries() {
    check(
        JsonParser::new,
        &[
            ("{}", "|"),
            ("  { }\t", "|"),
            (r#"{"a":1,"b":-2.5,"c":true,"d":false,"e":null,"f":"x"}"#, r#"| a=1 b=-2.5 c=true d=false f="x""#),
            (r#"{ "a" : 1 , "b" : { "c" : "x" , "d" : { } } }"#, r#"| a=1 b.c="x" b.d={ }"#),
            (r#"{"a":[1, {"b":[]}],"c":{}}"#, r#"| a=[1, {"b":[]}] c={}"#),
            (r#"{"a":{"b":{"c":1},"d":2},"e":3}"#, "| a.b.c=1 a.d=2 e=3"),
            (r#"{"":1,"a":{"":2}}"#, "| _=1 a.=2"),
            (r#"{"tab\tkey":"q\"\u00e9\ud83d\ude00"}"#, r#"| tab	key="q\"é😀""#),
            (
                r#"{"a":9223372036854775808,"b":-9223372036854775808}"#,
                r#"| a="9223372036854775808" b=-9223372036854775808"#,
            ),
            (r#"{"a":1e400,"b":1E2,"c":-0}"#, r#"| a="1e400" b=100.0 c=0"#),
        ],
    );
}

#[test]
fn of_a_name_that_comes_twice_the_last_value_counts() {
    check(
        JsonParser::new,
        &[
            (r#"{"a":1,"b":2,"a":3}"#, "| a=3 b=2"),
            (r#"{"a":1,"a":null}"#, "|"),
            (r#"{"a":null,"a":1}"#, "| a=1"),
            (r#"{"a.b":1,"a":{"b":2}}"#, "| a.b=2"),
            (r#"{"a":1,"\u0061":2}"#, "| a=2"),
            (r#"{"level":"info","level":"error"}"#, "error |"),
            (r#"{"level":"info","\u006cevel":"error"}"#, "error |"),
            (r#"{"level":"info","level":null}"#, "|"),
            (r#"{"level_":1,"level":"x"}"#, r#"| level_="x""#),
            (r#"{"x":1,"time":"later","x":null,"y":2}"#, r#"| time="later" y=2"#),
        ],
    );
}

#[test]
fn known_keys_become_time_level_and_message() {
    check(
        JsonParser::new,
        &[
            (
                r#"{"ts":"2026-09-07T00:00:00.023Z","level":"info","msg":"hi","a":1}"#,
                r#"2026-09-07T00:00:00.023Z info "hi" | a=1"#,
            ),
            // In order of preference; the losers stay where they were.
            (
                r#"{"a":1,"time":"2026-09-07T00:00:01Z","msg":"m","b":2,"ts":"2026-09-07T00:00:00Z","message":"hi"}"#,
                r#"2026-09-07T00:00:00Z "hi" | a=1 time="2026-09-07T00:00:01Z" msg="m" b=2"#,
            ),
            // What does not fit stays a field, and the next one is tried.
            (
                r#"{"ts":"soon","time":"2026-09-07T00:00:01Z","level":"loud","severity":"WARN","message":5,"msg":"m"}"#,
                r#"2026-09-07T00:00:01Z warn "m" | ts_="soon" level_="loud" message_=5"#,
            ),
            (r#"{"time":12.5,"level":true,"message":["x"]}"#, r#"| time=12.5 level_=true message_=["x"]"#),
            (r#"{"ts":{"a":1},"message":{"b":"x"}}"#, r#"| ts.a=1 message.b="x""#),
            // Epochs keep their digits.
            (r#"{"ts":1788739200}"#, "2026-09-07T00:00:00Z |"),
            (r#"{"ts":1788739200.125}"#, "2026-09-07T00:00:00.125Z |"),
            (r#"{"ts":1788739200.123456789}"#, "2026-09-07T00:00:00.123456789Z |"),
            (r#"{"time":1788739200123}"#, "2026-09-07T00:00:00.123Z |"),
            (r#"{"time":1788739200123456}"#, "2026-09-07T00:00:00.123456Z |"),
            (r#"{"time":1788739200123456789}"#, "2026-09-07T00:00:00.123456789Z |"),
            // pino and bunyan
            (
                r#"{"level":30,"time":1788739200123,"pid":7,"msg":"up"}"#,
                r#"2026-09-07T00:00:00.123Z info "up" | pid=7"#,
            ),
            (r#"{"level":60,"msg":"x"}"#, r#"critical "x" |"#),
            (r#"{"level":5}"#, "| level_=5"),
            // GELF: a syslog severity
            (r#"{"version":"1.1","short_message":"x","level":3}"#, r#"error "x" | version="1.1""#),
            // journald
            (
                r#"{"PRIORITY":"6","MESSAGE":"x","__REALTIME_TIMESTAMP":"1788739200123456"}"#,
                r#"2026-09-07T00:00:00.123456Z info "x" |"#,
            ),
            (r#"{"priority":"6"}"#, r#"| priority="6""#),
            // ECS, Monolog, tracing-subscriber, MongoDB
            (r#"{"@timestamp":"2026-09-07T00:00:00Z","log":{"level":"ERROR"}}"#, "2026-09-07T00:00:00Z error |"),
            (r#"{"message":"x","level":200,"level_name":"INFO"}"#, r#"info "x" | level_=200"#),
            (r#"{"level":"INFO","fields":{"message":"x","n":1}}"#, r#"info "x" | fields.n=1"#),
            (
                r#"{"t":{"$date":"2026-09-07T00:00:00.000+00:00"},"s":"I","msg":"x"}"#,
                r#"2026-09-07T00:00:00.000Z info "x" |"#,
            ),
            (r#"{"s":"ok","t":5}"#, r#"| s="ok" t=5"#),
            // Names that mean the same in every entry are not taken by a log's own fields.
            (r#"{"source":"a","line":3,"raw":{}}"#, r#"| source_="a" line_=3 raw_={}"#),
        ],
    );
}

#[test]
fn wrappers_are_opened() {
    check(
        JsonParser::new,
        &[
            // Docker
            (
                r#"{"log":"ERROR disk full\n","stream":"stderr","time":"2026-09-07T00:00:00.5Z"}"#,
                r#"2026-09-07T00:00:00.5Z error "ERROR disk full" | stream="stderr""#,
            ),
            (
                r#"{"log":"{\"level\":\"warn\",\"msg\":\"a\\nb\",\"n\":1}\r\n","stream":"stdout","time":"2026-09-07T00:00:00Z"}"#,
                r#"2026-09-07T00:00:00Z warn "a\nb" | stream="stdout" n=1"#,
            ),
            (
                r#"{"time":"2026-09-07T00:00:00Z","log":"{\"ts\":\"2026-09-06T23:59:59Z\",\"stream\":\"x\"}\n","stream":"stdout","k8s":{"pod":"p"}}"#,
                r#"2026-09-06T23:59:59Z | time="2026-09-07T00:00:00Z" stream="x" k8s.pod="p""#,
            ),
            (
                r#"{"log":"level=info msg=\"x y\" n=2\n","stream":"stdout","time":"2026-09-07T00:00:00Z"}"#,
                r#"2026-09-07T00:00:00Z info "x y" | stream="stdout" n=2"#,
            ),
            (
                r#"{"log":"10.0.0.1 - - [06/Sep/2026:23:59:59 +0000] \"GET /a?b=1 HTTP/1.1\" 200 5 \"-\" \"curl/8\"\n","stream":"stdout","time":"2026-09-07T00:00:00.5Z"}"#,
                r#"2026-09-07T00:00:00.5Z | stream="stdout" client_ip="10.0.0.1" method="GET" path="/a" query="b=1" protocol="HTTP/1.1" status=200 bytes=5 user_agent="curl/8""#,
            ),
            (
                r#"{"log":"2026-09-06 23:59:59,123 ERROR [main] com.acme.Shop - no \"stock\"\n","stream":"stderr","time":"2026-09-07T00:00:00Z"}"#,
                r#"2026-09-07T00:00:00Z error "no \"stock\"" | stream="stderr" thread="main" logger="com.acme.Shop""#,
            ),
            (
                r#"{"log":"2026-09-06 23:59:59 WARN low\n","stream":"stderr"}"#,
                r#"2026-09-06T23:59:59Z warn "low" | stream="stderr""#,
            ),
            (
                "2026-09-07T00:00:00Z stdout F <34>Sep  6 23:59:59 web su[7]: no",
                r#"2026-09-07T00:00:00Z critical "no" | stream="stdout" facility="auth" host="web" app="su" pid=7"#,
            ),
            (r#"{"log":"level=info user=x\n","stream":"stdout"}"#, r#"info | stream="stdout" user="x""#),
            // An inner line that is broken is text, and leaves nothing behind.
            (
                r#"{"log":"{\"stream\":1,\"level\":\"info\",\n","stream":"stdout"}"#,
                r#""{\"stream\":1,\"level\":\"info\"," | stream="stdout""#,
            ),
            (
                r#"{"log":"ends in backslash n \\n","stream":"stdout"}"#,
                r#""ends in backslash n \\n" | stream="stdout""#,
            ),
            (r#"{"log":"","stream":"stdout"}"#, r#""" | stream="stdout""#),
            // No wrapper
            (r#"{"log":"x\n","stream":"other"}"#, r#""x\n" | stream="other""#),
            (r#"{"log":{"level":"info"},"stream":"stdout"}"#, r#"info | stream="stdout""#),
            // Kubernetes
            (
                r#"2026-09-07T00:00:00.123456789Z stdout F {"level":"error","msg":"x"}"#,
                r#"2026-09-07T00:00:00.123456789Z error "x" | stream="stdout""#,
            ),
            (
                "2026-09-07T02:00:00.5+02:00 stderr P level=info part=one",
                r#"2026-09-07T00:00:00.5Z info | stream="stderr" partial=true part="one""#,
            ),
            ("2026-09-07T00:00:00Z stdout F WARN  low", r#"2026-09-07T00:00:00Z warn "WARN  low" | stream="stdout""#),
            ("2026-09-07T00:00:00Z stdout F", r#"2026-09-07T00:00:00Z "" | stream="stdout""#),
            ("2026-09-07T00:00:00Z stdout F ", r#"2026-09-07T00:00:00Z "" | stream="stdout""#),
            ("2026-09-07T00:00:00Z stdout X hm", "! json: expected '{' at column 1"),
            ("2026-09-37T00:00:00Z stdout F hm", "! json: expected '{' at column 1"),
            ("2026-09-07T00:00:00Z stdlog F hm", "! json: expected '{' at column 1"),
        ],
    );
}

#[test]
fn wrong_lines_are_refused_with_the_place() {
    let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    check(
        JsonParser::new,
        &[
            ("", "! json: expected '{' at column 1"),
            ("[1]", "! json: expected '{' at column 1"),
            ("  x", "! json: expected '{' at column 3"),
            ("{", "! json: line ends inside the object at column 2"),
            (r#"{"a"#, "! json: line ends inside a string at column 4"),
            (r#"{"a""#, "! json: line ends inside the object at column 5"),
            (r#"{"a" 1}"#, "! json: expected ':' at column 6"),
            (r#"{"a":}"#, "! json: expected a value at column 6"),
            (r#"{"a":1"#, "! json: line ends inside the object at column 7"),
            (r#"{"a":1,}"#, "! json: expected a key at column 8"),
            (r#"{,"a":1}"#, "! json: expected a key at column 2"),
            (r#"{"a":1 "b":2}"#, "! json: expected ',' or '}' at column 8"),
            (r#"{"a":1}}"#, "! json: unexpected text after the object at column 8"),
            (r#"{"a":1} x"#, "! json: unexpected text after the object at column 9"),
            (r#"{"a":tru}"#, "! json: expected a value at column 6"),
            (r#"{"a":trues}"#, "! json: expected ',' or '}' at column 10"),
            (r#"{"a":nul"#, "! json: expected a value at column 6"),
            (r#"{"a":01}"#, "! json: wrong number at column 7"),
            (r#"{"a":1.}"#, "! json: wrong number at column 8"),
            (r#"{"a":-}"#, "! json: wrong number at column 7"),
            (r#"{"a":+1}"#, "! json: expected a value at column 6"),
            (r#"{"a":"\x"}"#, "! json: unknown escape at column 8"),
            (r#"{"a":"\u12"}"#, "! json: expected a hexadecimal digit at column 11"),
            ("{\"a\":\"\t\"}", "! json: control character in a string at column 7"),
            ("{\"a\n\":1}", "! json: control character in a string at column 4"),
            ("{\"a\":\n1}", "! json: expected a value at column 6"),
            (r#"{"a":[1,]}"#, "! json: expected a value at column 9"),
            (r#"{"a":[1 2]}"#, "! json: expected ',' or ']' at column 9"),
            (r#"{"a":[{"b" 2}]}"#, "! json: expected ':' at column 12"),
            (r#"{"a":[{"b":2]}]}"#, "! json: expected ',' or '}' at column 13"),
            (r#"{a:1}"#, "! json: expected a key at column 2"),
            (&nested(100)[1..], "! json: expected '{' at column 1"),
        ],
    );
}

#[test]
fn limits_hold() {
    let all = Projection::all();
    let read = |line: &str| read_all(JsonParser::new, &[line.as_bytes()], &all).remove(0);
    let wide =
        |fields: usize| format!("{{{}}}", (0..fields).map(|n| format!("\"k{n}\":{n}")).collect::<Vec<_>>().join(","));
    assert_eq!(read(&wide(1000)).unwrap().fields.len(), 1000);
    assert!(read(&wide(1001)).unwrap_err().starts_with("json: more than 1000 fields at column "));
    assert!(read(&format!("{{\"{}\":1}}", "k".repeat(4095))).is_ok());
    assert!(read(&format!("{{\"{}\":1}}", "k".repeat(4096))).unwrap_err().starts_with("json: field name longer"));

    let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    for (depth, name, value) in [
        (63, vec!["a"; 63], Value::Int(1)),
        (64, vec!["a"; 64], Value::Int(1)),
        (65, vec!["a"; 64], Value::Json(Box::from(&br#"{"a":1}"#[..]))),
        (67, vec!["a"; 64], Value::Json(nested(3).into_bytes().into())),
    ] {
        assert_eq!(read(&nested(depth)).unwrap().fields, [(name.join("."), value)], "{depth}");
    }
    let deep = 100_000;
    assert!(read(&nested(deep)).is_ok());
    assert!(read(&format!("{{\"a\":{}1{}}}", "[".repeat(deep), "]".repeat(deep))).is_ok());
    assert!(read(&format!("{{\"a\":{}", "[".repeat(deep))).is_err());
}

#[test]
fn bytes_that_are_not_utf8_are_kept() {
    let entry =
        read_all(JsonParser::new, &[b"{\"a\":\"\xff\\n\xfe\",\"b\xff\":\"\xc3\"}"], &Projection::all()).remove(0);
    let expected = [("a", &b"\xff\n\xfe"[..]), ("b\u{fffd}", b"\xc3")];
    let expected = expected.map(|(name, text)| (name.to_owned(), Value::Text(text.into())));
    assert_eq!(entry.unwrap().fields, expected);
}

#[test]
fn lines_that_differ_from_their_neighbours_are_read_alike() {
    let lines: [&[u8]; 6] = [
        br#"{"a":1,"b":{"c":2,"d":3},"e":4}"#,
        br#"{"a":1,"b":{"d":3},"e":4,"c":5}"#,
        br#"{"b":{"c":{"d":1}},"a":1}"#,
        br#"{"e":4,"b":7}"#,
        br#"{"a" :1,"ab":2,"a_key_longer_than_sixteen_bytes":3}"#,
        br#"{"a_key_longer_than_sixteen_bytez":3,"a":1}"#,
    ];
    let all = Projection::all();
    let apart = lines.map(|line| read_all(JsonParser::new, &[line], &all).remove(0).unwrap());
    for (line, first) in lines.iter().zip(&apart) {
        for (other, second) in lines.iter().zip(&apart) {
            let read = read_all(JsonParser::new, &[*line, *other, *line, *other], &all);
            for (entry, expected) in read.into_iter().zip([first, second, first, second]) {
                // Fields come in the order the builder numbered them only within one line.
                let (mut entry, mut expected) = (entry.unwrap().fields, expected.fields.clone());
                entry.sort_by(|a, b| a.0.cmp(&b.0));
                expected.sort_by(|a, b| a.0.cmp(&b.0));
                assert_eq!(entry, expected);
            }
        }
    }
}

/// Flattens as the format does, from what serde_json has read. Names are made so that none is known.
fn flatten(name: &str, json: &Json, out: &mut Vec<(String, Value)>) {
    let value = match json {
        Json::Null => return,
        Json::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                flatten(&format!("{name}.{key}"), value, out);
            }
            return;
        }
        Json::Bool(truth) => Value::Bool(*truth),
        Json::String(text) => Value::from(text.as_str()),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::from(number.to_string().as_str()),
            (None, None) => Value::Float(number.as_f64().unwrap()),
        },
        Json::Array(_) | Json::Object(_) => normal(Value::Json(json.to_string().into_bytes().into())),
    };
    out.push((name.to_owned(), value));
}

/// Kept JSON text, written as serde_json writes it, so that blanks and spellings do not
/// count. What is expected passes here too: serde_json rounds some numbers it reads.
fn normal(value: Value) -> Value {
    match value {
        Value::Json(text) => {
            let json: Json = serde_json::from_slice(&text).unwrap();
            Value::Json(json.to_string().into_bytes().into())
        }
        other => other,
    }
}

fn json_value() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (0..1000i64).prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        (0..100_000u32).prop_map(|number| Json::from(f64::from(number) / 1000.0)),
        any::<String>().prop_map(Json::from),
        "[a-z \"\\\\\u{1}\u{e9}]{0,20}".prop_map(Json::from),
    ];
    scalar.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::btree_map(key(), inner, 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// Keys without dots, which would join to equal names.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-e]{1,2}", 2 => "[a-z_]{3,30}", 1 => any::<String>()].prop_map(|key| key.replace('.', "_"))
}

/// Writes JSON with blanks wherever they may stand, still on one line.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"{ ")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\t}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"\t " } else { b" ,\r " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" \t:\t  ")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"  " } else { b" ,  " })
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" ]")
    }
}

fn spaced(json: &Json) -> Vec<u8> {
    let mut out = b" ".to_vec();
    json.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Spaced)).unwrap();
    out.push(b' ');
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_object_is_read_as_serde_json_reads_it(
        members in proptest::collection::btree_map(key(), json_value(), 0..8),
    ) {
        // Below `x` no name is known or reserved.
        let object = Json::Object(members.into_iter().collect());
        let line = Json::Object([("x".to_owned(), object.clone())].into_iter().collect());
        let mut expected = Vec::new();
        flatten("x", &object, &mut expected);
        let (compact, spaced) = (line.to_string(), spaced(&line));
        let lines = [compact.as_bytes(), &spaced, compact.as_bytes()];
        let read = read_all(JsonParser::new, &lines, &Projection::all());
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        for entry in read {
            let mut fields: Vec<_> =
                entry.unwrap().fields.into_iter().map(|(name, value)| (name, normal(value))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            prop_assert_eq!(&fields, &expected);
        }
    }

    #[test]
    fn what_is_accepted_is_what_serde_json_accepts(
        object in proptest::collection::btree_map(key(), json_value(), 1..5),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0..4u8, prop_oneof![
            proptest::sample::select(b"{}[]:,\"\\ 0123456789.eE+-tfnu\t\x01x/".to_vec()), any::<u8>(),
        ]), 0..4),
    ) {
        let mut line = Json::Object(object.into_iter().collect()).to_string().into_bytes();
        for (place, what, byte) in edits {
            if line.is_empty() { break }
            let place = place.index(line.len());
            match what {
                0 => line[place] = byte,
                1 => line.insert(place, byte),
                2 => { line.remove(place); }
                _ => line.truncate(place),
            }
        }
        // A line has no line feed; serde_json wants UTF-8 and finite numbers, and knows no half surrogates.
        line.retain(|byte| *byte != b'\n');
        let oracle = serde_json::from_slice::<Json>(&line);
        let read = read_all(JsonParser::new, &[&line], &Projection::all()).remove(0);
        let none = read_all(JsonParser::new, &[&line], &Projection::none()).remove(0);
        prop_assert_eq!(none.err(), read.as_ref().err().cloned());
        match oracle {
            Ok(json) => prop_assert_eq!(read.is_ok(), json.is_object(), "{:?}", read),
            Err(error) => {
                let text = error.to_string();
                let lenient = ["unicode code point", "surrogate", "number out of range", "hex escape"]
                    .iter().any(|what| text.contains(what)) || std::str::from_utf8(&line).is_err();
                prop_assert!(lenient || read.is_err(), "{text}");
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_all(JsonParser::new, &[&line], &Projection::all());
        let _ = read_all(JsonParser::new, &[&[b"{\"a\":", &line[..], b"}"].concat()], &Projection::all());
    }

    #[test]
    fn each_part_alone_is_what_it_is_in_the_whole(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            r#""ts":"2026-09-07T00:00:00Z""#, r#""time":1788739201"#, r#""time":"x""#, r#""ts":null"#, r#""date":5"#,
            r#""level":"info""#, r#""level":"x""#, r#""severity":"error""#, r#""lvl":40"#, r#""level_":1"#,
            r#""msg":"m\n""#, r#""message":"a""#, r#""message":null"#, r#""message":1"#, r#""short_message":"s""#,
            r#""level":3"#, r#""log":"level=warn x=1 msg=in\n""#, r#""stream":"stdout""#, r#""x":{"y":1}"#, r#""x":"2""#,
            r#""log":"text""#, r#""log":"{\"time\":\"2026-09-07T00:00:05Z\",\"x\":9}\n""#,
        ]), 0..9),
    ) {
        let line = format!("{{{}}}", parts.join(","));
        let whole = read_all(JsonParser::new, &[line.as_bytes()], &Projection::all()).remove(0).unwrap();
        check_projections(JsonParser::new, line.as_bytes(), &whole);
    }
}
