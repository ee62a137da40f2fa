//! `POST /auth/refresh`

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::crypto::digest::digest;
use shared::store::keys;
use tests::answer::{Answer, members, tally};
use tests::app::App;
use tests::gate::Faults;
use tests::jwt;
use tests::log::Log;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::disable;

const DAY: Duration = Duration::from_secs(86_400);

async fn refresh(app: &App, token: &str) -> Answer {
    app.anonymous().post("/auth/refresh", json!({"refresh_token": token})).await
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer:#}"))
}

/// Renews and says what the next refresh token is.
async fn next(app: &App, token: &str) -> String {
    text(&refresh(app, token).await.expect(200), "refresh_token").to_owned()
}

fn first(who: &Persona<'_>) -> String {
    who.refresh_token.clone().expect("a session")
}

/// The session has ended: none of these tokens is good for anything.
async fn expect_ended(app: &App, access: &Persona<'_>, refresh_tokens: &[&str]) {
    access.get("/users/me").await.expect_problem(401, "unauthenticated");
    for token in refresh_tokens {
        refresh(app, token).await.expect_problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_session_goes_on_with_new_tokens_and_the_person() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    app.advance(Duration::from_secs(14 * 60));

    let answer = ada.refresh().await;

    answer.expect_private();
    let renewed = answer.expect(200);
    let expected = ["access_token", "expires_in", "refresh_token", "token_type", "user"];
    assert_eq!(members(&renewed), expected);
    assert_eq!((&renewed["token_type"], &renewed["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_ne!(text(&renewed, "refresh_token"), first(&ada));
    app.advance(Duration::from_secs(14 * 60));
    ada.get("/users/me").await.expect_problem(401, "unauthenticated");
    let ada = ada.with_token(text(&renewed, "access_token"));
    assert_eq!(ada.get("/users/me").await.expect(200), renewed["user"]);
}

#[tokio::test]
async fn a_lost_answer_is_given_again_for_ten_seconds() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let second = next(&app, &first(&ada)).await;

    app.advance(Duration::from_millis(9_999));
    assert_eq!(next(&app, &first(&ada)).await, second);
    assert_eq!(next(&app, &first(&ada)).await, second);

    let third = next(&app, &second).await;
    assert_ne!(third, second);
    ada.get("/users/me").await.expect(200);
}

#[tokio::test]
async fn a_token_that_comes_back_after_ten_seconds_ends_the_session() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let tablet = ada.with_new_session().await;
    let renewed = refresh(&app, &first(&ada)).await.expect(200);
    app.advance(Duration::from_secs(10));

    refresh(&app, &first(&ada)).await.expect_problem(401, "unauthenticated");

    let newest = ada.with_token(text(&renewed, "access_token"));
    expect_ended(&app, &newest, &[text(&renewed, "refresh_token"), &first(&ada)]).await;
    expect_ended(&app, &ada, &[]).await;
    tablet.get("/users/me").await.expect(200);
    tablet.refresh().await.expect(200);
}

#[tokio::test]
async fn a_grandparent_ends_the_session_at_once() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let second = next(&app, &first(&ada)).await;
    let third = next(&app, &second).await;

    refresh(&app, &first(&ada)).await.expect_problem(401, "unauthenticated");

    expect_ended(&app, &ada, &[&third, &second]).await;
}

/// Both identifiers stand in every access token, and in logs.
#[tokio::test]
async fn who_knows_a_session_by_name_only_can_not_end_it() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let forged = [&jwt::from_base64url(&first(&ada))[..32], &[7; 32]].concat();
    let forged = jwt::base64url(&forged);
    let second = next(&app, &first(&ada)).await;
    app.advance(Duration::from_secs(10));
    let before = app.contents().await;

    refresh(&app, &forged).await.expect_problem(401, "unauthenticated");

    assert!(app.contents().await == before, "something was written");
    ada.get("/users/me").await.expect(200);
    next(&app, &second).await;
    refresh(&app, &first(&ada)).await.expect_problem(401, "unauthenticated");
    expect_ended(&app, &ada, &[&second]).await;
}

