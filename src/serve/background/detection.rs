//! Looking for what is unusual: the detectors over the last hours, each time only the new minutes counted, and those for which
//! something came later.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::evaluate;
use super::rules::GRACE;
use super::timed::Limits;
use super::{BackgroundError, Task, blocking};
use crate::detect::{DetectOptions, Finding, Rolling};
use crate::entry::Timestamp;
use crate::query::Filter;
use crate::serve::answers::Budget;
use crate::serve::auth::OrgScope;
use crate::serve::control::alerts::{Condition, Firing, KnownAlert};
use crate::serve::control::rules::Rule;
use crate::serve::control::watermarks::{Judged, Verdict};
use crate::serve::state::AppState;

const MINUTE: i64 = 60_000_000_000;
/// How far the detection of everything looks back.
const LOOK_BACK: i64 = 24 * 60 * MINUTE;
/// Minutes that are counted again in any case; further back, what was stored since says from when.
const LATE: i64 = 5 * MINUTE;
/// How old a finding may be to become a new alert: some are only seen with what came after them.
const NEWS: i64 = 60 * MINUTE;
/// Bins without it after which an event is over.
const PAUSE: i64 = 2;
/// How long counts are kept that nobody asks for.
const IDLE: Duration = Duration::from_secs(3600);

/// What was counted of an org, for the detection of everything or for a rule.
#[derive(Debug)]
pub struct Counted {
    /// The version of the rule it was counted for.
    version: i64,
    rolling: Rolling,
    until: Option<Timestamp>,
    /// The arrival number of the last entry that was there when it was counted.
    seen: u64,
    used: Instant,
}

impl Counted {
    /// Nothing was counted yet.
    fn nothing(version: i64) -> Counted {
        Counted { version, rolling: Rolling::default(), until: None, seen: 0, used: Instant::now() }
    }

    /// Returns true when somebody asked lately.
    pub fn is_fresh(&self) -> bool {
        self.used.elapsed() < IDLE
    }
}

/// Returns when the next minute is over of what was judged up to `judged`.
pub fn next_end(judged: Timestamp) -> i64 {
    Rolling::floor(judged).nanos().saturating_add(MINUTE)
}

/// Returns when the next minute can be judged.
fn due(judged: Timestamp) -> Option<Timestamp> {
    Timestamp::from_nanos(next_end(judged).saturating_add(GRACE))
}

/// Judges everything of an org.
pub async fn run(state: &AppState, scope: OrgScope) -> Result<(), BackgroundError> {
    blocking(state, move |state| judge(state, &scope, None)).await
}

fn counted(state: &AppState, scope: &OrgScope, rule: Option<&Rule>) -> Arc<Mutex<Counted>> {
    let mut counts = state.background.counts.lock().unwrap_or_else(PoisonError::into_inner);
    let new = || {
        let version = rule.map_or(0, |rule| rule.version);
        Arc::new(Mutex::new(Counted::nothing(version)))
    };
    counts.entry((scope.org(), rule.map(|rule| rule.id))).or_insert_with(new).clone()
}

