//! Every function may do what its route needs, and nothing else.
//!
//! That a policy allows enough is checked in every other test: each route's calls pass a gate with
//! its policy from the template. Here is the other half: a tour through the shop, after which
//! nothing may be left in any policy that was not used.

use std::collections::BTreeSet;

use local::parameters::Parameters;
use serde_json::{Value, json};
use tests::app::App;
use tests::gate::Access;
use tests::persona::Persona;
use tests::policy::{Policy, Resource, policies};
use tests::samples::{product, put_up, put_up_sku, usd};

#[tokio::test]
async fn no_policy_allows_what_its_route_does_not_use() {
    let parameters = Parameters::in_memory().serve(0).expect("a parameter store");
    let app = App::start_without_a_key(&parameters.url()).await;
    app.warm_up_and_count().await;

    tour(&app).await;

    let mut unused = Vec::new();
    for route in app.routes() {
        let used = app.take_count(route).accesses;
        let policy = policies().remove(route).unwrap_or_default();
        unused.extend(left_over(route, &policy, &used));
    }
    assert!(unused.is_empty(), "template.yaml allows too much:\n{}", unused.join("\n"));
}

/// Goes once through everything that a route can ask of the database.
async fn tour(app: &App) {
    let (admin, anyone) = (app.admin().await, app.anonymous());
    anyone.get("/health").await.expect(200);
    anyone.get("/.well-known/jwks.json").await.expect(200);
    let account = json!({"email": "ada@example.com", "password": "correct horse", "name": "Ada"});
    anyone.post("/auth/register", account).await.expect(202);
    let login = json!({"email": "ada@example.com", "password": "correct horse"});
    let login = anyone.post("/auth/login", login).await.expect(200);
    let ada = anyone.with_token(login["access_token"].as_str().expect("a token"));
    let renewal = json!({"refresh_token": login["refresh_token"]});
    anyone.post("/auth/refresh", renewal).await.expect(200);
    ada.get("/users/me").await.expect(200);
    ada.patch("/users/me", json!({"name": "Ada Lovelace"})).await.expect(200);
    let change = json!({"current_password": "correct horse", "new_password": "battery staple"});
    ada.put("/users/me/password", change).await.expect(204);
    admin.signed_in_anew().await.post("/auth/logout", json!({})).await.expect(204);

    let mug = put_up(&admin, product("Stoneware Mug", 1800, 50)).await;
    put_up_sku(&admin, "CUP", 1500, 50).await;
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

    fill_and_order(&ada, &mug).await;
    ada.get("/orders").await.expect(200);
    admin.delete(&path).await.expect(204);
}

async fn fill_and_order(ada: &Persona<'_>, mug: &Value) {
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

/// What a policy allows and nothing used, in words.
fn left_over(route: &str, policy: &Policy, used: &BTreeSet<Access>) -> Vec<String> {
    let mut left = Vec::new();
    for statement in &policy.statements {
        for resource in &statement.resources {
            let index = match resource {
                Resource::Table => None,
                Resource::Index(name) => Some(name.clone()),
                // Parameters are no business of the gate's: tests/wiring knows who may have them.
                Resource::Other(_) => continue,
            };
            for action in &statement.actions {
                for pattern in statement.leading_keys.as_deref().unwrap_or(&["*".to_owned()]) {
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
