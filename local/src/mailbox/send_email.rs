//! SES's `SendEmail`.
//! <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>
//!
//! Strict where the real one is, so that a mail that goes here goes there too.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::domain::time::Timestamp;
use uuid::Uuid;

use super::mails::{Mail, Mailbox};
use crate::clock::Clock;

/// To, Cc and Bcc together.
const RECIPIENTS_AT_MOST: usize = 50;

/// Mail for here is put off once.
const SLOW: &str = "slow.example";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    #[serde(default)]
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    #[serde(default)]
    content: Content,
    #[serde(default)]
    email_tags: Vec<NamedValue>,
    configuration_set_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Option<Message>,
    raw: Option<Value>,
    template: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    subject: Text,
    body: Body,
    #[serde(default)]
    headers: Vec<NamedValue>,
    attachments: Option<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
    charset: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NamedValue {
    name: String,
    value: String,
}

/// An error in SES's form: status, name, message.
#[derive(Debug, PartialEq, Eq)]
struct Refusal(StatusCode, &'static str, String);

type Result<T> = std::result::Result<T, Refusal>;

/// `POST /v2/email/outbound-emails`
pub(super) async fn answer(State(mailbox): State<Mailbox>, body: Bytes) -> Response {
    let json = (header::CONTENT_TYPE, "application/json");
    match send(&mailbox, &body) {
        Ok(id) => ([json], json!({"MessageId": id}).to_string()).into_response(),
        Err(Refusal(status, name, message)) => {
            let name = (header::HeaderName::from_static("x-amzn-errortype"), name);
            (status, [json, name], json!({"message": message}).to_string()).into_response()
        }
    }
}

/// Puts a copy into the mailbox for each recipient; gives the message's id.
fn send(mailbox: &Mailbox, body: &[u8]) -> Result<String> {
    let request: SendEmail =
        serde_json::from_slice(body).map_err(|error| bad(&error.to_string()))?;
    let (from, message) = request.checked()?;
    let recipients = request.destination.addresses()?;
    accept(mailbox, &recipients, body)?;

    let id = Uuid::now_v7().to_string();
    let at = Timestamp::from_unix_millis(Clock::default().now()).to_string();
    let source = request.source(from, message, &id, &at);
    let text =
        |text: &Option<Text>| text.as_ref().map(|text| text.data.clone()).unwrap_or_default();
    let mails = recipients.into_iter().enumerate().map(|(number, to)| Mail {
        id: format!("{id}-{number}"),
        to,
        from: from.to_owned(),
        subject: message.subject.data.clone(),
        text: text(&message.body.text),
        html: text(&message.body.html),
        at: at.clone(),
        source: source.clone(),
    });
    mailbox.put(mails.collect()).map_err(|error| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Refusal(status, "InternalServiceErrorException", error.to_string())
    })?;
    Ok(id)
}

/// Refuses what a real mail system would refuse now and then.
fn accept(mailbox: &Mailbox, recipients: &[String], body: &[u8]) -> Result<()> {
    let domains = || recipients.iter().filter_map(|address| address.rsplit('@').next());
    if domains().any(|domain| domain == "invalid" || domain.ends_with(".invalid")) {
        let words = "the local mailbox takes no mail for .invalid";
        return Err(Refusal(StatusCode::BAD_REQUEST, "MessageRejected", words.to_owned()));
    }
    if domains().any(|domain| domain == SLOW) {
        let put_off = &mut mailbox.contents().put_off;
        match put_off.iter().position(|one| one == body) {
            Some(known) => drop(put_off.swap_remove(known)),
            None => {
                put_off.push(body.to_owned());
                let words = "Maximum sending rate exceeded.".to_owned();
                let status = StatusCode::TOO_MANY_REQUESTS;
                return Err(Refusal(status, "TooManyRequestsException", words));
            }
        }
    }
    Ok(())
}

impl SendEmail {
    /// The sender and the message, once everything is as SES wants it.
    fn checked(&self) -> Result<(&str, &Message)> {
        let from = self.from_email_address.as_deref().filter(|from| !from.is_empty());
        let from = from.ok_or_else(|| bad("FromEmailAddress is missing"))?;
        address(from)?;
        for reply_to in &self.reply_to_addresses {
            address(reply_to)?;
        }
        if self.content.raw.is_some() || self.content.template.is_some() {
            return Err(bad("the local mailbox takes Content.Simple only, not Raw or Template"));
        }
        let message = self.content.simple.as_ref().ok_or_else(|| bad("Content is missing"))?;
        if message.attachments.as_ref().is_some_and(|attachments| !attachments.is_empty()) {
            return Err(bad("the local mailbox takes no attachments"));
        }
        let Body { text, html } = &message.body;
        if text.is_none() && html.is_none() {
            return Err(bad("Content.Simple.Body has neither Text nor Html"));
        }
        let texts =
            [("Subject", Some(&message.subject)), ("Text", text.as_ref()), ("Html", html.as_ref())];
        for (name, text) in texts {
            text.map_or(Ok(()), |text| text.check(name))?;
        }
        if message.subject.data.contains(['\r', '\n']) {
            return Err(bad("a subject is one line"));
        }
        self.email_tags.iter().try_for_each(NamedValue::check_tag)?;
        message.headers.iter().try_for_each(NamedValue::check_header)?;
        Ok((from, message))
    }

