//! Exact sums: the order in which numbers come does not matter, also for floats.
//!
//! Most floats of logs fit a 128-bit fixed-point number; the others go to an accumulator that is as wide as
//! all floats (Kulisch, "Computer Arithmetic and Validity"). The sum is rounded once, at the end.

use crate::entry::Value;

/// The last bit of the narrow accumulator is worth 2^-FRACTION_BITS.
const FRACTION_BITS: i32 = 75;
/// The last bit of the wide accumulator is worth 2^-WIDE_BITS, the least float there is.
const WIDE_BITS: i32 = 1074;
/// Enough 32-bit digits for the greatest float, and 2^64 times that.
const DIGITS: usize = 70;

/// A sum of floats.
#[derive(Clone, Debug, Default)]
pub struct FloatSum {
    narrow: i128,
    wide: Option<Box<[i64; DIGITS]>>,
    /// How often [`FloatSum::add_scaled`] added to a digit since carries were last passed on.
    pending: u32,
    nan: bool,
    plus_infinity: bool,
    minus_infinity: bool,
    /// True once a float was added.
    used: bool,
}

/// Returns mantissa (with sign) and exponent: `float = mantissa · 2^exponent`.
fn split(float: f64) -> (i64, i32) {
    let bits = float.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let (mantissa, exponent) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    (if bits >> 63 == 1 { -mantissa } else { mantissa }, exponent)
}

impl FloatSum {
    /// Adds a float.
    #[inline]
    pub fn add(&mut self, float: f64) {
        self.used = true;
        let (mantissa, exponent) = split(float);
        let shift = exponent + FRACTION_BITS;
        // Up to 2^120: then 2^7 of them fit before the checked addition refuses.
        if (0..=66).contains(&shift)
            && let Some(sum) = self.narrow.checked_add(i128::from(mantissa) << shift)
        {
            self.narrow = sum;
            return;
        }
        self.add_slow(float, mantissa, exponent);
    }

    #[cold]
    fn add_slow(&mut self, float: f64, mantissa: i64, exponent: i32) {
        if float.is_nan() {
            self.nan = true;
        } else if float == f64::INFINITY {
            self.plus_infinity = true;
        } else if float == f64::NEG_INFINITY {
            self.minus_infinity = true;
        } else if mantissa != 0 {
            self.add_scaled(i128::from(mantissa), exponent);
        }
    }

    /// Adds `number · 2^exponent` to the wide accumulator.
    fn add_scaled(&mut self, number: i128, exponent: i32) {
        let place = (exponent + WIDE_BITS) as usize;
        let wide = self.wide.get_or_insert_with(|| Box::new([0; DIGITS]));
        let (digit, shift) = (place / 32, place % 32);
        let negative = number < 0;
        // Low and high half apart: each fits 128 bits after the shift.
        let magnitude = number.unsigned_abs();
        for (half, offset) in [(magnitude as u64, 0), ((magnitude >> 64) as u64, 2)] {
            let mut rest = u128::from(half) << shift;
            let mut index = digit + offset;
            while rest != 0 {
                let part = (rest & 0xffff_ffff) as i64;
                wide[index] += if negative { -part } else { part };
                rest >>= 32;
                index += 1;
            }
        }
        self.pending += 1;
        if self.pending == 1 << 28 {
            carry(wide);
            self.pending = 0;
        }
    }

    /// Adds all that was added to `other`.
    pub fn merge(&mut self, other: &FloatSum) {
        self.used |= other.used;
        self.nan |= other.nan;
        self.plus_infinity |= other.plus_infinity;
        self.minus_infinity |= other.minus_infinity;
        match self.narrow.checked_add(other.narrow) {
            Some(sum) => self.narrow = sum,
            None => self.add_scaled(other.narrow, -FRACTION_BITS),
        }
        if let Some(theirs) = &other.wide {
            let mut theirs = theirs.clone();
            carry(&mut theirs);
            let wide = self.wide.get_or_insert_with(|| Box::new([0; DIGITS]));
            carry(wide);
            self.pending = 1;
            wide.iter_mut().zip(theirs.iter()).for_each(|(ours, theirs)| *ours += theirs);
        }
    }

    /// Returns true when a float was added.
    pub fn is_used(&self) -> bool {
        self.used
    }

    /// Returns the sum and `ints`, rounded once to the nearest float.
    pub fn total(&self, ints: i128) -> f64 {
        if self.nan || (self.plus_infinity && self.minus_infinity) {
            return f64::NAN;
        }
        if self.plus_infinity || self.minus_infinity {
            return if self.plus_infinity { f64::INFINITY } else { f64::NEG_INFINITY };
        }
        let mut sum = self.clone();
        sum.add_scaled(self.narrow, -FRACTION_BITS);
        sum.add_scaled(ints, 0);
        let mut wide = sum.wide.unwrap_or_else(|| Box::new([0; DIGITS]));
        carry(&mut wide);
        let negative = wide[DIGITS - 1] < 0;
        if negative {
            wide.iter_mut().for_each(|digit| *digit = -*digit);
            carry(&mut wide);
        }
        let magnitude = round(&wide);
        if negative { -magnitude } else { magnitude }
    }
}

