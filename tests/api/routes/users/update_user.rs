//! `PATCH /users/{user_id}`

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tests::answer::tally;
use tests::app::App;
use tests::gate::Access;
use tests::persona::Persona;
use tests::samples::disable;

fn path(who: &Persona<'_>) -> String {
    format!("/users/{}", who.user_id.expect("an id"))
}

/// Another admin than the first one.
async fn second_admin(app: &App) -> Persona<'_> {
    app.admin().await
}

/// Everybody who runs the shop, as the register and as the people themselves have it.
async fn active_admins(app: &App) -> Vec<String> {
    let register = app.unrestricted.store.admins().get().await.expect("a register").active;
    let register: Vec<_> = register.into_iter().map(|id| id.to_string()).collect();
    // The profile has it in its summary.
    let text = |item: &HashMap<String, AttributeValue>, name: &str| -> String {
        let summary = item.get("summary").and_then(|summary| summary.as_m().ok());
        let value = item.get(name).or_else(|| summary?.get(name));
        value.and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
    };
    for kind in ["user", "security"] {
        let items = app.items().await;
        let items = items.iter().filter(|item| text(item, "type") == kind);
        let admins = items.filter(|item| text(item, "role") == "admin");
        let active = admins.filter(|item| text(item, "status") == "active");
        let mut ids: Vec<_> =
            active.map(|item| text(item, "pk").trim_start_matches("USER#").to_owned()).collect();
        ids.sort();
        assert_eq!(ids, register, "{kind}");
    }
    register
}

#[tokio::test]
async fn a_new_role_counts_from_the_next_request_on() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let before = ada.get("/users/me").await.expect(200);
    app.advance(Duration::from_secs(60));

    let answer = admin.patch(&path(&ada), json!({"role": "admin"})).await;

    answer.expect_private();
    let mut expected = before;
    expected["role"] = json!("admin");
    expected["updated_at"] = json!("2026-01-01T00:01:00.000Z");
    assert_eq!(answer.expect(200), expected);
    ada.get("/users/me").await.expect_problem(401, "unauthenticated");
    ada.refresh().await.expect_problem(401, "unauthenticated");
    let ada = ada.with_new_session().await;
    assert_eq!(ada.get("/users").await.expect(200)["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(ada.get("/users/me").await.expect(200), expected);
    assert_eq!(active_admins(&app).await.len(), 2);

    admin.patch(&path(&ada), json!({"role": "customer"})).await.expect(200);
    ada.get("/users").await.expect_problem(401, "unauthenticated");
    ada.with_new_session().await.get("/users").await.expect_problem(403, "forbidden");
    assert_eq!(active_admins(&app).await.len(), 1);
}

#[tokio::test]
async fn a_disabled_person_is_out_and_can_not_get_in_until_they_are_active_again() {
    let app = App::start().await;
    let admin = app.admin().await;
    let ada = app.customer("ada").await.with_password("correct horse").await;
    let other = ada.with_new_session().await;
    let email = ada.get("/users/me").await.expect(200)["email"].clone();
    let login = json!({"email": email, "password": "correct horse"});
    let log_in = async || app.anonymous().post("/auth/login", login.clone()).await;

    let disabled = admin.patch(&path(&ada), json!({"status": "disabled"})).await.expect(200);

    assert_eq!(disabled["status"], "disabled");
    for session in [&ada, &other] {
        session.get("/users/me").await.expect_problem(401, "unauthenticated");
        session.refresh().await.expect_problem(401, "unauthenticated");
    }
    log_in().await.expect_problem(401, "invalid_credentials");

    admin.patch(&path(&ada), json!({"status": "active"})).await.expect(200);
    ada.get("/users/me").await.expect_problem(401, "unauthenticated");
    log_in().await.expect(200);
}

/// The security item decides; the profile may say otherwise where somebody has been at it by hand.
#[tokio::test]
async fn who_was_disabled_by_hand_can_be_let_in_again() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    disable(&app, ada.user_id.expect("an id")).await;

    admin.patch(&path(&ada), json!({"status": "active"})).await.expect(200);

    ada.with_new_session().await.get("/users/me").await.expect(200);
}

