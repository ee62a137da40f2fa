//! Limits that strangers can't turn against an account's owner, and those of what the owner does.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::crypto::digest::digest;
use tests::answer::{Answer, tally};
use tests::app::App;
use tests::gate::Faults;
use tests::persona::Persona;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse";
const NEW: &str = "battery staple";
/// Where the owner usually is.
const HOME: &str = "198.51.100.1";
/// Where the owner has never been.
const CAFE: &str = "198.51.100.2";
/// Where somebody else is.
const STRANGER: &str = "192.0.2.1";

async fn limited(changes: &str) -> App {
    App::builder().limits(changes).start().await
}

async fn log_in(app: &App, from: &str, password: &str) -> Answer {
    let body = json!({"email": EMAIL, "password": password});
    app.anonymous().at(from).post("/auth/login", body).await
}

/// Sets a new password by a mailed token.
async fn reset(app: &App, from: &str, password: &str) {
    let body = json!({"token": app.reset_token(EMAIL).await, "password": password});
    app.anonymous().at(from).post("/auth/reset-password", body).await.expect(204);
}

/// The owner in a new session from home.
async fn owner<'a>(app: &'a App, password: &str) -> Persona<'a> {
    let login = log_in(app, HOME, password).await.expect(200);
    app.anonymous().at(HOME).with_token(login["access_token"].as_str().expect("a token"))
}

fn change(current: &str, new: &str) -> Value {
    json!({"current_password": current, "new_password": new})
}

#[tokio::test]
async fn who_resets_the_password_logs_in_from_there_whatever_was_tried_before() {
    for (place, is_known) in [(HOME, true), (CAFE, false)] {
        let app = limited("login_account=3/900,login_ip=off").await;
        app.put_account(EMAIL, PASSWORD).await;
        if is_known {
            log_in(&app, place, PASSWORD).await.expect(200);
        }
        for status in [401, 401, 401, 429] {
            assert_eq!(log_in(&app, place, "wrong horse").await.status, status, "{place}");
        }

        reset(&app, place, NEW).await;

        log_in(&app, place, NEW).await.expect(200);
        for status in [401, 401, 401, 429] {
            assert_eq!(log_in(&app, place, "wrong horse").await.status, status, "{place}, anew");
        }
    }
}

#[tokio::test]
async fn a_reset_gives_a_stranger_no_more_guesses() {
    let app = limited("login_account=3/900,login_ip=off").await;
    app.put_account(EMAIL, PASSWORD).await;
    for status in [401, 401, 401, 429] {
        assert_eq!(log_in(&app, STRANGER, "wrong horse").await.status, status);
    }

    reset(&app, HOME, NEW).await;

    for stranger in [STRANGER, CAFE] {
        log_in(&app, stranger, "wrong horse").await.expect_problem(429, "rate_limited");
    }
    log_in(&app, HOME, NEW).await.expect(200);
}

#[tokio::test]
async fn wrong_current_passwords_from_before_a_reset_keep_nobody_from_changing_or_leaving() {
    let app = limited("password_account=2/900").await;
    app.put_account(EMAIL, PASSWORD).await;
    let thief = owner(&app, PASSWORD).await;
    for status in [401, 401, 429] {
        let answer = thief.put("/users/me/password", change("wrong horse", NEW)).await;
        assert_eq!(answer.status, status);
    }

    reset(&app, HOME, NEW).await;

    let owner = owner(&app, NEW).await;
    owner.put("/users/me/password", change(NEW, PASSWORD)).await.expect(204);
    owner.post("/users/me/deletion", json!({"password": PASSWORD})).await.expect(202);
}

/// DynamoDB gives one item a thousand writes a second: more requests than that, refused ones
/// included, and nobody can count in it any more.
#[tokio::test]
async fn a_counter_that_strangers_have_worn_out_keeps_nobody_out_at_home() {
    let mut identity = digest([EMAIL.as_bytes()]);
    identity.truncate(22);
    let worn_out: &'static str = format!("LIMIT#login_account#{identity}#").leak();
    let app = App::builder()
        .limits("")
        .faults(Faults { throttled_prefix: Some(worn_out), ..Faults::default() })
        .start()
        .await;
    app.put_account(EMAIL, PASSWORD).await;
    reset(&app, HOME, NEW).await;

    log_in(&app, HOME, NEW).await.expect(200);
    log_in(&app, HOME, "wrong horse").await.expect_problem(401, "invalid_credentials");
    log_in(&app, STRANGER, NEW).await.expect_problem(503, "service_unavailable");
}

