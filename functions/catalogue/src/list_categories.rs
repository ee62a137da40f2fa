//! `GET /categories`: all categories, sorted by slug, with the number of their active products.
//!
//! Public.

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::category::CategoryTree;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::store::Read;
use shared::{Ctx, Result};

use crate::category_view::CategoryView;

/// All categories.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CategoryList")]
struct View {
    /// The categories, sorted by slug.
    data: Vec<CategoryView>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("List categories")
        .describe("All of them, at most 1,000, sorted by slug. `parent` makes them a tree.")
        .responds(Success::ok::<View>("All categories."))
}

pub async fn handle(ctx: &Ctx, _: Request) -> Result<Response> {
    let tree = ctx.store.categories().tree(Read::Eventual).await?;

    Response::ok(&View::from(&tree))
}

impl From<&CategoryTree> for View {
    fn from(tree: &CategoryTree) -> Self {
        let counts = tree.product_counts();
        let data = tree.categories.iter().map(|(slug, category)| {
            CategoryView::new(slug.clone(), category.clone(), counts[slug])
        });
        Self { data: data.collect() }
    }
}
