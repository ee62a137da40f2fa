//! An HTTP/1.1 client with TLS by ring, which is all that AWS's services need.
//!
//! The SDK's own client includes HTTP/2, which adds 0.75 MB to every function
//! (docs/decisions/0002-trimmed-dynamodb-client.md). And it retries on one dead pooled connection
//! after another, where this one opens a new connection
//! (docs/decisions/0022-no-retry-on-an-old-connection.md).

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body::{Body, Frame, SizeHint};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::config::{self, BadSetting};

/// An HTTP client. It keeps its connections open for later requests until one of them fails: then
/// it closes the idle ones, and the next request opens a new one.
#[derive(Debug, Clone)]
pub struct Network(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connector: HttpsConnector<Tcp>,
    /// The most idle connections.
    most_idle: usize,
    pool: Mutex<Pool>,
}

/// The connections that were opened since one last failed.
#[derive(Debug)]
struct Pool {
    client: Client<HttpsConnector<Tcp>, SdkBody>,
    generation: u64,
}

impl Network {
    /// Creates a client whose attempts to connect fail after `timeout`.
    pub fn new(timeout: Duration) -> Self {
        Self::keeping(usize::MAX, timeout)
    }

    /// Creates a client that opens a new connection for every request, for requests that must not
    /// be sent twice and so can't be retried if a reused connection is dead.
    pub fn without_reuse(timeout: Duration) -> Self {
        Self::keeping(0, timeout)
    }

    fn keeping(most_idle: usize, timeout: Duration) -> Self {
        let mut tcp = Tcp::new();
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = client(&connector, most_idle);
        let pool = Mutex::new(Pool { client, generation: 0 });
        Self(Arc::new(Inner { connector, most_idle, pool }))
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.0.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the idle connections of this generation. If two requests of one generation fail, the
    /// later failure does not close connections that were opened after the first.
    fn renew(&self, generation: u64) {
        let mut pool = self.pool();
        if pool.generation == generation {
            let client = client(&self.0.connector, self.0.most_idle);
            *pool = Pool { client, generation: generation + 1 };
        }
    }
}

fn client(
    connector: &HttpsConnector<Tcp>,
    most_idle: usize,
) -> Client<HttpsConnector<Tcp>, SdkBody> {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_max_idle_per_host(most_idle).build(connector.clone())
}

impl HttpClient for Network {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Network {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let network = self.clone();
        HttpConnectorFuture::new(async move {
            let request =
                request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (sent, attempt) = {
                let pool = network.pool();
                (pool.client.request(request), Attempt::new(&network, pool.generation))
            };
            // A connection error is temporary: the SDK retries it.
            let response = sent.await.map_err(|error| ConnectorError::io(error.into()))?;
            let response = response.map(|body| SdkBody::from_body_1_x(attempt.track(body)));
            HttpResponse::try_from(response)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// A request without a complete response. If it is dropped before the response is complete, because
/// the connection failed or the caller timed out, the idle connections are closed.
struct Attempt {
    network: Network,
    generation: u64,
    is_complete: bool,
}

impl Attempt {
    fn new(network: &Network, generation: u64) -> Self {
        Self { network: network.clone(), generation, is_complete: false }
    }

    fn track<B: Body>(mut self, body: B) -> ResponseBody<B> {
        self.is_complete = body.is_end_stream();
        ResponseBody { body, attempt: self }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.is_complete {
            self.network.renew(self.generation);
        }
    }
}

/// The body of a response, which holds the attempt until it was read to its end.
struct ResponseBody<B> {
    body: B,
    attempt: Attempt,
}

impl<B: Body + Unpin> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.attempt.is_complete = match &frame {
            None => true,
            Some(Ok(_)) => self.body.is_end_stream(),
            Some(Err(_)) => false,
        };
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn tls() -> ClientConfig {
    ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("ring has every version's suites")
        .with_root_certificates(Arc::clone(roots()))
        .with_no_client_auth()
}

/// Returns an error if the settings leave the function without a root certificate: it could never
/// open a connection.
pub fn check_certificates() -> Result<(), BadSetting> {
    check(roots(), config::custom_root_certificates())
}

fn check(roots: &RootCertStore, setting: Option<&'static str>) -> Result<(), BadSetting> {
    match setting {
        Some(name) if roots.is_empty() => {
            Err(BadSetting::new(name, "names no certificate that can be read"))
        }
        _ => Ok(()),
    }
}

/// Returns the root certificates, read once. By default they are Amazon's certificate authorities,
/// which sign every AWS endpoint (<https://www.amazontrust.com/repository/>); loading the system's
/// 140 takes as long as the rest of the start. `SSL_CERT_FILE` loads the system's instead, for
/// proxies.
fn roots() -> &'static Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        if config::custom_root_certificates().is_some() {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        } else {
            let amazon = CertificateDer::pem_slice_iter(include_bytes!("amazon-roots.pem"));
            roots.add_parsable_certificates(amazon.flatten());
        }
        Arc::new(roots)
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicU32, Ordering};

