//! SES's `SendEmail`.
//! <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>
//!
//! As strict as SES, so that SES accepts each mail that is accepted here. Members that the shop's
//! mails don't use are errors: a second recipient, a reply address, tags, attachments.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use shared::domain::time::Timestamp;
use uuid::Uuid;

use super::mails::{Mail, Mailbox};
use crate::clock::Clock;

/// The first request for each mail to this domain gets 429.
const THROTTLED_DOMAIN: &str = "slow.example";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendEmail {
    from_email_address: String,
    configuration_set_name: Option<String>,
    destination: Destination,
    content: Content,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    to_addresses: [String; 1],
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Content {
    simple: Message,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Message {
    subject: Text,
    body: Body,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Body {
    text: Text,
    html: Text,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Text {
    data: String,
    charset: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Header {
    name: String,
    value: String,
}

/// An error response of SES: status, error name, message.
#[derive(Debug, PartialEq, Eq)]
struct ErrorResponse(StatusCode, &'static str, String);

type Result<T> = std::result::Result<T, ErrorResponse>;

/// `POST /v2/email/outbound-emails`
pub(super) async fn handle(State(mailbox): State<Mailbox>, body: Bytes) -> Response {
    let json = (header::CONTENT_TYPE, "application/json");
    match send(&mailbox, &body) {
        Ok(id) => ([json], json!({"MessageId": id}).to_string()).into_response(),
        Err(ErrorResponse(status, name, message)) => {
            let name = (header::HeaderName::from_static("x-amzn-errortype"), name);
            (status, [json, name], json!({"message": message}).to_string()).into_response()
        }
    }
}

/// Adds the mail to the mailbox; returns its ID.
fn send(mailbox: &Mailbox, body: &[u8]) -> Result<String> {
    let request: SendEmail =
        serde_json::from_slice(body).map_err(|error| bad_request(&error.to_string()))?;
    let to = request.checked()?;
    accept(mailbox, &to, body)?;

    let id = Uuid::now_v7().to_string();
    let at = Timestamp::from_unix_millis(Clock::default().now()).to_string();
    let source = request.source(&id, &at);
    let SendEmail { from_email_address: from, content, .. } = request;
    let Message { subject, body: Body { text, html }, .. } = content.simple;
    let (subject, text, html) = (subject.data, text.data, html.data);
    let mail = Mail { id: id.clone(), to, from, subject, text, html, at, source };
    mailbox.put(mail).map_err(|error| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        ErrorResponse(status, "InternalServiceErrorException", error.to_string())
    })?;
    Ok(id)
}

/// Rejects mails to `.invalid` with `MessageRejected`, and the first request for each mail to
/// [`THROTTLED_DOMAIN`] with `TooManyRequestsException`.
fn accept(mailbox: &Mailbox, to: &str, body: &[u8]) -> Result<()> {
    let domain = to.rsplit('@').next().unwrap_or_default();
    if domain == "invalid" || domain.ends_with(".invalid") {
        let words = "the local mailbox rejects all mail to .invalid";
        return Err(ErrorResponse(StatusCode::BAD_REQUEST, "MessageRejected", words.to_owned()));
    }
    if domain == THROTTLED_DOMAIN {
        let throttled = &mut mailbox.contents().throttled;
        match throttled.iter().position(|one| one == body) {
            Some(known) => drop(throttled.swap_remove(known)),
            None => {
                throttled.push(body.to_owned());
                let words = "Maximum sending rate exceeded.".to_owned();
                let status = StatusCode::TOO_MANY_REQUESTS;
                return Err(ErrorResponse(status, "TooManyRequestsException", words));
            }
        }
    }
    Ok(())
}

impl SendEmail {
    /// Checks the mail as SES does; returns the recipient's email.
    fn checked(&self) -> Result<String> {
        address(&self.from_email_address)?;
        let Message { subject, body: Body { text, html }, headers } = &self.content.simple;
        for (name, text) in [("Subject", subject), ("Text", text), ("Html", html)] {
            text.check(name)?;
        }
        if subject.data.contains(['\r', '\n']) {
            return Err(bad_request("the subject must be one line"));
        }
        headers.iter().try_for_each(Header::check)?;
        let [to] = &self.destination.to_addresses;
        address(to)
    }

    /// Returns the whole message as it would be sent, but with readable texts instead of encoded
    /// ones.
    fn source(&self, id: &str, at: &str) -> String {
        let Message { subject, body: Body { text, html }, headers } = &self.content.simple;
        let [to] = &self.destination.to_addresses;
        let boundary = format!("=_{id}");
        let mut lines = vec![
            format!("From: {}", self.from_email_address),
            format!("To: {to}"),
            format!("Subject: {}", subject.data),
            format!("Date: {at}"),
            format!("Message-ID: <{id}@email.amazonses.com>"),
        ];
        let set = self.configuration_set_name.iter();
        lines.extend(set.map(|name| format!("X-SES-CONFIGURATION-SET: {name}")));
        lines.extend(headers.iter().map(|Header { name, value }| format!("{name}: {value}")));
        lines.push("MIME-Version: 1.0".to_owned());
        lines.push(format!("Content-Type: multipart/alternative; boundary=\"{boundary}\""));
        for (kind, text) in [("text/plain", text), ("text/html", html)] {
            lines.push(format!(
                "\n--{boundary}\nContent-Type: {kind}; charset=UTF-8\n\n{}",
                text.data
            ));
        }
        lines.push(format!("\n--{boundary}--\n"));
        lines.join("\n")
    }
}

impl Text {
    /// Checks the charset: UTF-8, or ASCII text without one, as SES assumes 7-bit ASCII.
    fn check(&self, name: &str) -> Result<()> {
        match self.charset.as_deref() {
            Some(charset) if charset.eq_ignore_ascii_case("utf-8") => Ok(()),
            Some(charset) => {
                Err(bad_request(&format!("the local mailbox supports UTF-8 only, not {charset}")))
            }
            None if self.data.is_ascii() => Ok(()),
            None => Err(bad_request(&format!("{name} is not ASCII and has no Charset"))),
        }
    }
}

impl Header {
    /// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageHeader.html>
    fn check(&self) -> Result<()> {
        let name = (1..=126).contains(&self.name.len())
            && self.name.chars().all(|c| c.is_ascii_graphic() && c != ':');
        let value = (1..=995).contains(&self.value.len())
            && self.value.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if name && value {
            return Ok(());
        }
        Err(bad_request(&format!("Headers has an invalid header: {}: {}", self.name, self.value)))
    }
}

/// Returns the email in `Ada <ada@example.com>`, with the domain in lower case.
fn address(text: &str) -> Result<String> {
    let address = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((_, address)) => address.trim(),
        None => text.trim(),
    };
    let fits = |(name, domain): (&str, &str)| {
        !name.is_empty() && name.is_ascii() && !domain.is_empty() && domain.is_ascii()
    };
    let plain =
        address.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>,;".contains(c));
    let (name, domain) = address
        .rsplit_once('@')
        .filter(|parts| plain && fits(*parts))
        .ok_or_else(|| bad_request(&format!("«{text}» is not a valid email")))?;
    Ok(format!("{name}@{}", domain.to_lowercase()))
}

fn bad_request(why: &str) -> ErrorResponse {
    ErrorResponse(StatusCode::BAD_REQUEST, "BadRequestException", why.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What the SDK (aws-sdk-sesv2 1.145) writes for a mail of the shop.
    const OF_THE_SDK: &str = r#"{"Content":{"Simple":{"Subject":{"Data":"Grüße","Charset":"UTF-8"},"Body":{"Text":{"Data":"Hallo Ada","Charset":"UTF-8"},"Html":{"Data":"<p>Hallo Ada</p>","Charset":"UTF-8"}},"Headers":[{"Name":"X-Entity-Ref-ID","Value":"msg_1"}]}},"Destination":{"ToAddresses":["Ada <ada@Example.com>"]},"FromEmailAddress":"Bodega <shop@bodega.example>"}"#;

    fn request() -> Value {
        serde_json::from_str(OF_THE_SDK).unwrap()
    }

    fn refused(request: &Value) -> ErrorResponse {
        send(&Mailbox::in_memory(), request.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn a_mail_is_in_the_mailbox_of_its_recipient() {
        let mailbox = Mailbox::in_memory();
        send(&mailbox, OF_THE_SDK.as_bytes()).unwrap();
        let mail = mailbox.mails(Some("ada@example.com")).remove(0);
        assert_eq!(mail.to, "ada@example.com");
        assert_eq!(mail.from, "Bodega <shop@bodega.example>");
        assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Grüße", "Hallo Ada"));
        assert_eq!(mail.html, "<p>Hallo Ada</p>");
        assert!(mail.at.ends_with('Z') && mail.at.len() == 24, "{}", mail.at);
    }

    #[test]
    fn the_source_names_the_configuration_set_of_the_mail() {
        for set in [None, Some("shop")] {
            let (mailbox, mut request) = (Mailbox::in_memory(), request());
            if let Some(set) = set {
                request["ConfigurationSetName"] = set.into();
            }
            send(&mailbox, request.to_string().as_bytes()).unwrap();
            let source = mailbox.mails(None).remove(0).source;
            let named = source.lines().find_map(|it| it.strip_prefix("X-SES-CONFIGURATION-SET: "));
            assert_eq!(named, set);
        }
    }

    #[test]
    fn the_source_has_all_parts_of_the_message() {
        let mailbox = Mailbox::in_memory();
        let id = send(&mailbox, OF_THE_SDK.as_bytes()).unwrap();
        let source = mailbox.mails(None).remove(0).source;
        for line in [
            "From: Bodega <shop@bodega.example>",
            "To: Ada <ada@Example.com>",
            "Subject: Grüße",
            "X-Entity-Ref-ID: msg_1",
            &format!("Message-ID: <{id}@email.amazonses.com>"),
            "Hallo Ada",
            "<p>Hallo Ada</p>",
        ] {
            assert!(source.lines().any(|one| one == line), "{line} is not in\n{source}");
        }
    }

    #[test]
    fn a_bad_request_is_an_error_that_names_the_reason() {
        for (pointer, value, named) in [
            ("/FromEmailAddress", json!("shop"), "«shop»"),
            ("/Destination", json!({}), "ToAddresses"),
            ("/Destination/ToAddresses", json!(["ada@"]), "«ada@»"),
            ("/Destination/ToAddresses", json!(["ädä@example.com"]), "«ädä@example.com»"),
            ("/Content", json!({}), "Simple"),
            ("/Content/Simple/Body", json!({}), "Text"),
            ("/Content/Simple/Subject", json!({"Data": "Grüße"}), "no Charset"),
            ("/Content/Simple/Subject/Data", json!("a\nBcc: eve@example.com"), "one line"),
            ("/Content/Simple/Body/Text/Charset", json!("ISO-8859-1"), "ISO-8859-1"),
            ("/Content/Simple/Headers/0/Value", json!("a\r\nb"), "Headers"),
        ] {
            let mut request = request();
            *request.pointer_mut(pointer).unwrap() = value;
            let ErrorResponse(status, name, words) = refused(&request);
            assert_eq!((status.as_u16(), name), (400, "BadRequestException"), "{pointer}: {words}");
            assert!(words.contains(named), "{pointer}: {words}");
        }
        assert_eq!(send(&Mailbox::in_memory(), b"mail").unwrap_err().1, "BadRequestException");
    }

    #[test]
    fn an_unsupported_member_is_an_error_that_names_it() {
        for (pointer, member) in [
            ("", "ReplyToAddresses"),
            ("", "EmailTags"),
            ("", "FeedbackForwardingEmailAddress"),
            ("/Destination", "CcAddresses"),
            ("/Destination", "BccAddresses"),
            ("/Content", "Raw"),
            ("/Content", "Template"),
            ("/Content/Simple", "Attachments"),
        ] {
            let mut request = request();
            request.pointer_mut(pointer).unwrap()[member] = json!([]);
            let ErrorResponse(status, name, words) = refused(&request);
            assert_eq!((status.as_u16(), name), (400, "BadRequestException"), "{member}");
            assert!(words.contains(member), "{member}: {words}");
        }
        let mut request = request();
        request["Destination"]["ToAddresses"] = json!(["ada@example.com", "bob@example.com"]);
        assert_eq!(refused(&request).1, "BadRequestException");
    }

    #[test]
    fn a_mail_to_invalid_is_rejected() {
        for (address, refusal) in [
            ("ada@mail.invalid", true),
            ("Ada <ada@MAIL.INVALID>", true),
            ("ada@invalid", true),
            ("ada@invalid.example", false),
            ("ada.invalid@example.com", false),
        ] {
            let mut request = request();
            request["Destination"] = json!({"ToAddresses": [address]});
            let mailbox = Mailbox::in_memory();
            let outcome = send(&mailbox, request.to_string().as_bytes());
            match outcome {
                Err(ErrorResponse(status, "MessageRejected", _)) => {
                    assert!(refusal && status.as_u16() == 400, "{address}");
                    assert!(mailbox.mails(None).is_empty());
                }
                outcome => assert!(!refusal && outcome.is_ok(), "{address}: {outcome:?}"),
            }
        }
    }

    #[test]
    fn a_mail_to_slow_example_is_throttled_once() {
        let mailbox = Mailbox::in_memory();
        let mut request = request();
        request["Destination"] = json!({"ToAddresses": ["ada@slow.example"]});
        let body = request.to_string();
        let ErrorResponse(status, name, _) = send(&mailbox, body.as_bytes()).unwrap_err();
        assert_eq!((status.as_u16(), name), (429, "TooManyRequestsException"));
        assert!(mailbox.mails(None).is_empty());
        send(&mailbox, body.as_bytes()).unwrap();
        assert_eq!(mailbox.mails(None).len(), 1);
        assert!(send(&mailbox, body.as_bytes()).is_err(), "the next mail is throttled, too");
    }
}
