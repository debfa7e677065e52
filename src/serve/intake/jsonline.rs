//! VictoriaLogs' JSON lines: an object a line. Without arguments ([`super::Arguments`]) a line is read as everywhere.

use std::sync::Arc;

use super::gather::{Gather, settings};
use super::{Arrival, Decoded, IntakeError};
use crate::entry::Span;
use crate::parse::formats::json::JsonParser;
use crate::parse::{Format, Zone};

/// Reads a body.
///
/// # Errors
/// When the request is too large.
pub fn decode(body: Vec<u8>, arrival: Arrival) -> Result<Decoded, IntakeError> {
    let mut gather = Gather::new(&arrival);
    let mut parser = JsonParser::new(&settings(&arrival, Zone::default()), &mut gather.builder);
    let format: Arc<str> = Format::Json.name().into();
    let (mut lines, mut start) = (0, 0);
    while start < body.len() {
        let next = memchr::memchr(b'\n', &body[start..]).map_or(body.len(), |length| start + length);
        let end = if next > start && body[next - 1] == b'\r' { next - 1 } else { next };
        lines += 1;
        match gather.parse_json(&mut parser, &body, start, end) {
            Ok(()) => gather.push(&body, Span::chunk(start, end - start), (lines, start), &format)?,
            Err(_) if body[start..end].iter().all(u8::is_ascii_whitespace) => {}
            Err(reason) => gather.reject(lines, start, &body[start..end], reason)?,
        }
        start = next + 1;
    }
    gather.finish(body, lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Timestamp;

    #[test]
    fn lines_that_are_wrong_are_rejects() {
        let now = Arrival::at(Timestamp::from_nanos(1).unwrap());
        let decoded = decode(b"{\"a\":1}\nx\n\n{".to_vec(), now).unwrap();
        assert_eq!((decoded.batch.rows, decoded.rejects.len(), decoded.lines), (1, 2, 4));
        assert_eq!(decoded.rejects[1].line, 4);
    }
}
