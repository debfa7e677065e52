//! Rules within the limits of a question.

use tokio_util::sync::CancellationToken;

use super::{BackgroundError, Limits, MeasureError, Measuring, Memory, RuleProblem, Task, check, measure, rules};
use crate::config::{self, Size};
use crate::entry::Timestamp;
use crate::serve::answers::tests::{append, entries, server};
use crate::serve::answers::{Budget, Cut, store};
use crate::serve::control::rules::RuleSpec;
use crate::serve::control::words::{RuleKind, Severity};
use crate::serve::ids::OrgId;
use crate::serve::org::OrgStore;
use crate::storage::StorageError;

const MINUTE: i64 = 60_000_000_000;
/// The minute in which the entries are, and some before it.
const DATA: i64 = 1_789_000_020_000_000_000;

fn rule(query: &str) -> RuleSpec {
    RuleSpec {
        name: "a rule".to_owned(),
        kind: RuleKind::Threshold,
        query: query.to_owned(),
        of: None,
        window: MINUTE,
        above: Some(1.0),
        below: None,
        severity: Severity::Warning,
        channels: Vec::new(),
        commands: Vec::new(),
        auto_resolve: true,
        enabled: true,
    }
}

fn asked(store: &OrgStore, query: &str, ends: &[i64], budget: &Budget) -> Result<Measuring, MeasureError> {
    let stop = CancellationToken::new();
    measure(store.reader(), &rule(query), ends, Limits { budget, stop: &stop })
}

#[tokio::test]
async fn the_windows_of_a_rule_share_one_limit_of_time_and_memory() {
    let (_folder, state, scope) = server();
    let store = store(&state, scope).await.expect("opens");
    append(&store, &entries(0, 1000)).await;
    let settings = config::Query::default();
    let over = || {
        let budget = Budget::of(&settings);
        budget.cut(Cut::Time);
        budget
    };
    let table = "* | stats sum(n) by n";
    let before: Vec<i64> = (-9..0).map(|minute| DATA + minute * MINUTE).collect();
    let all: Vec<i64> = before.iter().copied().chain([DATA, DATA + MINUTE]).collect();

    let whole = asked(&store, table, &all, &Budget::of(&settings)).expect("there is time");
    assert_eq!((whole.windows.len(), whole.cut), (all.len(), None));
    // More windows than anybody measures in that time, and the first of them in less.
    let many: Vec<i64> = (-200_000..0).map(|minute| DATA + minute * MINUTE).collect();
    let short = Budget::lasting(std::time::Duration::from_millis(300), &settings);
    let cut = asked(&store, table, &many, &short).expect("a window");
    assert!((1..many.len()).contains(&cut.windows.len()), "{}", cut.windows.len());
    assert_eq!(cut.cut.as_deref(), Some("it takes longer than a question may"));
    let limit = asked(&store, table, &[DATA + MINUTE], &over()).expect_err("no time");
    assert!(matches!(&limit, MeasureError::Limit(text) if text.contains("longer than a question may")), "{limit}");
    let count = asked(&store, "entry", &all, &over()).expect_err("no time");
    assert!(matches!(count, MeasureError::Limit(_)), "{count}");

    let little = Budget::of(&config::Query { memory: Size::from_bytes(2000), ..settings.clone() });
    let first = asked(&store, table, &all, &little).expect("those before have no groups");
    assert_eq!((first.windows.len(), first.cut.is_some()), (before.len(), true));
    let limit = asked(&store, table, &[DATA], &little).expect_err("too many groups");
    assert!(matches!(&limit, MeasureError::Limit(_)), "{limit}");

    let gone = Budget::of(&settings);
    gone.cancel();
    let ended = asked(&store, table, &all, &gone).expect_err("nobody waits");
    assert!(matches!(ended, MeasureError::Ended), "{ended}");
    state.orgs.close();
}

#[test]
fn what_a_rule_says_of_its_failure_is_for_those_who_made_it() {
    let damaged = || StorageError::Damaged { path: "/srv/logan/orgs/1.db".into(), detail: "page 7".into() };
    for inside in [BackgroundError::from(damaged()), MeasureError::from(damaged()).into()] {
        assert!(inside.to_string().contains("/srv"), "the log knows: {inside}");
        assert_eq!(rules::told(&inside), "the server failed to judge it; its log says why");
    }
    let own = BackgroundError::from(MeasureError::Rule(RuleProblem("query: no".to_owned())));
    assert_eq!(rules::told(&own), "query: no");
}

#[test]
fn the_lag_is_that_of_the_org_that_is_furthest_behind() {
    let at = |seconds: i64| Timestamp::from_seconds(1_789_000_000 + seconds, 0).expect("a time");
    let (memory, one, other) = (Memory::new(50), OrgId::generate(), OrgId::generate());
    assert_eq!(memory.lag(Task::Detection, at(0)), 0.0);
    memory.note_due(Task::Detection, one, Some(at(0)));
    memory.note_due(Task::Detection, other, Some(at(50)));
    memory.note_due(Task::Rules, other, Some(at(-900)));
    assert_eq!(memory.lag(Task::Detection, at(60)), 60.0, "the last one to be judged is not the measure");
    memory.keep_due(Task::Detection, &[other]);
    assert_eq!((memory.lag(Task::Detection, at(60)), memory.lag(Task::Rules, at(60))), (10.0, 960.0));
    assert_eq!(memory.lag(Task::Detection, at(40)), 0.0, "nothing can be judged yet");
    memory.note_due(Task::Rules, other, None);
    assert_eq!(memory.lag(Task::Rules, at(60)), 0.0, "nothing is to be judged");
}

#[test]
fn the_expressions_of_a_rule_are_bounded() {
    let now = Timestamp::from_nanos(DATA).expect("a time");
    let RuleProblem(text) = check(&rule(r#"message ~ "(\w{90}){90}""#), now).expect_err("too large");
    assert!(text.contains("1024 KiB") && text.contains('^'), "{text}");
}
