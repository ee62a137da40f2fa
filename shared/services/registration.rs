//! Registration: a pending registration, and the account that its verification creates.

use futures_util::future::join;
use uuid::Uuid;

use super::limiter::Limiter;
use super::sessions::{self, SignedIn};
use super::sign_in::promote_operator;
use crate::auth::mailed_token::{VerificationToken, invalid_token};
use crate::auth::password;
use crate::context::Ctx;
use crate::domain::credential::Credential;
use crate::domain::email::Email;
use crate::domain::error::{Error, Result};
use crate::domain::ids::{MessageId, RegistrationId, UserId};
use crate::domain::message::Event;
use crate::domain::password::{NewPassword, OfferedPassword};
use crate::domain::registration::{PendingRegistrations, REGISTRATION_LIFETIME, Registration};
use crate::domain::text::{Name, Phone};
use crate::domain::user::{Role, User};
use crate::store::credentials::EmailTaken;
use crate::store::transaction::Transaction;
use crate::store::{ChangedMeanwhile, Store};

/// The most other pending registrations of the e-mail address that are deleted with the verified
/// one.
const MOST_OTHERS: usize = 50;

/// The data of a registration.
#[derive(Debug)]
pub struct Registrant {
    /// E-mail address, not verified yet.
    pub email: Email,
    /// Name.
    pub name: Name,
    /// Phone number.
    pub phone: Option<Phone>,
    /// Password.
    pub password: NewPassword,
}

/// Creates a pending registration and has its mail sent; if the shop verifies no e-mail addresses,
/// creates the account at once. The result does not depend on whether the e-mail address already
/// has an account.
pub async fn register(ctx: &Ctx, registrant: Registrant) -> Result<()> {
    let registration = registration(ctx, registrant)?;
    if ctx.config.email_verification {
        create(&ctx.store, &registration).await
    } else {
        let user = registration.user(UserId::new(ctx.now()));
        create_account(&ctx.store, &user, &registration.password_hash).await.map(drop)
    }
}

fn registration(ctx: &Ctx, registrant: Registrant) -> Result<Registration> {
    let (now, Registrant { email, name, phone, password }) = (ctx.now(), registrant);
    Ok(Registration {
        id: RegistrationId::new(now),
        password_hash: password::hash(&password)?,
        email,
        name,
        phone,
        tokens: Vec::new(),
        created_at: now,
        expires_at: now.plus(REGISTRATION_LIFETIME),
    })
}

/// Stores a pending registration and the message that has its mail sent, in one transaction.
pub async fn create(store: &Store, registration: &Registration) -> Result<()> {
    let Registration { id, email, created_at, .. } = registration;
    let requested = Event::RegistrationRequested { email: email.clone(), registration_id: *id };
    let transaction: Transaction<()> = Transaction::new(id.uuid())
        .with(store.registrations().create(registration)?)
        .with(store.outbox().add(requested, *created_at)?);
    store.transact(transaction).await.map(drop)
}

/// Creates an account; false if its e-mail address already has one: then nothing is written.
pub async fn create_account(store: &Store, user: &User, password_hash: &str) -> Result<bool> {
    let writes = account(store, user.id.uuid(), user, password_hash, || ())?;
    Ok(store.transact(writes).await?.is_committed())
}

/// Creates the account of the registration that a mailed token belongs to, and begins a session.
/// Only the first verification of an e-mail address succeeds.
///
/// 422 `invalid_token` if the registration is no longer pending or the e-mail address has an
/// account; 401 `invalid_credentials` if the password is not the registration's. So nobody can set
/// the password of an account with another person's e-mail address.
pub async fn verify(
    ctx: &Ctx,
    limiter: Limiter<'_>,
    token: &str,
    offered: &OfferedPassword,
) -> Result<SignedIn> {
    let (store, now) = (&ctx.store, ctx.now());
    let token = VerificationToken::read(token).ok_or_else(invalid_token)?;
    let waiting = store.registrations().of_email(&token.address).await?;
    let registration = waiting.find(token.registration_id, &token.digest(), now);
    let registration = registration.ok_or_else(invalid_token)?;
    if !password::verify(offered, Some(&registration.password_hash))? {
        return Err(Error::InvalidCredentials);
    }

    let user = verified_user(ctx, registration);
    let writes = verification(ctx, registration, &waiting, &user)?;
    store.transact(writes).await?.first()?;
    let promoted = promote_operator(ctx, &registration.email, user.id).await?;
    let remembered = limiter.record_ip(&registration.email);
    let (tokens, ()) = join(sessions::begin(ctx, user.id), remembered).await;
    Ok(SignedIn { tokens: tokens?, user: promoted.unwrap_or(user) })
}

fn verified_user(ctx: &Ctx, registration: &Registration) -> User {
    let now = ctx.now();
    let mut user = registration.user(UserId::new(now));
    user.summary.email_verified = true;
    user.summary.created_at = now;
    user.summary.updated_at = now;
    user
}

/// Returns the writes that create the account and delete all pending registrations of its e-mail
/// address.
fn verification(
    ctx: &Ctx,
    registration: &Registration,
    waiting: &PendingRegistrations,
    user: &User,
) -> Result<Transaction<Error>> {
    let (registrations, email) = (ctx.store.registrations(), registration.email.digest());
    let token = MessageId::new(ctx.now()).uuid();
    let others = waiting.all().iter().filter(|other| other.id != registration.id);
    // More would not fit into the transaction. They can't become an account any more, and expire.
    let others = others.rev().take(MOST_OTHERS);
    let ended = registrations.end(&email, registration.id);
    Ok(account(&ctx.store, token, user, &registration.password_hash, invalid_token)?
        .with(ended.map_refusal(|ChangedMeanwhile| invalid_token()))
        .with_all(others.map(|other| registrations.delete(&email, other.id))))
}

/// Returns the writes that create an account; `taken` returns the error if its e-mail address
/// already has one.
fn account<R: 'static>(
    store: &Store,
    token: Uuid,
    user: &User,
    password_hash: &str,
    taken: fn() -> R,
) -> Result<Transaction<R>> {
    let credential = Credential {
        user_id: user.id,
        password_hash: password_hash.to_owned(),
        password_version: 0,
    };
    let credential = store.credentials().create(&user.summary.email, &credential)?;
    let is_admin = user.summary.role == Role::Admin;
    Ok(Transaction::new(token)
        .with(credential.map_refusal(move |EmailTaken| taken()))
        .with(store.users().create(user)?)
        .with(store.sessions().create(user.id, user.summary.access())?)
        .with_all(is_admin.then(|| store.admins().add_active(user.id))))
}
