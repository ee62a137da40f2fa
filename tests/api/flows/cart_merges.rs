//! A guest's cart becomes part of the customer's after the login.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::auth::cart_token::CartToken;
use shared::store::Read;
use tests::app::App;
use tests::gate::{Faults, Loss};
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{create_product, create_sku, id, usd};

async fn add(who: &Persona<'_>, sku: &str, quantity: u32) -> Value {
    who.post("/cart/items", json!({"sku": sku, "quantity": quantity})).await.expect(200)
}

/// The lines of a cart: SKU, quantity, and problem if there is one.
fn lines(cart: &Value) -> Vec<String> {
    let lines = cart["items"].as_array().expect("lines").iter();
    let line = |line: &Value| {
        let problem = line["problem"].as_str().map(|problem| format!(" {problem}"));
        let sku = line["sku"].as_str().expect("a SKU");
        format!("{} {sku}{}", line["quantity"], problem.unwrap_or_default())
    };
    lines.map(line).collect()
}

/// Sends the customer's request with the guest's token.
fn both<'a>(customer: &Persona<'a>, guest: &Persona<'_>) -> Persona<'a> {
    customer.with_cart(guest.cart_token.as_deref().expect("a token"))
}

/// Sets the stock of a product with one variant, by a sale to somebody else.
async fn sell(app: &App, sku: &str, quantity: u32) {
    let order = json!({"items": [{"sku": sku, "quantity": quantity}]});
    app.customer("buyer").await.post("/orders", order).await.expect(201);
}

/// Whether the guest's cart has not ended.
async fn exists(app: &App, guest: &Persona<'_>) -> bool {
    let token = guest.cart_token.as_deref().and_then(CartToken::read).expect("a token");
    let (carts, now) = (app.unrestricted.store.carts(), app.unrestricted.now());
    let cart = carts.get(&token.key(), Read::Consistent, now).await.expect("an answer");
    cart.version > 0
}

#[tokio::test]
async fn the_users_lines_come_first_and_quantities_add_up_to_what_is_available() {
    let app = App::start().await;
    let admin = app.admin().await;
    for (sku, stock) in [("BOTH", 9), ("SHORT", 9), ("OWN", 9), ("NEW", 9), ("FEW", 9), ("GONE", 9)]
    {
        create_sku(&admin, sku, 1800, stock).await;
    }
    let (ada, visitor) = (app.customer("ada").await, app.anonymous());
    for (sku, quantity) in [("OWN", 1), ("BOTH", 2), ("SHORT", 5)] {
        add(&ada, sku, quantity).await;
    }
    let guest = visitor.with_new_cart("NEW", 2).await;
    for (sku, quantity) in [("BOTH", 3), ("SHORT", 4), ("FEW", 8), ("GONE", 3)] {
        add(&guest, sku, quantity).await;
    }
    // Fewer than the user asked for, fewer than the guest asked for, and none.
    for (sku, quantity) in [("SHORT", 6), ("FEW", 4), ("GONE", 9)] {
        sell(&app, sku, quantity).await;
    }

    let cart = both(&ada, &guest).get("/cart").await.expect(200);

    assert_eq!(
        lines(&cart),
        ["1 OWN", "5 BOTH", "5 SHORT out_of_stock", "2 NEW", "5 FEW", "3 GONE out_of_stock"]
    );
    assert!(!exists(&app, &guest).await, "nothing is left in the guest's");
    assert_eq!(lines(&guest.get("/cart").await.expect(200)), [""; 0]);
    let again = both(&ada, &guest).get("/cart").await.expect(200);
    assert_eq!(again["version"], cart["version"], "merged once");
}

#[tokio::test]
async fn every_route_of_the_cart_merges_first_and_then_does_what_it_is_asked() {
    let app = App::start().await;
    create_sku(&app.admin().await, "MUG", 1800, 90).await;
    create_sku(&app.admin().await, "BOWL", 1800, 90).await;
    // The response to an edit shows the other lines' stock as it was a moment ago.
    app.advance(Duration::from_secs(2));
    for (method, path, body, expected) in [
        ("GET", "/cart", None, &["1 BOWL", "2 MUG"][..]),
        ("POST", "/cart/items", Some(json!({"sku": "MUG", "quantity": 3})), &["1 BOWL", "5 MUG"]),
        ("PUT", "/cart/items/MUG", Some(json!({"quantity": 4})), &["1 BOWL", "4 MUG"]),
        ("DELETE", "/cart/items/MUG", None, &["1 BOWL"]),
        ("DELETE", "/cart", None, &[]),
    ] {
        let (ada, guest) =
            (app.customer("ada").await, app.anonymous().with_new_cart("MUG", 2).await);
        add(&ada, "BOWL", 1).await;
        let call = both(&ada, &guest).call(method, path);
        let call = body.iter().fold(call, |call, body| call.json(body));

        let cart = call.send().await.expect(200);

        assert_eq!(lines(&cart), expected, "{method} {path}");
        assert_eq!(lines(&ada.get("/cart").await.expect(200)), expected, "{method} {path}");
        assert!(!exists(&app, &guest).await, "{method} {path}");
    }
}

