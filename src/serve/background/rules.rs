//! Asking the rules of an org.

use super::evaluate::{self, MeasureError, Measured, RuleProblem};
use super::timed::Limits;
use super::{BackgroundError, Task, blocking, detection};
use crate::entry::Timestamp;
use crate::serve::answers::Budget;
use crate::serve::auth::OrgScope;
use crate::serve::control::alerts::{Condition, Firing};
use crate::serve::control::rules::Rule;
use crate::serve::control::watermarks::{Judged, Verdict};
use crate::serve::control::words::{AlertKind, RuleKind};
use crate::serve::state::AppState;

/// How long after its end a window is judged, in nanoseconds: what was sent in it has arrived by then.
pub const GRACE: i64 = 10_000_000_000;
/// Windows of one rule that are judged in one round; what is left after a long stop follows in the next ones.
const MOST_WINDOWS: usize = 240;

/// Judges the windows of all rules of an org that ended since the last time.
pub async fn run(state: &AppState, scope: OrgScope) -> Result<(), BackgroundError> {
    let rules = blocking(state, move |state| Ok(state.control.rules(&scope)?)).await?;
    let enabled: Vec<Rule> = rules.into_iter().filter(|rule| rule.spec.enabled).collect();
    state.background.note_due(Task::Rules, scope.org(), due(&enabled));
    let (count, mut failed) = (enabled.len(), 0);
    for rule in enabled {
        if state.stop.is_cancelled() {
            break;
        }
        // One rule that cannot be judged is not to keep the others from it.
        let name = rule.spec.name.clone();
        let judged = blocking(state, move |state| {
            let judged = match rule.spec.kind {
                RuleKind::Detector => detection::judge(state, &scope, Some(&rule)),
                RuleKind::Threshold | RuleKind::Ratio | RuleKind::Absence => judge(state, &scope, &rule),
            };
            if let Err(error) = &judged
                && let problem = told(error)
                && rule.problem.as_deref() != Some(problem.as_str())
            {
                state.control.rule_failed(&scope, &rule, &problem)?;
            }
            judged
        });
        if let Err(error) = judged.await {
            failed += 1;
            tracing::warn!(org = %scope.org(), rule = name, %error, "a rule could not be judged and is tried again");
        }
    }
    let rules = blocking(state, move |state| Ok(state.control.rules(&scope)?)).await?;
    state.background.note_due(Task::Rules, scope.org(), due(&rules));
    if failed > 0 { Err(BackgroundError::Rules(failed, count)) } else { Ok(()) }
}

/// Returns when the first window can be judged that was not yet, of the rule that is furthest behind.
fn due(rules: &[Rule]) -> Option<Timestamp> {
    let next = |rule: &Rule| match rule.spec.kind {
        RuleKind::Detector => detection::next_end(rule.judged),
        RuleKind::Threshold | RuleKind::Ratio | RuleKind::Absence => evaluate::next_end(&rule.spec, rule.judged),
    };
    let first = rules.iter().filter(|rule| rule.spec.enabled).map(next).min()?;
    Timestamp::from_nanos(first.saturating_add(GRACE))
}

/// Returns what the org is told of a failure: what it can change itself. The rest stands in the server's log.
pub fn told(error: &BackgroundError) -> String {
    match error {
        BackgroundError::Measure(MeasureError::Rule(RuleProblem(text))) => text.clone(),
        BackgroundError::Measure(MeasureError::Limit(text)) => format!("{text}; make the query cheaper"),
        BackgroundError::Measure(MeasureError::Ended | MeasureError::Storage(_))
        | BackgroundError::Control(_)
        | BackgroundError::Storage(_)
        | BackgroundError::Store(_)
        | BackgroundError::Rules(..)
        | BackgroundError::Panicked(_) => "the server failed to judge it; its log says why".to_owned(),
    }
}

/// Judges the windows of a rule that asks for a number. Blocks.
fn judge(state: &AppState, scope: &OrgScope, rule: &Rule) -> Result<(), BackgroundError> {
    let now = state.now();
    let complete = Timestamp::from_nanos(now.nanos().saturating_sub(GRACE)).unwrap_or(now);
    let ends = evaluate::windows(&rule.spec, rule.judged, complete, MOST_WINDOWS);
    if ends.is_empty() {
        return Ok(());
    }
    let store = state.orgs.get(scope)?;
    let budget = Budget::of(&state.settings.query);
    let limits = Limits { budget: &budget, stop: &state.stop };
    let measured = evaluate::measure(store.reader(), &rule.spec, &ends, limits)?;
    let Some(until) = measured.windows.last().map(|window| window.to) else { return Ok(()) };
    // The windows may have taken all of the time: what shows them has its own, one for all.
    let budget = Budget::of(&state.settings.query);
    let limits = Limits { budget: &budget, stop: &state.stop };
    let condition = Condition::of_rule(rule.id);
    let mut verdicts = Vec::new();
    let mut fired = None;
    for window in &measured.windows {
        if window.fires {
            let is_new = fired != Some(true);
            let examples = match rule.spec.kind {
                RuleKind::Threshold | RuleKind::Ratio if is_new => {
                    match evaluate::examples(store.reader(), &rule.spec, window, limits) {
                        // Better an alert without lines than none.
                        Err(MeasureError::Limit(_)) => Vec::new(),
                        examples => examples?,
                    }
                }
                _ => Vec::new(),
            };
            verdicts.push(Verdict::Fires(Box::new(firing(rule, &condition, window, examples))));
        } else if fired != Some(false) && rule.spec.auto_resolve {
            verdicts.push(Verdict::Over { condition: condition.clone(), at: window.to });
        }
        fired = Some(window.fires);
    }
    let judged = Judged::Rule { rule: rule.id, version: rule.version, from: rule.judged };
    state.control.judge(scope, judged, until, &verdicts, now)?;
    if let Some(why) = measured.cut {
        let (done, all) = (measured.windows.len(), ends.len());
        let problem = format!("{why}: {done} of {all} windows were judged, the others follow; make the query cheaper");
        state.control.rule_failed(scope, rule, &problem)?;
    }
    Ok(())
}

fn firing(rule: &Rule, condition: &str, window: &Measured, examples: Vec<String>) -> Firing {
    Firing {
        condition: condition.to_owned(),
        rule: Some(rule.id),
        name: rule.spec.name.clone(),
        kind: match rule.spec.kind {
            RuleKind::Threshold | RuleKind::Detector => AlertKind::Threshold,
            RuleKind::Ratio => AlertKind::Ratio,
            RuleKind::Absence => AlertKind::Absence,
        },
        series: None,
        severity: rule.spec.severity,
        explanation: window.explanation.clone(),
        value: window.value,
        expected: window.bound,
        score: window.beyond,
        began: window.from,
        ended: window.to,
        examples,
        commands: rule.spec.commands.clone(),
    }
}
