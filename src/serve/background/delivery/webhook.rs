//! Webhooks: a signed POST to an address that was looked at before.
//!
//! A name is resolved once, all of its addresses are looked at, and the connection is made to one of them: what it
//! resolves to a moment later does not matter. Addresses that stand in the URL are looked at apart, since nobody
//! resolves them. There are no redirects and no proxies; of the answer at most 4 KiB are read, and nobody sees them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::SendError;
use super::address::{Refused, is_allowed, is_public};
use crate::config;
use crate::entry::Timestamp;

/// Longest URL.
const MOST_URL: usize = 2048;
/// Bytes of an answer that are read.
const MOST_ANSWER: usize = 4096;

/// Sends webhooks.
#[derive(Clone, Debug)]
pub struct Sender {
    settings: config::Delivery,
    /// One that may go to the internet, and one that goes to networks the operator allows, for `http`.
    clients: Result<(Client, Client), String>,
}

/// Resolves names to addresses that may be sent to.
#[derive(Debug)]
struct CheckedResolver {
    allow: Arc<[IpNet]>,
    /// True when only allowed networks will do.
    only_allowed: bool,
}

impl CheckedResolver {
    fn may(&self, address: IpAddr) -> bool {
        is_allowed(address, &self.allow) || (!self.only_allowed && is_public(address))
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = CheckedResolver { allow: self.allow.clone(), only_allowed: self.only_allowed };
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !resolver.may(address.ip())) {
                return Err(Refused("the name leads to an address that is not sent to").into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn client(settings: &config::Delivery, only_allowed: bool) -> Result<Client, String> {
    Client::builder()
        .dns_resolver(Arc::new(CheckedResolver { allow: settings.allow.clone().into(), only_allowed }))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .https_only(!only_allowed)
        .http1_only()
        .pool_max_idle_per_host(0)
        .timeout(settings.timeout.get())
        .user_agent("logan")
        .build()
        .map_err(|error| format!("webhooks cannot be sent: {error}"))
}

/// Checks where a webhook goes, as far as can be seen without asking anybody: `https`, a port that is allowed, an
/// address that may be sent to. `http` is taken only to an address in a network the operator allows.
pub fn check_url(text: &str, settings: &config::Delivery) -> Result<Url, Refused> {
    if text.len() > MOST_URL {
        return Err(Refused("the url is longer than 2048 characters"));
    }
    let url = Url::parse(text).map_err(|_| Refused("not a url: one like https://example.org/hook is expected"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Refused("https is expected"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused("a url with a name or password in it is not taken"));
    }
    let literal = literal(&url).ok_or(Refused("the url has no host"))?;
    match literal {
        Some(address) if is_allowed(address, &settings.allow) => {}
        Some(address) if !is_public(address) => return Err(Refused("the address is not one of the open internet")),
        // A name can lead to an allowed network; that is seen when it is resolved.
        None if url.scheme() == "http" && !settings.allow.is_empty() => {}
        _ if url.scheme() == "http" => return Err(Refused("https is expected")),
        Some(_) | None => {}
    }
    if !url.port_or_known_default().is_some_and(|port| settings.ports.contains(&port)) {
        return Err(Refused("the port is not one that the server sends to"));
    }
    Ok(url)
}

/// Returns the address that stands in a URL, `Some(None)` when it has a name, `None` when it has no host.
#[allow(clippy::option_option, reason = "three cases, of which two are usual")]
fn literal(url: &Url) -> Option<Option<IpAddr>> {
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some(inner.parse().ok())
}

/// Returns the signature of a body: `t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body" in hexadecimal digits>`.
pub fn sign(secret: &SecretString, now: Timestamp, body: &str) -> String {
    let seconds = now.seconds();
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("a key of any length will do");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    let digest: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={digest}")
}

impl Sender {
    /// A sender with these limits.
    pub fn new(settings: &config::Delivery) -> Sender {
        let clients = client(settings, false).and_then(|open| Ok((open, client(settings, true)?)));
        Sender { settings: settings.clone(), clients }
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// When the address is refused, or the answer is not 2xx.
    pub async fn post(
        &self,
        url: &str,
        secret: Option<&SecretString>,
        id: &str,
        body: String,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let url = check_url(url, &self.settings)?;
        let (open, inside) = self.clients.as_ref().map_err(|error| SendError::Setup(error.clone()))?;
        let client = if url.scheme() == "http" { inside } else { open };
        let mut request = client.post(url).header("content-type", "application/json").header("x-logan-delivery", id);
        if let Some(secret) = secret {
            request = request.header("x-logan-signature", sign(secret, now, &body));
        }
        let timeout = self.settings.timeout.get();
        let mut response = request.body(body).send().await.map_err(|error| told(&error, timeout))?;
        let status = response.status();
        let mut read = 0;
        while read < MOST_ANSWER {
            // What it says does not matter, nor whether it says it to the end.
            match response.chunk().await {
                Ok(Some(chunk)) => read += chunk.len(),
                Ok(None) | Err(_) => break,
            }
        }
        if status.is_success() { Ok(()) } else { Err(SendError::Status(status.as_u16())) }
    }
}

/// Tells an error without what was answered.
fn told(error: &reqwest::Error, timeout: Duration) -> SendError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return SendError::Refused(refused.clone());
        }
        cause = inner.source();
    }
    if error.is_timeout() { SendError::Late(timeout) } else { SendError::Unreachable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_ways_to_write_an_address_inside_are_refused() {
        let settings = config::Delivery::default();
        let hosts = [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "0177.0.0.1",
            "0x7f.0.0.1",
            "0x7f000001",
            "2130706433",
            "017700000001",
            "0x7f.1",
            "127.0.0.1.",
            "0",
            "0.0.0.0",
            "0x0",
            "00",
            "10.0.0.1",
            "10.1",
            "167772161",
            "012.0.0.1",
            "0xa000001",
            "172.16.0.1",
            "0xac100001",
            "2886729729",
            "172.31.255.254",
            "192.168.0.1",
            "192.168.1",
            "3232235521",
            "0xc0a80001",
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "169.254.43518",
            "100.64.0.1",
            "1681915905",
            "198.18.0.1",
            "192.0.2.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "4294967295",
            "１２７.０.０.１",
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "[::1]",
            "[::]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b:1::a00:1]",
            "[2002:7f00:1::]",
            "[2002:a00:1::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[2001::1]",
            "[100::1]",
            "[::ffff:169.254.169.254]",
            "[fec0::1]",
        ];
        assert!(hosts.len() >= 60);
        for host in hosts {
            for url in [format!("https://{host}/hook"), format!("https://{host}:8443/")] {
                let checked = check_url(&url, &settings);
                assert!(checked.is_err(), "{url} became {checked:?}");
            }
        }
    }

    #[test]
    fn other_schemes_ports_names_and_passwords_are_refused() {
        let settings = config::Delivery::default();
        for url in [
            "http://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "gopher://example.org/",
            "https://",
            "https://example.org:22/",
            "https://example.org:80/",
            "https://me@example.org/",
            "https://a:b@example.org/",
            "//example.org/",
            "example.org",
            "",
            "https://[::1",
            "javascript:alert(1)",
            "unix:/run/docker.sock",
        ] {
            assert!(check_url(url, &settings).is_err(), "{url}");
        }
        assert!(check_url(&format!("https://example.org/{}", "a".repeat(2048)), &settings).is_err());
        for url in ["https://example.org/hook?x=1", "https://example.org:8443/", "https://1.1.1.1/"] {
            assert!(check_url(url, &settings).is_ok(), "{url}");
        }
    }

    #[test]
    fn http_goes_to_allowed_networks_alone() {
        let allow = vec!["127.0.0.0/8".parse().expect("a network")];
        let settings = config::Delivery { allow, ports: vec![9000], ..config::Delivery::default() };
        assert!(check_url("http://127.0.0.1:9000/", &settings).is_ok());
        assert!(check_url("http://2130706433:9000/", &settings).is_ok());
        for url in ["http://1.1.1.1:9000/", "http://10.0.0.1:9000/", "http://127.0.0.1:9001/", "http://127.0.0.1/"] {
            assert!(check_url(url, &settings).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused() {
        let resolver = CheckedResolver { allow: Vec::new().into(), only_allowed: false };
        // Known to every machine without asking anybody.
        let found = resolver.resolve("localhost".parse().expect("a name")).await;
        assert!(found.is_err_and(|error| error.downcast_ref::<Refused>().is_some()));
        let allow = vec!["127.0.0.0/8".parse().expect("a network"), "::1/128".parse().expect("a network")];
        let resolver = CheckedResolver { allow: allow.into(), only_allowed: true };
        assert!(resolver.resolve("localhost".parse().expect("a name")).await.is_ok());
    }

    #[test]
    fn a_signature_can_be_made_again_by_who_has_the_secret() {
        let now = Timestamp::from_seconds(1_789_000_000, 0).expect("a time");
        // printf '1789000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let signature = sign(&"secret".to_owned().into(), now, "{\"a\":1}");
        let digest = "36d643291de5ffe36c3c5accf2d808b023ad3b7256ca6c6ebf6dcff6feb735d5";
        assert_eq!(signature, format!("t=1789000000,v1={digest}"));
        assert_ne!(signature, sign(&"other".to_owned().into(), now, "{\"a\":1}"));
        assert_ne!(signature, sign(&"secret".to_owned().into(), now, "{\"a\":2}"));
    }
}
