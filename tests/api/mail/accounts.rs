//! Mail about accounts.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::domain::email::Email;
use tests::app::App;
use tests::mailbox::{MailFault, token};

use super::{ADA, account, discard, register};

#[tokio::test]
async fn registering_sends_a_link_that_creates_the_account() {
    let app = App::start().await;
    register(&app).await;

    assert_eq!(app.deliver_mail().await, [""; 0]);

    let mail = app.mail_to(ADA);
    let token = token(&mail);
    assert_eq!(mail.subject, "Confirm your e-mail address for Bodega");
    let text = format!(
        "\
Confirm your e-mail address for Bodega

Someone, hopefully you, registered at Bodega with this e-mail address.

To confirm that the address is yours, open this link within 24 hours and enter the password that you chose.

Confirm your e-mail address:
https://shop.example/verify-email#token={token}

If it wasn't you, ignore this mail. No account is created unless you confirm.

-- 
Bodega"
    );
    assert_eq!(mail.text, text);
    let link = format!("href=\"https://shop.example/verify-email#token={token}\"");
    assert!(mail.html.contains(&link), "{}", mail.html);
    let verify = json!({"token": token, "password": "correct horse"});
    app.anonymous().post("/auth/verify-email", verify).await.expect(200);
    assert_eq!(app.outbox().await.len(), 0, "a sent message is deleted");
}

#[tokio::test]
async fn a_registration_mail_contains_no_text_that_the_caller_wrote() {
    let app = App::start().await;
    let account =
        json!({"email": ADA, "password": "correct horse", "name": "Buy at http://spam.example"});
    app.anonymous().post("/auth/register", account).await.expect(202);

    app.deliver_mail().await;

    let mail = app.mail_to(ADA);
    for part in [&mail.subject, &mail.text, &mail.html] {
        assert!(!part.contains("spam"), "{part}");
    }
}

#[tokio::test]
async fn a_mail_to_an_email_with_an_account_says_that_it_has_one() {
    let app = App::start().await;
    account(&app).await;
    for path in ["/auth/register", "/auth/resend-verification"] {
        let body = match path {
            "/auth/register" => {
                json!({"email": ADA, "password": "battery staple", "name": "Somebody"})
            }
            _ => json!({"email": ADA}),
        };
        app.anonymous().post(path, body).await.expect(202);
    }

    app.deliver_mail().await;

    let mails = app.mails_to(ADA);
    assert_eq!(mails.len(), 2);
    for mail in mails {
        assert_eq!(mail.subject, "You have an account at Bodega");
        let text = "\
You have an account at Bodega

Someone, hopefully you, tried to register at Bodega with this e-mail address.

You already have an account with this address. Nothing about it has changed.

Log in:
https://shop.example/log-in

If you have forgotten your password, you can choose a new one.

Choose a new password:
https://shop.example/forgot-password

If it wasn't you, ignore this mail.

-- 
Bodega";
        assert_eq!(mail.text, text);
        assert!(!mail.html.contains("token="), "{}", mail.html);
    }
}

#[tokio::test]
async fn resending_a_verification_sends_one_mail_for_each_of_the_newest_registrations() {
    for (registrations, mails) in [(0, 0), (1, 1), (5, 3)] {
        let app = App::start().await;
        for _ in 0..registrations {
            register(&app).await;
            app.advance(std::time::Duration::from_secs(1));
        }
        discard(&app).await;
        let body = json!({"email": ADA});
        app.anonymous().post("/auth/resend-verification", body).await.expect(202);

        app.deliver_mail().await;

        let sent = app.mails_to(ADA);
        assert_eq!(sent.len(), mails, "{registrations} registrations");
        for mail in sent {
            let verify = json!({"token": token(&mail), "password": "not the password"});
            let answer = app.anonymous().post("/auth/verify-email", verify).await;
            assert_ne!(answer.status, 200, "the registration's password is still required");
        }
        assert_eq!(app.outbox().await.len(), 0);
    }
}

#[tokio::test]
async fn a_registration_that_has_expired_is_not_mailed() {
    let app = App::start().await;
    register(&app).await;
    discard(&app).await;
    app.advance(std::time::Duration::from_secs(24 * 60 * 60));
    let body = json!({"email": ADA});
    app.anonymous().post("/auth/resend-verification", body).await.expect(202);

    app.deliver_mail().await;

    assert_eq!(app.mailbox.count(), 0);
}

