//! `PUT /products/{product_id}/reviews/{review_id}`

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::review::ModerationMode;
use tests::app::App;
use tests::samples::{create_product, product};

use super::{moderate, path, rating, review, with_moderation};

#[tokio::test]
async fn an_edit_replaces_the_content_and_the_rating_follows() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let body = json!({"rating": 5, "title": "Good", "body": "Very."});
    let created = ada.post(&super::reviews_of(&mug), body).await.expect(201);
    app.advance(Duration::from_secs(60));

    let edited = ada.put(&path(&created), json!({"rating": 2, "body": "Broke."})).await.expect(200);

    let mut expected = created.clone();
    expected["rating"] = 2.into();
    expected["title"] = Value::Null;
    expected["body"] = "Broke.".into();
    expected["updated_at"] = "2026-01-01T00:01:00.000Z".into();
    assert_eq!(edited, expected);
    assert_eq!(rating(&ada, &mug).await, (Some("2.00".to_owned()), 1));
    let before = app.contents().await;
    ada.put(&path(&created), json!({"rating": 2, "body": "Broke."})).await.expect(200);
    assert_eq!(app.contents().await, before, "the same again changes nothing");
}

#[tokio::test]
async fn a_review_is_its_authors_and_the_admins() {
    let app = App::start().await;
    let (admin, ada, bob) =
        (app.admin().await, app.customer("ada").await, app.customer("bob").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let cup = create_product(&admin, product("Cup", 1800, 5)).await;
    let created = review(&ada, &mug, 5).await.expect(201);
    let before = app.contents().await;
    bob.put(&path(&created), json!({"rating": 1})).await.expect_problem(404, "not_found");
    bob.delete(&path(&created)).await.expect_problem(404, "not_found");
    let mut elsewhere = created.clone();
    elsewhere["product_id"] = cup["id"].clone();
    ada.put(&path(&elsewhere), json!({"rating": 1})).await.expect_problem(404, "not_found");
    assert_eq!(app.contents().await, before);
    let edited = admin.put(&path(&created), json!({"rating": 4})).await.expect(200);
    assert_eq!(edited["author"], created["author"], "it stays Ada's");
}

#[tokio::test]
async fn with_moderation_an_edit_waits_again_and_a_rejected_review_stays_rejected() {
    let app = with_moderation().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let created = review(&ada, &mug, 5).await.expect(201);
    moderate(&admin, &created, "approved").await.expect(200);
    assert_eq!(rating(&ada, &mug).await.1, 1);
    let edited = ada.put(&path(&created), json!({"rating": 1})).await.expect(200);
    assert_eq!(edited["status"], "pending");
    assert_eq!(rating(&ada, &mug).await, (None, 0));
    moderate(&admin, &created, "rejected").await.expect(200);
    let edited = ada.put(&path(&created), json!({"rating": 3})).await.expect(200);
    assert_eq!((&edited["status"], &edited["rating"]), (&json!("rejected"), &json!(3)));
    assert_eq!(rating(&ada, &mug).await, (None, 0));
}

#[tokio::test]
async fn an_admins_edit_keeps_the_status_and_is_not_limited() {
    let app = tests::app::App::builder()
        .limits("")
        .configure(|config| config.review_moderation = ModerationMode::Manual)
        .start()
        .await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let created = review(&ada, &mug, 5).await.expect(201);
    moderate(&admin, &created, "approved").await.expect(200);
    for number in 0..21 {
        let body = json!({"rating": 5, "body": format!("Without the phone number: {number}")});
        let edited = admin.put(&path(&created), body).await.expect(200);
        assert_eq!(edited["status"], "approved");
    }
    assert_eq!(rating(&ada, &mug).await.1, 1);
}
