//! Loki's push as protobuf.

use prost::Message;

use super::labels;
use super::messages::{EntryAdapter, Time};
use super::sink::Sink;
use crate::entry::NO_TIME;
use crate::serve::intake::wire::{Field, Fields};
use crate::serve::intake::{Arrival, Decoded, IntakeError};

/// Most bytes of a stream's labels.
const MAX_LABELS: usize = 64 * 1024;

/// Reads a request (snappy already taken off).
///
/// # Errors
/// When it is no push request, its labels cannot be read, or it is too large.
pub fn decode(body: &[u8], arrival: Arrival) -> Result<Decoded, IntakeError> {
    let mut sink = Sink::new(&arrival);
    for stream in Fields::of(body).only(1) {
        let stream = stream?;
        let labels = Fields::of(stream).last(1)?.unwrap_or(b"{}");
        if labels.len() > MAX_LABELS {
            return Err(IntakeError::wrong("the labels of a stream are longer than 64 KiB"));
        }
        let labels = std::str::from_utf8(labels).map_err(|_| IntakeError::wrong("labels are not UTF-8"))?;
        let labels = labels::parse(labels).map_err(|error| IntakeError::wrong(error.to_string()))?;
        let labels: Vec<_> = labels.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        sink.stream(&labels)?;
        for entry in Fields::of(stream).only(2) {
            take(&mut sink, entry?)?;
        }
    }
    sink.finish()
}

fn take(sink: &mut Sink, entry: &[u8]) -> Result<(), IntakeError> {
    // A line of the greatest length, and what stands around it.
    if entry.len() > sink.limits().line.saturating_add(MAX_LABELS) {
        let reason = sink.limits().too_long();
        return sink.reject(Fields::of(entry).last(2)?.unwrap_or_default(), reason);
    }
    // Broken framing ends the request; a piece that is wrong by itself only the entry.
    Fields::of(entry).try_for_each(|field| field.map(|_: (u32, Field<'_>)| ()))?;
    match EntryAdapter::decode(entry) {
        Err(error) => sink.reject(entry, format!("loki: {error}")),
        Ok(EntryAdapter { timestamp, line, structured_metadata }) => {
            let metadata: Vec<_> = structured_metadata.into_iter().map(|pair| (pair.name, pair.value)).collect();
            sink.line(timestamp.map_or(NO_TIME, nanos), &line, &metadata)
        }
    }
}

/// Returns the time in nanoseconds; none for 0 and what lies outside 1677 to 2262.
fn nanos(time: Time) -> i64 {
    let Time { seconds, nanos } = time;
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    match i64::try_from(total) {
        Ok(0) | Err(_) => NO_TIME,
        Ok(nanos) => nanos,
    }
}
