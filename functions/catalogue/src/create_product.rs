//! `POST /products`: creates a product.
//!
//! For admins. 201; 422 for an invalid body, 409 `sku_taken` if another product has one of the
//! SKUs. The SKU of a withdrawn variant can be used again.

use shared::domain::problem_code::ProblemCode;
use shared::domain::product::ProductDraft;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::products;
use shared::{Ctx, Result};

use crate::view::ProductView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Create a product")
        .body::<ProductDraft>()
        .responds(Success::created::<ProductView>("The new product.").versioned())
        .refuses(&[
            ProblemCode::UnknownCategory,
            ProblemCode::SkuTaken,
            ProblemCode::TooManyChanges,
            ProblemCode::ProductTooLarge,
            ProblemCode::OutcomeUnknown,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let draft: ProductDraft = request.json()?;

    let product = products::create(ctx, &draft, ProductView::check_size).await?;

    let location = format!("/products/{}", product.product.id);
    let version = product.product.version;
    Ok(Response::created(&location, &ProductView::from(product))?.version(version))
}
