//! Refuses the requests that web pages from elsewhere send to this machine.
//!
//! A browser lets any page send requests to 127.0.0.1. Two headers give such a page away: `Origin`
//! names the page that sends, and `Host` names a stranger's domain where that domain was made to
//! resolve to this machine after the page was loaded (DNS rebinding), which makes the browser
//! believe that page and answer have the same origin.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

/// The names of this machine, beside its loopback addresses; the last one is what containers call
/// it.
const NAMES: [&str; 2] = ["localhost", "host.docker.internal"];

/// Which origins may send requests.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origins {
    /// Pages that this machine serves, on any port.
    OfThisMachine,
    /// Any, except at these paths: what is behind them answers CORS by its own list.
    AnyExceptAt(&'static [&'static str]),
}

/// What may be asked of a server.
#[derive(Debug, Clone, Copy)]
struct Guard {
    /// The IP address that the server listens on.
    ip: IpAddr,
    origins: Origins,
}

/// `router`, listening on `address`, with what comes from elsewhere refused: status 403.
pub(crate) fn guarded(router: Router, address: SocketAddr, origins: Origins) -> Router {
    let guard = Guard { ip: address.ip(), origins };
    router.layer(from_fn_with_state(guard, check))
}

async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.refusal(&request) {
        Some(why) => (StatusCode::FORBIDDEN, format!("{why}\n")).into_response(),
        None => next.run(request).await,
    }
}

impl Guard {
    fn refusal(&self, request: &Request) -> Option<String> {
        let host = match host(request) {
            Some(host) if self.is_this_machine(&host) => host,
            Some(host) => {
                return Some(format!(
                    "refused: «{host}» is no name of this machine: use localhost, or start \
                     `cargo dev` with --host"
                ));
            }
            None => return Some("refused: the request has no valid Host".to_owned()),
        };
        if let Origins::AnyExceptAt(paths) = self.origins
            && !paths.iter().any(|path| request.uri().path().starts_with(path))
        {
            return None;
        }
        let mut origins = request.headers().get_all(header::ORIGIN).iter();
        let foreign = origins.find(|origin| {
            let from = origin.to_str().ok().and_then(host_of_origin);
            !from.is_some_and(|from| from == host || self.is_named(&from))
        })?;
        let foreign = String::from_utf8_lossy(foreign.as_bytes());
        Some(format!("refused: pages of «{foreign}» have no business here"))
    }

    /// Whether a host is a name of this machine, or the address that is listened on.
    fn is_named(&self, host: &str) -> bool {
        NAMES.contains(&host) || ip(host).is_some_and(|ip| ip.is_loopback() || ip == self.ip)
    }

    /// The same, where a server that listens on every address is reached by any: nobody can make
    /// an IP address resolve to another one.
    fn is_this_machine(&self, host: &str) -> bool {
        self.is_named(host) || (self.ip.is_unspecified() && ip(host).is_some())
    }
}

/// The host that a request is sent to, without the port.
fn host(request: &Request) -> Option<String> {
    if let Some(authority) = request.uri().authority() {
        return Some(plain(authority));
    }
    only(request.headers()).and_then(host_of)
}

/// The one `Host` header.
fn only(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

fn host_of(authority: &str) -> Option<String> {
    authority.parse().ok().as_ref().map(plain)
}

/// `http://localhost:3000`; the `null` of a page without an origin has no host.
fn host_of_origin(origin: &str) -> Option<String> {
    origin.split_once("://").and_then(|(_, authority)| host_of(authority))
}

fn plain(authority: &Authority) -> String {
    authority.host().trim_end_matches('.').to_ascii_lowercase()
}

fn ip(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::body::Body;

    use super::*;

    #[test]
    fn what_is_listened_on_is_a_name_of_this_machine() {
        let request = |host: &str, origin: &str| {
            let request = Request::get("/").header(header::HOST, host);
            request.header(header::ORIGIN, origin).body(Body::empty()).unwrap()
        };
        let refuses = |ip: [u8; 4], host: &str, origin: &str| {
            let guard = Guard { ip: Ipv4Addr::from(ip).into(), origins: Origins::OfThisMachine };
            guard.refusal(&request(host, origin)).is_some()
        };
        let bridge = [172, 17, 0, 1];
        assert!(!refuses(bridge, "172.17.0.1:8000", "http://172.17.0.1:9100"));
        assert!(refuses(bridge, "172.17.0.2:8000", "http://172.17.0.1:9100"));
        assert!(refuses(bridge, "172.17.0.1:8000", "http://172.17.0.2"));
        let every = [0, 0, 0, 0];
        assert!(!refuses(every, "192.168.1.5:8000", "http://192.168.1.5:9100"));
        assert!(refuses(every, "192.168.1.5:8000", "http://192.168.1.6"));
        assert!(refuses(every, "evil.example", "http://evil.example"));
    }

    #[test]
    fn a_request_has_one_host() {
        let guard = Guard { ip: Ipv4Addr::LOCALHOST.into(), origins: Origins::OfThisMachine };
        let none = Request::get("/").body(Body::empty()).unwrap();
        let two = Request::get("/").header(header::HOST, "localhost").header(header::HOST, "evil");
        for request in [none, two.body(Body::empty()).unwrap()] {
            assert!(guard.refusal(&request).unwrap().contains("Host"));
        }
        let absolute = Request::get("http://evil.example/").header(header::HOST, "localhost");
        assert!(guard.refusal(&absolute.body(Body::empty()).unwrap()).is_some());
    }
}
