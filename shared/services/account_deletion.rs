//! Deletion of an account, by its owner or an admin: what is deleted at once, and what a job erases
//! later.

use futures_util::future::try_join;

use super::account_changes::last_admin;
use super::limiter::Limiter;
use super::{password_check, reviews};
use crate::context::Ctx;
use crate::domain::account_deletion::{AccountDeletion, ERASURE_DELAY};
use crate::domain::cart_key::CartKey;
use crate::domain::credential::Credential;
use crate::domain::email::Email;
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::ids::{OrderId, UserId};
use crate::domain::password::OfferedPassword;
use crate::domain::problem_code::ProblemCode;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;
use crate::domain::user::{Role, User};
use crate::domain::version::ExpectedVersion;
use crate::store::admins::LastAdmin;
use crate::store::carts::HasRecentOrder;
use crate::store::retry::Attempts;
use crate::store::transaction::Transaction;
use crate::store::write::{OldItem, Write};
use crate::store::{ChangedMeanwhile, Read};

/// Deletes the caller's own account: credential, profile, and security item with all sessions. The
/// cart is closed, so that no order can follow. A job erases the user's other data later.
///
/// 401 `invalid_credentials` for a wrong password, 429 after too many; 409 `open_orders` if an
/// order is not delivered yet or was placed a moment ago, `last_admin` if no active admin would be
/// left.
pub async fn delete(
    ctx: &Ctx,
    limiter: Limiter<'_>,
    id: UserId,
    offered: &OfferedPassword,
) -> Result<()> {
    let user = ctx.store.users().get(id, Read::Consistent).await?.ok_or(Error::NotFound)?;
    let limits = [RateLimit::PasswordAccount.of(id)];
    let check = password_check::check(ctx, limiter, &user, offered, limits).await?;
    check.run_uncounted(delete_verified(ctx, &user, &check.credential)).await
}

async fn delete_verified(ctx: &Ctx, user: &User, verified: &Credential) -> Result<()> {
    let store = &ctx.store;
    let (id, email, role) = (user.id, &user.summary.email, user.summary.role);
    let account = Account {
        credential: store.credentials().delete(email, verified),
        profile: store.users().delete(id),
        security: store.sessions().delete(id, role),
    };
    match account.delete(ctx, id, email, role).await? {
        Ok(()) => Ok(()),
        Err(NotDeleted::Refused(error)) => Err(error),
        Err(NotDeleted::OtherCredential) => Err(Error::InvalidCredentials),
        // A change of the role has ended the caller's session.
        Err(NotDeleted::Changed) => Err(Error::Unauthenticated),
    }
}

/// Deletes another user's account, as [`delete`] deletes the caller's own.
///
/// 404 if there is no such user, 412 if their profile does not have the expected version; 409
/// `use_own_deletion` for the admin's own account, `open_orders` and `last_admin` as for
/// [`delete`].
pub async fn delete_by_admin(
    ctx: &Ctx,
    admin: UserId,
    id: UserId,
    expected: &ExpectedVersion,
) -> Result<()> {
    if id == admin {
        return Err(use_own_deletion());
    }
    let store = &ctx.store;
    let mut attempts = Attempts::new("a user changes faster than they can be read");
    loop {
        let user = store.users().get(id, Read::Consistent);
        let (user, security) = try_join(user, store.sessions().get(id)).await?;
        let user = user.ok_or(Error::NotFound)?;
        expected.check(user.version)?;
        let role = security.ok_or(Error::NotFound)?.role;
        let email = &user.summary.email;
        let account = Account {
            credential: store.credentials().delete_of(email, id),
            profile: store.users().delete_version(&user),
            security: store.sessions().delete(id, role),
        };
        match account.delete(ctx, id, email, role).await? {
            Ok(()) => return Ok(()),
            Err(NotDeleted::Refused(error)) => return Err(error),
            Err(NotDeleted::OtherCredential | NotDeleted::Changed) => attempts.pause().await?,
        }
    }
}

/// The writes that delete the items of an account.
struct Account {
    credential: Write<ChangedMeanwhile, OldItem>,
    profile: Write<ChangedMeanwhile, OldItem>,
    security: Write<ChangedMeanwhile, OldItem>,
}

/// Why an account was not deleted.
enum NotDeleted {
    /// The e-mail address's credential has another password or belongs to another account by now.
    OtherCredential,
    /// The profile or the role was changed concurrently, or the account was deleted.
    Changed,
    /// The account may not be deleted; the error says why.
    Refused(Error),
}

