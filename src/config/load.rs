//! From sources to settings: layers are put on each other, the result is read as one tree, secrets are fetched.

use std::collections::BTreeMap;

use config::Config;
use serde_json::Value as Json;
use toml::Value as Toml;

use super::layer::{Given, Layer, other_form};
use super::schema::{SECRETS, Schema, as_json, joined};
use super::{ConfigError, Origin, Settings, Sources, check, secret};

/// Settings, and where each came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    origins: BTreeMap<String, Origin>,
}

/// A setting as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its key.
    pub key: String,
    /// Its value as JSON: null when there is none, `***` for a secret.
    pub value: Json,
    /// Where it came from.
    pub origin: Origin,
}

impl Loaded {
    /// Returns where the value of a key came from.
    pub fn origin(&self, key: &str) -> &Origin {
        self.origins.get(key).unwrap_or(&Origin::Default)
    }

    /// Returns every setting, by key. A list is one setting.
    pub fn values(&self) -> Vec<Shown> {
        fn collect(key: &str, value: Json, shown: &mut impl FnMut(&str, Json)) {
            match value {
                Json::Object(section) => {
                    section.into_iter().for_each(|(name, value)| collect(&joined(key, &name), value, shown));
                }
                value => shown(key, value),
            }
        }
        let mut all = Vec::new();
        collect("", as_json(&self.settings), &mut |key, value| {
            all.push(Shown { key: key.to_owned(), value, origin: self.origin(key).clone() });
        });
        all
    }

    /// Asks what no single value can say: whether the values go together.
    pub fn check(&self) -> Result<(), ConfigError> {
        check::check(self)
    }
}

/// Reads and checks settings.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let loaded = read(sources)?;
    loaded.check()?;
    Ok(loaded)
}

/// Reads settings without asking whether they go together, to show them.
pub fn read(sources: &Sources) -> Result<Loaded, ConfigError> {
    let schema = Schema::new();
    let mut layers = Vec::new();
    for file in &sources.files {
        layers.extend(Layer::file(file, &schema)?);
    }
    layers.push(Layer::variables(&sources.variables, &sources.other_variables, &schema)?);
    layers.push(Layer::flags(&sources.flags, &schema)?);

    let mut given: BTreeMap<String, Given> = BTreeMap::new();
    let mut builder = Config::builder();
    for layer in layers {
        for value in &layer.0 {
            other_form(&value.key).map(|other| given.remove(&other));
            given.insert(value.key.clone(), value.clone());
        }
        builder = builder.add_source(layer);
    }
    let settings = builder.build().and_then(Config::try_deserialize).map_err(|error| unfit(error, &given))?;
    let origins = given.into_iter().map(|(key, given)| (key, given.origin)).collect();
    let mut loaded = Loaded { settings, origins };
    fetch_secrets(&mut loaded)?;
    Ok(loaded)
}

fn fetch_secrets(loaded: &mut Loaded) -> Result<(), ConfigError> {
    if let Some(path) = &loaded.settings.smtp.password_file {
        loaded.settings.smtp.password = Some(secret::read_secret(path)?);
        loaded.origins.insert("smtp.password".to_owned(), Origin::File(path.clone()));
    }
    for channel in &mut loaded.settings.channels {
        channel.secret = channel.secret_file.as_deref().map(secret::read_secret).transpose()?;
    }
    Ok(())
}

/// Says where a value came from that its type could not read.
fn unfit(error: config::ConfigError, given: &BTreeMap<String, Given>) -> ConfigError {
    let (key, expected) = match error {
        config::ConfigError::NotFound(key) => (key, "there".to_owned()),
        config::ConfigError::Type { expected, key, .. } => (key.unwrap_or_default(), expected.to_owned()),
        config::ConfigError::At { error, key, .. } => (key.unwrap_or_default(), error.to_string()),
        other => (String::new(), other.to_string()),
    };
    // The crate writes `syslog[0]listen`.
    let mut key = key;
    while let Some(end) =
        key.match_indices(']').map(|(at, _)| at + 1).find(|at| key[*at..].starts_with(char::is_alphabetic))
    {
        key.insert(end, '.');
    }
    let source = given.get(key.split('[').next().unwrap_or_default());
    let found = source.and_then(|given| dig(&given.value, &key)).filter(|_| !SECRETS.contains(&key.as_str()));
    ConfigError::Value {
        origin: source.map_or(Origin::Default, |given| given.origin.clone()),
        expected,
        found: found.map(Toml::to_string),
        key,
    }
}

/// Follows `syslog[0].listen` from the value of `syslog` to that of `listen`.
fn dig<'a>(value: &'a Toml, key: &str) -> Option<&'a Toml> {
    let Some((_, path)) = key.split_once('[') else { return Some(value) };
    let (index, rest) = path.split_once(']')?;
    let item = value.get(index.parse::<usize>().ok()?)?;
    match rest.strip_prefix('.') {
        None => Some(item),
        // A field that is missing has no value: then only what is expected is told.
        Some(field) => field.split('[').next().and_then(|name| item.get(name)),
    }
}
