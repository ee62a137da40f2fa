//! The mail to a customer whose order was cancelled, by the customer or by an admin.

use shared::config::MailSettings;
use shared::domain::order::Order;

use super::order;
use crate::content::Content;

pub(super) fn content(settings: &MailSettings, order: &Order) -> Content {
    Content::about(format!("Your order at {} was cancelled", settings.shop.as_str()))
        .paragraph(format!("Your order {} was cancelled. It contained:", order.number()))
        .line_items(order::items(order))
        .paragraph("None of these items will be shipped.")
}
