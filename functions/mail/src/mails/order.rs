//! The common parts of mails about orders. They are sent only to customers with a verified e-mail
//! address: text that a user wrote must not reach another person's mailbox.

use shared::config::MailSettings;
use shared::domain::ids::{OrderId, UserId};
use shared::domain::order::{Order, OrderLine};
use shared::domain::user::{Address, Role, User};
use shared::domain::viewer::Viewer;
use shared::store::Read;
use shared::{Ctx, Error, Result};

use super::Rendered;
use crate::content::{Content, LineItem, LineItems};

/// A function that writes the content of a mail about an order, without the link to the order.
type Contents = fn(&MailSettings, &Order) -> Content;

/// Renders a mail about an order to its customer, with a link to the order at its end.
pub(super) async fn write(
    ctx: &Ctx,
    settings: &MailSettings,
    order_id: OrderId,
    user_id: UserId,
    contents: Contents,
) -> Result<Rendered> {
    let Some((order, user)) = read(ctx, order_id, user_id).await? else {
        return Ok(Rendered::Nothing);
    };
    let content = with_link(contents(settings, &order), &order, settings);
    Ok(Rendered::Mail(content.to(&user.summary.email, settings)?))
}

/// Reads an order and its customer; `None` if the customer's account was deleted or its e-mail
/// address was never verified.
async fn read(ctx: &Ctx, order_id: OrderId, user_id: UserId) -> Result<Option<(Order, User)>> {
    let user = ctx.store.users().get(user_id, Read::Consistent).await?;
    let Some(user) = user.filter(|user| user.summary.email_verified) else {
        return Ok(None);
    };
    let viewer = Viewer { user_id, role: Role::Customer };
    match ctx.store.orders().get(order_id, viewer).await {
        Ok(order) => Ok(Some((order, user))),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Converts the order lines to line items.
pub(super) fn items(order: &Order) -> LineItems {
    let line = |line: &OrderLine| LineItem {
        quantity: line.quantity.get(),
        name: description(line),
        total: line.total(),
    };
    LineItems { lines: order.lines.iter().map(line).collect(), total: order.summary.total }
}

/// Appends the shipping address.
pub(super) fn with_address(content: Content, order: &Order) -> Content {
    match &order.shipping_address {
        Some(address) => content.lines(lines(address)),
        None => content,
    }
}

/// Appends a link to the order, if the shop has a page for it.
fn with_link(content: Content, order: &Order, settings: &MailSettings) -> Content {
    match settings.links.order(order.id) {
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
