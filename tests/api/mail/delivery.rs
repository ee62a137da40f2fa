//! A message is sent once, even if it is delivered several times or by several runs; the schedule
//! sends what the stream did not.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use serde_json::json;
use tests::app::App;
use tests::delivery::record;
use tests::gate::Faults;
use tests::mailbox::MailFault;
use tests::random::Random;

use super::{ADA, account, register};

/// How long only the stream sends a new message.
const STREAM_GRACE: Duration = Duration::from_secs(2 * 60);
/// The first moment at which the scheduled run sends it too.
const CLOCKS_TURN: Duration = Duration::from_secs(2 * 60 + 1);
/// How long a claim is valid.
const CLAIM_LIFETIME: Duration = Duration::from_secs(90);

#[tokio::test]
async fn a_record_that_comes_twice_is_sent_once() {
    let app = App::start().await;
    register(&app).await;
    let records = app.outbox().await;

    for _ in 0..2 {
        assert_eq!(app.deliver(&records).await, [""; 0]);
    }
    assert_eq!(app.deliver(&[records.clone(), records].concat()).await, [""; 0]);

    app.mail_to(ADA);
}

#[tokio::test]
async fn concurrent_deliveries_of_one_message_send_it_once() {
    let app = App::start().await;
    register(&app).await;
    let records = app.outbox().await;
    app.race_updates(4);

    let answers = join_all((0..4).map(|_| app.deliver(&records))).await;

    app.mail_to(ADA);
    assert_eq!(answers.concat(), [""; 0], "the other deliveries report no failure");
}

#[tokio::test]
async fn the_schedule_and_the_stream_at_once_send_a_message_once() {
    let app = App::start().await;
    register(&app).await;
    let records = app.outbox().await;
    app.advance(CLOCKS_TURN);
    app.race_updates(2);

    tokio::join!(app.deliver(&records), app.sweep_outbox());

    app.mail_to(ADA);
}

#[tokio::test]
async fn a_crash_after_sending_makes_one_duplicate() {
    let app = App::start().await;
    register(&app).await;
    let records = app.outbox().await;
    app.mailbox.inject_faults([MailFault::NeverReturns]);
    tokio::select! {
        _ = app.deliver(&records) => panic!("the mailer does not return"),
        () = app.mailbox.wait_for_mail() => {} // and it is no more
    }

    assert_eq!(app.deliver(&records).await, [""; 0], "the stream retries at once");
    assert_eq!(app.mailbox.count(), 1, "the claim is still valid");
    app.advance(CLAIM_LIFETIME.max(CLOCKS_TURN));
    for _ in 0..3 {
        app.sweep_outbox().await;
        app.advance(CLAIM_LIFETIME);
    }

    assert_eq!(app.mails_to(ADA).len(), 2);
}

#[tokio::test]
async fn a_run_whose_claim_was_taken_over_changes_nothing() {
    let app = App::start().await;
    register(&app).await;
    let (deliveries, id) = (app.unrestricted.store.deliveries(), app.outbox().await.remove(0));
    let id = id["dynamodb"]["SequenceNumber"].as_str().expect("one").parse().expect("an id");
    let claim = async || deliveries.claim(id, app.unrestricted.now()).await.expect("a write");
    let slow = claim().await.expect("a claim");
    assert!(claim().await.is_none(), "it is claimed");
    app.advance(CLAIM_LIFETIME);
    let quick = claim().await.expect("another claim");
    let before = app.contents().await;

    let (event, now) = (slow.message().expect("a message").event, app.unrestricted.now());
    deliveries.release(&slow, true).await.expect("no fault");
    deliveries.replace(&slow, [event], now).await.expect("no fault");
    deliveries.set_aside(&slow, "slow", now).await.expect("no fault");

    assert_eq!(app.contents().await, before);
    deliveries.set_aside(&quick, "quick", now).await.expect("no fault");
    assert_eq!(app.outbox().await.len(), 0);
}

