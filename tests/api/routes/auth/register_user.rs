//! `POST /auth/register`

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::answer::{Answer, tally};
use tests::app::App;
use tests::persona::Persona;

fn ada() -> Value {
    json!({
        "email": "ada@example.com",
        "password": "correct horse",
        "name": "Ada Lovelace",
        "phone": "+44 20 7946 0000",
    })
}

/// Ada's account with some members replaced.
fn ada_with(changes: Value) -> Value {
    let mut body = ada();
    for (name, value) in changes.as_object().expect("changes") {
        body[name] = value.clone();
    }
    body
}

/// The status of an attempt to log in.
async fn log_in(who: &Persona<'_>, email: &str, password: &str) -> u16 {
    who.post("/auth/login", json!({"email": email, "password": password})).await.status
}

/// Where `EMAIL_VERIFICATION` is off.
async fn without_verification() -> App {
    App::builder().configure(|config| config.email_verification = false).start().await
}

fn names(answer: &Answer) -> Vec<String> {
    let mut names: Vec<_> = answer.headers.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_registration_is_no_account_before_its_address_is_verified() {
    let app = App::start().await;
    let visitor = app.anonymous();

    let answer = visitor.post("/auth/register", ada()).await;

    answer.expect_private();
    assert_eq!(answer.expect(202), json!({"status": "verification_sent"}));
    assert_eq!(log_in(&visitor, "ada@example.com", "correct horse").await, 401);
    let items = app.items().await;
    let kinds: BTreeSet<_> = items.iter().filter_map(|item| item["type"].as_s().ok()).collect();
    let kinds: Vec<_> = kinds.into_iter().map(String::as_str).collect();
    assert_eq!(kinds, ["message", "registration", "signing_keys"]);
}

#[tokio::test]
async fn an_address_that_is_known_gets_the_same_answer_and_keeps_its_account() {
    for app in [App::start().await, without_verification().await] {
        let visitor = app.anonymous();
        let first = visitor.post("/auth/register", ada()).await;
        if app.unrestricted.config.email_verification {
            let token = app.verification_token("ada@example.com").await;
            let verify = json!({"token": token, "password": "correct horse"});
            visitor.post("/auth/verify-email", verify).await.expect(200);
        }

        for email in ["ada@example.com", "ADA@Example.COM", "  ada@example.com "] {
            let thief =
                ada_with(json!({"email": email, "password": "stolen horse", "name": "Eve"}));
            let again = visitor.post("/auth/register", thief).await;
            assert_eq!((again.status, &again.body), (first.status, &first.body), "{email}");
            assert_eq!(names(&again), names(&first), "{email}");
        }

        assert_eq!(log_in(&visitor, "ada@example.com", "stolen horse").await, 401);
        assert_eq!(log_in(&visitor, "ada@example.com", "correct horse").await, 200);
    }
}

/// The routes ask the database for the same, whoever is known to it: what they don't look up
/// can't be told from how long they take.
#[tokio::test]
async fn what_is_asked_of_the_database_does_not_depend_on_who_is_known() {
    let app = App::start().await;
    let visitor = app.anonymous();
    visitor.sign_up(ada()).await;
    app.warm_up().await;
    for (path, route) in [
        ("/auth/register", "register-user"),
        ("/auth/resend-verification", "resend-verification"),
        ("/auth/forgot-password", "forgot-password"),
    ] {
        app.take_count(route);
        let mut counts = Vec::new();
        for email in ["ada@example.com", "eve@example.com"] {
            let body = match route {
                "register-user" => ada_with(json!({"email": email})),
                _ => json!({"email": email}),
            };
            visitor.post(path, body).await.expect(202);
            let count = app.take_count(route);
            counts.push((count.requests, count.answered_depth, count.half_reads, count.writes));
        }
        assert_eq!(counts[0], counts[1], "{route}");
    }
}

#[tokio::test]
async fn without_verification_somebody_new_gets_an_account_at_once() {
    let app = without_verification().await;
    let visitor = app.anonymous();

    let answer = visitor.post("/auth/register", ada()).await;

    assert_eq!(answer.expect(202), json!({"status": "verification_sent"}));
    let login = json!({"email": "ada@example.com", "password": "correct horse"});
    let user = visitor.post("/auth/login", login).await.expect(200)["user"].clone();
    assert_eq!((&user["role"], &user["status"]), (&json!("customer"), &json!("active")));
    assert_eq!(
        (&user["name"], &user["phone"]),
        (&json!("Ada Lovelace"), &json!("+44 20 7946 0000"))
    );
    assert_eq!(user["email_verified"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_verification_one_of_six_who_register_an_address_at_once_gets_it() {
    let app = without_verification().await;
    let visitor = app.anonymous();
    let passwords: Vec<_> = (0..6).map(|n| format!("horse battery {n}")).collect();

    let register =
        |password| visitor.post("/auth/register", ada_with(json!({"password": password})));
    let answers = join_all(passwords.iter().map(register)).await;

    assert_eq!(tally(&answers), [(202, 6)].into());
    let logins = passwords.iter().map(|password| log_in(&visitor, "ada@example.com", password));
    let inside = join_all(logins).await.into_iter().filter(|status| *status == 200).count();
    assert_eq!(inside, 1);
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused_field_by_field_and_nothing_is_written() {
    let app = App::start().await;
    let before = app.items().await.len();
    let long = |length| "x".repeat(length);
    for (why, body, expected) in [
        ("a list", json!([]), " wrong_type"),
        ("nothing said", json!({}), "/email required, /name required, /password required"),
        (
            "everything of the wrong type",
            json!({"email": 1, "password": ["a"], "name": {}, "phone": true}),
            "/email wrong_type, /name wrong_type, /password wrong_type, /phone wrong_type",
        ),
        (
            "everything unfit",
            json!({"email": "ada", "password": "short", "name": " ", "phone": "1", "age": 36}),
            "/age unknown_field, /email invalid_email, /name too_short, \
             /password password_too_short, /phone too_short",
        ),
        ("no domain", ada_with(json!({"email": "ada@"})), "/email invalid_email"),
        (
            "a second header in the address",
            ada_with(json!({"email": "ada@example.com\nBcc: all@example.com"})),
            "/email invalid_email",
        ),
        (
            "a key's separator",
            ada_with(json!({"email": "ada@example.com#x"})),
            "/email invalid_email",
        ),
        (
            "an address of 255",
            ada_with(json!({"email": format!("ada@{}.example.com", long(239))})),
            "/email invalid_email",
        ),
        (
            "seven characters",
            ada_with(json!({"password": "1234567"})),
            "/password password_too_short",
        ),
        ("129 characters", ada_with(json!({"password": long(129)})), "/password password_too_long"),
        (
            "a common password",
            ada_with(json!({"password": "Password1"})),
            "/password password_too_common",
        ),
        (
            "the address for a password",
            ada_with(json!({"password": "Ada@example.com"})),
            "/password password_is_email",
        ),
        (
            "the name for a password",
            ada_with(json!({"password": "ada lovelace 1815"})),
            "/password password_is_name",
        ),
        ("a name of 201", ada_with(json!({"name": long(201)})), "/name too_long"),
        (
            "a name in two lines",
            ada_with(json!({"name": "Ada\nLovelace"})),
            "/name control_character",
        ),
        ("a phone of 41", ada_with(json!({"phone": long(41)})), "/phone too_long"),
        ("a role", ada_with(json!({"role": "admin"})), "/role unknown_field"),
        ("a status", ada_with(json!({"status": "active"})), "/status unknown_field"),
        (
            "a verified address",
            ada_with(json!({"email_verified": true})),
            "/email_verified unknown_field",
        ),
        (
            "an id",
            ada_with(json!({"id": "usr_01890a5d-ac96-774b-bcce-b302099a8057"})),
            "/id unknown_field",
        ),
        (
            "a hash",
            ada_with(json!({"password_hash": "$argon2id$"})),
            "/password_hash unknown_field",
        ),
    ] {
        let answer = app.anonymous().post("/auth/register", body).await;
        assert_eq!(answer.broken(), expected, "{why}");
    }
    assert_eq!(app.items().await.len(), before, "nothing is written");
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_is_told_beside_all_else_that_is_wrong() {
    let app = App::start().await;
    for (changes, expected) in [
        (
            json!({"password": "lovelace", "email": "ada", "phone": 5, "age": 36}),
            "/age unknown_field, /email invalid_email, /password password_is_name, \
             /phone wrong_type",
        ),
        (
            json!({"password": "ada@example.com", "name": ""}),
            "/name too_short, /password password_is_email",
        ),
        (
            json!({"password": "password1", "name": "", "email": null}),
            "/email wrong_type, /name too_short, /password password_too_common",
        ),
    ] {
        let answer = app.anonymous().post("/auth/register", ada_with(changes)).await;
        assert_eq!(answer.broken(), expected);
    }
}

#[tokio::test]
async fn a_password_is_never_repeated_in_an_answer() {
    let app = App::start().await;
    let secret = "s3cret";
    let body = ada_with(json!({"password": secret, "email": "ada"}));
    let answer = app.anonymous().post("/auth/register", body).await;
    assert!(!answer.body.to_string().contains(secret), "{:#}", answer.body);
    let broken = format!("{{\"password\": \"{secret}\"");
    let call = app.anonymous().call("POST", "/auth/register").body("application/json", &broken);
    let answer = call.send().await;
    assert!(!answer.body.to_string().contains(secret), "{:#}", answer.body);
}

#[tokio::test]
async fn a_password_is_stored_as_a_salted_hash_only() {
    let app = App::start().await;
    for email in ["ada@example.com", "eve@example.com"] {
        let body = ada_with(json!({"email": email}));
        app.anonymous().post("/auth/register", body).await.expect(202);
    }

    let items = app.items().await;

    assert!(!format!("{items:?}").contains("correct horse"), "in the clear");
    let mut hashes: Vec<_> =
        items.iter().filter_map(|item| item.get("password_hash")?.as_s().ok()).collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), 2, "the same password has two hashes");
    for hash in hashes {
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }
}

#[tokio::test]
async fn passwords_of_any_script_are_taken_as_they_are() {
    let app = App::start().await;
    let visitor = app.anonymous();
    for (email, password) in [
        ("space@example.com", "  two spaces around  "),
        ("script@example.com", "пароль-длинный"),
        ("emoji@example.com", &"🔑".repeat(128)),
    ] {
        let body = ada_with(json!({"email": email, "password": password}));
        visitor.sign_up(body).await;
        assert_eq!(log_in(&visitor, email, password).await, 200, "{email}");
        assert_eq!(
            log_in(&visitor, email, password.trim()).await == 200,
            password.trim() == password
        );
    }
}

#[tokio::test]
async fn a_bearer_token_does_not_matter() {
    let app = App::start().await;
    let forger = app.anonymous().with_token("forged");
    forger.post("/auth/register", ada()).await.expect(202);
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let app = App::start().await;
    let post = |content_type: &str, body: &str| {
        app.anonymous().call("POST", "/auth/register").body(content_type, body).send()
    };
    post("text/plain", &ada().to_string()).await.expect_problem(415, "unsupported_media_type");
    post("application/json", "{").await.expect_problem(400, "invalid_json");
    let huge = "x".repeat(64 * 1024 + 1);
    post("application/json", &huge).await.expect_problem(413, "body_too_large");
}