#[tokio::test]
async fn what_does_not_fit_into_40_lines_stays_under_the_token() {
    let app = App::start().await;
    let admin = app.admin().await;
    let variants = |prefix: &str, number: u32| -> Value {
        let variant = |number: u32| json!({"sku": format!("{prefix}-{number:02}"), "options": {"no": number.to_string()}, "stock": 5});
        let variants: Vec<_> = (1..=number).map(variant).collect();
        json!({"name": prefix, "price": usd(100), "variants": variants})
    };
    create_product(&admin, variants("OWN", 38)).await;
    create_product(&admin, variants("NEW", 4)).await;
    let (ada, guest) =
        (app.customer("ada").await, app.anonymous().with_new_cart("NEW-01", 1).await);
    for number in 1..=38 {
        add(&ada, &format!("OWN-{number:02}"), 1).await;
    }
    for number in 2..=4 {
        add(&guest, &format!("NEW-{number:02}"), number).await;
    }

    let cart = both(&ada, &guest).get("/cart").await.expect(200);

    assert_eq!(lines(&cart)[38..], ["1 NEW-01", "2 NEW-02"]);
    let rest = guest.get("/cart").await.expect(200);
    assert_eq!(lines(&rest), ["3 NEW-03", "4 NEW-04"]);
    let again = both(&ada, &guest).get("/cart").await.expect(200);
    assert_eq!(again["version"], cart["version"], "there is no more room");
    ada.delete("/cart/items/OWN-01").await.expect(200);
    let cart = both(&ada, &guest).get("/cart").await.expect(200);
    assert_eq!(lines(&cart)[37..], ["1 NEW-01", "2 NEW-02", "3 NEW-03"]);
}

#[tokio::test]
async fn a_login_merges_and_an_order_does_not() {
    let app = App::start().await;
    create_sku(&app.admin().await, "MUG", 1800, 90).await;
    let ada = app.customer("ada").await.with_password("correct horse").await;
    let email = ada.get("/users/me").await.expect(200)["email"].clone();
    let guest = app.anonymous().with_new_cart("MUG", 2).await;
    let problem = both(&ada, &guest).post("/orders", json!({})).await;
    problem.expect_problem(409, "cart_empty");
    assert!(exists(&app, &guest).await);

    let login = json!({"email": email, "password": "correct horse"});
    guest.post("/auth/login", login).await.expect(200);

    assert_eq!(lines(&ada.get("/cart").await.expect(200)), ["2 MUG"]);
    assert!(!exists(&app, &guest).await);
}

#[tokio::test]
async fn a_merge_that_fails_or_hangs_does_not_fail_the_login() {
    for hangs in [false, true] {
        let app = App::start().await;
        create_sku(&app.admin().await, "MUG", 1800, 90).await;
        let ada = app.customer("ada").await.with_password("correct horse").await;
        let email = ada.get("/users/me").await.expect(200)["email"].clone();
        let login = json!({"email": email, "password": "correct horse"});
        let guest = app.anonymous().with_new_cart("MUG", 2).await;
        // The login's own transaction comes first, if it has one.
        let loss = if hangs { Loss::OfRequest } else { Loss::ByConflict };
        app.lose(loss, usize::MAX);

        let answer = guest.post("/auth/login", login).await;

        app.lose(loss, 0);
        answer.expect(200);
        assert!(exists(&app, &guest).await, "nothing is lost");
        let cart = both(&ada, &guest).get("/cart").await.expect(200);
        assert_eq!(lines(&cart), ["2 MUG"], "the next request merges");
    }
}

