//! `GET /inventory/{sku}`: the stock of a SKU.
//!
//! For admins. 404 if no product has the SKU.

use shared::domain::sku::Sku;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::InventoryView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Get the stock of a SKU")
        .path::<Sku>("sku", "The SKU.")
        .responds(Success::ok::<InventoryView>("The stock.").versioned())
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let sku = request.path_parameter("sku")?;

    let stock = ctx.store.inventory().get(&sku).await?;

    InventoryView::respond(stock)
}
