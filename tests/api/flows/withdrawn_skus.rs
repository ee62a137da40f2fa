//! SKUs of withdrawn variants: another product can use them, and at any time only one product does.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::ids::ProductId;
use shared::domain::sku::Sku;
use shared::store::Read;
use tests::answer::Answer;
use tests::app::App;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{create_product, id, path_of, text_of, usd};

const SKUS: [&str; 3] = ["S", "M", "L"];

/// The body of a product with these variants.
fn with(skus: &[&str]) -> Value {
    let variant = |sku: &&str| json!({"sku": sku, "options": {"size": sku}});
    json!({"name": "Shirt", "price": usd(2900), "variants": skus.iter().map(variant).collect::<Vec<_>>()})
}

/// The body of a product with these variants, each with new stock.
fn stocked(skus: &[&str], stock: u32) -> Value {
    let mut body = with(skus);
    for variant in body["variants"].as_array_mut().expect("variants") {
        variant["stock"] = stock.into();
    }
    body
}

async fn order(customer: &Persona<'_>, sku: &str) -> Answer {
    customer.post("/orders", json!({"items": [{"sku": sku, "quantity": 1}]})).await
}

/// Checks the table: at most one variant of each SKU is not withdrawn, and its product has the SKU's
/// pointer.
async fn check(app: &App) {
    let items = app.items().await;
    let of_type =
        |kind: &'static str| items.iter().filter(move |item| text_of(item, "type") == kind);
    let holders: BTreeMap<_, _> =
        of_type("sku").map(|item| (text_of(item, "sku"), text_of(item, "product_id"))).collect();
    let mut current = BTreeSet::new();
    for variant in of_type("variant").filter(|item| text_of(item, "status") != "withdrawn") {
        let sku = text_of(variant, "sku");
        assert_eq!(holders.get(&sku), Some(&text_of(variant, "product_id")), "the holder of {sku}");
        assert!(current.insert(sku.clone()), "two products sell {sku}");
    }
}

#[tokio::test]
async fn another_product_takes_the_sku_of_a_withdrawn_variant_over() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let old = create_product(&admin, stocked(&["S", "M"], 5)).await;
    let first = order(&ada, "M").await.expect(201);
    ada.post("/cart/items", json!({"sku": "M", "quantity": 1})).await.expect(200);
    admin.put(&path_of(&old), with(&["S"])).await.expect(200);

    let new = create_product(&admin, stocked(&["M"], 9)).await;

    let second = order(&ada, "M").await.expect(201);
    assert_eq!(second["items"][0]["product_id"], new["id"]);
    let cart = ada.get("/cart").await.expect(200);
    assert_eq!(cart["items"][0]["product_id"], old["id"], "the cart keeps its line");
    assert_eq!(cart["items"][0]["problem"], "unavailable");
    let path = format!("/orders/{}", first["id"].as_str().expect("an id"));
    assert_eq!(ada.get(&path).await.expect(200)["items"][0]["product_id"], old["id"]);
    ada.delete(&path).await.expect(200);
    let new = admin.get(&path_of(&new)).await.expect(200);
    assert_eq!(new["variants"][0]["available"], 8, "the old variant got its unit back");
    check(&app).await;
}

#[tokio::test]
async fn a_withdrawn_variant_comes_back_only_while_no_other_product_sells_its_sku() {
    let app = App::start().await;
    let admin = app.admin().await;
    let old = path_of(&create_product(&admin, stocked(&["S", "M"], 5)).await);
    admin.put(&old, with(&["S"])).await.expect(200);
    let new = path_of(&create_product(&admin, stocked(&["M", "L"], 9)).await);

    let problem = admin.put(&old, with(&["S", "M"])).await.expect_problem(409, "sku_taken");
    assert_eq!(problem["sku"], "M");
    admin.put(&new, with(&["L"])).await.expect(200);
    let back = admin.put(&old, with(&["S", "M"])).await.expect(200);
    assert_eq!(back["variants"][1]["available"], 5, "with its own stock");
    admin.put(&new, with(&["L", "M"])).await.expect_problem(409, "sku_taken");

    admin.put(&old, with(&["S"])).await.expect(200);
    admin.put(&new, with(&["L", "M"])).await.expect(200);
    admin.delete(&new).await.expect(204);
    let back = admin.put(&old, with(&["S", "M"])).await.expect(200);
    assert_eq!(back["variants"][1]["available"], 5);
    check(&app).await;
}

