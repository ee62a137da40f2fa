//! The text of every key. If a key changes, the items under the old key are lost.

use std::collections::BTreeSet;

use serde_json::json;
use shared::catalogue::manifest::Slot;
use shared::domain::cart_key::CartKey;
use shared::domain::email::Email;
use shared::domain::ids::{MessageId, OrderId, ProductId, ReviewId, UserId};
use shared::domain::order::{OrderNumber, OrderStatus};
use shared::domain::quantity::Stars;
use shared::domain::rate_limit::RateLimit;
use shared::domain::review::ReviewStatus;
use shared::domain::sku::Sku;
use shared::domain::slug::Slug;
use shared::domain::time::Timestamp;
use shared::store::keys::{self, Key};
use tests::app::App;
use tests::samples::{create_product, product};
use tests::stream::Stream;

const UUID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(prefix: &str) -> T {
    format!("{prefix}_{UUID}").parse().expect("an identifier")
}

#[test]
fn key_texts_never_change() {
    let user: UserId = id("usr");
    let product: ProductId = id("prd");
    let order: OrderId = id("ord");
    let message: MessageId = id("msg");
    let sku = Sku::parse("TEE-M".into()).expect("a SKU");
    let category = Slug::parse("shirts".into()).expect("a slug");
    let email = Email::parse("Ada@Example.com".into()).expect("an address");
    for (Key { pk, sk }, golden) in [
        (keys::profile(user), "USER#usr_{} PROFILE"),
        (keys::security(user), "USER#usr_{} SECURITY"),
        (keys::credential(&email), "EMAIL#ada@example.com CREDENTIAL"),
        (
            keys::registration(&email.digest(), id("reg")),
            "REGISTRATION#b5fc85e55755f9e0d030a10ab4429b6b reg_{}",
        ),
        (keys::reset("digest"), "RESET#digest RESET"),
        (keys::deletion(user), "DELETION usr_{}"),
        (keys::product(product), "PRODUCT#prd_{} PRODUCT"),
        (keys::variant(product, &sku), "PRODUCT#prd_{} VARIANT#TEE-M"),
        (keys::sku(&sku), "SKU#TEE-M SKU"),
        (keys::movement(product, &sku, 42), "LEDGER#prd_{}#TEE-M 000000000042"),
        (keys::rating(product), "PRODUCT#prd_{} RATING"),
        (keys::review(product, id::<ReviewId>("rev")), "REVIEWS#prd_{} rev_{}"),
        (keys::review_marker(user, product), "REVIEWER#usr_{} prd_{}"),
        (keys::purchase(user, product, order), "PURCHASES#usr_{} prd_{}#ord_{}"),
        (keys::catalogue_log_entry(42), "CATALOGUE#LOG 000000000042"),
        (keys::catalogue_manifest(), "CATALOGUE#MANIFEST MANIFEST"),
        (keys::catalogue_segment(Slot::B, 7), "CATALOGUE#SEGMENT#B#7 SEGMENT"),
        (keys::category(&category), "CATEGORIES shirts"),
        (keys::category_tree(), "CATEGORIES TREE"),
        (keys::cart(&CartKey::Customer(user)), "CART#crt_{} CART"),
        (keys::order(order), "ORDER#ord_{} ORDER"),
        (keys::message(message), "OUTBOX#7 msg_{}"),
        (keys::failed_message(message), "OUTBOX#failed msg_{}"),
        (keys::idempotency("digest"), "IDEMPOTENCY#digest MARKER"),
        (
            keys::rate_limit(RateLimit::LoginAccount, "digest", 900),
            "LIMIT#login_account#digest#900 COUNT",
        ),
        (
            keys::known_ip(&email.digest(), "digest"),
            "KNOWN#b5fc85e55755f9e0d030a10ab4429b6b digest",
        ),
        (keys::admins(), "ADMINS ADMINS"),
        (keys::signing_keys(), "SIGNING_KEYS PUBLIC"),
    ] {
        assert_eq!(format!("{pk} {sk}"), golden.replace("{}", UUID));
    }
    assert_eq!(keys::product_shard(product), "PRODUCTS#7");
    let shards: Vec<_> = keys::product_shards().collect();
    assert_eq!((shards.len(), &*shards[0], &*shards[7]), (8, "PRODUCTS#0", "PRODUCTS#7"));
    assert_eq!(keys::user_listing(), "USERS");
    assert_eq!(keys::customer(user), format!("CUSTOMER#usr_{UUID}"));
    assert_eq!(keys::guest(&email.digest()), "GUEST#b5fc85e55755f9e0d030a10ab4429b6b");
    let number = OrderNumber::of(order);
    assert_eq!(keys::order_shard(number), "ORDERS#3");
    assert_eq!(keys::order_status_shard(OrderStatus::PendingPayment, number), "pending_payment#3");
    let shards: Vec<_> = keys::order_shards().collect();
    assert_eq!((shards.len(), &*shards[0], &*shards[7]), (8, "ORDERS#0", "ORDERS#7"));
    let shards: Vec<_> = keys::order_status_shards(OrderStatus::Paid).collect();
    assert_eq!((shards.len(), &*shards[0], &*shards[7]), (8, "paid#0", "paid#7"));
    assert_eq!(keys::expiry_shard(order), "EXPIRING#7");
    let shards: Vec<_> = keys::expiry_shards().collect();
    assert_eq!((shards.len(), &*shards[0], &*shards[15]), (16, "EXPIRING#0", "EXPIRING#f"));
    assert_eq!(keys::sku_shard(&sku), "SKUS#7");
    let shards: Vec<_> = keys::sku_shards().collect();
    assert_eq!((shards.len(), &*shards[0], &*shards[7]), (8, "SKUS#0", "SKUS#7"));
    let (review, five) = (id::<ReviewId>("rev"), Stars::ALL[4]);
    assert_eq!(keys::rated_product(product), format!("RATED#prd_{UUID}"));
    assert_eq!(keys::rating_key(five, review), format!("5#rev_{UUID}"));
    assert!(keys::rating_key(five, review).starts_with(&keys::with_stars(five)));
    assert_eq!(keys::review_status(ReviewStatus::Pending), "REVIEWS#pending");
    assert_eq!(keys::review_status_key(review, product), format!("rev_{UUID}#prd_{UUID}"));
    for (index, partition, sort) in [
        (keys::REVIEWS_BY_RATING, keys::rated_product(product), keys::rating_key(five, review)),
        (keys::REVIEWS_BY_STATUS, String::new(), keys::review_status_key(review, product)),
    ] {
        assert_eq!(
            (index.key)(&partition, &sort),
            Some(keys::review(product, review)),
            "{index:?}"
        );
    }
    let now = Timestamp::from_unix_millis(0);
    let expiry = keys::expiry(now, order);
    assert_eq!(expiry, format!("{now}#ord_{UUID}"));
    assert!(expiry < keys::expiries_until(now));
}

