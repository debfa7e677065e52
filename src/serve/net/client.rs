//! Where a request came from, when proxies stand in front.
//!
//! A proxy appends the address it was asked from to `X-Forwarded-For`. What stands to the left of that was written by
//! whoever asked the proxy, so only the right-most address that is not one of our proxies can be believed.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Returns true when this address belongs to one of the networks.
pub fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|network| network.contains(&address))
}

/// Returns where a request came from: the peer, unless that is a proxy of ours that tells.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    // Several headers of this name are one list, in their order.
    let told = headers.get_all(FORWARDED_FOR).iter().rev().flat_map(|value| value.as_bytes().rsplit(|b| *b == b','));
    for hop in told {
        if !is_trusted(client, trusted) {
            break;
        }
        // A proxy that writes something else (`unknown`) knows no more than itself.
        let Some(address) = std::str::from_utf8(hop).ok().and_then(address) else { break };
        client = address;
    }
    client
}

/// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_proxies_of_ours_are_believed_and_only_as_far_as_they_can_know() {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).to_vec();
        // The peer, the headers, who it is.
        let cases: [(&str, &[&str], &str); 15] = [
            ("192.0.2.7", &[], "192.0.2.7"),
            ("192.0.2.7", &["203.0.113.1"], "192.0.2.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1", &["6.6.6.6, 203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1", &["6.6.6.6, 203.0.113.1, 10.0.0.2"], "203.0.113.1"),
            ("10.0.0.1", &["6.6.6.6", "203.0.113.1", "10.0.0.2 , 10.0.0.3"], "203.0.113.1"),
            ("10.0.0.1", &["10.0.0.9, 10.0.0.2"], "10.0.0.9"),
            ("10.0.0.1", &["203.0.113.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.1, "], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.1:4711"], "203.0.113.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.1"], "203.0.113.1"),
            ("fd00::1", &["6.6.6.6, 2001:db8::2"], "2001:db8::2"),
        ];
        for (peer, values, expected) in cases {
            let mut headers = HeaderMap::new();
            values.iter().for_each(|value| _ = headers.append(FORWARDED_FOR, value.parse().unwrap()));
            let found = client_address(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {values:?}");
        }
    }
}
