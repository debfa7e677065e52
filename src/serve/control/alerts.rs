//! Alerts: what was found, who knows of it, what became of it.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use super::audit;
use super::outbox::{self, Told};
use super::words::{AlertKind, AlertState, Severity};
use super::{ControlError, ControlStore};
use crate::entry::Timestamp;
use crate::serve::auth::OrgScope;
use crate::serve::ids::{AlertId, RuleId};
use crate::serve::origin::Origin;
use crate::serve::time::Time;

/// Something that deserves attention. The lines in it are log text as it came: data, to be shown as such.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// The rule it comes from; null when the detection found it, or the rule was deleted.
    pub rule: Option<RuleId>,
    /// The name of the rule, or what the detection looked at.
    #[schema(example = "too many 5xx")]
    pub name: String,
    /// What it tells of.
    pub kind: AlertKind,
    /// The series of a finding; null for other rules.
    #[schema(example = "status=5xx")]
    pub series: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// What became of it.
    pub state: AlertState,
    /// It as a sentence.
    pub explanation: String,
    /// The number that crossed the bound, the one furthest beyond it.
    pub value: Option<f64>,
    /// The bound, or what was usual.
    pub expected: Option<f64>,
    /// How far beyond: of a finding in standard deviations, of a rule the distance from the bound.
    pub score: f64,
    /// Beginning of the time it is about.
    pub from: Time,
    /// End of the time it is about.
    pub to: Time,
    /// When it was found first.
    pub first_seen: Time,
    /// When it was found last.
    pub last_seen: Time,
    /// How many times it was found.
    #[schema(minimum = 1)]
    pub count: i64,
    /// Up to five lines that show it.
    #[schema(max_items = 5)]
    pub examples: Vec<String>,
}

/// Something that was done to an alert.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AlertChange {
    /// When.
    pub at: Time,
    /// By whom: `user:<id>`, `key:<id>` or `server`.
    pub by: String,
    /// What it was put into.
    pub state: AlertState,
    /// What they said.
    pub note: String,
}

/// An alert and all that was done to it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AlertDetail {
    /// The alert.
    #[serde(flatten)]
    pub alert: Alert,
    /// What was done to it, the first first.
    pub history: Vec<AlertChange>,
}

/// Which alerts are wanted.
#[derive(Clone, Debug, Default)]
pub struct AlertFilter {
    /// In this state.
    pub state: Option<AlertState>,
    /// Of this severity.
    pub severity: Option<Severity>,
    /// Of this rule.
    pub rule: Option<RuleId>,
    /// Found last at this time or later.
    pub since: Option<Timestamp>,
    /// Older than this one.
    pub before: Option<AlertId>,
}

/// A condition that holds: it becomes an alert, or goes on in the one there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing {
    /// What tells it from others of the org: see [`Condition`].
    pub condition: String,
    /// The rule it comes from.
    pub rule: Option<RuleId>,
    /// See [`Alert::name`].
    pub name: String,
    /// See [`Alert::kind`].
    pub kind: AlertKind,
    /// See [`Alert::series`].
    pub series: Option<String>,
    /// See [`Alert::severity`].
    pub severity: Severity,
    /// See [`Alert::explanation`].
    pub explanation: String,
    /// See [`Alert::value`].
    pub value: Option<f64>,
    /// See [`Alert::expected`].
    pub expected: Option<f64>,
    /// See [`Alert::score`].
    pub score: f64,
    /// Beginning of the time it is about.
    pub began: Timestamp,
    /// End of it.
    pub ended: Timestamp,
    /// Lines that show it.
    pub examples: Vec<String>,
    /// Commands of the operator that are started.
    pub commands: Vec<String>,
}

/// What is known of an alert of the detection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAlert {
    /// Its condition.
    pub condition: String,
    /// False when it is resolved.
    pub live: bool,
    /// Beginning of the time it is about.
    pub began: Timestamp,
    /// End of it.
    pub ended: Timestamp,
}

/// How a condition is named in the tables.
#[derive(Clone, Copy, Debug)]
pub struct Condition;

impl Condition {
    /// The one condition of a rule that asks for a number.
    pub fn of_rule(rule: RuleId) -> String {
        format!("rule:{rule}")
    }

    /// What the findings of a rule's detector, or of the detection of everything, begin with.
    pub fn of_findings(rule: Option<RuleId>) -> String {
        match rule {
            Some(rule) => format!("rule:{rule}:"),
            None => "detect:".to_owned(),
        }
    }
}

const COLUMNS: &str =
    "id, rule, name, kind, series, severity, state, explanation, value, expected, score, began, ended,
    first_seen, last_seen, count, examples";

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Time> {
    let nanos: i64 = row.get(column)?;
    Timestamp::from_nanos(nanos).map(Time).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, nanos))
}

