//! A profile has a version: `ETag` shows it, `If-Match` insists on it, and whoever writes the
//! profile raises it.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::ids::UserId;
use shared::store::keys;
use tests::answer::{Answer, tally};
use tests::app::{App, FIRST_ADMIN};
use tests::gate::Loss;
use tests::persona::Persona;
use tests::samples::id;

const ME: &str = "/users/me";

fn address(line1: &str) -> Value {
    json!({"name": "Ada", "line1": line1, "city": "London", "country": "GB"})
}

fn addresses(line1: &str) -> Value {
    json!({"addresses": [address(line1)]})
}

async fn tag(who: &Persona<'_>, path: &str) -> String {
    who.get(path).await.header("etag").expect("a tag").to_owned()
}

async fn patch(who: &Persona<'_>, path: &str, tag: &str, body: &Value) -> Answer {
    who.call("PATCH", path).header("if-match", tag).json(body).send().await
}

async fn update(app: &App, user: UserId, expression: &str) {
    let key = keys::profile(user);
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    update.update_expression(expression).send().await.expect("an update");
}

#[tokio::test]
async fn a_profile_has_the_same_tag_wherever_it_is_shown_and_does_not_show_its_version() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let path = format!("/users/{}", ada.user_id.expect("an id"));

    let changed = ada.patch(ME, json!({"name": "Countess"})).await;

    let tag = changed.header("etag").expect("a tag").to_owned();
    assert_eq!(changed.version(), "2");
    assert!(changed.expect(200).get("version").is_none());
    for (who, path) in [(&ada, ME), (&admin, &*path)] {
        let shown = who.get(path).await;
        assert_eq!(shown.header("etag"), Some(&*tag), "{path}");
        assert!(shown.expect(200).get("version").is_none(), "{path}");
    }
    let list = admin.get("/users").await.expect(200);
    assert!(list["data"][0].get("version").is_none(), "{list}");
}

#[tokio::test]
async fn a_change_of_an_older_version_is_refused_and_nothing_is_written() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let old = tag(&ada, ME).await;
    let new = patch(&ada, ME, &old, &addresses("1 First Street")).await;
    assert_eq!(new.version(), "2");
    new.expect(200);
    let before = app.contents().await;

    for body in [addresses("2 Second Street"), json!({"name": "Eve"}), json!({})] {
        for other in [&*old, "\"3-x\"", "\"abc\"", "\"1-a\", \"3-b\""] {
            patch(&ada, ME, other, &body).await.expect_problem(412, "version_mismatch");
        }
        let malformed = patch(&ada, ME, "2", &body).await;
        malformed.expect_problem(400, "invalid_if_match");
    }
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn a_change_of_this_version_or_of_any_is_carried_out() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    for (before, matching) in
        [("1", "\"1-whatever\""), ("2", "*"), ("3", "\"9-a\", W/\"3-b\""), ("4", "\"4\", \"4\"")]
    {
        assert_eq!(ada.get(ME).await.version(), before);
        let street = format!("{before} Street");
        let changed = patch(&ada, ME, matching, &addresses(&street)).await.expect(200);
        assert_eq!(changed["addresses"][0]["line1"], street);
    }
}

#[tokio::test]
async fn a_list_of_more_tags_than_a_condition_takes_is_read() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let tags: Vec<_> = (0..1000).map(|version| format!("\"{version}\"")).collect();
    patch(&ada, ME, &tags.join(","), &addresses("1 Street")).await.expect(200);
}

