//! Caching: `Cache-Control`, `ETag`, `If-None-Match` and 304.
//!
//! Every other test checks that no response may be kept of which the API document does not say so
//! (`tests::contract::check`).

use std::collections::HashMap;

use serde_json::{Value, json};
use shared::http::routes::{ROUTES, Route};
use tests::answer::Answer;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, create_sku, id, order_of, product, usd};

/// Returns every path of every cached route. Where it has parameters, they have the values of
/// something that exists in this shop.
async fn cached_paths(app: &App) -> Vec<(&'static Route, String)> {
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let cached = ROUTES.iter().filter(|route| route.max_age.is_some());
    let paths = cached.flat_map(|route| route.paths().map(move |path| (route, path)));
    paths
        .map(|(route, path)| {
            let path = path
                .replace("{product_id}", id(&mug))
                .replace("{file}", "docs.js")
                .replace("{page}", "verify-email");
            assert!(!path.contains('{'), "{}: give the parameter in {path} a value", route.name);
            (route, path)
        })
        .collect()
}

async fn get_unless(who: &Persona<'_>, path: &str, if_none_match: &str) -> Answer {
    who.call("GET", path).header("if-none-match", if_none_match).send().await
}

fn tag(answer: &Answer) -> &str {
    answer.header("etag").unwrap_or_else(|| panic!("no tag: {answer:?}"))
}

/// The headers that do not identify one request.
fn headers(answer: &Answer) -> HashMap<&str, &str> {
    let headers = answer.headers.iter().map(|(name, value)| (&**name, &**value));
    headers.filter(|(name, _)| *name != "x-request-id").collect()
}

/// `routes.rs` declares how long caches may keep what a route answers; this list repeats it, so
/// that letting caches keep something takes two edits.
#[test]
fn the_routes_listed_here_are_cached_for_these_seconds() {
    let cached = ROUTES.iter().filter_map(|route| Some((route.name, route.max_age?)));
    assert_eq!(
        cached.collect::<Vec<_>>(),
        [
            ("get-jwks", 300),
            ("get-openapi", 300),
            ("get-docs", 300),
            ("get-account-page", 300),
            ("list-products", 60),
            ("get-product", 60),
            ("list-categories", 60),
            ("list-facets", 60),
            ("get-settings", 60),
            ("list-reviews", 60),
        ]
    );
}

#[tokio::test]
async fn every_cached_route_answers_304_to_its_own_tag_and_200_to_any_other() {
    let app = App::start().await;
    for (route, path) in cached_paths(&app).await {
        let visitor = app.anonymous();
        let full = visitor.get(&path).await;
        assert_eq!(full.status, 200, "{path}: {full:?}");
        let seconds = route.max_age.expect("a cached route");
        let control = format!("public, max-age={seconds}, stale-while-revalidate={seconds}");
        assert_eq!(full.header("cache-control"), Some(&*control), "{path}");
        assert_eq!(full.header("vary"), Some("Origin"), "{path}, also without an `Origin`");

        let known = get_unless(&visitor, &path, tag(&full)).await;
        assert_eq!((known.status, &*known.text), (304, ""), "{path}");
        assert_eq!(headers(&known), headers(&full), "{path}: caches copy the headers of a 304");
        assert!(known.header("x-request-id").is_some(), "{path}");

        let other = get_unless(&visitor, &path, "\"another\"").await;
        assert_eq!((other.status, tag(&other)), (200, tag(&full)), "{path}");
        assert_eq!(other.text, full.text, "{path}");
    }
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_read_a_304() {
    let app = App::start().await;
    for (_, path) in cached_paths(&app).await {
        let call = || app.anonymous().call("GET", &path).header("origin", "https://shop.example");
        let full = call().send().await;
        let known = call().header("if-none-match", tag(&full)).send().await;
        assert_eq!(known.status, 304, "{path}");
        let allowed = known.header("access-control-allow-origin");
        assert_eq!(allowed, Some("https://shop.example"), "{path}");
        assert_eq!(headers(&known), headers(&full), "{path}");
    }
}

#[tokio::test]
async fn a_cached_response_is_the_same_for_every_caller() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    for (_, path) in cached_paths(&app).await {
        let visitor = app.anonymous();
        let full = visitor.get(&path).await;
        for who in [&admin, &ada, &visitor.with_token("forged"), &visitor.at("198.51.100.9")] {
            let same = who.get(&path).await;
            assert_eq!((&same.text, headers(&same)), (&full.text, headers(&full)), "{path}");
        }
    }
}

