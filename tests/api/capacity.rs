//! The database requests, serial depth, read and write units of each route. The table is in
//! `docs/figures.md`; `cargo test -p tests --test api capacity -- --nocapture` prints it.

use std::fmt;

use serde_json::{Value, json};
use shared::domain::order::PaymentMethod;
use tests::answer::Answer;
use tests::app::App;
use tests::gate::Count;
use tests::persona::Persona;
use tests::samples::{create_product, create_sku, product, usd, weaken_hash};
use tests::stream::Stream;

/// What a request may cost; read units are counted in halves, since an eventually consistent read
/// is half a unit.
#[derive(PartialEq, Eq)]
struct Cost {
    requests: u32,
    depth: u32,
    half_reads: u32,
    writes: u32,
    index_writes: u32,
}

impl From<&Count> for Cost {
    fn from(count: &Count) -> Self {
        Self {
            requests: count.requests,
            depth: count.answered_depth,
            half_reads: count.half_reads,
            writes: count.writes,
            index_writes: count.index_writes,
        }
    }
}

impl fmt::Debug for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, half) = (self.half_reads / 2, if self.half_reads % 2 == 1 { ".5" } else { "" });
        let Self { requests, depth, writes, index_writes, .. } = self;
        write!(f, "| {requests} | {depth} | {whole}{half} | {writes} | {index_writes} |")
    }
}

/// Compares the counts of a route since the last call with `expected`, and prints them as a row of
/// the table.
#[track_caller]
fn costs(app: &App, route: &str, what: &str, expected: [u32; 5]) {
    let [requests, depth, half_reads, writes, index_writes] = expected;
    let expected = Cost { requests, depth, half_reads, writes, index_writes };
    let counted = Cost::from(&app.take_count(route));
    println!("| `{route}` | {what} {counted:?}");
    // DynamoDB Local counts a write in a transaction like a single write.
    if tests::database::is_embedded() {
        assert_eq!(counted, expected, "{route}, {what}");
    }
}

/// Imports three products of a category, the same again, and with other prices.
async fn import(app: &App, admin: &Persona<'_>) {
    let send = async |cents: i64| {
        let row = |number: u32| json!({"sku": format!("ROW-{number}"), "name": "Bowl", "price": usd(cents), "category": "mugs"});
        let rows: Vec<_> = (0..3).map(|number| row(number).to_string()).collect();
        let call = admin.call("POST", "/products/import");
        call.body("application/x-ndjson", &rows.join("\n")).send().await.expect(200);
    };
    app.take_count("import-products");
    send(100).await;
    costs(app, "import-products", "3 new products of a category", [4, 4, 10, 20, 6]);
    send(100).await;
    costs(app, "import-products", "3 known ones, unchanged", [6, 4, 16, 0, 0]);
    send(200).await;
    costs(app, "import-products", "3 known ones, with new prices", [7, 5, 16, 12, 0]);
}

/// Reads, sets, adjusts and lists stock.
async fn keep_stock(app: &App, admin: &Persona<'_>) {
    admin.get("/inventory/A").await.expect(200);
    costs(app, "get-inventory", "", [3, 3, 6, 0, 0]);
    let set = async |body: Value| {
        let call = admin.call("PUT", "/inventory/A").header("if-match", "*");
        call.json(&body).send().await.expect(200);
    };
    set(json!({"available": 40})).await;
    costs(app, "set-inventory", "units", [4, 4, 6, 4, 0]);
    set(json!({"low_stock_threshold": 5})).await;
    costs(app, "set-inventory", "a threshold", [4, 4, 6, 2, 0]);
    set(json!({"available": 40})).await;
    costs(app, "set-inventory", "nothing changes", [3, 3, 6, 0, 0]);
    let adjust = async |delta: i64, key: &str| {
        let call = admin.call("POST", "/inventory/A/adjustments").header("idempotency-key", key);
        call.json(&json!({"delta": delta, "reason": "Counted"})).send().await.expect(201);
    };
    adjust(-10, "a").await;
    costs(app, "adjust-inventory", "with a key", [4, 4, 6, 6, 0]);
    adjust(-27, "b").await;
    costs(app, "adjust-inventory", "with a key, stock gets low", [4, 4, 6, 8, 0]);
    adjust(-27, "b").await;
    costs(app, "adjust-inventory", "the same again, replayed", [5, 5, 10, 0, 0]);
    admin.get("/inventory/A/movements").await.expect(200);
    costs(app, "list-movements", "4 movements", [4, 4, 8, 0, 0]);
    admin.get("/inventory").await.expect(200);
    costs(app, "list-inventory", "4 SKUs", [10, 3, 14, 0, 0]);
    admin.get("/inventory?low_stock=true").await.expect(200);
    costs(app, "list-inventory", "1 SKU of low stock", [10, 3, 11, 0, 0]);
}

