//! Pages while blocks are merged, and questions whose asker goes away.

use std::sync::Arc;

use tempfile::TempDir;

use super::page::Search;
use super::{Budget, ask, store};
use crate::config::{self, Settings};
use crate::entry::{BatchBuilder, LogEntry, Position, Projection, Timestamp, Value};
use crate::serve::auth::OrgScope;
use crate::serve::clock::SystemClock;
use crate::serve::ids::OrgId;
use crate::serve::org::OrgStore;
use crate::serve::state::AppState;
use crate::storage::{Append, AppendEntries, MergeBudget};

pub fn server() -> (TempDir, AppState, OrgScope) {
    server_with(|_| {})
}

/// A server without listeners, and an org.
pub fn server_with(change: impl FnOnce(&mut Settings)) -> (TempDir, AppState, OrgScope) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = Settings { data: folder.path().join("data"), ..Settings::default() };
    change(&mut settings);
    let state = AppState::open(settings, Arc::new(SystemClock)).expect("opens");
    (folder, state, OrgScope::of_server(OrgId::generate()))
}

/// Entries whose times repeat and are in no order.
pub fn entries(from: u64, count: u64) -> Vec<LogEntry> {
    let entry = |n: u64| LogEntry {
        ts: Timestamp::from_seconds(1_789_000_000 + (n * 7919 % 40) as i64, 0),
        message: Some(format!("entry {n}").into_bytes().into()),
        fields: vec![("n".to_owned(), Value::Int(n as i64))],
        raw: Some(format!("n={n}").into_bytes().into()),
        position: Some(Position::default()),
        ..LogEntry::default()
    };
    (from..from + count).map(entry).collect()
}

pub async fn append(store: &OrgStore, entries: &[LogEntry]) {
    let mut builder = BatchBuilder::new(&Projection::all());
    entries.iter().for_each(|entry| builder.push_owned(entry));
    let append = Append {
        entries: AppendEntries::Rows(Box::new(builder.finish(Vec::new()))),
        rejects: Vec::new(),
        source: "test".into(),
        request: None,
        answer: Vec::new(),
    };
    let reserved = store.reserve(1000).expect("room");
    store.append(append, reserved).await.expect("stored");
}

fn page(state: &AppState, scope: OrgScope, store: &OrgStore, order: &str, cursor: Option<&str>) -> serde_json::Value {
    let mut pairs = vec![("limit".to_owned(), "7".to_owned()), ("order".to_owned(), order.to_owned())];
    pairs.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor.to_owned())));
    let search = Search::read(pairs, scope.org(), state.now(), || store.field_names()).expect("a question");
    let bytes = search.run(store, &Budget::of(&config::Query::default())).expect("a page");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[tokio::test]
async fn no_page_repeats_or_misses_an_entry_while_blocks_are_merged_and_more_arrive() {
    let (_folder, state, scope) = server();
    let store = store(&state, scope).await.expect("opens");
    for part in 0..40 {
        append(&store, &entries(part * 5, 5)).await;
    }
    let mut all: Vec<u64> = (0..200).collect();
    let mut arrived = 200;
    for order in ["newest", "oldest"] {
        all.sort_by_key(|n| (n * 7919 % 40, *n));
        if order == "newest" {
            all.reverse();
        }
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        let mut merged = 0;
        loop {
            let answer = page(&state, scope, &store, order, cursor.as_deref());
            let list = answer["entries"].as_array().expect("entries");
            assert!(list.iter().all(|entry| entry["line"].as_u64() == entry["n"].as_u64().map(|n| n + 1)));
            found.extend(list.iter().filter_map(|entry| entry["n"].as_u64()));
            append(&store, &entries(arrived, 5)).await;
            arrived += 5;
            let done = store.with_writer(|store| store.merge(MergeBudget::default())).await.expect("a writer");
            merged += done.expect("merges").blocks;
            match answer["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        assert!(merged > 0, "there was something to merge");
        assert_eq!(found, all, "{order}");
        all = (0..arrived).collect();
    }
    state.orgs.close();
}

#[tokio::test]
async fn questions_of_all_orgs_share_the_places_there_are() {
    let (_folder, state, scope) = server_with(|settings| settings.query.running_all = 1);
    let (end, ending) = std::sync::mpsc::channel::<()>();
    let (began, begins) = tokio::sync::oneshot::channel();
    let first = tokio::spawn({
        let state = state.clone();
        async move {
            ask(&state, scope, "test", move |_, _| {
                _ = began.send(());
                _ = ending.recv();
                Ok(())
            })
            .await
        }
    });
    begins.await.expect("it runs");
    let other = OrgScope::of_server(OrgId::generate());
    let mut second = std::pin::pin!(ask(&state, other, "test", |_, _| Ok(())));
    let waited = tokio::time::timeout(std::time::Duration::from_millis(200), &mut second).await;
    assert!(waited.is_err(), "there is one place for all");
    end.send(()).expect("it waits");
    first.await.expect("no panic").expect("an answer");
    second.await.expect("its turn has come");
    state.orgs.close();
}

#[tokio::test]
async fn a_question_ends_when_nobody_waits_for_it_and_gives_its_place_back() {
    let (_folder, state, scope) = server();
    let (began, begins) = tokio::sync::oneshot::channel();
    let (ended, ends) = tokio::sync::oneshot::channel();
    let question = ask(&state, scope, "test", move |_, budget| {
        _ = began.send(());
        while !budget.is_cancelled() {
            std::thread::yield_now();
        }
        _ = ended.send(());
        Ok(())
    });
    tokio::select! {
        _ = question => panic!("it waits for its end"),
        begun = begins => begun.expect("it runs"),
    }
    ends.await.expect("it ended with its future");
    for _ in 0..5 {
        ask(&state, scope, "test", |_, _| Ok(())).await.expect("there is a place");
    }
    state.orgs.close();
}
