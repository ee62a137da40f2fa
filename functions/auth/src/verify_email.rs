//! `POST /auth/verify-email`: makes the account that somebody registered, and logs them in.
//!
//! Anybody who has the mailed token and knows the password of that very registration: nobody can
//! plant a password on another's address. 422 `invalid_token` for a token that is unknown, used or
//! older than 24 hours; 401 `invalid_credentials` for another password; 429 beyond the limit of the
//! caller's address.

use deserr::Deserr;
use futures_util::future::join;
use shared::auth::mailed_token::VerificationToken;
use shared::auth::password;
use shared::domain::ids::UserId;
use shared::domain::invalid::Invalid;
use shared::domain::password::OfferedPassword;
use shared::domain::rate_limit::RateLimit;
use shared::domain::registration::Registration;
use shared::domain::user::{Role, User};
use shared::http::{Request, Response};
use shared::services::sessions;
use shared::{Ctx, Error, Result};

use crate::view::{LoginView, invalid_token};

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    token: String,
    password: OfferedPassword,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let body: Body = request.json()?;
    let limiter = request.limiter(ctx);
    limiter.admit([RateLimit::VerifyAddress.of(request.address())]).await?;
    let token = VerificationToken::read(&body.token).ok_or_else(invalid_token)?;

    let waiting = ctx.store.registrations(&token.address).await?;
    let registration = waiting.find(token.registration_id, &token.digest(), ctx.now());
    let registration = registration.ok_or_else(invalid_token)?;
    if !password::verify(&body.password, Some(&registration.password_hash))? {
        return Err(Error::InvalidCredentials);
    }
    let user = account(ctx, registration);
    let made = ctx.store.verify_registration(registration, &waiting, user, ctx.now()).await?;
    let user = made.ok_or_else(invalid_token)?;

    let remembered = limiter.remember_address(&user.email);
    let (tokens, ()) = join(sessions::begin(ctx, user.id), remembered).await;
    let tokens = tokens?;

    Response::ok(&LoginView { tokens, user })
}

/// The account; the operator's own runs the shop, where nobody else does yet.
fn account(ctx: &Ctx, registration: &Registration) -> User {
    let runs_the_shop = ctx.config.admin_email.as_ref() == Some(&registration.email);
    let now = ctx.now();
    User {
        role: if runs_the_shop { Role::Admin } else { Role::Customer },
        email_verified: true,
        created_at: now,
        updated_at: now,
        ..registration.user(UserId::new(now))
    }
}
