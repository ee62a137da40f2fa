//! The rows of a product in our own formats.

use serde_json::{Map, Value};
use shared::domain::text::fold_case;

use super::product::{Context, too_many_variants};
use super::row::{Group, Problem, Row};

/// A row as it was read: its line, and its members or why they can't be read.
pub type ReadRow = (u64, Result<Map<String, Value>, Problem>);

/// Adds the rows of a product to its group. `names` are the option names of each in the order of
/// its text, where its members do not say them.
pub fn add(rows: Vec<ReadRow>, names: Vec<Vec<String>>, context: &mut Context, group: &mut Group) {
    if let Some(problem) = too_many_variants(rows.len()) {
        rows.iter().for_each(|(line, _)| group.refuse(*line, None, problem.clone()));
        return;
    }
    let names = different(names.into_iter().flatten());
    for (line, members) in rows {
        let sku = match &members {
            Ok(members) => members.get("sku").and_then(Value::as_str).map(str::to_owned),
            Err(_) => None,
        };
        let taken = members.and_then(|members| match &sku {
            None => Err(Problem::new("no_sku", "the row has no SKU: write one, which is its own")),
            Some(sku) => context.sku_problem(sku).map_or(Ok(members), Err),
        });
        let is_first = group.rows.is_empty();
        let taken = taken.and_then(|members| {
            let reason = "the first row of its group, which describes the product, is refused: mend \
                          that, and send the group again";
            let is_lost = is_first && !group.refused.is_empty();
            if is_lost { Err(Problem::new("first_row_refused", reason)) } else { Ok(members) }
        });
        match taken {
            Err(problem) => group.refuse(line, sku.as_deref(), problem),
            Ok(mut members) => {
                context.skus.extend(sku.map(|sku| (sku, line)));
                if is_first && names.len() > 1 && !members.contains_key("option_names") {
                    members.insert("option_names".to_owned(), names.clone().into());
                }
                // A row without a group is a product by itself.
                if members.get("group").is_some_and(Value::is_null) {
                    members.remove("group");
                }
                group.rows.push(Row { line, members, category: None });
            }
        }
    }
}

/// Returns the first of each of the names that differ in case only.
fn different(names: impl Iterator<Item = String>) -> Vec<String> {
    let (mut folded, mut different) = (Vec::new(), Vec::new());
    for name in names {
        let fold = fold_case(&name);
        if !folded.contains(&fold) {
            folded.push(fold);
            different.push(name);
        }
    }
    different
}