/// Writes, changes, moderates, lists and deletes reviews of a product.
async fn review(app: &App, admin: &Persona<'_>, ada: &Persona<'_>, product: &Value) {
    let reviews = format!("/products/{}/reviews", product["id"].as_str().expect("an id"));
    let review = ada.post(&reviews, json!({"rating": 5})).await.expect(201);
    costs(app, "create-review", "", [6, 4, 8, 7, 2]);
    let path = format!("{reviews}/{}", review["id"].as_str().expect("an id"));
    ada.put(&path, json!({"rating": 5, "title": "Good"})).await.expect(200);
    costs(app, "update-review", "the text", [4, 4, 4, 3, 0]);
    ada.put(&path, json!({"rating": 4, "title": "Good"})).await.expect(200);
    costs(app, "update-review", "the stars", [4, 4, 4, 5, 2]);
    ada.as_visitor().get(&reviews).await.expect(200);
    costs(app, "list-reviews", "1 review, by time", [3, 1, 3, 0, 0]);
    ada.as_visitor().get(&format!("{reviews}?sort=-rating")).await.expect(200);
    costs(app, "list-reviews", "1 review, by stars", [4, 2, 4, 0, 0]);
    admin.get("/admin/reviews").await.expect(200);
    costs(app, "list-all-reviews", "1 review", [5, 3, 6, 0, 0]);
    admin.put(&format!("{path}/status"), json!({"status": "rejected"})).await.expect(200);
    costs(app, "moderate-review", "rejected", [3, 3, 4, 4, 3]);
    ada.delete(&path).await.expect(204);
    costs(app, "delete-review", "rejected", [3, 3, 4, 4, 1]);
}

/// Lists all orders by each index.
async fn list_all_orders(app: &App, admin: &Persona<'_>, ada: &Persona<'_>) {
    let me = ada.get("/users/me").await.expect(200);
    let user = me["id"].as_str().expect("an id").to_owned();
    let email = me["email"].as_str().expect("an address").to_owned();
    let list = async |query: &str| admin.get(&format!("/admin/orders{query}")).await.expect(200);
    let all = list("").await;
    costs(app, "list-all-orders", "4 orders", [9, 2, 10, 0, 0]);
    list("?status=pending_payment&from=2026-01-01").await;
    costs(app, "list-all-orders", "by status and time", [9, 2, 10, 0, 0]);
    list(&format!("?user_id={user}")).await;
    costs(app, "list-all-orders", "by customer", [2, 2, 3, 0, 0]);
    list(&format!("?email={email}&status=paid")).await;
    costs(app, "list-all-orders", "by email and status", [4, 3, 6, 0, 0]);
    let number = all["data"][0]["number"].as_str().expect("a number");
    list(&format!("?number={number}")).await;
    costs(app, "list-all-orders", "by number", [2, 2, 3, 0, 0]);
}

#[tokio::test]
async fn expiring_orders_makes_the_requests_and_consumes_the_units_listed_here() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    for sku in ["A", "B", "C"] {
        create_sku(&admin, sku, 1800, 50).await;
    }
    for skus in [["A", "B"], ["B", "C"]] {
        let items = skus.map(|sku| json!({"sku": sku, "quantity": 1}));
        ada.post("/orders", json!({"items": items})).await.expect(201);
    }
    let run = || app.run_job("expire-orders", json!({"source": "aws.events"}));
    run().await.expect("a run");
    costs(&app, "expire-orders", "no order is due", [16, 1, 16, 0, 0]);
    app.advance(std::time::Duration::from_secs(8 * 24 * 3600));
    run().await.expect("a run");
    costs(&app, "expire-orders", "2 orders of 2 lines, a SKU in common", [19, 4, 20, 20, 10]);
}

