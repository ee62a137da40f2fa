//! Tests the mailbox over HTTP, as the SDK and a browser use it.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::mails::tests::mail;
use super::*;

/// A response: status line and headers in lower case, and the body.
struct FullResponse {
    head: String,
    body: String,
}

impl FullResponse {
    fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

fn send(served: &RunningServer, line: &str, headers: &str, body: &str) -> FullResponse {
    let mut connection = TcpStream::connect(served.address()).unwrap();
    let length = body.len();
    write!(
        connection,
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    FullResponse { head: head.to_lowercase(), body: body.to_owned() }
}

fn get(served: &RunningServer, path: &str) -> FullResponse {
    send(served, &format!("GET {path}"), "", "")
}

fn send_email(served: &RunningServer, to: &str) -> FullResponse {
    let body = json!({
        "FromEmailAddress": "Bodega <shop@bodega.example>",
        "Destination": {"ToAddresses": [to]},
        "Content": {"Simple": {
            "Subject": {"Data": "Your order", "Charset": "UTF-8"},
            "Body": {
                "Text": {"Data": "Thank you.", "Charset": "UTF-8"},
                "Html": {"Data": "<p>Thank you.</p>", "Charset": "UTF-8"},
            },
        }},
    });
    let headers = "Content-Type: application/json\r\n";
    send(served, "POST /v2/email/outbound-emails", headers, &body.to_string())
}

#[test]
fn a_sent_mail_is_in_the_mailbox() {
    let served = Mailbox::in_memory().serve(0).unwrap();
    let sent = send_email(&served, "Ada <ada@example.com>");
    assert_eq!(sent.status(), "200");
    assert!(sent.json()["MessageId"].is_string());
    send_email(&served, "bob@example.com");

    let mails = get(&served, "/mails?to=ADA%40example.com").json();
    assert_eq!(mails["data"].as_array().unwrap().len(), 1);
    let mail = &mails["data"][0];
    assert_eq!(mail["to"], "ada@example.com");
    assert_eq!((&mail["subject"], &mail["text"]), (&json!("Your order"), &json!("Thank you.")));
    assert_eq!(mail["html"], "<p>Thank you.</p>");

    let all = get(&served, "/mails").json();
    let to: Vec<_> = all["data"].as_array().unwrap().iter().map(|mail| &mail["to"]).collect();
    assert_eq!(to, ["bob@example.com", "ada@example.com"]);
    let path = format!("/mails/{}", mail["id"].as_str().unwrap());
    assert_eq!(get(&served, &path).json(), *mail);
    assert!(get(&served, &format!("{path}/source")).body.contains("Subject: Your order"));
}

#[test]
fn an_error_has_the_form_that_the_sdk_expects() {
    let served = Mailbox::in_memory().serve(0).unwrap();
    for (to, status, name) in [
        ("ada@mail.invalid", "400", "messagerejected"),
        ("ada@slow.example", "429", "toomanyrequestsexception"),
        ("ada", "400", "badrequestexception"),
    ] {
        let refused = send_email(&served, to);
        assert_eq!((refused.status(), refused.header("x-amzn-errortype")), (status, Some(name)));
        assert!(refused.json()["message"].is_string());
    }
    assert_eq!(send_email(&served, "ada@slow.example").status(), "200");
    assert_eq!(get(&served, "/mails").json()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn an_emptied_mailbox_is_empty() {
    let served = Mailbox::in_memory().serve(0).unwrap();
    send_email(&served, "ada@example.com");
    assert_eq!(send(&served, "DELETE /mails", "", "").status(), "204");
    assert_eq!(get(&served, "/mails").json(), json!({"data": []}));
    assert_eq!(get(&served, "/mails/unknown").status(), "404");
}

#[test]
fn an_unchanged_list_is_304() {
    let served = Mailbox::in_memory().serve(0).unwrap();
    let seen = get(&served, "/mails").header("etag").unwrap().to_owned();
    let again = |seen: &str| {
        let headers = format!("If-None-Match: {seen}\r\n");
        send(&served, "GET /mails", &headers, "").status().to_owned()
    };
    assert_eq!(again(&seen), "304");
    send_email(&served, "ada@example.com");
    assert_eq!(again(&seen), "200");
}

#[test]
fn a_mails_html_can_neither_run_scripts_nor_send_requests() {
    let mailbox = Mailbox::in_memory();
    let html = "<script>alert(1)</script><a href=\"https://shop.example\">Shop</a>".to_owned();
    mailbox.put(Mail { html, ..mail(1, "ada@example.com") }).unwrap();
    let served = mailbox.serve(0).unwrap();
    let response = get(&served, "/mails/mail-1/html");
    let policy = response.header("content-security-policy").unwrap();
    assert!(policy.starts_with("sandbox ") && policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("allow-scripts") && !policy.contains("allow-same-origin"), "{policy}");
    assert!(response.body.contains("<base target=\"_blank\">"));
    assert_eq!(
        get(&served, "/mails/mail-1/source").header("content-type"),
        Some("text/plain; charset=utf-8")
    );
}

#[test]
fn the_page_is_complete_and_uses_no_other_host() {
    let served = Mailbox::in_memory().serve(0).unwrap();
    let page = get(&served, "/");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let frame = page.body.lines().find(|line| line.contains("<iframe")).unwrap();
    assert!(frame.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\""), "{frame}");
    for (path, kind) in [("/page.css", "text/css"), ("/page.js", "text/javascript")] {
        let part = get(&served, path);
        assert!(page.body.contains(&format!("\"{path}\"")), "{path}");
        assert!(part.header("content-type").unwrap().starts_with(kind), "{path}");
    }
    // The icon's XML namespace causes no request.
    let elsewhere = page.body.replace("http://www.w3.org/2000/svg", "");
    assert!(!elsewhere.contains("https://") && !elsewhere.contains("src=\"http"), "{elsewhere}");
    let script = get(&served, "/page.js").body;
    for sink in
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "srcdoc", "eval("]
    {
        assert!(!script.contains(sink), "{sink}");
    }
}
