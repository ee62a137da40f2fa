//! The number of reviews of each product, by their stars: what is stored is what a count of all reviews
//! finds, whatever happens at once.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use shared::services::reviews;
use shared::store::transaction::Transaction;
use tests::answer::persist;
use tests::app::App;
use tests::crash::Moment;
use tests::gate::Faults;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{id, product, text_of};
use tests::stream::Stream;

/// Counts all approved reviews, and compares the numbers with those that are stored.
pub async fn recount(app: &App, when: &str) {
    let items = app.items().await;
    let mut counted: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut reviewers = Vec::new();
    for review in items.iter().filter(|item| text_of(item, "type") == "review") {
        let product = text_of(review, "product_id");
        let stars = review["rating"].as_n().expect("a number");
        reviewers.push((text_of(review, "user_id"), product.clone()));
        if text_of(review, "status") == "approved" {
            *counted.entry((product, format!("count_{stars}"))).or_default() += 1;
        }
    }
    let mut stored: BTreeMap<(String, String), u64> = BTreeMap::new();
    for item in items.iter().filter(|item| text_of(item, "type") == "rating") {
        for (name, value) in item.iter().filter(|(name, _)| name.starts_with("count_")) {
            let number = value.as_n().expect("a number").parse().expect("not below zero");
            stored.insert((text_of(item, "pk").replace("PRODUCT#", ""), name.clone()), number);
        }
    }
    stored.retain(|_, count| *count > 0);
    assert_eq!(stored, counted, "{when}");
    let mut marked: Vec<_> = items
        .iter()
        .filter(|item| text_of(item, "type") == "review_marker")
        .map(|item| (text_of(item, "pk").replace("REVIEWER#", ""), text_of(item, "product_id")))
        .collect();
    marked.sort();
    reviewers.sort();
    assert_eq!(marked, reviewers, "{when}: one review for each marker");
    let dashes = reviewers.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert_eq!(dashes, 0, "{when}: two reviews of one user and product");
}

/// What a customer does with the reviews of one product, and an admin with those of all.
async fn act(who: &Persona<'_>, admin: &Persona<'_>, reviews: &str, random: &Random) {
    // A request that fails is one of the things that happen.
    let stars = || json!({"rating": 1 + random.below(5)});
    let known = who.post(reviews, stars()).await;
    let review = match known.status {
        201 => known.body["id"].clone(),
        _ => known.body["review_id"].clone(),
    };
    let Some(review) = review.as_str() else { return };
    let path = format!("{reviews}/{review}");
    drop(match random.below(4) {
        0 => who.delete(&path).await,
        1 => {
            let status = ["approved", "rejected"][random.below(2) as usize];
            admin.put(&format!("{path}/status"), json!({"status": status})).await
        }
        _ => who.put(&path, stars()).await,
    });
}

#[tokio::test]
async fn five_hundred_reviews_edits_decisions_and_deletions_of_a_hundred_users_at_once_are_counted()
{
    let random = Random::seeded();
    let faults = Faults::mixed(Random::seeded_by(1));
    let app = App::builder().faults(faults).start().await;
    let admin = app.admin().await;
    let mut products = Vec::new();
    for name in ["Mug", "Cup", "Jug"] {
        let mug = persist(|| admin.post("/products", product(name, 1800, 5))).await;
        products.push(format!("/products/{}/reviews", mug.body["id"].as_str().expect("an id")));
    }
    let users = app.customers(100).await;
    let (random, admin, products) = (&random, &admin, &products);
    let of_user = async |user: &Persona<'_>| {
        for _ in 0..5 {
            let reviews = &products[random.below(3) as usize];
            act(user, admin, reviews, random).await;
        }
    };

    join_all(users.iter().map(of_user)).await;

    recount(&app, "after all of it").await;
    let reviews = app.items().await;
    let reviews = reviews.iter().filter(|item| text_of(item, "type") == "review").count();
    assert!(reviews > 50, "{reviews} reviews are left");
}

