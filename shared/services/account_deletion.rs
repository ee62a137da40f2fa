//! The end of an account: what goes at once, and what is erased in the background.

use super::account_changes::last_admin;
use super::limiter::Limiter;
use super::password_check;
use crate::context::Ctx;
use crate::domain::account_deletion::{AccountDeletion, REQUESTS_END};
use crate::domain::credential::Credential;
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::ids::UserId;
use crate::domain::password::OfferedPassword;
use crate::domain::rate_limit::RateLimit;
use crate::domain::user::{Role, User};
use crate::store::admins::LastAdmin;
use crate::store::carts::OrderUnderWay;
use crate::store::transaction::Transaction;
use crate::store::{ChangedMeanwhile, Read};

/// Deletes a person's account: credential, profile, security item with all sessions; the cart is
/// closed, so that no order comes after it. What else knows the person is erased later.
///
/// 401 `invalid_credentials` for a wrong password, 429 after too many; 409 `open_orders` where an
/// order is on its way or was placed a moment ago, `last_admin` where nobody else would run the shop.
pub async fn delete(
    ctx: &Ctx,
    limiter: Limiter<'_>,
    id: UserId,
    offered: &OfferedPassword,
) -> Result<()> {
    let user = ctx.store.users().get(id, Read::Consistent).await?.ok_or(Error::NotFound)?;
    let limits = [RateLimit::PasswordAccount.of(id)];
    let check = password_check::check(ctx, limiter, &user, offered, limits).await?;
    check.allows(delete_verified(ctx, &user, &check.credential)).await
}

async fn delete_verified(ctx: &Ctx, user: &User, verified: &Credential) -> Result<()> {
    let (store, now) = (&ctx.store, ctx.now());
    let (id, email, role) = (user.id, &user.summary.email, user.summary.role);
    // The cart knows of an order that is being placed at once, the history a moment later.
    if store.orders().has_open(id).await? {
        return Err(open_orders());
    }
    let deletion = AccountDeletion { user_id: id, email: email.clone(), requested_at: now };
    let credential = store.credentials().delete(email, verified);
    let cart = store.carts().close(id, now.plus(-REQUESTS_END));
    let was_admin = role == Role::Admin;
    let transaction = Transaction::unnamed(now)
        .with(credential.meaning(|ChangedMeanwhile| Error::InvalidCredentials))
        .with(cart.meaning(|OrderUnderWay| open_orders()))
        .with(store.users().delete(id).meaning(|ChangedMeanwhile| Error::Unauthenticated))
        // A role that has just been changed has ended the caller's session.
        .with(store.sessions().delete(id, role).meaning(|ChangedMeanwhile| Error::Unauthenticated))
        .with(store.deletions().create(&deletion)?)
        .with_all(was_admin.then(|| store.admins().remove(id).meaning(|LastAdmin| last_admin())));
    store.transact(transaction).await?.first()
}

/// What a run over all deleted accounts did.
#[derive(Debug, Default)]
pub struct Erased {
    /// Accounts of which nothing is left.
    pub done: u32,
    /// Accounts that the next run goes on with.
    pub left: u32,
}

/// Erases what is left of everybody who deleted their account.
pub async fn erase_all(ctx: &Ctx) -> Result<Erased> {
    let mut erased = Erased::default();
    let mut failed = None;
    for deletion in ctx.store.deletions().all().await? {
        match erase(ctx, &deletion).await {
            Ok(true) => erased.done += 1,
            Ok(false) => erased.left += 1,
            // One that can't be erased now must not keep the others waiting.
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(erased), Err)
}

/// Erases what is left of a person; false where another run has to look again. An account is seen to
/// at least twice: orders leave their customer's list a moment after they have lost the person, and
/// only an empty list ends the work.
async fn erase(ctx: &Ctx, deletion: &AccountDeletion) -> Result<bool> {
    let (store, now, email) = (&ctx.store, ctx.now(), deletion.email.digest());
    if !deletion.is_due(now) {
        return Ok(false);
    }
    let orders = store.orders().identifiers_of_customer(deletion.user_id).await?;
    for order in &orders {
        store.orders().forget_customer(*order, deletion.user_id, now).await?;
    }
    if !orders.is_empty() {
        return Ok(false);
    }
    store.carts().delete(deletion.user_id.into()).await?;
    store.registrations().delete_until(&email, deletion.requested_at).await?;
    store.outbox().forget(deletion.user_id, &deletion.email, deletion.requested_at).await?;
    store.known_ips().forget(&email).await?;
    store.deletions().delete(deletion.user_id).await?;
    Ok(true)
}

fn open_orders() -> Error {
    Conflict::new(
        "open_orders",
        "An order is still on its way; wait until it has arrived, or cancel it first.",
    )
    .into()
}
