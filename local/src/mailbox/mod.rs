//! Emulates SES: shows every mail that the shop sends on a web page, and returns it as JSON.
//!
//! | request | |
//! |---|---|
//! | `POST /v2/email/outbound-emails` | SES's `SendEmail` |
//! | `GET /` | the web page |
//! | `GET /mails?to=` | `{data: [{id, to, from, subject, text, html, at}]}`, newest first |
//! | `GET /mails/{id}` | one mail |
//! | `GET /mails/{id}/html`, `/source` | its HTML, and the whole message |
//! | `DELETE /mails` | deletes all mails |
//!
//! To test failures: a mail to a domain that ends with `.invalid` is always rejected
//! (`MessageRejected`); one to `slow.example` is rejected once and accepted when it is sent again
//! (`TooManyRequestsException`).

mod mails;
mod page;
mod send_email;
#[cfg(test)]
mod tests;

use std::net::TcpListener;

use axum::Router;
use axum::routing::{get, post};

pub use self::mails::{Mail, Mailbox};
use crate::failure::Result;
use crate::guard::Origins;
use crate::serve::{RunningServer, listen, serve};

impl Mailbox {
    /// Serves SES's API and the web page on 127.0.0.1; port 0 takes any free port.
    pub fn serve(&self, port: u16) -> Result<RunningServer> {
        self.serve_on(listen(port)?)
    }

    /// Serves SES's API and the web page on `listener`.
    pub fn serve_on(&self, listener: TcpListener) -> Result<RunningServer> {
        let router = Router::new()
            .route("/v2/email/outbound-emails", post(send_email::handle))
            .route("/", get(page::page))
            .route("/page.css", get(page::style))
            .route("/page.js", get(page::script))
            .route("/mails", get(page::list).delete(page::clear))
            .route("/mails/{id}", get(page::mail))
            .route("/mails/{id}/html", get(page::html))
            .route("/mails/{id}/source", get(page::source))
            .with_state(self.clone());
        serve("mailbox", listener, router, Origins::OfThisMachine)
    }
}
