//! Mails, and the trait for sending them.
//!
//! Only the function `deliver-mail` sends mail. Its implementation of [`Mailer`], by SES, is in its
//! own package, so that no other function links it.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::domain::email::Email;

/// A mail that is ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The recipient.
    pub to: Email,
    /// The subject line.
    pub subject: String,
    /// The mail as plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Sends mails.
pub trait Mailer: fmt::Debug + Send + Sync {
    /// Sends a mail.
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>>;
}

/// Why a mail was not sent, or may not have been. The texts are the mailer's error codes, without
/// personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// A later attempt may succeed: the mailer throttles, is down, or is not set up.
    Transient(String),
    /// The mail may have been sent: the mailer's response was lost.
    OutcomeUnknown(String),
    /// This mail can never be sent.
    Permanent(String),
}

/// Leaves out the content: a mail holds personal data and may hold a token, which must not get into
/// a log.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(…)")
    }
}
