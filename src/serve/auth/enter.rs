//! Coming in: signing up, logging in, staying, changing the password.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::secret::{NewSecret, SecretHash, SecretKind};
use super::{OrgScope, refuse_weak};
use crate::config::SignUp;
use crate::serve::control::{Account, Going, Joining, Lives, LoginRecord, NewUser, Refreshed, Started};
use crate::serve::error::ApiError;
use crate::serve::ids::{OrgId, SessionId, UserId};
use crate::serve::origin::Origin;
use crate::serve::state::{AppState, blocking, seconds_up};
use crate::serve::words::{Email, NewPassword, Shown};

/// Somebody new.
#[derive(Debug)]
pub struct Newcomer {
    /// What they will log in with.
    pub email: Email,
    /// And prove it with.
    pub password: NewPassword,
    /// What they are called.
    pub name: String,
    /// Where they belong.
    pub wants: Wants,
    /// The operator's token.
    pub admin_token: Option<Shown>,
}

/// Where somebody new wants to belong.
#[derive(Debug)]
pub enum Wants {
    /// To an org of their own with this name.
    OwnOrg(String),
    /// To the org of this invitation.
    Invite(Shown),
}

/// Somebody who logs in.
#[derive(Debug)]
pub struct Login {
    /// Who they say they are.
    pub email: Email,
    /// What proves it.
    pub password: Shown,
    /// The org they want to be in.
    pub org: Option<OrgId>,
    /// The invitation they want to use.
    pub invite: Option<Shown>,
}

/// A session with its new tokens.
#[derive(Debug)]
pub struct Entered {
    /// The session.
    pub started: Started,
    /// The access token.
    pub access: String,
    /// How long it is good.
    pub life: Duration,
    /// The refresh token.
    pub refresh: NewSecret,
}

/// Says that somebody tried too often; `most` is how often they may at once.
fn wait(most: u32) -> impl Fn(Duration) -> ApiError {
    move |wait| ApiError::too_many("too many attempts; wait as the header Retry-After says", most, seconds_up(wait))
}

fn wrong_login() -> ApiError {
    ApiError::new(axum::http::StatusCode::UNAUTHORIZED, "wrong_login", "wrong e-mail address or password")
}

fn over() -> ApiError {
    ApiError::unauthorized("the refresh token is not known, was used or has expired; log in again")
}

fn random<T>(made: Result<T, getrandom::Error>) -> Result<T, ApiError> {
    made.map_err(|error| ApiError::internal(&error))
}

fn invite_hash(shown: &Shown) -> Result<SecretHash, ApiError> {
    let refused = || crate::serve::control::ControlError::Refused("the invitation is not well-formed").into();
    SecretKind::Invite.hash(shown.expose()).ok_or_else(refused)
}

fn lives(state: &AppState) -> Lives {
    Lives { idle: state.settings.auth.refresh_idle.get(), absolute: state.settings.auth.refresh_absolute.get() }
}

fn strong(password: &SecretString, own: &[&str]) -> Result<(), ApiError> {
    refuse_weak(password.expose_secret(), own).map_err(|weak| ApiError::bad_request("weak_password", weak.to_string()))
}

fn closed(message: &'static str) -> ApiError {
    ApiError::new(axum::http::StatusCode::FORBIDDEN, "sign_up_closed", message)
}

/// Fails where people do not make orgs of their own: there, one more is the operator's to make as well.
///
/// # Errors
/// 403.
pub fn may_make_org(state: &AppState) -> Result<(), ApiError> {
    match state.settings.sign_up() {
        SignUp::Open => Ok(()),
        SignUp::Invite | SignUp::Closed | SignUp::Auto => Err(closed("orgs are made by the operator")),
    }
}

/// Makes an account.
pub async fn sign_up(state: &AppState, origin: Origin, new: Newcomer) -> Result<Account, ApiError> {
    match (state.settings.sign_up(), &new.wants, &new.admin_token) {
        (_, _, Some(_)) | (SignUp::Open, _, _) | (SignUp::Invite, Wants::Invite(_), _) => {}
        (SignUp::Invite, Wants::OwnOrg(_), None) => return Err(closed("accounts are made by invitation")),
        (SignUp::Closed | SignUp::Auto, Wants::Invite(_), None) => {
            let text = "accounts are made by the operator; an invitation is for those who have one: log in with it";
            return Err(closed(text));
        }
        (SignUp::Closed | SignUp::Auto, Wants::OwnOrg(_), None) => {
            return Err(closed("accounts are made by the operator"));
        }
    }
    let most = state.settings.rates.signup_address_per_hour;
    state.throttle.sign_up(origin.address, origin.now).map_err(wait(most))?;
    let admin_token = match &new.admin_token {
        None => None,
        Some(token) => Some(SecretKind::Admin.hash(token.expose()).ok_or_else(|| {
            ApiError::from(crate::serve::control::ControlError::Refused("the admin token is not well-formed"))
        })?),
    };
    let (joining, org) = match &new.wants {
        Wants::OwnOrg(name) => (Joining::OwnOrg(name.clone()), name.as_str()),
        Wants::Invite(invite) => (Joining::Invite(invite_hash(invite)?), ""),
    };
    strong(new.password.secret(), &[new.email.as_str(), &new.name, org])?;
    let joining = Arc::new(joining);
    let (store, wanted, email) = (state.clone(), joining.clone(), new.email.clone());
    // Before the costly part.
    blocking(move || store.control.check_joining(&wanted, admin_token.as_ref(), email.as_str(), origin.now)).await?;
    let password = state.passwords.hash(new.password.secret().clone()).await?;
    let user = NewUser { email: new.email.as_str().to_owned(), name: new.name, password };
    let store = state.clone();
    blocking(move || store.control.sign_up(&origin, &user, &joining, admin_token.as_ref())).await
}

