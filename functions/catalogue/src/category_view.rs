//! Categories in responses.

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::category::Category;
use shared::domain::slug::Slug;
use shared::domain::text::CategoryName;

/// A category.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Category")]
pub(crate) struct CategoryView {
    /// The name in a form for URLs. It identifies the category and never changes.
    slug: Slug,
    name: CategoryName,
    /// The slug of the category that it is directly inside; null at the root.
    parent: Option<Slug>,
    /// The active products of the category and of all categories inside it.
    product_count: u64,
}

impl CategoryView {
    pub(crate) fn new(slug: Slug, category: Category, product_count: u64) -> Self {
        Self { slug, name: category.name, parent: category.parent, product_count }
    }
}
