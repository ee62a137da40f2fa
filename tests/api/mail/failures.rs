//! Mails that can't be sent: one that may be sent later waits, one that never can is moved away,
//! and neither delays another mail.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::store::deliveries::OutboxSweep;
use tests::app::App;
use tests::gate::Faults;
use tests::log::Log;
use tests::mailbox::MailFault;
use tests::random::Random;

use super::{ADA, register};

/// The identifiers of the messages in the outbox, oldest first.
async fn outbox(app: &App) -> Vec<String> {
    let number = |record: &serde_json::Value| {
        record["dynamodb"]["SequenceNumber"].as_str().expect("a number").to_owned()
    };
    app.outbox().await.iter().map(number).collect()
}

/// Returns the failed messages, as an operator finds them.
async fn set_aside(app: &App) -> Vec<std::collections::HashMap<String, AttributeValue>> {
    let query = app.client.query().table_name(&app.table).key_condition_expression("pk = :pk");
    let failed = AttributeValue::S("OUTBOX#failed".to_owned());
    let query = query.expression_attribute_values(":pk", failed);
    query.send().await.expect("a query").items.unwrap_or_default()
}

/// Registers `count` emails, a second apart.
async fn register_many(app: &App, count: usize) -> Vec<String> {
    let mut addresses = Vec::new();
    for number in 0..count {
        let email = format!("ada-{number}@example.com");
        let account = json!({"email": email, "password": "correct horse", "name": "Ada"});
        app.anonymous().post("/auth/register", account).await.expect(202);
        app.advance(Duration::from_secs(1));
        addresses.push(email);
    }
    addresses
}

#[tokio::test]
async fn a_mail_that_a_busy_mailer_rejects_is_reported_and_sent_by_the_retry() {
    let log = Log::default();
    let _logging = log.listen();
    let app = App::start().await;
    register(&app).await;
    let (records, ids) = (app.outbox().await, outbox(&app).await);
    app.mailbox.inject_faults([MailFault::Busy]);

    assert_eq!(app.deliver(&records).await, ids);
    assert_eq!(app.mailbox.count(), 0);
    assert_eq!(app.deliver(&records).await, [""; 0], "its own claim does not block the retry");

    app.mail_to(ADA);
    assert!(log.text().contains("a message could not be sent yet"), "{}", log.text());
    assert!(!log.text().contains(ADA), "{}", log.text());
}

#[tokio::test]
async fn a_try_with_a_busy_mailer_does_not_count_as_an_attempt() {
    let app = App::start().await;
    register(&app).await;
    let records = app.outbox().await;
    app.mailbox.inject_faults([MailFault::Busy; 50]);
    for _ in 0..50 {
        assert_eq!(app.deliver(&records).await.len(), 1);
    }

    assert_eq!(app.deliver(&records).await, [""; 0]);

    app.mail_to(ADA);
}

#[tokio::test]
async fn a_permanently_rejected_mail_is_moved_to_the_failed_ones_and_delays_no_other() {
    let log = Log::default();
    let _logging = log.listen();
    let app = App::start().await;
    let addresses = register_many(&app, 3).await;
    let (records, ids) = (app.outbox().await, outbox(&app).await);
    app.mailbox.inject_faults([MailFault::Permanent]);

    assert_eq!(app.deliver(&records).await, [""; 0], "no record is reported for a retry");

    assert_eq!(app.mailbox.count(), 2);
    assert_eq!(outbox(&app).await, [""; 0]);
    let failed = set_aside(&app).await;
    let [failed] = failed.as_slice() else { panic!("{failed:?}") };
    assert!(ids.contains(failed["sk"].as_s().expect("a text")));
    assert_eq!(failed["reason"].as_s().expect("a text"), "MessageRejected");
    assert!(failed.contains_key("failed_at") && failed.contains_key("ttl"), "{failed:?}");
    let line = log.text();
    let line = line.lines().find(|line| line.contains("mail_undeliverable")).expect("a line");
    assert!(line.contains("MessageRejected") && line.contains("registration_requested"), "{line}");
    assert!(addresses.iter().all(|address| !log.text().contains(address)), "{}", log.text());
    app.advance(Duration::from_secs(10 * 60));
    app.sweep_outbox().await;
    assert_eq!((app.mailbox.count(), set_aside(&app).await.len()), (2, 1), "and it stays moved");
}

