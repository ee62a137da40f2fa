//! `PUT /users/me/password`

use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use shared::auth::password;
use shared::domain::password::NewPassword;
use shared::services::account_changes::replace_password;
use shared::services::sessions;
use shared::store::Read;
use tests::answer::{Answer, tally};
use tests::app::App;
use tests::gate::Access;
use tests::jwt;
use tests::persona::Persona;
use tests::samples::weaken_hash;

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
    let thief = ada.with_new_session().await;

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
    let other = ada.with_new_session().await;
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
async fn a_new_password_that_is_easy_to_guess_is_refused() {
    let app = App::start().await;
    let ada = app.customer("lovelace").await.with_password(OLD).await;
    let me = ada.get("/users/me").await.expect(200);
    let before = app.contents().await;
    for (new, code) in [
        ("1234567", "password_too_short"),
        ("QwertyUiop", "password_too_common"),
        (me["email"].as_str().expect("an address"), "password_is_email"),
        ("Lovelace-1815", "password_is_name"),
    ] {
        let refused = ada.put("/users/me/password", change(OLD, new)).await.expect_invalid();
        assert_eq!(refused, [("/new_password".to_owned(), code.to_owned())], "{new}");
    }
    assert!(app.contents().await == before, "something was written");
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
    let store = &app.unrestricted.store;
    let user = store.users().get(ada.user_id.expect("an id"), Read::Consistent).await;
    let email = user.expect("a read").expect("a user").summary.email;
    let verified = store.credentials().get(&email).await.expect("a read").expect("a credential");
    sessions::begin_by_password(app.unrestricted, &verified).await.expect("in time");

    ada.put("/users/me/password", change(OLD, NEW)).await.expect(204);

    let late = sessions::begin_by_password(app.unrestricted, &verified).await.map(drop);
    assert!(matches!(late, Err(shared::Error::InvalidCredentials)), "{late:?}");
    log_in(&app, &ada, NEW).await.expect(200);
}

/// The hash of a password is made anew by a log-in, while the password itself is changed.
#[tokio::test]
async fn a_stronger_hash_neither_brings_the_old_password_back_nor_stands_in_the_new_ones_way() {
    let app = App::start().await;
    let store = &app.unrestricted.store;
    for late in [true, false] {
        let ada = app.customer("ada").await.with_password(OLD).await;
        let user = store.users().get(ada.user_id.expect("an id"), Read::Consistent).await;
        let email = user.expect("a read").expect("one").summary.email;
        weaken_hash(&app, email.as_str()).await;
        let verified =
            store.credentials().get(&email).await.expect("a read").expect("a credential");
        let stronger = password::hash(&NewPassword::parse(OLD.into()).expect("one")).expect("one");
        let replace = || store.credentials().replace_hash(&email, &verified, &stronger);
        let (_, claims) = jwt::read(ada.token.as_deref().expect("a token"));
        let session = claims["sid"].as_str().and_then(|id| id.parse().ok()).expect("a session");
        let new = password::hash(&NewPassword::parse(NEW.into()).expect("one")).expect("a hash");
        let change = || replace_password(app.unrestricted, &email, &verified, &new, session);

        if late {
            change().await.expect("a change");
            replace().await.expect("nothing to do any more");
        } else {
            replace().await.expect("replaced");
            change().await.expect("it is still the password that was verified");
        }

        assert_eq!(log_in(&app, &ada, OLD).await.status, 401, "late: {late}");
        assert_eq!(log_in(&app, &ada, NEW).await.status, 200, "late: {late}");
    }
}

#[tokio::test]
async fn a_log_in_and_a_change_at_once_both_succeed() {
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password(OLD).await;
    let email = ada.get("/users/me").await.expect(200)["email"].clone();
    weaken_hash(&app, email.as_str().expect("an address")).await;

    let login = app.anonymous();
    let login = login.post("/auth/login", json!({"email": email, "password": OLD}));
    let (changed, _) = join(ada.put("/users/me/password", change(OLD, NEW)), login).await;

    changed.expect(204);
    log_in(&app, &ada, OLD).await.expect_problem(401, "invalid_credentials");
    log_in(&app, &ada, NEW).await.expect(200);
}

#[tokio::test]
async fn nobody_has_no_password_to_change() {
    let app = App::start().await;
    let answer = app.anonymous().put("/users/me/password", change(OLD, NEW)).await;
    answer.expect_problem(401, "unauthenticated");
}
