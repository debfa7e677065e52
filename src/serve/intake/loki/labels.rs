//! A stream's labels as text: `{app="web", env="prod"}`.

/// A text that is no set of labels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("labels: {what} at byte {}: {text:?}", at + 1)]
pub struct LabelError {
    what: &'static str,
    at: usize,
    text: String,
}

/// Reads the labels in their order. Values are quoted as in Go: with escapes between `"`, as they are between backticks.
///
/// # Errors
/// Where the text stops being what it should be.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, LabelError> {
    let mut reader = Reader { text, at: 0 };
    reader.expect('{', "expected '{'")?;
    let mut labels = Vec::new();
    loop {
        if reader.take('}') {
            break;
        }
        if !labels.is_empty() {
            reader.expect(',', "expected ',' or '}'")?;
            if reader.take('}') {
                break;
            }
        }
        let name = reader.name()?;
        reader.expect('=', "expected '='")?;
        labels.push((name, reader.value()?));
    }
    match reader.rest() {
        "" => Ok(labels),
        _ => Err(reader.fault("unexpected text after the labels")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Passes over blanks and returns what follows.
    fn rest(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.rest().starts_with(wanted);
        self.at += usize::from(is_there) * wanted.len_utf8();
        is_there
    }

    fn expect(&mut self, wanted: char, what: &'static str) -> Result<(), LabelError> {
        if self.take(wanted) { Ok(()) } else { Err(self.fault(what)) }
    }

    fn fault(&self, what: &'static str) -> LabelError {
        LabelError { what, at: self.at, text: self.text.chars().take(200).collect() }
    }

    fn name(&mut self) -> Result<String, LabelError> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "_.:-/".contains(c))).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.fault("expected a name"));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    fn value(&mut self) -> Result<String, LabelError> {
        if self.take('`') {
            let rest = &self.text[self.at..];
            let end = rest.find('`').ok_or_else(|| self.fault("the value does not end"))?;
            self.at += end + 1;
            return Ok(rest[..end].to_owned());
        }
        self.expect('"', "expected a value in quotes")?;
        let mut value = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let end = rest.find(['"', '\\']).ok_or_else(|| self.fault("the value does not end"))?;
            value.extend_from_slice(&rest.as_bytes()[..end]);
            self.at += end + 1;
            if rest.as_bytes()[end] == b'"' {
                return Ok(String::from_utf8_lossy(&value).into_owned());
            }
            self.escape(&mut value)?;
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self, value: &mut Vec<u8>) -> Result<(), LabelError> {
        let rest = &self.text.as_bytes()[self.at..];
        let plain = |byte: u8| (vec![byte], 1);
        let character = |number: Option<u32>, length: usize| {
            let found = number.and_then(char::from_u32)?;
            Some((found.to_string().into_bytes(), length))
        };
        let number = |from: usize, digits: usize, radix: u32| {
            let digits = rest.get(from..from + digits)?;
            u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
        };
        let found = match rest.first() {
            Some(b'n') => Some(plain(b'\n')),
            Some(b't') => Some(plain(b'\t')),
            Some(b'r') => Some(plain(b'\r')),
            Some(b'a') => Some(plain(7)),
            Some(b'b') => Some(plain(8)),
            Some(b'f') => Some(plain(12)),
            Some(b'v') => Some(plain(11)),
            Some(byte @ (b'"' | b'\\' | b'\'')) => Some(plain(*byte)),
            Some(b'x') => number(1, 2, 16).and_then(|byte| Some((vec![u8::try_from(byte).ok()?], 3))),
            Some(b'0'..=b'7') => number(0, 3, 8).and_then(|byte| Some((vec![u8::try_from(byte).ok()?], 3))),
            Some(b'u') => character(number(1, 4, 16), 5),
            Some(b'U') => character(number(1, 8, 16), 9),
            _ => None,
        };
        let Some((bytes, length)) = found else { return Err(self.fault("wrong escape")) };
        value.extend_from_slice(&bytes);
        self.at += length;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_are_read_as_go_quotes_them() {
        let check = |text: &str, expected: &[(&str, &str)]| {
            let found = parse(text).unwrap();
            let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("{}", &[]);
        check(r#"{job="varlogs", filename="/var/log/a.log"}"#, &[("job", "varlogs"), ("filename", "/var/log/a.log")]);
        check(r#" { a = "x" , b="y,}" , } "#, &[("a", "x"), ("b", "y,}")]);
        check(r#"{a="q\"\\\n\t\x41\u00e9\U0001F600\101"}"#, &[("a", "q\"\\\n\tAé😀A")]);
        check("{a=`raw \\n`}", &[("a", "raw \\n")]);
    }

    #[test]
    fn what_is_no_set_of_labels_is_said_where() {
        for (text, expected) in [
            ("", "expected '{' at byte 1"),
            ("{a}", "expected '=' at byte 3"),
            ("{a=1}", "expected a value in quotes at byte 4"),
            ("{a=\"x", "the value does not end at byte 5"),
            ("{a=\"\\q\"}", "wrong escape at byte 6"),
            ("{a=\"x\" b=\"y\"}", "expected ',' or '}' at byte 8"),
            ("{a=\"x\"} y", "unexpected text after the labels at byte 9"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn random_text_never_panics(text in "\\PC{0,40}", inside in "[{}=\"`\\\\abxuU0-9, é]{0,30}") {
            let _ = parse(&text);
            let _ = parse(&format!("{{{inside}"));
        }

        #[test]
        fn what_is_quoted_comes_back(value in "\\PC{0,30}") {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            prop_assert_eq!(parse(&format!("{{a=\"{quoted}\"}}")).unwrap(), [("a".to_owned(), value)]);
        }
    }
}
