use super::*;
use crate::entry::{Timestamp, Zone};
use crate::query::ast::{Bin, Function, TimeBin};
use crate::query::{Comparison, Test, TextTest};

/// 2026-09-09 12:00 UTC.
fn clock() -> Clock {
    Clock { now: Timestamp::from_seconds(1_788_955_200, 0).unwrap(), zone: Zone::Fixed(0) }
}

/// A filter in a form that shows its structure.
fn show(filter: &Filter) -> String {
    let list =
        |name: &str, parts: &[Filter]| format!("{name}({})", parts.iter().map(show).collect::<Vec<_>>().join(" "));
    let text = |text: &TextTest| match text {
        TextTest::Phrase(phrase) => format!("'{phrase}'"),
        TextTest::Prefix(prefix) => format!("'{prefix}'*"),
        TextTest::Regex(regex) => format!("/{}/", regex.as_str()),
        TextTest::Network(network) => network.to_string(),
    };
    match filter {
        Filter::All => "all".into(),
        Filter::And(parts) => list("and", parts),
        Filter::Or(parts) => list("or", parts),
        Filter::Not(part) => format!("not({})", show(part)),
        Filter::Message(test) => text(test),
        Filter::Field { field, test } => match test {
            Test::Exists => format!("{field}:*"),
            Test::Text(test) => format!("{field}:{}", text(test)),
            Test::Compare(comparison, operand) => {
                let sign = match comparison {
                    Comparison::Equal => "=",
                    Comparison::NotEqual => "!=",
                    Comparison::Less => "<",
                    Comparison::LessOrEqual => "<=",
                    Comparison::Greater => ">",
                    Comparison::GreaterOrEqual => ">=",
                };
                let value = match (operand.time, operand.number) {
                    (Some(time), _) => time.to_rfc3339(0),
                    (None, Some(number)) => format!("{number}"),
                    (None, None) => format!("'{}'", operand.text),
                };
                format!("{field}{sign}{value}")
            }
            Test::In(operands) => {
                format!("{field} in {:?}", operands.iter().map(|operand| operand.text.as_str()).collect::<Vec<_>>())
            }
        },
    }
}

#[test]
fn filters_have_the_structure_they_look_like() {
    for (query, expected) in [
        ("", "all"),
        ("*", "all"),
        ("a b", "and('a' 'b')"),
        ("a or b c", "or('a' and('b' 'c'))"),
        ("a AND NOT (b OR c)", "and('a' not(or('b' 'c')))"),
        ("-a !b not c", "and(not('a') not('b') not('c'))"),
        ("\"two words\" pre*", "and('two words' 'pre'*)"),
        ("status:404 user:*", "and(status:'404' user:*)"),
        ("path:/a/b:c* x", "and(path:'/a/b:c'* 'x')"),
        ("user:(ann or \"bob b\" or c*)", "or(user:'ann' user:'bob b' user:'c'*)"),
        ("user:(a b) c", "and(and(user:'a' user:'b') 'c')"),
        ("status>=500 bytes < 10KB d > 250ms", "and(status>=500 bytes<10000 d>0.25)"),
        ("n=-5 n == 5", "and(n=-5 n=5)"),
        ("a=\"5\" b!=x", "and(a='5' b!='x')"),
        ("status in (200, 301) or in", "or(status in [\"200\", \"301\"] 'in')"),
        ("path ~ \"^/a|\\.b$\" ua !~ bot", "and(path:/^/a|\\.b$/ not(ua:/bot/))"),
        ("level >= warning level:err", "and(level>='warn' level='error')"),
        ("ts >= 2026-09-09T11:00 ts < -1h", "and(ts>=2026-09-09T11:00:00Z ts<2026-09-09T11:00:00Z)"),
        ("ts:2026-09-08", "and(ts>=2026-09-08T00:00:00Z ts<2026-09-09T00:00:00Z)"),
        ("`odd name` = 1 \"other name\":x", "and(odd name=1 other name:'x')"),
        ("a # comment | not a pipe\n b", "and('a' 'b')"),
        ("not = 5 or:x", "and(not=5 or:'x')"),
        ("f:>5 f:!=6 f:~x", "and(f>5 f!=6 f:/x/)"),
        ("(a)", "'a'"),
        ("a && !b || c", "or(and('a' not('b')) 'c')"),
        ("status=500&&(a||b)", "and(status=500 or('a' 'b'))"),
        (
            "user:(ann||bob && c*) && pre* && x:*&&! y",
            "and(or(user:'ann' and(user:'bob' user:'c'*)) 'pre'* x:* not('y'))",
        ),
        ("version >= \"1.2\" size = 10XB n in (5qs)", "and(version>='1.2' size='10XB' n in [\"5qs\"])"),
    ] {
        let parsed =
            Query::parse(query, &clock()).unwrap_or_else(|error| panic!("{query}: {error}\n{}", error.caret()));
        assert_eq!(show(&parsed.filter), expected, "{query}");
    }
}

