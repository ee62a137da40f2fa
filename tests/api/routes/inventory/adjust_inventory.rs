//! `POST /inventory/{sku}/adjustments`

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tests::answer::tally;
use tests::app::App;
use tests::gate::Loss;
use tests::persona::Persona;
use tests::samples::{create_product, create_sku, order_of, path_of, usd};

use super::{adjust, movements};

async fn left(admin: &Persona<'_>) -> Value {
    admin.get("/inventory/MUG").await.expect(200)["available"].clone()
}

#[tokio::test]
async fn an_adjustment_is_a_movement_that_shows_at_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_sku(&admin, "MUG", 1800, 5).await;
    let body = json!({"delta": -2, "reason": "  Broken in transport "});

    let answer = admin.post("/inventory/MUG/adjustments", body).await;

    assert_eq!(answer.header("location"), Some("/inventory/MUG/movements"));
    let movement = answer.expect(201);
    let expected = json!({
        "id": movement["id"], "at": "2026-01-01T00:00:00.000Z", "delta": -2, "available_after": 3,
        "cause": "adjustment", "reason": "Broken in transport",
    });
    assert_eq!(movement, expected);
    let page = admin.get("/inventory/MUG/movements").await.expect(200);
    assert_eq!(page["data"][0], movement);
    assert_eq!(left(&admin).await, 3);
}

#[tokio::test]
async fn more_than_there_is_can_not_be_removed() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_sku(&admin, "MUG", 1800, 5).await;
    let before = app.contents().await;

    let problem = adjust(&admin, "MUG", -6).await.expect_problem(409, "out_of_stock");

    assert_eq!(problem["sku"], "MUG");
    assert_eq!((&problem["requested"], &problem["available"]), (&json!(6), &json!(5)));
    assert_eq!(app.contents().await, before);
    let found = adjust(&admin, "MUG", 999_999_996).await.expect_invalid();
    assert_eq!(found, [("/delta".to_owned(), "stock_out_of_range".to_owned())]);
    adjust(&admin, "MUG", -5).await.expect(201);
}

#[tokio::test]
async fn a_body_has_a_delta_and_a_reason() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_sku(&admin, "MUG", 1800, 5).await;
    for (body, expected) in [
        (json!({}), vec![("/delta", "required"), ("/reason", "required")]),
        (
            json!({"delta": 0, "reason": " "}),
            vec![("/delta", "stock_out_of_range"), ("/reason", "too_short")],
        ),
        (
            json!({"delta": "5", "reason": "a\nb"}),
            vec![("/delta", "wrong_type"), ("/reason", "control_character")],
        ),
        (json!({"delta": 1.5, "reason": "a"}), vec![("/delta", "wrong_type")]),
    ] {
        let found = admin.post("/inventory/MUG/adjustments", body.clone()).await.expect_invalid();
        let expected = expected.into_iter().map(|(at, code)| (at.to_owned(), code.to_owned()));
        assert_eq!(found, expected.collect::<Vec<_>>(), "{body}");
    }
}

#[tokio::test]
async fn stock_that_is_not_tracked_can_not_be_adjusted() {
    let app = App::start().await;
    let admin = app.admin().await;
    let variants = json!([{"sku": "GIFT", "track_stock": false}]);
    let gift = json!({"name": "Gift Card", "price": usd(2500), "variants": variants});
    let gift = create_product(&admin, gift).await;
    adjust(&admin, "GIFT", 3).await.expect_problem(409, "stock_not_tracked");
    let variants = json!([{"sku": "GIFT", "track_stock": true}]);
    let tracked = json!({"name": "Gift Card", "price": usd(2500), "variants": variants});
    admin.put(&path_of(&gift), tracked).await.expect(200);
    adjust(&admin, "GIFT", 3).await.expect(201);
}

