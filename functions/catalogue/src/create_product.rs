//! `POST /products`: creates a product.
//!
//! For admins. 201; 422 for an invalid body, 409 `sku_taken` if another variant has one of the
//! SKUs.

use shared::domain::ids::ProductId;
use shared::domain::problem_code::ProblemCode;
use shared::domain::product::ProductDraft;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::ProductView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Create a product")
        .body::<ProductDraft>()
        .responds(Success::created::<ProductView>("The new product.").versioned())
        .refuses(&[
            ProblemCode::SkuTaken,
            ProblemCode::ProductTooLarge,
            ProblemCode::OutcomeUnknown,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let draft: ProductDraft = request.json()?;
    let id = ProductId::new(ctx.now());
    let product = draft.create(id, ctx.currency(), ctx.now())?;

    ProductView::check_size(&product)?;
    ctx.store.products().create(&product).await?;

    let version = product.product.version;
    Ok(Response::created(&format!("/products/{id}"), &ProductView::from(product))?.version(version))
}
