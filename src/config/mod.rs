//! stub
#![allow(missing_docs)]
use std::time::Duration;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUp {
    Auto,
    Open,
    Invite,
    Closed,
}
#[derive(Clone, Copy, Debug)]
pub struct Period(Duration);
impl Period {
    pub const fn seconds(count: u64) -> Period {
        Period(Duration::from_secs(count))
    }
    pub const fn days(count: u64) -> Period {
        Period::seconds(count * 86_400)
    }
    pub const fn get(self) -> Duration {
        self.0
    }
}
#[derive(Clone, Debug)]
pub struct Settings {
    pub data: std::path::PathBuf,
    pub listen: std::net::SocketAddr,
    pub signup: SignUp,
    pub auth: Auth,
    pub rates: Rates,
    pub limits: Lim,
}
impl Default for Settings {
    fn default() -> Settings {
        Settings {
            data: "./logan-data".into(),
            listen: std::net::SocketAddr::from(([127, 0, 0, 1], 7171)),
            signup: SignUp::Auto,
            auth: Auth { refresh_idle: Period::days(1), refresh_absolute: Period::days(14), invite: Period::days(7) },
            rates: Rates {
                requests_per_key: 10_000,
                requests_per_address: 10_000,
                login_address_per_minute: 20,
                login_account_per_minute: 5,
                logins_per_second: 50,
                signup_address_per_hour: 5,
            },
            limits: Lim { connections: 2000, connections_per_address: 100 },
        }
    }
}
impl Settings {
    pub fn sign_up(&self) -> SignUp {
        match self.signup {
            SignUp::Auto if self.is_local() => SignUp::Open,
            SignUp::Auto => SignUp::Closed,
            said @ (SignUp::Open | SignUp::Invite | SignUp::Closed) => said,
        }
    }
    pub fn is_local(&self) -> bool {
        self.listen.ip().is_loopback()
    }
}
#[derive(Clone, Debug)]
pub struct Auth {
    pub refresh_idle: Period,
    pub refresh_absolute: Period,
    pub invite: Period,
}
impl Auth {
    pub fn access_life(&self) -> Duration {
        Duration::from_secs(900)
    }
}
#[derive(Clone, Debug)]
pub struct Rates {
    pub requests_per_key: u32,
    pub requests_per_address: u32,
    pub login_address_per_minute: u32,
    pub login_account_per_minute: u32,
    pub logins_per_second: u32,
    pub signup_address_per_hour: u32,
}
#[derive(Clone, Debug)]
pub struct Lim {
    pub connections: usize,
    pub connections_per_address: usize,
}
impl Lim {
    pub fn header_timeout(&self) -> Duration {
        Duration::from_secs(10)
    }
}
