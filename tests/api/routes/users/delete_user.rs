//! `DELETE /users/{user_id}`

use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::json;
use tests::answer::tally;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, disable, id, order_of, product};

const PASSWORD: &str = "correct horse";
const MINUTE: Duration = Duration::from_secs(60);

fn path(who: &Persona<'_>) -> String {
    format!("/users/{}", who.user_id.expect("an id"))
}

async fn admins(app: &App) -> usize {
    app.unrestricted.store.admins().get().await.expect("a register").active.len()
}

/// The keys of the items that hold one of these texts.
async fn knows(app: &App, texts: &[&str]) -> Vec<String> {
    let contents = app.contents().await;
    let known = contents.into_iter().filter(|(key, item)| {
        let text = format!("{key} {item:?}");
        texts.iter().any(|known| text.contains(known))
    });
    known.map(|(key, _)| key).collect()
}

#[tokio::test]
async fn profile_sessions_and_credentials_go_at_once() {
    let app = App::start().await;
    let account = json!({"email": "ada@example.com", "password": PASSWORD, "name": "Ada"});
    let login = app.anonymous().sign_up(account.clone()).await;
    let ada = app.anonymous().with_token(login["access_token"].as_str().expect("a token"));
    let admin = app.admin().await;
    let path = format!("/users/{}", id(&login["user"]));

    let answer = admin.delete(&path).await;

    answer.expect_private();
    assert_eq!(answer.expect(202), json!({"status": "deletion_started"}));
    ada.get("/users/me").await.expect_problem(401, "unauthenticated");
    let visitor = app.anonymous();
    let refresh = json!({"refresh_token": login["refresh_token"]});
    visitor.post("/auth/refresh", refresh).await.expect_problem(401, "unauthenticated");
    let log_in = json!({"email": "ada@example.com", "password": PASSWORD});
    visitor.post("/auth/login", log_in).await.expect_problem(401, "invalid_credentials");
    admin.get(&path).await.expect_problem(404, "not_found");
    let listed = admin.get("/users?email=ada@example.com").await.expect(200);
    assert_eq!(listed["data"], json!([]));

    let again = visitor.sign_up(account).await;
    assert_ne!(again["user"]["id"], login["user"]["id"], "the address is free, for somebody new");
}

#[tokio::test]
async fn what_orders_know_of_the_person_goes_in_the_background() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let ada = app.customer("ada").await;
    let address = json!({"name": "Ada", "line1": "1 Ada Row", "city": "London", "country": "GB"});
    ada.patch("/users/me", json!({"addresses": [address]})).await.expect(200);
    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    ada.delete(&format!("/orders/{}", id(&order))).await.expect(200);
    app.deliver_mail().await;
    app.advance(MINUTE + Duration::from_millis(1));

    admin.delete(&path(&ada)).await.expect(202);
    app.advance(MINUTE);
    for _ in 0..2 {
        app.run_job("erase-users", json!({"source": "aws.events"})).await.expect("a run");
    }

    let user = ada.user_id.expect("an id").to_string();
    assert_eq!(knows(&app, &[&user, "1 Ada Row", "ada-usr"]).await, [""; 0]);
    let kept = admin.get(&format!("/orders/{}", id(&order))).await.expect(200);
    assert_eq!(kept["total"], order["total"]);
}

#[tokio::test]
async fn an_order_on_its_way_or_placed_a_moment_ago_keeps_the_account() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let ada = app.customer("ada").await;
    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    let before = app.contents().await;

    admin.delete(&path(&ada)).await.expect_problem(409, "open_orders");

    assert!(app.contents().await == before, "something was written");
    ada.delete(&format!("/orders/{}", id(&order))).await.expect(200);
    admin.delete(&path(&ada)).await.expect_problem(409, "open_orders");
    app.advance(MINUTE + Duration::from_millis(1));
    admin.delete(&path(&ada)).await.expect(202);
}

