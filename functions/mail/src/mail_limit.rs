//! How many mails an e-mail address gets that anybody can have sent there.
//!
//! Registrations, verifications and password resets are asked for by people who may be anybody, from
//! any number of IP addresses. So that they can't fill a mailbox, these mails are counted where they
//! are sent. Mails about orders and changed passwords are not: nobody but the account's owner causes
//! them, and none may be lost.

use futures_util::future::join_all;
use shared::domain::email::Email;
use shared::domain::rate_limit::{Counter, RateLimit};
use shared::services::limiter;
use shared::{Ctx, Result};

/// Counts one mail.
pub(crate) struct MailLimit<'a> {
    ctx: &'a Ctx,
    counted: Vec<Counter>,
}

impl<'a> MailLimit<'a> {
    /// Nothing is counted yet.
    pub fn new(ctx: &'a Ctx) -> Self {
        Self { ctx, counted: Vec::new() }
    }

    /// Counts a mail that anybody can have sent to this e-mail address; false where it is one too
    /// many.
    pub async fn admits(&mut self, email: &Email) -> Result<bool> {
        self.count(email, &[RateLimit::AccountMailEmail]).await
    }

    /// The same of a password reset mail. The first few in an hour go out also where other mails have
    /// used up their limit: nobody can keep the owner of an account from resetting the password, for
    /// whoever uses up these few has sent them to the owner.
    pub async fn admits_reset(&mut self, email: &Email) -> Result<bool> {
        self.count(email, &[RateLimit::ResetMailEmail, RateLimit::AccountMailEmail]).await
    }

    /// Counts a mail in all counters that have room for it; false where none has.
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

    /// Takes back what was counted: the mail was not sent.
    pub async fn give_back(self) {
        let discounts = self.counted.iter().map(|counter| limiter::discount(self.ctx, counter));
        join_all(discounts).await;
    }
}
