//! Which keys there are, and what kind of value each has. Read off the tree of settings itself, so that there is no
//! second list to forget.

use serde_json::Value as Json;
use toml::Value as Toml;

use super::settings::{Channel, Command, Rule, Settings, Syslog};
use super::units::{Period, Size};
use super::words::{ChannelKind, RuleKind, SyslogProtocol};

/// The secrets among the keys. `<key>_file` names a file each can be read from.
pub const SECRETS: [&str; 1] = ["smtp.password"];

/// A setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its name: `limits.body`; `syslog[].listen` is a key of each item of a list.
    pub name: String,
    /// Its default as JSON; null when there is none.
    pub default: Json,
}

/// Returns every setting, by name.
pub fn keys() -> Vec<Key> {
    let defaults = as_json(&Settings::default());
    let mut keys = Vec::new();
    collect("", Schema::new().root(), &mut |name| {
        let default = name.split('.').try_fold(&defaults, |at, part| at.get(part)).cloned();
        keys.push(Key { name: name.to_owned(), default: default.unwrap_or(Json::Null) });
    });
    keys
}

fn collect(name: &str, example: &Json, found: &mut impl FnMut(&str)) {
    match example {
        Json::Object(section) => section.iter().for_each(|(key, example)| collect(&joined(name, key), example, found)),
        Json::Array(items) if items.first().is_some_and(Json::is_object) => {
            found(name);
            collect(&format!("{name}[]"), &items[0], found);
        }
        Json::Array(_) | Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => found(name),
    }
}

