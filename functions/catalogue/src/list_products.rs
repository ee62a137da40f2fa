//! `GET /products`: a page of the active products, or of those of one category, newest first.
//!
//! Public. 422 for an invalid parameter, and for a filter or sort that is not supported yet; 400
//! `invalid_cursor` for a cursor of another list.

use deserr::Deserr;
use shared::domain::invalid::{Invalid, Refused};
use shared::domain::slug::Slug;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::CardView;

#[derive(Deserr)]
#[deserr(error = Invalid)]
#[expect(dead_code, reason = "unsupported parameters are rejected while they are read")]
struct Query {
    #[deserr(default)]
    category: Option<Slug>,
    #[deserr(default)]
    sort: Option<NewestFirst>,
    #[deserr(default)]
    q: Option<NotSupported>,
    #[deserr(default)]
    name: Option<NotSupported>,
    #[deserr(default)]
    size: Option<NotSupported>,
    #[deserr(default)]
    brand: Option<NotSupported>,
    #[deserr(default)]
    tag: Option<NotSupported>,
    #[deserr(default)]
    min_price: Option<NotSupported>,
    #[deserr(default)]
    max_price: Option<NotSupported>,
    #[deserr(default)]
    in_stock: Option<NotSupported>,
    #[deserr(default)]
    min_rating: Option<NotSupported>,
    #[deserr(default)]
    status: Option<NotSupported>,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let (Query { category, .. }, paging) = request.list_query()?;

    let page = ctx.store.products().newest(category.as_ref(), &paging).await?;

    Response::page(page.map(CardView::from), &paging, &request)
}

/// The only supported value of `sort`: `-created_at`.
#[derive(Deserr)]
#[deserr(error = Invalid, try_from(String) = NewestFirst::parse -> Refused)]
struct NewestFirst;

impl NewestFirst {
    fn parse(text: String) -> Result<Self, Refused> {
        match text.as_str() {
            "-created_at" => Ok(Self),
            _ => Err(Refused::new("unsupported_sort", "The list is sorted by -created_at only.")),
        }
    }
}

/// A filter of the API contract that is not implemented yet: any value is 422 `unsupported_filter`,
/// since a list that ignored the filter would be wrong.
#[derive(Deserr)]
#[deserr(error = Invalid, try_from(String) = NotSupported::refuse -> Refused)]
struct NotSupported;

impl NotSupported {
    fn refuse(_: String) -> Result<Self, Refused> {
        Err(Refused::new("unsupported_filter", "The list can't be filtered by this yet."))
    }
}
