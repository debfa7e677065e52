//! How many rejects are allowed.

use std::str::FromStr;

use crate::entry::Account;

/// The most rejects a run may have before it counts as incomplete.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxRejects {
    /// So many lines.
    Count(u64),
    /// This share (0 to 1) of the lines that are not blank or comment.
    Share(f64),
}

impl Default for MaxRejects {
    fn default() -> MaxRejects {
        MaxRejects::Count(u64::MAX)
    }
}

impl FromStr for MaxRejects {
    type Err = String;

    fn from_str(text: &str) -> Result<MaxRejects, String> {
        let wrong = || format!("{text} is neither a number of lines nor a share like 0.1%");
        match text.strip_suffix('%') {
            Some(number) => {
                let percent: f64 = number.trim().parse().map_err(|_| wrong())?;
                (0.0..=100.0).contains(&percent).then_some(MaxRejects::Share(percent / 100.0)).ok_or_else(wrong)
            }
            None => text.parse().map(MaxRejects::Count).map_err(|_| wrong()),
        }
    }
}

impl MaxRejects {
    /// Returns true when the account has no more rejects than allowed.
    pub fn allows(self, account: &Account) -> bool {
        match self {
            MaxRejects::Count(most) => account.rejects <= most,
            MaxRejects::Share(share) => {
                let lines = account.lines - account.blank - account.comment;
                account.rejects as f64 <= share * lines as f64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_shares() {
        let account = Account { lines: 1100, blank: 100, rejects: 1, entries: 999, ..Account::default() };
        for (text, allowed) in [("0", false), ("1", true), ("0.1%", true), ("0.09 %", false), ("100%", true)] {
            let limit: MaxRejects = text.parse().expect("a limit");
            assert_eq!(limit.allows(&account), allowed, "{text}");
        }
        for text in ["", "-1", "x%", "101%", "-1%", "NaN%"] {
            assert!(text.parse::<MaxRejects>().is_err(), "{text}");
        }
        assert!(MaxRejects::default().allows(&account));
    }
}
