//! Texts of requests as types that cannot be wrong: what is accepted is what the API's description says.

use std::fmt;
use std::sync::LazyLock;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// A text that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(&'static str);

/// An e-mail address. It is only compared, and mailed to by people: the shape is looked at, not whether it exists.
#[derive(Clone, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(
    value_type = String, example = "ada@example.org", min_length = 3, max_length = 254,
    pattern = "^[!-?A-~]{1,64}@[0-9A-Za-z][0-9A-Za-z.-]{0,188}$"
)]
pub struct Email(String);

impl Email {
    /// Reads one.
    pub fn new(text: &str) -> Result<Email, Wrong> {
        let wrong = Wrong("not an e-mail address: one like ada@example.org is expected, in ASCII");
        let (local, domain) = text.rsplit_once('@').ok_or(wrong)?;
        let fits = (1..=64).contains(&local.len())
            && (1..=189).contains(&domain.len())
            && local.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@')
            && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
            && domain.as_bytes()[0].is_ascii_alphanumeric();
        if fits { Ok(Email(text.to_owned())) } else { Err(wrong) }
    }

    /// Returns the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What something is called: for people, on one line.
#[derive(Clone, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(
    value_type = String, example = "Northwind", min_length = 1, max_length = 100,
    pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
)]
pub struct Name(String);

impl Name {
    /// Reads one.
    pub fn new(text: &str) -> Result<Name, Wrong> {
        if !(1..=100).contains(&text.chars().count()) {
            return Err(Wrong("a name has 1 to 100 characters"));
        }
        if text.chars().any(char::is_control) {
            return Err(Wrong("a name has no control characters"));
        }
        Ok(Name(text.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Where a webhook goes, as it may be written. Whether it may be sent there is looked at when it is known from where.
#[derive(Clone, PartialEq, Eq, utoipa::ToSchema)]
#[schema(
    value_type = String, example = "https://example.org/hook", max_length = 2048,
    pattern = "^https?://([0-9A-Za-z.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?([/?#][!-~]*)?$"
)]
pub struct HookUrl(String);

impl fmt::Debug for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever has the address may send there.
        f.write_str("HookUrl(…)")
    }
}

impl HookUrl {
    /// Reads one.
    pub fn new(text: &str) -> Result<HookUrl, Wrong> {
        static PATTERN: LazyLock<regex::Regex> = LazyLock::new(|| {
            let pattern = r"^https?://([0-9A-Za-z.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][!-~]*)?$";
            regex::Regex::new(pattern).expect("a pattern")
        });
        match text.len() <= 2048 && PATTERN.is_match(text) {
            true => Ok(HookUrl(text.to_owned())),
            false => Err(Wrong(
                "not a url: one like https://example.org/hook is expected, in ASCII, of at most 2048 characters",
            )),
        }
    }

    /// Returns the text.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A password somebody chooses.
#[derive(Clone, Debug, utoipa::ToSchema)]
#[schema(value_type = String, format = Password, example = "seven herons wade upstream", min_length = 12, max_length = 128)]
pub struct NewPassword(SecretString);

impl NewPassword {
    /// Reads one. How good it is, is looked at when it is known whose it is.
    pub fn new(text: String) -> Result<NewPassword, Wrong> {
        let fits = crate::serve::auth::password::LENGTH.contains(&text.chars().count());
        if fits { Ok(NewPassword(text.into())) } else { Err(Wrong("a password has 12 to 128 characters")) }
    }

    /// Returns the password.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// A password or token somebody shows.
#[derive(Clone, utoipa::ToSchema)]
#[schema(value_type = String, format = Password, min_length = 1, max_length = 128)]
pub struct Shown(SecretString);

impl Shown {
    fn new(text: String) -> Result<Shown, Wrong> {
        let fits = (1..=128).contains(&text.chars().count());
        if fits { Ok(Shown(text.into())) } else { Err(Wrong("1 to 128 characters are expected")) }
    }

