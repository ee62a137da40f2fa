//! `GET /users/me`: returns the caller's own profile, with an `ETag` of its version.
//!
//! For users.

use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use shared::http::user_view::UserView;
use shared::http::{Request, Response};
use shared::store::Read;
use shared::{Ctx, Error, Result};

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Get the own profile")
        .responds(Success::ok::<UserView>("The profile.").versioned())
        .refuses(&[ProblemCode::NotFound])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let user = ctx.store.users().get(caller.user_id, Read::Consistent).await?;

    let user = user.ok_or(Error::NotFound)?;
    let version = user.version;
    Ok(Response::ok(&UserView::from(user))?.version(version))
}
