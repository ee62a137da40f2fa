//! Orders whose total is 0: paid at once, never unpaid.

use std::time::Duration;

use serde_json::{Value, json};
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{available, create_product, id, order_of, product};

async fn sample(app: &App) -> Value {
    create_product(&app.admin().await, product("Fabric Sample", 0, 20)).await
}

fn path(order: &Value) -> String {
    format!("/orders/{}", id(order))
}

async fn delete_account(persona: &Persona<'_>) -> tests::answer::Answer {
    persona.post("/users/me/deletion", json!({"password": "correct horse"})).await
}

#[tokio::test]
async fn an_order_with_a_total_of_zero_is_paid_at_once() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let sample = sample(&app).await;

    let order = ada.post("/orders", order_of(&sample, 2)).await.expect(201);

    assert_eq!((&order["status"], &order["payment_status"]), (&json!("paid"), &json!("paid")));
    assert_eq!(order["payment"], json!({"method": "manual", "status": "succeeded"}));
    assert_eq!(order["expires_at"], json!(null));
    let history = order["history"].as_array().expect("a history");
    assert_eq!(history.iter().map(|entry| &entry["status"]).collect::<Vec<_>>(), ["paid"]);
    assert_eq!(available(&ada, &sample).await, 18);
    assert_eq!(ada.get(&path(&order)).await.expect(200), order);
}

#[tokio::test]
async fn an_order_with_a_total_of_zero_never_counts_as_unpaid() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let (sample, mug) = (sample(&app).await, product("Mug", 1800, 20));
    let mug = create_product(&app.admin().await, mug).await;
    for _ in 0..5 {
        ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    }

    ada.post("/orders", order_of(&sample, 1)).await.expect(201);

    ada.post("/orders", order_of(&mug, 1)).await.expect_problem(409, "too_many_unpaid_orders");
}

#[tokio::test]
async fn cancelling_an_order_with_a_total_of_zero_voids_it() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let sample = sample(&app).await;
    let order = ada.post("/orders", order_of(&sample, 2)).await.expect(201);

    let cancelled = ada.delete(&path(&order)).await.expect(200);

    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["payment_status"], "voided");
    assert_eq!(available(&ada, &sample).await, 20);
}

#[tokio::test]
async fn an_account_is_not_deleted_in_the_minute_after_an_order() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password("correct horse").await;
    let sample = sample(&app).await;
    let order = ada.post("/orders", order_of(&sample, 1)).await.expect(201);
    ada.delete(&path(&order)).await.expect(200);

    delete_account(&ada).await.expect_problem(409, "open_orders");

    app.advance(Duration::from_secs(61));
    delete_account(&ada).await.expect(202);
}

#[tokio::test]
async fn an_account_with_a_paid_but_undelivered_order_can_not_be_deleted() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password("correct horse").await;
    let sample = sample(&app).await;
    ada.post("/orders", order_of(&sample, 1)).await.expect(201);
    app.advance(Duration::from_secs(120));

    delete_account(&ada).await.expect_problem(409, "open_orders");
}
