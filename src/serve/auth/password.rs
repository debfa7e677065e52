//! Passwords: argon2id (m = 19 MiB, t = 2, p = 1, the OWASP choice), kept as PHC strings.
//!
//! A hash costs tens of milliseconds and 19 MiB, so only as many run as there are processors, some more wait, and the
//! rest is told to come back. Somebody unknown is checked against a hash that nothing fits, which takes as long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::serve::error::ApiError;

/// Fewest and most characters of a password.
pub const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;
/// How many may wait for a processor.
const QUEUE: usize = 16;
/// How the hashes begin that are made today; others are made anew when their password is next seen.
const TODAY: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("hashing failed: {0}")]
pub struct HashError(argon2::password_hash::Error);

/// Returns the PHC string of a password. Takes tens of milliseconds.
pub fn hash(password: &SecretString) -> Result<String, HashError> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes()).map_err(HashError)?;
    Ok(hash.to_string())
}

/// What came out of looking at a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// True when it is the right one.
    pub right: bool,
    /// A hash of it by today's parameters, when the kept one has others.
    pub newer: Option<String>,
}

fn check(password: &SecretString, kept: Option<&str>, nobody: &str) -> Result<Checked, HashError> {
    let fits = Argon2::default().verify_password(password.expose_secret().as_bytes(), kept.unwrap_or(nobody)).is_ok();
    let right = fits && kept.is_some();
    let old = right && kept.is_some_and(|kept| !kept.starts_with(TODAY));
    let newer = if old { Some(hash(password)?) } else { None };
    Ok(Checked { right, newer })
}

/// Hashes passwords, so many at a time.
#[derive(Debug)]
pub struct Passwords {
    /// One for each processor.
    running: Arc<Semaphore>,
    /// Those and the ones that wait.
    admitted: Arc<Semaphore>,
    /// What somebody unknown is checked against.
    nobody: Arc<str>,
    /// How many times one was hashed or compared.
    hashed: AtomicU64,
}

impl Passwords {
    /// Makes the queue.
    pub fn new() -> Result<Passwords, HashError> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| HashError(argon2::password_hash::Error::Crypto))?;
        let nobody = hash(&SecretString::from(format!("{bytes:?}")))?.into();
        Ok(Passwords {
            running: Arc::new(Semaphore::new(processors)),
            admitted: Arc::new(Semaphore::new(processors + QUEUE)),
            nobody,
            hashed: AtomicU64::new(0),
        })
    }

    /// Returns how many times a password was hashed or compared: what an attempt costs, whoever it is for.
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// Returns the PHC string of a password.
    ///
    /// # Errors
    /// 503 when too many wait already.
    pub async fn hash(&self, password: SecretString) -> Result<String, ApiError> {
        self.run(move || hash(&password)).await
    }

    /// Compares a password with the one that is kept; `None` is somebody unknown, and takes as long.
    ///
    /// # Errors
    /// 503 when too many wait already.
    pub async fn check(&self, password: SecretString, kept: Option<String>) -> Result<Checked, ApiError> {
        let nobody = self.nobody.clone();
        self.run(move || check(&password, kept.as_deref(), &nobody)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let busy = || ApiError::unavailable("busy", "too many log-ins at once; try again", Duration::from_secs(1));
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| busy())?;
        let running = self.running.clone().acquire_owned().await.map_err(|_| busy())?;
        self.hashed.fetch_add(1, Ordering::Relaxed);
        // The permits go along: a client that hangs up does not make room before its hash is done.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((admitted, running));
            result
        });
        match done.await {
            Ok(result) => result.map_err(|error| ApiError::internal(&error)),
            Err(error) => Err(ApiError::internal(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let password = SecretString::from("seven herons wade upstream");
        let kept = hash(&password).expect("a hash");
        assert!(kept.starts_with(TODAY), "{kept}");
        let nobody = hash(&SecretString::from("nobody")).expect("a hash");
        let check = |password: &str, kept| check(&SecretString::from(password), kept, &nobody).expect("it is checked");
        assert_eq!(check("seven herons wade upstream", Some(&kept)), Checked { right: true, newer: None });
        assert!(!check("seven herons wade downstream", Some(&kept)).right);
        assert!(!check("nobody", None).right, "nobody has no password, not even that one");
    }

    #[test]
    fn a_hash_of_other_parameters_is_made_anew() {
        let weak = argon2::Params::new(8, 1, 1, None).expect("parameters");
        let old = Argon2::from(weak).hash_password(b"seven herons").expect("a hash").to_string();
        let checked = check(&SecretString::from("seven herons"), Some(&old), &old).expect("it is checked");
        assert!(checked.right && checked.newer.is_some_and(|newer| newer.starts_with(TODAY)));
    }

    #[tokio::test]
    async fn more_than_may_wait_are_told_to_come_back() {
        let passwords = Passwords::new().expect("a queue");
        let all = passwords.admitted.clone().acquire_many_owned(passwords.admitted.available_permits() as u32).await;
        let error = passwords.hash(SecretString::from("x")).await.expect_err("nobody is admitted");
        assert_eq!(error.status, 503);
        drop(all);
        assert!(passwords.hash(SecretString::from("x")).await.is_ok());
    }
}