/// Of a token that an older version gave out, one digest is kept, in which no line shows.
#[tokio::test]
async fn a_session_of_an_older_version_goes_on_and_has_a_line_from_then_on() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let old = jwt::from_base64url(&first(&ada));
    let key = keys::security(ada.user_id.expect("an id"));
    let (_, claims) = jwt::read(ada.token.as_deref().expect("a token"));
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    let update = update.update_expression("SET sessions.#id.refresh_digest = :digest");
    let update = update.expression_attribute_names("#id", text(&claims, "sid"));
    let digest = AttributeValue::S(digest([&old[32..]]));
    update.expression_attribute_values(":digest", digest).send().await.expect("an update");
    let forged = jwt::base64url(&[&old[..32], &[7; 32]].concat());

    refresh(&app, &forged).await.expect_problem(401, "unauthenticated");
    let second = next(&app, &first(&ada)).await;
    assert_eq!(next(&app, &first(&ada)).await, second);
    refresh(&app, &forged).await.expect_problem(401, "unauthenticated");
    let third = next(&app, &second).await;
    ada.get("/users/me").await.expect(200);

    refresh(&app, &first(&ada)).await.expect_problem(401, "unauthenticated");
    expect_ended(&app, &ada, &[&third]).await;
}

#[tokio::test]
async fn a_token_that_comes_back_is_in_the_log() {
    let log = Log::default();
    let _logging = log.listen();
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let second = next(&app, &first(&ada)).await;
    next(&app, &second).await;
    refresh(&app, &first(&ada)).await.expect(401);

    let log = log.text();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let events: Vec<_> =
        lines.iter().filter(|line| line["event"] == "refresh_token_reused").collect();

    let [event] = events.as_slice() else { panic!("{log}") };
    let (_, claims) = jwt::read(ada.token.as_deref().expect("a token"));
    assert_eq!((&event["level"], &event["user_id"]), (&json!("WARN"), &claims["sub"]));
    assert_eq!(event["session_id"], claims["sid"]);
    for token in [first(&ada), second] {
        assert!(!log.contains(&token), "a token in the log");
    }
}

#[tokio::test]
async fn many_renewals_at_once_lead_to_the_same_successor() {
    for count in [2, 20] {
        let app = App::start().await;
        let ada = app.customer("ada").await;
        app.race_updates(count);

        let answers = join_all((0..count).map(|_| ada.refresh())).await;

        assert_eq!(tally(&answers), [(200, count)].into());
        let successor = text(&answers[0].body, "refresh_token");
        for answer in &answers {
            assert_eq!(text(&answer.body, "refresh_token"), successor, "of {count}");
            let ada = ada.with_token(text(&answer.body, "access_token"));
            ada.get("/users/me").await.expect(200);
        }
        app.advance(Duration::from_secs(60));
        refresh(&app, successor).await.expect(200);
    }
}

