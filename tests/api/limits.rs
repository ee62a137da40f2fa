//! How often somebody may do something, and what happens beyond that.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use shared::config::Timeouts;
use shared::domain::rate_limit::{Counter, Quota, RateLimit};
use tests::answer::{Answer, tally};
use tests::app::App;
use tests::gate::{Access, Faults};
use tests::persona::Persona;
use tests::samples::{create_product, order_of, product};

const PASSWORD: &str = "correct horse";
const QUARTER: Duration = Duration::from_secs(15 * 60);
/// Where the owner usually is.
const HOME: &str = "198.51.100.1";
/// Where the owner has never been.
const CAFE: &str = "198.51.100.2";

async fn limited(changes: &str) -> App {
    App::builder().limits(changes).start().await
}

/// A customer who has a password, and their address.
async fn owner(app: &App) -> (Persona<'_>, String) {
    let owner = app.customer("ada").await.with_password(PASSWORD).await.at(HOME);
    let email = owner.get("/users/me").await.expect(200)["email"].as_str().map(str::to_owned);
    (owner, email.expect("an address"))
}

async fn log_in(from: &Persona<'_>, email: &str, password: &str) -> Answer {
    from.post("/auth/login", json!({"email": email, "password": password})).await
}

async fn register(from: &Persona<'_>, email: &str) -> Answer {
    let body = json!({"email": email, "password": PASSWORD, "name": "Ada"});
    from.post("/auth/register", body).await
}

/// The items that count.
async fn counters(app: &App) -> Vec<String> {
    let items = app.contents().await.into_iter();
    items
        .filter(|(key, _)| key.starts_with("LIMIT#"))
        .map(|(_, item)| format!("{item:?}"))
        .collect()
}

#[tokio::test]
async fn the_last_allowed_request_passes_the_next_one_waits_for_the_next_window() {
    let small = "login_account=3/900,login_ip=4/900,register_email=2/3600,\
                 register_ip=3/3600,checkout_account=3/600";
    let app = limited(small).await;
    let (owner, email) = owner(&app).await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 50)).await;
    let nobody = app.anonymous();

    /// What is done, how often it may be, what comes of it, and how long a window is.
    type Case<'a> = (&'a str, u32, u16, u64, Box<dyn AsyncSend + 'a>);
    let cases: Vec<Case<'_>> = vec![
        ("login_account", 3, 401, 900, {
            let (nobody, email) = (nobody.clone(), email.clone());
            Box::new(async move |_: u32| log_in(&nobody, &email, "wrong horse").await)
        }),
        ("login_ip", 4, 401, 900, {
            let nobody = nobody.at("192.0.2.1");
            Box::new(async move |n: u32| log_in(&nobody, &format!("{n}@example.com"), "x").await)
        }),
        ("register_email", 2, 202, 3600, {
            let nobody = nobody.at("192.0.2.2");
            Box::new(async move |_: u32| register(&nobody, "eve@example.com").await)
        }),
        ("register_ip", 3, 202, 3600, {
            let nobody = nobody.at("192.0.2.3");
            Box::new(async move |n: u32| register(&nobody, &format!("{n}@example.com")).await)
        }),
        ("checkout_account", 3, 201, 600, {
            let (owner, order) = (owner.clone(), order_of(&mug, 1));
            Box::new(async move |_: u32| {
                owner.with_new_session().await.post("/orders", order.clone()).await
            })
        }),
    ];
    for (limit, requests, status, seconds, send) in cases {
        // Ten seconds before the window ends.
        app.advance(Duration::from_secs(seconds - 10));
        for number in 1..=requests {
            let answer = send.send(number).await;
            assert_eq!(answer.status, status, "{limit}, {number}: {answer:?}");
            let left = format!("r={};t=10", requests - number);
            expect_told(answer.header("ratelimit"), limit, &left);
        }
        let refused = send.send(requests + 1).await;
        assert_eq!(refused.header("retry-after"), Some("10"), "{limit}: {refused:?}");
        let policy = format!("q={requests};w={seconds}");
        expect_told(refused.header("ratelimit-policy"), limit, &policy);
        let problem = refused.expect_problem(429, "rate_limited");
        assert_eq!(problem["limit"], limit);
        assert_eq!(problem["detail"], "Too many requests. Try again in 10 seconds.");

        app.advance(Duration::from_secs(10));
        assert_eq!(send.send(requests + 2).await.status, status, "{limit}, the next window");
        // Every window begins at midnight.
        app.advance(Duration::from_secs(24 * 3600 - seconds));
    }
}

