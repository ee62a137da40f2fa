//! The shop's HTTP API, as an admin calls it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_http::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use lambda_http::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::failure::{Failure, Result};

type Body = Full<Bytes>;

/// A client of a shop's API. It repeats requests that the shop was too busy for, and renews its
/// access token.
#[derive(Debug)]
pub struct Api {
    url: String,
    client: Client<HttpsConnector<HttpConnector>, Body>,
    session: Option<Session>,
}

#[derive(Debug)]
struct Session {
    access_token: String,
    refresh_token: String,
    renew_at: Instant,
}

/// A response.
#[derive(Debug)]
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// The body; null if it is not JSON.
    pub body: Value,
    retry_after: Option<Duration>,
}

/// The gateway ends a request after 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(40);

/// How often a request is repeated that the shop could not answer.
const RETRIES: u32 = 8;

/// The longest pause before a repetition.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Above the largest response of Lambda, 6 MB.
const LARGEST_BODY: usize = 8 * 1024 * 1024;

impl Api {
    /// Creates a client of the API at `url`. Certificates are checked against those that this
    /// machine trusts.
    pub fn at(url: &str) -> Result<Self> {
        if !url.starts_with("https://") && !is_local(url) {
            return Err(Failure::new(format!(
                "--api {url}: a password goes over https only, or to this machine"
            )));
        }
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| Failure::new(format!("this machine trusts no certificates: {error}")))?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { url: url.trim_end_matches('/').to_owned(), client, session: None })
    }

    /// Logs in as an admin.
    pub async fn log_in(&mut self, email: &str, password: &str) -> Result<()> {
        let body = json!({ "email": email, "password": password });
        let response = self.post("/auth/login", &body).await?;
        let session = response.expect(StatusCode::OK, "logging in")?;
        self.session = Some(Session::read(&session)?);
        let role = &session["user"]["role"];
        if role != "admin" {
            return Err(Failure::new(format!("{email} is no admin of this shop")));
        }
        Ok(())
    }

    /// Sends a GET request.
    pub async fn get(&mut self, path: &str) -> Result<Response> {
        self.call(Method::GET, path, "application/json", String::new()).await
    }

    /// Sends GET requests at the same time, those again one by one that the shop was too busy for.
    pub async fn get_all(&mut self, paths: &[String]) -> Result<Vec<Response>> {
        self.renew_session().await?;
        let sent = paths.iter().map(|path| self.send(&Method::GET, path, "", Bytes::new()));
        let mut responses = Vec::new();
        for (sent, path) in join_all(sent).await.into_iter().zip(paths) {
            let is_answer =
                |it: &Response| !it.is_transient() && it.status != StatusCode::UNAUTHORIZED;
            responses.push(match sent {
                Ok(response) if is_answer(&response) => response,
                _ => self.get(path).await?,
            });
        }
        Ok(responses)
    }

    /// Sends a POST request with a JSON body.
    pub async fn post(&mut self, path: &str, body: &Value) -> Result<Response> {
        self.call(Method::POST, path, "application/json", body.to_string()).await
    }

    /// Sends a request, again if the shop is too busy or can't be reached. The request must be one
    /// that does no harm when it is carried out twice.
    pub async fn call(
        &mut self,
        method: Method,
        path: &str,
        content_type: &str,
        body: String,
    ) -> Result<Response> {
        let body = Bytes::from(body);
        let mut has_renewed = false;
        let mut retries = 0;
        loop {
            self.renew_session().await?;
            let sent = self.send(&method, path, content_type, body.clone()).await;
            let pause = match &sent {
                Ok(response) if response.status == StatusCode::UNAUTHORIZED && !has_renewed => {
                    let Some(session) = &mut self.session else { return sent };
                    has_renewed = true;
                    session.renew_at = Instant::now();
                    continue;
                }
                Ok(response) if !response.is_transient() => return sent,
                Ok(response) => response.retry_after,
                Err(_) => None,
            };
            if retries == RETRIES {
                return sent;
            }
            let pause = pause.unwrap_or(Duration::from_millis(500 << retries.min(6)));
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
            retries += 1;
        }
    }

    /// Exchanges the tokens for new ones before the access token expires.
    async fn renew_session(&mut self) -> Result<()> {
        let Some(session) = self.session.as_ref().filter(|it| it.renew_at <= Instant::now()) else {
            return Ok(());
        };
        let body = json!({ "refresh_token": session.refresh_token }).to_string();
        let path = "/auth/refresh";
        self.session = None;
        let response = self.send(&Method::POST, path, "application/json", body.into()).await?;
        let session = response.expect(StatusCode::OK, "renewing the access token")?;
        self.session = Some(Session::read(&session)?);
        Ok(())
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        content_type: &str,
        body: Bytes,
    ) -> Result<Response> {
        let url = format!("{}{path}", self.url);
        let failed = |error: &dyn std::fmt::Display| Failure::new(format!("{url}: {error}"));
        let mut request = Request::builder().method(method).uri(&url);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, content_type);
        }
        if let Some(session) = &self.session {
            request = request.header(AUTHORIZATION, format!("Bearer {}", session.access_token));
        }
        let request = request.body(Full::new(body)).map_err(|error| failed(&error))?;
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| failed(&error))?;
            let (head, body) = response.into_parts();
            let retry_after = head.headers.get(RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
            let body = Limited::new(body, LARGEST_BODY).collect().await;
            let body = body.map_err(|error| failed(&error))?.to_bytes();
            Ok(Response {
                status: head.status,
                body: serde_json::from_slice(&body).unwrap_or_default(),
                retry_after: retry_after.map(Duration::from_secs),
            })
        };
        let exchange = tokio::time::timeout(TIMEOUT, exchange).await;
        exchange.map_err(|_| failed(&"no response in 40 seconds"))?
    }
}

