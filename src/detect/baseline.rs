//! What is usual: the expected value of each bin of a track, and how far it usually strays.
//!
//! Expected = exposure · level. The exposure is known beforehand: 1 for counts, the usual course of a
//! day when there are three days or more, the number of trials for shares. The level is fitted around
//! each bin: first the weighted median of value / exposure in the window, which incidents shorter than
//! half of the window cannot move, then two rounds of locally weighted linear regression with bisquare
//! weights (W. S. Cleveland, "Robust Locally Weighted Regression", 1979) that follow the slope of the
//! day. Counts below [`THIN`] have no useful median: there, values are cut at what chance allows and averaged.

use super::robust::{median, spread, weighted_median};

/// Below so many a bin the median of counts says little: it is a whole number, and lies below the mean.
const THIN: f64 = 20.0;
/// At most so many bins are looked at for a window's median.
const MEDIAN_BINS: usize = 65;
/// The widest half window in bins: bounds the work.
const MAX_HALF: usize = 250;

/// What is usual in each bin.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// The expected value of each bin.
    pub expected: Vec<f64>,
    /// The relative standard deviation beyond chance.
    pub spread: f64,
}

/// What a baseline is fitted to.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// The value of each bin.
    pub values: &'a [f64],
    /// What the value of each bin is proportional to, as far as known beforehand.
    pub exposure: &'a [f64],
    /// False for bins that say nothing of what is usual: cut off by the ends of the log, or silent.
    pub usable: &'a [bool],
    /// Bins to each side that the level is fitted to.
    pub half: usize,
}

