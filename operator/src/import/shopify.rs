//! Shopify's export of products: a row for each variant, and for each image beyond the variants.
//!
//! Its headers changed; both are known. <https://help.shopify.com/en/manual/products/import-export/using-csv>

mod variant;

use shared::domain::text::Label;

use super::cells::Cells;
use super::decimal::Evidence;
use super::index::Key;
use super::product::{Context, Product, are_different};
use super::row::{Group, Problem, Refused};

/// The columns that a file needs.
pub const REQUIRED: [&str; 3] = ["Handle", "Title", "Price"];

/// The columns that the import reads, each with its headers in lower case, old and new.
const HEADERS: [(&str, &[&str]); 24] = [
    ("Handle", &["handle", "url handle"]),
    ("Title", &["title"]),
    ("Description", &["body (html)", "description"]),
    ("Vendor", &["vendor"]),
    ("Product category", &["product category", "standard product type"]),
    ("Type", &["type", "custom product type"]),
    ("Tags", &["tags"]),
    ("Published", &["published", "published on online store"]),
    ("Status", &["status"]),
    ("SKU", &["variant sku", "sku"]),
    ("Grams", &["variant grams", "weight value (grams)"]),
    ("Inventory tracker", &["variant inventory tracker", "inventory tracker"]),
    ("Inventory quantity", &["variant inventory qty", "inventory quantity"]),
    ("Inventory policy", &["variant inventory policy", "continue selling when out of stock"]),
    ("Price", &["variant price", "price"]),
    (
        "Compare-at price",
        &[
            "variant compare at price",
            "variant compare-at price",
            "compare-at price",
            "compare at price",
        ],
    ),
    ("Charge tax", &["variant taxable", "charge tax"]),
    ("Tax code", &["variant tax code", "tax code"]),
    ("Barcode", &["variant barcode", "variant barcodes", "barcode", "barcodes"]),
    ("Image", &["image src", "product image url"]),
    ("Image position", &["image position"]),
    ("Image text", &["image alt text"]),
    ("Gift card", &["gift card"]),
    ("Variant image", &["variant image", "variant image url"]),
];

/// The columns of options: their names and values, in order.
const OPTIONS: [(&str, &str); 3] = [
    ("Option1 name", "Option1 value"),
    ("Option2 name", "Option2 value"),
    ("Option3 name", "Option3 value"),
];

/// Returns the name under which the import knows a column.
pub fn column(header: &str) -> Option<String> {
    let name = header.trim().to_lowercase();
    let is_option = |it: &&str| it.to_lowercase() == name;
    let known = HEADERS.iter().find(|(_, names)| names.contains(&name.as_str()));
    let option = || OPTIONS.iter().flat_map(|(name, value)| [*name, *value]).find(is_option);
    known.map(|(known, _)| *known).or_else(option).map(str::to_owned)
}

/// Returns which product a row belongs to, and takes note of how it writes prices.
pub fn key(cells: &Cells<'_>, line: u64, prices: &mut Evidence) -> Result<Key, Refused> {
    for price in ["Price", "Compare-at price"].iter().filter_map(|name| cells.filled(name)) {
        prices.add(price);
    }
    let Some(handle) = cells.filled("Handle") else {
        let reason = "the row has no handle: write that of its product".to_owned();
        return Err(Refused { line, sku: None, kind: "no_handle", reason });
    };
    Ok(Key::Shared(handle.to_owned()))
}

