//! Mail to guests, whose e-mail address nobody has proved.

use std::time::Duration;

use serde_json::{Value, json};
use shared::auth::order_token::OrderToken;
use shared::domain::order::PaymentMethod;
use tests::app::{App, AppBuilder};
use tests::mailbox::token;
use tests::samples::{create_product, id, product};

const GUEST: &str = "guest@example.com";

fn open_shop() -> AppBuilder {
    App::builder().configure(|config| config.payment_methods.guests = vec![PaymentMethod::Manual])
}

/// Orders a mug as a guest, with an address.
async fn order(app: &App, mug: &Value) -> Value {
    let address = json!({
        "name": "Buy cheap pills",
        "line1": "12 St James's Square",
        "city": "London",
        "country": "GB",
    });
    let items = json!([{"product_id": mug["id"], "quantity": 1}]);
    let body = json!({"items": items, "email": GUEST, "shipping_address": address});
    app.anonymous().post("/orders", body).await.expect(201)
}

#[tokio::test]
async fn a_guest_gets_a_link_with_a_token_of_its_own_and_nothing_that_the_guest_wrote() {
    let app = open_shop().start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 40)).await;
    let order = order(&app, &mug).await;

    assert_eq!(app.deliver_mail().await, [""; 0]);

    let mail = app.mail_to(GUEST);
    assert_eq!(mail.subject, "Your order at Bodega");
    assert!(mail.text.contains("1 × Stoneware Mug: 18.00 USD"), "{}", mail.text);
    for text in [&mail.text, &mail.html] {
        assert!(!text.contains("pills") && !text.contains("London"), "{text}");
    }
    let link = format!("https://shop.example/orders/{}#token={}", id(&order), token(&mail));
    assert!(mail.text.contains(&link), "{}", mail.text);
    let call = app.anonymous().call("GET", &format!("/orders/{}", id(&order)));
    let read = call.header("order-token", &token(&mail)).send().await.expect(200);
    assert_eq!(read, order, "the mail changes neither the version nor the time");
}

#[tokio::test]
async fn a_cancelled_order_is_mailed_to_the_guest_too() {
    let app = open_shop().start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 40)).await;
    let order = order(&app, &mug).await;
    admin.delete(&format!("/orders/{}", id(&order))).await.expect(200);

    assert_eq!(app.deliver_mail().await, [""; 0]);

    let mut subjects: Vec<_> = app.mails_to(GUEST).into_iter().map(|mail| mail.subject).collect();
    subjects.sort();
    assert_eq!(subjects, ["Your order at Bodega", "Your order at Bodega was cancelled"]);
}

#[tokio::test]
async fn an_address_gets_three_mails_a_day_about_orders_that_nobody_paid() {
    let app = open_shop().limits("").start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 40)).await;
    for _ in 0..4 {
        order(&app, &mug).await;
    }
    assert_eq!(app.deliver_mail().await, [""; 0]);
    assert_eq!(app.mails_to(GUEST).len(), 3);

    app.advance(Duration::from_secs(24 * 3600));
    order(&app, &mug).await;
    assert_eq!(app.deliver_mail().await, [""; 0]);

    assert_eq!(app.mails_to(GUEST).len(), 4);
}

#[tokio::test]
async fn the_checkouts_token_outlives_the_tokens_of_many_mails() {
    let app = open_shop().start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 40)).await;
    let items = json!([{"product_id": mug["id"], "quantity": 1}]);
    let placed = app.anonymous().post("/orders", json!({"items": items, "email": GUEST})).await;
    let own = placed.header("order-token").expect("a token").to_owned();
    let order = placed.expect(201);
    let path = format!("/orders/{}", id(&order));
    let orders = app.unrestricted.store.orders();
    let mut mailed = Vec::new();
    for number in 0..11 {
        let stored = orders.find(id(&order).parse().expect("an id")).await.expect("an answer");
        let token = OrderToken::new().expect("a token");
        let stored = stored.expect("an order");
        assert!(
            orders.add_mailed_token(&stored, &token.digest()).await.expect("a write"),
            "{number}"
        );
        let stale = orders.add_mailed_token(&stored, "another").await.expect("an answer");
        assert!(!stale, "the tokens have changed since");
        mailed.push(token.write());
    }
    let status = |token: String| {
        let call = app.anonymous().call("GET", &path).header("order-token", &token);
        async move { call.send().await.status }
    };

    assert_eq!(status(own).await, 200);
    assert_eq!(status(mailed.remove(0)).await, 404, "the oldest of eleven");
    for token in mailed {
        assert_eq!(status(token).await, 200);
    }
}