#[tokio::test]
async fn a_merge_whose_response_never_comes_can_be_asked_for_again() {
    let app = App::builder().as_deployed().start().await;
    create_sku(&app.admin().await, "MUG", 1800, 90).await;
    let (ada, guest) = (app.customer("ada").await, app.anonymous().with_new_cart("MUG", 2).await);
    app.lose(Loss::OfResponse, usize::MAX);

    let answer = both(&ada, &guest).get("/cart").await;

    answer.expect_problem(503, "service_unavailable");
    app.lose(Loss::OfResponse, 0);
    let cart = both(&ada, &guest).get("/cart").await.expect(200);
    assert_eq!(lines(&cart), ["2 MUG"]);
    assert!(!exists(&app, &guest).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_merges_at_once_one_moves_the_units() {
    let app = App::start().await;
    create_sku(&app.admin().await, "MUG", 1800, 90).await;
    let (ada, guest) = (app.customer("ada").await, app.anonymous().with_new_cart("MUG", 2).await);
    let ada_with_token = both(&ada, &guest);

    app.race(8);
    for answer in join_all((0..8).map(|_| ada_with_token.get("/cart"))).await {
        answer.expect(200);
    }

    assert_eq!(lines(&ada.get("/cart").await.expect(200)), ["2 MUG"]);
}

/// Adds a unit to a guest's cart and to the customer's while one is merged into the other. Returns the
/// number of units that were added, and of those of which nobody knows.
async fn edit_both_carts(app: &App, customer: &Persona<'_>) -> (u64, u64) {
    let one = json!({"sku": "MUG", "quantity": 1});
    let added = app.anonymous().post("/cart/items", one.clone()).await;
    let Some(token) = added.header("cart-token") else { return (0, 1) };
    let (guest, with_token) = (app.anonymous().with_cart(token), customer.with_cart(token));
    let edits = [
        guest.post("/cart/items", one.clone()),
        customer.post("/cart/items", one.clone()),
        with_token.post("/cart/items", one),
    ];
    let mut counts = (1, 0);
    for answer in join_all(edits).await {
        match answer.status {
            200 => counts.0 += 1,
            _ => counts.1 += 1,
        }
    }
    with_token.get("/cart").await;
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_of_both_carts_during_merges_are_neither_lost_nor_doubled() {
    let random = Some(Random::seeded());
    let faults =
        Faults { conflicts: 10, throttles: 5, lost_responses: 5, random, ..Faults::default() };
    let app = App::builder().faults(faults).start().await;
    let admin = app.admin().await;
    loop {
        let variants = json!([{"sku": "MUG", "stock": 9999}]);
        let mug = json!({"name": "Mug", "price": usd(1), "variants": variants});
        // The answer to an earlier try may have been lost.
        if matches!(admin.post("/products", mug).await.status, 201 | 409) {
            break;
        }
    }
    let mut customers = Vec::new();
    for number in 0..12 {
        customers.push(app.customer(&format!("customer-{number}")).await);
    }

    let counts = join_all(customers.iter().map(|customer| edit_both_carts(&app, customer))).await;

    let sure: u64 = counts.iter().map(|(sure, _)| sure).sum();
    let unsure: u64 = counts.iter().map(|(_, unsure)| unsure).sum();
    let mut stored = 0;
    for (key, item) in app.contents().await {
        let Some(lines) = item.get("lines").and_then(|lines| lines.as_l().ok()) else { continue };
        for line in lines.iter().filter(|_| key.starts_with("CART#")) {
            let quantity = line.as_m().expect("a line")["quantity"].as_n().expect("a number");
            stored += quantity.parse::<u64>().expect("a number");
        }
    }
    assert!((sure..=sure + unsure).contains(&stored), "{stored} of {sure} to {}", sure + unsure);
}

#[tokio::test]
async fn a_merge_that_crashes_at_any_write_moves_all_or_nothing_and_the_next_one_completes() {
    for writes in 0..3 {
        let app = App::start().await;
        create_sku(&app.admin().await, "MUG", 1800, 90).await;
        let (ada, guest) =
            (app.customer("ada").await, app.anonymous().with_new_cart("MUG", 2).await);
        add(&ada, "MUG", 1).await;
        let ada_with_token = both(&ada, &guest);

        let ended = app.crash_after("get-cart", writes, ada_with_token.get("/cart")).await;

        let units = lines(&ada.get("/cart").await.expect(200));
        let expected = if exists(&app, &guest).await { "1 MUG" } else { "3 MUG" };
        assert_eq!(units, [expected], "after {writes} writes");
        assert_eq!(ended.is_some(), writes > 0, "a merge is one write");
        let cart = ada_with_token.get("/cart").await.expect(200);
        assert_eq!(lines(&cart), ["3 MUG"], "after {writes} writes");
        assert!(!id(&cart).is_empty());
    }
}
