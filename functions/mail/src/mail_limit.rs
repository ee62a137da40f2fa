//! Limits the mails to one e-mail address that anyone can request.
//!
//! Anyone can request registrations, verifications and password resets of any e-mail address, from
//! many IP addresses. So that they can't flood a mailbox, these mails are counted when they are
//! sent, and so are those about a guest's order that nobody has paid. Other mails about orders, and
//! those about changed passwords, are not counted: only the account's owner, a buyer who has paid or
//! an admin causes them, and none may be lost.

use shared::domain::email::Email;
use shared::domain::rate_limit::{Counter, RateLimit};
use shared::services::limiter;
use shared::{Ctx, Result};

/// Counts the mail of one message.
pub(crate) struct MailLimit<'a> {
    ctx: &'a Ctx,
    counted: Option<Counter>,
}

impl<'a> MailLimit<'a> {
    /// Creates a limit that has counted nothing yet.
    pub fn new(ctx: &'a Ctx) -> Self {
        Self { ctx, counted: None }
    }

    /// Counts a mail that anyone can request for this e-mail address; false if the quota is used
    /// up.
    pub async fn admits(&mut self, email: &Email) -> Result<bool> {
        self.count(email, &[RateLimit::AccountMailEmail]).await
    }

    /// Counts a password reset mail. A few in an hour are sent even if the quota of all these mails
    /// is used up. So nobody can keep a user from resetting their password: the mails that use up
    /// these few contain valid links, too.
    pub async fn admits_reset(&mut self, email: &Email) -> Result<bool> {
        self.count(email, &[RateLimit::AccountMailEmail, RateLimit::ResetMailEmail]).await
    }

    /// Counts a mail about a guest's order that is unpaid or was free.
    pub async fn admits_unpaid_guest(&mut self, email: &Email) -> Result<bool> {
        self.count(email, &[RateLimit::GuestMailEmail]).await
    }

    /// Counts a mail in the first counter with quota left; false if there is none. One by one:
    /// otherwise each of several concurrent mails would take the last quota of another counter.
    async fn count(&mut self, email: &Email, limits: &[RateLimit]) -> Result<bool> {
        for limit in limits {
            // A limit that is off allows everything.
            let Some(counter) = limiter::counter(self.ctx, &limit.of(email)) else {
                return Ok(true);
            };
            if self.ctx.store.rate_limits().count(&counter).await?.is_some() {
                self.counted = Some(counter);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Undoes the count, since the mail was not sent.
    pub async fn undo(self) {
        if let Some(counter) = &self.counted {
            limiter::undo_count(self.ctx, counter).await;
        }
    }
}
