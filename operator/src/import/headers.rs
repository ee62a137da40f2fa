//! Recognises a file by its header.

use super::cells::Columns;
use super::translations::Translations;
use super::woocommerce::columns as woocommerce;
use super::{own, shopify};
use crate::failure::{Failure, Result};

/// Whose format a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Our own NDJSON.
    Ndjson,
    /// Our own CSV.
    Csv,
    /// Shopify's export of products.
    Shopify,
    /// WooCommerce's export of products.
    WooCommerce,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ndjson => "NDJSON",
            Self::Csv => "CSV",
            Self::Shopify => "Shopify's CSV",
            Self::WooCommerce => "WooCommerce's CSV",
        })
    }
}

/// How many columns of an unknown header are named.
const NAMED: usize = 12;

/// Finds the format of a header and the places of its columns. `line` is where the header stands.
pub fn recognize(
    header: &[String],
    line: u64,
    translations: &Translations,
) -> Result<(Format, Columns)> {
    let header: Vec<&str> = header.iter().map(|name| name.trim()).collect();
    if header.contains(&"sku") {
        let columns = columns(&header, line, |name| own::column(name).map(Some))?;
        return match own::problem(&columns) {
            None => Ok((Format::Csv, columns)),
            Some(problem) => Err(Failure::new(format!("line {line}: {problem}"))),
        };
    }
    let shopify = columns(&header, line, |name| Ok(shopify::column(name)))
        .map(|columns| (Format::Shopify, columns));
    if let Ok((_, found)) = &shopify
        && shopify::REQUIRED.iter().all(|name| found.has(name))
    {
        return shopify;
    }
    let english = |name: &str| translations.english(name).or_else(|| woocommerce::column(name));
    let woocommerce = columns(&header, line, |name| Ok(english(name)))
        .map(|columns| (Format::WooCommerce, columns));
    if is_woocommerce(&header, &english) {
        return woocommerce;
    }
    if shopify::REQUIRED
        .iter()
        .all(|it| header.iter().any(|name| shopify::column(name).as_deref() == Some(it)))
    {
        return shopify;
    }
    Err(unknown(&header, line))
}

fn is_woocommerce(header: &[&str], english: &impl Fn(&str) -> Option<String>) -> bool {
    let has = |wanted: &str| header.iter().any(|name| english(name).as_deref() == Some(wanted));
    woocommerce::REQUIRED.iter().all(|name| has(name)) && (has("SKU") || has("ID"))
}

/// Finds the places of the columns that `known` names.
fn columns(
    header: &[&str],
    line: u64,
    known: impl Fn(&str) -> std::result::Result<Option<String>, String>,
) -> Result<Columns> {
    let mut columns = Columns::new(header.len());
    for (place, name) in header.iter().enumerate() {
        let known = known(name).map_err(|problem| {
            Failure::new(format!("line {line}, column {}: {problem}", place + 1))
        })?;
        if let Some(known) = known
            && let Err(other) = columns.add(known, place)
        {
            return Err(Failure::new(format!(
                "line {line}: the columns {} («{}») and {} («{name}») are the same: remove one",
                other + 1,
                header[other],
                place + 1,
            )));
        }
    }
    Ok(columns)
}

fn unknown(header: &[&str], line: u64) -> Failure {
    let mut found: Vec<_> =
        header.iter().take(NAMED).map(|name| format!("«{}»", shortened(name))).collect();
    if header.len() > NAMED {
        found.push(format!("and {} more", header.len() - NAMED));
    }
    Failure::new(format!(
        "line {line} is not a header that is known. It has the columns {}. Known are: our own CSV, \
         which has a column `sku`; Shopify's export of products, which has Handle (or URL handle), \
         Title and Variant Price (or Price); and WooCommerce's, which has Type, Name, Regular price \
         and SKU or ID, in English or German. For WooCommerce in another language, name with \
         --columns a file that says what each header is in English",
        found.join(", ")
    ))
}

fn shortened(name: &str) -> String {
    let short: String = name.chars().take(40).collect();
    if short.len() < name.len() { format!("{short}…") } else { short }
}
