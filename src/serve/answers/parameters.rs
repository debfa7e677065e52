//! The parameters of an address: each is asked for once by name, and what nobody asked for is an error.

use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::serve::error::ApiError;
use crate::serve::words::{instead, short};

/// Longest value: a head holds a few of them. Longer questions are asked by POST.
pub const LONGEST: usize = 4096;

/// The parameters of a request that nobody has read yet.
#[derive(Clone, Debug)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    /// Names of fields that are parameters as well.
    fields: &'static [&'static str],
}

/// 400: a parameter that is not as it should be.
pub fn wrong(name: &str, what: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request("invalid_parameter", format!("{name}: {what}"))
}

/// 400: a parameter has a value, or an item of one, that is none of the possible.
pub fn no_such(name: &str, value: &str, possible: &[&str]) -> ApiError {
    wrong(name, format!("there is no {}{}", short(value), instead(value, possible)))
}

impl Parameters {
    /// The parameters as they came.
    pub fn new(pairs: Vec<(String, String)>) -> Parameters {
        Parameters { pairs, known: Vec::new(), fields: &[] }
    }

    /// Takes a parameter.
    ///
    /// # Errors
    /// 400 when it stands there more than once, for which one would count is a guess, or is too long.
    pub fn take(&mut self, name: &'static str) -> Result<Option<String>, ApiError> {
        self.known.push(name);
        let Some(index) = self.pairs.iter().position(|(own, _)| own == name) else { return Ok(None) };
        let (_, value) = self.pairs.remove(index);
        if self.pairs.iter().any(|(own, _)| own == name) {
            return Err(wrong(name, "stands there more than once"));
        }
        match value.len() {
            0..=LONGEST => Ok(Some(value)),
            _ => Err(wrong(name, format!("at most {LONGEST} bytes; POST /api/v1/query takes longer questions"))),
        }
    }

