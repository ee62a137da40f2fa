//! `POST /auth/verify-email`

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::email::Email;
use tests::answer::{members, tally};
use tests::app::{App, FIRST_ADMIN};
use tests::persona::Persona;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse";
const MOMENT: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn register(visitor: &Persona<'_>, password: &str) {
    let body = json!({"email": EMAIL, "password": password, "name": "Ada", "phone": "+44 20 1"});
    visitor.post("/auth/register", body).await.expect(202);
}

fn verify(token: &str, password: &str) -> Value {
    json!({"token": token, "password": password})
}

fn log_in(password: &str) -> Value {
    json!({"email": EMAIL, "password": password})
}

#[tokio::test]
async fn whoever_has_the_mail_and_the_password_gets_the_account_and_is_logged_in() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor, PASSWORD).await;
    let token = app.verification_token(EMAIL).await;

    let answer = visitor.post("/auth/verify-email", verify(&token, PASSWORD)).await;

    answer.expect_private();
    let login = answer.expect(200);
    let expected = ["access_token", "expires_in", "refresh_token", "token_type", "user"];
    assert_eq!(members(&login), expected);
    let user = &login["user"];
    assert_eq!((&user["email"], &user["role"]), (&json!(EMAIL), &json!("customer")));
    assert_eq!((&user["email_verified"], &user["phone"]), (&json!(true), &json!("+44 20 1")));
    let ada = visitor.with_token(login["access_token"].as_str().expect("a token"));
    assert_eq!(ada.get("/users/me").await.expect(200), *user);
    visitor.post("/auth/login", log_in(PASSWORD)).await.expect(200);
}

#[tokio::test]
async fn nobody_can_plant_a_password_on_anothers_address() {
    let app = App::start().await;
    let (thief, owner) = (app.anonymous(), app.anonymous());
    register(&thief, "the thief's own").await;
    let mailed_for_the_thief = app.verification_token(EMAIL).await;
    app.advance(MOMENT); // the newest is found by its time
    register(&owner, PASSWORD).await;
    let mailed_for_the_owner = app.verification_token(EMAIL).await;

    // The owner of the address has both mails, and knows one password.
    let answer = owner.post("/auth/verify-email", verify(&mailed_for_the_thief, PASSWORD)).await;
    answer.expect_problem(401, "invalid_credentials");
    owner.post("/auth/verify-email", verify(&mailed_for_the_owner, PASSWORD)).await.expect(200);

    let late = verify(&mailed_for_the_thief, "the thief's own");
    thief.post("/auth/verify-email", late).await.expect_invalid();
    let answer = thief.post("/auth/login", log_in("the thief's own")).await;
    answer.expect_problem(401, "invalid_credentials");
    owner.post("/auth/login", log_in(PASSWORD)).await.expect(200);
}

#[tokio::test]
async fn the_operators_address_runs_the_shop_once_it_is_verified_and_not_before() {
    let app = App::start().await;
    let (thief, owner) = (app.anonymous(), app.anonymous());
    let account =
        |password: &str| json!({"email": FIRST_ADMIN, "password": password, "name": "Olga"});
    let stolen = "the thief's own";
    thief.post("/auth/register", account(stolen)).await.expect(202);
    let mailed = app.verification_token(FIRST_ADMIN).await;
    let login = json!({"email": FIRST_ADMIN, "password": stolen});
    thief.post("/auth/login", login).await.expect_problem(401, "invalid_credentials");
    let answer = owner.post("/auth/verify-email", verify(&mailed, PASSWORD)).await;
    answer.expect_problem(401, "invalid_credentials");

    app.advance(MOMENT);
    let login = owner.sign_up(account(PASSWORD)).await;

    assert_eq!(login["user"]["role"], "admin");
    let olga = owner.with_token(login["access_token"].as_str().expect("a token"));
    olga.get("/users").await.expect(200);
    let other = json!({"email": "eve@example.com", "password": "another horse", "name": "Eve"});
    assert_eq!(owner.sign_up(other).await["user"]["role"], "customer");
}

#[tokio::test]
async fn the_operators_account_from_before_runs_a_shop_that_nobody_runs_from_its_next_login_on() {
    let app = App::builder().configure(|config| config.email_verification = false).start().await;
    let visitor = app.anonymous();
    let account = json!({"email": FIRST_ADMIN, "password": PASSWORD, "name": "Olga"});
    visitor.post("/auth/register", account).await.expect(202);
    let login = json!({"email": FIRST_ADMIN, "password": PASSWORD});
    let unverified = visitor.post("/auth/login", login.clone()).await.expect(200);
    assert_eq!(unverified["user"]["role"], "customer", "nobody verified the address");

    let token = app.reset_token(FIRST_ADMIN).await;
    let reset = json!({"token": token, "password": PASSWORD});
    visitor.post("/auth/reset-password", reset).await.expect(204);

    let verified = visitor.post("/auth/login", login).await.expect(200);
    assert_eq!(verified["user"]["role"], "admin");
    let olga = visitor.with_token(verified["access_token"].as_str().expect("a token"));
    olga.get("/users").await.expect(200);
}

#[tokio::test]
async fn an_operator_who_leaves_and_comes_back_is_a_customer_where_somebody_runs_the_shop() {
    let app = App::start().await;
    let account = json!({"email": FIRST_ADMIN, "password": PASSWORD, "name": "Olga"});
    let login = app.anonymous().sign_up(account.clone()).await;
    let path = format!("/users/{}", login["user"]["id"].as_str().expect("an id"));
    app.admin().await.patch(&path, json!({"role": "customer"})).await.expect(200);
    let login = json!({"email": FIRST_ADMIN, "password": PASSWORD});
    let login = app.anonymous().post("/auth/login", login).await.expect(200);
    let olga = app.anonymous().with_token(login["access_token"].as_str().expect("a token"));
    olga.post("/users/me/deletion", json!({"password": PASSWORD})).await.expect(202);

    let again = app.anonymous().sign_up(account).await;

    assert_eq!(again["user"]["role"], "customer");
}

