//! The mail to a customer whose order has arrived.

use shared::config::MailSettings;
use shared::domain::order::Order;

use super::order;
use crate::content::Content;

pub(super) fn content(settings: &MailSettings, order: &Order) -> Content {
    let number = order.number();
    Content::about(format!("Your order at {} has arrived", settings.shop.as_str()))
        .paragraph(format!("Your order {number} was delivered:"))
        .line_items(order::items(order))
}
