//! `GET /products`: a page of the products that match filters and a search, in one of several orders.
//!
//! Public; with `status`, for admins: others get 401 or 403. 422 for an invalid parameter, 400
//! `invalid_cursor` for a cursor of another list.

use shared::catalogue::query::Filters;
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::services::product_lists;
use shared::{Ctx, Result};

use crate::product_query::{FilterQuery, SortQuery, is_for_admins};
use crate::view::CardView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("List products")
        .describe(
            "All filters can be combined, and each product is listed once however many of its \
             variants match. What was just written appears within a second.",
        )
        .query::<FilterQuery>()
        .query::<SortQuery>()
        .list::<CardView>("A page of products.")
        .optional_bearer()
        .refuses(&[ProblemCode::Unauthenticated, ProblemCode::Forbidden])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let is_private = is_for_admins(ctx, &request).await?;

    let (filters, sort, paging) = request.sorted_list_query::<FilterQuery, SortQuery>()?;
    let filters = Filters::from(filters);
    let sort = sort.sort(&filters);

    let page = product_lists::page(ctx, &filters, sort, &paging).await?;

    let response = Response::page(page.map(CardView::from), &paging, &request)?;
    Ok(if is_private { response.private() } else { response })
}
