//! SES, as far as the shop uses it, and a mailbox to look into: every mail that is sent is shown on
//! a page, and as JSON to whoever asks.
//!
//! | request | |
//! |---|---|
//! | `POST /v2/email/outbound-emails` | SES's own `SendEmail`, from the SDK |
//! | `GET /` | the page |
//! | `GET /mails?to=` | `{data: [{id, to, from, subject, text, html, at}]}`, newest first |
//! | `GET /mails/{id}` | one of them |
//! | `GET /mails/{id}/html`, `/source` | what the page shows of it |
//! | `DELETE /mails` | empties the mailbox |
//!
//! Like a real one, it does not take every mail: recipients at a domain that ends with `.invalid`
//! are refused for good (`MessageRejected`), and those at `slow.example` once per mail
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
use crate::serve::{Served, listen, serve};

impl Mailbox {
    /// Answers SES's requests, and browsers', on 127.0.0.1; port 0 is any free one.
    pub fn serve(&self, port: u16) -> Result<Served> {
        self.serve_on(listen(port)?)
    }

    /// Answers SES's requests, and browsers', on a listener that is bound already.
    pub fn serve_on(&self, listener: TcpListener) -> Result<Served> {
        let router = Router::new()
            .route("/v2/email/outbound-emails", post(send_email::answer))
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
