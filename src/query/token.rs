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

/// Returns the 64-bit hash of a token without regard to ASCII case. The hash is part of the store's
/// format: FNV-1a over the lower-case bytes, then the finaliser of MurmurHash3 (Austin Appleby, public domain).
#[inline]
pub fn hash(token: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in token {
        hash = (hash ^ byte.to_ascii_lowercase() as u64).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
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
}