async fn place(ada: &Persona<'_>, body: Value, key: Option<&str>) -> Answer {
    let call = ada.call("POST", "/orders").json(&body);
    match key {
        Some(key) => call.header("idempotency-key", key).send().await,
        None => call.send().await,
    }
}

async fn arrange_categories(app: &App, admin: &Persona<'_>) {
    admin.create_category("home").await;
    costs(app, "create-category", "at the root", [2, 2, 2, 4, 0]);
    admin.create_subcategory("mugs", "home").await;
    costs(app, "create-category", "inside another one", [2, 2, 2, 6, 0]);
    app.anonymous().get("/categories").await.expect(200);
    costs(app, "list-categories", "2 categories", [1, 1, 1, 0, 0]);
    admin.put("/categories/mugs", json!({"name": "Mugs", "parent": "home"})).await.expect(200);
    costs(app, "update-category", "a new name", [3, 3, 4, 1, 0]);
    admin.put("/categories/mugs", json!({"name": "Mugs"})).await.expect(200);
    costs(app, "update-category", "moves to the root", [3, 3, 4, 6, 0]);
    admin.put("/categories/mugs", json!({"name": "Mugs", "parent": "home"})).await.expect(200);
    costs(app, "update-category", "moves from the root", [3, 3, 4, 6, 0]);
    admin.delete("/categories/mugs").await.expect(204);
    costs(app, "delete-category", "inside another one", [3, 3, 4, 6, 0]);
    admin.delete("/categories/home").await.expect(204);
    costs(app, "delete-category", "at the root", [3, 3, 4, 4, 0]);
}

async fn change_settings(app: &App, admin: &Persona<'_>, customer: &Persona<'_>) {
    let tax = |class: usize| {
        json!({
            "country": "DE",
            "class": format!("class {class}"),
            "name": "MwSt.",
            "percent": "7",
            "on_shipping": true,
        })
    };
    let taxes: Vec<_> = (0..60).map(tax).collect();
    let post = json!({"id": "post", "name": "Post", "price": usd(490)});
    let settings = json!({
        "prices_include_tax": true,
        "shipping_methods": [post],
        "taxes": taxes,
    });
    let put = || admin.call("PUT", "/settings").header("if-match", "\"0\", \"1\"").json(&settings);
    put().send().await.expect(200);
    costs(app, "update-settings", "the first, of 5 KB", [3, 3, 4, 5, 0]);
    put().send().await.expect(200);
    costs(app, "update-settings", "nothing changes", [2, 2, 6, 0, 0]);
    app.anonymous().get("/settings").await.expect(200);
    costs(app, "get-settings", "5 KB", [1, 1, 2, 0, 0]);
    let address = json!({"name": "Ada", "line1": "1", "city": "Berlin", "country": "DE"});
    let order = json!({
        "items": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}],
        "shipping_address": address,
        "shipping_method": "post",
    });
    place(customer, order, None).await.expect(201);
    costs(app, "place-order", "2 items by SKU, with settings of 5 KB", [7, 4, 10, 13, 4]);
}