/// Passes carries on, so that every digit but the last is between 0 and 2^32.
fn carry(wide: &mut [i64; DIGITS]) {
    let mut over = 0;
    for (index, digit) in wide.iter_mut().enumerate() {
        let total = *digit + over;
        if index == DIGITS - 1 {
            *digit = total;
        } else {
            *digit = total & 0xffff_ffff;
            over = total >> 32;
        }
    }
}

/// Returns the float nearest to a sum that is not negative and whose carries were passed on; halves go to even.
fn round(wide: &[i64; DIGITS]) -> f64 {
    let Some(top) = wide.iter().rposition(|digit| *digit != 0) else { return 0.0 };
    // The top bit's place, then the 53 bits from there down (fewer for the least floats).
    let high = 63 - wide[top].leading_zeros() as i32 + 32 * top as i32;
    let low = (high - 52).max(0);
    let bit = |place: i32| wide[place as usize / 32] >> (place % 32) & 1;
    let mut mantissa = (low..=high).rev().fold(0_u64, |bits, place| bits << 1 | bit(place) as u64);
    if low > 0 {
        let half = bit(low - 1) == 1;
        let below = (0..low - 1).any(|place| bit(place) == 1);
        if half && (below || mantissa & 1 == 1) {
            mantissa += 1;
        }
    }
    // Both factors are exact, and so is the product, unless it is beyond the greatest float.
    let exponent = low - WIDE_BITS;
    if exponent > 1023 - 52 {
        return f64::INFINITY;
    }
    let scaled = |exponent: i32| {
        if exponent >= -1022 {
            f64::from_bits(((exponent + 1023) as u64) << 52)
        } else {
            f64::from_bits(1 << (exponent + 1074))
        }
    };
    mantissa as f64 * scaled(exponent)
}

/// Returns the sum of integers as a value: an integer when it fits.
pub fn int_total(ints: i128) -> Value {
    i64::try_from(ints).map_or(Value::Float(ints as f64), Value::Int)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(floats: &[f64]) -> f64 {
        let mut sum = FloatSum::default();
        floats.iter().for_each(|float| sum.add(*float));
        sum.total(0)
    }

    #[test]
    fn sums_are_exact() {
        for (floats, expected) in [
            (vec![], 0.0),
            (vec![0.1; 10], 1.0),
            (vec![1e308, 1e308, -1e308], 1e308),
            (vec![1e308, 1e308], f64::INFINITY),
            (vec![1e16, 1.0, -1e16], 1.0),
            (vec![5e-324, 5e-324], 1e-323),
            (vec![-5e-324], -5e-324),
            (vec![f64::MAX], f64::MAX),
            (vec![2.2250738585072014e-308, -5e-324], 2.225073858507201e-308),
            (vec![f64::INFINITY, 1.0], f64::INFINITY),
            (vec![9007199254740992.0, 1.0], 9007199254740992.0),
            (vec![9007199254740992.0, 1.0, 1e-300], 9007199254740994.0),
            (vec![1e30; 3], 3.0 * 1e30),
        ] {
            assert_eq!(sum(&floats), expected, "{floats:?}");
        }
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert_eq!(FloatSum::default().total(i128::from(i64::MAX) * 3), i64::MAX as f64 * 3.0);
    }

    proptest! {
        #[test]
        fn neither_order_nor_parts_matter(mut floats in proptest::collection::vec(
            prop_oneof![-1e3..1e3_f64, any::<f64>(), -1e-9..1e-9], 0..40), cut in 0..40_usize) {
            floats.retain(|float| !float.is_nan());
            let whole = sum(&floats);
            let cut = cut.min(floats.len());
            let mut parts = FloatSum::default();
            floats[cut..].iter().rev().for_each(|float| parts.add(*float));
            let mut rest = FloatSum::default();
            floats[..cut].iter().for_each(|float| rest.add(*float));
            parts.merge(&rest);
            prop_assert_eq!(parts.total(0).to_bits(), whole.to_bits());
        }

        #[test]
        fn two_floats_sum_as_the_processor_sums_them(left in any::<f64>(), right in any::<f64>()) {
            let expected = left + right;
            let found = sum(&[left, right]);
            prop_assert!(found == expected || (found.is_nan() && expected.is_nan()), "{} {}", found, expected);
        }
    }
}
