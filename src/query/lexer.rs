//! From characters to tokens.
//!
//! What ends a word depends on where it stands: a name ends at an operator, an operand
//! (`2026-09-09T13:00`, `http://x/?a=b`) does not. So tokens are read on demand, in a mode.

use std::ops::Range;

use super::Comparison;

/// Where a token is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Where a word or the name of a field may stand.
    Name,
    /// After an operator.
    Operand,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Letters without quotes.
    Word(String),
    /// Text in quotes: with escapes undone, and as a regular expression (only `\"` undone).
    Quoted {
        /// Escapes undone.
        text: String,
        /// For a regular expression.
        pattern: String,
    },
    /// A name in backquotes.
    Name(String),
    /// `=`, `!=`, `<`, …
    Compare(Comparison),
    /// `~`
    Matches,
    /// `!~`
    MatchesNot,
    /// `:`
    Colon,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `|`
    Pipe,
    /// `,`
    Comma,
    /// `*`
    Star,
    /// `-` before a word
    Minus,
    /// `!` before a word
    Bang,
    /// `&&`
    And,
    /// `||`
    Or,
    /// The end of the query.
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its bytes in the query.
    pub span: Range<usize>,
}

/// A quote that is never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclosed {
    /// Where it was opened.
    pub start: usize,
    /// The quote.
    pub quote: char,
}

/// Returns the token at or after `at`.
pub fn token(query: &str, at: usize, mode: Mode) -> Result<Token, Unclosed> {
    let start = skip_blanks(query, at);
    let rest = &query[start..];
    let found = |kind, length| Ok(Token { kind, span: start..start + length });
    let Some(first) = rest.chars().next() else { return found(Kind::End, 0) };
    match first {
        '(' => return found(Kind::Open, 1),
        ')' => return found(Kind::Close, 1),
        '&' if rest.starts_with("&&") => return found(Kind::And, 2),
        '|' if rest.starts_with("||") => return found(Kind::Or, 2),
        '|' => return found(Kind::Pipe, 1),
        ',' => return found(Kind::Comma, 1),
        '*' => return found(Kind::Star, 1),
        '"' | '\'' | '`' => return quoted(query, start, first),
        _ => {}
    }
    if mode == Mode::Name {
        let operator = |length| rest.get(..length).unwrap_or("");
        match (operator(2), first) {
            ("!=", _) => return found(Kind::Compare(Comparison::NotEqual), 2),
            ("<=", _) => return found(Kind::Compare(Comparison::LessOrEqual), 2),
            (">=", _) => return found(Kind::Compare(Comparison::GreaterOrEqual), 2),
            ("==", _) => return found(Kind::Compare(Comparison::Equal), 2),
            ("!~", _) => return found(Kind::MatchesNot, 2),
            ("=~", _) => return found(Kind::Matches, 2),
            (_, '=') => return found(Kind::Compare(Comparison::Equal), 1),
            (_, '<') => return found(Kind::Compare(Comparison::Less), 1),
            (_, '>') => return found(Kind::Compare(Comparison::Greater), 1),
            (_, '~') => return found(Kind::Matches, 1),
            (_, ':') => return found(Kind::Colon, 1),
            (_, '-') => return found(Kind::Minus, 1),
            (_, '!') => return found(Kind::Bang, 1),
            _ => {}
        }
    }
    let mut length = rest.len();
    for (index, letter) in rest.char_indices() {
        let always = letter.is_whitespace()
            || matches!(letter, '(' | ')' | '|' | ',' | '*' | '"' | '`')
            || rest[index..].starts_with("&&");
        let next = rest[index + letter.len_utf8()..].chars().next();
        let operator = matches!(letter, '=' | '<' | '>' | ':' | '~')
            || (letter == '!' && matches!(next, Some('=' | '~')) && index > 0);
        if always || (mode == Mode::Name && operator) {
            length = index;
            break;
        }
    }
    found(Kind::Word(rest[..length].to_owned()), length)
}

/// Returns the first position at or after `at` that is neither blank nor comment.
pub fn skip_blanks(query: &str, at: usize) -> usize {
    let mut at = at;
    loop {
        let rest = &query[at..];
        at += rest.len() - rest.trim_start().len();
        if !query[at..].starts_with('#') {
            return at;
        }
        at = query[at..].find('\n').map_or(query.len(), |length| at + length);
    }
}

/// Reads text in quotes. `\"`, `\\`, `\n`, `\r` and `\t` are escapes; any other backslash stands for itself.
fn quoted(query: &str, start: usize, quote: char) -> Result<Token, Unclosed> {
    let (mut text, mut pattern) = (String::new(), String::new());
    let mut letters = query[start + 1..].char_indices().map(|(index, letter)| (start + 1 + index, letter)).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            let span = start..at + 1;
            let kind = if quote == '`' { Kind::Name(text) } else { Kind::Quoted { text, pattern } };
            return Ok(Token { kind, span });
        }
        let escaped = (letter == '\\' && quote != '`').then(|| letters.peek().map(|(_, next)| *next)).flatten();
        let Some(next) = escaped else {
            text.push(letter);
            pattern.push(letter);
            continue;
        };
        letters.next();
        if next != quote {
            pattern.push('\\');
        }
        pattern.push(next);
        match next {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            '\\' | '"' | '\'' => text.push(next),
            other => text.extend(['\\', other]),
        }
    }
    Err(Unclosed { start, quote })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(query: &str, mode: Mode) -> Vec<Kind> {
        let mut at = 0;
        let mut kinds = Vec::new();
        loop {
            let token = token(query, at, mode).unwrap();
            at = token.span.end;
            if token.kind == Kind::End {
                return kinds;
            }
            kinds.push(token.kind);
        }
    }

    fn word(text: &str) -> Kind {
        Kind::Word(text.to_owned())
    }

    #[test]
    fn names_end_at_operators_and_operands_do_not() {
        let equal = Kind::Compare(Comparison::Equal);
        assert_eq!(kinds("http.status=5", Mode::Name), [word("http.status"), equal, word("5")]);
        assert_eq!(kinds("http://x/?a=b!", Mode::Operand), [word("http://x/?a=b!")]);
        assert_eq!(kinds("-2h", Mode::Operand), [word("-2h")]);
        assert_eq!(kinds("-a-b !c", Mode::Name), [Kind::Minus, word("a-b"), Kind::Bang, word("c")]);
        assert_eq!(kinds("a#b # all of this\nc", Mode::Name), [word("a#b"), word("c")]);
        assert_eq!(kinds("wow! don't", Mode::Name), [word("wow!"), word("don't")]);
        assert_eq!(kinds("a&&b||c&d", Mode::Name), [word("a"), Kind::And, word("b"), Kind::Or, word("c&d")]);
        assert_eq!(kinds("/x?a=b&c&&", Mode::Operand), [word("/x?a=b&c"), Kind::And]);
    }

    #[test]
    fn quotes_undo_escapes_but_leave_patterns_alone() {
        let quoted = |text: &str, pattern: &str| Kind::Quoted { text: text.into(), pattern: pattern.into() };
        assert_eq!(kinds(r#""a\"b\\c\d""#, Mode::Name), [quoted(r#"a"b\c\d"#, r#"a"b\\c\d"#)]);
        assert_eq!(kinds("`odd name`", Mode::Name), [Kind::Name("odd name".into())]);
        assert_eq!(token(r#"a "b"#, 1, Mode::Name), Err(Unclosed { start: 2, quote: '"' }));
    }
}
