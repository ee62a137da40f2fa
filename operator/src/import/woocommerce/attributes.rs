//! WooCommerce's attributes. Those that variations name are options here; so are those of a simple
//! product that have one value.

use shared::domain::text::{Label, OptionValue, fold_case};

use super::text::{list, name};
use super::{Line, cell};
use crate::import::cells::Cells;
use crate::import::product::{MAX_OPTIONS, Product, are_different};
use crate::import::row::{Group, Problem};

/// The most bytes of the names and values that a simple product's attributes become: fewer than a
/// variant's options may have.
const MAX_BYTES: usize = 1000;

/// Sets the names of a product's options, in its order. Tells of attributes that are left out.
pub fn set_names(
    product: &mut Product,
    cells: &Cells<'_>,
    variations: Option<&[&Line<'_>]>,
    group: &mut Group,
) {
    let of_product: Vec<_> = attributes(cells).collect();
    match variations {
        None => product.option_names = names_of_simple(&of_product),
        Some(variations) => {
            let of_variations = variations.iter().flat_map(|(_, cells)| attributes(cells));
            let used: Vec<_> = of_variations.filter(|(_, value)| !value.is_empty()).collect();
            let names = of_product.iter().chain(&used).map(|(name, _)| name);
            for name in names.filter(|name| find(&used, name).is_some()) {
                add(&mut product.option_names, name);
            }
        }
    }
    let is_mentioned = |name: &str| {
        let mut variations = variations.unwrap_or_default().iter();
        variations.any(|(_, cells)| attributes(cells).any(|(it, _)| is_same(&it, name)))
    };
    let is_option = |name: &str| product.option_names.iter().any(|it| is_same(it, name));
    let left = of_product.iter().map(|(name, _)| name.as_str());
    // Of those that variations mention without a value, each variation tells.
    let left: Vec<_> = left.filter(|name| !is_option(name) && !is_mentioned(name)).collect();
    if !left.is_empty() {
        let reason = format!(
            "left out: {}, by which variants do not differ: write it into the description if buyers \
             need it",
            left.join(", ")
        );
        let problem = Problem::new("attribute_left_out", reason);
        group.change(product.line, cell(cells, "SKU"), problem);
    }
}

/// Returns a variant's options: names and values.
pub fn options(product: &Product, cells: &Cells<'_>) -> Vec<(String, String)> {
    let own: Vec<_> = attributes(cells).collect();
    let pairs = product.option_names.iter().filter_map(|option| {
        let value = value(find(&own, option)?);
        (!value.is_empty()).then(|| (option.clone(), value))
    });
    pairs.collect()
}

/// Tells of a variation that stands for every value of an attribute.
pub fn any_value(cells: &Cells<'_>) -> Option<Problem> {
    let any: Vec<_> =
        attributes(cells).filter(|(_, value)| value.is_empty()).map(|(name, _)| name).collect();
    if any.is_empty() {
        return None;
    }
    let reason = format!(
        "the variation is for any {}, and a variant here has one value or none: make a variation of \
         each value if buyers are to choose",
        any.join(" and any ")
    );
    Some(Problem::new("any_value", reason))
}

/// Returns the names of attributes with one value.
fn names_of_simple(attributes: &[(String, &str)]) -> Vec<String> {
    let (mut names, mut bytes) = (Vec::new(), 0);
    for (name, cell) in attributes {
        let value = value(cell);
        let fits = Label::parse(name.clone()).is_ok() && OptionValue::parse(value.clone()).is_ok();
        let total = bytes + name.len() + value.len();
        let is_one = list(cell).len() == 1;
        if fits
            && is_one
            && total <= MAX_BYTES
            && names.len() < MAX_OPTIONS
            && add(&mut names, name)
        {
            bytes = total;
        }
    }
    names
}

/// Adds a name if no other differs from it in case only; returns whether it was added.
fn add(names: &mut Vec<String>, name: &str) -> bool {
    names.push(name.to_owned());
    let is_new = are_different(names);
    if !is_new {
        names.pop();
    }
    is_new
}

/// Returns the attributes of a row: names, and values as they are.
fn attributes<'c>(cells: &'c Cells<'_>) -> impl Iterator<Item = (String, &'c str)> {
    (1..=cells.columns().count()).filter_map(|number| {
        let attribute = name(cell(cells, &format!("Attribute {number} name"))?);
        let values = cell(cells, &format!("Attribute {number} value(s)")).unwrap_or_default();
        Some((attribute, values))
    })
}

fn find<'c>(attributes: &[(String, &'c str)], wanted: &str) -> Option<&'c str> {
    attributes.iter().find(|(name, _)| is_same(name, wanted)).map(|(_, value)| *value)
}

fn value(cell: &str) -> String {
    name(&list(cell).join(", "))
}

fn is_same(one: &str, other: &str) -> bool {
    fold_case(one) == fold_case(other)
}
