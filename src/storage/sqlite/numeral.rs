//! Tells from a token's hash alone whether it may be digits or the name of a month.
//!
//! Raw lines that are rebuilt from columns have no token filter of their own. Their words are found
//! through the filters of the text columns; their numbers and times have none, so a token that may be
//! part of one must be taken as present.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::OnceLock;

use hashbrown::HashSet;

use crate::query::token;

/// Numbers from here on have more digits than [`may_be`] looks at.
pub const END: f64 = 1e10;
/// Digits in each half of the search: 100,000 states from either end instead of 10,000,000,000 numbers.
const HALF: u32 = 5;

/// Returns the number that undoes a multiplication by `odd`, by Newton's method: each round doubles the right bits.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut round = 0;
    while round < 6 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        round += 1;
    }
    inverse
}

/// Undoes the last steps of [`token::hash`]; what is left is the state after the token's last byte.
fn unfinish(hash: u64) -> u64 {
    let hash = hash ^ hash >> 33;
    let hash = hash.wrapping_mul(const { inverse(token::HASH_FINISH[1]) });
    let hash = hash ^ hash >> 33;
    let hash = hash.wrapping_mul(const { inverse(token::HASH_FINISH[0]) });
    hash ^ hash >> 33
}

/// Hash states after up to [`HALF`] digits.
fn beginnings() -> &'static HashSet<u64> {
    static STATES: OnceLock<HashSet<u64>> = OnceLock::new();
    STATES.get_or_init(|| {
        let mut states = HashSet::with_capacity(120_000);
        states.insert(token::HASH_START);
        let mut last = vec![token::HASH_START];
        for _ in 0..HALF {
            let longer = |state: &u64| {
                let state = *state;
                (b'0'..=b'9').map(move |digit| (state ^ digit as u64).wrapping_mul(token::HASH_PRIME))
            };
            last = last.iter().flat_map(longer).collect();
            states.extend(&last);
        }
        states
    })
}

/// Returns false only when the token is neither digits (up to ten) nor a month as access logs write it.
/// The answer takes a millisecond or two to find, so it is remembered.
pub fn may_be(token: u64) -> bool {
    thread_local! {
        static KNOWN: RefCell<VecDeque<(u64, bool)>> = const { RefCell::new(VecDeque::new()) };
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some((_, answer)) = known.iter().find(|(asked, _)| *asked == token) {
            return *answer;
        }
        let answer = find(token);
        known.truncate(31);
        known.push_front((token, answer));
        answer
    })
}

fn find(token: u64) -> bool {
    const MONTHS: [&[u8]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    if MONTHS.iter().any(|month| token::hash(month) == token) {
        return true;
    }
    let beginnings = beginnings();
    let mut states = vec![unfinish(token)];
    for _ in 0..=HALF {
        if states.iter().any(|state| beginnings.contains(state)) {
            return true;
        }
        let unprime = const { inverse(token::HASH_PRIME) };
        let shorter = |state: &u64| {
            let state = state.wrapping_mul(unprime);
            (b'0'..=b'9').map(move |digit| state ^ digit as u64)
        };
        states = states.iter().flat_map(shorter).collect();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_months_are_recognised_by_their_hash() {
        for number in [0_u64, 7, 42, 404, 2026, 65_819, 99_999_999, 9_876_543_210_u64] {
            assert!(may_be(token::hash(number.to_string().as_bytes())), "{number}");
        }
        assert!(may_be(token::hash(b"0000")) && may_be(token::hash(b"00000000")) && may_be(token::hash(b"Sep")));
        for word in ["xyzzyplugh", "a1", "1a", "get", "sept", "html"] {
            assert!(!may_be(token::hash(word.as_bytes())), "{word}");
        }
    }
}
