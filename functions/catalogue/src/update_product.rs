//! `PUT /products/{product_id}`: describes a product anew.
//!
//! Admins. It takes what `GET` gives: members that only the shop sets are ignored. Stock of a SKU
//! that exists is 422 `use_inventory`; a variant that is left out is withdrawn from sale, and one
//! whose `price` is null or left out sells at the product's. 412 where `If-Match` names an older
//! version.

use shared::domain::product::ProductDraft;
use shared::http::{Request, Response};
use shared::services::products;
use shared::{Ctx, Result};

use crate::view::ProductView;

/// What a product's view has beyond its description.
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

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("product_id")?;
    let draft: ProductDraft = request.json_ignoring(READ_ONLY)?;
    let expected = request.if_match()?;

    let product = products::describe(ctx, id, &draft, &expected).await?;

    let version = product.product.version;
    Ok(Response::ok(&ProductView::from(product))?.version(version))
}
