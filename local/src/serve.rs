//! HTTP servers on threads of their own, so that tests with many runtimes can share one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::oneshot;

use crate::failure::{Explain, Failure, Result};
use crate::guard::{Origins, guarded};

/// How long requests under way may take to finish once a server is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// What it passes requests on to, if it does: ends after it.
    behind: Option<Box<Served>>,
}

impl Served {
    /// Where it is reached from this machine.
    pub fn address(&self) -> SocketAddr {
        reachable(self.address)
    }

    /// Where it is reached, as `http://127.0.0.1:8000`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Whether it still answers.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
            && self.behind.as_ref().is_none_or(|behind| behind.is_running())
    }

    /// The same server, which lives and ends with the one that it passes requests on to.
    pub(crate) fn in_front_of(mut self, behind: Self) -> Self {
        self.behind = Some(Box::new(behind));
        self
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Listens on 127.0.0.1, which only this machine reaches; port 0 is any free one.
pub fn listen(port: u16) -> Result<TcpListener> {
    listen_on((Ipv4Addr::LOCALHOST, port).into())
}

/// Listens on `address`; port 0 is any free one.
pub(crate) fn listen_on(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).explain(|| format!("can't listen on {address}"))
}

/// Listens where no web page finds it, on any free port: for what answers everybody, and is reached
/// through a server of ours that does not.
///
/// On Linux all of 127.0.0.0/8 is this machine, and one of its addresses is taken at random. Other
/// systems know 127.0.0.1 only, so that the random port is all there is to find out.
pub(crate) fn listen_hidden() -> Result<TcpListener> {
    let mut random = [0; 3];
    SystemRandom::new().fill(&mut random).map_err(|_| Failure::new("no random numbers"))?;
    let [a, b, c] = random;
    listen_on((Ipv4Addr::new(127, a, b, c.clamp(1, 254)), 0).into()).or_else(|_| listen(0))
}

/// Where a server that listens on `address` is reached from this machine: one that listens on every
/// address, on the first of them.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    (ip, address.port()).into()
}

/// Serves `router` on a thread called `name`, to programs and pages of this machine.
pub(crate) fn serve(
    name: &'static str,
    listener: TcpListener,
    router: Router,
    origins: Origins,
) -> Result<Served> {
    let address = listener.local_addr().explain(|| format!("can't start the {name}"))?;
    let router = guarded(router, address, origins);
    spawn(name, listener, move |listener, stopped| async move {
        axum::serve(listener, router)
            .with_graceful_shutdown(stopped)
            .await
            .map_err(|error| format!("the {name} failed: {error}"))
    })
}

/// Runs `server` on a thread called `name`, until the future it is given resolves.
pub(crate) fn spawn<S, F>(name: &str, listener: TcpListener, server: S) -> Result<Served>
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
    let (told, tell) = oneshot::channel::<()>();

    let serve = move || {
        let stopped = async move {
            let _ = stopped.await;
            let _ = told.send(());
        };
        let grace_is_over = async move {
            let _ = tell.await;
            tokio::time::sleep(GRACE).await;
        };
        let outcome = runtime.block_on(async {
            let listener =
                tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
            tokio::select! {
                outcome = server(listener, Box::pin(stopped)) => outcome,
                () = grace_is_over => Ok(()),
            }
        });
        if let Err(error) = outcome {
            eprintln!("{}", Failure::new(error));
        }
        runtime.shutdown_timeout(GRACE);
    };
    let thread =
        std::thread::Builder::new().name(name.to_owned()).spawn(serve).explain(starting)?;
    Ok(Served { address, stop: Some(stop), thread: Some(thread), behind: None })
}

/// Resolves when a server has to stop.
pub(crate) type Stopped = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_listener_is_elsewhere_each_time() {
        let address = || listen_hidden().unwrap().local_addr().unwrap().ip();
        let (one, other) = (address(), address());
        assert!(one.is_loopback() && other.is_loopback());
        if cfg!(target_os = "linux") {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn what_listens_on_every_address_is_reached_on_this_machine() {
        let reached = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(reached("[::]:80"), "[::1]:80");
        assert_eq!(reached("172.17.0.1:80"), "172.17.0.1:80");
    }
}
