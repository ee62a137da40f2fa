//! `GET /products/{product_id}/reviews`

use std::time::Duration;

use serde_json::{Value, json};
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, id, product};

use super::{moderate, review, reviews_of};

/// Six reviews with the stars 3, 5, 1, 5, 3 and 2, the last one rejected; the oldest first.
async fn six(app: &App, mug: &Value) -> Vec<Value> {
    let admin = app.admin().await;
    let mut all = Vec::new();
    for (name, stars) in [("a", 3), ("b", 5), ("c", 1), ("d", 5), ("e", 3), ("f", 2)] {
        app.advance(Duration::from_millis(1));
        all.push(review(&app.customer(name).await, mug, stars).await.expect(201));
    }
    moderate(&admin, &all[5], "rejected").await.expect(200);
    app.advance(Duration::from_secs(2));
    all
}

async fn all_pages(who: &Persona<'_>, mug: &Value, query: &str) -> Vec<String> {
    let all = who.all_pages(&format!("{}?{query}", reviews_of(mug))).await;
    all.iter().map(|review| id(review).to_owned()).collect()
}

#[tokio::test]
async fn approved_reviews_are_listed_in_every_order_and_by_their_stars() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let all = six(&app, &mug).await;
    let visitor = app.anonymous();
    for (query, expected) in [
        ("", vec![4, 3, 2, 1, 0]),
        ("sort=-created_at", vec![4, 3, 2, 1, 0]),
        ("sort=created_at", vec![0, 1, 2, 3, 4]),
        ("sort=-rating", vec![3, 1, 4, 0, 2]),
        ("sort=rating", vec![2, 0, 4, 1, 3]),
        ("rating=5", vec![3, 1]),
        ("rating=5&sort=created_at", vec![1, 3]),
        ("rating=3&sort=-rating", vec![4, 0]),
        ("rating=2", vec![]),
        ("rating=4", vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|index: usize| id(&all[index])).collect();
        for limit in [1, 2, 100] {
            let found = all_pages(&visitor, &mug, &format!("{query}&limit={limit}")).await;
            assert_eq!(found, expected, "{query}, {limit}");
        }
    }
    let list = visitor.get(&reviews_of(&mug)).await.expect(200);
    let by_rating = json!({"1": 1, "2": 0, "3": 2, "4": 0, "5": 2});
    let summary = json!({"average": "3.40", "count": 5, "by_rating": by_rating});
    assert_eq!(list["summary"], summary);
    let filtered = visitor.get(&format!("{}?rating=5", reviews_of(&mug))).await.expect(200);
    assert_eq!(filtered["summary"], summary, "of all approved reviews");
}

#[tokio::test]
async fn a_product_without_reviews_has_an_empty_list() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let list = app.anonymous().get(&reviews_of(&mug)).await.expect(200);
    let by_rating = json!({"1": 0, "2": 0, "3": 0, "4": 0, "5": 0});
    let summary = json!({"average": null, "count": 0, "by_rating": by_rating});
    assert_eq!(list, json!({"data": [], "next_cursor": null, "summary": summary}));
}

#[tokio::test]
async fn a_bad_filter_and_another_lists_cursor_are_refused() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let cup = create_product(&admin, product("Cup", 1800, 5)).await;
    six(&app, &mug).await;
    let path = reviews_of(&mug);
    for (query, pointer, code) in [
        ("rating=0", "rating", "out_of_range"),
        ("rating=six", "rating", "out_of_range"),
        ("sort=stars", "sort", "unknown_value"),
        ("limit=101", "limit", "limit_out_of_range"),
    ] {
        let found = admin.get(&format!("{path}?{query}")).await.expect_invalid();
        assert_eq!(found, [(pointer.to_owned(), code.to_owned())], "{query}");
    }
    let page = admin.get(&format!("{path}?limit=1")).await.expect(200);
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    for target in [
        format!("{path}?sort=rating&cursor={cursor}"),
        format!("{path}?rating=5&cursor={cursor}"),
        format!("{}?cursor={cursor}", reviews_of(&cup)),
    ] {
        admin.get(&target).await.expect_problem(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn cards_and_facets_follow_the_rating() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    create_product(&admin, product("Cup", 1800, 5)).await;
    review(&app.customer("ada").await, &mug, 5).await.expect(201);
    let bobs = review(&app.customer("bob").await, &mug, 4).await.expect(201);
    let list = admin.get("/products?sort=-rating").await.expect(200);
    assert_eq!(list["data"][0]["rating"], json!({"average": "4.50", "count": 2}));
    let rated = admin.get("/products?min_rating=4.5").await.expect(200);
    assert_eq!(rated["data"].as_array().map(Vec::len), Some(1));
    moderate(&admin, &bobs, "rejected").await.expect(200);
    let list = admin.get("/products?sort=-rating").await.expect(200);
    assert_eq!(list["data"][0]["rating"], json!({"average": "5.00", "count": 1}));
}
