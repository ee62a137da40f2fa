//! Every port is free, or nothing is started at all.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::failure::{Failure, Result};
use crate::serve::listen;

/// Listens on each of the ports, or names the one that is taken and the option that changes it.
pub fn claim(ports: &[(u16, &'static str)]) -> Result<BTreeMap<u16, TcpListener>> {
    let mut claimed = BTreeMap::new();
    for (port, option) in ports {
        if let Some((_, other)) = ports.iter().find(|(same, other)| same == port && other != option)
        {
            return Err(Failure::new(format!(
                "{other} and {option} both say {port}: choose another for one"
            )));
        }
        let listener = listen(*port).ok().filter(|_| !somebody_answers_elsewhere(*port));
        let listener = listener.ok_or_else(|| {
            Failure::new(format!(
                "port {port} is taken: stop what listens there, or choose another with {option}"
            ))
        })?;
        claimed.insert(*port, listener);
    }
    Ok(claimed)
}

/// Some systems let us listen on 127.0.0.1 beside another program's wildcard address. IPv6 is
/// asked because `localhost` may lead there first.
fn somebody_answers_elsewhere(port: u16) -> bool {
    let address = SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}

/// Where the API will be.
pub fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_its_option() {
        let taken = listen(0).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_eq!(
            claim(&[(port, "--db-port")]).unwrap_err().to_string(),
            format!(
                "port {port} is taken: stop what listens there, or choose another with --db-port"
            )
        );
    }

    #[test]
    fn two_parts_cannot_share_a_port() {
        let words = claim(&[(8000, "--db-port"), (8000, "--port")]).unwrap_err().to_string();
        assert!(words.contains("--db-port") && words.contains("--port"), "{words}");
    }
}
