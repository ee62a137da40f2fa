//! Signing in by a password, and who becomes the first admin by it.

use super::limiter::Limiter;
use super::sessions::{self, SignedIn};
use crate::auth::password;
use crate::context::Ctx;
use crate::domain::credential::Credential;
use crate::domain::email::Email;
use crate::domain::error::{Error, Result};
use crate::domain::ids::UserId;
use crate::domain::password::OfferedPassword;
use crate::domain::user::{Role, User};
use crate::store::Read;
use crate::store::transaction::Transaction;

/// Begins a session for whoever knows the password of an account. The attempt is counted before the
/// password is looked at; a right password does not count for the account.
///
/// 401 `invalid_credentials` for an unknown e-mail address, a wrong password and a disabled account
/// alike, in the same time. 429 after too many wrong ones.
pub async fn log_in(
    ctx: &Ctx,
    limiter: Limiter<'_>,
    email: &Email,
    offered: &OfferedPassword,
) -> Result<SignedIn> {
    let (guess, credential) = limiter.guess(email, ctx.store.credentials().get(email)).await?;
    let hash = credential.as_ref().map(|credential| credential.password_hash.as_str());
    let is_right = password::verify(offered, hash)?;
    let credential = credential.filter(|_| is_right).ok_or(Error::InvalidCredentials)?;

    let begun = async {
        let promoted = promote_operator(ctx, email, credential.user_id).await?;
        let begun = sessions::begin_by_password(ctx, &credential).await?;
        Ok(SignedIn { user: promoted.unwrap_or(begun.user), ..begun })
    };
    let signed_in = guess.was_right(begun).await?;
    rehash_if_weak(ctx, email, &credential, offered).await;
    Ok(signed_in)
}

/// Makes an admin of whose e-mail address is the operator's, if they have verified it and nobody runs
/// the shop yet. The person as they are then; `None` where nothing changes.
pub async fn promote_operator(ctx: &Ctx, email: &Email, id: UserId) -> Result<Option<User>> {
    if ctx.config.admin_email.as_ref() != Some(email) {
        return Ok(None);
    }
    let (store, now) = (&ctx.store, ctx.now());
    let user = store.users().get(id, Read::Consistent).await?;
    let may_run = |user: &User| user.summary.email_verified && user.summary.role != Role::Admin;
    let Some(mut user) = user.filter(may_run) else { return Ok(None) };
    // Whatever refuses it, it is tried again at the next login.
    let transaction: Transaction<()> = Transaction::with_new_token(now)
        .with(store.users().promote(id, now)?.map_refusal(drop))
        .with(store.sessions().promote(id).map_refusal(drop))
        .with(store.admins().add_first(id).map_refusal(drop));
    if !store.transact(transaction).await?.is_committed() {
        return Ok(None);
    }
    user.summary.role = Role::Admin;
    user.summary.updated_at = now;
    Ok(Some(user))
}

/// Hashes an offered password anew that has just been verified, where its hash is weaker than today's.
/// It is still the same password: no session ends. If it can't be done now, the next login does it.
async fn rehash_if_weak(
    ctx: &Ctx,
    email: &Email,
    verified: &Credential,
    offered: &OfferedPassword,
) {
    if !password::needs_rehash(&verified.password_hash) {
        return;
    }
    let replaced = match password::rehash(offered) {
        Ok(hash) => ctx.store.credentials().replace_hash(email, verified, &hash).await,
        Err(error) => Err(error),
    };
    if let Err(error) = replaced {
        tracing::warn!(?error, user_id = %verified.user_id, "a weak password hash stays");
    }
}
