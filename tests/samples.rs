//! Test data.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::domain::email::Email;
use shared::domain::ids::UserId;
use shared::domain::slug::Slug;
use shared::store::keys;

use crate::app::App;
use crate::persona::Persona;
use crate::random::Random;

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

/// Returns different words that can hardly be compressed.
pub fn random_words(seed: u64, count: usize) -> String {
    let random = Random::with_seed(seed);
    let words = (0..count).map(|_| format!("{:012x}", random.below(1 << 48)));
    words.collect::<Vec<_>>().join(" ")
}

/// Creates a product, and its category if that does not exist; returns the product.
pub async fn create_product(admin: &Persona<'_>, product: Value) -> Value {
    if let Some(category) = product["category"].as_str() {
        admin.ensure_category(category).await;
    }
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

/// Returns the path of a product.
pub fn path_of(product: &Value) -> String {
    format!("/products/{}", id(product))
}

/// Returns a slug that is written like this.
pub fn slug(text: &str) -> Slug {
    Slug::parse(text.to_owned()).expect("a slug")
}

/// Returns an attribute of an item that is a text; empty if there is none.
pub fn text_of(item: &HashMap<String, AttributeValue>, attribute: &str) -> String {
    item.get(attribute).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// The names of an object's members, sorted.
pub fn members(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// The body of an order of `quantity` units of a product's only variant.
pub fn order_of(product: &Value, quantity: u32) -> Value {
    json!({"items": [{"product_id": product["id"], "quantity": quantity}]})
}

/// Sets counters of the items of categories in the table, as changes to products do.
pub async fn set_counters(app: &App, key: keys::Key, counters: &[(&str, u64)]) {
    for (counter, number) in counters {
        let update = app.client.update_item().table_name(&app.table);
        let update = update.key(keys::PK, AttributeValue::S(key.pk.clone()));
        let update = update.key(keys::SK, AttributeValue::S(key.sk.clone()));
        let update = update.update_expression("SET #counter = :number");
        let update = update.expression_attribute_names("#counter", *counter);
        let number = AttributeValue::N(number.to_string());
        update.expression_attribute_values(":number", number).send().await.expect("an update");
    }
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

/// Runs `expire-orders` until a run succeeds, as its schedule does.
pub async fn expire_in_the_end(app: &App) {
    for _ in 0..30 {
        let event = json!({"source": "aws.events"});
        if app.run_job("expire-orders", event).await.is_some() {
            return;
        }
    }
    panic!("expire-orders never succeeds");
}
