//! Receives the shop's mail in a test, and fails to if asked to.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt};
use shared::mail::{Mail, Mailer, SendError};
use tokio::sync::Notify;

/// All sent mails; clones share them.
#[derive(Clone, Default)]
pub struct Mailbox(Arc<Inside>);

#[derive(Default)]
struct Inside {
    mails: Mutex<Vec<Mail>>,
    faults: Mutex<VecDeque<MailFault>>,
    sent: Notify,
}

/// A fault in sending a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailFault {
    /// The mail is rejected: too many at once.
    Busy,
    /// The mail is rejected permanently.
    Permanent,
    /// The mail is sent, and the call never returns, as if the function crashed.
    NeverReturns,
    /// The mail is sent, and the response is lost.
    ResponseLost,
    /// The mailer panics.
    Panic,
}

impl Mailbox {
    /// Returns the mails to an email, oldest first.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        let mails = lock(&self.0.mails);
        mails.iter().filter(|mail| mail.to.as_str() == address).cloned().collect()
    }

    /// Returns the number of sent mails.
    pub fn count(&self) -> usize {
        lock(&self.0.mails).len()
    }

    /// Makes the next mails fail in these ways, one after the other.
    pub fn inject_faults(&self, faults: impl IntoIterator<Item = MailFault>) {
        lock(&self.0.faults).extend(faults);
    }

    /// Waits until a mail is sent.
    pub async fn wait_for_mail(&self) {
        self.0.sent.notified().await;
    }

    fn put(&self, mail: &Mail) {
        lock(&self.0.mails).push(mail.clone());
        self.0.sent.notify_one();
    }
}

impl Mailer for Mailbox {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>> {
        async move {
            let fault = lock(&self.0.faults).pop_front();
            match fault {
                None => {
                    self.put(mail);
                    Ok(())
                }
                Some(MailFault::Busy) => {
                    Err(SendError::Transient("TooManyRequestsException".to_owned()))
                }
                Some(MailFault::Permanent) => {
                    Err(SendError::Permanent("MessageRejected".to_owned()))
                }
                Some(MailFault::ResponseLost) => {
                    self.put(mail);
                    Err(SendError::OutcomeUnknown("no answer".to_owned()))
                }
                Some(MailFault::NeverReturns) => {
                    self.put(mail);
                    std::future::pending().await
                }
                Some(MailFault::Panic) => panic!("a mailer's bug"),
            }
        }
        .boxed()
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox(…)")
    }
}

/// Returns the token in a mail's link.
#[track_caller]
pub fn token(mail: &Mail) -> String {
    let (_, rest) = mail.text.split_once("#token=").expect("a link with a token");
    rest.split_whitespace().next().expect("a token").to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
