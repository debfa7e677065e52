//! The formats, one file each.

pub mod combined;
mod container;
pub mod json;
mod keys;
pub mod logfmt;
pub mod plain;
pub mod syslog;