#[tokio::test]
async fn an_operator_resends_failed_messages_that_are_not_too_old() {
    let app = App::start().await;
    register(&app).await;
    app.mailbox.inject_faults([MailFault::Permanent; 2]);
    app.deliver_mail().await;
    app.advance(Duration::from_secs(23 * 60 * 60));
    let younger = register_many(&app, 1).await.remove(0);
    app.deliver_mail().await;
    app.advance(Duration::from_secs(60 * 60));
    assert_eq!(set_aside(&app).await.len(), 2);

    let answer = app.run_job("deliver-mail", json!({"resend": "failed"})).await;

    assert_eq!(answer, Some(json!({"returned": 1})));
    assert_eq!(set_aside(&app).await.len(), 0);
    assert_eq!(app.deliver_mail().await, [""; 0]);
    app.mail_to(&younger);
    assert_eq!(app.mails_to(ADA).len(), 0, "its link would have expired");
}

#[tokio::test]
async fn a_message_that_our_code_fails_at_is_reported_and_finally_moved_to_the_failed_ones() {
    let app = App::start().await;
    register(&app).await;
    let bad = outbox(&app).await.remove(0);
    app.advance(Duration::from_secs(1));
    register_many(&app, 2).await;
    let records = app.outbox().await;
    // One at a time, so that the first message meets the fault.
    app.mailbox.inject_faults([MailFault::Panic]);
    assert_eq!(app.deliver(&records[..1]).await, [&*bad]);
    assert_eq!(app.deliver(&records[1..]).await, [""; 0]);
    assert_eq!(app.mailbox.count(), 2);

    // The stream makes six tries, then the record goes to its failure queue.
    app.mailbox.inject_faults([MailFault::Panic; 9]);
    for _ in 0..5 {
        assert_eq!(app.deliver(&records).await, [&*bad]);
    }
    // From here on only the schedule tries.
    for _ in 0..4 {
        app.advance(Duration::from_secs(5 * 60));
        assert_eq!(app.sweep_outbox().await, json!({"settled": 0, "left": 1}));
    }
    app.advance(Duration::from_secs(5 * 60));
    assert_eq!(app.sweep_outbox().await, json!({"settled": 1, "left": 0}));

    let failed = set_aside(&app).await;
    assert_eq!(failed[0]["sk"].as_s().expect("a text"), &bad);
    assert_eq!(failed[0]["reason"].as_s().expect("a text"), "failed_too_often");
    assert_eq!(app.mails_to(ADA).len(), 0);
}

#[tokio::test]
async fn untried_messages_are_sent_before_tried_ones() {
    let app = App::start().await;
    register_many(&app, 3).await;
    let (records, ids) = (app.outbox().await, outbox(&app).await);
    app.mailbox.inject_faults([MailFault::Panic]);
    assert_eq!(app.deliver(&records[..1]).await.len(), 1);

    let now = app.unrestricted.now();
    let mut sweep = OutboxSweep::before(now);
    let unsent =
        app.unrestricted.store.deliveries().next_unsent(&mut sweep, now).await.expect("a read");
    let unsent = unsent.expect("some messages");

    let unsent: Vec<_> = unsent.iter().map(ToString::to_string).collect();
    assert_eq!(unsent, [&*ids[1], &*ids[2], &*ids[0]]);
}

#[tokio::test]
async fn an_unreadable_message_is_reported_by_every_try_and_finally_moved_to_the_failed_ones() {
    let log = Log::default();
    let _logging = log.listen();
    let app = App::start().await;
    register(&app).await;
    let bad = outbox(&app).await.remove(0);
    change(&app, &bad, "SET event.kind = sk").await;
    app.advance(Duration::from_secs(1));
    register_many(&app, 2).await;
    let records = app.outbox().await;

    // The stream makes six tries, then the record goes to its failure queue.
    for _ in 0..6 {
        assert_eq!(app.deliver(&records).await, [&*bad]);
    }
    assert_eq!(app.mailbox.count(), 2, "it delays no other message");
    for _ in 0..4 {
        app.advance(Duration::from_secs(5 * 60));
        assert_eq!(app.sweep_outbox().await, json!({"settled": 0, "left": 1}));
    }
    assert_eq!(set_aside(&app).await.len(), 0);
    app.advance(Duration::from_secs(5 * 60));
    assert_eq!(app.sweep_outbox().await, json!({"settled": 1, "left": 0}));

    let failed = set_aside(&app).await;
    let [failed] = failed.as_slice() else { panic!("{failed:?}") };
    let text = |name: &str| failed[name].as_s().expect("a text").clone();
    assert_eq!([text("sk"), text("type"), text("reason")], [&*bad, "failed_message", "unreadable"]);
    let event = failed["event"].as_m().expect("a map");
    assert_eq!(event["email"].as_s().expect("a text"), ADA, "the whole message");
    assert!(!failed.contains_key("attempts") && !failed.contains_key("claim"), "{failed:?}");
    let line = log.text();
    let line = line.lines().find(|line| line.contains("mail_undeliverable")).expect("a line");
    assert!(line.contains("ERROR") && line.contains(&bad), "{line}");
    assert!(!log.text().contains(ADA), "{}", log.text());
}

