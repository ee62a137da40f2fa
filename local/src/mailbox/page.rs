//! The mailbox's web page and its JSON API.
//!
//! A mail's content is untrusted. The page gets it as JSON; its HTML is shown in an `iframe`, whose
//! content security policy forbids scripts and requests.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::mails::{Mail, Mailbox};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page's content security policy: nothing from other hosts.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
     connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The content security policy of a mail's HTML: only its own styles, and links in new tabs.
const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; \
     default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

#[derive(Deserialize)]
pub(super) struct Search {
    to: Option<String>,
}

/// `GET /`
pub(super) async fn page() -> Response {
    with(&[(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)], "text/html; charset=utf-8", PAGE)
}

/// `GET /page.css`
pub(super) async fn style() -> Response {
    with(&[], "text/css; charset=utf-8", STYLE)
}

/// `GET /page.js`
pub(super) async fn script() -> Response {
    with(&[], "text/javascript; charset=utf-8", SCRIPT)
}

/// `GET /mails`: 304 if `If-None-Match` has the current version.
pub(super) async fn list(
    State(mailbox): State<Mailbox>,
    Query(search): Query<Search>,
    headers: HeaderMap,
) -> Response {
    let version = format!("\"{}-{}\"", std::process::id(), mailbox.contents().version);
    let etag = [(header::ETAG, version.clone())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|seen| *seen == *version) {
        return (StatusCode::NOT_MODIFIED, etag).into_response();
    }
    let to = search.to.as_deref().map(str::trim).filter(|to| !to.is_empty());
    let data: Vec<_> = mailbox.mails(to).iter().map(view).collect();
    (etag, with(&[], "application/json", &json!({"data": data}).to_string())).into_response()
}

/// `DELETE /mails`
pub(super) async fn clear(State(mailbox): State<Mailbox>) -> Response {
    match mailbox.clear() {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failure) => (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()).into_response(),
    }
}

/// `GET /mails/{id}`
pub(super) async fn mail(State(mailbox): State<Mailbox>, Path(id): Path<String>) -> Response {
    show(&mailbox, &id, |mail| with(&[], "application/json", &view(mail).to_string()))
}

/// `GET /mails/{id}/html`
pub(super) async fn html(State(mailbox): State<Mailbox>, Path(id): Path<String>) -> Response {
    show(&mailbox, &id, |mail| {
        let html = format!("<!doctype html><base target=\"_blank\">{}", mail.html);
        with(&[(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)], "text/html; charset=utf-8", &html)
    })
}

/// `GET /mails/{id}/source`
pub(super) async fn source(State(mailbox): State<Mailbox>, Path(id): Path<String>) -> Response {
    show(&mailbox, &id, |mail| with(&[], "text/plain; charset=utf-8", &mail.source))
}

/// Responds with the mail, or with 404.
fn show(mailbox: &Mailbox, id: &str, response: impl FnOnce(&Mail) -> Response) -> Response {
    match mailbox.mail(id) {
        Some(mail) => response(&mail),
        None => (StatusCode::NOT_FOUND, "no mail has this ID").into_response(),
    }
}

fn view(mail: &Mail) -> serde_json::Value {
    let Mail { id, to, from, subject, text, html, at, source: _ } = mail;
    json!({
        "id": id, "to": to, "from": from, "subject": subject, "text": text, "html": html, "at": at,
    })
}

fn with(
    headers: &[(header::HeaderName, &'static str)],
    kind: &'static str,
    body: &str,
) -> Response {
    let mut response = body.to_owned().into_response();
    let always = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in headers.iter().cloned().chain(always) {
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
    response
}
