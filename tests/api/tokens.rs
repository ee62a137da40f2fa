//! Which access tokens are accepted: the shop's own, while they and their sessions are valid, and
//! no others.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use ring::hmac;
use serde_json::{Value, json};
use shared::auth::issuer;
use shared::auth::private_key::PrivateKey;
use shared::domain::ids::UserId;
use shared::store::keys;
use tests::app::App;
use tests::jwt;
use tests::persona::Persona;
use tests::samples::product;

/// Publishes a further key of the shop, whose private half the test has.
async fn key_of_the_shop(app: &App) -> PrivateKey {
    let key = PrivateKey::generate().expect("a key");
    let (store, now) = (&app.unrestricted.store, app.unrestricted.now());
    issuer::publish(&key, store, now).await.expect("published");
    key
}

fn header(kid: &str) -> Value {
    json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid})
}

/// Returns the object with a member replaced, or removed if the value is null.
fn with(object: &Value, member: &str, value: Value) -> Value {
    let mut object = object.clone();
    match value {
        Value::Null => object.as_object_mut().expect("an object").remove(member),
        value => object.as_object_mut().expect("an object").insert(member.to_owned(), value),
    };
    object
}

fn hs256(secret: &[u8], header: &Value, claims: &Value) -> String {
    let message = jwt::message(header, claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = jwt::base64url(hmac::sign(&key, message.as_bytes()).as_ref());
    format!("{message}.{tag}")
}

/// Checks that a signed-in route rejects the token with 401, and that a public route ignores it.
async fn expect_refused(who: &Persona<'_>, why: &str) {
    let answer = who.get("/orders").await;
    assert_eq!(answer.status, 401, "{why}: {:#}", answer.body);
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{why}");
    answer.expect_problem(401, "unauthenticated");
    assert_eq!(who.get("/products").await.status, 200, "{why}, on a public route");
}

#[tokio::test]
async fn a_token_of_any_published_key_is_accepted() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    ada.get("/orders").await.expect(200);
    let (_, claims) = jwt::read(ada.token.as_deref().expect("a token"));

    let key = key_of_the_shop(&app).await;

    // A function looks for unknown keys at most every two seconds: see `Verifier`.
    app.advance(Duration::from_secs(2));
    let token = jwt::sign(&key, &header(&key.kid), &claims);
    ada.with_token(&token).get("/orders").await.expect(200);
    ada.get("/orders").await.expect(200);
}

#[tokio::test]
async fn tokens_with_invented_keys_do_not_cost_a_read_each() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    ada.get("/orders").await.expect(200);
    app.take_count("list-orders");
    let (_, claims) = jwt::read(ada.token.as_deref().expect("a token"));

    for number in 0..20 {
        let key = PrivateKey::generate().expect("a key");
        let forged = jwt::sign(&key, &header(&format!("invented-{number}")), &claims);
        ada.with_token(&forged).get("/orders").await.expect_problem(401, "unauthenticated");
    }
    assert_eq!(app.take_count("list-orders").requests, 0);
}

