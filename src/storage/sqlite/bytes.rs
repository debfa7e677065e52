//! Small numbers in bytes, and a reader that never runs past the end.

use std::borrow::Cow;

/// What is wrong with stored bytes, or why they could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub Cow<'static, str>);

impl Fault {
    /// A fault that is told in words known when logan was built.
    pub const fn new(what: &'static str) -> Fault {
        Fault(Cow::Borrowed(what))
    }
}

/// Appends a number in base 128, low digits first: one byte below 128, ten at most.
#[inline]
pub fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a signed number so that small magnitudes are short.
pub fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_varint(out, ((number << 1) ^ (number >> 63)) as u64);
}

/// Appends bytes with their length before them.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads what the functions above wrote.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// Returns how many bytes are left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Returns the bytes that are left.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Reads one byte.
    #[inline]
    pub fn byte(&mut self) -> Result<u8, Fault> {
        let byte = *self.bytes.get(self.at).ok_or(Fault::new("ends too early"))?;
        self.at += 1;
        Ok(byte)
    }

    /// Reads a number.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, Fault> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(first as u64);
        }
        let mut number = (first & 0x7f) as u64;
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            number |= ((byte & 0x7f) as u64) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Fault::new("a number has too many digits"))
    }

    /// Reads a signed number.
    pub fn signed(&mut self) -> Result<i64, Fault> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// Reads a number that counts or measures something and cannot exceed `most`.
    pub fn count(&mut self, most: usize) -> Result<usize, Fault> {
        let number = self.varint()?;
        match usize::try_from(number) {
            Ok(count) if count <= most => Ok(count),
            _ => Err(Fault::new("a count is too large")),
        }
    }

    /// Reads `len` bytes.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let bytes = self.rest().get(..len).ok_or(Fault::new("ends too early"))?;
        self.at += len;
        Ok(bytes)
    }

    /// Reads bytes with their length before them.
    pub fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let len = self.count(self.left())?;
        self.take(len)
    }

    /// Reads text with its length before it.
    pub fn text(&mut self) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Fault::new("a name is not UTF-8"))
    }

    /// Reads a float.
    pub fn float(&mut self) -> Result<f64, Fault> {
        let bytes = self.take(8)?;
        Ok(f64::from_le_bytes(bytes.try_into().expect("eight bytes were taken")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip_and_short_input_is_a_fault() {
        for number in [0, 1, -1, 63, 64, -64, -65, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            put_signed(&mut out, number);
            put_varint(&mut out, number as u64);
            let mut reader = Reader::new(&out);
            assert_eq!(reader.signed(), Ok(number));
            assert_eq!(reader.varint(), Ok(number as u64));
            assert!(reader.byte().is_err());
        }
        assert!(Reader::new(&[0x80; 11]).varint().is_err());
        assert!(Reader::new(&[5, 1, 2]).bytes().is_err());
    }
}