/// The password was right: what failed is the shop.
#[tokio::test]
async fn a_login_that_the_shop_could_not_finish_is_no_wrong_password() {
    let app = App::builder()
        .limits("login_account=2/900")
        .faults(Faults { throttled_prefix: Some("USER#"), ..Faults::default() })
        .start()
        .await;
    app.put_account(EMAIL, PASSWORD).await;
    for _ in 0..3 {
        log_in(&app, HOME, PASSWORD).await.expect_problem(503, "service_unavailable");
    }
    for status in [401, 401, 429] {
        assert_eq!(log_in(&app, HOME, "wrong horse").await.status, status);
    }
}

#[tokio::test]
async fn an_ip_address_without_logins_left_reaches_nothing_of_the_account() {
    let app = limited("login_ip=2/900").await;
    app.put_account(EMAIL, PASSWORD).await;
    for status in [401, 401] {
        assert_eq!(log_in(&app, STRANGER, "wrong horse").await.status, status);
    }
    app.take_count("log-in");

    let refused = log_in(&app, STRANGER, PASSWORD).await.expect_problem(429, "rate_limited");

    assert_eq!(refused["limit"], "login_ip");
    let accesses = app.take_count("log-in").accesses.into_iter();
    let kinds: BTreeSet<_> = accesses
        .map(|access| {
            access.partition.rsplit_once('#').map_or(String::new(), |(kind, _)| kind.into())
        })
        .collect();
    let of_account = |kind: &&String| kind.contains("login_account") || kind.contains("EMAIL");
    assert_eq!(kinds.iter().find(of_account), None, "{kinds:?}");
}

#[tokio::test]
async fn what_strangers_ask_for_in_somebodys_name_counts_where_they_are_only() {
    let app = limited("").await;
    let account = json!({"email": EMAIL, "password": PASSWORD, "name": "Ada"});
    for (path, body) in [
        ("/auth/register", account),
        ("/auth/forgot-password", json!({"email": EMAIL})),
        ("/auth/resend-verification", json!({"email": EMAIL})),
    ] {
        let ask = async |from: &str| app.anonymous().at(from).post(path, body.clone()).await;
        for _ in 0..5 {
            ask(STRANGER).await.expect(202);
        }
        ask(STRANGER).await.expect_problem(429, "rate_limited");
        ask(HOME).await.expect(202);
        let mut other = body.clone();
        other["email"] = "bob@example.com".into();
        app.anonymous().at(STRANGER).post(path, other).await.expect(202);
    }
}

#[tokio::test]
async fn changes_of_a_profile_are_limited_for_each_account() {
    let app = limited("profile_account=2/3600").await;
    let (ada, bob) = (app.customer("ada").await, app.customer("bob").await);
    for left in [1, 0] {
        let answer = ada.patch("/users/me", json!({"name": "Ada Lovelace"})).await;
        let policy = answer.header("ratelimit-policy");
        assert_eq!(policy, Some("\"profile_account\";q=2;w=3600"));
        let state = format!("\"profile_account\";r={left};t=3600");
        assert_eq!(answer.header("ratelimit"), Some(state.as_str()));
        answer.expect(200);
    }
    ada.patch("/users/me", json!({"nickname": "Ada"})).await.expect(422);
    let before = app.contents().await;

    let refused = ada.patch("/users/me", json!({"name": "Countess"})).await;

    assert_eq!(refused.expect_problem(429, "rate_limited")["limit"], "profile_account");
    assert!(app.contents().await == before, "something was written");
    bob.patch("/users/me", json!({"name": "Robert"})).await.expect(200);
    app.advance(Duration::from_secs(3600));
    let ada = ada.with_new_session().await;
    ada.patch("/users/me", json!({"name": "Countess"})).await.expect(200);
}

