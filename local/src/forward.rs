//! Forwards HTTP requests to another server on this machine.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::failure::{Explain, Result};
use crate::http::Client;

/// Forwards requests to one server.
#[derive(Debug, Clone)]
pub(crate) struct Forward {
    to: SocketAddr,
    client: Client,
}

impl Forward {
    /// Creates a forwarder to the server at `address`.
    pub fn to(address: SocketAddr) -> Self {
        Self { to: address, client: Client::new() }
    }

    /// Returns a router that forwards every request; it responds with 502 when the server can't be
    /// reached.
    pub fn router(self) -> Router {
        Router::new().fallback(pass_on).with_state(self)
    }

    /// Forwards a request unchanged, and waits for the response without a timeout.
    pub async fn send(&self, mut request: Request) -> Result<Response> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let uri = format!("http://{}{path}", self.to);
        *request.uri_mut() = uri.parse::<Uri>().explain(|| uri)?;
        self.client.send(request).await
    }
}

async fn pass_on(State(forward): State<Forward>, request: Request) -> Response {
    forward
        .send(request)
        .await
        .unwrap_or_else(|failure| (StatusCode::BAD_GATEWAY, format!("{failure}\n")).into_response())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use axum::body::{Body, to_bytes};
    use axum::http::{HeaderMap, header};

    use super::*;
    use crate::guard::Origins;
    use crate::serve::{RunningServer, listen, serve};

    /// What sends back the request that it gets, after a while, and what passes on to it.
    fn echo(pause: Duration) -> RunningServer {
        let answer = move |request: Request| async move {
            tokio::time::sleep(pause).await;
            let (head, body) = request.into_parts();
            let headers: HeaderMap = head.headers.clone();
            let target = (header::HeaderName::from_static("target"), head.uri.to_string());
            let host = headers.get(header::HOST).cloned();
            let host = host.map(|host| (header::HeaderName::from_static("was-host"), host));
            let mut answer = body.into_response();
            answer.headers_mut().insert(target.0, target.1.parse().unwrap());
            answer.headers_mut().extend(host);
            answer
        };
        let router = Router::new().fallback(answer);
        let behind = serve("echo", listen(0).unwrap(), router, Origins::OfThisMachine).unwrap();
        let router = Forward::to(behind.address()).router();
        let front = serve("front", listen(0).unwrap(), router, Origins::OfThisMachine).unwrap();
        front.with_upstream(behind)
    }

    #[tokio::test]
    async fn a_request_is_passed_on_as_it_is_however_large() {
        let front = echo(Duration::ZERO);
        let body: Vec<u8> = (0..12_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let request = Request::put(format!("{}/a%2Fb/%C3%BC?x=%20&y", front.url()))
            .header(header::HOST, "localhost:1")
            .body(Body::from(body.clone()))
            .unwrap();
        let answer = Client::new().send(request).await.unwrap();
        assert_eq!(answer.headers()["target"], "/a%2Fb/%C3%BC?x=%20&y");
        assert_eq!(answer.headers()["was-host"], "localhost:1");
        assert!(to_bytes(answer.into_body(), usize::MAX).await.unwrap() == body);
    }

    #[tokio::test]
    async fn an_answer_may_take_its_time() {
        let front = echo(Duration::from_secs(3));
        let request = Request::post(front.url()).body(Body::from("late")).unwrap();
        let answer = Client::new().send(request).await.unwrap();
        assert_eq!(to_bytes(answer.into_body(), 100).await.unwrap(), "late");
    }

    #[test]
    fn clients_of_the_last_century_are_answered_too() {
        let front = echo(Duration::ZERO);
        let mut connection = TcpStream::connect(front.address()).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let request = "POST /x HTTP/1.0\r\nhost: localhost\r\ncontent-length: 3\r\n\r\nold";
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200") && answer.ends_with("\r\n\r\nold"), "{answer}");
    }

    #[test]
    fn a_client_that_asks_before_it_sends_its_body_is_told_to() {
        let front = echo(Duration::ZERO);
        let mut connection = TcpStream::connect(front.address()).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let head = "POST /x HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\
                    connection: close\r\ncontent-length: 4\r\n\r\n";
        connection.write_all(head.as_bytes()).unwrap();
        let mut told = [0; 25];
        connection.read_exact(&mut told).unwrap();
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
        connection.write_all(b"body").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nbody"), "{answer}");
    }
}
