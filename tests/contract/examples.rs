//! Recorded requests and responses, the document's examples: the file `examples.json`.

use std::sync::OnceLock;

use serde_json::Value;

/// Returns the recorded examples: `operations` by operation id, and `problems` by code.
pub fn recorded() -> &'static Value {
    static RECORDED: OnceLock<Value> = OnceLock::new();
    RECORDED
        .get_or_init(|| serde_json::from_str(include_str!("examples.json")).expect("a JSON file"))
}