#[tokio::test]
async fn forged_tokens_are_rejected() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let eve = app.customer("eve").await;
    let good = ada.token.clone().expect("a token");
    let (real, claims) = jwt::read(&good);
    let kid = real["kid"].as_str().expect("a kid");
    let (message, signature) = good.rsplit_once('.').expect("three parts");
    let payload = good.split('.').nth(1).expect("a payload");
    let (ours, foreign) = (key_of_the_shop(&app).await, PrivateKey::generate().expect("a key"));
    let public = jwt::from_base64url(&ours.x);
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": foreign.x, "kid": foreign.kid});
    let admin = with(&claims, "role", json!("admin"));
    let as_eve = with(&claims, "sub", json!(eve.user_id.expect("an id").to_string()));
    let unsigned = |alg: &str, claims: &Value| {
        format!("{}.", jwt::message(&with(&header(kid), "alg", json!(alg)), claims))
    };
    let flip = |text: &str, at: usize| {
        let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    };
    let hmac_header = with(&header(&ours.kid), "alg", json!("HS256"));
    let none = with(&header(kid), "alg", json!("none"));
    let original_under_none = format!("{}.{signature}", jwt::message(&none, &claims));
    let keys_own = with(&header(&foreign.kid), "jwk", jwk);
    let keys_elsewhere =
        with(&header(&foreign.kid), "jku", json!("https://evil.example/jwks.json"));
    for (why, token) in [
        ("alg none", unsigned("none", &claims)),
        ("alg None", unsigned("None", &claims)),
        ("alg NONE and a role", unsigned("NONE", &admin)),
        ("alg EdDSA without a signature", unsigned("EdDSA", &claims)),
        ("alg none with the real signature", original_under_none),
        ("HS256 with the public key's bytes", hs256(&public, &hmac_header, &claims)),
        ("HS256 with the public key's text", hs256(ours.x.as_bytes(), &hmac_header, &claims)),
        ("HS256 under EdDSA's name", hs256(&public, &header(&ours.kid), &claims)),
        (
            "another alg's name",
            jwt::sign(&ours, &with(&header(&ours.kid), "alg", json!("ES256")), &claims),
        ),
        ("the kid of another of our keys", jwt::sign(&ours, &header(kid), &claims)),
        ("a foreign key under our kid", jwt::sign(&foreign, &header(kid), &claims)),
        ("a foreign key under its own kid", jwt::sign(&foreign, &header(&foreign.kid), &claims)),
        ("a kid that is a path", jwt::sign(&foreign, &header("../../dev/null"), &claims)),
        ("an empty kid", jwt::sign(&ours, &header(""), &claims)),
        ("no kid", jwt::sign(&ours, &with(&header(kid), "kid", json!(null)), &claims)),
        (
            "a kid that is a list",
            jwt::sign(&ours, &with(&header(kid), "kid", json!([ours.kid])), &claims),
        ),
        ("a key in its header", jwt::sign(&foreign, &keys_own, &claims)),
        ("a URL of a key in its header", jwt::sign(&foreign, &keys_elsewhere, &claims)),
        ("another payload", good.replace(payload, &jwt::base64url(as_eve.to_string().as_bytes()))),
        ("a role added", good.replace(payload, &jwt::base64url(admin.to_string().as_bytes()))),
        ("one flipped bit of the payload", flip(&good, good.len() - signature.len() - 5)),
        ("one flipped bit of the signature", flip(&good, message.len() + 10)),
        ("an empty signature", format!("{message}.")),
        ("no signature", message.to_owned()),
        ("a signature of nulls", format!("{message}.{}", jwt::base64url(&[0; 64]))),
        ("a longer signature", format!("{good}AAAA")),
        ("half of the token", good[..good.len() / 2].to_owned()),
        ("all but its last character", good[..good.len() - 1].to_owned()),
        ("a fourth part", format!("{good}.AAAA")),
        ("five parts", "a.b.c.d.e".to_owned()),
        ("only dots", "..".to_owned()),
        ("no JSON in it", format!("{0}.{0}.{0}", jwt::base64url(b"hello"))),
        ("not base64", "!.!.!".to_owned()),
        (
            "9 KB",
            jwt::sign(&ours, &header(&ours.kid), &with(&claims, "pad", json!("x".repeat(9_000)))),
        ),
        ("9 KB of nonsense", "A".repeat(9_000)),
        ("a thousand brackets", jwt::base64url("[".repeat(1_000).as_bytes()) + ".e30.AAAA"),
    ] {
        assert_ne!(token, good, "{why}");
        expect_refused(&ada.with_token(&token), why).await;
    }
    ada.get("/orders").await.expect(200);
}

