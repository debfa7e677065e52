//! Why a run had to stop.

use crate::query::ScanError;
use crate::storage::StorageError;

/// Why a run had to stop. What is wrong with one input never stops it, see [`super::FileReport::error`].
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// Whoever takes the entries could not go on.
    #[error(transparent)]
    Sink(#[from] ScanError),
    /// The store could not be written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A piece was not accounted for to the last byte: a defect of logan, caught before it loses data.
    #[error(
        "{source_name}: the account of the {bytes} bytes at offset {offset} does not add up; this is a defect of logan, please report it"
    )]
    Unaccounted {
        /// The input.
        source_name: String,
        /// Where the piece begins.
        offset: u64,
        /// How long it is.
        bytes: u64,
    },
}
