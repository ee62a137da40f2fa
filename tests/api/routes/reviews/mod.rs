//! Tests of `functions/reviews`.

mod create_review;
mod delete_review;
mod list_all_reviews;
mod list_reviews;
mod moderate_review;
mod update_review;
mod verified_purchases;

use serde_json::{Value, json};
use shared::domain::review::ModerationMode;
use tests::answer::Answer;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{id, path_of};

/// The path of a product's reviews.
fn reviews_of(product: &Value) -> String {
    format!("{}/reviews", path_of(product))
}

/// The path of a review.
fn path(review: &Value) -> String {
    format!("/products/{}/reviews/{}", review["product_id"].as_str().expect("an id"), id(review))
}

/// Reviews a product.
async fn review(who: &Persona<'_>, product: &Value, stars: u32) -> Answer {
    who.post(&reviews_of(product), json!({"rating": stars})).await
}

/// Decides about a review.
async fn moderate(admin: &Persona<'_>, review: &Value, status: &str) -> Answer {
    admin.put(&format!("{}/status", path(review)), json!({"status": status})).await
}

/// Starts a shop whose admins look at reviews first.
async fn with_moderation() -> App {
    App::builder()
        .configure(|config| config.review_moderation = ModerationMode::Manual)
        .start()
        .await
}

/// The average and the number of a product's reviews, as its page and the summary of its reviews say.
async fn rating(who: &Persona<'_>, product: &Value) -> (Option<String>, u64) {
    let of_page = who.get(&path_of(product)).await.expect(200)["rating"].clone();
    let list = who.get(&reviews_of(product)).await.expect(200);
    let summary = &list["summary"];
    assert_eq!((&summary["average"], &summary["count"]), (&of_page["average"], &of_page["count"]));
    (of_page["average"].as_str().map(str::to_owned), of_page["count"].as_u64().expect("a number"))
}