#[tokio::test]
async fn an_unreadable_message_stays_failed_and_blocks_no_resend() {
    let app = App::start().await;
    register_many(&app, 2).await;
    app.mailbox.inject_faults([MailFault::Permanent; 2]);
    app.deliver_mail().await;
    let first = set_aside(&app).await.remove(0);
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key("pk", first["pk"].clone()).key("sk", first["sk"].clone());
    update.update_expression("SET event.kind = sk").send().await.expect("an update");

    let answer = app.run_job("deliver-mail", json!({"resend": "failed"})).await;

    assert_eq!(answer, Some(json!({"returned": 1})));
    assert_eq!(set_aside(&app).await.len(), 1);
}

#[tokio::test]
async fn a_message_whose_responses_are_lost_twice_is_moved_to_the_failed_ones() {
    let app = App::start().await;
    register(&app).await;
    app.mailbox.inject_faults([MailFault::ResponseLost; 3]);

    assert_eq!(app.deliver_mail().await, [""; 0]);
    for _ in 0..10 {
        app.advance(Duration::from_secs(5 * 60));
        app.sweep_outbox().await;
    }

    assert_eq!(app.mailbox.count(), 2);
    assert_eq!(set_aside(&app).await[0]["reason"].as_s().expect("a text"), "unanswered");
    assert_eq!(outbox(&app).await, [""; 0]);
}

#[tokio::test]
async fn dropping_a_tried_message_logs_an_error() {
    for fault in [MailFault::Busy, MailFault::Panic, MailFault::ResponseLost] {
        let log = Log::default();
        let _logging = log.listen();
        let app = App::start().await;
        register(&app).await;
        let id = outbox(&app).await.remove(0);
        app.mailbox.inject_faults([fault]);
        app.deliver_mail().await;
        app.advance(Duration::from_secs(24 * 60 * 60));

        app.sweep_outbox().await;

        let lines = log.text();
        let line = lines.lines().find(|line| line.contains("mail_dropped"));
        let line = line.unwrap_or_else(|| panic!("{fault:?}: {lines}"));
        for piece in ["ERROR", &id, "registration_requested"] {
            assert!(line.contains(piece), "{piece} in {line}");
        }
        assert!(!lines.contains(ADA), "{lines}");
        assert_eq!(outbox(&app).await, [""; 0]);
    }
}

/// Changes a message in a way that no request can.
async fn change(app: &App, message: &str, expression: &str) {
    let key = shared::store::keys::message(message.parse().expect("an identifier"));
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key("pk", AttributeValue::S(key.pk)).key("sk", AttributeValue::S(key.sk));
    update.update_expression(expression).send().await.expect("an update");
}

#[tokio::test]
async fn deleting_an_account_deletes_its_failed_messages_too() {
    let app = App::start().await;
    let ada = super::account(&app).await;
    register(&app).await;
    app.mailbox.inject_faults([MailFault::Permanent]);
    app.deliver_mail().await;
    assert_eq!(set_aside(&app).await.len(), 1);

    ada.post("/users/me/deletion", json!({"password": "correct horse"})).await.expect(202);
    app.advance(Duration::from_secs(60));
    app.run_job("erase-users", json!({"source": "aws.events"})).await.expect("a run");

    assert_eq!(set_aside(&app).await.len(), 0);
}

#[tokio::test]
async fn database_faults_delay_mail_and_lose_none() {
    let random = Random::seeded();
    let faults = Faults {
        conflicts: 10,
        throttles: 10,
        lost_responses: 10,
        random: Some(random),
        ..Faults::default()
    };
    let app = App::builder().faults(faults).start().await;
    let mut addresses = Vec::new();
    for number in 0..30 {
        let email = format!("ada-{number}@example.com");
        let account = json!({"email": email, "password": "correct horse", "name": "Ada"});
        let answer = app.anonymous().post("/auth/register", account).await;
        if answer.status == 202 {
            addresses.push(email);
        }
    }
    let records = app.outbox().await;
    for _ in 0..6 {
        app.deliver(&records).await;
    }
    for _ in 0..20 {
        app.advance(Duration::from_secs(5 * 60));
        let _ = app.run_job("deliver-mail", json!({"source": "aws.events"})).await;
    }

    assert!(addresses.len() > 10, "most registrations succeed");
    for address in &addresses {
        assert!(!app.mails_to(address).is_empty(), "{address} got no mail");
    }
    assert_eq!(outbox(&app).await, [""; 0]);
}
