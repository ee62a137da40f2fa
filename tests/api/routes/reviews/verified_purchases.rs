//! The mark of a verified purchase.

use std::time::Duration;

use futures_util::future::join3;
use serde_json::{Value, json};
use tests::app::App;
use tests::gate::Faults;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{create_product, id, order_of, product};
use tests::stream::Stream;

use super::{path, review, reviews_of};

/// Orders a product and pays for it.
async fn buy(app: &App, who: &Persona<'_>, product: &Value) -> Value {
    let order = who.post("/orders", order_of(product, 1)).await.expect(201);
    let paid = json!({"status": "paid"});
    app.admin().await.put(&format!("/orders/{}", id(&order)), paid).await.expect(200)
}

/// Whether the first review of a product has the mark.
async fn is_verified(who: &Persona<'_>, product: &Value) -> bool {
    let list = who.get(&reviews_of(product)).await.expect(200);
    list["data"][0]["verified_purchase"].as_bool().expect("a truth value")
}

/// Refunds do not exist yet: the record of an order after one.
fn refund(order: &Value, units: u32, version: u32) -> Value {
    let mut record = order.clone();
    let mut image = record["dynamodb"]["NewImage"].clone();
    record["dynamodb"]["OldImage"] = image.clone();
    image["lines"]["L"][0]["M"]["refunded_quantity"] = json!({"N": units.to_string()});
    image["summary"]["M"]["version"] = json!({"N": version.to_string()});
    record["dynamodb"]["NewImage"] = image;
    record
}

#[tokio::test]
async fn a_review_after_a_paid_order_has_the_mark_and_one_of_another_product_does_not() {
    let app = App::builder().without_stream().start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let cup = create_product(&admin, product("Cup", 1800, 5)).await;
    buy(&app, &ada, &mug).await;
    ada.post("/orders", order_of(&cup, 1)).await.expect(201);
    app.project_changes(&mut Stream::default()).await;

    let of_mug = review(&ada, &mug, 5).await.expect(201);
    let of_cup = review(&ada, &cup, 5).await.expect(201);

    assert_eq!(
        (&of_mug["verified_purchase"], &of_cup["verified_purchase"]),
        (&json!(true), &json!(false))
    );
    let of_bob = review(&app.customer("bob").await, &mug, 5).await.expect(201);
    assert_eq!(of_bob["verified_purchase"], false);
}

#[tokio::test]
async fn a_standing_review_gets_the_mark_when_its_author_buys_the_product() {
    let app = App::builder().without_stream().start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let mut stream = Stream::default();
    let created = review(&ada, &mug, 5).await.expect(201);
    app.project_changes(&mut stream).await;
    app.advance(Duration::from_secs(60));
    buy(&app, &ada, &mug).await;

    app.project_changes(&mut stream).await;

    let list = ada.get(&reviews_of(&mug)).await.expect(200);
    let mut expected = created.clone();
    expected["verified_purchase"] = true.into();
    assert_eq!(list["data"][0], expected, "its time of change stays");
    ada.put(&path(&created), json!({"rating": 4})).await.expect(200);
    assert!(is_verified(&ada, &mug).await, "an edit keeps the mark");
}

#[tokio::test]
async fn a_review_that_is_written_before_its_purchase_is_known_gets_the_mark_from_its_own_record() {
    let app = App::builder().without_stream().start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    buy(&app, &ada, &mug).await;
    let mut stream = Stream::default();
    let records = app.records(&mut stream).await;
    // The purchase is projected after the review was decided on, and before it was written.
    review(&ada, &mug, 5).await.expect(201);
    let reviews = app.records(&mut stream).await;
    let of_review: Vec<_> =
        reviews.iter().filter(|it| it.to_string().contains("REVIEWS#")).collect();
    app.run_job("project-changes", json!({"Records": of_review})).await;
    assert!(!is_verified(&ada, &mug).await);
    app.run_job("project-changes", json!({"Records": records})).await;
    assert!(is_verified(&ada, &mug).await);
}

