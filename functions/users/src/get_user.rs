//! `GET /users/{user_id}`: returns a user's profile, with an `ETag` of its version.
//!
//! For admins. 404 if there is no such user.

use shared::domain::ids::UserId;
use shared::http::contract::{Contract, Success};
use shared::http::user_view::UserView;
use shared::http::{Request, Response};
use shared::store::Read;
use shared::{Ctx, Error, Result};

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Get a user")
        .path::<UserId>("user_id", "The user's identifier.")
        .responds(Success::ok::<UserView>("The user.").versioned())
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("user_id")?;

    let user = ctx.store.users().get(id, Read::Consistent).await?;

    let user = user.ok_or(Error::NotFound)?;
    let version = user.version;
    Ok(Response::ok(&UserView::from(user))?.version(version))
}
