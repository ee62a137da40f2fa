//! The mail to a customer whose order was not paid in time.

use shared::config::MailSettings;
use shared::domain::order::Order;

use super::order;
use crate::content::Content;

pub(super) fn content(settings: &MailSettings, order: &Order) -> Content {
    let number = order.number();
    Content::about(format!("Your order at {} has expired", settings.shop.as_str()))
        .paragraph(format!("Your order {number} was not paid in time. It contained:"))
        .line_items(order::items(order))
        .paragraph("None of these items will be shipped. You are welcome to order them again.")
}