    /// What would travel, but for its encoding: texts stand here as one reads them.
    fn source(&self, from: &str, message: &Message, id: &str, at: &str) -> String {
        let mut lines = vec![format!("From: {from}")];
        let mut list = |name: &str, values: &[String]| {
            if !values.is_empty() {
                lines.push(format!("{name}: {}", values.join(", ")));
            }
        };
        list("To", &self.destination.to_addresses);
        list("Cc", &self.destination.cc_addresses);
        list("Reply-To", &self.reply_to_addresses);
        lines.push(format!("Subject: {}", message.subject.data));
        lines.push(format!("Date: {at}"));
        lines.push(format!("Message-ID: <{id}@email.amazonses.com>"));
        let headers = message.headers.iter();
        lines.extend(headers.map(|NamedValue { name, value }| format!("{name}: {value}")));
        if let Some(set) = &self.configuration_set_name {
            lines.push(format!("X-SES-CONFIGURATION-SET: {set}"));
        }
        let tags = self.email_tags.iter().map(|tag| format!("{}={}", tag.name, tag.value));
        let tags = tags.collect::<Vec<_>>().join(", ");
        if !tags.is_empty() {
            lines.push(format!("X-SES-MESSAGE-TAGS: {tags}"));
        }
        lines.push("MIME-Version: 1.0".to_owned());
        let parts = [("text/plain", &message.body.text), ("text/html", &message.body.html)];
        let parts = parts.iter().filter_map(|(kind, text)| Some((kind, text.as_ref()?)));
        let boundary = format!("=_{id}");
        lines.push(format!("Content-Type: multipart/alternative; boundary=\"{boundary}\""));
        for (kind, text) in parts {
            lines.push(format!(
                "\n--{boundary}\nContent-Type: {kind}; charset=UTF-8\n\n{}",
                text.data
            ));
        }
        lines.push(format!("\n--{boundary}--\n"));
        lines.join("\n")
    }
}

impl Destination {
    /// Every recipient's address, without their names.
    fn addresses(&self) -> Result<Vec<String>> {
        let all = [&self.to_addresses, &self.cc_addresses, &self.bcc_addresses];
        let all: Vec<_> =
            all.into_iter().flatten().map(|one| address(one)).collect::<Result<_>>()?;
        match all.len() {
            0 => Err(bad("Destination has no address")),
            1..=RECIPIENTS_AT_MOST => Ok(all),
            _ => Err(bad("Recipient count exceeds 50.")),
        }
    }
}

impl Text {
    /// SES takes seven bits unless a charset is named.
    fn check(&self, name: &str) -> Result<()> {
        match self.charset.as_deref() {
            Some(charset) if charset.eq_ignore_ascii_case("utf-8") => Ok(()),
            Some(charset) => {
                Err(bad(&format!("the local mailbox takes UTF-8 only, not {charset}")))
            }
            None if self.data.is_ascii() => Ok(()),
            None => Err(bad(&format!("{name} is not ASCII, and names no Charset"))),
        }
    }
}

impl NamedValue {
    /// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html>
    fn check_tag(&self) -> Result<()> {
        let plain = |text: &str, also: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
            (1..256).contains(&text.len()) && text.chars().all(fits)
        };
        if plain(&self.name, "_-") && plain(&self.value, "_-.@") {
            return Ok(());
        }
        Err(bad(&format!("EmailTags can't have {}={}", self.name, self.value)))
    }

    /// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageHeader.html>
    fn check_header(&self) -> Result<()> {
        let name = (1..=126).contains(&self.name.len())
            && self.name.chars().all(|c| c.is_ascii_graphic() && c != ':');
        let value = (1..=995).contains(&self.value.len())
            && self.value.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if name && value {
            return Ok(());
        }
        Err(bad(&format!("Headers can't have {}: {}", self.name, self.value)))
    }
}

/// The address in `Ada <ada@example.com>`, the domain in lower case.
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
        .ok_or_else(|| bad(&format!("«{text}» is no address")))?;
    Ok(format!("{name}@{}", domain.to_lowercase()))
}

