//! Login with a password, and the promotion of the operator to the first admin.

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

/// Checks a password and begins a session. The attempt is counted before the password is checked;
/// the count in the account's quota is undone if the password is right.
///
/// 401 `invalid_credentials` for an unknown e-mail address, a wrong password and a disabled account
/// alike, after the same time. 429 after too many wrong passwords.
pub async fn log_in(
    ctx: &Ctx,
    limiter: Limiter<'_>,
    email: &Email,
    offered: &OfferedPassword,
) -> Result<SignedIn> {
    let (attempt, credential) =
        limiter.admit_login(email, ctx.store.credentials().get(email)).await?;
    let hash = credential.as_ref().map(|credential| credential.password_hash.as_str());
    let is_right = password::verify(offered, hash)?;
    let credential = credential.filter(|_| is_right).ok_or(Error::InvalidCredentials)?;

    let begun = async {
        let promoted = promote_operator(ctx, email, credential.user_id).await?;
        let begun = sessions::begin_by_password(ctx, &credential).await?;
        Ok(SignedIn { user: promoted.unwrap_or(begun.user), ..begun })
    };
    let signed_in = attempt.run_uncounted(begun).await?;
    rehash_if_weak(ctx, email, &credential, offered).await;
    Ok(signed_in)
}

/// Makes the user an admin if their verified e-mail address is the setting `ADMIN_EMAIL` and the
/// shop has no active admin. Returns the changed user; `None` if nothing changed.
pub async fn promote_operator(ctx: &Ctx, email: &Email, id: UserId) -> Result<Option<User>> {
    if ctx.config.admin_email.as_ref() != Some(email) {
        return Ok(None);
    }
    let (store, now) = (&ctx.store, ctx.now());
    let user = store.users().get(id, Read::Consistent).await?;
    let may_run = |user: &User| user.summary.email_verified && user.summary.role != Role::Admin;
    let Some(mut user) = user.filter(may_run) else { return Ok(None) };
    // If a condition fails, the next login tries again.
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

/// Replaces the hash of a password that was just verified, if it is weaker than the current
/// parameters require. The password stays the same, so no session ends. An error is only logged:
/// the next login tries again.
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
        tracing::warn!(?error, user_id = %verified.user_id, "a weak password hash could not be replaced");
    }
}
