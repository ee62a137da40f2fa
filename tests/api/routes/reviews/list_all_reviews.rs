//! `GET /admin/reviews`

use std::time::Duration;

use tests::samples::{create_product, id, path_of, product};

use super::{moderate, review, with_moderation};

#[tokio::test]
async fn all_reviews_are_listed_by_status_the_newest_first() {
    let app = with_moderation().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let cup = create_product(&admin, product("Cup", 1800, 5)).await;
    let mut all = Vec::new();
    for (name, product) in [("a", &mug), ("b", &cup), ("c", &mug), ("d", &cup), ("e", &mug)] {
        app.advance(Duration::from_millis(1));
        all.push(review(&app.customer(name).await, product, 4).await.expect(201));
    }
    moderate(&admin, &all[1], "approved").await.expect(200);
    moderate(&admin, &all[2], "rejected").await.expect(200);
    moderate(&admin, &all[4], "approved").await.expect(200);
    admin.delete(&path_of(&cup)).await.expect(204);
    app.advance(Duration::from_secs(2));
    for (query, expected) in [
        ("", vec![4, 3, 2, 1, 0]),
        ("status=pending", vec![3, 0]),
        ("status=approved", vec![4, 1]),
        ("status=rejected", vec![2]),
    ] {
        for limit in [1, 2, 100] {
            let target = format!("/admin/reviews?{query}&limit={limit}");
            let found = admin.all_pages(&target).await;
            let found: Vec<_> = found.iter().map(id).collect();
            let expected: Vec<_> = expected.iter().map(|index: &usize| id(&all[*index])).collect();
            assert_eq!(found, expected, "{query}, {limit}");
        }
    }
    let page = admin.get("/admin/reviews?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let other = format!("/admin/reviews?status=pending&cursor={cursor}");
    admin.get(&other).await.expect_problem(400, "invalid_cursor");
    admin.get("/admin/reviews").await.expect_private();
    let found = admin.get("/admin/reviews?status=shown").await.expect_invalid();
    assert_eq!(found, [("status".to_owned(), "unknown_value".to_owned())]);
}
