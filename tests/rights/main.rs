//! Every function has the permissions that its route needs, and no others.
//!
//! Every other test checks that a policy allows enough: each route's calls pass a gate with the
//! route's policy from the template. This test checks the other half: it sends a tour of requests,
//! after which every permission of every policy must have been used.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join;
use local::parameters::Parameters;
use serde_json::{Value, json};
use shared::domain::order::PaymentMethod;
use tests::app::{App, FIRST_ADMIN};
use tests::gate::Access;
use tests::mailbox::MailFault;
use tests::persona::Persona;
use tests::policy::{Policy, Resource, policies};
use tests::samples::{create_product, create_sku, product, random_words, usd, weaken_hash};
use tests::stream::Stream;

/// An IP address that no other test uses.
const NEW_IP: &str = "198.51.100.7";

#[tokio::test]
async fn no_policy_allows_what_its_route_does_not_use() {
    let parameters = Parameters::in_memory().serve(0).expect("a parameter store");
    let app = App::builder()
        .without_a_key(&parameters.url())
        .limits("")
        .configure(|config| config.payment_methods.guests = vec![PaymentMethod::Manual])
        .start()
        .await;
    app.warm_up_and_count().await;

    tour(&app).await;
    let unverified = App::builder()
        .limits("account_mail_email=1/3600")
        .configure(|config| config.email_verification = false)
        .start()
        .await;
    without_verification(&unverified).await;

    let (policies, mut unused) = (policies(|_| true), Vec::new());
    for route in app.routes().chain(app.jobs()) {
        let mut used = app.take_count(route).accesses;
        used.extend(unverified.take_count(route).accesses);
        let policy = policies.get(route).cloned().unwrap_or_default();
        unused.extend(unused_permissions(route, &policy, &used));
    }
    assert!(unused.is_empty(), "template.yaml allows too much:\n{}", unused.join("\n"));
}

