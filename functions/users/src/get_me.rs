//! `GET /users/me`: the caller's own profile.
//!
//! Customers.

use shared::http::user_view::UserView;
use shared::http::{Request, Response};
use shared::store::Read;
use shared::{Ctx, Error, Result};

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let user = ctx.store.users().get(caller.user_id, Read::Consistent).await?;

    Response::ok(&UserView::from(user.ok_or(Error::NotFound)?))
}
