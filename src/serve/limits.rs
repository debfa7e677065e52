//! How much is allowed how often (governor's GCRA): per principal, org and address.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

use super::error::ApiError;
use super::ids::OrgId;
use super::state::seconds_up;
use crate::config::{Rate, Settings, Size};

/// The limits of the whole server.
#[derive(Debug)]
pub struct Limits {
    principals: Keyed<String>,
    orgs: Keyed<OrgId>,
    addresses: Keyed<IpAddr>,
    /// KiB of logs of an org.
    ingest: Keyed<String>,
}

/// One limit, counted for each name apart.
#[derive(Debug)]
struct Keyed<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    /// How much at once.
    burst: u32,
    /// What is counted, and how much of it is allowed, for people.
    allowed: String,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    /// A limit of requests.
    fn of_requests(rate: &Rate, whose: &str) -> Keyed<K> {
        Keyed::new(rate, format!("requests of {whose}: {} at once and {}", rate.burst, rate.per_second))
    }

    fn new(rate: &Rate, allowed: String) -> Keyed<K> {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(rate.per_second)).allow_burst(at_least_one(rate.burst));
        Keyed { limiter: RateLimiter::keyed(quota), burst: rate.burst, allowed }
    }

    fn check(&self, key: &K) -> Result<(), ApiError> {
        self.limiter.check_key(key).map_err(|until| self.too_many(&until))
    }

    fn too_many(&self, until: &NotUntil<<DefaultClock as Clock>::Instant>) -> ApiError {
        let wait = seconds_up(until.wait_time_from(DefaultClock::default().now()));
        let text = format!("too many {} a second are allowed; come again in {} s", self.allowed, wait.as_secs());
        ApiError::too_many(text, self.burst, wait)
    }
}

impl Limits {
    /// Makes the limits that are set.
    pub fn new(settings: &Settings) -> Limits {
        let rates = &settings.rates;
        let ingest = Rate { per_second: kib(rates.ingest.as_usize()), burst: kib(rates.ingest_burst.as_usize()) };
        let bytes = format!("bytes of logs of this org: {} at once and {}", rates.ingest_burst, rates.ingest);
        Limits {
            principals: Keyed::of_requests(&rates.key, "this key or account"),
            orgs: Keyed::of_requests(&rates.org, "this org"),
            addresses: Keyed::of_requests(&rates.address, "this address"),
            ingest: Keyed::new(&ingest, bytes),
        }
    }

    /// Counts a request of a principal, and of its org.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn requests(&self, client: String, org: OrgId) -> Result<(), ApiError> {
        // A key that is over its own limit does not use up its org's.
        self.principals.check(&client)?;
        self.orgs.check(&org)
    }

    /// Counts a request from an address, before anything of it is read.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn address(&self, address: IpAddr) -> Result<(), ApiError> {
        self.addresses.check(&network(address))
    }

    /// Counts the bytes of logs an org sends, decompressed.
    ///
    /// # Errors
    /// 429 with the time to wait; 413 when no waiting would help.
    pub fn ingest(&self, org: &str, bytes: usize) -> Result<(), ApiError> {
        let cells = NonZeroU32::new(kib(bytes)).unwrap_or(NonZeroU32::MIN);
        match self.ingest.limiter.check_key_n(&org.to_owned(), cells) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(until)) => Err(self.ingest.too_many(&until)),
            Err(_) => {
                let most = Size::from_bytes(u64::from(self.ingest.burst) * 1024);
                Err(ApiError::too_large(format!("the body is larger than the {most} this org may send at once")))
            }
        }
    }

    /// Forgets who has not been here for a while.
    pub fn forget_the_idle(&self) {
        self.principals.limiter.retain_recent();
        self.orgs.limiter.retain_recent();
        self.addresses.limiter.retain_recent();
        self.ingest.limiter.retain_recent();
    }
}

/// Rounds bytes up to KiB: what is counted fits 32 bits.
fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

/// Returns what of an address counts: all of IPv4, the /64 of IPv6, which one machine has to itself.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}
