//! `PATCH /users/me`

use std::time::Duration;

use serde_json::{Value, json};
use tests::app::App;

fn home() -> Value {
    json!({
        "label": "Home",
        "name": "Ada Lovelace",
        "line1": "12 St James's Square",
        "line2": null,
        "city": "London",
        "region": null,
        "postal_code": "SW1Y 4JH",
        "country": "GB",
    })
}

fn work() -> Value {
    json!({"name": "Ada", "line1": "1 Analytical Row", "city": "London", "country": "GB"})
}

#[tokio::test]
async fn what_is_named_changes_and_what_is_left_out_stays() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let before = ada.get("/users/me").await.expect(200);
    app.advance(Duration::from_secs(60));

    let patch = json!({"name": "Ada Lovelace", "phone": "+44 20 7946 0000", "addresses": [home()]});
    let first = ada.patch("/users/me", patch).await;

    first.expect_private();
    let first = first.expect(200);
    let mut expected = before;
    expected["name"] = json!("Ada Lovelace");
    expected["phone"] = json!("+44 20 7946 0000");
    expected["addresses"] = json!([home()]);
    expected["updated_at"] = json!("2026-01-01T00:01:00.000Z");
    assert_eq!(first, expected);

    let second = ada.patch("/users/me", json!({"name": "Countess"})).await.expect(200);
    expected["name"] = json!("Countess");
    assert_eq!(second, expected);
    assert_eq!(ada.get("/users/me").await.expect(200), expected);
}

#[tokio::test]
async fn null_removes_the_phone_and_only_the_phone() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    ada.patch("/users/me", json!({"phone": "+44 20 7946 0000"})).await.expect(200);
    let nulls = json!({"name": null, "addresses": null});
    let refused = ada.patch("/users/me", nulls).await.expect_invalid();
    let wrong = |pointer: &str| (pointer.to_owned(), "wrong_type".to_owned());
    assert_eq!(refused, [wrong("/addresses"), wrong("/name")]);

    let user = ada.patch("/users/me", json!({"phone": null})).await.expect(200);

    assert_eq!((&user["phone"], &user["name"]), (&json!(null), &json!("ada")));
    assert_eq!(ada.get("/users/me").await.expect(200)["phone"], json!(null));
}

#[tokio::test]
async fn addresses_are_replaced_as_a_whole_and_the_first_is_where_orders_go() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    ada.patch("/users/me", json!({"addresses": [home(), work()]})).await.expect(200);

    let user = ada.patch("/users/me", json!({"addresses": [work()]})).await.expect(200);

    assert_eq!(user["addresses"].as_array().map(Vec::len), Some(1));
    let mug = tests::samples::product("Stoneware Mug", 1800, 5);
    let mug = tests::samples::create_product(&app.admin().await, mug).await;
    let order = ada.post("/orders", tests::samples::order_of(&mug, 1)).await.expect(201);
    assert_eq!(order["shipping_address"], user["addresses"][0]);

    let user = ada.patch("/users/me", json!({"addresses": []})).await.expect(200);
    assert_eq!(user["addresses"], json!([]));
}

#[tokio::test]
async fn an_address_book_has_twenty_addresses_at_most() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let addresses = |count| json!({"addresses": vec![home(); count]});
    let user = ada.patch("/users/me", addresses(20)).await.expect(200);

    let refused = ada.patch("/users/me", addresses(21)).await.expect_invalid();

    assert_eq!(refused, [("/addresses".to_owned(), "too_many".to_owned())]);
    assert_eq!(ada.get("/users/me").await.expect(200), user);
}

/// A profile is written as a whole, whatever changes of it: its size is what every change costs.
#[tokio::test]
async fn an_address_book_has_sixteen_kibibytes_at_most() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let body = |letters: &str, per_line: usize| {
        let line = letters.repeat(per_line);
        let address = json!({
            "name": line, "line1": line, "line2": line, "city": line, "region": line,
            "country": "GB",
        });
        json!({"addresses": vec![address; 20]})
    };

    let user = ada.patch("/users/me", body("x", 130)).await.expect(200);
    for too_large in [body("x", 200), body("\u{1f3e0}", 40)] {
        let refused = ada.patch("/users/me", too_large).await.expect_invalid();
        assert_eq!(refused, [("/addresses".to_owned(), "too_large".to_owned())]);
    }
    assert_eq!(ada.get("/users/me").await.expect(200), user);
}

#[tokio::test]
async fn what_people_may_not_say_of_themselves_is_refused_and_nothing_is_written() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let before = app.contents().await;
    for (member, value) in [
        ("role", json!("admin")),
        ("status", json!("active")),
        ("email", json!("ada@bodega.example")),
        ("email_verified", json!(true)),
        ("id", json!("usr_01890a5d-ac96-774b-bcce-b302099a8057")),
        ("created_at", json!("2020-01-01T00:00:00.000Z")),
        ("updated_at", json!("2020-01-01T00:00:00.000Z")),
        ("password", json!("correct horse")),
        ("password_hash", json!("$argon2id$")),
        ("sessions", json!({})),
        ("type", json!("security")),
        ("pk", json!("USER#usr_01890a5d-ac96-774b-bcce-b302099a8057")),
    ] {
        let patch = json!({"name": "Eve", member: value});
        let refused = ada.patch("/users/me", patch).await.expect_invalid();
        assert_eq!(refused, [(format!("/{member}"), "unknown_field".to_owned())]);
    }
    let mut address = home();
    address["country"] = json!("Britain");
    address["is_default"] = json!(true);
    let refused = ada.patch("/users/me", json!({"addresses": [home(), address]})).await;
    let pointers: Vec<_> = refused.expect_invalid().into_iter().map(|(at, _)| at).collect();
    assert_eq!(pointers, ["/addresses/1/country", "/addresses/1/is_default"]);
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn a_patch_by_its_own_media_type_is_taken() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let call = ada.call("PATCH", "/users/me");
    let call = call.body("application/merge-patch+json", "{\"name\": \"Countess\"}");
    assert_eq!(call.send().await.expect(200)["name"], "Countess");
}

#[tokio::test]
async fn nobody_changes_nobody() {
    let app = App::start().await;
    let answer = app.anonymous().patch("/users/me", json!({"name": "Eve"})).await;
    answer.expect_problem(401, "unauthenticated");
}
