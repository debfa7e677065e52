//! Secrets: values that are never shown, and the files they come from.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::ConfigError;

/// The longest secret, in bytes: a key file in PEM has its place in it.
const MAX_BYTES: u64 = 64 * 1024;

/// A text that is shown as `***` wherever it is printed or written, and wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Returns the text itself; look twice where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret(text.into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::from)
    }
}

/// Reads a secret from a file that nobody but its owner may read. One line end after it does not belong to it.
pub fn read_secret(path: &Path) -> Result<Secret, ConfigError> {
    let unread = |source| ConfigError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(unread)?;
    ask_private(&file, path)?;
    let mut text = Zeroizing::new(String::new());
    let length = file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unread)?;
    let secret = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    let problem = match length as u64 {
        _ if secret.is_empty() => "holds nothing",
        length if length > MAX_BYTES => "is too long for a secret",
        _ => return Ok(Secret::from(secret.to_owned())),
    };
    Err(ConfigError::NoSecret { path: path.to_owned(), problem })
}

/// Returns an error when others than the owner may read an open file.
///
/// A file of root may be read by its group: that is how systemd hands credentials over (0440), and how Debian keeps keys
/// for the group `ssl-cert` and settings for a service's group (0640).
pub fn ask_private(file: &File, path: &Path) -> Result<(), ConfigError> {
    let metadata = file.metadata().map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let mode = metadata.mode() & 0o777;
    let is_private = mode & 0o077 == 0 || (metadata.uid() == 0 && mode & 0o037 == 0);
    if is_private { Ok(()) } else { Err(ConfigError::NotPrivate { path: path.to_owned(), mode }) }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn written(content: &str, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn one_line_end_is_not_part_of_a_secret() {
        for (content, expected) in [("a b", "a b"), ("ab\n", "ab"), ("ab\r\n", "ab"), ("ab\n\n", "ab\n")] {
            let (_folder, path) = written(content, 0o600);
            assert_eq!(read_secret(&path).unwrap().expose(), expected, "{content:?}");
        }
    }

    #[test]
    fn files_that_others_read_and_files_without_a_secret_are_refused() {
        for (content, mode, expected) in [
            ("x", 0o644, "others may read it (mode 0644)"),
            ("x", 0o604, "others may read it (mode 0604)"),
            ("x", 0o620, "others may read it (mode 0620)"),
            ("", 0o600, "holds nothing"),
            ("\n", 0o400, "holds nothing"),
            (&"x".repeat(70_000), 0o600, "is too long for a secret"),
        ] {
            let (_folder, path) = written(content, mode);
            let error = read_secret(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::from("hunter2".to_owned());
        assert_eq!((format!("{secret:?}"), serde_json::to_string(&secret).unwrap()), ("***".into(), "\"***\"".into()));
    }
}
