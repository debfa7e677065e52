//! UTF-16 read as UTF-8.

use std::io::{self, Read};

/// Turns UTF-16 into UTF-8 as it is read. The byte order mark comes out as that of UTF-8; a surrogate
/// without its partner, or half a unit at the end, comes out as U+FFFD.
pub struct Utf16Reader<R> {
    input: R,
    little_endian: bool,
    units: Vec<u8>,
    /// Bytes of `units` that are read but not decoded: less than a character.
    held: usize,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

/// Returns the byte order when data begins with a UTF-16 byte order mark: true for little endian.
pub fn byte_order(head: &[u8]) -> Option<bool> {
    match head {
        [0xff, 0xfe, ..] => Some(true),
        [0xfe, 0xff, ..] => Some(false),
        _ => None,
    }
}

impl<R: Read> Utf16Reader<R> {
    /// Reads `input`, whose units are little endian or not.
    pub fn new(input: R, little_endian: bool) -> Utf16Reader<R> {
        Utf16Reader {
            input,
            little_endian,
            units: vec![0; 64 * 1024],
            held: 0,
            text: Vec::with_capacity(96 * 1024),
            given: 0,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        while self.text.is_empty() && !self.ended {
            let read = self.input.read(&mut self.units[self.held..])?;
            self.ended = read == 0;
            let filled = self.held + read;
            let used = self.decode(filled);
            self.units.copy_within(used..filled, 0);
            self.held = filled - used;
        }
        Ok(())
    }

    /// Decodes whole characters of `units[..filled]`, at the end of the input all of it. Returns how many bytes it took.
    fn decode(&mut self, filled: usize) -> usize {
        let unit = |at: usize| -> Option<u16> {
            let pair = self.units[..filled].get(at..at + 2)?;
            let pair = [pair[0], pair[1]];
            Some(if self.little_endian { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
        };
        let mut at = 0;
        while let Some(first) = unit(at) {
            let (character, length) = match first {
                0..0x80 => {
                    self.text.push(first as u8);
                    at += 2;
                    continue;
                }
                0xd800..0xdc00 => match unit(at + 2) {
                    Some(second @ 0xdc00..0xe000) => {
                        let code = 0x10000 + ((u32::from(first) - 0xd800) << 10) + (u32::from(second) - 0xdc00);
                        (char::from_u32(code), 4)
                    }
                    None if !self.ended => break,
                    Some(_) | None => (None, 2),
                },
                _ => (char::from_u32(u32::from(first)), 2),
            };
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            at += length;
        }
        if self.ended && at < filled {
            self.text.extend_from_slice("\u{fffd}".as_bytes());
            return filled;
        }
        at
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.refill()?;
        }
        let rest = &self.text[self.given..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte a read.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    #[test]
    fn both_byte_orders_and_broken_data_become_utf8() {
        let text = "\u{feff}zażółć 😀\r\nx";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let lone: &[u8] = &[0x3d, 0xd8, 0x41, 0, 0x42];
        let cases: [(&[u8], bool, &str); 4] =
            [(&little, true, text), (&big, false, text), (lone, true, "\u{fffd}A\u{fffd}"), (&[], true, "")];
        for (bytes, little_endian, expected) in cases {
            let mut whole = Vec::new();
            Utf16Reader::new(bytes, little_endian).read_to_end(&mut whole).unwrap();
            assert_eq!(String::from_utf8_lossy(&whole), expected);
            let mut dripped = Vec::new();
            Utf16Reader::new(Drip(bytes), little_endian).read_to_end(&mut dripped).unwrap();
            assert_eq!(dripped, whole);
        }
    }
}
