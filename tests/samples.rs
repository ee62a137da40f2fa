//! Test data.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::domain::email::Email;
use shared::domain::ids::UserId;
use shared::store::keys;

use crate::app::App;
use crate::persona::Persona;

/// The hash of `correct horse` with weaker parameters, as an older version made it: 8 MiB, one
/// pass.
pub const WEAK_HASH: &str = "$argon2id$v=19$m=8192,t=1,p=1$c2FsdCBvZiBhIHRlc3Qu$\
                             clGiaoYYodH596JXm3kEvo0fc86BgtyK+h1tBTrVKjg";

/// Gives an account the password `correct horse` and the hash of an older version.
pub async fn weaken_hash(app: &App, email: &str) {
    let key = keys::credential(&Email::parse(email.to_owned()).expect("an address"));
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    let update = update.update_expression("SET password_hash = :weak");
    let weak = AttributeValue::S(WEAK_HASH.to_owned());
    update.expression_attribute_values(":weak", weak).send().await.expect("an update");
}

/// A price in US dollars, given in cents.
pub fn usd(cents: i64) -> Value {
    json!({"amount": cents, "currency": "USD"})
}

/// The body of a product with one variant.
pub fn product(name: &str, cents: i64, stock: u32) -> Value {
    json!({"name": name, "price": usd(cents), "stock": stock})
}

/// Creates a product, and returns it.
pub async fn create_product(admin: &Persona<'_>, product: Value) -> Value {
    admin.post("/products", product).await.expect(201)
}

/// Creates a product with one variant of this SKU, and returns it.
pub async fn create_sku(admin: &Persona<'_>, sku: &str, cents: i64, stock: u32) -> Value {
    let product = json!({
        "name": format!("The {sku}"),
        "price": usd(cents),
        "variants": [{"sku": sku, "options": {}, "stock": stock}],
    });
    create_product(admin, product).await
}

/// Returns the stock of a product's only variant.
pub async fn available(caller: &Persona<'_>, product: &Value) -> u64 {
    let id = product["id"].as_str().expect("an id");
    let product = caller.get(&format!("/products/{id}")).await.expect(200);
    product["variants"][0]["available"].as_u64().expect("a number")
}

/// Returns a resource's identifier.
pub fn id(resource: &Value) -> &str {
    resource["id"].as_str().expect("an id")
}

/// The names of an object's members, sorted.
pub fn members(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// The body of an order of `quantity` units of a product's only variant.
pub fn order_of(product: &Value, quantity: u32) -> Value {
    json!({"items": [{"product_id": product["id"], "quantity": quantity}]})
}

/// Disables an account in the table, as an operator does by hand.
pub async fn disable(app: &App, user: UserId) {
    let key = keys::security(user);
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    let update = update.update_expression("SET #status = :disabled");
    let update = update.expression_attribute_names("#status", "status");
    let disabled = AttributeValue::S("disabled".to_owned());
    update.expression_attribute_values(":disabled", disabled).send().await.expect("an update");
}