#[tokio::test]
async fn every_error_of_a_cached_route_may_not_be_kept_and_is_never_a_304() {
    let app = App::start().await;
    let visitor = app.anonymous();
    for (path, status) in [
        ("/products/prd_01890a5d-ac96-774b-bcce-b302099a8057", 404),
        ("/products/mug", 404),
        ("/products?limit=0", 422),
        ("/products?cursor=x", 400),
        ("/docs/none.js", 404),
        ("/auth/pages/none", 404),
    ] {
        let answer = get_unless(&visitor, path, "*").await;
        assert_eq!(answer.status, status, "{path}");
        answer.expect_private();
        assert_eq!(answer.header("etag"), None, "{path}");
    }
    for (route, path) in cached_paths(&app).await {
        for method in ["HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] {
            visitor.call(method, &path).header("if-none-match", "*").send().await.expect_private();
        }
        let host = HashMap::from([("host".to_owned(), "no host [".to_owned())]);
        let event = app.event("GET", &path, "", &host, None);
        app.handle_as(route.name, event).await.expect_private();
    }
}

#[tokio::test]
async fn what_is_no_tag_of_the_response_gets_the_whole_response() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let (visitor, path) = (app.anonymous(), format!("/products/{}", id(&mug)));
    let full = visitor.get(&path).await;
    let (tag, bare) = (tag(&full), tag(&full).trim_matches('"'));
    for (what, header, status) in [
        ("any", "*".to_owned(), 304),
        ("weak", format!("W/{tag}"), 304),
        ("one of several", format!("\"1\", {tag}, \"x\""), 304),
        ("one of several, one of which is not ASCII", format!("\"\u{fc}\", {tag}"), 304),
        ("only its version, which is enough for If-Match", "\"1\"".to_owned(), 200),
        ("its version with another hash", "\"1-aaaaaaaaaaaa\"".to_owned(), 200),
        ("without quotes", bare.to_owned(), 200),
        ("any, and a tag", format!("*, {tag}"), 200),
        ("without commas", format!("{tag} {tag}"), 200),
        ("empty", String::new(), 200),
    ] {
        let answer = get_unless(&visitor, &path, &header).await;
        assert_eq!(answer.status, status, "{what}: {header}");
    }
}

#[tokio::test]
async fn the_tag_of_a_product_changes_exactly_when_the_product_does() {
    let mut app = App::start().await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 5).await;
    let path = format!("/products/{}", id(&mug));
    let mut tags = vec![tag(&app.anonymous().get(&path).await).to_owned()];
    app.restart("get-product");
    create_sku(&app.admin().await, "CUP", 1500, 5).await;
    app.advance(std::time::Duration::from_secs(3600));
    assert_eq!(get_unless(&app.anonymous(), &path, &tags[0]).await.status, 304);

    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    for change in ["a sale", "a cancellation", "a new price", "the same product again"] {
        match change {
            "a cancellation" => {
                drop(ada.delete(&format!("/orders/{}", id(&order))).await.expect(200));
            }
            "a new price" => {
                drop(admin.put(&path, json!({"name": "Mug", "price": usd(1900)})).await.expect(200))
            }
            "the same product again" => {
                let same = app.anonymous().get(&path).await.expect(200);
                drop(admin.put(&path, same).await.expect(200));
            }
            _ => {}
        }
        let last = tags.last().expect("a tag");
        let before = get_unless(&app.anonymous(), &path, last).await;
        let after = app.anonymous().get(&path).await;
        let is_new = !tags.contains(&tag(&after).to_owned());
        match change {
            // As it was before the sale.
            "a cancellation" => assert_eq!(tag(&after), tags[0]),
            _ => assert!(is_new, "{change}: {tags:?}, {after:?}"),
        }
        assert_eq!(before.status, 200, "{change}");
        tags.push(tag(&after).to_owned());
    }
}

