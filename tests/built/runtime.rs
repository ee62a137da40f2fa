//! The parts of Lambda's runtime API that a function needs
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than any function runs.
const TIMEOUT: Duration = Duration::from_secs(15);

pub struct Runtime {
    pub address: SocketAddr,
    events: Sender<String>,
    polls: Receiver<Instant>,
    answers: Receiver<String>,
    init_errors: Receiver<String>,
}

/// State that the connections' threads share.
struct Inside {
    events: Mutex<Receiver<String>>,
    polls: Sender<Instant>,
    answers: Sender<String>,
    init_errors: Sender<String>,
}

impl Runtime {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (events, waiting) = channel();
        let (polls, polled) = channel();
        let (answers, answered) = channel();
        let (init_errors, failed) = channel();
        let inside = Inside { events: Mutex::new(waiting), polls, answers, init_errors };
        let inside = Arc::new(inside);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let inside = Arc::clone(&inside);
                std::thread::spawn(move || inside.serve(&connection));
            }
        });
        Self { address, events, polls: polled, answers: answered, init_errors: failed }
    }

    /// Returns when the function first asked for an event.
    pub fn first_poll(&self) -> Instant {
        self.polls.recv_timeout(TIMEOUT).expect("the function starts")
    }

    /// Returns the error that the function reported because it could not start.
    pub fn init_error(&self) -> Value {
        let error = self.init_errors.recv_timeout(TIMEOUT).expect("an error of the start");
        serde_json::from_str(&error).unwrap_or_else(|problem| panic!("{problem}: {error}"))
    }

    /// Sends the function an event.
    pub fn send(&self, event: &Value) {
        self.events.send(event.to_string()).expect("the function lives");
    }

    /// Sends the function an event, and waits for its response.
    pub fn invoke(&self, event: &Value) -> Value {
        self.send(event);
        let answer = self.answers.recv_timeout(TIMEOUT).expect("the function answers");
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}

impl Inside {
    /// Serves one connection, until the function closes it.
    fn serve(&self, connection: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(connection);
        loop {
            let (path, body) = read_request(&mut reader)?;
            let answer = if path.ends_with("/invocation/next") {
                self.polls.send(Instant::now()).ok()?;
                let event = self.events.lock().ok()?.recv().ok()?;
                next(&event)
            } else {
                // The function posts a response or an error; `invoke` returns either.
                let is_init_error = path.ends_with("/init/error");
                let sender = if is_init_error { &self.init_errors } else { &self.answers };
                sender.send(body).ok()?;
                "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned()
            };
            let mut connection = connection;
            connection.write_all(answer.as_bytes()).ok()?;
        }
    }
}

fn next(event: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\n\
         content-type: application/json\r\n\
         content-length: {}\r\n\
         lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
         lambda-runtime-deadline-ms: 4102444800000\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:smoke\r\n\
         \r\n{event}",
        event.len(),
    )
}

/// Reads a request; returns its path and body.
fn read_request(reader: &mut impl BufRead) -> Option<(String, String)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        match header.trim_end().split_once(':') {
            None => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?;
            }
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, String::from_utf8(body).ok()?))
}
