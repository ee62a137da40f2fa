//! The check that whoever has a session also knows the password, before what can't be undone.

use futures_util::future::{join, try_join};

use super::limiter::Limiter;
use crate::auth::password;
use crate::context::Ctx;
use crate::domain::credential::Credential;
use crate::domain::error::{Error, Result};
use crate::domain::password::OfferedPassword;
use crate::domain::rate_limit::{RateLimit, Subject};
use crate::domain::user::User;

/// A check that was passed.
#[derive(Debug)]
#[must_use = "a right password is not one of the wrong ones that are counted"]
pub struct PasswordCheck<'a> {
    /// What was verified.
    pub credential: Credential,
    limiter: Limiter<'a>,
}

/// Checks a person's password. The attempt is counted, also by `limits` of what the password is asked
/// for, and refused unseen where it is one too many: 429. 401 `invalid_credentials` for a wrong
/// password, 404 where the account is gone.
pub async fn check<'a, const N: usize>(
    ctx: &Ctx,
    limiter: Limiter<'a>,
    user: &User,
    offered: &OfferedPassword,
    limits: [Subject; N],
) -> Result<PasswordCheck<'a>> {
    let counted = limiter.admit(limits);
    let credential = ctx.store.credentials().get(&user.summary.email);
    let ((), credential) = try_join(counted, credential).await?;
    let credential = credential.ok_or(Error::NotFound)?;
    match password::verify(offered, Some(&credential.password_hash))? {
        true => Ok(PasswordCheck { credential, limiter }),
        false => Err(Error::InvalidCredentials),
    }
}

impl PasswordCheck<'_> {
    /// Does what the right password allows, which does not count as a wrong one.
    pub async fn allows<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let (worked, ()) = join(work, self.limiter.give_back(RateLimit::PasswordAccount)).await;
        worked
    }
}
