//! `GET /users/me`: the caller's own profile.
//!
//! Customers.

use shared::http::{Request, Response};
use shared::{Ctx, Error, Result};

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let user = ctx.store.fresh_user(caller.user_id).await?.ok_or(Error::NotFound)?;

    Response::ok(&user)
}
