//! Channels: where an org's alerts are sent.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use secrecy::{ExposeSecret, SecretString};

use super::alerts::{array, texts};
use super::audit;
use super::outbox::MOST_FAILURES;
use super::words::{ChannelKind, Detections, Severity, Source};
use super::{ControlError, ControlStore};
use crate::config;
use crate::entry::Timestamp;
use crate::serve::auth::OrgScope;
use crate::serve::ids::{ChannelId, OrgId};
use crate::serve::origin::Origin;

/// Most channels an org has.
const MOST: i64 = 20;

/// Where alerts are sent.
#[derive(Clone)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Its name, unique within the org.
    pub name: String,
    /// How it sends.
    pub kind: ChannelKind,
    /// Where a webhook goes.
    pub url: Option<String>,
    /// Who gets mail.
    pub to: Vec<String>,
    /// What signs a webhook.
    pub secret: Option<SecretString>,
    /// Which alerts of the detection it is told of.
    pub detections: Detections,
    /// False when it is switched off.
    pub enabled: bool,
    /// Failures in a row.
    pub failures: i64,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When something was sent last.
    pub last_sent: Option<Timestamp>,
    /// Where it comes from.
    pub source: Source,
    /// Since when it is there.
    pub created: Timestamp,
}

impl fmt::Debug for Channel {
    /// Leaves out where it sends: addresses of webhooks are secrets of their own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a channel is to be.
#[derive(Clone)]
pub struct ChannelSpec {
    /// See [`Channel::name`].
    pub name: String,
    /// See [`Channel::kind`].
    pub kind: ChannelKind,
    /// See [`Channel::url`].
    pub url: Option<String>,
    /// See [`Channel::to`].
    pub to: Vec<String>,
    /// See [`Channel::secret`].
    pub secret: Option<SecretString>,
    /// See [`Channel::detections`].
    pub detections: Detections,
    /// See [`Channel::enabled`].
    pub enabled: bool,
}

impl Channel {
    /// Returns what it is, to be changed.
    pub fn spec(&self) -> ChannelSpec {
        ChannelSpec {
            name: self.name.clone(),
            kind: self.kind,
            url: self.url.clone(),
            to: self.to.clone(),
            secret: self.secret.clone(),
            detections: self.detections,
            enabled: self.enabled,
        }
    }
}

const COLUMNS: &str = "id, name, kind, url, recipients, secret, detections, enabled, failures, last_error, last_sent,
    source, created";

fn channel(row: &Row<'_>) -> rusqlite::Result<Channel> {
    let time = |nanos: i64| Timestamp::from_nanos(nanos).ok_or(rusqlite::Error::IntegralValueOutOfRange(12, nanos));
    Ok(Channel {
        id: row.get(0)?,
        name: row.get(1)?,
        kind: row.get(2)?,
        url: row.get(3)?,
        to: texts(row, 4)?,
        secret: row.get::<_, Option<String>>(5)?.map(SecretString::from),
        detections: row.get(6)?,
        enabled: row.get(7)?,
        failures: row.get(8)?,
        last_error: row.get(9)?,
        last_sent: row.get::<_, Option<i64>>(10)?.map(time).transpose()?,
        source: row.get(11)?,
        created: time(row.get(12)?)?,
    })
}

/// Returns a channel of the org.
pub(super) fn find(connection: &Connection, scope: &OrgScope, id: ChannelId) -> Result<Channel, ControlError> {
    let sql = format!("SELECT {COLUMNS} FROM channels WHERE id = ?1 AND org = ?2");
    let found = connection.prepare_cached(&sql)?.query_row((id, scope.org()), channel).optional()?;
    found.ok_or(ControlError::NotFound)
}

/// Returns the channels that are told what the detection finds of this severity.
pub(super) fn of_detections(
    connection: &Connection,
    scope: &OrgScope,
    severity: Severity,
) -> Result<Vec<ChannelId>, ControlError> {
    let mut statement = connection.prepare_cached("SELECT id, detections FROM channels WHERE org = ?1 ORDER BY id")?;
    let rows = statement.query_map([scope.org()], |row| Ok((row.get::<_, ChannelId>(0)?, row.get(1)?)))?;
    let all = rows.collect::<Result<Vec<(ChannelId, Detections)>, _>>()?;
    Ok(all.into_iter().filter(|(_, detections)| detections.include(severity)).map(|(id, _)| id).collect())
}

/// Notes that something was sent.
pub(super) fn succeeded(transaction: &Transaction<'_>, id: ChannelId, now: Timestamp) -> Result<(), ControlError> {
    transaction
        .prepare_cached("UPDATE channels SET failures = 0, last_error = NULL, last_sent = ?2 WHERE id = ?1")?
        .execute((id, now.nanos()))?;
    Ok(())
}

/// Notes that something could not be sent; returns true when that was one time too many.
pub(super) fn failed(transaction: &Transaction<'_>, id: ChannelId, error: &str) -> Result<bool, ControlError> {
    let mut statement = transaction.prepare_cached(
        "UPDATE channels SET failures = failures + 1, last_error = ?2, enabled = enabled AND failures + 1 < ?3
         WHERE id = ?1 RETURNING failures",
    )?;
    let failures = statement.query_row((id, error, MOST_FAILURES), |row| row.get::<_, i64>(0)).optional()?;
    Ok(failures == Some(MOST_FAILURES))
}

fn is_taken(connection: &Connection, org: OrgId, name: &str, but: Option<ChannelId>) -> Result<bool, ControlError> {
    let mut statement = connection
        .prepare_cached("SELECT 1 FROM channels WHERE org = ?1 AND name = ?2 AND (?3 IS NULL OR id <> ?3)")?;
    Ok(statement.exists((org, name, but))?)
}

fn insert(
    transaction: &Transaction<'_>,
    org: OrgId,
    spec: &ChannelSpec,
    source: Source,
    now: Timestamp,
) -> Result<ChannelId, ControlError> {
    let id = ChannelId::generate();
    transaction.execute(
        "INSERT INTO channels (id, org, name, kind, url, recipients, secret, detections, enabled, source, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            id,
            org,
            spec.name,
            spec.kind,
            spec.url,
            array(&spec.to),
            spec.secret.as_ref().map(ExposeSecret::expose_secret),
            spec.detections,
            spec.enabled,
            source,
            now.nanos(),
        ],
    )?;
    Ok(id)
}

