//! Secrets that are shown once and kept as a hash: refresh tokens, invitations, the operator's one-time token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// SHA-256 of a secret: all that is kept. It has 256 random bits, so a slow hash would add nothing.
pub type SecretHash = [u8; 32];

/// What a secret is for. Its first letters say so, and none is taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// Gets the next access token.
    Refresh,
    /// Lets somebody into an org.
    Invite,
    /// Lets the operator make the first account.
    Admin,
}

impl SecretKind {
    fn prefix(self) -> &'static str {
        match self {
            SecretKind::Refresh => "lgr_",
            SecretKind::Invite => "lgi_",
            SecretKind::Admin => "lga_",
        }
    }

    /// Returns the hash of a text of this kind; `None` when it is none.
    pub fn hash(self, text: &str) -> Option<SecretHash> {
        let secret = text.strip_prefix(self.prefix())?;
        let well_formed = secret.len() == 43
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        well_formed.then(|| Sha256::digest(text.as_bytes()).into())
    }
}

/// A secret that was just made: the only time its text is known.
#[derive(Debug)]
pub struct NewSecret {
    text: SecretString,
    /// What to keep.
    pub hash: SecretHash,
}

impl NewSecret {
    /// Makes one of 256 random bits.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate(kind: SecretKind) -> Result<NewSecret, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let text = format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(bytes));
        Ok(NewSecret { hash: Sha256::digest(text.as_bytes()).into(), text: SecretString::from(text) })
    }

    /// Returns the text, to be shown once.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_hash_and_of_one_kind_only() {
        let invite = NewSecret::generate(SecretKind::Invite).expect("randomness");
        assert_eq!(SecretKind::Invite.hash(invite.expose()), Some(invite.hash));
        assert_eq!(SecretKind::Refresh.hash(invite.expose()), None);
        assert_eq!(SecretKind::Invite.hash("lgi_short"), None);
        assert_eq!(SecretKind::Invite.hash(&format!("{}x", invite.expose())), None);
        assert!(!format!("{invite:?}").contains(invite.expose()), "the text is not shown by Debug");
    }
}
