//! Reviews: by product and time, by product and stars, by status, and by their authors.
//!
//! The number of a product's approved reviews, by their stars, is an item in the product's partition. It
//! changes in the transaction that changes a review, which requires the review's version, so that each
//! review is counted once. A marker for each user and product makes a second review fail.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::ChangedMeanwhile;
use super::expression::{is, is_number};
use super::item::{Item, from_item, text, text_of, to_item};
use super::keys::{self, REVIEWS_BY_RATING, REVIEWS_BY_STATUS, SK, TABLE};
use super::list::{Order, Query, Range};
use super::products::RATING;
use super::read::Read;
use super::table::Store;
use super::write::{Changes, NewItem, OldItem, Write};
use crate::domain::error::{Error, Result};
use crate::domain::ids::{ProductId, ReviewId, UserId};
use crate::domain::page::{Page, Paging};
use crate::domain::product::StarCounts;
use crate::domain::quantity::Stars;
use crate::domain::review::{RatingChange, Review, ReviewStatus};

/// The store's operations on reviews.
#[derive(Debug, Clone, Copy)]
pub struct Reviews<'a>(&'a Store);

/// The error if a user has reviewed a product before, with that review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlreadyReviewed(pub ReviewId);

/// How a product's reviews are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewOrder {
    /// By creation time.
    CreatedAt {
        /// Whether the newest is first.
        is_descending: bool,
    },
    /// By stars, and those with the same by creation time.
    Rating {
        /// Whether the one with the most stars is first.
        is_descending: bool,
    },
}

/// The marker that a user has reviewed a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewMarker {
    /// The product.
    pub product_id: ProductId,
    /// The review.
    pub review_id: ReviewId,
}

const REVIEW: &str = "review";
const MARKER: &str = "review_marker";

impl Store {
    /// Returns the store's operations on reviews.
    pub fn reviews(&self) -> Reviews<'_> {
        Reviews(self)
    }
}