impl Account {
    /// Deletes the account and closes its cart, in one transaction. `role` is the role that the
    /// conditions of the writes require.
    async fn delete(
        self,
        ctx: &Ctx,
        id: UserId,
        email: &Email,
        role: Role,
    ) -> Result<Result<(), NotDeleted>> {
        let (store, now) = (&ctx.store, ctx.now());
        // The cart records an order when it is placed; the list of orders shows it a moment later.
        if store.orders().has_open(id).await? {
            return Err(open_orders());
        }
        let deletion = AccountDeletion { user_id: id, email: email.clone(), requested_at: now };
        let cart = store.carts().close(id, now.plus(-ERASURE_DELAY));
        let register = (role == Role::Admin).then(|| store.admins().remove(id));
        let refused = NotDeleted::Refused;
        let transaction = Transaction::with_new_token(now)
            .with(self.credential.map_refusal(|ChangedMeanwhile| NotDeleted::OtherCredential))
            .with(cart.map_refusal(move |HasRecentOrder| refused(open_orders())))
            .with(self.profile.map_refusal(|ChangedMeanwhile| NotDeleted::Changed))
            .with(self.security.map_refusal(|ChangedMeanwhile| NotDeleted::Changed))
            .with(store.deletions().create(&deletion)?)
            .with_all(register.map(|it| it.map_refusal(move |LastAdmin| refused(last_admin()))));
        Ok(store.transact(transaction).await?.first())
    }
}

/// The result of a run over all deleted accounts.
#[derive(Debug, Default)]
pub struct Erased {
    /// Accounts whose data was erased completely.
    pub done: u32,
    /// Accounts that the next run continues with.
    pub left: u32,
}

/// Erases the remaining data of all deleted accounts. An account that fails does not stop the
/// others; the error is returned at the end.
pub async fn erase_all(ctx: &Ctx) -> Result<Erased> {
    let mut erased = Erased::default();
    let mut failed = None;
    for deletion in ctx.store.deletions().all().await? {
        match erase(ctx, &deletion).await {
            Ok(true) => erased.done += 1,
            Ok(false) => erased.left += 1,
            // One account that can't be erased now must not delay the others.
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(erased), Err)
}

/// Erases a user's remaining data; false if another run has to look again. Every account needs at
/// least two runs: the list of a customer's orders is eventually consistent, and only an empty list
/// ends the work.
async fn erase(ctx: &Ctx, deletion: &AccountDeletion) -> Result<bool> {
    let (store, now, email) = (&ctx.store, ctx.now(), deletion.email.digest());
    if !deletion.is_due(now) {
        return Ok(false);
    }
    let orders = store.orders().identifiers_of_customer(deletion.user_id).await?;
    for order in &orders {
        remove_customer(ctx, *order, deletion.user_id, now).await?;
    }
    if !orders.is_empty() {
        return Ok(false);
    }
    reviews::erase_author(ctx, deletion.user_id).await?;
    store.carts().delete(&CartKey::Customer(deletion.user_id)).await?;
    store.registrations().delete_until(&email, deletion.requested_at).await?;
    store
        .outbox()
        .delete_messages_to(deletion.user_id, &deletion.email, deletion.requested_at)
        .await?;
    store.known_ips().delete_all(&email).await?;
    store.deletions().delete(deletion.user_id).await?;
    Ok(true)
}

/// Removes a customer from an order. Does nothing if the order does not name the customer any more.
async fn remove_customer(ctx: &Ctx, id: OrderId, user: UserId, now: Timestamp) -> Result<()> {
    let mut attempts = Attempts::new("an order changes faster than its customer can be removed");
    while let Some(order) = ctx.store.orders().find(id).await? {
        let is_theirs = order.summary.user_id == Some(user);
        if !is_theirs || ctx.store.orders().remove_customer(&order, now).await? {
            break;
        }
        attempts.pause().await?;
    }
    Ok(())
}

fn use_own_deletion() -> Error {
    let detail =
        "This is your own account. Delete it with POST /users/me/deletion and your password.";
    Conflict::new(ProblemCode::UseOwnDeletion, detail).into()
}

fn open_orders() -> Error {
    Conflict::new(
        ProblemCode::OpenOrders,
        "An order is not delivered yet. Wait until it has arrived, or cancel it first.",
    )
    .into()
}
