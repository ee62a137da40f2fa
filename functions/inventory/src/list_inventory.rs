//! `GET /inventory`: a page of the stock of all SKUs, in their order. Filter: `low_stock`.
//!
//! For admins. 422 for an invalid parameter, 400 `invalid_cursor` for a cursor of another list.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::flag::Flag;
use shared::domain::invalid::Invalid;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::services::inventory;
use shared::{Ctx, Result};

use crate::view::InventoryView;

#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
struct Query {
    /// Only stock that is low, or only stock that is not.
    #[deserr(default)]
    low_stock: Option<Flag>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("List the stock of all SKUs")
        .describe(
            "In the order of the SKUs, without those of variants that were withdrawn. The numbers \
             are those of this moment. A new SKU, or one that has just become low in stock, may take \
             a second to show. A page may have fewer SKUs than `limit`; only a `next_cursor` of null \
             ends the list.",
        )
        .query::<Query>()
        .cursor_list::<InventoryView>("A page of stock.")
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let (Query { low_stock }, paging) = request.cursor_query()?;

    let page = inventory::list(ctx, low_stock.map(Flag::is_true), &paging).await?;

    Response::page(page.map(InventoryView::from), &paging, &request)
}
