//! The tenant matrix: every operation of the API, asked by everybody, about everything of their own, of others and of
//! nobody. The operations are read off the API's description, what is expected of them stands in [`table`].

mod table;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use self::table::{Carries, Fresh, Need, Row, TABLE, UNDESCRIBED};
use self::world::{ID_PARAMS, Id, Principal, Tenant, Who, World};
use super::server::{Account, Answer, TestServer};

/// Every request of the matrix has this id, so that answers can be the same byte for byte.
const REQUEST_ID: &str = "matrix";

/// The variables of a path, in order.
fn variables(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

/// Every way to give these many parameters an id.
fn combinations(count: usize) -> Vec<Vec<Id>> {
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        all = all.iter().flat_map(|some| Id::ALL.map(|id| [some.as_slice(), &[id]].concat())).collect();
    }
    all
}

/// A request as it goes out.
struct Asked {
    method: Method,
    target: String,
    body: Option<(&'static str, String)>,
}

impl Asked {
    fn send(&self, server: &TestServer, credential: &str, streams: bool) -> Answer {
        let mut request =
            server.request(self.method.clone(), credential, &self.target).header("x-request-id", REQUEST_ID);
        if let Some((kind, body)) = &self.body {
            request = request.header("content-type", *kind).body(body.clone());
        }
        if streams { server.begin(request) } else { server.send(request) }
    }
}

/// Makes the request of `principal` that gives the variables these ids.
fn asked(world: &World, row: &Row, principal: &Principal, ids: &[Id], may: bool) -> Asked {
    let (method, path, query) = row.parts();
    let (is_end, marker) = (method == "DELETE" && may, &world.tenants[principal.side.unwrap_or(0)].marker);
    let mut path = path.to_owned();
    let mut ids = ids.iter();
    for name in variables(&path.clone()) {
        let value = match ID_PARAMS.contains(&name) {
            true => world.id(name, *ids.next().expect("an id for each"), principal, is_end),
            false if name == "name" => "app".to_owned(),
            false => format!("text-{marker}"),
        };
        path = path.replace(&format!("{{{name}}}"), &value);
    }
    let fill = |text: &str| {
        let mut text = text.replace("{marker}", marker).replace("{n}", &world.number().to_string());
        if text.contains("{refresh}") {
            text = text.replace("{refresh}", &world.server.log_in(&world.tenants[0].owner().email).refresh_token);
        }
        text
    };
    let target = if query.is_empty() { path } else { format!("{path}?{}", fill(query)) };
    let body = match row.send {
        Carries::Nothing => None,
        Carries::Json(text) => Some(("application/json", fill(text))),
        Carries::Raw(kind, text) => Some((kind, fill(text))),
    };
    Asked { method: method.parse().expect("a method"), target, body }
}

/// Nothing of the other org is in an answer, unless it was in the request.
fn assert_no_leak<'a>(world: &'a World, context: &str, side: Option<usize>, asked: &Asked, answer: &Answer) {
    let request = format!("{} {:?}", asked.target, asked.body);
    let answer = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
    // Attempts at other orgs are written down with the id that was asked for: it came from the one who reads it there.
    let ids = |tenant: &'a Tenant| if asked.target.starts_with("/api/v1/audit") { Vec::new() } else { tenant.ids() };
    for (other, tenant) in world.tenants.iter().enumerate().filter(|(other, _)| side != Some(*other)) {
        for secret in ids(tenant).into_iter().chain([tenant.marker.as_str()]) {
            assert!(
                request.contains(secret) || !answer.contains(secret),
                "{context}: shows {secret} of {other}: {answer}"
            );
        }
    }
}

/// Puts somebody who has nothing to lose in the place of the one who asks, where the request is the end of them.
fn for_the_end(world: &World, row: &Row, principal: &Principal) -> Option<Account> {
    let account = world.account(principal)?;
    match row.fresh {
        Fresh::No => None,
        Fresh::Login => Some(world.server.log_in(&account.email)),
        Fresh::Org => {
            let marker = &world.tenants[principal.side?].marker;
            let account = world.server.sign_up(&format!("end{}@{marker}.example", world.number()));
            // The only org of somebody is not deleted.
            world.server.post(&account.token, "/api/v1/orgs", &json!({"name": "another"})).expect(201);
            Some(account)
        }
    }
}

