//! The cells of a CSV, as the members of a row.

use shared::domain::invalid::Invalid;
use shared::domain::json::{Json, Object};
use shared::domain::money::Currency;
use shared::domain::problem_code::ProblemCode;
use shared::services::imports::Failure;

/// The columns of a CSV, in their order.
pub(super) struct Columns(Vec<Column>);

enum Column {
    Member(&'static str, Kind),
    Option(String),
}

/// How a cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Price,
    Number,
    Flag,
    List,
    /// A SKU, before which a spreadsheet may have put an apostrophe.
    Sku,
}

/// The prefix of the columns of options.
const OPTION: &str = "option:";

const IMAGE_ALTS: &str = "image_alts";

#[rustfmt::skip]
const MEMBERS: [(&str, Kind); 23] = [
    ("sku", Kind::Sku), ("group", Kind::Text), ("name", Kind::Text), ("description", Kind::Text),
    ("category", Kind::Text), ("brand", Kind::Text), ("tags", Kind::List), ("images", Kind::List),
    (IMAGE_ALTS, Kind::List), ("price", Kind::Price), ("compare_at_price", Kind::Price),
    ("tax_class", Kind::Text), ("status", Kind::Text), ("low_stock_threshold", Kind::Number),
    ("options", Kind::List), ("variant_price", Kind::Price),
    ("variant_compare_at_price", Kind::Price), ("variant_image", Kind::Text),
    ("barcode", Kind::Text), ("weight_grams", Kind::Number), ("track_stock", Kind::Flag),
    ("stock", Kind::Number), ("set_stock", Kind::Number),
];

impl Columns {
    /// Reads a header. 422 with all errors if a column is unknown or named twice, or `sku` is
    /// missing.
    pub fn read(header: Vec<&str>) -> Result<Self, Invalid> {
        let (mut columns, mut errors) = (Vec::new(), Vec::new());
        for (index, name) in header.iter().map(|name| name.trim()).enumerate() {
            let before = header.iter().take(index).map(|name| name.trim());
            if before.into_iter().any(|earlier| same_column(earlier, name)) {
                let detail = "Another column has this name.";
                errors.push(Invalid::for_field(&pointer(name), ProblemCode::Duplicate, detail));
            } else if let Some(column) = Column::named(name) {
                columns.push(column);
            } else {
                errors.push(unknown(name));
            }
        }
        let has = |member| columns.iter().any(|column| column.is(member));
        if !has("sku") {
            let detail = "The header has no column `sku`.";
            errors.push(Invalid::for_field("/sku", ProblemCode::Required, detail));
        }
        if has(IMAGE_ALTS) && !has("images") {
            let detail = "The texts of `image_alts` need the column `images`.";
            errors.push(Invalid::for_field("/images", ProblemCode::Required, detail));
        }
        Invalid::collect(errors).map(|()| Self(columns))
    }

    /// Returns the row that these cells are.
    pub fn row(&self, cells: &[&str], currency: Currency) -> Result<Json, Failure> {
        if cells.len() != self.0.len() {
            let detail = format!(
                "The row has {} cells, but the header has {}: write an empty cell for what is \
                 missing, and put cells with the separator in quotes.",
                cells.len(),
                self.0.len()
            );
            return Err(Failure::new(ProblemCode::WrongLength, detail));
        }
        let (mut members, mut options) = (Vec::new(), Vec::new());
        let mut alts = None;
        for (column, cell) in self.0.iter().zip(cells.iter().copied()) {
            match column {
                Column::Option(name) => options.push((name.clone(), text_or_null(cell))),
                Column::Member(IMAGE_ALTS, _) => alts = Some(list(cell)),
                Column::Member("options", _) => {
                    members.push(("option_names".to_owned(), list_or_null(cell)));
                }
                Column::Member(name, kind) => {
                    members.push(((*name).to_owned(), kind.read(cell, currency)));
                }
            }
        }
        if let Some(alts) = alts {
            let images = members.iter_mut().find(|(name, _)| name == "images");
            images.into_iter().for_each(|(_, images)| describe(images, &alts));
        }
        if !options.is_empty() {
            members.push(("options".to_owned(), Json::Object(options.into_iter().collect())));
        }
        Ok(Json::Object(members.into_iter().collect()))
    }
}

