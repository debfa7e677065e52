//! From a request's credential to who asks: the only place that makes an [`OrgScope`].

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::access::{Action, KeyScope, Permission, Role};
use super::api_key::ApiKey;
use crate::serve::error::ApiError;
use crate::serve::ids::{KeyId, OrgId, SessionId, UserId};
use crate::serve::origin::{Origin, address};
use crate::serve::state::{AppState, blocking};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Somebody who logged in.
    User {
        /// Who.
        user: UserId,
        /// By which login.
        session: SessionId,
        /// What they are in the org now.
        role: Role,
    },
    /// An API key.
    Key {
        /// Which.
        key: KeyId,
        /// What it may do.
        scope: KeyScope,
    },
    /// The server's own background work; no request ever is this.
    Server,
}

/// An org, as the one who asks is allowed to see it. Everything that belongs to an org is reached with one.
///
/// No request text ever becomes one: it is made here, from a credential that was checked, or by the server for its
/// own work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgScope {
    org: OrgId,
    principal: Principal,
}

impl OrgScope {
    /// The org.
    pub fn org(&self) -> OrgId {
        self.org
    }

    /// Who asks.
    pub fn principal(&self) -> Principal {
        self.principal
    }

    /// Returns true when this is allowed.
    pub fn may(&self, action: Action) -> bool {
        match self.principal {
            Principal::User { role, .. } => role.allows(action),
            Principal::Key { scope, .. } => action.allows_scope(scope),
            Principal::Server => true,
        }
    }

    /// Says why this is not allowed, and what would allow it.
    fn why_not(&self, action: Action) -> String {
        let what = action.words();
        match self.principal {
            Principal::User { role, .. } => {
                let least = action.least_role();
                let others = if least == Role::Owner { "" } else { " and the roles above it" };
                format!("the role {} may not {what}; {}{others} may", role.name(), least.name())
            }
            Principal::Key { scope, .. } => {
                let allowed = KeyScope::ALL.into_iter().filter(|scope| action.allows_scope(*scope)).map(KeyScope::name);
                let scopes = allowed.collect::<Vec<_>>().join(" or ");
                let who = match scopes.is_empty() {
                    true => "no key may, somebody who is logged in may".to_owned(),
                    false => format!("one of scope {scopes} may"),
                };
                format!("a key of scope {} may not {what}; {who}", scope.name())
            }
            Principal::Server => format!("the server itself may not {what}"),
        }
    }

    /// The server's own work for an org: detection, rules, retention, listeners bound to an org by configuration.
    pub(in crate::serve) fn of_server(org: OrgId) -> OrgScope {
        OrgScope { org, principal: Principal::Server }
    }

    /// Returns true when whoever asks may do all that a key of this scope may: nobody gives away more than they have.
    pub fn covers(&self, scope: KeyScope) -> bool {
        Action::ALL.into_iter().all(|action| !action.allows_scope(scope) || self.may(action))
    }

    /// Returns a name for limits and for the keys of repeated requests: one a principal.
    pub fn client(&self) -> String {
        match self.principal {
            Principal::User { user, .. } => format!("user:{user}"),
            Principal::Key { key, .. } => format!("key:{key}"),
            Principal::Server => "server".to_owned(),
        }
    }
}

/// A request that may do `P` in its org. As an argument of a handler it is the whole check.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<P> {
    /// The org and who asks.
    pub scope: OrgScope,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<AppState> for Allowed<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Allowed<P>, ApiError> {
        let scope = known(parts, state)?;
        state.admit(&scope)?;
        if scope.may(P::ACTION) {
            return Ok(Allowed { scope, permission: PhantomData });
        }
        refused(parts, state, scope, "role.refused").await?;
        Err(ApiError::forbidden(scope.why_not(P::ACTION)))
    }
}

/// A request that may do `P` in its org and whose path (`/orgs/{org}/…`) names that org: another is answered as one that
/// does not exist.
#[derive(Clone, Copy, Debug)]
pub struct InOrg<P> {
    /// The org and who asks.
    pub scope: OrgScope,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<AppState> for InOrg<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<InOrg<P>, ApiError> {
        let Allowed { scope, permission } = Allowed::<P>::from_request_parts(parts, state).await?;
        let params = RawPathParams::from_request_parts(parts, state).await;
        let named = params.ok().and_then(|params| {
            let (_, org) = params.iter().find(|(name, _)| *name == "org")?;
            org.parse::<OrgId>().ok()
        });
        if named == Some(scope.org) {
            return Ok(InOrg { scope, permission });
        }
        if let Some(asker) = parts.extensions.get::<Asker>() {
            asker.forget();
        }
        let Ok(origin) = Origin::from_request_parts(parts, state).await;
        let target = named.map_or_else(|| "no org".to_owned(), |org| org.to_string());
        note(state, scope, origin, "org.refused", target).await?;
        Err(ApiError::not_found())
    }
}

/// A request of somebody who logged in, about themselves: no key can be this.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// By which login.
    pub session: SessionId,
    /// In which org.
    pub scope: OrgScope,
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<SignedIn, ApiError> {
        let scope = known(parts, state)?;
        state.admit(&scope)?;
        match scope.principal {
            Principal::User { user, session, .. } => Ok(SignedIn { user, session, scope }),
            Principal::Key { .. } | Principal::Server => {
                refused(parts, state, scope, "role.refused").await?;
                Err(ApiError::forbidden("no key may do this; somebody who is logged in may"))
            }
        }
    }
}

