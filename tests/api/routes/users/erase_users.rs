//! `erase-users`

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tests::app::App;
use tests::samples::{available, create_product, product};

const PASSWORD: &str = "correct horse";
const MINUTE: Duration = Duration::from_secs(60);

/// What nobody else in the shop is called, writes or has.
const PERSONAL: [&str; 9] = [
    "ada.lovelace@example.com",
    "Ada Lovelace",
    "lovelace",
    "+44 20 7946 0958",
    "12 St James",
    "SW1Y 4JH",
    "Byron & Sons",
    "203.0.113.7",
    "JJD 0034 0042",
];

async fn erase(app: &App) -> Value {
    app.run_job("erase-users", json!({"source": "aws.events"})).await.expect("a run")
}

/// A customer who has left traces everywhere, and deleted the account.
async fn deleted(app: &App, mug: &Value) -> (String, Value) {
    let visitor = app.anonymous();
    let account = json!({
        "email": PERSONAL[0],
        "password": PASSWORD,
        "name": PERSONAL[1],
        "phone": PERSONAL[3],
    });
    // Twice, so that one registration waits in vain.
    visitor.post("/auth/register", account.clone()).await.expect(202);
    app.advance(Duration::from_millis(1));
    let login = visitor.sign_up(account.clone()).await;
    visitor.post("/auth/register", account).await.expect(202);
    let email = json!({"email": PERSONAL[0]});
    visitor.post("/auth/forgot-password", email.clone()).await.expect(202);
    visitor.post("/auth/resend-verification", email).await.expect(202);
    app.reset_token(PERSONAL[0]).await;
    for _ in 0..2 {
        let wrong = json!({"email": PERSONAL[0], "password": "not mine"});
        visitor.post("/auth/login", wrong).await.expect_problem(401, "invalid_credentials");
    }
    let ada = visitor.with_token(login["access_token"].as_str().expect("a token"));
    let address = json!({
        "label": PERSONAL[6],
        "name": PERSONAL[1],
        "line1": PERSONAL[4],
        "city": "London",
        "postal_code": PERSONAL[5],
        "country": "GB",
    });
    ada.patch("/users/me", json!({"addresses": [address]})).await.expect(200);
    ada.post("/cart/items", json!({"product_id": mug["id"], "quantity": 2})).await.expect(200);
    let place = ada.call("POST", "/orders").header("idempotency-key", "once").json(&json!({}));
    let order = place.send().await.expect(201);
    assert_eq!(order["shipping_address"]["line1"], PERSONAL[4]);
    let path = format!("/orders/{}", order["id"].as_str().expect("an id"));
    let parcel = json!({"carrier": "DHL", "number": PERSONAL[8], "url": null});
    let note = json!({"tracking": parcel, "note": format!("Ask for {}.", PERSONAL[1])});
    app.admin().await.put(&path, note).await.expect(200);
    let order = ada.delete(&path).await.expect(200);
    ada.post("/cart/items", json!({"product_id": mug["id"], "quantity": 1})).await.expect(200);
    app.advance(MINUTE + Duration::from_millis(1));
    ada.post("/users/me/deletion", json!({"password": PASSWORD})).await.expect(202);
    (login["user"]["id"].as_str().expect("an id").to_owned(), order)
}

#[tokio::test]
async fn nothing_personal_is_left_anywhere() {
    let app = App::builder().limits("").start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let (user, order) = deleted(&app, &mug).await;
    let before = format!("{:?}", app.items().await);
    assert!(before.contains(PERSONAL[4]), "the order still knows the address");

    app.advance(2 * MINUTE);
    assert_eq!(erase(&app).await, json!({"done": 0, "left": 1}));
    assert_eq!(erase(&app).await, json!({"done": 1, "left": 0}));

    let items = app.items().await;
    let after = format!("{items:?}").to_lowercase();
    for personal in PERSONAL {
        assert!(!after.contains(&personal.to_lowercase()), "{personal} is still there");
    }
    // What a forgotten password's token allowed, for an hour, knows the identifier and no more.
    let know_the_id = items.iter().filter(|item| format!("{item:?}").contains(&user));
    let kinds: Vec<_> = know_the_id.map(|item| item["type"].as_s().expect("a type")).collect();
    assert_eq!(kinds, ["reset"]);
    // Who was counted goes by the time to live of its window.
    let digests = app.contents().await.into_keys().filter(|key| key.starts_with("KNOWN#"));
    assert_eq!(digests.count(), 0, "where the account was used from is still there");
    let path = format!("/orders/{}", order["id"].as_str().expect("an id"));
    let left = admin.get(&path).await.expect(200);
    assert_eq!((&left["user_id"], &left["shipping_address"]), (&json!(null), &json!(null)));
    assert_eq!((&left["tracking"], &left["history"][1]["note"]), (&json!(null), &json!(null)));
    assert_eq!((&left["items"], &left["total"]), (&order["items"], &order["total"]));
    assert_eq!(available(&admin, &mug).await, 5);
}

#[tokio::test]
async fn who_has_come_back_under_the_same_address_is_somebody_else() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    deleted(&app, &mug).await;
    app.advance(MINUTE);
    let account = json!({"email": PERSONAL[0], "password": PASSWORD, "name": "Ada"});
    app.anonymous().post("/auth/register", account).await.expect(202);
    let token = app.verification_token(PERSONAL[0]).await;

    while erase(&app).await["left"] != 0 {}

    let verify = json!({"token": token, "password": PASSWORD});
    let login = app.anonymous().post("/auth/verify-email", verify).await.expect(200);
    let ada = app.anonymous().with_token(login["access_token"].as_str().expect("a token"));
    assert_eq!(ada.get("/orders").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn it_waits_until_requests_of_that_time_have_ended() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    deleted(&app, &mug).await;
    let before = app.contents().await;

    assert_eq!(erase(&app).await, json!({"done": 0, "left": 1}));

    assert!(app.contents().await == before, "something was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_runs_at_once_one_takes_the_person_out_of_an_order() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let (_, order) = deleted(&app, &mug).await;
    let path = format!("/orders/{}", order["id"].as_str().expect("an id"));
    let before = admin.get(&path).await.expect(200)["version"].as_u64().expect("a version");
    app.advance(2 * MINUTE);
    let admin = admin.with_new_session().await;

    app.race_updates(2);
    futures_util::future::join(erase(&app), erase(&app)).await;

    assert_eq!(admin.get(&path).await.expect(200)["version"], before + 1);
}

#[tokio::test]
async fn where_nobody_has_left_there_is_nothing_to_do() {
    let app = App::start().await;
    assert_eq!(erase(&app).await, json!({"done": 0, "left": 0}));
}

/// Neither a message of a newer version nor one that is broken keeps people from being erased.
#[tokio::test]
async fn a_message_that_can_not_be_read_keeps_nobody() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    for (pk, sk) in [("OUTBOX#0", "broken"), ("OUTBOX#failed", "broken"), ("DELETION", "broken")] {
        let put = app.client.put_item().table_name(&app.table).item("type", text("message"));
        let put = put.item("pk", text(pk)).item("sk", text(sk)).item("event", text("?"));
        put.send().await.expect("an item");
    }
    deleted(&app, &mug).await;
    app.advance(2 * MINUTE);

    assert_eq!(erase(&app).await, json!({"done": 0, "left": 1}));
    assert_eq!(erase(&app).await, json!({"done": 1, "left": 0}));
}
