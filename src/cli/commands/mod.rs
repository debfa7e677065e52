//! The commands, one file each: their arguments, and what they do.

pub mod completions;
pub mod config;
pub mod db;
pub mod detect;
pub mod formats;
pub mod healthcheck;
pub mod import;
pub mod man;
pub mod parse;
pub mod query;
pub mod serve;
pub mod user;