/// Returns the name of a key within a section.
pub fn joined(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// Returns settings as JSON: what is written as text is text, secrets are `***`.
pub fn as_json(settings: &Settings) -> Json {
    serde_json::to_value(settings).expect("settings have text for keys and numbers that are finite")
}

/// Settings in which everything optional is there and each list has one item: they show the kind of each value.
fn example() -> Settings {
    let some_text = || Some("text".to_owned());
    let mut example = Settings::default();
    example.tls.cert = Some("/etc/logan/tls.pem".into());
    example.tls.key = Some("/etc/logan/tls.key".into());
    example.behind_proxy.trusted = vec!["10.0.0.0/8".parse().expect("a network")];
    example.delivery.allow = example.behind_proxy.trusted.clone();
    example.retention.days = Some(30);
    example.retention.bytes = Some(Size::mib(1024));
    example.smtp.host = Some("mail.example.org".into());
    example.smtp.user = Some("logan".into());
    example.smtp.password = Some("text".to_owned().into());
    example.smtp.password_file = Some("/etc/logan/smtp.password".into());
    example.smtp.from = Some("logan@example.org".into());
    let org = ulid::Ulid::nil();
    example.syslog = vec![Syslog {
        listen: example.listen,
        protocol: SyslogProtocol::Tcp,
        org,
        format: "syslog".into(),
        tz: "UTC".into(),
        insecure: false,
    }];
    example.rules = vec![Rule {
        org,
        name: "errors".into(),
        kind: RuleKind::Threshold,
        query: "level >= error".into(),
        of: some_text(),
        window: Period::minutes(5),
        above: Some(0.5),
        below: Some(0.5),
        channels: vec!["ops".into()],
        commands: vec!["page".into()],
    }];
    example.channels = vec![Channel {
        org,
        name: "ops".into(),
        kind: ChannelKind::Webhook,
        url: Some("https://example.org/hook".into()),
        to: vec!["ops@example.org".into()],
        secret_file: Some("/etc/logan/hook.secret".into()),
        secret: None,
    }];
    example.commands =
        vec![Command { name: "page".into(), argv: vec!["/usr/local/bin/page".into()], timeout: Period::seconds(10) }];
    example
}

/// A value that does not fit its key, or a key that is not there.
#[derive(Debug, PartialEq)]
pub enum Misfit {
    /// There is no such key.
    Unknown {
        /// The key.
        key: String,
    },
    /// The value is of another kind.
    Kind {
        /// The key.
        key: String,
        /// What is expected.
        expected: String,
    },
}

/// The kind of every value.
#[derive(Debug)]
pub struct Schema(Json);

impl Schema {
    /// Reads the kinds off the example.
    pub fn new() -> Schema {
        Schema(as_json(&example()))
    }

    /// Returns the kinds of everything.
    pub fn root(&self) -> &Json {
        &self.0
    }

    /// Returns the kind of one setting; none for a section.
    pub fn kind(&self, key: &str) -> Option<&Json> {
        key.split('.').try_fold(&self.0, |at, part| at.get(part)).filter(|kind| !kind.is_object())
    }

    /// Returns the names of all settings and sections.
    pub fn names(&self) -> Vec<String> {
        let sections = self.0.as_object().into_iter().flatten().filter(|(_, kind)| kind.is_object());
        let sections = sections.map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let mut names = sections;
        collect("", &self.0, &mut |name| names.push(name.to_owned()));
        names
    }

    /// Takes a table apart into settings and their values.
    pub fn settings(&self, table: toml::Table) -> Result<Vec<(String, Toml)>, Misfit> {
        let mut found = Vec::new();
        take_apart("", &self.0, Toml::Table(table), &mut found)?;
        Ok(found)
    }
}

fn take_apart(name: &str, kind: &Json, value: Toml, found: &mut Vec<(String, Toml)>) -> Result<(), Misfit> {
    match (kind, value) {
        (Json::Object(section), Toml::Table(table)) => table.into_iter().try_for_each(|(key, value)| {
            let name = joined(name, &key);
            let kind = section.get(&key).ok_or_else(|| Misfit::Unknown { key: name.clone() })?;
            take_apart(&name, kind, value, found)
        }),
        (kind, value) => {
            fits(name, kind, &value)?;
            found.push((name.to_owned(), value));
            Ok(())
        }
    }
}

/// Asks whether a value is of the kind of its key. What it says is asked later, by the type that reads it.
pub fn fits(name: &str, kind: &Json, value: &Toml) -> Result<(), Misfit> {
    let expect = |expected: String| Err(Misfit::Kind { key: name.to_owned(), expected });
    match (kind, value) {
        (Json::Object(item), Toml::Table(table)) => table.iter().try_for_each(|(key, value)| {
            let name = joined(name, key);
            item.get(key).map_or(Err(Misfit::Unknown { key: name.clone() }), |kind| fits(&name, kind, value))
        }),
        (Json::Array(kinds), Toml::Array(items)) => {
            items.iter().enumerate().try_for_each(|(index, item)| fits(&format!("{name}[{index}]"), &kinds[0], item))
        }
        (Json::Bool(_), Toml::Boolean(_)) | (Json::String(_), Toml::String(_)) => Ok(()),
        (Json::Number(number), Toml::Integer(_)) if number.is_f64() => Ok(()),
        (Json::Number(number), Toml::Float(float)) if number.is_f64() && float.is_finite() => Ok(()),
        (Json::Number(number), Toml::Integer(1..=WHOLE)) if number.is_u64() => Ok(()),
        (kind, _) => expect(described(kind)),
    }
}

/// The greatest whole number.
const WHOLE: i64 = u32::MAX as i64;

fn described(kind: &Json) -> String {
    match kind {
        Json::Object(section) => {
            let keys = section.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            format!("a table with keys of {keys}")
        }
        Json::Array(items) if items[0].is_object() => "a list of tables".to_owned(),
        Json::Array(items) => format!("a list such as [{}]", items[0]),
        Json::Bool(_) => "true or false".to_owned(),
        Json::Number(number) if number.is_f64() => "a number".to_owned(),
        Json::Number(_) => format!("a whole number from 1 to {WHOLE}"),
        Json::String(text) if text == "***" => "text in quotes".to_owned(),
        Json::String(_) | Json::Null => format!("text such as {kind}"),
    }
}

/// Reads a value from the text of a variable or a flag, as its kind wants it.
pub fn from_text(name: &str, kind: &Json, text: &str) -> Result<Toml, Misfit> {
    let expect = |expected: String| Misfit::Kind { key: name.to_owned(), expected };
    let value = match kind {
        Json::Array(_) if text.trim_start().starts_with('[') => {
            let table: Option<toml::Table> = format!("list = {text}").parse().ok();
            let list = table.filter(|table| table.len() == 1).and_then(|mut table| table.remove("list"));
            list.ok_or_else(|| expect("a list as in TOML".to_owned()))?
        }
        Json::Array(items) if items[0].is_object() => return Err(expect("a list of tables as in TOML".to_owned())),
        Json::Array(items) => {
            let items = text.split(',').map(|item| from_text(name, &items[0], item.trim()));
            Toml::Array(items.collect::<Result<_, _>>()?)
        }
        Json::Bool(_) => Toml::Boolean(text.parse().map_err(|_| expect(described(kind)))?),
        Json::Number(number) if number.is_f64() => Toml::Float(text.parse().map_err(|_| expect(described(kind)))?),
        Json::Number(_) => Toml::Integer(text.parse().map_err(|_| expect(described(kind)))?),
        Json::String(_) | Json::Null | Json::Object(_) => Toml::String(text.to_owned()),
    };
    fits(name, kind, &value)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_shows_the_kind_of_every_setting() {
        fn ask(name: &str, kind: &Json) {
            assert!(!kind.is_null(), "{name} is not in the example");
            match kind {
                Json::Object(section) => section.iter().for_each(|(key, kind)| ask(&joined(name, key), kind)),
                Json::Array(items) => {
                    assert!(!items.is_empty(), "{name} has no item in the example");
                    items.iter().for_each(|item| ask(name, item));
                }
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
            }
        }
        ask("", Schema::new().root());
    }

    #[test]
    fn texts_become_the_kind_their_key_has() {
        let schema = Schema::new();
        let read = |key: &str, text: &str| from_text(key, schema.kind(key).unwrap(), text);
        for (key, text, expected) in [
            ("limits.body", "1MiB", "\"1MiB\""),
            ("limits.fields", "17", "17"),
            ("insecure", "true", "true"),
            ("behind_proxy.trusted", "10.0.0.0/8, ::1", "[\"10.0.0.0/8\", \"::1\"]"),
            ("delivery.ports", "443,9000", "[443, 9000]"),
            ("delivery.ports", "[443]", "[443]"),
            ("commands", "[{ name = 'a', argv = ['/b'] }]", "[{ name = \"a\", argv = [\"/b\"] }]"),
        ] {
            let mut seen = read(key, text).unwrap().to_string();
            if key == "commands" {
                seen = seen.replace("{ argv = [\"/b\"], name = \"a\" }", "{ name = \"a\", argv = [\"/b\"] }");
            }
            assert_eq!(seen, expected, "{key} {text}");
        }
        for (key, text) in [
            ("limits.fields", "0"),
            ("limits.fields", "on"),
            ("limits.fields", "4294967296"),
            ("insecure", "yes"),
            ("delivery.ports", "443,"),
            ("delivery.ports", "[443"),
            ("delivery.ports", "[443]\nx = 1"),
            ("commands", "a"),
            ("commands", "[{ nam = 'a' }]"),
        ] {
            assert!(read(key, text).is_err(), "{key} {text}");
        }
    }
}