    use aws_smithy_types::byte_stream::ByteStream;
    use futures_util::future::join_all;

    use super::*;

    /// Starts a server; returns its URL and the number of connections opened so far. It responds to
    /// the first request of each connection completely, and to the second with half a body.
    fn server() -> (String, Arc<AtomicU32>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let opened = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&opened);
        std::thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
                    for body in ["whole", "ha"] {
                        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                        // All requests arrive before the first response.
                        std::thread::sleep(Duration::from_millis(50));
                        let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
                        write!(connection, "{head}{body}").unwrap();
                    }
                    std::thread::sleep(Duration::from_secs(5));
                });
            }
        });
        (url, opened)
    }

    /// Returns the body of the response; `None` if it is not complete in time.
    async fn get(network: &Network, url: &str) -> Option<Vec<u8>> {
        let work = async {
            let mut request = HttpRequest::empty();
            request.set_uri(url.to_owned()).unwrap();
            let response = network.call(request).await.ok()?;
            let body = ByteStream::new(response.into_body()).collect().await.ok()?;
            Some(body.to_vec())
        };
        tokio::time::timeout(Duration::from_millis(500), work).await.ok()?
    }

    #[tokio::test]
    async fn an_incomplete_response_closes_the_idle_connections() {
        let (url, opened) = server();
        let network = Network::new(Duration::from_secs(1));
        let whole = Some(b"whole".to_vec());
        let all = join_all((0..3).map(|_| get(&network, &url))).await;
        assert_eq!((all, opened.load(Ordering::SeqCst)), (vec![whole.clone(); 3], 3));

        assert_eq!(get(&network, &url).await, None, "the second on its connection");

        assert_eq!(get(&network, &url).await, whole, "on a new connection");
        assert_eq!(opened.load(Ordering::SeqCst), 4);
    }

    #[tokio::test]
    async fn a_complete_response_leaves_its_connection_for_the_next_request() {
        let (url, opened) = server();
        let network = Network::new(Duration::from_secs(1));
        assert!(get(&network, &url).await.is_some());
        assert!(get(&network, &url).await.is_none(), "the server stops halfway");
        assert_eq!(opened.load(Ordering::SeqCst), 1, "both on one connection");
        let network = Network::without_reuse(Duration::from_secs(1));
        for _ in 0..3 {
            assert!(get(&network, &url).await.is_some());
        }
        assert_eq!(opened.load(Ordering::SeqCst), 4, "each on its own connection");
    }

    #[tokio::test]
    async fn a_late_failure_leaves_the_connections_that_were_opened_since() {
        let (url, opened) = server();
        let network = Network::new(Duration::from_secs(1));
        assert!(get(&network, &url).await.is_some());
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let late = get(&network, &url);
        let meanwhile = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert!(get(&network, &format!("http://{closed}")).await.is_none(), "fails at once");
            assert!(get(&network, &url).await.is_some(), "on a new connection");
        };
        let (late, ()) = tokio::join!(late, meanwhile);
        assert_eq!((late, opened.load(Ordering::SeqCst)), (None, 2));

        assert!(get(&network, &url).await.is_none(), "the second on the new connection");
        assert_eq!(opened.load(Ordering::SeqCst), 2, "which is open still");
    }

    #[test]
    fn without_a_certificate_the_error_names_the_setting() {
        let bad = check(&RootCertStore::empty(), Some("SSL_CERT_FILE")).unwrap_err();
        let said = "environment variable SSL_CERT_FILE names no certificate that can be read";
        assert_eq!(bad.to_string(), said);
        assert_eq!(check(roots(), Some("SSL_CERT_FILE")), Ok(()));
    }
}
