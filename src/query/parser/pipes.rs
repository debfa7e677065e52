//! Pipes.

use std::ops::Range;

use super::super::ast::{Aggregate, Bin, ColumnKind, Function, Key, Pipe, Shown, SortKey, Stats, TimeBin};
use super::super::lexer::{Kind, Mode, Token};
use super::super::{Filter, Operand, QueryError, Test, literal, suggest};
use super::Parser;

const PIPES: [&str; 8] = ["stats", "sort", "limit", "head", "tail", "fields", "where", "top"];

/// Returns the pipe whose name is nearly, but not quite, this.
pub(super) fn near_pipe(name: &str) -> Option<&'static str> {
    suggest::near(name, PIPES).filter(|_| !is_pipe(name))
}

/// Returns true for the name of a pipe, in any letter case.
pub(super) fn is_pipe(name: &str) -> bool {
    name.eq_ignore_ascii_case("filter") || PIPES.iter().any(|pipe| pipe.eq_ignore_ascii_case(name))
}
const FUNCTIONS: [&str; 12] =
    ["count", "sum", "avg", "min", "max", "median", "uniq", "first", "last", "p50", "p95", "p99"];

/// Returns the aggregate function of a name.
pub(super) fn function(name: &str) -> Option<Function> {
    Some(match name.to_ascii_lowercase().as_str() {
        "count" => Function::Count,
        "sum" => Function::Sum,
        "avg" | "mean" => Function::Average,
        "min" => Function::Minimum,
        "max" => Function::Maximum,
        "median" => Function::Quantile(0.5),
        "uniq" | "distinct" => Function::Unique,
        "first" => Function::First,
        "last" => Function::Last,
        name => {
            let percent = literal::number(name.strip_prefix('p')?.as_bytes())?;
            return (0.0..=100.0).contains(&percent).then_some(Function::Quantile(percent / 100.0));
        }
    })
}

/// Returns the name of a result column: `count` for `count()`, else the call as written.
pub(super) fn column_name(function: &str, argument: &str) -> String {
    let function = function.to_ascii_lowercase();
    if argument.is_empty() { function } else { format!("{function}({argument})") }
}

/// Says what to write instead of a width that is no duration.
fn time_width_hint(text: &str) -> String {
    let (amount, unit) = text.split_at(text.find(|letter: char| letter.is_alphabetic()).unwrap_or(text.len()));
    match unit.to_lowercase().as_str() {
        "m" | "mo" | "mon" | "month" | "months" => {
            format!("`{amount}m` is minutes; months differ in length, so write days: `30d`")
        }
        "y" | "yr" | "year" | "years" => "years differ in length, so write days: `365d`".to_owned(),
        _ => "write a duration such as 5m".to_owned(),
    }
}

