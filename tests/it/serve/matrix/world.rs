//! Two orgs with everything in them, and everybody who may ask.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use logan::entry::Timestamp;
use logan::serve::ManualClock;
use logan::serve::auth::access::{Action, KeyScope, Role};
use logan::serve::background::Task;
use serde_json::json;

use super::super::alerts::{by_hand, run};
use super::super::server::{Account, PASSWORD, TestServer};
use super::super::tokens::{decoded, sign};
use super::table::Need;

const NOW: i64 = 1_800_000_000;

/// The names in paths and bodies that stand for ids. Others in paths are free text.
pub const ID_PARAMS: [&str; 8] = ["org", "user", "invite", "key", "session", "rule", "alert", "channel"];

/// An org with its people and keys.
pub struct Tenant {
    /// Stands in everything of this org, and in nothing of the other.
    pub marker: String,
    /// Owner, admin, member, viewer.
    pub people: Vec<(Role, Account)>,
    /// One of each scope.
    pub keys: Vec<(KeyScope, String)>,
    /// A member that nobody is.
    spare: String,
    /// An invitation and a key that nobody uses.
    invite: String,
    key: String,
    /// A rule, the alert it made, and a channel.
    rule: String,
    alert: String,
    pub channel: String,
}

impl Tenant {
    pub fn owner(&self) -> &Account {
        &self.people[0].1
    }

    /// All ids of this org that must not be seen elsewhere.
    pub fn ids(&self) -> Vec<&str> {
        let people = self.people.iter().map(|(_, account)| account.user.as_str());
        let things = [&self.spare, &self.invite, &self.key, &self.rule, &self.alert, &self.channel];
        people.chain([self.owner().org.as_str()]).chain(things.map(String::as_str)).collect()
    }
}

/// What somebody is.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    /// The credential is none.
    Nobody,
    Person(Role),
    Key(KeyScope),
}

impl Who {
    /// Returns true when whoever has this credential may do it.
    pub fn may(self, need: Need) -> bool {
        let is = |action: Action| match self {
            Who::Nobody => false,
            Who::Person(role) => role.allows(action),
            Who::Key(scope) => action.allows_scope(scope),
        };
        match need {
            Need::Public => true,
            Need::SignedIn => matches!(self, Who::Person(_)),
            Need::Is(action) => is(action),
        }
    }
}

/// Somebody who asks.
pub struct Principal {
    pub name: String,
    pub credential: String,
    pub who: Who,
    /// Whose org they are in; nobody is in none.
    pub side: Option<usize>,
}

/// Which id a parameter gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    Own,
    Foreign,
    Missing,
    /// Text that can be no id.
    Wrong,
}

impl Id {
    pub const ALL: [Id; 4] = [Id::Own, Id::Foreign, Id::Missing, Id::Wrong];
}

pub struct World {
    pub server: TestServer,
    pub tenants: [Tenant; 2],
    pub principals: Vec<Principal>,
    count: Cell<u32>,
}

fn random_marker() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("random bytes");
    format!("mark{:016x}", u64::from_le_bytes(bytes))
}

fn id_of(value: &serde_json::Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id: {value}")).to_owned()
}

/// Makes an account in the org of `owner` that nobody logs in to, and returns its id.
fn newcomer(server: &TestServer, owner: &Account, email: &str, name: &str) -> String {
    let path = format!("/api/v1/orgs/{}/invites", owner.org);
    let invite = server.post(&owner.token, &path, &json!({"role": "viewer"})).expect(201).json();
    let body = json!({"email": email, "password": PASSWORD, "name": name, "invite": invite["token"]});
    let made = server.post("", "/api/v1/users", &body).expect(201).json();
    id_of(&made["user"])
}

/// A channel to a port where nobody listens.
fn channel(name: &str) -> serde_json::Value {
    json!({"name": name, "kind": "webhook", "url": format!("http://127.0.0.1:1/{name}")})
}

fn tenant(server: &TestServer) -> Tenant {
    let marker = random_marker();
    let email = |name: &str| format!("{name}@{marker}.example");
    let owner = server.sign_up(&email("owner"));
    let mut people = vec![(Role::Owner, owner.clone())];
    for role in [Role::Admin, Role::Member, Role::Viewer] {
        people.push((role, server.sign_up_into(&owner, &email(role.name()), role.name())));
    }
    let make = |path: &str, body| server.post(&owner.token, path, &body).expect(201).json();
    let mut keys = Vec::new();
    for scope in [KeyScope::Ingest, KeyScope::Query, KeyScope::Admin] {
        let made = make("/api/v1/keys", json!({"name": format!("{marker} {}", scope.name()), "scope": scope}));
        keys.push((scope, made["key"].as_str().expect("a key").to_owned()));
    }
    let invites = format!("/api/v1/orgs/{}/invites", owner.org);
    let rule = json!({"name": marker, "kind": "threshold", "window": "1m", "above": 0, "auto_resolve": false});
    let rule = id_of(&make("/api/v1/rules", rule));
    // What the rule will find.
    server.post(&owner.token, "/api/v1/logs", &json!({"message": marker})).expect(200);
    Tenant {
        people,
        keys,
        spare: newcomer(server, &owner, &email("spare"), &marker),
        invite: id_of(&make(&invites, json!({"role": "viewer", "email": email("invited")}))),
        key: id_of(&make("/api/v1/keys", json!({"name": marker, "scope": "query"}))),
        rule,
        alert: String::new(),
        channel: id_of(&make("/api/v1/channels", channel(&marker))),
        marker,
    }
}

