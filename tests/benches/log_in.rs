//! Measures the CPU time of a login in addition to its password hash.
//!
//!     cargo bench -p tests --bench log_in
//!
//! The whole function without the Lambda runtime: API Gateway's event, `shared::lambda`, the
//! handler, the SDK and the deployed network client, without TLS. The embedded database runs on
//! threads of its own, whose time does not count. It prints a row of `docs/figures.md`.

mod measure;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params};
use lambda_http::tracing::subscriber;
use measure::{medians, timed};
use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use shared::auth::issuer::Issuer;
use shared::auth::private_key::PrivateKey;
use shared::context::{Clock, Ctx};
use shared::http::routes::named;
use shared::lambda::Handler;
use shared::store::{Read, Store};
use tests::app::App;

const ROUNDS: usize = 50;
const PASSWORD: &str = "correct horse";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // A deployed function writes its log too, so its cost counts.
    subscriber::fmt().json().flatten_event(true).with_writer(std::io::sink).init();
    let app = App::start().await;
    let ada = app.customer("ada").await.with_password(PASSWORD).await;
    let user = ada.user_id.expect("an account");
    let store = &app.unrestricted.store;
    let email = store
        .users()
        .get(user, Read::Consistent)
        .await
        .expect("a read")
        .expect("a profile")
        .summary
        .email;
    let credential = store.credentials().get(&email).await.expect("a read").expect("a credential");
    let (ctx, clock) = deployed(&app);
    let (handler, event) = (Handler::new(auth::log_in::handle), event(email.as_str()));

    let log_in = async || {
        // A day passes before each login, so that no rate limit rejects it and no old session is
        // replaced.
        clock.fetch_add(86_400_000, Ordering::Relaxed);
        store.sessions().end_all(user).await.expect("no sessions");
        let event = event.clone();
        let (answer, took) = timed(processor_time, async {
            let event = serde_json::from_value(event).expect("an event");
            handler.respond(ctx, named("log-in"), event).await
        })
        .await;
        assert_eq!(answer.status.as_u16(), 200, "{:?}", answer.body);
        took
    };
    let hash = PasswordHash::new(&credential.password_hash).expect("a hash");
    let bare = async || timed(processor_time, async { hash_like(&hash) }).await.1;
    let [log_in, bare] = medians(ROUNDS, log_in, bare).await;

    println!("| | login | one Argon2id hash | additional |");
    println!("|---|---|---|---|");
    let additional = log_in.saturating_sub(bare).as_micros() * 1_000 / bare.as_micros();
    let (percent, tenth) = (additional / 10, additional % 10);
    let [log_in, bare] = [log_in, bare].map(|time| time.as_micros());
    println!("| CPU, median of {ROUNDS} | {log_in} µs | {bare} µs | {percent}.{tenth} % |");
}

/// Returns the CPU time of this thread. The async runtime has one thread, so this is all of our
/// code's time, and none of a server on another thread.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("every Linux has it").into()
}

/// Computes one password hash with the parameters of another.
fn hash_like(hash: &PasswordHash) {
    let params = Params::try_from(hash).expect("parameters");
    let mut out = [0; 32];
    let salt = hash.salt.as_ref().expect("a salt");
    let hashed = Argon2::from(params).hash_password_into(PASSWORD.as_bytes(), salt, &mut out);
    hashed.expect("a hash");
    black_box(out);
}

/// Returns the context of a deployed function, over the test's database, and its clock.
fn deployed(app: &App) -> (&'static Ctx, Arc<AtomicI64>) {
    let clock = Arc::new(AtomicI64::new(app.unrestricted.now().unix_millis()));
    let config = app.unrestricted.config.clone();
    let store = Store::new(&config, None);
    let issuer = Issuer::with_key(PrivateKey::generate().expect("a key"));
    let ctx = Ctx::with(config, store, issuer, Clock::Manual(Arc::clone(&clock)));
    (Box::leak(Box::new(ctx)), clock)
}

fn event(email: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /auth/login",
        "rawPath": "/auth/login",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "api.shop.example"},
        "requestContext": {
            "requestId": "benchmark",
            "stage": "$default",
            "http": {
                "method": "POST",
                "path": "/auth/login",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "benchmark",
            },
        },
        "body": json!({"email": email, "password": PASSWORD}).to_string(),
        "isBase64Encoded": false,
    })
}
