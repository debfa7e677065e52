//! How often somebody may try to log in: by address, by account, and all together. Never a hard lock.
//!
//! An account takes some failures in a minute, then each further one doubles the wait, up to 15 minutes. Who guesses at
//! an account from elsewhere does not keep its owner out: an address from which the account has logged in before is
//! counted apart. Each attempt counts before it is looked at, so that many at once are no way around.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::config::Settings;
use crate::entry::Timestamp;
use crate::serve::limits::network;

const SECOND: i64 = 1_000_000_000;
/// The first wait of an account, and the longest.
const FIRST_WAIT: i64 = 15 * SECOND;
const LONGEST_WAIT: i64 = 900 * SECOND;
/// Networks that are known of an account.
const MOST_KNOWN: usize = 8;
/// Above this many names, those that are over are forgotten. All log-ins together are limited by the second, so there
/// is an end to those that are not.
const MANY: usize = 50_000;

/// So many at once, and one more each interval (GCRA: one number a name, the time at which all is used up again).
#[derive(Clone, Copy, Debug)]
struct Pace {
    interval: i64,
    burst: i64,
}

impl Pace {
    fn per(count: u32, period: i64) -> Pace {
        let burst = i64::from(count.max(1));
        Pace { interval: period / burst, burst }
    }

    fn take(self, until: &mut i64, now: i64) -> Result<(), Duration> {
        let base = (*until).max(now);
        let over = base - now - self.interval * (self.burst - 1);
        if over > 0 {
            return Err(Duration::from_nanos(over.unsigned_abs()));
        }
        *until = base + self.interval;
        Ok(())
    }
}

fn taken<K: Hash + Eq>(pace: Pace, all: &mut HashMap<K, i64>, name: K, now: i64) -> Result<(), Duration> {
    if all.len() > MANY {
        all.retain(|_, until| *until > now);
    }
    pace.take(all.entry(name).or_insert(now), now)
}

/// Attempts at an account that did not succeed.
#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    /// When the first of this minute was, while they are few.
    since: i64,
    /// When the next may be.
    next: i64,
}

/// An account, and the network it is known from when that is counted apart.
type Account = (String, Option<IpAddr>);

#[derive(Debug, Default)]
struct Tries {
    addresses: HashMap<IpAddr, i64>,
    accounts: HashMap<Account, Failures>,
    known: HashMap<String, VecDeque<IpAddr>>,
    all: i64,
    sign_ups: HashMap<IpAddr, i64>,
    refusals: HashMap<String, i64>,
}

/// Counts attempts.
#[derive(Debug)]
pub struct Throttle {
    address: Pace,
    all: Pace,
    sign_up: Pace,
    refusal: Pace,
    account: u32,
    tries: Mutex<Tries>,
}

impl Throttle {
    /// As the settings say.
    pub fn new(settings: &Settings) -> Throttle {
        let rates = &settings.rates;
        Throttle {
            address: Pace::per(rates.login_address_per_minute, 60 * SECOND),
            all: Pace::per(rates.logins_per_second, SECOND),
            sign_up: Pace::per(rates.signup_address_per_hour, 3600 * SECOND),
            refusal: Pace::per(10, 60 * SECOND),
            account: rates.login_account_per_minute.max(1),
            tries: Mutex::default(),
        }
    }

    fn tries(&self) -> std::sync::MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an attempt at an account, known or not.
    ///
    /// # Errors
    /// How long to wait.
    pub fn attempt(&self, account: &str, address: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let (account, address, now) = (account.to_lowercase(), network(address), now.nanos());
        let tries = &mut *self.tries();
        taken(self.address, &mut tries.addresses, address, now)?;
        if tries.accounts.len() > MANY {
            tries.accounts.retain(|_, failures| failures.next + LONGEST_WAIT > now);
        }
        let known = tries.known.get(&account).is_some_and(|known| known.contains(&address));
        let failures = tries.accounts.entry((account, known.then_some(address)));
        let failures = failures.or_insert(Failures { count: 0, since: now, next: now });
        if now < failures.next {
            return Err(Duration::from_nanos(failures.next.abs_diff(now)));
        }
        let few = failures.count < self.account;
        if (few && now - failures.since >= 60 * SECOND) || now - failures.next > LONGEST_WAIT {
            *failures = Failures { count: 0, since: now, next: now };
        }
        self.all.take(&mut tries.all, now)?;
        failures.count += 1;
        if let Some(doubled) = failures.count.checked_sub(self.account) {
            let wait = FIRST_WAIT.checked_shl(doubled).filter(|_| doubled < 10).unwrap_or(LONGEST_WAIT);
            failures.next = now + wait.min(LONGEST_WAIT);
        }
        Ok(())
    }

    /// Forgets the failures of an account that has logged in from this address, and knows the address from now on.
    pub fn succeeded(&self, account: &str, address: IpAddr) {
        let (account, address) = (account.to_lowercase(), network(address));
        let tries = &mut *self.tries();
        tries.accounts.remove(&(account.clone(), Some(address)));
        tries.accounts.remove(&(account.clone(), None));
        let known = tries.known.entry(account).or_default();
        known.retain(|other| *other != address);
        known.push_back(address);
        if known.len() > MOST_KNOWN {
            known.pop_front();
        }
    }

