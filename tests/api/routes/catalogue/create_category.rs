//! `POST /categories`

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::slug::Slug;
use shared::store::keys;
use tests::answer::tally;
use tests::app::App;
use tests::samples::set_counters;

#[tokio::test]
async fn a_category_has_the_members_of_the_contract() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("home").await;
    let body = json!({"slug": "mugs", "name": "Mugs & Cups", "parent": "home"});
    let answer = admin.post("/categories", body).await;
    assert_eq!(answer.header("location"), Some("/categories/mugs"));
    let expected = json!({
        "slug": "mugs", "name": "Mugs & Cups", "parent": "home", "product_count": 0,
    });
    assert_eq!(answer.expect(201), expected);
}

#[tokio::test]
async fn a_category_without_a_slug_gets_one_of_its_name_in_any_script() {
    let app = App::start().await;
    let admin = app.admin().await;
    for (name, slug) in [
        ("Outdoor Gear", "outdoor-gear"),
        ("Łódź", "lodz"),
        ("日本", "ri-ben"),
        ("C", "c"),
        ("  Café\u{301}s ", "cafes"),
    ] {
        for body in [json!({"name": name}), json!({"name": name, "slug": ""})] {
            let answer = admin.post("/categories", body).await;
            let path = format!("/categories/{slug}");
            assert_eq!(answer.header("location"), Some(&*path), "{name}");
            assert_eq!(answer.expect(201)["slug"], slug, "{name}");
            admin.delete(&path).await.expect(204);
        }
    }
}

#[tokio::test]
async fn a_name_that_no_slug_can_be_made_of_needs_one() {
    let app = App::start().await;
    let admin = app.admin().await;
    for slug in [Value::Null, json!("")] {
        let body = json!({"name": "+++", "slug": slug});
        assert_eq!(admin.post("/categories", body).await.broken(), "/slug invalid_slug");
    }
    let made = admin.post("/categories", json!({"name": "+++", "slug": "plus"})).await.expect(201);
    assert_eq!((&made["name"], &made["slug"]), (&json!("+++"), &json!("plus")));
}

#[tokio::test]
async fn categories_whose_names_make_the_same_slug_are_two_only_with_slugs_of_their_own() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.post("/categories", json!({"name": "C"})).await.expect(201);
    for name in ["C++", "C#"] {
        let problem = admin.post("/categories", json!({"name": name})).await;
        let problem = problem.expect_problem(409, "slug_taken");
        assert_eq!(problem["slug"], "c", "{name}");
    }
    admin.post("/categories", json!({"name": "C++", "slug": "c-plus-plus"})).await.expect(201);
    admin.post("/categories", json!({"name": "C#", "slug": "c-sharp"})).await.expect(201);
    let list = app.anonymous().get("/categories").await.expect(200);
    let names = list["data"].as_array().expect("data").iter().map(|one| one["name"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["C", "C++", "C#"]);
}

#[tokio::test]
async fn an_invalid_body_names_all_invalid_members() {
    let app = App::start().await;
    let admin = app.admin().await;
    for (what, body, expected) in [
        ("nothing", json!({}), "/name required"),
        ("no name", json!({"name": null}), "/name wrong_type"),
        ("a blank name", json!({"name": " "}), "/name too_short"),
        ("a long name", json!({"name": "x".repeat(256)}), "/name too_long"),
        (
            "names for slugs",
            json!({"name": "Mugs", "slug": "Mugs", "parent": "Tea Cups"}),
            "/parent invalid_slug, /slug invalid_slug",
        ),
        ("more", json!({"name": "Mugs", "product_count": 3}), "/product_count unknown_field"),
        (
            "a parent nobody made",
            json!({"name": "Mugs", "parent": "home"}),
            "/parent unknown_category",
        ),
    ] {
        let before = app.contents().await;
        assert_eq!(admin.post("/categories", body).await.broken(), expected, "{what}");
        assert_eq!(app.contents().await, before, "{what}");
    }
}

#[tokio::test]
async fn a_category_is_not_created_inside_itself() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({"slug": "mugs", "name": "Mugs", "parent": "mugs"});
    admin.post("/categories", body.clone()).await.expect_problem(409, "category_cycle");
    admin.create_category("mugs").await;
    admin.post("/categories", body).await.expect_problem(409, "category_cycle");
}

#[tokio::test]
async fn a_refused_category_changes_nothing() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("home").await;
    admin.create_category("mugs").await;
    let before = app.contents().await;
    let body = json!({"slug": "mugs", "name": "Mugs", "parent": "home"});
    admin.post("/categories", body).await.expect_problem(409, "slug_taken");
    assert_eq!(app.contents().await, before, "the parent counts no subcategory");
}

#[tokio::test]
async fn a_shop_has_at_most_a_thousand_categories() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("mugs").await;
    set_counters(&app, keys::category_tree(), &[("categories", 999)]).await;
    admin.create_category("cups").await;
    let full = admin.post("/categories", json!({"name": "Bowls"})).await;
    let problem = full.expect_problem(409, "too_many_categories");
    assert_eq!(problem["limit"], 1000);
    let taken = admin.post("/categories", json!({"name": "Cups"})).await;
    taken.expect_problem(409, "slug_taken");

    admin.delete("/categories/cups").await.expect(204);
    admin.create_category("bowls").await;
    admin.post("/categories", json!({"name": "Jars"})).await.expect(409);
}

#[tokio::test]
async fn the_last_free_place_is_given_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("mugs").await;
    set_counters(&app, keys::category_tree(), &[("categories", 999)]).await;
    app.race(5);
    let create = |n| admin.post("/categories", json!({"name": format!("Number {n}")}));
    let answers = join_all((0..5).map(create)).await;
    assert_eq!(tally(&answers), [(201, 1), (409, 4)].into());
}

#[tokio::test]
async fn one_of_several_concurrent_categories_gets_the_slug() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("home").await;
    app.race(10);
    let body = json!({"name": "Mugs", "parent": "home"});
    let answers = join_all((0..10).map(|_| admin.post("/categories", body.clone()))).await;
    assert_eq!(tally(&answers), [(201, 1), (409, 9)].into());
    let home = Slug::parse("home".into()).expect("a slug");
    let home = app.unrestricted.store.categories().get(&home).await.expect("a category");
    assert_eq!(home.children, 1);
}
