//! One place values come from: a file, the environment, or the flags. A layer knows the keys and kinds of its values;
//! the `config` crate puts layers on each other.

use std::fs::File;
use std::io::{self, Read};

use config::{Map, Value, ValueKind};
use toml::Value as Toml;

use super::schema::{self, Misfit, SECRETS, Schema};
use super::{ConfigError, Flag, FlagValue, Origin, SourceFile, secret};

/// A value and where it came from.
#[derive(Clone)]
pub struct Given {
    /// Its key.
    pub key: String,
    /// The value.
    pub value: Toml,
    /// Where it came from.
    pub origin: Origin,
}

/// The values of one place, each key at most once.
#[derive(Clone)]
pub struct Layer(pub Vec<Given>);

impl std::fmt::Debug for Layer {
    /// Names the keys alone: a value may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|given| &given.key)).finish()
    }
}

impl config::Source for Layer {
    fn clone_into_box(&self) -> Box<dyn config::Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        let mut values = Map::new();
        for given in &self.0 {
            // A secret and the file it is read from are one thing: the stronger place decides, whichever it names.
            if let Some(other) = other_form(&given.key) {
                values.insert(other, Value::new(None, ValueKind::Nil));
            }
        }
        values.extend(self.0.iter().map(|given| (given.key.clone(), value(&given.value, &given.origin))));
        Ok(values)
    }
}

/// Returns the key that says the same as this one: the file of a secret, or the secret of a file.
pub fn other_form(key: &str) -> Option<String> {
    SECRETS.iter().find_map(|secret| {
        let file = format!("{secret}_file");
        if key == *secret { Some(file) } else { (key == file).then(|| (*secret).to_owned()) }
    })
}

fn value(toml: &Toml, origin: &Origin) -> Value {
    let kind = match toml {
        Toml::String(text) => ValueKind::String(text.clone()),
        Toml::Integer(number) => ValueKind::I64(*number),
        Toml::Float(number) => ValueKind::Float(*number),
        Toml::Boolean(is) => ValueKind::Boolean(*is),
        Toml::Datetime(time) => ValueKind::String(time.to_string()),
        Toml::Array(items) => ValueKind::Array(items.iter().map(|item| value(item, origin)).collect()),
        Toml::Table(table) => {
            ValueKind::Table(table.iter().map(|(key, item)| (key.clone(), value(item, origin))).collect())
        }
    };
    Value::new(Some(&origin.to_string()), kind)
}

impl Layer {
    /// Reads a file; none when it is not there and nobody asked for it.
    pub fn file(file: &SourceFile, schema: &Schema) -> Result<Option<Layer>, ConfigError> {
        let path = &file.path;
        let unread = |source| ConfigError::Read { path: path.clone(), source };
        let mut open = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !file.is_asked => return Ok(None),
            opened => opened.map_err(unread)?,
        };
        let mut text = String::new();
        open.read_to_string(&mut text).map_err(unread)?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |end| end + 1);
            ConfigError::Syntax {
                path: path.clone(),
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
                problem: error.message().replace('\n', ", "),
            }
        })?;
        let origin = Origin::File(path.clone());
        let settings = schema.settings(table).map_err(|misfit| told(misfit, None, &origin, schema))?;
        let layer =
            Layer(settings.into_iter().map(|(key, value)| Given { key, value, origin: origin.clone() }).collect());
        if layer.0.iter().any(|given| SECRETS.contains(&given.key.as_str())) {
            secret::ask_private(&open, path)?;
        }
        layer.once(&origin).map(Some)
    }

    /// Reads the variables of the environment that are settings. An empty one is none.
    pub fn variables(variables: &[(String, String)], others: &[String], schema: &Schema) -> Result<Layer, ConfigError> {
        let mut layer = Layer(Vec::new());
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            if text.is_empty() || is_of_kubernetes(rest) || others.contains(name) {
                continue;
            }
            let origin = Origin::Variable(name.clone());
            let key = rest.to_lowercase().replace("__", ".");
            let kind = schema.kind(&key).filter(|_| variable(&key) == *name);
            let value = kind
                .ok_or_else(|| Misfit::Unknown { key: key.clone() })
                .and_then(|kind| schema::from_text(&key, kind, text))
                .map_err(|misfit| told(misfit, Some(text), &origin, schema))?;
            layer.0.push(Given { key, value, origin });
        }
        layer.once(&Origin::Variable("environment".to_owned()))
    }

    /// Reads flags.
    pub fn flags(flags: &[Flag], schema: &Schema) -> Result<Layer, ConfigError> {
        let mut layer = Layer(Vec::new());
        for Flag { name, key, value } in flags {
            let origin = Origin::Flag((*name).to_owned());
            let kind = schema.kind(key).expect("a flag sets a setting");
            let value = match value {
                FlagValue::On => Ok(Toml::Boolean(true)),
                FlagValue::Text(text) => {
                    schema::from_text(key, kind, text).map_err(|misfit| told(misfit, Some(text), &origin, schema))
                }
                FlagValue::List(texts) => Ok(Toml::Array(texts.iter().cloned().map(Toml::String).collect())),
            }?;
            layer.0.push(Given { key: (*key).to_owned(), value, origin });
        }
        Ok(layer)
    }

    /// Asks that no secret is given in both its forms.
    fn once(self, origin: &Origin) -> Result<Layer, ConfigError> {
        let has = |key: &str| self.0.iter().any(|given| given.key == key);
        match SECRETS.iter().find(|key| has(key) && has(&format!("{key}_file"))) {
            Some(key) => Err(ConfigError::Twice { key: (*key).to_owned(), origin: origin.clone() }),
            None => Ok(self),
        }
    }
}

/// What the name of a variable begins with.
const PREFIX: &str = "LOGAN_";

/// Returns the name of the variable that sets a key.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// Kubernetes tells every container of a service named `logan` about it, in variables of these names.
fn is_of_kubernetes(rest: &str) -> bool {
    rest == "PORT" || ["PORT_", "SERVICE_HOST", "SERVICE_PORT"].iter().any(|begin| rest.starts_with(begin))
}

/// Makes a misfit an error that says where the value came from.
fn told(misfit: Misfit, text: Option<&str>, origin: &Origin, schema: &Schema) -> ConfigError {
    match misfit {
        Misfit::Unknown { key } => {
            let names = schema.names();
            let known = match origin {
                Origin::Variable(_) => {
                    names.iter().filter(|name| schema.kind(name).is_some()).map(|name| variable(name)).collect()
                }
                Origin::Default | Origin::File(_) | Origin::Flag(_) => names,
            };
            ConfigError::UnknownKey { key, origin: origin.clone(), known }
        }
        Misfit::Kind { key, expected } => {
            let found = text.filter(|_| !SECRETS.contains(&key.as_str())).map(|text| format!("{text:?}"));
            ConfigError::Value { key, origin: origin.clone(), expected, found }
        }
    }
}
