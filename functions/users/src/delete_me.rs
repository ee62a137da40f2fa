//! `POST /users/me/deletion`: deletes the caller's account.
//!
//! Customers, with their password: 401 `invalid_credentials` for a wrong one, and 429
//! after too many. Profile, sessions and
//! credentials are gone with the answer; what orders still hold of the person goes in the
//! background, within minutes. 409 `open_orders` while an order is on its way, and
//! `last_admin` for the only one who runs the shop.

use deserr::Deserr;
use futures_util::future::{join, try_join};
use serde::Serialize;
use shared::auth::password;
use shared::domain::invalid::Invalid;
use shared::domain::password::OfferedPassword;
use shared::domain::rate_limit::RateLimit;
use shared::http::{Request, Response};
use shared::{Ctx, Error, Result};

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    password: OfferedPassword,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let body: Body = request.json()?;

    let user = ctx.store.fresh_user(caller.user_id).await?.ok_or(Error::NotFound)?;
    let limiter = request.limiter(ctx);
    let counted = limiter.admit([RateLimit::PasswordAccount.of(user.id)]);
    let ((), credential) = try_join(counted, ctx.store.credential(&user.email)).await?;
    let credential = credential.ok_or(Error::NotFound)?;
    if !password::verify(&body.password, Some(&credential.password_hash))? {
        return Err(Error::InvalidCredentials);
    }
    let deletion = ctx.store.delete_user(&user, &credential, ctx.now());
    let (deleted, ()) = join(deletion, limiter.give_back()).await;
    deleted?;

    Response::accepted(&Deletion { status: "deletion_started" })
}

#[derive(Serialize)]
struct Deletion {
    status: &'static str,
}
