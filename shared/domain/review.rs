//! Reviews of products by customers.

mod author;
mod purchase;

use std::fmt;

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::{ProductId, ReviewId, UserId};
use super::invalid::Invalid;
use super::quantity::Stars;
use super::text::{ReviewBody, ReviewTitle};
use super::time::Timestamp;

pub use author::AuthorName;
pub use purchase::{Purchase, purchases};

/// Whether others see a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Deserr, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[deserr(error = Invalid, rename_all = lowercase)]
pub enum ReviewStatus {
    /// It waits for an admin.
    Pending,
    /// It is shown, and counts for the product's rating.
    Approved,
    /// It is not shown.
    Rejected,
}

/// What an admin decides about a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[deserr(error = Invalid, rename_all = lowercase)]
pub enum Moderation {
    /// It is shown, and counts for the product's rating.
    Approved,
    /// It is not shown.
    Rejected,
}

/// Which reviews are shown without the decision of an admin: the setting `REVIEW_MODERATION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ModerationMode {
    /// All of them, until an admin rejects one.
    #[default]
    Auto,
    /// None: an admin looks at each new one, and at each edit.
    Manual,
}

/// What the author of a review writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewContent {
    /// How many stars it gives the product.
    pub rating: Stars,
    /// Its title.
    pub title: Option<ReviewTitle>,
    /// Its text.
    pub body: Option<ReviewBody>,
}

/// A review, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Identifier; sorts by time.
    pub id: ReviewId,
    /// The product.
    pub product_id: ProductId,
    /// The customer who wrote it; `None` after the account was deleted.
    pub user_id: Option<UserId>,
    /// The customer's name as others see it; `None` after the account was deleted.
    pub author: Option<AuthorName>,
    /// How many stars it gives the product.
    pub rating: Stars,
    /// Its title.
    pub title: Option<ReviewTitle>,
    /// Its text.
    pub body: Option<ReviewBody>,
    /// Whether the customer has bought the product in this shop.
    pub verified_purchase: bool,
    /// Whether others see it.
    pub status: ReviewStatus,
    /// Version: 1 when created, 1 higher after each change.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its author or an admin last changed it.
    pub updated_at: Timestamp,
}

/// What a change of a review changes in its product's rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatingChange {
    /// The stars that don't count any more.
    pub removed: Option<Stars>,
    /// The stars that count now.
    pub added: Option<Stars>,
}

impl ModerationMode {
    /// Reads the setting; `None` if the text is none of `auto` and `manual`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "manual" => Some(Self::Manual),
            _ => None,
        }
    }

    /// The status of a review that its author has just written.
    const fn status(self) -> ReviewStatus {
        match self {
            Self::Auto => ReviewStatus::Approved,
            Self::Manual => ReviewStatus::Pending,
        }
    }
}

impl From<Moderation> for ReviewStatus {
    fn from(moderation: Moderation) -> Self {
        match moderation {
            Moderation::Approved => Self::Approved,
            Moderation::Rejected => Self::Rejected,
        }
    }
}

