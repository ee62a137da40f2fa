//! Reviews: writing, moderating and listing them, and the mark of a purchase.

use futures_util::future::try_join3;

use super::limiter::Limiter;
use crate::context::Ctx;
use crate::domain::caller::Caller;
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::ids::{ProductId, ReviewId, UserId};
use crate::domain::page::{Page, Paging};
use crate::domain::problem_code::ProblemCode;
use crate::domain::product::StarCounts;
use crate::domain::quantity::Stars;
use crate::domain::rate_limit::RateLimit;
use crate::domain::review::{
    AuthorName, Purchase, RatingChange, Review, ReviewContent, ReviewStatus,
};
use crate::domain::time::Timestamp;
use crate::store::purchases::NotRecorded;
use crate::store::retry::Attempts;
use crate::store::reviews::{AlreadyReviewed, ReviewOrder};
use crate::store::transaction::Transaction;
use crate::store::{Read, Store};

/// Creates a customer's review of a product. 404 if the product is not published, 409
/// `already_reviewed` if the customer has reviewed it before, 429 if the customer writes too many.
pub async fn create(
    ctx: &Ctx,
    user: UserId,
    product: ProductId,
    content: ReviewContent,
    limiter: &Limiter<'_>,
) -> Result<Review> {
    limiter.admit([RateLimit::ReviewAccount.of(user)]).await?;
    let store = &ctx.store;
    let (is_published, profile, has_bought) = try_join3(
        store.products().is_published(product, Read::Consistent),
        store.users().get(user, Read::Consistent),
        store.purchases().has_bought(user, product),
    )
    .await?;
    if !is_published {
        return Err(Error::NotFound);
    }
    let author = AuthorName::of(profile.ok_or(Error::Unauthenticated)?.summary.name.as_str());

    let (mode, now) = (ctx.config.review_moderation, ctx.now());
    let review = Review::new(product, user, author, content, has_bought, mode, now);
    match add(store, user, &review, now).await? {
        Ok(()) => Ok(review),
        Err(AlreadyReviewed(review)) => Err(already_reviewed(review)),
    }
}

/// Stores a new review of a user together with its marker, and counts it.
pub async fn add(
    store: &Store,
    user: UserId,
    review: &Review,
    now: Timestamp,
) -> Result<Result<(), AlreadyReviewed>> {
    let (reviews, change) = (store.reviews(), RatingChange::between(None, Some(review)));
    let transaction = Transaction::with_new_token(now)
        .with(reviews.create_marker(user, review)?)
        .with(reviews.create(review)?)
        .with_all(change.map(|change| reviews.count(review.product_id, change)));
    Ok(store.transact(transaction).await?.first())
}

/// Replaces the content of a review, for its author and admins. 404 for everybody else, or if it does
/// not exist; 429 if the caller writes too many.
pub async fn update(
    ctx: &Ctx,
    caller: Caller,
    product: ProductId,
    id: ReviewId,
    content: &ReviewContent,
    limiter: &Limiter<'_>,
) -> Result<Review> {
    if !caller.is_admin() {
        limiter.admit([RateLimit::ReviewAccount.of(caller.user_id)]).await?;
    }
    let mode = (!caller.is_admin()).then_some(ctx.config.review_moderation);
    change(ctx, product, id, |review, now| {
        may_change(caller, review)?;
        Ok(review.edited(content, mode, now))
    })
    .await
}

/// Shows a review, or does not. 404 if it does not exist.
pub async fn moderate(
    ctx: &Ctx,
    product: ProductId,
    id: ReviewId,
    status: ReviewStatus,
) -> Result<Review> {
    change(ctx, product, id, |review, now| Ok(review.moderated(status, now))).await
}

/// Deletes a review, for its author and admins, so that its author can write another one. 404 for
/// everybody else, or if it does not exist.
pub async fn delete(ctx: &Ctx, caller: Caller, product: ProductId, id: ReviewId) -> Result<()> {
    let reviews = ctx.store.reviews();
    let mut attempts = attempts();
    loop {
        let (review, now) = (reviews.get(product, id).await?, ctx.now());
        may_change(caller, &review)?;
        let change = RatingChange::between(Some(&review), None);
        let transaction = Transaction::with_new_token(now)
            .with(reviews.delete(&review))
            .with_all(review.user_id.map(|user| reviews.delete_marker(user, product)))
            .with_all(change.map(|change| reviews.count(product, change)));
        if ctx.store.transact(transaction).await?.is_committed() {
            return Ok(());
        }
        attempts.pause().await?;
    }
}

