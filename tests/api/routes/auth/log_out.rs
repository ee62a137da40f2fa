//! `POST /auth/logout`

use std::time::Duration;

use futures_util::future::join;
use serde_json::{Value, json};
use tests::answer::Answer;
use tests::app::App;
use tests::jwt;
use tests::persona::Persona;

async fn log_out(who: &Persona<'_>, body: Value) -> Answer {
    who.post("/auth/logout", body).await
}

/// Neither of a persona's tokens is good any more.
async fn expect_out(who: &Persona<'_>) {
    who.get("/users/me").await.expect_problem(401, "unauthenticated");
    who.refresh().await.expect_problem(401, "unauthenticated");
}

fn by_refresh_token(who: &Persona<'_>) -> Value {
    json!({"refresh_token": who.refresh_token})
}

#[tokio::test]
async fn the_callers_session_ends_with_the_answer_and_the_others_go_on() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let (tablet, eve) = (ada.with_new_session().await, app.customer("eve").await);

    let answer = ada.call("POST", "/auth/logout").send().await;

    answer.expect_private();
    assert_eq!(answer.expect(204), json!(null));
    expect_out(&ada).await;
    tablet.get("/users/me").await.expect(200);
    tablet.refresh().await.expect(200);
    eve.get("/users/me").await.expect(200);
}

#[tokio::test]
async fn a_refresh_token_is_enough() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let tablet = ada.with_new_session().await;

    log_out(&app.anonymous(), by_refresh_token(&ada)).await.expect(204);

    expect_out(&ada).await;
    tablet.get("/users/me").await.expect(200);
}

#[tokio::test]
async fn whoever_is_out_can_go_again_and_ends_nothing_more() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let tablet = ada.with_new_session().await;
    let (nobody, by_token) = (app.anonymous(), by_refresh_token(&ada));
    log_out(&ada, json!({})).await.expect(204);
    let before = app.contents().await;
    for minutes in [0, 16] {
        app.advance(Duration::from_secs(60 * minutes));
        for all in [false, true] {
            let mut body = by_token.clone();
            body["all"] = json!(all);
            log_out(&ada, json!({"all": all})).await.expect(204);
            log_out(&nobody, body.clone()).await.expect(204);
            log_out(&ada, body).await.expect(204);
            log_out(&ada, json!({"all": all, "refresh_token": "x"})).await.expect(204);
        }
    }
    assert!(app.contents().await == before, "something was written");
    tablet.refresh().await.expect(200);
}

#[tokio::test]
async fn a_bearer_who_is_out_ends_the_session_of_the_refresh_token() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let tablet = ada.with_new_session().await;
    log_out(&ada, json!({})).await.expect(204);

    log_out(&ada, by_refresh_token(&tablet)).await.expect(204);

    expect_out(&tablet).await;
}

#[tokio::test]
async fn an_invented_refresh_token_ends_nothing() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let token = jwt::from_base64url(ada.refresh_token.as_deref().expect("a token"));
    let forged = jwt::base64url(&[&token[..32], &[7; 32]].concat());

    let answer = log_out(&app.anonymous(), json!({"refresh_token": forged})).await;

    answer.expect_problem(401, "unauthenticated");
    ada.get("/users/me").await.expect(200);
    ada.refresh().await.expect(200);
}

#[tokio::test]
async fn all_sessions_of_the_person_and_of_nobody_else_end_on_demand() {
    let app = App::start().await;
    let (ada, eve) = (app.customer("ada").await, app.customer("eve").await);
    for by_token in [false, true] {
        let (phone, tablet) = (ada.with_new_session().await, ada.with_new_session().await);
        match by_token {
            false => log_out(&phone, json!({"all": true})).await.expect(204),
            true => {
                let mut body = by_refresh_token(&phone);
                body["all"] = json!(true);
                log_out(&app.anonymous(), body).await.expect(204)
            }
        };
        for device in [&phone, &tablet, &ada] {
            expect_out(device).await;
        }
    }
    eve.get("/users/me").await.expect(200);
    ada.with_new_session().await.get("/users/me").await.expect(200);
}

#[tokio::test]
async fn who_has_been_away_for_long_can_still_go() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let tablet = ada.with_new_session().await;
    app.advance(Duration::from_secs(16 * 60));
    ada.get("/users/me").await.expect_problem(401, "unauthenticated");

    log_out(&ada, json!({})).await.expect(204);
    log_out(&app.anonymous(), by_refresh_token(&tablet)).await.expect(204);

    expect_out(&ada).await;
    expect_out(&tablet).await;
}

#[tokio::test]
async fn nobody_is_logged_out_by_nobody() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let before = app.contents().await;
    let (nobody, forger) = (app.anonymous(), app.anonymous().with_token("forged"));
    for body in [json!({}), json!({"all": true}), json!({"all": true, "refresh_token": "x"})] {
        log_out(&nobody, body.clone()).await.expect_problem(401, "unauthenticated");
        log_out(&forger, body).await.expect_problem(401, "unauthenticated");
    }
    let access = json!({"refresh_token": ada.token});
    log_out(&nobody, access).await.expect_problem(401, "unauthenticated");
    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn the_parent_of_a_refresh_token_is_good_for_ten_seconds_and_then_a_theft() {
    let app = App::start().await;
    for (seconds, status) in [(9, 204), (10, 401)] {
        let ada = app.customer("ada").await;
        ada.refresh().await.expect(200);
        app.advance(Duration::from_secs(seconds));

        let answer = log_out(&app.anonymous(), by_refresh_token(&ada)).await;

        assert_eq!(answer.status, status, "after {seconds} s: {answer:?}");
        expect_out(&ada).await;
    }
}

#[tokio::test]
async fn a_renewal_at_the_same_moment_does_not_bring_the_session_back() {
    let app = App::start().await;
    for _ in 0..10 {
        let ada = app.customer("ada").await;

        let (gone, renewed) = join(log_out(&ada, json!({})), ada.refresh()).await;

        gone.expect(204);
        assert!([200, 401].contains(&renewed.status), "{renewed:?}");
        expect_out(&ada).await;
        if let Some(token) = renewed.body["refresh_token"].as_str() {
            let next = json!({"refresh_token": token});
            let answer = app.anonymous().post("/auth/refresh", next).await;
            answer.expect_problem(401, "unauthenticated");
        }
    }
}