impl World {
    pub fn new() -> World {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(NOW, 0).expect("a time")));
        let server = TestServer::start_with(clock.clone(), |settings| {
            let plenty = logan::config::Rate { per_second: 1_000_000, burst: 1_000_000 };
            settings.rates.org = plenty.clone();
            settings.rates.key = plenty.clone();
            settings.rates.address = plenty;
            settings.rates.login_account_per_minute = 100_000;
            by_hand(settings);
            settings.delivery.allow = vec!["127.0.0.0/8".parse().expect("a network")];
            settings.delivery.ports = vec![1];
        });
        let mut tenants = [tenant(&server), tenant(&server)];
        let expired = tenants[0].owner().token.clone();
        clock.advance(Duration::from_secs(900 + 31));
        for (_, account) in tenants.iter_mut().flat_map(|tenant| &mut tenant.people) {
            *account = server.log_in(&account.email);
        }
        run(&server, Task::Rules);
        for tenant in &mut tenants {
            let found = server.get(&tenant.owner().token, "/api/v1/alerts").expect(200).json();
            tenant.alert = id_of(&found["alerts"][0]);
        }
        let owner = tenants[0].owner();
        let forged = sign(&[7; 32], &decoded(&owner.token, 0).to_string(), &decoded(&owner.token, 1).to_string());
        let gone = server.post(&owner.token, "/api/v1/keys", &json!({"name": "gone", "scope": "admin"}));
        let gone = gone.expect(201).json();
        server.delete(&owner.token, &format!("/api/v1/keys/{}", id_of(&gone))).expect(204);
        let ended = server.log_in(&owner.email);
        server.post(&ended.token, "/api/v1/auth/logout", &json!({})).expect(204);

        let nobody = |name: &str, credential: &str| Principal {
            name: name.to_owned(),
            credential: credential.to_owned(),
            who: Who::Nobody,
            side: None,
        };
        let mut principals = vec![
            nobody("anonymous", ""),
            nobody("garbage", "garbage"),
            nobody("garbage key", "lgn_garbage"),
            nobody("expired token", &expired),
            nobody("forged token", &forged),
            nobody("ended session", &ended.token),
            nobody("deleted key", gone["key"].as_str().expect("a key")),
        ];
        for (side, tenant) in tenants.iter().enumerate() {
            for (role, account) in &tenant.people {
                let name = format!("{} of {side}", role.name());
                let (credential, who) = (account.token.clone(), Who::Person(*role));
                principals.push(Principal { name, credential, who, side: Some(side) });
            }
            for (scope, key) in &tenant.keys {
                let name = format!("{} key of {side}", scope.name());
                let (credential, who) = (key.clone(), Who::Key(*scope));
                principals.push(Principal { name, credential, who, side: Some(side) });
            }
        }
        World { server, tenants, principals, count: Cell::new(0) }
    }

    /// A number that no other call returns.
    pub fn number(&self) -> u32 {
        self.count.replace(self.count.get() + 1)
    }

    /// A name that nothing else has.
    fn name(&self, marker: &str) -> String {
        format!("{marker}-{}", self.number())
    }

    /// Returns the account behind a principal.
    pub fn account(&self, principal: &Principal) -> Option<&Account> {
        let mut people = self.tenants[principal.side?].people.iter();
        people.find(|(_, account)| account.token == principal.credential).map(|(_, account)| account)
    }

    /// Returns an id for this parameter. What is to be deleted by whoever may is made anew.
    pub fn id(&self, param: &str, id: Id, principal: &Principal, is_end: bool) -> String {
        let own = principal.side.unwrap_or(0);
        let (tenant, is_own) = match id {
            Id::Own => (&self.tenants[own], true),
            Id::Foreign => (&self.tenants[1 - own], false),
            // Well-formed, and newer than everything.
            Id::Missing => return "7ZZZZZZZZZZZZZZZZZZZZZZZZZ".to_owned(),
            Id::Wrong => return "no-id".to_owned(),
        };
        let (server, owner, marker) = (&self.server, tenant.owner(), &tenant.marker);
        let make = |path: &str, body| id_of(&server.post(&owner.token, path, &body).expect(201).json());
        let is_end = is_end && is_own;
        match param {
            "org" => owner.org.clone(),
            "user" if is_end => newcomer(server, owner, &format!("end{}@{marker}.example", self.number()), marker),
            "user" => tenant.spare.clone(),
            "invite" if is_end => {
                let body = json!({"role": "viewer", "email": format!("end{}@{marker}.example", self.number())});
                make(&format!("/api/v1/orgs/{}/invites", owner.org), body)
            }
            "invite" => tenant.invite.clone(),
            "key" if is_end => make("/api/v1/keys", json!({"name": marker, "scope": "query"})),
            "key" => tenant.key.clone(),
            "rule" if is_end => {
                make("/api/v1/rules", json!({"name": self.name(marker), "kind": "threshold", "above": 9}))
            }
            "rule" => tenant.rule.clone(),
            "alert" => tenant.alert.clone(),
            "channel" if is_end => make("/api/v1/channels", channel(&self.name(marker))),
            "channel" => tenant.channel.clone(),
            "session" => {
                // One's own is of oneself, not of somebody else in the org.
                let whose = if is_own { self.account(principal) } else { None };
                let token = match whose {
                    Some(account) if is_end => server.log_in(&account.email).token,
                    _ => owner.token.clone(),
                };
                decoded(&token, 1)["sid"].as_str().expect("a session").to_owned()
            }
            other => panic!("the path has a new variable {other}: say in tests/it/serve/matrix/world.rs what it names"),
        }
    }
}
