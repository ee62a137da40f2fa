//! A parameter store that fails on purpose: it stands in front of the local one and decides, call
//! by call, what becomes of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use local::parameters::Parameters;
use local::serve::RunningServer;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is answered.
    Answered,
    /// It is one too many.
    Throttled,
    /// It is taken and never answered.
    Hung,
    /// Its answer begins and never ends.
    CutOff,
    /// It is carried out, and the connection ends without an answer.
    AnswerLost,
}

/// A parameter store that answers some calls and not others.
pub struct FaultyParameters {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
    _real: RunningServer,
}

impl FaultyParameters {
    /// An empty store; the fate of each call follows from its number, counted from 0.
    pub fn start(fate: impl Fn(usize) -> Fate + Send + Sync + 'static) -> Self {
        let real = Parameters::in_memory().serve(0).expect("a parameter store");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (address, behind) = (listener.local_addr().expect("an address"), real.address());
        let (calls, fate) = (Arc::new(AtomicUsize::new(0)), Arc::new(fate));
        let counted = Arc::clone(&calls);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (calls, fate) = (Arc::clone(&counted), Arc::clone(&fate));
                std::thread::spawn(move || {
                    let (operation, body) = read(&connection)?;
                    let fate = fate(calls.fetch_add(1, Ordering::SeqCst));
                    answer(connection, behind, fate, &operation, &body).ok()
                });
            }
        });
        Self { address, calls, _real: real }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many calls have come in.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// The operation and the body of a request.
fn read(connection: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(connection);
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("x-amz-target") => {
                value.trim().clone_into(&mut operation);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?;
            }
            _ if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((operation, body))
}

fn answer(
    mut connection: TcpStream,
    behind: SocketAddr,
    fate: Fate,
    operation: &str,
    body: &[u8],
) -> std::io::Result<()> {
    match fate {
        Fate::Answered => connection.write_all(&ask(behind, operation, body)?),
        Fate::AnswerLost => ask(behind, operation, body).map(drop),
        Fate::Throttled => {
            let body = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
            let length = body.len();
            write!(connection, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n")?;
            write!(connection, "Content-Length: {length}\r\n\r\n{body}")
        }
        Fate::Hung | Fate::CutOff => {
            if fate == Fate::CutOff {
                write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{{")?;
            }
            // Longer than any test waits.
            std::thread::sleep(Duration::from_secs(120));
            Ok(())
        }
    }
}

/// The real store's whole answer.
fn ask(store: SocketAddr, operation: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut connection = TcpStream::connect(store)?;
    write!(
        connection,
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Amz-Target: {operation}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    )?;
    connection.write_all(body)?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    Ok(answer)
}
