//! `GET /products/facets`

use serde_json::{Value, json};
use tests::app::App;
use tests::samples::{create_product, usd};

/// Creates a few products with different values.
async fn shop() -> App {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("home").await;
    admin.create_subcategory("mugs", "home").await;
    admin.create_category("shirts").await;
    let of_sizes = |sizes: &[&str]| -> Value {
        sizes.iter().map(|size| json!({"options": {"size": size}, "stock": 1})).collect()
    };
    for body in [
        json!({"name": "Mug", "brand": "Acme", "category": "mugs", "tags": ["gift", "new"],
            "price": usd(900)}),
        json!({"name": "Cup", "brand": "ACME", "category": "mugs", "tags": ["Gift"],
            "price": usd(1200), "stock": 2}),
        json!({"name": "Jug", "brand": "ACME", "category": "home", "price": usd(1900)}),
        json!({"name": "Shirt", "brand": "Zwei", "category": "shirts", "tags": ["new"],
            "price": usd(4900), "variants": of_sizes(&["S", "M"])}),
        json!({"name": "Tee", "category": "shirts", "price": usd(1500),
            "variants": of_sizes(&["m", "L"])}),
        json!({"name": "Draft", "brand": "Hidden", "price": usd(1), "status": "draft"}),
    ] {
        create_product(&admin, body).await;
    }
    app
}

async fn facets(app: &App, query: &str) -> Value {
    app.anonymous().get(&format!("/products/facets?{query}")).await.expect(200)
}

fn values(counts: &[(&str, u32)]) -> Value {
    counts.iter().map(|(name, count)| json!({"name": name, "count": count})).collect()
}

fn categories(counts: &[(&str, u32)]) -> Value {
    counts.iter().map(|(slug, count)| json!({"slug": slug, "count": count})).collect()
}

fn prices(counts: &[(i64, i64, u32)]) -> Value {
    let range = |(min, max, count): &(i64, i64, u32)| json!({"min": usd(*min), "max": usd(*max), "count": count});
    counts.iter().map(range).collect()
}

#[tokio::test]
async fn facets_count_the_active_products_by_every_value() {
    let app = shop().await;
    let expected = json!({
        "total": 5,
        "exact": true,
        "category": categories(&[("home", 3), ("mugs", 2), ("shirts", 2)]),
        "brand": values(&[("ACME", 3), ("Zwei", 1)]),
        "size": values(&[("M", 2), ("L", 1), ("S", 1)]),
        "tag": values(&[("Gift", 2), ("new", 2)]),
        "price": prices(&[(500, 1000, 1), (1000, 2000, 3), (2000, 5000, 1)]),
        "rating": [],
        "in_stock": {"true": 3, "false": 2},
    });
    assert_eq!(facets(&app, "").await, expected);
}

#[tokio::test]
async fn a_filter_narrows_every_facet_but_its_own() {
    let app = shop().await;

    let of_shirts = facets(&app, "category=shirts").await;
    assert_eq!(of_shirts["total"], 2);
    assert_eq!(of_shirts["category"], facets(&app, "").await["category"]);
    assert_eq!(of_shirts["brand"], values(&[("Zwei", 1)]));

    let of_acme = facets(&app, "brand=acme&max_price=1200").await;
    assert_eq!(of_acme["total"], 2);
    assert_eq!(of_acme["brand"], values(&[("ACME", 2)]), "narrowed by the price");
    assert_eq!(of_acme["price"], prices(&[(500, 1000, 1), (1000, 2000, 2)]), "by the brand");
    assert_eq!(of_acme["category"], categories(&[("home", 2), ("mugs", 2)]), "by both");

    let of_size = facets(&app, "size=S&in_stock=true").await;
    assert_eq!(of_size["size"], values(&[("M", 2), ("L", 1), ("S", 1)]));
    assert_eq!(of_size["in_stock"], json!({"true": 1, "false": 0}));

    let of_tag = facets(&app, "tag=gift").await;
    assert_eq!(of_tag["tag"], values(&[("Gift", 2), ("new", 1)]), "a tag narrows the tags");

    let of_search = facets(&app, "q=mug").await;
    assert_eq!(of_search["total"], 2, "one by its name, one by its category");
    assert_eq!(of_search["brand"], values(&[("ACME", 2)]));
}

#[tokio::test]
async fn a_search_that_finds_nothing_has_empty_facets() {
    let app = shop().await;
    let expected = json!({
        "total": 0, "exact": true, "category": [], "brand": [], "size": [], "tag": [],
        "price": [], "rating": [], "in_stock": {"true": 0, "false": 0},
    });
    assert_eq!(facets(&app, "q=sofa").await, expected);
}

#[tokio::test]
async fn the_error_for_an_invalid_parameter_names_it() {
    let app = App::start().await;
    for (query, expected) in [
        ("category=A%20B", "category invalid_slug"),
        ("in_stock=1", "in_stock unknown_value"),
        (&"tag=x&".repeat(51), "tag too_many"),
        (&format!("q={}", "x".repeat(256)), "q too_long"),
        ("q=a%E2%80%AEb", "q bidi_control"),
        ("name=a%07b", "name control_character"),
        ("max_price=100000000001", "max_price too_large"),
        ("min_rating=6", "min_rating out_of_range"),
        ("min_price=x&max_price=-2", "max_price negative, min_price not_minor_units"),
    ] {
        let answer = app.anonymous().get(&format!("/products/facets?{query}")).await;
        assert_eq!(answer.broken(), expected, "{query}");
    }
    // Lists are sorted and have pages; facets ignore both.
    app.anonymous().get("/products/facets?sort=x&limit=0&cursor=x").await.expect(200);
}

#[tokio::test]
async fn facets_are_cached_and_their_tag_changes_with_them() {
    let app = shop().await;
    let tag = async |path: &str| {
        let answer = app.anonymous().get(path).await;
        let control = "public, max-age=60, stale-while-revalidate=60";
        assert_eq!(answer.header("cache-control"), Some(control));
        answer.header("etag").expect("a tag").to_owned()
    };
    let before = tag("/products/facets").await;
    assert_eq!(tag("/products/facets").await, before);
    let again = app.anonymous().call("GET", "/products/facets").header("if-none-match", &before);
    assert_eq!(again.send().await.status, 304);
    create_product(&app.admin().await, json!({"name": "Bowl", "price": usd(700)})).await;
    assert_ne!(tag("/products/facets").await, before);
}
