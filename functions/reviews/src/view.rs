//! Views of reviews.

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::ids::{ProductId, ReviewId};
use shared::domain::quantity::Stars;
use shared::domain::review::{AuthorName, Review, ReviewStatus};
use shared::domain::text::{ReviewBody, ReviewTitle};
use shared::domain::time::Timestamp;

/// A review of a product.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Review")]
pub(crate) struct ReviewView {
    id: ReviewId,
    product_id: ProductId,
    author: AuthorView,
    /// 1 to 5 stars.
    rating: Stars,
    /// Text, as it was written: escape it where you show it.
    title: Option<ReviewTitle>,
    /// Text, as it was written: escape it where you show it.
    body: Option<ReviewBody>,
    /// Whether its author has bought the product in this shop.
    verified_purchase: bool,
    /// Others see it only if it is approved.
    status: ReviewStatus,
    created_at: Timestamp,
    /// When its author or an admin last changed it.
    updated_at: Timestamp,
}

/// Who wrote a review.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReviewAuthor")]
struct AuthorView {
    /// First name and initial; null after the account was deleted.
    name: Option<AuthorName>,
}

impl From<Review> for ReviewView {
    fn from(review: Review) -> Self {
        Self {
            id: review.id,
            product_id: review.product_id,
            author: AuthorView { name: review.author },
            rating: review.rating,
            title: review.title,
            body: review.body,
            verified_purchase: review.verified_purchase,
            status: review.status,
            created_at: review.created_at,
            updated_at: review.updated_at,
        }
    }
}