#[tokio::test]
async fn whoever_is_not_there_or_no_more_is_not_found() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    for id in ["usr_01890a5d-ac96-774b-bcce-b302099a8057", "usr_1", "ord_1"] {
        admin.delete(&format!("/users/{id}")).await.expect_problem(404, "not_found");
    }
    admin.delete(&path(&ada)).await.expect(202);
    admin.delete(&path(&ada)).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn an_admin_s_own_account_has_a_route_of_its_own() {
    let app = App::start().await;
    let (admin, _other) = (app.admin().await, app.admin().await);
    let before = app.contents().await;
    let refused = admin.delete(&path(&admin)).await.expect_problem(409, "use_own_deletion");
    let detail = refused["detail"].as_str().expect("a text");
    assert!(detail.contains("POST /users/me/deletion"), "{detail}");
    // The gateway sends a path that has no method of its own to this function.
    let event = app.event("DELETE", "/users/me", "", &[].into(), None);
    let answer = app.handle_as("delete-user", event).await;
    assert_eq!(answer.header("allow"), Some("GET, PATCH"));
    answer.expect_problem(405, "method_not_allowed");
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn an_account_of_another_version_than_the_expected_one_stays() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let delete = |tag: &str| admin.call("DELETE", &path(&ada)).header("if-match", tag).send();
    ada.patch("/users/me", json!({"name": "Countess"})).await.expect(200);
    let before = app.contents().await;
    delete("\"1-a\"").await.expect_problem(412, "version_mismatch");
    delete("1").await.expect_problem(400, "invalid_if_match");
    assert!(app.contents().await == before, "something was written");
    delete("\"2-a\"").await.expect(202);
}

#[tokio::test]
async fn a_disabled_account_and_an_admins_can_be_deleted() {
    let app = App::start().await;
    let (admin, other, ada) = (app.admin().await, app.admin().await, app.customer("ada").await);
    disable(&app, ada.user_id.expect("an id")).await;
    admin.delete(&path(&ada)).await.expect(202);
    admin.delete(&path(&other)).await.expect(202);
    other.get("/users").await.expect_problem(401, "unauthenticated");
    assert_eq!(admins(&app).await, 1);
}

#[tokio::test]
async fn customers_delete_nobody() {
    let app = App::start().await;
    let (ada, eve) = (app.customer("ada").await, app.customer("eve").await);
    for who in [&path(&ada), &path(&eve)] {
        eve.delete(who).await.expect_problem(403, "forbidden");
        app.anonymous().delete(who).await.expect_problem(401, "unauthenticated");
    }
}

