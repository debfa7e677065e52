//! The name that was probably meant.

/// Returns the candidate nearest to a misspelt word, if one is near enough: at most a third of its
/// letters wrong (an exchange of two neighbours counts as one), letter case ignored.
pub fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let allowed = (word.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase().chars().collect::<Vec<char>>()), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns how many letters must be added, removed, replaced or exchanged with a neighbour
/// (optimal string alignment).
fn distance(left: &[char], right: &[char]) -> usize {
    let width = right.len() + 1;
    let mut costs = vec![0; (left.len() + 1) * width];
    for row in 0..=left.len() {
        for column in 0..width {
            costs[row * width + column] = if row == 0 || column == 0 {
                row + column
            } else {
                let same = left[row - 1] == right[column - 1];
                let mut cost = (costs[(row - 1) * width + column - 1] + usize::from(!same))
                    .min(costs[(row - 1) * width + column] + 1)
                    .min(costs[row * width + column - 1] + 1);
                if row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1] {
                    cost = cost.min(costs[(row - 2) * width + column - 2] + 1);
                }
                cost
            };
        }
    }
    costs[costs.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_or_none() {
        let names = ["stats", "sort", "limit", "fields", "where", "top"];
        for (word, expected) in [
            ("stat", Some("stats")),
            ("stast", Some("stats")),
            ("srot", Some("sort")),
            ("LIMT", Some("limit")),
            ("feilds", Some("fields")),
            ("tpo", Some("top")),
            ("banana", None),
            ("x", None),
        ] {
            assert_eq!(near(word, names), expected, "{word}");
        }
    }
}
