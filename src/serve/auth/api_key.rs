//! API keys: `lgn_<id>_<43 characters><crc32>`.
//!
//! The id finds the key, the secret proves it, the checksum lets scanners of source code know a real key from a
//! likeness. Only the SHA-256 of the secret is kept: it has 256 bits, so a slow hash would add nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::serve::ids::KeyId;

/// Bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Characters of the encoded secret and of the checksum.
const SECRET_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 8;

/// A key as a client shows it, well-formed but not yet checked against the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Which key it claims to be.
    pub id: KeyId,
    hash: [u8; 32],
}

/// A key that was just made: the only time its text is known.
#[derive(Debug)]
pub struct NewApiKey {
    /// Its id.
    pub id: KeyId,
    /// The text to show once.
    pub text: SecretString,
    /// SHA-256 of its secret, to keep.
    pub hash: [u8; 32],
}

impl NewApiKey {
    /// Makes a key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<NewApiKey, getrandom::Error> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret)?;
        let id = KeyId::generate();
        let encoded = URL_SAFE_NO_PAD.encode(secret);
        let checksum = checksum(&id.to_string(), &encoded);
        let text = SecretString::from(format!("lgn_{id}_{encoded}{checksum}"));
        Ok(NewApiKey { id, hash: Sha256::digest(encoded.as_bytes()).into(), text })
    }

    /// Returns the text.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

fn checksum(id: &str, secret: &str) -> String {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(id.as_bytes());
    hasher.update(secret.as_bytes());
    format!("{:08x}", hasher.finalize())
}

impl ApiKey {
    /// Reads the text of a key; `None` when it is none.
    pub fn parse(text: &str) -> Option<ApiKey> {
        let (id, rest) = text.strip_prefix("lgn_")?.split_once('_')?;
        if rest.len() != SECRET_CHARS + CHECKSUM_CHARS || !rest.is_ascii() {
            return None;
        }
        let (secret, given) = rest.split_at(SECRET_CHARS);
        (checksum(id, secret) == given)
            .then_some(ApiKey { id: id.parse().ok()?, hash: Sha256::digest(secret.as_bytes()).into() })
    }

    /// Returns true when its secret is the one with this SHA-256; takes the same time either way.
    pub fn proves(&self, hash: &[u8; 32]) -> bool {
        self.hash.ct_eq(hash).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_proves_itself_and_nothing_like_it_does() {
        let new = NewApiKey::generate().expect("randomness");
        let key = ApiKey::parse(new.expose()).expect("a key");
        assert_eq!(key.id, new.id);
        assert!(key.proves(&new.hash));
        assert!(!key.proves(&NewApiKey::generate().expect("randomness").hash));
        let mut changed = new.expose().to_owned();
        let last = changed.pop().expect("a character");
        changed.push(if last == '0' { '1' } else { '0' });
        assert_eq!(ApiKey::parse(&changed), None);
        for wrong in ["", "lgn_", "lgn__", "lgn_x_y", "Bearer x", "lgn_é_é"] {
            assert_eq!(ApiKey::parse(wrong), None, "{wrong}");
        }
        assert!(!format!("{new:?}").contains(new.expose()), "the text is not shown by Debug");
    }
}
