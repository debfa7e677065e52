//! `/api/v1/rules`: when somebody is to be told.

use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusals::{Always, Body, Conflicting, Credential, Named};
use crate::config::Period;
use crate::entry::Timestamp;
use crate::serve::answers;
use crate::serve::auth::Allowed;
use crate::serve::auth::access::{ManageRules, ReadAlerts};
use crate::serve::background::{self, Limits, MeasureError, RuleProblem};
use crate::serve::control::rules::{Rule, RuleSpec};
use crate::serve::control::words::{RuleKind, Severity, Source};
use crate::serve::error::ApiError;
use crate::serve::extract::{Id, Json, NoParams};
use crate::serve::ids::{ChannelId, RuleId};
use crate::serve::org::OrgStore;
use crate::serve::origin::Origin;
use crate::serve::router::no_content;
use crate::serve::state::{AppState, blocking};
use crate::serve::time::Time;
use crate::serve::words::{Name, given};

/// Longest query.
const MOST_QUERY: usize = 4096;
/// Most windows of a test.
const MOST_WINDOWS: usize = 1440;
/// Most windows that a test lists.
const MOST_FIRED: usize = 100;

/// A rule as it is told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ShownRule {
    /// Its id.
    id: RuleId,
    /// Its name.
    name: String,
    /// What it asks.
    kind: RuleKind,
    /// Which entries count; of a threshold any query that makes a number.
    query: String,
    /// The filter of all entries of a ratio.
    of: Option<String>,
    /// How far it looks back.
    #[schema(example = "5m")]
    window: String,
    /// Fires above this; of a detector the score, in standard deviations.
    above: Option<f64>,
    /// Fires below this.
    below: Option<f64>,
    /// How much its alerts matter.
    severity: Severity,
    /// The channels that are told.
    channels: Vec<ChannelId>,
    /// True when its alert is resolved as soon as the condition is over.
    auto_resolve: bool,
    /// False when it is switched off.
    enabled: bool,
    /// Where it comes from; what stands in the configuration is changed there.
    source: Source,
    /// Since when it is there.
    created: Time,
    /// Windows that end up to here were judged.
    judged: Time,
    /// Why it could not be judged last time; it is tried again.
    problem: Option<String>,
}

impl From<Rule> for ShownRule {
    fn from(rule: Rule) -> ShownRule {
        let Rule { id, spec, source, created, judged, problem, .. } = rule;
        ShownRule {
            id,
            name: spec.name,
            kind: spec.kind,
            query: spec.query,
            of: spec.of,
            window: Period::from_millis((spec.window / 1_000_000).max(1).unsigned_abs()).to_string(),
            above: spec.above,
            below: spec.below,
            severity: spec.severity,
            channels: spec.channels,
            auto_resolve: spec.auto_resolve,
            enabled: spec.enabled,
            source,
            created: Time(created),
            judged: Time(judged),
            problem,
        }
    }
}

/// Rules.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Rules {
    /// By name.
    rules: Vec<ShownRule>,
}

/// A rule to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "too many 5xx", "kind": "threshold", "query": "status >= 500", "window": "5m", "above": 10}))]
pub struct NewRule {
    /// Its name, unique within the org.
    name: Name,
    /// What it asks.
    kind: RuleKind,
    /// Which entries count, in the query language; empty is all. Of a threshold any query that makes a number.
    #[serde(default)]
    #[schema(max_length = 4096, example = "status >= 500")]
    query: String,
    /// The filter of all entries of a ratio.
    #[schema(max_length = 4096)]
    of: Option<String>,
    /// How far it looks back, 10s to 7d; of a detector less than an hour is a day.
    #[serde(default = "five_minutes")]
    #[schema(value_type = Option<String>, pattern = "^([1-9][0-9]{0,5}[dhms])+$", max_length = 32, example = "5m")]
    window: Period,
    /// Fires above this; of a detector the least score, 5 if it is not given.
    above: Option<f64>,
    /// Fires below this.
    below: Option<f64>,
    /// How much its alerts matter.
    #[serde(default = "warning")]
    #[schema(value_type = Option<Severity>)]
    severity: Severity,
    /// The channels that are told.
    #[serde(default)]
    #[schema(max_items = 20)]
    channels: Vec<ChannelId>,
    /// False to keep its alert until somebody resolves it.
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    auto_resolve: bool,
    /// False to switch it off.
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    enabled: bool,
}