#[tokio::test]
async fn deleting_a_product_leaves_the_skus_that_another_one_took_over() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let old = path_of(&create_product(&admin, stocked(&["S", "M"], 5)).await);
    admin.put(&old, with(&["S"])).await.expect(200);
    let new = create_product(&admin, stocked(&["M"], 9)).await;

    admin.delete(&old).await.expect(204);

    let order = order(&ada, "M").await.expect(201);
    assert_eq!(order["items"][0]["product_id"], new["id"]);
    admin.post("/products", with(&["M"])).await.expect_problem(409, "sku_taken");
    admin.post("/products", with(&["S"])).await.expect(201);
    check(&app).await;
}

#[tokio::test]
async fn a_draft_keeps_its_skus() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut draft = with(&["M"]);
    draft["status"] = "draft".into();
    create_product(&admin, draft).await;

    admin.post("/products", with(&["M"])).await.expect_problem(409, "sku_taken");
}

#[tokio::test]
async fn what_takes_too_many_skus_over_says_how_many_fit() {
    let app = App::start().await;
    let admin = app.admin().await;
    let names: Vec<_> = (0..40).map(|number| format!("SHIRT-{number}")).collect();
    let skus: Vec<_> = names.iter().map(String::as_str).collect();
    let old = path_of(&create_product(&admin, with(&skus)).await);
    admin.put(&old, with(&["OTHER"])).await.expect(200);

    let problem =
        admin.post("/products", with(&skus)).await.expect_problem(422, "too_many_changes");

    let detail = problem["detail"].as_str().expect("a detail");
    let fitting = detail.split(' ').find_map(|word| word.parse::<usize>().ok()).expect("a number");
    let new = path_of(&create_product(&admin, with(&skus[..fitting])).await);
    admin.put(&new, with(&skus)).await.expect(200);
    check(&app).await;
}

/// What an admin does with one of three products.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Action {
    /// Creates or replaces it with some of the SKUs.
    Put,
    Delete,
}

fn some_skus(random: &Random) -> Vec<&'static str> {
    let chosen = 1 + random.below(7);
    let skus = SKUS.iter().enumerate().filter(|(bit, _)| chosen & (1 << bit) != 0);
    skus.map(|(_, sku)| *sku).collect()
}

