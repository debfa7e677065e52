//! What a run did, in a few lines.

use std::fmt::Write;
use std::time::Duration;

use crate::entry::{Account, Timestamp, grouped};

/// The facts of a run.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The account of every line.
    pub account: Account,
    /// How many entries each format read.
    pub formats: Vec<(String, u64)>,
    /// The first and last time.
    pub span: Option<(Timestamp, Timestamp)>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Returns the summary; its last line shows that the account adds up.
pub fn text(facts: &Facts) -> String {
    let account = &facts.account;
    let seconds = facts.elapsed.as_secs_f64();
    let rate = account.bytes as f64 / seconds.max(1e-9) / 1e6;
    let mut text = format!("{} entries", grouped(account.entries));
    if let Some((first, last)) = facts.span {
        let show = |time: Timestamp| time.to_rfc3339(0);
        let _ = write!(text, ", {} to {}", show(first), show(last));
    }
    let _ = write!(text, ", {} in {seconds:.2} s ({rate:.0} MB/s)", bytes(account.bytes));
    let formats: Vec<String> =
        facts.formats.iter().map(|(name, entries)| format!("{name} {}", grouped(*entries))).collect();
    if !formats.is_empty() {
        let _ = write!(text, "\nformats: {}", formats.join(", "));
    }
    let _ = write!(text, "\n{}", account_line(account));
    text
}

/// Returns `lines = entries + continuation + blank + comment + rejects` in numbers.
pub fn account_line(account: &Account) -> String {
    format!(
        "{} lines = {} entries + {} continuation + {} blank + {} comment + {} rejects",
        grouped(account.lines),
        grouped(account.entries),
        grouped(account.continuation),
        grouped(account.blank),
        grouped(account.comment),
        grouped(account.rejects)
    )
}

/// Returns a size with a unit (powers of 1000).
pub fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} bytes"),
        10_000..10_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        10_000_000..10_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.2} GB", count as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_reads_well() {
        let facts = Facts {
            account: Account {
                lines: 4_100_007,
                entries: 4_100_000,
                blank: 3,
                rejects: 4,
                bytes: 988_000_000,
                ..Account::default()
            },
            formats: vec![("combined".to_owned(), 4_100_000)],
            span: Timestamp::from_seconds(0, 0).zip(Timestamp::from_seconds(86_400, 5)),
            elapsed: Duration::from_millis(1900),
        };
        assert_eq!(
            text(&facts),
            "4,100,000 entries, 1970-01-01T00:00:00Z to 1970-01-02T00:00:00Z, 988.0 MB in 1.90 s (520 MB/s)\n\
             formats: combined 4,100,000\n\
             4,100,007 lines = 4,100,000 entries + 0 continuation + 3 blank + 0 comment + 4 rejects"
        );
    }

    #[test]
    fn sizes_have_units() {
        let sizes = [0, 9_999, 10_000, 12_345_678, 12_345_678_901].map(bytes);
        assert_eq!(sizes, ["0 bytes", "9999 bytes", "10.0 kB", "12.3 MB", "12.35 GB"]);
    }
}