/// The same for guests, and for those who log in with a cart.
#[tokio::test]
async fn what_guests_do_makes_the_requests_and_consumes_the_units_listed_here() {
    let app = App::builder()
        .limits("")
        .configure(|config| config.payment_methods.guests = vec![PaymentMethod::Manual])
        .start()
        .await;
    let (admin, anyone) = (app.admin().await, app.anonymous());
    app.warm_up().await;
    for sku in ["A", "B"] {
        create_sku(&admin, sku, 1000, 50).await;
    }
    let account = json!({"email": "ada@example.com", "password": "correct horse", "name": "Ada"});
    let session = anyone.sign_up(account).await;
    let ada = anyone.with_token(session["access_token"].as_str().expect("a token"));
    let login = json!({"email": "ada@example.com", "password": "correct horse"});
    anyone.post("/auth/login", login.clone()).await.expect(200);
    app.take_count("log-in");

    let guest = anyone.with_new_cart("A", 1).await;
    costs(&app, "add-cart-item", "by SKU, the first of a guest", [4, 4, 2, 2, 0]);
    guest.get("/cart").await.expect(200);
    costs(&app, "get-cart", "a guest's, 1 line", [2, 2, 2, 0, 0]);
    let guests_order = json!({"email": "guest@example.com"});
    place(&guest, guests_order, Some("key")).await.expect(201);
    costs(&app, "place-order", "a guest's cart of 1 line, with a key", [4, 2, 3, 11, 4]);
    let items = json!({"items": [{"sku": "A", "quantity": 1}], "email": "guest@example.com"});
    let placed = place(&anyone, items, None).await;
    costs(&app, "place-order", "1 item by SKU, of a guest without a cart", [5, 3, 3, 7, 4]);
    let token = placed.header("order-token").expect("a token").to_owned();
    let path = format!("/orders/{}", placed.expect(201)["id"].as_str().expect("an id"));
    anyone.call("GET", &path).header("order-token", &token).send().await.expect(200);
    costs(&app, "get-order", "by an order token", [1, 1, 2, 0, 0]);
    anyone.call("DELETE", &path).header("order-token", &token).send().await.expect(200);
    costs(&app, "cancel-order", "1 line, of a guest without a cart", [2, 2, 2, 6, 5]);
    let guest = anyone.with_new_cart("A", 1).await;
    app.take_count("add-cart-item");
    let both = ada.with_cart(guest.cart_token.as_deref().expect("a token"));
    both.get("/cart").await.expect(200);
    costs(&app, "get-cart", "1 line of a guest's cart is merged", [7, 6, 11, 4, 0]);
    both.get("/cart").await.expect(200);
    costs(&app, "get-cart", "1 line, with the token of a merged cart", [4, 4, 6, 0, 0]);
    let guest = anyone.with_new_cart("B", 1).await;
    app.take_count("add-cart-item");
    guest.post("/auth/login", login).await.expect(200);
    costs(&app, "log-in", "1 line of a guest's cart is merged", [11, 6, 12, 8, 0]);
}

