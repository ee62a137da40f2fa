//! Carts of guests: their tokens, their end, and what becomes of them at a checkout.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::auth::cart_token::CartToken;
use shared::domain::cart_key::CartKey;
use shared::domain::ids::MessageId;
use shared::domain::order::PaymentMethod;
use shared::store::Read;
use shared::store::keys::TTL;
use tests::answer::tally;
use tests::app::{App, AppBuilder};
use tests::log::Log;
use tests::persona::Persona;
use tests::samples::{available, create_sku, id};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A shop in which guests may order without paying at once.
fn open_shop() -> AppBuilder {
    App::builder().configure(|config| config.payment_methods.guests = vec![PaymentMethod::Manual])
}

async fn add(who: &Persona<'_>, sku: &str, quantity: u32) -> Value {
    who.post("/cart/items", json!({"sku": sku, "quantity": quantity})).await.expect(200)
}

/// Orders the cart.
async fn order(who: &Persona<'_>) -> Value {
    who.post("/orders", json!({"email": "guest@example.com"})).await.expect(201)
}

/// Returns the item of the guest's cart, as stored.
async fn stored(app: &App, who: &Persona<'_>) -> Option<Value> {
    let token = who.cart_token.as_deref().and_then(CartToken::read).expect("a token");
    let key = format!("CART#{} CART", token.digest());
    let item = app.contents().await.remove(&key)?;
    let names: BTreeSet<_> = item.keys().cloned().collect();
    Some(json!({"names": names, "ttl": item.get(TTL).and_then(|ttl| ttl.as_n().ok())}))
}

fn quantities(cart: &Value) -> Vec<(&str, u64)> {
    let lines = cart["items"].as_array().expect("lines");
    let line = |line| -> Option<_> {
        let line: &Value = line;
        Some((line["sku"].as_str()?, line["quantity"].as_u64()?))
    };
    lines.iter().filter_map(line).collect()
}

#[tokio::test]
async fn the_first_item_of_a_guest_makes_a_cart_and_its_token_finds_it() {
    let app = App::start().await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let visitor = app.anonymous();
    let empty = visitor.get("/cart").await;
    empty.expect_private();
    let empty = empty.expect(200);
    assert_eq!((&empty["id"], &empty["version"]), (&json!(null), &json!(0)));

    let added = visitor.post("/cart/items", json!({"sku": "MUG", "quantity": 2})).await;

    added.expect_private();
    let guest = visitor.with_cart(added.header("cart-token").expect("a token"));
    let cart = added.expect(200);
    assert!(id(&cart).starts_with("crt_"));
    assert_eq!(guest.get("/cart").await.expect(200), cart);
    let more = guest.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await;
    assert_eq!(more.header("cart-token"), None, "a token is shown once");
    let more = more.expect(200);
    assert_eq!((&more["id"], &more["version"]), (&cart["id"], &json!(2)));
    let fewer = guest.put("/cart/items/MUG", json!({"quantity": 1})).await.expect(200);
    assert_eq!(quantities(&fewer), [("MUG", 1)]);
    assert_eq!(quantities(&guest.delete("/cart/items/MUG").await.expect(200)), []);
    add(&guest, "MUG", 1).await;
    assert_eq!(quantities(&guest.delete("/cart").await.expect(200)), []);
}

#[tokio::test]
async fn a_token_that_no_cart_has_counts_as_none_and_never_makes_one() {
    let app = App::start().await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let chosen = CartToken::new().expect("a token").write();
    let before = app.contents().await;
    for token in [chosen.as_str(), "short", ""] {
        let guest = app.anonymous().with_cart(token);
        let cart = guest.get("/cart").await.expect(200);
        assert_eq!((&cart["id"], &cart["version"]), (&json!(null), &json!(0)));
        let line = guest.put("/cart/items/MUG", json!({"quantity": 1})).await;
        line.expect_problem(404, "not_found");
        guest.delete("/cart/items/MUG").await.expect(200);
        guest.delete("/cart").await.expect(200);
        assert_eq!(app.contents().await, before, "nothing is stored");
    }

    let guest = app.anonymous().with_cart(&chosen);
    let added = guest.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await;

    assert!(added.header("cart-token").is_some_and(|token| token != chosen), "another token");
    assert_eq!(stored(&app, &guest).await, None);
}

