//! The flags of the server's settings: `logan serve` runs with them, `logan config show` shows what comes of them.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Flag, FlagValue};

/// Settings given on the command line. The texts are read by `config`, like those of files and variables.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub struct ServeFlags {
    /// Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml
    #[arg(long, value_name = "FILE", env = "LOGAN_CONFIG")]
    pub config: Option<PathBuf>,
    /// Keep everything in this folder (default ./logan-data)
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<String>,
    /// Answer requests at this address (default 127.0.0.1:7171)
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)
    #[arg(long, value_name = "ADDRESS")]
    pub ops_listen: Option<String>,
    /// Use this certificate (chain, PEM)
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<String>,
    /// Use this key of the certificate (PEM)
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<String>,
    /// Believe the client addresses that proxies in these networks tell
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub behind_proxy: Vec<String>,
    /// Listen beyond this machine even without TLS
    #[arg(long)]
    pub insecure: bool,
    /// Say this much about the server itself: off, error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// Write the server's own log as text or json (default: text on a terminal, json otherwise)
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

impl ServeFlags {
    /// Returns the settings that were given.
    pub fn given(&self) -> Vec<Flag> {
        let texts = [
            ("--data", "data", &self.data),
            ("--listen", "listen", &self.listen),
            ("--ops-listen", "ops_listen", &self.ops_listen),
            ("--tls-cert", "tls.cert", &self.tls_cert),
            ("--tls-key", "tls.key", &self.tls_key),
            ("--log-level", "log.level", &self.log_level),
            ("--log-format", "log.format", &self.log_format),
        ];
        let flag = |name, key, value| Flag { name, key, value };
        let texts = texts.into_iter().filter_map(|(name, key, text)| Some((name, key, text.clone()?)));
        let mut given: Vec<Flag> = texts.map(|(name, key, text)| flag(name, key, FlagValue::Text(text))).collect();
        if !self.behind_proxy.is_empty() {
            given.push(flag("--behind-proxy", "behind_proxy.trusted", FlagValue::List(self.behind_proxy.clone())));
        }
        if self.insecure {
            given.push(flag("--insecure", "insecure", FlagValue::On));
        }
        given
    }
}
