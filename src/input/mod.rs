//! Bytes in: from what the user named to line-aligned chunks.
//!
//! [`expand`] turns arguments into paths, [`open`] opens one and undoes its compression, and
//! [`ChunkReader`] cuts what comes out into pieces of whole lines that can be parsed independently.
//!
//! Promises
//! - Plain files are read with positioned reads, never mapped: a file that is truncated meanwhile is
//!   an early end, not a crash. What is read is what was there when the file was opened.
//! - Memory is bounded by the chunk size and the longest line that is accepted, whatever the input:
//!   longer lines are skipped as they stream by, compressed data is expanded as it is needed.
//! - What can be read is read: a damaged tail of a compressed file costs the tail, and is reported.
//!
//! This room knows nothing of entries: whether a line begins one is asked of whoever reads.

mod chunk_reader;
mod compression;
mod cut;
mod error;
mod expand;
mod fingerprint;
mod gzip;
mod open;
mod path;
mod pump;
mod source;
mod utf16;
mod xz;

pub use chunk_reader::{ChunkReader, LastLine, Piece, ReaderOptions};
pub use compression::Compression;
pub use cut::last_entry;
pub use error::InputError;
pub use expand::{Expanded, expand};
pub use fingerprint::{Fingerprint, HEAD_BYTES, TAIL_BYTES};
pub use open::{Input, open};
pub use path::InputPath;
