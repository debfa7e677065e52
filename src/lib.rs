//! logan: logs in, answers out.
//!
//! The rooms, in the order a log line passes them; `docs/architecture.md` tells the rest.

pub mod cli;
pub mod client;
pub mod config;
pub mod detect;
pub mod entry;
pub mod ingest;
pub mod input;
pub mod output;
pub mod parse;
pub mod query;
pub mod serve;
pub mod storage;
