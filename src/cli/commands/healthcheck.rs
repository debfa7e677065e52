//! `logan healthcheck`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;

use crate::cli::args::ServeFlags;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::settings;
use crate::config;

/// Ask a server on this machine whether it is ready; exit code 0 when it is, 1 when not
///
/// For container images that have no curl. Asks /readyz at the address of the settings (`ops_listen`), unless a URL is
/// given.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan healthcheck                                      is it ready
  logan healthcheck --url http://127.0.0.1:7172/livez    is it there at all
  HEALTHCHECK CMD [\"/usr/local/bin/logan\", \"healthcheck\", \"--quiet\"]")]
pub struct HealthcheckArgs {
    /// Ask this URL
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Wait so many seconds for the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub timeout: u64,
    /// The settings given as flags.
    #[command(flatten)]
    pub flags: ServeFlags,
}

/// Asks.
pub fn run(args: &HealthcheckArgs, session: &Session) -> Result<Exit, Failure> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => {
            let settings = config::read(&settings::sources(&args.flags)?)?.settings;
            format!("http://{}/readyz", reachable(settings.ops_listen))
        }
    };
    let client = reqwest::blocking::Client::builder()
        .timeout(Duration::from_secs(args.timeout))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(Failure::new)?;
    let unhealthy = |failure: Failure| Failure { exit: Exit::Asked, ..failure }.context(format!("{url}: not ready"));
    let answer = match client.get(&url).send() {
        Ok(answer) => answer,
        Err(error) if error.is_builder() => {
            return Err(Failure::new(error.without_url()).context(format!("{url}: no URL")));
        }
        Err(error) => return Err(unhealthy(Failure::new(error.without_url()))),
    };
    let status = answer.status();
    let text = answer.text().unwrap_or_default();
    let text: String = text.trim().chars().take(200).collect();
    if !status.is_success() {
        return Err(unhealthy(Failure::message(format!("answered {status}: {text}"))));
    }
    session.note(&text);
    Ok(Exit::Done)
}

/// A server that listens everywhere is asked at this machine's own address.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
