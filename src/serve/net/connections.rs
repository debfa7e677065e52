//! How many connections an address has open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::serve::limits::network;

/// Open connections of each address.
#[derive(Debug, Default)]
pub struct Connections(Mutex<HashMap<IpAddr, usize>>);

impl Connections {
    /// Counts one more, or refuses it when `most` of this address are open. Addresses of one network of IPv6 are one.
    pub fn enter(self: &Arc<Connections>, address: IpAddr, most: usize) -> Option<Entered> {
        let address = network(address);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Entered { connections: self.clone(), address })
    }
}

/// One open connection, until this is dropped.
#[derive(Debug)]
pub struct Entered {
    connections: Arc<Connections>,
    address: IpAddr,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut open = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}
