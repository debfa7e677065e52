//! What the configuration names: whether the orgs, and the channels of rules, are there.
//!
//! What never was there is a mistake, best told before anything runs. What somebody deleted while the server ran is none
//! of the operator's: it must not keep the server from starting again.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

use super::alerts::texts;
use super::words::Source;
use super::{ControlError, ControlStore};
use crate::config::Settings;
use crate::serve::ids::OrgId;

/// A setting that names what is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Which setting: `rules[0].org`.
    pub key: String,
    /// What is missing.
    pub problem: String,
    /// The org it belongs to.
    pub org: OrgId,
    /// True when it was there once and was deleted.
    pub was_there: bool,
}

impl ControlStore {
    /// Returns the settings that name what is not there: orgs first, then the channels of rules whose org is there.
    pub fn missing(&self, settings: &Settings) -> Result<Vec<Missing>, ControlError> {
        let of_list = |list: &str, orgs: Vec<ulid::Ulid>| -> Vec<(String, OrgId)> {
            let key = |(place, org)| (format!("{list}[{place}].org"), OrgId::of_ulid(org));
            orgs.into_iter().enumerate().map(key).collect()
        };
        let orgs = [
            of_list("syslog", settings.syslog.iter().map(|one| one.org).collect()),
            of_list("rules", settings.rules.iter().map(|one| one.org).collect()),
            of_list("channels", settings.channels.iter().map(|one| one.org).collect()),
        ];
        self.read(|connection| {
            let mut missing = Vec::new();
            let mut there = BTreeSet::new();
            for (key, org) in orgs.into_iter().flatten() {
                if is_org(connection, org)? {
                    there.insert(org);
                    continue;
                }
                let was_there = was_org(connection, org)?;
                let problem =
                    if was_there { format!("the org {org} was deleted") } else { format!("there is no org {org}") };
                missing.push(Missing { key, problem, org, was_there });
            }
            for (place, rule) in settings.rules.iter().enumerate() {
                let org = OrgId::of_ulid(rule.org);
                if !there.contains(&org) {
                    continue;
                }
                let known = known_missing(connection, org, &rule.name)?;
                let is_configured =
                    |name: &str| settings.channels.iter().any(|one| one.org == rule.org && one.name == name);
                for name in rule.channels.iter().filter(|name| !is_configured(name)) {
                    if !is_channel(connection, org, name)? {
                        missing.push(Missing {
                            key: format!("rules[{place}].channels"),
                            problem: format!("the org {org} has no channel called {name:?}"),
                            org,
                            was_there: known.contains(name) || was_channel(connection, org, name)?,
                        });
                    }
                }
            }
            Ok(missing)
        })
    }
}

fn is_org(connection: &Connection, org: OrgId) -> Result<bool, ControlError> {
    Ok(connection.prepare_cached("SELECT 1 FROM orgs WHERE id = ?1")?.exists([org])?)
}

/// Returns true when the org was there once: its audit log stays, and of that at least the base.
fn was_org(connection: &Connection, org: OrgId) -> Result<bool, ControlError> {
    let sql = "SELECT 1 FROM audit WHERE org = ?1 UNION ALL SELECT 1 FROM audit_bases WHERE org = ?1 LIMIT 1";
    Ok(connection.prepare_cached(sql)?.exists([org])?)
}

fn is_channel(connection: &Connection, org: OrgId, name: &str) -> Result<bool, ControlError> {
    Ok(connection.prepare_cached("SELECT 1 FROM channels WHERE org = ?1 AND name = ?2")?.exists((org, name))?)
}

/// Returns true when the org's audit log knows a channel of this name.
fn was_channel(connection: &Connection, org: OrgId, name: &str) -> Result<bool, ControlError> {
    let sql = "SELECT 1 FROM audit WHERE org = ?1 AND action IN ('channel.created', 'channel.changed') AND detail = ?2";
    Ok(connection.prepare_cached(sql)?.exists((org, name))?)
}

/// Returns the channels that a rule of the configuration was found to miss while the server ran.
fn known_missing(connection: &Connection, org: OrgId, rule: &str) -> Result<Vec<String>, ControlError> {
    let mut statement =
        connection.prepare_cached("SELECT missing_channels FROM rules WHERE org = ?1 AND name = ?2 AND source = ?3")?;
    let found = statement.query_row((org, rule, Source::Config), |row| texts(row, 0)).optional()?;
    Ok(found.unwrap_or_default())
}