#[tokio::test]
async fn only_items_that_may_expire_have_a_time_to_live() {
    let app = App::builder().limits("").start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let ada = ada.with_password("correct horse").await;
    let email = ada.get("/users/me").await.expect(200)["email"].clone();
    let login = json!({"email": email, "password": "correct horse"});
    ada.post("/auth/login", login).await.expect(200);
    admin.create_category("mugs").await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let line = json!({"product_id": mug["id"], "quantity": 1});
    ada.post("/cart/items", line).await.expect(200);
    let place = ada.call("POST", "/orders").header("idempotency-key", "once").json(&json!({}));
    let order = place.send().await.expect(201);
    let order = format!("/orders/{}", order["id"].as_str().expect("an id"));
    admin.put(&order, json!({"status": "paid"})).await.expect(200);
    let path = format!("/products/{}/reviews", mug["id"].as_str().expect("an id"));
    ada.post(&path, json!({"rating": 5})).await.expect(201);

    let account = json!({"email": "eve@example.com", "password": "correct horse", "name": "Eve"});
    app.anonymous().sign_up(account.clone()).await;
    app.anonymous().post("/auth/register", account).await.expect(202);
    app.reset_token("eve@example.com").await;
    let leaver = app.customer("leaver").await.with_password("correct horse").await;
    let password = json!({"password": "correct horse"});
    leaver.post("/users/me/deletion", password).await.expect(202);

    app.project_changes(&mut Stream::default()).await;

    let mut types = BTreeSet::new();
    for item in app.items().await {
        let kind = item["type"].as_s().expect("every item has a type tag").clone();
        let may_go =
            ["idempotency_marker", "known_ip", "message", "rate_limit", "registration", "reset"]
                .contains(&kind.as_str());
        assert_eq!(item.contains_key(keys::TTL), may_go, "{kind}: {item:?}");
        types.insert(kind);
    }
    let expected = [
        "admins",
        "cart",
        "catalogue_log_entry",
        "category",
        "category_tree",
        "credential",
        "deletion",
        "idempotency_marker",
        "known_ip",
        "message",
        "movement",
        "order",
        "product",
        "purchase",
        "rate_limit",
        "rating",
        "registration",
        "reset",
        "review",
        "review_marker",
        "security",
        "signing_keys",
        "sku",
        "user",
        "variant",
    ];
    assert!(types.iter().eq(expected.iter()), "{types:?}");
}
