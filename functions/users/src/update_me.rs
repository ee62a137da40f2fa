//! `PATCH /users/me`: changes the caller's own profile by a merge patch (RFC 7396).
//!
//! For users; the body may be missing. Members that are left out stay; `phone: null` removes the
//! phone number; `addresses` are replaced as a whole, at most 20 of at most 16 KiB together, and
//! the first is the default. 422 for any other member; 412 if `If-Match` names another version; 429
//! after too many changes.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::patch::{Patch, Replace};
use shared::domain::problem_code::ProblemCode;
use shared::domain::rate_limit::RateLimit;
use shared::domain::text::{Name, Phone};
use shared::domain::user::{AddressBook, ProfileChange};
use shared::http::contract::{Contract, Success};
use shared::http::user_view::UserView;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "ProfileChange", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    #[deserr(default)]
    #[schemars(default)]
    name: Replace<Name>,
    #[deserr(default)]
    #[schemars(default)]
    phone: Patch<Phone>,
    #[deserr(default)]
    #[schemars(default)]
    addresses: Replace<AddressBook>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Change the own profile")
        .describe("A merge patch (RFC 7396): members that are left out stay. The addresses are replaced as a whole; the first is the default.")
        .optional_body::<Body>()
        .if_match("The version of the profile.")
        .responds(Success::ok::<UserView>("The changed profile.").versioned())
        .limited()
        .refuses(&[ProblemCode::NotFound])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let expected = request.if_match()?;
    let Body { name, phone, addresses } = request.json_or_empty()?;

    let limits = [RateLimit::ProfileAccount.of(caller.user_id)];
    let limiter = request.limiter(ctx);
    limiter.admit(limits).await?;
    let change = ProfileChange { name, phone, addresses };
    let user = ctx.store.users().update(caller.user_id, &change, &expected, ctx.now()).await;
    if user.is_err() {
        limiter.undo_counts(RateLimit::ProfileAccount).await;
    }
    let user = user?;

    let version = user.version;
    Ok(Response::ok(&UserView::from(user))?.version(version))
}
