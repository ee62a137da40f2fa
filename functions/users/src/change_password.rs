//! `PUT /users/me/password`: changes the caller's password.
//!
//! Customers, with the current password: 401 `invalid_credentials` for a wrong one. The caller's
//! other sessions end, and a mail says so.

use deserr::Deserr;
use shared::auth::password;
use shared::domain::invalid::Invalid;
use shared::domain::password::{NewPassword, OfferedPassword};
use shared::http::{Request, Response};
use shared::{Ctx, Error, Result};

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    current_password: OfferedPassword,
    new_password: NewPassword,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let body: Body = request.json()?;

    let email = ctx.store.user(caller.user_id).await?.ok_or(Error::NotFound)?.email;
    let credential = ctx.store.credential(&email).await?.ok_or(Error::NotFound)?;
    if !password::verify(&body.current_password, Some(&credential.password_hash))? {
        return Err(Error::InvalidCredentials);
    }
    let (hash, session) = (password::hash(&body.new_password)?, caller.session_id);
    let changed = ctx.store.change_password(&email, &credential, &hash, session, ctx.now());

    match changed.await? {
        true => Ok(Response::no_content()),
        false => Err(Error::InvalidCredentials),
    }
}