/// Reads a JSON array of texts that this store wrote itself.
pub(super) fn texts(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let json: String = row.get(column)?;
    serde_json::from_str(&json).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// Writes texts as a JSON array.
pub(super) fn array(texts: &[String]) -> String {
    serde_json::Value::from(texts.to_vec()).to_string()
}

fn alert(row: &Row<'_>) -> rusqlite::Result<Alert> {
    Ok(Alert {
        id: row.get(0)?,
        rule: row.get(1)?,
        name: row.get(2)?,
        kind: row.get(3)?,
        series: row.get(4)?,
        severity: row.get(5)?,
        state: row.get(6)?,
        explanation: row.get(7)?,
        value: row.get(8)?,
        expected: row.get(9)?,
        score: row.get(10)?,
        from: time(row, 11)?,
        to: time(row, 12)?,
        first_seen: time(row, 13)?,
        last_seen: time(row, 14)?,
        count: row.get(15)?,
        examples: texts(row, 16)?,
    })
}

fn find(connection: &Connection, scope: &OrgScope, id: AlertId) -> Result<Alert, ControlError> {
    let sql = format!("SELECT {COLUMNS} FROM alerts WHERE id = ?1 AND org = ?2");
    let found = connection.prepare_cached(&sql)?.query_row((id, scope.org()), alert).optional()?;
    found.ok_or(ControlError::NotFound)
}

fn live(connection: &Connection, scope: &OrgScope, condition: &str) -> Result<Option<Alert>, ControlError> {
    let sql = format!("SELECT {COLUMNS} FROM alerts WHERE org = ?1 AND condition = ?2 AND state <> 'resolved'");
    Ok(connection.prepare_cached(&sql)?.query_row((scope.org(), condition), alert).optional()?)
}

fn note(
    transaction: &Transaction<'_>,
    id: AlertId,
    at: Timestamp,
    actor: &str,
    state: AlertState,
    note: &str,
) -> Result<(), ControlError> {
    transaction
        .prepare_cached(
            "INSERT INTO alert_changes (alert, seq, at, actor, state, note)
             VALUES (?1, (SELECT count(*) FROM alert_changes WHERE alert = ?1), ?2, ?3, ?4, ?5)",
        )?
        .execute((id, at.nanos(), actor, state, note))?;
    Ok(())
}

/// Makes an alert of a condition, or goes on with the one there is.
pub(super) fn fire(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    firing: &Firing,
    now: Timestamp,
) -> Result<Option<Severity>, ControlError> {
    let examples = array(&firing.examples);
    if let Some(known) = live(transaction, scope, &firing.condition)? {
        let worse = firing.score > known.score;
        transaction
            .prepare_cached(
                "UPDATE alerts SET last_seen = ?2, count = count + 1, began = min(began, ?3), ended = max(ended, ?4),
                        severity = ?5,
                        explanation = iif(?6, ?7, explanation), value = iif(?6, ?8, value),
                        expected = iif(?6, ?9, expected), score = max(score, ?10),
                        examples = iif(examples = '[]', ?11, examples)
                 WHERE id = ?1",
            )?
            .execute(params![
                known.id,
                now.nanos(),
                firing.began.nanos(),
                firing.ended.nanos(),
                known.severity.max(firing.severity),
                worse,
                firing.explanation,
                firing.value,
                firing.expected,
                firing.score,
                examples,
            ])?;
        return Ok(None);
    }
    let id = AlertId::generate();
    transaction
        .prepare_cached(
            "INSERT INTO alerts (id, org, rule, condition, name, kind, series, severity, state, explanation, value,
                                 expected, score, began, ended, first_seen, last_seen, count, examples, commands)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'open', ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15, 1, ?16, ?17)",
        )?
        .execute(params![
            id,
            scope.org(),
            firing.rule,
            firing.condition,
            firing.name,
            firing.kind,
            firing.series,
            firing.severity,
            firing.explanation,
            firing.value,
            firing.expected,
            firing.score,
            firing.began.nanos(),
            firing.ended.nanos(),
            now.nanos(),
            examples,
            array(&firing.commands),
        ])?;
    tell(transaction, scope, Told::Opened, id, now)?;
    Ok(Some(firing.severity))
}

/// Resolves the alert of a condition that is over.
pub(super) fn end(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    condition: &str,
    at: Timestamp,
    now: Timestamp,
) -> Result<(), ControlError> {
    match live(transaction, scope, condition)? {
        Some(known) => {
            let text = format!("the condition was over at {}", at.to_rfc3339(0));
            resolve(transaction, scope, known.id, "server", &text, now)
        }
        None => Ok(()),
    }
}

/// Resolves the alerts of a rule that goes away.
pub(super) fn end_of_rule(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    rule: RuleId,
    text: &str,
    now: Timestamp,
) -> Result<(), ControlError> {
    let mut statement =
        transaction.prepare_cached("SELECT id FROM alerts WHERE org = ?1 AND rule = ?2 AND state <> 'resolved'")?;
    let ids = statement.query_map((scope.org(), rule), |row| row.get(0))?.collect::<Result<Vec<AlertId>, _>>()?;
    ids.into_iter().try_for_each(|id| resolve(transaction, scope, id, &scope.client(), text, now))
}

