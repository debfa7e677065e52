//! The formats, one file each.

pub mod combined;
pub mod json;
pub mod logfmt;
pub mod plain;
pub mod syslog;
