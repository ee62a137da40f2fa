//! Categories: a tree, in which products are found.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::error::{Conflict, Error, Result};
use super::invalid::Invalid;
use super::members::Members;
use super::problem_code::ProblemCode;
use super::schema;
use super::slug::Slug;
use super::text::CategoryName;

/// A category. Its slug never changes, and is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Name.
    pub name: CategoryName,
    /// The category that it is directly inside; `None` at the root.
    #[serde(default)]
    pub parent: Option<Slug>,
    /// The category's own products that are not deleted, whatever their status.
    #[serde(default)]
    pub products: u64,
    /// The category's own products that are active.
    #[serde(default)]
    pub active: u64,
    /// The categories directly inside it.
    #[serde(default)]
    pub children: u64,
}

/// What an admin says of a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryDraft {
    /// Name.
    pub name: CategoryName,
    /// The category that it is directly inside; `None` at the root.
    pub parent: Option<Slug>,
}

/// A category that an admin creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCategory {
    /// Its slug; `None` if one is made from the name.
    slug: Option<Slug>,
    /// What it is.
    draft: CategoryDraft,
}

/// All categories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CategoryTree {
    /// Raised by every change after which a category has another place, or none.
    pub version: u64,
    /// The categories, by slug.
    pub categories: BTreeMap<Slug, Category>,
}

impl Category {
    /// Returns a category without products and subcategories.
    pub fn new(CategoryDraft { name, parent }: CategoryDraft) -> Self {
        Self { name, parent, products: 0, active: 0, children: 0 }
    }
}

impl CategoryDraft {
    fn read<V: IntoValue>(body: &mut Members<'_, V>) -> (Option<CategoryName>, Option<Slug>) {
        (body.required("name"), body.optional("parent"))
    }

    fn describe(object: schema::Object<'_>) -> Schema {
        object.required::<CategoryName>("name").optional::<Slug>("parent").build()
    }
}

impl Deserr<Invalid> for CategoryDraft {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        let mut body = Members::of(value, location)?;
        let (name, parent) = Self::read(&mut body);
        body.finish(|| Some(Self { name: name?, parent }))
    }
}

impl JsonSchema for CategoryDraft {
    fn schema_name() -> Cow<'static, str> {
        "CategoryReplacement".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Self::describe(schema::Object::new(generator));
        schema::refuse(&mut schema, &[ProblemCode::UnknownCategory]);
        schema
    }
}

impl Deserr<Invalid> for NewCategory {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        let mut body = Members::of(value, location)?;
        let slug = body.optional("slug");
        let (name, parent) = CategoryDraft::read(&mut body);
        body.finish(|| Some(Self { slug, draft: CategoryDraft { name: name?, parent } }))
    }
}

impl JsonSchema for NewCategory {
    fn schema_name() -> Cow<'static, str> {
        "CategoryBody".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema =
            CategoryDraft::describe(schema::Object::new(generator).optional::<Slug>("slug"));
        schema::refuse(&mut schema, &[ProblemCode::InvalidSlug, ProblemCode::UnknownCategory]);
        schema
    }
}

impl NewCategory {
    /// Returns the category and its slug, which is made from the name if the body has none. 422
    /// `invalid_slug` if that is not possible; 409 `category_cycle` if it is to be inside itself.
    pub fn create(self) -> Result<(Slug, Category)> {
        let Self { slug, draft } = self;
        let slug = match slug.or_else(|| Slug::of_name(draft.name.as_str())) {
            Some(slug) => slug,
            None => {
                let detail = "No slug can be made from this name: send one.";
                return Err(Error::invalid("/slug", ProblemCode::InvalidSlug, detail));
            }
        };
        match draft.parent.as_ref() == Some(&slug) {
            true => Err(inside_itself(&slug)),
            false => Ok((slug, Category::new(draft))),
        }
    }
}

impl CategoryTree {
    /// The most categories of a shop.
    pub const MAX: u64 = 1_000;