/// Sends requests that together make every database call of every route.
async fn tour(app: &App) {
    let (admin, anyone) = (app.admin().await, app.anonymous());
    anyone.get("/health").await.expect(200);
    anyone.get("/.well-known/jwks.json").await.expect(200);
    let account = json!({"email": "ada@example.com", "password": "correct horse", "name": "Ada"});
    anyone.sign_up(account).await;
    let email = json!({"email": "ada@example.com"});
    anyone.post("/auth/resend-verification", email.clone()).await.expect(202);
    anyone.post("/auth/forgot-password", email).await.expect(202);
    let reset = json!({
        "token": app.reset_token("ada@example.com").await,
        "password": "correct horse",
    });
    anyone.post("/auth/reset-password", reset).await.expect(204);
    weaken_hash(app, "ada@example.com").await;
    let login = json!({"email": "ada@example.com", "password": "correct horse"});
    let login = anyone.post("/auth/login", login).await.expect(200);
    let ada = anyone.with_token(login["access_token"].as_str().expect("a token"));
    let renewal = json!({"refresh_token": login["refresh_token"]});
    anyone.post("/auth/refresh", renewal).await.expect(200);
    ada.get("/users/me").await.expect(200);
    ada.patch("/users/me", json!({"name": "Ada Lovelace"})).await.expect(200);
    let change = json!({"current_password": "correct horse", "new_password": "battery staple"});
    // From an IP address that is not known yet.
    ada.at("198.51.100.1").put("/users/me/password", change).await.expect(204);
    admin.with_new_session().await.post("/auth/logout", json!({})).await.expect(204);

    admin.get("/users").await.expect(200);
    admin.get("/users?role=admin").await.expect(200);
    admin.get("/users?email=ada@example.com").await.expect(200);
    let path = format!("/users/{}", app.customer("bob").await.user_id.expect("an id"));
    admin.get(&path).await.expect(200);
    admin.patch(&path, json!({"role": "admin"})).await.expect(200);

    let mug = create_product(&admin, product("Stoneware Mug", 1800, 50)).await;
    create_sku(&admin, "CUP", 1500, 50).await;
    let gift_card = json!([{"sku": "GIFT", "track_stock": false}]);
    let gift_card = json!({"name": "Gift Card", "price": usd(2500), "variants": gift_card});
    create_product(&admin, gift_card).await;
    create_sku(&admin, "FREE", 0, 5).await;
    let path = format!("/products/{}", id(&mug));
    let draft = json!({
        "name": "Mug",
        "price": usd(1900),
        "status": "draft",
        "variants": [{"options": {}}, {"sku": "MUG-L", "options": {"size": "L"}, "stock": 1}],
    });
    admin.put(&path, draft.clone()).await.expect(200);
    admin.get(&path).await.expect(200);
    let mut active = draft;
    active["status"] = "active".into();
    active["variants"] = json!([{"options": {}}]);
    admin.put(&path, active).await.expect(200);
    hand_skus_over(&admin).await;
    anyone.get("/products").await.expect(200);
    anyone.get("/products?category=mugs").await.expect(200);
    arrange_categories(&admin).await;
    sort_into_categories(&admin).await;
    anyone.get("/categories").await.expect(200);
    import_products(&admin).await;

    place_orders(&ada, &mug).await;
    shop_as_guest(&ada, &mug).await;
    ada.get("/orders").await.expect(200);
    let order = ada.post("/orders", json!({"items": [{"sku": "CUP", "quantity": 1}]})).await;
    let order = format!("/orders/{}", id(&order.expect(201)));
    ada.get(&format!("{order}/tracking")).await.expect(200);
    admin.put(&order, json!({"status": "cancelled", "note": "Sold out"})).await.expect(200);
    list_all_orders(&admin).await;
    keep_stock(app, &admin, &ada).await;
    let eve = app.customer("eve").await;
    let order = json!({"items": [{"sku": "CUP", "quantity": 1}]});
    let paid = eve.post("/orders", order.clone()).await.expect(201);
    let path_of_paid = format!("/orders/{}", id(&paid));
    admin.put(&path_of_paid, json!({"status": "paid"})).await.expect(200);
    eve.post("/orders", order).await.expect(201);
    anyone.get("/settings").await.expect(200);
    let settings = json!({"prices_include_tax": true, "shipping_methods": [], "taxes": []});
    let update = admin.call("PUT", "/settings").header("if-match", "\"0\"").json(&settings);
    update.send().await.expect(200);
    ada.get("/cart?country=DE").await.expect(200);
    admin.delete(&path).await.expect(204);
    send_all_mails(app).await;
    delete_account(app, &ada.at(NEW_IP)).await;
    administer(app).await;
    let (admin, other) = (app.admin().await, app.admin().await);
    let path = format!("/users/{}", other.user_id.expect("an id"));
    admin.delete(&path).await.expect(202);
    app.run_job("rotate-token-key", json!({})).await.expect("a new key");
    project(app).await;
    expire_orders(app).await;
}

/// Creates and updates products that need the SKUs of withdrawn variants, and restores a variant.
async fn hand_skus_over(admin: &Persona<'_>) {
    let with = |skus: &[&str]| {
        let variant = |sku: &&str| json!({"sku": sku, "options": {"size": sku}});
        let variants: Vec<_> = skus.iter().map(variant).collect();
        json!({"name": "Shirt", "price": usd(2900), "variants": variants})
    };
    let shirt = create_product(admin, with(&["S", "M", "L"])).await;
    let shirt = format!("/products/{}", id(&shirt));
    admin.put(&shirt, with(&["S"])).await.expect(200);
    let other = create_product(admin, with(&["L"])).await;
    admin.put(&format!("/products/{}", id(&other)), with(&["L", "M"])).await.expect(200);
    admin.put(&format!("/products/{}", id(&other)), with(&["M"])).await.expect(200);
    admin.put(&shirt, with(&["S", "L"])).await.expect(200);
    admin.put(&shirt, with(&["S"])).await.expect(200);
    admin.put(&shirt, with(&["S", "L"])).await.expect(200);
}

