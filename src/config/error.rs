//! Why settings cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::Origin;

/// Why settings cannot be used. Each says where the value came from.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file could not be read.
    #[error("{}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is no TOML. The line itself is not shown: it may hold a secret.
    #[error("{}:{line}:{column}: {problem}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The character of the line, from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A key that no setting has.
    #[error("{origin}: there is no setting {key}")]
    UnknownKey {
        /// The key; for a variable its name is the origin, and the key what it would be.
        key: String,
        /// Where it came from.
        origin: Origin,
        /// What could have been meant, written as it would be there.
        known: Vec<String>,
    },
    /// A value of the wrong kind, or none where one is needed.
    #[error("{origin}: {key} must be {expected}{}", found.as_deref().map(|found| format!(", not {found}")).unwrap_or_default())]
    Value {
        /// The key.
        key: String,
        /// Where the value came from.
        origin: Origin,
        /// What is expected.
        expected: String,
        /// What was found, unless it is a secret or nothing.
        found: Option<String>,
    },
    /// A secret is given twice in one place.
    #[error("{origin}: {key} and {key}_file say the same thing twice")]
    Twice {
        /// The key of the secret.
        key: String,
        /// Where both are.
        origin: Origin,
    },
    /// A file with a secret can be read by others.
    #[error("{}: holds a secret, and others may read it (mode {mode:04o})", path.display())]
    NotPrivate {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file holds no secret.
    #[error("{}: {problem}", path.display())]
    NoSecret {
        /// The file.
        path: PathBuf,
        /// Why not.
        problem: &'static str,
    },
    /// Values that do not go together.
    #[error("{key} ({origin}): {problem}")]
    Rule {
        /// The key that would have to change.
        key: String,
        /// Where its value came from.
        origin: Origin,
        /// What is wrong.
        problem: String,
        /// What to do.
        hint: String,
    },
}
