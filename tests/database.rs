//! The database under test: an embedded one, started once for all tests of a process, or the one at
//! `DYNAMODB_ENDPOINT`. Each test has a table of its own in it.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
};
use local::database::Database;
use local::serve::RunningServer;
use local::template::Template;
use serde_json::Value;

/// Returns the database's URL.
pub fn endpoint() -> &'static str {
    static ENDPOINT: OnceLock<(String, Option<RunningServer>)> = OnceLock::new();
    let start = || match configured_endpoint() {
        Some(endpoint) => (endpoint, None),
        None => {
            let served = Database::in_memory().and_then(|database| database.serve());
            let served = served.expect("the embedded database starts");
            (format!("http://{}", served.address()), Some(served))
        }
    };
    &ENDPOINT.get_or_init(start).0
}

/// Returns whether it is the embedded one.
pub fn is_embedded() -> bool {
    configured_endpoint().is_none()
}

/// Returns the URL in `DYNAMODB_ENDPOINT`, if it is set.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration of their own")]
fn configured_endpoint() -> Option<String> {
    std::env::var("DYNAMODB_ENDPOINT").ok().filter(|endpoint| !endpoint.is_empty())
}

/// Returns the parsed `template.yaml`.
pub fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        Template::read(&path).expect("template.yaml can be read")
    })
}

/// Returns a table name that no other test uses, in this process or another.
pub fn new_table_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Creates the template's table under another name.
pub async fn create_table(client: &Client, name: &str) {
    let definition = template().table_definition().expect("the template defines a table").create;
    let attributes = list(&definition["AttributeDefinitions"]).map(|attribute| {
        AttributeDefinition::builder()
            .attribute_name(text(&attribute["AttributeName"]))
            .attribute_type(ScalarAttributeType::S)
            .build()
            .expect("an attribute")
    });
    let indexes = list(&definition["GlobalSecondaryIndexes"]).map(|index| {
        let projection = Projection::builder()
            .projection_type(ProjectionType::from(text(&index["Projection"]["ProjectionType"])))
            .set_non_key_attributes(
                index["Projection"]["NonKeyAttributes"]
                    .as_array()
                    .map(|names| names.iter().map(|name| text(name).to_owned()).collect()),
            );
        GlobalSecondaryIndex::builder()
            .index_name(text(&index["IndexName"]))
            .set_key_schema(Some(key_schema(&index["KeySchema"])))
            .projection(projection.build())
            .build()
            .expect("an index")
    });
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.collect()))
        .set_key_schema(Some(key_schema(&definition["KeySchema"])))
        .set_global_secondary_indexes(Some(indexes.collect()))
        .send()
        .await
        .expect("the table is made");
}

/// Gives a table a stream.
pub async fn add_stream(client: &Client, name: &str) {
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages)
        .build()
        .expect("a stream");
    let update = client.update_table().table_name(name).stream_specification(stream);
    update.send().await.expect("the table has a stream");
}

fn key_schema(schema: &Value) -> Vec<KeySchemaElement> {
    let element = |key: &Value| {
        KeySchemaElement::builder()
            .attribute_name(text(&key["AttributeName"]))
            .key_type(KeyType::from(text(&key["KeyType"])))
            .build()
            .expect("a key")
    };
    list(schema).map(element).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
