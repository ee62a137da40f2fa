//! `GET /users`: everybody with an account, by name; only whose name begins with `name`, who have
//! this `role`, or whose address is `email`.
//!
//! Admins. 422 for a parameter that can't be, 400 for a cursor of another list.

use deserr::Deserr;
use shared::domain::email::Email;
use shared::domain::invalid::Invalid;
use shared::domain::page::Page;
use shared::domain::text::Name;
use shared::domain::user::Role;
use shared::domain::user_filter::UserFilter;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

#[derive(Deserr)]
#[deserr(error = Invalid)]
struct Query {
    #[deserr(default)]
    email: Option<Email>,
    #[deserr(default)]
    name: Option<Name>,
    #[deserr(default)]
    role: Option<Role>,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let (Query { email, name, role }, paging) = request.list_query()?;
    let (paging, filter) = (paging.by_cursor(), UserFilter::of(name.as_ref(), role));

    let page = match email {
        None => ctx.store.users_by_name(&filter, &paging).await?,
        Some(email) => {
            let user = ctx.store.user_with_email(&email, &filter).await?;
            Page::last(user.into_iter().collect())
        }
    };

    Response::page(page, &paging, &request)
}