/// Reads the rows of a product.
pub fn read(rows: &[(u64, Cells<'_>)], context: &mut Context, group: &mut Group) {
    let main = rows.iter().find(|(_, cells)| cells.filled("Title").is_some());
    let Some((line, main)) = main.or(rows.first()) else { return };
    let mut product = Product { line: *line, ..Product::default() };
    let described = describe(&mut product, main, rows, group);
    let problem = described.err().or_else(|| product.set_options(rows).err());
    if let Some(problem) = problem {
        for (line, cells) in rows.iter().filter(|(line, cells)| is_variant(*line, cells, &product))
        {
            group.refuse(*line, cells.filled("SKU"), problem.clone());
        }
        return;
    }
    let mut variants = Vec::new();
    for (line, cells) in rows.iter().filter(|(line, cells)| is_variant(*line, cells, &product)) {
        match variant::read(&product, *line, cells, context, group) {
            Ok(variant) => variants.push(variant),
            Err(problem) => group.refuse(*line, cells.filled("SKU"), problem),
        }
    }
    product.finish(variants, context, group);
}

/// Whether a row is a variant, and not only an image.
fn is_variant(line: u64, cells: &Cells<'_>, product: &Product) -> bool {
    let is_filled = |name: &str| cells.filled(name).is_some();
    line == product.line
        || is_filled("Price")
        || is_filled("SKU")
        || OPTIONS.iter().any(|(_, value)| is_filled(value))
}

/// Reads what a product's variants have in common.
fn describe(
    product: &mut Product,
    main: &Cells<'_>,
    rows: &[(u64, Cells<'_>)],
    group: &mut Group,
) -> Result<(), Problem> {
    product.key = main.filled("Handle").unwrap_or_default().to_owned();
    product.compares = main.columns().has("Compare-at price");
    if main.filled("Gift card").is_some_and(is_true) {
        let reason = "a gift card of Shopify makes a code when it is sold, which this shop does not: \
                      leave it out, or write FALSE in its column Gift card to sell it as a product";
        return Err(Problem::new("gift_card", reason));
    }
    if main.filled("Title").is_none() {
        let reason = "no row with this handle has a title: write one into the first; if that was \
                      refused, mend it and send all of them again";
        return Err(Problem::new("no_name", reason));
    }
    product.name(main.get("Title").unwrap_or_default())?;
    if let Some(description) = main.raw("Description") {
        product.description(description)?;
    }
    if main.columns().has("Vendor") {
        product.brand(main.filled("Vendor"), group);
    }
    if let Some(tags) = main.get("Tags") {
        let tags = tags.split(',').map(|tag| tag.trim().to_owned());
        product.tags(tags.filter(|tag| !tag.is_empty()), group);
    }
    set_category(product, main, group);
    set_status(product, main, group)?;
    set_tax_class(product, main, group);
    if main.columns().has("Image") {
        product.images(images(rows), group);
    }
    Ok(())
}

/// Sets the category: Shopify's own, whose name is a path, or else the shop's type of product.
fn set_category(product: &mut Product, main: &Cells<'_>, group: &mut Group) {
    let columns = main.columns();
    if !columns.has("Product category") && !columns.has("Type") {
        return;
    }
    let category = main.filled("Product category");
    let category = category.filter(|category| !category.eq_ignore_ascii_case("uncategorized"));
    if let Some(id) = category.filter(|category| is_id(category)) {
        let reason = format!(
            "the category «{id}» is left out, an ID of Shopify's: write its name, or leave the cell \
             empty"
        );
        group.change(product.line, None, Problem::new("category_left_out", reason));
    }
    let path = category.filter(|category| !is_id(category)).map(|category| {
        let names = category.split('>').map(|name| name.trim().to_owned());
        names.filter(|name| !name.is_empty()).collect::<Vec<_>>()
    });
    let kind = main.filled("Type");
    if let (Some(path), Some(kind)) = (&path, kind)
        && path.last().is_none_or(|last| !last.eq_ignore_ascii_case(kind))
    {
        let reason = format!(
            "the type «{kind}» is left out, because the product has the category {}: clear its Product \
             Category if the type is to be its category",
            path.join(" > ")
        );
        group.change(product.line, None, Problem::new("type_left_out", reason));
    }
    product.category = path.or_else(|| kind.map(|kind| vec![kind.to_owned()]));
    if product.category.is_none() {
        product.set("category", None);
    }
}

/// Whether a category is an ID of Shopify's, such as `aa-1-13-8` or `gid://…`, or of Google's.
fn is_id(category: &str) -> bool {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_letters = |text: &str| text.len() == 2 && text.bytes().all(|it| it.is_ascii_lowercase());
    let mut parts = category.split('-');
    let begins = parts.next().is_some_and(|first| is_number(first) || is_letters(first));
    category.starts_with("gid:") || (begins && parts.all(is_number))
}

fn set_status(product: &mut Product, main: &Cells<'_>, group: &mut Group) -> Result<(), Problem> {
    let columns = main.columns();
    if !columns.has("Status") && !columns.has("Published") {
        return Ok(());
    }
    let is_published = main.filled("Published").is_none_or(is_true);
    let status = match main.filled("Status").unwrap_or("active").to_lowercase().as_str() {
        "active" if is_published => "active",
        "active" | "draft" => "draft",
        "archived" => "archived",
        "unlisted" => {
            let reason = "an unlisted product becomes a draft, because every active product is listed \
                          here: make it active in the shop if you want that";
            group.change(product.line, None, Problem::new("unlisted", reason));
            "draft"
        }
        other => {
            let reason = format!("«{other}» is not a status: write active, draft or archived");
            return Err(Problem::new("unknown_status", reason));
        }
    };
    product.set("status", Some(status));
    Ok(())
}

fn set_tax_class(product: &mut Product, main: &Cells<'_>, group: &mut Group) {
    if let Some(code) = main.get("Tax code") {
        let code = Some(code).filter(|code| Label::parse((*code).to_owned()).is_ok());
        product.set("tax_class", code);
    }
    if main.filled("Charge tax").is_some_and(|text| !is_true(text)) {
        let reason = "the product is not taxed in Shopify, which the shop's rows can't say: give it a \
                      tax class of its own";
        group.change(product.line, None, Problem::new("not_taxed", reason));
    }
}

/// Returns the images of all rows, by their positions.
fn images(rows: &[(u64, Cells<'_>)]) -> Vec<(u64, String, Option<String>)> {
    let mut images: Vec<_> = rows
        .iter()
        .filter_map(|(line, cells)| {
            let url = cells.filled("Image")?;
            let position = cells.filled("Image position").and_then(|text| text.parse().ok());
            let text = cells.filled("Image text").map(str::to_owned);
            Some((position.unwrap_or(u32::MAX), (*line, url.to_owned(), text)))
        })
        .collect();
    images.sort_by_key(|(position, _)| *position);
    images.into_iter().map(|(_, image)| image).collect()
}

impl Product {
    /// Finds the names of a product's options. A product without any has one named `Title`, whose
    /// value is `Default Title`.
    fn set_options(&mut self, rows: &[(u64, Cells<'_>)]) -> Result<(), Problem> {
        let named = |column: &str| rows.iter().find_map(|(_, cells)| cells.filled(column));
        let names = OPTIONS.iter().map(|(name, _)| named(name).map(str::to_owned));
        let names: Vec<_> = names.collect();
        let is_default = |(_, cells): &(u64, Cells<'_>)| {
            cells.filled("Option1 value").is_none_or(|it| it.eq_ignore_ascii_case("Default Title"))
        };
        let is_only = names[1].is_none() && names[2].is_none() && rows.iter().all(is_default);
        let is_title = |name: &str| name.eq_ignore_ascii_case("Title");
        if is_only && names[0].as_deref().is_none_or(is_title) {
            return Ok(());
        }
        for ((_, value), name) in OPTIONS.iter().zip(&names) {
            if name.is_none() && named(value).is_some() {
                let reason = format!(
                    "{value} is filled, and no row of the product names the option: write its name"
                );
                return Err(Problem::new("option_without_name", reason));
            }
        }
        self.option_names = names.into_iter().flatten().collect();
        if are_different(&self.option_names) {
            return Ok(());
        }
        let reason = "two options of the product have the same name: rename one";
        Err(Problem::new("option_names_twice", reason))
    }
}

/// Whether a cell says yes.
fn is_true(text: &str) -> bool {
    ["true", "yes", "1"].iter().any(|yes| text.eq_ignore_ascii_case(yes))
}
