//! Any history of a live store beside a model of what must be in it: appended, merged, expired, reopened.

use proptest::prelude::*;

use super::*;

/// Entries, whether they are large, encoded or not, source, key and content of the request.
type OneAppend = (u64, bool, bool, u8, Option<(u8, u8)>);

/// Everything at once: small and large, repeated and not, merged, expired, reopened.
#[derive(Clone, Debug)]
enum Step {
    /// Of each append: entries, encoded or not, source, key and content of the request.
    Append(Vec<OneAppend>),
    Merge(u64, u64),
    Expire {
        age: Option<i64>,
        most: Option<u64>,
        force: bool,
    },
    Wait(i64),
    Checkpoint,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let key = prop::option::weighted(0.4, (0_u8..3, 0_u8..2));
    let one = (0_u64..40, prop::bool::weighted(0.2), any::<bool>(), 0_u8..3, key);
    prop_oneof![
        12 => prop::collection::vec(one, 1..5).prop_map(Step::Append),
        4 => (prop::sample::select(vec![1, 50, 100_000]), prop::sample::select(vec![0, 600, 100_000]))
            .prop_map(|(entries, span)| Step::Merge(entries, span)),
        2 => (prop::option::of(0_i64..2000), prop::option::of(0_u64..200_000), any::<bool>())
            .prop_map(|(age, most, force)| Step::Expire { age, most, force }),
        2 => (1_i64..1000).prop_map(Step::Wait),
        1 => prop::sample::select(vec![DAY, 3 * DAY]).prop_map(Step::Wait),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Reopen),
    ]
}

/// The store, and what must be in it.
struct Model {
    folder: TempDir,
    store: Option<LiveStore>,
    entries: Vec<LogEntry>,
    /// Client and key, content, answer and when.
    requests: Vec<(u8, u8, Vec<u8>, i64)>,
    next_line: u64,
    next_number: u64,
    second: i64,
}

impl Model {
    fn new() -> Model {
        let folder = folder();
        let store = Some(open(&folder.path().join("live.db")));
        let (entries, requests) = (Vec::new(), Vec::new());
        Model { folder, store, entries, requests, next_line: 1, next_number: 0, second: 0 }
    }

    fn store(&mut self) -> &mut LiveStore {
        self.store.as_mut().expect("it is open")
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Append(appends) => self.append(appends),
            Step::Merge(entries, span) => {
                let before = blocks(self.store());
                let budget = MergeBudget { entries: *entries, span: Duration::from_secs(*span) };
                let merged = self.store().merge(budget).expect("merges");
                assert_eq!(before - merged.blocks as i64 + merged.made as i64, blocks(self.store()));
                assert_eq!(merged.damaged, []);
            }
            Step::Expire { age, most, force } => self.expire(*age, *most, *force),
            Step::Wait(seconds) => self.second += seconds,
            Step::Checkpoint => self.store().checkpoint().expect("copies"),
            Step::Reopen => {
                self.store.take().expect("it is open").close().expect("closes");
                let path = self.folder.path().join("live.db");
                assert!(!path.with_extension("db-wal").exists(), "closing leaves a log");
                assert_eq!(all(&SqliteLogStorage::open(&path, 1).expect("opens")), self.entries);
                self.store = Some(open(&path));
            }
        }
    }

    fn append(&mut self, appends: &[OneAppend]) {
        let (mut given, mut expected) = (Vec::new(), Vec::new());
        for (count, is_large, encoded, source, request) in appends {
            let (count, second) = (*count, self.second);
            let entry = if *is_large { large } else { entry };
            let entries: Vec<LogEntry> =
                (0..count).map(|row| entry(self.next_number + row, second - (row as i64 * 37 % 500))).collect();
            self.next_number += count;
            let source = format!("source {source}");
            let answer = format!("answer {}", self.next_number).into_bytes();
            let known = request.and_then(|(key, _)| {
                let fresh = |request: &&(u8, u8, Vec<u8>, i64)| request.0 == key && request.3 >= second - DAY;
                self.requests.iter().rev().find(fresh).cloned()
            });
            expected.push(match (known, request) {
                (Some((_, content, answer, _)), Some((_, body))) if content == *body => Appended::Repeated { answer },
                (Some(_), _) => Appended::Conflict,
                (None, _) => {
                    self.requests.extend(request.map(|(key, body)| (key, body, answer.clone(), second)));
                    self.entries.extend(arrived(&entries, &source, self.next_line));
                    let first_line = self.next_line;
                    self.next_line += count;
                    Appended::Stored { first_line, entries: count }
                }
            });
            let mut append = append(&entries, &source);
            if *encoded {
                append.entries = AppendEntries::Encoded(LiveBlock::encode(batch(&entries), &append.source));
            }
            append.request = request.map(|(key, body)| RequestKey {
                client: "client".to_owned(),
                key: key.to_string(),
                body_hash: [body; 16],
            });
            append.answer = answer;
            given.push(append);
        }
        let now = at(self.second);
        assert_eq!(self.store().append(given, now).expect("appends"), expected);
    }

    fn expire(&mut self, age: Option<i64>, most: Option<u64>, force: bool) {
        let max_age = age.map(|seconds| Duration::from_secs(seconds as u64));
        let (before, now) = (self.entries.len() as u64, at(self.second));
        let expired = self
            .store()
            .expire(&Retention { max_age, max_bytes: most, force, ..Retention::default() }, now)
            .expect("expires");
        let reader = SqliteLogStorage::open_live(&self.folder.path().join("live.db"), 1).expect("opens");
        let left = all(&reader);
        assert_eq!(before - left.len() as u64, expired.entries);
        assert!(force || expired.entries * 2 <= before, "{expired:?} of {before}");
        // What is left is in its old order, and what is gone was old or first.
        let lines: Vec<u64> = left.iter().map(|entry| entry.position.expect("it has one").line).collect();
        let old = std::mem::replace(&mut self.entries, left);
        let gone: Vec<&LogEntry> =
            old.iter().filter(|entry| !lines.contains(&entry.position.expect("it has one").line)).collect();
        match (age, most) {
            (Some(age), None) => {
                let cutoff = at(self.second - age);
                assert!(gone.iter().all(|entry| entry.ts.expect("it has one") < cutoff), "younger ones went");
            }
            (None, Some(_)) => assert!(gone.iter().zip(&old).all(|(gone, old)| *gone == old), "later ones went"),
            (None, None) => assert!(gone.is_empty()),
            (Some(_), Some(_)) => {}
        }
    }

    fn check(&mut self) {
        let path = self.folder.path().join("live.db");
        for threads in [1, 3] {
            let reader = SqliteLogStorage::open_live(&path, threads).expect("opens");
            assert_eq!(all(&reader), self.entries, "on {threads} threads");
            assert_eq!(reader.verify().expect("reads"), []);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 5, ..ProptestConfig::default() })]

    #[test]
    fn what_was_appended_is_there_in_order_and_to_the_byte(steps in prop::collection::vec(step(), 1..25)) {
        let mut model = Model::new();
        for step in &steps {
            model.take(step);
            model.check();
        }
        model.take(&Step::Reopen);
        model.check();
    }
}