/// Who asked, for the layer around all routes, which sees the answer: set when a credential has been looked at.
#[derive(Clone, Debug, Default)]
pub struct Asker(Arc<Mutex<Option<OrgScope>>>);

impl Asker {
    fn is(&self, scope: OrgScope) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(scope);
    }

    fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Returns who it was, if anybody is known.
    pub fn scope(&self) -> Option<OrgScope> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns who asks, and tells the layers around; counts credentials that are not good.
fn known(parts: &Parts, state: &AppState) -> Result<OrgScope, ApiError> {
    let scope = authenticate(parts, state)?;
    if let Some(asker) = parts.extensions.get::<Asker>() {
        asker.is(scope);
    }
    Ok(scope)
}

/// Writes a refusal down with the route it was for.
async fn refused(parts: &mut Parts, state: &AppState, scope: OrgScope, action: &'static str) -> Result<(), ApiError> {
    let Ok(origin) = Origin::from_request_parts(parts, state).await;
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let target = format!("{} {route}", parts.method);
    note(state, scope, origin, action, target).await
}

/// Writes a refusal down in the log of the org of the one who asks, alike whether what was asked for exists or not, and
/// only so often: it must not be a way to fill the disk.
pub async fn note(
    state: &AppState,
    scope: OrgScope,
    origin: Origin,
    action: &'static str,
    target: String,
) -> Result<(), ApiError> {
    if !state.throttle.notes_refusal(&scope.client(), origin.now) {
        return Ok(());
    }
    let state = state.clone();
    blocking(move || state.control.note(&scope, &origin, action, &target)).await
}

/// Returns who asks.
///
/// A user shows `Authorization: Bearer <access token>`. A key can be shown as agents show theirs: as a bearer token, as
/// the password of `Basic`, in `ApiKey` (as it is, or as the second part of base 64 `id:key`), or in `X-Api-Key`.
/// The look-up is a read of a cached page and never waits for a writer, so it is made on the spot.
fn authenticate(parts: &Parts, state: &AppState) -> Result<OrgScope, ApiError> {
    match credential(&parts.headers).ok_or_else(missing)? {
        Credential::Token(token) => {
            let claims = state.keys.verify(&token, state.now()).map_err(|error| bad_token(&error))?;
            let identity = state.control.session_identity(claims.sid, state.now())?.ok_or_else(ended)?;
            if (identity.user, identity.org) != (claims.sub, claims.org) {
                return Err(ended());
            }
            let principal = Principal::User { user: identity.user, session: claims.sid, role: identity.role };
            Ok(OrgScope { org: identity.org, principal })
        }
        Credential::Key(key) => {
            let identity = state.control.key_identity(key.id, state.now())?;
            let identity = identity.filter(|identity| key.proves(&identity.secret)).ok_or_else(unknown_key)?;
            state.key_was_used(key.id, address(parts));
            Ok(OrgScope { org: identity.org, principal: Principal::Key { key: key.id, scope: identity.scope } })
        }
        Credential::Twice(name) => Err(twice(name)),
        Credential::Wrong => Err(unknown_key()),
    }
}

fn missing() -> ApiError {
    ApiError::unauthorized("show an access token or an API key: Authorization: Bearer …")
}

fn bad_token(error: &dyn std::fmt::Display) -> ApiError {
    metrics::counter!("logan_credentials_refused_total", "kind" => "token").increment(1);
    ApiError::unauthorized(error.to_string())
}

fn ended() -> ApiError {
    metrics::counter!("logan_credentials_refused_total", "kind" => "session").increment(1);
    ApiError::unauthorized("the session has ended; log in again")
}

fn unknown_key() -> ApiError {
    metrics::counter!("logan_credentials_refused_total", "kind" => "key").increment(1);
    ApiError::unauthorized("the API key is not known, has expired or was deleted")
}

fn twice(header: &str) -> ApiError {
    metrics::counter!("logan_credentials_refused_total", "kind" => "key").increment(1);
    ApiError::unauthorized(format!("the header {header} stands there more than once; send one"))
}

/// The header that a key may stand in by itself.
const API_KEY: &str = "x-api-key";

/// What a request shows.
enum Credential {
    Token(String),
    Key(ApiKey),
    /// Two of this header.
    Twice(&'static str),
    /// Something that can be neither.
    Wrong,
}

fn credential(headers: &HeaderMap) -> Option<Credential> {
    let key = |text: &str| ApiKey::parse(text).map_or(Credential::Wrong, Credential::Key);
    // Two of them: whoever stands between may have read the other one.
    for (name, shown) in [(AUTHORIZATION.as_str(), "Authorization"), (API_KEY, "X-Api-Key")] {
        if headers.get_all(name).iter().nth(1).is_some() {
            return Some(Credential::Twice(shown));
        }
    }
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Some(headers.get(API_KEY)?.to_str().map_or(Credential::Wrong, key));
    };
    let Some((kind, value)) = header.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return Some(Credential::Wrong);
    };
    let value = value.trim();
    let second_of_pair = || {
        let bytes = STANDARD.decode(value).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        Some(text.split_once(':')?.1.to_owned())
    };
    Some(match kind.to_ascii_lowercase().as_str() {
        "bearer" if value.starts_with("lgn_") => key(value),
        "bearer" => Credential::Token(value.to_owned()),
        "basic" => second_of_pair().map_or(Credential::Wrong, |text| key(&text)),
        "apikey" if value.starts_with("lgn_") => key(value),
        "apikey" => second_of_pair().map_or(Credential::Wrong, |text| key(&text)),
        _ => Credential::Wrong,
    })
}