impl Column {
    fn named(name: &str) -> Option<Self> {
        let prefix = name.get(..OPTION.len()).filter(|it| it.eq_ignore_ascii_case(OPTION));
        if let Some(option) = prefix.and_then(|_| name.get(OPTION.len()..)) {
            return Some(Self::Option(option.trim().to_owned()));
        }
        let known = MEMBERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(name, kind)| Self::Member(name, *kind))
    }

    fn is(&self, member: &str) -> bool {
        matches!(self, Self::Member(name, _) if *name == member)
    }
}

impl Kind {
    fn read(self, cell: &str, currency: Currency) -> Json {
        match self {
            Self::List => list_or_null(cell),
            _ if cell.trim().is_empty() => Json::Null,
            Self::Text => Json::String(unprotected(cell).to_owned()),
            Self::Sku => {
                let sku = cell.trim();
                Json::String(sku.strip_prefix('\'').unwrap_or(sku).to_owned())
            }
            Self::Number => number(cell),
            Self::Price => {
                let currency = Json::String(currency.code().to_owned());
                let members = [("amount", number(cell)), ("currency", currency)];
                let members = members.map(|(name, value)| (name.to_owned(), value));
                Json::Object(members.into_iter().collect())
            }
            Self::Flag => match cell.trim() {
                flag if flag.eq_ignore_ascii_case("true") => Json::Bool(true),
                flag if flag.eq_ignore_ascii_case("false") => Json::Bool(false),
                other => Json::String(other.to_owned()),
            },
        }
    }
}

/// Returns the number in a cell; a text that is none stays a text, which the row refuses.
fn number(cell: &str) -> Json {
    let cell = cell.trim();
    let integer = cell.parse().map(Json::Integer).ok();
    let integer = integer.or_else(|| cell.parse().map(Json::NegativeInteger).ok());
    let number = integer.or_else(|| cell.parse().map(Json::Float).ok());
    number.unwrap_or_else(|| Json::String(cell.to_owned()))
}

/// Returns a cell without the apostrophe that protects its first character from a spreadsheet.
fn unprotected(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\'', '\t', '\r']) => rest,
        _ => cell,
    }
}

fn text_or_null(cell: &str) -> Json {
    if cell.trim().is_empty() { Json::Null } else { Json::String(unprotected(cell).to_owned()) }
}

fn list_or_null(cell: &str) -> Json {
    match list(cell) {
        list if list.is_empty() => Json::Null,
        list => Json::Array(list.into_iter().map(Json::String).collect()),
    }
}

/// Returns the elements of a list, separated by `|`; a backslash stands before a `|` or a backslash
/// that is part of an element.
fn list(cell: &str) -> Vec<String> {
    if cell.trim().is_empty() {
        return Vec::new();
    }
    let mut elements = vec![String::new()];
    let mut characters = unprotected(cell).chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = characters.next_if(|next| character == '\\' && matches!(next, '|' | '\\'));
        match (escaped, elements.last_mut()) {
            (None, _) if character == '|' => elements.push(String::new()),
            (escaped, Some(element)) => element.push(escaped.unwrap_or(character)),
            (_, None) => {}
        }
    }
    elements.iter_mut().for_each(|element| *element = element.trim().to_owned());
    elements
}

/// Adds texts to the images at the same places. One without an image makes an image without a URL,
/// which the row refuses.
fn describe(images: &mut Json, alts: &[String]) {
    let urls = match std::mem::replace(images, Json::Null) {
        Json::Array(urls) => urls,
        _ => Vec::new(),
    };
    let count = urls.len().max(alts.len());
    let (mut urls, mut alts) = (urls.into_iter(), alts.iter());
    let described: Vec<Json> = (0..count)
        .map(|_| match (urls.next(), alts.next().filter(|alt| !alt.is_empty())) {
            (Some(url), None) => url,
            (url, alt) => {
                let url = url.map(|url| ("url".to_owned(), url));
                let alt = alt.map(|alt| ("alt".to_owned(), Json::String(alt.clone())));
                Json::Object(url.into_iter().chain(alt).collect::<Object>())
            }
        })
        .collect();
    if !described.is_empty() {
        *images = Json::Array(described);
    }
}

fn same_column(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn pointer(name: &str) -> String {
    let name: String = name.chars().take(100).collect();
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn unknown(name: &str) -> Invalid {
    let known: Vec<_> = MEMBERS.iter().map(|(name, _)| *name).collect();
    let detail = format!(
        "Unknown column; the known columns are: {}, and `option:` with the name of an option.",
        known.join(", ")
    );
    Invalid::for_field(&pointer(name), ProblemCode::UnknownField, detail)
}
