//! WooCommerce's export of products: a row for each product, and for each variation of one.

mod attributes;
pub mod columns;
mod sale;
mod stock;
mod text;

use serde_json::Map;
use shared::domain::text::Label;
use shared::domain::time::Timestamp;

use self::text::{description, list, name, path, unguarded};
use super::cells::Cells;
use super::decimal::Evidence;
use super::index::Key;
use super::product::{Context, Product, Variant};
use super::row::{Group, Problem, Refused};
use super::skus;
use super::units::units;
use super::weights::{self, Unit};

/// A row with its line.
type Line<'c> = (u64, Cells<'c>);

const WEIGHTS: [(&str, Unit); 4] = [
    ("Weight (kg)", Unit::Kilogram),
    ("Weight (g)", Unit::Gram),
    ("Weight (lbs)", Unit::Pound),
    ("Weight (oz)", Unit::Ounce),
];

/// Returns which product a row belongs to, and takes note of how it writes prices.
pub fn key(cells: &Cells<'_>, line: u64, prices: &mut Evidence) -> Result<Key, Refused> {
    for price in ["Regular price", "Sale price"].iter().filter_map(|name| cells.filled(name)) {
        prices.add(price);
    }
    let sku = cell(cells, "SKU");
    if !has_type(cells, "variation") {
        let names = [sku.map(by_sku), id(cells)];
        return Ok(Key::Parent(names.into_iter().flatten().collect()));
    }
    match cell(cells, "Parent") {
        Some(parent) if parent.starts_with("id:") => Ok(Key::Child(parent.replace(' ', ""))),
        Some(parent) => Ok(Key::Child(by_sku(parent))),
        None => {
            let reason = "the variation has no parent: write the SKU of its product into the column \
                          Parent, or `id:` and its ID";
            let sku = sku.map(str::to_owned);
            Err(Refused { line, sku, kind: "no_parent", reason: reason.to_owned() })
        }
    }
}

