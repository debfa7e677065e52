//! `--since`, `--until`, `--level` and `--where` as a filter.

use super::args::SelectionArgs;
use super::exit::Failure;
use crate::entry::LogLevel;
use crate::query::literal::Clock;
use crate::query::{Filter, QueryError};

/// Returns the filter that the flags mean.
pub fn filter(args: &SelectionArgs, clock: &Clock) -> Result<Filter, Failure> {
    let mut parts = Vec::new();
    if let Some(text) = &args.since {
        parts.push(Filter::since(text, clock).ok_or_else(|| no_time("--since", text))?);
    }
    if let Some(text) = &args.until {
        parts.push(Filter::until(text, clock).ok_or_else(|| no_time("--until", text))?);
    }
    if let Some(text) = &args.level {
        let level = LogLevel::from_word(text.as_bytes(), true).ok_or_else(|| {
            Failure::message(format!("--level: no level is called {text}"))
                .hint(format!("the levels are {}", LogLevel::ALL.map(LogLevel::name).join(", ")))
        })?;
        parts.push(Filter::at_least(level));
    }
    if let Some(text) = &args.filter {
        parts.push(Filter::parse(text, clock).map_err(|error| wrong_query(error).context("--where is not a filter"))?);
    }
    Ok(Filter::all_of(parts))
}

/// Shows where a query is wrong.
pub fn wrong_query(error: QueryError) -> Failure {
    let place = Some(error.caret());
    let hint = error.hint.clone();
    Failure { place, hint, ..Failure::new(error) }
}

fn no_time(flag: &str, text: &str) -> Failure {
    Failure::message(format!("{flag}: {text} is not a time")).hint(
        "write 2026-09-07, \"2026-09-07 13:30\", 2026-09-07T13:30:00Z, 2h, \"2 hours ago\", yesterday, friday or @1788739200",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Timestamp, Zone};
    use crate::query::{Comparison, Test};

    fn clock() -> Clock {
        Clock { now: Timestamp::from_seconds(1_788_782_400, 0).expect("in range"), zone: Zone::Fixed(0) }
    }

    fn times(args: SelectionArgs) -> Vec<(Comparison, String)> {
        let parts = match filter(&args, &clock()).expect("a filter") {
            Filter::And(parts) => parts,
            part => vec![part],
        };
        let part = |part| match part {
            Filter::Field { test: Test::Compare(comparison, operand), .. } => {
                (comparison, operand.time.map_or(operand.text, |time| time.to_rfc3339(0)))
            }
            other => panic!("{other:?}"),
        };
        parts.into_iter().map(part).collect()
    }

    #[test]
    fn a_day_lasts_until_midnight_and_an_instant_is_included() {
        let args = |since: &str, until: &str| SelectionArgs {
            since: Some(since.to_owned()),
            until: Some(until.to_owned()),
            ..SelectionArgs::default()
        };
        assert_eq!(
            times(args("yesterday", "2026-09-07")),
            [
                (Comparison::GreaterOrEqual, "2026-09-06T00:00:00Z".to_owned()),
                (Comparison::Less, "2026-09-08T00:00:00Z".to_owned())
            ]
        );
        assert_eq!(
            times(args("2h", "now")),
            [
                (Comparison::GreaterOrEqual, "2026-09-07T10:00:00Z".to_owned()),
                (Comparison::LessOrEqual, "2026-09-07T12:00:00Z".to_owned())
            ]
        );
    }

    #[test]
    fn levels_are_read_and_wrong_ones_explained() {
        let args = |level: &str| SelectionArgs { level: Some(level.to_owned()), ..SelectionArgs::default() };
        assert_eq!(times(args("WARNING")), [(Comparison::GreaterOrEqual, "warn".to_owned())]);
        let failure = filter(&args("loud"), &clock()).expect_err("no level").to_string();
        assert!(
            failure.starts_with("error: --level: no level is called loud\nhint: the levels are trace,"),
            "{failure}"
        );
    }

    #[test]
    fn nothing_asked_is_everything() {
        assert_eq!(filter(&SelectionArgs::default(), &clock()).expect("a filter"), Filter::All);
    }
}
