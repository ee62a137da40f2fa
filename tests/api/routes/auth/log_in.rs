//! `POST /auth/login`

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::email::Email;
use shared::domain::ids::UserId;
use tests::answer::{Answer, members};
use tests::app::App;
use tests::jwt;
use tests::persona::Persona;
use tests::samples::{WEAK_HASH, disable, weaken_hash};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse";

async fn register(visitor: &Persona<'_>) {
    visitor.sign_up(json!({"email": EMAIL, "password": PASSWORD, "name": "Ada"})).await;
}

async fn log_in(visitor: &Persona<'_>, email: &str, password: &str) -> Answer {
    visitor.post("/auth/login", json!({"email": email, "password": password})).await
}

fn user_id(login: &Value) -> UserId {
    login["user"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

#[tokio::test]
async fn a_session_begins_with_two_tokens_and_the_person() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor).await;

    let answer = log_in(&visitor, EMAIL, PASSWORD).await;

    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let login = answer.expect(200);
    let expected = ["access_token", "expires_in", "refresh_token", "token_type", "user"];
    assert_eq!(members(&login), expected);
    assert_eq!((&login["token_type"], &login["expires_in"]), (&json!("Bearer"), &json!(900)));
    let user = json!({
        "id": login["user"]["id"],
        "email": EMAIL,
        "name": "Ada",
        "phone": null,
        "addresses": [],
        "role": "customer",
        "email_verified": true,
        "status": "active",
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(login["user"], user);
    let ada = visitor.with_token(login["access_token"].as_str().expect("a token"));
    ada.get("/orders").await.expect(200);
}

#[tokio::test]
async fn the_access_token_says_who_where_and_how_long_and_nothing_else() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor).await;

    let login = log_in(&visitor, EMAIL, PASSWORD).await.expect(200);

    let (header, claims) = jwt::read(login["access_token"].as_str().expect("a token"));
    assert_eq!(header, json!({"alg": "EdDSA", "typ": "at+jwt", "kid": header["kid"]}));
    assert!(header["kid"].as_str().is_some_and(|kid| !kid.is_empty()));
    let now = 1_767_225_600;
    let expected = json!({
        "iss": "https://api.shop.example",
        "aud": "https://api.shop.example",
        "sub": login["user"]["id"],
        "sid": claims["sid"],
        "iat": now,
        "exp": now + 15 * 60,
    });
    assert_eq!(claims, expected);
    assert!(claims["sid"].as_str().is_some_and(|sid| sid.starts_with("ses_")));
}

#[tokio::test]
async fn the_refresh_token_is_long_new_every_time_and_stored_as_a_digest_only() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor).await;

    let token = async || {
        let login = log_in(&visitor, EMAIL, PASSWORD).await.expect(200);
        login["refresh_token"].as_str().expect("a token").to_owned()
    };
    let (first, second) = (token().await, token().await);

    assert_ne!(first, second);
    let table = format!("{:?}", app.items().await);
    for token in [first, second] {
        assert!(jwt::from_base64url(&token).len() >= 32, "256 bits of chance: {token}");
        assert!(!table.contains(&token), "in the clear");
        assert!(!table.contains(&token[token.len() - 43..]), "its secret in the clear");
    }
}

#[tokio::test]
async fn an_address_is_known_in_any_case_but_a_password_in_its_own_only() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor).await;

    log_in(&visitor, " ADA@Example.COM ", PASSWORD).await.expect(200);
    for password in ["Correct horse", "correct horse ", "correct hors", "", "correct\u{200b}horse"]
    {
        let answer = log_in(&visitor, EMAIL, password).await;
        assert_eq!(answer.status, 401, "{password:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_an_unknown_address_and_a_disabled_account_look_the_same() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor).await;
    let wrong = log_in(&visitor, EMAIL, "wrong horse").await;
    let unknown = log_in(&visitor, "eve@example.com", PASSWORD).await;
    let login = log_in(&visitor, EMAIL, PASSWORD).await.expect(200);
    disable(&app, user_id(&login)).await;
    let disabled = log_in(&visitor, EMAIL, PASSWORD).await;
    let disabled_and_wrong = log_in(&visitor, EMAIL, "wrong horse").await;

    let faceless = |answer: Answer| {
        let mut headers = answer.headers.clone();
        headers.retain(|(name, _)| name != "x-request-id");
        headers.sort();
        let mut problem = answer.expect_problem(401, "invalid_credentials");
        problem["request_id"] = json!(null);
        (headers, problem)
    };
    assert!(wrong.header("www-authenticate").is_some_and(|way| way.starts_with("Bearer")));
    let wrong = faceless(wrong);
    for other in [unknown, disabled, disabled_and_wrong] {
        assert_eq!(faceless(other), wrong);
    }
}

#[tokio::test]
async fn a_failed_attempt_writes_nothing() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor).await;
    let table = async || {
        let mut items = app.items().await;
        items.sort_by_key(|item| format!("{:?}{:?}", item["pk"], item["sk"]));
        items
    };
    let before = table().await;

    log_in(&visitor, EMAIL, "wrong horse").await.expect(401);
    log_in(&visitor, "eve@example.com", PASSWORD).await.expect(401);

    assert_eq!(table().await, before);
}