fn update(transaction: &Transaction<'_>, id: ChannelId, spec: &ChannelSpec) -> Result<(), ControlError> {
    transaction.execute(
        "UPDATE channels SET name = ?2, url = ?3, recipients = ?4, secret = ?5, detections = ?6, enabled = ?7,
                failures = iif(?7 AND NOT enabled, 0, failures)
         WHERE id = ?1",
        params![
            id,
            spec.name,
            spec.url,
            array(&spec.to),
            spec.secret.as_ref().map(ExposeSecret::expose_secret),
            spec.detections,
            spec.enabled
        ],
    )?;
    Ok(())
}

impl ControlStore {
    /// Returns the channels of the org, by name.
    pub fn channels(&self, scope: &OrgScope) -> Result<Vec<Channel>, ControlError> {
        self.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM channels WHERE org = ?1 ORDER BY name");
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_map([scope.org()], channel)?.collect::<Result<_, _>>()?)
        })
    }

    /// Returns a channel.
    pub fn channel(&self, scope: &OrgScope, id: ChannelId) -> Result<Channel, ControlError> {
        self.read(|connection| find(connection, scope, id))
    }

    /// Makes a channel.
    pub fn create_channel(
        &self,
        scope: &OrgScope,
        spec: &ChannelSpec,
        origin: &Origin,
    ) -> Result<Channel, ControlError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT count(*) FROM channels WHERE org = ?1")?;
            if statement.query_row([scope.org()], |row| row.get::<_, i64>(0))? >= MOST {
                return Err(ControlError::Conflict("an org has at most 20 channels"));
            }
            if is_taken(transaction, scope.org(), &spec.name, None)? {
                return Err(ControlError::Conflict("a channel of this name is there already"));
            }
            let id = insert(transaction, scope.org(), spec, Source::Api, origin.now)?;
            audit::done(transaction, scope, origin, "channel.created", (&id, &spec.name))?;
            find(transaction, scope, id)
        })
    }

    /// Changes a channel; one that is switched on again begins with no failures.
    pub fn change_channel(
        &self,
        scope: &OrgScope,
        id: ChannelId,
        spec: &ChannelSpec,
        origin: &Origin,
    ) -> Result<Channel, ControlError> {
        self.write(|transaction| {
            require_own(find(transaction, scope, id)?.source)?;
            if is_taken(transaction, scope.org(), &spec.name, Some(id))? {
                return Err(ControlError::Conflict("a channel of this name is there already"));
            }
            update(transaction, id, spec)?;
            audit::done(transaction, scope, origin, "channel.changed", (&id, &spec.name))?;
            find(transaction, scope, id)
        })
    }

    /// Deletes a channel with what waits to be sent there.
    pub fn delete_channel(&self, scope: &OrgScope, id: ChannelId, origin: &Origin) -> Result<(), ControlError> {
        self.write(|transaction| {
            let channel = find(transaction, scope, id)?;
            require_own(channel.source)?;
            transaction.execute("DELETE FROM channels WHERE id = ?1", [id])?;
            audit::done(transaction, scope, origin, "channel.deleted", (&id, &channel.name))
        })
    }
}

/// What stands in the configuration is changed there.
pub(super) fn require_own(source: Source) -> Result<(), ControlError> {
    match source {
        Source::Api => Ok(()),
        Source::Config => Err(ControlError::Conflict("it stands in the server's configuration and is changed there")),
    }
}

/// Makes the channels of an org those that its configuration says.
pub(super) fn configure(
    transaction: &Transaction<'_>,
    org: OrgId,
    wanted: &[&config::Channel],
    now: Timestamp,
) -> Result<(), ControlError> {
    let sql = format!("SELECT {COLUMNS} FROM channels WHERE org = ?1");
    let there = transaction.prepare_cached(&sql)?.query_map([org], channel)?.collect::<Result<Vec<_>, _>>()?;
    for channel in &there {
        if channel.source == Source::Config && !wanted.iter().any(|wanted| wanted.name == channel.name) {
            transaction.execute("DELETE FROM channels WHERE id = ?1", [channel.id])?;
        }
    }
    for wanted in wanted {
        let spec = ChannelSpec {
            name: wanted.name.clone(),
            kind: wanted.kind.into(),
            url: wanted.url.clone(),
            to: wanted.to.clone(),
            secret: None,
            detections: Detections::Warning,
            enabled: true,
        };
        match there.iter().find(|channel| channel.name == wanted.name) {
            None => {
                insert(transaction, org, &spec, Source::Config, now)?;
            }
            Some(known) if known.source == Source::Api => {
                tracing::warn!(%org, name = wanted.name, "a channel of the configuration was left out: its name is taken");
            }
            Some(known) if known.kind != spec.kind => {
                transaction.execute("DELETE FROM channels WHERE id = ?1", [known.id])?;
                insert(transaction, org, &spec, Source::Config, now)?;
            }
            // One that failed too often stays switched off until it is changed or taken out.
            Some(known) if known.url != spec.url || known.to != spec.to => update(transaction, known.id, &spec)?,
            Some(_) => {}
        }
    }
    Ok(())
}
