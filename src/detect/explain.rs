//! Findings as sentences.

use std::fmt::Write;

use super::edges::Placed;
use super::event::Event;
use super::finding::{Kind, Severity};
use super::track::SeriesName;
use crate::entry::{LogLevel, grouped};

/// Returns how much an event matters: by how far it is from usual, not by how sure it is.
pub fn severity(event: &Event) -> Severity {
    let factor = event.observed / event.expected.max(1e-9);
    match event.kind {
        Kind::Silence if event.expected >= 100.0 => Severity::Critical,
        Kind::Silence => Severity::Warning,
        Kind::Drop if factor <= 0.1 => Severity::Critical,
        Kind::Drop => Severity::Warning,
        Kind::ErrorRatio if event.observed >= 0.1 && factor >= 4.0 => Severity::Critical,
        Kind::ErrorRatio if event.observed < 0.03 && factor < 4.0 => Severity::Info,
        Kind::ErrorRatio => Severity::Warning,
        Kind::Spike => match (grave(event.series), factor) {
            (true, 10.0..) => Severity::Critical,
            (true, 2.0..) | (false, 10.0..) => Severity::Warning,
            (true | false, _) => Severity::Info,
        },
    }
}

/// Returns true for series of which more is trouble.
fn grave(series: SeriesName) -> bool {
    match series {
        SeriesName::Entries | SeriesName::ErrorShare | SeriesName::ServerErrorShare => true,
        SeriesName::Level(level) => level >= LogLevel::Warn,
        SeriesName::Status(class) => class >= 4,
    }
}

/// Returns the finding as a sentence. `driver` is the part that makes up most of it.
pub fn explain(placed: &Placed, driver: Option<&Placed>) -> String {
    let event = &placed.event;
    let what = event.series.plain();
    let lasting = duration(placed.to - placed.from);
    let (observed, low, high) = (event.observed, event.range.0, event.range.1);
    let mut text = match event.kind {
        Kind::Silence => format!("not one entry for {lasting}, where about {} are usual", number(event.expected)),
        Kind::Drop => format!(
            "only {} of the usual {what}: {} in {lasting}, where {} to {} are usual",
            percent(observed / event.expected.max(1.0)),
            number(observed),
            number(low),
            number(high)
        ),
        Kind::ErrorRatio => {
            let (among, had) = match event.series {
                SeriesName::ErrorShare => ("with a level", "were errors or worse"),
                _ => ("with a status", "had status 5xx"),
            };
            format!(
                "{} of the entries {among} {had} for {lasting} ({} of {}), where {} is usual and {} the most to expect",
                percent(observed),
                number((observed * event.trials).round()),
                number(event.trials),
                percent(event.expected),
                percent(high)
            )
        }
        Kind::Spike if event.expected >= 1.0 => format!(
            "{} times as many {what} as usual: {} in {lasting}, where {} to {} are usual",
            tenth(observed / event.expected),
            number(observed),
            number(low),
            number(high)
        ),
        Kind::Spike => {
            format!(
                "{} {what} in {lasting}, where there are hardly any usually (at most {})",
                number(observed),
                number(high)
            )
        }
    };
    if let Some(Placed { event, .. }) = driver {
        let _ = write!(
            text,
            "; mostly {}: {}, where about {} are usual",
            event.series.plain(),
            number(event.observed),
            number(event.expected)
        );
    }
    text
}

/// Returns a length of time as people say it: its two greatest units.
fn duration(nanos: i64) -> String {
    let seconds = (nanos as f64 / 1e9).round() as i64;
    if seconds == 0 {
        return format!("{} milliseconds", nanos / 1_000_000);
    }
    let units = [
        ("day", seconds / 86_400),
        ("hour", seconds / 3600 % 24),
        ("minute", seconds / 60 % 60),
        ("second", seconds % 60),
    ];
    let parts = units.iter().skip_while(|(_, count)| *count == 0).take(2).filter(|(_, count)| *count > 0);
    let mut text = String::new();
    for (unit, count) in parts {
        let _ = write!(
            text,
            "{}{count} {unit}{}",
            if text.is_empty() { "" } else { " " },
            if *count == 1 { "" } else { "s" }
        );
    }
    text
}

/// Returns a share in percent with two digits that matter.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let digits = if percent >= 9.95 || percent == 0.0 {
        0
    } else if percent >= 0.995 {
        1
    } else {
        2
    };
    format!("{percent:.digits$} %")
}

fn tenth(number: f64) -> String {
    if number >= 9.95 { format!("{number:.0}") } else { format!("{number:.1}") }
}

/// Returns a whole number with commas between the thousands.
fn number(number: f64) -> String {
    grouped(number.max(0.0).round_ties_even() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0.0, 999.4, 1000.0, 1_234_567.0].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.248, 0.0612, 0.0004, 0.0, 0.999].map(percent), ["25 %", "6.1 %", "0.04 %", "0 %", "100 %"]);
        let durations = [900, 1, 3660, 90, 86_400 + 60].map(|seconds| duration(seconds * 1_000_000_000));
        assert_eq!(durations, ["15 minutes", "1 second", "1 hour 1 minute", "1 minute 30 seconds", "1 day"]);
    }
}
