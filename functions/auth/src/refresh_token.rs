//! `POST /auth/refresh`: issues a new access token and the next refresh token of a session.
//!
//! For callers with a refresh token, which can be used once. The same token again within 10 seconds
//! returns the same next refresh token; any other reuse is 401 and ends the session.

use deserr::Deserr;
use shared::domain::invalid::Invalid;
use shared::http::{Request, Response};
use shared::services::sessions;
use shared::{Ctx, Result};

use crate::view::LoginView;

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    refresh_token: String,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let body: Body = request.json()?;

    let renewed = sessions::refresh(ctx, &body.refresh_token).await?;

    Response::ok(&LoginView::from(renewed))
}
