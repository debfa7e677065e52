//! Loki's push: streams of lines with labels, as JSON ([`json`]) or as protobuf packed with snappy ([`protobuf`]).
//!
//! Labels and structured metadata become fields. The line is read for what it says itself ([`super::line`]); a label
//! keeps its own name, what a line has under the same name gets a trailing underscore. The time is the envelope's; a
//! time of 0 means that of the line, or of the arrival.

mod json;
mod labels;
pub mod messages;
mod protobuf;
mod sink;
#[cfg(test)]
mod tests;

pub use json::decode as decode_json;
pub use labels::{LabelError, parse as parse_labels};
pub use protobuf::decode as decode_protobuf;
