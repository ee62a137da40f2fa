//! A proxy between a function and the database. It can forget its connections, as a peer does while
//! a function is frozen between two requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::database;

/// What a peer does when a client sends something on a connection that the peer has forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// It resets the connection.
    Reset,
    /// Nothing: whatever should have said so is gone too.
    Silence,
}

/// A proxy that passes everything on until it forgets.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    opened: AtomicU32,
    lost: AtomicU32,
    /// How many connections are forgotten: those with a smaller number.
    forgotten: Mutex<Option<(u32, Forgotten)>>,
}

impl Proxy {
    /// A proxy in front of the tests' database.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let inside = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = inside.opened.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(pass(client, number, Arc::clone(&inside)));
            }
        });
        Self { address, state }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Forgets every connection that is open.
    pub fn forget(&self, how: Forgotten) {
        let opened = self.state.opened.load(Ordering::SeqCst);
        *self.state.forgotten() = Some((opened, how));
    }

    /// How many connections were ever opened.
    pub fn opened(&self) -> u32 {
        self.state.opened.load(Ordering::SeqCst)
    }

    /// How many requests were sent on a forgotten connection.
    pub fn lost(&self) -> u32 {
        self.state.lost.load(Ordering::SeqCst)
    }
}

impl State {
    fn forgotten(&self) -> std::sync::MutexGuard<'_, Option<(u32, Forgotten)>> {
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn pass(mut client: TcpStream, number: u32, state: Arc<State>) -> Option<()> {
    let database = database::endpoint().trim_start_matches("http://");
    let mut server = TcpStream::connect(database).await.ok()?;
    let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let length = read.ok().filter(|length| *length > 0)?;
                let forgotten = *state.forgotten();
                if let Some((_, how)) = forgotten.filter(|(before, _)| number < *before) {
                    state.lost.fetch_add(1, Ordering::SeqCst);
                    match how {
                        Forgotten::Reset => return client.set_zero_linger().ok(),
                        Forgotten::Silence => return std::future::pending().await,
                    }
                }
                server.write_all(&request[..length]).await.ok()?;
            }
            read = server.read(&mut answer) => {
                let length = read.ok().filter(|length| *length > 0)?;
                client.write_all(&answer[..length]).await.ok()?;
            }
        }
    }
}
