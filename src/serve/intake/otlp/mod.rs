//! OpenTelemetry's logs over HTTP: `ExportLogsServiceRequest` as protobuf or as JSON, answered in the same.
//!
//! What a record says becomes an entry ([`record`]): time, level, body, the attributes of record, scope and resource
//! as fields under their own names, nested ones joined with dots. A record that cannot be taken is counted in the
//! answer's partial success; only what cannot be read at all fails the request.

mod answer;
mod json;
pub mod messages;
mod protobuf;
mod record;
#[cfg(test)]
mod tests;

pub use answer::{Content, status, success};
pub use json::decode as decode_json;
pub use protobuf::decode as decode_protobuf;
