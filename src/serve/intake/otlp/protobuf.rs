//! The request as protobuf.

use prost::Message;

use super::messages::{InstrumentationScope, LogRecord, Resource};
use super::record::Sink;
use crate::serve::intake::wire::{Field, Fields};
use crate::serve::intake::{Arrival, Decoded, IntakeError};

/// Reads a request.
///
/// # Errors
/// When it is none, or too large.
pub fn decode(body: &[u8], arrival: Arrival) -> Result<Decoded, IntakeError> {
    let mut sink = Sink::new(&arrival);
    for resource_logs in Fields::of(body).only(1) {
        let resource_logs = resource_logs?;
        let resource: Resource = small(Fields::of(resource_logs).last(1)?, "resource", arrival.limits.line)?;
        sink.resource(&resource)?;
        for scope_logs in Fields::of(resource_logs).only(2) {
            let scope_logs = scope_logs?;
            let scope: InstrumentationScope = small(Fields::of(scope_logs).last(1)?, "scope", arrival.limits.line)?;
            sink.scope(&scope)?;
            for record in Fields::of(scope_logs).only(2) {
                take(&mut sink, record?)?;
            }
        }
    }
    sink.finish()
}

/// Decodes a message that stands once beside many records.
fn small<M: Message + Default>(message: Option<&[u8]>, what: &str, most: usize) -> Result<M, IntakeError> {
    let message = message.unwrap_or_default();
    if message.len() > most {
        return Err(IntakeError::Wrong(format!("{what}: more than {most} bytes")));
    }
    M::decode(message).map_err(|error| IntakeError::Wrong(format!("{what}: {error}")))
}

fn take(sink: &mut Sink, record: &[u8]) -> Result<(), IntakeError> {
    // Its size bounds what its decoded form takes.
    if record.len() > sink.limits().line {
        let reason = sink.limits().too_long();
        return sink.reject(record, reason);
    }
    // Broken framing ends the request; a record that is wrong by itself only that record.
    Fields::of(record).try_for_each(|field| field.map(|_: (u32, Field<'_>)| ()))?;
    match LogRecord::decode(record) {
        Ok(decoded) => sink.record(&decoded, record),
        Err(error) => sink.reject(record, format!("otlp: {error}")),
    }
}