/// The caller has been let in, and steps down at the same time: the register has the last word.
#[tokio::test]
async fn the_last_admin_is_not_deleted() {
    let app = App::start().await;
    let (admin, other) = (app.admin().await, app.admin().await);
    let (own, other) = (path(&admin), path(&other));

    app.race(2);
    let step_down = admin.patch(&own, json!({"role": "customer"}));
    let (deleted, stepped) = join(admin.delete(&other), step_down).await;

    match (deleted.status, stepped.status) {
        (202, 409) => drop(stepped.expect_problem(409, "last_admin")),
        (409, 200) => drop(deleted.expect_problem(409, "last_admin")),
        statuses => panic!("{statuses:?}"),
    }
    assert_eq!(admins(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_admins_who_delete_each_other_one_stays() {
    for _ in 0..8 {
        let app = App::start().await;
        let (one, other) = (app.admin().await, app.admin().await);
        let (one_path, other_path) = (path(&one), path(&other));

        app.race(2);
        let (first, second) = join(one.delete(&other_path), other.delete(&one_path)).await;

        assert_eq!(tally(&[first, second]), [(202, 1), (409, 1)].into());
        assert_eq!(admins(&app).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_five_deletions_at_once_one_happens() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let path = path(&ada);

    app.race(5);
    let answers = join_all((0..5).map(|_| admin.delete(&path))).await;

    assert_eq!(tally(&answers), [(202, 1), (404, 4)].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_deletion_by_an_admin_and_ones_own_at_once_one_happens() {
    for _ in 0..8 {
        let app = App::start().await;
        let admin = app.admin().await;
        let ada = app.customer("ada").await.with_password(PASSWORD).await;
        let path = path(&ada);

        app.race(2);
        let own = ada.post("/users/me/deletion", json!({"password": PASSWORD}));
        let (deleted, own) = join(admin.delete(&path), own).await;

        let statuses = (deleted.status, own.status);
        assert!([(202, 401), (404, 202)].contains(&statuses), "{statuses:?}");
    }
}

/// A new role is another account to delete: an admin is also in the register.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_deletion_and_a_new_role_at_once_nobody_is_left_who_is_gone() {
    for role in ["admin", "customer"].repeat(4) {
        let app = App::start().await;
        let (admin, other) = (app.admin().await, app.admin().await);
        let ada = match role {
            "admin" => app.customer("ada").await,
            _ => app.admin().await,
        };
        let path = path(&ada);

        app.race(2);
        let change = json!({"role": role});
        let (deleted, changed) = join(admin.delete(&path), other.patch(&path, change)).await;

        let statuses = (deleted.status, changed.status);
        assert!([(202, 200), (202, 404)].contains(&statuses), "{role}: {statuses:?}");
        admin.get(&path).await.expect_problem(404, "not_found");
        assert_eq!(admins(&app).await, 2, "{role}: {statuses:?}");
    }
}

/// Both have read the expected version.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_changes_after_the_expected_version_was_read_stays() {
    let mut kept = 0;
    for _ in 0..20 {
        let app = App::start().await;
        let (admin, other, ada) = (app.admin().await, app.admin().await, app.customer("ada").await);
        let path = path(&ada);

        app.race(2);
        let delete = admin.call("DELETE", &path).header("if-match", "\"1\"").send();
        let change = json!({"status": "disabled"});
        let (deleted, changed) = join(delete, other.patch(&path, change)).await;

        let statuses = (deleted.status, changed.status);
        assert!([(412, 200), (202, 404)].contains(&statuses), "{statuses:?}");
        kept += u32::from(deleted.status == 412);
        if kept == 3 {
            return;
        }
    }
    // With stale reads the deletion nearly always comes first; each round's statuses are checked.
}

/// The deletion has read the profile that its owner then changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_changes_at_the_same_time_is_deleted_all_the_same() {
    for _ in 0..4 {
        let app = App::start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let path = path(&ada);
        let change = ada.patch("/users/me", json!({"name": "Countess"}));
        let (deleted, changed) = join(admin.delete(&path), change).await;
        assert!([200, 401, 404].contains(&changed.status), "{changed:?}");
        deleted.expect(202);
        let user = ada.user_id.expect("an id").to_string();
        let left = knows(&app, &[&format!("USER#{user}")]).await;
        assert_eq!(left, [""; 0], "a profile came back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_placed_at_the_same_time_is_not_left_without_its_customer() {
    for from_the_cart in [true, false].repeat(4) {
        let app = App::start().await;
        let admin = app.admin().await;
        let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
        let ada = app.customer("ada").await;
        ada.post("/cart/items", json!({"product_id": mug["id"], "quantity": 1})).await.expect(200);
        let path = path(&ada);

        app.race(2);
        let body = if from_the_cart { json!({}) } else { order_of(&mug, 1) };
        let order = ada.call("POST", "/orders").json(&body).send();
        let (order, deleted) = join(order, admin.delete(&path)).await;

        match (order.status, deleted.status) {
            (201, 409) => drop(deleted.expect_problem(409, "open_orders")),
            (409, 202) if from_the_cart => drop(order.expect_problem(409, "cart_empty")),
            (401, 202) => drop(order.expect_problem(401, "unauthenticated")),
            statuses => panic!("{statuses:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_at_the_same_time_leads_nowhere() {
    for _ in 0..4 {
        let app = App::start().await;
        let admin = app.admin().await;
        let account = json!({"email": "ada@example.com", "password": PASSWORD, "name": "Ada"});
        let user = app.anonymous().sign_up(account).await["user"].clone();
        let path = format!("/users/{}", id(&user));

        let visitor = app.anonymous();
        let login = json!({"email": "ada@example.com", "password": PASSWORD});
        let (deleted, login) = join(admin.delete(&path), visitor.post("/auth/login", login)).await;

        deleted.expect(202);
        if login.status == 200 {
            let token = login.body["access_token"].as_str().expect("a token").to_owned();
            let late = visitor.with_token(&token).get("/users/me").await;
            late.expect_problem(401, "unauthenticated");
        } else {
            login.expect_problem(401, "invalid_credentials");
        }
        let left = knows(&app, &[&format!("USER#{}", id(&user))]).await;
        assert_eq!(left, [""; 0], "an account came back");
    }
}
