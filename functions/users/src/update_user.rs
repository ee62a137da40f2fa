//! `PATCH /users/{user_id}`: changes what a person may do, or whether they may come in.
//!
//! Admins. Where anything changes, the person's sessions end at once. 422 `nothing_to_change` for a
//! body that is empty or missing, 412 where `If-Match` names another version of their profile, 409
//! `last_admin` where nobody would be left to run the shop, 404 where there is no such person.

use deserr::Deserr;
use shared::domain::access::AccessChange;
use shared::domain::invalid::Invalid;
use shared::domain::patch::Replace;
use shared::domain::user::{AccountStatus, Role};
use shared::http::user_view::UserView;
use shared::http::{Request, Response};
use shared::services::account_changes;
use shared::{Ctx, Result};

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    #[deserr(default)]
    role: Replace<Role>,
    #[deserr(default)]
    status: Replace<AccountStatus>,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("user_id")?;
    let body: Body = request.json_or_empty()?;
    let change = body.change()?;
    let expected = request.if_match()?;

    let user = account_changes::update_access(ctx, id, &change, &expected).await?;

    let version = user.version;
    Ok(Response::ok(&UserView::from(user))?.version(version))
}

impl Body {
    fn change(self) -> Result<AccessChange, Invalid> {
        if let Self { role: Replace::Keep, status: Replace::Keep } = self {
            let detail = "Say what changes: `role`, `status`, or both.";
            return Err(Invalid::for_field("", "nothing_to_change", detail));
        }
        Ok(AccessChange { role: self.role, status: self.status })
    }
}
