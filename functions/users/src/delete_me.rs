//! `POST /users/me/deletion`: deletes the caller's account.
//!
//! Customers, with their password: 401 `invalid_credentials` for a wrong one, and 429 after too many.
//! Profile, sessions and credentials are gone with the answer; what orders still hold of the person
//! goes in the background, within minutes. 409 `open_orders` while an order is on its way or was
//! placed a moment ago, and `last_admin` for the only one who runs the shop.

use deserr::Deserr;
use shared::domain::invalid::Invalid;
use shared::domain::password::OfferedPassword;
use shared::http::{Request, Response};
use shared::services::account_deletion;
use shared::{Ctx, Result};

use crate::view::DeletionView;

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    password: OfferedPassword,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let Body { password } = request.json()?;

    account_deletion::delete(ctx, request.limiter(ctx), caller.user_id, &password).await?;

    Response::accepted(&DeletionView::STARTED)
}
