//! Finds the elements of a JSON array and the members of an object without unfolding them.
//!
//! An envelope (`{"streams":[{"values":[…]}]}`) is gone through piece by piece, and only the innermost pieces are read
//! in full, by a real JSON parser. So a body of millions of empty pieces costs no more memory than itself. What is
//! passed over is only checked for balance.

use std::ops::Range;

use memchr::{memchr2, memchr2_iter};

use super::IntakeError;

/// How deep an envelope may be nested; the engine keeps what lies deeper than 64 as text.
const MAX_DEPTH: usize = 1000;

/// Moves past blanks and line ends.
#[inline]
pub fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

fn fault(what: &str, text: &[u8], at: usize) -> IntakeError {
    IntakeError::Wrong(match at >= text.len() {
        true => "the JSON of the body ends early".to_owned(),
        false => format!("wrong JSON: {what} at byte {}", at + 1),
    })
}

/// Moves past the string whose quote stands at `at`.
fn skip_string(text: &[u8], at: usize) -> Result<usize, IntakeError> {
    let mut at = at + 1;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let found = memchr2(b'"', b'\\', rest).ok_or_else(|| fault("", text, text.len()))?;
        at += found;
        if text[at] == b'"' {
            return Ok(at + 1);
        }
        at += 2;
    }
}

/// Moves past the value that begins at `at`.
///
/// # Errors
/// When there is none, or it does not end.
pub fn skip_value(text: &[u8], at: usize) -> Result<usize, IntakeError> {
    match text.get(at) {
        Some(b'"') => return skip_string(text, at),
        Some(b'{' | b'[') => {}
        Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
            let end = text[at..].iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte));
            return Ok(end.map_or(text.len(), |length| at + length));
        }
        _ => return Err(fault("expected a value", text, at)),
    }
    let mut depth = 0;
    let mut at = at;
    loop {
        match text.get(at) {
            None => return Err(fault("", text, at)),
            Some(b'"') => {
                at = skip_string(text, at)?;
                continue;
            }
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => depth -= 1,
            Some(_) => {}
        }
        at += 1;
        if depth == 0 {
            return Ok(at);
        }
        if depth > MAX_DEPTH {
            return Err(fault("nested too deep", text, at - 1));
        }
    }
}

/// Returns true when the objects and arrays of a JSON text lie in each other more than `most` deep. Looks at the text
/// once; only where it has that many brackets at all does it tell those in strings apart.
pub fn is_deeper(text: &[u8], most: usize) -> bool {
    if memchr2_iter(b'{', b'[', text).nth(most).is_none() {
        return false;
    }
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => match skip_string(text, at) {
                Ok(end) => {
                    at = end;
                    continue;
                }
                // The parser says what is wrong with it.
                Err(_) => return false,
            },
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > most {
            return true;
        }
        at += 1;
    }
    false
}

/// The pieces of an array or object, in order.
#[derive(Debug)]
pub struct Pieces<'a> {
    text: &'a [u8],
    at: usize,
    close: u8,
    first: bool,
    done: bool,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name as written, without the quotes.
    pub key: &'a [u8],
    /// Where its value stands.
    pub value: Range<usize>,
}

