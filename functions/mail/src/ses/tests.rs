//! Tests of the requests to SES, and of the errors that its responses become.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use super::*;

/// A fake SES that gives these responses, one after the other: a status and, for an error, SES's
/// code, or [`GIBBERISH`] for a response that is not from SES.
#[derive(Debug, Clone)]
struct Line(Arc<Mutex<State>>);

/// No response at all.
const SILENCE: (u16, &str) = (0, "");

/// A response of a proxy instead of SES.
const GIBBERISH: &str = "<html>";

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<(u16, &'static str)>,
    requests: Vec<(String, String)>,
}

impl Line {
    fn with(answers: impl IntoIterator<Item = (u16, &'static str)>) -> Self {
        let answers = answers.into_iter().collect();
        Self(Arc::new(Mutex::new(State { answers, requests: Vec::new() })))
    }

    fn requests(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().requests.clone()
    }
}

impl HttpClient for Line {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
        let mut state = self.0.lock().unwrap();
        state.requests.push((format!("{} {}", request.method(), request.uri()), body));
        if state.answers.front() == Some(&SILENCE) {
            return HttpConnectorFuture::new(std::future::pending());
        }
        let Some((status, code)) = state.answers.pop_front() else {
            return HttpConnectorFuture::ready(Err(ConnectorError::io("nobody there".into())));
        };
        let (code, message) = code.split_once(": ").unwrap_or((code, "is not to our liking"));
        let body = match (status, code) {
            (200, "") => "{\"MessageId\": \"1\"}".to_owned(),
            (_, GIBBERISH) => "<html>".to_owned(),
            _ => format!("{{\"message\": \"{message}: ada@example.com\"}}"),
        };
        let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        if code != GIBBERISH {
            answer.headers_mut().insert("x-amzn-errortype", code);
        }
        HttpConnectorFuture::ready(Ok(answer))
    }
}

fn address(text: &str) -> Email {
    Email::parse(text.to_owned()).unwrap()
}

fn config() -> Config {
    let config = Config::read(|name| {
        let value = match name {
            "MAIL_FROM" => "orders@shop.example",
            "APP_URL" => "https://shop.example",
            "AWS_REGION" => "eu-central-1",
            "TABLE_NAME" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
            _ => return None,
        };
        Some(value.to_owned())
    });
    config.unwrap()
}

fn ses(line: &Line) -> Ses {
    let config = config();
    let settings = config.mail.as_ref().unwrap();
    Ses::new(&config, settings, Some(SharedHttpClient::new(line.clone())))
}

fn mail() -> Mail {
    Mail {
        to: address("ada@example.com"),
        subject: "Grüße".to_owned(),
        text: "text".to_owned(),
        html: "<p>html".to_owned(),
    }
}

async fn send(line: &Line) -> Result<(), SendError> {
    ses(line).send(&mail()).await
}

/// Sends a mail over the real network to an endpoint.
async fn send_to(endpoint: String) -> Result<(), SendError> {
    let mut config = config();
    config.aws.ses_endpoint = Some(endpoint);
    Ses::new(&config, config.mail.as_ref().unwrap(), None).send(&mail()).await
}

#[tokio::test]
async fn a_mail_goes_out_as_text_and_html_from_the_shops_address() {
    let line = Line::with([(200, "")]);

    assert_eq!(send(&line).await, Ok(()));

    let (target, body) = line.requests().remove(0);
    let endpoint = "https://email.eu-central-1.amazonaws.com/v2/email/outbound-emails";
    assert_eq!(target, format!("POST {endpoint}"));
    for piece in [
        r#""FromEmailAddress":"\"Bodega\" <orders@shop.example>""#,
        r#""Destination":{"ToAddresses":["ada@example.com"]}"#,
        r#""Subject":{"Data":"Grüße","Charset":"UTF-8"}"#,
        r#""Text":{"Data":"text","Charset":"UTF-8"}"#,
        r#""Html":{"Data":"<p>html","Charset":"UTF-8"}"#,
        r#""Headers":[{"Name":"Auto-Submitted","Value":"auto-generated"}]"#,
    ] {
        assert!(body.contains(piece), "{piece} in {body}");
    }
}

