//! Who asks, and what they may do.

pub mod access;
mod api_key;
pub mod enter;
pub mod password;
mod principal;
mod secret;
mod throttle;
mod token;
mod weak;

pub use api_key::{ApiKey, NewApiKey};
pub use password::Passwords;
pub use principal::{Allowed, Asker, InOrg, OrgScope, Principal, SignedIn, note};
pub use secret::{NewSecret, SecretHash, SecretKind};
pub use throttle::Throttle;
pub use token::{Claims, SigningKeys, TokenError};
pub use weak::{Weak, refuse_weak};
