//! `POST /users/me/deletion`

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use shared::store::keys;
use tests::answer::tally;
use tests::app::App;
use tests::samples::{create_product, id, order_of, product};

const PASSWORD: &str = "correct horse";
const MINUTE: Duration = Duration::from_secs(60);

fn body() -> Value {
    json!({"password": PASSWORD})
}

#[tokio::test]
async fn profile_sessions_and_credentials_go_at_once() {
    let app = App::start().await;
    let account = json!({"email": "ada@example.com", "password": PASSWORD, "name": "Ada"});
    let login = app.anonymous().sign_up(account.clone()).await;
    let ada = app.anonymous().with_token(login["access_token"].as_str().expect("a token"));
    let refresh = json!({"refresh_token": login["refresh_token"]});

    let answer = ada.post("/users/me/deletion", body()).await;

    answer.expect_private();
    assert_eq!(answer.expect(202), json!({"status": "deletion_started"}));
    ada.get("/users/me").await.expect_problem(401, "unauthenticated");
    let visitor = app.anonymous();
    visitor.post("/auth/refresh", refresh).await.expect_problem(401, "unauthenticated");
    let log_in = json!({"email": "ada@example.com", "password": PASSWORD});
    visitor.post("/auth/login", log_in).await.expect_problem(401, "invalid_credentials");

    let again = visitor.sign_up(account).await;
    assert_ne!(again["user"]["id"], login["user"]["id"], "the address is free, for somebody new");
}

#[tokio::test]
async fn a_wrong_password_deletes_nothing() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password(PASSWORD).await;
    let before = app.contents().await;
    for wrong in ["Correct horse", "correct horse ", ""] {
        let answer = ada.post("/users/me/deletion", json!({"password": wrong})).await;
        answer.expect_problem(401, "invalid_credentials");
    }
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn an_order_on_its_way_keeps_the_account() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let ada = app.customer("ada").await.with_password(PASSWORD).await;
    let items = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});
    let order = ada.post("/orders", items).await.expect(201);
    let before = app.contents().await;

    let answer = ada.post("/users/me/deletion", body()).await;

    answer.expect_problem(409, "open_orders");
    assert!(app.contents().await == before, "something was written");
    let path = format!("/orders/{}", order["id"].as_str().expect("an id"));
    ada.delete(&path).await.expect(200);
    app.advance(MINUTE + Duration::from_millis(1));
    ada.post("/users/me/deletion", body()).await.expect(202);
}

/// An order that was placed a moment ago may not be in the history yet.
#[tokio::test]
async fn whoever_ordered_a_moment_ago_can_not_leave_yet() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let ada = app.customer("ada").await.with_password(PASSWORD).await;
    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    let path = format!("/orders/{}", order["id"].as_str().expect("an id"));
    ada.delete(&path).await.expect(200);

    let answer = ada.post("/users/me/deletion", body()).await;

    answer.expect_problem(409, "open_orders");
    app.advance(MINUTE + Duration::from_millis(1));
    ada.post("/users/me/deletion", body()).await.expect(202);
}

#[tokio::test]
async fn an_unpaid_order_keeps_the_account_also_where_the_history_does_not_show_it() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let ada = app.customer("ada").await.with_password(PASSWORD).await;
    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    let key = keys::order(id(&order).parse().expect("an id"));
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    update.update_expression("REMOVE customer").send().await.expect("an update");
    app.advance(2 * MINUTE);

    ada.post("/users/me/deletion", body()).await.expect_problem(409, "open_orders");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_placed_at_the_same_time_is_not_left_without_its_customer() {
    for from_the_cart in [true, false].repeat(5) {
        let app = App::start().await;
        let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
        let ada = app.customer("ada").await.with_password(PASSWORD).await;
        ada.post("/cart/items", json!({"product_id": mug["id"], "quantity": 1})).await.expect(200);

        app.race(2);
        let body_of_order = match from_the_cart {
            true => json!({}),
            false => json!({"items": [{"product_id": mug["id"], "quantity": 1}]}),
        };
        let order = ada.call("POST", "/orders").json(&body_of_order).send();
        let (order, deletion) = join(order, ada.post("/users/me/deletion", body())).await;

        match (order.status, deletion.status) {
            (201, 409) => drop(deletion.expect_problem(409, "open_orders")),
            (409, 202) if from_the_cart => drop(order.expect_problem(409, "cart_empty")),
            (401, 202) => drop(order.expect_problem(401, "unauthenticated")),
            statuses => panic!("{statuses:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_admins_who_leave_at_once_one_stays() {
    let app = App::start().await;
    let one = app.admin().await.with_password(PASSWORD).await;
    let other = app.admin().await.with_password(PASSWORD).await;

    app.race(2);
    let deletions = [&one, &other].map(|admin| admin.post("/users/me/deletion", body()));
    let answers = join_all(deletions).await;

    assert_eq!(tally(&answers), [(202, 1), (409, 1)].into());
    let stays = if answers[0].status == 409 { &one } else { &other };
    let refused = answers.into_iter().find(|answer| answer.status == 409).expect("a refusal");
    refused.expect_problem(409, "last_admin");
    stays.get("/users").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_five_deletions_at_once_one_wins() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password(PASSWORD).await;

    app.race(5);
    let deletions = (0..5).map(|_| ada.post("/users/me/deletion", body()));

    assert_eq!(tally(&join_all(deletions).await), [(202, 1), (401, 4)].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_deletion_and_a_new_password_at_once_one_happens() {
    for _ in 0..8 {
        let app = App::start().await;
        let ada = app.customer("ada").await.with_password(PASSWORD).await;
        let change = json!({"current_password": PASSWORD, "new_password": "battery staple"});

        app.race(2);
        let deletion = ada.post("/users/me/deletion", body());
        let (deletion, change) = join(deletion, ada.put("/users/me/password", change)).await;

        let statuses = (deletion.status, change.status);
        assert!([(202, 401), (401, 204)].contains(&statuses), "{statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_deletion_and_a_new_role_at_once_one_happens() {
    for _ in 0..8 {
        let app = App::start().await;
        let admin = app.admin().await;
        let ada = app.customer("ada").await.with_password(PASSWORD).await;
        let path = format!("/users/{}", ada.user_id.expect("an id"));

        app.race(2);
        let deletion = ada.post("/users/me/deletion", body());
        let (deletion, role) = join(deletion, admin.patch(&path, json!({"role": "admin"}))).await;

        let statuses = (deletion.status, role.status);
        assert!([(202, 404), (401, 200)].contains(&statuses), "{statuses:?}");
        let admins = app.unrestricted.store.admins().get().await.expect("a read").active.len();
        assert_eq!(admins, if role.status == 200 { 2 } else { 1 }, "who is gone runs nothing");
    }
}

#[tokio::test]
async fn nobody_has_no_account_to_delete() {
    let app = App::start().await;
    let answer = app.anonymous().post("/users/me/deletion", body()).await;
    answer.expect_problem(401, "unauthenticated");
}
