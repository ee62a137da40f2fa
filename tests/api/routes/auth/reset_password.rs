//! `POST /auth/reset-password`

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::answer::tally;
use tests::app::App;
use tests::persona::Persona;

const EMAIL: &str = "ada@example.com";
const OLD: &str = "correct horse";
const NEW: &str = "battery staple";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Ada, with an account, signed in.
async fn ada(app: &App) -> Persona<'_> {
    let account = json!({"email": EMAIL, "password": OLD, "name": "Ada"});
    let login = app.anonymous().sign_up(account).await;
    app.anonymous().with_token(login["access_token"].as_str().expect("a token"))
}

fn reset(token: &str, password: &str) -> Value {
    json!({"token": token, "password": password})
}

async fn log_in(app: &App, password: &str) -> u16 {
    let login = json!({"email": EMAIL, "password": password});
    app.anonymous().post("/auth/login", login).await.status
}

#[tokio::test]
async fn the_new_password_counts_and_every_session_ends() {
    let app = App::start().await;
    let ada = ada(&app).await;
    let token = app.reset_token(EMAIL).await;

    let answer = app.anonymous().post("/auth/reset-password", reset(&token, NEW)).await;

    answer.expect_private();
    assert_eq!(answer.expect(204), json!(null));
    ada.get("/users/me").await.expect_problem(401, "unauthenticated");
    assert_eq!((log_in(&app, OLD).await, log_in(&app, NEW).await), (401, 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_uses_of_one_token_at_once_one_wins() {
    let app = App::start().await;
    ada(&app).await;
    let token = app.reset_token(EMAIL).await;
    let passwords: Vec<_> = (0..50).map(|number| format!("battery staple {number}")).collect();

    let visitor = app.anonymous();
    app.race(50);
    let uses = passwords.iter().map(|new| visitor.post("/auth/reset-password", reset(&token, new)));
    let answers = join_all(uses).await;

    assert_eq!(tally(&answers), [(204, 1), (422, 49)].into());
    let winner = answers.iter().position(|answer| answer.status == 204).expect("a winner");
    assert_eq!(log_in(&app, &passwords[winner]).await, 200);
    assert_eq!(log_in(&app, &passwords[(winner + 1) % 50]).await, 401);
}

#[tokio::test]
async fn a_token_works_once_and_takes_all_others_along() {
    let app = App::start().await;
    ada(&app).await;
    let (first, second) = (app.reset_token(EMAIL).await, app.reset_token(EMAIL).await);
    let visitor = app.anonymous();

    visitor.post("/auth/reset-password", reset(&second, NEW)).await.expect(204);

    for token in [&first, &second] {
        let answer = visitor.post("/auth/reset-password", reset(token, "mine, mine")).await;
        assert_eq!(answer.broken(), "/token invalid_token");
    }
    assert_eq!(log_in(&app, NEW).await, 200);
}

#[tokio::test]
async fn a_password_that_was_changed_meanwhile_makes_the_token_worthless() {
    let app = App::start().await;
    let ada = ada(&app).await;
    let token = app.reset_token(EMAIL).await;

    let change = json!({"current_password": OLD, "new_password": NEW});
    ada.put("/users/me/password", change).await.expect(204);

    let answer = app.anonymous().post("/auth/reset-password", reset(&token, "mine, mine")).await;
    assert_eq!(answer.broken(), "/token invalid_token");
    assert_eq!(log_in(&app, NEW).await, 200);
}

#[tokio::test]
async fn a_token_works_for_an_hour() {
    let app = App::start().await;
    ada(&app).await;
    let token = app.reset_token(EMAIL).await;
    app.advance(HOUR);
    let answer = app.anonymous().post("/auth/reset-password", reset(&token, NEW)).await;
    assert_eq!(answer.broken(), "/token invalid_token");

    let token = app.reset_token(EMAIL).await;
    app.advance(HOUR - Duration::from_millis(1));
    app.anonymous().post("/auth/reset-password", reset(&token, NEW)).await.expect(204);
}

#[tokio::test]
async fn who_read_the_mail_has_verified_the_address() {
    let app = App::builder().configure(|config| config.email_verification = false).start().await;
    let visitor = app.anonymous();
    let account = json!({"email": EMAIL, "password": OLD, "name": "Ada"});
    visitor.post("/auth/register", account).await.expect(202);
    let token = app.reset_token(EMAIL).await;

    visitor.post("/auth/reset-password", reset(&token, NEW)).await.expect(204);

    let login = visitor.post("/auth/login", json!({"email": EMAIL, "password": NEW})).await;
    assert_eq!(login.expect(200)["user"]["email_verified"], true);
}

#[tokio::test]
async fn what_is_no_token_or_no_password_changes_nothing() {
    let app = App::start().await;
    let ada = ada(&app).await;
    let token = app.reset_token(EMAIL).await;
    let before = app.contents().await;
    let visitor = app.anonymous();
    for wrong in ["", "let me in", &token[1..], &"A".repeat(43), &"A".repeat(9 * 1024)] {
        let answer = visitor.post("/auth/reset-password", reset(wrong, NEW)).await;
        assert_eq!(answer.broken(), "/token invalid_token", "{wrong}");
    }
    let answer = visitor.post("/auth/reset-password", reset(&token, "short")).await;
    assert_eq!(answer.broken(), "/password password_too_short");
    assert!(app.contents().await == before, "something was written");
    ada.get("/users/me").await.expect(200);
    visitor.post("/auth/reset-password", reset(&token, NEW)).await.expect(204);
}