#[tokio::test]
async fn what_changes_nothing_keeps_its_version() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let (tag, before) = (tag(&ada, ME).await, app.contents().await);
    for answer in [ada.patch(ME, json!({})).await, patch(&ada, ME, &tag, &json!({})).await] {
        assert_eq!(answer.header("etag"), Some(&*tag));
        assert_eq!(answer.expect(200), ada.get(ME).await.expect(200));
    }
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_tabs_that_add_an_address_at_once_one_is_told_to_look_again() {
    for _ in 0..8 {
        let app = App::start().await;
        let ada = app.customer("ada").await;
        let tag = tag(&ada, ME).await;

        app.race_updates(2);
        let tabs = ["1 First Street", "2 Second Street"];
        let bodies = tabs.map(addresses);
        let answers = join_all(bodies.iter().map(|body| patch(&ada, ME, &tag, body))).await;

        assert_eq!(tally(&answers), [(200, 1), (412, 1)].into());
        let winner = answers.into_iter().find(|answer| answer.status == 200).expect("one");
        let now = ada.get(ME).await;
        assert_eq!(now.version(), "2");
        assert_eq!(now.expect(200), winner.body);
    }
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_not_taken_for_somebody_elses() {
    for tag in ["\"1\"", "\"1\", \"9\""] {
        let app = App::start().await;
        let ada = app.customer("ada").await;

        app.lose_updates(Loss::OfResponse, 1);
        let changed = patch(&ada, ME, tag, &addresses("1 First Street")).await;

        assert_eq!(changed.version(), "2");
        assert_eq!(changed.expect(200), ada.get(ME).await.expect(200));
        let late = patch(&ada, ME, tag, &addresses("2 Second Street")).await;
        late.expect_problem(412, "version_mismatch");
    }
}

/// Profiles from before there were versions.
#[tokio::test]
async fn a_profile_without_a_version_has_version_0() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let user = ada.user_id.expect("an id");
    let path = format!("/users/{user}");
    update(&app, user, "REMOVE version").await;

    assert_eq!(ada.get(ME).await.version(), "0");
    patch(&ada, ME, "\"1-a\"", &addresses("1 Street"))
        .await
        .expect_problem(412, "version_mismatch");
    let changed = patch(&ada, ME, "\"0-a\"", &addresses("1 Street")).await;
    assert_eq!(changed.version(), "1");
    changed.expect(200);
    patch(&ada, ME, "\"0-a\"", &addresses("2 Street"))
        .await
        .expect_problem(412, "version_mismatch");

    update(&app, user, "REMOVE version").await;
    let disabled = patch(&admin, &path, "\"0-a\"", &json!({"status": "disabled"})).await;
    assert_eq!(disabled.version(), "1");
    disabled.expect(200);
    update(&app, user, "REMOVE version").await;
    let active = admin.patch(&path, json!({"status": "active"})).await;
    assert_eq!(active.version(), "1");
    active.expect(200);
}

#[tokio::test]
async fn an_admin_can_insist_on_a_version_too() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let path = format!("/users/{}", ada.user_id.expect("an id"));
    let old = tag(&admin, &path).await;
    ada.patch(ME, json!({"name": "Countess"})).await.expect(200);
    let before = app.contents().await;

    for body in [json!({"role": "admin"}), json!({"role": "customer"})] {
        patch(&admin, &path, &old, &body).await.expect_problem(412, "version_mismatch");
    }
    patch(&admin, &path, "3", &json!({"role": "admin"}))
        .await
        .expect_problem(400, "invalid_if_match");
    assert!(app.contents().await == before, "something was written");

    let new = tag(&admin, &path).await;
    let changed = patch(&admin, &path, &new, &json!({"role": "admin"})).await;
    assert_eq!(changed.header("etag"), Some(&*tag(&admin, &path).await));
    assert_eq!(changed.version(), "3");
    changed.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_admins_who_insist_on_one_version_one_is_told_to_look_again() {
    let app = App::start().await;
    let (one, other, ada) = (app.admin().await, app.admin().await, app.customer("ada").await);
    let path = format!("/users/{}", ada.user_id.expect("an id"));
    let tag = tag(&one, &path).await;

    app.race(2);
    let (role, status) = (json!({"role": "admin"}), json!({"status": "disabled"}));
    let patches = [(&one, &role), (&other, &status)];
    let answers = join_all(patches.map(|(who, body)| patch(who, &path, &tag, body))).await;

    assert_eq!(tally(&answers), [(200, 1), (412, 1)].into());
}

