//! `PUT /inventory/{sku}`

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::inventory::InventorySettings;
use shared::domain::patch::Patch;
use shared::domain::quantity::Stock;
use shared::store::transaction::Transaction;
use tests::answer::tally;
use tests::app::App;
use tests::samples::{create_product, create_sku, order_of, path_of, usd};

use super::{movements, set};

#[tokio::test]
async fn setting_the_number_of_units_is_a_movement_with_its_reason() {
    let app = App::builder().with_every_version().start().await;
    let admin = app.admin().await;
    create_sku(&admin, "MUG", 1800, 5).await;
    let read = admin.get("/inventory/MUG").await;
    let tag = read.header("etag").expect("an ETag").to_owned();
    let call = admin.call("PUT", "/inventory/MUG").header("if-match", &tag);

    let answer = call.json(&json!({"available": 12, "reason": "Counted"})).send().await;

    assert_eq!(answer.version(), "2");
    let stock = answer.expect(200);
    assert_eq!((&stock["available"], &stock["version"]), (&json!(12), &json!(2)));
    assert_eq!(movements(&admin, "MUG").await, ["set +7 = 12", "initial +5 = 5"]);
    let page = admin.get("/inventory/MUG/movements").await.expect(200);
    assert_eq!(
        (&page["data"][0]["reason"], &page["data"][1]["reason"]),
        (&json!("Counted"), &json!("initial"))
    );
    set(&admin, "MUG", json!({"available": 3})).await.expect(200);
    let page = admin.get("/inventory/MUG/movements").await.expect(200);
    assert_eq!(page["data"][0]["reason"], "set");
}

#[tokio::test]
async fn the_version_must_be_named_and_rises_with_every_sale() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    let read = admin.get("/inventory/MUG").await;
    let tag = read.header("etag").expect("an ETag").to_owned();
    let body = json!({"available": 12});
    admin.put("/inventory/MUG", body.clone()).await.expect_problem(428, "version_required");
    ada.post("/orders", order_of(&mug, 1)).await.expect(201);

    let call = admin.call("PUT", "/inventory/MUG").header("if-match", &tag);
    call.json(&body).send().await.expect_problem(412, "version_mismatch");

    let stock = admin.get("/inventory/MUG").await.expect(200);
    assert_eq!(stock["available"], 4, "nothing has changed");
    set(&admin, "MUG", body).await.expect(200);
}

#[tokio::test]
async fn a_threshold_of_its_own_counts_until_it_is_removed() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({
        "name": "Mug", "price": usd(1800), "low_stock_threshold": 3,
        "variants": [{"sku": "MUG", "stock": 5}],
    });
    let mug = create_product(&admin, body).await;
    for (change, threshold, is_low, version) in [
        (json!({"low_stock_threshold": 5}), json!(5), true, 2),
        (json!({"low_stock_threshold": 5}), json!(5), true, 2),
        (json!({"low_stock_threshold": 0, "available": 1}), json!(0), false, 4),
        (json!({"low_stock_threshold": null}), json!(3), true, 5),
        (json!({"low_stock_threshold": null}), json!(3), true, 5),
    ] {
        let stock = set(&admin, "MUG", change.clone()).await.expect(200);
        let found = (&stock["low_stock_threshold"], &stock["low_stock"], &stock["version"]);
        assert_eq!(found, (&threshold, &json!(is_low), &json!(version)), "{change}");
    }
    set(&admin, "MUG", json!({"low_stock_threshold": 7})).await.expect(200);
    let mut product = admin.get(&path_of(&mug)).await.expect(200);
    product["low_stock_threshold"] = Value::Null;
    admin.put(&path_of(&mug), product).await.expect(200);
    let stock = admin.get("/inventory/MUG").await.expect(200);
    assert_eq!(stock["low_stock_threshold"], 7, "an edit of the product leaves it alone");
}

#[tokio::test]
async fn the_same_again_changes_nothing() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_sku(&admin, "MUG", 1800, 5).await;
    let before = app.contents().await;
    set(&admin, "MUG", json!({"available": 5, "reason": "Counted"})).await.expect(200);
    set(&admin, "MUG", json!({"low_stock_threshold": null})).await.expect(200);
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn a_body_names_what_to_set() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_sku(&admin, "MUG", 1800, 5).await;
    for body in [json!({}), json!({"reason": "Counted"}), json!({"available": null})] {
        let problem = set(&admin, "MUG", body).await.expect_problem(422, "nothing_to_change");
        assert!(problem["detail"].as_str().expect("a detail").contains("`available`"));
    }
    for (body, pointer, code) in [
        (json!({"available": -1}), "/available", "stock_out_of_range"),
        (json!({"available": 1.5}), "/available", "wrong_type"),
        (json!({"low_stock_threshold": -1}), "/low_stock_threshold", "stock_out_of_range"),
        (json!({"available": 1, "reason": "x".repeat(201)}), "/reason", "too_long"),
        (json!({"available": 1, "stock": 1}), "/stock", "unknown_field"),
    ] {
        let found = set(&admin, "MUG", body.clone()).await.expect_invalid();
        assert_eq!(found, [(pointer.to_owned(), code.to_owned())], "{body}");
    }
}

