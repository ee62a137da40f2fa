//! `POST /cart/items`: adds units of a variant to the caller's cart.
//!
//! For customers. 404 if the variant is not on sale, 409 `out_of_stock` if too few units are
//! available, 422 `variant_required` if the body names a product that has several variants, 422
//! `cart_full` above 40 lines, 422 `quantity_out_of_range` above 999 units, 412 if `If-Match` names
//! another version than the current one.

use shared::domain::basket::RequestedItem;
use shared::domain::cart::CartEdit;
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Add to the cart")
        .body::<RequestedItem>()
        .if_match("The version of the cart.")
        .responds(view::success())
        .refuses(&[
            ProblemCode::NotFound,
            ProblemCode::OutOfStock,
            ProblemCode::VariantRequired,
            ProblemCode::CartFull,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.caller()?.user_id.into();

    let RequestedItem { which, quantity } = request.json()?;
    let expected = request.if_match()?;

    let cart = cart_edits::edit(ctx, id, &CartEdit::Add(which, quantity), &expected).await?;

    view::answer(&cart, ctx.currency())
}