fn check(world: &World, row: &Row, principal: &Principal) {
    let (_, path, _) = row.parts();
    let count = variables(path).into_iter().filter(|name| ID_PARAMS.contains(name)).count();
    let may = principal.who.may(row.need);
    let mut answers: BTreeMap<String, Answer> = BTreeMap::new();
    for ids in combinations(count) {
        let is_own = ids.iter().all(|id| *id == Id::Own);
        let context = format!("{} × {} × {ids:?}", row.operation, principal.name);
        let mut request = asked(world, row, principal, &ids, may);
        let mut credential = principal.credential.clone();
        if may
            && is_own
            && let Some(account) = for_the_end(world, row, principal)
        {
            let org = principal.side.map(|side| world.tenants[side].owner().org.as_str());
            request.target = request.target.replace(org.expect("an org"), &account.org);
            credential = account.token;
        }
        let answer = request.send(&world.server, &credential, row.streams && may && is_own);
        let status = answer.status;
        match row.need {
            Need::Public => assert!((200..300).contains(&status), "{context}: {answer:?}"),
            _ if matches!(principal.who, Who::Nobody) => assert_eq!(status, 401, "{context}: {answer:?}"),
            _ if !may => assert_eq!(status, 403, "{context}: {answer:?}"),
            _ if is_own => assert!((200..300).contains(&status), "{context}: {answer:?}"),
            _ => assert_eq!(status, 404, "{context}: {answer:?}"),
        }
        if !matches!(row.need, Need::Public) {
            assert_no_leak(world, &context, principal.side, &request, &answer);
        }
        answers.insert(format!("{ids:?}"), answer);
    }
    if count == 0 {
        return;
    }
    // All refusals of one are the same, byte for byte: nothing tells what exists elsewhere from what does not.
    let own = format!("{:?}", vec![Id::Own; count]);
    let refusals: Vec<_> = answers.iter().filter(|(ids, _)| !may || **ids != own).collect();
    for pair in refusals.windows(2) {
        assert_eq!(pair[0].1, pair[1].1, "{} × {}: {} and {}", row.operation, principal.name, pair[0].0, pair[1].0);
    }
}

fn described() -> BTreeSet<String> {
    let description = serde_json::to_value(logan::serve::openapi()).expect("a description");
    let mut operations = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            operations.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    operations
}

#[test]
fn every_operation_has_its_line_in_the_table() {
    let lines = TABLE.iter().map(|row| {
        let (method, path, _) = row.parts();
        format!("{method} {path}")
    });
    let lines: Vec<String> = lines.collect();
    let expected: BTreeSet<String> = lines.iter().cloned().collect();
    assert_eq!(lines.len(), expected.len(), "a line stands twice");
    let described = described();
    let without: Vec<_> = described.difference(&expected).collect();
    let stale: Vec<_> = expected.difference(&described).collect();
    assert!(without.is_empty(), "tests/it/serve/matrix/table.rs does not say who may do {without:?}");
    assert!(stale.is_empty(), "tests/it/serve/matrix/table.rs says who may do what cannot be done: {stale:?}");
    // The description says itself which operations want a credential.
    let description = serde_json::to_value(logan::serve::openapi()).expect("a description");
    for row in TABLE {
        let (method, path, _) = row.parts();
        let operation = &description["paths"][path][method.to_lowercase()];
        let wants = operation["security"].as_array().is_some_and(|all| all.iter().any(|one| one["bearer"].is_array()));
        assert_eq!(wants, !matches!(row.need, Need::Public), "{}: the description's security", row.operation);
    }
}

#[test]
fn every_route_that_is_not_described_has_its_line_as_well() {
    let undescribed = logan::serve::undescribed();
    // A line names a path that the route's template takes.
    let fits = |row: &Row, route: &str| {
        let (method, path, _) = row.parts();
        let (of, template) = route.split_once(' ').expect("a method and a path");
        let (given, parts): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), template.split('/').collect());
        let same = |(part, given): (&&str, &&str)| part == given || (part.starts_with('{') && !given.is_empty());
        of == method && given.len() == parts.len() && parts.iter().zip(&given).all(same)
    };
    let without: Vec<_> = undescribed.iter().filter(|route| !UNDESCRIBED.iter().any(|row| fits(row, route))).collect();
    assert!(without.is_empty(), "tests/it/serve/matrix/table.rs does not say who may do {without:?}");
    let stale = UNDESCRIBED.iter().filter(|row| !undescribed.iter().any(|route| fits(row, route)));
    let stale: Vec<_> = stale.map(|row| row.operation).collect();
    assert!(stale.is_empty(), "tests/it/serve/matrix/table.rs says who may do what cannot be done: {stale:?}");
    assert!(undescribed.len() > 70, "{undescribed:?}");
}

#[test]
fn everybody_gets_what_is_theirs_and_no_more() {
    let world = World::new();
    for row in TABLE.iter().chain(UNDESCRIBED) {
        for principal in &world.principals {
            // Whoever asks makes no difference where nobody is asked who they are.
            if !matches!(row.need, Need::Public) || principal.side.is_none() {
                check(&world, row, principal);
            }
        }
    }
}

