//! Access tokens: JWT, HS256 alone, short-lived (RFC 8725).

use std::collections::HashMap;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::config::Auth;
use crate::entry::Timestamp;
use crate::serve::ids::{OrgId, SessionId, UserId};

/// The header's `typ`: no other token of ours is taken for an access token.
const TYPE: &str = "logan-access+jwt";
/// Longest token that is looked at.
const MOST_BYTES: usize = 4096;
/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 30;
/// How many keys verify: the one that signs and those before it.
const MOST_KEYS: usize = 3;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: UserId,
    /// The org.
    pub org: OrgId,
    /// The session, looked up at each request.
    pub sid: SessionId,
    /// The token's own name.
    pub jti: String,
    /// Seconds since 1970: made, good from, good until.
    pub iat: i64,
    /// Good from.
    pub nbf: i64,
    /// Good until.
    pub exp: i64,
    /// Who signed.
    pub iss: String,
    /// For whom.
    pub aud: String,
}

/// Why a token is refused, or could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is not one of ours, is altered, or its time has not come or is over.
    #[error("the access token is not valid; log in again or refresh it")]
    Invalid,
    /// The keys' file.
    #[error("{path}: {source}")]
    Keys {
        /// The file.
        path: String,
        /// What is wrong.
        source: std::io::Error,
    },
    /// It could not be signed.
    #[error("signing failed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// A key as its file holds it.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    kid: String,
    /// 256 random bits, base 64.
    secret: Zeroizing<String>,
}

/// The keys: the first signs, all verify.
pub struct SigningKeys {
    signing: (String, EncodingKey),
    verifying: HashMap<String, DecodingKey>,
    life: Duration,
    /// Who signs, and for whom.
    issuer: String,
    audience: String,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeys").field("kid", &self.signing.0).finish_non_exhaustive()
    }
}

impl SigningKeys {
    /// Reads the keys from a file only its owner may read; makes the file with one key when there is none.
    /// The settings say how long a token is good, who makes it and for whom.
    pub fn open(path: &Path, settings: &Auth) -> Result<SigningKeys, TokenError> {
        let wrong = |source| TokenError::Keys { path: path.display().to_string(), source };
        let keys = match std::fs::read_to_string(path) {
            Ok(text) => {
                let mode = std::fs::metadata(path).map_err(wrong)?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(wrong(std::io::Error::other("others may read it; run chmod 600 on it")));
                }
                serde_json::from_str::<Vec<StoredKey>>(&text).map_err(|error| wrong(error.into()))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let keys = vec![StoredKey::generate().map_err(wrong)?];
                write_keys(path, &keys).map_err(wrong)?;
                keys
            }
            Err(error) => return Err(wrong(error)),
        };
        SigningKeys::of(&keys, settings).map_err(wrong)
    }

    /// Puts a new signing key into the file; the old ones still verify until they are the fourth. Makes the file when
    /// there is none.
    pub fn rotate(path: &Path) -> Result<(), TokenError> {
        let wrong = |source| TokenError::Keys { path: path.display().to_string(), source };
        let mut keys: Vec<StoredKey> = match std::fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| wrong(error.into()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(wrong(error)),
        };
        keys.insert(0, StoredKey::generate().map_err(wrong)?);
        keys.truncate(MOST_KEYS);
        write_keys(path, &keys).map_err(wrong)
    }

    fn of(keys: &[StoredKey], settings: &Auth) -> Result<SigningKeys, std::io::Error> {
        let mut verifying = HashMap::new();
        let mut signing = None;
        for key in keys.iter().take(MOST_KEYS) {
            let secret = Zeroizing::new(STANDARD.decode(key.secret.as_bytes()).map_err(std::io::Error::other)?);
            if secret.len() < 32 {
                return Err(std::io::Error::other(format!("key {} has fewer than 256 bits", key.kid)));
            }
            signing.get_or_insert_with(|| (key.kid.clone(), EncodingKey::from_secret(&secret)));
            verifying.insert(key.kid.clone(), DecodingKey::from_secret(&secret));
        }
        let signing = signing.ok_or_else(|| std::io::Error::other("holds no key"))?;
        Ok(SigningKeys {
            signing,
            verifying,
            life: settings.access.into(),
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
        })
    }

    /// How long a token is good.
    pub fn life(&self) -> Duration {
        self.life
    }

    /// Makes a token.
    pub fn sign(&self, user: UserId, org: OrgId, session: SessionId, now: Timestamp) -> Result<String, TokenError> {
        let seconds = now.seconds();
        let claims = Claims {
            sub: user,
            org,
            sid: session,
            jti: ulid::Ulid::generate().to_string(),
            iat: seconds,
            nbf: seconds,
            exp: seconds + self.life.as_secs() as i64,
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
        };
        let (kid, key) = &self.signing;
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(kid.clone()), ..Header::new(Algorithm::HS256) };
        Ok(encode(&header, &claims, key)?)
    }

    /// Reads a token: signature, type, issuer, audience and times are right, or it is refused.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if token.len() > MOST_BYTES {
            return Err(TokenError::Invalid);
        }
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        let known = header.kid.as_deref().and_then(|kid| self.verifying.get(kid));
        let (Some(key), Some(TYPE)) = (known, header.typ.as_deref()) else { return Err(TokenError::Invalid) };
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library asks the system's clock; ours is asked below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = decode::<Claims>(token, key, &validation).map_err(|_| TokenError::Invalid)?.claims;
        let seconds = now.seconds();
        let in_time = claims.nbf <= seconds + LEEWAY && claims.iat <= seconds + LEEWAY && seconds < claims.exp + LEEWAY;
        if in_time { Ok(claims) } else { Err(TokenError::Invalid) }
    }
}

