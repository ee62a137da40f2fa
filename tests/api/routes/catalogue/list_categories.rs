//! `GET /categories`

use serde_json::{Value, json};
use shared::domain::slug::Slug;
use shared::store::keys;
use tests::app::App;
use tests::samples::set_counters;

#[tokio::test]
async fn a_shop_without_categories_has_an_empty_list() {
    let app = App::start().await;
    let list = app.anonymous().get("/categories").await.expect(200);
    assert_eq!(list, json!({"data": []}));
}

#[tokio::test]
async fn categories_are_sorted_by_slug_whatever_their_place() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("shoes").await;
    admin.create_subcategory("boots", "shoes").await;
    admin.create_category("3d-printers").await;
    let list = app.anonymous().get("/categories").await.expect(200);
    let expected = json!({"data": [
        {"slug": "3d-printers", "name": "3d-printers", "parent": null, "product_count": 0},
        {"slug": "boots", "name": "boots", "parent": "shoes", "product_count": 0},
        {"slug": "shoes", "name": "shoes", "parent": null, "product_count": 0},
    ]});
    assert_eq!(list, expected);
}

#[tokio::test]
async fn a_category_counts_the_active_products_of_all_categories_inside_it() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("home").await;
    admin.create_subcategory("kitchen", "home").await;
    admin.create_subcategory("mugs", "kitchen").await;
    admin.create_subcategory("pans", "kitchen").await;
    for (slug, active) in [("home", 1), ("kitchen", 2), ("mugs", 4), ("pans", 8)] {
        let slug = Slug::parse(slug.to_owned()).expect("a slug");
        let counters = [("active", active), ("products", 100)];
        set_counters(&app, keys::category(&slug), &counters).await;
    }
    let list = app.anonymous().get("/categories").await.expect(200);
    let counts = list["data"].as_array().expect("data").iter();
    let counts: Vec<_> = counts.map(|one| one["product_count"].clone()).collect();
    assert_eq!(Value::from(counts), json!([15, 14, 4, 8]));
}

#[tokio::test]
async fn a_category_whose_parent_is_not_read_yet_is_listed() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("home").await;
    admin.create_subcategory("mugs", "home").await;
    let delete = app.client.delete_item().table_name(&app.table);
    let key = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let delete = delete.key("pk", key("CATEGORIES")).key("sk", key("home"));
    delete.send().await.expect("a deletion");
    let list = app.anonymous().get("/categories").await.expect(200);
    assert_eq!(list["data"].as_array().expect("data").len(), 1);
}
