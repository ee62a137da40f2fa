//! `PATCH /users/{user_id}`: changes a user's role or account status.
//!
//! For admins. A change ends all sessions of the user. 422 `nothing_to_change` for an empty or
//! missing body, 412 if `If-Match` names another version of the profile, 409 `last_admin` if no
//! active admin would be left, 404 if there is no such user.

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use shared::domain::access::AccessChange;
use shared::domain::ids::UserId;
use shared::domain::invalid::Invalid;
use shared::domain::patch::Replace;
use shared::domain::problem_code::ProblemCode;
use shared::domain::schema;
use shared::domain::user::{AccountStatus, Role};
use shared::http::contract::{Contract, Success};
use shared::http::user_view::UserView;
use shared::http::{Request, Response};
use shared::services::account_changes;
use shared::{Ctx, Result};

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "UserChange", deny_unknown_fields, transform = Body::describe)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    #[deserr(default)]
    #[schemars(default)]
    role: Replace<Role>,
    #[deserr(default)]
    #[schemars(default)]
    status: Replace<AccountStatus>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Change a user's role or status")
        .describe("Ends all sessions of the user.")
        .path::<UserId>("user_id", "The user's identifier.")
        .body::<Body>()
        .if_match("The version of the profile.")
        .responds(Success::ok::<UserView>("The changed user.").versioned())
        .refuses(&[
            ProblemCode::NothingToChange,
            ProblemCode::LastAdmin,
            ProblemCode::OutcomeUnknown,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("user_id")?;
    let expected = request.if_match()?;
    let body: Body = request.json_or_empty()?;
    let change = body.change()?;

    let user = account_changes::update_access(ctx, id, &change, &expected).await?;

    let version = user.version;
    Ok(Response::ok(&UserView::from(user))?.version(version))
}

impl Body {
    fn describe(schema: &mut Schema) {
        schema::require_one_of(schema, &["role", "status"]);
    }

    fn change(self) -> Result<AccessChange, Invalid> {
        if let Self { role: Replace::Keep, status: Replace::Keep } = self {
            let detail = "Say what changes: `role`, `status`, or both.";
            return Err(Invalid::for_field("", ProblemCode::NothingToChange, detail));
        }
        Ok(AccessChange { role: self.role, status: self.status })
    }
}
