//! `POST /cart/items`: puts a variant into the caller's cart, or more of it.
//!
//! Customers. 404 for what is not sold here, 409 `out_of_stock` beyond what is left, 422
//! `variant_required` for a product that comes in several variants, 422 `cart_full` beyond 40
//! lines, 412 where `If-Match` names an older version.

use deserr::Deserr;
use shared::domain::basket::VariantSelector;
use shared::domain::cart::CartEdit;
use shared::domain::ids::ProductId;
use shared::domain::invalid::Invalid;
use shared::domain::quantity::Quantity;
use shared::domain::sku::Sku;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    #[deserr(default)]
    sku: Option<Sku>,
    #[deserr(default)]
    product_id: Option<ProductId>,
    quantity: Quantity,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.caller()?.user_id.into();

    let Body { sku, product_id, quantity } = request.json()?;
    let which = VariantSelector::one_of(sku, product_id, "")?;
    let expected = request.if_match()?;

    let cart = cart_edits::edit(ctx, id, &CartEdit::Add(which, quantity), expected).await?;

    view::answer(&cart, ctx.currency())
}
