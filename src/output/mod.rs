//! Entries and results as bytes: text for people, JSON, CSV, TSV, logfmt, tables, raw lines.
//!
//! [`EntryWriter`] is called by many workers at once, one batch each, and makes bytes; [`Assembler`]
//! takes what they made in order and writes it out. All formats read a batch through the same
//! `cells`, so a value is found and named in one place, and all text that came out of a log and goes
//! to a terminal passes [`safe`].
//!
//! Promises: the same entries give the same bytes, however they were cut into batches and on any number
//! of threads (the fields a format lists "in order of appearance" may only trade places). Nothing is
//! left out in silence: a field that comes after the columns of a CSV were fixed is counted and named.
//! This room opens nothing; it writes to what it is handed.

mod assemble;
mod cells;
mod delimited;
mod json;
mod logfmt;
pub mod number;
mod palette;
pub mod result;
pub mod safe;
mod scan;
mod table;
mod text;
mod time;
mod writer;

pub use assemble::Assembler;
pub use json::write_text as json_text;
pub use palette::Palette;
pub use writer::{EntryWriter, Options, OutputFormat, Piece, Rows};
