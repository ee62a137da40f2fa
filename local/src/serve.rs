//! HTTP servers on threads of their own, so that tests with separate runtimes can share a server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::oneshot;

use crate::failure::{Explain, Failure, Result};
use crate::guard::{Origins, guarded};

/// How long open requests may take once a server is stopping.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// The server that this one forwards requests to, if any; stops after it.
    upstream: Option<Box<RunningServer>>,
}

impl RunningServer {
    /// Returns the address to connect to from this machine.
    pub fn address(&self) -> SocketAddr {
        reachable(self.address)
    }

    /// Returns its URL, such as `http://127.0.0.1:8000`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Whether it still runs; `false` means that it failed.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
            && self.upstream.as_ref().is_none_or(|upstream| upstream.is_running())
    }

    /// Takes ownership of the server that this one forwards requests to, so that both stop
    /// together.
    pub(crate) fn with_upstream(mut self, upstream: Self) -> Self {
        self.upstream = Some(Box::new(upstream));
        self
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Listens on 127.0.0.1, which only this machine can reach; port 0 takes any free port.
pub fn listen(port: u16) -> Result<TcpListener> {
    listen_on((Ipv4Addr::LOCALHOST, port).into())
}

/// Listens on `address`; port 0 takes any free port.
pub(crate) fn listen_on(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).explain(|| format!("can't listen on {address}"))
}

/// Listens on a random address of 127.0.0.0/8 and any free port, so that web pages can't guess it.
/// Meant for servers that do not check `Host` and `Origin`, behind one that does.
///
/// Only Linux has all addresses of 127.0.0.0/8. Other systems use 127.0.0.1, and only the port is
/// unknown.
pub(crate) fn listen_on_random_address() -> Result<TcpListener> {
    let mut random = [0; 3];
    SystemRandom::new().fill(&mut random).map_err(|_| Failure::new("no random numbers"))?;
    let [a, b, c] = random;
    listen_on((Ipv4Addr::new(127, a, b, c.clamp(1, 254)), 0).into()).or_else(|_| listen(0))
}

/// Returns the address to connect to for a server that listens on `address`: the loopback address
/// if it listens on all addresses.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    (ip, address.port()).into()
}

/// Serves `router` on a thread called `name`; rejects requests with a foreign `Host` or `Origin`.
pub(crate) fn serve(
    name: &'static str,
    listener: TcpListener,
    router: Router,
    origins: Origins,
) -> Result<RunningServer> {
    let address = listener.local_addr().explain(|| format!("can't start the {name}"))?;
    let router = guarded(router, address, origins);
    spawn(name, listener, move |listener, stopped| async move {
        axum::serve(listener, router)
            .with_graceful_shutdown(stopped)
            .await
            .map_err(|error| format!("the {name} failed: {error}"))
    })
}

/// Runs `server` on a thread called `name` until the returned value is dropped: then the future
/// that `server` gets resolves.
pub(crate) fn spawn<S, F>(name: &str, listener: TcpListener, server: S) -> Result<RunningServer>
where
    S: FnOnce(tokio::net::TcpListener, Stopped) -> F + Send + 'static,
    F: Future<Output = std::result::Result<(), String>> + 'static,
{
    let starting = || format!("can't start the {name}");
    let address = listener.local_addr().explain(starting)?;
    listener.set_nonblocking(true).explain(starting)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .explain(starting)?;
    let (stop, stopped) = oneshot::channel();
    let (begin_shutdown, shutdown_begun) = oneshot::channel::<()>();

    let serve = move || {
        let stopped = async move {
            let _ = stopped.await;
            let _ = begin_shutdown.send(());
        };
        let shutdown_timeout = async move {
            let _ = shutdown_begun.await;
            tokio::time::sleep(SHUTDOWN_TIMEOUT).await;
        };
        let outcome = runtime.block_on(async {
            let listener =
                tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
            tokio::select! {
                outcome = server(listener, Box::pin(stopped)) => outcome,
                () = shutdown_timeout => Ok(()),
            }
        });
        if let Err(error) = outcome {
            eprintln!("{}", Failure::new(error));
        }
        runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    };
    let thread =
        std::thread::Builder::new().name(name.to_owned()).spawn(serve).explain(starting)?;
    Ok(RunningServer { address, stop: Some(stop), thread: Some(thread), upstream: None })
}

/// A future that resolves when a server has to stop.
pub(crate) type Stopped = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_listener_has_another_random_address() {
        let address = || listen_on_random_address().unwrap().local_addr().unwrap().ip();
        let (one, other) = (address(), address());
        assert!(one.is_loopback() && other.is_loopback());
        if cfg!(target_os = "linux") {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_server_that_listens_on_all_addresses_is_reached_by_loopback() {
        let reached = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(reached("[::]:80"), "[::1]:80");
        assert_eq!(reached("172.17.0.1:80"), "172.17.0.1:80");
    }
}
