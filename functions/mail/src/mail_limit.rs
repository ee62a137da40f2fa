//! Limits the mails to one e-mail address that anyone can request.
//!
//! Anyone can request registrations, verifications and password resets of any e-mail address, from
//! many IP addresses. So that they can't flood a mailbox, these mails are counted when they are
//! sent. Mails about orders and changed passwords are not counted: only the account's owner or an
//! admin causes them, and none may be lost.

use futures_util::future::join_all;
use shared::domain::email::Email;
use shared::domain::rate_limit::{Counter, RateLimit};
use shared::services::limiter;
use shared::{Ctx, Result};

/// Counts the mail of one message.
pub(crate) struct MailLimit<'a> {
    ctx: &'a Ctx,
    counted: Vec<Counter>,
}

impl<'a> MailLimit<'a> {
    /// Creates a limit that has counted nothing yet.
    pub fn new(ctx: &'a Ctx) -> Self {
        Self { ctx, counted: Vec::new() }
    }

    /// Counts a mail that anyone can request for this e-mail address; false if the quota is used
    /// up.
    pub async fn admits(&mut self, email: &Email) -> Result<bool> {
        self.count(email, &[RateLimit::AccountMailEmail]).await
    }

    /// Counts a password reset mail. The first few in an hour are sent even if other mails have
    /// used up the quota. So nobody can keep a user from resetting their password: the mails that
    /// use up these few contain valid links, too.
    pub async fn admits_reset(&mut self, email: &Email) -> Result<bool> {
        self.count(email, &[RateLimit::ResetMailEmail, RateLimit::AccountMailEmail]).await
    }

    /// Counts a mail in all counters with quota left; false if there is none.
    async fn count(&mut self, email: &Email, limits: &[RateLimit]) -> Result<bool> {
        let (ctx, limits) = (self.ctx, limits.iter());
        let counters: Option<Vec<_>> =
            limits.map(|limit| limiter::counter(ctx, &limit.of(email))).collect();
        // A limit that is off allows everything.
        let Some(counters) = counters else { return Ok(true) };
        let counts = counters.iter().map(|counter| ctx.store.rate_limits().count(counter));
        let counts = join_all(counts).await;
        for (counter, count) in counters.iter().zip(&counts) {
            self.counted.extend(matches!(count, Ok(Some(_))).then(|| counter.clone()));
        }
        let counts = counts.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(counts.iter().any(Option::is_some))
    }

    /// Undoes the counts, since the mail was not sent.
    pub async fn undo(self) {
        let undone = self.counted.iter().map(|counter| limiter::undo_count(self.ctx, counter));
        join_all(undone).await;
    }
}
