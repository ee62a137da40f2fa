//! What can be wrong with any body, on every route that takes one; and which of several things
//! that are wrong is said first. What is particular to a route is tested with the route.

use std::collections::BTreeSet;

use aws_smithy_types::base64;
use serde_json::{Map, Value, json};
use shared::http::routes::{Accepts, ROUTES, named};
use tests::answer::Answer;
use tests::app::App;
use tests::persona::{Call, Persona};
use tests::samples::{create_sku, id, usd};

/// A route that takes a body.
struct Route {
    name: &'static str,
    method: &'static str,
    path: String,
    /// A body that would be accepted.
    good: Value,
    /// The members that it needs.
    required: &'static [&'static str],
    /// Members, each with values that they can't have.
    bad: Vec<(&'static str, Vec<Value>)>,
}

/// The admin's.
const PASSWORD: &str = "correct horse";

/// The tokens that mails brought.
struct Mailed {
    verification: String,
    reset: String,
}

/// What is no text that anybody would write.
fn no_text() -> Vec<Value> {
    vec![json!(7), json!(-1.5), json!(true), json!([]), json!({}), json!("")]
}

/// What no member of a review can be.
fn bad_review() -> Vec<(&'static str, Vec<Value>)> {
    let no_line = with(no_text(), &[json!("a\nb"), json!("x".repeat(201))]);
    vec![
        ("rating", vec![json!(0), json!(6), json!(4.5), json!("5"), json!(null)]),
        ("title", no_line),
        ("body", with(no_text(), &[json!("x".repeat(5001))])),
    ]
}

/// What is no quantity.
fn no_quantity() -> Vec<Value> {
    vec![json!(-1), json!(1000), json!(u64::MAX), json!(1e300), json!(1.0), json!("1"), json!([1])]
}

/// What is no price.
fn no_money() -> Vec<Value> {
    let amounts = [json!(-1), json!(19.99), json!(1e300), json!(u64::MAX), json!("1"), json!(null)];
    let amounts = amounts.into_iter().map(|amount| json!({"amount": amount, "currency": "USD"}));
    let others = [
        json!(1800),
        json!("18.00"),
        json!([]),
        json!({}),
        json!({"amount": 1800}),
        json!({"currency": "USD"}),
        json!({"amount": 1800, "currency": "EUR"}),
        json!({"amount": 1800, "currency": "USD", "decimals": 2}),
    ];
    amounts.chain(others).collect()
}

fn with(mut values: Vec<Value>, more: &[Value]) -> Vec<Value> {
    values.extend_from_slice(more);
    values
}

