//! The formats, one file each.

pub mod combined;
pub mod container;
pub mod json;
pub mod keys;
pub mod logfmt;
pub mod plain;
pub mod syslog;