#[test]
fn every_route_of_our_own_refuses_parameters_that_it_does_not_take() {
    let world = World::new();
    let owner = world.tenants[0].owner();
    let principal = world.principals.iter().find(|principal| principal.credential == owner.token);
    let principal = principal.expect("the owner is one of the world's");
    // Clients of other services send arguments of their own.
    let ours: Vec<&Row> = TABLE.iter().filter(|row| row.parts().1.starts_with("/api/v1/")).collect();
    assert!(ours.len() > 45, "{}", ours.len());
    for row in ours {
        let count = variables(row.parts().1).into_iter().filter(|name| ID_PARAMS.contains(name)).count();
        let mut request = asked(&world, row, principal, &vec![Id::Own; count], false);
        request.target += if request.target.contains('?') { "&limti=1" } else { "?limti=1" };
        let answer = request.send(&world.server, &owner.token, false);
        assert_eq!((answer.status, answer.code().as_str()), (400, "unknown_parameter"), "{} {answer:?}", row.operation);
    }
}

/// What somebody sees who looks at everything there is to see.
fn look(world: &World, account: &Account) -> BTreeMap<&'static str, Answer> {
    let principal = world.principals.iter().find(|principal| principal.credential == account.token);
    let principal = principal.expect("the account is one of the world's");
    let reads = TABLE.iter().filter(|row| row.parts().0 == "GET" && !row.streams && principal.who.may(row.need));
    reads
        .map(|row| {
            let count = variables(row.parts().1).into_iter().filter(|name| ID_PARAMS.contains(name)).count();
            let request = asked(world, row, principal, &vec![Id::Own; count], true);
            let mut answer = request.send(&world.server, &account.token, false);
            // How long it took is no secret of anybody, and never the same.
            let text = String::from_utf8(answer.body).expect("text");
            let took = regex::Regex::new(r#""milliseconds":[0-9.]+"#).expect("a pattern");
            answer.body = took.replace_all(&text, r#""milliseconds":0"#).into_owned().into_bytes();
            answer.headers.retain(|(name, _)| name != "content-length");
            (row.operation, answer)
        })
        .collect()
}

#[test]
fn what_one_org_does_changes_nothing_that_another_sees() {
    let world = World::new();
    let looker = world.tenants[0].owner();
    let before = look(&world, looker);
    let refused: Vec<_> = before.iter().filter(|(_, answer)| answer.status != 200).collect();
    assert!(before.len() >= 20 && refused.is_empty(), "{} looked at; {refused:?}", before.len());
    // The other org does everything that can be done, by everybody in it, and asks for the first one's things.
    for row in TABLE.iter().filter(|row| !matches!(row.need, Need::Public)) {
        for principal in world.principals.iter().filter(|principal| principal.side == Some(1)) {
            check(&world, row, principal);
        }
    }
    let busy = world.tenants[1].owner();
    let wrong = json!({"email": busy.email, "password": "not the password"});
    world.server.post("", "/api/v1/auth/login", &wrong).expect(401);
    let after = look(&world, looker);
    for (operation, answer) in before {
        assert_eq!(answer, after[operation], "{operation}");
    }
}

#[test]
fn a_channel_named_in_a_rule_is_missing_or_ones_own() {
    let world = World::new();
    let owner = world.tenants[0].owner();
    let [own, foreign] = [0, 1].map(|side| world.tenants[side].channel.as_str());
    let make = |channel: &str| {
        let body = json!({"name": "told", "kind": "threshold", "above": 9, "channels": [channel]});
        let request = world.server.request(Method::POST, &owner.token, "/api/v1/rules");
        world.server.send(request.header("x-request-id", REQUEST_ID).json(&body))
    };
    let refused = make(foreign);
    assert!((400..500).contains(&refused.status), "{refused:?}");
    assert_eq!(refused, make("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
    make(own).expect(201);
}

#[test]
fn an_org_named_in_a_body_is_missing_or_ones_own() {
    let world = World::new();
    let owner = world.tenants[0].owner();
    let missing = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ";
    let ask = |path: &str, body: Value| {
        let request = world.server.request(Method::POST, "", path).header("x-request-id", REQUEST_ID).json(&body);
        world.server.send(request)
    };
    let log_in = |org: &str| {
        ask("/api/v1/auth/login", json!({"email": owner.email, "password": super::server::PASSWORD, "org": org}))
    };
    let refresh = |org: &str| ask("/api/v1/auth/refresh", json!({"refresh_token": owner.refresh_token, "org": org}));
    let foreign = &world.tenants[1].owner().org;
    for answers in [[log_in(foreign), log_in(missing)], [refresh(foreign), refresh(missing)]] {
        let [foreign, missing] = answers;
        assert_eq!(foreign.clone().expect(404), missing);
    }
    log_in(&owner.org).expect(200);
    refresh(&owner.org).expect(200);
}
