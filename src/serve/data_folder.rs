//! The data folder: what lies where, and whose turn it is.
//!
//! `control.db`, `orgs/<ulid>.db`, `secrets/`, and `lock`, which one process holds at a time: the server, or a command
//! that works on the folder while no server runs.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::state::StartError;

/// A data folder that is ours until this is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// The system gives the lock back when the file is closed, also when the process is killed.
    _lock: File,
}

impl DataFolder {
    /// The file of the accounts.
    pub const CONTROL: &str = "control.db";

    /// Takes a folder; makes it, its owner's alone, when there is none.
    ///
    /// # Errors
    /// [`StartError::Running`] when another process has it.
    pub fn open(path: &Path) -> Result<DataFolder, StartError> {
        for folder in [path, &path.join("secrets"), &path.join("orgs")] {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|source| StartError::Data { path: folder.display().to_string(), source })?;
        }
        let name = path.join("lock");
        let wrong = |source| StartError::Data { path: name.display().to_string(), source };
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&name).map_err(wrong)?;
        match lock.try_lock() {
            Ok(()) => Ok(DataFolder { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::Running(path.display().to_string())),
            Err(TryLockError::Error(source)) => Err(wrong(source)),
        }
    }

    /// The accounts.
    pub fn control(&self) -> PathBuf {
        self.path.join(DataFolder::CONTROL)
    }

    /// The folder of the orgs' stores.
    pub fn orgs(&self) -> PathBuf {
        self.path.join("orgs")
    }

    /// The keys that sign tokens.
    pub fn token_keys(&self) -> PathBuf {
        self.path.join("secrets/token-keys.json")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_is_for_one_at_a_time_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("data");
        let first = DataFolder::open(&path).expect("the first takes it");
        assert!(matches!(DataFolder::open(&path), Err(StartError::Running(_))));
        drop(first);
        DataFolder::open(&path).expect("it is free again");
        for name in ["", "secrets", "orgs"] {
            let mode = std::fs::metadata(path.join(name)).expect("it stands").permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{name}");
        }
    }
}
