//! The mail to a customer who has placed an order.

use shared::config::MailSettings;
use shared::domain::order::Order;

use super::order;
use crate::content::Content;

pub(super) fn content(settings: &MailSettings, order: &Order) -> Content {
    let content = Content::about(format!("Your order at {}", settings.shop.as_str()))
        .paragraph(format!("Thank you! We have received your order {}:", order.number()))
        .line_items(order::items(order));
    order::with_address(content, order)
}
