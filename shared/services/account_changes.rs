//! Changes of accounts: passwords, and an admin's changes of a user's role and status.

use futures_util::future::try_join;

use super::limiter::Limiter;
use super::password_check;
use crate::auth::mailed_token::{ResetToken, invalid_token};
use crate::auth::password;
use crate::context::Ctx;
use crate::domain::access::AccessChange;
use crate::domain::caller::Caller;
use crate::domain::credential::Credential;
use crate::domain::email::Email;
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::invalid::Invalid;
use crate::domain::message::Event;
use crate::domain::password::{NewPassword, OfferedPassword};
use crate::domain::problem_code::ProblemCode;
use crate::domain::rate_limit::RateLimit;
use crate::domain::user::User;
use crate::domain::version::ExpectedVersion;
use crate::store::admins::LastAdmin;
use crate::store::retry::Attempts;
use crate::store::transaction::Transaction;
use crate::store::{ChangedMeanwhile, Read};

/// Changes a user's password, ends their other sessions and has a mail sent about it.
///
/// 422 for a new password that is easy to guess, or is the current one (`same_password`); 401
/// `invalid_credentials` if the current one is wrong or was changed concurrently; 429 after too
/// many wrong passwords or too many changes.
pub async fn change_password(
    ctx: &Ctx,
    limiter: Limiter<'_>,
    caller: Caller,
    current: &OfferedPassword,
    new: &NewPassword,
) -> Result<()> {
    let user = ctx.store.users().get(caller.user_id, Read::Consistent).await?;
    let user = user.ok_or(Error::NotFound)?;
    let new =
        new.reject_personal(Some(&user.summary.email), Some(&user.summary.name), "/new_password")?;
    let (wrong, changes) = (RateLimit::PasswordAccount, RateLimit::NewPasswordAccount);
    let limits = [wrong.of(user.id), changes.of(user.id)];
    let changed = async {
        let check = password_check::check(ctx, limiter, &user, current, limits).await?;
        let replaced = async {
            if new.as_bytes() == current.as_bytes() {
                let detail = "Must not be the current password.";
                return Err(
                    Invalid::for_field("/new_password", ProblemCode::SamePassword, detail).into()
                );
            }
            let (hash, email) = (password::hash(new)?, &user.summary.email);
            replace_password(ctx, email, &check.credential, &hash, caller.session_id).await
        };
        check.run_uncounted(replaced).await
    };
    let changed = changed.await;
    if changed.is_err() {
        limiter.undo_counts(changes).await;
    }
    changed
}

/// Replaces the password that was verified, and ends every session but `kept`, including those that
/// begin concurrently with the old password. 401 `invalid_credentials` if the password was changed
/// concurrently.
pub async fn replace_password(
    ctx: &Ctx,
    email: &Email,
    verified: &Credential,
    password_hash: &str,
    kept: SessionId,
) -> Result<()> {
    let (store, now) = (&ctx.store, ctx.now());
    let Credential { user_id, password_version: version, .. } = *verified;
    let mut attempts = Attempts::new("a session changes faster than it can be read");
    loop {
        let security = store.sessions().get(user_id).await?.ok_or(Error::Unauthenticated)?;
        let session = security.sessions.get(&kept).ok_or(Error::Unauthenticated)?;
        let password = store.credentials().replace_password(email, user_id, version, password_hash);
        let sessions =
            store.sessions().end_others_for_new_password(user_id, kept, session, version + 1);
        let transaction = Transaction::with_new_token(now)
            .with(password.map_refusal(|ChangedMeanwhile| NotReplaced::PasswordChanged))
            .with(sessions.map_refusal(|ChangedMeanwhile| NotReplaced::SessionRenewed))
            .with(store.outbox().add(Event::PasswordChanged { user_id }, now)?);
        match store.transact(transaction).await?.first() {
            Ok(()) => return Ok(()),
            Err(NotReplaced::PasswordChanged) => return Err(Error::InvalidCredentials),
            Err(NotReplaced::SessionRenewed) => attempts.pause().await?,
        }
    }
}

/// Why a password was not replaced.
enum NotReplaced {
    PasswordChanged,
    SessionRenewed,
}

