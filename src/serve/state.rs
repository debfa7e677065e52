//! What every handler shares.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::auth::password::HashError;
use super::auth::{OrgScope, Passwords, SigningKeys, Throttle};
use super::background::{self, RuleProblem};
use super::clock::Clock;
use super::control::rules::RuleSpec;
use super::control::{ControlError, ControlStore, Missing, Used};
use super::data_folder::DataFolder;
use super::error::ApiError;
use super::ids::KeyId;
use super::limits::Limits;
use super::org::OrgStores;
use super::origin::Origin;
use super::places::Places;
use crate::config::{self, ChannelKind, Settings};
use crate::entry::Timestamp;

/// What every handler shares; cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Shared>);

/// See [`AppState`].
#[derive(Debug)]
pub struct Shared {
    /// How the server was set up.
    pub settings: Settings,
    /// Who there is and what they may do.
    pub control: ControlStore,
    /// What signs access tokens.
    pub keys: SigningKeys,
    /// The orgs' stores.
    pub orgs: OrgStores,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How much is allowed how often.
    pub limits: Limits,
    /// How often somebody may try to log in.
    pub throttle: Throttle,
    /// What hashes passwords.
    pub passwords: Passwords,
    /// Set when the service ends.
    pub stop: CancellationToken,
    /// Channels that are being tried.
    pub channel_tests: Places,
    /// What the background remembers.
    pub background: Arc<background::Memory>,
    /// Keys that were used, to be noted in the store by the background.
    used_keys: Mutex<HashMap<KeyId, Used>>,
    /// Keeps others out of the data folder while this lives.
    _data: DataFolder,
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A folder or file of the data folder.
    #[error("{path}: {source}")]
    Data {
        /// Which.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another server has the data folder.
    #[error("{0}: another logan is working on this data folder")]
    Running(String),
    /// No password can be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The accounts.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The keys that sign tokens.
    #[error(transparent)]
    Token(#[from] super::auth::TokenError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] super::net::TlsError),
    /// A rule of the configuration cannot be asked.
    #[error("rules[{place}].{problem}")]
    Rule {
        /// Which, from 0.
        place: usize,
        /// The key, what is wrong with it, and of a query where.
        problem: RuleProblem,
    },
    /// A setting does not fit what is stored.
    #[error("{key}: {problem}")]
    Setting {
        /// Which.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Asks whether every rule of the configuration can be asked, and every channel may be sent to as far as can be seen
/// without asking anybody; the first that cannot is the error.
///
/// # Errors
/// [`StartError::Rule`] and [`StartError::Setting`].
pub fn check_settings(settings: &Settings, now: Timestamp) -> Result<(), StartError> {
    for (place, rule) in settings.rules.iter().enumerate() {
        let spec = RuleSpec::of_settings(rule);
        background::check(&spec, now).map_err(|problem| StartError::Rule { place, problem })?;
    }
    for (place, channel) in settings.channels.iter().enumerate() {
        let Some(url) = &channel.url else { continue };
        background::delivery::check_url(url, &settings.delivery).map_err(|refused| StartError::Setting {
            key: format!("channels[{place}].url"),
            problem: refused.to_string(),
        })?;
    }
    Ok(())
}

impl AppState {
    /// Opens the data folder's stores; makes them when there are none.
    pub fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<AppState, StartError> {
        let data = DataFolder::open(&settings.data)?;
        Ok(AppState(Arc::new(Shared {
            control: ControlStore::open(&data.control())?,
            keys: SigningKeys::open(&data.token_keys(), &settings.auth)?,
            limits: Limits::new(&settings),
            orgs: OrgStores::new(data.orgs(), &settings, clock.clone()),
            throttle: Throttle::new(&settings),
            passwords: Passwords::new()?,
            background: Arc::new(background::Memory::new(settings.background.cpu_budget_percent)),
            // As many as deliveries: a test is one.
            channel_tests: Places::new(2),
            settings,
            clock,
            stop: CancellationToken::new(),
            used_keys: Mutex::default(),
            _data: data,
        })))
    }
}

impl Shared {
    /// Says in the log which webhooks of the configuration are sent unsigned.
    pub fn warn_of_unsigned(&self) {
        let unsigned = |one: &&config::Channel| one.kind == ChannelKind::Webhook && one.secret_file.is_none();
        for channel in self.settings.channels.iter().filter(unsigned) {
            tracing::warn!(channel = channel.name, "it is sent unsigned: secret_file names what it is signed with");
        }
    }

    /// Asks whether what the settings name is there. What was deleted since is told in the log, and does not keep the
    /// server from starting: an org would otherwise have that in its hands.
    ///
    /// # Errors
    /// [`StartError::Setting`] of the first that never was there.
    pub fn check_named(&self) -> Result<(), StartError> {
        for missing in self.control.missing(&self.settings)? {
            let Missing { key, problem, org, was_there } = missing;
            if !was_there {
                return Err(StartError::Setting { key, problem });
            }
            tracing::warn!(setting = key, problem, "the configuration names what was deleted; take it out");
            if key.ends_with(".org") {
                self.orgs.stay_deleted(org);
            }
        }
        Ok(())
    }

    /// Returns now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Writes down which keys were used; for the background, and before the keys are listed.
    pub fn note_used_keys(&self) -> Result<(), ControlError> {
        self.control.note_used_keys(&self.server_origin(), &self.take_used_keys())
    }

    /// When and where the server does something by itself.
    pub fn server_origin(&self) -> Origin {
        Origin::command(self.now())
    }

    /// Counts a request of this principal and its org.
    ///
    /// # Errors
    /// 429 when they ask too often.
    pub fn admit(&self, scope: &OrgScope) -> Result<(), ApiError> {
        self.limits.requests(scope.client(), scope.org())
    }

    /// Notes that a key was used; written to the store by the background, not by the request.
    pub fn key_was_used(&self, key: KeyId, address: IpAddr) {
        let used = Used { at: self.now(), address };
        self.used_keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key, used);
    }

    /// Takes the keys that were used since the last call.
    fn take_used_keys(&self) -> HashMap<KeyId, Used> {
        std::mem::take(&mut self.used_keys.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs blocking work of a handler on a thread for it.
///
/// # Errors
/// What the work says, or 500 when it panicked.
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, ApiError>
where
    T: Send + 'static,
    E: Into<ApiError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(error) => Err(ApiError::internal(&error)),
    }
}

/// How long a client waits that came too often, rounded up to a second it can obey.
pub fn seconds_up(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(Duration::from_secs(1))
}