#[tokio::test]
async fn whoever_writes_a_profile_raises_its_version() {
    const PASSWORD: &str = "correct horse";
    let app = App::builder().configure(|config| config.email_verification = false).start().await;
    let account = json!({"email": FIRST_ADMIN, "password": PASSWORD, "name": "Olga"});
    app.anonymous().post("/auth/register", account).await.expect(202);
    let log_in = async || {
        let login = json!({"email": FIRST_ADMIN, "password": PASSWORD});
        app.anonymous().post("/auth/login", login).await.expect(200)
    };
    let me = async |login: &Value| {
        let token = login["access_token"].as_str().expect("a token");
        app.anonymous().with_token(token).get(ME).await
    };

    let profile = me(&log_in().await).await;
    assert_eq!(profile.version(), "1", "register-user");
    let path = format!("/users/{}", id(&profile.expect(200)));
    let reset = json!({"token": app.reset_token(FIRST_ADMIN).await, "password": PASSWORD});
    app.anonymous().post("/auth/reset-password", reset).await.expect(204);
    // The first admin's login: the reset has shown that the address is theirs.
    let olga = log_in().await;
    assert_eq!(olga["user"]["role"], "admin");
    assert_eq!(me(&olga).await.version(), "3", "reset-password and log-in");
    let olga = app.anonymous().with_token(olga["access_token"].as_str().expect("a token"));
    for (patch, version) in [
        (json!({"name": "Olga O."}), "4"),
        (json!({"phone": "+44 20 7946 0000"}), "5"),
        (json!({"phone": null}), "6"),
        (json!({"addresses": []}), "7"),
    ] {
        assert_eq!(olga.patch(ME, patch.clone()).await.version(), version, "{patch}");
    }
    let admin = app.admin().await;
    let role = admin.patch(&path, json!({"role": "customer"})).await;
    assert_eq!(role.version(), "8");
    // And who changes something else does not.
    let again = json!({"token": app.reset_token(FIRST_ADMIN).await, "password": PASSWORD});
    app.anonymous().post("/auth/reset-password", again).await.expect(204);
    assert_eq!(me(&log_in().await).await.version(), "8");
}

#[tokio::test]
async fn a_verified_registrations_profile_begins_with_version_1() {
    let app = App::start().await;
    let account = json!({"email": FIRST_ADMIN, "password": "correct horse", "name": "Olga"});
    let login = app.anonymous().sign_up(account).await;
    let olga = app.anonymous().with_token(login["access_token"].as_str().expect("a token"));
    assert_eq!(login["user"]["role"], "admin");
    assert_eq!(olga.get(ME).await.version(), "2", "made, then promoted");
}

/// The index of the list is written only where the list shows something else, so a list says when
/// that last changed; a profile says when anything did.
#[tokio::test]
async fn a_new_address_is_not_a_change_of_what_lists_show() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let listed = async || {
        let list = admin.get("/users?role=customer").await.expect(200);
        list["data"][0]["updated_at"].clone()
    };
    let at = |minute: u8| json!(format!("2026-01-01T00:0{minute}:00.000Z"));
    for (minute, body, shown) in [
        (1, addresses("1 Street"), at(0)),
        (2, json!({"name": "Countess"}), at(2)),
        (3, json!({"addresses": []}), at(2)),
        (4, json!({"phone": "+44 20 7946 0000", "addresses": [address("2 Street")]}), at(4)),
    ] {
        app.advance(Duration::from_secs(60));
        let changed = ada.patch(ME, body.clone()).await.expect(200);
        assert_eq!(changed["updated_at"], at(minute), "{body}");
        assert_eq!(ada.get(ME).await.expect(200), changed);
        assert_eq!(listed().await, shown, "{body}");
    }
}