/// Sets a new password with a mailed token, which can be used once; ends every session and has a
/// mail sent about it. Earlier wrong passwords do not keep the user from logging in from this IP
/// address.
///
/// The new password may be the old one: to reject it would let anyone who reads the mail find out
/// the old password, and would cost a second hash.
///
/// 422 `invalid_token` if the token is unknown, used or expired, or the password was changed after
/// the mail was sent; 422 for a new password that is easy to guess.
pub async fn reset_password(
    ctx: &Ctx,
    limiter: Limiter<'_>,
    token: &str,
    new: &NewPassword,
) -> Result<()> {
    let (store, now) = (&ctx.store, ctx.now());
    let digest = ResetToken::read(token).ok_or_else(invalid_token)?.digest();
    let reset = store.password_resets().get(&digest, now).await?.ok_or_else(invalid_token)?;
    let user = store.users().get(reset.user_id, Read::Consistent).await?;
    let User { id, summary, .. } = user.ok_or_else(invalid_token)?;
    let hash = password::hash(new.reject_personal(
        Some(&summary.email),
        Some(&summary.name),
        "/password",
    )?)?;

    let version = reset.password_version;
    let mut transaction = Transaction::with_new_token(now)
        .with(store.password_resets().delete(&digest))
        .with(store.credentials().replace_password(&summary.email, id, version, &hash))
        .with(store.sessions().end_all_for_new_password(id, version + 1))
        .with(store.outbox().add(Event::PasswordChanged { user_id: id }, now)?);
    // The token proves that the user reads mails to this address.
    if !summary.email_verified {
        transaction = transaction.with(store.users().verify_email(id, now));
    }
    store.transact(transaction).await?.first().map_err(|ChangedMeanwhile| invalid_token())?;
    limiter.reset_wrong_passwords(&summary.email, id).await;
    Ok(())
}

/// Changes a user's role or status, and returns the changed user. A change ends all their sessions.
/// 404 if there is no such user, 412 if their profile does not have the expected version, 409
/// `last_admin` if no active admin would be left.
pub async fn update_access(
    ctx: &Ctx,
    id: UserId,
    change: &AccessChange,
    expected: &ExpectedVersion,
) -> Result<User> {
    let (store, now) = (&ctx.store, ctx.now());
    let mut attempts = Attempts::new("a user changes faster than they can be read");
    loop {
        let user = store.users().get(id, Read::Consistent);
        let (user, security) = try_join(user, store.sessions().get(id)).await?;
        let mut user = user.ok_or(Error::NotFound)?;
        expected.check(user.version)?;
        // The security item is authoritative; the profile holds a copy.
        let before = security.ok_or(Error::NotFound)?.access();
        let after = change.apply(before);
        if after == before && after == user.summary.access() {
            return Ok(user);
        }
        let register = store.admins().record_access(id, before, after);
        let profile = store.users().replace_access(&user, after, now);
        let security = store.sessions().replace_access(id, before, after);
        let transaction = Transaction::with_new_token(now)
            .with(profile.map_refusal(|ChangedMeanwhile| NotChanged::ChangedMeanwhile))
            .with(security.map_refusal(|ChangedMeanwhile| NotChanged::ChangedMeanwhile))
            .with_all(register.map(|write| write.map_refusal(|LastAdmin| NotChanged::LastAdmin)));
        match store.transact(transaction).await?.first() {
            Ok(()) => {
                user.version += 1;
                user.summary.role = after.role;
                user.summary.status = after.status;
                user.summary.updated_at = now;
                return Ok(user);
            }
            Err(NotChanged::LastAdmin) => return Err(last_admin()),
            Err(NotChanged::ChangedMeanwhile) => attempts.pause().await?,
        }
    }
}

/// Why a user's role and status were not changed.
enum NotChanged {
    ChangedMeanwhile,
    LastAdmin,
}

/// The error if a change would leave the shop without an active admin.
pub(super) fn last_admin() -> Error {
    let detail = "This is the last active admin of the shop. Make another user an admin first.";
    Conflict::new(ProblemCode::LastAdmin, detail).into()
}
