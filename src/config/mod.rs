//! The settings of `logan serve`: one tree of plain values, built once at the door, and where each came from.
//!
//! Built in this order, the later ones stronger: defaults, configuration files, variables of the environment, flags
//! (`load::read`). This room reads the files it is told to read, those with secrets included; the environment and the
//! flags are handed in as values, so that a test can name them all. A value has its unit in its type ([`Size`],
//! [`Period`]) and cannot be zero. What no single value can say, such as that a certificate needs a key, is asked once,
//! in `check`. A key that is not known is an error: a misspelt limit must not be a limit that is not there.
//!
//! ```
//! let sources = logan::config::Sources {
//!     variables: vec![("LOGAN_LIMITS__BODY".into(), "1MiB".into())],
//!     ..Default::default()
//! };
//! let loaded = logan::config::load(&sources).unwrap();
//! assert_eq!(loaded.settings.limits.body.bytes(), 1024 * 1024);
//! assert_eq!(loaded.origin("limits.body").to_string(), "LOGAN_LIMITS__BODY");
//! assert_eq!(loaded.origin("limits.line").to_string(), "default");
//! ```
//!
//! Left out: what each value does (that is told where it is used), and any watching of files: who wants new settings
//! reads them again.

mod check;
mod error;
mod layer;
mod load;
mod origin;
mod schema;
mod secret;
mod settings;
#[cfg(test)]
mod tests;
mod units;
mod words;

pub use error::ConfigError;
pub use load::{Loaded, Shown, load, read};
pub use origin::{Flag, FlagValue, Origin, SourceFile, Sources};
pub use schema::{Key, keys};
pub use secret::{Secret, ask_private, read_secret};
pub use settings::{
    Auth, Background, BehindProxy, Channel, Command, Delivery, Disk, Limits, Log, Query, Rate, Rates, Retention, Rule,
    Settings, Smtp, Syslog, Tls,
};
pub use units::{Period, Size};
pub use words::{ChannelKind, LogFormat, LogLevel, RuleKind, SignUp, SmtpTls, SyslogProtocol};
