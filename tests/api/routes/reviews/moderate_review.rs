//! `PUT /products/{product_id}/reviews/{review_id}/status`

use futures_util::future::join;
use serde_json::json;
use tests::app::App;
use tests::samples::{create_product, product};

use super::{moderate, path, rating, review, reviews_of, with_moderation};

#[tokio::test]
async fn only_approved_reviews_are_shown_and_count() {
    let app = with_moderation().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let created = review(&ada, &mug, 4).await.expect(201);
    for (status, count) in [("approved", 1), ("approved", 1), ("rejected", 0), ("approved", 1)] {
        let moderated = moderate(&admin, &created, status).await.expect(200);
        assert_eq!(moderated["status"], status);
        assert_eq!(rating(&ada, &mug).await.1, count, "{status}");
        let list = ada.get(&reviews_of(&mug)).await.expect(200);
        assert_eq!(list["data"].as_array().map(Vec::len), Some(count as usize), "{status}");
    }
}

#[tokio::test]
async fn the_decision_is_approved_or_rejected() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let created = review(&ada, &mug, 4).await.expect(201);
    for (body, code) in [
        (json!({}), "required"),
        (json!({"status": "pending"}), "unknown_value"),
        (json!({"status": null}), "wrong_type"),
    ] {
        let found = admin.put(&format!("{}/status", path(&created)), body).await.expect_invalid();
        assert_eq!(found, [("/status".to_owned(), code.to_owned())]);
    }
    ada.delete(&path(&created)).await.expect(204);
    moderate(&admin, &created, "approved").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn an_edit_and_a_rejection_at_once_end_in_a_rejected_review_that_does_not_count() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let created = review(&ada, &mug, 4).await.expect(201);
    app.race(2);
    let edit = async { ada.put(&path(&created), json!({"rating": 1})).await };
    let (edited, rejected) = join(edit, moderate(&admin, &created, "rejected")).await;
    edited.expect(200);
    rejected.expect(200);
    let list = admin.get("/admin/reviews").await.expect(200);
    assert_eq!(
        (&list["data"][0]["status"], &list["data"][0]["rating"]),
        (&json!("rejected"), &json!(1))
    );
    assert_eq!(rating(&ada, &mug).await, (None, 0));
}
