//! How many mails strangers can have sent to somebody.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tests::app::App;
use tests::gate::Faults;
use tests::mailbox::MailFault;
use tests::samples::create_sku;

use super::{ADA, account, register};

const HOUR: Duration = Duration::from_secs(3600);

async fn limited(changes: &str) -> App {
    App::builder().limits(changes).start().await
}

/// Asks for mails to Ada, from as many IP addresses.
async fn ask_from_everywhere(app: &App, path: &str, times: u32) {
    for number in 0..times {
        let body = match path {
            "/auth/register" => json!({"email": ADA, "password": "battery staple", "name": "Eve"}),
            _ => json!({"email": ADA}),
        };
        let from = format!("192.0.{}.{}", number / 200, number % 200);
        app.anonymous().at(&from).post(path, body).await.expect(202);
    }
}

#[tokio::test]
async fn of_all_mails_that_strangers_ask_for_twenty_an_hour_are_sent_to_one_mailbox() {
    for (path, is_known, most) in [
        ("/auth/register", false, 20),
        ("/auth/register", true, 20),
        ("/auth/resend-verification", true, 20),
        ("/auth/forgot-password", true, 25),
    ] {
        let app = limited("").await;
        if is_known {
            account(&app).await;
        }
        ask_from_everywhere(&app, path, most + 2).await;

        assert_eq!(app.deliver_mail().await, [""; 0]);

        let sent = u32::try_from(app.mails_to(ADA).len());
        assert_eq!(sent, Ok(most), "{path}, known: {is_known}");
        assert_eq!(app.outbox().await.len(), 0, "the others are dropped");
        app.advance(HOUR);
        ask_from_everywhere(&app, path, 1).await;
        app.deliver_mail().await;
        let sent = u32::try_from(app.mails_to(ADA).len());
        assert_eq!(sent, Ok(most + 1), "{path}, known: {is_known}, the next hour");
    }
}

#[tokio::test]
async fn of_mails_that_are_sent_at_once_no_more_go_out() {
    for (path, most) in [("/auth/register", 20), ("/auth/forgot-password", 25)] {
        let app = limited("").await;
        if path == "/auth/forgot-password" {
            account(&app).await;
        }
        ask_from_everywhere(&app, path, 40).await;
        let records = app.outbox().await;
        app.race_updates(40);

        let batches: Vec<_> = records.chunks(1).collect();
        join_all(batches.into_iter().map(|batch| app.deliver(batch))).await;

        let sent = app.mails_to(ADA).len();
        assert_eq!((sent, app.outbox().await.len()), (most, 0), "{path}");
    }
}

#[tokio::test]
async fn a_verification_that_is_asked_for_again_counts_once_for_each_mail() {
    let app = limited("account_mail_email=4/3600").await;
    ask_from_everywhere(&app, "/auth/register", 1).await;
    app.deliver_mail().await;
    ask_from_everywhere(&app, "/auth/resend-verification", 5).await;
    app.deliver_mail().await;
    assert_eq!(app.mails_to(ADA).len(), 4);
}

/// Whoever uses up the few that are kept for resets has sent them to the owner.
#[tokio::test]
async fn nobody_can_keep_the_owner_from_resetting_the_password() {
    let app = limited("").await;
    account(&app).await;
    ask_from_everywhere(&app, "/auth/register", 25).await;
    app.deliver_mail().await;
    assert_eq!(app.mails_to(ADA).len(), 20);

    ask_from_everywhere(&app, "/auth/forgot-password", 10).await;
    app.deliver_mail().await;

    let mails = app.mails_to(ADA);
    assert_eq!(mails.len(), 25);
    assert!(mails[20..].iter().all(|mail| mail.subject == "Choose a new password for Bodega"));
}

#[tokio::test]
async fn what_the_owner_does_is_told_whatever_strangers_have_sent() {
    let app = limited("account_mail_email=1/3600").await;
    let ada = account(&app).await;
    create_sku(&app.admin().await, "CUP", 1500, 50).await;
    ask_from_everywhere(&app, "/auth/register", 3).await;
    app.deliver_mail().await;
    assert_eq!(app.mails_to(ADA).len(), 1);

    let items = json!({"items": [{"sku": "CUP", "quantity": 1}]});
    for _ in 0..3 {
        let order = ada.post("/orders", items.clone()).await.expect(201);
        let path = format!("/orders/{}", order["id"].as_str().expect("an id"));
        ada.delete(&path).await.expect(200);
    }
    let change = json!({"current_password": "correct horse", "new_password": "battery staple"});
    ada.put("/users/me/password", change).await.expect(204);
    app.deliver_mail().await;

    assert_eq!(app.mails_to(ADA).len(), 1 + 6 + 1);
}

#[tokio::test]
async fn a_mail_that_was_not_sent_does_not_count_and_one_that_may_have_been_does() {
    for (faults, mails) in [
        (vec![MailFault::Busy, MailFault::Busy, MailFault::Busy], 1),
        (vec![MailFault::Permanent], 1),
        (vec![MailFault::Panic], 1),
        (vec![MailFault::ResponseLost], 1),
    ] {
        let app = limited("account_mail_email=1/3600").await;
        register(&app).await;
        let failures = faults.len();
        app.mailbox.inject_faults(faults.clone());
        for _ in 0..failures {
            app.deliver_mail().await;
        }
        ask_from_everywhere(&app, "/auth/register", 1).await;
        app.deliver_mail().await;
        assert_eq!(app.mails_to(ADA).len(), mails, "{faults:?}");
    }
}

#[tokio::test]
async fn what_can_not_be_counted_waits() {
    let closed =
        Faults { throttled_prefix: Some("LIMIT#account_mail_email#"), ..Faults::default() };
    let app = App::builder().limits("").faults(closed).start().await;
    register(&app).await;

    assert_eq!(app.deliver_mail().await.len(), 1, "the stream brings it again");

    assert_eq!((app.mailbox.count(), app.outbox().await.len()), (0, 1));
}

#[tokio::test]
async fn a_mail_that_is_dropped_makes_no_token_and_is_logged_without_the_address() {
    let log = tests::log::Log::default();
    let _logging = log.listen();
    let app = limited("account_mail_email=1/3600,reset_mail_email=1/3600").await;
    account(&app).await;
    ask_from_everywhere(&app, "/auth/forgot-password", 4).await;

    app.deliver_mail().await;

    let keys = app.contents().await.into_keys();
    assert_eq!(keys.filter(|key| key.starts_with("RESET#")).count(), 2);
    let log = log.text();
    assert_eq!(log.matches("mail_over_limit").count(), 2, "{log}");
    assert!(!log.contains(ADA), "an address in the log");
}
