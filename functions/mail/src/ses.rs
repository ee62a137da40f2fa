//! Sends mail by Amazon SES (API version 2).
//!
//! The SDK is a dependency of this package and not of `shared`, where the other clients are,
//! because only `deliver-mail` sends mail. In `shared`, every function would compile it and process
//! it during link-time optimization.

use std::error::Error;
use std::time::Duration;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::config::{Builder, SharedHttpClient};
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::{BoxFuture, FutureExt};
use hyper_util::client::legacy;
use shared::aws::ClientSettings;
use shared::aws::network::Network;
use shared::config::{Config, MailSettings};
use shared::domain::email::Email;
use shared::mail::{Mail, Mailer, SendError};

/// The timeout of sending a mail, all attempts together.
const TIMEOUT: Duration = Duration::from_secs(8);

/// The pauses before further attempts, if SES throttles.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(400), Duration::from_millis(800)];

const NO_ANSWER: &str = "no answer";
const UNREADABLE: &str = "no answer that can be read";

/// Sends mail from one address.
#[derive(Debug)]
pub(crate) struct Ses {
    client: Client,
    from: String,
    configuration_set: Option<String>,
}

impl Ses {
    /// A client for this environment; `http` replaces the network, for tests.
    pub fn new(config: &Config, settings: &MailSettings, http: Option<SharedHttpClient>) -> Self {
        // Whether a mail has gone is not known where its connection breaks. So none goes on a
        // connection that may be dead already, as one is that waited while the function was frozen.
        let network = || SharedHttpClient::new(Network::without_reuse(config.timeouts.connect));
        let client = ClientSettings::new(config, Some(http.unwrap_or_else(network)));
        let mut builder = Builder::new()
            .behavior_version(client.behavior)
            .region(client.region)
            .http_client(client.http)
            // SES doesn't recognize duplicates: if a response is lost, a retry would often send a
            // second mail.
            .retry_config(RetryConfig::disabled())
            // `TIMEOUT` limits all attempts together.
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(config.timeouts.connect).build(),
            );
        builder.set_credentials_provider(Some(client.credentials));
        builder.set_endpoint_url(config.aws.ses_endpoint.clone());
        let from = mailbox(settings.shop.as_str(), &settings.from);
        let configuration_set = settings.configuration_set.clone();
        Self { client: Client::from_conf(builder.build()), from, configuration_set }
    }

    async fn send_with_retries(&self, mail: &Mail) -> Result<(), Failed> {
        let content = content(mail).map_err(|_| Failed::Permanent("incomplete".to_owned()))?;
        for pause in PAUSES {
            match self.try_to_send(&content, &mail.to).await {
                Err(Failed::Busy(_)) => tokio::time::sleep(pause).await,
                end => return end,
            }
        }
        self.try_to_send(&content, &mail.to).await
    }

    async fn try_to_send(&self, content: &EmailContent, to: &Email) -> Result<(), Failed> {
        let sent = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .content(content.clone())
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await;
        sent.map(drop).map_err(|error| Failed::by(&error))
    }
}

impl Mailer for Ses {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>> {
        async move {
            let sent = tokio::time::timeout(TIMEOUT, self.send_with_retries(mail)).await;
            sent.unwrap_or(Err(Failed::OutcomeUnknown(NO_ANSWER.to_owned())))
                .map_err(SendError::from)
        }
        .boxed()
    }
}

/// Why an attempt failed, with SES's error code. SES's error message is left out, since it can
/// contain an e-mail address.
#[derive(Debug)]
enum Failed {
    Busy(String),
    Transient(String),
    OutcomeUnknown(String),
    Permanent(String),
}

impl Failed {
    fn by<R>(error: &SdkError<SendEmailError, R>) -> Self {
        let answer = match error {
            SdkError::ServiceError(answer) => answer.err(),
            SdkError::ConstructionFailure(_) => return Self::Transient("no request".to_owned()),
            SdkError::DispatchFailure(failure)
                if failure
                    .as_connector_error()
                    .and_then(Error::source)
                    .is_some_and(is_connecting) =>
            {
                return Self::Transient("no connection".to_owned());
            }
            SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => {
                return Self::OutcomeUnknown(NO_ANSWER.to_owned());
            }
            _ => return Self::OutcomeUnknown(UNREADABLE.to_owned()),
        };
        // The response is not from SES, or not complete.
        let Some(code) = answer.code() else { return Self::OutcomeUnknown(UNREADABLE.to_owned()) };
        let code = code.to_owned();
        match answer {
            // The sender is not verified, or the account is in the sandbox: not this mail's fault.
            SendEmailError::MessageRejected(rejected) if is_unverified(rejected.message()) => {
                Self::Transient("not verified".to_owned())
            }
            SendEmailError::MessageRejected(_) | SendEmailError::BadRequestException(_) => {
                Self::Permanent(code)
            }
            SendEmailError::TooManyRequestsException(_) => Self::Busy(code),
            _ if code.starts_with("Throttling") => Self::Busy(code),
            // A problem of the AWS account or its permissions: not this mail's fault.
            _ => Self::Transient(code),
        }
    }
}

/// Whether the connection could not be opened, so that the mail can't have been sent.
fn is_connecting(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref().is_some_and(legacy::Error::is_connect)
}

/// Whether an identity is not verified. Only the error message says so: "Email address is not
/// verified. The following identities failed …".
fn is_unverified(message: Option<&str>) -> bool {
    message.is_some_and(|text| text.contains("not verified"))
}

impl From<Failed> for SendError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Busy(code) | Failed::Transient(code) => Self::Transient(code),
            Failed::OutcomeUnknown(code) => Self::OutcomeUnknown(code),
            Failed::Permanent(code) => Self::Permanent(code),
        }
    }
}

fn content(mail: &Mail) -> Result<EmailContent, BuildError> {
    let utf8 = |text: &str| Content::builder().charset("UTF-8").data(text).build();
    // Prevents automatic replies, such as absence notices (RFC 3834).
    let automatic = MessageHeader::builder().name("Auto-Submitted").value("auto-generated");
    let message = Message::builder()
        .subject(utf8(&mail.subject)?)
        .body(Body::builder().text(utf8(&mail.text)?).html(utf8(&mail.html)?).build())
        .headers(automatic.build()?);
    Ok(EmailContent::builder().simple(message.build()).build())
}

/// Returns the sender, such as `"Bodega" <orders@shop.example>`. A name that is not ASCII is
/// written as encoded words (RFC 2047).
fn mailbox(name: &str, address: &Email) -> String {
    if name.is_ascii() {
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("\"{quoted}\" <{address}>");
    }
    let mut words = vec![String::new()];
    for letter in name.chars() {
        // An encoded word has at most 75 characters: 12 around 63, which are 47 bytes.
        match words.last_mut() {
            Some(word) if word.len() + letter.len_utf8() <= 45 => word.push(letter),
            _ => words.push(letter.to_string()),
        }
    }
    let words: Vec<_> =
        words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word))).collect();
    format!("{} <{address}>", words.join(" "))
}

#[cfg(test)]
mod tests;