/// Every route of the shop that takes a body; `mug` has the SKU `MUG`, and is in the cart; `shelf`
/// is a category, `order` is not paid, and `review` is one of the mug.
fn routes(
    admin: &Persona<'_>,
    mug: &Value,
    order: &Value,
    review: &Value,
    mailed: &Mailed,
) -> Vec<Route> {
    let category = |method, name, path: &str| Route {
        name,
        method,
        path: path.to_owned(),
        good: json!({"name": "Mugs"}),
        required: &["name"],
        bad: vec![
            ("name", with(no_text(), &[json!(null), json!("x".repeat(256)), json!("a\u{0}b")])),
            (
                "parent",
                with(no_text(), &[json!("Tea Cups"), json!("no-such"), json!("x".repeat(81))]),
            ),
        ],
    };
    let product = |method, name, path: String| Route {
        name,
        method,
        path,
        good: json!({"name": "Mug", "price": usd(1800)}),
        required: &["name", "price"],
        bad: vec![
            ("name", with(no_text(), &[json!(null), json!("x".repeat(256)), json!("a\u{0}b")])),
            ("price", with(no_money(), &[json!(null)])),
            ("compare_at_price", with(no_money(), &[usd(1800)])),
            ("tax_class", vec![json!(7), json!("x".repeat(61)), json!(["a"])]),
            ("description", vec![json!(7), json!("x".repeat(32_001))]),
            ("category", vec![json!(7), json!("")]),
            ("tags", vec![json!("one"), json!([7]), json!([""]), json!({"a": "b"})]),
            (
                "images",
                vec![
                    json!(["javascript:alert(1)"]),
                    json!([""]),
                    json!([7]),
                    json!([{"alt": "A"}]),
                ],
            ),
            ("status", vec![json!("sold"), json!(1)]),
            ("stock", vec![json!(-1), json!(1.5), json!(u64::MAX), json!("5")]),
            ("low_stock_threshold", vec![json!(-1), json!(1.5), json!("5")]),
            ("options", vec![json!("size"), json!([7]), json!([""]), json!(["a", "A"])]),
            ("variants", vec![json!([]), json!({}), json!([7]), json!([{"sku": "a b"}])]),
        ],
    };
    let address = |name, path: &str| Route {
        name,
        method: "POST",
        path: path.to_owned(),
        good: json!({"email": "a@example.com"}),
        required: &["email"],
        bad: vec![("email", with(no_text(), &[json!(null), json!("ada"), json!("a@b@c.com")]))],
    };
    vec![
        Route {
            name: "register-user",
            method: "POST",
            path: "/auth/register".to_owned(),
            good: json!({"email": "b@example.com", "password": "correct horse", "name": "Bea"}),
            required: &["email", "password", "name"],
            bad: vec![
                ("email", with(no_text(), &[json!(null), json!("ada"), json!("a@b@c.com")])),
                (
                    "password",
                    with(no_text(), &[json!(null), json!("short"), json!("x".repeat(129))]),
                ),
                ("name", with(no_text(), &[json!(null), json!("x".repeat(201))])),
                ("phone", no_text()),
            ],
        },
        Route {
            name: "verify-email",
            method: "POST",
            path: "/auth/verify-email".to_owned(),
            good: json!({"token": mailed.verification, "password": "correct horse"}),
            required: &["token", "password"],
            bad: vec![
                ("token", with(no_text(), &[json!(null), json!("let me in")])),
                ("password", vec![json!(null), json!(7), json!([]), json!({})]),
            ],
        },
        address("resend-verification", "/auth/resend-verification"),
        address("forgot-password", "/auth/forgot-password"),
        Route {
            name: "log-in",
            method: "POST",
            path: "/auth/login".to_owned(),
            good: json!({"email": "a@example.com", "password": "correct horse"}),
            required: &["email", "password"],
            bad: vec![
                ("email", with(no_text(), &[json!(null), json!("ada")])),
                ("password", vec![json!(null), json!(7), json!([]), json!({})]),
            ],
        },
        Route {
            name: "refresh-token",
            method: "POST",
            path: "/auth/refresh".to_owned(),
            good: json!({"refresh_token": admin.refresh_token}),
            required: &["refresh_token"],
            bad: vec![("refresh_token", vec![json!(null), json!(7), json!([]), json!({})])],
        },
        Route {
            name: "reset-password",
            method: "POST",
            path: "/auth/reset-password".to_owned(),
            good: json!({"token": mailed.reset, "password": "correct horse"}),
            required: &["token", "password"],
            bad: vec![
                ("token", with(no_text(), &[json!(null), json!("let me in")])),
                (
                    "password",
                    with(no_text(), &[json!(null), json!("short"), json!("x".repeat(129))]),
                ),
            ],
        },
        Route {
            name: "update-me",
            method: "PATCH",
            path: "/users/me".to_owned(),
            good: json!({"name": "Ada"}),
            required: &[],
            bad: vec![
                ("name", with(no_text(), &[json!(null), json!("x".repeat(201))])),
                ("phone", with(no_text(), &[json!("1"), json!("x".repeat(41))])),
                (
                    "addresses",
                    vec![json!(null), json!({}), json!("London"), json!([7]), json!([{}])],
                ),
            ],
        },
        Route {
            name: "change-password",
            method: "PUT",
            path: "/users/me/password".to_owned(),
            good: json!({"current_password": PASSWORD, "new_password": PASSWORD}),
            required: &["current_password", "new_password"],
            bad: vec![
                ("current_password", vec![json!(null), json!(7), json!([]), json!({})]),
                (
                    "new_password",
                    with(no_text(), &[json!(null), json!("short"), json!("x".repeat(129))]),
                ),
            ],
        },
        Route {
            name: "update-user",
            method: "PATCH",
            path: format!("/users/{}", admin.user_id.expect("an id")),
            good: json!({"role": "admin"}),
            required: &[],
            bad: vec![
                ("role", with(no_text(), &[json!(null), json!("owner"), json!("Admin")])),
                ("status", with(no_text(), &[json!(null), json!("deleted")])),
            ],
        },
        product("POST", "create-product", "/products".to_owned()),
        product("PUT", "update-product", format!("/products/{}", id(mug))),
        category("POST", "create-category", "/categories"),
        category("PUT", "update-category", "/categories/shelf"),
        Route {
            name: "add-cart-item",
            method: "POST",
            path: "/cart/items".to_owned(),
            good: json!({"sku": "MUG", "quantity": 1}),
            required: &["sku", "quantity"],
            bad: vec![
                ("sku", with(no_text(), &[json!(null), json!("a b"), json!("x".repeat(65))])),
                ("product_id", with(no_text(), &[json!("prd_7"), json!("MUG")])),
                ("quantity", with(no_quantity(), &[json!(0), json!(null)])),
            ],
        },
        Route {
            name: "update-cart-item",
            method: "PUT",
            path: "/cart/items/MUG".to_owned(),
            good: json!({"quantity": 2}),
            required: &["quantity"],
            bad: vec![("quantity", with(no_quantity(), &[json!(null)]))],
        },
        Route {
            name: "place-order",
            method: "POST",
            path: "/orders".to_owned(),
            good: json!({}),
            required: &[],
            bad: vec![
                ("items", vec![json!([]), json!({}), json!("MUG"), json!([{}]), json!([null])]),
                ("payment_method", with(no_text(), &[json!("card"), json!("barter")])),
                ("payment_token", vec![json!(7), json!("pm_card_visa")]),
                ("shipping_address", vec![json!({}), json!("London"), json!([])]),
                ("shipping_method", with(no_text(), &[json!("a b"), json!("post")])),
                ("expected_total", no_money()),
            ],
        },
        Route {
            name: "update-order",
            method: "PUT",
            path: format!("/orders/{}", id(order)),
            good: json!({"status": "pending_payment", "note": "We wait for your payment."}),
            required: &[],
            bad: vec![
                ("status", with(no_text(), &[json!("open"), json!("Paid")])),
                (
                    "tracking",
                    vec![
                        json!({}),
                        json!("DHL"),
                        json!([]),
                        json!({"carrier": "DHL"}),
                        json!({"carrier": "", "number": "0034"}),
                        json!({"carrier": "DHL", "number": "0034", "url": "dhl.example"}),
                    ],
                ),
                ("note", vec![json!(7), json!([]), json!({}), json!("x".repeat(501))]),
            ],
        },
        Route {
            name: "set-inventory",
            method: "PUT",
            path: "/inventory/MUG".to_owned(),
            good: json!({"available": 9, "reason": "Counted"}),
            required: &[],
            bad: vec![
                ("available", vec![json!(-1), json!(1.5), json!("5")]),
                ("low_stock_threshold", vec![json!(-1), json!(1.5), json!("5")]),
                ("reason", vec![json!(7), json!([]), json!({}), json!("x".repeat(201))]),
            ],
        },
        Route {
            name: "adjust-inventory",
            method: "POST",
            path: "/inventory/MUG/adjustments".to_owned(),
            good: json!({"delta": 3, "reason": "Delivery"}),
            required: &["delta", "reason"],
            bad: vec![
                ("delta", vec![json!(0), json!(1.5), json!("5"), json!(null)]),
                ("reason", with(no_text(), &[json!(null), json!(""), json!("x".repeat(201))])),
            ],
        },
        Route {
            name: "create-review",
            method: "POST",
            path: format!("/products/{}/reviews", id(mug)),
            good: json!({"rating": 5, "title": "Good", "body": "Very."}),
            required: &["rating"],
            bad: bad_review(),
        },
        Route {
            name: "update-review",
            method: "PUT",
            path: format!("/products/{}/reviews/{}", id(mug), id(review)),
            good: json!({"rating": 4, "title": "Good", "body": "Very."}),
            required: &["rating"],
            bad: bad_review(),
        },
        Route {
            name: "moderate-review",
            method: "PUT",
            path: format!("/products/{}/reviews/{}/status", id(mug), id(review)),
            good: json!({"status": "approved"}),
            required: &["status"],
            bad: vec![("status", with(no_text(), &[json!(null), json!("pending")]))],
        },
        Route {
            name: "update-settings",
            method: "PUT",
            path: "/settings".to_owned(),
            good: json!({"prices_include_tax": true, "shipping_methods": [], "taxes": []}),
            required: &["prices_include_tax", "shipping_methods", "taxes"],
            bad: vec![
                ("seller", vec![json!({}), json!("Bodega"), json!([]), json!(7)]),
                ("prices_include_tax", vec![json!(null), json!("yes"), json!(0)]),
                ("shipping_methods", vec![json!(null), json!({}), json!([null]), json!([{}])]),
                ("taxes", vec![json!(null), json!("19"), json!([7]), json!([{"country": "DE"}])]),
            ],
        },
        Route {
            name: "delete-me",
            method: "POST",
            path: "/users/me/deletion".to_owned(),
            good: json!({"password": PASSWORD}),
            required: &["password"],
            bad: vec![("password", vec![json!(null), json!(7), json!([]), json!({})])],
        },
        // The last one: a good request ends the admin's session.
        Route {
            name: "log-out",
            method: "POST",
            path: "/auth/logout".to_owned(),
            good: json!({}),
            required: &[],
            bad: vec![
                ("refresh_token", vec![json!(7), json!([]), json!({})]),
                ("all", vec![json!(7), json!("yes"), json!([]), json!({})]),
            ],
        },
    ]
}

