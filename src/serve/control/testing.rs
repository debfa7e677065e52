//! Orgs for unit tests, without the accounts that make them otherwise.

use super::ControlStore;
use crate::entry::Timestamp;
use crate::serve::auth::access::KeyScope;
use crate::serve::auth::{NewApiKey, OrgScope};
use crate::serve::ids::OrgId;

impl ControlStore {
    /// Makes an org and returns it as the server sees it.
    pub fn test_org(&self, now: Timestamp) -> OrgScope {
        let org = OrgId::generate();
        self.write(|transaction| {
            transaction.execute("INSERT INTO orgs (id, name, created) VALUES (?1, 'test', ?2)", (org, now.nanos()))?;
            Ok(())
        })
        .expect("an org is made");
        OrgScope::of_server(org)
    }

    /// Makes a key of an org and returns its text.
    pub fn test_key(&self, scope: &OrgScope, may: KeyScope, now: Timestamp) -> String {
        let key = NewApiKey::generate().expect("randomness");
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO keys (id, org, name, scope, secret, created, created_by)
                 VALUES (?1, ?2, 'test', ?3, ?4, ?5, 'server')",
                (key.id, scope.org(), may.name(), &key.hash[..], now.nanos()),
            )?;
            Ok(())
        })
        .expect("a key is made");
        key.expose().to_owned()
    }
}