/// Creates, moves and deletes a product in categories, of which one does not exist.
async fn sort_into_categories(admin: &Persona<'_>) {
    let within = |category: &str| json!({"name": "Bowl", "price": usd(900), "category": category});
    admin.ensure_category("bowls").await;
    admin.ensure_category("plates").await;
    let unnamed = json!({"name": "", "price": usd(900), "category": "no-such-category"});
    admin.post("/products", unnamed.clone()).await.expect(422);
    let bowl = format!("/products/{}", id(&create_product(admin, within("bowls")).await));
    admin.put(&bowl, unnamed).await.expect(422);
    admin.put(&bowl, within("plates")).await.expect(200);
    admin.delete(&bowl).await.expect(204);
}

/// Imports a new product, a withdrawn variant, a SKU of a deleted product, and stock, twice.
async fn import_products(admin: &Persona<'_>) {
    let with = |skus: &[&str]| {
        let variant = |sku: &&str| json!({"sku": sku, "options": {"size": sku}});
        let variants: Vec<_> = skus.iter().map(variant).collect();
        json!({"name": "Jug", "price": usd(2900), "variants": variants})
    };
    let jug = format!("/products/{}", id(&create_product(admin, with(&["JUG", "JUG-L"])).await));
    admin.put(&jug, with(&["JUG"])).await.expect(200);
    let pot = format!("/products/{}", id(&create_product(admin, with(&["POT", "POT-L"])).await));
    admin.put(&pot, with(&["POT"])).await.expect(200);
    admin.delete(&pot).await.expect(204);
    let rows = [
        json!({"sku": "JUG-L", "category": "bowls"}),
        json!({"sku": "JUG", "set_stock": 5}),
        json!({"sku": "POT-L", "name": "Pot", "price": usd(100), "category": "bowls"}),
    ];
    let rows = rows.map(|row| row.to_string()).join("\n");
    for _ in 0..2 {
        let call = admin.call("POST", "/products/import?import_id=tour");
        let result = call.body("application/x-ndjson", &rows).send().await.expect(200);
        assert_eq!(result["failed"], 0, "{result}");
    }
}

/// Projects all products and categories to the catalogue's log, compacts it, lists the products from
/// segments, and deletes what is old of the log.
async fn project(app: &App) {
    let admin = app.admin().await;
    // More than the log may have before it is compacted.
    for number in 0..16 {
        let description = random_words(number, 2_000);
        let product = json!({"name": "Wordy", "price": usd(1), "description": description});
        create_product(&admin, product).await;
    }
    app.project_changes(&mut Stream::default()).await;
    app.run_job("compact-catalogue", json!({})).await.expect("it runs");
    for (function, path) in [("list-products", "/products"), ("list-facets", "/products/facets")] {
        for function in ["compact-catalogue", function] {
            *app.context(function).catalogue.lock().await = None;
        }
        admin.get(&format!("{path}?status=draft")).await.expect(200);
    }
    app.advance(Duration::from_secs(60 * 60));
    app.run_job("compact-catalogue", json!({})).await.expect("it runs");
}

/// Creates, moves, renames and deletes categories.
async fn arrange_categories(admin: &Persona<'_>) {
    admin.create_category("home").await;
    admin.create_subcategory("mugs", "home").await;
    admin.create_subcategory("cups", "home").await;
    admin.put("/categories/cups", json!({"name": "Cups", "parent": "mugs"})).await.expect(200);
    admin.put("/categories/cups", json!({"name": "Tea", "parent": "mugs"})).await.expect(200);
    admin.delete("/categories/cups").await.expect(204);
}