#[tokio::test]
async fn a_guests_cart_ends_30_days_after_its_last_change() {
    let app = App::start().await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let guest = app.anonymous().with_new_cart("MUG", 1).await;
    app.advance(20 * DAY);
    add(&guest, "MUG", 1).await;
    app.advance(30 * DAY - Duration::from_secs(1));
    let cart = guest.get("/cart").await.expect(200);
    assert_eq!(quantities(&cart), [("MUG", 2)]);
    let item = stored(&app, &guest).await.expect("a cart");
    let ends = 1_767_225_600 + 50 * 24 * 3600;
    assert_eq!(item["ttl"], json!((ends + 3600).to_string()), "DynamoDB deletes it later");

    app.advance(Duration::from_secs(1));

    let cart = guest.get("/cart").await.expect(200);
    assert_eq!((&cart["id"], &cart["version"]), (&json!(null), &json!(0)));
    guest.put("/cart/items/MUG", json!({"quantity": 1})).await.expect_problem(404, "not_found");
    let problem = guest.post("/orders", json!({"email": "a@b.example"})).await;
    problem.expect_problem(409, "cart_empty");
    let again = guest.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await;
    assert!(again.header("cart-token").is_some(), "a new cart");
    assert_eq!(quantities(&again.expect(200)), [("MUG", 1)]);
}

#[tokio::test]
async fn a_customers_cart_never_expires() {
    let app = App::start().await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let ada = app.customer("ada").await;
    add(&ada, "MUG", 1).await;
    let contents = app.contents().await;
    let carts = contents.iter().filter(|(key, _)| key.starts_with("CART#"));
    for (key, item) in carts {
        assert!(!item.contains_key(TTL) && !item.contains_key("expires_at"), "{key}: {item:?}");
    }
}

#[tokio::test]
async fn new_carts_are_limited_by_ip_address_and_changes_are_not() {
    let app = App::builder().limits("guest_cart_ip=2/3600").start().await;
    create_sku(&app.admin().await, "MUG", 1800, 90).await;
    let visitor = app.anonymous();
    let guest = visitor.with_new_cart("MUG", 1).await;
    visitor.with_new_cart("MUG", 1).await;

    let refused = visitor.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await;

    refused.expect_problem(429, "rate_limited");
    for _ in 0..5 {
        add(&guest, "MUG", 1).await;
        add(&app.customer("ada").await, "MUG", 1).await;
    }
    visitor.at("198.51.100.1").with_new_cart("MUG", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_changes_of_a_guests_cart_are_all_kept() {
    let app = App::start().await;
    create_sku(&app.admin().await, "MUG", 1800, 90).await;
    let guest = app.anonymous().with_new_cart("MUG", 1).await;

    app.race_updates(12);
    let body = json!({"sku": "MUG", "quantity": 1});
    let answers = join_all((0..12).map(|_| guest.post("/cart/items", body.clone()))).await;

    assert_eq!(tally(&answers), [(200, 12)].into());
    assert_eq!(quantities(&guest.get("/cart").await.expect(200)), [("MUG", 13)]);
}

#[tokio::test]
async fn a_write_that_is_repeated_after_others_have_written_counts_once() {
    let app = App::start().await;
    create_sku(&app.admin().await, "MUG", 1800, 90).await;
    let guest = app.anonymous().with_new_cart("MUG", 1).await;
    let ada = app.customer("ada").await;
    add(&ada, "MUG", 1).await;
    let token = guest.cart_token.as_deref().and_then(CartToken::read).expect("a token");
    let keys = [token.key(), CartKey::Customer(ada.user_id.expect("an id"))];
    let carts = app.unrestricted.store.carts();
    for (who, key) in [guest, ada].iter().zip(keys) {
        for others in [0, 1, 9] {
            let now = app.unrestricted.now();
            let cart = carts.get(&key, Read::Consistent, now).await.expect("a cart");
            let written = cart.written(&key, MessageId::new(now), now);
            assert!(carts.replace(&key, &written, now).await.expect("an answer"));
            for _ in 0..others {
                add(who, "MUG", 1).await;
            }

            // As the SDK does if the first response is lost.
            let is_known = carts.replace(&key, &written, now).await.expect("an answer");

            assert!(is_known, "after {others} other writes");
            let cart = carts.get(&key, Read::Consistent, now).await.expect("a cart");
            assert_eq!(cart.version, written.version + others, "written once");
        }
        let now = app.unrestricted.now();
        let cart = carts.get(&key, Read::Consistent, now).await.expect("a cart");
        let another = cart.written(&key, MessageId::new(now), now);
        add(who, "MUG", 1).await;
        assert!(!carts.replace(&key, &another, now).await.expect("an answer"), "never written");
    }
}

#[tokio::test]
async fn a_guests_cart_becomes_one_order() {
    let app = open_shop().start().await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 90).await;
    let guest = app.anonymous().with_new_cart("MUG", 2).await;

    app.race(10);
    let body = json!({"email": "guest@example.com"});
    let answers = join_all((0..10).map(|_| guest.post("/orders", body.clone()))).await;

    assert_eq!(tally(&answers), [(201, 1), (409, 9)].into());
    assert_eq!(available(&guest, &mug).await, 88);
    let cart = guest.get("/cart").await.expect(200);
    assert_eq!((quantities(&cart), &cart["version"]), (vec![], &json!(2)));
}

#[tokio::test]
async fn a_guests_cart_has_five_unpaid_orders_at_most_and_a_cancelled_one_makes_room() {
    let app = open_shop().start().await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 90).await;
    let guest = app.anonymous().with_new_cart("MUG", 1).await;
    let direct = json!({"items": [{"sku": "MUG", "quantity": 1}], "email": "guest@example.com"});
    order(&guest).await;
    let mut last = None;
    for _ in 0..4 {
        let placed = guest.post("/orders", direct.clone()).await;
        let token = placed.header("order-token").expect("a token").to_owned();
        last = Some((token, placed.expect(201)));
    }

    let refused = guest.post("/orders", direct.clone()).await;

    refused.expect_problem(409, "too_many_unpaid_orders");
    assert_eq!(available(&guest, &mug).await, 85);
    let (token, last) = last.expect("an order");
    let path = format!("/orders/{}", id(&last));
    guest.call("DELETE", &path).header("order-token", &token).send().await.expect(200);
    guest.post("/orders", direct.clone()).await.expect(201);
    guest.post("/orders", direct).await.expect_problem(409, "too_many_unpaid_orders");
}

