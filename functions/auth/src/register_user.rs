//! `POST /auth/register`: creates a pending registration.
//!
//! Public. Always the same 202, after the same time, whether or not the e-mail address has an
//! account: that is looked up when the mail is sent. The account is created when the address is
//! verified. 422 for an invalid body, 429 above the rate limits of the caller's IP address.

use shared::domain::invalid::Invalid;
use shared::domain::json::Json;
use shared::domain::members::Members;
use shared::domain::password::NewPassword;
use shared::domain::rate_limit::RateLimit;
use shared::http::{Request, Response};
use shared::services::registration::{self, Registrant};
use shared::{Ctx, Result};

use crate::view::VERIFICATION_SENT;

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let registrant = registrant(request.body()?)?;
    let (email, ip) = (&registrant.email, request.ip());
    let limits = [RateLimit::RegisterEmail.of_email_from(email, ip), RateLimit::RegisterIp.of(ip)];
    request.limiter(ctx).admit(limits).await?;

    registration::register(ctx, registrant).await?;

    Response::accepted(&VERIFICATION_SENT)
}

/// Reads a body; 422 with every invalid member and every broken rule.
fn registrant(body: Json) -> Result<Registrant, Invalid> {
    let mut body = Members::of_body(body)?;
    let email = body.required("email");
    let password: Option<NewPassword> = body.required("password");
    let name = body.required("name");
    let phone = body.optional("phone");
    if let Some(password) = &password {
        body.add(password.reject_personal(email.as_ref(), name.as_ref(), "/password").err());
    }
    body.finish(|| Some(Registrant { email: email?, password: password?, name: name?, phone }))
}
