//! `GET /users/me`: returns the caller's own profile, with an `ETag` of its version.
//!
//! For users.

use shared::http::user_view::UserView;
use shared::http::{Request, Response};
use shared::store::Read;
use shared::{Ctx, Error, Result};

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let user = ctx.store.users().get(caller.user_id, Read::Consistent).await?;

    let user = user.ok_or(Error::NotFound)?;
    let version = user.version;
    Ok(Response::ok(&UserView::from(user))?.version(version))
}
