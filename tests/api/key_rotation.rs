//! Replacing the key that signs access tokens logs nobody out: at every step of the rotation, with
//! functions that read the keys before or after it, and wherever it is stopped.

use std::time::{Duration, Instant};

use futures_util::future::join;
use local::parameters::Parameters;
use local::serve::RunningServer;
use serde_json::{Value, json};
use shared::Error;
use shared::auth::private_key::PrivateKey;
use shared::auth::token::ExpiredTokens;
use shared::config::Config;
use shared::http::routes;
use shared::services::token_key_rotation::Rotation;
use shared::store::{Read, Store};
use tests::answer::{Answer, members};
use tests::app::App;
use tests::jwt;

const JOB: &str = "rotate-token-key";
const PASSWORD: &str = "correct horse";
const MINUTE: Duration = Duration::from_secs(60);

/// A shop with one customer, and the local parameter store that holds its key.
async fn open() -> (App, RunningServer) {
    let parameters = Parameters::in_memory().serve(0).expect("a parameter store");
    let app = App::builder().without_a_key(&parameters.url()).limits("").start().await;
    app.warm_up().await;
    // Not by a function: it would issue a token, and so read the key.
    app.put_account("ada@example.com", PASSWORD).await;
    (app, parameters)
}

async fn try_to_log_in(app: &App) -> Answer {
    let contents = app.contents().await;
    let address = |key: &String| Some(key.strip_prefix("EMAIL#")?.split(' ').next()?.to_owned());
    let email = contents.keys().find_map(address).expect("the customer's");
    app.anonymous().post("/auth/login", json!({"email": email, "password": PASSWORD})).await
}

/// Logs in; returns an access token and a refresh token.
async fn log_in(app: &App) -> (String, String) {
    tokens(&try_to_log_in(app).await.expect(200))
}

async fn refresh(app: &App, token: &str) -> (String, String) {
    let body = json!({"refresh_token": token});
    tokens(&app.anonymous().post("/auth/refresh", body).await.expect(200))
}

fn tokens(login: &Value) -> (String, String) {
    let token = |name| login[name].as_str().expect("a token").to_owned();
    (token("access_token"), token("refresh_token"))
}

fn kid(token: &str) -> String {
    jwt::read(token).0["kid"].as_str().expect("a kid").to_owned()
}

/// Runs `rotate-token-key`. It waits for two seconds, so the shop's clock is advanced by them.
async fn rotate(app: &App, order: Value) -> Option<Value> {
    let rotated = app.run_job(JOB, order).await;
    app.advance(Duration::from_secs(2));
    rotated
}

/// Returns the key that issuers would read now.
async fn private_key(app: &App) -> PrivateKey {
    let Config { aws, token_key_parameter, .. } = &app.context("log-in").config;
    let parameter = token_key_parameter.as_deref().expect("a parameter");
    let now = app.unrestricted.now().into();
    PrivateKey::load_or_create(aws, parameter, now).await.expect("a key")
}

/// Signs a token with this key and the claims of the token `like`.
fn forge(app: &App, key: &PrivateKey, like: &str) -> String {
    let (mut header, mut claims) = jwt::read(like);
    header["kid"] = json!(key.kid);
    let now = app.unrestricted.now().unix_seconds();
    (claims["iat"], claims["exp"]) = (json!(now), json!(now + 900));
    jwt::sign(key, &header, &claims)
}

/// Names of the functions that authenticate the caller.
fn verifiers(app: &App) -> Vec<&'static str> {
    app.routes().filter(|route| routes::named(route).uses_database).collect()
}

/// Returns the functions that reject a token.
async fn refusals(app: &App, token: &str) -> Vec<&'static str> {
    let mut refusals = Vec::new();
    for route in verifiers(app) {
        let ctx = app.context(route);
        match ctx.verifier.verify(token, ExpiredTokens::Rejected, &ctx.store, ctx.now()).await {
            Ok(_) => {}
            Err(Error::Unauthenticated) => refusals.push(route),
            Err(error) => panic!("{route}: {error:?}"),
        }
    }
    refusals
}

/// Checks that every function accepts these tokens.
async fn expect_believed(app: &App, when: &str, tokens: &[&str]) {
    for (number, token) in tokens.iter().enumerate() {
        assert_eq!(refusals(app, token).await, [""; 0], "{when}: token {number}");
        app.anonymous().with_token(token).get("/users/me").await.expect(200);
    }
}

/// Checks that no function accepts this token.
async fn expect_refused(app: &App, when: &str, token: &str) {
    assert_eq!(refusals(app, token).await, verifiers(app), "{when}");
    let answer = app.anonymous().with_token(token).get("/users/me").await;
    answer.expect_problem(401, "unauthenticated");
}