fn five_minutes() -> Period {
    Period::minutes(5)
}

fn warning() -> Severity {
    Severity::Warning
}

fn yes() -> bool {
    true
}

/// What is to be another way in a rule; what is not there stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleChange {
    /// Its name.
    name: Option<Name>,
    /// Which entries count.
    #[schema(max_length = 4096)]
    query: Option<String>,
    /// The filter of all entries of a ratio.
    #[schema(max_length = 4096)]
    of: Option<String>,
    /// How far it looks back.
    #[schema(value_type = Option<String>, pattern = "^([1-9][0-9]{0,5}[dhms])+$", max_length = 32)]
    window: Option<Period>,
    /// Fires above this; null for no such bound.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    above: Option<Option<f64>>,
    /// Fires below this; null for no such bound.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    below: Option<Option<f64>>,
    /// How much its alerts matter.
    severity: Option<Severity>,
    /// The channels that are told.
    #[schema(max_items = 20)]
    channels: Option<Vec<ChannelId>>,
    /// False to keep its alert until somebody resolves it.
    auto_resolve: Option<bool>,
    /// False to switch it off.
    enabled: Option<bool>,
}

/// A rule to be tried on what is stored.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleTest {
    /// The rule; its channels are told nothing.
    rule: NewRule,
    /// How far back, up to 7d; at most 1440 windows are asked.
    #[serde(default = "a_day")]
    #[schema(value_type = Option<String>, pattern = "^([1-9][0-9]{0,5}[dhms])+$", max_length = 32, example = "24h")]
    since: Period,
}

fn a_day() -> Period {
    Period::days(1)
}

/// What a rule would have done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RuleTested {
    /// How many windows were asked; of a detector 1.
    windows: usize,
    /// How many of them would have fired.
    fired: usize,
    /// The first hundred of those.
    #[schema(max_items = 100)]
    firings: Vec<Fired>,
}

/// A window in which a rule would have fired.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Fired {
    /// Its beginning.
    from: Time,
    /// Its end.
    to: Time,
    /// The number.
    value: Option<f64>,
    /// What happened, as a sentence.
    explanation: String,
}

impl NewRule {
    fn spec(self) -> RuleSpec {
        RuleSpec {
            name: self.name.into_string(),
            kind: self.kind,
            query: self.query,
            of: self.of,
            window: nanos(self.window),
            above: self.above,
            below: self.below,
            severity: self.severity,
            channels: self.channels,
            commands: Vec::new(),
            auto_resolve: self.auto_resolve,
            enabled: self.enabled,
        }
    }
}

fn nanos(period: Period) -> i64 {
    i64::try_from(period.get().as_nanos()).unwrap_or(i64::MAX)
}

/// Says what is wrong with a rule, of a query also where.
fn check(spec: &RuleSpec, now: Timestamp) -> Result<(), ApiError> {
    let wrong = |text: String| ApiError::bad_request("invalid_rule", text);
    if spec.query.len() > MOST_QUERY || spec.of.as_ref().is_some_and(|of| of.len() > MOST_QUERY) {
        return Err(wrong("query, of: at most 4096 bytes".to_owned()));
    }
    if spec.channels.len() > 20 {
        return Err(wrong("channels: at most 20".to_owned()));
    }
    background::check(spec, now).map_err(|RuleProblem(text)| wrong(text))
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, change, delete)).routes(routes!(test))
}

