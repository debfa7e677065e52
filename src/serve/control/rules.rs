//! Rules: when somebody is to be told.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::alerts::{self, array, texts};
use super::audit;
use super::channels::{self, require_own};
use super::words::{RuleKind, Severity, Source};
use super::{ControlError, ControlStore};
use crate::config::{self, Settings};
use crate::entry::Timestamp;
use crate::serve::auth::OrgScope;
use crate::serve::ids::{ChannelId, OrgId, RuleId};
use crate::serve::origin::Origin;

/// Most rules an org has.
const MOST: i64 = 100;

/// What a rule asks, and what is done then.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSpec {
    /// Its name, unique within the org.
    pub name: String,
    /// What it asks.
    pub kind: RuleKind,
    /// Which entries count; of a threshold any query.
    pub query: String,
    /// All entries of a ratio.
    pub of: Option<String>,
    /// How far it looks back, in nanoseconds.
    pub window: i64,
    /// Fires above this.
    pub above: Option<f64>,
    /// Fires below this.
    pub below: Option<f64>,
    /// How much its alerts matter.
    pub severity: Severity,
    /// The channels that are told.
    pub channels: Vec<ChannelId>,
    /// The operator's commands that are started; of the configuration alone.
    pub commands: Vec<String>,
    /// True when its alert is resolved as soon as the condition is over.
    pub auto_resolve: bool,
    /// False when it is switched off.
    pub enabled: bool,
}

impl RuleSpec {
    /// As the configuration says, but for the channels: which those are, the store knows.
    pub fn of_settings(rule: &config::Rule) -> RuleSpec {
        RuleSpec {
            name: rule.name.clone(),
            kind: rule.kind.into(),
            query: rule.query.clone(),
            of: rule.of.clone(),
            window: i64::try_from(rule.window.get().as_nanos()).unwrap_or(i64::MAX),
            above: rule.above,
            below: rule.below,
            severity: Severity::Warning,
            channels: Vec::new(),
            commands: rule.commands.clone(),
            auto_resolve: true,
            enabled: true,
        }
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// What it asks.
    pub spec: RuleSpec,
    /// Where it comes from.
    pub source: Source,
    /// Since when it is there.
    pub created: Timestamp,
    /// Counts its changes.
    pub version: i64,
    /// Windows that end up to here were judged.
    pub judged: Timestamp,
    /// Why it could not be judged last time, and which channels it names that are not there.
    pub problem: Option<String>,
}

const COLUMNS: &str =
    "id, name, kind, query, of_query, window, above, below, severity, auto_resolve, enabled, commands,
    source, created, version, judged, problem, missing_channels";

fn rule(row: &Row<'_>) -> rusqlite::Result<Rule> {
    let time = |column| {
        let nanos: i64 = row.get(column)?;
        Timestamp::from_nanos(nanos).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, nanos))
    };
    Ok(Rule {
        id: row.get(0)?,
        spec: RuleSpec {
            name: row.get(1)?,
            kind: row.get(2)?,
            query: row.get(3)?,
            of: row.get(4)?,
            window: row.get(5)?,
            above: row.get(6)?,
            below: row.get(7)?,
            severity: row.get(8)?,
            channels: Vec::new(),
            auto_resolve: row.get(9)?,
            enabled: row.get(10)?,
            commands: texts(row, 11)?,
        },
        source: row.get(12)?,
        created: time(13)?,
        version: row.get(14)?,
        judged: time(15)?,
        problem: problem(row.get(16)?, &texts(row, 17)?),
    })
}

