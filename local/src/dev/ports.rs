//! Claims all ports before anything is started.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::failure::{Failure, Result};
use crate::serve::listen_on;

/// Listens on each port of `host`. If one is in use, the error names it and the option that changes
/// it.
pub fn claim(host: IpAddr, ports: &[(u16, &'static str)]) -> Result<BTreeMap<u16, TcpListener>> {
    if let Err(failure) = listen_on((host, 0).into()) {
        return Err(Failure::new(format!(
            "--host must be an IP address of this machine: {failure}"
        )));
    }
    let mut claimed = BTreeMap::new();
    for (port, option) in ports {
        if let Some((_, other)) = ports.iter().find(|(same, other)| same == port && other != option)
        {
            return Err(Failure::new(format!(
                "{other} and {option} are both {port}: choose another port for one of them"
            )));
        }
        // Checked before it listens: on an IPv6 address it would find its own listener.
        let is_taken = is_served_on_ipv6(*port);
        let listener = listen_on((host, *port).into()).ok().filter(|_| !is_taken);
        let listener = listener.ok_or_else(|| {
            Failure::new(format!(
                "port {port} is in use: stop the program that uses it, or choose another with {option}"
            ))
        })?;
        claimed.insert(*port, listener);
    }
    Ok(claimed)
}

/// Whether another program accepts connections on this port of `::1`. Some systems let us listen on
/// 127.0.0.1 although another program listens on all addresses; and `localhost` may resolve to
/// `::1` first.
fn is_served_on_ipv6(port: u16) -> bool {
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::serve::listen;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a_port_in_use_is_an_error_that_names_its_option() {
        let taken = listen(0).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_eq!(
            claim(HERE, &[(port, "--db-port")]).unwrap_err().to_string(),
            format!(
                "port {port} is in use: stop the program that uses it, or choose another with --db-port"
            )
        );
    }

    #[test]
    fn two_parts_cannot_share_a_port() {
        let words = claim(HERE, &[(8000, "--db-port"), (8000, "--port")]);
        let words = words.unwrap_err().to_string();
        assert!(words.contains("--db-port") && words.contains("--port"), "{words}");
    }

    #[test]
    fn ipv6_ports_are_claimed_like_ipv4_ports() {
        for host in [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::UNSPECIFIED)] {
            // Not every machine has IPv6.
            let Ok(listener) = listen_on((host, 0).into()) else { continue };
            let free = listener.local_addr().unwrap().port();
            drop(listener);
            let ports = [(free, "--db-port")];
            let claimed = claim(host, &ports).unwrap();
            let words = claim(host, &ports).unwrap_err().to_string();
            assert!(words.contains("--db-port"), "{words}");
            drop(claimed);
        }
    }

    #[test]
    fn an_address_of_another_machine_is_an_error() {
        let words = claim([192, 0, 2, 1].into(), &[]).unwrap_err().to_string();
        assert!(words.contains("--host") && words.contains("192.0.2.1"), "{words}");
    }
}