/// List the rules.
#[utoipa::path(
    get, path = "/api/v1/rules", tag = "rules", security(("bearer" = [])), operation_id = "list_rules",
    responses((status = 200, description = "The rules", body = Rules), Credential, Always)
)]
async fn list(
    allowed: Allowed<ReadAlerts>,
    _: NoParams,
    State(state): State<AppState>,
) -> Result<Answer<Rules>, ApiError> {
    let rules = blocking(move || state.control.rules(&allowed.scope)).await?;
    Ok(Answer(Rules { rules: rules.into_iter().map(ShownRule::from).collect() }))
}

/// Make a rule. It is asked from now on, each time one of its windows is over.
#[utoipa::path(
    post, path = "/api/v1/rules", tag = "rules", security(("bearer" = [])), operation_id = "create_rule",
    request_body = NewRule,
    responses(
        (status = 201, description = "The rule", body = ShownRule),
        Body, Credential, Conflicting, Always,
    )
)]
async fn create(
    allowed: Allowed<ManageRules>,
    State(state): State<AppState>,
    origin: Origin,
    Json(body): Json<NewRule>,
) -> Result<(StatusCode, Answer<ShownRule>), ApiError> {
    let spec = body.spec();
    // Large expressions take their time to be made ready.
    let create = move || {
        check(&spec, origin.now)?;
        Ok::<_, ApiError>(state.control.create_rule(&allowed.scope, &spec, &origin)?)
    };
    let rule = blocking(create).await?;
    Ok((StatusCode::CREATED, Answer(rule.into())))
}

/// See a rule.
#[utoipa::path(
    get, path = "/api/v1/rules/{rule}", tag = "rules", security(("bearer" = [])), operation_id = "get_rule",
    params(("rule" = RuleId, Path, description = "The rule")),
    responses((status = 200, description = "The rule", body = ShownRule), Credential, Named, Always)
)]
async fn get(
    allowed: Allowed<ReadAlerts>,
    _: NoParams,
    State(state): State<AppState>,
    Id(rule): Id<RuleId>,
) -> Result<Answer<ShownRule>, ApiError> {
    Ok(Answer(blocking(move || state.control.rule(&allowed.scope, rule)).await?.into()))
}

/// Change a rule. One that is switched on again is asked from then on; one that is switched off has its alerts resolved.
#[utoipa::path(
    patch, path = "/api/v1/rules/{rule}", tag = "rules", security(("bearer" = [])), operation_id = "change_rule",
    params(("rule" = RuleId, Path, description = "The rule")),
    request_body = RuleChange,
    responses(
        (status = 200, description = "The rule as it is now", body = ShownRule),
        Body, Credential, Named, Conflicting, Always,
    )
)]
async fn change(
    allowed: Allowed<ManageRules>,
    State(state): State<AppState>,
    origin: Origin,
    Id(rule): Id<RuleId>,
    Json(body): Json<RuleChange>,
) -> Result<Answer<ShownRule>, ApiError> {
    let change = move || {
        let before = state.control.rule(&allowed.scope, rule)?;
        let old = before.spec.clone();
        let spec = RuleSpec {
            name: body.name.map_or(old.name, Name::into_string),
            query: body.query.unwrap_or(old.query),
            of: body.of.or(old.of),
            window: body.window.map_or(old.window, nanos),
            above: body.above.unwrap_or(old.above),
            below: body.below.unwrap_or(old.below),
            severity: body.severity.unwrap_or(old.severity),
            channels: body.channels.unwrap_or(old.channels),
            auto_resolve: body.auto_resolve.unwrap_or(old.auto_resolve),
            enabled: body.enabled.unwrap_or(old.enabled),
            kind: old.kind,
            commands: old.commands,
        };
        check(&spec, origin.now)?;
        Ok::<_, ApiError>(state.control.change_rule(&allowed.scope, &before, &spec, &origin)?)
    };
    Ok(Answer(blocking(change).await?.into()))
}

