//! Statistics that a few wild values cannot move, and scores of counts and shares.
//!
//! Sources: median and MAD: F. R. Hampel, "The Influence Curve and Its Role in Robust Estimation"
//! (1974). Deviance residuals as normal scores of Poisson, negative binomial and binomial counts:
//! P. McCullagh and J. A. Nelder, "Generalized Linear Models" (1989), §2.4.3. Score interval of a
//! share: E. B. Wilson, "Probable Inference" (1927).

/// The 90 % quantile of |z| for a standard normal z.
const NORMAL_90: f64 = 1.644_853_626_951_472;

/// Returns the value below which a share `quantile` (0 to 1) of `values` lies (nearest rank), or `None` of nothing.
pub fn quantile(values: &mut [f64], quantile: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let rank = (last as f64 * quantile).round() as usize;
    Some(*values.select_nth_unstable_by(rank.min(last), f64::total_cmp).1)
}

/// Returns the median (the upper one of an even number of values).
pub fn median(values: &mut [f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// Returns the value at which half of the weight of `(value, weight)` pairs is reached.
pub fn weighted_median(pairs: &mut [(f64, f64)]) -> Option<f64> {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let half = pairs.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut reached = 0.0;
    let at = pairs.iter().position(|(_, weight)| {
        reached += weight;
        reached >= half
    })?;
    (half > 0.0).then(|| pairs[at].0)
}

/// Returns how far a count lies from what is expected, in standard deviations: negative below, positive above.
///
/// The count is Poisson when `spread` is 0, else negative binomial with variance
/// `expected + (spread · expected)²`. The score is the signed deviance residual with a continuity
/// correction of a half, so its tail is right for small counts too: P(X ≥ 10) at 1 is 5.2 standard
/// deviations, the score is 5.1.
pub fn count_score(observed: f64, expected: f64, spread: f64) -> f64 {
    let expected = expected.max(1e-6);
    if observed > expected {
        count_deviance((observed - 0.5).max(expected), expected, spread).sqrt()
    } else {
        -count_deviance((observed + 0.5).min(expected), expected, spread).sqrt()
    }
}

fn count_deviance(observed: f64, expected: f64, spread: f64) -> f64 {
    let part = times_log(observed, observed / expected);
    let deviance = if spread < 1e-4 {
        part - (observed - expected)
    } else {
        let size = 1.0 / (spread * spread);
        part - (observed + size) * ((observed - expected) / (expected + size)).ln_1p()
    };
    (2.0 * deviance).max(0.0)
}

/// Returns the range of counts whose score stays within `score`.
pub fn count_range(expected: f64, spread: f64, score: f64) -> (f64, f64) {
    let expected = expected.max(1e-6);
    let low = (0..60).fold((0.0, expected), |(low, high), _| {
        let middle = (low + high) / 2.0;
        if count_score(middle, expected, spread) < -score { (middle, high) } else { (low, middle) }
    });
    // A score of any size is reached somewhere: double until it is.
    let above = (0..60).map(|power| (expected + 1.0) * f64::powi(2.0, power));
    let top = above.into_iter().find(|count| count_score(*count, expected, spread) > score).unwrap_or(f64::MAX);
    let high = (0..60).fold((expected, top), |(low, high), _| {
        let middle = (low + high) / 2.0;
        if count_score(middle, expected, spread) > score { (low, middle) } else { (middle, high) }
    });
    (low.0.ceil(), high.1.floor())
}

/// Returns how far `hits` of `trials` lie above (positive) or below the share `expected`, in standard
/// deviations. `spread` is the relative standard deviation of the share itself beyond chance.
pub fn share_score(hits: f64, trials: f64, expected: f64, spread: f64) -> f64 {
    let expected = expected.clamp(1e-9, 1.0 - 1e-9);
    let mean = trials * expected;
    let (hits, sign) = if hits > mean { ((hits - 0.5).max(mean), 1.0) } else { ((hits + 0.5).min(mean), -1.0) };
    let deviance = times_log(hits, hits / mean) + times_log(trials - hits, (trials - hits) / (trials - mean));
    let inflation = 1.0 + spread * spread * mean / (1.0 - expected);
    sign * (2.0 * deviance.max(0.0) / inflation).sqrt()
}

/// Returns Wilson's interval of `score` standard deviations around the share `hits / trials`.
pub fn wilson(hits: f64, trials: f64, score: f64) -> (f64, f64) {
    if trials <= 0.0 {
        return (0.0, 1.0);
    }
    let (share, square) = (hits / trials, score * score);
    let middle = (share + square / (2.0 * trials)) / (1.0 + square / trials);
    let half = score / (1.0 + square / trials)
        * (share * (1.0 - share) / trials + square / (4.0 * trials * trials)).max(0.0).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// Returns the relative spread that counts show beyond chance: the one at which nine tenths of the
/// `(observed, expected)` pairs lie as near as they would if they were normal. Up to a tenth of the pairs may be wild.
pub fn spread(pairs: &[(f64, f64)]) -> f64 {
    let typical = |spread: f64| {
        let mut scores: Vec<f64> = pairs
            .iter()
            .map(|(observed, expected)| {
                let variance = expected + (spread * expected).powi(2);
                (observed - expected).abs() / variance.max(1e-6).sqrt()
            })
            .collect();
        quantile(&mut scores, 0.9).unwrap_or(0.0)
    };
    if typical(0.0) <= NORMAL_90 {
        return 0.0;
    }
    let (low, high) = (0..24).fold((0.0, 10.0), |(low, high), _| {
        let middle = (low + high) / 2.0;
        if typical(middle) > NORMAL_90 { (middle, high) } else { (low, middle) }
    });
    (low + high) / 2.0
}

/// `factor · ln(ratio)`, 0 when the factor is.
fn times_log(factor: f64, ratio: f64) -> f64 {
    if factor > 0.0 { factor * ratio.ln() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_ignore_a_wild_value() {
        assert_eq!(median(&mut [3.0, 1.0, 1e9, 2.0, 2.5]), Some(2.5));
        assert_eq!(median(&mut []), None);
        assert_eq!(quantile(&mut [5.0, 1.0, 3.0], 1.0), Some(5.0));
        assert_eq!(weighted_median(&mut [(1.0, 1.0), (9.0, 5.0), (2.0, 1.0)]), Some(9.0));
        assert_eq!(weighted_median(&mut [(1.0, 0.0)]), None);
    }

    #[test]
    fn scores_of_counts_are_near_the_exact_tails() {
        // Exact Poisson tails P(X >= observed) as normal quantiles, summed term by term.
        for (observed, expected, exact) in [(10.0, 1.0, 5.18), (150.0, 100.0, 4.72), (3.0, 0.01, 4.98)] {
            assert!((count_score(observed, expected, 0.0) - exact).abs() < 0.25, "{observed} at {expected}");
        }
        // P(X = 0) at 12.5 is 3.7e-6.
        assert!((count_score(0.0, 12.5, 0.0) + 4.48).abs() < 0.15);
        assert!(count_score(150.0, 100.0, 0.2) < 2.5, "a spread of 20 % makes half as many again ordinary");
        assert_eq!(count_score(100.0, 100.0, 0.0), 0.0);
    }

    #[test]
    fn ranges_hold_what_scores_allow() {
        for (expected, spread) in [(0.2, 0.0), (3.0, 0.5), (100.0, 0.0), (100.0, 0.1), (1e6, 0.02)] {
            let (low, high) = count_range(expected, spread, 5.0);
            assert!(low <= expected && expected <= high.max(expected), "{expected}");
            assert!(count_score(high + 1.0, expected, spread) > 5.0, "{expected} {high}");
            assert!(count_score(high, expected, spread) <= 5.0 + 1e-6, "{expected} {high}");
            assert!(low == 0.0 || count_score(low - 1.0, expected, spread) < -5.0, "{expected} {low}");
        }
    }

    #[test]
    fn shares_are_scored_and_bounded() {
        // Normal approximation: (60 - 30) / sqrt(1000 * 0.03 * 0.97) = 5.56, less for the skew.
        assert!((share_score(60.0, 1000.0, 0.03, 0.0) - 4.8).abs() < 0.4);
        assert!(share_score(60.0, 1000.0, 0.03, 0.5) < 2.0);
        assert!(share_score(0.0, 1000.0, 0.03, 0.0) < -6.0);
        // Wilson 1927 for 15 of 50 at 95 %: 0.191 to 0.438.
        let (low, high) = wilson(15.0, 50.0, 1.96);
        assert!((low - 0.191).abs() < 0.001 && (high - 0.438).abs() < 0.001);
        assert_eq!(wilson(0.0, 0.0, 2.0), (0.0, 1.0));
    }

    #[test]
    fn spread_is_what_lies_beyond_chance() {
        let wobble = |index: i32, size: f64| 1000.0 * (1.0 + size * f64::from(index % 21 - 10) / 10.0);
        let calm: Vec<(f64, f64)> = (0..210).map(|index| (wobble(index, 0.01), 1000.0)).collect();
        assert_eq!(spread(&calm), 0.0);
        let mut wild: Vec<(f64, f64)> = (0..210).map(|index| (wobble(index, 0.5), 1000.0)).collect();
        let before = spread(&wild);
        assert!((0.2..0.4).contains(&before), "{before}");
        wild.push((1e7, 1000.0));
        assert!((spread(&wild) - before).abs() < 0.02);
    }
}
