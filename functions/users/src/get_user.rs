//! `GET /users/{user_id}`: a person.
//!
//! Admins. 404 where there is none.

use shared::http::{Request, Response};
use shared::{Ctx, Error, Result};

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("user_id")?;

    let user = ctx.store.fresh_user(id).await?.ok_or(Error::NotFound)?;

    Response::ok(&user)
}