/// What is kept of a password.
async fn password_hash(app: &App) -> String {
    let email = Email::parse(EMAIL.to_owned()).expect("an address");
    let credential = app.unrestricted.store.credentials().get(&email).await.expect("a read");
    credential.expect("a credential").password_hash
}

#[tokio::test]
async fn a_weak_hash_is_replaced_by_the_first_right_password() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor).await;
    let before = log_in(&visitor, EMAIL, PASSWORD).await.expect(200);
    weaken_hash(&app, EMAIL).await;

    log_in(&visitor, EMAIL, "wrong horse").await.expect_problem(401, "invalid_credentials");
    assert_eq!(password_hash(&app).await, WEAK_HASH, "only who knows the password can hash it");
    log_in(&visitor, EMAIL, PASSWORD).await.expect(200);

    let new = password_hash(&app).await;
    assert!(new.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{new}");
    log_in(&visitor, EMAIL, PASSWORD).await.expect(200);
    assert_eq!(password_hash(&app).await, new, "once is enough");
    log_in(&visitor, EMAIL, "wrong horse").await.expect(401);
    let token = before["access_token"].as_str().expect("a token");
    visitor.with_token(token).get("/users/me").await.expect(200);
}

#[tokio::test]
async fn a_weak_hash_of_a_disabled_account_stays() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor).await;
    let login = log_in(&visitor, EMAIL, PASSWORD).await.expect(200);
    weaken_hash(&app, EMAIL).await;
    disable(&app, user_id(&login)).await;

    log_in(&visitor, EMAIL, PASSWORD).await.expect_problem(401, "invalid_credentials");

    assert_eq!(password_hash(&app).await, WEAK_HASH);
}

#[tokio::test]
async fn the_twenty_first_session_ends_the_oldest() {
    let app = App::start().await;
    let visitor = app.anonymous();
    let account = json!({"email": EMAIL, "password": PASSWORD, "name": "Ada"});
    let login = visitor.sign_up(account).await;
    let mut sessions = vec![login["access_token"].as_str().expect("a token").to_owned()];
    let user = user_id(&login);
    for _ in 1..20 {
        app.advance(Duration::from_secs(1));
        // Without a password, to save 18 hashes.
        let begun =
            shared::services::sessions::begin(app.unrestricted, user).await.expect("a session");
        sessions.push(begun.access_token);
    }
    for session in &sessions {
        visitor.with_token(session).get("/orders").await.expect(200);
    }

    app.advance(Duration::from_secs(1));
    let login = log_in(&visitor, EMAIL, PASSWORD).await.expect(200);
    sessions.push(login["access_token"].as_str().expect("a token").to_owned());

    let oldest = visitor.with_token(&sessions[0]).get("/orders").await;
    oldest.expect_problem(401, "unauthenticated");
    for session in &sessions[1..] {
        visitor.with_token(session).get("/orders").await.expect(200);
    }
}

#[tokio::test]
async fn what_cannot_be_an_attempt_is_refused() {
    let app = App::start().await;
    for (why, body, expected) in [
        ("a string", json!("ada"), " wrong_type"),
        ("nothing said", json!({}), "/email required, /password required"),
        (
            "wrong types",
            json!({"email": ["a"], "password": 12_345_678}),
            "/email wrong_type, /password wrong_type",
        ),
        (
            "null",
            json!({"email": null, "password": null}),
            "/email wrong_type, /password wrong_type",
        ),
        ("no address", json!({"email": "ada", "password": "x"}), "/email invalid_email"),
        (
            "an operator for a password",
            json!({"email": EMAIL, "password": {"$ne": ""}}),
            "/password wrong_type",
        ),
        (
            "more than that",
            json!({"email": EMAIL, "password": "x", "role": "admin"}),
            "/role unknown_field",
        ),
    ] {
        let answer = app.anonymous().post("/auth/login", body).await;
        assert_eq!(answer.broken(), expected, "{why}");
    }
}

#[tokio::test]
async fn a_huge_password_is_wrong_not_fatal() {
    let app = App::start().await;
    register(&app.anonymous()).await;
    let huge = "x".repeat(60_000);
    let answer = log_in(&app.anonymous(), EMAIL, &huge).await;
    answer.expect_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn a_bearer_token_that_is_no_good_does_not_matter() {
    let app = App::start().await;
    register(&app.anonymous()).await;
    log_in(&app.anonymous().with_token("forged"), EMAIL, PASSWORD).await.expect(200);
}
