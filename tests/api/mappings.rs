//! The API behind a named stage, or a custom domain's mapping: one logical path, and links that lead
//! back to where the caller came from.

use std::collections::HashMap;

use serde_json::{Value, json};
use shared::http::routes;
use tests::answer::Answer;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{available, create_product, order_of, product};

/// How the gateway may hand out the API: the stage, and what stands before its paths.
const MAPPINGS: [(&str, &str); 5] = [
    ("$default", ""),
    ("prod", "/prod"),
    ("$default", "/shop"),
    ("prod", "/shop"),
    ("prod", "/shop/prod"),
];

/// A shop that a custom domain maps to `/shop`.
async fn shop() -> App {
    App::builder().configure(|config| config.base_path = "/shop".to_owned()).start().await
}

/// What comes of a request that comes by a mapping.
async fn send(
    app: &App,
    (stage, prefix): (&str, &str),
    (method, target): (&str, &str),
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut all = HashMap::from([("origin".to_owned(), "https://shop.example".to_owned())]);
    all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all.insert("content-type".to_owned(), "application/json".to_owned());
    let body = body.map(Value::to_string);
    let mut event = app.event(method, path, query, &all, body.as_deref());
    let raw = format!("{prefix}{path}");
    event["rawPath"] = raw.as_str().into();
    event["requestContext"]["http"]["path"] = raw.into();
    event["requestContext"]["stage"] = stage.into();
    app.handle_as(routes::find(method, path).name, event).await
}

fn bearer(who: &Persona<'_>) -> String {
    format!("Bearer {}", who.token.as_deref().expect("somebody signed in"))
}

#[tokio::test]
async fn what_is_new_is_found_behind_the_mapping_by_which_it_was_made() {
    let app = shop().await;
    let admin = bearer(&app.admin().await);
    for mapping in MAPPINGS {
        let body = product("Stoneware Mug", 1800, 5);
        let sent = [("authorization", admin.as_str())];
        let answer = send(&app, mapping, ("POST", "/products"), &sent, Some(&body)).await;
        let location = answer.header("location").unwrap_or_default().to_owned();
        let id = answer.expect(201)["id"].clone();
        assert_eq!(location, format!("{}/products/{}", mapping.1, id.as_str().expect("an id")));

        let path = location.strip_prefix(mapping.1).expect("a path behind the mapping");
        let found = send(&app, mapping, ("GET", path), &[], None).await.expect(200);
        assert_eq!(found["id"], id, "{mapping:?}");
    }
}

#[tokio::test]
async fn a_key_means_the_same_order_by_every_mapping() {
    let app = shop().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let ada = app.customer("ada").await;
    let (token, body) = (bearer(&ada), order_of(&mug, 2));
    let sent = [("authorization", token.as_str()), ("idempotency-key", "once")];
    let mut orders = Vec::new();
    for (index, mapping) in MAPPINGS.into_iter().enumerate() {
        let answer = send(&app, mapping, ("POST", "/orders"), &sent, Some(&body)).await;
        let replayed = answer.header("idempotent-replayed").is_some();
        assert_eq!(replayed, index > 0, "{mapping:?}: {answer:?}");
        let location = answer.header("location").unwrap_or_default().to_owned();
        let id = answer.expect(201)["id"].as_str().expect("an id").to_owned();
        assert_eq!(location, format!("{}/orders/{id}", mapping.1));
        orders.push(id);
    }
    assert!(orders.iter().all(|id| *id == orders[0]), "{orders:?}");
    assert_eq!(available(&ada, &mug).await, 7, "bought once");
}

#[tokio::test]
async fn a_link_to_the_next_page_leads_behind_the_same_mapping() {
    let app = shop().await;
    let admin = app.admin().await;
    for _ in 0..3 {
        create_product(&admin, product("Stoneware Mug", 1800, 9)).await;
    }
    for mapping in MAPPINGS {
        let answer = send(&app, mapping, ("GET", "/products?limit=2"), &[], None).await;
        let link = answer.header("link").unwrap_or_default().to_owned();
        let target =
            link.strip_prefix('<').and_then(|link| link.split_once('>')).expect("a link").0;
        let target = target.strip_prefix(mapping.1).expect("a link behind the mapping");
        let next = send(&app, mapping, ("GET", target), &[], None).await.expect(200);
        assert_eq!(next["data"].as_array().map(Vec::len), Some(1), "{mapping:?}: {link}");
    }
}

