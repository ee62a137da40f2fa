//! The demo shopper's reviews, which the events in `events/` change, moderate and delete.

use shared::Ctx;
use shared::domain::error::{Error, Result};
use shared::domain::ids::{ProductId, ReviewId};
use shared::domain::quantity::Stars;
use shared::domain::review::{AuthorName, ModerationMode, Review, ReviewContent};
use shared::domain::text::{ReviewBody, ReviewTitle};
use shared::services::reviews;
use uuid::Builder;

use super::accounts::Account;
use super::products::{DEMO_END, products};

/// The stars, titles and texts, each of the next product after the first one.
const REVIEWS: [(Stars, &str, &str); 3] = [
    (Stars::ALL[4], "Exactly right", "It looks as in the picture, and feels better than it looks."),
    (Stars::ALL[3], "Good", "Well made. One star less because it took a while to arrive."),
    (Stars::ALL[1], "Not for me", "The colour is darker than I had expected."),
];

/// Writes the reviews that do not exist. Also called when the demo data exists: an event in `events/`
/// deletes one.
pub(super) async fn create(ctx: &Ctx, account: &Account) -> Result<()> {
    for ((product, (rating, title, body)), number) in products().skip(1).zip(REVIEWS).zip(1..) {
        let (user, product) = (account.user_id(), ProductId::from_uuid(product.uuid));
        if ctx.store.reviews().of_user(user, product).await?.is_some() {
            continue;
        }
        let title =
            ReviewTitle::parse(title.to_owned()).map_err(|bad| Error::internal(bad.detail))?;
        let body = ReviewBody::parse(body.to_owned()).map_err(|bad| Error::internal(bad.detail))?;
        let content = ReviewContent { rating, title: Some(title), body: Some(body) };
        let (author, mode) = (AuthorName::of(account.name), ModerationMode::Auto);
        let review = Review::new(product, user, author, content, false, mode, ctx.now());
        let id = Builder::from_unix_timestamp_millis(DEMO_END, &[number; 10]).into_uuid();
        let review = Review { id: ReviewId::from_uuid(id), ..review };
        reviews::add(&ctx.store, user, &review, ctx.now()).await?.ok();
    }
    Ok(())
}
