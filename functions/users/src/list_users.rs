//! `GET /users`: everybody with an account, by name; only whose name begins with `name`, who have
//! this `role`, or whose address is `email`.
//!
//! Admins. 422 for a parameter that can't be, 400 for a cursor of another list.

use deserr::Deserr;
use shared::domain::email::Email;
use shared::domain::invalid::Invalid;
use shared::domain::page::{Page, PageSize};
use shared::domain::text::Name;
use shared::domain::user::{NameKey, Role};
use shared::domain::user_filter::UserFilter;
use shared::http::paging::Paging;
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
    #[deserr(default)]
    limit: Option<PageSize>,
    #[deserr(default)]
    cursor: Option<String>,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let Query { email, name, role, limit, cursor } = request.query()?;
    let paging = Paging { limit, cursor, ..Paging::default() };
    let wanted = UserFilter { name: name.as_ref().map(NameKey::prefix), role };
    let list = format!("users {email:?} {wanted:?}");
    let part = paging.part(&list)?;

    let page = match email {
        None => ctx.store.users_by_name(&wanted, part).await?,
        Some(email) => {
            let user = ctx.store.user_with_email(&email, &wanted).await?;
            Page { items: user.into_iter().collect(), next: None }
        }
    };

    paging.answer(&list, page, &request)
}