#[tokio::test]
async fn a_problem_names_the_path_of_the_api() {
    let app = shop().await;
    for mapping in MAPPINGS {
        for (method, path, status) in [
            ("GET", "/products/no-id", 404),
            ("GET", "/orders", 401),
            ("GET", "/nothing", 404),
            ("DELETE", "/auth/login", 405),
            ("HEAD", "/products", 405),
            ("GET", "/products/", 404),
            ("GET", "/./products", 404),
        ] {
            let answer = send(&app, mapping, (method, path), &[], None).await;
            assert_eq!(answer.status, status, "{mapping:?} {method} {path}");
            assert_eq!(answer.body["instance"], path, "{mapping:?} {method}");
            let origin = answer.header("access-control-allow-origin");
            assert_eq!(origin, Some("https://shop.example"), "{mapping:?} {method} {path}");
        }
    }
}

#[tokio::test]
async fn a_method_that_a_path_lacks_is_told_by_every_mapping_and_so_is_a_preflight() {
    let app = shop().await;
    for mapping in MAPPINGS {
        let answer = send(&app, mapping, ("DELETE", "/products"), &[], None).await;
        assert_eq!(answer.header("allow"), Some("GET, POST"), "{mapping:?}");
        answer.expect_problem(405, "method_not_allowed");
        let preflight = send(&app, mapping, ("OPTIONS", "/cart/items/TEE-M"), &[], None).await;
        assert_eq!(preflight.status, 204, "{mapping:?}");
        assert_eq!(preflight.header("allow"), Some("PUT, DELETE"), "{mapping:?}");

        // What the gateway has matched by method, though a more specific path is meant.
        let mut event = app.event("PATCH", "/users/usr_1", "", &HashMap::new(), None);
        event["rawPath"] = format!("{}/users/me", mapping.1).into();
        event["pathParameters"] = json!({"user_id": "me"});
        event["requestContext"]["stage"] = mapping.0.into();
        let answer = app.handle_as("update-user", event).await;
        assert_eq!(answer.header("allow"), Some("GET, PATCH"), "{mapping:?}");
    }
}

#[tokio::test]
async fn a_base_path_may_look_like_a_route() {
    let app =
        App::builder().configure(|config| config.base_path = "/orders".to_owned()).start().await;
    let ada = app.customer("ada").await;
    let token = bearer(&ada);
    let mapping = ("$default", "/orders");
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let sent = [("authorization", token.as_str())];
    let body = order_of(&mug, 1);
    let placed = send(&app, mapping, ("POST", "/orders"), &sent, Some(&body)).await;
    let location = placed.header("location").unwrap_or_default().to_owned();
    let path = location.strip_prefix("/orders").expect("a path behind the mapping");
    assert!(path.starts_with("/orders/ord_"), "{location}");
    send(&app, mapping, ("GET", path), &sent, None).await.expect(200);
    let answer = send(&app, mapping, ("PATCH", "/orders"), &[], None).await;
    assert_eq!(answer.header("allow"), Some("POST, GET"));
    let unmapped = send(&app, ("$default", ""), ("PATCH", path), &[], None).await;
    assert_eq!(unmapped.header("allow"), Some("GET, DELETE, PUT"));
}

#[tokio::test]
async fn a_value_means_the_same_however_it_is_encoded_and_wherever_the_api_is() {
    let app = shop().await;
    let ada = app.customer("ada").await;
    create_product(
        &app.admin().await,
        json!({
            "name": "Tee",
            "price": {"amount": 1800, "currency": "USD"},
            "variants": [{"sku": "TEE-M", "options": {}, "stock": 9}],
        }),
    )
    .await;
    ada.post("/cart/items", json!({"sku": "TEE-M", "quantity": 1})).await.expect(200);
    let token = bearer(&ada);
    let sent = [("authorization", token.as_str())];
    for mapping in MAPPINGS {
        for (quantity, path) in [(2, "/cart/items/TEE-M"), (3, "/cart/items/TEE%2DM")] {
            let body = json!({"quantity": quantity});
            let cart = send(&app, mapping, ("PUT", path), &sent, Some(&body)).await.expect(200);
            assert_eq!(cart["items"][0]["quantity"], quantity, "{mapping:?} {path}");
        }
        let missing = send(&app, mapping, ("DELETE", "/cart/items/A%2FB"), &sent, None).await;
        assert_eq!(missing.expect_problem(404, "not_found")["instance"], "/cart/items/A%2FB");
    }
}
