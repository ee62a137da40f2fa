//! Every function has the permissions that its route needs, and no others.
//!
//! Every other test checks that a policy allows enough: each route's calls pass a gate with the
//! route's policy from the template. This test checks the other half: it sends a tour of requests,
//! after which every permission of every policy must have been used.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use local::parameters::Parameters;
use serde_json::{Value, json};
use tests::app::{App, FIRST_ADMIN};
use tests::gate::Access;
use tests::mailbox::MailFault;
use tests::persona::Persona;
use tests::policy::{Policy, Resource, policies};
use tests::samples::{create_product, create_sku, product, usd, weaken_hash};
use tests::stream::Stream;

/// An IP address that no other test uses.
const NEW_IP: &str = "198.51.100.7";

#[tokio::test]
async fn no_policy_allows_what_its_route_does_not_use() {
    let parameters = Parameters::in_memory().serve(0).expect("a parameter store");
    let app = App::builder().without_a_key(&parameters.url()).limits("").start().await;
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
    anyone.get("/products").await.expect(200);
    anyone.get("/products?category=mugs").await.expect(200);

    place_orders(&ada, &mug).await;
    ada.get("/orders").await.expect(200);
    admin.delete(&path).await.expect(204);
    send_all_mails(app).await;
    delete_account(app, &ada.at(NEW_IP)).await;
    administer(app).await;
    let (admin, other) = (app.admin().await, app.admin().await);
    let path = format!("/users/{}", other.user_id.expect("an id"));
    admin.delete(&path).await.expect(202);
    app.run_job("rotate-token-key", json!({})).await.expect("a new key");
    project(app).await;
}

/// Projects all products, and a category, to the catalogue's log.
async fn project(app: &App) {
    let put = app.client.put_item().table_name(&app.table);
    let members = [("pk", "CATEGORIES"), ("sk", "mugs"), ("type", "category"), ("name", "Mugs")];
    let put = members.into_iter().fold(put, |put, (attribute, value)| {
        put.item(attribute, AttributeValue::S(value.to_owned()))
    });
    put.send().await.expect("a category");
    app.project_changes(&mut Stream::default()).await;
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