impl Fit<'_> {
    /// Fits the baseline.
    pub fn baseline(&self) -> Baseline {
        let fit = Fit { half: self.half.clamp(1, MAX_HALF), ..*self };
        let medians = fit.medians();
        let thin = fit.thin_level(&medians);
        let level = fit.smooth(&fit.smooth(&medians));
        let thinner =
            |index: usize| level[index] * fit.exposure[index] < THIN || thin[index] * fit.exposure[index] < THIN;
        let level: Vec<f64> =
            (0..level.len()).map(|index| if thinner(index) { thin[index] } else { level[index] }).collect();
        let expected: Vec<f64> = level.iter().zip(fit.exposure).map(|(level, exposure)| level * exposure).collect();
        let pairs: Vec<(f64, f64)> =
            fit.indexes(0..fit.values.len()).map(|index| (fit.values[index], expected[index])).collect();
        Baseline { spread: spread(&pairs), expected }
    }

    /// Returns the indexes of a range that are usable and have exposure.
    fn indexes(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = usize> {
        range.filter(|index| self.speaks(*index))
    }

    fn speaks(&self, index: usize) -> bool {
        self.usable[index] && self.exposure[index] > 0.0
    }

    fn window(&self, index: usize) -> std::ops::Range<usize> {
        index.saturating_sub(self.half)..(index + self.half + 1).min(self.values.len())
    }

    /// The median of the ratios around each bin.
    fn medians(&self) -> Vec<f64> {
        let mut all: Vec<(f64, f64)> = self.pairs(self.indexes(0..self.values.len())).collect();
        let overall = weighted_median(&mut all).unwrap_or(0.0);
        let stride = (2 * self.half + 1).div_ceil(MEDIAN_BINS);
        let mut level: Vec<f64> = (0..self.values.len())
            .map(|index| {
                // Strides are counted from the bin itself, so that it is always among those looked at.
                let window = self.window(index);
                let first = index - (index - window.start) / stride * stride;
                let near = (first..window.end).step_by(stride).filter(|near| self.speaks(*near));
                let mut near: Vec<(f64, f64)> = self.pairs(near).collect();
                if near.len() >= 3 { weighted_median(&mut near).unwrap_or(overall) } else { f64::NAN }
            })
            .collect();
        fill(&mut level, overall);
        level
    }

    /// The level of thin counts: the mean around each bin, of values cut at what chance allows. The median
    /// tells within one what the mean of a Poisson count may be.
    fn thin_level(&self, medians: &[f64]) -> Vec<f64> {
        let cut: Vec<f64> = (0..medians.len())
            .map(|index| {
                let most = medians[index] * self.exposure[index] + 1.0;
                self.values[index].min(most + 3.0 * most.sqrt())
            })
            .collect();
        // Sums up to each bin, so that any window's sum is a difference.
        let mut sums = vec![(0.0, 0.0)];
        for index in 0..cut.len() {
            let (value, exposure) = sums[index];
            let speaks = f64::from(u8::from(self.speaks(index)));
            sums.push((value + speaks * cut[index], exposure + speaks * self.exposure[index]));
        }
        let overall = sums[cut.len()];
        let rate = if overall.1 > 0.0 { overall.0 / overall.1 } else { 0.0 };
        let near = |index| {
            let window = self.window(index);
            let (from, to) = (sums[window.start], sums[window.end]);
            // A window that saw next to nothing leans on the whole log, as if that had shown it two more.
            if rate > 0.0 { (to.0 - from.0 + 2.0) / (to.1 - from.1 + 2.0 / rate) } else { 0.0 }
        };
        (0..cut.len()).map(near).collect()
    }

    fn pairs(&self, indexes: impl Iterator<Item = usize>) -> impl Iterator<Item = (f64, f64)> {
        indexes.map(|index| (self.values[index] / self.exposure[index], self.exposure[index]))
    }

    /// One round of locally weighted linear regression, value ≈ exposure · (a + b · distance).
    fn smooth(&self, level: &[f64]) -> Vec<f64> {
        let residuals: Vec<f64> = (0..level.len())
            .map(|index| {
                let expected = level[index] * self.exposure[index];
                (self.values[index] - expected) / expected.max(1.0).sqrt()
            })
            .collect();
        let mut sizes: Vec<f64> = self.indexes(0..level.len()).map(|index| residuals[index].abs()).collect();
        let reach = 6.0 * median(&mut sizes).unwrap_or(1.0).max(0.5);
        let reach = |index: usize| {
            let far = residuals[index] / reach;
            if far.abs() < 1.0 { (1.0 - far * far).powi(2) } else { 0.0 }
        };
        let trust: Vec<f64> = (0..level.len()).map(reach).collect();
        let nearness: Vec<f64> = (0..=self.half)
            .map(|distance| (1.0 - (distance as f64 / (self.half + 1) as f64).powi(3)).powi(3))
            .collect();
        // What each bin brings to any fit it takes part in; nothing where it does not speak.
        let brings = |index: usize| {
            let trust = if self.speaks(index) { trust[index] } else { 0.0 };
            (trust * self.exposure[index], trust * self.values[index])
        };
        let brought: Vec<(f64, f64)> = (0..level.len()).map(brings).collect();
        let fitted = |index: usize| {
            let (mut s0, mut s1, mut s2, mut y0, mut y1) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for near in self.window(index) {
                let weight = nearness[near.abs_diff(index)];
                let distance = near as f64 - index as f64;
                let (exposure, value) = (weight * brought[near].0, weight * brought[near].1);
                s0 += exposure;
                s1 += exposure * distance;
                s2 += exposure * distance * distance;
                y0 += value;
                y1 += value * distance;
            }
            let determinant = s0 * s2 - s1 * s1;
            let fitted = if determinant > 1e-9 * s0 * s2 { (y0 * s2 - y1 * s1) / determinant } else { level[index] };
            // A line through few trusted bins may run away: it stays near the median it started from.
            fitted.max(level[index] / 2.0).min(level[index] * 2.0)
        };
        // As Cleveland does, lines are fitted at some bins only, and the level between them is interpolated.
        let step = (self.half / 12).max(1);
        let mut smooth = vec![0.0; level.len()];
        let (mut before, mut at_before) = (0, fitted(0));
        smooth[0] = at_before;
        while before + 1 < level.len() {
            let after = (before + step).min(level.len() - 1);
            let at_after = fitted(after);
            let length = after - before;
            for (distance, level) in smooth[before..=after].iter_mut().enumerate().skip(1) {
                // Two parts, so that rounding cannot make a level negative.
                let part = distance as f64 / length as f64;
                *level = at_before * (1.0 - part) + at_after * part;
            }
            (before, at_before) = (after, at_after);
        }
        smooth
    }
}