#[tokio::test]
async fn a_review_that_has_changed_since_it_was_read_is_neither_changed_nor_deleted() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = admin.post("/products", product("Mug", 1800, 5)).await.expect(201);
    let path = format!("/products/{}/reviews", id(&mug));
    let review = ada.post(&path, json!({"rating": 5})).await.expect(201);
    let [product, review] = [&mug, &review].map(id);
    let store = &app.unrestricted.store;
    let (product, review) = (product.parse().expect("an id"), review.parse().expect("an id"));
    let read = store.reviews().get(product, review).await.expect("a review");
    ada.put(&format!("{path}/{review}"), json!({"rating": 2})).await.expect(200);
    let before = app.contents().await;

    for function in ["update-review", "moderate-review", "project-changes", "erase-users"] {
        let ctx = app.context(function);
        let write = ctx.store.reviews().replace(&read, &read.without_author());
        let transaction = Transaction::with_new_token(ctx.now()).with(write);
        let outcome = ctx.store.transact(transaction).await.expect("an outcome");
        assert!(!outcome.is_committed(), "{function}");
    }
    let ctx = app.context("delete-review");
    let transaction =
        Transaction::with_new_token(ctx.now()).with(ctx.store.reviews().delete(&read));
    assert!(!ctx.store.transact(transaction).await.expect("an outcome").is_committed());

    assert!(app.contents().await == before, "something was written");
}

#[tokio::test]
async fn a_mark_and_an_edit_at_once_are_both_kept() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = admin.post("/products", product("Mug", 1800, 5)).await.expect(201);
    let path = format!("/products/{}/reviews", id(&mug));
    let review = ada.post(&path, json!({"rating": 5})).await.expect(201);
    let mut stream = Stream::default();
    app.records(&mut stream).await;
    let order = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});
    let order = ada.post("/orders", order).await.expect(201);
    let paid = json!({"status": "paid"});
    admin.put(&format!("/orders/{}", id(&order)), paid).await.expect(200);
    let mut records = app.records(&mut stream).await;
    records.retain(|record| record["dynamodb"]["NewImage"]["type"]["S"] == "order");
    // The purchase is recorded first, so that what is left is to judge the review.
    let run = app.run_job("project-changes", json!({"Records": records}));
    app.crash_at("project-changes", 1, Moment::BeforeSending, run).await;
    let (user, mug) = (ada.user_id.expect("a user"), id(&mug).parse().expect("an id"));
    let edit = async { ada.put(&format!("{path}/{}", id(&review)), json!({"rating": 2})).await };
    app.race(2);

    let (judged, edited) =
        join(reviews::judge(app.context("project-changes"), user, mug), edit).await;

    judged.expect("it is judged");
    edited.expect(200);
    let list = ada.get(&path).await.expect(200);
    let kept = (&list["data"][0]["rating"], &list["data"][0]["verified_purchase"]);
    assert_eq!(kept, (&json!(2), &json!(true)));
    recount(&app, "after both").await;
}

#[tokio::test]
async fn a_count_that_is_wrong_is_found() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = admin.post("/products", product("Mug", 1800, 5)).await.expect(201);
    let path = format!("/products/{}/reviews", id(&mug));
    let _: Value = ada.post(&path, json!({"rating": 5})).await.expect(201);
    recount(&app, "as it is").await;
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key("pk", AttributeValue::S(format!("PRODUCT#{}", id(&mug))));
    let update = update.key("sk", AttributeValue::S("RATING".to_owned()));
    let update = update.update_expression("ADD count_5 :one");
    let one = AttributeValue::N("1".to_owned());
    update.expression_attribute_values(":one", one).send().await.expect("an update");
    let wrong = tokio::spawn(async move { recount(&app, "one too many").await });
    assert!(wrong.await.is_err());
}