impl<'a> Pieces<'a> {
    /// The elements of the array that begins at `at`.
    ///
    /// # Errors
    /// When no array begins there; `what` names it.
    pub fn array(text: &'a [u8], at: usize, what: &str) -> Result<Pieces<'a>, IntakeError> {
        Pieces::open(text, at, b'[', b']', &format!("expected an array ({what})"))
    }

    /// The members of the object that begins at `at`.
    ///
    /// # Errors
    /// When no object begins there; `what` names it.
    pub fn object(text: &'a [u8], at: usize, what: &str) -> Result<Pieces<'a>, IntakeError> {
        Pieces::open(text, at, b'{', b'}', &format!("expected an object ({what})"))
    }

    fn open(text: &'a [u8], at: usize, open: u8, close: u8, what: &str) -> Result<Pieces<'a>, IntakeError> {
        let at = skip_blanks(text, at);
        if text.get(at) != Some(&open) {
            return Err(fault(what, text, at));
        }
        Ok(Pieces { text, at: at + 1, close, first: true, done: false })
    }

    /// Moves to the next piece; false at the end.
    fn advance(&mut self) -> Result<bool, IntakeError> {
        if self.done {
            return Ok(false);
        }
        self.at = skip_blanks(self.text, self.at);
        match self.text.get(self.at) {
            Some(byte) if *byte == self.close => {
                self.at += 1;
                self.done = true;
                return Ok(false);
            }
            Some(b',') if !self.first => self.at = skip_blanks(self.text, self.at + 1),
            _ if self.first => {}
            _ => return Err(fault("expected ',' or the end of the list", self.text, self.at)),
        }
        self.first = false;
        Ok(true)
    }

    /// Returns where the next element stands.
    ///
    /// # Errors
    /// When the JSON is wrong.
    pub fn element(&mut self) -> Result<Option<Range<usize>>, IntakeError> {
        if !self.advance()? {
            return Ok(None);
        }
        let start = self.at;
        self.at = skip_value(self.text, start)?;
        Ok(Some(start..self.at))
    }

    /// Returns the next member.
    ///
    /// # Errors
    /// When the JSON is wrong.
    pub fn member(&mut self) -> Result<Option<Member<'a>>, IntakeError> {
        if !self.advance()? {
            return Ok(None);
        }
        let key = self.at;
        if self.text.get(key) != Some(&b'"') {
            return Err(fault("expected a key", self.text, key));
        }
        let end = skip_string(self.text, key)?;
        let colon = skip_blanks(self.text, end);
        if self.text.get(colon) != Some(&b':') {
            return Err(fault("expected ':'", self.text, colon));
        }
        let start = skip_blanks(self.text, colon + 1);
        self.at = skip_value(self.text, start)?;
        Ok(Some(Member { key: &self.text[key + 1..end - 1], value: start..self.at }))
    }

    /// Returns the position after what was gone through.
    pub fn position(&self) -> usize {
        self.at
    }
}

/// Finds members of an object by name; of a name that comes twice the last counts.
///
/// # Errors
/// When the JSON is wrong.
pub fn members<const N: usize>(
    text: &[u8],
    at: usize,
    what: &str,
    names: [&str; N],
) -> Result<[Option<Range<usize>>; N], IntakeError> {
    let mut found = [const { None }; N];
    let mut pieces = Pieces::object(text, at, what)?;
    while let Some(member) = pieces.member()? {
        if let Some(index) = names.iter().position(|name| name.as_bytes() == member.key) {
            found[index] = (text[member.value.clone()] != *b"null").then_some(member.value);
        }
    }
    Ok(found)
}

/// Checks that nothing but blanks follows.
///
/// # Errors
/// When something does.
pub fn expect_end(text: &[u8], at: usize) -> Result<(), IntakeError> {
    let at = skip_blanks(text, at);
    if at < text.len() { Err(fault("unexpected text after the end", text, at)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn elements(text: &str) -> Result<Vec<&str>, IntakeError> {
        let mut pieces = Pieces::array(text.as_bytes(), 0, "test")?;
        let mut found = Vec::new();
        while let Some(range) = pieces.element()? {
            found.push(&text[range]);
        }
        expect_end(text.as_bytes(), pieces.position())?;
        Ok(found)
    }

    #[test]
    fn elements_are_found_whatever_is_in_them() {
        let text = r#" [ {"a":"]}\"[","b":[1,{"c":2}]} , [] ,"x,y", -1.5e+3,null ] "#;
        let expected = [r#"{"a":"]}\"[","b":[1,{"c":2}]}"#, "[]", r#""x,y""#, "-1.5e+3", "null"];
        assert_eq!(elements(text).unwrap(), expected);
        assert_eq!(elements("[]").unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_no_list_is_said_where() {
        for (text, expected) in [
            ("[1", "the JSON of the body ends early"),
            ("[\"a", "the JSON of the body ends early"),
            ("[1 2]", "wrong JSON: expected ',' or the end of the list at byte 4"),
            ("[,1]", "wrong JSON: expected a value at byte 2"),
            ("[1,]", "wrong JSON: expected a value at byte 4"),
            ("{}", "wrong JSON: expected an array (test) at byte 1"),
            ("[] x", "wrong JSON: unexpected text after the end at byte 4"),
        ] {
            assert_eq!(elements(text).unwrap_err().to_string(), expected, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(elements(&deep).unwrap_err().to_string().contains("nested too deep"));
    }

    #[test]
    fn members_are_found_by_name_in_any_order() {
        let text = br#"{"x":{"b":1},"b":[2],"a":"s","n":null}"#;
        let found = members(text, 0, "test", ["a", "b", "n", "missing"]).unwrap();
        let texts = found.map(|range| range.map(|range| std::str::from_utf8(&text[range]).unwrap()));
        assert_eq!(texts, [Some("\"s\""), Some("[2]"), None, None]);
    }

    proptest! {
        #[test]
        fn elements_are_those_serde_sees(values in proptest::collection::vec("[a-z\"\\\\\\[\\]{},:]{0,6}", 0..8)) {
            let text = serde_json::to_string(&values).unwrap();
            let found = elements(&text).unwrap();
            let read: Vec<String> = found.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
            prop_assert_eq!(read, values);
        }

        #[test]
        fn random_bytes_never_panic(text in "[\\[\\]{}\",:\\\\ a1]{0,40}") {
            let _ = elements(&text);
            let _ = members(text.as_bytes(), 0, "test", ["a"]);
        }
    }
}
