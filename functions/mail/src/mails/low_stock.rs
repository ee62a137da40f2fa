//! The mail to each admin when the stock of a variant falls to its threshold or below.

use shared::config::MailSettings;
use shared::domain::access::Access;
use shared::domain::ids::UserId;
use shared::domain::message::{Event, LowStock};
use shared::domain::user::{AccountStatus, Role};
use shared::store::Read;
use shared::{Ctx, Result};
use tracing::warn;

use super::Rendered;
use crate::content::Content;

/// The most admins who get the mail: their messages are written in one transaction.
const MOST: usize = 50;

/// Returns a message for each active admin.
pub(super) async fn split(ctx: &Ctx, stock: &LowStock) -> Result<Rendered> {
    let admins = ctx.store.admins().get().await?.active;
    let message = |admin| Event::LowStock { stock: stock.clone(), user_id: Some(admin) };
    if admins.len() > MOST {
        warn!(admins = admins.len(), told = MOST, "not every admin gets a mail about low stock");
    }
    let messages: Vec<_> = admins.into_iter().take(MOST).map(message).collect();
    Ok(if messages.is_empty() { Rendered::Nothing } else { Rendered::Replaced(messages) })
}

pub(super) async fn write(
    ctx: &Ctx,
    settings: &MailSettings,
    stock: &LowStock,
    admin: UserId,
) -> Result<Rendered> {
    const ACTIVE: Access = Access { role: Role::Admin, status: AccountStatus::Active };
    let user = ctx.store.users().get(admin, Read::Consistent).await?.map(|user| user.summary);
    let Some(user) = user.filter(|user| user.email_verified && user.access() == ACTIVE) else {
        return Ok(Rendered::Nothing);
    };
    let LowStock { product_id, sku, available, threshold } = stock;
    let Some(now) = ctx.store.inventory().of_variant(*product_id, sku).await? else {
        return Ok(Rendered::Nothing);
    };

    let options: Vec<_> =
        now.options.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let name = match options.is_empty() {
        true => now.name.as_str().to_owned(),
        false => format!("{} ({})", now.name.as_str(), options.join(", ")),
    };
    let (available, threshold) = (available.get(), threshold.get());
    let content = Content::about(format!("Low stock at {}: {sku}", settings.shop.as_str()))
        .paragraph(format!("{name}, SKU {sku}, fell to {available} in stock."))
        .paragraph(format!(
            "You get this mail when stock falls to the threshold, which is {threshold}, or below; \
             not again for each sale after it."
        ));
    Ok(Rendered::Mail(content.to(&user.email, settings)?))
}