/// Judges the minutes that are new. Blocks.
pub fn judge(state: &AppState, scope: &OrgScope, rule: Option<&Rule>) -> Result<(), BackgroundError> {
    let now = state.now();
    let minutes_before = |time: Timestamp, nanos: i64| {
        Rolling::floor(Timestamp::from_nanos(time.nanos().saturating_sub(nanos)).unwrap_or(time))
    };
    let until = minutes_before(now, GRACE);
    let before = match rule {
        Some(rule) => Some(rule.judged),
        None => state.control.detected(scope)?,
    };
    if rule.is_none() {
        state.background.note_due(Task::Detection, scope.org(), due(before.unwrap_or(until)));
    }
    if before.is_some_and(|before| before >= until) {
        return Ok(());
    }
    let filter = match rule {
        Some(rule) => evaluate::detector_filter(&rule.spec, until).map_err(evaluate::MeasureError::from)?,
        None => Filter::All,
    };
    let look_back = rule.map_or(LOOK_BACK, |rule| evaluate::look_back(&rule.spec));
    let oldest = minutes_before(until, look_back);
    let options = rule.map_or_else(DetectOptions::default, |rule| evaluate::options(&rule.spec));
    // A day is counted once after a start; a minute from then on.
    let budget = Budget::lasting(state.settings.query.time.get() * 6, &state.settings.query);
    let limits = Limits { budget: &budget, stop: &state.stop };

    let counted = counted(state, scope, rule);
    let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
    counted.used = Instant::now();
    let version = rule.map_or(0, |rule| rule.version);
    if counted.version != version || counted.until.is_some_and(|known| known > until) {
        *counted = Counted::nothing(version);
    }
    let store = match counted.until {
        // A store that nobody has open got nothing new; what it got before it was closed is noticed by its number when
        // it is open again.
        Some(_) => state.orgs.in_use(scope),
        None => Some(state.orgs.get(scope)?),
    };
    match &store {
        Some(store) => {
            // Asked before the entries are counted: what arrives in between is counted again, not left out.
            let (newest, least) = store.reader().oldest_arrived(counted.seen)?;
            let from = match counted.until {
                // History that is sent later lies before all that was counted.
                Some(known) => least
                    .and_then(Timestamp::from_nanos)
                    .map_or(known, |least| Rolling::floor(least).min(known))
                    .min(minutes_before(known, LATE))
                    .max(oldest),
                None => oldest,
            };
            evaluate::count(store.reader(), &filter, (from, until), oldest, &mut counted.rolling, limits)?;
            counted.seen = newest;
        }
        None => counted.rolling.forget(oldest),
    }
    counted.until = Some(until);

    let (mut findings, width) = counted.rolling.findings(until, &options).unwrap_or_default();
    let known = state.control.known_findings(scope, rule.map(|rule| rule.id), oldest)?;
    let judging = Judging {
        beginning: Condition::of_findings(rule.map(|rule| rule.id)),
        until: until.nanos(),
        width: i64::try_from(width.as_nanos()).unwrap_or(i64::MAX).max(MINUTE),
        news: before.unwrap_or(until).nanos().saturating_sub(NEWS),
    };
    findings.retain(|finding| judging.fires(finding, &known));
    if !findings.is_empty() {
        let store = state.orgs.get(scope)?;
        evaluate::add_examples(store.reader(), &filter, &mut findings, limits)?;
    }
    let over = judging.over(&findings, &known);
    let mut verdicts: Vec<Verdict> =
        findings.iter().map(|finding| Verdict::Fires(Box::new(firing(&judging, rule, finding)))).collect();
    if rule.is_none_or(|rule| rule.spec.auto_resolve) {
        verdicts.extend(over);
    }
    let judged = match rule {
        Some(rule) => Judged::Rule { rule: rule.id, version: rule.version, from: rule.judged },
        None => Judged::Detection { from: before },
    };
    state.control.judge(scope, judged, until, &verdicts, now)?;
    if rule.is_none() {
        state.background.note_due(Task::Detection, scope.org(), due(until));
    }
    Ok(())
}

/// Which findings are news.
struct Judging {
    beginning: String,
    until: i64,
    width: i64,
    /// What ended before this is no news.
    news: i64,
}

impl Judging {
    fn condition(&self, finding: &Finding) -> String {
        format!("{}{}:{}", self.beginning, finding.series, finding.kind.name())
    }

    fn goes_on(&self, finding: &Finding) -> bool {
        finding.to.nanos().saturating_add(PAUSE.saturating_mul(self.width)) >= self.until
    }

    /// Returns true when a finding makes an alert, or adds to the one there is. Each round finds again what the last
    /// ones found.
    fn fires(&self, finding: &Finding, known: &[KnownAlert]) -> bool {
        let condition = self.condition(finding);
        let same = |alert: &&KnownAlert| {
            alert.condition == condition
                && alert.began.nanos() <= finding.to.nanos().saturating_add(self.width)
                && finding.from.nanos() <= alert.ended.nanos().saturating_add(self.width)
        };
        let same: Vec<&KnownAlert> = known.iter().filter(same).collect();
        let longer = |alert: &&KnownAlert| finding.to > alert.ended;
        match same.iter().find(|alert| alert.live) {
            Some(alert) => longer(alert),
            // Somebody resolved it, and it goes on.
            None if !same.is_empty() => self.goes_on(finding) && same.iter().all(longer),
            None => finding.to.nanos() >= self.news,
        }
    }

    /// Returns the alerts whose event is over. `firing` are the findings of this round that add to one.
    fn over(&self, firing: &[Finding], known: &[KnownAlert]) -> Vec<Verdict> {
        let quiet = |alert: &&KnownAlert| {
            alert.live
                && alert.ended.nanos().saturating_add(PAUSE.saturating_mul(self.width)) < self.until
                && !firing.iter().any(|finding| self.condition(finding) == alert.condition)
        };
        let over = |alert: &KnownAlert| Verdict::Over { condition: alert.condition.clone(), at: alert.ended };
        known.iter().filter(quiet).map(over).collect()
    }
}

fn firing(judging: &Judging, rule: Option<&Rule>, finding: &Finding) -> Firing {
    Firing {
        condition: judging.condition(finding),
        rule: rule.map(|rule| rule.id),
        name: rule
            .map_or_else(|| format!("{} of {}", finding.kind.name(), finding.series), |rule| rule.spec.name.clone()),
        kind: finding.kind.into(),
        series: Some(finding.series.to_string()),
        severity: rule.map_or_else(|| finding.severity.into(), |rule| rule.spec.severity),
        explanation: finding.explanation.clone(),
        value: Some(finding.observed),
        expected: Some(finding.expected),
        score: finding.score,
        began: finding.from,
        ended: finding.to,
        examples: finding.examples.clone(),
        commands: rule.map(|rule| rule.spec.commands.clone()).unwrap_or_default(),
    }
}
