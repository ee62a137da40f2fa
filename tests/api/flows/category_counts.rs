//! Categories count their products: in the transaction that changes a product, whatever happens.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::store::keys;
use tests::app::App;
use tests::gate::Faults;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{create_product, create_sku, path_of, set_counters, slug, text_of, usd};

/// The body of a product in a category, `null` for none.
fn mug(category: impl Into<Value>, status: &str) -> Value {
    json!({"name": "Mug", "price": usd(1800), "category": category.into(), "status": status})
}

type Item = HashMap<String, AttributeValue>;

fn number(item: &Item, name: &str) -> i64 {
    let number = item.get(name).and_then(|value| value.as_n().ok());
    number.and_then(|number| number.parse().ok()).expect("a number")
}

/// Returns the numbers of products and active products that each category has.
async fn counts(app: &App) -> BTreeMap<String, (i64, i64)> {
    let items = app.items().await;
    let categories = items.iter().filter(|item| text_of(item, "type") == "category");
    let counts =
        |item: &Item| (text_of(item, "sk"), (number(item, "products"), number(item, "active")));
    categories.map(counts).collect()
}

/// Checks that each category counts the products that are there.
async fn check(app: &App) {
    let items = app.items().await;
    let mut there: BTreeMap<_, _> = counts(app).await.into_keys().map(|it| (it, (0, 0))).collect();
    for product in items.iter().filter(|item| text_of(item, "type") == "product") {
        let category = text_of(product, "category");
        if !category.is_empty() {
            let counts = there.get_mut(&category).expect("a product's category exists");
            counts.0 += 1;
            counts.1 += i64::from(text_of(product, "status") == "active");
        }
    }
    assert_eq!(counts(app).await, there);
}

#[tokio::test]
async fn a_category_counts_every_product_and_shows_the_active_ones() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("mugs").await;
    admin.create_category("cups").await;
    let of = async |slug: &str| counts(&app).await[slug];
    let path = path_of(&create_product(&admin, mug("mugs", "active")).await);
    let draft = path_of(&create_product(&admin, mug("mugs", "draft")).await);
    assert_eq!(of("mugs").await, (2, 1));
    let shown = app.anonymous().get("/categories").await.expect(200);
    let shown: Vec<_> = shown["data"]
        .as_array()
        .expect("categories")
        .iter()
        .map(|it| (&it["slug"], &it["product_count"]))
        .map(|(slug, count)| (slug.as_str().expect("a slug").to_owned(), count.as_i64()))
        .collect();
    assert_eq!(shown, [("cups".to_owned(), Some(0)), ("mugs".to_owned(), Some(1))]);

    for (body, mugs, cups) in [
        (mug("mugs", "archived"), (2, 0), (0, 0)),
        (mug("mugs", "draft"), (2, 0), (0, 0)),
        (mug("cups", "active"), (1, 0), (1, 1)),
        (mug(Value::Null, "active"), (1, 0), (0, 0)),
        (mug("mugs", "active"), (2, 1), (0, 0)),
    ] {
        admin.put(&path, body.clone()).await.expect(200);
        assert_eq!((of("mugs").await, of("cups").await), (mugs, cups), "{body}");
    }
    admin.delete(&path).await.expect(204);
    admin.delete("/categories/mugs").await.expect_problem(409, "category_not_empty");
    admin.delete(&draft).await.expect(204);
    assert_eq!(of("mugs").await, (0, 0));
    admin.delete("/categories/mugs").await.expect(204);
}

#[tokio::test]
async fn a_product_can_not_be_in_a_category_that_does_not_exist() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("mugs").await;
    let there = create_product(&admin, mug("mugs", "active")).await;
    create_sku(&admin, "TAKEN", 900, 1).await;
    let before = app.items().await.len();
    let unknown = "/category unknown_category";

    assert_eq!(admin.post("/products", mug("cups", "active")).await.broken(), unknown);
    let mut taken = mug("cups", "active");
    taken["variants"] = json!([{"sku": "TAKEN"}]);
    assert_eq!(admin.post("/products", taken.clone()).await.broken(), unknown, "422 before 409");
    let mut bad = mug("cups", "active");
    bad["name"] = "".into();
    let both = format!("{unknown}, /name too_short");
    assert_eq!(admin.post("/products", bad.clone()).await.broken(), both, "all bad fields at once");

    let path = path_of(&there);
    assert_eq!(admin.put(&path, mug("cups", "active")).await.broken(), unknown);
    assert_eq!(admin.put(&path, taken).await.broken(), unknown, "422 before 409");
    assert_eq!(admin.put(&path, bad).await.broken(), both);
    let missing = "/products/prd_01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(admin.put(missing, mug("cups", "active")).await.broken(), unknown, "422 before 404");
    let old = admin.call("PUT", &path).header("if-match", "\"9-x\"");
    assert_eq!(old.json(&mug("cups", "active")).send().await.broken(), unknown, "422 before 412");
    assert_eq!(admin.get(&path).await.expect(200), there);
    assert_eq!(app.items().await.len(), before);
    check(&app).await;
}

