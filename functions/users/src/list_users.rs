//! `GET /users`: lists the users by name.
//!
//! For admins. Filters: `name` (prefix), `role` and `email` (exact). 422 for an invalid parameter,
//! 400 `invalid_cursor` for a cursor of another list.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::email::Email;
use shared::domain::invalid::Invalid;
use shared::domain::text::Name;
use shared::domain::user::Role;
use shared::domain::user_filter::UserFilter;
use shared::http::contract::Contract;
use shared::http::user_view::ListedUserView;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
struct Query {
    /// Only the user with this e-mail address.
    #[deserr(default)]
    email: Option<Email>,
    /// Only users whose name begins with this text, in any case.
    #[deserr(default)]
    name: Option<Name>,
    /// Only users with this role.
    #[deserr(default)]
    role: Option<Role>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("List users")
        .describe("By name.")
        .query::<Query>()
        .cursor_list::<ListedUserView>("A page of users.")
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let (Query { email, name, role }, paging) = request.cursor_query()?;
    let filter = UserFilter::of(name.as_ref(), role);

    let page = match email {
        None => ctx.store.users().by_name(&filter, &paging).await?,
        Some(email) => ctx.store.users().with_email(&email, &filter, &paging).await?,
    };

    Response::page(page.map(ListedUserView::from), &paging, &request)
}
