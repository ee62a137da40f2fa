//! `GET /users/{user_id}`: a person, with an `ETag` of their profile's version.
//!
//! Admins. 404 where there is none.

use shared::http::user_view::UserView;
use shared::http::{Request, Response};
use shared::store::Read;
use shared::{Ctx, Error, Result};

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("user_id")?;

    let user = ctx.store.users().get(id, Read::Consistent).await?;

    let user = user.ok_or(Error::NotFound)?;
    let version = user.version;
    Ok(Response::ok(&UserView::from(user))?.version(version))
}