#[tokio::test]
async fn a_record_reported_as_done_is_sent_even_if_database_responses_are_lost() {
    let faults = Faults { lost_responses: 30, random: Some(Random::seeded()), ..Faults::default() };
    let app = App::builder().faults(faults).start().await;
    let mut settled = 0;
    for number in 0..40 {
        let email = format!("ada-{number}@example.com");
        let account = json!({"email": email, "password": "correct horse", "name": "Ada"});
        app.advance(Duration::from_secs(1));
        if app.anonymous().post("/auth/register", account).await.status != 202 {
            continue;
        }
        let newest = app.outbox().await.pop().expect("a message");
        if app.deliver(&[newest]).await.is_empty() {
            assert!(!app.mails_to(&email).is_empty(), "{email} got no mail");
            settled += 1;
        }
    }
    assert!(settled > 10, "most records are done at the first try: {settled}");
}

#[tokio::test]
async fn the_scheduled_run_sends_what_the_stream_did_not() {
    let app = App::start().await;
    register(&app).await;
    app.advance(STREAM_GRACE);
    assert_eq!(app.sweep_outbox().await, json!({"settled": 0, "left": 0}));
    assert_eq!(app.mailbox.count(), 0, "the stream still has time to send it");
    app.advance(CLOCKS_TURN - STREAM_GRACE);

    assert_eq!(app.sweep_outbox().await, json!({"settled": 1, "left": 0}));

    app.mail_to(ADA);
    assert_eq!(app.sweep_outbox().await, json!({"settled": 0, "left": 0}));
}

#[tokio::test]
async fn a_scheduled_run_reads_all_unsent_messages() {
    let app = App::start().await;
    // More than the 16 × 25 messages that one round of queries reads.
    for _ in 0..450 {
        super::something_for_nobody(&app).await;
    }
    app.advance(CLOCKS_TURN);

    assert_eq!(app.sweep_outbox().await, json!({"settled": 450, "left": 0}));

    assert_eq!(app.outbox().await.len(), 0);
}

#[tokio::test]
async fn messages_that_can_not_be_sent_now_do_not_block_others() {
    let app = App::start().await;
    register(&app).await;
    let id = app.outbox().await.remove(0)["dynamodb"]["SequenceNumber"].clone();
    let id = id.as_str().expect("an identifier");
    // The end of a message's identifier decides its partition, and the beginning its position: all
    // these are before Ada's.
    for number in 0..60 {
        let id = format!("msg_01890a5d-ac96-774b-bcce-{number:010x}{}", &id[id.len() - 2..]);
        let key = shared::store::keys::message(id.parse().expect("an identifier"));
        let (name, value) = match number % 2 {
            0 => ("claimed_until", AttributeValue::S("2030-01-01T00:00:00.000Z".to_owned())),
            _ => ("attempts", AttributeValue::S("not a number".to_owned())),
        };
        let put = app.client.put_item().table_name(&app.table).item(name, value);
        let put = put.item("pk", AttributeValue::S(key.pk)).item("sk", AttributeValue::S(key.sk));
        put.send().await.expect("a write");
    }
    app.advance(CLOCKS_TURN);

    assert_eq!(app.sweep_outbox().await, json!({"settled": 1, "left": 0}));

    app.mail_to(ADA);
}

#[tokio::test]
async fn a_scheduled_run_ends_in_time_and_the_next_one_continues() {
    let app = App::start().await;
    for number in 0..20 {
        let account = json!({"email": format!("ada-{number}@example.com"), "name": "Ada",
            "password": "correct horse"});
        app.anonymous().post("/auth/register", account).await.expect(202);
    }
    app.advance(CLOCKS_TURN);

    let (first, ()) = tokio::join!(app.sweep_outbox(), async {
        app.mailbox.wait_for_mail().await;
        app.advance(Duration::from_secs(30));
    });

    let sent = app.mailbox.count();
    assert!(sent < 20, "{sent} mails were sent in time");
    assert_eq!(first, json!({"settled": sent, "left": 20 - sent}));
    app.sweep_outbox().await;
    assert_eq!(app.mailbox.count(), 20);
}

