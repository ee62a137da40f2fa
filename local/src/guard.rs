//! Rejects requests that web pages of other sites send to this machine.
//!
//! A browser lets any page send requests to 127.0.0.1. Two headers reveal such a request: `Origin`
//! names the page's site; and `Host` names a foreign domain if that domain was changed to resolve
//! to this machine after the page was loaded (DNS rebinding), which makes the browser treat page
//! and response as of the same origin.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

/// The host names of this machine, in addition to its loopback addresses. Containers use the second
/// one.
const NAMES: [&str; 2] = ["localhost", "host.docker.internal"];

/// Which values of `Origin` a server accepts. A request without `Origin` is always accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origins {
    /// Origins whose host is this machine, with any port.
    OfThisMachine,
    /// Any origin, since the server itself checks CORS; but for paths with one of these prefixes
    /// only [`Origins::OfThisMachine`].
    AnyExceptAt(&'static [&'static str]),
}

/// Checks the requests to one server.
#[derive(Debug, Clone, Copy)]
struct Guard {
    /// The IP address that the server listens on.
    ip: IpAddr,
    origins: Origins,
}

/// Makes `router`, which listens on `address`, respond with 403 to requests with a foreign `Host`
/// or `Origin`.
pub(crate) fn guarded(router: Router, address: SocketAddr, origins: Origins) -> Router {
    let guard = Guard { ip: address.ip(), origins };
    router.layer(from_fn_with_state(guard, check))
}

async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.rejection(&request) {
        Some(why) => (StatusCode::FORBIDDEN, format!("{why}\n")).into_response(),
        None => next.run(request).await,
    }
}

impl Guard {
    /// Returns why a request is rejected, as text for the developer; `None` accepts it.
    fn rejection(&self, request: &Request) -> Option<String> {
        let host = match request_host(request) {
            Some(host) if self.is_this_machine(&host) => host,
            Some(host) => {
                return Some(format!(
                    "rejected: «{host}» is not a name of this machine: use localhost, or start \
                     `cargo dev` with --host"
                ));
            }
            None => {
                return Some("rejected: the request must have one valid Host header".to_owned());
            }
        };
        if let Origins::AnyExceptAt(paths) = self.origins
            && !paths.iter().any(|path| request.uri().path().starts_with(path))
        {
            return None;
        }
        if self.is_cross_site_without_origin(request.headers()) {
            return Some("refused: a page from elsewhere has no business here".to_owned());
        }
        let mut origins = request.headers().get_all(header::ORIGIN).iter();
        let foreign = origins.find(|origin| {
            let from = origin.to_str().ok().and_then(host_of_origin);
            !from.is_some_and(|from| from == host || self.is_named(&from))
        })?;
        let foreign = String::from_utf8_lossy(foreign.as_bytes());
        Some(format!("rejected: web pages of «{foreign}» may not send requests to this server"))
    }

    /// Whether a page of another site sends the request without an `Origin`, as browsers do for
    /// images, frames and scripts. A followed link to a page of this server does not count.
    fn is_cross_site_without_origin(&self, headers: &HeaderMap) -> bool {
        let has = |name: &str, value: &str| headers.get(name).is_some_and(|own| own == value);
        let is_link = has("sec-fetch-dest", "document");
        let has_pages = matches!(self.origins, Origins::OfThisMachine);
        has("sec-fetch-site", "cross-site")
            && !headers.contains_key(header::ORIGIN)
            && !(is_link && has_pages)
    }

    /// Whether a host is a name or loopback address of this machine, or the IP address that the
    /// server listens on.
    fn is_named(&self, host: &str) -> bool {
        NAMES.contains(&host) || parse_ip(host).is_some_and(|ip| ip.is_loopback() || ip == self.ip)
    }

    /// Like [`Guard::is_named`], but a server that listens on all addresses also accepts any IP
    /// address as `Host`: DNS rebinding needs a domain name.
    fn is_this_machine(&self, host: &str) -> bool {
        self.is_named(host) || (self.ip.is_unspecified() && parse_ip(host).is_some())
    }
}

