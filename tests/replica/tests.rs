//! Tests of the replica, with reads by the clients of deployed functions.

use std::time::Duration;

use aws_sdk_dynamodb::types::{Delete, KeysAndAttributes, Put, TransactWriteItem, Update};
use serde_json::json;

use super::*;
use crate::app::App;
use crate::gate::Faults;

/// A route whose method is not GET.
const ADD: &str = "add-cart-item";

/// The partition of the item in most tests; every function may read it.
const PK: &str = "USER#1";
const SK: &str = "PROFILE";

async fn start() -> App {
    App::builder().faults(Faults { stale_reads: true, ..Faults::default() }).start().await
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn key(pk: &str, sk: &str) -> Item {
    Key { pk: pk.to_owned(), sk: sk.to_owned() }.item()
}

fn item(pk: &str, sk: &str, name: &str) -> Item {
    let mut item = key(pk, sk);
    item.insert("name".to_owned(), text(name));
    item.insert("about".to_owned(), text("an attribute that no test requests"));
    item
}

async fn put(app: &App, pk: &str, sk: &str, name: &str) {
    let put = app.client.put_item().table_name(&app.table);
    put.set_item(Some(item(pk, sk, name))).send().await.expect("a write");
}

async fn delete(app: &App, pk: &str, sk: &str) {
    let delete = app.client.delete_item().table_name(&app.table);
    delete.set_key(Some(key(pk, sk))).send().await.expect("a write");
}

/// Returns the item's name as a function reads it, eventually consistent.
async fn name(app: &App, function: &str) -> Option<String> {
    let get = app.client_of(function).get_item().table_name(&app.table);
    let answer = get.set_key(Some(key(PK, SK))).send().await.expect("a read");
    answer.item.as_ref().map(name_of)
}

fn name_of(item: &Item) -> String {
    item["name"].as_s().expect("a text").clone()
}

#[tokio::test]
async fn a_new_item_is_missing() {
    let app = start().await;
    put(&app, PK, SK, "Ada").await;
    assert_eq!(name(&app, ADD).await, None);
}

#[tokio::test]
async fn a_changed_item_is_as_it_was_before_the_last_change() {
    let app = start().await;
    for name in ["Ada", "Augusta", "Ada Lovelace"] {
        put(&app, PK, SK, name).await;
    }
    assert_eq!(name(&app, ADD).await.as_deref(), Some("Augusta"));
}

#[tokio::test]
async fn a_deleted_item_still_exists() {
    let app = start().await;
    put(&app, PK, SK, "Ada").await;
    delete(&app, PK, SK).await;
    assert_eq!(name(&app, ADD).await.as_deref(), Some("Ada"));
}

#[tokio::test]
async fn a_write_arrives_after_a_second() {
    let app = start().await;
    put(&app, PK, SK, "Ada").await;
    app.advance(Duration::from_millis(999));
    put(&app, "USER#2", SK, "Bob").await;
    assert_eq!(name(&app, ADD).await, None);
    app.advance(Duration::from_millis(1));
    assert_eq!(name(&app, ADD).await.as_deref(), Some("Ada"));

    delete(&app, PK, SK).await;
    app.advance(Duration::from_secs(1));
    assert_eq!(name(&app, ADD).await, None);
}

#[tokio::test]
async fn a_consistent_read_is_current() {
    let app = start().await;
    put(&app, PK, SK, "Ada").await;
    let get = app.client_of(ADD).get_item().table_name(&app.table).consistent_read(true);
    let answer = get.set_key(Some(key(PK, SK))).send().await.expect("a read");
    assert_eq!(answer.item.as_ref().map(name_of).as_deref(), Some("Ada"));

    put(&app, "PRODUCT#1", "PRODUCT", "Mug").await;
    let query = app.client_of(ADD).query().table_name(&app.table).consistent_read(true);
    let query = query.key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(":pk", text("PRODUCT#1"));
    assert_eq!(query.send().await.expect("a read").count, 1);

    let wanted = KeysAndAttributes::builder().consistent_read(true);
    let wanted = wanted.keys(key("PRODUCT#1", "PRODUCT")).build().expect("keys");
    let batch = app.client_of(ADD).batch_get_item().request_items(&app.table, wanted);
    let answer = batch.send().await.expect("a read").responses.expect("tables");
    assert_eq!(answer[&app.table].len(), 1);
}

#[tokio::test]
async fn reads_of_jobs_are_stale_and_those_of_get_routes_are_not() {
    let app = start().await;
    put(&app, PK, SK, "Ada").await;
    assert_eq!(name(&app, "deliver-mail").await, None);
    assert_eq!(name(&app, "get-cart").await.as_deref(), Some("Ada"));
}

#[tokio::test]
async fn a_query_returns_the_partition_before_the_last_write() {
    let app = start().await;
    for (sk, name) in [("1", "changed"), ("2", "deleted"), ("4", "as ever")] {
        put(&app, "PRODUCT#1", sk, name).await;
    }
    app.advance(Duration::from_secs(1));
    put(&app, "PRODUCT#1", "1", "another").await;
    delete(&app, "PRODUCT#1", "2").await;
    put(&app, "PRODUCT#1", "3", "new").await;

    let query = app.client_of(ADD).query().table_name(&app.table);
    let query = query.key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(":pk", text("PRODUCT#1"));
    let items = query.clone().send().await.expect("a read").items.expect("items");
    assert_eq!(items.iter().map(name_of).collect::<Vec<_>>(), ["changed", "deleted", "as ever"]);

    let some = query.key_condition_expression("pk = :pk AND sk > :sk");
    let some = some.expression_attribute_values(":sk", text("1")).limit(1);
    let answer = some.projection_expression("#name").expression_attribute_names("#name", "name");
    let answer = answer.send().await.expect("a read");
    let deleted = Item::from([("name".to_owned(), text("deleted"))]);
    assert_eq!(answer.items, Some(vec![deleted]));
    assert_eq!(answer.last_evaluated_key, Some(key("PRODUCT#1", "2")));
}

#[tokio::test]
async fn a_batch_returns_the_old_items_with_the_requested_attributes_only() {
    let app = start().await;
    put(&app, "PRODUCT#1", "1", "before").await;
    app.advance(Duration::from_secs(1));
    put(&app, "PRODUCT#1", "1", "after").await;
    put(&app, "PRODUCT#1", "2", "new").await;

    let wanted = KeysAndAttributes::builder()
        .keys(key("PRODUCT#1", "1"))
        .keys(key("PRODUCT#1", "2"))
        .projection_expression("#name")
        .expression_attribute_names("#name", "name");
    let wanted = wanted.build().expect("keys");
    let batch = app.client_of(ADD).batch_get_item().request_items(&app.table, wanted);
    let answer = batch.send().await.expect("a read");
    let before = Item::from([("name".to_owned(), text("before"))]);
    assert_eq!(answer.responses, Some([(app.table.clone(), vec![before])].into()));
}

#[tokio::test]
async fn a_stale_read_costs_what_the_real_one_does() {
    let app = start().await;
    put(&app, PK, SK, &"Ada".repeat(1500)).await;
    app.take_count(ADD);
    assert_eq!(name(&app, ADD).await, None);
    let count = app.take_count(ADD);
    assert_eq!((count.requests, count.answered_depth), (1, 1));
    assert_eq!(count.half_reads, 2, "an item of more than 4 KB");
}

#[tokio::test]
async fn writes_by_functions_and_by_tests_are_both_recorded() {
    let app = start().await;
    let update = app.client_of(ADD).update_item().table_name(&app.table);
    let update = update.set_key(Some(key("CART#1", "CART"))).update_expression("SET version = :v");
    update.expression_attribute_values(":v", text("1")).send().await.expect("a write");
    let get = app.client_of(ADD).get_item().table_name(&app.table);
    let get = get.set_key(Some(key("CART#1", "CART"))).send().await;
    assert_eq!(get.expect("a read").item, None);

    let ada = app.customer("ada").await.user_id.expect("an identifier");
    let get = app.client_of(ADD).get_item().table_name(&app.table);
    let get = get.set_key(Some(key(&format!("USER#{ada}"), SK))).send().await;
    assert_eq!(get.expect("a read").item, None);
}

#[tokio::test]
async fn each_write_of_a_transaction_is_recorded_once() {
    let app = start().await;
    put(&app, PK, SK, "Ada").await;
    put(&app, "USER#2", SK, "Bob").await;
    app.advance(Duration::from_secs(1));
    let update = Update::builder().table_name(&app.table).set_key(Some(key(PK, SK)));
    let update = update.update_expression("SET #name = :name");
    let update = update.expression_attribute_names("#name", "name");
    let update = update.expression_attribute_values(":name", text("Augusta")).build();
    let bob = Delete::builder().table_name(&app.table).set_key(Some(key("USER#2", SK))).build();
    let new =
        Put::builder().table_name(&app.table).set_item(Some(item("USER#3", SK, "Cy"))).build();
    let writes = [
        TransactWriteItem::builder().update(update.expect("an update")).build(),
        TransactWriteItem::builder().delete(bob.expect("a deletion")).build(),
        TransactWriteItem::builder().put(new.expect("an item")).build(),
    ];
    let transaction = app.client.transact_write_items().client_request_token("one");
    let transaction = transaction.set_transact_items(Some(writes.into()));
    for _ in 0..2 {
        transaction.clone().send().await.expect("a write");
    }

    assert_eq!(name(&app, ADD).await.as_deref(), Some("Ada"));
    for (pk, before) in [("USER#2", Some("Bob")), ("USER#3", None)] {
        let get = app.client_of(ADD).get_item().table_name(&app.table);
        let answer = get.set_key(Some(key(pk, SK))).send().await.expect("a read");
        assert_eq!(answer.item.as_ref().map(name_of).as_deref(), before, "{pk}");
    }
}

#[tokio::test]
async fn a_rejected_write_changes_nothing() {
    let app = start().await;
    for name in ["Ada", "Augusta"] {
        put(&app, PK, SK, name).await;
    }
    let put = app.client.put_item().table_name(&app.table).set_item(Some(item(PK, SK, "Bob")));
    let refused = put.condition_expression("attribute_not_exists(pk)").send().await;
    assert!(refused.is_err());
    assert_eq!(name(&app, ADD).await.as_deref(), Some("Ada"));
}

#[tokio::test]
async fn index_queries_are_left_alone() {
    let app = start().await;
    let clock = Arc::default();
    let replica = Replica::new(app.client.clone(), &database::new_table_name(), &clock).await;
    let query = json!({"TableName": replica.table, "IndexName": "newest"});
    assert_eq!(replica.read("Query", &query), None);
    let query = json!({"TableName": replica.table, "ConsistentRead": false});
    let lagging = json!({"TableName": replica.lagging_table, "ConsistentRead": false});
    assert_eq!(replica.read("Query", &query), Some(lagging));
}
