//! Severity.

/// How serious an entry is. Ordered: `Trace < Debug < … < Emergency`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LogLevel {
    /// Finest detail.
    Trace = 1,
    /// For developers.
    Debug = 2,
    /// Normal operation.
    Info = 3,
    /// Normal but significant.
    Notice = 4,
    /// Something may go wrong.
    Warn = 5,
    /// Something failed.
    Error = 6,
    /// A component is unusable; also `fatal`, `severe` and `panic` of other systems.
    Critical = 7,
    /// Somebody must act at once.
    Alert = 8,
    /// The system is unusable.
    Emergency = 9,
}

impl LogLevel {
    /// Every level, lowest first.
    pub const ALL: [LogLevel; 9] = [
        LogLevel::Trace,
        LogLevel::Debug,
        LogLevel::Info,
        LogLevel::Notice,
        LogLevel::Warn,
        LogLevel::Error,
        LogLevel::Critical,
        LogLevel::Alert,
        LogLevel::Emergency,
    ];

    /// Returns the level with this number (1 to 9), as columns and blocks store it; 0 means none.
    pub fn from_u8(number: u8) -> Option<LogLevel> {
        LogLevel::ALL.get((number as usize).wrapping_sub(1)).copied()
    }

    /// Returns the lower-case name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Trace => "trace",
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Notice => "notice",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
            LogLevel::Critical => "critical",
            LogLevel::Alert => "alert",
            LogLevel::Emergency => "emergency",
        }
    }

    /// Returns the OpenTelemetry severity number (logs data model, "SeverityNumber").
    pub fn otel_severity(self) -> u8 {
        match self {
            LogLevel::Trace => 1,
            LogLevel::Debug => 5,
            LogLevel::Info => 9,
            LogLevel::Notice => 10,
            LogLevel::Warn => 13,
            LogLevel::Error => 17,
            LogLevel::Critical => 18,
            LogLevel::Alert => 19,
            LogLevel::Emergency => 21,
        }
    }

    /// Returns the level for a syslog severity (RFC 5424: 0 emergency … 7 debug).
    pub fn from_syslog(severity: u8) -> Option<LogLevel> {
        Some(match severity {
            0 => LogLevel::Emergency,
            1 => LogLevel::Alert,
            2 => LogLevel::Critical,
            3 => LogLevel::Error,
            4 => LogLevel::Warn,
            5 => LogLevel::Notice,
            6 => LogLevel::Info,
            7 => LogLevel::Debug,
            _ => return None,
        })
    }

    /// Returns the level for a pino or bunyan number (10 trace … 60 fatal).
    pub fn from_pino(number: i64) -> Option<LogLevel> {
        Some(match number {
            10..=19 => LogLevel::Trace,
            20..=29 => LogLevel::Debug,
            30..=39 => LogLevel::Info,
            40..=49 => LogLevel::Warn,
            50..=59 => LogLevel::Error,
            60..=69 => LogLevel::Critical,
            _ => return None,
        })
    }

    /// Returns the level a word names, in any ASCII case: full names, usual short forms (`warn`,
    /// `warning`, `err`, `crit`, `fatal`, `emerg`, …), and the single letters of glog and Android
    /// when `letters` is true.
    pub fn from_word(word: &[u8], letters: bool) -> Option<LogLevel> {
        let mut lower = [0u8; 13];
        if word.is_empty() || word.len() > lower.len() {
            return None;
        }
        let lower = &mut lower[..word.len()];
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"trace" | b"verbose" | b"finest" | b"finer" | b"trc" | b"silly" => LogLevel::Trace,
            b"debug" | b"dbg" | b"dbug" | b"fine" | b"debug1" | b"debug2" | b"debug3" | b"debug4" | b"debug5" => {
                LogLevel::Debug
            }
            b"info" | b"information" | b"informational" | b"inf" | b"log" | b"config" => LogLevel::Info,
            b"notice" | b"note" => LogLevel::Notice,
            b"warn" | b"warning" | b"wrn" => LogLevel::Warn,
            b"error" | b"err" | b"eror" | b"fail" | b"failure" => LogLevel::Error,
            b"critical" | b"crit" | b"fatal" | b"severe" | b"panic" | b"dpanic" | b"ftl" => LogLevel::Critical,
            b"alert" => LogLevel::Alert,
            b"emergency" | b"emerg" => LogLevel::Emergency,
            [letter] if letters => match letter {
                b't' | b'v' => LogLevel::Trace,
                b'd' => LogLevel::Debug,
                b'i' => LogLevel::Info,
                b'n' => LogLevel::Notice,
                b'w' => LogLevel::Warn,
                b'e' => LogLevel::Error,
                b'c' | b'f' => LogLevel::Critical,
                _ => return None,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_word_for_its_own_level() {
        for level in LogLevel::ALL {
            assert_eq!(LogLevel::from_word(level.name().as_bytes(), false), Some(level));
            assert_eq!(LogLevel::from_u8(level as u8), Some(level));
        }
    }

    #[test]
    fn letters_count_only_when_asked() {
        assert_eq!(LogLevel::from_word(b"E", true), Some(LogLevel::Error));
        // log15.
        assert_eq!(LogLevel::from_word(b"eror", false), Some(LogLevel::Error));
        assert_eq!(LogLevel::from_word(b"E", false), None);
        assert_eq!(LogLevel::from_u8(0), None);
    }
}
