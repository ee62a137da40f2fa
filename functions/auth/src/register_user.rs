//! `POST /auth/register`: creates a pending registration.
//!
//! Public. Always the same 202, after the same time, whether or not the e-mail address has an
//! account: that is looked up when the mail is sent. The account is created when the address is
//! verified. 422 for an invalid body, 429 above the rate limits of the caller's IP address.

use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use shared::domain::email::Email;
use shared::domain::invalid::Invalid;
use shared::domain::json::Json;
use shared::domain::members::Members;
use shared::domain::password::NewPassword;
use shared::domain::rate_limit::RateLimit;
use shared::domain::schema;
use shared::domain::text::{Name, Phone};
use shared::http::{Request, Response};
use shared::services::registration::{self, Registrant};
use shared::{Ctx, Result};

use crate::view::{Sent, VERIFICATION_SENT};

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Register")
        .describe("Sends a mail with a token, with which `verify_email` creates the account. The response is the same if the e-mail address already has an account; then the mail says so.")
        .body::<RegistrationBody>()
        .responds(Success::accepted::<Sent>("The request is accepted, whether or not a mail will be sent."))
        .limited()
        .refuses(&[ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let registrant = registrant(request.body()?)?;
    let (email, ip) = (&registrant.email, request.ip());
    let limits = [RateLimit::RegisterEmail.of_email_from(email, ip), RateLimit::RegisterIp.of(ip)];
    request.limiter(ctx).admit(limits).await?;

    registration::register(ctx, registrant).await?;

    Response::accepted(&VERIFICATION_SENT)
}

/// The body, for the API document.
struct RegistrationBody;

impl JsonSchema for RegistrationBody {
    fn schema_name() -> Cow<'static, str> {
        "RegistrationBody".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = schema::Object::new(generator)
            .required::<Email>("email")
            .required::<NewPassword>("password")
            .required::<Name>("name")
            .optional::<Phone>("phone")
            .build();
        schema::refuse(&mut schema, &[ProblemCode::PasswordIsEmail, ProblemCode::PasswordIsName]);
        schema
    }
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
