//! From tokens to a [`Query`]: a recursive descent that knows at each step which fields are left, so
//! that a wrong name is found here, with its place.

mod filter;
mod pipes;

use std::ops::Range;

use super::ast::{ColumnKind, Pipe, Query, Shown};
use super::lexer::{self, Kind, Mode, Token};
use super::literal::Clock;
use super::pattern::PatternLimits;
use super::{Filter, QueryError, suggest};

/// How deep parentheses and negations may nest.
const MAX_DEPTH: usize = 100;

impl Query {
    /// Reads a query: `filter | pipe | pipe …`, or `pipe | pipe …` for all entries. Relative times are
    /// resolved against `clock`.
    pub fn parse(query: &str, clock: &Clock) -> Result<Query, QueryError> {
        Query::parse_within(query, clock, PatternLimits::OWN)
    }

    /// Reads a query whose regular expressions may take no more than this.
    pub fn parse_within(query: &str, clock: &Clock, patterns: PatternLimits) -> Result<Query, QueryError> {
        let parser = Parser::new(query, clock, patterns);
        parser.clone().read().map_err(|error| parser.clone().misspelt_pipe().unwrap_or(error))
    }
}

impl Parser<'_> {
    fn read(mut self) -> Result<Query, QueryError> {
        let parser = &mut self;
        let mut pipes: Vec<Pipe> = Vec::new();
        // `stats count() by status` is a pipe; `stats` alone, or `top secret`, are words to search for.
        let as_pipe = parser.leading_pipe(&mut pipes);
        let filter = match as_pipe {
            Some(Ok(())) => Filter::All,
            // Signs and numbers where the pipe has them are no words to search for.
            Some(Err(error)) if parser.looks_like_pipe() => return Err(error),
            Some(Err(error)) => {
                match parser.filter_or_all().and_then(|filter| parser.at_pipe_or_end().map(|()| filter)) {
                    Ok(filter) => filter,
                    Err(_) => return Err(error),
                }
            }
            None => parser.filter_or_all()?,
        };
        loop {
            let token = parser.next(Mode::Name)?;
            match token.kind {
                Kind::End => return Ok(Query { filter, pipes }),
                Kind::Pipe => parser.pipe(&mut pipes)?,
                Kind::Close => return Err(parser.error(token.span, "`)` closes nothing", "remove it")),
                _ => return Err(parser.unexpected(&token, "`|` or the end of the query")),
            }
        }
    }
}

impl Filter {
    /// Reads a filter without pipes.
    pub fn parse(text: &str, clock: &Clock) -> Result<Filter, QueryError> {
        Filter::parse_within(text, clock, PatternLimits::OWN)
    }

    /// Reads a filter whose regular expressions may take no more than this.
    pub fn parse_within(text: &str, clock: &Clock, patterns: PatternLimits) -> Result<Filter, QueryError> {
        let mut parser = Parser::new(text, clock, patterns);
        let filter = parser.filter_or_all()?;
        let token = parser.next(Mode::Name)?;
        match token.kind {
            Kind::End => Ok(filter),
            Kind::Pipe => {
                Err(parser.error(token.span, "a filter has no pipes", "`logan query` runs queries with pipes"))
            }
            Kind::Close => Err(parser.error(token.span, "`)` closes nothing", "remove it")),
            _ => Err(parser.unexpected(&token, "the end of the filter")),
        }
    }
}

/// The columns rows have after an aggregate.
type Columns = Vec<(String, ColumnKind)>;

#[derive(Clone)]
struct Parser<'a> {
    query: &'a str,
    at: usize,
    clock: &'a Clock,
    depth: usize,
    /// Set once rows are rows of a table.
    columns: Option<Columns>,
    /// What `fields` left of the entries' fields.
    shown: Shown,
    /// What regular expressions may take, and how many there were.
    patterns: PatternLimits,
    pattern_count: usize,
}

