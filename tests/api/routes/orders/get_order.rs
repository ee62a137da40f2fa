//! `GET /orders/{order_id}`

use serde_json::json;
use tests::app::App;
use tests::samples::{create_product, order_of, product};

use super::{IMPOSSIBLE, UNKNOWN_ORDER, path};

#[tokio::test]
async fn its_owner_sees_the_order_as_it_was_placed() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let placed = ada.post("/orders", order_of(&mug, 2)).await;

    let got = ada.get(&path(&placed.body)).await;

    got.expect_private();
    assert_eq!(got.header("etag"), placed.header("etag"));
    assert_eq!(got.header("location"), None);
    assert_eq!(got.expect(200), placed.body);
}

#[tokio::test]
async fn an_admin_sees_every_order_and_the_admins_actions() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);

    let seen = admin.get(&path(&order)).await.expect(200);

    assert_eq!(order["allowed_transitions"], json!(["cancelled"]));
    let mut expected = order;
    expected["allowed_transitions"] = json!(["paid", "processing", "cancelled"]);
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_missing_malformed_or_foreign_order_is_not_found() {
    let app = App::start().await;
    let (admin, ada, grace) =
        (app.admin().await, app.customer("ada").await, app.customer("grace").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let adas = path(&ada.post("/orders", order_of(&mug, 2)).await.expect(201));

    grace.get(&adas).await.expect_problem(404, "not_found");
    for caller in [&ada, &admin] {
        for path in IMPOSSIBLE.iter().chain([&UNKNOWN_ORDER]) {
            let answer = caller.get(path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.expect_problem(404, "not_found")["instance"], *path);
        }
    }
}

#[tokio::test]
async fn a_cancelled_order_shows_its_status() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    let cancelled = ada.delete(&path(&order)).await.expect(200);

    let got = ada.get(&path(&order)).await;

    assert_eq!(got.version(), "2");
    assert_eq!(got.expect(200), cancelled);
}