#[tokio::test]
async fn a_product_from_before_categories_counted_counts_from_its_next_change() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("mugs").await;
    let mut paths = Vec::new();
    for _ in 0..2 {
        let product = create_product(&admin, mug("mugs", "active")).await;
        let id = product["id"].as_str().expect("an id");
        let product = app.client.update_item().table_name(&app.table);
        let product = product.key("pk", AttributeValue::S(format!("PRODUCT#{id}")));
        let product = product.key("sk", AttributeValue::S("PRODUCT".to_owned()));
        product.update_expression("REMOVE is_counted").send().await.expect("an update");
        set_counters(&app, keys::category(&slug("mugs")), &[("products", 0), ("active", 0)]).await;
        paths.push(format!("/products/{id}"));
    }
    let mugs = async || counts(&app).await["mugs"];

    admin.delete(&paths[0]).await.expect(204);
    assert_eq!(mugs().await, (0, 0), "it was never counted");
    admin.put(&paths[1], mug("mugs", "active")).await.expect(200);
    assert_eq!(mugs().await, (1, 1));
    admin.put(&paths[1], mug("mugs", "draft")).await.expect(200);
    assert_eq!(mugs().await, (1, 0));
    admin.delete(&paths[1]).await.expect(204);
    assert_eq!(mugs().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_new_product_and_the_deletion_of_its_category_at_once_one_is_refused() {
    let app = App::start().await;
    let admin = app.admin().await;
    for round in 0..5 {
        let slug = format!("mugs-{round}");
        admin.create_category(&slug).await;
        let path = format!("/categories/{slug}");

        app.race(2);
        let (created, deleted) = tokio::join!(
            admin.post("/products", mug(slug.as_str(), "active")),
            admin.delete(&path),
        );

        let statuses = (created.status, deleted.status);
        assert!(matches!(statuses, (201, 409) | (422, 204)), "round {round}: {statuses:?}");
        check(&app).await;
    }
}

/// Creates, replaces or deletes one of the products, whatever it meets.
async fn change_something(admin: &Persona<'_>, random: &Random, paths: &[String]) -> Option<Value> {
    let choose = |from: &[&'static str]| {
        let index = random.below(u64::try_from(from.len()).expect("a few"));
        from[usize::try_from(index).expect("a few")]
    };
    let category = choose(&["mugs", "cups", "cups", ""]);
    let body = mug(category, choose(&["active", "active", "draft", "archived"]));
    let path = usize::try_from(random.below(8)).ok().and_then(|index| paths.get(index));
    let answer = match path {
        None => admin.post("/products", body).await,
        Some(path) if random.percent(20) => admin.delete(path).await,
        Some(path) => admin.put(path, body).await,
    };
    assert!(matches!(answer.status, 200 | 201 | 204 | 404 | 503), "{answer:?}");
    (answer.status == 201).then_some(answer.body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_counts_add_up_under_concurrent_changes_conflicts_and_lost_responses() {
    let random = Random::seeded();
    let faults = Faults {
        conflicts: 10,
        lost_responses: 5,
        random: Some(Random::seeded()),
        ..Faults::default()
    };
    let app = App::builder().faults(faults).start().await;
    let admin = app.admin().await;
    for slug in ["mugs", "cups"] {
        let category = json!({"slug": slug, "name": slug});
        while !matches!(admin.post("/categories", category.clone()).await.status, 201 | 409) {}
    }
    let mut paths = Vec::new();
    for _ in 0..6 {
        let changes = (0..12).map(|_| change_something(&admin, &random, &paths));
        let created = join_all(changes).await;
        paths.extend(created.into_iter().flatten().map(|product| path_of(&product)));
        check(&app).await;
    }
}
