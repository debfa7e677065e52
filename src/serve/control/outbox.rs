//! The outbox: what is to be sent. Written in the transaction of the alert it tells of, and taken out when it was sent,
//! so that a crash at any moment sends it once more rather than not at all. Its id tells receivers that they have it.

use rusqlite::{OptionalExtension, Transaction};
use serde::Serialize;

use super::alerts::Alert;
use super::channels::{self, Channel};
use super::{ControlError, ControlStore};
use crate::entry::Timestamp;
use crate::serve::auth::OrgScope;
use crate::serve::ids::{ChannelId, OrgId};
use crate::serve::time::Time;

/// After so many failures in a row a channel is switched off.
pub const MOST_FAILURES: i64 = 20;
/// What could not be sent for so long is not sent any more: three days in nanoseconds.
const GIVEN_UP: i64 = 3 * 24 * 3600 * 1_000_000_000;
/// The wait after the first failure, doubled with each further one, in nanoseconds.
const FIRST_WAIT: i64 = 10_000_000_000;
/// The longest wait: an hour in nanoseconds.
const LONGEST_WAIT: i64 = 3600 * 1_000_000_000;

/// What is told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Told {
    /// It is there.
    #[serde(rename = "alert.opened")]
    Opened,
    /// It is over.
    #[serde(rename = "alert.resolved")]
    Resolved,
}

/// What is sent: the body of a webhook, the input of a command.
#[derive(Clone, Debug, Serialize)]
pub struct Message<'a> {
    /// The same at every try: who has seen it has seen it.
    pub id: &'a str,
    /// What is told.
    pub event: Told,
    /// Whose alert it is.
    pub org: OrgId,
    /// When it was written.
    pub created: Time,
    /// The alert as it was then.
    pub alert: &'a Alert,
}

/// Where something is sent.
#[derive(Clone, Debug)]
pub enum Target {
    /// To a channel.
    Channel(Box<Channel>),
    /// To a command of the operator.
    Command(String),
}

/// Something to be sent now.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its place in the outbox.
    pub seq: i64,
    /// See [`Message::id`].
    pub id: String,
    /// Where to.
    pub target: Target,
    /// The [`Message`] as JSON.
    pub payload: String,
}

/// Puts what is told of an alert into the outbox: once for each channel of its rule or that wants what the detection
/// finds, and for each command.
pub(super) fn put(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    told: Told,
    alert: &Alert,
    condition: &str,
    commands: &[String],
    now: Timestamp,
) -> Result<(), ControlError> {
    let channels = match alert.rule {
        Some(rule) => {
            let mut statement = transaction.prepare_cached(
                "SELECT channel FROM rule_channels JOIN channels ON channels.id = channel
                 WHERE rule = ?1 AND channels.org = ?2 ORDER BY channel",
            )?;
            statement.query_map((rule, scope.org()), |row| row.get(0))?.collect::<Result<Vec<ChannelId>, _>>()?
        }
        None => channels::of_detections(transaction, scope, alert.severity)?,
    };
    for channel in channels {
        insert(transaction, scope, told, alert, condition, (Some(channel), None), now)?;
    }
    for command in commands {
        insert(transaction, scope, told, alert, condition, (None, Some(command)), now)?;
    }
    Ok(())
}

