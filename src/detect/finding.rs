//! What a detector reports.

use serde::{Serialize, Serializer};

use super::track::SeriesName;
use crate::entry::Timestamp;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// More than usual.
    Spike,
    /// Fewer than usual, but some.
    Drop,
    /// None at all.
    Silence,
    /// A higher share of errors than usual.
    ErrorRatio,
}

impl Kind {
    /// Returns the kind as it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Spike => "spike",
            Kind::Drop => "drop",
            Kind::Silence => "silence",
            Kind::ErrorRatio => "error_ratio",
        }
    }
}

/// How much a finding matters. Ordered: `Info < Warning < Critical`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody should look now.
    Critical,
}

impl Severity {
    /// Every severity, lowest first.
    pub const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

    /// Returns the severity as it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// Something unusual: when, what, how far from usual. Serialises to the JSON of `docs/detect.md`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What happened.
    pub kind: Kind,
    /// To which series.
    pub series: SeriesName,
    /// When it began.
    #[serde(serialize_with = "rfc3339")]
    pub from: Timestamp,
    /// When it was over: the first moment no longer part of it.
    #[serde(serialize_with = "rfc3339")]
    pub to: Timestamp,
    /// How many entries there were between; of a share, the share (0 to 1).
    #[serde(serialize_with = "number")]
    pub observed: f64,
    /// How many are usual.
    #[serde(serialize_with = "number")]
    pub expected: f64,
    /// The least that would not have been unusual.
    #[serde(serialize_with = "number")]
    pub expected_low: f64,
    /// The most that would not have been unusual.
    #[serde(serialize_with = "number")]
    pub expected_high: f64,
    /// How far the most unusual bin lies from what is expected, in standard deviations.
    #[serde(serialize_with = "number")]
    pub score: f64,
    /// How much it matters.
    pub severity: Severity,
    /// The finding as a sentence.
    pub explanation: String,
    /// Other series that were unusual at the same time.
    pub also: Vec<Also>,
    /// Entries that show it, as they stood in the log: see [`super::ExampleCollector`].
    pub examples: Vec<String>,
    /// The series the examples are taken from: the part that grew most, if there is one.
    #[serde(skip)]
    pub examples_of: SeriesName,
}

/// Another series that was unusual at the same time as a finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Also {
    /// What happened.
    pub kind: Kind,
    /// To which series.
    pub series: SeriesName,
    /// How many entries there were; of a share, the share.
    #[serde(serialize_with = "number")]
    pub observed: f64,
    /// How many are usual.
    #[serde(serialize_with = "number")]
    pub expected: f64,
    /// How far the most unusual bin lies from what is expected, in standard deviations.
    #[serde(serialize_with = "number")]
    pub score: f64,
}

fn rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time_text(*time))
}

/// Returns a time in RFC 3339, with a fraction only when it has one.
pub(super) fn time_text(time: Timestamp) -> String {
    time.to_rfc3339(if time.nanos().rem_euclid(1_000_000_000) == 0 { 0 } else { 3 })
}

/// Numbers are estimates: shares get four digits, others one, and whole numbers none.
fn number<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    let scale = if number.abs() < 2.0 { 1e4 } else { 10.0 };
    let rounded = (number * scale).round() / scale;
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 {
        serializer.serialize_i64(rounded as i64)
    } else {
        serializer.serialize_f64(rounded)
    }
}
