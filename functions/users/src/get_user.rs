//! `GET /users/{user_id}`: a person.
//!
//! Admins. 404 where there is none.

use shared::http::user_view::UserView;
use shared::http::{Request, Response};
use shared::store::Read;
use shared::{Ctx, Error, Result};

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("user_id")?;

    let user = ctx.store.users().get(id, Read::Consistent).await?;

    Response::ok(&UserView::from(user.ok_or(Error::NotFound)?))
}
