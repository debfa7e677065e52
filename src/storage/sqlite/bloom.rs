//! Which tokens a frame of text may hold.
//!
//! A blocked Bloom filter: all bits of a token lie in one 64-byte block, so a question touches one
//! cache line. Ten bits a token, seven bits set: about one in a hundred absent tokens is taken for present.

use crate::query::token;

const BLOCK: usize = 64;
const BITS_A_TOKEN: usize = 10;
const BITS_SET: u32 = 7;

/// Spreads a token's hash once more: seven slices of nine bits choose the bits.
fn bits(token: u64) -> impl Iterator<Item = (usize, u8)> {
    let spread = token.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..BITS_SET).map(move |slice| {
        let bit = (spread >> (1 + 9 * slice)) as usize & (BLOCK * 8 - 1);
        (bit / 8, 1 << (bit % 8))
    })
}

fn block_of(token: u64, len: usize) -> usize {
    let blocks = (len / BLOCK) as u64;
    // The high half of a product picks a block evenly without a division.
    ((token as u128 * blocks as u128) >> 64) as usize * BLOCK
}

/// Appends a filter of these tokens.
pub fn put_bloom(out: &mut Vec<u8>, tokens: &[u64]) {
    let start = out.len();
    let blocks = (tokens.len() * BITS_A_TOKEN).div_ceil(BLOCK * 8);
    out.resize(start + blocks * BLOCK, 0);
    let filter = &mut out[start..];
    for token in tokens {
        let block = block_of(*token, filter.len());
        bits(*token).for_each(|(byte, mask)| filter[block + byte] |= mask);
    }
}

/// Returns false only when the token is not among those of the filter.
pub fn may_contain(filter: &[u8], token: u64) -> bool {
    let block = block_of(token, filter.len());
    filter.len() >= BLOCK && bits(token).all(|(byte, mask)| filter[block + byte] & mask != 0)
}

/// Collects the tokens of a frame, most repetitions dropped.
#[derive(Debug)]
pub struct TokenSet {
    recent: Vec<u64>,
    tokens: Vec<u64>,
}

impl TokenSet {
    const RECENT: usize = 4096;

    /// An empty set.
    pub fn new() -> TokenSet {
        TokenSet { recent: vec![0; TokenSet::RECENT], tokens: Vec::new() }
    }

    /// Adds the tokens of a text.
    pub fn add(&mut self, text: &[u8]) {
        token::for_each_hash(text, |hash| {
            let slot = &mut self.recent[hash as usize % TokenSet::RECENT];
            // Zero also stands for an empty slot.
            if *slot != hash || hash == 0 {
                *slot = hash;
                self.tokens.push(hash);
            }
        });
    }

    /// Returns the tokens and forgets them.
    pub fn drain(&mut self, out: &mut Vec<u8>) {
        put_bloom(out, &self.tokens);
        self.tokens.clear();
        self.recent.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn present_tokens_are_found_and_absent_ones_mostly_not() {
        let hash = |number: u32| token::hash(format!("word{number}").as_bytes());
        let tokens: Vec<u64> = (0..5000).map(hash).collect();
        let mut filter = Vec::new();
        put_bloom(&mut filter, &tokens);
        assert!(tokens.iter().all(|token| may_contain(&filter, *token)));
        let wrong = (5000..105_000).filter(|number| may_contain(&filter, hash(*number))).count();
        assert!(wrong < 2500, "{wrong} of 100000 absent tokens were taken for present");
        assert!(!may_contain(&[], tokens[0]));
    }
}
