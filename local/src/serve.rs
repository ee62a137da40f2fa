//! HTTP servers on threads of their own, so that tests with many runtimes can share one.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::failure::{Explain, Failure, Result};

/// How long requests under way may take to finish once a server is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as `http://127.0.0.1:8000`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Whether it still answers.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
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

/// Listens on this machine only; port 0 is any free one.
pub fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .explain(|| format!("can't listen on 127.0.0.1:{port}"))
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
    Ok(Served { address, stop: Some(stop), thread: Some(thread) })
}

/// Resolves when a server has to stop.
pub(crate) type Stopped = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
