//! Why an input could not be read, or not to its end.

use crate::entry::grouped;
use std::io;

use super::Compression;

/// Why an input could not be read, or not to its end. One input's error never stops the others.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The path could not be opened.
    #[error("{path}: {source}")]
    Open {
        /// The path.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A folder was named without asking for what is in it.
    #[error("{path}: is a folder")]
    Folder {
        /// The path.
        path: String,
    },
    /// Something that is no regular file.
    #[error("{path}: is a {kind}, not a file")]
    NotFile {
        /// The path.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// A pattern that matches no file.
    #[error("{pattern}: no file matches")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A pattern that is not one.
    #[error("{pattern}: {detail}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        detail: String,
    },
    /// An archive or compression that is not read.
    #[error("{path}: is {kind} data, which is not read")]
    Unsupported {
        /// The path.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// Reading failed on the way.
    #[error("{path}: reading failed after {} bytes: {source}; what came before was read", grouped(*.bytes))]
    Read {
        /// The path.
        path: String,
        /// How many bytes had been read.
        bytes: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The file became shorter while it was read.
    #[error("{path}: was cut short to {} bytes while it was read; what came before was read", grouped(*.bytes))]
    Shrunk {
        /// The path.
        path: String,
        /// How many bytes had been read.
        bytes: u64,
    },
    /// A pipe that is known by a name begins like what was taken under that name before, and then goes on otherwise.
    #[error("{path}: begins like what was taken under this name before, but differs within its first {} bytes; nothing of it was taken", grouped(*.bytes))]
    Differs {
        /// The name.
        path: String,
        /// How many bytes were taken before.
        bytes: u64,
    },
    /// Compressed data ends in the middle.
    #[error("{path}: the {compression} data ends early after {} bytes; what came before was read", grouped(*.bytes))]
    EndsEarly {
        /// The path.
        path: String,
        /// How it is compressed.
        compression: Compression,
        /// How many decompressed bytes had been read.
        bytes: u64,
    },
    /// Compressed data is damaged, or followed by something else.
    #[error("{path}: the {compression} data is damaged after {} bytes ({detail}); what came before was read", grouped(*.bytes))]
    Damaged {
        /// The path.
        path: String,
        /// How it is compressed.
        compression: Compression,
        /// How many decompressed bytes had been read.
        bytes: u64,
        /// What the decompressor said.
        detail: String,
    },
}

impl InputError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            InputError::Folder { .. } => Some("-r reads all files in it"),
            InputError::NotFile { kind: "named pipe" | "socket" | "device", .. } => {
                Some("its data can be piped to standard input, with - as the file")
            }
            InputError::Unsupported { kind: "SQLite", .. } => {
                Some("a store is asked with --db, as in `logan query '*' --db FILE`")
            }
            InputError::Unsupported { .. } => Some("unpack it and pipe the text to standard input, with - as the file"),
            InputError::Damaged { .. } if self.wants_large_window() => {
                Some("zstd -dc --long=31 FILE | logan … - reads it with the memory it needs")
            }
            InputError::NotFile { .. }
            | InputError::Open { .. }
            | InputError::NoMatch { .. }
            | InputError::Pattern { .. }
            | InputError::Read { .. }
            | InputError::Shrunk { .. }
            | InputError::Differs { .. }
            | InputError::EndsEarly { .. }
            | InputError::Damaged { .. } => None,
        }
    }

    /// Returns the path or pattern it is about.
    pub fn path(&self) -> &str {
        match self {
            InputError::Open { path, .. }
            | InputError::Folder { path }
            | InputError::NotFile { path, .. }
            | InputError::NoMatch { pattern: path }
            | InputError::Pattern { pattern: path, .. }
            | InputError::Unsupported { path, .. }
            | InputError::Read { path, .. }
            | InputError::Shrunk { path, .. }
            | InputError::Differs { path, .. }
            | InputError::EndsEarly { path, .. }
            | InputError::Damaged { path, .. } => path,
        }
    }

    fn wants_large_window(&self) -> bool {
        matches!(self, InputError::Damaged { compression: Compression::Zstd, detail, .. } if detail.contains("memory"))
    }
}
