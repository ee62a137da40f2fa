//! `POST /cart/items`: adds units of a variant to the shopper's cart.
//!
//! For customers and guests. 404 if the variant is not on sale, 409 `out_of_stock` if too few units are
//! available, 422 `variant_required` if the body names a product that has several variants, 422
//! `cart_full` above 40 lines, 422 `quantity_out_of_range` above 999 units, 412 if `If-Match` names
//! another version than the current one. The first item of a guest creates a cart, whose
//! token is in the response; 429 if too many are created from the IP address.

use shared::domain::basket::RequestedItem;
use shared::domain::cart::CartEdit;
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, ResponseHeader};
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Add to the cart")
        .body::<RequestedItem>()
        .if_match("The version of the cart.")
        .cart_token(view::CART_TOKEN)
        .responds(view::success().with_optional(&[ResponseHeader::CartToken]))
        .limited()
        .refuses(&[
            ProblemCode::NotFound,
            ProblemCode::OutOfStock,
            ProblemCode::VariantRequired,
            ProblemCode::CartFull,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let shopper = request.shopper();

    let expected = request.if_match()?;
    let RequestedItem { which, quantity } = request.json()?;

    let edit = CartEdit::Add(which, quantity);
    let edited =
        cart_edits::edit(ctx, &shopper, &edit, &expected, Some(&request.limiter(ctx))).await?;

    view::answer(&edited.cart, &shopper, edited.new_token.as_ref(), ctx.currency())
}
