//! Mail to e-mail addresses of which nobody has shown that they are theirs.

use serde_json::{Value, json};
use tests::app::App;
use tests::mailbox::token;
use tests::persona::Persona;
use tests::samples::create_sku;

use super::ADA;

const PASSWORD: &str = "correct horse";
const NEW: &str = "battery staple";

/// An account that somebody has made under Ada's e-mail address.
async fn unverified(app: &App) {
    let account = json!({"email": ADA, "password": PASSWORD, "name": "Buy at http://spam.example"});
    app.anonymous().post("/auth/register", account).await.expect(202);
}

async fn log_in<'a>(app: &'a App, password: &str) -> Persona<'a> {
    let login = json!({"email": ADA, "password": password});
    let login = app.anonymous().post("/auth/login", login).await.expect(200);
    app.anonymous().with_token(login["access_token"].as_str().expect("a token"))
}

/// Does all that a mail is sent about, but for forgetting the password.
async fn cause_every_mail(app: &App, ada: &Persona<'_>, [current, new]: [&str; 2]) {
    let items = json!({"items": [{"sku": "CUP", "quantity": 1}]});
    let order = ada.post("/orders", items).await.expect(201);
    ada.delete(&format!("/orders/{}", order["id"].as_str().expect("an id"))).await.expect(200);
    let change = json!({"current_password": current, "new_password": new});
    ada.put("/users/me/password", change).await.expect(204);
    let email = json!({"email": ADA});
    app.anonymous().post("/auth/resend-verification", email).await.expect(202);
}

fn subjects(app: &App) -> Vec<String> {
    let mut subjects: Vec<_> = app.mails_to(ADA).into_iter().map(|mail| mail.subject).collect();
    subjects.sort();
    subjects
}

#[tokio::test]
async fn without_verification_nothing_but_a_reset_is_sent_until_the_address_is_verified() {
    let app = App::builder().configure(|config| config.email_verification = false).start().await;
    create_sku(&app.admin().await, "CUP", 1500, 50).await;
    unverified(&app).await;
    let somebody = log_in(&app, PASSWORD).await;
    cause_every_mail(&app, &somebody, [PASSWORD, "another horse"]).await;

    assert_eq!(app.deliver_mail().await, [""; 0]);
    assert_eq!((subjects(&app), app.outbox().await.len()), (vec![], 0), "nothing is put off");

    app.anonymous().post("/auth/forgot-password", json!({"email": ADA})).await.expect(202);
    app.deliver_mail().await;
    let reset = json!({"token": token(&app.mail_to(ADA)), "password": PASSWORD});
    app.anonymous().post("/auth/reset-password", reset).await.expect(204);
    let ada = log_in(&app, PASSWORD).await;
    assert_eq!(ada.get("/users/me").await.expect(200)["email_verified"], true);
    cause_every_mail(&app, &ada, [PASSWORD, NEW]).await;
    app.deliver_mail().await;

    let expected = [
        "Choose a new password for Bodega",
        "You have an account at Bodega",
        "Your order at Bodega",
        "Your order at Bodega was cancelled",
        "Your password for Bodega was changed",
        "Your password for Bodega was changed",
    ];
    assert_eq!(subjects(&app), expected);
}

/// A shop that verifies e-mail addresses, and has not always done so.
#[tokio::test]
async fn with_verification_the_owner_of_an_address_is_told_how_to_get_at_its_account() {
    let app = App::start().await;
    create_sku(&app.admin().await, "CUP", 1500, 50).await;
    app.put_account(ADA, PASSWORD).await;
    let somebody = log_in(&app, PASSWORD).await;
    cause_every_mail(&app, &somebody, [PASSWORD, NEW]).await;
    let account = json!({"email": ADA, "password": PASSWORD, "name": "Ada"});
    app.anonymous().post("/auth/register", account).await.expect(202);

    app.deliver_mail().await;

    assert_eq!(subjects(&app), ["You have an account at Bodega"; 2]);
    assert_eq!(app.outbox().await, Vec::<Value>::new());
}