/// A count that strangers share is in no header: it would tell each what the others did.
fn is_told(limit: &str) -> bool {
    !["login_account", "register_email", "forgot_email", "resend_email"].contains(&limit)
}

fn expect_told(header: Option<&str>, limit: &str, told: &str) {
    let header = header.unwrap_or_default();
    match is_told(limit) {
        true => assert!(header.contains(&format!("\"{limit}\";{told}")), "{limit}: {header}"),
        false => assert!(!header.contains(limit), "{limit}: {header}"),
    }
}

/// A request that can be sent again.
trait AsyncSend {
    fn send(&self, number: u32) -> futures_util::future::LocalBoxFuture<'_, Answer>;
}

impl<F: AsyncFn(u32) -> Answer> AsyncSend for F {
    fn send(&self, number: u32) -> futures_util::future::LocalBoxFuture<'_, Answer> {
        Box::pin(self(number))
    }
}

#[tokio::test]
async fn every_limited_answer_names_the_callers_own_limits_and_no_other_answer_does() {
    let app = limited("").await;
    let (owner, email) = owner(&app).await;

    let login = log_in(&owner, &email, PASSWORD).await;
    assert_eq!(login.header("ratelimit-policy"), Some("\"login_ip\";q=100;w=900"));
    assert_eq!(login.header("ratelimit"), Some("\"login_ip\";r=99;t=900"));
    let registration = register(&owner, "eve@example.com").await;
    let policy = "\"register_ip\";q=20;w=3600";
    assert_eq!(registration.header("ratelimit-policy"), Some(policy));
    let order = owner.post("/orders", json!({})).await;
    assert_eq!(order.header("ratelimit-policy"), Some("\"checkout_account\";q=30;w=600"));
    assert_eq!(order.header("ratelimit"), Some("\"checkout_account\";r=29;t=600"));
    order.expect_problem(409, "cart_empty");
    let change = json!({"current_password": "wrong horse", "new_password": "battery staple"});
    let change = owner.put("/users/me/password", change).await;
    let policy = "\"password_account\";q=10;w=900, \"new_password_account\";q=20;w=3600";
    assert_eq!(change.header("ratelimit-policy"), Some(policy));
    let state = "\"password_account\";r=9;t=900, \"new_password_account\";r=20;t=3600";
    assert_eq!(change.header("ratelimit"), Some(state), "a wrong one is no change");

    for unlimited in [
        owner.get("/orders").await,
        app.anonymous().post("/auth/login", json!({"email": "ada"})).await,
    ] {
        assert_eq!(unlimited.header("ratelimit"), None, "{unlimited:?}");
        assert_eq!(unlimited.header("ratelimit-policy"), None, "{unlimited:?}");
    }
}

#[tokio::test]
async fn of_fifty_guesses_at_once_ten_are_looked_at() {
    let app = limited("login_ip=off").await;
    let (_, email) = owner(&app).await;
    let nobody = app.anonymous();

    app.race_updates(50);
    let guesses = (0..50).map(|number| {
        let (nobody, email) = (&nobody, &email);
        async move { log_in(nobody, email, &format!("wrong horse {number}")).await }
    });
    let answers = join_all(guesses).await;

    assert_eq!(tally(&answers), [(401, 10), (429, 40)].into());
}

#[tokio::test]
async fn requests_at_once_are_counted_one_by_one() {
    let app = limited("register_ip=off").await;
    let nobody = app.anonymous();

    app.race_updates(20);
    let answers = join_all((0..20).map(|_| register(&nobody, "eve@example.com"))).await;

    assert_eq!(tally(&answers), [(202, 5), (429, 15)].into());
    let counters = counters(&app).await;
    assert_eq!(counters.len(), 1, "{counters:?}");
    assert!(counters[0].contains("\"requests\": N(\"5\")"), "{counters:?}");
}

#[tokio::test]
async fn a_success_does_not_count_for_the_account_but_for_the_address() {
    let app = limited("login_account=3/900,login_ip=6/900").await;
    let (owner, email) = owner(&app).await;
    let mut statuses = Vec::new();
    for password in [PASSWORD, "x", "y", PASSWORD, "z", PASSWORD] {
        statuses.push(log_in(&owner, &email, password).await.status);
    }
    assert_eq!(statuses, [200, 401, 401, 200, 401, 429], "three wrong ones");
    let problem = log_in(&owner, "eve@example.com", PASSWORD).await;
    assert_eq!(problem.expect_problem(429, "rate_limited")["limit"], "login_ip");
}