impl StoredKey {
    fn generate() -> Result<StoredKey, std::io::Error> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut()).map_err(std::io::Error::other)?;
        Ok(StoredKey {
            kid: ulid::Ulid::generate().to_string(),
            secret: Zeroizing::new(STANDARD.encode(secret.as_ref())),
        })
    }
}

/// Writes the file beside itself and puts it in place, on disk when this returns.
fn write_keys(path: &Path, keys: &[StoredKey]) -> Result<(), std::io::Error> {
    let text = Zeroizing::new(serde_json::to_string(keys)?);
    let mut beside = PathBuf::from(path);
    beside.set_extension("new");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (tempfile::TempDir, SigningKeys) {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = SigningKeys::open(&folder.path().join("keys.json"), &Auth::default()).expect("keys");
        (folder, keys)
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds, 0).expect("a time")
    }

    #[test]
    fn a_token_is_good_for_its_time_and_only_unchanged() {
        let (_folder, keys) = keys();
        let (user, org, session) = (UserId::generate(), OrgId::generate(), SessionId::generate());
        let token = keys.sign(user, org, session, at(1_000_000)).expect("a token");
        let claims = keys.verify(&token, at(1_000_000)).expect("it is good");
        assert_eq!((claims.sub, claims.org, claims.sid), (user, org, session));
        assert!(keys.verify(&token, at(1_000_000 + 929)).is_ok());
        assert!(keys.verify(&token, at(1_000_000 + 931)).is_err(), "it is over");
        assert!(keys.verify(&token, at(1_000_000 - 31)).is_err(), "its time has not come");
        let (other_folder, others) = self::keys();
        assert!(others.verify(&token, at(1_000_000)).is_err(), "another key in {other_folder:?}");
        assert!(keys.verify(&format!("{token}x"), at(1_000_000)).is_err());
        assert!(keys.verify(&"x".repeat(1 << 20), at(1_000_000)).is_err());
    }

    #[test]
    fn a_token_of_another_server_is_refused_though_the_keys_are_the_same() {
        let (folder, keys) = keys();
        let path = folder.path().join("keys.json");
        let sign = |keys: &SigningKeys| {
            keys.sign(UserId::generate(), OrgId::generate(), SessionId::generate(), at(5)).expect("a token")
        };
        for other in [
            Auth { issuer: "elsewhere".into(), ..Auth::default() },
            Auth { audience: "other-api".into(), ..Auth::default() },
        ] {
            let others = SigningKeys::open(&path, &other).expect("keys");
            let claims = others.verify(&sign(&others), at(5)).expect("its own are good");
            assert_eq!((claims.iss, claims.aud), (other.issuer, other.audience));
            assert!(keys.verify(&sign(&others), at(5)).is_err());
            assert!(others.verify(&sign(&keys), at(5)).is_err());
        }
    }

    #[test]
    fn an_old_key_verifies_until_it_is_the_fourth() {
        let (folder, keys) = keys();
        let path = folder.path().join("keys.json");
        let token = keys.sign(UserId::generate(), OrgId::generate(), SessionId::generate(), at(5)).expect("a token");
        for round in 1..=3 {
            SigningKeys::rotate(&path).expect("a new key");
            let now = SigningKeys::open(&path, &Auth::default()).expect("keys");
            assert_eq!(now.verify(&token, at(5)).is_ok(), round < 3, "round {round}");
        }
    }

    #[test]
    fn a_file_others_may_read_is_refused() {
        let (folder, _) = keys();
        let path = folder.path().join("keys.json");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
        let error = SigningKeys::open(&path, &Auth::default()).expect_err("refused");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}