impl Review {
    /// Creates a review.
    pub fn new(
        product_id: ProductId,
        user_id: UserId,
        author: AuthorName,
        content: ReviewContent,
        verified_purchase: bool,
        mode: ModerationMode,
        now: Timestamp,
    ) -> Self {
        let ReviewContent { rating, title, body } = content;
        Self {
            id: ReviewId::new(now),
            product_id,
            user_id: Some(user_id),
            author: Some(author),
            rating,
            title,
            body,
            verified_purchase,
            status: mode.status(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether a user wrote it.
    pub fn is_by(&self, user: UserId) -> bool {
        self.user_id == Some(user)
    }

    /// Returns the review with another content; `None` if that is what it has. A rejected one stays
    /// rejected; otherwise an edit by its author is treated like a new review. `mode` is `None` for an
    /// edit by an admin, after which its status stays.
    pub fn edited(
        &self,
        content: &ReviewContent,
        mode: Option<ModerationMode>,
        now: Timestamp,
    ) -> Option<Self> {
        let ReviewContent { rating, title, body } = content.clone();
        let status = match (self.status, mode) {
            (ReviewStatus::Pending | ReviewStatus::Approved, Some(mode)) => mode.status(),
            (status, _) => status,
        };
        let is_same = (self.rating, &self.title, &self.body) == (rating, &title, &body);
        (!is_same).then(|| Self { rating, title, body, status, ..self.changed(now) })
    }

    /// Returns the review with an admin's decision; `None` if it has this status.
    pub fn moderated(&self, status: ReviewStatus, now: Timestamp) -> Option<Self> {
        (self.status != status).then(|| Self { status, ..self.changed(now) })
    }

    /// Returns the review with or without the mark of a purchase; `None` if that is so already.
    pub fn verified(&self, verified_purchase: bool) -> Option<Self> {
        let differs = self.verified_purchase != verified_purchase;
        differs.then(|| Self { verified_purchase, ..self.changed(self.updated_at) })
    }

    /// Returns the review without the person who wrote it.
    #[must_use]
    pub fn without_author(&self) -> Self {
        Self { user_id: None, author: None, ..self.changed(self.updated_at) }
    }

    fn changed(&self, updated_at: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at, ..self.clone() }
    }

    /// The stars that count for the product's rating; `None` unless it is approved.
    fn counted(&self) -> Option<Stars> {
        (self.status == ReviewStatus::Approved).then_some(self.rating)
    }
}

impl RatingChange {
    /// Returns what changes from one state of a review to another, each `None` if there is no review;
    /// `None` if nothing does.
    pub fn between(before: Option<&Review>, after: Option<&Review>) -> Option<Self> {
        let [removed, added] = [before, after].map(|review| review.and_then(Review::counted));
        (removed != added).then_some(Self { removed, added })
    }
}

impl fmt::Display for ReviewStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(stars: usize) -> ReviewContent {
        ReviewContent { rating: Stars::ALL[stars - 1], title: None, body: None }
    }

    fn review(status: ReviewStatus) -> Review {
        let now = Timestamp::from_unix_millis(1_767_225_600_000);
        let (product, user) = (ProductId::new(now), UserId::new(now));
        let author = AuthorName::of("Ada Lovelace");
        let new = Review::new(product, user, author, content(4), false, ModerationMode::Auto, now);
        Review { status, ..new }
    }

    #[test]
    fn an_edit_is_moderated_like_a_new_review_unless_it_was_rejected() {
        use ReviewStatus::{Approved, Pending, Rejected};
        for (before, mode, after) in [
            (Approved, ModerationMode::Auto, Approved),
            (Pending, ModerationMode::Auto, Approved),
            (Rejected, ModerationMode::Auto, Rejected),
            (Approved, ModerationMode::Manual, Pending),
            (Pending, ModerationMode::Manual, Pending),
            (Rejected, ModerationMode::Manual, Rejected),
        ] {
            let review = review(before);
            let edited = review.edited(&content(5), Some(mode), review.created_at).unwrap();
            assert_eq!((edited.status, edited.version), (after, 2), "{before}, {mode:?}");
            assert_eq!(review.edited(&content(4), Some(mode), review.created_at), None);
            let by_admin = review.edited(&content(5), None, review.created_at).unwrap();
            assert_eq!(by_admin.status, before);
        }
    }

    #[test]
    fn only_approved_reviews_count() {
        use ReviewStatus::{Approved, Pending, Rejected};
        let stars = |number: usize| Some(Stars::ALL[number - 1]);
        let change = |removed, added| Some(RatingChange { removed, added });
        let (shown, hidden) = (review(Approved), review(Pending));
        assert_eq!(RatingChange::between(None, Some(&shown)), change(None, stars(4)));
        assert_eq!(RatingChange::between(None, Some(&hidden)), None);
        assert_eq!(RatingChange::between(Some(&shown), None), change(stars(4), None));
        let edited = Review { rating: Stars::ALL[0], ..shown.clone() };
        assert_eq!(RatingChange::between(Some(&shown), Some(&edited)), change(stars(4), stars(1)));
        let rejected = shown.moderated(Rejected, shown.created_at).unwrap();
        assert_eq!(RatingChange::between(Some(&shown), Some(&rejected)), change(stars(4), None));
        assert_eq!(RatingChange::between(Some(&rejected), Some(&hidden)), None);
        assert_eq!(rejected.moderated(Rejected, shown.created_at), None);
    }
}