/// An admin, who may call every route, with a mug in the shop and in the cart.
async fn shop(app: &App) -> (Persona<'_>, Vec<Route>) {
    let admin = app.admin().await.with_password(PASSWORD).await;
    let mug = create_sku(&admin, "MUG", 1800, 9).await;
    admin.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await.expect(200);
    admin.create_category("shelf").await;
    let account = |email| json!({"email": email, "password": "correct horse", "name": "Ada"});
    app.anonymous().sign_up(account("a@example.com")).await;
    app.anonymous().post("/auth/register", account("w@example.com")).await.expect(202);
    let mailed = Mailed {
        verification: app.verification_token("w@example.com").await,
        reset: app.reset_token("a@example.com").await,
    };
    let order = json!({"items": [{"sku": "MUG", "quantity": 1}]});
    let ada = app.customer("ada").await;
    let order = ada.post("/orders", order).await.expect(201);
    let reviews = format!("/products/{}/reviews", id(&mug));
    let review = ada.post(&reviews, json!({"rating": 5})).await.expect(201);
    let routes = routes(&admin, &mug, &order, &review, &mailed);
    (admin, routes)
}

impl Route {
    /// A body may be missing where all its members are optional.
    fn may_lack_a_body(&self) -> bool {
        self.required.is_empty()
    }