/// Whether a URL leads to this machine without encryption.
fn is_local(url: &str) -> bool {
    let host = url.strip_prefix("http://").and_then(|rest| rest.split(['/', ':']).next());
    host.is_some_and(|host| ["127.0.0.1", "localhost"].contains(&host))
}

impl Session {
    fn read(session: &Value) -> Result<Self> {
        let text = |member: &str| session[member].as_str().map(str::to_owned);
        let tokens = text("access_token").zip(text("refresh_token"));
        let expires_in = session["expires_in"].as_u64();
        let Some(((access_token, refresh_token), seconds)) = tokens.zip(expires_in) else {
            return Err(Failure::new("the response has no tokens: is this a shop of Bodega?"));
        };
        let renew_at = Instant::now() + Duration::from_secs(seconds / 2);
        Ok(Self { access_token, refresh_token, renew_at })
    }
}

impl Response {
    /// Whether the same request may succeed later.
    fn is_transient(&self) -> bool {
        [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::BAD_GATEWAY,
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::GATEWAY_TIMEOUT,
        ]
        .contains(&self.status)
    }

    /// Returns the code of the problem, if the response is one.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Returns the body; fails, with what was done, if the response has another status.
    pub fn expect(self, status: StatusCode, doing: &str) -> Result<Value> {
        if self.status == status {
            return Ok(self.body);
        }
        let detail = self.body["detail"].as_str().or(self.body["title"].as_str());
        let detail = detail.unwrap_or("the response is no problem document");
        Err(Failure::new(format!("{doing}: {}: {detail}", self.status)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_without_encryption_to_this_machine_only() {
        for (url, is_allowed) in [
            ("https://api.example.com", true),
            ("http://127.0.0.1:9000", true),
            ("http://localhost", true),
            ("http://api.example.com", false),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com:9000/", false),
        ] {
            assert_eq!(Api::at(url).is_ok(), is_allowed, "{url}");
        }
    }
}
