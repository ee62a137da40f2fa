//! `POST /auth/register`: asks for an account.
//!
//! Anybody may. The answer is 202 and the same whether the address is new or known, and takes the
//! same time: nobody looks whether it is before the mail is sent. The account exists once the
//! address is verified. 422 for what can't be an account, 429 beyond the limits of the e-mail address
//! and the caller's.

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
    let limits =
        [RateLimit::RegisterEmail.of(&registrant.email), RateLimit::RegisterIp.of(request.ip())];
    request.limiter(ctx).admit(limits).await?;

    registration::register(ctx, registrant).await?;

    Response::accepted(&VERIFICATION_SENT)
}

/// Reads a body; every member that can't be read and every rule that is broken is named.
fn registrant(body: Json) -> Result<Registrant, Invalid> {
    let mut body = Members::of_body(body)?;
    let email = body.required("email");
    let password: Option<NewPassword> = body.required("password");
    let name = body.required("name");
    let phone = body.optional("phone");
    if let Some(password) = &password {
        body.add(password.for_person(email.as_ref(), name.as_ref(), "/password").err());
    }
    body.finish(|| Some(Registrant { email: email?, password: password?, name: name?, phone }))
}
