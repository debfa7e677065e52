//! The filter: which entries.

use crate::entry::Timestamp;

/// Which entries a question is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Every entry.
    All,
    /// Entries that match all parts.
    And(Vec<Filter>),
    /// Entries that match any part.
    Or(Vec<Filter>),
    /// Entries that do not match.
    Not(Box<Filter>),
    /// Entries whose message matches; of an entry that has no message, the raw lines.
    Message(TextTest),
    /// Entries whose field matches. An entry without the field matches only through `Not` and `!=`.
    Field {
        /// A field name or a reserved name.
        field: String,
        /// What its value must be.
        test: Test,
    },
}

/// What the value of a field must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Present, whatever it is: `field:*`.
    Exists,
    /// Its text holds something.
    Text(TextTest),
    /// It compares so with an operand.
    Compare(Comparison, Operand),
    /// It equals one of these: `in (…)`.
    In(Vec<Operand>),
}

/// A test on text.
#[derive(Clone, Debug)]
pub enum TextTest {
    /// Holds this text, ASCII case ignored, not inside a longer word: `word`, `"a phrase"`.
    Phrase(String),
    /// Holds a word that begins so, ASCII case ignored: `pre*`.
    Prefix(String),
    /// Matches this regular expression somewhere; case counts.
    Regex(regex::bytes::Regex),
    /// Is an address within this network, with or without a port: `10.0.0.0/8`.
    Network(ipnet::IpNet),
}

impl PartialEq for TextTest {
    fn eq(&self, other: &TextTest) -> bool {
        match (self, other) {
            (TextTest::Phrase(a), TextTest::Phrase(b)) | (TextTest::Prefix(a), TextTest::Prefix(b)) => a == b,
            (TextTest::Regex(a), TextTest::Regex(b)) => a.as_str() == b.as_str(),
            (TextTest::Network(a), TextTest::Network(b)) => a == b,
            (TextTest::Phrase(_) | TextTest::Prefix(_) | TextTest::Regex(_) | TextTest::Network(_), _) => false,
        }
    }
}

/// How a value compares with an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a value is compared with: the text as written, and what it may mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    /// As written, quotes undone.
    pub text: String,
    /// The number, when it is one: `5`, `1.5`, `10KB` (bytes), `250ms` (seconds). Never for a quoted operand.
    pub number: Option<f64>,
    /// The exact integer, when it is one.
    pub integer: Option<i64>,
    /// The point in time, when it is one (for `ts`).
    pub time: Option<Timestamp>,
}