#[tokio::test]
async fn a_lost_response_makes_at_most_one_duplicate_and_not_at_once() {
    let app = App::start().await;
    register(&app).await;
    let records = app.outbox().await;
    app.mailbox.inject_faults([MailFault::ResponseLost]);

    for _ in 0..6 {
        assert_eq!(app.deliver(&records).await, [""; 0], "the schedule will retry it");
        app.advance(Duration::from_secs(1));
    }
    assert_eq!(app.mailbox.count(), 1, "the mail was sent, its response lost");

    app.advance(CLOCKS_TURN);
    assert_eq!(app.sweep_outbox().await, json!({"settled": 1, "left": 0}));
    assert_eq!(app.mails_to(ADA).len(), 2);
    assert_eq!(app.outbox().await.len(), 0);
}

#[tokio::test]
async fn old_messages_are_dropped_when_a_shop_begins_to_send_mail() {
    const HOUR: u64 = 60 * 60;
    for (what, worth) in [("order", 72 * HOUR), ("registration", 24 * HOUR), ("reset", HOUR)] {
        for (age, sent) in [(worth - 1, 1), (worth, 0)] {
            let app = App::start().await;
            let ada = account(&app).await;
            let email = json!({"email": ADA});
            match what {
                "order" => {
                    let (old, new) = ("correct horse", "battery staple");
                    let body = json!({"current_password": old, "new_password": new});
                    ada.put("/users/me/password", body).await.expect(204);
                }
                "reset" => {
                    app.anonymous().post("/auth/forgot-password", email).await.expect(202);
                }
                _ => register(&app).await,
            }
            let log = tests::log::Log::default();
            let _logging = log.listen();
            app.advance(Duration::from_secs(age));

            app.sweep_outbox().await;

            assert_eq!(app.mails_to(ADA).len(), sent, "{what} after {age} s");
            assert_eq!(app.outbox().await.len(), 0, "{what} after {age} s");
            assert!(!log.text().contains("mail_dropped"), "it was never tried: {}", log.text());
            let dropped = log.text().contains("too old to be sent");
            assert_eq!(dropped, sent == 0, "{what} after {age} s: {}", log.text());
            assert!(!log.text().contains(ADA), "{}", log.text());
        }
    }
}

#[tokio::test]
async fn records_that_are_not_new_messages_are_skipped() {
    let app = App::start().await;
    register(&app).await;
    let mut changed = app.outbox().await.remove(0);
    changed["eventName"] = json!("MODIFY");

    let answer = app.deliver(&[changed, record("PROFILE")]).await;

    assert_eq!((answer, app.mailbox.count()), (vec![], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_sent_through_the_ses_client_to_the_local_mailbox() {
    let mailbox = local::mailbox::Mailbox::in_memory();
    let service = mailbox.serve(0).expect("a mailbox");
    let app = App::builder()
        .configure(|config| config.aws.ses_endpoint = Some(service.url()))
        .start()
        .await;
    register(&app).await;

    assert_eq!(app.deliver_mail().await, [""; 0]);

    let mails = mailbox.mails(Some(ADA));
    let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
    assert_eq!(mail.from, "\"Bodega\" <orders@shop.example>");
    assert_eq!(mail.subject, "Confirm your e-mail address for Bodega");
    assert!(mail.text.contains("https://shop.example/verify-email#token="), "{}", mail.text);
    assert!(mail.html.starts_with("<!doctype html>"), "{}", mail.html);
    assert_eq!(app.outbox().await.len(), 0);
}

#[tokio::test]
async fn an_unknown_event_fails() {
    let app = App::start().await;
    for event in [json!({}), json!({"source": "aws.s3"}), json!({"resend": "everything"})] {
        assert_eq!(app.run_job("deliver-mail", event.clone()).await, None, "{event}");
    }
}

#[tokio::test]
async fn without_a_sender_no_message_is_changed() {
    let app = App::builder().configure(|config| config.mail = None).start().await;
    register(&app).await;
    let before = app.contents().await;

    let event = json!({"Records": app.outbox().await});
    assert_eq!(app.run_job("deliver-mail", event).await, None);

    assert_eq!(app.contents().await, before);
}