/// Delete a rule; its alerts are resolved and stay.
#[utoipa::path(
    delete, path = "/api/v1/rules/{rule}", tag = "rules", security(("bearer" = [])), operation_id = "delete_rule",
    params(("rule" = RuleId, Path, description = "The rule")),
    responses((status = 204, description = "It is deleted"), Credential, Named, Conflicting, Always)
)]
async fn delete(
    allowed: Allowed<ManageRules>,
    _: NoParams,
    State(state): State<AppState>,
    origin: Origin,
    Id(rule): Id<RuleId>,
) -> Result<StatusCode, ApiError> {
    blocking(move || state.control.delete_rule(&allowed.scope, rule, &origin)).await?;
    Ok(no_content())
}

/// Try a rule on what is stored: in which windows it would have fired. Nothing is kept and nobody is told.
#[utoipa::path(
    post, path = "/api/v1/rules/test", tag = "rules", security(("bearer" = [])), operation_id = "test_rule",
    request_body = RuleTest,
    responses((status = 200, description = "What it would have done", body = RuleTested), Body, Credential, Always)
)]
async fn test(
    allowed: Allowed<ManageRules>,
    State(state): State<AppState>,
    Json(body): Json<RuleTest>,
) -> Result<Answer<RuleTested>, ApiError> {
    let now = state.now();
    let spec = body.rule.spec();
    let since = nanos(body.since);
    if since > nanos(Period::days(7)) {
        return Err(ApiError::bad_request("invalid_rule", "since: at most 7d"));
    }
    let from = Timestamp::from_nanos(now.nanos().saturating_sub(since)).unwrap_or(now);
    let shared = state.clone();
    let tested = answers::ask(&state, allowed.scope, "rule", move |store, budget| {
        try_rule(store, &spec, from, now, Limits { budget, stop: &shared.stop })
    });
    Ok(Answer(tested.await?))
}

fn try_rule(
    store: &OrgStore,
    spec: &RuleSpec,
    from: Timestamp,
    now: Timestamp,
    limits: Limits<'_>,
) -> Result<RuleTested, ApiError> {
    check(spec, now)?;
    let expensive = |text: &str| {
        ApiError::bad_request("too_expensive", format!("{text}; ask for less with since, or another query"))
    };
    let wrong = |error: MeasureError| match error {
        MeasureError::Rule(RuleProblem(text)) => ApiError::bad_request("invalid_rule", text),
        MeasureError::Limit(text) => expensive(&text),
        MeasureError::Ended => ApiError::unavailable("closing", "the server is stopping", Duration::from_secs(5)),
        MeasureError::Storage(error) => error.into(),
    };
    if spec.kind == RuleKind::Detector {
        let findings = background::findings(store.reader(), spec, from, now, limits).map_err(wrong)?;
        let firing = |finding: &crate::detect::Finding| Fired {
            from: Time(finding.from),
            to: Time(finding.to),
            value: Some(finding.observed),
            explanation: finding.explanation.clone(),
        };
        let firings = findings.iter().take(MOST_FIRED).map(firing).collect();
        return Ok(RuleTested { windows: 1, fired: findings.len(), firings });
    }
    let mut ends = background::windows(spec, from, now, MOST_WINDOWS + 1);
    if ends.len() > MOST_WINDOWS {
        let text = "since: more than 1440 windows, which are a minute apart or less; ask for less";
        return Err(ApiError::bad_request("invalid_rule", text));
    }
    let (mut windows, mut fired, mut firings) = (0, 0, Vec::new());
    while !ends.is_empty() {
        let rest = ends.split_off(ends.len().min(240));
        let measured = background::measure(store.reader(), spec, &ends, limits).map_err(wrong)?;
        if let Some(why) = measured.cut {
            return Err(expensive(&why));
        }
        windows += measured.windows.len();
        for window in measured.windows.into_iter().filter(|window| window.fires) {
            fired += 1;
            if firings.len() < MOST_FIRED {
                let (from, to) = (Time(window.from), Time(window.to));
                firings.push(Fired { from, to, value: window.value, explanation: window.explanation });
            }
        }
        ends = rest;
    }
    Ok(RuleTested { windows, fired, firings })
}
