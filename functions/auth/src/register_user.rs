//! `POST /auth/register`: asks for an account.
//!
//! Anybody may. The answer is 202 and the same whether the address is new or known, and takes the
//! same time: nobody looks whether it is before the mail is sent. The account exists once the
//! address is verified. 422 for what can't be an account, 429 beyond the limits of the e-mail address
//! and the caller's.

use shared::auth::password;
use shared::domain::email::Email;
use shared::domain::ids::{RegistrationId, UserId};
use shared::domain::invalid::Invalid;
use shared::domain::json::Json;
use shared::domain::members::Members;
use shared::domain::password::NewPassword;
use shared::domain::rate_limit::RateLimit;
use shared::domain::registration::{REGISTRATION_LIFETIME, Registration};
use shared::domain::text::{Name, Phone};
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::VERIFICATION_SENT;

struct Body {
    email: Email,
    password: NewPassword,
    name: Name,
    phone: Option<Phone>,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let body = Body::read(request.body()?)?;
    let limits = [
        RateLimit::RegisterEmail.of(&body.email),
        RateLimit::RegisterAddress.of(request.address()),
    ];
    request.limiter(ctx).admit(limits).await?;

    let registration = body.registration(ctx)?;
    match ctx.config.email_verification {
        true => ctx.store.create_registration(&registration).await?,
        false => {
            let user = registration.user(UserId::new(ctx.now()));
            ctx.store.create_user(&user, &registration.password_hash).await?;
        }
    }

    Response::accepted(&VERIFICATION_SENT)
}

impl Body {
    fn read(body: Json) -> Result<Self, Invalid> {
        let mut body = Members::of_body(body)?;
        let email = body.required("email");
        let password: Option<NewPassword> = body.required("password");
        let name = body.required("name");
        let phone = body.optional("phone");
        if let Some(password) = &password {
            body.add(password.for_person(email.as_ref(), name.as_ref(), "/password").err());
        }
        body.finish(|| Some(Self { email: email?, password: password?, name: name?, phone }))
    }

    fn registration(self, ctx: &Ctx) -> Result<Registration> {
        let now = ctx.now();
        Ok(Registration {
            id: RegistrationId::new(now),
            password_hash: password::hash(&self.password)?,
            email: self.email,
            name: self.name,
            phone: self.phone,
            tokens: Vec::new(),
            created_at: now,
            expires_at: now.plus(REGISTRATION_LIFETIME),
        })
    }
}