#[tokio::test]
async fn the_tag_of_a_list_changes_exactly_when_the_page_does() {
    // A page with a next one has a cursor, which tells how much of the catalogue the page shows: with
    // it, the page changes whenever a product does.
    const LIST: &str = "/products?name=c";
    let mut app = App::start().await;
    for sku in ["A", "B", "C"] {
        create_sku(&app.admin().await, sku, 100, 1).await;
        app.advance(std::time::Duration::from_secs(1));
    }
    let tag_of = async |app: &App, list: &str| {
        let answer = app.anonymous().get(list).await;
        (answer.body["data"][0]["id"].clone(), tag(&answer).to_owned())
    };
    let first = tag_of(&app, LIST).await;
    let all = tag_of(&app, "/products").await;
    app.restart("list-products");
    assert_eq!(tag_of(&app, LIST).await, first);
    assert_ne!(first.1, all.1, "each page has its own");

    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let oldest = app.anonymous().get("/products").await.body["data"][2].clone();
    admin.delete(&format!("/products/{}", id(&oldest))).await.expect(204);
    assert_eq!(tag_of(&app, LIST).await, first, "what is not on the page");
    assert_ne!(tag_of(&app, "/products").await, all);

    ada.post("/orders", json!({"items": [{"sku": "C", "quantity": 1}]})).await.expect(201);
    let sold_out = tag_of(&app, LIST).await;
    assert_eq!(sold_out.0, first.0);
    assert_ne!(sold_out.1, first.1, "`in_stock` has changed");
}

#[tokio::test]
async fn what_only_admins_may_see_is_private_and_has_a_tag() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    for status in ["draft", "archived"] {
        let body = json!({"name": "Stoneware Mug", "price": usd(1800), "status": status});
        let path = format!("/products/{}", id(&create_product(&admin, body).await));

        let full = admin.get(&path).await;
        full.expect_private();
        let known = get_unless(&admin, &path, tag(&full)).await;
        assert_eq!((known.status, &*known.text), (304, ""), "{status}");
        known.expect_private();

        for who in [&app.anonymous(), &ada] {
            for header in ["*", tag(&full)] {
                let hidden = get_unless(who, &path, header).await;
                hidden.expect_private();
                hidden.expect_problem(404, "not_found");
            }
        }
    }
}

#[tokio::test]
async fn a_file_of_the_docs_whose_name_has_a_version_is_kept_for_a_day() {
    let app = App::start().await;
    let page = app.anonymous().get("/docs").await.text;
    let files = page.split("\"/docs/").skip(1).filter_map(|it| it.split('"').next());
    for file in files {
        let full = app.anonymous().get(&format!("/docs/{file}")).await;
        let seconds = if file == "docs.js" { 300 } else { 86_400 };
        let control = format!("public, max-age={seconds}, stale-while-revalidate={seconds}");
        assert_eq!(full.header("cache-control"), Some(&*control), "{file}");
        let known = get_unless(&app.anonymous(), &format!("/docs/{file}"), tag(&full)).await;
        assert_eq!((known.status, headers(&known)), (304, headers(&full)), "{file}");
    }
}

#[tokio::test]
async fn a_route_that_is_not_cached_answers_in_full_and_privately() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    for (who, path) in [
        (&app.anonymous(), "/health"),
        (&ada, "/users/me"),
        (&ada, "/cart"),
        (&ada, "/orders"),
        (&admin, "/users"),
    ] {
        let answer = get_unless(who, path, "*").await;
        answer.expect_private();
        assert_ne!(answer.expect(200), Value::Null, "{path}");
    }
}
