//! `PUT /products/{product_id}`: replaces a product's data and variants.
//!
//! For admins. The body may be the response of `GET`: its read-only members are ignored. A variant
//! that is left out is withdrawn from sale; one whose `price` is null or absent sells at the
//! product's. 422 `use_inventory` for a `stock` of an existing SKU, 404 if the product does not
//! exist, 409 `sku_taken`, 412 if `If-Match` names another version than the current one.

use shared::domain::ids::ProductId;
use shared::domain::problem_code::ProblemCode;
use shared::domain::product::ProductDraft;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::products;
use shared::{Ctx, Result};

use crate::view::ProductView;

/// The read-only members of a product's view, which are ignored in the body.
const READ_ONLY: &[&str] = &[
    "id",
    "slug",
    "in_stock",
    "rating",
    "version",
    "created_at",
    "updated_at",
    "variants.unit_price",
    "variants.available",
];

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Replace a product")
        .describe("The body may be the response of `get_product`: its read-only members are ignored. A variant that is left out is withdrawn from sale.")
        .path::<ProductId>("product_id", "The product's identifier.")
        .body::<ProductDraft>()
        .ignoring("ProductReplacement", READ_ONLY)
        .if_match("The version of the product.")
        .responds(Success::ok::<ProductView>("The changed product.").versioned())
        .refuses(&[ProblemCode::UseInventory, ProblemCode::UnknownCategory, ProblemCode::SkuTaken, ProblemCode::TooManyChanges, ProblemCode::ProductTooLarge, ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("product_id")?;
    let expected = request.if_match()?;
    let draft: ProductDraft = request.json_ignoring(READ_ONLY)?;

    let product = products::replace(ctx, id, &draft, &expected, ProductView::check_size).await?;

    let version = product.product.version;
    Ok(Response::ok(&ProductView::from(product))?.version(version))
}
