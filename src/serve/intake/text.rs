//! Lines of text, read as a file would be: the format found from the first lines, traces joined to their entries.

use super::gather::settings;
use super::settle::{check_room, settle};
use super::{Arrival, Decoded, IntakeError};
use crate::entry::{BatchBuilder, Position, Projection};
use crate::input::last_entry;
use crate::parse::{ChunkParser, FormatSet, Zone, detect};

/// How much of the body the format is found from.
const SAMPLE_BYTES: usize = 64 * 1024;
/// A body is read in pieces of about this size: lines can name ever new fields, and what they name is counted between
/// pieces.
const PIECE_BYTES: usize = 1 << 20;

/// Reads lines of text; their format is found out when it is not given.
///
/// # Errors
/// When the request is too large.
pub fn decode(
    body: Vec<u8>,
    formats: Option<&FormatSet>,
    arrival: Arrival,
    zone: Zone,
) -> Result<Decoded, IntakeError> {
    let settings = settings(&arrival, zone);
    let sample = &body[..body.len().min(SAMPLE_BYTES)];
    let formats = formats.cloned().unwrap_or_else(|| detect(sample, &settings).formats);
    let mut parser = ChunkParser::new(&formats, &settings);
    if body.len() <= PIECE_BYTES {
        let parsed = parser.parse(body);
        return settle(parsed.batch, parsed.rejects, parsed.account.lines, &arrival);
    }
    let mut builder = BatchBuilder::new(&Projection::all());
    let mut rejects = Vec::new();
    let (mut lines, mut offset) = (0, 0);
    while offset < body.len() {
        let length = piece(&body[offset..], &mut parser);
        let mut parsed = parser.parse(body[offset..offset + length].to_vec());
        parsed.place(Position { line: lines, offset: offset as u64 });
        lines += parsed.account.lines;
        offset += length;
        check_room(parsed.batch.rows + builder.rows(), 0, parsed.batch.fields.len())?;
        parsed.batch.entries().for_each(|entry| builder.push_entry(entry));
        rejects.append(&mut parsed.rejects);
        check_room(builder.rows(), rejects.len(), builder.field_count())?;
        parser.recycle(parsed.batch);
    }
    settle(builder.finish(Vec::new()), rejects, lines, &arrival)
}

/// Returns the length of the next piece: it ends before a line that begins an entry. Where no line does for another
/// piece's length, it ends before any: no entry is longer than that.
fn piece(rest: &[u8], parser: &mut ChunkParser) -> usize {
    let mut at = PIECE_BYTES;
    loop {
        let Some(next) = rest.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) else { return rest.len() };
        at += next + 1;
        let before = memchr::memrchr(b'\n', &rest[..at - 1]).map_or(0, |end| end + 1);
        let line_end = memchr::memchr(b'\n', &rest[at..]).map_or(rest.len(), |length| at + length + 1);
        if parser.begins_entry(&rest[before..at], &rest[at..line_end]) {
            return at;
        }
        if at >= 2 * PIECE_BYTES {
            let begins_entry = &mut |before: &[u8], line: &[u8]| parser.begins_entry(before, line);
            return last_entry(&rest[..line_end], begins_entry).unwrap_or(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Timestamp;

    #[test]
    fn a_body_in_pieces_is_the_body_as_a_whole() {
        let now = Arrival::at(Timestamp::from_nanos(1_795_000_000_000_000_000).unwrap());
        let entry = |number: usize| {
            format!("2026-11-22 10:00:00 ERROR request {number} failed\n  caused by {}\n", "x".repeat(300))
        };
        let traces: String = (0..8000).map(entry).collect();
        // A line of more pieces than an entry holds, and than are parsed at once.
        let piece = format!("2026-11-22T10:00:00.1Z stdout P {}\n", "x".repeat(10_000));
        let cut = piece.repeat(500) + "2026-11-22T10:00:01Z stdout F end\n";
        for (body, rows, lines) in [(traces, 8000, 16_000), (cut, 5, 501)] {
            assert!(body.len() > 2 * PIECE_BYTES);
            let pieces = decode(body.clone().into_bytes(), None, now.clone(), Zone::default()).unwrap();
            let settings = settings(&now, Zone::default());
            let formats = detect(&body.as_bytes()[..SAMPLE_BYTES], &settings).formats;
            let whole = ChunkParser::new(&formats, &settings).parse(body.into_bytes());
            assert_eq!(whole.batch.rows, rows);
            assert!(pieces.batch.entries().eq_by_entry(whole.batch.entries()));
            assert_eq!((pieces.lines, pieces.rejects.len()), (lines, 0));
        }
    }

    #[test]
    fn ever_new_names_are_refused_before_they_fill_the_memory() {
        let now = Arrival::at(Timestamp::from_nanos(1_795_000_000_000_000_000).unwrap());
        let body: String = (0..400_000).map(|number| format!("a{number}=1 b{number}=2\n")).collect();
        let error = decode(body.into_bytes(), None, now, Zone::default()).unwrap_err();
        assert!(error.to_string().contains("field names"), "{error}");
    }

    trait EqByEntry<'a>: Iterator<Item = crate::entry::EntryRef<'a>> + Sized {
        fn eq_by_entry<'b>(self, other: impl Iterator<Item = crate::entry::EntryRef<'b>>) -> bool {
            let plain = |entry: crate::entry::LogEntry| crate::entry::LogEntry { source: None, ..entry };
            self.map(|entry| plain(entry.to_entry())).eq(other.map(|entry| plain(entry.to_entry())))
        }
    }

    impl<'a, I: Iterator<Item = crate::entry::EntryRef<'a>>> EqByEntry<'a> for I {}
}
