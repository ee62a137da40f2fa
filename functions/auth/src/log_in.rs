//! `POST /auth/login`: begins a session.
//!
//! Anybody may. 401 `invalid_credentials` for an unknown address, a wrong password and a disabled
//! account alike, in the same time.

use deserr::Deserr;
use shared::auth::password;
use shared::auth::session;
use shared::domain::email::Email;
use shared::domain::invalid::Invalid;
use shared::domain::password::OfferedPassword;
use shared::http::{Request, Response};
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

    let credential = ctx.store.credential(&body.email).await?;
    let hash = credential.as_ref().map(|credential| credential.password_hash.as_str());
    let right = password::verify(&body.password, hash)?;
    let credential = credential.filter(|_| right).ok_or(Error::InvalidCredentials)?;

    let (tokens, user) = session::begin_by_password(ctx, &credential).await?;

    Response::ok(&LoginView { tokens, user })
}
