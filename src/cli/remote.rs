//! A question asked of a server instead of files or a store: the same words, the same output.
//!
//! Times of `--since` and `--until` are resolved here, in the user's zone. What comes back is entries or a table again, and
//! is printed by what prints them for files.

use std::io::Write;

use super::answer::{ESTIMATED, Question, clock, options, warn_left_out};
use super::args::{ORIGINS, ReadingArgs, SelectionArgs};
use super::exit::{Exit, Failure};
use super::server::{self, Purpose, TransportArgs};
use super::session::Session;
use crate::client::answer::{self, Answered, Asked};
use crate::client::{Address, Connection};
use crate::entry::{EntryBatch, LogLevel, grouped};
use crate::output::{Assembler, EntryWriter, OutputFormat, Rows, result};
use crate::query::ast::{Pipe, Shown};
use crate::query::literal::{self, Clock};
use crate::query::{Plan, Query, suggest};

/// Prints the answer of a server to the question `text`, which `question` is without its flags.
pub fn print(
    text: &str,
    mut question: Question<'_>,
    (address, transport): (Address, &TransportArgs),
    selection: &SelectionArgs,
    reading: &ReadingArgs,
    session: &Session,
) -> Result<Exit, Failure> {
    let clock = clock(reading, session)?;
    let mut asked = asked(text, &question, selection, &clock)?;
    question.query.pipes.extend(question.output.fields.clone().map(|names| Pipe::Fields(Shown::Only(names))));
    question.query.pipes.extend(question.output.limit.map(Pipe::Limit));
    let mut options = options(question.output, session);
    let plan = Plan::new(&question.query, &options.projection());
    if plan.makes_table() && options.format == OutputFormat::Raw {
        return Err(super::answer::raw_table());
    }
    let found = server::connect(address, transport, Purpose::Query, session)?;
    let mut output = session.terminal.output();
    let answered = if plan.makes_table() {
        let (table, answered) = answer::table(&found.connection, &asked)?;
        let mut bytes = Vec::new();
        result::write(&table, &options, &mut bytes);
        output.write_all(&bytes)?;
        answered
    } else {
        match plan.result_shown() {
            Shown::All => {}
            Shown::Only(names) => options.columns = Some(names.clone()),
            Shown::Without(names) => options.hidden.clone_from(names),
        }
        let raw = (options.format == OutputFormat::Raw).then_some("raw");
        let is_wanted = |name: &&str| raw == Some(*name) || options.with.iter().any(|with| with == name);
        asked.with = ORIGINS.into_iter().filter(is_wanted).map(str::to_owned).collect();
        let writer = EntryWriter::new(options);
        let mut assembler = Assembler::new(&writer);
        let mut take = |batch: EntryBatch| {
            assembler.take(writer.render(&batch, Rows::All(batch.rows)), &mut output).and_then(|()| output.flush())
        };
        let answered = answer::entries(&found.connection, &asked, &mut take);
        // What came is shown, also when it broke off.
        assembler.finish(&mut output)?;
        output.flush()?;
        warn_left_out(&writer, session);
        answered?
    };
    output.flush()?;
    conclude(&answered, &question, &found.connection, session)
}

