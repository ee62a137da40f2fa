//! `PUT /categories/{slug}`

use serde_json::{Value, json};
use shared::domain::slug::Slug;
use shared::store::{Read, keys};
use tests::app::App;
use tests::gate::Loss;
use tests::persona::Persona;
use tests::samples::set_counters;

/// Moves a category, under its slug as name; `null` is the root.
async fn move_to(admin: &Persona<'_>, slug: &str, parent: Value) -> tests::answer::Answer {
    admin.put(&format!("/categories/{slug}"), json!({"name": slug, "parent": parent})).await
}

/// Returns the number of direct subcategories of each category, and the version of the tree.
async fn children(app: &App) -> (Vec<(String, u64)>, u64) {
    let tree = app.unrestricted.store.categories().tree(Read::Consistent).await.expect("a tree");
    let children = tree.categories.iter();
    (children.map(|(slug, one)| (slug.to_string(), one.children)).collect(), tree.version)
}

/// Creates `home` with `kitchen`, in which `mugs` are, and `garden` beside it.
async fn shop(app: &App) -> Persona<'_> {
    let admin = app.admin().await;
    admin.create_category("home").await;
    admin.create_subcategory("kitchen", "home").await;
    admin.create_subcategory("mugs", "kitchen").await;
    admin.create_category("garden").await;
    admin
}

#[tokio::test]
async fn a_category_is_renamed_where_it_is() {
    let app = App::start().await;
    let admin = shop(&app).await;
    let (before, version) = children(&app).await;
    let body = json!({"name": "Küche", "parent": "home"});
    let changed = admin.put("/categories/kitchen", body).await.expect(200);
    let expected =
        json!({"slug": "kitchen", "name": "Küche", "parent": "home", "product_count": 0});
    assert_eq!(changed, expected);
    assert_eq!(children(&app).await, (before, version), "nothing has another place");
}

#[tokio::test]
async fn a_category_moves_with_what_is_inside_it_and_both_parents_count_it() {
    let app = App::start().await;
    let admin = shop(&app).await;
    let mugs = Slug::parse("mugs".into()).expect("a slug");
    set_counters(&app, keys::category(&mugs), &[("active", 3)]).await;

    let changed = move_to(&admin, "kitchen", json!("garden")).await.expect(200);
    assert_eq!((&changed["parent"], &changed["product_count"]), (&json!("garden"), &json!(3)));
    let count = |slug: &str, children| (slug.to_owned(), children);
    let expected =
        vec![count("garden", 1), count("home", 0), count("kitchen", 1), count("mugs", 0)];
    assert_eq!(children(&app).await, (expected, 1));

    for root in [json!(null), json!("")] {
        let changed = move_to(&admin, "kitchen", root).await.expect(200);
        assert_eq!(changed["parent"], json!(null));
    }
    let changed = admin.put("/categories/mugs", json!({"name": "Mugs"})).await.expect(200);
    assert_eq!(changed["parent"], json!(null), "an absent parent is the root");
    let expected =
        vec![count("garden", 0), count("home", 0), count("kitchen", 0), count("mugs", 0)];
    assert_eq!(children(&app).await, (expected, 3));
}

#[tokio::test]
async fn a_category_does_not_move_into_itself() {
    let app = App::start().await;
    let admin = shop(&app).await;
    let before = app.contents().await;
    for (slug, parent) in [("home", "home"), ("home", "kitchen"), ("home", "mugs")] {
        let refused = move_to(&admin, slug, json!(parent)).await;
        refused.expect_problem(409, "category_cycle");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn what_does_not_exist_is_refused() {
    let app = App::start().await;
    let admin = shop(&app).await;
    let before = app.contents().await;
    let unknown = move_to(&admin, "mugs", json!("tea-cups")).await;
    assert_eq!(unknown.broken(), "/parent unknown_category");
    let unknown = move_to(&admin, "no-such", json!("tea-cups")).await;
    assert_eq!(unknown.broken(), "/parent unknown_category", "422 comes before 404");
    for slug in ["no-such", "Mugs", "TREE", "c++", "mu gs", "%E6%97%A5"] {
        move_to(&admin, slug, json!("home")).await.expect_problem(404, "not_found");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn an_invalid_body_names_all_invalid_members() {
    let app = App::start().await;
    let admin = shop(&app).await;
    for (body, expected) in [
        (json!({}), "/name required"),
        (json!({"parent": "Home"}), "/name required, /parent invalid_slug"),
        (json!({"name": "Mugs", "slug": "mugs"}), "/slug unknown_field"),
    ] {
        assert_eq!(admin.put("/categories/mugs", body.clone()).await.broken(), expected, "{body}");
    }
}

#[tokio::test]
async fn a_move_whose_response_is_lost_counts_once() {
    let app = App::start().await;
    let admin = shop(&app).await;
    app.lose(Loss::OfResponse, 1);
    move_to(&admin, "kitchen", json!("garden")).await.expect(200);
    let (children, version) = children(&app).await;
    let of = |slug: &str| children.iter().find(|(own, _)| own == slug).map(|(_, count)| *count);
    assert_eq!((of("garden"), of("home"), version), (Some(1), Some(0), 1));
}
