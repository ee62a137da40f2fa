//! `PATCH /users/me`: changes the caller's own profile by a merge patch (RFC 7396).
//!
//! For users; the body may be missing. Members that are left out stay; `phone: null` removes the
//! phone number; `addresses` are replaced as a whole, at most 20 of at most 16 KiB together, and
//! the first is the default. 422 for any other member; 412 if `If-Match` names another version; 429
//! after too many changes.

use deserr::Deserr;
use shared::domain::invalid::Invalid;
use shared::domain::patch::{Patch, Replace};
use shared::domain::rate_limit::RateLimit;
use shared::domain::text::{Name, Phone};
use shared::domain::user::{AddressBook, ProfileChange};
use shared::http::user_view::UserView;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    #[deserr(default)]
    name: Replace<Name>,
    #[deserr(default)]
    phone: Patch<Phone>,
    #[deserr(default)]
    addresses: Replace<AddressBook>,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let Body { name, phone, addresses } = request.json_or_empty()?;
    let expected = request.if_match()?;

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
