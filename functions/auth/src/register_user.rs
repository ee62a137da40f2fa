//! `POST /auth/register`: asks for an account.
//!
//! Anybody may. The answer is 202 and the same whether the address is new or known, and takes the
//! same time: the password is hashed in any case. 422 for what can't be an account.

use deserr::Deserr;
use serde::Serialize;
use shared::auth::password;
use shared::domain::email::Email;
use shared::domain::ids::UserId;
use shared::domain::invalid::Invalid;
use shared::domain::password::NewPassword;
use shared::domain::text::{Name, Phone};
use shared::domain::user::{AccountStatus, Role, User};
use shared::http::{Request, Response};
use shared::{Ctx, Result};

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    email: Email,
    password: NewPassword,
    name: Name,
    #[deserr(default)]
    phone: Option<Phone>,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let body: Body = request.json()?;
    let user = body.user(ctx);

    let hash = password::hash(&body.password)?;
    ctx.store.create_user(&user, hash).await?;

    Response::accepted(&Registration { status: "verification_sent" })
}

impl Body {
    fn user(&self, ctx: &Ctx) -> User {
        let now = ctx.now();
        User {
            id: UserId::new(now),
            email: self.email.clone(),
            name: self.name.clone(),
            phone: self.phone.clone(),
            addresses: Vec::new(),
            role: Role::Customer,
            email_verified: false,
            status: AccountStatus::Active,
            created_at: now,
            updated_at: now,
        }
    }
}

#[derive(Serialize)]
struct Registration {
    status: &'static str,
}