fn resolve(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    id: AlertId,
    actor: &str,
    text: &str,
    now: Timestamp,
) -> Result<(), ControlError> {
    set_state(transaction, id, AlertState::Resolved)?;
    note(transaction, id, now, actor, AlertState::Resolved, text)?;
    tell(transaction, scope, Told::Resolved, id, now)
}

fn set_state(transaction: &Transaction<'_>, id: AlertId, state: AlertState) -> Result<(), ControlError> {
    transaction.prepare_cached("UPDATE alerts SET state = ?2 WHERE id = ?1")?.execute((id, state))?;
    Ok(())
}

/// Puts what is told of an alert into the outbox.
fn tell(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    told: Told,
    id: AlertId,
    now: Timestamp,
) -> Result<(), ControlError> {
    let alert = find(transaction, scope, id)?;
    let mut statement = transaction.prepare_cached("SELECT condition, commands FROM alerts WHERE id = ?1")?;
    let (condition, commands) = statement.query_row([id], |row| Ok((row.get::<_, String>(0)?, texts(row, 1)?)))?;
    outbox::put(transaction, scope, told, &alert, &condition, &commands, now)
}

impl ControlStore {
    /// Returns up to `limit` alerts, the newest first.
    pub fn alerts(&self, scope: &OrgScope, filter: &AlertFilter, limit: u32) -> Result<Vec<Alert>, ControlError> {
        self.read(|connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM alerts
                 WHERE org = ?1 AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR severity = ?3)
                       AND (?4 IS NULL OR rule = ?4) AND (?5 IS NULL OR last_seen >= ?5) AND (?6 IS NULL OR id < ?6)
                 ORDER BY id DESC LIMIT ?7"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let values = params![
                scope.org(),
                filter.state,
                filter.severity,
                filter.rule,
                filter.since.map(Timestamp::nanos),
                filter.before,
                limit
            ];
            Ok(statement.query_map(values, alert)?.collect::<Result<_, _>>()?)
        })
    }

    /// Returns an alert with all that was done to it.
    pub fn alert(&self, scope: &OrgScope, id: AlertId) -> Result<AlertDetail, ControlError> {
        self.read(|connection| detail(connection, scope, id))
    }

    /// Acknowledges or resolves an alert.
    ///
    /// # Errors
    /// [`ControlError::Conflict`] when it is resolved already.
    pub fn handle_alert(
        &self,
        scope: &OrgScope,
        id: AlertId,
        state: AlertState,
        text: &str,
        origin: &Origin,
    ) -> Result<AlertDetail, ControlError> {
        let now = origin.now;
        self.write(|transaction| {
            if find(transaction, scope, id)?.state == AlertState::Resolved {
                return Err(ControlError::Conflict("the alert is resolved; when it fires again that is a new alert"));
            }
            match state {
                AlertState::Resolved => resolve(transaction, scope, id, &scope.client(), text, now)?,
                AlertState::Open | AlertState::Acknowledged => {
                    set_state(transaction, id, state)?;
                    note(transaction, id, now, &scope.client(), state, text)?;
                }
            }
            audit::done(transaction, scope, origin, "alert.handled", (&id, state.name()))?;
            detail(transaction, scope, id)
        })
    }

    /// Returns the alerts of findings whose condition begins so, those that go on and those that ended since.
    pub fn known_findings(
        &self,
        scope: &OrgScope,
        rule: Option<RuleId>,
        since: Timestamp,
    ) -> Result<Vec<KnownAlert>, ControlError> {
        self.read(|connection| {
            let beginning = Condition::of_findings(rule);
            let mut statement = connection.prepare_cached(
                "SELECT condition, state, began, ended FROM alerts
                 WHERE org = ?1 AND substr(condition, 1, ?2) = ?3 AND (state <> 'resolved' OR ended >= ?4)",
            )?;
            let rows =
                statement.query_map((scope.org(), beginning.len() as i64, &beginning, since.nanos()), |row| {
                    let state: AlertState = row.get(1)?;
                    Ok(KnownAlert {
                        condition: row.get(0)?,
                        live: state != AlertState::Resolved,
                        began: time(row, 2)?.0,
                        ended: time(row, 3)?.0,
                    })
                })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns how many alerts of all orgs are not resolved.
    pub fn live_alerts(&self) -> Result<i64, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT count(*) FROM alerts WHERE state <> 'resolved'")?;
            Ok(statement.query_row([], |row| row.get(0))?)
        })
    }
}

fn detail(connection: &Connection, scope: &OrgScope, id: AlertId) -> Result<AlertDetail, ControlError> {
    let alert = find(connection, scope, id)?;
    let mut statement =
        connection.prepare_cached("SELECT at, actor, state, note FROM alert_changes WHERE alert = ?1 ORDER BY seq")?;
    let rows = statement.query_map([id], |row| {
        Ok(AlertChange { at: time(row, 0)?, by: row.get(1)?, state: row.get(2)?, note: row.get(3)? })
    })?;
    Ok(AlertDetail { alert, history: rows.collect::<Result<_, _>>()? })
}
