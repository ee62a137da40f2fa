//! The report of an import: a line for each row that was refused, or taken differently.

use crate::import::Group;

/// Returns a line for each row of a product that was refused when it was read, or taken differently.
pub fn report_of(group: &Group) -> String {
    let refused = group.refused.iter().map(|it| (it.line, &it.sku, it.kind, &it.reason));
    let changed = group.changed.iter().map(|it| (it.line, &it.sku, it.kind, &it.reason));
    let line = |(line, sku, kind, reason): (u64, &Option<String>, &str, &String)| {
        let sku = sku.as_ref().map(|sku| format!(", {sku}")).unwrap_or_default();
        format!("line {line}{sku}: {kind}: {reason}\n")
    };
    refused.chain(changed).map(line).collect()
}
