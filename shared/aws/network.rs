//! HTTP/1.1 over ring's TLS, which is all that DynamoDB and SSM speak.
//!
//! The SDK's own client brings HTTP/2 along: 0.75 MB in every function
//! (docs/decisions/0002-trimmed-dynamodb-client.md).

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Connections, kept open for the next request.
#[derive(Debug, Clone)]
pub struct Network(Client<HttpsConnector<Tcp>, SdkBody>);

impl Network {
    /// A network that gives up on a connection after `timeout`.
    pub fn new(timeout: Duration) -> Self {
        let mut tcp = Tcp::new();
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }
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
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request =
                request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            // Whatever goes wrong on the way may go right the next time: the SDK tries again.
            let answer = client.request(request).await;
            let answer = answer.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn tls() -> ClientConfig {
    ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("ring has every version's suites")
        .with_root_certificates(roots())
        .with_no_client_auth()
}

/// Amazon's own certificate authorities, which sign every AWS endpoint
/// (<https://www.amazontrust.com/repository/>); loading the system's 140 instead takes as long as
/// the rest of the start. `SSL_CERT_FILE` brings the system's back, for a proxy's sake.
fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    if crate::config::has_own_certificates() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    } else {
        let amazon = CertificateDer::pem_slice_iter(include_bytes!("amazon-roots.pem"));
        roots.add_parsable_certificates(amazon.flatten());
    }
    roots
}
