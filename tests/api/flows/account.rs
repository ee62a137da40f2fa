//! The life of an account, from registration to deletion.

use serde_json::{Value, json};
use tests::app::App;
use tests::mailbox::token;
use tests::persona::Persona;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse";

fn account(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password, "name": "Ada"})
}

/// The visitor with a login response's access token.
fn bearer<'a>(visitor: &Persona<'a>, login: &Value) -> Persona<'a> {
    visitor.with_token(login["access_token"].as_str().expect("a token"))
}

/// Returns the token in the newest mail to an email that has one. Mails that were due at the same
/// time come in any order.
async fn mailed(app: &App, email: &str) -> String {
    assert!(app.deliver_mail().await.is_empty(), "a mail was not delivered");
    let mails = app.mailbox.to(email);
    let with_token = mails.iter().rev().find(|mail| mail.text.contains("#token="));
    token(with_token.expect("a mail with a token"))
}

#[tokio::test]
async fn a_visitor_registers_verifies_refreshes_and_logs_out_and_old_tokens_are_rejected() {
    let app = App::start().await;
    let visitor = app.anonymous();
    visitor.post("/auth/register", account(EMAIL, PASSWORD)).await.expect(202);
    let verification = json!({"token": mailed(&app, EMAIL).await, "password": PASSWORD});
    let first = visitor.post("/auth/verify-email", verification.clone()).await.expect(200);
    let ada = bearer(&visitor, &first);
    ada.get("/users/me").await.expect(200);

    let refresh = json!({"refresh_token": first["refresh_token"]});
    let second = visitor.post("/auth/refresh", refresh.clone()).await.expect(200);
    let ada = bearer(&visitor, &second);
    ada.post("/auth/logout", json!({})).await.expect(204);

    for login in [&first, &second] {
        let late = bearer(&visitor, login).get("/users/me").await;
        late.expect_problem(401, "unauthenticated");
        let late = json!({"refresh_token": login["refresh_token"]});
        visitor.post("/auth/refresh", late).await.expect_problem(401, "unauthenticated");
    }
    let answer = visitor.post("/auth/verify-email", verification).await;
    assert_eq!(answer.broken(), "/token invalid_token");
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_mail_and_the_user_is_notified() {
    let app = App::start().await;
    let visitor = app.anonymous();
    let login = visitor.sign_up(account(EMAIL, PASSWORD)).await;
    let ada = bearer(&visitor, &login);

    visitor.post("/auth/forgot-password", json!({"email": EMAIL})).await.expect(202);
    let reset = json!({"token": mailed(&app, EMAIL).await, "password": "battery staple"});
    visitor.post("/auth/reset-password", reset).await.expect(204);

    ada.get("/users/me").await.expect_problem(401, "unauthenticated");
    let log_in = json!({"email": EMAIL, "password": "battery staple"});
    visitor.post("/auth/login", log_in).await.expect(200);
    app.deliver_mail().await;
    let last = app.mailbox.to(EMAIL).pop().expect("a mail");
    assert!(last.text.contains("was changed"), "{}", last.text);
}

/// Sequences of registrations, logins and mails: no response differs between an email with an
/// account and one without.
#[tokio::test]
async fn no_sequence_of_responses_reveals_whether_an_email_has_an_account() {
    let app = App::builder().limits("").start().await;
    app.anonymous().sign_up(account("known@example.com", PASSWORD)).await;
    // The known email's registration is counted against the rate limits, so this one is needed too.
    app.anonymous().post("/auth/register", account("unknown@example.com", PASSWORD)).await;

    let mut seen = Vec::new();
    for (email, address) in
        [("known@example.com", "203.0.113.8"), ("unknown@example.com", "203.0.113.9")]
    {
        let visitor = app.anonymous().at(address);
        let (guess, address) =
            (json!({"email": email, "password": "my own guess"}), json!({"email": email}));
        let mut row = Vec::new();
        for (path, body) in [
            ("/auth/login", &guess),
            ("/auth/register", &account(email, "my own guess")),
            ("/auth/login", &guess),
            ("/auth/resend-verification", &address),
            ("/auth/register", &account(email, "another guess")),
            ("/auth/forgot-password", &address),
            ("/auth/login", &guess),
        ] {
            let mut answer = visitor.post(path, body.clone()).await;
            answer.body["request_id"] = json!(null);
            answer.headers.retain(|(name, _)| name != "x-request-id");
            row.push((path, answer.status, answer.body, answer.headers));
        }
        seen.push(row);
    }
    assert_eq!(seen[0], seen[1]);
}
