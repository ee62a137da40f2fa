//! `PUT /users/me/password`

use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use shared::auth::session;
use tests::answer::{Answer, tally};
use tests::app::App;
use tests::gate::Access;
use tests::persona::Persona;

const OLD: &str = "correct horse";
const NEW: &str = "battery staple";

fn change(current: &str, new: &str) -> Value {
    json!({"current_password": current, "new_password": new})
}

async fn log_in(app: &App, who: &Persona<'_>, password: &str) -> Answer {
    let email = &who.get("/users/me").await.expect(200)["email"];
    app.anonymous().post("/auth/login", json!({"email": email, "password": password})).await
}

async fn messages(app: &App) -> Vec<Value> {
    let items = app.items().await.into_iter();
    let events = items.filter_map(|item| {
        let event = item.get("event")?.as_m().ok()?;
        Some(json!({"kind": event["kind"].as_s().ok()?, "user_id": event["user_id"].as_s().ok()?}))
    });
    events.collect()
}

#[tokio::test]
async fn the_new_password_counts_at_once_and_the_old_one_no_more() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password(OLD).await;

    let answer = ada.put("/users/me/password", change(OLD, NEW)).await;

    answer.expect_private();
    assert_eq!(answer.expect(204), json!(null));
    log_in(&app, &ada, OLD).await.expect_problem(401, "invalid_credentials");
    log_in(&app, &ada, NEW).await.expect(200);
}

#[tokio::test]
async fn the_other_sessions_end_and_the_callers_own_goes_on() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password(OLD).await;
    let eve = app.customer("eve").await;
    let thief = ada.signed_in_anew().await;

    ada.put("/users/me/password", change(OLD, NEW)).await.expect(204);

    thief.get("/users/me").await.expect_problem(401, "unauthenticated");
    thief.refresh().await.expect_problem(401, "unauthenticated");
    ada.get("/users/me").await.expect(200);
    ada.refresh().await.expect(200);
    eve.get("/users/me").await.expect(200);
}

#[tokio::test]
async fn a_mail_says_so() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password(OLD).await;

    ada.put("/users/me/password", change(OLD, NEW)).await.expect(204);

    let user_id = ada.user_id.expect("an id").to_string();
    assert_eq!(messages(&app).await, [json!({"kind": "password_changed", "user_id": user_id})]);
}

#[tokio::test]
async fn a_wrong_password_changes_nothing() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password(OLD).await;
    let other = ada.signed_in_anew().await;
    let before = app.contents().await;
    for wrong in ["Correct horse", "correct horse ", "", NEW] {
        let answer = ada.put("/users/me/password", change(wrong, NEW)).await;
        answer.expect_problem(401, "invalid_credentials");
    }
    let refused = ada.put("/users/me/password", change(OLD, "short")).await.expect_invalid();
    assert_eq!(refused, [("/new_password".to_owned(), "password_too_short".to_owned())]);
    assert!(app.contents().await == before, "something was written");
    other.get("/users/me").await.expect(200);
}

#[tokio::test]
async fn of_twenty_changes_at_once_one_wins() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password(OLD).await;
    let passwords: Vec<_> = (0..20).map(|number| format!("battery staple {number}")).collect();

    let changes = passwords.iter().map(|new| ada.put("/users/me/password", change(OLD, new)));
    let answers = join_all(changes).await;

    assert_eq!(tally(&answers), [(204, 1), (401, 19)].into());
    let winner = answers.iter().position(|answer| answer.status == 204).expect("a winner");
    for (number, new) in passwords.iter().enumerate().skip(winner.saturating_sub(1)).take(3) {
        let status = if number == winner { 200 } else { 401 };
        assert_eq!(log_in(&app, &ada, new).await.status, status, "{number}");
    }
    assert_eq!(messages(&app).await.len(), 1);
}

#[tokio::test]
async fn a_session_that_is_renewed_meanwhile_goes_on() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password(OLD).await;

    // The change waits with its transaction until there is another one.
    app.race(2);
    let renewal = async {
        let is_there = |access: &Access| access.partition.starts_with("OUTBOX#");
        while !app.take_count("change-password").accesses.iter().any(is_there) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let renewed = ada.refresh().await;
        let other = json!({"email": "eve@example.com", "password": OLD, "name": "Eve"});
        app.anonymous().post("/auth/register", other).await.expect(202);
        renewed
    };
    let (changed, renewed) = join(ada.put("/users/me/password", change(OLD, NEW)), renewal).await;

    changed.expect(204);
    let refresh_token = renewed.expect(200)["refresh_token"].clone();
    ada.get("/users/me").await.expect(200);
    let again = json!({"refresh_token": refresh_token});
    app.anonymous().post("/auth/refresh", again).await.expect(200);
}

/// The log-in has verified the old password and not yet begun its session.
#[tokio::test]
async fn a_log_in_that_was_under_way_with_the_old_password_does_not_get_in() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password(OLD).await;
    let store = &app.backstage.store;
    let email =
        store.user(ada.user_id.expect("an id")).await.expect("a read").expect("a user").email;
    let verified = store.credential(&email).await.expect("a read").expect("a credential");
    session::begin_by_password(app.backstage, &verified).await.expect("in time");

    ada.put("/users/me/password", change(OLD, NEW)).await.expect(204);

    let late = session::begin_by_password(app.backstage, &verified).await.map(drop);
    assert!(matches!(late, Err(shared::Error::InvalidCredentials)), "{late:?}");
    log_in(&app, &ada, NEW).await.expect(200);
}

#[tokio::test]
async fn nobody_has_no_password_to_change() {
    let app = App::start().await;
    let answer = app.anonymous().put("/users/me/password", change(OLD, NEW)).await;
    answer.expect_problem(401, "unauthenticated");
}