#[tokio::test]
async fn stock_that_is_not_tracked_has_a_threshold_but_no_number_to_set() {
    let app = App::start().await;
    let admin = app.admin().await;
    let variants = json!([{"sku": "GIFT", "track_stock": false}]);
    let gift = json!({"name": "Gift Card", "price": usd(2500), "variants": variants});
    create_product(&admin, gift).await;
    let answer = set(&admin, "GIFT", json!({"available": 3})).await;
    let problem = answer.expect_problem(409, "stock_not_tracked");
    assert_eq!(problem["sku"], "GIFT");
    set(&admin, "GIFT", json!({"low_stock_threshold": 3})).await.expect(200);
}

#[tokio::test]
async fn of_many_admins_who_read_the_same_version_one_sets_the_stock() {
    let app = App::builder().with_every_version().start().await;
    let admin = app.admin().await;
    create_sku(&admin, "MUG", 1800, 5).await;
    let read = admin.get("/inventory/MUG").await;
    let tag = read.header("etag").expect("an ETag").to_owned();
    let sets = (0..8).map(|number| {
        let call = admin.call("PUT", "/inventory/MUG").header("if-match", &tag);
        let body = json!({"available": 10 + number});
        async move { call.json(&body).send().await }
    });
    app.race(8);

    let answers = join_all(sets).await;

    assert_eq!(tally(&answers), [(200, 1), (412, 7)].into());
    assert_eq!(movements(&admin, "MUG").await.len(), 2);
}

#[tokio::test]
async fn the_response_can_be_sent_back_and_changes_what_was_edited_only() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({
        "name": "Mug", "price": usd(1800), "low_stock_threshold": 3,
        "variants": [{"sku": "MUG", "stock": 5}, {"sku": "GIFT", "options": {"a": "b"}, "track_stock": false}],
    });
    create_product(&admin, body).await;
    let before = app.contents().await;
    for sku in ["MUG", "GIFT"] {
        let read = admin.get(&format!("/inventory/{sku}")).await.expect(200);
        assert_eq!(set(&admin, sku, read.clone()).await.expect(200), read);
    }
    assert_eq!(app.contents().await, before);
    let mut edited = admin.get("/inventory/MUG").await.expect(200);
    edited["available"] = 9.into();
    let changed = set(&admin, "MUG", edited).await.expect(200);
    assert_eq!(
        (&changed["available"], &changed["own_low_stock_threshold"]),
        (&json!(9), &Value::Null)
    );
    let own = set(&admin, "MUG", json!({"low_stock_threshold": 2})).await.expect(200);
    assert_eq!(
        (&own["low_stock_threshold"], &own["own_low_stock_threshold"]),
        (&json!(2), &json!(2))
    );
}

#[tokio::test]
async fn a_change_that_was_decided_with_another_threshold_is_not_written() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = |threshold: u32, status: &str| {
        json!({
            "name": "Mug", "price": usd(1800), "low_stock_threshold": threshold, "status": status,
            "variants": [{"sku": "MUG"}],
        })
    };
    let mug = create_product(&admin, body(2, "active")).await;
    set(&admin, "MUG", json!({"available": 10})).await.expect(200);
    let (store, sku) = (&app.unrestricted.store, "MUG".parse().expect("a SKU"));
    for edit in [body(5, "active"), body(5, "draft")] {
        let stock = store.inventory().get(&sku).await.expect("stock");
        let settings = InventorySettings {
            available: Some(Stock::new(4)),
            low_stock_threshold: Patch::Keep,
            reason: None,
        };
        let now = app.unrestricted.now();
        let change = stock.set(&settings, now).expect("valid").expect("a change");
        let write = || store.inventory().change(&stock, &change, now);
        admin.put(&path_of(&mug), edit).await.expect(200);
        let transaction = Transaction::with_new_token(now).with(write());
        assert!(!store.transact(transaction).await.expect("an outcome").is_committed());
    }
}
