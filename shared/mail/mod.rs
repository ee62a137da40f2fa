//! Mail, as the shop hands it over: what there is to send, and who takes it.
//!
//! Only `deliver-mail` sends. What carries its mail (SES) is in its own package, so that no other
//! function has to link it.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::domain::email::Email;

/// A mail, ready to go.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Who gets it.
    pub to: Email,
    /// Subject line.
    pub subject: String,
    /// The mail as plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Takes mail to its recipients.
pub trait Mailer: fmt::Debug + Send + Sync {
    /// Sends a mail.
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>>;
}

/// Why nothing says that a mail was sent. The codes are the mailer's own, and without personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// It may go another time: too many mails at once, a mailer that is down or not set up.
    Transient(String),
    /// It may have been sent: the mailer's answer is lost.
    OutcomeUnknown(String),
    /// This mail will never go.
    Permanent(String),
}

/// A mail holds a person's data, and may hold a token: none of it gets into a log.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(…)")
    }
}
