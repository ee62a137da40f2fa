//! `POST /products/{product_id}/reviews`

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::answer::tally;
use tests::app::App;
use tests::gate::Loss;
use tests::samples::{create_product, id, path_of, product};

use super::{rating, review, reviews_of, with_moderation};

#[tokio::test]
async fn a_review_is_shown_at_once_with_first_name_and_initial() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    ada.patch("/users/me", json!({"name": "Ada King Lovelace"})).await.expect(200);
    let body = json!({"rating": 4, "title": " Good mug ", "body": "Keeps warm.\n\nBuy it."});

    let answer = ada.post(&reviews_of(&mug), body).await;

    answer.expect_private();
    assert_eq!(answer.header("location"), Some(&*reviews_of(&mug)));
    let created = answer.expect(201);
    let expected = json!({
        "id": created["id"], "product_id": mug["id"], "author": {"name": "Ada L."}, "rating": 4,
        "title": "Good mug", "body": "Keeps warm.\n\nBuy it.", "verified_purchase": false,
        "status": "approved", "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(created, expected);
    let list = app.anonymous().get(&reviews_of(&mug)).await.expect(200);
    assert_eq!(list["data"], json!([created]));
    assert_eq!(rating(&ada, &mug).await, (Some("4.00".to_owned()), 1));
}

#[tokio::test]
async fn with_moderation_a_review_waits_for_an_admin() {
    let app = with_moderation().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let created = review(&ada, &mug, 5).await.expect(201);
    assert_eq!(created["status"], "pending");
    let list = ada.get(&reviews_of(&mug)).await.expect(200);
    assert_eq!(list["data"], json!([]));
    assert_eq!(rating(&ada, &mug).await, (None, 0));
}

#[tokio::test]
async fn a_customer_reviews_a_product_once() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let cup = create_product(&admin, product("Cup", 1800, 5)).await;
    let first = review(&ada, &mug, 5).await.expect(201);
    let problem = review(&ada, &mug, 1).await.expect_problem(409, "already_reviewed");
    assert_eq!(problem["review_id"], first["id"]);
    assert_eq!(rating(&ada, &mug).await, (Some("5.00".to_owned()), 1));
    review(&ada, &cup, 1).await.expect(201);
    review(&app.customer("bob").await, &mug, 2).await.expect(201);
    assert_eq!(rating(&ada, &mug).await, (Some("3.50".to_owned()), 2));
}

#[tokio::test]
async fn of_equal_reviews_at_once_one_counts() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    app.race(8);
    let answers = join_all((0..8).map(|_| review(&ada, &mug, 3))).await;
    assert_eq!(tally(&answers), [(201, 1), (409, 7)].into());
    assert_eq!(rating(&ada, &mug).await, (Some("3.00".to_owned()), 1));
}

#[tokio::test]
async fn a_lost_response_does_not_count_twice() {
    for loss in [Loss::OfRequest, Loss::OfResponse] {
        let app = App::start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
        app.lose(loss, 1);
        review(&ada, &mug, 3).await.expect(201);
        assert_eq!(rating(&ada, &mug).await, (Some("3.00".to_owned()), 1), "{loss:?}");
    }
}

#[tokio::test]
async fn a_product_that_is_not_published_can_not_be_reviewed() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mut draft = product("Stoneware Mug", 1800, 5);
    draft["status"] = "draft".into();
    let draft = create_product(&admin, draft).await;
    let deleted = create_product(&admin, product("Cup", 1800, 5)).await;
    admin.delete(&path_of(&deleted)).await.expect(204);
    for product in [&draft, &deleted] {
        review(&ada, product, 5).await.expect_problem(404, "not_found");
        ada.get(&reviews_of(product)).await.expect_problem(404, "not_found");
    }
    ada.post("/products/prd_1/reviews", json!({"rating": 5}))
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_body_has_stars_and_perhaps_a_title_and_a_text() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let before = app.contents().await;
    for (body, expected) in [
        (json!({}), vec![("/rating", "required")]),
        (json!({"rating": 0}), vec![("/rating", "out_of_range")]),
        (
            json!({"rating": 6, "title": "a\nb"}),
            vec![("/rating", "out_of_range"), ("/title", "control_character")],
        ),
        (
            json!({"rating": 4.5, "title": "x".repeat(201)}),
            vec![("/rating", "wrong_type"), ("/title", "too_long")],
        ),
        (
            json!({"rating": "5", "body": "x".repeat(5001)}),
            vec![("/body", "too_long"), ("/rating", "wrong_type")],
        ),
        (json!({"rating": 5, "stars": 5}), vec![("/stars", "unknown_field")]),
    ] {
        let found = ada.post(&reviews_of(&mug), body.clone()).await.expect_invalid();
        let expected = expected.into_iter().map(|(at, code)| (at.to_owned(), code.to_owned()));
        assert_eq!(found, expected.collect::<Vec<_>>(), "{body}");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn the_text_of_a_review_is_text() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let write = async |name: &str, body: &str| {
        let body = json!({"rating": 5, "title": "Mug", "body": body});
        app.customer(name).await.post(&reviews_of(&mug), body).await
    };
    for (name, text) in [
        ("ada", "<script>alert(1)</script><b>bold</b> &amp; more"),
        ("bob", "See https://example.com/?a=1&b=2 and javascript:alert(1)"),
        ("eve", &"\u{1F600}".repeat(5_000)),
        ("zoe", "עברית and English, שלום"),
    ] {
        let review = write(name, text).await.expect(201);
        assert_eq!(review["body"], text);
    }
    for (name, text, code) in [
        ("cyd", "\u{202e}evil".to_owned(), "bidi_control"),
        ("dan", "\u{1F600}".repeat(10_000), "too_long"),
        ("fay", "a\u{0}b".to_owned(), "control_character"),
    ] {
        let found = write(name, &text).await.expect_invalid();
        assert_eq!(found, [("/body".to_owned(), code.to_owned())]);
    }
    let gil = app.customer("gil").await;
    let blank = json!({"rating": 5, "title": " ", "body": ""});
    let blank = gil.post(&reviews_of(&mug), blank).await.expect(201);
    assert_eq!((&blank["title"], &blank["body"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn an_account_writes_twenty_reviews_an_hour() {
    let app = App::builder().limits("").start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let created = review(&ada, &mug, 5).await.expect(201);
    let path = format!("{}/{}", reviews_of(&mug), id(&created));
    for number in 0..19 {
        ada.put(&path, json!({"rating": 1 + number % 5})).await.expect(200);
    }
    let refused = ada.put(&path, json!({"rating": 5})).await;
    assert!(refused.header("retry-after").is_some());
    refused.expect_problem(429, "rate_limited");
    review(&ada, &mug, 5).await.expect_problem(429, "rate_limited");
    review(&app.customer("bob").await, &mug, 5).await.expect(201);
}
