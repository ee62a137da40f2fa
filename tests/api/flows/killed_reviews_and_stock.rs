//! Routes of stock and reviews, and the job that keeps their books, killed at any of their writes, before
//! it is sent or after it was carried out; and sent again.

use serde_json::{Value, json};
use tests::answer::Answer;
use tests::app::App;
use tests::crash::Moment;
use tests::persona::Persona;
use tests::samples::{create_product, create_sku, id, product};
use tests::stream::Stream;

use super::review_counts::recount;
use super::stock_ledger::{alerts, check_ledgers};

const MOMENTS: [Moment; 2] = [Moment::BeforeSending, Moment::AfterCommit];

/// Brings everything that happened into the books.
async fn project(app: &App, stream: &mut Stream) {
    assert_eq!(app.project_changes(stream).await, [""; 0]);
}

async fn adjust(admin: &Persona<'_>) -> Answer {
    let call = admin.call("POST", "/inventory/MUG/adjustments").header("idempotency-key", "key");
    call.json(&json!({"delta": -3, "reason": "Broken"})).send().await
}

#[tokio::test]
async fn an_adjustment_that_is_killed_at_any_write_and_sent_again_is_made_once() {
    for moment in MOMENTS {
        for writes in 0.. {
            let when = format!("{moment:?} of write {writes}");
            let app = App::builder().with_every_version().without_stream().start().await;
            let mut stream = Stream::of_table(&app.table);
            let admin = app.admin().await;
            create_sku(&admin, "MUG", 1800, 50).await;

            let killed = app.crash_at("adjust-inventory", writes, moment, adjust(&admin)).await;

            for _ in 0..2 {
                assert_eq!(adjust(&admin).await.expect(201)["available_after"], 47, "{when}");
            }
            project(&app, &mut stream).await;
            assert_eq!(check_ledgers(&app).await, 2, "{when}");
            if killed.is_some() {
                assert!(writes >= 1, "the transaction");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_stock_that_is_set_by_a_killed_request_and_set_again_has_one_movement_and_one_alert() {
    for moment in MOMENTS {
        for writes in 0.. {
            let when = format!("{moment:?} of write {writes}");
            let app = App::builder().with_every_version().without_stream().start().await;
            let mut stream = Stream::of_table(&app.table);
            let admin = app.admin().await;
            let mut mug = product("Mug", 1800, 0);
            mug["low_stock_threshold"] = 5.into();
            mug["variants"] = json!([{"sku": "MUG", "stock": 50}]);
            mug.as_object_mut().expect("a product").remove("stock");
            create_product(&admin, mug).await;
            let set = || async {
                let call = admin.call("PUT", "/inventory/MUG").header("if-match", "*");
                call.json(&json!({"available": 4})).send().await
            };

            let killed = app.crash_at("set-inventory", writes, moment, set()).await;

            for _ in 0..2 {
                assert_eq!(set().await.expect(200)["available"], 4, "{when}");
            }
            project(&app, &mut stream).await;
            assert_eq!(check_ledgers(&app).await, 2, "{when}");
            assert_eq!(alerts(&app).await.len(), 1, "{when}");
            if killed.is_some() {
                assert!(writes >= 1, "the transaction");
                break;
            }
        }
    }
}

/// A mug, and what a customer and an admin do with reviews of it.
async fn shop(app: &App) -> (Persona<'_>, Persona<'_>, String) {
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Mug", 1800, 5)).await;
    (admin, ada, format!("/products/{}/reviews", id(&mug)))
}

/// Kills a function at any of its writes, while it carries out `request` about Ada's review of five
/// stars, sends it again, and checks that the reviews are counted once.
async fn kill(
    function: &'static str,
    request: impl AsyncFn(&Persona<'_>, &Persona<'_>, &str, &str) -> Answer,
) {
    for moment in MOMENTS {
        for writes in 0.. {
            let when = format!("{function}: {moment:?} of write {writes}");
            let app = App::builder().limits("").start().await;
            let (admin, ada, reviews) = shop(&app).await;
            let review = ada.post(&reviews, json!({"rating": 5})).await.expect(201);
            let path = format!("{reviews}/{}", id(&review));

            let work = request(&admin, &ada, &reviews, &path);
            let killed = app.crash_at(function, writes, moment, work).await;

            recount(&app, &when).await;
            for _ in 0..2 {
                let answer = request(&admin, &ada, &reviews, &path).await;
                assert!(matches!(answer.status, 200..300 | 404 | 409), "{when}: {answer:?}");
                recount(&app, &when).await;
            }
            if killed.is_some() {
                assert!(writes >= 1, "the transaction");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_review_that_is_written_by_a_killed_request_counts_once() {
    for moment in MOMENTS {
        for writes in 0.. {
            let when = format!("{moment:?} of write {writes}");
            let app = App::builder().limits("").start().await;
            let (_, ada, reviews) = shop(&app).await;
            let create = || ada.post(&reviews, json!({"rating": 4}));

            let killed = app.crash_at("create-review", writes, moment, create()).await;

            let again = create().await;
            assert!(matches!(again.status, 201 | 409), "{when}: {again:?}");
            create().await.expect_problem(409, "already_reviewed");
            recount(&app, &when).await;
            let list = ada.get(&reviews).await.expect(200);
            assert_eq!(list["summary"]["count"], 1, "{when}");
            if killed.is_some() {
                assert!(writes >= 2, "the counter and the transaction");
                break;
            }
        }
    }
}

#[tokio::test]
async fn an_edit_a_decision_and_a_deletion_that_are_killed_and_sent_again_count_once() {
    kill("update-review", async |_, ada, _, path| ada.put(path, json!({"rating": 2})).await).await;
    kill("moderate-review", async |admin, _, _, path| {
        admin.put(&format!("{path}/status"), json!({"status": "rejected"})).await
    })
    .await;
    kill("delete-review", async |_, ada, _, path| ada.delete(path).await).await;
}

/// The number of entries in the ledgers, the alerts, and whether the review has its mark.
type Books = (usize, Vec<(String, String)>, Value);

#[tokio::test]
async fn a_projection_that_is_killed_at_any_write_and_runs_again_ends_in_the_same_books() {
    let mut first: Option<Books> = None;
    for moment in MOMENTS {
        for writes in 0.. {
            let when = format!("{moment:?} of write {writes}");
            let app = App::builder().with_every_version().without_stream().start().await;
            let mut stream = Stream::of_table(&app.table);
            let (admin, ada, reviews) = shop(&app).await;
            let few = json!([{"sku": "FEW", "stock": 6}]);
            let few = json!({"name": "Few", "price": {"amount": 500, "currency": "USD"}, "low_stock_threshold": 5, "variants": few});
            create_product(&admin, few).await;
            ada.post(&reviews, json!({"rating": 5})).await.expect(201);
            let mug = reviews.split('/').nth(2).expect("an id");
            let items = json!([{"sku": "FEW", "quantity": 2}, {"product_id": mug, "quantity": 1}]);
            let order = ada.post("/orders", json!({"items": items})).await.expect(201);
            let paid = json!({"status": "paid"});
            admin.put(&format!("/orders/{}", id(&order)), paid).await.expect(200);
            let records = app.records(&mut stream).await;
            let run = || app.run_job("project-changes", json!({"Records": records}));

            let killed = app.crash_at("project-changes", writes, moment, run()).await;

            for _ in 0..2 {
                run().await.expect("it runs");
            }
            let list = ada.get(&reviews).await.expect(200);
            let verified = list["data"][0]["verified_purchase"].clone();
            let state = (check_ledgers(&app).await, alerts(&app).await, verified);
            assert_eq!(*first.get_or_insert_with(|| state.clone()), state, "{when}");
            if killed.is_some() {
                assert!(writes >= 4, "the log, the ledger, the mark and the purchases");
                break;
            }
        }
    }
    let (entries, alerts, verified) = first.expect("a state");
    assert_eq!((entries, alerts.len(), verified), (4, 1, json!(true)));
}
