//! Which entries: `since`, `until`, `q`, `level`, `keywords`, `field.NAME`, and `NAME` of a field alone.

use super::parameters::{Parameters, no_such, wrong};
use crate::entry::{LogLevel, STANDARD_NAMES, Timestamp};
use crate::parse::Zone;
use crate::query::literal::Clock;
use crate::query::{Comparison, Filter, Operand, PatternLimits, QueryError, Test, TextTest};
use crate::serve::error::ApiError;

/// Bytes a query may have.
pub const LONGEST_QUERY: usize = 16 * 1024;

/// Takes `tz`, the zone of dates and times that name none: UTC when it is not there. `now` is the present.
///
/// # Errors
/// 400 when it is no zone.
pub fn clock(parameters: &mut Parameters, now: Timestamp) -> Result<Clock, ApiError> {
    clock_in(parameters.take("tz")?.as_deref(), now)
}

/// Returns what times are resolved against in this zone.
///
/// # Errors
/// 400 when it is no zone.
pub fn clock_in(zone: Option<&str>, now: Timestamp) -> Result<Clock, ApiError> {
    let zone: Zone = zone.unwrap_or("UTC").parse().map_err(|error| wrong("tz", error))?;
    Ok(Clock { now, zone })
}

/// Takes `since` and `until`.
///
/// # Errors
/// 400 when one is no time.
pub fn time_range(parameters: &mut Parameters, clock: &Clock) -> Result<Filter, ApiError> {
    let since = parameters.take("since")?;
    let until = parameters.take("until")?;
    between(since.as_deref(), until.as_deref(), clock)
}

/// Returns the filter of this stretch of time.
///
/// # Errors
/// 400 when one is no time.
pub fn between(since: Option<&str>, until: Option<&str>, clock: &Clock) -> Result<Filter, ApiError> {
    let no_time = |name| {
        move || wrong(name, "write a time like 2026-09-07, 2026-09-07T13:30:00Z, 2h, yesterday, friday or @1788739200")
    };
    let mut parts = Vec::new();
    if let Some(text) = since {
        parts.push(Filter::since(text, clock).ok_or_else(no_time("since"))?);
    }
    if let Some(text) = until {
        parts.push(Filter::until(text, clock).ok_or_else(no_time("until"))?);
    }
    Ok(Filter::all_of(parts))
}

/// Takes all that chooses entries but the stretch of time.
///
/// # Errors
/// 400 when something is wrong with it.
pub fn filter(parameters: &mut Parameters, clock: &Clock) -> Result<Filter, ApiError> {
    let mut parts = Vec::new();
    if let Some(text) = parameters.take("q")? {
        parts.push(parse_filter(&text, clock)?);
    }
    if let Some(text) = parameters.take("level")? {
        let level = LogLevel::from_word(text.as_bytes(), true);
        let names = || no_such("level", &text, &LogLevel::ALL.map(LogLevel::name));
        parts.push(Filter::at_least(level.ok_or_else(names)?));
    }
    if let Some(text) = parameters.take("keywords")? {
        parts.extend(text.split_whitespace().map(|word| Filter::Message(TextTest::Phrase(word.to_owned()))));
    }
    for (field, values) in parameters.beginning_with("field.") {
        parts.push(equals(&field, &values)?);
    }
    Ok(Filter::all_of(parts))
}

/// Takes what is left and named as a field: `status=500` is `field.status=500`. `own` looks up the fields there are beside
/// the standard ones. To be asked when all other parameters have been taken.
///
/// # Errors
/// 400 when something is wrong with a value; when the fields cannot be looked up.
pub fn by_fields(
    parameters: &mut Parameters,
    own: impl FnOnce() -> Result<Vec<String>, ApiError>,
) -> Result<Filter, ApiError> {
    if parameters.is_left("query") {
        // Whoever writes that nearly always means the filter, and would be answered that nothing has it.
        let what = "there is no parameter query; did you mean q? The field of that name is field.query";
        return Err(ApiError::bad_request("unknown_parameter", what));
    }
    let named = parameters.named_as_fields(&STANDARD_NAMES, own)?;
    Ok(Filter::all_of(named.iter().map(|(field, values)| equals(field, values)).collect::<Result<_, _>>()?))
}

/// Reads a filter of the query language.
///
/// # Errors
/// 400 with the place that is wrong.
pub fn parse_filter(text: &str, clock: &Clock) -> Result<Filter, ApiError> {
    check_length(text)?;
    Filter::parse_within(text, clock, PatternLimits::SHARED).map_err(|error| {
        let pipes = error.query.as_bytes().get(error.span.start) == Some(&b'|');
        let hint = if pipes { Some("ask /api/v1/query, which takes pipes".to_owned()) } else { error.hint.clone() };
        QueryError { hint, ..error }.into()
    })
}

/// Refuses a query that is too long to be one.
///
/// # Errors
/// 400.
pub fn check_length(query: &str) -> Result<(), ApiError> {
    match query.len() {
        0..=LONGEST_QUERY => Ok(()),
        _ => Err(ApiError::bad_request("query_too_large", format!("a query has at most {LONGEST_QUERY} bytes"))),
    }
}

/// The filter of the entries whose field has one of these values, read as in `field = value`.
fn equals(field: &str, values: &[String]) -> Result<Filter, ApiError> {
    let operand = |value: &String| match field {
        "ts" => Err(wrong("field.ts", "use since and until")),
        "level" => {
            let level = LogLevel::from_word(value.as_bytes(), true);
            let level = level.ok_or_else(|| no_such("field.level", value, &LogLevel::ALL.map(LogLevel::name)))?;
            Ok(Operand::of_text(level.name()))
        }
        _ => Ok(Operand::of_word(value)),
    };
    let mut operands = values.iter().map(operand).collect::<Result<Vec<_>, _>>()?;
    Ok(match operands.len() {
        1 => Filter::compare(field, Comparison::Equal, operands.remove(0)),
        _ => Filter::Field { field: field.to_owned(), test: Test::In(operands) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_mean_what_the_language_says() {
        let clock = Clock { now: Timestamp::from_seconds(1_788_782_400, 0).expect("in range"), zone: Zone::Fixed(0) };
        let cases: [(&[(&str, &str)], &str); 7] = [
            (&[("q", "status >= 500")], "status >= 500"),
            (&[("level", "WARNING")], "level >= warn"),
            (&[("keywords", "connection  reset")], "connection reset"),
            (&[("field.status", "500")], "status = 500"),
            (&[("field.status", "500"), ("field.status", "502")], "status in (500, 502)"),
            (&[("field.level", "err"), ("q", "a or b")], "(a or b) level = error"),
            (&[], "*"),
        ];
        for (pairs, query) in cases {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let mut parameters = Parameters::new(pairs);
            let found = filter(&mut parameters, &clock).expect("a filter");
            parameters.end().expect("all was read");
            assert_eq!(found, Filter::parse(query, &clock).expect("a filter"), "{query}");
        }
    }

    #[test]
    fn pipes_are_refused_with_the_path_that_takes_them() {
        let clock = clock_in(None, Timestamp::from_nanos(0).expect("a time")).expect("UTC");
        let error = parse_filter("a | stats count()", &clock).expect_err("a pipe");
        let query = error.query.expect("a place");
        assert_eq!((query.start, query.caret.as_str()), (2, "a | stats count()\n  ^"));
        assert!(query.hint.is_some_and(|hint| hint.contains("/api/v1/query")));
    }
}