/// Makes the first admin, and deletes the account of another.
async fn administer(app: &App) {
    let account = json!({"email": FIRST_ADMIN, "password": "correct horse", "name": "Olga"});
    app.anonymous().sign_up(account).await;
    let other = app.admin().await.with_password("correct horse").await;
    other.post("/users/me/deletion", json!({"password": "correct horse"})).await.expect(202);
}

/// Sends all mails, and fails to send some of them.
async fn send_all_mails(app: &App) {
    let (anyone, email) = (app.anonymous(), json!({"email": "bob@example.com"}));
    let account = json!({"email": "bob@example.com", "password": "correct horse", "name": "Bob"});
    anyone.post("/auth/register", account).await.expect(202);
    anyone.post("/auth/resend-verification", email).await.expect(202);
    let email = json!({"email": "ada@example.com"});
    anyone.post("/auth/forgot-password", email).await.expect(202);
    app.mailbox.inject_faults([MailFault::Permanent]);
    app.deliver_mail().await;
    app.sweep_outbox().await;
    app.run_job("deliver-mail", json!({"resend": "failed"})).await.expect("a run");
}

/// Without verification, registering creates the account at once; a reset verifies it, and the user
/// of `ADMIN_EMAIL` becomes an admin with the next login.
async fn without_verification(app: &App) {
    let anyone = app.anonymous();
    let account = json!({"email": FIRST_ADMIN, "password": "correct horse", "name": "Olga"});
    anyone.post("/auth/register", account).await.expect(202);
    let reset = json!({"token": app.reset_token(FIRST_ADMIN).await, "password": "correct horse"});
    anyone.post("/auth/reset-password", reset).await.expect(204);
    // The second mail within an hour uses the quota that only resets have.
    for _ in 0..2 {
        anyone.post("/auth/forgot-password", json!({"email": FIRST_ADMIN})).await.expect(202);
    }
    app.deliver_mail().await;
    let login = json!({"email": FIRST_ADMIN, "password": "correct horse"});
    anyone.at(NEW_IP).post("/auth/login", login).await.expect(200);
}

/// Sets, adjusts and lists stock, and lets it get low; reviews what was bought, changes, moderates and
/// deletes reviews.
async fn keep_stock(app: &App, admin: &Persona<'_>, ada: &Persona<'_>) {
    let few = json!([{"sku": "FEW", "stock": 9}]);
    let few = json!({"name": "Few", "price": usd(500), "low_stock_threshold": 5, "variants": few});
    let few = create_product(admin, few).await;
    let mut stream = Stream::default();
    app.project_changes(&mut stream).await;
    let fred = app.customer("fred").await;
    let order = json!({"items": [{"sku": "FEW", "quantity": 4}]});
    let order = fred.post("/orders", order).await.expect(201);
    let paid = json!({"status": "paid"});
    admin.put(&format!("/orders/{}", id(&order)), paid).await.expect(200);
    let reviews = format!("/products/{}/reviews", id(&few));
    let of_fred = fred.post(&reviews, json!({"rating": 4})).await.expect(201);
    app.project_changes(&mut stream).await;
    admin.get("/inventory").await.expect(200);
    admin.get("/inventory?low_stock=true").await.expect(200);
    admin.get("/inventory/FEW").await.expect(200);
    let set = admin.call("PUT", "/inventory/FEW").header("if-match", "*");
    set.json(&json!({"available": 4})).send().await.expect(200);
    for delta in [5, -6] {
        let adjust = admin.call("POST", "/inventory/FEW/adjustments");
        let adjust = adjust.header("idempotency-key", &format!("tour {delta}").replace(' ', "-"));
        let body = json!({"delta": delta, "reason": "Counted"});
        adjust.json(&body).send().await.expect(201);
    }
    let again =
        admin.call("POST", "/inventory/FEW/adjustments").header("idempotency-key", "tour-5");
    again.json(&json!({"delta": 5, "reason": "Counted"})).send().await.expect(201);
    let set = admin.call("PUT", "/inventory/FEW").header("if-match", "*");
    set.json(&json!({"available": 9})).send().await.expect(200);
    let set = admin.call("PUT", "/inventory/FEW").header("if-match", "*");
    set.json(&json!({"available": 1})).send().await.expect(200);
    admin.get("/inventory/FEW/movements").await.expect(200);

    let of_ada = ada.post(&reviews, json!({"rating": 5})).await.expect(201);
    let path = |review: &Value| format!("{reviews}/{}", id(review));
    fred.put(&path(&of_fred), json!({"rating": 3})).await.expect(200);
    admin
        .put(&format!("{}/status", path(&of_ada)), json!({"status": "rejected"}))
        .await
        .expect(200);
    for query in ["", "?sort=-rating", "?rating=3"] {
        fred.get(&format!("{reviews}{query}")).await.expect(200);
    }
    for query in ["", "?status=rejected"] {
        admin.get(&format!("/admin/reviews{query}")).await.expect(200);
    }
    fred.delete(&path(&of_fred)).await.expect(204);

    let too_many = admin.call("POST", "/inventory/FEW/adjustments").header("idempotency-key", "no");
    let too_many = too_many.json(&json!({"delta": -1000, "reason": "Counted"})).send().await;
    too_many.expect_problem(409, "out_of_stock");
    for status in ["processing", "shipped", "delivered"] {
        let target = format!("/orders/{}", id(&order));
        admin.put(&target, json!({"status": status})).await.expect(200);
    }
    app.advance(std::time::Duration::from_secs(61));
    let fred = fred.with_password("correct horse").await;
    fred.post("/users/me/deletion", json!({"password": "correct horse"})).await.expect(202);
}