/// Returns what is wrong with a rule: why it could not be judged, and which channels it cannot tell.
fn problem(judging: Option<String>, missing: &[String]) -> Option<String> {
    let missing = missing.iter().map(|name| format!("channels: the org has no channel called {name:?}"));
    let all: Vec<String> = judging.into_iter().chain(missing).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

fn with_channels(connection: &Connection, mut rule: Rule) -> Result<Rule, ControlError> {
    let mut statement =
        connection.prepare_cached("SELECT channel FROM rule_channels WHERE rule = ?1 ORDER BY channel")?;
    rule.spec.channels = statement.query_map([rule.id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(rule)
}

fn find(connection: &Connection, scope: &OrgScope, id: RuleId) -> Result<Rule, ControlError> {
    let sql = format!("SELECT {COLUMNS} FROM rules WHERE id = ?1 AND org = ?2");
    let found = connection.prepare_cached(&sql)?.query_row((id, scope.org()), rule).optional()?;
    with_channels(connection, found.ok_or(ControlError::NotFound)?)
}

fn all(connection: &Connection, org: OrgId) -> Result<Vec<Rule>, ControlError> {
    let sql = format!("SELECT {COLUMNS} FROM rules WHERE org = ?1 ORDER BY name");
    let rules = connection.prepare_cached(&sql)?.query_map([org], rule)?.collect::<Result<Vec<_>, _>>()?;
    rules.into_iter().map(|rule| with_channels(connection, rule)).collect()
}

fn is_taken(connection: &Connection, org: OrgId, name: &str, but: Option<RuleId>) -> Result<bool, ControlError> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM rules WHERE org = ?1 AND name = ?2 AND (?3 IS NULL OR id <> ?3)")?;
    Ok(statement.exists((org, name, but))?)
}

/// Sets the channels of a rule. One of another org is as one that is not there.
fn set_channels(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    rule: RuleId,
    channels: &[ChannelId],
) -> Result<(), ControlError> {
    transaction.execute("DELETE FROM rule_channels WHERE rule = ?1", [rule])?;
    for channel in channels {
        match channels::find(transaction, scope, *channel) {
            Err(ControlError::NotFound) => {
                return Err(ControlError::Conflict("channels: one of them is no channel of this org"));
            }
            other => other?,
        };
        transaction.execute("INSERT OR IGNORE INTO rule_channels (rule, channel) VALUES (?1, ?2)", (rule, channel))?;
    }
    Ok(())
}

fn insert(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    spec: &RuleSpec,
    source: Source,
    now: Timestamp,
) -> Result<RuleId, ControlError> {
    let id = RuleId::generate();
    transaction.execute(
        "INSERT INTO rules (id, org, name, kind, query, of_query, window, above, below, severity, auto_resolve, enabled,
                            commands, source, created, judged)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15)",
        params![
            id,
            scope.org(),
            spec.name,
            spec.kind,
            spec.query,
            spec.of,
            spec.window,
            spec.above,
            spec.below,
            spec.severity,
            spec.auto_resolve,
            spec.enabled,
            array(&spec.commands),
            source,
            now.nanos(),
        ],
    )?;
    set_channels(transaction, scope, id, &spec.channels)?;
    Ok(id)
}

/// Changes a rule. What it asks now is asked from now on: the time it was switched off is not made up for.
fn update(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    before: &Rule,
    spec: &RuleSpec,
    now: Timestamp,
) -> Result<(), ControlError> {
    let asks_anew = !before.spec.enabled && spec.enabled;
    transaction.execute(
        "UPDATE rules SET name = ?2, query = ?3, of_query = ?4, window = ?5, above = ?6, below = ?7, severity = ?8,
                auto_resolve = ?9, enabled = ?10, commands = ?11, kind = ?12, version = version + 1, problem = NULL,
                judged = iif(?13, ?14, judged)
         WHERE id = ?1",
        params![
            before.id,
            spec.name,
            spec.query,
            spec.of,
            spec.window,
            spec.above,
            spec.below,
            spec.severity,
            spec.auto_resolve,
            spec.enabled,
            array(&spec.commands),
            spec.kind,
            asks_anew,
            now.nanos(),
        ],
    )?;
    set_channels(transaction, scope, before.id, &spec.channels)?;
    if before.spec.enabled && !spec.enabled {
        alerts::end_of_rule(transaction, scope, before.id, "the rule was switched off", now)?;
    }
    Ok(())
}

fn delete(transaction: &Transaction<'_>, scope: &OrgScope, id: RuleId, now: Timestamp) -> Result<(), ControlError> {
    alerts::end_of_rule(transaction, scope, id, "the rule was deleted", now)?;
    transaction.execute("DELETE FROM rules WHERE id = ?1 AND org = ?2", (id, scope.org()))?;
    Ok(())
}

impl ControlStore {
    /// Returns the rules of the org, by name.
    pub fn rules(&self, scope: &OrgScope) -> Result<Vec<Rule>, ControlError> {
        self.read(|connection| all(connection, scope.org()))
    }

    /// Returns a rule.
    pub fn rule(&self, scope: &OrgScope, id: RuleId) -> Result<Rule, ControlError> {
        self.read(|connection| find(connection, scope, id))
    }

