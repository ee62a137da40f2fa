//! Our own CSV, cell by cell.

use serde_json::{Map, Value, json};
use shared::domain::money::{Currency, Money};
use shared::domain::text::fold_case;

use super::cells::{Cells, Columns};
use super::index::Key;
use super::row::Problem;
use super::skus::without_apostrophe;

/// The prefix of an option's column: `option:size`.
pub const OPTION: &str = "option:";

/// The columns but those of options.
pub const COLUMNS: [&str; 23] = [
    "group",
    "sku",
    "name",
    "description",
    "category",
    "brand",
    "tags",
    "images",
    "image_alts",
    "price",
    "compare_at_price",
    "tax_class",
    "status",
    "low_stock_threshold",
    "options",
    "variant_price",
    "variant_compare_at_price",
    "variant_image",
    "barcode",
    "weight_grams",
    "track_stock",
    "stock",
    "set_stock",
];

/// Returns the name of a column; an error that says what is wrong with it if there is none.
pub fn column(header: &str) -> Result<String, String> {
    match header.strip_prefix(OPTION) {
        Some(name) if name.trim().is_empty() => {
            Err("`option:` has no name: write such as option:size".to_owned())
        }
        Some(_) => Ok(header.to_owned()),
        None if COLUMNS.contains(&header) => Ok(header.to_owned()),
        None if header.is_empty() => Err("it has no name: remove it or name it".to_owned()),
        None => Err(format!(
            "there is no column «{header}»: known are {}, and option:NAME for each option",
            COLUMNS.join(", ")
        )),
    }
}

/// Returns what is wrong with columns that are known one by one.
pub fn problem(columns: &Columns) -> Option<String> {
    if columns.has("image_alts") && !columns.has("images") {
        return Some("image_alts has the texts of images: add the column images".to_owned());
    }
    let names = columns.names();
    let options: Vec<_> = names.iter().filter_map(|name| name.strip_prefix(OPTION)).collect();
    let is_same = |one: &str, other: &str| fold_case(one.trim()) == fold_case(other.trim());
    options.iter().enumerate().find_map(|(index, name)| {
        let other = options[..index].iter().find(|other| is_same(name, other))?;
        Some(format!("option:{other} and option:{name} are the same option: remove one"))
    })
}

/// Returns which product a row belongs to.
pub fn key(cells: &Cells<'_>) -> Key {
    match cells.filled("group") {
        Some(group) => Key::Shared(unguarded(group).to_owned()),
        None => Key::Alone,
    }
}

/// Returns the members of a row.
pub fn members(cells: &Cells<'_>, currency: Currency) -> Result<Map<String, Value>, Problem> {
    let mut members = Map::new();
    for name in cells.columns().names() {
        let Some(cell) = cells.raw(name) else { continue };
        let cell = unguarded(cell);
        let (member, value) = match name {
            // Read with the images.
            "image_alts" => continue,
            "images" => (name, images(cells)?),
            "options" => ("option_names", list(name, cell)?),
            "tags" => (name, list(name, cell)?),
            "group" => (name, text(cell.trim())),
            "sku" => (name, text(without_apostrophe(cell.trim()))),
            "price" | "compare_at_price" | "variant_price" | "variant_compare_at_price" => {
                (name, price(name, cell, currency)?)
            }
            "low_stock_threshold" | "weight_grams" | "stock" | "set_stock" => {
                (name, number(name, cell)?)
            }
            "track_stock" => (name, truth(name, cell)?),
            _ if name.starts_with(OPTION) => continue,
            _ => (name, text(cell)),
        };
        members.insert(member.to_owned(), value);
    }
    if let Some((options, names)) = options(cells) {
        // Objects have no order, so the columns' is said.
        if names.len() > 1 && !members.contains_key("option_names") {
            members.insert("option_names".to_owned(), json!(names));
        }
        members.insert("options".to_owned(), Value::Object(options));
    }
    Ok(members)
}

/// Returns a cell without the apostrophe that keeps spreadsheets from running it as a formula.
fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\'', '\t', '\r']) => rest,
        _ => cell,
    }
}

fn text(cell: &str) -> Value {
    if cell.trim().is_empty() { Value::Null } else { cell.into() }
}