#[tokio::test]
async fn tokens_signed_for_another_use_are_rejected() {
    let app = App::start().await;
    let (ada, eve) = (app.customer("ada").await, app.customer("eve").await);
    let key = key_of_the_shop(&app).await;
    let (_, claims) = jwt::read(ada.token.as_deref().expect("a token"));
    let now = claims["iat"].as_i64().expect("iat");
    let eves = eve.user_id.expect("an id").to_string();
    let kid = header(&key.kid);
    for (why, header, claims) in [
        ("typ JWT", with(&kid, "typ", json!("JWT")), claims.clone()),
        ("no typ", with(&kid, "typ", json!(null)), claims.clone()),
        ("typ of an ID token", with(&kid, "typ", json!("id+jwt")), claims.clone()),
        ("another issuer", kid.clone(), with(&claims, "iss", json!("https://evil.example"))),
        ("no issuer", kid.clone(), with(&claims, "iss", json!(null))),
        ("another audience", kid.clone(), with(&claims, "aud", json!("https://other.example"))),
        ("no audience", kid.clone(), with(&claims, "aud", json!(null))),
        ("an empty audience", kid.clone(), with(&claims, "aud", json!([]))),
        ("exp in words", kid.clone(), with(&claims, "exp", json!((now + 900).to_string()))),
        ("a decimal exp", kid.clone(), with(&claims, "exp", json!(1e300))),
        ("no exp", kid.clone(), with(&claims, "exp", json!(null))),
        ("a negative exp", kid.clone(), with(&claims, "exp", json!(-1))),
        ("exp beyond the largest integer", kid.clone(), with(&claims, "exp", json!(u64::MAX))),
        ("the smallest possible exp", kid.clone(), with(&claims, "exp", json!(i64::MIN))),
        ("expired by one second", kid.clone(), with(&claims, "exp", json!(now - 1))),
        ("expired just now", kid.clone(), with(&claims, "exp", json!(now))),
        ("issued tomorrow", kid.clone(), with(&claims, "iat", json!(now + 86_400))),
        ("issued at the end of time", kid.clone(), with(&claims, "iat", json!(i64::MAX))),
        ("without a user", kid.clone(), with(&claims, "sub", json!(null))),
        ("a malformed user id", kid.clone(), with(&claims, "sub", json!("ada"))),
        (
            "a user who does not exist",
            kid.clone(),
            with(&claims, "sub", json!("usr_01890a5d-ac96-774b-bcce-b302099a8057")),
        ),
        ("another user in this session", kid.clone(), with(&claims, "sub", json!(eves))),
        ("no session", kid.clone(), with(&claims, "sid", json!(null))),
        (
            "a session that does not exist",
            kid.clone(),
            with(&claims, "sid", json!("ses_01890a5d-ac96-774b-bcce-b302099a8057")),
        ),
    ] {
        expect_refused(&ada.with_token(&jwt::sign(&key, &header, &claims)), why).await;
    }
}

#[tokio::test]
async fn extreme_times_in_a_token_cause_no_overflow() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let key = key_of_the_shop(&app).await;
    let (_, claims) = jwt::read(ada.token.as_deref().expect("a token"));
    for (member, value) in [("exp", i64::MAX), ("iat", i64::MIN)] {
        let token = jwt::sign(&key, &header(&key.kid), &with(&claims, member, json!(value)));
        ada.with_token(&token).get("/orders").await.expect(200);
    }
}

#[tokio::test]
async fn a_token_is_valid_for_fifteen_minutes() {
    let app = App::start().await;
    let ada = app.customer("ada").await;

    app.advance(Duration::from_secs(15 * 60 - 1));
    ada.get("/orders").await.expect(200);

    app.advance(Duration::from_secs(1));
    expect_refused(&ada, "it has expired").await;
}