    /// Takes a whole number within bounds.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub fn number(&mut self, name: &'static str, bounds: RangeInclusive<u64>) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && bounds.contains(number));
        let expected = || wrong(name, format!("write a number from {} to {}", bounds.start(), bounds.end()));
        number.map(Some).ok_or_else(expected)
    }

    /// Takes one of some words.
    ///
    /// # Errors
    /// 400 when it is none of them; the error knows the near one.
    pub fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        possible: &[(&'static str, T)],
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        match possible.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => Err(no_such(name, &text, &possible.iter().map(|(word, _)| *word).collect::<Vec<_>>())),
        }
    }

    /// Takes what is read from its text.
    ///
    /// # Errors
    /// 400 when it cannot be.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &'static str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|error| wrong(name, error))
    }

    /// Takes a list: its items stand between commas, without blanks around them.
    ///
    /// # Errors
    /// 400 when an item is empty.
    pub fn list(&mut self, name: &'static str) -> Result<Option<Vec<String>>, ApiError> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        let items: Vec<String> = text.split(',').map(|item| item.trim().to_owned()).collect();
        if items.iter().any(String::is_empty) {
            Err(wrong(name, "write names with commas between"))
        } else {
            Ok(Some(items))
        }
    }

    /// Takes all parameters that begin so; returns what follows, and the values of each in the order they came.
    pub fn beginning_with(&mut self, prefix: &'static str) -> Vec<(String, Vec<String>)> {
        self.gather(|name| name.strip_prefix(prefix).filter(|rest| !rest.is_empty()))
    }

    /// Takes all parameters that nobody has asked for yet and whose name is that of a field: one of `fields`, or one of
    /// those that `others` looks up, which it does only when it is needed. Returns the values of each in the order they
    /// came.
    ///
    /// # Errors
    /// When the others cannot be looked up.
    pub fn named_as_fields<T: AsRef<str>>(
        &mut self,
        fields: &'static [&'static str],
        others: impl FnOnce() -> Result<Vec<T>, ApiError>,
    ) -> Result<Vec<(String, Vec<String>)>, ApiError> {
        self.fields = fields;
        let is_left = self.pairs.iter().any(|(name, _)| !fields.contains(&name.as_str()));
        let others = if is_left { others()? } else { Vec::new() };
        let is_field = |name: &&str| fields.contains(name) || others.iter().any(|other| other.as_ref() == *name);
        Ok(self.gather(|name| Some(name).filter(is_field)))
    }

    /// Returns true when this parameter is there and nobody has asked for it.
    pub fn is_left(&self, name: &str) -> bool {
        self.pairs.iter().any(|(own, _)| own == name)
    }

    /// Takes the parameters that `called` has a name for.
    fn gather(&mut self, called: impl Fn(&str) -> Option<&str>) -> Vec<(String, Vec<String>)> {
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        self.pairs.retain(|(name, value)| {
            let Some(name) = called(name) else { return true };
            match found.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value.clone()),
                None => found.push((name.to_owned(), vec![value.clone()])),
            }
            false
        });
        found
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 400 when there is a parameter that nobody asked for.
    pub fn end(self) -> Result<(), ApiError> {
        let Some((name, _)) = self.pairs.first() else { return Ok(()) };
        let what = match self.known.is_empty() {
            true => format!("there is no parameter {}: nothing after ? is read here", short(name)),
            false => format!("there is no parameter {}{}", short(name), self.instead(name)),
        };
        Err(ApiError::bad_request("unknown_parameter", what))
    }

    /// Says which parameter, or else which field, was probably meant; or all parameters that are possible.
    fn instead(&self, name: &str) -> String {
        let near = |names: &[&'static str]| crate::query::suggest::near(name, names.iter().copied()).is_some();
        if !near(&self.known) && near(self.fields) {
            return instead(name, self.fields);
        }
        let more = if self.fields.is_empty() || near(&self.known) { "" } else { ", and field.NAME or a field's name" };
        instead(name, &self.known) + more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        Parameters::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn what_nobody_asked_for_is_an_error_with_the_near_name() {
        let mut read = parameters(&[("limit", "5"), ("sinc", "2h"), ("field.status", "1"), ("field.status", "2")]);
        assert_eq!(read.number("limit", 1..=10).expect("a number"), Some(5));
        assert_eq!(read.take("since").expect("none"), None);
        assert_eq!(read.beginning_with("field."), [("status".to_owned(), vec!["1".to_owned(), "2".to_owned()])]);
        let error = read.end().expect_err("sinc");
        assert_eq!(
            (error.code, &*error.message),
            ("unknown_parameter", "there is no parameter sinc; did you mean since?")
        );
    }

    #[test]
    fn names_of_fields_are_parameters_and_others_are_looked_up_when_needed() {
        let never = || -> Result<Vec<String>, ApiError> { panic!("all names are known") };
        let others = || Ok(vec!["tenant", "colour"]);
        let mut read = parameters(&[("status", "500"), ("path", "/a"), ("status", "502")]);
        let found = read.named_as_fields(&["status", "path"], never).expect("fields");
        let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        assert_eq!(found, [("status".to_owned(), values(&["500", "502"])), ("path".to_owned(), values(&["/a"]))]);
        read.end().expect("all was read");
        let mut read = parameters(&[("tenant", "7"), ("stauts", "500")]);
        assert_eq!(read.take("since").expect("none"), None);
        let found = read.named_as_fields(&["status", "path"], others).expect("fields");
        assert_eq!(found, [("tenant".to_owned(), values(&["7"]))]);
        let said = |read: Parameters| read.end().expect_err("a wrong name").message.into_owned();
        assert_eq!(said(read), "there is no parameter stauts; did you mean status?");
        let mut read = parameters(&[("zzz", "7")]);
        assert_eq!(read.take("since").expect("none"), None);
        read.named_as_fields(&["status"], others).expect("none");
        assert_eq!(said(read), "there is no parameter zzz; possible: since, and field.NAME or a field's name");
    }

    #[test]
    fn wrong_values_are_errors() {
        for value in ["", "0", "11", "-1", "+5", "5.0", " 5", "99999999999999999999"] {
            parameters(&[("limit", value)]).number("limit", 1..=10).expect_err(value);
        }
        parameters(&[("q", "a"), ("q", "b")]).take("q").expect_err("twice");
        parameters(&[("fields", "a,,b")]).list("fields").expect_err("an empty name");
        let possible = [("json", 1), ("ndjson", 2)];
        let choice = |value| parameters(&[("format", value)]).choice("format", &possible);
        assert_eq!(choice("ndjson").expect("a format"), Some(2));
        assert_eq!(&*choice("nddjson").expect_err("near").message, "format: there is no nddjson; did you mean ndjson?");
        assert_eq!(&*choice("xml").expect_err("far").message, "format: there is no xml; possible: json, ndjson");
        assert_eq!(
            parameters(&[("fields", "a, b")]).list("fields").expect("a list"),
            Some(vec!["a".into(), "b".into()])
        );
    }
}
