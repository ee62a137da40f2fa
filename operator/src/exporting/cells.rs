//! The columns of a CSV, and a row's cells.

use std::collections::HashSet;

use serde_json::{Map, Value};
use shared::domain::text::fold_case;

use crate::import::own::{COLUMNS, OPTION};

/// The names of options that have a column: those of all products, in the order and spelling in
/// which they appear first. Names that differ in case only share one.
#[derive(Debug, Default)]
pub struct OptionColumns {
    folded: HashSet<String>,
    names: Vec<String>,
}

impl OptionColumns {
    /// Adds names that have no column yet.
    pub fn add<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        for name in names {
            if self.folded.insert(fold_case(name)) {
                self.names.push(name.to_owned());
            }
        }
    }
}

/// The columns of a CSV in their order.
pub struct Columns(Vec<Column>);

enum Column {
    Member(&'static str),
    /// An option: its name, and the name without case.
    Option(String, String),
}

impl Columns {
    /// Returns all columns of an import but `set_stock`, with those of these options.
    pub fn new(options: OptionColumns) -> Self {
        let members = COLUMNS.into_iter().filter(|name| *name != "set_stock");
        let mut columns: Vec<_> = members.map(Column::Member).collect();
        let after = COLUMNS.iter().position(|name| *name == "options").map_or(0, |place| place + 1);
        let options = options.names.into_iter().map(|name| {
            let folded = fold_case(&name);
            Column::Option(name, folded)
        });
        columns.splice(after..after, options);
        Self(columns)
    }

    /// Returns the header.
    pub fn header(&self) -> Vec<String> {
        let name = |column: &Column| match column {
            Column::Member(name) => (*name).to_owned(),
            Column::Option(name, _) => format!("{OPTION}{name}"),
        };
        self.0.iter().map(name).collect()
    }

    /// Returns the cells of a row, given as JSON has it.
    pub fn cells(&self, row: &Map<String, Value>) -> Vec<String> {
        let options = row.get("options").and_then(Value::as_object).into_iter().flatten();
        let options: Vec<_> = options.map(|(name, value)| (fold_case(name), value)).collect();
        let cell = |column: &Column| match column {
            Column::Member("images") => guarded(list(
                images(row)
                    .map(|image| image.as_str().or(image["url"].as_str()).unwrap_or_default()),
            )),
            Column::Member("image_alts") => guarded(image_alts(row)),
            Column::Member("options") => cell_of(row.get("option_names")),
            Column::Member(name) => cell_of(row.get(*name)),
            Column::Option(_, folded) => {
                let option = options.iter().find(|(name, _)| name == folded);
                cell_of(option.map(|(_, value)| *value))
            }
        };
        self.0.iter().map(cell).collect()
    }
}

fn images(row: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    row.get("images").and_then(Value::as_array).into_iter().flatten()
}

/// Returns the texts of the images, each at the place of its image; empty if none has one.
fn image_alts(row: &Map<String, Value>) -> String {
    let alts: Vec<_> = images(row).map(|it| it["alt"].as_str().unwrap_or_default()).collect();
    if alts.iter().all(|alt| alt.is_empty()) { String::new() } else { list(alts.into_iter()) }
}

fn cell_of(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => guarded(text.clone()),
        Some(Value::Array(elements)) => {
            guarded(list(elements.iter().map(|element| element.as_str().unwrap_or_default())))
        }
        Some(Value::Object(price)) => cell_of(price.get("amount")),
        Some(number_or_truth) => number_or_truth.to_string(),
    }
}

/// Puts an apostrophe before a cell that a spreadsheet would run as a formula, or that begins with
/// what is dropped when it is read.
fn guarded(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\'', '\t', '\r']) { format!("'{cell}") } else { cell }
}

fn list<'e>(elements: impl Iterator<Item = &'e str>) -> String {
    let escaped = elements.map(|element| element.replace('\\', "\\\\").replace('|', "\\|"));
    escaped.collect::<Vec<_>>().join("|")
}
