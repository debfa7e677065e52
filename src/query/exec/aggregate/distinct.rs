//! How many different values: exact while there is room, then an estimate.
//!
//! A group keeps the 64-bit hash of each value. Beyond [`EXACT`] values, or beyond [`EXACT_WHEN_SHORT`] when
//! all groups together have more than [`EXACT`], it keeps a HyperLogLog of 2^14 registers instead (Flajolet,
//! Fusy, Gandouet, Meunier 2007; standard error 0.8 %), read by the estimator of Ertl, "New cardinality estimation
//! algorithms for HyperLogLog sketches", 2017. The state depends on the values only.

use hashbrown::HashSet;

/// How many hashes are kept as they are, in a group and in all groups together.
pub const EXACT: usize = 1_000_000;
/// Groups of up to this many values stay exact in any case.
pub const EXACT_WHEN_SHORT: usize = 1_024;
const BITS: u32 = 14;
const REGISTERS: usize = 1 << BITS;
/// The run of a hash whose remaining bits are all zero.
const LONGEST_RUN: usize = 64 - BITS as usize + 1;

/// The different values of one group.
#[derive(Clone, Debug)]
pub enum Distinct {
    /// Their hashes.
    Exact(HashSet<u64, foldhash::fast::FixedState>),
    /// For each part of the hashes the longest run of leading zeros.
    Estimate(Box<[u8; REGISTERS]>),
}

impl Default for Distinct {
    fn default() -> Distinct {
        Distinct::Exact(HashSet::with_hasher(foldhash::fast::FixedState::default()))
    }
}

fn note(registers: &mut [u8; REGISTERS], hash: u64) {
    let register = &mut registers[(hash >> (64 - BITS)) as usize];
    let run = (hash << BITS | 1 << (BITS - 1)).leading_zeros() as u8 + 1;
    *register = (*register).max(run);
}

impl Distinct {
    /// Adds the hash of a value.
    #[inline]
    pub fn add(&mut self, hash: u64) {
        match self {
            Distinct::Exact(hashes) => {
                hashes.insert(hash);
                if hashes.len() > EXACT {
                    self.give_up();
                }
            }
            Distinct::Estimate(registers) => note(registers, hash),
        }
    }

    /// Adds all of another group's part.
    pub fn merge(&mut self, other: &Distinct) {
        match other {
            Distinct::Exact(hashes) => hashes.iter().for_each(|hash| self.add(*hash)),
            Distinct::Estimate(theirs) => {
                self.give_up();
                if let Distinct::Estimate(ours) = self {
                    ours.iter_mut().zip(theirs.iter()).for_each(|(ours, theirs)| *ours = (*ours).max(*theirs));
                }
            }
        }
    }

    fn give_up(&mut self) {
        if let Distinct::Exact(hashes) = self {
            let mut registers = Box::new([0; REGISTERS]);
            hashes.iter().for_each(|hash| note(&mut registers, *hash));
            *self = Distinct::Estimate(registers);
        }
    }

    /// Turns to an estimate when there are many values.
    pub fn shrink(&mut self) {
        if matches!(self, Distinct::Exact(hashes) if hashes.len() > EXACT_WHEN_SHORT) {
            self.give_up();
        }
    }

    /// Returns this group's part in the count of hashes kept; never falls.
    pub fn weight(&self) -> u64 {
        match self {
            Distinct::Exact(hashes) => hashes.len() as u64,
            // It has had more than this many, or there is no need to count any more.
            Distinct::Estimate(_) => EXACT as u64 + 1,
        }
    }

    /// Returns the bytes on the heap.
    pub fn heap(&self) -> usize {
        match self {
            Distinct::Exact(hashes) => hashes.capacity() * 10,
            Distinct::Estimate(_) => REGISTERS,
        }
    }

    /// Returns how many different values there are.
    pub fn count(&self) -> u64 {
        let registers = match self {
            Distinct::Exact(hashes) => return hashes.len() as u64,
            Distinct::Estimate(registers) => registers,
        };
        // Counted by run length, so that the order of the registers cannot matter.
        let mut runs = [0_u32; LONGEST_RUN + 1];
        registers.iter().for_each(|run| runs[*run as usize] += 1);
        let size = REGISTERS as f64;
        let part = |run: usize| f64::from(runs[run]) / size;
        let mut sum = size * tau(1.0 - part(LONGEST_RUN));
        for run in (1..LONGEST_RUN).rev() {
            sum = 0.5 * (sum + f64::from(runs[run]));
        }
        sum += size * sigma(part(0));
        (size * size / (2.0 * std::f64::consts::LN_2) / sum).round() as u64
    }
}

/// Corrects for empty registers (Ertl, algorithm 6).
fn sigma(part: f64) -> f64 {
    if part == 1.0 {
        return f64::INFINITY;
    }
    let (mut power, mut weight, mut sum) = (part, 1.0, part);
    loop {
        power *= power;
        let before = sum;
        sum += power * weight;
        weight += weight;
        if sum == before {
            return sum;
        }
    }
}

/// Corrects for full registers (Ertl, algorithm 6).
fn tau(part: f64) -> f64 {
    if part == 0.0 || part == 1.0 {
        return 0.0;
    }
    let (mut root, mut weight, mut sum) = (part, 1.0, 1.0 - part);
    loop {
        root = root.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - root).powi(2) * weight;
        if sum == before {
            return sum / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    #[test]
    fn estimates_are_near_and_do_not_depend_on_when_they_began() {
        for total in [3_000_u64, 40_000, 300_000] {
            let hash = |number: u64| xxh3_64(&number.to_le_bytes());
            let mut exact = Distinct::default();
            (0..total).for_each(|number| exact.add(hash(number % total)));
            assert_eq!(exact.count(), total);
            let mut early = Distinct::default();
            (0..2000).for_each(|number| early.add(hash(number)));
            early.shrink();
            (0..total).rev().for_each(|number| early.add(hash(number)));
            exact.shrink();
            assert_eq!(exact.count(), early.count());
            let off = exact.count() as f64 / total as f64 - 1.0;
            assert!(off.abs() < 0.025, "{total}: {off}");
        }
    }
}