#[tokio::test]
async fn the_right_password_is_not_looked_at_beyond_the_limit() {
    let app = limited("login_account=2/900").await;
    let (owner, email) = owner(&app).await;
    let thief = app.anonymous();
    for _ in 0..2 {
        log_in(&thief, &email, "wrong horse").await.expect(401);
    }
    let all_but_the_address = async || {
        let mut contents = app.contents().await;
        contents.retain(|key, _| !key.starts_with("LIMIT#login_ip#"));
        contents
    };
    let before = all_but_the_address().await;

    log_in(&thief, &email, PASSWORD).await.expect_problem(429, "rate_limited");
    assert!(all_but_the_address().await == before, "something was written");

    app.advance(QUARTER);
    log_in(&owner, &email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_account_that_is_not_there_is_limited_like_one_that_is() {
    let app = limited("login_account=3/900").await;
    let (_, email) = owner(&app).await;
    let faceless = |answer: Answer| {
        let mut headers = answer.headers.clone();
        headers.retain(|(name, _)| name != "x-request-id");
        headers.sort();
        let mut problem = answer.body;
        problem["request_id"] = json!(null);
        (answer.status, headers, problem)
    };
    let answers = async |email: &str, address: &str| {
        let nobody = app.anonymous().at(address);
        let mut answers = Vec::new();
        for _ in 0..5 {
            answers.push(faceless(log_in(&nobody, email, "wrong horse").await));
        }
        answers
    };
    let known = answers(&email, HOME).await;
    assert_eq!(
        known.iter().map(|(status, ..)| *status).collect::<Vec<_>>(),
        [401, 401, 401, 429, 429]
    );
    assert_eq!(answers("nobody@example.com", CAFE).await, known);
}

#[tokio::test]
async fn the_right_password_of_a_disabled_account_is_a_guess_like_any_other() {
    let app = limited("login_account=3/900").await;
    let (owner, email) = owner(&app).await;
    let path = format!("/users/{}", owner.user_id.expect("an id"));
    let disabled = app.admin().await.patch(&path, json!({"status": "disabled"})).await;
    disabled.expect(200);
    let states = async |email: &str, password: &str, address: &str| {
        let mut states = Vec::new();
        for _ in 0..4 {
            let answer = log_in(&app.anonymous().at(address), email, password).await;
            states.push((answer.status, answer.header("ratelimit").map(str::to_owned)));
        }
        states
    };
    let right = states(&email, PASSWORD, HOME).await;
    assert_eq!(right.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [401, 401, 401, 429]);
    assert_eq!(states("nobody@example.com", PASSWORD, CAFE).await, right);
    let known = app.contents().await.into_keys().any(|key| key.starts_with("KNOWN#"));
    assert!(!known, "an address is known that opened nothing");
}

#[tokio::test]
async fn strangers_guesses_do_not_keep_the_owner_out_at_home() {
    let app = limited("login_account=3/900,login_ip=off").await;
    let (owner, email) = owner(&app).await;
    log_in(&owner, &email, PASSWORD).await.expect(200);
    for attacker in 0..5 {
        log_in(&app.anonymous().at(&format!("192.0.2.{attacker}")), &email, "wrong horse").await;
    }

    let away = log_in(&owner.at(CAFE), &email, PASSWORD).await;
    away.expect_problem(429, "rate_limited");
    log_in(&owner, &email, PASSWORD).await.expect(200);
    log_in(&owner, &email, PASSWORD).await.expect(200);

    // A new IP address becomes known by resetting the password there.
    let reset = json!({"token": app.reset_token(&email).await, "password": PASSWORD});
    owner.at(CAFE).post("/auth/reset-password", reset).await.expect(204);
    log_in(&owner.at(CAFE), &email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn guesses_at_home_are_limited_too() {
    for strangers in [0, 5] {
        let app = limited("login_account=3/900,login_ip=off").await;
        let (owner, email) = owner(&app).await;
        log_in(&owner, &email, PASSWORD).await.expect(200);
        for attacker in 0..strangers {
            let attacker = app.anonymous().at(&format!("192.0.2.{attacker}"));
            log_in(&attacker, &email, "wrong horse").await;
        }
        let mut statuses = Vec::new();
        for password in ["x", "y", "z", PASSWORD] {
            statuses.push(log_in(&owner, &email, password).await.status);
        }
        assert_eq!(statuses, [401, 401, 401, 429], "after {strangers} guesses of strangers");
        app.advance(QUARTER);
        log_in(&owner, &email, PASSWORD).await.expect(200);
    }
}

#[tokio::test]
async fn what_an_owner_gets_wrong_at_home_is_taken_back_by_getting_it_right_there() {
    let app = limited("login_account=2/900,login_ip=off").await;
    let (owner, email) = owner(&app).await;
    log_in(&owner, &email, PASSWORD).await.expect(200);
    for _ in 0..2 {
        log_in(&app.anonymous().at(CAFE), &email, "wrong horse").await.expect(401);
    }
    // In the allowance of their own, which a success does not use up.
    for _ in 0..3 {
        log_in(&owner, &email, PASSWORD).await.expect(200);
    }
    log_in(&owner, &email, "wrong horse").await.expect(401);
    log_in(&app.anonymous().at(CAFE), &email, "wrong horse").await.expect(429);
}

#[tokio::test]
async fn an_address_is_known_for_ninety_days_and_written_down_once_a_day() {
    let day = Duration::from_secs(24 * 3600);
    let app = limited("login_account=1/900,login_ip=off").await;
    let (owner, email) = owner(&app).await;
    let seen = async || {
        let mut items = app.contents().await.into_iter();
        let (_, item) = items.find(|(key, _)| key.starts_with("KNOWN#")).expect("a known address");
        item["seen_at"].as_s().expect("a text").clone()
    };
    log_in(&owner, &email, PASSWORD).await.expect(200);
    let first = seen().await;
    app.advance(day - Duration::from_secs(1));
    log_in(&owner, &email, PASSWORD).await.expect(200);
    assert_eq!(seen().await, first);
    app.advance(Duration::from_secs(1));
    log_in(&owner, &email, PASSWORD).await.expect(200);
    assert_eq!(seen().await, "2026-01-02T00:00:00.000Z");

    for (later, status) in [(90 * day - Duration::from_secs(1), 401), (Duration::from_secs(1), 429)]
    {
        app.advance(later);
        log_in(&app.anonymous().at(CAFE), &email, "wrong horse").await;
        assert_eq!(log_in(&owner, &email, "wrong horse").await.status, status);
    }
}

/// Whoever has stolen a session guesses no faster than a stranger, and strangers don't keep its owner
/// from changing the password.
#[tokio::test]
async fn who_is_signed_in_has_an_allowance_of_their_own_for_their_password() {
    let app = limited("login_account=1/900,password_account=2/900").await;
    let (owner, email) = owner(&app).await;
    let now = "battery staple";
    let change = |current: &str| json!({"current_password": current, "new_password": now});
    let stranger = app.anonymous().at(CAFE);
    for _ in 0..3 {
        log_in(&stranger, &email, "wrong horse").await;
    }
    owner.put("/users/me/password", change(PASSWORD)).await.expect(204);
    for path in ["/users/me/password", "/users/me/deletion"] {
        let wrong = match path {
            "/users/me/deletion" => owner.post(path, json!({"password": PASSWORD})).await,
            _ => owner.put(path, change("wrong horse")).await,
        };
        wrong.expect_problem(401, "invalid_credentials");
    }

    let back = json!({"current_password": now, "new_password": PASSWORD});
    let refused = owner.put("/users/me/password", back.clone()).await;
    refused.expect_problem(429, "rate_limited");
    let refused = owner.post("/users/me/deletion", json!({"password": now})).await;
    refused.expect_problem(429, "rate_limited");

    app.advance(Duration::from_secs(900));
    let owner = owner.with_new_session().await;
    owner.put("/users/me/password", back).await.expect(204);
}

#[tokio::test]
async fn an_address_that_has_used_up_its_own_uses_up_nobody_elses() {
    let app = limited("login_account=2/900,login_ip=2/900,register_ip=1/3600").await;
    let (owner, email) = owner(&app).await;
    let attacker = app.anonymous();
    for name in ["a", "b"] {
        log_in(&attacker, &format!("{name}@example.com"), "x").await.expect(401);
    }
    register(&attacker, "a@example.com").await.expect(202);
    for _ in 0..3 {
        let refused = log_in(&attacker, &email, "x").await.expect_problem(429, "rate_limited");
        assert_eq!(refused["limit"], "login_ip");
    }
    for _ in 0..6 {
        register(&attacker, "eve@example.com").await.expect_problem(429, "rate_limited");
    }

    log_in(&owner.at(CAFE), &email, PASSWORD).await.expect(200);
    register(&attacker.at(CAFE), "eve@example.com").await.expect(202);
}

#[tokio::test]
async fn a_replayed_order_does_not_count() {
    let app = limited("checkout_account=3/600").await;
    let (ada, _) = owner(&app).await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 50)).await;
    let place = async |key: &str| {
        let call = ada.call("POST", "/orders").header("idempotency-key", key);
        call.json(&order_of(&mug, 1)).send().await
    };
    let first = place("first").await.expect(201);
    for _ in 0..5 {
        let again = place("first").await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.header("ratelimit"), Some("\"checkout_account\";r=2;t=600"));
        assert_eq!(again.expect(201)["id"], first["id"]);
    }
    place("second").await.expect(201);
    place("third").await.expect(201);

    place("fourth").await.expect_problem(429, "rate_limited");
    ada.post("/orders", order_of(&mug, 1)).await.expect_problem(429, "rate_limited");
    let again = place("first").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"), "beyond the limit");
    assert_eq!(again.expect(201)["id"], first["id"]);
    let reused = ada.call("POST", "/orders").header("idempotency-key", "first");
    let reused = reused.json(&order_of(&mug, 2)).send().await;
    reused.expect_problem(422, "idempotency_key_reused");
}

/// The request within the limit waits with its transaction until the one beyond it has looked for
/// an order and found none.
#[tokio::test]
async fn an_equal_request_that_is_still_under_way_does_not_count_either() {
    let app = limited("checkout_account=1/600").await;
    let ((ada, _), admin) = (owner(&app).await, app.admin().await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 50)).await;
    let place = || {
        let call = ada.call("POST", "/orders").header("idempotency-key", "once");
        call.json(&order_of(&mug, 1)).send()
    };

    app.race(2);
    let release = async {
        let mut accesses = BTreeSet::new();
        let looked = |access: &Access| {
            access.action == "dynamodb:GetItem" && access.partition.starts_with("IDEMPOTENCY#")
        };
        for _ in 0..2_000 {
            if accesses.iter().any(looked) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            accesses.extend(app.take_count("place-order").accesses);
        }
        create_product(&admin, product("Another transaction", 1800, 50)).await
    };
    let (answers, _) = join(join_all([place(), place()]), release).await;

    assert_eq!(tally(&answers), [(201, 2)].into());
}