#[tokio::test]
async fn a_mail_names_the_shops_configuration_set_if_it_has_one() {
    for (set, member) in [(None, None), (Some("shop"), Some(r#""ConfigurationSetName":"shop""#))] {
        let (mut config, line) = (config(), Line::with([(200, "")]));
        let settings = config.mail.as_mut().unwrap();
        settings.configuration_set = set.map(str::to_owned);
        let http = SharedHttpClient::new(line.clone());

        Ses::new(&config, config.mail.as_ref().unwrap(), Some(http)).send(&mail()).await.unwrap();

        let (_, body) = line.requests().remove(0);
        assert_eq!(body.contains("ConfigurationSetName"), member.is_some(), "{body}");
        assert!(body.contains(member.unwrap_or_default()), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_ses_says_decides_whether_a_mail_may_go_another_time() {
    let transient = |code: &str| Err(SendError::Transient(code.to_owned()));
    let permanent = |code: &str| Err(SendError::Permanent(code.to_owned()));
    for (status, code, end) in [
        (400, "MessageRejected", permanent("MessageRejected")),
        (400, "MessageRejected: Email address is not verified", transient("not verified")),
        (400, "BadRequestException", permanent("BadRequestException")),
        (400, "LimitExceededException", transient("LimitExceededException")),
        (400, "SendingPausedException", transient("SendingPausedException")),
        (400, "AccountSuspendedException", transient("AccountSuspendedException")),
        (
            400,
            "MailFromDomainNotVerifiedException",
            transient("MailFromDomainNotVerifiedException"),
        ),
        (403, "AccessDeniedException", transient("AccessDeniedException")),
        // There is no configuration set of this name.
        (404, "NotFoundException", transient("NotFoundException")),
        (500, "InternalFailure", transient("InternalFailure")),
    ] {
        let line = Line::with([(status, code)]);
        assert_eq!(send(&line).await, end, "{status} {code}");
        assert_eq!(line.requests().len(), 1, "{status} {code}: there is no retry");
    }
}

#[tokio::test(start_paused = true)]
async fn where_an_answer_is_lost_the_mail_may_have_gone() {
    let unanswered = |problem: &str| Err(SendError::OutcomeUnknown(problem.to_owned()));
    for (line, problem) in [
        (Line::with([SILENCE]), "no answer"),
        (Line::with([]), "no answer"),
        (Line::with([(200, GIBBERISH)]), "no answer that can be read"),
        (Line::with([(504, GIBBERISH)]), "no answer that can be read"),
    ] {
        assert_eq!(send(&line).await, unanswered(problem));
        assert_eq!(line.requests().len(), 1, "there is no retry");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_ses_is_waited_for_longer_than_a_database_is() {
    let began = tokio::time::Instant::now();
    send(&Line::with([SILENCE])).await.unwrap_err();
    assert!(began.elapsed() >= TIMEOUT, "{:?}", began.elapsed());
}

#[tokio::test]
async fn where_there_is_no_connection_nothing_has_gone_and_where_it_breaks_it_may_have() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let breaks = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        std::io::Read::read(&mut connection, &mut [0; 100]).unwrap()
    });

    assert_eq!(
        send_to(endpoint.clone()).await,
        Err(SendError::OutcomeUnknown("no answer".to_owned()))
    );
    assert!(breaks.join().unwrap() > 0, "the request had begun");

    let no_connection = Err(SendError::Transient("no connection".to_owned()));
    assert_eq!(send_to(endpoint).await, no_connection, "the listener is closed");
}

#[tokio::test(start_paused = true)]
async fn a_busy_ses_is_asked_again_after_a_moment_and_not_for_ever() {
    for code in ["TooManyRequestsException", "ThrottlingException"] {
        let line = Line::with([(429, code), (429, code), (200, "")]);
        assert_eq!(send(&line).await, Ok(()), "{code}");
        let line = Line::with([(429, code); 5]);
        assert_eq!(send(&line).await, Err(SendError::Transient(code.to_owned())));
        assert_eq!(line.requests().len(), 4, "{code}");
    }
}

#[test]
fn a_sender_is_written_so_that_every_letter_survives() {
    let from = address("orders@shop.example");
    assert_eq!(mailbox("Bodega", &from), "\"Bodega\" <orders@shop.example>");
    assert_eq!(mailbox("a \"b\" \\", &from), "\"a \\\"b\\\" \\\\\" <orders@shop.example>");
    assert_eq!(mailbox("Müllers", &from), "=?UTF-8?B?TcO8bGxlcnM=?= <orders@shop.example>");
    let long = mailbox(&"ü".repeat(60), &from);
    let words: Vec<_> = long.split(' ').collect();
    assert_eq!(words.len(), 4, "{long}");
    assert!(words.iter().all(|word| word.len() <= 75), "{long}");
}

#[tokio::test]
async fn no_mail_goes_on_a_connection_that_another_one_has_left() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    // It answers once on every connection, which stays open, and is dead from then on.
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut connection in listener.incoming().flatten() {
            let mut request = String::new();
            while !request.contains("\"Simple\"") {
                let mut bytes = [0; 4096];
                let length = connection.read(&mut bytes).unwrap();
                request += &String::from_utf8_lossy(&bytes[..length]);
            }
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"MessageId\": \"1\"}";
            connection.write_all(answer.as_bytes()).unwrap();
            open.push(connection);
        }
    });
    let mut config = config();
    config.aws.ses_endpoint = Some(endpoint);
    let ses = Ses::new(&config, config.mail.as_ref().unwrap(), None);

    for number in 1..=3 {
        let sent = tokio::time::timeout(Duration::from_secs(5), ses.send(&mail())).await;
        assert_eq!(sent, Ok(Ok(())), "mail {number}");
    }
}
