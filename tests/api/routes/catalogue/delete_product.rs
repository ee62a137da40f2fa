//! `DELETE /products/{product_id}`

use futures_util::future::join_all;
use serde_json::json;
use tests::answer::tally;
use tests::app::App;
use tests::samples::{create_product, create_sku, path_of, product, usd};

#[tokio::test]
async fn a_deleted_product_is_not_found_for_any_caller() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({"name": "Stoneware Mug", "price": usd(1800), "category": "kitchen"});
    let mug = path_of(&create_product(&admin, body).await);

    let answer = admin.delete(&mug).await;

    assert_eq!((answer.status, &answer.body), (204, &json!(null)));
    assert_eq!(answer.header("content-type"), None);
    for who in [&admin, &app.anonymous()] {
        who.get(&mug).await.expect_problem(404, "not_found");
    }
    for list in ["/products", "/products?category=kitchen", "/products?page=1"] {
        assert_eq!(admin.get(list).await.expect(200)["data"], json!([]), "{list}");
    }
    admin.delete(&mug).await.expect_problem(404, "not_found");
    let body = json!({"name": "Mug", "price": usd(1)});
    admin.put(&mug, body).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn carts_keep_a_deleted_products_lines_as_unavailable_and_they_can_not_be_ordered() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    ada.post("/cart/items", json!({"sku": "MUG", "quantity": 2})).await.expect(200);

    admin.delete(&path_of(&mug)).await.expect(204);

    let cart = ada.get("/cart").await.expect(200);
    assert_eq!(cart["items"][0]["problem"], "unavailable");
    assert_eq!(
        (&cart["items"][0]["sku"], &cart["items"][0]["quantity"]),
        (&json!("MUG"), &json!(2))
    );
    assert_eq!(cart["subtotal"], usd(0), "an unavailable line does not count");
    ada.post("/orders", json!({})).await.expect_problem(409, "unavailable");
    let items = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});
    ada.post("/orders", items).await.expect_problem(409, "unavailable");
}

#[tokio::test]
async fn a_deleted_products_skus_are_free_for_other_products() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let old = create_sku(&admin, "MUG", 1800, 5).await;
    ada.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await.expect(200);
    admin.delete(&path_of(&old)).await.expect(204);

    let new = create_sku(&admin, "MUG", 9900, 1).await;

    let cart = ada.get("/cart").await.expect(200);
    assert_eq!(cart["items"][0]["product_id"], old["id"], "the cart keeps the old product's line");
    assert_eq!(cart["items"][0]["problem"], "unavailable");
    let order = json!({"items": [{"sku": "MUG", "quantity": 1}]});
    let order = ada.post("/orders", order).await.expect(201);
    assert_eq!(order["items"][0]["product_id"], new["id"]);
}

#[tokio::test]
async fn skus_of_withdrawn_variants_are_free_again_too() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = path_of(&create_sku(&admin, "MUG-OLD", 1800, 5).await);
    let variants = json!([{"sku": "MUG-NEW", "options": {"size": "M"}}]);
    let body = json!({"name": "Mug", "price": usd(1800), "variants": variants});
    admin.put(&mug, body).await.expect(200);

    admin.delete(&mug).await.expect(204);

    create_sku(&admin, "MUG-OLD", 1800, 5).await;
    create_sku(&admin, "MUG-NEW", 1800, 5).await;
}

#[tokio::test]
async fn a_product_that_had_many_variants_over_the_years_can_still_be_deleted() {
    let app = App::start().await;
    let admin = app.admin().await;
    let year = |year: u32| {
        let variant =
            |n: u32| json!({"sku": format!("MUG-{year}-{n}"), "options": {"size": n.to_string()}});
        let variants: Vec<_> = (0..30).map(variant).collect();
        json!({"name": "Mug", "price": usd(1800), "variants": variants})
    };
    let mug = path_of(&create_product(&admin, year(2020)).await);
    for later in 2021..2024 {
        admin.put(&mug, year(later)).await.expect(200);
    }

    admin.delete(&mug).await.expect(204);

    admin.get(&mug).await.expect_problem(404, "not_found");
    for year in 2020..2024 {
        for n in [0, 29] {
            create_sku(&admin, &format!("MUG-{year}-{n}"), 1800, 5).await;
        }
    }
}

#[tokio::test]
async fn if_match_protects_a_newer_version_from_deletion() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = path_of(&create_product(&admin, product("Stoneware Mug", 1800, 5)).await);
    let first = admin.get(&mug).await.header("etag").expect("a tag").to_owned();
    admin.put(&mug, json!({"name": "Mug", "price": usd(1)})).await.expect(200);
    let delete = |tag: &str| admin.call("DELETE", &mug).header("if-match", tag).send();

    delete(&first).await.expect_problem(412, "version_mismatch");
    delete("yesterday's").await.expect_problem(400, "invalid_if_match");
    let second = admin.get(&mug).await.header("etag").expect("still there").to_owned();
    delete(&second).await.expect(204);
    delete(&second).await.expect_problem(404, "not_found");
    let bowl = path_of(&create_product(&admin, product("Bowl", 900, 1)).await);
    admin.call("DELETE", &bowl).header("if-match", "*").send().await.expect(204);
    admin.call("DELETE", &bowl).header("if-match", "*").send().await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_deletions_at_once_exactly_one_finds_the_product() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = path_of(&create_product(&admin, product("Stoneware Mug", 1800, 5)).await);

    let answers = join_all((0..20).map(|_| admin.delete(&mug))).await;

    assert_eq!(tally(&answers), [(204, 1), (404, 19)].into());
}

#[tokio::test]
async fn an_unknown_product_is_not_found_and_customers_may_not_delete() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = path_of(&create_product(&admin, product("Stoneware Mug", 1800, 5)).await);
    for path in ["/products/mug", "/products/prd_01890a5d-ac96-774b-bcce-b302099a8057"] {
        admin.delete(path).await.expect_problem(404, "not_found");
    }
    app.anonymous().delete(&mug).await.expect_problem(401, "unauthenticated");
    let ada = app.customer("ada").await;
    ada.delete(&mug).await.expect_problem(403, "forbidden");
    ada.delete("/products/mug").await.expect_problem(403, "forbidden");
    admin.get(&mug).await.expect(200);
}
