//! Categories, and the item with their number and the version of their tree, which are in one
//! partition.
//!
//! A category has counters of its products and subcategories. They change in the transaction that
//! changes a product's or a subcategory's place, so that an empty category can be deleted under a
//! condition on its own item. Every move and every deletion raises the version of the tree, and a
//! move is decided for the version that was read: two concurrent moves can't make a cycle.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ChangedMeanwhile;
use super::expression::{Comparison, Condition, absent, compares, exists, is, is_number};
use super::item::{Item, from_item, text_of, to_item};
use super::keys::{self, TYPE};
use super::read::Read;
use super::table::Store;
use super::transaction::Transaction;
use super::write::{Changes, OldItem, Write};
use crate::catalogue::log::ListedCategory;
use crate::domain::category::{Category, CategoryTree, unknown_category};
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::problem_code::ProblemCode;
use crate::domain::product::CategoryCounts;
use crate::domain::slug::Slug;
use crate::domain::time::Timestamp;

/// The store's operations on categories.
#[derive(Debug, Clone, Copy)]
pub struct Categories<'a>(&'a Store);

/// Why a category was not created.
enum NotCreated {
    UnknownParent(Slug),
    SlugTaken,
    TooMany,
}

/// Why a category was not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDeleted {
    /// Another request changed the categories after they were read.
    ChangedMeanwhile,
    /// It has products or subcategories.
    NotEmpty {
        /// Its products.
        products: u64,
        /// Its direct subcategories.
        children: u64,
    },
}

#[derive(Debug, Deserialize)]
struct CategoryItem<T> {
    #[serde(rename = "sk")]
    slug: Slug,
    #[serde(flatten)]
    category: T,
}

#[derive(Debug, Default, Deserialize)]
struct TreeItem {
    #[serde(default)]
    version: u64,
}

const CATEGORY: &str = "category";
const TREE: &str = "category_tree";

impl Store {
    /// Returns the store's operations on categories.
    pub fn categories(&self) -> Categories<'_> {
        Categories(self)
    }
}

/// The category does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCategory;

impl Categories<'_> {
    /// Returns all categories, by one query.
    pub async fn tree(self, read: Read) -> Result<CategoryTree> {
        let mut tree = CategoryTree::default();
        for item in self.0.partition(&keys::categories(), read).await? {
            match text_of(&item, TYPE).as_deref() {
                Some(CATEGORY) => {
                    let (slug, category) = category_of(item)?;
                    tree.categories.insert(slug, category);
                }
                Some(TREE) => tree.version = from_item::<TreeItem>(item)?.version,
                _ => {}
            }
        }
        Ok(tree)
    }

    /// Returns a category, by a consistent read. 404 if it does not exist.
    pub async fn get(self, slug: &Slug) -> Result<Category> {
        let item = self.0.get(keys::category(slug), Read::Consistent).await?;
        item.map(from_item).ok_or(Error::NotFound)?
    }

    /// Returns the categories with these slugs, as the catalogue's log has them, by consistent reads;
    /// missing ones are left out.
    pub async fn listed<'s>(
        self,
        slugs: impl IntoIterator<Item = &'s Slug>,
    ) -> Result<HashMap<Slug, ListedCategory>> {
        let keys: Vec<_> = slugs.into_iter().map(keys::category).collect();
        let items = self.0.batch_get(keys, &["sk", "name", "parent"], Read::Consistent).await?;
        items.into_iter().map(category_of).collect()
    }

    /// Creates a category. 422 `unknown_category` if its parent does not exist, 409 `slug_taken` if
    /// another category has the slug, 409 `too_many_categories`. Its parent must not be itself.
    pub async fn create(self, slug: &Slug, category: &Category, now: Timestamp) -> Result<()> {
        let parent = category.parent.clone().map(|parent| {
            add_child(&parent).map_refusal(|UnknownCategory| NotCreated::UnknownParent(parent))
        });
        let item = to_item(CATEGORY, keys::category(slug), category)?;
        let transaction = Transaction::with_new_token(now)
            .with_all(parent)
            .with(Write::create(item, || NotCreated::SlugTaken))
            .with(count_new_category());
        self.0.transact(transaction).await?.first().map_err(|refused| match refused {
            NotCreated::UnknownParent(parent) => unknown_category("/parent", &parent).into(),
            NotCreated::SlugTaken => slug_taken(slug),
            NotCreated::TooMany => too_many_categories(),
        })
    }

    /// Renames a category, on condition that it is still where it was; returns false if it is not.
    pub async fn rename(self, slug: &Slug, category: &Category) -> Result<bool> {
        let write = Write::update(keys::category(slug))
            .set("name", &category.name)
            .when(is_child_of(category.parent.as_ref()), || ChangedMeanwhile);
        Ok(self.0.update(write).await?.is_done())
    }

    /// Moves a category from the place that it has in `tree` to that of `after`, under its name, on
    /// condition that no category has moved or was deleted since; returns false if one has. The two
    /// places must differ.
    pub async fn relocate(
        self,
        tree: &CategoryTree,
        slug: &Slug,
        before: Option<&Slug>,
        after: &Category,
        now: Timestamp,
    ) -> Result<bool> {
        let category = Write::update(keys::category(slug))
            .set("name", &after.name)
            .set("parent", &after.parent)
            .when(is_child_of(before), || ChangedMeanwhile);
        let version = match tree.version {
            0 => absent("version"),
            version => is_number("version", version),
        };
        let transaction =
            Transaction::with_new_token(now)
                .with(raise_version().when(version, || ChangedMeanwhile))
                .with(category)
                .with_all(before.map(remove_child))
                .with_all(after.parent.as_ref().map(|parent| {
                    add_child(parent).map_refusal(|UnknownCategory| ChangedMeanwhile)
                }));
        Ok(self.0.transact(transaction).await?.is_committed())
    }

    /// Deletes a category without products and subcategories, on condition that it is still inside
    /// `parent`.
    pub async fn delete(
        self,
        slug: &Slug,
        parent: Option<&Slug>,
        now: Timestamp,
    ) -> Result<Result<(), NotDeleted>> {
        let tree = raise_version()
            .count("categories", -1)
            .when(compares("categories", Comparison::AtLeast, 1), || ChangedMeanwhile);
        let changed = |ChangedMeanwhile| NotDeleted::ChangedMeanwhile;
        let transaction = Transaction::with_new_token(now)
            .with(delete_empty(slug, parent))
            .with_all(parent.map(|parent| remove_child(parent).map_refusal(changed)))
            .with(tree.map_refusal(changed));
        Ok(self.0.transact(transaction).await?.first())
    }
}

