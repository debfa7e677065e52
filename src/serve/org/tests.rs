//! Which stores are open, and which never are again.

use super::{OpenError, OrgId, OrgScope, lock};
use crate::serve::answers::tests::{server, server_with};

fn org() -> OrgScope {
    OrgScope::of_server(OrgId::generate())
}

#[test]
fn one_store_that_opens_or_closes_keeps_nobody_from_another() {
    let (_folder, state, slow) = server();
    let place = state.orgs.place(slow.org());
    let opening = lock(&place);
    state.orgs.get(&org()).expect("another opens meanwhile");
    assert!(state.orgs.opened(&slow).is_none(), "nobody waits who may not");
    assert_eq!((state.orgs.count_open(), state.orgs.trouble()), (1, None));
    state.orgs.close_idle();
    drop(opening);
    state.orgs.get(&slow).expect("opens");
    state.orgs.close();
    assert_eq!(state.orgs.count_open(), 0);
}

#[test]
fn beyond_the_cap_the_longest_unused_are_closed_and_those_in_use_never() {
    let (_folder, state, _) = server_with(|settings| settings.limits.stores = 2);
    let scopes: Vec<OrgScope> = (0..4).map(|_| org()).collect();
    let used = state.orgs.get(&scopes[0]).expect("opens");
    for scope in &scopes[1..] {
        state.orgs.get(scope).expect("opens");
    }
    let is_open: Vec<bool> = scopes.iter().map(|scope| state.orgs.in_use(scope).is_some()).collect();
    assert_eq!(is_open, [true, false, false, true]);
    drop(used);
    state.orgs.get(&scopes[1]).expect("opens again");
    assert_eq!(state.orgs.count_open(), 2);
    state.orgs.close();
}

#[test]
fn a_deleted_org_has_no_store_ever_again() {
    let (_folder, state, scope) = server();
    let held = state.orgs.get(&scope).expect("opens");
    assert!(state.orgs.path(scope.org()).exists());
    state.orgs.delete(&scope).expect("deletes");
    drop(held);
    assert!(matches!(state.orgs.get(&scope), Err(OpenError::Deleted)));
    state.orgs.close_idle();
    assert!(matches!(state.orgs.get(&scope), Err(OpenError::Deleted)), "it is not forgotten");
    let left: Vec<_> =
        std::fs::read_dir(state.orgs.path(scope.org()).parent().expect("a folder")).expect("reads").collect();
    assert!(left.is_empty(), "{left:?}");
}
