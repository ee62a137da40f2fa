//! The IP address that a request comes from.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The IP address that identifies a caller for rate limits: an IPv4 address, or the /64 network of
/// an IPv6 address, since one customer of a provider has all addresses of a /64.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientIp(Option<IpAddr>);

impl ClientIp {
    /// Reads an IP address. A missing or invalid text is the unknown IP address, which all such
    /// callers share.
    pub fn read(text: Option<&str>) -> Self {
        let ip: Option<IpAddr> = text.and_then(|text| text.trim().parse().ok());
        Self(ip.map(|ip| match ip.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
            v4 => v4,
        }))
    }

    /// Whether it is an IP address, not the unknown one.
    pub fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the site of an IPv6 caller: the /48 network that a provider gives to one customer
    /// (RFC 6177), with 65,536 /64 networks. `None` for IPv4 and unknown.
    pub fn site(&self) -> Option<String> {
        match self.0 {
            Some(IpAddr::V6(network)) => {
                Some(format!("{}/48", Ipv6Addr::from_bits(network.to_bits() & !(u128::MAX >> 48))))
            }
            _ => None,
        }
    }
}

impl fmt::Display for ClientIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("unknown"),
            Some(IpAddr::V4(v4)) => v4.fmt(f),
            Some(IpAddr::V6(network)) => write!(f, "{network}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_address_or_an_ipv6_network_identifies_a_caller() {
        for (text, caller) in [
            ("203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("", "unknown"),
            ("203.0.113.7, 198.51.100.1", "unknown"),
        ] {
            assert_eq!(ClientIp::read(Some(text)).to_string(), caller, "{text}");
        }
        assert!(!ClientIp::read(None).is_known());
    }

    #[test]
    fn an_ipv6_caller_is_part_of_a_site() {
        for (text, site) in [
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1::/48")),
            ("2001:db8:1:ffff::1", Some("2001:db8:1::/48")),
            ("2001:db8:2::1", Some("2001:db8:2::/48")),
            ("::ffff:203.0.113.7", None),
            ("203.0.113.7", None),
            ("", None),
        ] {
            assert_eq!(ClientIp::read(Some(text)).site().as_deref(), site, "{text}");
        }
    }
}