impl Reviews<'_> {
    /// Returns the write that creates a review.
    pub fn create<R>(self, review: &Review) -> Result<Write<R, NewItem>> {
        let item = to_item(REVIEW, keys::review(review.product_id, review.id), review)?;
        let keys = index_keys(review).into_iter();
        let keys = keys.filter_map(|(attribute, key)| Some((attribute, key?)));
        Ok(keys.fold(Write::create_new(item), |write, (attribute, key)| {
            write.with(attribute, text(key))
        }))
    }

    /// Returns the write that records that a user has reviewed a product; rejected if the user has
    /// done so before.
    pub fn create_marker(
        self,
        user: UserId,
        review: &Review,
    ) -> Result<Write<AlreadyReviewed, NewItem>> {
        let marker = ReviewMarker { product_id: review.product_id, review_id: review.id };
        let item = to_item(MARKER, keys::review_marker(user, review.product_id), &marker)?;
        let missing = super::expression::missing();
        Ok(Write::put(item).when_with_item(missing, |found| {
            let found = found.ok_or_else(|| Error::internal("a rejected marker is missing"))?;
            Ok(AlreadyReviewed(from_item::<ReviewMarker>(found)?.review_id))
        }))
    }

    /// Returns the write that deletes the marker that a user has reviewed a product.
    pub fn delete_marker<R>(self, user: UserId, product: ProductId) -> Write<R, OldItem> {
        Write::delete(keys::review_marker(user, product))
    }

    /// Returns the write that replaces a review; rejected if the stored version is not that of
    /// `before`.
    pub fn replace(self, before: &Review, after: &Review) -> Write<ChangedMeanwhile, Changes> {
        let key = keys::review(before.product_id, before.id);
        let mut write = Write::update(key).set_members(after);
        for (attribute, key) in index_keys(after) {
            write = match key {
                Some(key) => write.set_text(attribute, key),
                None => write.remove(attribute),
            };
        }
        write.when(is_number("version", before.version), || ChangedMeanwhile)
    }

    /// Returns the write that deletes a review; rejected if the stored version is not that of
    /// `review`.
    pub fn delete(self, review: &Review) -> Write<ChangedMeanwhile, OldItem> {
        let delete = Write::delete(keys::review(review.product_id, review.id));
        delete.when(is_number("version", review.version), || ChangedMeanwhile)
    }

    /// Returns the write that changes the number of a product's reviews. Only together with the write
    /// of the review does it count it once.
    pub fn count<R>(self, product: ProductId, change: RatingChange) -> Write<R, Changes> {
        let write = Write::update(keys::rating(product)).set_type(RATING);
        let write = match change.removed {
            Some(stars) => write.count(StarCounts::attribute(stars), -1),
            None => write,
        };
        match change.added {
            Some(stars) => write.count(StarCounts::attribute(stars), 1),
            None => write,
        }
    }

    /// Returns a review, by a consistent read; 404 if it does not exist.
    pub async fn get(self, product: ProductId, id: ReviewId) -> Result<Review> {
        self.find(product, id).await?.ok_or(Error::NotFound)
    }

    /// Returns a review, by a consistent read; `None` if it does not exist.
    pub async fn find(self, product: ProductId, id: ReviewId) -> Result<Option<Review>> {
        let item = self.0.get(keys::review(product, id), Read::Consistent).await?;
        item.map(from_item).transpose()
    }

    /// Returns a user's review of a product, by consistent reads; `None` if there is none.
    pub async fn of_user(self, user: UserId, product: ProductId) -> Result<Option<Review>> {
        let marker = self.0.get(keys::review_marker(user, product), Read::Consistent).await?;
        match marker.map(from_item::<ReviewMarker>).transpose()? {
            Some(marker) => self.find(product, marker.review_id).await,
            None => Ok(None),
        }
    }

    /// Returns the markers of all reviews of a user, by a consistent read.
    pub async fn all_of_user(self, user: UserId) -> Result<Vec<ReviewMarker>> {
        let markers = self.0.partition(&keys::review_markers(user), Read::Consistent).await?;
        markers.into_iter().map(from_item).collect()
    }

    /// Returns how many approved reviews a product has, by their stars.
    pub async fn counts(self, product: ProductId) -> Result<StarCounts> {
        let item = self.0.get(keys::rating(product), Read::Eventual).await?;
        item.map_or(Ok(StarCounts::default()), from_item)
    }

    /// Returns a page of a product's approved reviews; only those with this many stars, if given.
    pub async fn of_product(
        self,
        product: ProductId,
        stars: Option<Stars>,
        order: ReviewOrder,
        paging: &Paging,
    ) -> Result<Page<Review>> {
        let (ReviewOrder::CreatedAt { is_descending } | ReviewOrder::Rating { is_descending }) =
            order;
        let direction = if is_descending { Order::Descending } else { Order::Ascending };
        if let (ReviewOrder::CreatedAt { .. }, None) = (order, stars) {
            let query = Query {
                named: product.to_string(),
                filter: Some(is("status", ReviewStatus::Approved)),
                ..Query::all(TABLE, keys::reviews(product), direction)
            };
            return self.0.list(&query, paging).await;
        }
        let range = stars.map_or(Range::All, |stars| Range::Prefix(keys::with_stars(stars)));
        let partition = keys::rated_product(product);
        let query = Query {
            named: product.to_string(),
            range,
            ..Query::all(REVIEWS_BY_RATING, partition, direction)
        };
        let page = self.0.list::<Listed>(&query, paging).await?;
        // The index may be behind.
        let is_wanted = |it: &Review| {
            it.status == ReviewStatus::Approved && stars.is_none_or(|stars| it.rating == stars)
        };
        self.read(page, is_wanted).await
    }

    /// Returns a page of all reviews, the newest first; only those with a status, if given.
    pub async fn all(self, status: Option<ReviewStatus>, paging: &Paging) -> Result<Page<Review>> {
        let all = [ReviewStatus::Pending, ReviewStatus::Approved, ReviewStatus::Rejected];
        let wanted = all.into_iter().filter(|it| status.is_none_or(|status| *it == status));
        let query = Query {
            named: format!("{status:?}"),
            ..Query::all(REVIEWS_BY_STATUS, String::new(), Order::Descending)
        };
        let partitions = wanted.map(keys::review_status).collect();
        let page = self.0.list_merged::<Listed>(&query, partitions, paging).await?;
        self.read(page, |review| status.is_none_or(|status| review.status == status)).await
    }

    /// Reads the reviews of a page of an index.
    async fn read(
        self,
        page: Page<Listed>,
        is_wanted: impl Fn(&Review) -> bool,
    ) -> Result<Page<Review>> {
        let keys = page.items.iter().map(|it| keys::Key { pk: it.pk.clone(), sk: it.sk.clone() });
        let found = self.0.batch_get(keys.collect(), &[], Read::Eventual).await?;
        let review = |item: Item| {
            let sk = text_of(&item, SK).unwrap_or_default();
            Ok((sk, from_item::<Review>(item)?))
        };
        let mut found = found.into_iter().map(review).collect::<Result<HashMap<_, _>>>()?;
        Ok(page.filter_map(|listed| found.remove(&listed.sk).filter(|review| is_wanted(review))))
    }
}

/// A review in an index, which has keys only.
#[derive(Debug, Deserialize)]
struct Listed {
    pk: String,
    sk: String,
}

/// Returns the keys of a review in the indexes; `None` where it has no place.
fn index_keys(review: &Review) -> [(&'static str, Option<String>); 4] {
    let Review { id, product_id, rating, status, .. } = review;
    let is_shown = *status == ReviewStatus::Approved;
    [
        (REVIEWS_BY_RATING.partition, is_shown.then(|| keys::rated_product(*product_id))),
        (REVIEWS_BY_RATING.sort, is_shown.then(|| keys::rating_key(*rating, *id))),
        (REVIEWS_BY_STATUS.partition, Some(keys::review_status(*status))),
        (REVIEWS_BY_STATUS.sort, Some(keys::review_status_key(*id, *product_id))),
    ]
}