    /// Returns a category after a change. 422 `unknown_category` if the new parent does not exist,
    /// 404 if the category does not, 409 `category_cycle` if the new parent is the category itself
    /// or inside it.
    pub fn change(&self, slug: &Slug, to: &CategoryDraft) -> Result<Category> {
        let CategoryDraft { name, parent } = to;
        let unknown = |parent: &&Slug| !self.categories.contains_key(parent);
        if let Some(parent) = parent.as_ref().filter(unknown) {
            return Err(unknown_category("/parent", parent).into());
        }
        let before = self.categories.get(slug).ok_or(Error::NotFound)?;
        if parent.as_ref().is_some_and(|parent| self.is_within(parent, slug)) {
            return Err(inside_itself(slug));
        }
        Ok(Category { name: name.clone(), parent: parent.clone(), ..before.clone() })
    }

    /// Whether a category is another one or inside it, at any depth.
    fn is_within(&self, slug: &Slug, other: &Slug) -> bool {
        let parent = |slug: &&Slug| self.categories.get(*slug)?.parent.as_ref();
        // A path has no more steps than there are categories, so that this ends in any case.
        let path = std::iter::successors(Some(slug), parent).take(self.categories.len() + 1);
        path.into_iter().any(|slug| slug == other)
    }

    /// Returns the number of active products of each category, those of the categories inside it
    /// included. Its time is proportional to the number of categories, also if they form a chain.
    pub fn product_counts(&self) -> HashMap<&Slug, u64> {
        let mut counts: HashMap<_, _> =
            self.categories.iter().map(|(slug, category)| (slug, category.active)).collect();
        let mut uncounted: HashMap<&Slug, usize> = HashMap::new();
        for parent in self.categories.values().filter_map(|category| category.parent.as_ref()) {
            *uncounted.entry(parent).or_default() += 1;
        }
        // From the leaves to the root: a category's count is complete, and can be added to its
        // parent's, when those of all its subcategories are.
        let leaves = self.categories.keys().filter(|slug| !uncounted.contains_key(slug));
        let mut complete: Vec<_> = leaves.collect();
        while let Some(slug) = complete.pop() {
            let Some(parent) = &self.categories[slug].parent else { continue };
            // An eventually consistent read may lack the parent.
            let Some((parent, _)) = self.categories.get_key_value(parent) else { continue };
            let count = counts[slug];
            counts.entry(parent).and_modify(|sum| *sum += count);
            if let Some(uncounted) = uncounted.get_mut(parent) {
                *uncounted -= 1;
                if *uncounted == 0 {
                    complete.push(parent);
                }
            }
        }
        counts
    }
}

/// The error of a member that names a category that does not exist.
pub fn unknown_category(pointer: &str, slug: &Slug) -> Invalid {
    let detail = format!("There is no category {slug}.");
    Invalid::for_field(pointer, ProblemCode::UnknownCategory, detail)
}

