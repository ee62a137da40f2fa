//! `POST /auth/forgot-password`: sends a mail with a token that allows the user to set a new
//! password.
//!
//! Public. Always 202, after the same time: whether the e-mail address has an account is looked up
//! when the mail is sent. 429 above the rate limits of the caller's IP address.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::email::Email;
use shared::domain::invalid::Invalid;
use shared::domain::message::Event;
use shared::domain::rate_limit::RateLimit;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::{RESET_SENT, Sent};

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "ForgotPasswordBody", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    email: Email,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Ask for a password reset")
        .describe(
            "Sends a mail with a token for `reset_password` if the e-mail address has an account.",
        )
        .body::<Body>()
        .responds(Success::accepted::<Sent>(
            "The request is accepted, whether or not a mail will be sent.",
        ))
        .limited()
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let Body { email } = request.json()?;
    let ip = request.ip();
    let limits = [RateLimit::ForgotEmail.of_email_from(&email, ip), RateLimit::ForgotIp.of(ip)];
    request.limiter(ctx).admit(limits).await?;

    ctx.store.outbox().add_now(Event::PasswordResetRequested { email }, ctx.now()).await?;

    Response::accepted(&RESET_SENT)
}