#[test]
fn wrong_queries_say_what_where_and_what_else() {
    for (query, message, under, hint) in [
        ("* | stat count()", "there is no pipe `stat`", "stat", "did you mean `stats`?"),
        ("* | stats cuont()", "there is no function `cuont`", "cuont", "did you mean `count`?"),
        ("level >= wran", "there is no level `wran`", "wran", "did you mean `warn`?"),
        ("level = 5", "there is no level `5`", "5", "levels are"),
        ("ts > soon", "`soon` is not a time", "soon", "write a time like"),
        ("(a or b", "`(` is never closed", "(", "end the group"),
        ("a)", "`)` closes nothing", ")", "remove it"),
        ("a \"b", "\" is never closed", "\"", "end the text with"),
        ("= 5", "`=` stands without a field before it", "=", "write `field = value`"),
        ("status =", "the query ends where a value should follow", "", ""),
        ("path ~ \"(\"", "not a regular expression", "\"(\"", ""),
        ("path ~ ^/a.*", "this regular expression needs quotes", "^/a.", "in quotes"),
        ("a*b", "`*` may stand only at the end of a word", "*b", "regular expression"),
        ("a = b*", "`*` does not stand in a comparison", "*", "write `a:b*`"),
        ("* | stats sum()", "`sum` needs a field", "sum()", "for example"),
        ("* | stats count() by a | where b > 5", "there is no `b` here", "b", "the pipes before leave a, count"),
        (
            "* | stats count() by status | sort by statsu",
            "there is no `statsu` here",
            "statsu",
            "did you mean `status`?",
        ),
        ("* | fields a | where b:*", "there is no `b` here", "b", "leave a"),
        ("* | fields -b | sort by b", "there is no `b` here", "b", "an earlier `fields` dropped it"),
        ("* | stats count(), count()", "two columns are called `count`", "count()", "`as`"),
        ("* | stats sum(ts)", "`ts` is not a number", "ts", "take it"),
        ("* | stats count() by bin(5)", "`5` is not the width of a bin", "5", "duration"),
        ("* | limit ten", "expected a number of rows, found `ten`", "ten", ""),
        ("* | fields a, -b", "fields are either kept or dropped", "-b", "minus"),
        ("* | stats count() by a | foo", "there is no pipe `foo`", "foo", "pipes are"),
        ("* |", "the query ends where a pipe should follow", "", ""),
        ("* | stats count() | where foo", "a bare word looks in the message", "foo", "name a field"),
        ("client_ip = 10.0.0.0/33", "`10.0.0.0/33` is no network", "10.0.0.0/33", "like 10.0.0.0/8"),
        ("bytes > 10XB", "there is no unit `XB`", "10XB", "did you mean `10KB`?"),
        ("duration > 5qs", "there is no unit `qs`", "5qs", "did you mean `5ms`?"),
        ("bytes >= 1.5K", "there is no unit `K`", "1.5K", "did you mean `1.5KB`?"),
        ("bytes >= 10M", "there is no unit `M`", "10M", "`10MB` is millions of bytes, `10m` is minutes"),
        ("a < 10parsecs", "there is no unit `parsecs`", "10parsecs", "units are B, KB"),
        ("status >= abc", "`abc` is no number", "abc", "`status = abc` asks for equality"),
        ("a > 1.2.3", "`1.2.3` is no number", "1.2.3", "in quotes"),
        ("* | stats count() by a | where count > many", "`many` is no number", "many", "write a number"),
        ("ts > yesterdayy", "`yesterdayy` is not a time", "yesterdayy", "write a time like"),
        ("status => 500", "`>` stands where a value should follow", ">", "operators are"),
        ("status === 500", "`=` stands where a value should follow", "=", "operators are"),
        ("a & b", "`&` joins nothing", "&", "write `and`"),
        ("a &&", "the query ends where a word", "", ""),
        ("|| a", "expected a word, a \"phrase\" or a field, found `||`", "||", ""),
        ("* | stats count() by bin(1M)", "`1M` is not the width of a bin", "1M", "`1m` is minutes; months differ"),
        ("status in (1 2)", "expected `,` or `)`, found `2`", "2", ""),
    ] {
        let error = Query::parse(query, &clock()).expect_err(query);
        assert!(error.message.starts_with(message), "{query}: {}", error.message);
        assert_eq!(&query[error.span.clone()], under, "{query}");
        assert!(error.hint.clone().unwrap_or_default().contains(hint), "{query}: {:?}", error.hint);
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = |count: usize| format!("{}a{}", "(".repeat(count), ")".repeat(count));
    assert!(Query::parse(&deep(90), &clock()).is_ok());
    assert!(Query::parse(&deep(100_000), &clock()).is_err());
    assert!(Query::parse(&"not ".repeat(100_000), &clock()).is_err());
    assert!(Query::parse(&"-".repeat(100_000), &clock()).is_err());
}

#[test]
fn stats_name_their_columns() {
    let query = "* | stats count(), sum(bytes) as total, p99.9(d) by status, bin(5m) | sort by total desc, count()";
    let parsed = Query::parse(query, &clock()).unwrap();
    let [Pipe::Stats(stats), Pipe::Sort(order)] = parsed.pipes.as_slice() else { panic!("{parsed:?}") };
    let names: Vec<&str> = stats.aggregates.iter().map(|aggregate| aggregate.name.as_str()).collect();
    assert_eq!(names, ["count", "total", "p99.9(d)"]);
    assert_eq!(stats.aggregates[2].function, Function::Quantile(0.9990000000000001).clone());
    assert_eq!(stats.keys[1].bin, Bin::Time(TimeBin::new(300_000_000_000)));
    assert_eq!(stats.keys[1].name, "ts");
    assert_eq!(order[1].field, "count");
    assert!(order[0].descending && !order[1].descending);
}

#[test]
fn top_is_an_aggregate_sorted_and_cut() {
    let parsed = Query::parse("* | top 3 path by sum(bytes)", &clock()).unwrap();
    let [Pipe::Where(_), Pipe::Stats(stats), Pipe::Sort(order), Pipe::Limit(3)] = parsed.pipes.as_slice() else {
        panic!("{parsed:?}")
    };
    assert_eq!((stats.keys[0].name.as_str(), stats.aggregates[0].name.as_str()), ("path", "sum(bytes)"));
    assert_eq!((order[0].field.as_str(), order[0].descending), ("sum(bytes)", true));
    assert!(Query::parse("* | top by a, b | where count > 2", &clock()).is_ok());
}

#[test]
fn after_stats_times_are_compared_as_times() {
    let parsed = Query::parse("* | stats max(ts) as last by host | where last < -1h", &clock()).unwrap();
    let Pipe::Where(Filter::Field { test: Test::Compare(_, operand), .. }) = &parsed.pipes[1] else {
        panic!("{parsed:?}")
    };
    assert_eq!(operand.integer, Some(1_788_951_600_000_000_000));
}

#[test]
fn every_query_of_the_documentation_is_understood() {
    let documentation = include_str!("../../../docs/query-language.md");
    let blocks: Vec<&str> =
        documentation.split("```query\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() > 10);
    for query in blocks.iter().flat_map(|block| block.lines()) {
        if let Err(error) = Query::parse(query, &clock()) {
            panic!("{error}\n{}", error.caret());
        }
    }
    let mistake = Query::parse("level = error | stat count()", &clock()).unwrap_err();
    let shown = format!("{mistake}\n{}\n{}\n", mistake.caret(), mistake.hint.clone().unwrap());
    assert!(documentation.contains(&shown), "{shown}");
}

#[test]
fn a_query_may_begin_with_a_pipe() {
    let parse = |query: &str| Query::parse(query, &clock());
    for query in ["stats count() by status", "top 5 by path", "limit 3", "sort by ts desc | limit 2", "fields a, b"] {
        assert_eq!(parse(query).unwrap(), parse(&format!("* | {query}")).unwrap(), "{query}");
    }
    // What only looks like one is a filter.
    for (query, expected) in [
        ("stats", "'stats'"),
        ("stats | limit 1", "'stats'"),
        ("fields of gold", "and('fields' 'of' 'gold')"),
        ("limit = 5", "limit=5"),
        ("sort or tail", "or('sort' 'tail')"),
    ] {
        assert_eq!(show(&parse(query).unwrap().filter), expected, "{query}");
    }
    let error = parse("stat count() by a").unwrap_err();
    assert_eq!((error.span, error.hint.as_deref()), (0..4, Some("did you mean `stats`?")));
    for query in ["limit -1", "stats p101(bytes)", "top x by status", "top 3 client_ip by bytes", "sort by ts sideways"]
    {
        assert!(parse(query).is_err(), "{query}");
    }
    // What is neither is told as the pipe it wanted to be.
    assert!(parse("stats cuont() by a").unwrap_err().hint.unwrap().contains("count"));
}

#[test]
fn regular_expressions_are_bounded_where_the_server_is_shared() {
    let within = |query: &str, limits| {
        Query::parse_within(query, &clock(), limits).map_err(|error| {
            assert!(!error.span.is_empty() && error.caret().contains('^'), "{error}");
            error.to_string()
        })
    };
    let many = |count| (0..count).map(|n| format!("f{n} ~ a")).collect::<Vec<_>>().join(" ");
    let long = |length| format!("message ~ \"{}\"", "x".repeat(length));
    let deep = |depth| format!("message ~ \"{}x{}\"", "(".repeat(depth), ")".repeat(depth));
    let large = "message ~ \"\\w{60}\"";
    for (query, expected) in [
        (many(33).as_str(), "more than 32 regular expressions"),
        (&format!("{} | where {}", many(16), many(17)), "more than 32 regular expressions"),
        (&long(1025), "1025 bytes; at most 1024"),
        (&deep(51), "nest"),
        (large, "more than 1024 KiB"),
    ] {
        let error = within(query, PatternLimits::SHARED).expect_err(query);
        assert!(error.contains(expected), "{error}");
        within(query, PatternLimits::OWN).expect("the command line has its own processor");
    }
    for query in [many(32), long(1024), deep(49)] {
        within(&query, PatternLimits::SHARED).expect("it fits");
    }
    let error = within("message ~ \"(\\w{90}){90}\"", PatternLimits::OWN).expect_err("beyond all measure");
    assert!(error.contains("10240 KiB"), "{error}");
}
