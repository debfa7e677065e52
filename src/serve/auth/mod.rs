//! Who asks, and what they may do.

pub mod access;
mod api_key;
mod principal;
mod token;

pub use api_key::{ApiKey, NewApiKey};
pub use principal::{Allowed, OrgScope, Principal, SignedIn};
pub use token::{Claims, SigningKeys, TokenError};
