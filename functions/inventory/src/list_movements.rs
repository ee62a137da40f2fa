//! `GET /inventory/{sku}/movements`: a page of the movements of a stock, the newest first.
//!
//! For admins. 404 if no product has the SKU, 422 for an invalid parameter, 400 `invalid_cursor` for a
//! cursor of another list.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::sku::Sku;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::services::inventory;
use shared::{Ctx, Result};

use crate::view::MovementView;

#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
struct Query {}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("List the movements of a stock")
        .describe(
            "Every change with its cause, the newest first. Adjustments show at once, sales and \
             returns within seconds. Movements whose record is lost are shown as one, whose cause is \
             `unexplained`. If a SKU moves to another product, its list begins anew.",
        )
        .path::<Sku>("sku", "The SKU.")
        .query::<Query>()
        .cursor_list::<MovementView>("A page of movements.")
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let sku = request.path_parameter("sku")?;
    let (Query {}, paging) = request.cursor_query()?;

    let (stock, page) = inventory::movements(ctx, &sku, &paging).await?;

    Response::page(page.map(|row| MovementView::of_row(&stock, row)), &paging, &request)
}
