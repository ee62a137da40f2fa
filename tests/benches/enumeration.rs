//! Measures whether a response's time reveals that an email has an account.
//!
//!     cargo bench -p tests --bench enumeration
//!
//! Every request that takes an email is sent in turn for one with an account and one without,
//! through the whole API in this process, over the embedded database. It fails if the medians of 30
//! each are more than 5 ms apart. It prints rows of `docs/figures.md`.

mod measure;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use measure::{medians, timed};
use serde_json::{Value, json};
use tests::app::App;
use tests::persona::Persona;

const ROUNDS: usize = 30;
const MOST_APART: Duration = Duration::from_millis(5);
const PASSWORD: &str = "correct horse";

/// One request: its path, its body for an email, and the status of its response.
type Question = (&'static str, fn(&str) -> Value, u16);

const QUESTIONS: [Question; 4] = [
    ("/auth/register", account, 202),
    ("/auth/login", login, 401),
    ("/auth/forgot-password", address, 202),
    ("/auth/resend-verification", address, 202),
];

fn account(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "name": "Ada"})
}

fn login(email: &str) -> Value {
    json!({"email": email, "password": "not the password"})
}

fn address(email: &str) -> Value {
    json!({"email": email})
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let app = App::start().await;
    let visitor = app.anonymous();
    for number in 0..40 {
        visitor.sign_up(account(&format!("known-{number}@example.com"))).await;
    }
    println!("| route | with an account, median of {ROUNDS} | without | difference |");
    println!("|---|---|---|---|");
    let mut most = Duration::ZERO;
    for question in QUESTIONS {
        let known = ask(&visitor, question, "known");
        let unknown = ask(&visitor, question, "unknown");
        let [known, unknown] = medians(ROUNDS, known, unknown).await;
        let apart = known.abs_diff(unknown);
        let [shown, other, difference] = [known, unknown, apart].map(millis);
        println!("| `POST {}` | {shown} | {other} | {difference} |", question.0);
        most = most.max(apart);
    }
    assert!(most <= MOST_APART, "{most:?} reveal whether an email has an account");
}

/// Sends the request for another email each time.
fn ask<'a>(
    visitor: &'a Persona<'a>,
    (path, body, status): Question,
    whose: &'static str,
) -> impl AsyncFnMut() -> Duration + 'a {
    let mut number = 0;
    async move || {
        let body = body(&format!("{whose}-{number}@example.com"));
        number += 1;
        let (answer, took) = timed(wall_clock, async { visitor.post(path, body).await }).await;
        answer.expect(status);
        took
    }
}

/// The time that a client can measure.
fn wall_clock() -> Duration {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    BEGINNING.get_or_init(Instant::now).elapsed()
}

fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10)
}
