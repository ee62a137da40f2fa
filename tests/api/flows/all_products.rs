//! The index of all products, by which a rebuild of the catalogue finds them without a scan.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::domain::ids::ProductId;
use shared::store::keys::{self, PRODUCTS};
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, create_sku, id, usd};

/// Creates `number` products, active ones, drafts and archived ones in turn.
async fn create_products(admin: &Persona<'_>, number: usize) -> Vec<Value> {
    let mut products = Vec::new();
    for n in 0..number {
        let status = ["active", "draft", "archived"][n % 3];
        let body = json!({"name": format!("Product {n}"), "price": usd(100), "status": status});
        products.push(create_product(admin, body).await);
    }
    products
}

fn product_id(product: &Value) -> ProductId {
    id(product).parse().expect("an id")
}

/// Enumerates all products, `limit` at a time.
async fn enumerate(app: &App, limit: usize) -> Vec<ProductId> {
    let mut all = Vec::<ProductId>::new();
    loop {
        let found = app.unrestricted.store.products().ids(all.last().copied(), limit).await;
        let found = found.expect("identifiers");
        assert!(found.len() <= limit, "{found:?}");
        if found.is_empty() {
            return all;
        }
        all.extend(found);
    }
}

#[tokio::test]
async fn every_product_that_is_not_deleted_is_found_once_drafts_too() {
    let app = App::start().await;
    let admin = app.admin().await;
    assert_eq!(enumerate(&app, 5).await, [], "an empty shop");
    let products = create_products(&admin, 40).await;
    let (deleted, kept) = products.split_at(7);
    for product in deleted {
        admin.delete(&format!("/products/{}", id(product))).await.expect(204);
    }
    let kept: BTreeSet<_> = kept.iter().map(product_id).collect();

    for limit in [1, 2, 7, 1000] {
        let all = enumerate(&app, limit).await;
        assert_eq!(all.len(), kept.len(), "{limit} at a time");
        assert_eq!(all.iter().copied().collect::<BTreeSet<_>>(), kept, "{limit} at a time");
        assert!(all.is_sorted_by_key(|id| (keys::product_shard(*id), *id)), "{all:?}");
    }
    let shards: BTreeSet<_> = kept.iter().map(|id| keys::product_shard(*id)).collect();
    assert!(shards.len() > 3, "{shards:?}");
}

#[tokio::test]
async fn an_enumeration_continues_after_a_product_that_was_deleted_in_the_meantime() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_products(&admin, 30).await;
    let all = enumerate(&app, 1000).await;
    let store = app.unrestricted.store.products();
    for (position, last_seen) in all.iter().enumerate().step_by(5) {
        admin.delete(&format!("/products/{last_seen}")).await.expect(204);
        let rest = store.ids(Some(*last_seen), 1).await.expect("identifiers");
        assert_eq!(rest.first(), all.get(position + 1));
    }
}

#[tokio::test]
async fn products_created_during_an_enumeration_hide_none_that_were_there_before() {
    let app = App::start().await;
    let admin = app.admin().await;
    let before: BTreeSet<_> = create_products(&admin, 12).await.iter().map(product_id).collect();
    let (mut seen, store) = (Vec::new(), app.unrestricted.store.products());
    loop {
        let found = store.ids(seen.last().copied(), 2).await.expect("identifiers");
        if found.is_empty() {
            break;
        }
        seen.extend(found);
        if seen.len() < 12 {
            create_products(&admin, 1).await;
        }
    }
    let distinct: BTreeSet<_> = seen.iter().copied().collect();
    assert_eq!(distinct.len(), seen.len(), "none twice");
    assert!(distinct.is_superset(&before));
}

/// The items of an older version have no shard.
#[tokio::test]
async fn replacing_a_product_from_before_the_index_adds_it() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    let key = keys::product(product_id(&mug));
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    let update = update.update_expression(format!("REMOVE {}", PRODUCTS.partition));
    update.send().await.expect("an update");
    assert_eq!(enumerate(&app, 5).await, []);
    let path = format!("/products/{}", id(&mug));
    assert_eq!(admin.get(&path).await.expect(200), mug, "nothing else needs the shard");

    let same = admin.get(&path).await.expect(200);
    admin.put(&path, same).await.expect(200);

    assert_eq!(enumerate(&app, 5).await, [product_id(&mug)]);
    admin.delete(&path).await.expect(204);
    assert_eq!(enumerate(&app, 5).await, []);
}
