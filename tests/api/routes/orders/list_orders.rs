//! `GET /orders`

use std::time::Duration;

use aws_smithy_types::base64;
use serde_json::{Value, json};
use tests::answer::Answer;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, id, members, order_of, product};

use super::path;

/// Places and cancels `number` orders, a second apart; returns their identifiers, newest first.
async fn order(app: &App, caller: &Persona<'_>, product: &Value, number: usize) -> Vec<String> {
    let mut placed = Vec::new();
    for _ in 0..number {
        app.advance(Duration::from_secs(1));
        let order = caller.post("/orders", order_of(product, 1)).await.expect(201);
        caller.delete(&path(&order)).await.expect(200);
        placed.insert(0, id(&order).to_owned());
    }
    placed
}

/// Returns the identifiers on a page.
#[track_caller]
fn ids(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().unwrap_or_else(|| panic!("not a page: {page:#}"));
    data.iter().map(|order| id(order).to_owned()).collect()
}

/// Returns the target of the `Link` to the next page.
fn next(answer: &Answer) -> Option<&str> {
    answer.header("link")?.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")
}

/// Follows the `Link` headers from `target` to the end; checks that no page has more than `limit`
/// items.
async fn follow(caller: &Persona<'_>, target: &str, limit: usize) -> Vec<String> {
    let (mut all, mut target) = (Vec::new(), target.to_owned());
    for _ in 0..100 {
        let answer = caller.get(&target).await;
        let page = ids(&answer.body);
        assert!(page.len() <= limit, "{target}: {page:?}");
        all.extend(page);
        match (next(&answer), answer.body["next_cursor"].as_str()) {
            (Some(next), Some(cursor)) => {
                assert!(next.contains(cursor), "{next}");
                target = next.to_owned();
            }
            (None, None) => return all,
            other => panic!("cursor and link differ: {other:?}"),
        }
    }
    panic!("the list does not end")
}

#[tokio::test]
async fn a_new_customer_has_no_orders() {
    let app = App::start().await;
    let answer = app.customer("ada").await.get("/orders").await;
    answer.expect_private();
    assert_eq!(answer.header("link"), None);
    assert_eq!(answer.expect(200), json!({"data": [], "next_cursor": null}));
}

#[tokio::test]
async fn a_customer_sees_their_own_orders_newest_first() {
    let app = App::start().await;
    let (admin, ada, grace) =
        (app.admin().await, app.customer("ada").await, app.customer("grace").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 9)).await;
    let adas = order(&app, &ada, &mug, 3).await;
    let graces = order(&app, &grace, &mug, 1).await;

    assert_eq!(ids(&ada.get("/orders").await.expect(200)), adas);
    assert_eq!(ids(&grace.get("/orders").await.expect(200)), graces);
    assert_eq!(ids(&admin.get("/orders").await.expect(200)), [""; 0], "the admin has no orders");
}

#[tokio::test]
async fn an_order_in_the_list_equals_the_single_order() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);

    let page = ada.get("/orders").await.expect(200);

    let listed = &page["data"][0];
    let expected = [
        "email",
        "expires_at",
        "id",
        "items",
        "number",
        "payment",
        "payment_status",
        "placed_at",
        "prices_include_tax",
        "shipping",
        "status",
        "subtotal",
        "tax",
        "taxes",
        "total",
        "updated_at",
        "user_id",
        "version",
    ];
    assert_eq!(members(listed), expected);
    for member in expected {
        assert_eq!(listed[member], order[member], "{member}");
    }
    ada.delete(&path(&order)).await.expect(200);
    assert_eq!(ada.get("/orders").await.expect(200)["data"][0]["status"], "cancelled");
}

#[tokio::test]
async fn a_page_holds_twenty_orders_or_the_requested_number() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let all = order(&app, &ada, &mug, 23).await;

    let first = ada.get("/orders").await;
    first.expect_private();
    assert_eq!(ids(&first.body), all[..20]);
    assert!(first.body["next_cursor"].is_string());
    for (target, limit) in [
        ("/orders", 20),
        ("/orders?limit=1", 1),
        ("/orders?limit=7", 7),
        ("/orders?limit=100", 100),
    ] {
        assert_eq!(follow(&ada, target, limit).await, all, "{target}");
    }
}

#[tokio::test]
async fn a_cursor_keeps_its_position_while_orders_are_added() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let former = order(&app, &ada, &mug, 4).await;
    let first = ada.get("/orders?limit=2").await;
    order(&app, &ada, &mug, 1).await;

    let second = ada.get(next(&first).expect("a second page")).await.expect(200);

    assert_eq!(ids(&second), former[2..]);
}

#[tokio::test]
async fn pages_can_be_numbered() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let all = order(&app, &ada, &mug, 12).await;
    for (target, expected) in [
        ("/orders?page=1", &all[..10]),
        ("/orders?page=2", &all[10..]),
        ("/orders?per_page=5", &all[..5]),
        ("/orders?page=3&per_page=5", &all[10..]),
        ("/orders?page=4&per_page=5", &[]),
        ("/orders?page=100", &[]),
        ("/orders?page=1000&per_page=1", &[]),
        ("/orders?page=10&per_page=100", &[]),
    ] {
        let page = ada.get(target).await.expect(200);
        assert_eq!(ids(&page), expected, "{target}");
    }
    let last = ada.get("/orders?page=3&per_page=5").await.expect(200);
    assert_eq!(last["next_cursor"], json!(null));
    assert_eq!(
        follow(&ada, "/orders?page=2&per_page=5", 5).await,
        all[5..],
        "there is a link to the next page"
    );
}