fn insert(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    event: Told,
    alert: &Alert,
    condition: &str,
    (channel, command): (Option<ChannelId>, Option<&String>),
    now: Timestamp,
) -> Result<(), ControlError> {
    let id = ulid::Ulid::generate().to_string();
    let message = Message { id: &id, event, org: scope.org(), created: Time(now), alert };
    let payload =
        serde_json::to_string(&message).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    transaction
        .prepare_cached(
            "INSERT INTO deliveries (id, org, channel, command, condition, payload, created, due)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        )?
        .execute((&id, scope.org(), channel, command, condition, payload, now.nanos()))?;
    Ok(())
}

impl ControlStore {
    /// Returns up to `most` things to be sent now, in order: of each channel (or command) and condition the first
    /// alone, so that nothing overtakes what was told before it.
    pub fn due(&self, scope: &OrgScope, most: u32, now: Timestamp) -> Result<Vec<Delivery>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, id, channel, command, payload FROM deliveries AS d
                 WHERE org = ?1 AND due <= ?2
                       AND (channel IS NULL OR (SELECT enabled FROM channels WHERE channels.id = d.channel))
                       AND NOT EXISTS (SELECT 1 FROM deliveries AS earlier
                                       WHERE earlier.channel IS d.channel AND earlier.condition = d.condition
                                             AND earlier.command IS d.command AND earlier.org = d.org
                                             AND earlier.seq < d.seq)
                 ORDER BY seq LIMIT ?3",
            )?;
            let rows = statement.query_map((scope.org(), now.nanos(), most), |row| {
                let target: (Option<ChannelId>, Option<String>) = (row.get(2)?, row.get(3)?);
                Ok((row.get(0)?, row.get(1)?, target, row.get(4)?))
            })?;
            let mut due = Vec::new();
            for row in rows {
                let (seq, id, target, payload) = row?;
                let target = match target {
                    (Some(channel), _) => Target::Channel(Box::new(channels::find(connection, scope, channel)?)),
                    (None, command) => Target::Command(command.unwrap_or_default()),
                };
                due.push(Delivery { seq, id, target, payload });
            }
            Ok(due)
        })
    }

    /// Returns the orgs that have something to be sent now.
    pub fn orgs_with_deliveries(&self, now: Timestamp) -> Result<Vec<OrgId>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT DISTINCT org FROM deliveries WHERE due <= ?1")?;
            Ok(statement.query_map([now.nanos()], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    /// Takes something out of the outbox that was sent.
    pub fn sent(&self, scope: &OrgScope, seq: i64, now: Timestamp) -> Result<(), ControlError> {
        self.write(|transaction| {
            if let Some(Some(channel)) = take_out(transaction, scope, seq)? {
                channels::succeeded(transaction, channel, now)?;
            }
            Ok(())
        })
    }

    /// Puts off something that could not be sent; gives it up after three days, and its channel after too many
    /// failures in a row. Returns true when the channel was switched off.
    pub fn not_sent(&self, scope: &OrgScope, seq: i64, error: &str, now: Timestamp) -> Result<bool, ControlError> {
        self.write(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT channel, attempts, created FROM deliveries WHERE seq = ?1 AND org = ?2")?;
            let found = statement.query_row((seq, scope.org()), |row| {
                Ok((row.get::<_, Option<ChannelId>>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            });
            // The channel may have been deleted meanwhile, and with it what was to be sent there.
            let Some((channel, attempts, created)) = found.optional()? else { return Ok(false) };
            if now.nanos().saturating_sub(created) > GIVEN_UP {
                take_out(transaction, scope, seq)?;
            } else {
                let wait = FIRST_WAIT.saturating_mul(1 << attempts.clamp(0, 30)).min(LONGEST_WAIT);
                transaction.execute(
                    "UPDATE deliveries SET attempts = attempts + 1, due = ?2 WHERE seq = ?1",
                    (seq, now.nanos().saturating_add(wait)),
                )?;
            }
            match channel {
                Some(channel) => channels::failed(transaction, channel, error),
                None => Ok(false),
            }
        })
    }

    /// Returns how many things wait to be sent.
    pub fn waiting_deliveries(&self) -> Result<i64, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT count(*) FROM deliveries")?;
            Ok(statement.query_row([], |row| row.get(0))?)
        })
    }
}

/// Returns the channel it was for, `None` when it was not there.
fn take_out(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    seq: i64,
) -> Result<Option<Option<ChannelId>>, ControlError> {
    let mut statement =
        transaction.prepare_cached("DELETE FROM deliveries WHERE seq = ?1 AND org = ?2 RETURNING channel")?;
    Ok(statement.query_row((seq, scope.org()), |row| row.get(0)).optional()?)
}
