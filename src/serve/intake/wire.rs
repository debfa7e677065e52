//! Goes through a protobuf message field by field without unfolding it.
//!
//! A generated decoder makes a struct of some hundred bytes of every two bytes of an empty message, so a body within
//! its limit could fill gigabytes. Here the envelope is walked where it stands, and only the innermost messages, whose
//! size is limited, are decoded in full.

use prost::encoding::{WireType, decode_key, decode_varint};

use super::IntakeError;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// A text, bytes or a message.
    Bytes(&'a [u8]),
    /// A number; which does not matter to any envelope we read.
    Number,
}

/// The fields of a message: number and value, in order.
#[derive(Debug)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Goes through a message.
    pub fn of(message: &'a [u8]) -> Fields<'a> {
        Fields(message)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], IntakeError> {
        let wrong = || IntakeError::wrong("the protobuf message of the body ends early");
        let length = usize::try_from(length).map_err(|_| wrong())?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(wrong)?;
        self.0 = rest;
        Ok(taken)
    }

    fn read(&mut self) -> Result<(u32, Field<'a>), IntakeError> {
        let wrong = |error: prost::DecodeError| IntakeError::Wrong(format!("the body is not protobuf: {error}"));
        let (tag, wire_type) = decode_key(&mut self.0).map_err(wrong)?;
        let field = match wire_type {
            WireType::LengthDelimited => {
                let length = decode_varint(&mut self.0).map_err(wrong)?;
                Field::Bytes(self.take(length)?)
            }
            WireType::Varint => decode_varint(&mut self.0).map(|_| Field::Number).map_err(wrong)?,
            WireType::SixtyFourBit => self.take(8).map(|_| Field::Number)?,
            WireType::ThirtyTwoBit => self.take(4).map(|_| Field::Number)?,
            WireType::StartGroup | WireType::EndGroup => {
                return Err(IntakeError::wrong("the body is not protobuf as this route reads it: it has groups"));
            }
        };
        Ok((tag, field))
    }

    /// Goes through the texts and messages of field `number`.
    pub fn only(self, number: u32) -> impl Iterator<Item = Result<&'a [u8], IntakeError>> {
        self.filter_map(move |field| match field {
            Ok((tag, Field::Bytes(bytes))) if tag == number => Some(Ok(bytes)),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        })
    }

    /// Returns the text or message of field `number`: the last, when it comes several times.
    ///
    /// # Errors
    /// When the message is broken.
    pub fn last(self, number: u32) -> Result<Option<&'a [u8]>, IntakeError> {
        self.only(number).try_fold(None, |_, bytes| bytes.map(Some))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Field<'a>), IntakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.0 = &[];
        }
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_walked_and_broken_ones_end_the_walk() {
        // 1: "ab", 2: 300 (varint), 3: fixed 32, 1: ""
        let message = b"\x0a\x02ab\x10\xac\x02\x1d\x01\x02\x03\x04\x0a\x00";
        let found: Result<Vec<_>, _> = Fields::of(message).collect();
        let expected = [(1, Field::Bytes(b"ab")), (2, Field::Number), (3, Field::Number), (1, Field::Bytes(b""))];
        assert_eq!(found.unwrap(), expected);
        assert_eq!(Fields::of(message).last(1), Ok(Some(&b""[..])));
        for cut in [1, 3, 5, 10] {
            let found: Vec<_> = Fields::of(&message[..cut]).collect();
            assert!(found.last().unwrap().is_err(), "{cut}: {found:?}");
        }
        // Says it has 2^40 bytes.
        assert!(Fields::of(b"\x0a\x80\x80\x80\x80\x80\x20x").next().unwrap().is_err());
    }
}
