//! Tests of `functions/inventory`.

mod adjust_inventory;
mod get_inventory;
mod list_inventory;
mod list_movements;
mod set_inventory;

use serde_json::{Value, json};
use tests::answer::Answer;
use tests::persona::Persona;

/// Adjusts the stock of a SKU.
async fn adjust(admin: &Persona<'_>, sku: &str, delta: i64) -> Answer {
    let body = json!({"delta": delta, "reason": "Delivery"});
    admin.post(&format!("/inventory/{sku}/adjustments"), body).await
}

/// Sets the stock of a SKU, whatever its version.
async fn set(admin: &Persona<'_>, sku: &str, body: Value) -> Answer {
    let call = admin.call("PUT", &format!("/inventory/{sku}")).header("if-match", "*");
    call.json(&body).send().await
}

/// The movements on the first page, each as its cause, its delta and the stock after it.
async fn movements(admin: &Persona<'_>, sku: &str) -> Vec<String> {
    let page = admin.get(&format!("/inventory/{sku}/movements?limit=100")).await.expect(200);
    assert_eq!(page["next_cursor"], Value::Null);
    let shown = |it: &Value| {
        let cause = it["cause"].as_str().expect("a cause");
        format!("{cause} {:+} = {}", it["delta"].as_i64().expect("a number"), it["available_after"])
    };
    page["data"].as_array().expect("a list").iter().map(shown).collect()
}
