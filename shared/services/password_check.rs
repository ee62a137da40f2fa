//! Checks the password of a signed-in user before an action that can't be undone.

use futures_util::future::{join, try_join};

use super::limiter::Limiter;
use crate::auth::password;
use crate::context::Ctx;
use crate::domain::credential::Credential;
use crate::domain::error::{Error, Result};
use crate::domain::password::OfferedPassword;
use crate::domain::rate_limit::{RateLimit, Subject};
use crate::domain::user::User;

/// The result of a passed check: the password is right.
#[derive(Debug)]
#[must_use = "a right password must not stay counted as a wrong one"]
pub struct PasswordCheck<'a> {
    /// The credential whose password was verified.
    pub credential: Credential,
    limiter: Limiter<'a>,
}

/// Checks a user's password. The attempt is counted against `limits`; 429 if a quota is used up,
/// without checking the password. 401 `invalid_credentials` for a wrong password, 404 if the
/// account was deleted.
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
    /// Runs `work`, and undoes the count of this attempt in the limit of wrong passwords.
    pub async fn run_uncounted<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let (worked, ()) = join(work, self.limiter.undo_counts(RateLimit::PasswordAccount)).await;
        worked
    }
}
