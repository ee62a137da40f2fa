//! Where the shop's mail goes in a test, and what can go wrong on the way there.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt};
use shared::mail::{Mail, Mailer, SendError};
use tokio::sync::Notify;

/// All that was sent; clones share it.
#[derive(Clone, Default)]
pub struct Mailbox(Arc<Inside>);

#[derive(Default)]
struct Inside {
    mails: Mutex<Vec<Mail>>,
    faults: Mutex<VecDeque<MailFault>>,
    sent: Notify,
}

/// What happens to a mail instead of being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailFault {
    /// The mailer has too much to do.
    Busy,
    /// The mailer does not take it.
    Permanent,
    /// It is sent, and nobody ever hears of it: what a function that dies just then has seen.
    NoAnswer,
    /// It is sent, and the answer is lost.
    AnswerLost,
    /// The mailer panics.
    Panic,
}

impl Mailbox {
    /// What was sent to somebody, oldest first.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        let mails = lock(&self.0.mails);
        mails.iter().filter(|mail| mail.to.as_str() == address).cloned().collect()
    }

    /// How many mails were sent.
    pub fn count(&self) -> usize {
        lock(&self.0.mails).len()
    }

    /// Lets this happen to the next mails, one after the other.
    pub fn inject_faults(&self, faults: impl IntoIterator<Item = MailFault>) {
        lock(&self.0.faults).extend(faults);
    }

    /// Waits until a mail is sent.
    pub async fn has_one_more(&self) {
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
                Some(MailFault::AnswerLost) => {
                    self.put(mail);
                    Err(SendError::OutcomeUnknown("no answer".to_owned()))
                }
                Some(MailFault::NoAnswer) => {
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

/// The token in a mail's link.
#[track_caller]
pub fn token(mail: &Mail) -> String {
    let (_, rest) = mail.text.split_once("#token=").expect("a link with a token");
    rest.split_whitespace().next().expect("a token").to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