/// Returns the host that a request is sent to, without the port; `None` if it has no valid one.
fn request_host(request: &Request) -> Option<String> {
    if let Some(authority) = request.uri().authority() {
        return Some(normalized_host(authority));
    }
    single_host_header(request.headers()).and_then(host_of)
}

/// Returns the `Host` header; `None` if there is none or more than one.
fn single_host_header(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

fn host_of(authority: &str) -> Option<String> {
    authority.parse().ok().as_ref().map(normalized_host)
}

/// Returns the host of an origin such as `http://localhost:3000`; `None` for `null`.
fn host_of_origin(origin: &str) -> Option<String> {
    origin.split_once("://").and_then(|(_, authority)| host_of(authority))
}

fn normalized_host(authority: &Authority) -> String {
    authority.host().trim_end_matches('.').to_ascii_lowercase()
}

fn parse_ip(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::body::Body;

    use super::*;

    #[test]
    fn the_address_that_a_server_listens_on_is_accepted_as_host() {
        let request = |host: &str, origin: &str| {
            let request = Request::get("/").header(header::HOST, host);
            request.header(header::ORIGIN, origin).body(Body::empty()).unwrap()
        };
        let rejects = |ip: [u8; 4], host: &str, origin: &str| {
            let guard = Guard { ip: Ipv4Addr::from(ip).into(), origins: Origins::OfThisMachine };
            guard.rejection(&request(host, origin)).is_some()
        };
        let bridge = [172, 17, 0, 1];
        assert!(!rejects(bridge, "172.17.0.1:8000", "http://172.17.0.1:9100"));
        assert!(rejects(bridge, "172.17.0.2:8000", "http://172.17.0.1:9100"));
        assert!(rejects(bridge, "172.17.0.1:8000", "http://172.17.0.2"));
        let every = [0, 0, 0, 0];
        assert!(!rejects(every, "192.168.1.5:8000", "http://192.168.1.5:9100"));
        assert!(rejects(every, "192.168.1.5:8000", "http://192.168.1.6"));
        assert!(rejects(every, "evil.example", "http://evil.example"));
    }

    #[test]
    fn cross_site_requests_without_an_origin_are_rejected() {
        let refuses = |origins: Origins, path: &str, headers: &[(&str, &str)]| {
            let guard = Guard { ip: Ipv4Addr::LOCALHOST.into(), origins };
            let mut request = Request::get(path).header(header::HOST, "localhost");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            guard.rejection(&request.body(Body::empty()).unwrap()).is_some()
        };
        let (this, api) = (Origins::OfThisMachine, Origins::AnyExceptAt(&["/.rt"]));
        let image = [("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "image")];
        let frame = [("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "iframe")];
        let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "document")];
        let own = [("sec-fetch-site", "same-site"), ("sec-fetch-dest", "image")];
        let typed = [("sec-fetch-site", "none"), ("sec-fetch-dest", "document")];
        let named = [("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:3000")];
        assert!(refuses(this, "/mails", &image) && refuses(this, "/mails", &frame));
        for headers in [link, own, typed, named] {
            assert!(!refuses(this, "/mails", &headers), "{headers:?}");
        }
        for headers in [image, frame, link] {
            assert!(refuses(api, "/.rt/get-me/2018-06-01/runtime/invocation/next", &headers));
            assert!(!refuses(api, "/products", &headers), "{headers:?}");
        }
    }

    #[test]
    fn a_request_needs_exactly_one_host() {
        let guard = Guard { ip: Ipv4Addr::LOCALHOST.into(), origins: Origins::OfThisMachine };
        let none = Request::get("/").body(Body::empty()).unwrap();
        let two = Request::get("/").header(header::HOST, "localhost").header(header::HOST, "evil");
        for request in [none, two.body(Body::empty()).unwrap()] {
            assert!(guard.rejection(&request).unwrap().contains("Host"));
        }
        let absolute = Request::get("http://evil.example/").header(header::HOST, "localhost");
        assert!(guard.rejection(&absolute.body(Body::empty()).unwrap()).is_some());
    }
}
