//! What is wrong with a query, and where.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

/// A query that cannot be understood; points at the wrong token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What is wrong, lower case.
    pub message: String,
    /// The bytes of the query it is about.
    pub span: Range<usize>,
    /// What to do instead.
    pub hint: Option<String>,
    /// The query.
    pub query: String,
}

impl QueryError {
    /// Returns the line of the query that is wrong, and under it a line of carets below the wrong token.
    pub fn caret(&self) -> String {
        let start = self.span.start.min(self.query.len());
        let line_start = self.query[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = self.query[start..].find('\n').map_or(self.query.len(), |length| start + length);
        let end = self.span.end.clamp(start, line_end);
        // Control characters would move the carets; each is shown as a blank.
        let plain =
            |text: &str| text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect::<String>();
        let line = plain(&self.query[line_start..line_end]);
        let before = plain(&self.query[line_start..start]).width();
        let under = plain(&self.query[start..end]).width().max(1);
        format!("{line}\n{}{}", " ".repeat(before), "^".repeat(under))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_under_the_token() {
        let error = |query: &str, span| QueryError { message: "x".into(), span, hint: None, query: query.into() };
        assert_eq!(error("a | stat b", 4..8).caret(), "a | stat b\n    ^^^^");
        assert_eq!(error("日本 | stat", 9..13).caret(), "日本 | stat\n       ^^^^");
        assert_eq!(error("a\n| stat b\nc", 4..8).caret(), "| stat b\n  ^^^^");
        assert_eq!(error("a |", 3..3).caret(), "a |\n   ^");
    }
}