    /// Returns the text.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns the text.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(…)")
    }
}

macro_rules! read_from_text {
    ($($name:ident: $read:expr;)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = String::deserialize(deserializer)?;
                $read(text).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

read_from_text! {
    Email: |text: String| Email::new(&text);
    Name: |text: String| Name::new(&text);
    HookUrl: |text: String| HookUrl::new(&text);
    NewPassword: NewPassword::new;
    Shown: Shown::new;
}

/// Returns what is added to the refusal of a word: the one that was probably meant, or all that are possible.
pub fn instead(word: &str, possible: &[&str]) -> String {
    match crate::query::suggest::near(word, possible.iter().copied()) {
        Some(near) => format!("; did you mean {near}?"),
        None if possible.is_empty() => String::new(),
        None => format!("; possible: {}", possible.join(", ")),
    }
}

/// Returns a text of somebody else's, cut to what fits into a message.
pub fn short(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Reads a field that may be absent (`None`), null (`Some(None)`) or there.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Reads a whole number as JSON Schema means it: 3.0 is one.
pub fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else { return Ok(None) };
    let from_fraction = || number.as_f64().filter(|value| value.fract() == 0.0 && value.abs() < 9e15);
    let whole = number.as_i64().or_else(|| from_fraction().map(|value| value as i64));
    whole.map(Some).ok_or_else(|| serde::de::Error::custom("a whole number is expected"))
}

/// The same of a field that may be absent, null or there.
pub fn given_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    whole(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_what_the_description_says() {
        let pattern = regex::Regex::new("^[!-?A-~]{1,64}@[0-9A-Za-z][0-9A-Za-z.-]{0,188}$").expect("a pattern");
        let long = format!("{}@{}", "a".repeat(64), "b".repeat(189));
        let longer = [format!("{}@b", "a".repeat(65)), format!("a@{}", "b".repeat(190))];
        for text in [
            "ada@example.org",
            "a@b",
            "@b",
            "a@",
            "a b@c",
            "a@b@c",
            "é@b",
            "a@b c",
            "a@-b",
            "a+b!#$%&'*/=?^_`{|}~-@b-c.d",
            "",
            "a@b\n",
            &long,
            &longer[0],
            &longer[1],
        ] {
            assert_eq!(Email::new(text).is_ok(), pattern.is_match(text), "{text:?}");
        }
        assert_eq!(long.len(), 254);
        for (text, taken) in
            [("", false), ("Ädä", true), ("a\nb", false), (&"ä".repeat(100), true), (&"a".repeat(101), false)]
        {
            assert_eq!(Name::new(text).is_ok(), taken, "{text:?}");
        }
    }

    #[test]
    fn a_url_is_one_as_it_stands() {
        let schema = serde_json::to_value(<HookUrl as utoipa::PartialSchema>::schema()).expect("a schema");
        let pattern = regex::Regex::new(schema["pattern"].as_str().expect("a pattern")).expect("a pattern");
        for (text, taken) in [
            ("https://example.org/hook?a=b#c", true),
            ("http://10.0.0.1:9000", true),
            ("https://[2001:db8::1]:8443/x", true),
            ("https://example.org?x", true),
            (" https://example.org", false),
            ("https://example.org/a b", false),
            ("https://me:secret@example.org/", false),
            ("https://b\u{fc}cher.example/", false),
            ("HTTPS://example.org", false),
            ("ftp://example.org", false),
            ("https://example.org:/", false),
            ("https://", false),
            ("", false),
        ] {
            assert_eq!((HookUrl::new(text).is_ok(), pattern.is_match(text)), (taken, taken), "{text:?}");
        }
        HookUrl::new(&format!("https://example.org/{}", "a".repeat(2048))).expect_err("too long");
    }

    #[test]
    fn whole_numbers_may_be_written_with_a_fraction_of_nothing() {
        for (text, read) in
            [("3", Some(Some(3))), ("3.0", Some(Some(3))), ("null", Some(None)), ("3.5", None), ("1e300", None)]
        {
            let deserializer = &mut serde_json::Deserializer::from_str(text);
            assert_eq!(whole(deserializer).ok(), read, "{text}");
        }
    }

    #[test]
    fn secrets_are_not_shown_by_debug() {
        let shown = Shown::new("very secret".into()).expect("a secret");
        let new = NewPassword::new("very secret indeed".into()).expect("a password");
        assert!(!format!("{shown:?} {new:?}").contains("secret\""), "{shown:?} {new:?}");
        assert!(!format!("{shown:?} {new:?}").contains("very"), "{shown:?} {new:?}");
    }
}