async fn list_all_orders(admin: &Persona<'_>) {
    for filter in ["", "?email=ada@example.com", "?email=guest@example.com"] {
        admin.get(&format!("/admin/orders{filter}")).await.expect(200);
    }
    let statuses = [
        "pending_payment",
        "paid",
        "processing",
        "shipped",
        "delivered",
        "return_requested",
        "returned",
        "cancelled",
        "expired",
    ];
    for status in statuses {
        admin.get(&format!("/admin/orders?status={status}")).await.expect(200);
    }
}

/// Lets the unpaid orders expire, by two runs at once.
async fn expire_orders(app: &App) {
    app.advance(std::time::Duration::from_secs(8 * 24 * 3600));
    app.race(2);
    let run = || app.run_job("expire-orders", json!({"source": "aws.events"}));
    let (one, other) = join(run(), run()).await;
    assert!(one.is_some() && other.is_some());
}

/// Deletes an account with closed orders, a cart and a pending registration.
async fn delete_account(app: &App, ada: &Persona<'_>) {
    let orders = ada.get("/orders").await.expect(200);
    for order in orders["data"].as_array().expect("orders") {
        ada.delete(&format!("/orders/{}", id(order))).await.expect(200);
    }
    let account = json!({"email": "ada@example.com", "password": "correct horse", "name": "Ada"});
    app.anonymous().post("/auth/register", account).await.expect(202);
    let password = json!({"password": "battery staple"});
    app.advance(std::time::Duration::from_secs(61));
    ada.post("/users/me/deletion", password).await.expect(202);
    app.advance(std::time::Duration::from_secs(60));
    for _ in 0..2 {
        app.run_job("erase-users", json!({"source": "aws.events"})).await.expect("a run");
    }
}