#[tokio::test]
async fn what_a_header_says_of_the_address_changes_nothing() {
    let app = limited("login_ip=2/900").await;
    let body = json!({"email": "eve@example.com", "password": "x"});
    let mut statuses = Vec::new();
    for number in 0..4 {
        let mut call = app.anonymous().call("POST", "/auth/login").json(&body);
        for header in ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip", "via"] {
            call = call.header(header, &format!("192.0.2.{number}"));
        }
        statuses.push(call.send().await.status);
    }
    assert_eq!(statuses, [401, 401, 429, 429]);
}

#[tokio::test]
async fn a_network_of_ipv6_addresses_is_one_caller() {
    let app = limited("login_ip=2/900").await;
    let mut statuses = Vec::new();
    for address in ["2001:db8::1", "2001:db8::ffff:2", "2001:db8::3", "2001:db8:0:1::1"] {
        statuses.push(log_in(&app.anonymous().at(address), "eve@example.com", "x").await.status);
    }
    assert_eq!(statuses, [401, 401, 429, 401]);
}

#[tokio::test]
async fn who_comes_from_nowhere_is_one_caller_and_known_nowhere() {
    let app = limited("login_account=1/900,login_ip=3/900").await;
    let (owner, email) = owner(&app).await;
    for nowhere in ["", "localhost"] {
        log_in(&owner.at(nowhere), &email, PASSWORD).await.expect(200);
    }
    log_in(&owner.at("nowhere"), &email, "wrong horse").await.expect(401);
    let refused = log_in(&owner.at("::1::"), "eve@example.com", "x").await;
    assert_eq!(refused.expect_problem(429, "rate_limited")["limit"], "login_ip");
    let known = app.contents().await.into_keys().find(|key| key.starts_with("KNOWN#"));
    assert_eq!(known, None);
}