/// Counts an attempt to log in, by what came of it.
fn count(outcome: &'static str) {
    metrics::counter!("logan_logins_total", "outcome" => outcome).increment(1);
}

/// Looks at a password; the same time, work and answer for somebody unknown as for a wrong password.
async fn prove(
    state: &AppState,
    origin: &Origin,
    email: &str,
    password: &SecretString,
) -> Result<LoginRecord, ApiError> {
    let most = state.settings.rates.login_account_per_minute;
    let attempt = state.throttle.attempt(email, origin.address, origin.now).map_err(wait(most));
    attempt.inspect_err(|_| count("throttled"))?;
    let (store, name) = (state.clone(), email.to_owned());
    let record = blocking(move || store.control.login_record(&name)).await?;
    let kept = record.as_ref().map(|record| record.password.clone());
    let checked = state.passwords.check(password.clone(), kept).await.inspect_err(|_| count("busy"))?;
    let (store, origin, name) = (state.clone(), origin.clone(), email.to_owned());
    match record {
        Some(record) if checked.right && !record.disabled => {
            state.throttle.succeeded(email, origin.address);
            count("ok");
            if let Some(newer) = checked.newer {
                let user = record.user.id;
                blocking(move || store.control.rehash(user, &newer)).await?;
            }
            Ok(record)
        }
        record => {
            count("wrong");
            blocking(move || store.control.login_failed(&origin, &name, record.as_ref())).await?;
            Err(wrong_login())
        }
    }
}

fn enter(state: &AppState, origin: &Origin, started: Started, refresh: NewSecret) -> Result<Entered, ApiError> {
    let access = state.keys.sign(started.user.id, started.org.id, started.session, origin.now);
    let access = access.map_err(|error| ApiError::internal(&error))?;
    Ok(Entered { started, access, life: state.keys.life(), refresh })
}

/// Begins a session.
pub async fn log_in(state: &AppState, origin: Origin, login: Login) -> Result<Entered, ApiError> {
    let record = prove(state, &origin, login.email.as_str(), login.password.secret()).await?;
    let invite = login.invite.as_ref().map(invite_hash).transpose()?;
    let refresh = random(NewSecret::generate(SecretKind::Refresh))?;
    let (store, hash, from, lives) = (state.clone(), refresh.hash, origin.clone(), lives(state));
    let may_make_org = may_make_org(state).is_ok();
    let started = blocking(move || {
        let going = Going { org: login.org, invite: invite.as_ref(), may_make_org };
        store.control.start_session(&from, record.user.id, going, &hash, lives)
    });
    enter(state, &origin, started.await?, refresh)
}

/// Goes on with a session, with new tokens.
pub async fn refresh(state: &AppState, origin: Origin, token: &Shown, org: Option<OrgId>) -> Result<Entered, ApiError> {
    let token = SecretKind::Refresh.hash(token.expose()).ok_or_else(over)?;
    let next = random(NewSecret::generate(SecretKind::Refresh))?;
    let (store, hash, from, lives) = (state.clone(), next.hash, origin.clone(), lives(state));
    let refreshed = blocking(move || store.control.refresh_session(&from, &token, org, &hash, lives)).await?;
    match refreshed {
        Refreshed::Good(started) => enter(state, &origin, *started, next),
        Refreshed::Unknown => Err(over()),
    }
}

/// Changes a password of somebody who knows it; their other sessions end.
pub async fn change_password(
    state: &AppState,
    origin: Origin,
    scope: OrgScope,
    (user, session): (UserId, SessionId),
    current: &Shown,
    new: &NewPassword,
) -> Result<(), ApiError> {
    let store = state.clone();
    let (who, org) = blocking(move || {
        Ok::<_, crate::serve::control::ControlError>((store.control.user(user)?, store.control.org(&scope)?))
    })
    .await?;
    strong(new.secret(), &[&who.email, &who.name, &org.name])?;
    prove(state, &origin, &who.email, current.secret()).await.map_err(|error| match error.code {
        // Who asks is known; it is the password that is wrong, and no reason to log in again.
        "wrong_login" => {
            ApiError::new(axum::http::StatusCode::FORBIDDEN, "wrong_password", "the current password is wrong")
        }
        _ => error,
    })?;
    let password = state.passwords.hash(new.secret().clone()).await?;
    let store = state.clone();
    blocking(move || store.control.change_password(&origin, org.id, user, &password, session)).await
}
