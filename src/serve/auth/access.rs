//! Who may do what: the one table. Nothing else in the service looks at a role or a scope.

use serde::{Deserialize, Serialize};

/// What a member may do in an org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads, sends logs, keeps rules.
    Member,
    /// All but giving the org away or deleting it.
    Admin,
    /// Everything.
    Owner,
}

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyScope {
    /// Sends logs, reads nothing.
    Ingest,
    /// Reads.
    Query,
    /// Does what an admin does, but for people and their invitations.
    Admin,
}

/// What can be done in an org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Ask questions of the logs, list rejects.
    ReadLogs,
    /// Send logs.
    WriteLogs,
    /// See alerts, rules.
    ReadAlerts,
    /// Acknowledge and resolve alerts.
    HandleAlerts,
    /// Make, change, delete and test rules.
    ManageRules,
    /// See, make, change and delete channels.
    ManageChannels,
    /// See, make and delete API keys.
    ManageKeys,
    /// See the org and who is in it.
    ReadOrg,
    /// Change the org's name and retention.
    ManageOrg,
    /// Invite, remove, change roles.
    ManageMembers,
    /// Read the audit log.
    ReadAudit,
    /// Delete the org, make owners.
    OwnOrg,
}

impl Action {
    /// All of them.
    pub const ALL: [Action; 12] = [
        Action::ReadLogs,
        Action::WriteLogs,
        Action::ReadAlerts,
        Action::HandleAlerts,
        Action::ManageRules,
        Action::ManageChannels,
        Action::ManageKeys,
        Action::ReadOrg,
        Action::ManageOrg,
        Action::ManageMembers,
        Action::ReadAudit,
        Action::OwnOrg,
    ];

    /// Returns what it is, behind "may".
    pub fn words(self) -> &'static str {
        match self {
            Action::ReadLogs => "read logs",
            Action::WriteLogs => "send logs",
            Action::ReadAlerts => "see alerts and rules",
            Action::HandleAlerts => "handle alerts",
            Action::ManageRules => "change rules",
            Action::ManageChannels => "see or change channels",
            Action::ManageKeys => "see or change keys",
            Action::ReadOrg => "see the org and who is in it",
            Action::ManageOrg => "change the org",
            Action::ManageMembers => "invite, remove or change people",
            Action::ReadAudit => "read the audit log",
            Action::OwnOrg => "delete the org or make owners",
        }
    }

    /// Returns the least role that may do this.
    pub fn least_role(self) -> Role {
        match self {
            Action::ReadLogs | Action::ReadAlerts | Action::ReadOrg => Role::Viewer,
            Action::WriteLogs | Action::HandleAlerts | Action::ManageRules => Role::Member,
            Action::ManageChannels
            | Action::ManageKeys
            | Action::ManageOrg
            | Action::ManageMembers
            | Action::ReadAudit => Role::Admin,
            Action::OwnOrg => Role::Owner,
        }
    }

    /// Returns true when a key of this scope may do this. People are managed by people.
    pub fn allows_scope(self, scope: KeyScope) -> bool {
        match scope {
            KeyScope::Ingest => self == Action::WriteLogs,
            KeyScope::Query => matches!(self, Action::ReadLogs | Action::ReadAlerts),
            KeyScope::Admin => !matches!(self, Action::ManageMembers | Action::OwnOrg),
        }
    }
}

impl Role {
    /// Returns true when the role may do this.
    pub fn allows(self, action: Action) -> bool {
        self >= action.least_role()
    }

    /// Returns the word used in JSON and stores.
    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Member => "member",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }

    /// Returns the role of this name.
    pub fn from_name(name: &str) -> Option<Role> {
        [Role::Viewer, Role::Member, Role::Admin, Role::Owner].into_iter().find(|role| role.name() == name)
    }
}

impl KeyScope {
    /// All of them.
    pub const ALL: [KeyScope; 3] = [KeyScope::Ingest, KeyScope::Query, KeyScope::Admin];

    /// Returns the word used in JSON and stores.
    pub fn name(self) -> &'static str {
        match self {
            KeyScope::Ingest => "ingest",
            KeyScope::Query => "query",
            KeyScope::Admin => "admin",
        }
    }

    /// Returns the scope of this name.
    pub fn from_name(name: &str) -> Option<KeyScope> {
        KeyScope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A permission as a type, for [`super::Allowed`].
pub trait Permission: Send + Sync + 'static {
    /// What it permits.
    const ACTION: Action;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}
        impl Permission for $name {
            const ACTION: Action = Action::$name;
        }
    )*};
}

permissions! {
    /// See [`Action::ReadLogs`].
    ReadLogs,
    /// See [`Action::WriteLogs`].
    WriteLogs,
    /// See [`Action::ReadAlerts`].
    ReadAlerts,
    /// See [`Action::HandleAlerts`].
    HandleAlerts,
    /// See [`Action::ManageRules`].
    ManageRules,
    /// See [`Action::ManageChannels`].
    ManageChannels,
    /// See [`Action::ManageKeys`].
    ManageKeys,
    /// See [`Action::ReadOrg`].
    ReadOrg,
    /// See [`Action::ManageOrg`].
    ManageOrg,
    /// See [`Action::ManageMembers`].
    ManageMembers,
    /// See [`Action::ReadAudit`].
    ReadAudit,
    /// See [`Action::OwnOrg`].
    OwnOrg,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greater_roles_may_do_all_that_lesser_ones_may() {
        for action in Action::ALL {
            let allowed = [Role::Viewer, Role::Member, Role::Admin, Role::Owner].map(|role| role.allows(action));
            assert!(allowed.is_sorted(), "{action:?}: {allowed:?}");
            assert!(Role::Owner.allows(action));
        }
    }

    #[test]
    fn an_ingest_key_reads_nothing_and_a_query_key_changes_nothing() {
        for action in Action::ALL {
            assert_eq!(action.allows_scope(KeyScope::Ingest), action == Action::WriteLogs);
            let reads = matches!(action, Action::ReadLogs | Action::ReadAlerts);
            assert_eq!(action.allows_scope(KeyScope::Query), reads);
        }
        assert!(!Action::OwnOrg.allows_scope(KeyScope::Admin));
    }
}