#[tokio::test]
async fn a_forgotten_password_sends_a_link_that_sets_a_new_one() {
    let app = App::start().await;
    account(&app).await;
    app.anonymous().post("/auth/forgot-password", json!({"email": ADA})).await.expect(202);

    app.deliver_mail().await;

    let mail = app.mail_to(ADA);
    let token = token(&mail);
    assert_eq!(mail.subject, "Choose a new password for Bodega");
    let text = format!(
        "\
Choose a new password for Bodega

Someone, hopefully you, asked to reset the password of your account at Bodega.

To choose a new password, open this link within 60 minutes.

Choose a new password:
https://shop.example/reset-password#token={token}

If it wasn't you, ignore this mail. Your password will not change.

-- 
Bodega"
    );
    assert_eq!(mail.text, text);
    let reset = json!({"token": token, "password": "battery staple"});
    app.anonymous().post("/auth/reset-password", reset).await.expect(204);
}

#[tokio::test]
async fn no_reset_link_is_sent_for_a_missing_or_disabled_account() {
    let app = App::start().await;
    let body = json!({"email": "nobody@example.com"});
    app.anonymous().post("/auth/forgot-password", body).await.expect(202);
    account(&app).await;
    app.anonymous().post("/auth/forgot-password", json!({"email": ADA})).await.expect(202);
    disable(&app).await;

    assert_eq!(app.deliver_mail().await, [""; 0]);

    assert_eq!(app.mailbox.count(), 0);
    assert_eq!(app.outbox().await.len(), 0, "and no message is left to retry");
}

#[tokio::test]
async fn changing_the_password_sends_a_notification() {
    let app = App::start().await;
    let ada = account(&app).await;
    let body = json!({"current_password": "correct horse", "new_password": "battery staple"});
    ada.put("/users/me/password", body).await.expect(204);

    app.deliver_mail().await;

    let text = "\
Your password for Bodega was changed

The password of your account at Bodega was changed.

If it was you, you don't need to do anything.

If it wasn't you, someone else may have access to your account. Choose a new password now. This ends all sessions, including theirs.

Choose a new password:
https://shop.example/forgot-password

-- 
Bodega";
    assert_eq!(app.mail_to(ADA).text, text);
}

#[tokio::test]
async fn a_deleted_account_is_sent_no_mail() {
    let app = App::start().await;
    let ada = account(&app).await;
    let change = json!({"current_password": "correct horse", "new_password": "battery staple"});
    ada.put("/users/me/password", change).await.expect(204);
    ada.post("/users/me/deletion", json!({"password": "battery staple"})).await.expect(202);

    assert_eq!(app.deliver_mail().await, [""; 0]);

    assert_eq!((app.mailbox.count(), app.outbox().await.len()), (0, 0));
}

#[tokio::test]
async fn a_token_is_stored_nowhere() {
    let log = tests::log::Log::default();
    let _logging = log.listen();
    let app = App::start().await;
    let mut images = Vec::new();
    account(&app).await;
    app.anonymous().post("/auth/forgot-password", json!({"email": ADA})).await.expect(202);
    let bob = json!({"email": "bob@example.com", "password": "correct horse", "name": "Bob"});
    app.anonymous().post("/auth/register", bob).await.expect(202);
    images.push(app.items().await);
    app.mailbox.inject_faults([MailFault::ResponseLost; 4]);

    app.deliver_mail().await;
    images.push(app.items().await);
    app.advance(std::time::Duration::from_secs(5 * 60));
    app.sweep_outbox().await;
    images.push(app.items().await);

    let last = images.last().expect("the last one");
    let failed = AttributeValue::S("OUTBOX#failed".to_owned());
    assert_eq!(
        last.iter().filter(|item| item["pk"] == failed).count(),
        2,
        "both are moved to the failed ones"
    );
    // The stream's records are the table's items, before or after a write.
    let (table, log) = (format!("{images:?}"), log.text());
    let mails = [app.mails_to(ADA), app.mails_to("bob@example.com")].concat();
    assert_eq!(mails.len(), 4);
    for secret in mails.iter().map(token) {
        // The second half of a token is random; the first half may name its registration.
        let half = &secret[secret.len() / 2..];
        for (place, text) in [("table", &table), ("log", &log)] {
            assert!(!text.contains(half), "a token in the {place}");
        }
    }
    assert!(log.contains("answered"), "nothing was logged: {log}");
    assert!(!log.contains(ADA), "an email in the log");
}

/// Disables Ada's account.
async fn disable(app: &App) {
    let email = Email::parse(ADA.to_owned()).expect("an address");
    let credential = app.unrestricted.store.credentials().get(&email).await.expect("a read");
    tests::samples::disable(app, credential.expect("an account").user_id).await;
}
