//! Where webhooks may go: nowhere inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// An address that is not sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub &'static str);

/// Returns true for an address of the open internet. Everything with a purpose of its own (RFC 6890 and what came
/// later) is none, and neither is an IPv6 address that carries an IPv4 one: who stands behind it is not known.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !match a {
        // This network, private, loopback; from 224 on multicast, reserved, broadcast.
        0 | 10 | 127 | 224.. => true,
        // Shared by the customers of a carrier.
        100 => (64..128).contains(&b),
        // Link-local, where clouds keep their metadata.
        169 => b == 254,
        172 => (16..32).contains(&b),
        // Protocol assignments, documentation, 6to4 relays, private.
        192 => matches!((b, c), (0, 0 | 2) | (88, 99) | (31, 196) | (52, 193) | (175, 48)) || b == 168,
        // Benchmarks, documentation.
        198 => matches!(b, 18 | 19) || (b, c) == (51, 100),
        203 => (b, c) == (0, 113),
        _ => false,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Only 2000::/3 is given out. That leaves out ::, ::1, mapped and compatible addresses, NAT64 (64:ff9b::/96 and
    // 64:ff9b:1::/48), discard, ULA, link-local, site-local and multicast.
    let given_out = a & 0xe000 == 0x2000;
    let special = match a {
        // Teredo, ORCHID, benchmarks and other protocol assignments; documentation.
        0x2001 => b < 0x0200 || b == 0x0db8,
        // 6to4.
        0x2002 => true,
        // Documentation, the newer one.
        0x3fff => b < 0x1000,
        _ => false,
    };
    given_out && !special
}

/// Returns true when the operator allows an address that is not public.
pub fn is_allowed(address: IpAddr, allow: &[IpNet]) -> bool {
    allow.iter().any(|network| network.contains(&address.to_canonical()) || network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.1.2.3",
            "169.254.169.254",
            "169.254.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ] {
            assert!(!is_public(text.parse().expect(text)), "{text}");
        }
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
        ] {
            assert!(is_public(text.parse().expect(text)), "{text}");
        }
    }

    #[test]
    fn the_operator_can_allow_a_network() {
        let allow = ["10.1.0.0/16".parse().expect("a network"), "fd00::/8".parse().expect("a network")];
        for (text, allowed) in
            [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("10.2.0.1", false), ("fd00::1", true), ("::1", false)]
        {
            assert_eq!(is_allowed(text.parse().expect(text), &allow), allowed, "{text}");
        }
    }
}