fn inside_itself(slug: &Slug) -> Error {
    let detail = format!("The category {slug} can't be inside itself.");
    Conflict::new(ProblemCode::CategoryCycle, detail).into()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn slug(text: &str) -> Slug {
        Slug::parse(text.to_owned()).unwrap()
    }

    fn draft(parent: Option<&str>) -> CategoryDraft {
        let name = CategoryName::parse("Any".to_owned()).unwrap();
        CategoryDraft { name, parent: parent.map(slug) }
    }

    /// Returns a tree of categories, each with its parent and its number of active products.
    fn tree<'a>(
        categories: impl IntoIterator<Item = (&'a str, Option<&'a str>, u64)>,
    ) -> CategoryTree {
        let category = |(own, parent, active)| {
            (slug(own), Category { active, ..Category::new(draft(parent)) })
        };
        let categories = categories.into_iter().map(category).collect();
        CategoryTree { version: 1, categories }
    }

    fn shop() -> CategoryTree {
        tree([
            ("home", None, 1),
            ("kitchen", Some("home"), 2),
            ("mugs", Some("kitchen"), 4),
            ("pans", Some("kitchen"), 8),
            ("shoes", None, 16),
        ])
    }

    /// Returns the code of the error, or nothing.
    fn code(result: Result<Category>) -> &'static str {
        match result {
            Ok(_) => "",
            Err(Error::NotFound) => "not_found",
            Err(Error::Conflict(conflict)) => conflict.code.slug(),
            Err(Error::Invalid(invalid)) => invalid.fields()[0].code.slug(),
            Err(error) => panic!("{error:?}"),
        }
    }

    #[test]
    fn a_category_can_move_everywhere_but_into_itself() {
        let tree = shop();
        for (moved, parent, expected) in [
            ("kitchen", Some("shoes"), ""),
            ("kitchen", Some("home"), ""),
            ("kitchen", None, ""),
            ("mugs", Some("pans"), ""),
            ("mugs", Some("home"), ""),
            ("kitchen", Some("kitchen"), "category_cycle"),
            ("kitchen", Some("mugs"), "category_cycle"),
            ("home", Some("mugs"), "category_cycle"),
            ("shoes", Some("hats"), "unknown_category"),
            ("hats", Some("caps"), "unknown_category"),
            ("hats", Some("mugs"), "not_found"),
        ] {
            let changed = tree.change(&slug(moved), &draft(parent));
            assert_eq!(code(changed), expected, "{moved} into {parent:?}");
        }
    }

    #[test]
    fn a_change_leaves_the_numbers() {
        let changed = shop().change(&slug("kitchen"), &draft(Some("shoes"))).unwrap();
        assert_eq!((changed.parent, changed.active), (Some(slug("shoes")), 2));
    }

    #[test]
    fn a_category_counts_the_products_of_those_inside_it() {
        let tree = shop();
        let counts = tree.product_counts();
        let counts: BTreeMap<_, _> = counts.iter().map(|(slug, n)| (slug.as_str(), *n)).collect();
        let expected = [("home", 15), ("kitchen", 14), ("mugs", 4), ("pans", 8), ("shoes", 16)];
        assert_eq!(counts, BTreeMap::from(expected));
    }

    #[test]
    fn a_category_without_its_parent_and_a_ring_of_categories_are_counted_too() {
        let tree = tree([
            ("mugs", Some("gone"), 1),
            ("a", Some("b"), 2),
            ("b", Some("a"), 4),
            ("c", Some("a"), 8),
        ]);
        let counts = tree.product_counts();
        assert_eq!(counts[&slug("mugs")], 1);
        assert_eq!((counts[&slug("a")], counts[&slug("b")]), (10, 4));
        assert_eq!(code(tree.change(&slug("c"), &draft(Some("b")))), "");
    }

    /// 100 times the categories of a shop, so that quadratic time would be minutes.
    #[test]
    fn a_long_chain_takes_neither_a_deep_stack_nor_quadratic_time() {
        let names: Vec<_> = (0..CategoryTree::MAX * 100).map(|n| format!("c{n:06}")).collect();
        let chain = names.iter().enumerate().map(|(n, name)| {
            (name.as_str(), n.checked_sub(1).map(|before| names[before].as_str()), 1)
        });
        let tree = tree(chain);
        let (first, last) = (slug(&names[0]), slug(&names[names.len() - 1]));
        let begun = Instant::now();
        assert_eq!(tree.product_counts()[&first], names.len() as u64);
        assert_eq!(code(tree.change(&first, &draft(Some(last.as_str())))), "category_cycle");
        assert_eq!(code(tree.change(&last, &draft(Some(first.as_str())))), "");
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }

    #[test]
    fn a_new_category_has_a_slug_of_its_own_or_one_made_from_its_name() {
        let new = |slug: Option<&str>, name: &str, parent: Option<&str>| {
            let name = CategoryName::parse(name.to_owned()).unwrap();
            let parent = parent.map(self::slug);
            NewCategory { slug: slug.map(self::slug), draft: CategoryDraft { name, parent } }
        };
        let made = new(None, "Łódź", None).create().unwrap().0;
        assert_eq!(made.as_str(), "lodz");
        let named = new(Some("c-sharp"), "C#", None).create().unwrap().0;
        assert_eq!(named.as_str(), "c-sharp");
        let code = |new: NewCategory| code(new.create().map(|(_, category)| category));
        assert_eq!(code(new(None, "+++", None)), "invalid_slug");
        assert_eq!(code(new(None, "Mugs", Some("mugs"))), "category_cycle");
    }
}