    /// Makes a rule. The first window it judges is the first to end from now on.
    pub fn create_rule(&self, scope: &OrgScope, spec: &RuleSpec, origin: &Origin) -> Result<Rule, ControlError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT count(*) FROM rules WHERE org = ?1")?;
            if statement.query_row([scope.org()], |row| row.get::<_, i64>(0))? >= MOST {
                return Err(ControlError::Conflict("an org has at most 100 rules"));
            }
            if is_taken(transaction, scope.org(), &spec.name, None)? {
                return Err(ControlError::Conflict("a rule of this name is there already"));
            }
            let id = insert(transaction, scope, spec, Source::Api, origin.now)?;
            audit::done(transaction, scope, origin, "rule.created", (&id, &spec.name))?;
            find(transaction, scope, id)
        })
    }

    /// Changes the rule that had this version.
    ///
    /// # Errors
    /// [`ControlError::Conflict`] when somebody else changed it meanwhile, or it comes from the configuration.
    pub fn change_rule(
        &self,
        scope: &OrgScope,
        before: &Rule,
        spec: &RuleSpec,
        origin: &Origin,
    ) -> Result<Rule, ControlError> {
        self.write(|transaction| {
            let current = find(transaction, scope, before.id)?;
            require_own(current.source)?;
            if current.version != before.version {
                return Err(ControlError::Conflict("somebody else changed the rule just now; look at it again"));
            }
            if is_taken(transaction, scope.org(), &spec.name, Some(before.id))? {
                return Err(ControlError::Conflict("a rule of this name is there already"));
            }
            update(transaction, scope, &current, spec, origin.now)?;
            audit::done(transaction, scope, origin, "rule.changed", (&before.id, &spec.name))?;
            find(transaction, scope, before.id)
        })
    }

    /// Deletes a rule and resolves its alerts.
    pub fn delete_rule(&self, scope: &OrgScope, id: RuleId, origin: &Origin) -> Result<(), ControlError> {
        self.write(|transaction| {
            let rule = find(transaction, scope, id)?;
            require_own(rule.source)?;
            delete(transaction, scope, id, origin.now)?;
            audit::done(transaction, scope, origin, "rule.deleted", (&id, &rule.spec.name))
        })
    }

    /// Notes why a rule could not be judged.
    pub fn rule_failed(&self, scope: &OrgScope, rule: &Rule, problem: &str) -> Result<(), ControlError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE rules SET problem = ?3 WHERE id = ?1 AND org = ?2 AND version = ?4",
                (rule.id, scope.org(), problem, rule.version),
            )?;
            Ok(())
        })
    }

    /// Makes the rules and channels of the configuration rows, changes those it changed, removes those it has no more.
    /// What belongs to an org that is not there waits until it is.
    pub fn configure(&self, settings: &Settings, now: Timestamp) -> Result<(), ControlError> {
        let sources = self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT org FROM rules WHERE source = 'config'
                 UNION SELECT DISTINCT org FROM channels WHERE source = 'config'",
            )?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<OrgId>, _>>()?)
        })?;
        let named = settings.rules.iter().map(|rule| rule.org).chain(settings.channels.iter().map(|one| one.org));
        let mut orgs: Vec<OrgId> = sources.into_iter().chain(named.map(OrgId::of_ulid)).collect();
        orgs.sort();
        orgs.dedup();
        orgs.into_iter().try_for_each(|org| self.configure_org(org, settings, now))
    }

    fn configure_org(&self, org: OrgId, settings: &Settings, now: Timestamp) -> Result<(), ControlError> {
        let scope = OrgScope::of_server(org);
        self.write(|transaction| {
            if !transaction.prepare_cached("SELECT 1 FROM orgs WHERE id = ?1")?.exists([org])? {
                tracing::debug!(%org, "rules or channels of the configuration wait for their org");
                return Ok(());
            }
            let of_org = |id: ulid::Ulid| OrgId::of_ulid(id) == org;
            let wanted: Vec<_> = settings.channels.iter().filter(|channel| of_org(channel.org)).collect();
            channels::configure(transaction, org, &wanted, now)?;

            let wanted: Vec<_> = settings.rules.iter().filter(|rule| of_org(rule.org)).collect();
            let there = all(transaction, org)?;
            for rule in there.iter().filter(|rule| rule.source == Source::Config) {
                if !wanted.iter().any(|wanted| wanted.name == rule.spec.name) {
                    delete(transaction, &scope, rule.id, now)?;
                }
            }
            for wanted in wanted {
                let (channels, missing) = named(transaction, org, &wanted.channels)?;
                let spec = RuleSpec { channels, ..RuleSpec::of_settings(wanted) };
                let id = match there.iter().find(|rule| rule.spec.name == wanted.name) {
                    None => insert(transaction, &scope, &spec, Source::Config, now)?,
                    Some(known) if known.source == Source::Api => {
                        tracing::warn!(%org, name = wanted.name, "a rule of the configuration was left out: its name is taken");
                        continue;
                    }
                    Some(known) => {
                        if known.spec != spec {
                            update(transaction, &scope, known, &spec, now)?;
                        }
                        known.id
                    }
                };
                note_missing(transaction, org, id, &missing)?;
            }
            Ok(())
        })
    }
}

/// Returns the channels of these names, in the order of their ids, and the names that no channel has.
fn named(connection: &Connection, org: OrgId, names: &[String]) -> Result<(Vec<ChannelId>, Vec<String>), ControlError> {
    let mut statement = connection.prepare_cached("SELECT id FROM channels WHERE org = ?1 AND name = ?2")?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        match statement.query_row((org, name), |row| row.get(0)).optional()? {
            Some(id) => found.push(id),
            None => missing.push(name.clone()),
        }
    }
    found.sort();
    found.dedup();
    Ok((found, missing))
}

/// Notes which channels a rule of the configuration cannot tell; said in the log when that changed.
fn note_missing(
    transaction: &Transaction<'_>,
    org: OrgId,
    rule: RuleId,
    missing: &[String],
) -> Result<(), ControlError> {
    let mut statement = transaction
        .prepare_cached("UPDATE rules SET missing_channels = ?2 WHERE id = ?1 AND missing_channels <> ?2")?;
    if statement.execute((rule, array(missing)))? > 0 && !missing.is_empty() {
        tracing::warn!(%org, %rule, ?missing, "a rule of the configuration names channels that are not there");
    }
    Ok(())
}
