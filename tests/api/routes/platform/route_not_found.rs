//! `$default`

use serde_json::json;
use shared::http::routes::ROUTES;
use tests::app::App;

#[tokio::test]
async fn an_unknown_path_is_not_found_whatever_the_method() {
    let app = App::start().await;
    let admin = app.admin().await;
    for path in ["/nothing", "/products/", "/cart/items/", "/Products", "/products/1/2/3"] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] {
            for who in [&app.anonymous(), &admin, &app.anonymous().with_token("forged")] {
                let problem = who.call(method, path).send().await.expect_problem(404, "not_found");
                assert_eq!(problem["instance"], path, "{method}");
            }
        }
    }
}

#[tokio::test]
async fn a_method_that_a_path_lacks_is_a_405_with_allow() {
    let app = App::start().await;
    for (method, path, allow) in [
        ("HEAD", "/products", "GET, POST"),
        ("PATCH", "/products", "GET, POST"),
        ("POST", "/products/prd_01890a5d-ac96-774b-bcce-b302099a8057", "GET, PUT, DELETE"),
        ("POST", "/products/no-id", "GET, PUT, DELETE"),
        ("POST", "/cart", "GET, DELETE"),
        ("GET", "/cart/items", "POST"),
        ("GET", "/cart/items/MUG", "PUT, DELETE"),
        ("PUT", "/orders", "POST, GET"),
        ("TRACE", "/health", "GET"),
        ("GET", "/auth/login", "POST"),
        ("DELETE", "/.well-known/jwks.json", "GET"),
    ] {
        let answer = app.anonymous().call(method, path).send().await;
        let told = answer.header("allow").unwrap_or_default();
        let sorted = |list: &str| {
            let mut list: Vec<_> = list.split(", ").map(str::to_owned).collect();
            list.sort();
            list
        };
        assert_eq!(sorted(told), sorted(allow), "{method} {path}");
        answer.expect_problem(405, "method_not_allowed");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_a_413_here_too() {
    let app = App::start().await;
    let call = app.anonymous().call("POST", "/nothing").body("text/plain", &"x".repeat(70_000));
    call.send().await.expect_problem(413, "body_too_large");
}

#[tokio::test]
async fn every_path_answers_preflights_and_allows_the_configured_origins() {
    let app = App::start().await;
    for route in ROUTES.iter().filter(|route| route.method.is_some()) {
        let preflight = |origin: &str| {
            let method = route.method.as_ref().map_or("", |method| method.as_str());
            let path = route.path.replace("{sku}", "MUG").replace("{product_id}", "prd_1");
            let call = app.anonymous().call("OPTIONS", &path.replace("{order_id}", "ord_1"));
            call.header("origin", origin).header("access-control-request-method", method).send()
        };

        let own = preflight("https://shop.example").await;
        let foreign = preflight("https://evil.example").await;

        let name = route.name;
        assert_eq!((own.status, &own.body), (204, &json!(null)), "{name}");
        let list = |header: &str| {
            let list = own.header(header).unwrap_or_else(|| panic!("{name}: no {header}"));
            list.split(", ").map(str::to_ascii_lowercase).collect::<Vec<_>>()
        };
        assert_eq!(list("access-control-allow-origin"), ["https://shop.example"], "{name}");
        let headers = list("access-control-allow-headers");
        let expected = [
            "authorization",
            "content-type",
            "if-match",
            "if-none-match",
            "idempotency-key",
            "cart-token",
            "order-token",
        ];
        assert_eq!(headers, expected, "{name}");
        let method = route.method.as_ref().map(|method| method.as_str().to_ascii_lowercase());
        assert!(
            list("access-control-allow-methods").contains(&method.expect("a method")),
            "{name}"
        );
        assert!(own.header("access-control-max-age").is_some(), "{name}");
        assert_eq!(own.header("access-control-allow-credentials"), None, "{name}");
        assert_eq!(own.header("vary"), Some("Origin"), "{name}");
        assert_eq!(foreign.header("access-control-allow-origin"), None, "{name}");
    }
}

#[tokio::test]
async fn a_less_specific_routes_function_returns_405_for_a_more_specific_path_before_401() {
    let app = App::start().await;
    // API Gateway matches method and path together: a request with a method that /users/me lacks
    // reaches the function of that method at /users/{user_id}.
    let headers = std::collections::HashMap::new();
    let mut event = app.event("GET", "/users/usr_1", "", &headers, None);
    event["rawPath"] = "/users/me".into();
    event["requestContext"]["http"]["path"] = "/users/me".into();
    let answer = app.handle_as("get-user", event).await;
    assert_eq!(answer.header("allow"), Some("GET, PATCH"));
    answer.expect_problem(405, "method_not_allowed");
}
