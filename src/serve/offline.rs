//! What the operator does on the machine itself while no server runs: the first account, and who may log in.
//!
//! Blocking, without a runtime. Each function takes the data folder for itself ([`StartError::Running`] when a server
//! has it). Only what may come before the first start makes a folder, the first account and an admin token; the others want
//! one that is a server's.

use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::auth::access::Role;
use super::auth::{NewSecret, SecretKind, SigningKeys, TokenError, Weak, password, refuse_weak};
use super::control::{ControlError, ControlStore, Joining, NewUser};
use super::data_folder::DataFolder;
use super::ids::{OrgId, UserId};
use super::origin::Origin;
use super::state::StartError;
use super::words::{Email, Name, Wrong};
use crate::entry::Timestamp;

/// How long an admin token is good.
const ADMIN_TOKEN_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The data folder.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The accounts.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The password.
    #[error(transparent)]
    Weak(#[from] Weak),
    /// The keys that sign access tokens.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] password::HashError),
    /// The e-mail address or a name.
    #[error(transparent)]
    Text(#[from] Wrong),
    /// Several orgs have this name.
    #[error("several orgs are called {0:?}; give the id of one")]
    ManyOrgs(String),
    /// The folder is none of a server.
    #[error("{0}: no server has kept its data here")]
    NoData(String),
    /// Nobody has this e-mail address.
    #[error("there is no account with the e-mail address {0:?}")]
    NoAccount(String),
    /// A new org needs an owner.
    #[error("there is no org {0:?}; who makes one is its owner, and nothing else")]
    NoOrg(String),
    /// The system has no randomness.
    #[error("no randomness: {0}")]
    Random(#[from] getrandom::Error),
    /// The time is outside of what can be kept.
    #[error("the clock of this machine is wrong")]
    Clock,
}

/// Somebody to be made.
#[derive(Debug)]
pub struct NewAccount {
    /// What they log in with.
    pub email: String,
    /// What they are called; the part of the e-mail address before `@` if it is not given.
    pub name: Option<String>,
    /// Their password.
    pub password: SecretString,
    /// The org, by name or id; one that is not there is made. Without it, one with their own name is.
    pub org: Option<String>,
    /// What they are in it: member of an org that is there, owner of a new one.
    pub role: Option<Role>,
}

/// Somebody who was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedAccount {
    /// Who.
    pub user: UserId,
    /// Their org.
    pub org: OrgId,
    /// Its name.
    pub org_name: String,
    /// What they are in it.
    pub role: Role,
    /// True when no server had kept its data in the folder before.
    pub is_new_data: bool,
}

/// Takes the data folder and opens its accounts. The folder is ours as long as the first of the two lives.
fn open(data: &Path) -> Result<(DataFolder, ControlStore), OfflineError> {
    let folder = DataFolder::open(data)?;
    let control = ControlStore::open(&folder.control())?;
    Ok((folder, control))
}

/// Returns true for a folder that a server, or the first account, has used before.
fn is_used(data: &Path) -> bool {
    data.join(DataFolder::CONTROL).is_file()
}

/// Like [`open`], but of a folder that was used before: a mistyped one is not made.
fn open_used(data: &Path) -> Result<(DataFolder, ControlStore), OfflineError> {
    if !is_used(data) {
        return Err(OfflineError::NoData(data.display().to_string()));
    }
    open(data)
}

/// Makes an account; the first one before a server was ever started as well.
pub fn add_user(data: &Path, new: &NewAccount, now: Timestamp) -> Result<AddedAccount, OfflineError> {
    let email = Email::new(&new.email)?;
    let own = email.as_str().split('@').next().unwrap_or_default();
    let name = Name::new(new.name.as_deref().unwrap_or(own))?.into_string();
    let org_name = Name::new(new.org.as_deref().unwrap_or(&name))?.into_string();
    refuse_weak(new.password.expose_secret(), &[email.as_str(), &name, &org_name])?;
    let is_new_data = !is_used(data);
    // Who makes no org joins one that is there, and so is the folder.
    let joins = new.role.is_some_and(|role| role != Role::Owner);
    let (_folder, control) = if joins { open_used(data)? } else { open(data)? };
    let named = if new.org.is_some() { control.orgs_named(&org_name)? } else { Vec::new() };
    let joining = match named[..] {
        [] if joins => return Err(OfflineError::NoOrg(org_name)),
        [] => Joining::OwnOrg(org_name),
        [org] => Joining::Org(org, new.role.unwrap_or(Role::Member)),
        _ => return Err(OfflineError::ManyOrgs(org_name)),
    };
    let user = NewUser { email: email.as_str().to_owned(), name, password: password::hash(&new.password)? };
    let account = control.sign_up(&Origin::command(now), &user, &joining, None)?;
    control.checkpoint()?;
    Ok(AddedAccount {
        user: account.user.id,
        org: account.org.id,
        org_name: account.org.name,
        role: account.org.role.ok_or(ControlError::NotFound)?,
        is_new_data,
    })
}

/// Makes a token with which one account can be made within a day, whoever else may: `admin_token` when signing up. It may
/// be made before the first start; true when no server had kept its data in the folder before.
pub fn admin_token(data: &Path, now: Timestamp) -> Result<(SecretString, bool), OfflineError> {
    let is_new_data = !is_used(data);
    let (_folder, control) = open(data)?;
    Ok((new_admin_token(&control, now)?, is_new_data))
}

/// Makes such a token when nobody has an account and there is no other one; for the first start of a server.
pub fn first_admin_token(data: &Path, now: Timestamp) -> Result<Option<SecretString>, OfflineError> {
    let (_folder, control) = open(data)?;
    if control.has_users_or_admin_token(now)? {
        return Ok(None);
    }
    new_admin_token(&control, now).map(Some)
}

fn new_admin_token(control: &ControlStore, now: Timestamp) -> Result<SecretString, OfflineError> {
    let token = NewSecret::generate(SecretKind::Admin)?;
    let expires = i64::try_from(ADMIN_TOKEN_LIFE.as_secs()).ok().and_then(|life| now.seconds().checked_add(life));
    let expires = expires.and_then(|seconds| Timestamp::from_seconds(seconds, 0)).ok_or(OfflineError::Clock)?;
    control.keep_admin_token(&Origin::command(now), &token.hash, expires)?;
    control.checkpoint()?;
    Ok(SecretString::from(token.expose()))
}

/// Makes a new key that signs access tokens from the next start on; those of the two before are good until they end.
pub fn rotate_token_keys(data: &Path, now: Timestamp) -> Result<(), OfflineError> {
    let (folder, control) = open_used(data)?;
    SigningKeys::rotate(&folder.token_keys())?;
    control.note_command(&Origin::command(now), "token_keys.rotated")?;
    control.checkpoint()?;
    Ok(())
}

/// Checks the chains of the audit log: returns the org (`None` for the server's own) and the number of the first event of
/// each that was changed or follows a gap.
pub fn verify_audit(data: &Path) -> Result<Vec<(Option<OrgId>, i64)>, OfflineError> {
    let (_folder, control) = open_used(data)?;
    Ok(control.verify_audit()?)
}

/// Gives a user a new password and logs them out everywhere; returns true when they may log in with it.
pub fn reset_password(data: &Path, email: &str, password: &SecretString, now: Timestamp) -> Result<bool, OfflineError> {
    let (_folder, control) = open_used(data)?;
    let record = control.login_record(email)?.ok_or_else(|| OfflineError::NoAccount(email.to_owned()))?;
    refuse_weak(password.expose_secret(), &[&record.user.email, &record.user.name])?;
    control.reset_password(&Origin::command(now), record.user.id, &password::hash(password)?)?;
    control.checkpoint()?;
    Ok(!record.disabled)
}

/// Lets a user log in or not. Who may not is logged out everywhere.
pub fn set_user_disabled(data: &Path, email: &str, disabled: bool, now: Timestamp) -> Result<UserId, OfflineError> {
    let (_folder, control) = open_used(data)?;
    let user = control.set_user_disabled(&Origin::command(now), email, disabled).map_err(|error| match error {
        ControlError::NotFound => OfflineError::NoAccount(email.to_owned()),
        other => other.into(),
    })?;
    control.checkpoint()?;
    Ok(user.id)
}