/// Replaces values that are not numbers by the mean of the nearest known ones.
fn fill(level: &mut [f64], overall: f64) {
    let known: Vec<usize> = (0..level.len()).filter(|index| !level[*index].is_nan()).collect();
    for index in 0..level.len() {
        if level[index].is_nan() {
            let after = known.partition_point(|known| *known < index);
            let near: Vec<f64> = [after.checked_sub(1), Some(after)]
                .into_iter()
                .filter_map(|at| Some(level[*known.get(at?)?]))
                .collect();
            level[index] = if near.is_empty() { overall } else { near.iter().sum::<f64>() / near.len() as f64 };
        }
    }
}

/// Returns the usual course of a day as the exposure of each bin: the median over the days of each time of
/// day. `None` when there are fewer than three days or too few entries.
pub fn daily_course(values: &[f64], usable: &[bool], bins_a_day: usize) -> Option<Vec<f64>> {
    let count = usable.iter().filter(|usable| **usable).count();
    let mean = values.iter().sum::<f64>() / count.max(1) as f64;
    if values.len() < 3 * bins_a_day || bins_a_day < 8 || mean < 20.0 {
        return None;
    }
    let course: Vec<f64> = (0..bins_a_day)
        .map(|slot| {
            let mut days: Vec<f64> = (slot..values.len())
                .step_by(bins_a_day)
                .filter(|index| usable[*index])
                .map(|index| values[index])
                .collect();
            // The mean of the middle two when there are two: the upper of them is too high on average.
            days.sort_unstable_by(f64::total_cmp);
            match days.len() {
                0 => 0.0,
                count => (days[(count - 1) / 2] + days[count / 2]) / 2.0,
            }
        })
        .collect();
    // Thin counts are smoothed until chance moves a slot by no more than a tenth, but over half an hour at most.
    let reach = ((50.0 / mean) as usize).min(bins_a_day / 48);
    let floor = mean / 100.0;
    let smooth = |index: usize| {
        let slot = index % bins_a_day;
        let near = (0..=2 * reach).map(|offset| course[(slot + bins_a_day + offset - reach) % bins_a_day]);
        (near.sum::<f64>() / (2 * reach + 1) as f64).max(floor)
    };
    Some((0..values.len()).map(smooth).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(values: &[f64], exposure: &[f64], half: usize) -> Baseline {
        Fit { values, exposure, usable: &vec![true; values.len()], half }.baseline()
    }

    #[test]
    fn a_burst_does_not_move_the_baseline() {
        let calm: Vec<f64> = (0..400).map(|index| 500.0 + 300.0 * (f64::from(index) / 100.0).sin()).collect();
        let mut wild = calm.clone();
        wild[200..230].iter_mut().for_each(|value| *value *= 10.0);
        wild[300..310].iter_mut().for_each(|value| *value = 0.0);
        let found = fit(&wild, &[1.0; 400], 60);
        for (index, (expected, calm)) in found.expected.iter().zip(&calm).enumerate() {
            assert!((expected / calm - 1.0).abs() < 0.1, "{index}: {expected} for {calm}");
        }
        assert!(found.spread < 0.03, "{}", found.spread);
    }

    #[test]
    fn rare_events_have_a_mean_though_their_median_is_zero() {
        let mut values: Vec<f64> = (0..1000).map(|index| f64::from(u8::from(index % 5 == 0))).collect();
        values[500] = 50.0;
        let found = fit(&values, &[1.0; 1000], 100);
        assert!(found.expected.iter().all(|expected| (0.15..0.3).contains(expected)));
    }

    #[test]
    fn shares_follow_the_number_of_trials() {
        let trials: Vec<f64> = (0..500).map(|index| if index % 2 == 0 { 2000.0 } else { 500.0 }).collect();
        let hits: Vec<f64> = trials.iter().map(|trials| trials * 0.02).collect();
        let found = fit(&hits, &trials, 50);
        assert!(found.expected.iter().zip(&hits).all(|(expected, hits)| (expected - hits).abs() < 0.5));
    }

    #[test]
    fn three_days_show_the_course_of_a_day() {
        let day = |slot: usize| if slot < 24 { 10.0 } else { 1000.0 };
        let mut values: Vec<f64> = (0..48 * 4).map(|index| day(index % 48)).collect();
        values[48 + 30] = 0.0;
        let course = daily_course(&values, &[true; 48 * 4], 48).expect("four days");
        assert!((0..48 * 4).all(|index| (course[index] - day(index % 48)).abs() < 1.0), "{course:?}");
        assert_eq!(daily_course(&values[..48 * 2], &[true; 48 * 2], 48), None);
    }
}