#[tokio::test]
async fn only_a_bearer_token_is_a_credential() {
    let app = App::start().await;
    let visitor = app.anonymous();
    let token = app.customer("ada").await.token.expect("a token");
    for (why, authorization) in [
        ("nothing", String::new()),
        ("the scheme alone", "Bearer".to_owned()),
        ("the scheme and a space", "Bearer ".to_owned()),
        ("the token alone", token.clone()),
        ("Basic", "Basic YWRhOmNvcnJlY3QgaG9yc2U=".to_owned()),
        ("another scheme", format!("Token {token}")),
        ("the scheme twice", format!("Bearer Bearer {token}")),
        ("two tokens", format!("Bearer {token}, Bearer {token}")),
        ("a comma before it", format!("Bearer ,{token}")),
        ("no space", format!("Bearer{token}")),
        ("letters that are not ASCII", format!("Bearer {token}ü")),
    ] {
        let answer = visitor.call("GET", "/orders").header("authorization", &authorization);
        let answer = answer.send().await;
        assert_eq!(answer.status, 401, "{why}: {:#}", answer.body);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{why}");
        answer.expect_problem(401, "unauthenticated");
        let public = visitor.call("GET", "/products").header("authorization", &authorization);
        assert_eq!(public.send().await.status, 200, "{why}, on a public route");
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let call =
            visitor.call("GET", "/orders").header("authorization", &format!("{scheme} {token}"));
        assert_eq!(call.send().await.status, 200, "{scheme}: RFC 9110, 11.1: any case");
    }
}

/// Changes a user's security item directly in the table.
async fn change(app: &App, user: UserId, expression: &str, value: Option<&str>) {
    let key = keys::security(user);
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    let mut update = update.update_expression(expression);
    for (name, attribute) in [("#status", "status"), ("#role", "role")] {
        if expression.contains(name) {
            update = update.expression_attribute_names(name, attribute);
        }
    }
    let value = value.map(|value| AttributeValue::S(value.to_owned()));
    let update = match value {
        Some(value) => update.expression_attribute_values(":value", value),
        None => update.expression_attribute_values(":value", AttributeValue::M([].into())),
    };
    update.send().await.expect("an update");
}

#[tokio::test]
async fn an_ended_sessions_tokens_are_rejected_from_the_next_request_on() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let user = ada.user_id.expect("an id");
    let other = shared::services::sessions::begin(app.unrestricted, user).await.expect("a session");
    ada.get("/orders").await.expect(200);

    let (_, claims) = jwt::read(ada.token.as_deref().expect("a token"));
    let session = claims["sid"].as_str().expect("a session");
    let security =
        app.unrestricted.store.sessions().get(user).await.expect("a read").expect("an item");
    assert_eq!(security.sessions.len(), 2);
    let key = keys::security(user);
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    let update = update.update_expression("REMOVE sessions.#ended");
    update.expression_attribute_names("#ended", session).send().await.expect("an update");

    expect_refused(&ada, "its session ended").await;
    ada.with_token(&other.access_token).get("/orders").await.expect(200);

    change(&app, user, "SET sessions = :value", None).await;
    expect_refused(&ada.with_token(&other.access_token), "all sessions ended").await;
}

#[tokio::test]
async fn a_disabled_account_is_rejected_from_the_next_request_on_until_it_is_enabled() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let user = ada.user_id.expect("an id");
    ada.get("/orders").await.expect(200);

    change(&app, user, "SET #status = :value", Some("disabled")).await;
    expect_refused(&ada, "disabled").await;

    change(&app, user, "SET #status = :value", Some("active")).await;
    ada.get("/orders").await.expect(200);
}

#[tokio::test]
async fn a_new_role_takes_effect_with_the_next_request() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let user = ada.user_id.expect("an id");
    let mug = || product("Stoneware Mug", 1800, 5);
    ada.post("/products", mug()).await.expect_problem(403, "forbidden");

    change(&app, user, "SET #role = :value", Some("admin")).await;
    ada.post("/products", mug()).await.expect(201);

    change(&app, user, "SET #role = :value", Some("customer")).await;
    ada.post("/products", mug()).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_session_expires_even_if_its_token_is_valid() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let key = key_of_the_shop(&app).await;
    let (_, claims) = jwt::read(ada.token.as_deref().expect("a token"));
    let late = with(&claims, "exp", json!(4_000_000_000_i64));
    let eternal = ada.with_token(&jwt::sign(&key, &header(&key.kid), &late));

    app.advance(Duration::from_secs(30 * 86_400 - 1));
    eternal.get("/orders").await.expect(200);

    app.advance(Duration::from_secs(1));
    expect_refused(&eternal, "30 days after the login").await;
}