    async fn send(&self, who: &Persona<'_>, body: &Value) -> Answer {
        who.call(self.method, &self.path).json(body).send().await
    }

    async fn send_raw(&self, who: &Persona<'_>, content_type: &str, body: &str) -> Answer {
        who.call(self.method, &self.path).body(content_type, body).send().await
    }

    fn with(&self, member: &str, value: Value) -> Value {
        let mut body = self.good.clone();
        body[member] = value;
        body
    }
}

/// The members that a refusal points at: `/price/amount` counts for `price`.
#[track_caller]
fn members(answer: Answer, what: &str) -> BTreeSet<String> {
    assert_eq!(answer.status, 422, "{what}: {:#}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    let member = |(pointer, _): (String, String)| {
        pointer.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned()
    };
    answer.expect_invalid().into_iter().map(member).collect()
}

#[tokio::test]
async fn every_route_with_a_body_is_tried() {
    let app = App::start().await;
    let (_, routes) = shop(&app).await;
    let tried: BTreeSet<_> = routes.iter().map(|route| route.name).collect();
    let takes_a_body = |method: &str| ["POST", "PUT", "PATCH"].contains(&method);
    let declared: BTreeSet<_> = ROUTES
        .iter()
        .filter(|route| route.method.as_ref().is_some_and(|method| takes_a_body(method.as_str())))
        // The rows of an import are refused one by one, in a 200.
        .filter(|route| route.accepts == Accepts::Json)
        .map(|route| route.name)
        .collect();
    assert_eq!(tried, declared);
}