/// Two tabs that tell each other to look again use up nothing.
#[tokio::test]
async fn a_change_of_a_profile_that_is_refused_does_not_count() {
    let app = limited("profile_account=1/3600").await;
    let ada = app.customer("ada").await;
    let body = json!({"name": "Ada Lovelace"});
    for tag in ["\"9-old\"", "\"8-old\", \"9-old\"", "\"9-old\""] {
        let stale = ada.call("PATCH", "/users/me").header("if-match", tag).json(&body);
        let refused = stale.send().await;
        let state = Some("\"profile_account\";r=1;t=3600");
        assert_eq!(refused.header("ratelimit"), state, "{tag}");
        refused.expect_problem(412, "version_mismatch");
    }
    ada.patch("/users/me", body.clone()).await.expect(200);
    ada.patch("/users/me", body).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn changes_of_a_password_are_limited_and_wrong_ones_are_none() {
    let app = limited("new_password_account=2/3600,password_account=4/900").await;
    let ada = app.customer("ada").await.with_password(PASSWORD).await;
    let put =
        async |current: &str, new: &str| ada.put("/users/me/password", change(current, new)).await;
    for _ in 0..3 {
        put("wrong horse", NEW).await.expect_problem(401, "invalid_credentials");
    }
    let first = put(PASSWORD, NEW).await;
    let header = first.header("ratelimit").unwrap_or_default().to_owned();
    assert!(header.contains("\"new_password_account\";r=1;t=3600"), "{header}");
    first.expect(204);
    put(NEW, PASSWORD).await.expect(204);
    let before = app.contents().await;

    // As often as wrong passwords would be too many: none of them counts as one.
    for _ in 0..5 {
        let refused = put(PASSWORD, NEW).await.expect_problem(429, "rate_limited");
        assert_eq!(refused["limit"], "new_password_account");
    }

    assert!(app.contents().await == before, "something was written");
    ada.post("/users/me/deletion", json!({"password": PASSWORD})).await.expect(202);
}

#[tokio::test]
async fn of_many_changes_at_once_those_that_fail_do_not_count() {
    let app = limited("new_password_account=5/3600").await;
    let ada = app.customer("ada").await.with_password(PASSWORD).await;
    let changes = (0..5).map(|number| {
        let new = format!("battery staple {number}");
        async { ada.put("/users/me/password", change(PASSWORD, &{ new })).await }
    });
    let answers = join_all(changes).await;
    assert_eq!(tally(&answers), [(204, 1), (401, 4)].into());

    let items = app.contents().await;
    let (_, counter) =
        items.iter().find(|(key, _)| key.starts_with("LIMIT#new_password_account#")).expect("one");
    assert_eq!(counter["requests"].as_n().map(String::as_str), Ok("1"));
}

#[tokio::test]
async fn the_current_password_is_no_new_one() {
    let app = limited("password_account=1/900,new_password_account=1/3600").await;
    let ada = app.customer("ada").await.with_password("caf\u{e9} society").await;
    let all_but_counters = async || {
        let mut contents = app.contents().await;
        contents.retain(|key, _| !key.starts_with("LIMIT#"));
        contents
    };
    let before = all_but_counters().await;
    for _ in 0..3 {
        let same = change("caf\u{e9} society", "cafe\u{301} society");
        let answer = ada.put("/users/me/password", same).await;
        assert_eq!(answer.broken(), "/new_password same_password");
    }
    assert!(all_but_counters().await == before, "something was written");
    ada.put("/users/me/password", change("caf\u{e9} society", NEW)).await.expect(204);
}

/// The refusal would be a way to try out, with the mail at hand, what somebody's old password was.
#[tokio::test]
async fn a_reset_takes_the_old_password_too() {
    let app = limited("").await;
    app.put_account(EMAIL, PASSWORD).await;
    reset(&app, HOME, PASSWORD).await;
    log_in(&app, HOME, PASSWORD).await.expect(200);
}

/// What is limited for an IP address: the limit, the path, and the body of the request of a number.
type LimitedByIp = (&'static str, &'static str, fn(u32) -> Value);

fn limited_by_ip() -> [LimitedByIp; 6] {
    let email = |number: u32| json!({"email": format!("{number}@example.com")});
    [
        (
            "login_ip",
            "/auth/login",
            |number| json!({"email": format!("{number}@example.com"), "password": "x"}),
        ),
        ("register_ip", "/auth/register", |number| {
            let email = format!("{number}@example.com");
            json!({"email": email, "password": PASSWORD, "name": "Ada"})
        }),
        ("forgot_ip", "/auth/forgot-password", email),
        ("resend_ip", "/auth/resend-verification", email),
        ("verify_ip", "/auth/verify-email", |_| json!({"token": "none", "password": "x"})),
        ("reset_ip", "/auth/reset-password", |_| json!({"token": "none", "password": PASSWORD})),
    ]
}

#[tokio::test]
async fn the_networks_of_an_ipv6_site_share_sixteen_times_what_one_of_them_may() {
    for (limit, path, body) in limited_by_ip() {
        let app = limited(&format!("{limit}=1/900")).await;
        let send =
            async |from: &str, number: u32| app.anonymous().at(from).post(path, body(number)).await;
        let within = |answer: &Answer| {
            let policy = answer.header("ratelimit-policy").map(str::to_owned);
            assert_eq!(policy, Some(format!("\"{limit}\";q=1;w=900")), "the site is not shown");
            answer.status != 429
        };
        // One that has used up its own quota uses up nothing of the others'.
        for number in 0..20 {
            let answer = send("2001:db8:1:1::1", number).await;
            assert_eq!(within(&answer), number == 0, "{limit}, {number}");
        }
        for network in 2..=16 {
            let from = format!("2001:db8:1:{network:x}::1");
            assert!(within(&send(&from, 100 + network).await), "{limit}, {network}");
        }
        let refused = send("2001:db8:1:ffff::1", 200).await;
        assert!(!within(&refused), "{limit}: the seventeenth network of the site");
        assert_eq!(refused.expect_problem(429, "rate_limited")["limit"], limit);
        assert!(within(&send("2001:db8:2:1::1", 201).await), "{limit}: another site");
    }
}

#[tokio::test]
async fn what_is_not_limited_for_an_ip_address_is_not_for_a_site_either() {
    let app = limited("login_account=1/900,login_ip=off,forgot_email=1/900,forgot_ip=off").await;
    let from = app.anonymous().at("2001:db8:1:1::1");
    for number in 0..17 {
        let mut body = json!({"email": format!("{number}@example.com")});
        from.post("/auth/forgot-password", body.clone()).await.expect(202);
        body["password"] = json!("wrong horse");
        from.post("/auth/login", body).await.expect(401);
    }
}

#[tokio::test]
async fn a_site_that_is_full_is_counted_one_by_one() {
    let app = limited("resend_ip=1/900").await;
    app.race_updates(60);
    let requests = (0..20).map(|network| {
        let from = app.anonymous().at(&format!("2001:db8:1:{network:x}::1"));
        async move {
            let body = json!({"email": format!("{network}@example.com")});
            from.post("/auth/resend-verification", body).await
        }
    });
    assert_eq!(tally(&join_all(requests).await), [(202, 16), (429, 4)].into());
    for number in 0..20 {
        let from = app.anonymous().at(&format!("203.0.113.{number}"));
        let body = json!({"email": format!("v4-{number}@example.com")});
        from.post("/auth/resend-verification", body).await.expect(202);
    }
}

#[tokio::test]
async fn of_fifty_guesses_at_once_at_home_ten_are_looked_at_too() {
    let app = limited("login_ip=off").await;
    app.put_account(EMAIL, PASSWORD).await;
    log_in(&app, HOME, PASSWORD).await.expect(200);

    app.race_updates(50);
    let answers = join_all((0..50).map(|_| log_in(&app, HOME, "wrong horse"))).await;

    assert_eq!(tally(&answers), [(401, 10), (429, 40)].into());
    log_in(&app, CAFE, PASSWORD).await.expect(200);
}