#[tokio::test]
async fn where_nothing_can_be_counted_passwords_are_not_looked_at_and_the_rest_goes_on() {
    let closed = Faults { throttled_prefix: Some("LIMIT#"), ..Faults::default() };
    let app = App::builder().limits("").faults(closed).start().await;
    let (owner, email) = owner(&app).await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 50)).await;
    let before = app.contents().await;

    for password in [PASSWORD, "wrong horse"] {
        let answer = log_in(&owner, &email, password).await;
        assert!(answer.header("retry-after").is_some());
        answer.expect_problem(503, "service_unavailable");
        let change = json!({"current_password": password, "new_password": "battery staple"});
        owner.put("/users/me/password", change).await.expect_problem(503, "service_unavailable");
    }
    assert!(app.contents().await == before, "something was written");

    register(&owner, "eve@example.com").await.expect(202);
    owner.post("/orders", order_of(&mug, 1)).await.expect(201);
}

#[tokio::test]
async fn nothing_but_a_password_waits_long_for_being_counted() {
    let silent = Faults { hanging_prefix: Some("LIMIT#"), ..Faults::default() };
    let app = App::builder().as_deployed().faults(silent).start().await;
    let (owner, email) = owner(&app).await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 50)).await;
    let begin = std::time::Instant::now();
    let order = owner.post("/orders", order_of(&mug, 1)).await;
    assert!(begin.elapsed() < Timeouts::default().call, "{:?}", begin.elapsed());
    assert_eq!(order.header("ratelimit"), None, "nobody knows");
    order.expect(201);
    register(&owner, "eve@example.com").await.expect(202);
    log_in(&owner, &email, PASSWORD).await.expect_problem(503, "service_unavailable");
}