/// Counts of signed-in routes include the read of the security item: one request, depth 1, 1 unit.
#[tokio::test]
async fn every_route_makes_the_requests_and_consumes_the_units_listed_here() {
    let app = App::builder().limits("").start().await;
    let (admin, anyone) = (app.admin().await, app.anonymous());
    app.warm_up().await;
    println!("| route | case | requests | depth | read units | write units | index write units |");
    println!("|---|---|---|---|---|---|---|");

    anyone.get("/health").await.expect(200);
    costs(&app, "get-health", "", [1, 1, 1, 0, 0]);
    anyone.get("/.well-known/jwks.json").await.expect(200);
    costs(&app, "get-jwks", "", [1, 1, 1, 0, 0]);
    anyone.get("/openapi.json").await.expect(200);
    costs(&app, "get-openapi", "", [0, 0, 0, 0, 0]);
    anyone.get("/docs").await.expect(200);
    costs(&app, "get-docs", "", [0, 0, 0, 0, 0]);
    anyone.get("/no/such/path").await.expect_problem(404, "not_found");
    costs(&app, "route-not-found", "", [0, 0, 0, 0, 0]);

    let account = json!({"email": "ada@example.com", "password": "correct horse", "name": "Ada"});
    anyone.post("/auth/register", account.clone()).await.expect(202);
    costs(&app, "register-user", "", [3, 2, 0, 6, 0]);
    let (email, token) = (&account["email"], app.verification_token("ada@example.com").await);
    let verify = json!({"token": token, "password": "correct horse"});
    anyone.post("/auth/verify-email", verify).await.expect(200);
    costs(&app, "verify-email", "", [5, 4, 2, 11, 1]);
    anyone.post("/auth/resend-verification", json!({"email": email})).await.expect(202);
    costs(&app, "resend-verification", "", [3, 2, 0, 3, 0]);
    anyone.post("/auth/forgot-password", json!({"email": email})).await.expect(202);
    costs(&app, "forgot-password", "", [3, 2, 0, 3, 0]);
    let login = json!({"email": "ada@example.com", "password": "correct horse"});
    anyone.at("198.51.100.9").post("/auth/login", login.clone()).await.expect(200);
    costs(&app, "log-in", "the day's first from an IP address", [8, 4, 6, 5, 0]);
    weaken_hash(&app, "ada@example.com").await;
    anyone.post("/auth/login", login.clone()).await.expect(200);
    costs(&app, "log-in", "replaces a weak hash", [8, 4, 6, 5, 0]);
    let wrong = json!({"email": "ada@example.com", "password": "wrong horse"});
    anyone.post("/auth/login", wrong).await.expect(401);
    costs(&app, "log-in", "wrong password", [4, 2, 4, 2, 0]);
    let reset = json!({
        "token": app.reset_token("ada@example.com").await,
        "password": "correct horse",
    });
    anyone.post("/auth/reset-password", reset).await.expect(204);
    costs(&app, "reset-password", "", [7, 5, 4, 12, 0]);
    let answer = anyone.post("/auth/login", login.clone()).await.expect(200);
    costs(&app, "log-in", "", [7, 3, 6, 4, 0]);
    anyone.at("2001:db8::1").post("/auth/login", login.clone()).await.expect(200);
    costs(&app, "log-in", "the day's first from an IPv6 address", [9, 4, 6, 6, 0]);
    let ada = anyone.with_token(answer["access_token"].as_str().expect("a token"));
    let user_id = answer["user"]["id"].clone();

    let renewed = json!({"refresh_token": answer["refresh_token"]});
    anyone.post("/auth/refresh", renewed.clone()).await.expect(200);
    costs(&app, "refresh-token", "", [3, 2, 4, 1, 0]);
    anyone.post("/auth/refresh", renewed).await.expect(200);
    costs(&app, "refresh-token", "the same again", [2, 1, 4, 0, 0]);
    ada.get("/users/me").await.expect(200);
    costs(&app, "get-me", "", [2, 2, 4, 0, 0]);
    ada.patch("/users/me", json!({"phone": "+44 20 7946 0000"})).await.expect(200);
    costs(&app, "update-me", "", [3, 3, 2, 2, 1]);
    // An `updated_at` that stayed the same would hide a write to the index.
    app.advance(std::time::Duration::from_secs(1));
    let address = json!({"name": "Ada", "line1": "1 Street", "city": "London", "country": "GB"});
    ada.patch("/users/me", json!({"addresses": [address]})).await.expect(200);
    costs(&app, "update-me", "addresses", [3, 3, 2, 2, 0]);
    let call = ada.call("PATCH", "/users/me").header("if-match", "\"3\", \"9\"");
    call.json(&json!({"addresses": []})).send().await.expect(200);
    costs(&app, "update-me", "addresses, If-Match with 2 tags", [4, 4, 4, 2, 0]);
    ada.patch("/users/me", json!({})).await.expect(200);
    costs(&app, "update-me", "nothing changes", [3, 3, 4, 1, 0]);
    let change = json!({"current_password": "correct horse", "new_password": "battery staple"});
    ada.put("/users/me/password", change).await.expect(204);
    costs(&app, "change-password", "", [8, 5, 8, 9, 0]);
    admin.with_new_session().await.post("/auth/logout", json!({})).await.expect(204);
    costs(&app, "log-out", "by bearer token", [2, 2, 2, 1, 0]);
    let token = admin.with_new_session().await.refresh_token;
    anyone.post("/auth/logout", json!({"refresh_token": token})).await.expect(204);
    costs(&app, "log-out", "by refresh token", [2, 2, 2, 1, 0]);

    admin.get("/users").await.expect(200);
    costs(&app, "list-users", "2 users", [2, 2, 3, 0, 0]);
    admin.get("/users?role=admin").await.expect(200);
    costs(&app, "list-users", "1 admin", [3, 3, 5, 0, 0]);
    admin.get("/users?email=ada@example.com").await.expect(200);
    costs(&app, "list-users", "by email", [3, 3, 5, 0, 0]);
    let path = format!("/users/{}", user_id.as_str().expect("an id"));
    admin.get(&path).await.expect(200);
    costs(&app, "get-user", "", [2, 2, 4, 0, 0]);
    admin.patch(&path, json!({"role": "customer"})).await.expect(200);
    costs(&app, "update-user", "nothing changes", [3, 2, 6, 0, 0]);
    let bob = format!("/users/{}", app.customer("bob").await.user_id.expect("an id"));
    admin.patch(&bob, json!({"status": "disabled"})).await.expect(200);
    costs(&app, "update-user", "status", [4, 3, 6, 4, 1]);
    admin.patch(&bob, json!({"role": "admin"})).await.expect(200);
    costs(&app, "update-user", "role", [4, 3, 6, 6, 1]);

    let mug = create_product(&admin, product("Stoneware Mug", 1800, 50)).await;
    costs(&app, "create-product", "1 variant", [2, 2, 2, 6, 2]);
    let path = format!("/products/{}", mug["id"].as_str().expect("an id"));
    anyone.get(&path).await.expect(200);
    costs(&app, "get-product", "1 variant", [1, 1, 1, 0, 0]);
    let known = anyone.call("GET", &path).header("if-none-match", "*").send().await;
    known.expect(304);
    costs(&app, "get-product", "not modified", [1, 1, 1, 0, 0]);
    admin.put(&path, json!({"name": "Mug", "price": usd(1900)})).await.expect(200);
    costs(&app, "update-product", "1 variant", [3, 3, 4, 4, 0]);
    for sku in ["A", "B", "C"] {
        create_sku(&admin, sku, 1000, 50).await;
    }
    keep_stock(&app, &admin).await;
    review(&app, &admin, &ada, &mug).await;
    arrange_categories(&app, &admin).await;
    anyone.get("/products").await.expect(200);
    costs(&app, "list-products", "a new instance, from the log", [2, 2, 3, 0, 0]);
    anyone.get("/products?q=mug").await.expect(200);
    costs(&app, "list-products", "nothing changed", [1, 1, 1, 0, 0]);
    anyone.get("/products/facets").await.expect(200);
    costs(&app, "list-facets", "a new instance, from the log", [2, 2, 3, 0, 0]);
    admin.get("/products?status=draft").await.expect(200);
    costs(&app, "list-products", "by status", [2, 2, 3, 0, 0]);
    app.run_job("compact-catalogue", json!({})).await.expect("it runs");
    costs(&app, "compact-catalogue", "a new instance, nothing due", [3, 3, 6, 0, 0]);
    app.run_job("compact-catalogue", json!({})).await.expect("it runs");
    costs(&app, "compact-catalogue", "nothing due", [2, 2, 4, 0, 0]);

    ada.get("/cart").await.expect(200);
    costs(&app, "get-cart", "empty", [2, 2, 3, 0, 0]);
    ada.post("/cart/items", json!({"product_id": mug["id"], "quantity": 1})).await.expect(200);
    costs(&app, "add-cart-item", "by product", [4, 3, 4, 1, 0]);
    ada.post("/cart/items", json!({"sku": "A", "quantity": 1})).await.expect(200);
    costs(&app, "add-cart-item", "by SKU, the second line", [6, 4, 6, 1, 0]);
    ada.get("/cart").await.expect(200);
    costs(&app, "get-cart", "2 lines", [3, 3, 5, 0, 0]);
    ada.get("/cart?country=DE").await.expect(200);
    costs(&app, "get-cart", "2 lines, for a destination", [4, 3, 6, 0, 0]);
    ada.put("/cart/items/A", json!({"quantity": 2})).await.expect(200);
    costs(&app, "update-cart-item", "2 lines", [5, 4, 5, 1, 0]);
    ada.delete("/cart/items/A").await.expect(200);
    costs(&app, "remove-cart-item", "1 line left", [4, 3, 4, 1, 0]);

    place(&ada, json!({}), None).await.expect(201);
    costs(&app, "place-order", "cart of 1 line", [6, 3, 7, 9, 4]);
    for sku in ["A", "B", "C"] {
        ada.post("/cart/items", json!({"sku": sku, "quantity": 1})).await.expect(200);
    }
    app.take_count("add-cart-item");
    place(&ada, json!({}), Some("key")).await.expect(201);
    costs(&app, "place-order", "cart of 3 lines, with a key", [6, 3, 7, 17, 4]);
    place(&ada, json!({}), Some("key")).await.expect(201);
    costs(&app, "place-order", "the same again, replayed", [8, 5, 11, 2, 0]);
    let items = json!({"items": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}]});
    let order = place(&ada, items, None).await.expect(201);
    costs(&app, "place-order", "2 items by SKU", [7, 4, 9, 11, 4]);
    let untracked = json!([{"sku": "GIFT", "track_stock": false}]);
    let gift_card = json!({"name": "Gift Card", "price": usd(2500), "variants": untracked});
    create_product(&admin, gift_card).await;
    let items = json!({"items": [{"sku": "A", "quantity": 1}, {"sku": "GIFT", "quantity": 1}]});
    let untracked = place(&ada, items, None).await.expect(201);
    costs(&app, "place-order", "2 items by SKU, stock of 1 not tracked", [7, 4, 9, 11, 4]);
    ada.delete(&format!("/orders/{}", untracked["id"].as_str().expect("an id"))).await.expect(200);
    costs(&app, "cancel-order", "2 lines, 1 of which took units", [3, 3, 4, 8, 5]);

    let path = format!("/orders/{}", order["id"].as_str().expect("an id"));
    ada.get(&path).await.expect(200);
    costs(&app, "get-order", "", [2, 2, 4, 0, 0]);
    ada.get("/orders").await.expect(200);
    costs(&app, "list-orders", "4 orders", [2, 2, 3, 0, 0]);
    ada.get(&format!("{path}/tracking")).await.expect(200);
    costs(&app, "track-order", "", [2, 2, 4, 0, 0]);
    admin.put(&path, json!({"note": "We wait for your payment."})).await.expect(200);
    costs(&app, "update-order", "a note", [3, 3, 4, 2, 3]);
    list_all_orders(&app, &admin, &ada).await;
    ada.delete(&path).await.expect(200);
    costs(&app, "cancel-order", "2 lines", [3, 3, 4, 10, 5]);
    ada.delete("/cart").await.expect(200);
    costs(&app, "clear-cart", "empty already", [3, 3, 5, 0, 0]);
    change_settings(&app, &admin, &ada).await;
    let mug = create_product(&admin, product("Mug", 1800, 50)).await;
    let path = format!("/products/{}", mug["id"].as_str().expect("an id"));
    admin.delete(&path).await.expect(204);
    costs(&app, "delete-product", "1 variant", [3, 3, 4, 6, 2]);
    for category in ["mugs", "cups"] {
        admin.ensure_category(category).await;
    }
    app.take_count("create-product");
    let within = |category: &str, status: &str| json!({"name": "Mug", "price": usd(1800), "category": category, "status": status});
    let mug = create_product(&admin, within("mugs", "active")).await;
    costs(&app, "create-product", "1 variant, in a category", [2, 2, 2, 8, 2]);
    let path = format!("/products/{}", mug["id"].as_str().expect("an id"));
    app.take_count("update-product");
    admin.put(&path, within("mugs", "active")).await.expect(200);
    costs(&app, "update-product", "1 variant, in its category", [3, 3, 4, 2, 0]);
    admin.put(&path, within("cups", "active")).await.expect(200);
    costs(&app, "update-product", "1 variant, to another category", [3, 3, 4, 6, 0]);
    admin.put(&path, within("cups", "draft")).await.expect(200);
    costs(&app, "update-product", "1 variant, made a draft", [3, 3, 4, 6, 0]);
    app.take_count("delete-product");
    admin.delete(&path).await.expect(204);
    costs(&app, "delete-product", "1 variant, in a category", [3, 3, 4, 8, 2]);
    let of = |skus: &[&str]| {
        let variants: Vec<_> =
            skus.iter().map(|sku| json!({"sku": sku, "options": {"size": sku}})).collect();
        json!({"name": "Tee", "price": usd(1800), "variants": variants})
    };
    let tee = create_product(&admin, of(&["S", "M"])).await;
    let path = format!("/products/{}", tee["id"].as_str().expect("an id"));
    admin.put(&path, of(&["S"])).await.expect(200);
    app.take_count("update-product");
    admin.put(&path, of(&["S", "M"])).await.expect(200);
    costs(&app, "update-product", "a restored variant", [3, 3, 4, 6, 0]);
    admin.put(&path, of(&["S"])).await.expect(200);
    app.take_count("create-product");
    create_product(&admin, of(&["M"])).await;
    costs(&app, "create-product", "a SKU taken over", [5, 5, 6, 8, 2]);
    import(&app, &admin).await;

    let leaver = app.customer("leaver").await.with_password("correct horse").await;
    leaver.post("/users/me/deletion", json!({"password": "correct horse"})).await.expect(202);
    costs(&app, "delete-me", "", [7, 5, 7, 12, 1]);
    app.advance(std::time::Duration::from_secs(60));
    let run = || app.run_job("erase-users", json!({"source": "aws.events"}));
    run().await.expect("a run");
    costs(&app, "erase-users", "1 account without orders", [25, 25, 45, 2, 0]);
    run().await.expect("a run");
    costs(&app, "erase-users", "no account left", [1, 1, 2, 0, 0]);
    let other = app.customer("other").await;
    let path = format!("/users/{}", other.user_id.expect("an id"));
    admin.delete(&path).await.expect(202);
    costs(&app, "delete-user", "", [5, 4, 7, 10, 1]);
    let other = format!("/users/{}", app.admin().await.user_id.expect("an id"));
    admin.delete(&other).await.expect(202);
    costs(&app, "delete-user", "an admin", [5, 4, 7, 12, 1]);
    admin.delete(&other).await.expect_problem(404, "not_found");
    costs(&app, "delete-user", "already deleted", [3, 2, 6, 0, 0]);
}

