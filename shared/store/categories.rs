//! Categories.

use std::collections::HashMap;

use serde::Deserialize;

use super::item::from_item;
use super::keys;
use super::read::Read;
use super::table::Store;
use crate::catalogue::log::ListedCategory;
use crate::domain::error::Result;
use crate::domain::slug::Slug;

/// The store's operations on categories.
#[derive(Debug, Clone, Copy)]
pub struct Categories<'a>(&'a Store);

#[derive(Debug, Deserialize)]
struct CategoryItem {
    #[serde(rename = "sk")]
    slug: Slug,
    #[serde(flatten)]
    category: ListedCategory,
}

impl Store {
    /// Returns the store's operations on categories.
    pub fn categories(&self) -> Categories<'_> {
        Categories(self)
    }
}

impl Categories<'_> {
    /// Returns the categories with these slugs, as the catalogue's log has them, by consistent reads;
    /// missing ones are left out.
    pub async fn listed<'s>(
        self,
        slugs: impl IntoIterator<Item = &'s Slug>,
    ) -> Result<HashMap<Slug, ListedCategory>> {
        let keys: Vec<_> = slugs.into_iter().map(keys::category).collect();
        let items = self.0.batch_get(keys, &["sk", "name", "parent"], Read::Consistent).await?;
        let categories = items.into_iter().map(from_item::<CategoryItem>);
        categories.map(|item| item.map(|item| (item.slug, item.category))).collect()
    }
}
