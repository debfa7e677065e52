//! stub
#![allow(missing_docs)]
use std::time::Duration;
#[derive(Clone, Debug)]
pub struct Settings {
    pub data: std::path::PathBuf,
    pub listen: std::net::SocketAddr,
    pub auth: Auth,
    pub rates: Rates,
    pub limits: Lim,
}
#[derive(Clone, Debug)]
pub struct Auth;
impl Auth {
    pub fn access_life(&self) -> Duration {
        Duration::from_secs(900)
    }
}
#[derive(Clone, Debug)]
pub struct Rates {
    pub requests_per_key: u32,
    pub requests_per_address: u32,
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