impl<'a> Parser<'a> {
    fn new(query: &'a str, clock: &'a Clock, patterns: PatternLimits) -> Parser<'a> {
        Parser { query, at: 0, clock, depth: 0, columns: None, shown: Shown::All, patterns, pattern_count: 0 }
    }

    fn peek(&self, mode: Mode) -> Result<Token, QueryError> {
        lexer::token(self.query, self.at, mode).map_err(|unclosed| {
            let message = format!("{} is never closed", unclosed.quote);
            self.error(unclosed.start..unclosed.start + 1, &message, &format!("end the text with {}", unclosed.quote))
        })
    }

    fn next(&mut self, mode: Mode) -> Result<Token, QueryError> {
        let token = self.peek(mode)?;
        self.at = token.span.end;
        Ok(token)
    }

    /// Takes the next token if it is this one.
    fn takes(&mut self, kind: &Kind) -> Result<bool, QueryError> {
        let token = self.peek(Mode::Name)?;
        let found = token.kind == *kind;
        if found {
            self.at = token.span.end;
        }
        Ok(found)
    }

    /// Takes the next token if it is this word, in any letter case.
    fn takes_word(&mut self, word: &str) -> Result<bool, QueryError> {
        let token = self.peek(Mode::Name)?;
        let found = matches!(&token.kind, Kind::Word(text) if text.eq_ignore_ascii_case(word));
        if found {
            self.at = token.span.end;
        }
        Ok(found)
    }

    /// Returns true when `letter` follows without a blank.
    fn touches(&self, letter: char) -> bool {
        self.query[self.at..].starts_with(letter)
    }

    fn expect(&mut self, kind: &Kind, what: &str) -> Result<Token, QueryError> {
        let token = self.next(Mode::Name)?;
        if token.kind == *kind { Ok(token) } else { Err(self.unexpected(&token, what)) }
    }

    fn error(&self, span: Range<usize>, message: &str, hint: &str) -> QueryError {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        QueryError { message: message.to_owned(), span, hint, query: self.query.to_owned() }
    }

    fn unexpected(&self, token: &Token, expected: &str) -> QueryError {
        let message = match token.kind {
            Kind::End => format!("the query ends where {expected} should follow"),
            _ => format!("expected {expected}, found `{}`", &self.query[token.span.clone()]),
        };
        self.error(token.span.clone(), &message, "")
    }

    /// Reads a pipe at the beginning of the query: `None` when it does not begin with the name of one and
    /// something after it. On an error nothing is taken.
    fn leading_pipe(&mut self, pipes: &mut Vec<Pipe>) -> Option<Result<(), QueryError>> {
        let mut ahead = self.clone();
        let first = ahead.next(Mode::Name).ok()?;
        let is_name = matches!(&first.kind, Kind::Word(name) if pipes::is_pipe(name));
        if !is_name || matches!(ahead.peek(Mode::Name), Ok(Token { kind: Kind::End | Kind::Pipe, .. })) {
            return None;
        }
        let mut ahead = self.clone();
        let result = ahead.pipe(pipes).and_then(|()| ahead.at_pipe_or_end());
        match &result {
            Ok(()) => *self = ahead,
            Err(_) => pipes.clear(),
        }
        Some(result)
    }

    /// Returns true when what follows the first word, up to the next pipe, has a parenthesis, a number or `by`.
    fn looks_like_pipe(&self) -> bool {
        let stage = self.query[self.at..].split('|').next().unwrap_or_default();
        let is_number = |word: &str| word.trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit());
        let mut words = stage.split_whitespace().skip(1);
        !stage.contains(['=', ':', '~', '"'])
            && (stage.contains('(') || words.any(|word| word == "by" || is_number(word)))
    }

    /// Tells that the query begins with nearly the name of a pipe, if it could be read with the name.
    fn misspelt_pipe(&mut self) -> Option<QueryError> {
        let first = self.next(Mode::Name).ok()?;
        let Kind::Word(name) = &first.kind else { return None };
        let near = pipes::near_pipe(name)?;
        let corrected = format!("{near}{}", &self.query[self.at..]);
        Parser::new(&corrected, self.clock, self.patterns).read().ok()?;
        let message = format!("`{name}` is no pipe, and as a filter this cannot be read");
        Some(self.error(first.span, &message, &format!("did you mean `{near}`?")))
    }

    /// Checks that nothing, or a pipe, follows.
    fn at_pipe_or_end(&self) -> Result<(), QueryError> {
        let token = self.peek(Mode::Name)?;
        match token.kind {
            Kind::End | Kind::Pipe => Ok(()),
            _ => Err(self.unexpected(&token, "`|` or the end of the query")),
        }
    }

    /// Goes one level deeper; the caller takes one off `depth` when done.
    fn deeper(&mut self, span: &Range<usize>) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} levels of parentheses and `not`");
            return Err(self.error(span.clone(), &message, ""));
        }
        Ok(())
    }

    /// Takes the name of a field, as it stands or in quotes, that is still there.
    fn field(&mut self) -> Result<(String, Range<usize>), QueryError> {
        let token = self.next(Mode::Name)?;
        let name = match &token.kind {
            Kind::Word(name) | Kind::Name(name) | Kind::Quoted { text: name, .. } => name.clone(),
            _ => return Err(self.unexpected(&token, "the name of a field")),
        };
        let (name, span) = self.called(name, token.span)?;
        self.check_field(&name, &span)?;
        Ok((name, span))
    }

    /// Completes the name of a result column that is written as a call: `sum(bytes)`.
    fn called(&mut self, name: String, span: Range<usize>) -> Result<(String, Range<usize>), QueryError> {
        if self.columns.is_none() || !self.touches('(') || pipes::function(&name).is_none() {
            return Ok((name, span));
        }
        self.at += 1;
        let argument = match self.peek(Mode::Name)?.kind {
            Kind::Close => String::new(),
            _ => match self.next(Mode::Name)? {
                Token { kind: Kind::Word(name) | Kind::Name(name) | Kind::Quoted { text: name, .. }, .. } => name,
                other => return Err(self.unexpected(&other, "the name of a field")),
            },
        };
        let close = self.expect(&Kind::Close, "`)`")?;
        Ok((pipes::column_name(&name, &argument), span.start..close.span.end))
    }

    /// Fails when a name is not among what earlier pipes left.
    fn check_field(&self, name: &str, span: &Range<usize>) -> Result<(), QueryError> {
        let known: Vec<&str> = match (&self.columns, &self.shown) {
            (Some(columns), _) => columns.iter().map(|(name, _)| name.as_str()).collect(),
            (None, Shown::All) => return Ok(()),
            (None, Shown::Only(names)) => names.iter().map(String::as_str).collect(),
            (None, Shown::Without(names)) if !names.iter().any(|known| known == name) => return Ok(()),
            (None, Shown::Without(_)) => Vec::new(),
        };
        if known.contains(&name) {
            return Ok(());
        }
        let message = format!("there is no `{name}` here");
        let hint = match suggest::near(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "an earlier `fields` dropped it".to_owned(),
            None => format!("the pipes before leave {}", known.join(", ")),
        };
        Err(self.error(span.clone(), &message, &hint))
    }

    /// Returns what the values of a field are.
    fn kind_of(&self, field: &str) -> ColumnKind {
        match &self.columns {
            Some(columns) => {
                columns.iter().find(|(name, _)| name == field).map_or(ColumnKind::Value, |(_, kind)| *kind)
            }
            None => ColumnKind::of_entry_field(field),
        }
    }
}

#[cfg(test)]
mod tests;