#[tokio::test]
async fn the_mark_goes_when_every_unit_was_refunded_in_whatever_order_the_records_come() {
    let app = App::builder().without_stream().start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 9)).await;
    let mut stream = Stream::default();
    let project = async |records: &[Value]| {
        app.run_job("project-changes", json!({"Records": records})).await;
    };
    let created = review(&ada, &mug, 5).await.expect(201);
    buy(&app, &ada, &mug).await;
    let bought = app.records(&mut stream).await;
    let order = bought.iter().find(|it| it["dynamodb"]["NewImage"]["type"]["S"] == "order");
    let order = order.expect("an order");
    let refund = |units, version| refund(order, units, version);

    project(&bought).await;
    assert!(is_verified(&ada, &mug).await);
    project(&[refund(0, 3)]).await;
    assert!(is_verified(&ada, &mug).await, "nothing is refunded");
    project(&[refund(1, 4)]).await;
    assert!(!is_verified(&ada, &mug).await, "everything is");
    project(&bought).await;
    assert!(!is_verified(&ada, &mug).await, "an old record that comes again brings nothing back");

    buy(&app, &ada, &mug).await;
    app.project_changes(&mut stream).await;
    assert!(is_verified(&ada, &mug).await, "another order keeps it");
    ada.delete(&path(&created)).await.expect(204);
    project(&bought).await;
    let again = review(&ada, &mug, 4).await.expect(201);
    assert_eq!(again["verified_purchase"], true);
}

/// The records of the review, of the payment and of the refund are in different shards of the stream, so
/// three runs of the job may overlap.
#[tokio::test]
async fn the_mark_is_right_in_the_end_whichever_runs_overlap() {
    for round in 0..12 {
        let random = Random::seeded_by(round);
        let faults = Faults { delays: 60, random: Some(random), ..Faults::default() };
        let app = App::builder().faults(faults).start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let mug = create_product(&admin, product("Stoneware Mug", 1800, 9)).await;
        let mut stream = Stream::default();
        buy(&app, &ada, &mug).await;
        let bought = app.records(&mut stream).await;
        review(&ada, &mug, 5).await.expect(201);
        let reviewed = app.records(&mut stream).await;
        let order = bought.iter().find(|it| it["dynamodb"]["NewImage"]["type"]["S"] == "order");
        let refunded = refund(order.expect("an order"), 1, 4);
        let run = |records: Vec<Value>| {
            let app = &app;
            async move { app.run_job("project-changes", json!({"Records": records})).await }
        };

        let (one, two, three) =
            join3(run(bought.clone()), run(reviewed), run(vec![refunded])).await;

        assert!(one.is_some() && two.is_some() && three.is_some());
        assert!(!is_verified(&ada, &mug).await, "round {round}");
    }
}

#[tokio::test]
async fn the_person_goes_from_reviews_and_purchases_with_the_account() {
    let app = App::builder().without_stream().start().await;
    let (admin, ada) =
        (app.admin().await, app.customer("ada").await.with_password("correct horse").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 9)).await;
    let cup = create_product(&admin, product("Cup", 1800, 9)).await;
    let order = buy(&app, &ada, &mug).await;
    let mut stream = Stream::default();
    let bought = app.records(&mut stream).await;
    app.run_job("project-changes", json!({"Records": bought})).await;
    review(&ada, &mug, 5).await.expect(201);
    review(&ada, &cup, 3).await.expect(201);
    for status in ["processing", "shipped", "delivered"] {
        let target = format!("/orders/{}", id(&order));
        admin.put(&target, json!({"status": status})).await.expect(200);
    }
    let user = ada.user_id.expect("a user").to_string();
    app.advance(Duration::from_secs(120));
    let (admin, ada) = (admin.with_new_session().await, ada.with_new_session().await);
    let password = json!({"password": "correct horse"});
    ada.post("/users/me/deletion", password).await.expect(202);
    for _ in 0..3 {
        app.advance(Duration::from_secs(120));
        app.run_job("erase-users", json!({"source": "aws.events"})).await;
    }

    let list = admin.get(&reviews_of(&mug)).await.expect(200);
    let anonymous = &list["data"][0];
    assert_eq!(
        (&anonymous["author"], &anonymous["verified_purchase"]),
        (&json!({"name": null}), &json!(true))
    );
    assert_eq!(list["summary"]["average"], "5.00", "the review stays");
    // A record of before that comes late.
    app.run_job("project-changes", json!({"Records": bought})).await;
    let left: Vec<_> = app.contents().await.into_iter().collect();
    let left = left.iter().filter(|(key, item)| format!("{key} {item:?}").contains(&user));
    assert_eq!(left.map(|(key, _)| key).collect::<Vec<_>>(), [""; 0]);
    admin.delete(&path(anonymous)).await.expect(204);
}
