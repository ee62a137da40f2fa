//! `POST /auth/login`: begins a session.
//!
//! Public. 401 `invalid_credentials` for an unknown e-mail address, a wrong password and a disabled
//! account alike, after the same time. 429 after too many wrong passwords, whether or not the
//! account exists; then the password is not checked. The cart of a `Cart-Token` is merged into the user's;
//! if that fails, the login succeeds all the same.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::email::Email;
use shared::domain::invalid::Invalid;
use shared::domain::password::OfferedPassword;
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::{shopper, sign_in};
use shared::{Ctx, Result};

use crate::view::LoginView;

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "LoginBody", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    email: Email,
    password: OfferedPassword,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Log in")
        .body::<Body>()
        .cart_token("The token of a guest's cart, which is merged into the user's.")
        .responds(Success::ok::<LoginView>("A session has begun."))
        .limited()
        .refuses(&[ProblemCode::InvalidCredentials])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let Body { email, password } = request.json()?;

    let signed_in = sign_in::log_in(ctx, request.limiter(ctx), &email, &password).await?;
    if let Some(token) = request.cart_token() {
        shopper::merge_at_login(ctx, signed_in.user.id, &token).await;
    }

    Response::ok(&LoginView::from(signed_in))
}