    /// Counts a new account; those made on the machine itself are not counted.
    ///
    /// # Errors
    /// How long to wait.
    pub fn sign_up(&self, address: IpAddr, now: Timestamp) -> Result<(), Duration> {
        if address.to_canonical().is_loopback() {
            return Ok(());
        }
        taken(self.sign_up, &mut self.tries().sign_ups, network(address), now.nanos())
    }

    /// Returns true when one more refusal of this client is to be written down: a few a minute say it all.
    pub fn notes_refusal(&self, client: &str, now: Timestamp) -> bool {
        taken(self.refusal, &mut self.tries().refusals, client.to_owned(), now.nanos()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::{Clock, ManualClock};

    fn at() -> ManualClock {
        ManualClock::at(Timestamp::from_seconds(1_000_000, 0).expect("a time"))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn seconds(result: Result<(), Duration>) -> u64 {
        result.map_or_else(|wait| wait.as_secs(), |()| 0)
    }

    #[test]
    fn an_account_waits_twice_as_long_each_time_but_never_for_ever() {
        let (throttle, clock) = (Throttle::new(&Settings::default()), at());
        let home = address("192.0.2.1");
        for _ in 0..5 {
            assert_eq!(throttle.attempt("A@example.org", home, clock.now()), Ok(()));
        }
        for wait in [15, 30, 60, 120, 240, 480, 900, 900, 900] {
            assert_eq!(seconds(throttle.attempt("a@example.org", home, clock.now())), wait);
            assert_eq!(
                seconds(throttle.attempt("a@EXAMPLE.org", home, clock.now())),
                wait,
                "asking does not add to it"
            );
            clock.advance(Duration::from_secs(wait));
            assert_eq!(throttle.attempt("a@example.org", home, clock.now()), Ok(()), "after {wait} s");
        }
        assert_eq!(throttle.attempt("b@example.org", home, clock.now()), Ok(()), "others are not held up");
        clock.advance(Duration::from_secs(1801));
        assert_eq!(throttle.attempt("a@example.org", home, clock.now()), Ok(()), "it is forgotten");
        assert_eq!(throttle.attempt("a@example.org", home, clock.now()), Ok(()));
    }

    #[test]
    fn slow_failures_never_wait() {
        let (throttle, clock) = (Throttle::new(&Settings::default()), at());
        for _ in 0..40 {
            assert_eq!(throttle.attempt("a@example.org", address("192.0.2.1"), clock.now()), Ok(()));
            clock.advance(Duration::from_secs(16));
        }
    }

    #[test]
    fn success_resets_and_strangers_cannot_keep_the_owner_out() {
        let (throttle, clock) = (Throttle::new(&Settings::default()), at());
        let (home, elsewhere) = (address("192.0.2.1"), address("198.51.100.7"));
        throttle.attempt("a@example.org", home, clock.now()).expect("the first");
        throttle.succeeded("a@example.org", home);
        for _ in 0..5 {
            throttle.attempt("a@example.org", elsewhere, clock.now()).expect("a few");
        }
        assert_eq!(seconds(throttle.attempt("a@example.org", elsewhere, clock.now())), 15);
        for _ in 0..3 {
            assert_eq!(throttle.attempt("a@example.org", home, clock.now()), Ok(()), "the owner gets in");
        }
        throttle.succeeded("a@example.org", home);
        assert_eq!(throttle.attempt("a@example.org", elsewhere, clock.now()), Ok(()), "and resets it");
    }

    #[test]
    fn an_address_tries_twenty_times_a_minute_whatever_the_accounts() {
        let (throttle, clock) = (Throttle::new(&Settings::default()), at());
        for count in 0..20 {
            let from = address(&format!("2001:db8::{count}"));
            assert_eq!(throttle.attempt(&format!("{count}@example.org"), from, clock.now()), Ok(()), "one /64");
        }
        let one_more = |clock: &ManualClock| throttle.attempt("x@example.org", address("2001:db8::ff"), clock.now());
        assert_eq!(seconds(one_more(&clock)), 3);
        assert_eq!(throttle.attempt("x@example.org", address("2001:db8:0:1::1"), clock.now()), Ok(()), "another /64");
        clock.advance(Duration::from_secs(3));
        assert_eq!(one_more(&clock), Ok(()));
    }

    #[test]
    fn all_together_try_fifty_times_a_second() {
        let (throttle, clock) = (Throttle::new(&Settings::default()), at());
        let one =
            |count: u32| throttle.attempt(&format!("{count}@e.org"), IpAddr::from(count.to_be_bytes()), clock.now());
        assert_eq!((0..60).filter(|count| one(*count).is_ok()).count(), 50);
        clock.advance(Duration::from_secs(1));
        assert_eq!((100..200).filter(|count| one(*count).is_ok()).count(), 50);
    }

    #[test]
    fn an_address_makes_five_accounts_an_hour_but_the_machine_itself_any_number() {
        let (throttle, clock) = (Throttle::new(&Settings::default()), at());
        let made = |from: &str| (0..9).filter(|_| throttle.sign_up(address(from), clock.now()).is_ok()).count();
        assert_eq!((made("192.0.2.1"), made("192.0.2.2"), made("127.0.0.1"), made("::1")), (5, 5, 9, 9));
        clock.advance(Duration::from_secs(12 * 60));
        assert_eq!(made("192.0.2.1"), 1);
    }
}