#[tokio::test]
async fn an_operator_who_was_made_a_customer_stays_one_while_somebody_runs_the_shop() {
    let app = App::start().await;
    let account = json!({"email": FIRST_ADMIN, "password": PASSWORD, "name": "Olga"});
    let login = app.anonymous().sign_up(account).await;
    let path = format!("/users/{}", login["user"]["id"].as_str().expect("an id"));
    app.admin().await.patch(&path, json!({"role": "customer"})).await.expect(200);

    let login = json!({"email": FIRST_ADMIN, "password": PASSWORD});
    let again = app.anonymous().post("/auth/login", login).await.expect(200);

    assert_eq!(again["user"]["role"], "customer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_verifications_at_once_one_makes_the_account() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor, PASSWORD).await;
    let token = app.verification_token(EMAIL).await;

    app.race(10);
    let verifications =
        (0..10).map(|_| visitor.post("/auth/verify-email", verify(&token, PASSWORD)));
    let answers = join_all(verifications).await;

    assert_eq!(tally(&answers), [(200, 1), (422, 9)].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_registrations_of_one_address_verified_at_once_one_makes_the_account() {
    let app = App::start().await;
    let visitor = app.anonymous();
    let mut mailed = Vec::new();
    for number in 0..5 {
        let password = format!("correct horse {number}");
        register(&visitor, &password).await;
        app.advance(MOMENT);
        mailed.push((app.verification_token(EMAIL).await, password));
    }

    app.race(5);
    let verifications = mailed
        .iter()
        .map(|(token, password)| visitor.post("/auth/verify-email", verify(token, password)));
    let answers = join_all(verifications).await;

    assert_eq!(tally(&answers), [(200, 1), (422, 4)].into());
    let winner = answers.iter().position(|answer| answer.status == 200).expect("a winner");
    for (number, (_, password)) in mailed.iter().enumerate() {
        let status = visitor.post("/auth/login", log_in(password)).await.status;
        assert_eq!(status == 200, number == winner, "{password}: {status}");
    }
}

#[tokio::test]
async fn what_else_waited_under_the_address_goes() {
    let app = App::start().await;
    let visitor = app.anonymous();
    for password in ["one horse too many", "two horses too many", PASSWORD] {
        register(&visitor, password).await;
        app.advance(MOMENT);
    }
    let token = app.verification_token(EMAIL).await;

    visitor.post("/auth/verify-email", verify(&token, PASSWORD)).await.expect(200);

    let left = app.contents().await.into_keys().filter(|key| key.starts_with("REGISTRATION#"));
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_registration_waits_for_a_day() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor, PASSWORD).await;
    let token = app.verification_token(EMAIL).await;

    app.advance(DAY);
    let answer = visitor.post("/auth/verify-email", verify(&token, PASSWORD)).await;
    assert_eq!(answer.broken(), "/token invalid_token");

    register(&visitor, PASSWORD).await;
    let token = app.verification_token(EMAIL).await;
    app.advance(DAY - MOMENT);
    visitor.post("/auth/verify-email", verify(&token, PASSWORD)).await.expect(200);
}

#[tokio::test]
async fn a_token_that_was_never_mailed_does_nothing_and_nothing_is_written() {
    let app = App::start().await;
    let visitor = app.anonymous();
    register(&visitor, PASSWORD).await;
    let token = app.verification_token(EMAIL).await;
    let reset = "A".repeat(43);
    let before = app.contents().await;
    let (_, other_secret) = token.split_at(43);
    let forged = format!("{}{}", &token[..43], "A".repeat(other_secret.len()));
    for (why, token) in [
        ("empty", ""),
        ("no token", "let me in"),
        ("a token of another kind", reset.as_str()),
        ("another secret", forged.as_str()),
        ("cut off", &token[1..]),
        ("one character more", &format!("{token}A")),
        ("9 KB", &"A".repeat(9 * 1024)),
    ] {
        let answer = visitor.post("/auth/verify-email", verify(token, PASSWORD)).await;
        assert_eq!(answer.broken(), "/token invalid_token", "{why}");
    }
    for wrong in ["Correct horse", "correct horse ", ""] {
        let answer = visitor.post("/auth/verify-email", verify(&token, wrong)).await;
        answer.expect_problem(401, "invalid_credentials");
    }
    assert!(app.contents().await == before, "something was written");
}

/// `deliver-mail` makes a token for what it has read a moment ago.
#[tokio::test]
async fn what_waits_no_more_gets_no_token_and_does_not_come_back() {
    let app = App::start().await;
    let visitor = app.anonymous();
    let (store, address) =
        (&app.unrestricted.store, Email::parse(EMAIL.to_owned()).expect("one").digest());
    register(&visitor, PASSWORD).await;
    let waiting = store.registrations().of_email(&address).await.expect("a read");
    let id = waiting.of_now(app.unrestricted.now()).next().expect("a registration").id;
    let token = app.verification_token(EMAIL).await;
    visitor.post("/auth/verify-email", verify(&token, PASSWORD)).await.expect(200);
    let before = app.contents().await;

    let added =
        store.registrations().add_token(&address, id, "digest", app.unrestricted.now()).await;

    assert!(!added.expect("an answer"), "a token for nothing");
    assert!(app.contents().await == before, "something was written");
}
