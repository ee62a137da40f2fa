//! Which rows of an import belong to one product.

use std::collections::{HashMap, HashSet};

use super::{Failure, Import, Line};
use crate::domain::ids::ProductId;
use crate::domain::problem_code::ProblemCode;
use crate::domain::sku::Sku;

/// The rows of one product.
pub(super) struct Unit {
    /// The product, if a SKU of its rows is known.
    pub product: Option<ProductId>,
    /// The rows, in their order.
    pub rows: Vec<usize>,
}

/// What makes rows belong together.
#[derive(PartialEq, Eq, Hash)]
enum Together<'r> {
    Product(ProductId),
    Group(&'r str),
    Alone(usize),
}

/// Returns for each line whether it describes its product: it has no group, or is its first.
pub(super) fn describing(lines: &[Line]) -> Vec<bool> {
    let mut groups = HashSet::new();
    let describes = |line: &Line| {
        let group = line.row.as_ref().ok().and_then(|row| row.group.as_ref());
        group.is_none_or(|group| groups.insert(group.as_str().to_owned()))
    };
    lines.iter().map(describes).collect()
}

impl<'a> Import<'a> {
    /// Settles the rows that can't be taken for what they are, whatever is stored.
    pub(super) fn refuse_unreadable(&mut self) {
        let mut lines_of: HashMap<&Sku, u64> = HashMap::new();
        for (index, line) in self.lines.iter().enumerate() {
            let failure = match &line.row {
                Err(failure) => Some(failure.clone()),
                Ok(row) => {
                    // What else is wrong with the row is listed beside its own errors.
                    let of_product = row.product_errors.as_ref().filter(|_| self.describes(index));
                    let broken = row.errors.iter().flat_map(|own| {
                        own.fields().iter().chain(of_product.iter().flat_map(|it| it.fields()))
                    });
                    let broken: Vec<_> = broken.cloned().collect();
                    match &row.sku {
                        _ if !broken.is_empty() => Some(Failure::of(&broken, str::to_owned)),
                        None => Some(Failure::new(ProblemCode::Required, "A row has a sku.")),
                        Some(sku) => lines_of.get(sku).map(|first| {
                            let detail =
                                format!("Line {first} has this SKU too: name each SKU once.");
                            Failure::new(ProblemCode::Duplicate, detail)
                        }),
                    }
                }
            };
            match failure {
                Some(failure) => self.fail(index, failure),
                None => {
                    let sku = self.row(index).and_then(|row| row.sku.as_ref());
                    lines_of.extend(sku.map(|sku| (sku, line.number)));
                }
            }
        }
    }

    /// Returns the open rows by product; fails groups that have SKUs of several.
    pub(super) fn units(&mut self, holders: &HashMap<Sku, ProductId>) -> Vec<Unit> {
        let mut groups: HashMap<&str, Vec<usize>> = HashMap::new();
        let open: Vec<_> = self.open_rows().collect();
        for index in &open {
            let group = self.row(*index).and_then(|row| row.group.as_ref());
            if let Some(group) = group {
                groups.entry(group.as_str()).or_default().push(*index);
            }
        }
        let mut products: HashMap<&str, ProductId> = HashMap::new();
        for (group, rows) in groups {
            match self.only_product(&rows, holders) {
                Ok(product) => products.extend(product.map(|product| (group, product))),
                Err(failure) => {
                    rows.iter().for_each(|index| self.fail(*index, failure.clone()));
                }
            }
        }

        let mut units: Vec<Unit> = Vec::new();
        let mut places: HashMap<Together<'_>, usize> = HashMap::new();
        let open: Vec<_> = self.open_rows().collect();
        for index in open {
            let Some(row) = self.row(index) else { continue };
            let group = row.group.as_ref().map(|group| group.as_str());
            let known = row.sku.as_ref().and_then(|sku| holders.get(sku)).copied();
            let product = group.map_or(known, |group| products.get(group).copied());
            let together = match (product, group) {
                (Some(product), _) => Together::Product(product),
                (None, Some(group)) => Together::Group(group),
                (None, None) => Together::Alone(index),
            };
            let place = *places.entry(together).or_insert_with(|| {
                units.push(Unit { product, rows: Vec::new() });
                units.len() - 1
            });
            if let Some(unit) = units.get_mut(place) {
                unit.rows.push(index);
            }
        }
        units
    }

    /// Returns the product that holds SKUs of these rows, if one does. Fails if several do.
    pub(super) fn only_product(
        &self,
        rows: &[usize],
        holders: &HashMap<Sku, ProductId>,
    ) -> Result<Option<ProductId>, Failure> {
        let skus = rows.iter().filter_map(|index| self.row(*index)?.sku.as_ref());
        let mut held = skus.filter_map(|sku| Some((sku, *holders.get(sku)?)));
        let Some((sku, product)) = held.next() else { return Ok(None) };
        match held.find(|(_, other)| *other != product) {
            None => Ok(Some(product)),
            Some((other_sku, other)) => {
                let detail = format!(
                    "The rows of a group are variants of one product, but {sku} belongs to \
                     {product} and {other_sku} to {other}: give them different groups."
                );
                Err(Failure::new(ProblemCode::SkuTaken, detail))
            }
        }
    }
}
