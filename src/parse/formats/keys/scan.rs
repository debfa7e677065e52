//! Finds the byte that ends something, eight bytes at a time.
//!
//! All positions are within one line: bytes past its end read as zero, which ends everything.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Returns the eight bytes from `at` on, the first one lowest; zeros past the end.
#[inline(always)]
pub fn word(text: &[u8], at: usize) -> u64 {
    match text.get(at..at + 8) {
        Some(bytes) => u64::from_le_bytes(bytes.try_into().expect("eight bytes were taken")),
        None => last_word(text, at),
    }
}

#[inline(never)]
fn last_word(text: &[u8], at: usize) -> u64 {
    text.iter().skip(at).take(8).rev().fold(0, |word, byte| word << 8 | *byte as u64)
}

/// Returns the byte at `at`, zero past the end.
#[inline(always)]
pub fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// Moves to the first byte for which `mark` sets a high bit; the lowest mark of a word must be exact.
#[inline(always)]
fn seek(text: &[u8], mut at: usize, mark: impl Fn(u64) -> u64) -> usize {
    loop {
        let marks = mark(word(text, at));
        if marks != 0 {
            return (at + (marks.trailing_zeros() / 8) as usize).min(text.len());
        }
        at += 8;
    }
}

/// Returns the first position from `at` on of a quote, a backslash or a byte below 32.
#[inline(always)]
pub fn string_end(text: &[u8], at: usize) -> usize {
    // With bit 1 turned, the quote and the control characters are all below 0x21, and nothing else
    // is (Daniel Lemire, "Quickly checking whether a string needs escaping").
    seek(text, at, |word| {
        let quote_or_control = (word ^ (ONES * 2)).wrapping_sub(ONES * 0x21);
        let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
        (quote_or_control | backslash) & !word & HIGHS
    })
}

/// Returns the first position from `at` on of a blank or control character (a byte up to 32).
#[inline(always)]
pub fn blank(text: &[u8], at: usize) -> usize {
    seek(text, at, |word| word.wrapping_sub(ONES * 0x21) & !word & HIGHS)
}

/// Returns the first position from `at` on of `=`, a quote, a blank or a control character.
#[inline(always)]
pub fn key_end(text: &[u8], at: usize) -> usize {
    seek(text, at, |word| {
        let blank = word.wrapping_sub(ONES * 0x21);
        let equals = (word ^ (ONES * b'=' as u64)).wrapping_sub(ONES);
        let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
        (blank | equals | quote) & !word & HIGHS
    })
}

/// Returns the first position from `at` on that does not hold a digit.
#[inline(always)]
pub fn digits_end(text: &[u8], at: usize) -> usize {
    // A carry out of a byte happens only where that byte is no digit, so the lowest mark is exact.
    seek(text, at, |word| {
        let distance = word ^ (ONES * b'0' as u64);
        (distance.wrapping_add(ONES * 0x76) | distance) & HIGHS
    })
}

/// Returns the first position from `at` on that holds no blank. Line feeds are no blanks: lines have none.
#[inline(always)]
pub fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while matches!(byte(text, at), b' ' | b'\t' | b'\r') {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slow(text: &[u8], at: usize, ends: impl Fn(u8) -> bool) -> usize {
        text[at..].iter().position(|byte| ends(*byte)).map_or(text.len(), |found| at + found)
    }

    proptest! {
        #[test]
        fn every_seek_agrees_with_a_loop_over_bytes(
            text in proptest::collection::vec(
                prop_oneof![4 => any::<u8>(), 2 => 0x1e..0x3bu8, 1 => Just(b'\\'), 3 => b'a'..=b'z'],
                0..60,
            ),
            at in 0..60usize,
        ) {
            let at = at.min(text.len());
            prop_assert_eq!(string_end(&text, at), slow(&text, at, |b| b == b'"' || b == b'\\' || b < 32));
            prop_assert_eq!(blank(&text, at), slow(&text, at, |b| b <= 32));
            prop_assert_eq!(key_end(&text, at), slow(&text, at, |b| b <= 32 || b == b'=' || b == b'"'));
            prop_assert_eq!(digits_end(&text, at), slow(&text, at, |b| !b.is_ascii_digit()));
        }
    }
}