fn restart_all(app: &mut App) {
    for route in verifiers(app) {
        app.restart(route);
    }
}

/// Returns the `kid`s of `GET /.well-known/jwks.json`.
async fn shown(app: &App) -> Vec<String> {
    let set = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    let keys = set["keys"].as_array().expect("keys").iter();
    keys.map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

/// Makes every function look for an unknown key, so that it will not do so again for two seconds.
async fn let_all_look_for_a_key(app: &App, token: &str) {
    let foreign = PrivateKey::generate().expect("a key");
    expect_refused(app, "an invented key", &forge(app, &foreign, token)).await;
}

#[tokio::test]
async fn every_function_accepts_every_token_at_every_step() {
    let (mut app, _parameters) = open().await;
    let job = app.context(JOB);
    let (before, refresh_token) = log_in(&app).await;
    expect_believed(&app, "before", &[&before]).await;

    let_all_look_for_a_key(&app, &before).await;
    let rotation = Rotation::begin(job).await.expect("published");
    let (published, _) = log_in(&app).await;
    assert_eq!(kid(&published), kid(&before), "a published key does not sign yet");
    expect_believed(&app, "published", &[&before, &published]).await;

    app.advance(Duration::from_secs(2));
    rotation.hand_over(job).await.expect("handed over");
    let (old_issuer, _) = log_in(&app).await;
    assert_eq!(
        kid(&old_issuer),
        kid(&before),
        "an issuer that has a key does not read the new one at once"
    );
    app.restart("log-in");
    let (new_issuer, _) = log_in(&app).await;
    assert_ne!(kid(&new_issuer), kid(&before));
    let all = [before.as_str(), &published, &old_issuer, &new_issuer];
    expect_believed(&app, "handed over", &all).await;

    rotation.finish(job, false).await.expect("finished");
    expect_believed(&app, "finished", &all).await;
    restart_all(&mut app);
    expect_believed(&app, "finished, seen by new functions", &all).await;

    let (renewed, _) = refresh(&app, &refresh_token).await;
    assert_eq!(kid(&renewed), kid(&new_issuer));
    app.advance(14 * MINUTE);
    expect_believed(&app, "until the oldest token expires", &all).await;
}

#[tokio::test]
async fn a_function_with_the_old_key_reads_the_new_one_within_five_minutes() {
    let (app, _parameters) = open().await;
    let (before, _) = log_in(&app).await;
    let rotated = app.run_job(JOB, json!({})).await.expect("rotated");

    app.advance(5 * MINUTE - Duration::from_millis(1));
    assert_eq!(kid(&log_in(&app).await.0), kid(&before));

    app.advance(Duration::from_millis(1));
    let (after, _) = log_in(&app).await;
    assert_eq!(rotated["kid"], kid(&after));
    expect_believed(&app, "both", &[&before, &after]).await;
}

/// The pause is for functions that looked for an unknown key just before the new one was published:
/// without it they would reject its first tokens.
#[tokio::test]
async fn the_command_waits_before_the_new_key_signs() {
    let (app, _parameters) = open().await;
    let began = Instant::now();
    app.run_job(JOB, json!({})).await.expect("rotated");
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_old_keys_tokens_are_accepted_for_an_hour_and_the_next_rotation_removes_it() {
    let (mut app, _parameters) = open().await;
    let (token, _) = log_in(&app).await;
    let old = private_key(&app).await;
    let rotated = app.run_job(JOB, json!({"revoke": false})).await.expect("rotated");

    assert_eq!(members(&rotated), ["kid", "older"]);
    let limit = json!({"kid": old.kid, "believed_until": "2026-01-01T01:00:00.000Z"});
    let older = rotated["older"].as_array().expect("a list");
    assert!(older.contains(&limit), "{older:?}");

    app.advance(60 * MINUTE - Duration::from_millis(1));
    expect_believed(&app, "just before", &[&forge(&app, &old, &token)]).await;
    assert!(shown(&app).await.contains(&old.kid));

    app.advance(Duration::from_millis(1));
    let forged = forge(&app, &old, &token);
    expect_refused(&app, "after an hour", &forged).await;
    restart_all(&mut app);
    expect_refused(&app, "by new functions", &forged).await;
    assert_eq!(shown(&app).await, [rotated["kid"].as_str().expect("a kid")]);
    expect_believed(&app, "the new key", &[&log_in(&app).await.0]).await;

    let again = app.run_job(JOB, json!({})).await.expect("rotated");
    let kids: Vec<_> = again["older"].as_array().expect("a list").iter().collect();
    assert_eq!(kids.len(), 1, "{again:#}");
    assert_eq!(kids[0]["kid"], rotated["kid"]);
    let keys = app.unrestricted.store.signing_keys().get(Read::Consistent).await.expect("a read");
    assert_eq!(keys.len(), 2);
}

#[tokio::test]
async fn revoking_a_key_rejects_its_tokens_after_five_minutes_and_refresh_tokens_still_work() {
    let (mut app, _parameters) = open().await;
    let (token, mut refresh_token) = log_in(&app).await;
    let leaked = private_key(&app).await;
    expect_believed(&app, "before", &[&forge(&app, &leaked, &token)]).await;

    let rotated = rotate(&app, json!({"revoke": true})).await.expect("rotated");

    for _ in 0..5 {
        let renewed = refresh(&app, &refresh_token).await;
        expect_believed(&app, "tokens issued in the meantime", &[&renewed.0]).await;
        refresh_token = renewed.1;
        app.advance(MINUTE);
    }
    let forged = forge(&app, &leaked, &token);
    expect_refused(&app, "by functions that had read the key", &forged).await;
    expect_refused(&app, "a token that it signed", &token).await;
    assert_eq!(shown(&app).await, [rotated["kid"].as_str().expect("a kid")]);
    let (renewed, _) = refresh(&app, &refresh_token).await;
    assert_eq!(rotated["kid"], kid(&renewed));
    expect_believed(&app, "the new key", &[&renewed, &log_in(&app).await.0]).await;
    restart_all(&mut app);
    expect_refused(&app, "by new functions", &forged).await;
}

#[tokio::test]
async fn a_revocation_shortens_the_limit_that_a_rotation_has_set() {
    let (app, _parameters) = open().await;
    let (token, _) = log_in(&app).await;
    let leaked = private_key(&app).await;
    // Every function has read the key now, so that no later token makes it look for one.
    expect_believed(&app, "before", &[&token]).await;
    rotate(&app, json!({})).await.expect("rotated");
    app.advance(MINUTE);

    rotate(&app, json!({"revoke": true})).await.expect("rotated");

    app.advance(5 * MINUTE);
    expect_refused(&app, "revoked", &forge(&app, &leaked, &token)).await;
}

#[tokio::test]
async fn a_rotation_that_is_stopped_half_way_leaves_a_shop_that_works() {
    for is_handed_over in [false, true] {
        let (mut app, _parameters) = open().await;
        let job = app.context(JOB);
        let (before, _) = log_in(&app).await;
        let rotation = Rotation::begin(job).await.expect("published");
        if is_handed_over {
            rotation.hand_over(job).await.expect("handed over");
        }
        drop(rotation);
        app.advance(Duration::from_secs(2));

        let (warm, _) = log_in(&app).await;
        app.restart("log-in");
        let (cold, _) = log_in(&app).await;
        assert_eq!(kid(&cold) != kid(&before), is_handed_over);
        expect_believed(&app, "stopped", &[&before, &warm, &cold]).await;
        assert_eq!(
            app.run_job(JOB, json!({})).await,
            None,
            "the stopped rotation may still be running"
        );
        app.advance(2 * MINUTE);
        expect_believed(&app, "later", &[&before, &warm, &cold]).await;

        let again = rotate(&app, json!({})).await.expect("rotated");
        let unlimited = |key: &&Value| key["believed_until"].is_null();
        let older = again["older"].as_array().expect("a list");
        assert_eq!(older.iter().filter(unlimited).count(), 0, "{again:#}");
        app.advance(5 * MINUTE);
        let (after, _) = log_in(&app).await;
        assert_eq!(again["kid"], kid(&after));
        expect_believed(&app, "done", &[&before, &warm, &cold, &after]).await;
    }
}

#[tokio::test]
async fn only_one_of_two_concurrent_rotations_is_carried_out() {
    let (app, _parameters) = open().await;
    let (before, _) = log_in(&app).await;

    let (one, other) = join(app.run_job(JOB, json!({})), app.run_job(JOB, json!({}))).await;

    let rotated = one.xor(other).expect("one of them");
    expect_believed(&app, "at once", &[&before]).await;
    app.advance(120 * MINUTE);
    let (after, _) = log_in(&app).await;
    assert_eq!(rotated["kid"], kid(&after));
    expect_believed(&app, "two hours later", &[&after]).await;
}

/// The rotation was stopped for longer than its turn, and another one has replaced the key since.
#[tokio::test]
async fn a_rotation_that_outlives_its_turn_retires_no_key() {
    let (app, _parameters) = open().await;
    let job = app.context(JOB);
    let late = Rotation::begin(job).await.expect("published");
    late.hand_over(job).await.expect("handed over");
    app.advance(2 * MINUTE);
    let next = Rotation::begin(job).await.expect("published");

    let outcome = late.finish(job, true).await.map(|rotated| rotated.kid);

    assert!(matches!(outcome, Err(Error::Unavailable { .. })), "{outcome:?}");
    next.hand_over(job).await.expect("handed over");
    next.finish(job, false).await.expect("finished");
    app.advance(120 * MINUTE);
    expect_believed(&app, "the later one", &[&log_in(&app).await.0]).await;
}

#[tokio::test]
async fn a_shop_that_has_no_key_yet_gets_one() {
    let (app, _parameters) = open().await;
    let rotated = rotate(&app, json!({})).await.expect("rotated");
    let (token, _) = log_in(&app).await;
    assert_eq!(rotated["kid"], kid(&token));
    expect_believed(&app, "its first", &[&token]).await;
}

#[tokio::test]
async fn an_invalid_event_changes_nothing() {
    let (app, _parameters) = open().await;
    let (before, old) = (app.contents().await, private_key(&app).await.kid);
    for order in [
        json!({"Revoke": true}),
        json!({"revok": true}),
        json!({"revoke": "yes"}),
        json!({"revoke": null}),
        json!({"revoke": true, "dry_run": true}),
        json!([]),
        json!([true]),
        json!([{}]),
        json!("{}"),
        json!(""),
        json!(null),
        json!(true),
        json!(0),
    ] {
        assert_eq!(app.run_job(JOB, order.clone()).await, None, "{order}");
    }
    assert!(app.contents().await == before, "something was written");
    assert_eq!(private_key(&app).await.kid, old);
}

#[tokio::test]
async fn without_the_parameter_store_issuers_keep_using_the_key_they_have_read() {
    let (app, parameters) = open().await;
    let (before, _) = log_in(&app).await;
    drop(parameters);

    for _ in 0..3 {
        app.advance(60 * MINUTE);
        let (later, _) = log_in(&app).await;
        assert_eq!(kid(&later), kid(&before));
        expect_believed(&app, "later", &[&later]).await;
    }
    assert_eq!(app.run_job(JOB, json!({})).await, None);
    expect_believed(&app, "and no other key signs", &[&log_in(&app).await.0]).await;
}

/// A 503 at login is better than a token that is rejected before it expires.
#[tokio::test]
async fn an_issuer_that_has_only_the_old_key_signs_no_token_beyond_the_keys_limit() {
    let (app, parameters) = open().await;
    log_in(&app).await;
    rotate(&app, json!({})).await.expect("rotated");
    drop(parameters);

    app.advance(44 * MINUTE);
    let (token, _) = log_in(&app).await;
    app.advance(MINUTE);
    try_to_log_in(&app).await.expect_problem(503, "service_unavailable");

    app.advance(13 * MINUTE);
    expect_believed(&app, "until it expires", &[&token]).await;
}

#[tokio::test]
async fn concurrent_requests_read_the_keys_once_in_five_minutes() {
    let (app, _parameters) = open().await;
    let (token, _) = log_in(&app).await;
    let ada = app.anonymous().with_token(&token);
    ada.get("/users/me").await.expect(200);
    app.take_count("get-me");

    app.advance(5 * MINUTE - Duration::from_millis(1));
    ada.get("/users/me").await.expect(200);
    assert_eq!(app.take_count("get-me").requests, 2, "the session and the profile");

    app.advance(Duration::from_millis(1));
    for expected in [3, 2, 2] {
        ada.get("/users/me").await.expect(200);
        assert_eq!(app.take_count("get-me").requests, expected);
    }
}

#[tokio::test]
async fn tokens_of_a_known_key_are_accepted_while_the_table_can_not_be_read() {
    let (app, _parameters) = open().await;
    let (token, _) = log_in(&app).await;
    expect_believed(&app, "before", &[&token]).await;
    app.advance(10 * MINUTE);
    let ctx = app.context("get-me");
    let mut config = ctx.config.clone();
    config.aws.dynamodb_endpoint = Some("http://127.0.0.1:1".to_owned());
    let nowhere = Store::new(&config, None);

    ctx.verifier
        .verify(&token, ExpiredTokens::Rejected, &nowhere, ctx.now())
        .await
        .expect("believed");

    let foreign = forge(&app, &PrivateKey::generate().expect("a key"), &token);
    app.advance(Duration::from_secs(2));
    let unknown = ctx.verifier.verify(&foreign, ExpiredTokens::Rejected, &nowhere, ctx.now()).await;
    assert!(matches!(unknown, Err(Error::Unavailable { .. })), "{unknown:?}");
}