#[tokio::test]
async fn sessions_that_are_renewed_at_once_do_not_disturb_each_other() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mut devices = vec![ada.clone()];
    for _ in 1..10 {
        devices.push(ada.with_new_session().await);
    }
    for _ in 0..3 {
        app.race_updates(devices.len());
        let answers = join_all(devices.iter().map(Persona::refresh)).await;
        for (device, answer) in devices.iter_mut().zip(answers) {
            let successor = text(&answer.expect(200), "refresh_token").to_owned();
            // None took from another what it needs if its answer is lost.
            assert_eq!(text(&device.refresh().await.expect(200), "refresh_token"), successor);
            device.refresh_token = Some(successor);
        }
        app.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn a_database_in_trouble_logs_nobody_out() {
    let faults = Faults {
        conflicts: 10,
        throttles: 10,
        lost_responses: 20,
        random: Some(Random::seeded()),
        ..Faults::default()
    };
    let app = App::builder().faults(faults).start().await;
    let mut token = first(&app.customer("ada").await);
    for _ in 0..10 {
        let answers = join_all((0..5).map(|_| refresh(&app, &token))).await;
        let mut successors: Vec<_> = answers
            .iter()
            .filter(|answer| answer.status == 200)
            .map(|answer| text(&answer.body, "refresh_token").to_owned())
            .collect();
        assert!(answers.iter().all(|answer| [200, 503].contains(&answer.status)), "{answers:?}");
        successors.dedup();
        assert!(successors.len() <= 1, "{successors:?}");
        token = successors.pop().unwrap_or(token);
    }
}

#[tokio::test]
async fn without_a_key_to_sign_with_no_token_is_used_up() {
    let app = App::builder().without_a_key("http://127.0.0.1:1").limits("").start().await;
    let ada = app.customer("ada").await;
    let before = app.contents().await;

    ada.refresh().await.expect_problem(503, "service_unavailable");

    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn a_session_ends_thirty_days_after_the_login_however_often_it_is_renewed() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mut token = first(&ada);
    for _ in 0..29 {
        app.advance(DAY);
        token = next(&app, &token).await;
    }
    app.advance(DAY - Duration::from_secs(1));
    let renewed = refresh(&app, &token).await.expect(200);
    let last = ada.with_token(text(&renewed, "access_token"));
    last.get("/users/me").await.expect(200);

    app.advance(Duration::from_secs(1));

    expect_ended(&app, &last, &[text(&renewed, "refresh_token"), &token]).await;
}

#[tokio::test]
async fn a_disabled_account_is_not_renewed() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    disable(&app, ada.user_id.expect("an id")).await;
    let before = app.contents().await;

    ada.refresh().await.expect_problem(401, "unauthenticated");

    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused_and_nothing_is_written() {
    let app = App::start().await;
    let (ada, eve) = (app.customer("ada").await, app.customer("eve").await);
    let (token, eves) = (first(&ada), first(&eve));
    let bytes = |token: &str| jwt::from_base64url(token);
    let joined = |parts: &[&[u8]]| jwt::base64url(&parts.concat());
    let before = app.contents().await;
    for (why, forged) in [
        ("an access token", ada.token.clone().expect("a token")),
        ("nothing", String::new()),
        ("a space around it", format!(" {token}")),
        ("not base64", "!".repeat(token.len())),
        ("half of it", token[..token.len() / 2].to_owned()),
        ("more than it", format!("{token}AAAA")),
        ("60 KB", "A".repeat(60_000)),
        ("nulls", joined(&[&[0; 64]])),
        ("nobody's session", joined(&[&[7; 32], &bytes(&token)[32..]])),
        ("a session of another", joined(&[&bytes(&eves)[..16], &bytes(&token)[16..]])),
        ("the secret of another", joined(&[&bytes(&token)[..32], &bytes(&eves)[32..]])),
        ("an invented secret", joined(&[&bytes(&token)[..32], &[7; 32]])),
        ("half a secret", joined(&[&bytes(&token)[..32], &[7; 16], &bytes(&token)[48..]])),
    ] {
        let answer = refresh(&app, &forged).await;
        assert_eq!(answer.status, 401, "{why}: {answer:?}");
        answer.expect_problem(401, "unauthenticated");
    }
    assert!(app.contents().await == before, "something was written");
    ada.with_token(&token).get("/users/me").await.expect_problem(401, "unauthenticated");
    refresh(&app, &token).await.expect(200);
}

#[tokio::test]
async fn a_bearer_token_does_not_matter() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let forger = app.anonymous().with_token("forged");
    let body = json!({"refresh_token": first(&ada)});
    forger.post("/auth/refresh", body).await.expect(200);
}

/// Every signed-in request reads the item, so it must stay small: what a renewal keeps of the
/// parent goes with the next renewal of any session.
#[tokio::test]
async fn twenty_sessions_are_read_at_the_price_of_one() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mut devices = vec![ada.clone()];
    for _ in 1..20 {
        app.advance(Duration::from_secs(1));
        devices.push(ada.with_new_session().await);
    }
    for device in &devices {
        device.refresh().await.expect(200);
        app.advance(Duration::from_secs(10));
    }
    let parents = |item: &std::collections::HashMap<String, AttributeValue>| {
        let sessions = item["sessions"].as_m().expect("sessions").values();
        sessions.filter(|session| session.as_m().is_ok_and(|s| s.contains_key("previous"))).count()
    };
    let items = app.items().await;
    let security = items.iter().find(|item| item["sk"].as_s().is_ok_and(|sk| sk == "SECURITY"));
    assert_eq!(parents(security.expect("an item")), 1);
    app.warm_up().await;
    ada.get("/users/me").await.expect(200);
    let count = app.take_count("get-me");
    assert_eq!((count.security_reads, count.half_reads), (1, 4), "1 unit, and one for the profile");
}
