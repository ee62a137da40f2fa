//! Access: every route, called by every persona.

use serde_json::json;
use shared::http::routes::{Access, ROUTES, Route};
use tests::answer::Answer;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, product};

/// A review that does not exist.
const REVIEW: &str = "rev_01890a5d-ac96-774b-bcce-b302099a8057";

/// Calls a route with a path that exists and a body that passes until something other than the
/// caller is checked.
async fn call(route: &Route, who: &Persona<'_>, product: &str, order: &str, user: &str) -> Answer {
    let path = route
        .path
        .replace("{product_id}", product)
        .replace("{order_id}", order)
        .replace("{user_id}", user)
        .replace("{sku}", "MUG")
        .replace("{review_id}", REVIEW)
        .replace("{slug}", "mugs")
        .replace("{*path}", "no/such/path");
    let method = route.method.as_ref().map_or("GET", |method| method.as_str());
    let call = who.call(method, &path);
    match method {
        "POST" | "PUT" | "PATCH" => call.json(&json!({})).send().await,
        _ => call.send().await,
    }
}

#[tokio::test]
async fn every_route_accepts_the_callers_it_declares_and_rejects_all_others() {
    let app = App::start().await;
    let (admin, owner, other) =
        (app.admin().await, app.customer("owner").await, app.customer("other").await);
    let (anonymous, forged) = (app.anonymous(), app.anonymous().with_token("forged"));
    for route in ROUTES {
        // Each route gets sessions of its own, since one route ends them.
        let (admin, owner, other) = (
            admin.with_new_session().await,
            owner.with_new_session().await,
            other.with_new_session().await,
        );
        let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
        let mug = mug["id"].as_str().expect("an id").to_owned();
        let items = json!({"items": [{"product_id": mug, "quantity": 1}]});
        let order = owner.post("/orders", items).await;
        let order = order.expect(201)["id"].as_str().expect("an id").to_owned();

        app.take_count(route.name);
        let status = |who| {
            let (mug, order) = (mug.clone(), order.clone());
            // Their own account the route refuses to admins: nobody is gone afterwards.
            let user = if route.name == "delete-user" { &admin } else { &other };
            let user = user.user_id.expect("an id").to_string();
            async move { call(route, who, &mug, &order, &user).await.status }
        };
        let (visitor, forger) = (status(&anonymous).await, status(&forged).await);
        let (stranger, owns) = (status(&other).await, status(&owner).await);
        let runs = status(&admin).await;

        let turned_away = [401, 403];
        if !matches!(route.access, Access::Public | Access::Signature) {
            // The gate checks that these reads are consistent.
            let reads = app.take_count(route.name).security_reads;
            assert_eq!(reads, 3, "{} reads the caller's security item", route.name);
        }
        let name = route.name;
        match route.access {
            Access::Public | Access::Signature => {
                for status in [visitor, forger, stranger, owns, runs] {
                    // These two take a credential in the body, and reject a wrong one with 401.
                    let asks = ["log-in", "log-out"].contains(&name);
                    assert!(!turned_away.contains(&status) || asks, "{name}: {status}");
                }
            }
            Access::Guest => {
                assert_eq!(forger, 401, "{name}, forged token");
                for status in [visitor, stranger, owns, runs] {
                    assert!(!turned_away.contains(&status), "{name}: {status}");
                }
            }
            Access::Customer => {
                assert_eq!((visitor, forger), (401, 401), "{name}, without a session");
                for status in [stranger, owns, runs] {
                    assert!(!turned_away.contains(&status), "{name}: {status}");
                }
            }
            Access::Owner => {
                assert_eq!((visitor, forger), (401, 401), "{name}, without a session");
                assert_eq!(stranger, 404, "{name}, another customer's");
                for status in [owns, runs] {
                    assert!(![401, 403, 404].contains(&status), "{name}: {status}");
                }
            }
            Access::Admin => {
                assert_eq!((visitor, forger), (401, 401), "{name}, without a session");
                assert_eq!((stranger, owns), (403, 403), "{name}, customers");
                assert!(!turned_away.contains(&runs), "{name}: {runs}");
            }
        }
        let owner = owner.with_new_session().await;
        owner.delete(&format!("/orders/{order}")).await.expect(200);
    }
}

#[tokio::test]
async fn another_customers_order_can_not_be_told_from_one_that_does_not_exist() {
    let app = App::start().await;
    let (owner, other) = (app.customer("owner").await, app.customer("other").await);
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let items = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});
    let theirs = owner.post("/orders", items).await.expect(201);
    let theirs = theirs["id"].as_str().expect("an id");
    let missing = "ord_01890a5d-ac96-774b-bcce-b302099a8057";

    for method in ["GET", "DELETE"] {
        let answer = |id: &str| {
            let call = other.call(method, &format!("/orders/{id}"));
            async move { call.send().await.expect_problem(404, "not_found") }
        };
        let (mut theirs, mut nobodys) = (answer(theirs).await, answer(missing).await);
        for problem in [&mut theirs, &mut nobodys] {
            problem["request_id"] = json!(null);
            problem["instance"] = json!(null);
        }
        assert_eq!(theirs, nobodys, "{method}");
    }
}

/// `routes.rs` declares the access of each route; this list repeats it, so that changing the access
/// of a route takes two edits.
#[test]
fn every_route_declares_the_access_listed_here() {
    let decided: &[(Access, &[&str])] = &[
        (
            Access::Public,
            &[
                "forgot-password",
                "get-account-page",
                "get-docs",
                "get-health",
                "get-jwks",
                "get-openapi",
                "get-product",
                "get-settings",
                "list-categories",
                "list-facets",
                "list-products",
                "list-reviews",
                "log-in",
                "log-out",
                "refresh-token",
                "register-user",
                "resend-verification",
                "reset-password",
                "route-not-found",
                "verify-email",
            ],
        ),
        (
            Access::Customer,
            &[
                "change-password",
                "create-review",
                "delete-me",
                "delete-review",
                "get-me",
                "list-orders",
                "update-me",
                "update-review",
            ],
        ),
        (
            Access::Guest,
            &[
                "add-cart-item",
                "clear-cart",
                "get-cart",
                "place-order",
                "remove-cart-item",
                "update-cart-item",
            ],
        ),
        (Access::Owner, &["cancel-order", "get-order", "track-order"]),
        (
            Access::Admin,
            &[
                "adjust-inventory",
                "create-category",
                "create-product",
                "delete-category",
                "delete-product",
                "delete-user",
                "get-inventory",
                "get-user",
                "import-products",
                "list-all-orders",
                "list-all-reviews",
                "list-inventory",
                "list-movements",
                "list-users",
                "moderate-review",
                "set-inventory",
                "update-category",
                "update-order",
                "update-product",
                "update-settings",
                "update-user",
            ],
        ),
    ];
    for (access, names) in decided {
        let mut open: Vec<_> = ROUTES.iter().filter(|route| route.access == *access).collect();
        open.sort_by_key(|route| route.name);
        let open: Vec<_> = open.into_iter().map(|route| route.name).collect();
        assert_eq!(open, *names, "{access:?}");
    }
    let all: usize = decided.iter().map(|(_, names)| names.len()).sum();
    assert_eq!(all, ROUTES.len(), "a route's access is not listed here");
}