/// Says what there is to say of an answer, and how the run ends.
fn conclude(
    answered: &Answered,
    question: &Question<'_>,
    connection: &Connection,
    session: &Session,
) -> Result<Exit, Failure> {
    for name in &answered.missing_fields {
        let known = crate::entry::STANDARD_NAMES.into_iter().chain(crate::entry::RESERVED_NAMES);
        let near = suggest::near(name, known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        session.warn(&format!("no entry that was looked at has a field called {name}{near}"));
    }
    if question.stats {
        let mut text = format!("server: {}", connection.address());
        if let (Some(looked_at), Some(matched)) = (answered.looked_at, answered.matched) {
            text += &format!("\nentries: {} looked at, {} matched", grouped(looked_at), grouped(matched));
        }
        text += &format!("\nresult: {}", grouped(answered.rows));
        session.terminal.tell(&text);
    }
    if answered.estimated && (question.stats || session.wants_summary()) {
        session.terminal.tell(ESTIMATED);
    }
    if let Some(by) = &answered.cut_by {
        session.terminal.tell(&format!(
            "error: the answer is not whole: the server's limit of {by} was reached\nhint: ask for less: a shorter \
             time, a narrower filter, `| limit N`, or `stats`"
        ));
        return Ok(Exit::Incomplete);
    }
    let nothing = answered.rows == 0 || answered.matched == Some(0);
    Ok(if question.exit_when_empty && nothing { Exit::Asked } else { Exit::Done })
}

/// Puts the question and the flags into words for the server.
fn asked(text: &str, question: &Question<'_>, args: &SelectionArgs, clock: &Clock) -> Result<Asked, Failure> {
    let time = |text: &Option<String>, end: bool| {
        let span = text.as_ref().and_then(|text| literal::time(text, clock));
        span.map(|span| {
            // The last nanosecond of a span that has a length; an instant is included.
            let at = if end && span.nanos > 0 { span.end().nanos().saturating_sub(1) } else { span.start.nanos() };
            crate::entry::Timestamp::from_nanos(at).unwrap_or(span.start).to_rfc3339(9)
        })
    };
    let mut filters = Vec::new();
    if let Some(level) = args.level.as_deref().and_then(|text| LogLevel::from_word(text.as_bytes(), true)) {
        filters.push(format!("level >= {}", level.name()));
    }
    filters.extend(args.filter.as_ref().map(|filter| format!("({filter}\n)")));
    let mut query = text.to_owned();
    if !filters.is_empty() {
        let joined = |between: &str| format!("{} {between} {text}", filters.join(" and "));
        let (as_filter, as_pipes) = (joined("| where"), joined("|"));
        // A question may begin with a pipe. Which it is, the parser knows.
        let is_pipes = Query::parse(&as_pipes, clock).is_ok_and(|query| query.pipes == question.query.pipes);
        query = match text.trim().is_empty() {
            true => filters.join(" and "),
            false if is_pipes && !question.query.pipes.is_empty() => as_pipes,
            false => as_filter,
        };
    }
    if let Some(names) = &question.output.fields {
        let quoted: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        query += &format!("\n| fields {}", quoted.join(", "));
    }
    if let Some(limit) = question.output.limit {
        query += &format!("\n| limit {limit}");
    }
    Ok(Asked {
        query,
        since: time(&args.since, false),
        until: time(&args.until, true),
        tz: clock.zone.to_string(),
        with: Vec::new(),
    })
}

/// Returns a name as the query language reads it, whatever is in it.
fn quoted(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::OutputArgs;
    use crate::cli::selection;
    use crate::entry::{Timestamp, Zone};
    use crate::query::Filter;

    /// The server's reading of what it is asked must be what is done with files.
    fn check(text: &str, args: &SelectionArgs, output: &OutputArgs) {
        let clock =
            Clock { now: Timestamp::from_seconds(1_788_782_400, 0).expect("in range"), zone: Zone::Fixed(7200) };
        let query = Query::parse(text, &clock).expect(text);
        let question = Question { query: query.clone(), output, exit_when_empty: false, stats: false };
        let asked = asked(text, &question, args, &clock).expect(text);
        let mut theirs = Query::parse(&asked.query, &clock).expect(&asked.query);
        let ranges =
            SelectionArgs { since: asked.since.clone(), until: asked.until.clone(), ..SelectionArgs::default() };
        let ranges = selection::filter(&ranges, &clock).expect("times");
        theirs.filter = Filter::all_of(vec![ranges, theirs.filter]);
        let mut ours = query;
        ours.filter = Filter::all_of(vec![selection::filter(args, &clock).expect("flags"), ours.filter]);
        ours.pipes.extend(output.fields.clone().map(|names| Pipe::Fields(Shown::Only(names))));
        ours.pipes.extend(output.limit.map(Pipe::Limit));
        let projection = crate::entry::Projection::all();
        let (ours, theirs) = (Plan::new(&ours, &projection), Plan::new(&theirs, &projection));
        assert_eq!(theirs.time_range, ours.time_range, "{}", asked.query);
        assert_eq!((&theirs.shown, theirs.makes_table()), (&ours.shown, ours.makes_table()), "{}", asked.query);
        let flat = |plan: &Plan| format!("{:?}", plan.filter).matches("field: ").count();
        assert_eq!(flat(&theirs), flat(&ours), "{}", asked.query);
    }

    #[test]
    fn flags_and_question_mean_the_same_to_a_server() {
        let texts = [
            "",
            "*",
            "error",
            "-bot path:api",
            "stats count() by status",
            "a or b | stats count() | limit 3",
            "fields a, b",
            "stats",
            "status = 5 or status = 6 # why\n| limit 2",
            "tail 5",
            "level >= warn | sort by ts desc",
        ];
        for text in texts {
            for since in [None, Some("yesterday"), Some("2h")] {
                for level in [None, Some("warning")] {
                    for filter in [None, Some("x = 1 or y = 2 # not all")] {
                        for until in [None, Some("2026-09-07"), Some("now")] {
                            let text_of = |text: Option<&str>| text.map(str::to_owned);
                            let args = SelectionArgs {
                                since: text_of(since),
                                until: text_of(until),
                                level: text_of(level),
                                filter: text_of(filter),
                            };
                            check(text, &args, &OutputArgs::default());
                            let fields = Some(vec!["ts".to_owned(), "odd name".to_owned()]);
                            if !text.contains("stats c") && !text.starts_with("fields") {
                                check(text, &args, &OutputArgs { fields, limit: Some(7), ..OutputArgs::default() });
                            }
                        }
                    }
                }
            }
        }
    }
}