fn bad(why: &str) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, "BadRequestException", why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the SDK (aws-sdk-sesv2 1.145) writes for a mail with everything the shop sets.
    const OF_THE_SDK: &str = r#"{"ConfigurationSetName":"shop","Content":{"Simple":{"Subject":{"Data":"Grüße","Charset":"UTF-8"},"Body":{"Text":{"Data":"Hallo Ada","Charset":"UTF-8"},"Html":{"Data":"<p>Hallo Ada</p>","Charset":"UTF-8"}},"Headers":[{"Name":"X-Entity-Ref-ID","Value":"msg_1"}]}},"Destination":{"ToAddresses":["Ada <ada@Example.com>"],"CcAddresses":["bob@example.com"],"BccAddresses":["eve@example.com"]},"EmailTags":[{"Name":"kind","Value":"order_placed"}],"FromEmailAddress":"Bodega <shop@bodega.example>","ReplyToAddresses":["help@bodega.example"]}"#;

    fn request() -> Value {
        serde_json::from_str(OF_THE_SDK).unwrap()
    }

    fn refused(request: &Value) -> Refusal {
        send(&Mailbox::in_memory(), request.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn every_recipient_gets_a_copy() {
        let mailbox = Mailbox::in_memory();
        send(&mailbox, OF_THE_SDK.as_bytes()).unwrap();
        let to: Vec<_> = mailbox.mails(None).into_iter().map(|mail| mail.to).collect();
        assert_eq!(to, ["eve@example.com", "bob@example.com", "ada@example.com"]);

        let mail = mailbox.mails(Some("ada@example.com")).remove(0);
        assert_eq!(mail.from, "Bodega <shop@bodega.example>");
        assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Grüße", "Hallo Ada"));
        assert_eq!(mail.html, "<p>Hallo Ada</p>");
        assert!(mail.at.ends_with('Z') && mail.at.len() == 24, "{}", mail.at);
    }

    #[test]
    fn the_source_shows_all_that_travels_and_no_blind_copy() {
        let mailbox = Mailbox::in_memory();
        let id = send(&mailbox, OF_THE_SDK.as_bytes()).unwrap();
        let source = mailbox.mails(None).remove(0).source;
        for line in [
            "From: Bodega <shop@bodega.example>",
            "To: Ada <ada@Example.com>",
            "Cc: bob@example.com",
            "Reply-To: help@bodega.example",
            "Subject: Grüße",
            "X-Entity-Ref-ID: msg_1",
            "X-SES-CONFIGURATION-SET: shop",
            "X-SES-MESSAGE-TAGS: kind=order_placed",
            &format!("Message-ID: <{id}@email.amazonses.com>"),
            "Hallo Ada",
            "<p>Hallo Ada</p>",
        ] {
            assert!(source.lines().any(|one| one == line), "{line} is not in\n{source}");
        }
        assert!(!source.contains("eve@example.com"), "{source}");
    }

    #[test]
    fn a_bad_request_says_what_is_bad_about_it() {
        for (pointer, value, named) in [
            ("/FromEmailAddress", json!(null), "FromEmailAddress"),
            ("/FromEmailAddress", json!("shop"), "«shop»"),
            ("/Destination", json!({}), "Destination"),
            ("/Destination/ToAddresses", json!(["ada@"]), "«ada@»"),
            ("/Destination/ToAddresses", json!(["ädä@example.com"]), "«ädä@example.com»"),
            ("/Destination/ToAddresses", json!(vec!["ada@example.com"; 49]), "50"),
            ("/ReplyToAddresses", json!(["nobody"]), "«nobody»"),
            ("/Content", json!({"Raw": {"Data": "RnJvbTo="}}), "Raw"),
            ("/Content", json!({"Template": {"TemplateName": "t"}}), "Template"),
            ("/Content", json!({}), "Content is missing"),
            ("/Content/Simple/Body", json!({}), "neither Text nor Html"),
            ("/Content/Simple/Subject", json!({"Data": "Grüße"}), "no Charset"),
            ("/Content/Simple/Subject/Data", json!("a\nBcc: eve@example.com"), "one line"),
            ("/Content/Simple/Body/Text/Charset", json!("ISO-8859-1"), "ISO-8859-1"),
            ("/Content/Simple/Headers/0/Value", json!("a\r\nb"), "Headers"),
            ("/EmailTags/0/Value", json!("two words"), "two words"),
        ] {
            let mut request = request();
            *request.pointer_mut(pointer).unwrap() = value;
            let Refusal(status, name, words) = refused(&request);
            assert_eq!((status.as_u16(), name), (400, "BadRequestException"), "{pointer}: {words}");
            assert!(words.contains(named), "{pointer}: {words}");
        }
        assert_eq!(send(&Mailbox::in_memory(), b"mail").unwrap_err().1, "BadRequestException");
    }

    #[test]
    fn a_recipient_at_invalid_is_refused_for_good() {
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
                Err(Refusal(status, "MessageRejected", _)) => {
                    assert!(refusal && status.as_u16() == 400, "{address}");
                    assert!(mailbox.mails(None).is_empty());
                }
                outcome => assert!(!refusal && outcome.is_ok(), "{address}: {outcome:?}"),
            }
        }
    }

    #[test]
    fn mail_for_the_slow_domain_is_put_off_once() {
        let mailbox = Mailbox::in_memory();
        let mut request = request();
        request["Destination"] = json!({"ToAddresses": ["ada@slow.example"]});
        let body = request.to_string();
        let Refusal(status, name, _) = send(&mailbox, body.as_bytes()).unwrap_err();
        assert_eq!((status.as_u16(), name), (429, "TooManyRequestsException"));
        assert!(mailbox.mails(None).is_empty());
        send(&mailbox, body.as_bytes()).unwrap();
        assert_eq!(mailbox.mails(None).len(), 1);
        assert!(send(&mailbox, body.as_bytes()).is_err(), "the next mail is another one");
    }
}