#[tokio::test]
async fn the_list_can_be_filtered_by_status() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 99)).await;
    let (mut pending, mut cancelled) = (Vec::new(), Vec::new());
    for round in 0..12 {
        app.advance(Duration::from_secs(1));
        let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
        if round % 4 == 0 {
            pending.insert(0, id(&order).to_owned());
        } else {
            ada.delete(&path(&order)).await.expect(200);
            cancelled.insert(0, id(&order).to_owned());
        }
    }
    for limit in [1, 2, 3, 100] {
        let of = |status: &str| format!("/orders?status={status}&limit={limit}");
        assert_eq!(follow(&ada, &of("pending_payment"), limit).await, pending, "{limit}");
        assert_eq!(follow(&ada, &of("cancelled"), limit).await, cancelled, "{limit}");
        assert_eq!(follow(&ada, &of("shipped"), limit).await, [""; 0], "{limit}");
    }
    for per_page in [1, 2, 4, 5, 100] {
        let mut all = Vec::new();
        for page in 1..=1000 / per_page.max(100) {
            let target = format!("/orders?status=cancelled&page={page}&per_page={per_page}");
            let page = ada.get(&target).await.expect(200);
            all.extend(ids(&page));
        }
        assert_eq!(all, cancelled, "pages of {per_page} have every matching order once");
    }
}

#[tokio::test]
async fn the_error_for_an_invalid_parameter_names_it() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    for (query, pointer, code) in [
        ("limit=0", "limit", "limit_out_of_range"),
        ("limit=101", "limit", "limit_out_of_range"),
        ("limit=-1", "limit", "limit_out_of_range"),
        ("limit=1.5", "limit", "limit_out_of_range"),
        ("limit=ten", "limit", "limit_out_of_range"),
        ("limit=99999999999999999999", "limit", "limit_out_of_range"),
        ("page=0", "page", "page_out_of_range"),
        ("page=-1", "page", "page_out_of_range"),
        ("page=x", "page", "page_out_of_range"),
        ("per_page=0", "per_page", "limit_out_of_range"),
        ("per_page=101", "per_page", "limit_out_of_range"),
        ("status=lost", "status", "unknown_value"),
        ("page=101", "page", "page_too_deep"),
        ("page=11&per_page=100", "page", "page_too_deep"),
        ("page=1&cursor=AAAA", "page", "mixed_paging"),
        ("per_page=5&cursor=AAAA", "page", "mixed_paging"),
    ] {
        let answer = ada.get(&format!("/orders?{query}")).await;
        assert_eq!(answer.status, 422, "{query}: {answer:?}");
        assert_eq!(answer.expect_invalid(), [(pointer.to_owned(), code.to_owned())], "{query}");
    }
    let all_at_once = ada.get("/orders?limit=0&status=lost").await.expect_invalid();
    assert_eq!(all_at_once.len(), 2, "{all_at_once:?}");
}

#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    ada.get("/orders?utm_source=mail&user_id=usr_1&limit=5").await.expect(200);
}

#[tokio::test]
async fn a_forged_cursor_or_one_of_another_list_is_malformed() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 99)).await;
    create_product(&admin, product("Bowl", 1800, 99)).await;
    order(&app, &ada, &mug, 3).await;
    let cursor = |page: Value| page["next_cursor"].as_str().expect("a cursor").to_owned();
    let own = cursor(ada.get("/orders?limit=1").await.expect(200));
    let cancelled = cursor(ada.get("/orders?status=cancelled&limit=1").await.expect(200));
    let products = cursor(ada.get("/products?limit=1").await.expect(200));
    let position = base64::encode("ord_01890a5d-ac96-774b-bcce-b302099a8057");
    let position = position.trim_end_matches('=');
    for (query, what) in [
        ("cursor=!", "not base64"),
        ("cursor=AAAA", "base64 of an empty text"),
        (&format!("cursor={}", &own[..own.len() - 4]), "cut off"),
        (&format!("cursor={}", &own[4..]), "cut off at the front"),
        (&format!("cursor={position}"), "a bare position"),
        (&format!("cursor={products}"), "a cursor of the products"),
        (&format!("cursor={cancelled}"), "a cursor of the cancelled orders"),
        (
            &format!("cursor={own}&status=cancelled"),
            "a cursor of all orders, for the cancelled ones",
        ),
        (
            &format!("cursor={cancelled}&status=paid"),
            "a cursor of the cancelled orders, for the paid ones",
        ),
    ] {
        let answer = ada.get(&format!("/orders?{query}")).await;
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
        answer.expect_problem(400, "invalid_cursor");
    }
    ada.get(&format!("/orders?cursor={own}&limit=2")).await.expect(200);
}

#[tokio::test]
async fn another_customers_cursor_shows_only_the_callers_own_orders() {
    let app = App::start().await;
    let (ada, grace) = (app.customer("ada").await, app.customer("grace").await);
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let graces = order(&app, &grace, &mug, 2).await;
    order(&app, &ada, &mug, 3).await;
    let cursor = ada.get("/orders?limit=1").await.expect(200)["next_cursor"].clone();
    let cursor = cursor.as_str().expect("a cursor");

    let page = grace.get(&format!("/orders?cursor={cursor}")).await.expect(200);

    assert!(ids(&page).iter().all(|id| graces.contains(id)), "{page:#}");
}
