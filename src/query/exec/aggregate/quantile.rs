//! Quantiles: exact while there are few values, then within half a percent.
//!
//! Beyond [`EXACT`] values a group keeps counts of buckets whose bounds grow by the same factor: DDSketch
//! (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees",
//! VLDB 2019). The state depends on the values only, not on their order or on how they came in parts.

#[cfg(test)]
use std::collections::BTreeMap;

/// How many values a group keeps as they are.
pub const EXACT: usize = 10_000;
/// Groups beyond this many values give up theirs when all groups together have too many.
pub const EXACT_WHEN_SHORT: usize = 512;
/// How far an estimate may be off, relative to the value.
const ERROR: f64 = 0.005;

/// The numbers of one group.
#[derive(Clone, Debug)]
pub struct Quantile {
    values: Values,
    count: u64,
    least: f64,
    greatest: f64,
}

#[derive(Clone, Debug)]
enum Values {
    Exact(Vec<f64>),
    Buckets(Box<Buckets>),
}

#[derive(Clone, Debug, Default)]
struct Buckets {
    positive: Window,
    negative: Window,
    zeros: u64,
}

/// Counts of buckets with neighbouring numbers.
#[derive(Clone, Debug, Default)]
struct Window {
    first: i32,
    counts: Vec<u64>,
}

impl Window {
    fn add(&mut self, bucket: i32, count: u64) {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let more = (self.first - bucket) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = bucket;
        }
        let index = (bucket - self.first) as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += count;
    }

    fn merge(&mut self, other: &Window) {
        for (bucket, count) in other.buckets() {
            self.add(bucket, count);
        }
    }

    fn buckets(&self) -> impl DoubleEndedIterator<Item = (i32, u64)> {
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(i, count)| (self.first + i as i32, *count))
    }
}

/// Logarithm of the factor from one bucket's bound to the next.
fn log_gamma() -> f64 {
    ((1.0 + ERROR) / (1.0 - ERROR)).ln()
}

impl Buckets {
    fn add(&mut self, value: f64) {
        let bucket = |size: f64| (size.ln() / log_gamma()).ceil() as i32;
        if value > 0.0 {
            self.positive.add(bucket(value.min(f64::MAX)), 1);
        } else if value < 0.0 {
            self.negative.add(bucket((-value).min(f64::MAX)), 1);
        } else {
            self.zeros += 1;
        }
    }

    /// The value that is nearest, relatively, to all of a bucket.
    fn middle(bucket: i32) -> f64 {
        let upper = (f64::from(bucket) * log_gamma()).exp();
        upper * (1.0 - ERROR)
    }

    fn nth(&self, mut rank: u64) -> f64 {
        let negative = self.negative.buckets().rev().map(|(bucket, count)| (-Buckets::middle(bucket), count));
        let positive = self.positive.buckets().map(|(bucket, count)| (Buckets::middle(bucket), count));
        let mut last = 0.0;
        for (value, count) in negative.chain(std::iter::once((0.0, self.zeros))).chain(positive) {
            if rank < count {
                return value;
            }
            rank -= count;
            last = value;
        }
        last
    }
}

impl Default for Quantile {
    fn default() -> Quantile {
        Quantile { values: Values::Exact(Vec::new()), count: 0, least: f64::INFINITY, greatest: f64::NEG_INFINITY }
    }
}

impl Quantile {
    /// Returns true when the values themselves are no longer known.
    pub fn is_estimated(&self) -> bool {
        matches!(self.values, Values::Buckets(_))
    }

