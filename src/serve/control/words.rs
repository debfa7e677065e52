//! The words of rules, channels and alerts, as they stand in JSON and in the tables.

use serde::{Deserialize, Serialize};

/// Makes an enum whose values are words.
macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $value:ident = $word:literal,)* })*) => { $(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$what])* $value,)* }

        impl $name {
            /// All of them with their words.
            pub const WORDS: &[(&str, $name)] = &[$(($word, $name::$value),)*];

            /// Returns the word.
            pub const fn name(self) -> &'static str {
                match self { $($name::$value => $word,)* }
            }
        }

        impl rusqlite::types::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.name().into())
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<$name> {
                match value.as_str()? {
                    $($word => Ok($name::$value),)*
                    other => Err(rusqlite::types::FromSqlError::Other(format!("{other} is no word here").into())),
                }
            }
        }
    )* };
}

words! {
    /// How much an alert matters, the least first.
    Severity {
        /// Good to know.
        Info = "info",
        /// Somebody should look.
        Warning = "warning",
        /// Somebody should look now.
        Critical = "critical",
    }
    /// What a rule asks.
    RuleKind {
        /// Whether a number is above or below a bound.
        Threshold = "threshold",
        /// Whether a share of entries is above or below a bound.
        Ratio = "ratio",
        /// Whether nothing matches.
        Absence = "absence",
        /// Whether the detectors find something.
        Detector = "detector",
    }
    /// What an alert tells of.
    AlertKind {
        /// A number crossed a bound.
        Threshold = "threshold",
        /// A share crossed a bound.
        Ratio = "ratio",
        /// Nothing matched.
        Absence = "absence",
        /// More than usual.
        Spike = "spike",
        /// Fewer than usual, but some.
        Drop = "drop",
        /// None at all.
        Silence = "silence",
        /// A higher share of errors than usual.
        ErrorRatio = "error_ratio",
    }
    /// What became of an alert.
    AlertState {
        /// Nobody has said anything.
        Open = "open",
        /// Somebody knows.
        Acknowledged = "acknowledged",
        /// It is over.
        Resolved = "resolved",
    }
    /// How a channel sends.
    ChannelKind {
        /// A signed POST of JSON.
        Webhook = "webhook",
        /// A POST as Slack and its likes read it.
        Slack = "slack",
        /// Mail.
        Mail = "mail",
    }
    /// Which alerts of the detection a channel is told of: those of this severity and above.
    Detections {
        /// None.
        None = "none",
        /// All.
        Info = "info",
        /// Warnings and what is critical.
        Warning = "warning",
        /// What is critical.
        Critical = "critical",
    }
    /// Where a rule or channel comes from.
    Source {
        /// It was made over HTTP.
        Api = "api",
        /// It stands in the operator's configuration and is changed there.
        Config = "config",
    }
}

impl Detections {
    /// Returns true when an alert of this severity is told.
    pub fn include(self, severity: Severity) -> bool {
        match self {
            Detections::None => false,
            Detections::Info => true,
            Detections::Warning => severity >= Severity::Warning,
            Detections::Critical => severity >= Severity::Critical,
        }
    }
}

impl From<crate::detect::Severity> for Severity {
    fn from(severity: crate::detect::Severity) -> Severity {
        match severity {
            crate::detect::Severity::Info => Severity::Info,
            crate::detect::Severity::Warning => Severity::Warning,
            crate::detect::Severity::Critical => Severity::Critical,
        }
    }
}

impl From<crate::detect::Kind> for AlertKind {
    fn from(kind: crate::detect::Kind) -> AlertKind {
        match kind {
            crate::detect::Kind::Spike => AlertKind::Spike,
            crate::detect::Kind::Drop => AlertKind::Drop,
            crate::detect::Kind::Silence => AlertKind::Silence,
            crate::detect::Kind::ErrorRatio => AlertKind::ErrorRatio,
        }
    }
}

impl From<crate::config::RuleKind> for RuleKind {
    fn from(kind: crate::config::RuleKind) -> RuleKind {
        match kind {
            crate::config::RuleKind::Threshold => RuleKind::Threshold,
            crate::config::RuleKind::Ratio => RuleKind::Ratio,
            crate::config::RuleKind::Absence => RuleKind::Absence,
            crate::config::RuleKind::Detector => RuleKind::Detector,
        }
    }
}

impl From<crate::config::ChannelKind> for ChannelKind {
    fn from(kind: crate::config::ChannelKind) -> ChannelKind {
        match kind {
            crate::config::ChannelKind::Webhook => ChannelKind::Webhook,
            crate::config::ChannelKind::Slack => ChannelKind::Slack,
            crate::config::ChannelKind::Mail => ChannelKind::Mail,
        }
    }
}
