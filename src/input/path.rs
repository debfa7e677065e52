//! What an input is called.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// An input as the user named it, after globs and folders are expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputPath {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl InputPath {
    /// Turns an argument into a path: `-` and the device names of standard input mean standard input.
    pub fn new(argument: &OsStr) -> InputPath {
        match argument.to_str() {
            Some("-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0") => InputPath::Stdin,
            Some(_) | None => InputPath::File(argument.into()),
        }
    }

    /// Returns the name to show and to store; bytes that are not UTF-8 are replaced.
    pub fn name(&self) -> String {
        match self {
            InputPath::Stdin => "stdin".to_owned(),
            InputPath::File(path) => path.to_string_lossy().into_owned(),
        }
    }

    /// Returns the path of a file.
    pub fn file(&self) -> Option<&Path> {
        match self {
            InputPath::Stdin => None,
            InputPath::File(path) => Some(path),
        }
    }

    /// Returns true for an open file descriptor of this process, as in `logan parse <(kubectl logs web)`.
    pub fn is_descriptor(&self) -> bool {
        self.file().is_some_and(|path| path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd"))
    }
}