    /// Adds a number; NaN is passed over.
    #[inline]
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        // Zeros of either sign are equal: keep one, so that their order cannot matter.
        let value = value + 0.0;
        self.count += 1;
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
        match &mut self.values {
            Values::Exact(values) => {
                values.push(value);
                if values.len() > EXACT {
                    self.give_up();
                }
            }
            Values::Buckets(buckets) => buckets.add(value),
        }
    }

    /// Adds all of another group's part.
    pub fn merge(&mut self, other: &Quantile) {
        self.count += other.count;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        if let Values::Exact(values) = &mut self.values {
            match &other.values {
                Values::Exact(theirs) => {
                    values.extend_from_slice(theirs);
                    if values.len() > EXACT {
                        self.give_up();
                    }
                    return;
                }
                Values::Buckets(_) => self.give_up(),
            }
        }
        let Values::Buckets(buckets) = &mut self.values else { return };
        match &other.values {
            Values::Exact(theirs) => theirs.iter().for_each(|value| buckets.add(*value)),
            Values::Buckets(theirs) => {
                buckets.positive.merge(&theirs.positive);
                buckets.negative.merge(&theirs.negative);
                buckets.zeros += theirs.zeros;
            }
        }
    }

    /// Turns the values into buckets.
    fn give_up(&mut self) {
        let mut buckets = Box::<Buckets>::default();
        if let Values::Exact(values) = &self.values {
            values.iter().for_each(|value| buckets.add(*value));
            self.values = Values::Buckets(buckets);
        }
    }

    /// Turns the values into buckets when there are many.
    pub fn shrink(&mut self) {
        if self.count > EXACT_WHEN_SHORT as u64 {
            self.give_up();
        }
    }

    /// Returns this group's part in the count of values kept as they are; never falls.
    pub fn weight(&self) -> u64 {
        self.count.min(EXACT as u64)
    }

    /// Returns the bytes on the heap.
    pub fn heap(&self) -> usize {
        match &self.values {
            Values::Exact(values) => values.capacity() * 8,
            Values::Buckets(buckets) => {
                (buckets.positive.counts.capacity() + buckets.negative.counts.capacity()) * 8
                    + std::mem::size_of::<Buckets>()
            }
        }
    }

    /// Prepares for [`Quantile::at`].
    pub fn finish(&mut self) {
        if let Values::Exact(values) = &mut self.values {
            values.sort_unstable_by(f64::total_cmp);
        }
    }

    /// Returns the value at a part (0 to 1) of the sorted values, by nearest rank; exact values are not
    /// interpolated. Call [`Quantile::finish`] before.
    pub fn at(&self, part: f64) -> Option<f64> {
        let rank = ((part * self.count as f64).ceil() as u64).clamp(1, self.count.max(1)) - 1;
        match &self.values {
            _ if self.count == 0 => None,
            Values::Exact(values) => values.get(rank as usize).copied(),
            Values::Buckets(_) if rank == 0 => Some(self.least),
            Values::Buckets(_) if rank + 1 == self.count => Some(self.greatest),
            Values::Buckets(buckets) => Some(buckets.nth(rank).clamp(self.least, self.greatest)),
        }
    }
}

/// Returns quantiles of weighted values, for tests.
#[cfg(test)]
fn exact(values: &[f64], part: f64) -> f64 {
    let mut counts = BTreeMap::new();
    values.iter().for_each(|value| *counts.entry((*value * 1e6) as i64).or_insert(0_u64) += 1);
    let mut rank = ((part * values.len() as f64).ceil() as u64).max(1) - 1;
    for (value, count) in counts {
        if rank < count {
            return value as f64 / 1e6;
        }
        rank -= count;
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_stay_within_half_a_percent() {
        // A skewed spread of latencies, some negative.
        let values: Vec<f64> =
            (0..30_000_u64).map(|i| ((i * 7919 % 30_011) as f64 / 300.0).powi(3) / 1e3 - 2.0).collect();
        let mut whole = Quantile::default();
        values.iter().for_each(|value| whole.add(*value));
        whole.finish();
        for part in [0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0] {
            let (found, wanted) = (whole.at(part).unwrap(), exact(&values, part));
            assert!((found - wanted).abs() <= wanted.abs() * 0.0051 + 2e-6, "{part}: {found} {wanted}");
        }
    }

    #[test]
    fn parts_and_order_do_not_matter() {
        for total in [10, 9_999, 10_000, 10_001, 25_000_u64] {
            let values: Vec<f64> = (0..total).map(|i| (i * 31 % 1009) as f64 - 300.0).collect();
            let mut whole = Quantile::default();
            values.iter().for_each(|value| whole.add(*value));
            let mut merged = Quantile::default();
            for chunk in values.chunks(777).rev() {
                let mut part = Quantile::default();
                chunk.iter().for_each(|value| part.add(*value));
                merged.merge(&part);
            }
            whole.finish();
            merged.finish();
            for part in [0.0, 0.3, 0.5, 0.95, 1.0] {
                assert_eq!(whole.at(part), merged.at(part), "{total} {part}");
            }
        }
    }

    #[test]
    fn few_values_are_exact() {
        let mut few = Quantile::default();
        [5.0, f64::NAN, 1.0, 3.0, 2.0].into_iter().for_each(|value| few.add(value));
        few.finish();
        assert_eq!([0.0, 0.25, 0.5, 0.51, 1.0].map(|part| few.at(part).unwrap()), [1.0, 1.0, 2.0, 3.0, 5.0]);
        assert_eq!(Quantile::default().at(0.5), None);
    }
}
