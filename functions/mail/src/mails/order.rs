//! The common parts of mails about orders.
//!
//! A customer gets them only at a verified e-mail address: text that a user wrote must not reach
//! another person's mailbox. A guest's address is never verified. So mails about a guest's order that
//! nobody has paid are few, and have none of the guest's text.

use shared::auth::order_token::OrderToken;
use shared::config::MailSettings;
use shared::domain::ids::{OrderId, UserId};
use shared::domain::order::{Order, OrderLine, PaymentStatus};
use shared::domain::totals::TaxTotal;
use shared::domain::user::Address;
use shared::store::Read;
use shared::store::retry::Attempts;
use shared::{Ctx, Result};

use super::Rendered;
use crate::content::{Amount, Content, LineItem, LineItems};
use crate::mail_limit::MailLimit;

/// Renders a mail about an order to its customer or guest, with a link to the order at its end;
/// `contents` writes the rest.
pub(super) async fn write(
    ctx: &Ctx,
    settings: &MailSettings,
    order_id: OrderId,
    user_id: Option<UserId>,
    contents: impl FnOnce(&MailSettings, &Order) -> Content,
    limit: &mut MailLimit<'_>,
) -> Result<Rendered> {
    let Some(order) = ctx.store.orders().find(order_id).await? else {
        return Ok(Rendered::Nothing);
    };
    match user_id {
        // After an erasure, the order does not name the customer any more.
        Some(_) if order.summary.user_id != user_id => Ok(Rendered::Nothing),
        Some(customer) => to_customer(ctx, settings, order, customer, contents).await,
        None => to_guest(ctx, settings, order, contents, limit).await,
    }
}

async fn to_customer(
    ctx: &Ctx,
    settings: &MailSettings,
    order: Order,
    customer: UserId,
    contents: impl FnOnce(&MailSettings, &Order) -> Content,
) -> Result<Rendered> {
    let user = ctx.store.users().get(customer, Read::Consistent).await?;
    let Some(user) = user.filter(|user| user.summary.email_verified) else {
        return Ok(Rendered::Nothing);
    };
    let content = with_link(contents(settings, &order), settings.links.order(order.id));
    Ok(Rendered::Mail(content.to(&user.summary.email, settings)?))
}

async fn to_guest(
    ctx: &Ctx,
    settings: &MailSettings,
    mut order: Order,
    contents: impl FnOnce(&MailSettings, &Order) -> Content,
    limit: &mut MailLimit<'_>,
) -> Result<Rendered> {
    let summary = &order.summary;
    let (None, Some(email)) = (summary.user_id, summary.email.clone()) else {
        return Ok(Rendered::Nothing);
    };
    let is_paid = summary.payment_status == PaymentStatus::Paid && summary.total.amount() > 0;
    if !is_paid {
        if !limit.admits_unpaid_guest(&email).await? {
            return Ok(Rendered::OverLimit);
        }
        order.shipping_address = None;
    }
    let content = contents(settings, &order);
    let link = guest_link(ctx, settings, order).await?;
    Ok(Rendered::Mail(with_link(content, link).to(&email, settings)?))
}

/// Returns the link to a guest's order with a new token, whose digest is stored first, so that a
/// mailed token is always valid; `None` if the shop has no page for it.
async fn guest_link(ctx: &Ctx, settings: &MailSettings, order: Order) -> Result<Option<String>> {
    let (token, mut order) = (OrderToken::new()?, order);
    let Some(url) = settings.links.order_of_guest(order.id, &token.write()) else {
        return Ok(None);
    };
    let mut attempts = Attempts::new("an order's tokens change faster than one can be added");
    while !ctx.store.orders().add_mailed_token(&order, &token.digest()).await? {
        attempts.pause().await?;
        let Some(stored) = ctx.store.orders().find(order.id).await? else { return Ok(None) };
        order = stored;
    }
    Ok(Some(url))
}

/// Converts the order lines to line items.
pub(super) fn items(order: &Order) -> LineItems {
    let line = |line: &OrderLine| LineItem {
        quantity: line.quantity.get(),
        name: description(line),
        total: line.total(),
    };
    let summary = &order.summary;
    let tax = |tax: &TaxTotal| Amount {
        label: format!("{} ({} %)", tax.name.as_str(), tax.percent),
        amount: tax.amount,
    };
    let shipping = summary.shipping.iter().map(|shipping| Amount {
        label: format!("Shipping ({})", shipping.name.as_str()),
        amount: shipping.price,
    });
    let taxes: Vec<_> = summary.taxes.iter().map(tax).collect();
    let (included, on_top) = match summary.prices_include_tax {
        true => (taxes, Vec::new()),
        false => (Vec::new(), taxes),
    };
    LineItems {
        lines: order.lines.iter().map(line).collect(),
        charges: shipping.chain(on_top).collect(),
        total: summary.total,
        included,
    }
}

/// Converts the order lines to line items that show the price of one unit too.
pub(super) fn items_with_unit_prices(order: &Order) -> LineItems {
    let mut items = items(order);
    for (item, line) in items.lines.iter_mut().zip(&order.lines) {
        item.name = format!("{}, {} each", item.name, line.unit_price);
    }
    items
}

/// Appends the shipping address.
pub(super) fn with_address(content: Content, order: &Order) -> Content {
    match &order.shipping_address {
        Some(address) => content.lines(lines(address)),
        None => content,
    }
}

/// Appends a link to the order, if there is one.
fn with_link(content: Content, link: Option<String>) -> Content {
    match link {
        Some(url) => content.link("View your order", url),
        None => content,
    }
}

fn description(line: &OrderLine) -> String {
    let options: Vec<_> =
        line.options.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    match options.is_empty() {
        true => line.name.as_str().to_owned(),
        false => format!("{} ({})", line.name.as_str(), options.join(", ")),
    }
}

fn lines(address: &Address) -> Vec<String> {
    let Address { label: _, name, line1, line2, city, region, postal_code, country } = address;
    let postal_code = postal_code.as_ref().map(|code| format!("{} ", code.as_str()));
    let city = postal_code.unwrap_or_default() + city.as_str();
    let all = [
        Some("Shipping address:"),
        Some(name.as_str()),
        Some(line1.as_str()),
        line2.as_ref().map(|line| line.as_str()),
        Some(&city),
        region.as_ref().map(|line| line.as_str()),
        Some(country.as_str()),
    ];
    all.into_iter().flatten().map(str::to_owned).collect()
}