/// Returns the write that counts a new subcategory.
fn add_child(parent: &Slug) -> Write<UnknownCategory, Changes> {
    Write::update(keys::category(parent))
        .change_by("children", 1)
        .when(exists(), || UnknownCategory)
}

/// Returns the write that counts a subcategory less.
fn remove_child(parent: &Slug) -> Write<ChangedMeanwhile, Changes> {
    Write::update(keys::category(parent))
        .change_by("children", -1)
        .when(compares("children", Comparison::AtLeast, 1), || ChangedMeanwhile)
}

/// Returns the write that counts a new category; creates the tree's item with the first one.
fn count_new_category() -> Write<NotCreated, Changes> {
    let fits = absent("categories").or(compares("categories", Comparison::Less, CategoryTree::MAX));
    Write::update(keys::category_tree())
        .set_type(TREE)
        .count("categories", 1)
        .when(fits, || NotCreated::TooMany)
}

/// Returns the write of every change after which a category has another place, or none.
fn raise_version<R>() -> Write<R, Changes> {
    Write::update(keys::category_tree()).count("version", 1)
}

fn delete_empty(slug: &Slug, parent: Option<&Slug>) -> Write<NotDeleted, OldItem> {
    let is_empty = is_number("products", 0).and(is_number("children", 0));
    let condition = is_empty.and(is_child_of(parent));
    Write::delete(keys::category(slug)).when_with_item(condition, |item| {
        Ok(match item.map(from_item::<Category>).transpose()? {
            Some(Category { products, children, .. }) if products > 0 || children > 0 => {
                NotDeleted::NotEmpty { products, children }
            }
            _ => NotDeleted::ChangedMeanwhile,
        })
    })
}

/// Requires that a category exists and is directly inside this one, or at the root.
fn is_child_of(parent: Option<&Slug>) -> Condition {
    exists().and(parent.map_or_else(|| absent("parent"), |parent| is("parent", parent)))
}

fn category_of<T: DeserializeOwned>(item: Item) -> Result<(Slug, T)> {
    let CategoryItem { slug, category } = from_item(item)?;
    Ok((slug, category))
}

fn slug_taken(slug: &Slug) -> Error {
    Conflict::new(ProblemCode::SlugTaken, format!("Another category has the slug {slug}."))
        .with("slug", slug.as_str())
        .into()
}

fn too_many_categories() -> Error {
    let detail = format!("A shop has at most {} categories.", CategoryTree::MAX);
    Conflict::new(ProblemCode::TooManyCategories, detail).with("limit", CategoryTree::MAX).into()
}

/// Returns the write that changes the numbers of products of a category. Refused if the category does
/// not exist; one that has counted a product does.
pub(super) fn count(change: &CategoryCounts) -> Write<UnknownCategory, Changes> {
    Write::update(keys::category(&change.category))
        .change_by("products", change.products)
        .change_by("active", change.active)
        .when(exists(), || UnknownCategory)
}