#[tokio::test]
async fn the_same_key_again_returns_the_same_movement() {
    let app = App::start().await;
    let (admin, other) = (app.admin().await, app.admin().await);
    create_sku(&admin, "MUG", 1800, 5).await;
    let send = async |who: &Persona<'_>, delta: i64| {
        let call = who.call("POST", "/inventory/MUG/adjustments");
        let body = json!({"delta": delta, "reason": "Delivery"});
        call.header("idempotency-key", "delivery-17").json(&body).send().await
    };
    let first = send(&admin, 3).await;
    assert_eq!(first.header("idempotent-replayed"), None);
    let first = first.expect(201);
    adjust(&admin, "MUG", 1).await.expect(201);

    let again = send(&admin, 3).await;

    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.expect(201), first);
    assert_eq!(left(&admin).await, 9);
    send(&admin, 4).await.expect_problem(422, "idempotency_key_reused");
    let call = admin.call("POST", "/inventory/MUG/adjustments").header("idempotency-key", "a b");
    let body = json!({"delta": 3, "reason": "Delivery"});
    call.json(&body).send().await.expect_problem(400, "invalid_idempotency_key");
    send(&other, 3).await.expect(201);
    assert_eq!(left(&admin).await, 12, "a key belongs to its user");
}

#[tokio::test]
async fn a_key_is_recalled_before_any_refusal() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    let send = async || {
        let call = admin.call("POST", "/inventory/MUG/adjustments");
        let body = json!({"delta": -5, "reason": "Lost"});
        call.header("idempotency-key", "lost-1").json(&body).send().await
    };
    let first = send().await.expect(201);
    assert_eq!(send().await.expect(201), first, "although nothing is left");
    admin.delete(&path_of(&mug)).await.expect(204);
    assert_eq!(send().await.expect(201), first, "although the SKU is gone");
}

#[tokio::test]
async fn equal_requests_at_once_adjust_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_sku(&admin, "MUG", 1800, 5).await;
    let send = || {
        let call = admin.call("POST", "/inventory/MUG/adjustments");
        call.header("idempotency-key", "k").json(&json!({"delta": 3, "reason": "Delivery"})).send()
    };
    app.race(8);

    let answers = join_all((0..8).map(|_| send())).await;

    let movements: Vec<_> = answers.into_iter().map(|answer| answer.expect(201)).collect();
    assert!(movements.iter().all(|movement| *movement == movements[0]), "{movements:?}");
    assert_eq!(left(&admin).await, 8);
}

#[tokio::test]
async fn adjustments_and_sales_at_once_are_all_in_the_books() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 100).await;
    let adjustments = join_all((1..=6).map(|units| adjust(&admin, "MUG", units - 10)));
    let sales = join_all((1..=4).map(|units| ada.post("/orders", order_of(&mug, units))));
    app.race(10);

    let (adjusted, sold) = join(adjustments, sales).await;

    for answer in adjusted.into_iter().chain(sold) {
        answer.expect(201);
    }
    assert_eq!(left(&admin).await, 100 - (9 + 8 + 7 + 6 + 5 + 4) - (1 + 2 + 3 + 4));
    let stock = admin.get("/inventory/MUG").await.expect(200);
    assert_eq!(stock["version"], 11);
}

#[tokio::test]
async fn adjustments_at_once_do_not_take_more_than_there_is() {
    let app = App::builder().with_every_version().start().await;
    let admin = app.admin().await;
    create_sku(&admin, "MUG", 1800, 5).await;
    app.race(4);

    let answers = join_all((0..4).map(|_| adjust(&admin, "MUG", -2))).await;

    assert_eq!(tally(&answers), [(201, 2), (409, 2)].into());
    assert_eq!(left(&admin).await, 1);
    let expected = ["adjustment -2 = 1", "adjustment -2 = 3", "initial +5 = 5"];
    assert_eq!(movements(&admin, "MUG").await, expected);
}

#[tokio::test]
async fn a_lost_response_does_not_adjust_twice() {
    for loss in [Loss::OfRequest, Loss::OfResponse] {
        let app = App::builder().with_every_version().start().await;
        let admin = app.admin().await;
        create_sku(&admin, "MUG", 1800, 5).await;
        app.lose(loss, 1);
        adjust(&admin, "MUG", 3).await.expect(201);
        assert_eq!(
            movements(&admin, "MUG").await,
            ["adjustment +3 = 8", "initial +5 = 5"],
            "{loss:?}"
        );
    }
}