#[tokio::test]
async fn skus_are_used_taken_over_restored_and_freed_in_every_order() {
    let random = Random::seeded();
    let app = App::start().await;
    let admin = app.admin().await;
    let mut paths: [Option<String>; 3] = [const { None }; 3];
    let mut sold: [Vec<&str>; 3] = [const { Vec::new() }; 3];

    for step in 0..80 {
        let which = usize::try_from(random.below(3)).expect("a product");
        let action = if random.percent(15) { Action::Delete } else { Action::Put };
        let skus = some_skus(&random);
        let elsewhere: BTreeSet<_> = sold
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != which)
            .flat_map(|(_, skus)| skus)
            .collect();
        let is_free = !skus.iter().any(|sku| elsewhere.contains(sku));
        let what = format!("step {step}: {action:?} {skus:?} as product {which}, sold: {sold:?}");
        match (action, &paths[which]) {
            (Action::Delete, None) => {}
            (Action::Delete, Some(path)) => {
                assert_eq!(admin.delete(path).await.status, 204, "{what}");
                (paths[which], sold[which]) = (None, Vec::new());
            }
            (Action::Put, None) => {
                let answer = admin.post("/products", with(&skus)).await;
                assert_eq!(answer.status, if is_free { 201 } else { 409 }, "{what}");
                if is_free {
                    (paths[which], sold[which]) = (Some(path_of(&answer.body)), skus);
                }
            }
            (Action::Put, Some(path)) => {
                let answer = admin.put(path, with(&skus)).await;
                assert_eq!(answer.status, if is_free { 200 } else { 409 }, "{what}");
                if is_free {
                    sold[which] = skus;
                }
            }
        }
        check(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn products_that_want_the_same_skus_at_once_never_both_get_one() {
    let random = Random::seeded();
    let app = App::start().await;
    let admin = app.admin().await;
    let mut paths = Vec::new();
    for round in 0..12 {
        while paths.len() < 4 {
            let other = format!("OTHER-{round}-{}", paths.len());
            paths.push(path_of(&create_product(&admin, with(&[&other])).await));
        }
        let bodies: Vec<_> =
            paths.iter().map(|_| (random.percent(10), some_skus(&random))).collect();

        app.race(4);
        let changes =
            paths.iter().zip(&bodies).map(async |(path, (is_deleted, skus))| match is_deleted {
                true => admin.delete(path).await,
                false => admin.put(path, with(skus)).await,
            });
        let answers = join_all(changes).await;

        for answer in &answers {
            assert!(matches!(answer.status, 200 | 204 | 409), "round {round}: {answer:?}");
        }
        check(&app).await;
        let deleted = bodies.iter().map(|(is_deleted, _)| *is_deleted);
        paths = paths
            .into_iter()
            .zip(deleted)
            .filter(|(_, gone)| !gone)
            .map(|(path, _)| path)
            .collect();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_new_product_and_a_restored_variant_at_once_exactly_one_gets_the_sku() {
    let app = App::start().await;
    let admin = app.admin().await;
    for round in 0..5 {
        let (kept, sku) = (format!("KEPT-{round}"), format!("SHIRT-{round}"));
        let old = path_of(&create_product(&admin, with(&[&kept, &sku])).await);
        admin.put(&old, with(&[&kept])).await.expect(200);

        app.race(2);
        let (created, restored) = tokio::join!(
            admin.post("/products", with(&[&sku])),
            admin.put(&old, with(&[&kept, &sku])),
        );

        let statuses = (created.status, restored.status);
        assert!(matches!(statuses, (201, 409) | (409, 200)), "round {round}: {statuses:?}");
        check(&app).await;
    }
}

/// Creates a product that takes `M` over, but only after `meanwhile` has run between its read of who
/// has the SKU and its transaction; returns whether it got the SKU.
async fn takes_over_after(app: &App, meanwhile: impl AsyncFnOnce()) -> bool {
    let (ctx, now) = (&app.unrestricted, app.unrestricted.now());
    let sku = Sku::parse("M".to_owned()).expect("a SKU");
    let other = create_product(&app.admin().await, with(&["OTHER"])).await;
    let other = other["id"].as_str().expect("an id").parse().expect("an id");
    let mut product = ctx.store.products().get(other, Read::Consistent).await.expect("a product");
    product.product.id = ProductId::new(now);
    product.variants[0].product_id = product.product.id;
    product.variants[0].sku = sku.clone();
    let holders = ctx.store.products().sku_holders(product.product.id, &[sku]).await;
    let holders = holders.expect("a withdrawn variant");
    meanwhile().await;
    ctx.store.products().create(&product, &holders).await.expect("an answer").is_ok()
}

#[tokio::test]
async fn a_variant_that_comes_back_before_the_takeover_keeps_its_sku() {
    let app = App::start().await;
    let admin = app.admin().await;
    let old = path_of(&create_product(&admin, with(&["S", "M"])).await);
    admin.put(&old, with(&["S"])).await.expect(200);
    let restore = async || drop(admin.put(&old, with(&["S", "M"])).await.expect(200));

    assert!(!takes_over_after(&app, restore).await);

    check(&app).await;
}

#[tokio::test]
async fn of_two_takeovers_the_second_one_fails() {
    let app = App::start().await;
    let admin = app.admin().await;
    let old = path_of(&create_product(&admin, with(&["S", "M"])).await);
    admin.put(&old, with(&["S"])).await.expect(200);
    let take = async || drop(admin.post("/products", with(&["M"])).await.expect(201));

    assert!(!takes_over_after(&app, take).await);

    check(&app).await;
}

/// Only a damaged table has a pointer that leads past a variant which is not withdrawn.
#[tokio::test]
async fn a_pointer_that_leads_to_another_product_is_never_deleted() {
    let app = App::start().await;
    let admin = app.admin().await;
    let old = create_product(&admin, with(&["M"])).await;
    let other = create_product(&admin, with(&["S"])).await;
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key("pk", AttributeValue::S("SKU#M".to_owned()));
    let update = update.key("sk", AttributeValue::S("SKU".to_owned()));
    let update = update.update_expression("SET product_id = :other");
    let id = AttributeValue::S(id(&other).to_owned());
    update.expression_attribute_values(":other", id).send().await.expect("an update");
    let before = app.contents().await;

    admin.delete(&path_of(&old)).await.expect_problem(503, "service_unavailable");

    assert_eq!(app.contents().await, before);
}

/// The SKU's pointer leads to a variant that does not exist, which only a damaged table has.
#[tokio::test]
async fn a_sku_whose_variant_is_missing_is_taken() {
    let app = App::start().await;
    let admin = app.admin().await;
    let old = create_product(&admin, with(&["M"])).await;
    let delete = app.client.delete_item().table_name(&app.table);
    let delete = delete.key("pk", AttributeValue::S(format!("PRODUCT#{}", id(&old))));
    let delete = delete.key("sk", AttributeValue::S("VARIANT#M".to_owned()));
    delete.send().await.expect("a deletion");

    admin.post("/products", with(&["M"])).await.expect_problem(409, "sku_taken");
}