#[tokio::test]
async fn what_changes_nothing_ends_no_session() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let before = app.contents().await;
    let same = json!({"role": "customer", "status": "active"});
    for patch in [same, json!({"role": "customer"}), json!({"status": "active"})] {
        let user = admin.patch(&path(&ada), patch).await.expect(200);
        assert_eq!(user, ada.get("/users/me").await.expect(200));
    }
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn only_role_and_status_can_be_changed() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let before = app.contents().await;
    for (member, value) in [
        ("email_verified", json!(true)),
        ("id", json!("usr_01890a5d-ac96-774b-bcce-b302099a8057")),
        ("name", json!("Eve")),
        ("email", json!("eve@example.com")),
        ("sessions", json!({})),
        ("password", json!("correct horse")),
    ] {
        let patch = json!({"role": "admin", member: value});
        let refused = admin.patch(&path(&ada), patch).await.expect_invalid();
        assert_eq!(refused, [(format!("/{member}"), "unknown_field".to_owned())]);
    }
    let nothing = admin.patch(&path(&ada), json!({})).await;
    nothing.expect_problem(422, "nothing_to_change");
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn whoever_is_not_there_is_not_found() {
    let app = App::start().await;
    let admin = app.admin().await;
    for id in ["usr_01890a5d-ac96-774b-bcce-b302099a8057", "usr_1", "ord_1"] {
        let answer = admin.patch(&format!("/users/{id}"), json!({"role": "admin"})).await;
        answer.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let app = App::start().await;
    let admin = app.admin().await;
    let before = app.contents().await;
    for patch in [
        json!({"role": "customer"}),
        json!({"status": "disabled"}),
        json!({"role": "customer", "status": "disabled"}),
    ] {
        admin.patch(&path(&admin), patch).await.expect_problem(409, "last_admin");
    }
    assert!(app.contents().await == before, "something was written");
    admin.get("/users").await.expect(200);
}

#[tokio::test]
async fn an_admin_who_may_not_come_in_does_not_count_as_one() {
    let app = App::start().await;
    let (admin, other) = (app.admin().await, second_admin(&app).await);
    admin.patch(&path(&other), json!({"status": "disabled"})).await.expect(200);

    let last = admin.patch(&path(&admin), json!({"role": "customer"})).await;
    last.expect_problem(409, "last_admin");

    // From disabled admin to disabled customer: nobody is lost.
    admin.patch(&path(&other), json!({"role": "customer"})).await.expect(200);
    let register = app.unrestricted.store.admins().get().await.expect("a register");
    assert!(register.disabled.is_empty(), "{register:?}");
    let again = json!({"role": "admin", "status": "active"});
    admin.patch(&path(&other), again).await.expect(200);
    admin.patch(&path(&admin), json!({"role": "customer"})).await.expect(200);
    assert_eq!(active_admins(&app).await, [other.user_id.expect("an id").to_string()]);
}

#[tokio::test]
async fn an_admin_can_step_down_where_another_stays() {
    let app = App::start().await;
    let (admin, _other) = (app.admin().await, second_admin(&app).await);
    let user = admin.patch(&path(&admin), json!({"role": "customer"})).await.expect(200);
    assert_eq!(user["role"], "customer");
    admin.get("/users").await.expect_problem(401, "unauthenticated");
    assert_eq!(active_admins(&app).await.len(), 1);
}

#[tokio::test]
async fn of_two_admins_who_remove_each_other_one_stays() {
    for patches in [
        [json!({"role": "customer"}), json!({"role": "customer"})],
        [json!({"status": "disabled"}), json!({"role": "customer"})],
    ] {
        let app = App::start().await;
        let (one, other) = (app.admin().await, second_admin(&app).await);
        let [first, second]: [Value; 2] = patches;
        let (one_path, other_path) = (path(&one), path(&other));

        app.race(2);
        let (first, second) =
            join(one.patch(&other_path, first), other.patch(&one_path, second)).await;

        assert_eq!(tally(&[first, second]), [(200, 1), (409, 1)].into());
        assert_eq!(active_admins(&app).await.len(), 1);
    }
}

#[tokio::test]
async fn of_twenty_admins_who_all_step_down_at_once_one_stays() {
    let app = App::start().await;
    let mut admins = Vec::new();
    for _ in 0..20 {
        admins.push(app.admin().await);
    }

    app.race(20);
    let down = admins.iter().map(async |admin| {
        let (who, path) = (admin.clone(), path(admin));
        who.patch(&path, json!({"role": "customer"})).await
    });
    let answers = join_all(down).await;

    assert_eq!(tally(&answers), [(200, 19), (409, 1)].into());
    assert_eq!(active_admins(&app).await.len(), 1);
}

#[tokio::test]
async fn two_changes_of_one_person_at_once_both_count() {
    let app = App::start().await;
    let (admin, other, ada) = (app.admin().await, app.admin().await, app.customer("ada").await);

    app.race(2);
    let (promoted, disabled) = join(
        admin.patch(&path(&ada), json!({"role": "admin"})),
        other.patch(&path(&ada), json!({"status": "disabled"})),
    )
    .await;

    assert_eq!(tally(&[promoted, disabled]), [(200, 2)].into());
    let user = admin.get(&path(&ada)).await.expect(200);
    assert_eq!((&user["role"], &user["status"]), (&json!("admin"), &json!("disabled")));
    let register = app.unrestricted.store.admins().get().await.expect("a register");
    assert!(register.disabled.contains(&ada.user_id.expect("an id")), "{register:?}");
    assert_eq!(active_admins(&app).await.len(), 2);
}

/// The renewal has read the session that the change ends, and writes afterwards.
#[tokio::test]
async fn a_session_that_is_renewed_at_the_same_time_does_not_come_back() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);

    // The renewal waits with its write until there is another update.
    app.race_updates(2);
    let change = async {
        let has_read = |access: &Access| access.action == "dynamodb:UpdateItem";
        while !app.take_count("refresh-token").accesses.iter().any(has_read) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let answer = admin.patch(&path(&ada), json!({"role": "admin"})).await;
        admin.patch("/users/me", json!({"name": "Somebody else's update"})).await.expect(200);
        answer
    };
    let (renewed, changed) = join(ada.refresh(), change).await;

    changed.expect(200);
    renewed.expect_problem(401, "unauthenticated");
    ada.get("/users/me").await.expect_problem(401, "unauthenticated");
    let security = app.unrestricted.store.sessions().get(ada.user_id.expect("an id")).await;
    assert!(security.expect("a read").expect("an item").sessions.is_empty());
}

/// The change has read the profile that its owner then changes.
#[tokio::test]
async fn what_a_person_changes_at_the_same_time_is_kept_and_shown() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);

    app.race(2);
    let change = async {
        let is_there = |access: &Access| access.partition == "ADMINS";
        while !app.take_count("update-user").accesses.iter().any(is_there) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        app.advance(Duration::from_secs(1));
        ada.patch("/users/me", json!({"name": "Countess"})).await.expect(200);
        let other = json!({"email": "eve@example.com", "password": "correct horse", "name": "Eve"});
        app.anonymous().post("/auth/register", other).await.expect(202);
    };
    let (changed, ()) = join(admin.patch(&path(&ada), json!({"role": "admin"})), change).await;

    let changed = changed.expect(200);
    assert_eq!((&changed["name"], &changed["role"]), (&json!("Countess"), &json!("admin")));
    assert_eq!(admin.get(&path(&ada)).await.expect(200), changed);
}
