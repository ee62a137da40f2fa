//! `DELETE /categories/{slug}`

use serde_json::json;
use shared::store::{Read, keys};
use tests::app::App;
use tests::gate::Loss;
use tests::samples::{set_counters, slug};

#[tokio::test]
async fn an_empty_category_is_gone_and_its_slug_is_free() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("home").await;
    admin.create_subcategory("mugs", "home").await;
    admin.delete("/categories/mugs").await.expect(204);
    admin.delete("/categories/mugs").await.expect_problem(404, "not_found");
    let home = app.unrestricted.store.categories().get(&slug("home")).await.expect("a category");
    assert_eq!(home.children, 0);
    admin.create_category("mugs").await;
    admin.delete("/categories/home").await.expect(204);
}

#[tokio::test]
async fn a_category_with_products_of_any_status_or_subcategories_stays() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("home").await;
    admin.create_subcategory("mugs", "home").await;
    // Two drafts.
    set_counters(&app, keys::category(&slug("mugs")), &[("products", 2)]).await;
    let before = app.contents().await;
    for (path, products, children) in [("/categories/mugs", 2, 0), ("/categories/home", 0, 1)] {
        let problem = admin.delete(path).await.expect_problem(409, "category_not_empty");
        assert_eq!(problem["products"], products, "{path}");
        assert_eq!(problem["children"], children, "{path}");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn what_can_not_be_a_slug_is_not_found() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("mugs").await;
    let before = app.contents().await;
    for slug in ["no-such", "Mugs", "TREE", "c++", "mu gs"] {
        let answer = admin.delete(&format!("/categories/{slug}")).await;
        answer.expect_problem(404, "not_found");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn a_deletion_whose_response_is_lost_counts_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    for slug in ["mugs", "cups"] {
        admin.create_category(slug).await;
    }
    app.lose(Loss::OfResponse, 1);
    admin.delete("/categories/mugs").await.expect(204);
    let tree = app.unrestricted.store.categories().tree(Read::Consistent).await.expect("a tree");
    assert_eq!((tree.categories.len(), tree.version), (1, 1));
    set_counters(&app, keys::category_tree(), &[("categories", 999)]).await;
    admin.post("/categories", json!({"name": "Bowls"})).await.expect(201);
}
