//! `POST /auth/resend-verification`: sends the mails of an e-mail address's registrations again.
//!
//! Public. Always 202 and after the same time: whether there are pending registrations is looked up
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

use crate::view::{Sent, VERIFICATION_SENT};

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "ResendVerificationBody", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    email: Email,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Send the verification mail again")
        .body::<Body>()
        .responds(Success::accepted::<Sent>(
            "The request is accepted, whether or not a mail will be sent.",
        ))
        .limited()
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let Body { email } = request.json()?;
    let ip = request.ip();
    let limits = [RateLimit::ResendEmail.of_email_from(&email, ip), RateLimit::ResendIp.of(ip)];
    request.limiter(ctx).admit(limits).await?;

    ctx.store.outbox().add_now(Event::VerificationRequested { email }, ctx.now()).await?;

    Response::accepted(&VERIFICATION_SENT)
}