impl Parser<'_> {
    /// Reads what follows a `|`.
    pub(super) fn pipe(&mut self, pipes: &mut Vec<Pipe>) -> Result<(), QueryError> {
        let token = self.next(Mode::Name)?;
        let Kind::Word(name) = &token.kind else { return Err(self.unexpected(&token, "a pipe")) };
        match name.to_ascii_lowercase().as_str() {
            "stats" => {
                let stats = self.stats()?;
                self.columns = Some(stats.columns(|field| self.kind_of(field)));
                pipes.push(Pipe::Stats(stats));
            }
            "sort" => pipes.push(self.sort()?),
            "limit" | "head" => pipes.push(Pipe::Limit(self.count()?)),
            "tail" => pipes.push(Pipe::Tail(self.count()?)),
            "fields" => pipes.push(self.fields()?),
            "where" | "filter" => {
                let next = self.peek(Mode::Name)?;
                if matches!(next.kind, Kind::End | Kind::Pipe) {
                    return Err(self.unexpected(&next, "a filter"));
                }
                pipes.push(Pipe::Where(self.filter_or_all()?));
            }
            "top" => self.top(pipes)?,
            _ => {
                let hint = match suggest::near(name, PIPES) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("pipes are {}", PIPES.join(", ")),
                };
                return Err(self.error(token.span.clone(), &format!("there is no pipe `{name}`"), &hint));
            }
        }
        let next = self.peek(Mode::Name)?;
        match next.kind {
            Kind::End | Kind::Pipe => Ok(()),
            Kind::Close => Err(self.error(next.span, "`)` closes nothing", "remove it")),
            _ => Err(self.unexpected(&next, "`|` or the end of the query")),
        }
    }

    /// `count(), sum(f) as total by a, bin(5m)`
    fn stats(&mut self) -> Result<Stats, QueryError> {
        let mut aggregates = Vec::new();
        let mut names: Vec<String> = Vec::new();
        loop {
            let (aggregate, span) = self.aggregate()?;
            self.fresh(&mut names, &aggregate.name, span)?;
            aggregates.push(aggregate);
            if !self.takes(&Kind::Comma)? {
                break;
            }
        }
        let mut keys = Vec::new();
        if self.takes_word("by")? {
            loop {
                let (key, span) = self.key()?;
                self.fresh(&mut names, &key.name, span)?;
                keys.push(key);
                if !self.takes(&Kind::Comma)? {
                    break;
                }
            }
        }
        let stats = Stats { aggregates, keys };
        self.check_reserved(&stats)?;
        Ok(stats)
    }

    /// Notes the name of a result column; fails when there is one of that name already.
    fn fresh(&self, names: &mut Vec<String>, name: &str, span: Range<usize>) -> Result<(), QueryError> {
        if names.iter().any(|known| known == name) {
            let message = format!("two columns are called `{name}`");
            return Err(self.error(span, &message, "give one another name with `as`"));
        }
        names.push(name.to_owned());
        Ok(())
    }

    /// `ts` and `level` mean what they mean everywhere.
    fn check_reserved(&self, stats: &Stats) -> Result<(), QueryError> {
        for (name, kind) in stats.columns(|field| self.kind_of(field)) {
            let expected = match name.as_str() {
                "ts" => ColumnKind::Time,
                "level" => ColumnKind::Level,
                _ => continue,
            };
            if kind != expected {
                let message = format!("`{name}` is the name of something else");
                return Err(self.error(self.at..self.at, &message, "choose another name with `as`"));
            }
        }
        Ok(())
    }

    fn aggregate(&mut self) -> Result<(Aggregate, Range<usize>), QueryError> {
        let token = self.next(Mode::Name)?;
        let Kind::Word(name) = &token.kind else {
            return Err(self.unexpected(&token, "a function such as `count()`"));
        };
        let Some(mut function) = function(name) else {
            let hint = match suggest::near(name, FUNCTIONS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "functions are count, sum, avg, min, max, median, p50 … p99.9, uniq, first, last".to_owned(),
            };
            return Err(self.error(token.span.clone(), &format!("there is no function `{name}`"), &hint));
        };
        let mut field = String::new();
        let opened = self.takes(&Kind::Open)?;
        if opened && !self.takes(&Kind::Close)? {
            if function == Function::Count && self.takes(&Kind::Star)? {
                self.expect(&Kind::Close, "`)`")?;
            } else {
                let (argument, span) = self.field()?;
                self.check_argument(function, &argument, &span)?;
                field = argument;
                self.expect(&Kind::Close, "`)`")?;
            }
        }
        let mut span = token.span.start..self.at;
        if field.is_empty() && function != Function::Count {
            let message = format!("`{name}` needs a field");
            return Err(self.error(span, &message, &format!("write `{name}(bytes)`, for example")));
        }
        if !field.is_empty() && function == Function::Count {
            function = Function::CountField;
        }
        let mut column = column_name(name, &field);
        if let Some((name, name_span)) = self.alias()? {
            (column, span) = (name, name_span);
        }
        Ok((Aggregate { function, field, name: column }, span))
    }

    fn check_argument(&self, function: Function, field: &str, span: &Range<usize>) -> Result<(), QueryError> {
        let numeric = matches!(function, Function::Sum | Function::Average | Function::Quantile(_));
        if numeric && self.kind_of(field) != ColumnKind::Value {
            let message = format!("`{field}` is not a number");
            return Err(self.error(
                span.clone(),
                &message,
                "count(), uniq(), min(), max(), first() and last() take it",
            ));
        }
        Ok(())
    }

    /// `as name`
    fn alias(&mut self) -> Result<Option<(String, Range<usize>)>, QueryError> {
        if !self.takes_word("as")? {
            return Ok(None);
        }
        let token = self.next(Mode::Name)?;
        match token.kind {
            Kind::Word(name) | Kind::Name(name) | Kind::Quoted { text: name, .. } if !name.is_empty() => {
                Ok(Some((name, token.span)))
            }
            _ => Err(self.unexpected(&token, "a name")),
        }
    }

    /// `field`, `bin(5m)`, `bin(field, 10KB)`
    fn key(&mut self) -> Result<(Key, Range<usize>), QueryError> {
        let start = self.peek(Mode::Name)?;
        let is_bin = matches!(&start.kind, Kind::Word(word) if word.eq_ignore_ascii_case("bin"))
            && self.query[start.span.end..].starts_with('(');
        let (field, bin, mut span) = if is_bin {
            self.at = start.span.end + 1;
            let (field, bin) = self.bin()?;
            (field, bin, start.span.start..self.at)
        } else {
            let (field, span) = self.field()?;
            (field, Bin::Exact, span)
        };
        let mut name = field.clone();
        if let Some((alias, alias_span)) = self.alias()? {
            (name, span) = (alias, alias_span);
        }
        Ok((Key { field, bin, name }, span))
    }

    /// What follows `bin(`.
    fn bin(&mut self) -> Result<(String, Bin), QueryError> {
        let before = self.at;
        let first = self.next(Mode::Operand)?;
        let (field, width) = if self.peek(Mode::Name)?.kind == Kind::Comma {
            self.at = before;
            let (field, _) = self.field()?;
            self.expect(&Kind::Comma, "`,`")?;
            (field, self.next(Mode::Operand)?)
        } else {
            self.check_field("ts", &first.span)?;
            ("ts".to_owned(), first)
        };
        let Token { kind: Kind::Word(text) | Kind::Quoted { text, .. }, span } = &width else {
            return Err(self.unexpected(&width, "the width of a bin, such as `5m`"));
        };
        let bin = match self.kind_of(&field) {
            ColumnKind::Time => literal::duration(text)
                .filter(|nanos| *nanos > 0)
                .map(|width| Bin::Time(TimeBin::new(width)))
                .ok_or_else(|| time_width_hint(text)),
            ColumnKind::Level => Err("levels are not numbers".to_owned()),
            ColumnKind::Value => Operand::of_word_for(&field, text)
                .number
                .filter(|width| *width > 0.0)
                .map(Bin::Number)
                .ok_or_else(|| "write a number, a size such as 10KB or a duration such as 100ms".to_owned()),
        };
        let bin =
            bin.map_err(|hint| self.error(span.clone(), &format!("`{text}` is not the width of a bin"), &hint))?;
        self.expect(&Kind::Close, "`)`")?;
        Ok((field, bin))
    }

    /// `by a desc, b`
    fn sort(&mut self) -> Result<Pipe, QueryError> {
        self.takes_word("by")?;
        let mut keys = Vec::new();
        loop {
            let reversed = self.takes(&Kind::Minus)?;
            let (field, _) = self.field()?;
            let descending = if self.takes_word("desc")? {
                true
            } else {
                self.takes_word("asc")?;
                false
            };
            keys.push(SortKey { field, descending: descending != reversed });
            if !self.takes(&Kind::Comma)? {
                return Ok(Pipe::Sort(keys));
            }
        }
    }

    /// A number of rows.
    fn count(&mut self) -> Result<u64, QueryError> {
        let token = self.next(Mode::Name)?;
        match &token.kind {
            Kind::Word(word) if word.bytes().all(|byte| byte.is_ascii_digit()) => {
                word.parse().map_err(|_| self.error(token.span.clone(), "this number is too great", ""))
            }
            _ => Err(self.unexpected(&token, "a number of rows")),
        }
    }

    /// `a, b` or `-a, -b`
    fn fields(&mut self) -> Result<Pipe, QueryError> {
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        loop {
            let start = self.peek(Mode::Name)?;
            let minus = self.takes(&Kind::Minus)?;
            let (field, span) = self.field()?;
            if minus { &mut dropped } else { &mut kept }.push(field);
            if !kept.is_empty() && !dropped.is_empty() {
                let message = "fields are either kept or dropped";
                return Err(self.error(start.span.start..span.end, message, "put a minus before all of them or none"));
            }
            if !self.takes(&Kind::Comma)? {
                break;
            }
        }
        if let Some(columns) = &mut self.columns {
            if dropped.is_empty() {
                let kind = |name: &String| columns.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
                let chosen = kept.iter().map(|name| (name.clone(), kind(name).unwrap_or(ColumnKind::Value))).collect();
                *columns = chosen;
            } else {
                columns.retain(|(name, _)| !dropped.contains(name));
            }
        } else {
            self.shown = match std::mem::take(&mut self.shown) {
                _ if dropped.is_empty() => Shown::Only(kept.clone()),
                Shown::Only(names) => Shown::Only(names.into_iter().filter(|name| !dropped.contains(name)).collect()),
                Shown::Without(names) => Shown::Without(names.into_iter().chain(dropped.clone()).collect()),
                Shown::All => Shown::Without(dropped.clone()),
            };
        }
        Ok(Pipe::Fields(if dropped.is_empty() { Shown::Only(kept) } else { Shown::Without(dropped) }))
    }

    /// `N by f` or `N f by agg`: an aggregate, sorted and cut.
    fn top(&mut self, pipes: &mut Vec<Pipe>) -> Result<(), QueryError> {
        let number = matches!(self.peek(Mode::Name)?.kind, Kind::Word(word)
            if word.bytes().all(|byte| byte.is_ascii_digit()));
        let limit = if number { self.count()? } else { 10 };
        let keys_first = !self.takes_word("by")?;
        let mut keys = Vec::new();
        let mut names = Vec::new();
        loop {
            let (key, span) = self.key()?;
            self.fresh(&mut names, &key.name, span)?;
            keys.push(key);
            if !self.takes(&Kind::Comma)? {
                break;
            }
        }
        let mut aggregate = Aggregate { function: Function::Count, field: String::new(), name: "count".to_owned() };
        let at = self.at;
        let mut span = at..at;
        if keys_first && self.takes_word("by")? {
            (aggregate, span) = self.aggregate()?;
            // `top 5 path by sum(bytes) desc` says what `top` does anyway.
            self.takes_word("desc")?;
        }
        self.fresh(&mut names, &aggregate.name, span)?;
        let present = keys.iter().map(|key| Filter::Field { field: key.field.clone(), test: Test::Exists });
        pipes.push(Pipe::Where(Filter::And(present.collect())));
        let order = SortKey { field: aggregate.name.clone(), descending: true };
        let stats = Stats { aggregates: vec![aggregate], keys };
        self.check_reserved(&stats)?;
        self.columns = Some(stats.columns(|field| self.kind_of(field)));
        pipes.extend([Pipe::Stats(stats), Pipe::Sort(vec![order]), Pipe::Limit(limit)]);
        Ok(())
    }
}