/// Reads the rows of a product.
pub fn read(rows: &[Line<'_>], now: Timestamp, context: &mut Context, group: &mut Group) {
    let Some(main) = rows.iter().find(|(_, cells)| !has_type(cells, "variation")) else {
        let reason =
            "its parent is not in the file: export the product together with its variations";
        refuse_all(rows, &Problem::new("parent_missing", reason), group);
        return;
    };
    let (line, cells) = main;
    let mut product = Product { line: *line, key: own_key(cells), ..Product::default() };
    let mut variations: Vec<_> = rows.iter().filter(|(other, _)| other != line).collect();
    variations.sort_by_key(|(_, cells)| {
        cells.filled("Position").and_then(|text| text.parse::<i64>().ok()).unwrap_or(i64::MAX)
    });
    let described = type_problem(cells, &variations)
        .map_or(Ok(()), Err)
        .and_then(|()| describe(&mut product, cells, group));
    if let Err(problem) = described {
        refuse_all(rows, &problem, group);
        return;
    }
    let is_variable = has_type(cells, "variable");
    let sold = if is_variable { variations } else { vec![main] };
    attributes::set_names(&mut product, cells, is_variable.then_some(sold.as_slice()), group);
    let mut variants = Vec::new();
    for (line, cells) in sold {
        match variant(&product, (*line, cells), main, now, context, group) {
            Ok(variant) => variants.push(variant),
            Err(problem) => group.refuse(*line, cell(cells, "SKU"), problem),
        }
    }
    product.finish(variants, context, group);
}

fn refuse_all(rows: &[Line<'_>], problem: &Problem, group: &mut Group) {
    for (line, cells) in rows {
        group.refuse(*line, cell(cells, "SKU"), problem.clone());
    }
}

/// Returns why a product of this type can't be taken.
fn type_problem(cells: &Cells<'_>, variations: &[&Line<'_>]) -> Option<Problem> {
    let types = cells.filled("Type").unwrap_or_default();
    let is = |name| has_type(cells, name);
    let (kind, reason) = if is("grouped") {
        (
            "grouped_product",
            "a grouped product has no price of its own: its parts are taken one by \
                             one; leave it out",
        )
    } else if is("external") {
        (
            "external_product",
            "an external product is sold in another shop, which can't be done \
                              here: leave it out",
        )
    } else if is("variable") && variations.is_empty() {
        (
            "no_variations",
            "the file has no variation of this product: export both together, with \
                           the type Variation ticked",
        )
    } else if is("simple") && !variations.is_empty() {
        (
            "variations_of_simple",
            "a product of the type simple has variations: write variable as its \
                                  type",
        )
    } else if is("variable") || is("simple") {
        return None;
    } else {
        let reason =
            format!("products of the type «{types}» are not known: write simple or variable");
        return Some(Problem::new("unknown_type", reason));
    };
    Some(Problem::new(kind, reason))
}

/// Reads what a product's variants have in common.
fn describe(product: &mut Product, cells: &Cells<'_>, group: &mut Group) -> Result<(), Problem> {
    let has = |name: &str| cells.columns().has(name);
    product.compares = has("Sale price");
    product.name(&name(cell(cells, "Name").unwrap_or_default()))?;
    set_description(product, cells, group)?;
    if has("Brands") {
        let brands = list(cell(cells, "Brands").unwrap_or_default());
        let brand = brands.first().and_then(|brand| path(brand).pop());
        product.brand(brand.as_deref(), group);
    }
    if has("Tags") {
        let tags = list(cell(cells, "Tags").unwrap_or_default());
        product.tags(tags.iter().map(|tag| name(tag)), group);
    }
    set_category(product, cells, group);
    set_status(product, cells, group)?;
    set_tax_class(product, cells, group);
    if has("Images") {
        let images = list(cell(cells, "Images").unwrap_or_default());
        let images = images.into_iter().map(|url| (product.line, url, None));
        product.images(images.collect(), group);
    }
    if let Some(amount) = cells.get("Low stock amount") {
        let amount = if amount.is_empty() { None } else { Some(units(amount)?.max(0)) };
        product.members.insert("low_stock_threshold".to_owned(), amount.into());
    }
    if has_type(cells, "downloadable") {
        let reason = "the product is sold without its files, which are not delivered here: send them \
                      yourself, or leave the product out";
        group.change(product.line, cell(cells, "SKU"), Problem::new("downloadable", reason));
    }
    Ok(())
}

fn set_description(
    product: &mut Product,
    cells: &Cells<'_>,
    group: &mut Group,
) -> Result<(), Problem> {
    let of = |column| cells.raw(column).map(unguarded).filter(|text| !text.trim().is_empty());
    let (long, short) = (of("Description"), of("Short description"));
    if long.is_some() && short.is_some() {
        let reason = "the short description is left out, because the product has a description: write \
                      it into that if you need it";
        group.change(product.line, None, Problem::new("short_description_left_out", reason));
    }
    match long.or(short) {
        Some(text) => product.description(&description(text)),
        None if cells.columns().has("Description") => product.description(""),
        None => Ok(()),
    }
}

/// Sets the category: of several, the one with the longest path.
fn set_category(product: &mut Product, cells: &Cells<'_>, group: &mut Group) {
    let Some(categories) = cells.get("Categories") else { return };
    let mut paths: Vec<_> = list(unguarded(categories)).iter().map(|it| path(it)).collect();
    paths.retain(|path| !path.is_empty());
    let longest = paths.iter().map(Vec::len).max();
    let chosen = paths.iter().find(|path| Some(path.len()) == longest).cloned();
    let Some(chosen) = chosen else { return product.set("category", None) };
    let others: Vec<_> = paths.iter().filter(|path| !chosen.starts_with(path)).collect();
    if !others.is_empty() {
        let others: Vec<_> = others.iter().map(|path| path.join(" > ")).collect();
        let reason = format!(
            "a product has one category here, so it is in {}, and not in {}: put the one you want \
             first",
            chosen.join(" > "),
            others.join(", ")
        );
        group.change(product.line, None, Problem::new("several_categories", reason));
    }
    product.category = Some(chosen);
}

fn set_status(product: &mut Product, cells: &Cells<'_>, group: &mut Group) -> Result<(), Problem> {
    let visibility = cells.filled("Visibility in catalog").unwrap_or("visible");
    let told = match visibility {
        "visible" => None,
        "hidden" => Some(
            "a hidden product becomes a draft, because every active product is listed \
                          here: make it active in the shop if you want that",
        ),
        _ => Some(
            "the product is in lists and in search, because every active product is here: make \
                   it a draft if you don't want that",
        ),
    };
    if let Some(reason) = told {
        group.change(product.line, cell(cells, "SKU"), Problem::new("visibility", reason));
    }
    let status = match cell(cells, "Published") {
        Some("1") if visibility != "hidden" => "active",
        Some("1" | "0" | "-1") => "draft",
        None if visibility == "hidden" => "draft",
        None => return Ok(()),
        Some(other) => {
            let reason =
                format!("«{other}» is not a status: write 1 in Published, or 0 for a draft");
            return Err(Problem::new("unknown_status", reason));
        }
    };
    product.set("status", Some(status));
    Ok(())
}

fn set_tax_class(product: &mut Product, cells: &Cells<'_>, group: &mut Group) {
    if let Some(class) = cells.get("Tax class") {
        let class = Some(class).filter(|class| Label::parse((*class).to_owned()).is_ok());
        product.set("tax_class", class);
    }
    if cells.filled("Tax status").is_some_and(|status| status != "taxable") {
        let reason = "the product, or its delivery, is not taxed in WooCommerce, which the shop's rows \
                      can't say: give it a tax class of its own";
        group.change(product.line, cell(cells, "SKU"), Problem::new("not_taxed", reason));
    }
}

/// Reads a variant: a variation, or the only one of a simple product.
fn variant(
    product: &Product,
    (line, cells): (u64, &Cells<'_>),
    (main_line, main): &Line<'_>,
    now: Timestamp,
    context: &Context,
    group: &mut Group,
) -> Result<Variant, Problem> {
    let is_variation = line != *main_line;
    // The variations of a draft are not published either.
    if is_variation && cell(cells, "Published") == Some("0") {
        let reason = "the variation is switched off: switch it on, or leave it out";
        return Err(Problem::new("variation_off", reason));
    }
    let sale = sale::read(cells, now, context)?;
    let options = attributes::options(product, cells);
    let (sku, changed) = sku(product, cells, is_variation, &options)?;
    let (compare_at_price, members) = (None, Map::new());
    let mut variant = Variant { line, sku, options, price: sale.price, compare_at_price, members };
    let any = is_variation.then(|| attributes::any_value(cells)).flatten();
    for problem in changed.into_iter().chain(sale.told).chain(any) {
        group.change(line, Some(&variant.sku), problem);
    }
    variant.compare_at(sale.compare_at_price, group);
    stock::set(&mut variant, cells, Some(main).filter(|_| is_variation), group)?;
    for (column, unit) in WEIGHTS {
        let Some(weight) = cells.get(column) else { continue };
        // A variation without a weight of its own has the product's.
        let weight = if weight.is_empty() { main.get(column).unwrap_or_default() } else { weight };
        let grams = if weight.is_empty() { Ok(None) } else { weights::read(weight, unit) };
        variant.weight(grams, group);
    }
    const GTIN: &str = "GTIN, UPC, EAN, or ISBN";
    if cells.columns().has(GTIN) {
        variant.barcode(cell(cells, GTIN), group);
    }
    if is_variation && cells.columns().has("Images") {
        let images = list(cell(cells, "Images").unwrap_or_default());
        variant.image(images.first().map(String::as_str), group);
    }
    Ok(variant)
}

/// Returns the SKU of the file, or one made of the product's and the options, and what to say of it.
fn sku(
    product: &Product,
    cells: &Cells<'_>,
    is_variation: bool,
    options: &[(String, String)],
) -> Result<(String, Option<Problem>), Problem> {
    if let Some(sku) = cell(cells, "SKU") {
        return skus::read(sku);
    }
    let mut texts = vec![product.key.as_str()];
    texts.extend(options.iter().filter(|_| is_variation).map(|(_, value)| value.as_str()));
    let id = id(cells).unwrap_or_default().replace(':', "-");
    if is_variation && options.is_empty() {
        texts.push(&id);
    }
    let sku = skus::derive(&texts);
    let reason = format!(
        "it has no SKU: it gets {sku}, made of its product's SKU or ID and its options; write another \
         in the file if you want one"
    );
    Ok((sku, Some(Problem::new("sku_derived", reason))))
}

/// What a product's rows have in common: its SKU, or else its ID or name.
fn own_key(cells: &Cells<'_>) -> String {
    let id = || id(cells).map(|id| id.replace(':', "-"));
    let sku = cell(cells, "SKU").map(|sku| skus::without_apostrophe(sku).to_owned());
    sku.or_else(id).or_else(|| cell(cells, "Name").map(str::to_owned)).unwrap_or_default()
}

/// Returns how variations name a product by its SKU.
fn by_sku(sku: &str) -> String {
    format!("sku:{}", skus::without_apostrophe(sku))
}

/// Returns a product's ID as variations name it.
fn id(cells: &Cells<'_>) -> Option<String> {
    cells.filled("ID").map(|id| format!("id:{id}"))
}

fn has_type(cells: &Cells<'_>, wanted: &str) -> bool {
    let types = cells.filled("Type").unwrap_or_default();
    types.split(',').any(|it| it.trim().eq_ignore_ascii_case(wanted))
}

/// Returns a cell that is not empty, without the apostrophe before a formula.
fn cell<'c>(cells: &'c Cells<'_>, column: &str) -> Option<&'c str> {
    cells.filled(column).map(unguarded)
}
