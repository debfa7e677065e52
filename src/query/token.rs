//! Tokens: the words of a text, as filters and block filters see them.
//!
//! A token is a longest run of ASCII letters, digits, `_` and bytes above 127. Letter case of ASCII
//! does not matter. A store keeps the hashes of all tokens of a column in a Bloom filter; a filter asks
//! for the tokens that a matching text must hold whole.

/// Returns true for a byte that stands inside a token.
#[inline]
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128
}

/// Returns the tokens of a text in order.
pub fn tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !is_token_byte(*byte)).filter(|token| !token.is_empty())
}

/// The state a token's hash begins with (FNV-1a).
pub const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;
/// What the state is multiplied with after each byte (FNV-1a).
pub const HASH_PRIME: u64 = 0x0100_0000_01b3;
/// What the finaliser multiplies with (MurmurHash3).
pub const HASH_FINISH: [u64; 2] = [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53];

/// Returns the 64-bit hash of a token without regard to ASCII case. The hash is part of the store's
/// format: FNV-1a over the lower-case bytes, then the finaliser of MurmurHash3 (Austin Appleby, public domain).
#[inline]
pub fn hash(token: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ byte.to_ascii_lowercase() as u64).wrapping_mul(HASH_PRIME);
    finish(token.iter().fold(HASH_START, step))
}

#[inline]
fn finish(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(HASH_FINISH[0]);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(HASH_FINISH[1]);
    hash ^ hash >> 33
}

/// Calls `take` with the [`hash`] of each of the [`tokens`] of a text, in one pass over its bytes.
#[inline]
pub fn for_each_hash(text: &[u8], mut take: impl FnMut(u64)) {
    /// The lower-case form of each token byte; 0 (itself not one) for the others.
    const LOWER: [u8; 256] = {
        let mut lower = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let this = byte as u8;
            if this.is_ascii_alphanumeric() || this == b'_' || this >= 128 {
                lower[byte] = this.to_ascii_lowercase();
            }
            byte += 1;
        }
        lower
    };
    let mut state = HASH_START;
    let mut inside = false;
    for byte in text {
        let lower = LOWER[*byte as usize];
        if lower != 0 {
            state = (state ^ lower as u64).wrapping_mul(HASH_PRIME);
            inside = true;
        } else if inside {
            take(finish(state));
            state = HASH_START;
            inside = false;
        }
    }
    if inside {
        take(finish(state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_split_at_punctuation_and_ignore_case() {
        let found: Vec<&[u8]> = tokens(b"/a_b/C-3.tar?x=\xc5\xbc").collect();
        assert_eq!(found, [&b"a_b"[..], b"C", b"3", b"tar", b"x", b"\xc5\xbc"]);
        assert_eq!(hash(b"Error"), hash(b"eRROR"));
        assert_ne!(hash(b"error"), hash(b"errors"));
    }

    #[test]
    fn hashes_of_a_text_are_those_of_its_tokens() {
        let every_byte: Vec<u8> = (0..=255).collect();
        for text in [&b""[..], b"a", b" a ", b"/a_b/C-3.tar?x=\xc5\xbc", b"--", &every_byte] {
            let mut hashes = Vec::new();
            for_each_hash(text, |hash| hashes.push(hash));
            assert_eq!(hashes, tokens(text).map(hash).collect::<Vec<u64>>());
        }
    }
}
