//! `POST /auth/login`: begins a session.
//!
//! Anybody may. 401 `invalid_credentials` for an unknown address, a wrong password and a disabled
//! account alike, in the same time. 429 after too many wrong ones, whether there is an account or
//! not, and without looking at the password.

use deserr::Deserr;
use futures_util::future::try_join;
use shared::auth::password;
use shared::domain::email::Email;
use shared::domain::invalid::Invalid;
use shared::domain::password::OfferedPassword;
use shared::domain::rate_limit::RateLimit;
use shared::http::{Request, Response};
use shared::services::{sessions, sign_in};
use shared::{Ctx, Error, Result};

use crate::view::LoginView;

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    email: Email,
    password: OfferedPassword,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let body: Body = request.json()?;

    let by_address = [RateLimit::LoginAddress.of(request.address())];
    let guess = request.limiter(ctx).guess(&body.email, by_address);
    let (guess, credential) = try_join(guess, ctx.store.credential(&body.email)).await?;
    let hash = credential.as_ref().map(|credential| credential.password_hash.as_str());
    let right = password::verify(&body.password, hash)?;
    let credential = credential.filter(|_| right).ok_or(Error::InvalidCredentials)?;

    let begun = async {
        if ctx.config.admin_email.as_ref() == Some(&body.email) {
            ctx.store.promote_first_admin(credential.user_id, ctx.now()).await?;
        }
        sessions::begin_by_password(ctx, &credential).await
    };
    let (tokens, user) = guess.was_right(begun).await?;
    sign_in::keep_strong(&ctx.store, &body.email, &credential, &body.password).await;

    Response::ok(&LoginView { tokens, user })
}