#[tokio::test]
async fn a_member_that_is_missing_wrong_or_unknown_is_named_and_nothing_is_written() {
    let app = App::start().await;
    let (admin, routes) = shop(&app).await;
    let before = app.contents().await;
    for route in &routes {
        let name = route.name;
        for member in route.required {
            let mut body = route.good.clone();
            body.as_object_mut().and_then(|body| body.remove(*member)).expect("a member");
            let named = members(route.send(&admin, &body).await, &format!("{name}, no {member}"));
            assert_eq!(named, BTreeSet::from([(*member).to_owned()]), "{name}, no {member}");
        }
        for (member, values) in &route.bad {
            // An empty text in a member that may be missing counts as none.
            let counts = |value: &&Value| **value != json!("") || route.required.contains(member);
            for value in values.iter().filter(counts) {
                let mut body = route.with(member, value.clone());
                if *member == "product_id" {
                    // Beside a SKU it would be one name too many.
                    body.as_object_mut().expect("an object").remove("sku");
                }
                let what = format!("{name}, {member}: {:.80}", value.to_string());
                let named = members(route.send(&admin, &body).await, &what);
                assert_eq!(named, BTreeSet::from([(*member).to_owned()]), "{what}");
            }
        }
        let body = route.with("is_admin", json!(true));
        let named = members(route.send(&admin, &body).await, &format!("{name}, unknown member"));
        assert_eq!(named, BTreeSet::from(["is_admin".to_owned()]), "{name}");
    }
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn an_empty_text_in_a_member_that_may_be_missing_counts_as_none() {
    let app = App::start().await;
    for blank in ["", " \u{a0}", "\u{2800}\u{200b}"] {
        check_absent(&app, blank).await;
    }
}

/// Checks that a text that shows nothing counts as none in every kind of optional member.
async fn check_absent(app: &App, blank: &str) {
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mut body = json!({"name": "Mug", "price": usd(1800), "description": blank});
    body["category"] = json!(blank);
    body["brand"] = json!(blank);
    body["variants"] = json!([{"sku": blank, "options": {"size": "M"}, "stock": 5}]);
    let mug = admin.post("/products", body).await.expect(201);
    for member in ["description", "category", "brand"] {
        assert_eq!(mug[member], json!(null), "{member}");
    }
    assert!(mug["variants"][0]["sku"].as_str().is_some_and(|sku| sku.starts_with("SKU-")));

    let phone = json!({"name": "Ada", "phone": "+44 20 7946 0000"});
    ada.patch("/users/me", phone).await.expect(200);
    let kept = ada.patch("/users/me", json!({"name": blank, "phone": blank})).await.expect(200);
    assert_eq!((&kept["name"], &kept["phone"]), (&json!("Ada"), &json!("+44 20 7946 0000")));
    let mut address = json!({"name": "Ada", "line1": "1 Row", "city": "Bath", "country": "GB"});
    for member in ["label", "line2", "region", "postal_code"] {
        address[member] = json!(blank);
    }
    let me = ada.patch("/users/me", json!({"addresses": [address]})).await.expect(200);
    for member in ["label", "line2", "region", "postal_code"] {
        assert_eq!(me["addresses"][0][member], json!(null), "{member}");
    }

    let item = json!({"sku": blank, "product_id": mug["id"], "quantity": 1});
    let order = json!({"items": [item], "payment_method": blank, "payment_token": blank});
    ada.post("/orders", order).await.expect(201);
    let list = ada.get("/orders?status=&limit=&cursor=&page=").await.expect(200);
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let app = App::start().await;
    let (admin, routes) = shop(&app).await;
    for route in &routes {
        let mut body = Map::new();
        // What no member can be; what breaks a rule as well is tested with the route.
        for (member, _) in &route.bad {
            body.insert((*member).to_owned(), json!(-1.5));
        }
        body.insert("is_admin".to_owned(), json!(true));
        let wrong: BTreeSet<_> = body.keys().cloned().collect();

        let answer = route.send(&admin, &Value::Object(body)).await;

        if wrong.len() > 1 {
            assert_eq!(answer.body["code"], "invalid_input", "{}", route.name);
        }
        assert_eq!(members(answer, route.name), wrong, "{}", route.name);
    }
}

#[tokio::test]
async fn a_body_that_is_no_object_is_refused() {
    let app = App::start().await;
    let (admin, routes) = shop(&app).await;
    let before = app.contents().await;
    for route in &routes {
        for body in [json!(null), json!(true), json!(7), json!("text"), json!([]), json!([{}])] {
            let answer = route.send(&admin, &body).await;
            assert_eq!(answer.status, 422, "{}, {body}: {answer:?}", route.name);
            let invalid = answer.expect_invalid();
            assert_eq!(invalid, [(String::new(), "wrong_type".to_owned())], "{}", route.name);
        }
    }
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn a_body_that_is_no_json_is_malformed() {
    let app = App::start().await;
    let (admin, routes) = shop(&app).await;
    let before = app.contents().await;
    let deep = |open: &str, close: &str| open.repeat(5000) + &close.repeat(5000);
    for route in &routes {
        let good = route.good.to_string();
        for (body, what) in [
            (String::new(), "empty"),
            (" \n".to_owned(), "white space"),
            ("{".to_owned(), "half an object"),
            ("{\"name\": \"Ada\",}".to_owned(), "a comma too many"),
            ("{'name': 'Ada'}".to_owned(), "other quotes"),
            ("{\"name\": NaN}".to_owned(), "not a number"),
            ("{\"name\": 1e999}".to_owned(), "a number beyond all bounds"),
            ("{\"name\": \"\\ud800\"}".to_owned(), "half a character"),
            (format!("{good}{good}"), "two objects"),
            (deep("[", "]"), "arrays, 5,000 deep"),
            (deep("{\"a\":", "}"), "objects, 5,000 deep"),
            ("<name>Ada</name>".to_owned(), "XML"),
            ("name=Ada".to_owned(), "a form"),
        ] {
            if route.may_lack_a_body() && body.is_empty() {
                continue;
            }
            let answer = route.send_raw(&admin, "application/json", &body).await;
            assert_eq!(answer.status, 400, "{}, {what}: {answer:?}", route.name);
            answer.expect_problem(400, "invalid_json");
        }
        if route.may_lack_a_body() {
            continue;
        }
        let none = admin.call(route.method, &route.path).header("content-type", "application/json");
        none.send().await.expect_problem(400, "invalid_json");
    }
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn a_body_may_be_missing_where_all_its_members_are_optional() {
    let app = App::start().await;
    let (admin, routes) = shop(&app).await;
    for (name, status) in [
        ("update-me", 200),
        ("update-user", 422),
        ("place-order", 201),
        ("update-order", 422),
        ("set-inventory", 422),
        ("log-out", 204),
    ] {
        let route = routes.iter().find(|route| route.name == name).expect("a route");
        let call = || admin.call(route.method, &route.path);
        for (call, what) in [
            (call(), "no body, no type"),
            (call().header("content-type", JSON), "no body, but a type"),
            (call().body(JSON, ""), "an empty body"),
            (call().body(JSON, "").base64(), "an empty body in base64"),
            (call().body(TEXT, ""), "an empty body of another type"),
        ] {
            // An order empties the cart, and a logout ends the session.
            let admin = admin.with_new_session().await;
            if name == "place-order" {
                admin.delete("/cart").await.expect(200);
                admin.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await.expect(200);
            }
            let token = admin.token.as_deref().expect("a token");

            let answer = call.header("authorization", &format!("Bearer {token}")).send().await;

            assert_eq!(answer.status, status, "{name}, {what}: {answer:?}");
            if status == 422 {
                answer.expect_problem(422, "nothing_to_change");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_needed_is_missed() {
    let app = App::start().await;
    let (admin, routes) = shop(&app).await;
    let before = app.contents().await;
    for route in routes.iter().filter(|route| !route.may_lack_a_body()) {
        let untyped = admin.call(route.method, &route.path).send().await;
        untyped.expect_problem(415, "unsupported_media_type");
    }
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn a_member_that_is_named_twice_is_malformed_wherever_it_stands() {
    let app = App::start().await;
    let (admin, routes) = shop(&app).await;
    let before = app.contents().await;
    for route in &routes {
        let good = route.good.as_object().and_then(|good| good.iter().next());
        let (name, value) =
            good.map_or(("all", json!(true)), |(name, value)| (name, value.clone()));
        for (body, pointer) in [
            (format!(r#"{{"{name}": {value}, "{name}": {value}}}"#), format!("/{name}")),
            (r#"{"a/b": [0, {"c": 1, "\u0063": 2}]}"#.to_owned(), "/a~1b/1/c".to_owned()),
        ] {
            let answer = route.send_raw(&admin, JSON, &body).await;
            let problem = answer.expect_problem(400, "duplicate_member");
            let detail = problem["detail"].as_str().expect("a detail");
            assert!(detail.contains(&pointer), "{}: {detail}", route.name);
        }
    }
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn a_body_of_another_type_is_unsupported() {
    let app = App::start().await;
    let (admin, routes) = shop(&app).await;
    let before = app.contents().await;
    for route in &routes {
        let good = route.good.to_string();
        for content_type in [
            "text/plain",
            "text/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
            "application/json; charset=utf-16",
            "application/jsonp",
            "",
        ] {
            let answer = route.send_raw(&admin, content_type, &good).await;
            assert_eq!(answer.status, 415, "{}, {content_type}: {answer:?}", route.name);
            answer.expect_problem(415, "unsupported_media_type");
        }
        let (method, path) = (route.method, route.path.as_str());
        let mut untyped = app.event(method, path, "", &Default::default(), Some(&good));
        let token = admin.token.as_deref().expect("a token");
        untyped["headers"] = json!({"authorization": format!("Bearer {token}")});
        app.handle(untyped).await.expect_problem(415, "unsupported_media_type");
    }
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn a_body_of_more_bytes_than_its_route_takes_is_not_even_looked_at() {
    let app = App::start().await;
    let (admin, routes) = shop(&app).await;
    let before = app.contents().await;
    let letters = "x".repeat(2 * 1024 * 1024);
    for route in &routes {
        let (name, good) = (route.name, route.good.to_string());
        let limit = named(name).body_limit;
        for (body, what) in [
            (format!("{good}{}", " ".repeat(limit + 1 - good.len())), "a byte too many"),
            (json!({"name": letters}).to_string(), "2 MB of JSON"),
        ] {
            let answer = route.send_raw(&admin, "application/json", &body).await;
            assert_eq!(answer.status, 413, "{name}, {what}: {:?}", answer.headers);
            let problem = answer.expect_problem(413, "body_too_large");
            assert_eq!(problem["limit"], limit, "{name}, {what}");
        }
        let encoded = base64::encode(" ".repeat(limit + 1));
        let call = admin.call(route.method, &route.path).body("application/json", &encoded);
        call.base64().send().await.expect_problem(413, "body_too_large");
    }
    assert!(app.contents().await == before, "something was written");

    let most = json!({"sku": "MUG", "quantity": 1}).to_string();
    let most = format!("{most}{}", " ".repeat(64 * 1024 - most.len()));
    let call = admin.call("POST", "/cart/items").body("application/json", &most);
    call.send().await.expect(200);
}

#[tokio::test]
async fn a_body_in_base64_is_the_same_body() {
    let app = App::start().await;
    let (admin, routes) = shop(&app).await;
    for route in &routes {
        let send = |content_type: &'static str, body: &[u8]| {
            let call = admin.call(route.method, &route.path);
            let call = match route.name {
                "update-settings" => call.header("if-match", "\"0\""),
                "set-inventory" => call.header("if-match", "*"),
                _ => call,
            };
            call.body(content_type, &base64::encode(body)).base64().send()
        };
        let good = route.good.to_string();
        let text = send("text/plain", good.as_bytes()).await;
        text.expect_problem(415, "unsupported_media_type");
        let no_utf8 = send("application/json", b"{\"name\": \"\xff\"}").await;
        no_utf8.expect_problem(400, "invalid_json");
        let answer = send("application/json", good.as_bytes()).await;
        // Whoever has just ordered something can't leave, and the same password is no new one.
        let is_read = match route.name {
            "delete-me" => answer.status == 409,
            // Of the first request.
            "create-review" => matches!(answer.status, 201 | 409),
            "change-password" => answer.body["code"] == "same_password",
            _ => (200..300).contains(&answer.status),
        };
        assert!(is_read, "{}: {answer:?}", route.name);
    }
}

#[tokio::test]
async fn a_malformed_version_is_reported_before_an_invalid_body() {
    let app = App::start().await;
    let (admin, routes) = shop(&app).await;
    let tried = [
        "update-me",
        "update-user",
        "update-product",
        "add-cart-item",
        "update-cart-item",
        "place-order",
        "update-order",
        "update-settings",
        "set-inventory",
    ];
    for name in tried {
        let route = routes.iter().find(|route| route.name == name).expect("a route");
        let call = admin.call(route.method, &route.path).header("if-match", "1");
        let answer = call.json(&json!({"is_admin": true})).send().await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!("invalid_if_match")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_number_counts_by_its_value_not_its_look() {
    let app = App::start().await;
    let (admin, _) = shop(&app).await;
    for (quantity, status) in [
        ("1", 200),
        ("1.0", 422),
        ("1e0", 422),
        ("01", 400),
        ("+1", 400),
        ("0x1", 400),
        ("-0", 422),
    ] {
        let body = format!("{{\"sku\":\"MUG\",\"quantity\":{quantity}}}");
        let call = admin.call("POST", "/cart/items").body("application/json", &body);
        let answer = call.send().await;
        assert_eq!(answer.status, status, "{quantity}: {answer:?}");
    }
}

/// A request in which everything can be wrong.
fn request<'a>(
    who: &Persona<'a>,
    (method, path): (&str, &str),
    (content_type, body): (&str, &str),
    version: u32,
) -> Call<'a> {
    let tag = format!("\"{version}-0123456789ab\"");
    who.call(method, path).body(content_type, body).header("if-match", &tag)
}

/// An order in which everything can be wrong.
fn order<'a>(who: &Persona<'a>, key: &str, content_type: &str, body: &str) -> Call<'a> {
    who.call("POST", "/orders").header("idempotency-key", key).body(content_type, body)
}

/// Sends requests each of which has one mistake less than the one before: the one that it has
/// more than the next is the one that is answered.
async fn check_order(steps: Vec<(Call<'_>, u16, &str)>) {
    for (call, status, mistake) in steps {
        let answer = call.send().await;
        assert_eq!(answer.status, status, "{mistake}: {answer:?}");
        if status >= 400 {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        }
    }
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

#[tokio::test]
async fn of_all_that_is_wrong_with_a_product_the_first_is_said() {
    let app = App::start().await;
    let (nobody, ada, admin) = (app.anonymous(), app.customer("ada").await, app.admin().await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    create_sku(&admin, "BOWL", 2400, 5).await;
    let there = format!("/products/{}", id(&mug));
    let impossible = ("PUT", "/products/7");
    let missing = ("PUT", "/products/prd_01890a5d-ac96-774b-bcce-b302099a8057");
    let there = ("PUT", there.as_str());
    let taken = json!({"name": "Mug", "price": usd(1800), "variants": [{"sku": "BOWL"}]});
    let (huge, taken) = ("{".repeat(128 * 1024 + 1), taken.to_string());
    let fine = json!({"name": "Mug", "price": usd(1900)}).to_string();
    check_order(vec![
        (request(&nobody, impossible, (TEXT, &huge), 9), 413, "too large"),
        (request(&nobody, impossible, (TEXT, "{"), 9), 401, "not signed in"),
        (request(&ada, impossible, (TEXT, "{"), 9), 403, "not allowed"),
        (request(&admin, impossible, (TEXT, "{"), 9), 404, "an impossible identifier"),
        (request(&admin, missing, (TEXT, "{"), 9), 415, "another type"),
        (request(&admin, missing, (JSON, "{"), 9), 400, "no JSON"),
        (request(&admin, missing, (JSON, "{}"), 9), 422, "no product"),
        (request(&admin, missing, (JSON, &taken), 9), 404, "not there"),
        (request(&admin, there, (JSON, &taken), 9), 412, "another version"),
        (request(&admin, there, (JSON, &taken), 1), 409, "a SKU that is taken"),
        (request(&admin, there, (JSON, &fine), 1), 200, "nothing"),
    ])
    .await;
}

#[tokio::test]
async fn of_all_that_is_wrong_with_a_line_of_the_cart_the_first_is_said() {
    let app = App::start().await;
    let (ada, nobody) = (app.customer("ada").await, app.anonymous().with_token("forged"));
    create_sku(&app.admin().await, "MUG", 1800, 5).await;
    ada.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await.expect(200);
    let impossible = ("PUT", "/cart/items/M+G");
    let (missing, there) = (("PUT", "/cart/items/BOWL"), ("PUT", "/cart/items/MUG"));
    let (huge, many) = ("{".repeat(64 * 1024 + 1), "{\"quantity\": 6}");
    check_order(vec![
        (request(&nobody, impossible, (TEXT, &huge), 9), 413, "too large"),
        (request(&nobody, impossible, (TEXT, "{"), 9), 401, "not signed in"),
        (request(&ada, impossible, (TEXT, "{"), 9), 404, "an impossible SKU"),
        (request(&ada, missing, (TEXT, "{"), 9), 415, "another type"),
        (request(&ada, missing, (JSON, "{"), 9), 400, "no JSON"),
        (request(&ada, missing, (JSON, "{}"), 9), 422, "no quantity"),
        (request(&ada, missing, (JSON, many), 9), 404, "not in the cart"),
        (request(&ada, there, (JSON, many), 9), 412, "another version"),
        (request(&ada, there, (JSON, many), 1), 409, "too many"),
        (request(&ada, there, (JSON, "{\"quantity\": 5}"), 1), 200, "nothing"),
    ])
    .await;
}

#[tokio::test]
async fn of_all_that_is_wrong_with_a_new_line_of_the_cart_the_first_is_said() {
    let app = App::start().await;
    let (ada, nobody) = (app.customer("ada").await, app.anonymous().with_token("forged"));
    create_sku(&app.admin().await, "MUG", 1800, 5).await;
    let items = ("POST", "/cart/items");
    let (missing, many) =
        ("{\"sku\": \"BOWL\", \"quantity\": 6}", "{\"sku\": \"MUG\", \"quantity\": 6}");
    let (huge, fine) = ("{".repeat(64 * 1024 + 1), "{\"sku\": \"MUG\", \"quantity\": 5}");
    check_order(vec![
        (request(&nobody, items, (TEXT, &huge), 9), 413, "too large"),
        (request(&nobody, items, (TEXT, "{"), 9), 401, "not signed in"),
        (request(&ada, items, (TEXT, "{"), 9), 415, "another type"),
        (request(&ada, items, (JSON, "{"), 9), 400, "no JSON"),
        (request(&ada, items, (JSON, "{}"), 9), 422, "no line"),
        (request(&ada, items, (JSON, missing), 9), 404, "not sold here"),
        (request(&ada, items, (JSON, many), 9), 412, "another version"),
        (request(&ada, items, (JSON, many), 0), 409, "too many"),
        (request(&ada, items, (JSON, fine), 0), 200, "nothing"),
    ])
    .await;
}

#[tokio::test]
async fn of_all_that_is_wrong_with_an_order_the_first_is_said() {
    let app = App::start().await;
    let (ada, nobody) = (app.customer("ada").await, app.anonymous().with_token("forged"));
    create_sku(&app.admin().await, "MUG", 1800, 5).await;
    let items =
        |quantity: u32| json!({"items": [{"sku": "MUG", "quantity": quantity}]}).to_string();
    check_order(vec![
        (order(&nobody, "a b", TEXT, &"{".repeat(64 * 1024 + 1)), 413, "too large"),
        (order(&nobody, "a b", TEXT, "{"), 401, "not signed in"),
        (order(&ada, "a b", TEXT, "{"), 415, "another type"),
        (order(&ada, "a b", JSON, "{"), 400, "no JSON"),
        (order(&ada, "a b", JSON, &items(0)), 400, "no key"),
        (order(&ada, "key", JSON, &items(0)), 422, "no items"),
        (order(&ada, "key", JSON, &items(6)), 409, "too many"),
        (order(&ada, "key", JSON, &items(5)), 201, "nothing"),
    ])
    .await;
}

#[tokio::test]
async fn an_answer_does_not_grow_with_the_mistakes_in_a_body() {
    let app = App::start().await;
    let members: serde_json::Map<_, _> =
        (0..6_000).map(|number| (number.to_string(), json!(0))).collect();

    let answer = app.anonymous().post("/auth/register", Value::Object(members)).await;

    assert_eq!(answer.body["errors"].as_array().map(Vec::len), Some(100));
    assert!(answer.expect_problem(422, "invalid_input").to_string().len() < 32 * 1024);
}
