//! Runs input → parse → sink: in parallel, in order, with bounded memory.
//!
//! [`scan`] hands every entry of some inputs to a [`crate::query::BatchSink`]; [`import`] puts them into
//! a store, exactly once by content. Both work the same way: one thread at a time takes the next piece of
//! the current input (`Feed`), each parses its piece on its own, and what must happen in order
//! (rejects, counts, writing) passes through [`crate::query::InOrder`].
//!
//! Promises
//! - Every byte read is accounted for; a parser that loses one stops the run.
//! - No input stops another: what cannot be read is reported and the rest goes on.
//! - The result does not depend on the number of threads or on how inputs are cut into pieces.

mod error;
mod feed;
mod identity;
mod import;
mod import_writer;
mod observer;
mod older_copy;
mod report;
mod scan;
mod workers;
mod years;

pub use error::IngestError;
pub use feed::Reading;
pub use identity::{Content, Contents, Identity, go_to};
pub use import::{ImportOptions, ImportSummary, import, is_pipe};
pub use import_writer::taken_head;
pub use observer::{NoObserver, Observer};
pub use report::{FileReport, Outcome, Summary};
pub use scan::{ScanOptions, scan, total_size};
