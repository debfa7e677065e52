//! "Does this text hold a byte that needs care?", eight bytes at a time.
//!
//! Almost no text of a log needs an escape, so writers ask first and then copy whole.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Not zero when a byte of `word` is below `limit` (at most 128). Exact as a yes or no.
#[inline(always)]
fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * limit as u64) & !word & HIGH
}

/// Not zero when a byte of `word` is `byte` (below 128).
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * byte as u64), 1)
}

/// Returns true when `test` is not zero for some word of the text. Short texts are padded by
/// repeating bytes of their own, which changes no answer of "is there one".
#[inline(always)]
fn any(text: &[u8], test: impl Fn(u64) -> u64) -> bool {
    let length = text.len();
    if length >= 8 {
        let mut found = 0;
        let mut at = 0;
        while at + 8 <= length {
            found |= test(word(&text[at..at + 8]));
            at += 8;
        }
        if at < length {
            found |= test(word(&text[length - 8..]));
        }
        return found != 0;
    }
    let word = match length {
        0 => return false,
        1 => text[0] as u64 * ONES,
        2 | 3 => text[0] as u64 | (text[1] as u64) << 8 | (text[length - 1] as u64 * (ONES << 16)),
        _ => half(&text[..4]) | half(&text[length - 4..]) << 32,
    };
    test(word) != 0
}

#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

#[inline(always)]
fn half(bytes: &[u8]) -> u64 {
    u32::from_le_bytes(bytes.try_into().expect("four bytes")) as u64
}

/// Returns true when every byte is printable ASCII other than `"` and `\`: the text is its own JSON string.
#[inline]
pub fn is_plain_json(text: &[u8]) -> bool {
    !any(text, |word| below(word, 0x20) | equal(word, b'"') | equal(word, b'\\') | equal(word, 0x7f) | (word & HIGH))
}

/// Returns true when every byte is printable ASCII.
#[inline]
pub fn is_printable_ascii(text: &[u8]) -> bool {
    !any(text, |word| below(word, 0x20) | equal(word, 0x7f) | (word & HIGH))
}

/// Returns true when the text holds no control character, space, `"` or `=`.
#[inline]
pub fn is_bare_word(text: &[u8]) -> bool {
    !any(text, |word| below(word, 0x21) | equal(word, b'"') | equal(word, b'=') | equal(word, 0x7f))
}

/// Returns true when a CSV cell needs quotes: `,`, `"`, or any byte up to a space.
#[inline]
pub fn needs_csv_quotes(text: &[u8]) -> bool {
    any(text, |word| below(word, 0x21) | equal(word, b'"') | equal(word, b','))
}

/// Returns true when a TSV cell needs escapes: a control character or `\`.
#[inline]
pub fn needs_tsv_escapes(text: &[u8]) -> bool {
    any(text, |word| below(word, 0x20) | equal(word, b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Question = (fn(&[u8]) -> bool, fn(u8) -> bool);

    #[test]
    fn words_answer_as_bytes_do() {
        let questions: [Question; 5] = [
            (is_plain_json, |b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\'),
            (is_printable_ascii, |b| (0x20..0x7f).contains(&b)),
            (is_bare_word, |b| b > 0x20 && b != b'"' && b != b'=' && b != 0x7f),
            (|text| !needs_csv_quotes(text), |b| b > 0x20 && b != b'"' && b != b','),
            (|text| !needs_tsv_escapes(text), |b| b >= 0x20 && b != b'\\'),
        ];
        for length in 0..20 {
            for place in 0..length {
                for byte in 0..=255 {
                    let mut text = vec![b'x'; length];
                    text[place] = byte;
                    for (number, (words, bytes)) in questions.iter().enumerate() {
                        let expected = text.iter().all(|b| bytes(*b));
                        assert_eq!(words(&text), expected, "question {number}, {text:?}");
                    }
                }
            }
        }
    }
}
