//! Filters.

use std::ops::Range;

use super::super::ast::ColumnKind;
use super::super::lexer::{Kind, Mode, Token};
use super::super::pattern::Refused;
use super::super::{Comparison, Filter, Operand, QueryError, Test, TextTest, literal, suggest};
use super::Parser;
use crate::entry::LogLevel;

const TIME_HINT: &str = "write a time like 2026-09-09, 2026-09-09T13:00, -2h, yesterday or \"2 hours ago\"";

impl Parser<'_> {
    /// Reads the filter a query begins with; nothing means every entry.
    pub(super) fn filter_or_all(&mut self) -> Result<Filter, QueryError> {
        match self.peek(Mode::Name)?.kind {
            Kind::End | Kind::Pipe => Ok(Filter::All),
            _ => self.any_of(),
        }
    }

    /// `a or b or c`
    fn any_of(&mut self) -> Result<Filter, QueryError> {
        let mut parts = vec![self.all_of()?];
        while self.takes_keyword("or")? {
            parts.push(self.all_of()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Or(parts) })
    }

    /// `a b and c`
    fn all_of(&mut self) -> Result<Filter, QueryError> {
        let mut parts = vec![self.negation()?];
        loop {
            let joined = self.takes_keyword("and")?;
            if !joined {
                match self.peek(Mode::Name)?.kind {
                    Kind::End | Kind::Pipe | Kind::Or | Kind::Close | Kind::Comma => break,
                    _ if self.at_keyword("or")? => break,
                    _ => {}
                }
            }
            parts.push(self.negation()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::And(parts) })
    }

    fn negation(&mut self) -> Result<Filter, QueryError> {
        let token = self.peek(Mode::Name)?;
        let negated = match token.kind {
            Kind::Minus | Kind::Bang => {
                self.at = token.span.end;
                true
            }
            _ => self.takes_keyword("not")?,
        };
        if !negated {
            return self.primary();
        }
        self.deeper(&token.span)?;
        let inner = self.negation()?;
        self.depth -= 1;
        Ok(Filter::Not(Box::new(inner)))
    }

    fn primary(&mut self) -> Result<Filter, QueryError> {
        let token = self.next(Mode::Name)?;
        match token.kind {
            Kind::Open => {
                self.deeper(&token.span)?;
                let inner = self.any_of()?;
                self.depth -= 1;
                let close = self.next(Mode::Name)?;
                if close.kind != Kind::Close {
                    return Err(self.error(token.span, "`(` is never closed", "end the group with `)`"));
                }
                Ok(inner)
            }
            Kind::Star => {
                self.no_text_here("after `*`")?;
                Ok(Filter::All)
            }
            Kind::Word(word) if word == "&" => {
                Err(self.error(token.span, "`&` joins nothing", "write `and`; to search for it, put it in quotes"))
            }
            Kind::Word(word) => {
                let (name, span) = self.called(word, token.span)?;
                if self.at_operator()? {
                    return self.field_filter(name, span);
                }
                self.check_message(&span)?;
                let text = if self.takes_star()? { TextTest::Prefix(name) } else { TextTest::Phrase(name) };
                Ok(Filter::Message(text))
            }
            Kind::Quoted { text, .. } => {
                if self.at_operator()? {
                    return self.field_filter(text, token.span);
                }
                self.check_message(&token.span)?;
                let text = if self.takes_star()? { TextTest::Prefix(text) } else { TextTest::Phrase(text) };
                Ok(Filter::Message(text))
            }
            Kind::Name(name) if self.at_operator()? => self.field_filter(name, token.span),
            Kind::Name(_) => {
                let next = self.peek(Mode::Name)?;
                Err(self.unexpected(&next, "an operator after the name of a field"))
            }
            Kind::Compare(_) | Kind::Matches | Kind::MatchesNot | Kind::Colon => {
                let message = format!("`{}` stands without a field before it", &self.query[token.span.clone()]);
                Err(self.error(token.span, &message, "write `field = value`; names with blanks go in backquotes"))
            }
            _ => Err(self.unexpected(&token, "a word, a \"phrase\" or a field")),
        }
    }

    /// Returns true when the name just read is followed by an operator.
    fn at_operator(&mut self) -> Result<bool, QueryError> {
        let next = self.peek(Mode::Name)?;
        Ok(match next.kind {
            Kind::Compare(_) | Kind::Matches | Kind::MatchesNot | Kind::Colon => true,
            Kind::Word(word) if word.eq_ignore_ascii_case("in") => {
                let after = crate::query::lexer::skip_blanks(self.query, next.span.end);
                self.query[after..].starts_with('(')
            }
            _ => false,
        })
    }

    /// Returns true when the next token is this keyword and not the name of a field.
    fn at_keyword(&mut self, keyword: &str) -> Result<bool, QueryError> {
        let before = self.at;
        let found = self.takes_keyword(keyword)?;
        self.at = before;
        Ok(found)
    }

    fn takes_keyword(&mut self, keyword: &str) -> Result<bool, QueryError> {
        if self.takes_sign(keyword)? {
            return Ok(true);
        }
        let before = self.at;
        if !self.takes_word(keyword)? {
            return Ok(false);
        }
        if self.at_operator()? {
            self.at = before;
            return Ok(false);
        }
        Ok(true)
    }

    /// Takes `&&` for `and`, `||` for `or`.
    fn takes_sign(&mut self, keyword: &str) -> Result<bool, QueryError> {
        match keyword {
            "and" => self.takes(&Kind::And),
            "or" => self.takes(&Kind::Or),
            _ => Ok(false),
        }
    }

    /// Takes a `*` that touches what stands before it.
    fn takes_star(&mut self) -> Result<bool, QueryError> {
        if !self.touches('*') {
            return Ok(false);
        }
        self.at += 1;
        self.no_text_here("only at the end of a word")?;
        Ok(true)
    }

    /// Fails when text follows without a blank.
    fn no_text_here(&self, place: &str) -> Result<(), QueryError> {
        match self.query[self.at..].chars().next() {
            None | Some('|' | ')' | ',' | '#') => Ok(()),
            Some('&') if self.query[self.at..].starts_with("&&") => Ok(()),
            Some(letter) if letter.is_whitespace() => Ok(()),
            Some(letter) => {
                let span = self.at - 1..self.at + letter.len_utf8();
                let message = match place {
                    "after `*`" => "`*` alone means every entry",
                    _ => "`*` may stand only at the end of a word",
                };
                Err(self.error(span, message, "use a regular expression: `field ~ \"…\"`"))
            }
        }
    }

    /// Fails when a bare word stands where there are no messages.
    fn check_message(&self, span: &Range<usize>) -> Result<(), QueryError> {
        self.check_field("message", span).map_err(|error| {
            let message = "a bare word looks in the message, which is not there".to_owned();
            QueryError { message, hint: Some("name a field: `field = value` or `field:word`".to_owned()), ..error }
        })
    }

    /// What follows the name of a field.
    fn field_filter(&mut self, field: String, span: Range<usize>) -> Result<Filter, QueryError> {
        self.check_field(&field, &span)?;
        let mut operator = self.next(Mode::Name)?;
        if operator.kind == Kind::Colon {
            let next = self.peek(Mode::Name)?;
            if !matches!(next.kind, Kind::Compare(_) | Kind::Matches | Kind::MatchesNot) {
                return self.field_value(&field);
            }
            operator = self.next(Mode::Name)?;
        }
        let test = match operator.kind {
            Kind::Compare(comparison) => {
                let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                if ordered && field != "level" && self.kind_of(&field) == ColumnKind::Level {
                    let message = format!("only `level` itself is compared by severity, not `{field}`");
                    return Err(self.error(operator.span, &message, "filter by level before the aggregate"));
                }
                if !ordered && let Some(network) = self.takes_network(&field)? {
                    let within = Filter::Field { field, test: Test::Text(network) };
                    let equal = comparison == Comparison::Equal;
                    return Ok(if equal { within } else { Filter::Not(Box::new(within)) });
                }
                Test::Compare(comparison, self.operand(&field, ordered)?)
            }
            Kind::Matches | Kind::MatchesNot => {
                let filter = self.regex(&field)?;
                return Ok(if operator.kind == Kind::Matches { filter } else { Filter::Not(Box::new(filter)) });
            }
            _ => {
                self.expect(&Kind::Open, "`(`")?;
                let (mut operands, mut any) = (Vec::new(), Vec::new());
                loop {
                    match self.takes_network(&field)? {
                        Some(network) => any.push(Filter::Field { field: field.clone(), test: Test::Text(network) }),
                        None => operands.push(self.operand(&field, false)?),
                    }
                    if !self.takes(&Kind::Comma)? {
                        break;
                    }
                }
                self.expect(&Kind::Close, "`,` or `)`")?;
                if any.is_empty() {
                    Test::In(operands)
                } else {
                    if !operands.is_empty() {
                        any.push(Filter::Field { field, test: Test::In(operands) });
                    }
                    return Ok(if any.len() == 1 { any.remove(0) } else { Filter::Or(any) });
                }
            }
        };
        Ok(Filter::Field { field, test })
    }

    fn regex(&mut self, field: &str) -> Result<Filter, QueryError> {
        let token = self.next(Mode::Operand)?;
        let pattern = match &token.kind {
            Kind::Word(word) if !self.at_odd_letter() => word,
            Kind::Quoted { pattern, .. } => pattern,
            Kind::End => return Err(self.unexpected(&token, "a regular expression")),
            _ => {
                let hint = "put the regular expression in quotes";
                return Err(self.error(token.span, "this regular expression needs quotes", hint));
            }
        };
        if self.kind_of(field) == ColumnKind::Time {
            return Err(self.error(token.span, &format!("`{field}` is a time, not a text"), TIME_HINT));
        }
        self.pattern_count += 1;
        if self.pattern_count > self.patterns.count {
            let message = format!("more than {} regular expressions in one query", self.patterns.count);
            return Err(self.error(token.span, &message, "join them into one: `field ~ \"one|other\"`"));
        }
        let regex =
            self.patterns.compile(pattern).map_err(|Refused { reason, hint }| self.error(token.span, &reason, hint))?;
        Ok(Filter::Field { field: field.to_owned(), test: Test::Text(TextTest::Regex(regex)) })
    }

    /// Returns true when a word is followed at once by something that cannot stand in an operand.
    fn at_odd_letter(&self) -> bool {
        ['*', '(', '"', '`'].iter().any(|letter| self.touches(*letter))
    }

    /// Takes a network of addresses, if one stands here without quotes: `10.0.0.0/8`.
    fn takes_network(&mut self, field: &str) -> Result<Option<TextTest>, QueryError> {
        let next = self.peek(Mode::Operand)?;
        let Kind::Word(word) = &next.kind else { return Ok(None) };
        if !word.contains('/') || self.kind_of(field) != ColumnKind::Value {
            return Ok(None);
        }
        let Ok(network) = word.parse() else {
            // Four numbers with dots between them and a length: nobody means a text by that.
            let (address, length) = word.split_once('/').unwrap_or((word, ""));
            let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if address.split('.').count() == 4 && address.split('.').all(is_number) && is_number(length) {
                let hint =
                    "a network is like 10.0.0.0/8, with numbers up to 255 and up to 32 bits; a text stands in quotes";
                return Err(self.error(next.span.clone(), &format!("`{word}` is no network"), hint));
            }
            return Ok(None);
        };
        self.next(Mode::Operand)?;
        Ok(Some(TextTest::Network(network)))
    }

    /// What follows `field:`.
    fn field_value(&mut self, field: &str) -> Result<Filter, QueryError> {
        if let Some(network) = self.takes_network(field)? {
            return Ok(Filter::Field { field: field.to_owned(), test: Test::Text(network) });
        }
        let token = self.next(Mode::Operand)?;
        match token.kind {
            Kind::Star => {
                self.no_text_here("after `field:*`")?;
                Ok(Filter::Field { field: field.to_owned(), test: Test::Exists })
            }
            Kind::Open => {
                self.deeper(&token.span)?;
                let inner = self.any_value(field)?;
                self.depth -= 1;
                self.expect(&Kind::Close, "`)`")?;
                Ok(inner)
            }
            Kind::Word(text) | Kind::Quoted { text, .. } => {
                let prefix = self.takes_star()?;
                let span = token.span.start..self.at;
                self.text_filter(field, text, prefix, span)
            }
            _ => Err(self.unexpected(&token, "a word, a \"phrase\" or `*`")),
        }
    }

    /// `field:(a or b)`
    fn any_value(&mut self, field: &str) -> Result<Filter, QueryError> {
        let mut parts = vec![self.all_values(field)?];
        while self.takes_sign("or")? || self.takes_word("or")? {
            parts.push(self.all_values(field)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Or(parts) })
    }

    fn all_values(&mut self, field: &str) -> Result<Filter, QueryError> {
        let mut parts = Vec::new();
        loop {
            let next = self.peek(Mode::Name)?;
            let negated = matches!(next.kind, Kind::Minus | Kind::Bang) || self.takes_word("not")?;
            if matches!(next.kind, Kind::Minus | Kind::Bang) {
                self.at = next.span.end;
            }
            let value = self.field_value(field)?;
            parts.push(if negated { Filter::Not(Box::new(value)) } else { value });
            if self.takes_sign("and")? || self.takes_word("and")? {
                continue;
            }
            match self.peek(Mode::Operand)?.kind {
                Kind::Word(word) if word.eq_ignore_ascii_case("or") => break,
                Kind::Word(_) | Kind::Quoted { .. } | Kind::Open | Kind::Star => {}
                _ => break,
            }
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::And(parts) })
    }

    fn text_filter(&self, field: &str, text: String, prefix: bool, span: Range<usize>) -> Result<Filter, QueryError> {
        let field_test = |test| Filter::Field { field: field.to_owned(), test };
        match self.kind_of(field) {
            ColumnKind::Time if prefix => Err(self.error(span, &format!("`{field}` is a time, not a text"), TIME_HINT)),
            // A time with a colon means all of it: the whole day, the whole minute.
            ColumnKind::Time => {
                let time = literal::time(&text, self.clock)
                    .ok_or_else(|| self.error(span.clone(), &format!("`{text}` is not a time"), TIME_HINT))?;
                let bound = |comparison, nanos: i64| {
                    let mut operand = Operand::of_word(&nanos.to_string());
                    operand.time = crate::entry::Timestamp::from_nanos(nanos);
                    field_test(Test::Compare(comparison, operand))
                };
                if time.nanos == 0 {
                    return Ok(bound(Comparison::Equal, time.start.nanos()));
                }
                Ok(Filter::And(vec![
                    bound(Comparison::GreaterOrEqual, time.start.nanos()),
                    bound(Comparison::Less, time.end().nanos()),
                ]))
            }
            ColumnKind::Level if !prefix => {
                Ok(field_test(Test::Compare(Comparison::Equal, self.level_operand(&text, span)?)))
            }
            ColumnKind::Level | ColumnKind::Value => {
                Ok(field_test(Test::Text(if prefix { TextTest::Prefix(text) } else { TextTest::Phrase(text) })))
            }
        }
    }

    /// Takes what a field is compared with; `ordered` when by less or greater.
    fn operand(&mut self, field: &str, ordered: bool) -> Result<Operand, QueryError> {
        let token = self.next(Mode::Operand)?;
        let (text, quoted) = match &token.kind {
            Kind::Word(word) => (word.clone(), false),
            Kind::Quoted { text, .. } => (text.clone(), true),
            _ => return Err(self.no_operand(&token, field)),
        };
        if self.touches('*') {
            let message = "`*` does not stand in a comparison";
            return Err(self.error(self.at..self.at + 1, message, &format!("write `{field}:{text}*`")));
        }
        if !quoted && text.starts_with(['=', '<', '>']) {
            let message = format!("`{text}` stands where a value should follow");
            return Err(self.error(token.span, &message, "operators are =, !=, <, <=, >, >=, ~ and !~"));
        }
        match self.kind_of(field) {
            ColumnKind::Level => self.level_operand(&text, token.span),
            ColumnKind::Value if quoted => Ok(Operand::of_text(&text)),
            ColumnKind::Value => {
                let operand = Operand::of_word_for(field, &text);
                if ordered && operand.number.is_none() {
                    return Err(self.no_number(field, &text, token.span));
                }
                Ok(operand)
            }
            ColumnKind::Time => {
                let Some(time) = literal::time(&text, self.clock) else {
                    return Err(self.error(token.span, &format!("`{text}` is not a time"), TIME_HINT));
                };
                // Times in tables are integers: compared as such.
                let mut operand = Operand::of_word(&time.start.nanos().to_string());
                operand.time = Some(time.start);
                Ok(operand)
            }
        }
    }

    fn no_operand(&self, token: &Token, field: &str) -> QueryError {
        match token.kind {
            Kind::Star => {
                let hint = format!("`{field}:*` means that the field is there");
                self.error(token.span.clone(), "`*` does not stand in a comparison", &hint)
            }
            _ => self.unexpected(token, "a value"),
        }
    }

    /// Says why an operand without quotes cannot be compared by less and greater. Taken as a text, `10XB` would
    /// quietly compare letter by letter.
    fn no_number(&self, field: &str, text: &str, span: Range<usize>) -> QueryError {
        let unit_start = text.find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '.' | '-'));
        let (amount, unit) = text.split_at(unit_start.unwrap_or(0));
        if literal::number(amount.as_bytes()).is_some() && unit.chars().all(char::is_alphabetic) {
            let hint = match suggest::near(unit, literal::UNITS) {
                Some(_) if unit == "M" => format!("`{amount}MB` is millions of bytes, `{amount}m` is minutes"),
                Some(near) => format!("did you mean `{amount}{near}`?"),
                None => format!("units are {}; a text goes in quotes", literal::UNITS.join(", ")),
            };
            return self.error(span, &format!("there is no unit `{unit}`"), &hint);
        }
        let message = format!("`{text}` is no number, and only numbers are less or greater");
        let hint = format!(
            "write a number, a size such as 10KB or a duration such as 250ms; texts are compared in quotes, and \
             `{field} = {text}` asks for equality"
        );
        self.error(span, &message, &hint)
    }

    fn level_operand(&self, text: &str, span: Range<usize>) -> Result<Operand, QueryError> {
        if let Some(level) = LogLevel::from_word(text.as_bytes(), false) {
            return Ok(Operand::of_text(level.name()));
        }
        let names = LogLevel::ALL.map(LogLevel::name);
        let hint = match suggest::near(text, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("levels are {}", names.join(", ")),
        };
        Err(self.error(span, &format!("there is no level `{text}`"), &hint))
    }
}