/// Reads a list whose elements are separated by `|`; `\|` and `\\` stand for `|` and `\`.
fn split(name: &str, cell: &str) -> Result<Vec<String>, Problem> {
    let (mut elements, mut element) = (Vec::new(), String::new());
    let mut characters = cell.chars();
    while let Some(c) = characters.next() {
        match c {
            '|' => elements.push(std::mem::take(&mut element)),
            '\\' => match characters.next() {
                Some(escaped @ ('|' | '\\')) => element.push(escaped),
                _ => {
                    let reason = format!(
                        "the column {name} has a lone `\\`: write `\\\\` for it, and `\\|` for a `|` \
                         that separates nothing"
                    );
                    return Err(Problem::new("lone_backslash", reason));
                }
            },
            _ => element.push(c),
        }
    }
    elements.push(element);
    Ok(elements)
}

fn list(name: &str, cell: &str) -> Result<Value, Problem> {
    Ok(if cell.is_empty() { Value::Null } else { json!(split(name, cell)?) })
}

/// Reads the columns `images` and `image_alts`.
fn images(cells: &Cells<'_>) -> Result<Value, Problem> {
    let cell = |name| unguarded(cells.raw(name).unwrap_or_default());
    let (urls, alts) = (cell("images"), cell("image_alts"));
    let urls = if urls.is_empty() { Vec::new() } else { split("images", urls)? };
    let alts = if alts.is_empty() { Vec::new() } else { split("image_alts", alts)? };
    if alts.len() > urls.len() {
        let reason = format!(
            "image_alts has {} texts for {} images: write one for each, separated by `|`, nothing \
             where there is none",
            alts.len(),
            urls.len()
        );
        return Err(Problem::new("too_many_alts", reason));
    }
    if urls.is_empty() {
        return Ok(Value::Null);
    }
    let alts = alts.into_iter().map(Some).chain(std::iter::repeat(None));
    let images = urls.into_iter().zip(alts).map(|(url, alt)| match alt {
        Some(alt) if !alt.is_empty() => json!({"url": url, "alt": alt}),
        _ => json!({"url": url}),
    });
    Ok(images.collect())
}

fn options(cells: &Cells<'_>) -> Option<(Map<String, Value>, Vec<String>)> {
    let columns = cells.columns().names();
    let names: Vec<_> = columns.iter().filter_map(|name| name.strip_prefix(OPTION)).collect();
    let options = names.iter().filter_map(|name| {
        let value = unguarded(cells.raw(&format!("{OPTION}{name}"))?);
        Some(((*name).to_owned(), text(value)))
    });
    let options = options.collect();
    (!names.is_empty()).then(|| (options, names.into_iter().map(str::to_owned).collect()))
}

fn price(name: &str, cell: &str, currency: Currency) -> Result<Value, Problem> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(Value::Null);
    }
    let amount =
        whole(cell).filter(|amount| i64::try_from(*amount).is_ok_and(|it| it <= Money::MAX));
    let amount = amount.ok_or_else(|| {
        let example = Money::new(1999, currency);
        let reason = format!(
            "the column {name} has «{cell}»: prices here are whole minor units, such as 1999 for \
             {example}"
        );
        Problem::new("not_minor_units", reason)
    })?;
    Ok(json!({"amount": amount, "currency": currency.code()}))
}

fn number(name: &str, cell: &str) -> Result<Value, Problem> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(Value::Null);
    }
    whole(cell).map(Value::from).ok_or_else(|| {
        let reason = format!("the column {name} has «{cell}»: write a whole number of 0 or more");
        Problem::new("not_a_number", reason)
    })
}

fn whole(cell: &str) -> Option<u64> {
    let is_number = cell.bytes().all(|byte| byte.is_ascii_digit());
    cell.parse().ok().filter(|_| is_number)
}

fn truth(name: &str, cell: &str) -> Result<Value, Problem> {
    match cell.trim().to_ascii_lowercase().as_str() {
        "" => Ok(Value::Null),
        "true" => Ok(true.into()),
        "false" => Ok(false.into()),
        _ => {
            let reason = format!("the column {name} has «{cell}»: write true or false");
            Err(Problem::new("not_true_or_false", reason))
        }
    }
}
