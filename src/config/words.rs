//! Values that are one of a few words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::units::from_text;

/// Makes an enum whose values are written as words, and whose error names them all.
macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $value:ident = $word:literal,)* })*) => { $(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$what])* $value,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[$name] = &[$($name::$value),*];

            /// Returns the word it is written as.
            pub const fn name(self) -> &'static str {
                match self { $($name::$value => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<$name, String> {
                let found = $name::ALL.iter().copied().find(|value| value.name() == text);
                found.ok_or_else(|| format!("one of {}", [$($word),*].join(", ")))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                from_text(deserializer)
            }
        }
    )* };
}

words! {
    /// Who may make an account.
    SignUp {
        /// Anyone while only this machine can reach the server, otherwise nobody. `Settings::sign_up` decides.
        Auto = "auto",
        /// Anyone.
        Open = "open",
        /// Who has an invite.
        Invite = "invite",
        /// Nobody.
        Closed = "closed",
    }
    /// How much the server says about itself.
    LogLevel {
        /// Nothing.
        Off = "off",
        /// What failed.
        Error = "error",
        /// And what is about to.
        Warn = "warn",
        /// And what happens rarely: start, stop, settings.
        Info = "info",
        /// And each request.
        Debug = "debug",
        /// And each step of it.
        Trace = "trace",
    }
    /// The form of the server's own log.
    LogFormat {
        /// Text on a terminal, JSON otherwise.
        Auto = "auto",
        /// For people.
        Text = "text",
        /// One object a line.
        Json = "json",
    }
    /// What carries syslog.
    SyslogProtocol {
        /// One message a datagram.
        Udp = "udp",
        /// Newlines or octet counts between messages.
        Tcp = "tcp",
    }
    /// How mail is protected on its way.
    SmtpTls {
        /// Begins in the clear and must be raised to TLS.
        StartTls = "starttls",
        /// TLS from the first byte.
        Implicit = "implicit",
        /// Not at all.
        None = "none",
    }
    /// What a rule asks.
    RuleKind {
        /// How many entries match within the window.
        Threshold = "threshold",
        /// What share of the entries `of` finds match as well.
        Ratio = "ratio",
        /// Whether no entry matches within the window.
        Absence = "absence",
        /// Whether the detectors find something.
        Detector = "detector",
    }
    /// How an alert is sent.
    ChannelKind {
        /// A signed POST of JSON.
        Webhook = "webhook",
        /// A POST as Slack and its likes read it.
        Slack = "slack",
        /// Mail.
        Mail = "mail",
    }
}