#[tokio::test]
async fn where_acquaintances_can_not_be_read_the_limit_is_everybodys() {
    let closed = Faults { throttled_prefix: Some("KNOWN#"), ..Faults::default() };
    let app = App::builder().limits("login_account=2/900").faults(closed).start().await;
    let (owner, email) = owner(&app).await;
    log_in(&owner, &email, PASSWORD).await.expect(200);
    for status in [401, 401, 429] {
        assert_eq!(log_in(&owner, &email, "wrong horse").await.status, status);
    }
}

#[tokio::test]
async fn who_is_counted_is_not_written_in_the_clear() {
    let app = limited("").await;
    let (owner, email) = owner(&app).await;
    log_in(&owner, &email, PASSWORD).await.expect(200);
    log_in(&owner, &email, "wrong horse").await.expect(401);
    register(&owner, "eve@example.com").await.expect(202);
    owner.post("/orders", json!({})).await.expect(409);

    let items = app.contents().await.into_iter();
    let items = items.filter(|(key, _)| key.starts_with("LIMIT#") || key.starts_with("KNOWN#"));
    let items: Vec<_> = items.map(|(key, item)| format!("{key} {item:?}")).collect();
    assert_eq!(items.len(), 7, "{items:#?}");
    let id = owner.user_id.expect("an id").to_string();
    for item in items {
        for name in [email.as_str(), "eve@example.com", HOME, "example.com", id.as_str()] {
            assert!(!item.contains(name), "{name} in {item}");
        }
    }
}

#[tokio::test]
async fn what_is_taken_back_again_by_a_retry_makes_no_room_that_was_not_there() {
    let app = limited("").await;
    let quota = Quota { requests: 2, seconds: 900 };
    let counter = Counter {
        limit: RateLimit::CheckoutAccount,
        identity: "somebody".to_owned(),
        quota,
        window: quota.window(app.unrestricted.now()),
        is_site: false,
    };
    let count =
        async || app.unrestricted.store.rate_limits().count(&counter).await.expect("counted");
    assert_eq!(count().await, Some(1));
    for _ in 0..3 {
        app.unrestricted.store.rate_limits().undo_count(&counter).await.expect("undone");
    }
    assert_eq!([count().await, count().await, count().await], [Some(1), Some(2), None]);
}

#[tokio::test]
async fn a_limit_that_is_off_counts_nothing() {
    let app = limited("login_account=off,login_ip=off,checkout_account=off").await;
    let (owner, email) = owner(&app).await;
    let mut states: Vec<Value> = Vec::new();
    for _ in 0..12 {
        let answer = log_in(&owner, &email, "wrong horse").await;
        states.push(json!([answer.status, answer.header("ratelimit")]));
    }
    log_in(&owner, &email, PASSWORD).await.expect(200);
    owner.post("/orders", json!({})).await.expect(409);
    assert_eq!(states, vec![json!([401, null]); 12]);
    assert_eq!(counters(&app).await, Vec::<String>::new());
}