#[tokio::test]
async fn delivering_a_message_makes_the_requests_and_consumes_the_units_listed_here() {
    let app = App::builder().limits("").start().await;
    let anyone = app.anonymous();
    let account = json!({"email": "ada@example.com", "password": "correct horse", "name": "Ada"});
    let login = anyone.sign_up(account.clone()).await;
    let ada = anyone.with_token(login["access_token"].as_str().expect("a token"));
    create_sku(&app.admin().await, "CUP", 1500, 50).await;
    app.deliver_mail().await;
    let deliver = async |what, expected| {
        app.take_count("deliver-mail");
        app.deliver(&app.outbox().await).await;
        costs(&app, "deliver-mail", what, expected);
    };

    let bob = json!({"email": "bob@example.com", "password": "correct horse", "name": "Bob"});
    anyone.post("/auth/register", bob).await.expect(202);
    deliver("registration", [5, 5, 2, 4, 0]).await;
    let email = json!({"email": "bob@example.com"});
    anyone.post("/auth/resend-verification", email).await.expect(202);
    deliver("verification again, 1 registration", [4, 4, 4, 5, 0]).await;
    app.deliver_mail().await;
    anyone.post("/auth/register", account).await.expect(202);
    deliver("registration, the email has an account", [4, 4, 2, 3, 0]).await;
    anyone.post("/auth/forgot-password", json!({"email": "ada@example.com"})).await.expect(202);
    deliver("forgotten password", [6, 6, 4, 4, 0]).await;
    let change = json!({"current_password": "correct horse", "new_password": "battery staple"});
    ada.put("/users/me/password", change).await.expect(204);
    deliver("changed password", [3, 3, 2, 2, 0]).await;
    let items = json!({"items": [{"sku": "CUP", "quantity": 1}]});
    place(&ada, items, None).await.expect(201);
    deliver("order", [4, 4, 4, 2, 0]).await;
    app.sweep_outbox().await;
    costs(&app, "deliver-mail", "empty outbox", [16, 16, 16, 0, 0]);
}