/// Returns a page of a product's approved reviews, and how many there are by their stars. 404 if the
/// product is not published.
pub async fn list(
    ctx: &Ctx,
    product: ProductId,
    stars: Option<Stars>,
    order: ReviewOrder,
    paging: &Paging,
) -> Result<(Page<Review>, StarCounts)> {
    let (is_published, counts, page) = try_join3(
        ctx.store.products().is_published(product, Read::Eventual),
        ctx.store.reviews().counts(product),
        ctx.store.reviews().of_product(product, stars, order, paging),
    )
    .await?;
    if is_published { Ok((page, counts)) } else { Err(Error::NotFound) }
}

/// Records what an order says about a purchase, and judges the review that it is about.
pub async fn record_purchase(ctx: &Ctx, purchase: &Purchase) -> Result<()> {
    match ctx.store.purchases().record(purchase, ctx.now()).await?.first() {
        Err(NotRecorded::NoAccount) => Ok(()),
        // An earlier run may have ended before it judged the review.
        Ok(()) | Err(NotRecorded::KnownBefore) => {
            judge(ctx, purchase.user_id, purchase.product_id).await
        }
    }
}

/// Gives a user's review of a product the mark of a purchase, or takes it away, as the user's purchases
/// are now. Does nothing if there is no review.
pub async fn judge(ctx: &Ctx, user: UserId, product: ProductId) -> Result<()> {
    let store = &ctx.store;
    let mut attempts = attempts();
    loop {
        // The review first: the purchases that are read afterwards are not older.
        let Some(review) = store.reviews().of_user(user, product).await? else { return Ok(()) };
        let has_bought = store.purchases().has_bought(user, product).await?;
        let Some(judged) = review.verified(has_bought) else { return Ok(()) };
        // And again, after a change of one's own too: another run may have recorded a purchase after this
        // one read them, and found the mark right that this one has just changed.
        if !replace(ctx, &review, &judged, ctx.now()).await? {
            attempts.pause().await?;
        }
    }
}

/// Removes a user from all reviews, which stay, and deletes what the user has bought.
pub async fn erase_author(ctx: &Ctx, user: UserId) -> Result<()> {
    let reviews = ctx.store.reviews();
    for marker in reviews.all_of_user(user).await? {
        let mut attempts = attempts();
        loop {
            let review = reviews.find(marker.product_id, marker.review_id).await?;
            let review = review.filter(|review| review.is_by(user));
            let anonymous = review.as_ref().map(Review::without_author);
            let replaced = review.as_ref().zip(anonymous.as_ref());
            let transaction = Transaction::with_new_token(ctx.now())
                .with(reviews.delete_marker(user, marker.product_id))
                .with_all(replaced.map(|(before, after)| reviews.replace(before, after)));
            if ctx.store.transact(transaction).await?.is_committed() {
                break;
            }
            attempts.pause().await?;
        }
    }
    ctx.store.purchases().delete_all(user).await
}

/// Changes a review by `decide`, which returns `None` if nothing changes.
async fn change(
    ctx: &Ctx,
    product: ProductId,
    id: ReviewId,
    decide: impl Fn(&Review, Timestamp) -> Result<Option<Review>>,
) -> Result<Review> {
    let mut attempts = attempts();
    loop {
        let (review, now) = (ctx.store.reviews().get(product, id).await?, ctx.now());
        let Some(changed) = decide(&review, now)? else { return Ok(review) };
        if replace(ctx, &review, &changed, now).await? {
            return Ok(changed);
        }
        attempts.pause().await?;
    }
}

/// Writes a change of a review together with what it changes in the product's rating; returns false if
/// the review has changed since it was read.
async fn replace(ctx: &Ctx, before: &Review, after: &Review, now: Timestamp) -> Result<bool> {
    let reviews = ctx.store.reviews();
    let change = RatingChange::between(Some(before), Some(after));
    let count = change.map(|change| reviews.count(before.product_id, change));
    let transaction =
        Transaction::with_new_token(now).with(reviews.replace(before, after)).with_all(count);
    Ok(ctx.store.transact(transaction).await?.is_committed())
}

fn may_change(caller: Caller, review: &Review) -> Result<()> {
    let may = caller.is_admin() || review.is_by(caller.user_id);
    if may { Ok(()) } else { Err(Error::NotFound) }
}

fn already_reviewed(review: ReviewId) -> Error {
    let detail = "You have reviewed this product before. Change that review, or delete it first.";
    let conflict = Conflict::new(ProblemCode::AlreadyReviewed, detail);
    conflict.with("review_id", review.to_string()).into()
}

fn attempts() -> Attempts {
    Attempts::new("a review changes faster than it can be changed")
}
