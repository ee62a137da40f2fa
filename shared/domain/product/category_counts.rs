//! How the change of a product changes the numbers of products that categories have.

use super::{Product, ProductStatus};
use crate::domain::slug::Slug;

/// A change of the numbers of products of one category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryCounts {
    /// The category.
    pub category: Slug,
    /// By how much the number of its products changes, whatever their status.
    pub products: i64,
    /// By how much the number of its active products changes.
    pub active: i64,
}

impl CategoryCounts {
    /// Returns the changes when a product is created (`None` before), replaced, or deleted (`None`
    /// after): none if neither its category nor whether it is active changes. The category that the
    /// product leaves comes first.
    pub fn changed(before: Option<&Product>, after: Option<&Product>) -> Vec<Self> {
        let before = before.filter(|product| product.is_counted).and_then(|it| Self::of(it, -1));
        let after = after.and_then(|product| Self::of(product, 1));
        match (before, after) {
            (Some(before), Some(after)) if before.category == after.category => {
                let (products, active) = (0, before.active + after.active);
                let change = Self { products, active, ..after };
                Vec::from_iter((active != 0).then_some(change))
            }
            (before, after) => before.into_iter().chain(after).collect(),
        }
    }

    fn of(product: &Product, by: i64) -> Option<Self> {
        let active = if product.status == ProductStatus::Active { by } else { 0 };
        Some(Self { category: product.category.clone()?, products: by, active })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ProductId;
    use crate::domain::money::Currency;
    use crate::domain::product::ProductDraft;
    use crate::domain::time::Timestamp;

    fn product(category: Option<&str>, status: ProductStatus) -> Product {
        let (currency, now) =
            (Currency::parse("USD".into()).unwrap(), Timestamp::from_unix_millis(0));
        let body = serde_json::json!({
            "name": "Mug",
            "price": {"amount": 1800, "currency": "USD"},
            "category": category,
        });
        let draft: ProductDraft =
            deserr::deserialize::<_, _, crate::domain::invalid::Invalid>(body).unwrap();
        let created = draft.create(ProductId::new(now), currency, now).unwrap();
        Product { status, ..created.product }
    }

    #[test]
    fn categories_count_what_changes_and_nothing_else() {
        use ProductStatus::{Active, Archived, Draft};
        let in_mugs = |status| Some(product(Some("mugs"), status));
        let in_cups = |status| Some(product(Some("cups"), status));
        let nowhere = || Some(product(None, Active));
        let uncounted = || in_mugs(Active).map(|it| Product { is_counted: false, ..it });
        type Counts<'a> = &'a [(&'a str, i64, i64)];
        let cases: [(_, _, Counts<'_>); 14] = [
            (None, in_mugs(Active), &[("mugs", 1, 1)]),
            (None, in_mugs(Draft), &[("mugs", 1, 0)]),
            (None, nowhere(), &[]),
            (in_mugs(Active), in_mugs(Active), &[]),
            (in_mugs(Draft), in_mugs(Archived), &[]),
            (in_mugs(Draft), in_mugs(Active), &[("mugs", 0, 1)]),
            (in_mugs(Active), in_mugs(Archived), &[("mugs", 0, -1)]),
            (in_mugs(Active), in_cups(Active), &[("mugs", -1, -1), ("cups", 1, 1)]),
            (in_mugs(Draft), in_cups(Active), &[("mugs", -1, 0), ("cups", 1, 1)]),
            (in_mugs(Active), nowhere(), &[("mugs", -1, -1)]),
            (nowhere(), in_cups(Draft), &[("cups", 1, 0)]),
            (in_mugs(Active), None, &[("mugs", -1, -1)]),
            (uncounted(), in_mugs(Active), &[("mugs", 1, 1)]),
            (uncounted(), None, &[]),
        ];
        for (before, after, expected) in cases {
            let changes = CategoryCounts::changed(before.as_ref(), after.as_ref());
            let changes: Vec<_> =
                changes.iter().map(|it| (it.category.as_str(), it.products, it.active)).collect();
            assert_eq!(changes, expected, "{before:?} to {after:?}");
        }
    }
}