#[tokio::test]
async fn an_order_is_cancelled_although_its_cart_is_gone_and_the_cart_does_not_come_back() {
    let app = open_shop().start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 90).await;
    let expired = app.anonymous().with_new_cart("MUG", 1).await;
    let of_expired = order(&expired).await;
    let merged = app.anonymous().with_new_cart("MUG", 1).await;
    let of_merged = order(&merged).await;
    add(&merged, "MUG", 1).await;
    ada.with_cart(merged.cart_token.as_deref().expect("a token")).get("/cart").await.expect(200);
    // DynamoDB deletes what has ended.
    let carts = app.unrestricted.store.carts();
    for guest in [&expired, &merged] {
        let token = guest.cart_token.as_deref().and_then(CartToken::read).expect("a token");
        carts.delete(&token.key()).await.expect("a deletion");
    }

    for order in [of_expired, of_merged] {
        let path = format!("/orders/{}", id(&order));
        assert_eq!(admin.delete(&path).await.expect(200)["status"], "cancelled");
    }

    assert_eq!(available(&ada, &mug).await, 90);
    for guest in [expired, merged] {
        assert_eq!(stored(&app, &guest).await, None);
    }
}

#[tokio::test]
async fn a_guest_without_a_cart_orders_items_as_with_a_foreign_token() {
    let app = open_shop().start().await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 90).await;
    let unknown = CartToken::new().expect("a token").write();
    let guest = app.anonymous().with_cart(&unknown);
    let direct = json!({"items": [{"sku": "MUG", "quantity": 1}], "email": "guest@example.com"});
    for _ in 0..6 {
        guest.post("/orders", direct.clone()).await.expect(201);
    }
    assert_eq!(stored(&app, &guest).await, None, "an order makes no cart");
    assert_eq!(available(&guest, &mug).await, 84);
}

#[tokio::test]
async fn an_order_of_items_leaves_an_expired_cart_alone() {
    let app = open_shop().start().await;
    create_sku(&app.admin().await, "MUG", 1800, 90).await;
    let guest = app.anonymous().with_new_cart("MUG", 1).await;
    let before = stored(&app, &guest).await;
    app.advance(31 * DAY);
    let direct = json!({"items": [{"sku": "MUG", "quantity": 1}], "email": "guest@example.com"});

    for _ in 0..6 {
        guest.post("/orders", direct.clone()).await.expect(201);
    }

    assert_eq!(stored(&app, &guest).await, before, "no order counts in it");
}

#[tokio::test]
async fn the_tokens_of_guests_are_in_no_log() {
    let app = open_shop().start().await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let log = Log::default();
    let listening = log.listen();

    let guest = app.anonymous().with_new_cart("MUG", 1).await;
    let cart_token = guest.cart_token.clone().expect("a token");
    guest.get("/cart").await.expect(200);
    guest.post("/cart/items", json!({"sku": "CUP", "quantity": 1})).await.expect(404);
    let order = json!({"email": "guest@example.com"});
    let placed = guest.call("POST", "/orders").header("idempotency-key", "key").json(&order);
    let placed = placed.send().await;
    let order_token = placed.header("order-token").expect("a token").to_owned();
    let path = format!("/orders/{}", id(&placed.expect(201)));
    let with_token = |method| guest.call(method, &path).header("order-token", &order_token);
    with_token("GET").send().await.expect(200);
    with_token("DELETE").send().await.expect(200);
    let stale = with_token("DELETE").header("if-match", "\"7\"").send().await;
    stale.expect(200);
    app.throttle_reads(usize::MAX);
    guest.get("/cart").await.expect(503);
    with_token("GET").send().await.expect(503);

    drop(listening);
    let log = log.text();
    assert!(log.contains("place-order") && log.contains("throttl"), "{log}");
    for secret in [cart_token, order_token] {
        assert!(!log.contains(&secret), "{log}");
    }
}
