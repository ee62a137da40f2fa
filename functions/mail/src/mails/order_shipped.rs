//! The mail to a customer whose order is on its way.

use shared::config::MailSettings;
use shared::domain::order::Order;

use super::order;
use crate::content::Content;

pub(super) fn content(settings: &MailSettings, order: &Order) -> Content {
    let number = order.number();
    let content = Content::about(format!("Your order at {} is on its way", settings.shop.as_str()))
        .paragraph(format!("Your order {number} was sent:"))
        .line_items(order::items(order));
    let content = match &order.tracking {
        Some(tracking) => {
            let parcel = format!("{}, {}", tracking.carrier.as_str(), tracking.number.as_str());
            let content = content.paragraph(parcel);
            match &tracking.url {
                Some(url) => content.link("Track the parcel", url.as_str().to_owned()),
                None => content,
            }
        }
        None => content,
    };
    order::with_address(content, order)
}
