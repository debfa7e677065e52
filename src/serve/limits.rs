//! How much is allowed how often (governor's GCRA): per principal, per org, per address.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

use super::auth::OrgScope;
use super::error::ApiError;
use super::ids::OrgId;
use super::state::seconds_up;
use crate::config::{Rate, Settings};

/// The limits of the whole server.
#[derive(Debug)]
pub struct Limits {
    principals: DefaultKeyedRateLimiter<String>,
    orgs: DefaultKeyedRateLimiter<OrgId>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    /// KiB of logs of an org.
    ingest: DefaultKeyedRateLimiter<String>,
}

fn quota(rate: &Rate) -> Quota {
    let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(rate.per_second)).allow_burst(at_least_one(rate.burst))
}

impl Limits {
    /// Makes the limits that are set.
    pub fn new(settings: &Settings) -> Limits {
        Limits {
            principals: RateLimiter::keyed(quota(&settings.rates.key)),
            orgs: RateLimiter::keyed(quota(&settings.rates.org)),
            addresses: RateLimiter::keyed(quota(&settings.rates.address)),
            ingest: RateLimiter::keyed(quota(&Rate {
                per_second: kib(settings.rates.ingest.as_usize()),
                burst: kib(settings.rates.ingest_burst.as_usize()),
            })),
        }
    }

    /// Counts a request of a principal, and as one of its org's: many keys have no more than the org.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn requests(&self, scope: &OrgScope) -> Result<(), ApiError> {
        self.principals.check_key(&scope.client()).map_err(|until| too_many(&until))?;
        self.orgs.check_key(&scope.org()).map_err(|until| too_many(&until))
    }

    /// Counts a request from an address, before anything of it is read.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn address(&self, address: IpAddr) -> Result<(), ApiError> {
        self.addresses.check_key(&network(address)).map_err(|until| too_many(&until))
    }

    /// Counts the bytes of logs an org sends, decompressed.
    ///
    /// # Errors
    /// 429 with the time to wait; 413 when no waiting would help.
    pub fn ingest(&self, org: &str, bytes: usize) -> Result<(), ApiError> {
        let cells = NonZeroU32::new(kib(bytes)).unwrap_or(NonZeroU32::MIN);
        match self.ingest.check_key_n(&org.to_owned(), cells) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(until)) => Err(too_many(&until)),
            Err(_) => Err(ApiError::too_large("the body is larger than your org may send at once")),
        }
    }

    /// Forgets who has not been here for a while.
    pub fn forget_the_idle(&self) {
        self.principals.retain_recent();
        self.orgs.retain_recent();
        self.addresses.retain_recent();
        self.ingest.retain_recent();
    }
}

/// Rounds bytes up to KiB: what is counted fits 32 bits.
fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

fn too_many(until: &NotUntil<<DefaultClock as Clock>::Instant>) -> ApiError {
    let wait = seconds_up(until.wait_time_from(DefaultClock::default().now()));
    let most = until.quota().burst_size().get();
    ApiError::too_many("too many requests; wait as the header Retry-After says", most, wait)
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