async fn place_orders(ada: &Persona<'_>, mug: &Value) {
    ada.post("/cart/items", json!({"product_id": mug["id"], "quantity": 1})).await.expect(200);
    ada.post("/cart/items", json!({"sku": "CUP", "quantity": 1})).await.expect(200);
    ada.put("/cart/items/CUP", json!({"quantity": 2})).await.expect(200);
    ada.get("/cart").await.expect(200);
    ada.delete("/cart/items/CUP").await.expect(200);
    let place = |body| ada.call("POST", "/orders").header("idempotency-key", "key").json(&body);
    place(json!({"expected_total": usd(1900)})).send().await.expect(201);
    let replay = place(json!({"expected_total": usd(1900)})).send().await.expect(201);
    let items = json!({"items": [
        {"product_id": mug["id"], "quantity": 1},
        {"sku": "CUP", "quantity": 1},
        {"sku": "GIFT", "quantity": 1},
    ]});
    ada.post("/orders", items).await.expect(201);
    let wrong = json!({"items": [{"sku": "CUP", "quantity": 1}], "expected_total": usd(1)});
    ada.post("/orders", wrong).await.expect_problem(409, "price_changed");
    let path = format!("/orders/{}", id(&replay));
    ada.get(&path).await.expect(200);
    ada.delete(&path).await.expect(200);
    ada.post("/cart/items", json!({"product_id": mug["id"], "quantity": 1})).await.expect(200);
    ada.post("/cart/items", json!({"sku": "CUP", "quantity": 1})).await.expect(200);
    ada.delete("/cart/items/CUP").await.expect(200);
    ada.delete("/cart").await.expect(200);
}

/// Buys without an account, orders something free, and logs in with a cart.
async fn shop_as_guest(ada: &Persona<'_>, mug: &Value) {
    let anyone = ada.as_visitor();
    let guest = anyone.with_new_cart("CUP", 1).await;
    let body = json!({"email": "guest@example.com"});
    let call = guest.call("POST", "/orders").header("idempotency-key", "guest").json(&body);
    let placed = call.send().await;
    let token = placed.header("order-token").expect("a token").to_owned();
    let path = format!("/orders/{}", id(&placed.expect(201)));
    guest.call("DELETE", &path).header("order-token", &token).send().await.expect(200);
    let gift = json!({"sku": "FREE", "quantity": 1});
    let free = json!({"items": [gift], "email": "guest@example.com"});
    anyone.post("/orders", free).await.expect(201);
    // Each of them merges first.
    for (method, target, body) in [
        ("GET", "/cart", None),
        ("POST", "/cart/items", Some(json!({"product_id": mug["id"], "quantity": 1}))),
        ("PUT", "/cart/items/CUP", Some(json!({"quantity": 1}))),
        ("DELETE", "/cart/items/CUP", None),
        ("DELETE", "/cart", None),
    ] {
        let guest = anyone.with_new_cart("CUP", 1).await;
        let both = ada.with_cart(guest.cart_token.as_deref().expect("a token"));
        let call = both.call(method, target);
        let call = body.iter().fold(call, |call, body| call.json(body));
        call.send().await.expect(200);
    }
    let guest = anyone.with_new_cart("CUP", 1).await;
    let login = json!({"email": "ada@example.com", "password": "battery staple"});
    guest.post("/auth/login", login).await.expect(200);
}

/// Lists in words what a policy allows and no call used.
fn unused_permissions(route: &str, policy: &Policy, used: &BTreeSet<Access>) -> Vec<String> {
    let mut left = Vec::new();
    for (statement, resources) in policy.allowing() {
        for resource in resources {
            let index = match resource {
                Resource::Table => None,
                Resource::Index(name) => Some(name.clone()),
                // The gate does not see calls to other services; tests/wiring checks these
                // permissions.
                Resource::Other(_) => continue,
            };
            for action in &statement.actions {
                for pattern in statement.leading_keys().unwrap_or(&["*".to_owned()]) {
                    let prefix = pattern.trim_end_matches('*');
                    let is_used = used.iter().any(|access| {
                        access.action == *action
                            && access.index == index
                            && access.partition.starts_with(prefix)
                    });
                    if !is_used {
                        left.push(format!("{route}: {action} on {resource:?}, {pattern}"));
                    }
                }
            }
        }
    }
    left
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().expect("an id")
}