/// A run after another one knows the number of the log's last entry.
#[tokio::test]
async fn projecting_a_change_makes_the_requests_and_consumes_the_units_listed_here() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mut stream = Stream::default();
    app.records(&mut stream).await;
    let mut project = async |what, expected| {
        app.project_changes(&mut stream).await;
        costs(&app, "project-changes", what, expected);
    };
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 3)).await;
    project("new product, the first run of an environment", [4, 3, 4, 2, 0]).await;
    let path = format!("/products/{}", mug["id"].as_str().expect("an id"));
    let price = json!({"name": "Stoneware Mug", "price": usd(1900)});
    admin.put(&path, price).await.expect(200);
    project("changed price", [2, 2, 2, 1, 0]).await;
    let items = |units| json!({"items": [{"product_id": mug["id"], "quantity": units}]});
    place(&ada, items(2), None).await.expect(201);
    project("sale that leaves stock", [1, 1, 0, 1, 0]).await;
    place(&ada, items(1), None).await.expect(201);
    project("sale of the last unit", [3, 2, 2, 2, 0]).await;
    for number in 0..4 {
        create_sku(&admin, &format!("SKU-{number}"), 1500, 50).await;
    }
    project("4 products", [9, 2, 8, 5, 0]).await;
    admin.delete(&path).await.expect(204);
    project("deleted product", [2, 2, 2, 1, 0]).await;
}
