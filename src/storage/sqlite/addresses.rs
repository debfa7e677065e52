//! IPv4 addresses in four bytes each, with some other texts among them.
//!
//! First the others: how many they are, and for each how many addresses stand before it since the one before, and its
//! text with its length. Then the addresses.

use super::bytes::{Fault, Reader, put_bytes, put_varint};

/// An address, its first number first.
type Address = [u8; 4];

/// Bytes of the longest text of an address.
pub const MOST_TEXT: usize = 15;

/// What stands for each number: its digits and a dot, and how many bytes that takes.
static NUMBERS: [([u8; 4], u8); 256] = numbers();

const fn numbers() -> [([u8; 4], u8); 256] {
    let mut numbers = [([0; 4], 0); 256];
    let mut number = 0;
    while number < 256 {
        let (hundreds, tens, ones) = (number / 100, number / 10 % 10, number % 10);
        let digits = [b'0' + hundreds as u8, b'0' + tens as u8, b'0' + ones as u8];
        numbers[number] = match number {
            0..10 => ([digits[2], b'.', 0, 0], 2),
            10..100 => ([digits[1], digits[2], b'.', 0], 3),
            _ => ([digits[0], digits[1], digits[2], b'.'], 4),
        };
        number += 1;
    }
    numbers
}

/// Packs texts that stand one behind the other, their lengths as `put_varint` writes them; `None` when more than one in
/// four is no address as [`each`] gives it back.
pub fn pack(lengths: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mut lengths = Reader::new(lengths);
    let (mut others, mut packed) = (Vec::new(), Vec::new());
    let (mut count, mut since) = (0_usize, 0_u64);
    let mut rest = text;
    while lengths.left() > 0 {
        let one;
        (one, rest) = rest.split_at_checked(usize::try_from(lengths.varint().ok()?).ok()?)?;
        if let Some(address) = parse(one) {
            packed.extend(address);
            since += 1;
            continue;
        }
        count += 1;
        // Most lists of other texts are known by their first ones.
        if count > 4 + packed.len() / 16 {
            return None;
        }
        put_varint(&mut others, since);
        put_bytes(&mut others, one);
        since = 0;
    }
    if !rest.is_empty() || count * 4 > packed.len() / 4 {
        return None;
    }
    let mut out = Vec::with_capacity(others.len() + packed.len() + 8);
    put_varint(&mut out, count as u64);
    out.append(&mut others);
    out.append(&mut packed);
    Some(out)
}

/// Goes through `count` packed texts. `put` is called once for each, in order, and puts its text behind `out`.
pub fn each(
    bytes: &[u8],
    count: usize,
    out: &mut Vec<u8>,
    mut put: impl FnMut(&mut Vec<u8>, Text<'_>),
) -> Result<(), Fault> {
    let mut reader = Reader::new(bytes);
    let others = reader.count(count)?;
    let mut list = reader.clone();
    for _ in 0..others {
        reader.varint()?;
        reader.bytes()?;
    }
    let (addresses, left) = reader.rest().as_chunks::<4>();
    if !left.is_empty() || addresses.len() + others != count {
        return Err(Fault::new("addresses are missing"));
    }
    let mut addresses = addresses.iter();
    for _ in 0..others {
        let before = list.count(addresses.len())?;
        addresses.by_ref().take(before).for_each(|address| put(out, Text::Address(*address)));
        put(out, Text::Other(list.bytes()?));
    }
    addresses.for_each(|address| put(out, Text::Address(*address)));
    Ok(())
}

/// A packed text.
#[derive(Clone, Copy, Debug)]
pub enum Text<'a> {
    /// An address.
    Address(Address),
    /// Anything else.
    Other(&'a [u8]),
}

impl Text<'_> {
    /// Appends the text.
    #[inline]
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Text::Address(address) => write(address, out),
            Text::Other(text) => out.extend_from_slice(text),
        }
    }
}

fn parse(text: &[u8]) -> Option<Address> {
    if text.len() > MOST_TEXT {
        return None;
    }
    let mut address = [0; 4];
    let mut parts = text.split(|byte| *byte == b'.');
    for number in &mut address {
        let digits = parts.next()?;
        // Three digits at most, and none of them a leading zero.
        if digits.is_empty() || digits.len() > 3 || (digits.len() > 1 && digits[0] == b'0') {
            return None;
        }
        let value = digits
            .iter()
            .try_fold(0_u16, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u16::from(digit - b'0')))?;
        *number = u8::try_from(value).ok()?;
    }
    parts.next().is_none().then_some(address)
}

/// Appends an address as text.
#[inline]
fn write(address: Address, out: &mut Vec<u8>) {
    let mut text = [0; MOST_TEXT + 1];
    let mut length = 0;
    for number in address {
        let (digits, len) = NUMBERS[number as usize];
        text[length..length + 4].copy_from_slice(&digits);
        length += len as usize;
    }
    // A copy of fixed size is much the fastest; the last dot goes with what is too much.
    let end = out.len() + length - 1;
    out.extend_from_slice(&text);
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(texts: &[&[u8]]) -> Option<Vec<u8>> {
        let mut lengths = Vec::new();
        texts.iter().for_each(|text| put_varint(&mut lengths, text.len() as u64));
        pack(&lengths, &texts.concat())
    }

    fn unpacked(bytes: &[u8], count: usize) -> Result<Vec<Vec<u8>>, Fault> {
        let mut texts = Vec::new();
        each(bytes, count, &mut Vec::new(), |_, text| {
            let mut one = b"before".to_vec();
            text.write(&mut one);
            texts.push(one[6..].to_vec());
        })?;
        Ok(texts)
    }

    #[test]
    fn only_what_is_written_the_same_way_is_an_address() {
        let wrong = [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.4.",
            ".1.2.3.4",
            "01.2.3.4",
            "1.2.3.256",
            "1.2.3.x",
            "1.2..4",
            "1.2.3.4 ",
            "1.2.3.0004",
            "::1",
            "1.2.3.-4",
            "255.255.255.255.",
        ];
        for text in wrong {
            assert_eq!(parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(parse(b"255.0.10.199"), Some([255, 0, 10, 199]));
        assert_eq!(packed(&[]), Some(vec![0]));
        assert_eq!(packed(&[b"1.2.3.4", b"::1", b"2.2.2.2"]), None, "too many others");
    }

    #[test]
    fn what_was_cut_or_made_up_is_an_error() {
        let bytes = packed(&[b"1.2.3.4", b"2.2.2.2", b"3.3.3.3", b"::1", b"4.4.4.4"]).expect("packed");
        assert!(unpacked(&bytes, 5).is_ok());
        for end in 0..bytes.len() {
            assert!(unpacked(&bytes[..end], 5).is_err(), "{end} bytes");
        }
        for count in [0, 4, 6] {
            assert!(unpacked(&bytes, count).is_err(), "{count} texts");
        }
        assert!(unpacked(&[1, 9, 0], 1).is_err(), "more before it than there are");
    }

    proptest! {
        #[test]
        fn texts_come_back_as_they_were(
            addresses in prop::collection::vec(any::<Address>(), 9..60),
            others in prop::collection::vec((0..60_usize, "[a-f0-9:.]{0,200}"), 0..2),
        ) {
            let mut texts: Vec<String> = addresses.iter().map(|at| std::net::Ipv4Addr::from(*at).to_string()).collect();
            for (place, other) in others {
                texts.insert(place.min(texts.len()), other);
            }
            let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
            let bytes = packed(&texts).expect("most are addresses");
            prop_assert_eq!(unpacked(&bytes, texts.len()).expect("whole"), texts);
        }
    }
}
