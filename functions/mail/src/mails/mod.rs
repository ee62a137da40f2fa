//! The mails, one file for each.

mod known_email;
mod low_stock;
mod order;
mod order_cancelled;
mod order_delivered;
mod order_expired;
mod order_paid;
mod order_placed;
mod order_shipped;
mod password_changed;
mod password_reset;
mod registration;
mod verification;

use shared::config::MailSettings;
use shared::domain::message::Event;
use shared::mail::Mail;
use shared::store::Read;
use shared::{Ctx, Result};

use crate::mail_limit::MailLimit;

/// The result of rendering a message.
pub(crate) enum Rendered {
    /// A mail.
    Mail(Mail),
    /// Other messages, which replace it in the outbox.
    Replaced(Vec<Event>),
    /// No mail: the account was deleted, is disabled or never existed, or its e-mail address was
    /// never verified.
    Nothing,
    /// No mail: too many mails of this kind were sent to the e-mail address.
    OverLimit,
}

/// Renders the mail about an event. `limit` counts the mails that strangers can have sent.
pub(crate) async fn write(
    ctx: &Ctx,
    settings: &MailSettings,
    event: &Event,
    limit: &mut MailLimit<'_>,
) -> Result<Rendered> {
    match event {
        Event::RegistrationRequested { email, registration_id } => {
            registration::write(ctx, settings, email, *registration_id, limit).await
        }
        Event::VerificationRequested { email } => {
            verification::write(ctx, settings, email, limit).await
        }
        Event::PasswordResetRequested { email } => {
            password_reset::write(ctx, settings, email, limit).await
        }
        Event::PasswordChanged { user_id } => {
            password_changed::write(ctx, settings, *user_id).await
        }
        Event::OrderPlaced { order_id, user_id } => {
            order::write(ctx, settings, *order_id, *user_id, order_placed::content, limit).await
        }
        Event::OrderPaid { order_id, user_id } => {
            let seller = ctx.store.settings().get(Read::Eventual).await?.seller;
            let receipt =
                |settings: &_, order: &_| order_paid::content(settings, order, seller.as_ref());
            order::write(ctx, settings, *order_id, *user_id, receipt, limit).await
        }
        Event::OrderShipped { order_id, user_id } => {
            order::write(ctx, settings, *order_id, *user_id, order_shipped::content, limit).await
        }
        Event::OrderDelivered { order_id, user_id } => {
            order::write(ctx, settings, *order_id, *user_id, order_delivered::content, limit).await
        }
        Event::OrderExpired { order_id, user_id } => {
            order::write(ctx, settings, *order_id, *user_id, order_expired::content, limit).await
        }
        Event::LowStock { stock, user_id: None } => low_stock::split(ctx, stock).await,
        Event::LowStock { stock, user_id: Some(admin) } => {
            low_stock::write(ctx, settings, stock, *admin).await
        }
        Event::OrderCancelled { order_id, user_id } => {
            order::write(ctx, settings, *order_id, *user_id, order_cancelled::content, limit).await
        }
    }
}
