//! To a customer whose order was cancelled, by them or by the shop.

use shared::config::MailSettings;
use shared::domain::order::Order;
use shared::domain::user::User;

use super::order;
use crate::letter::Letter;

pub(super) fn letter(settings: &MailSettings, order: &Order, _: &User) -> Letter {
    Letter::about(format!("Your order at {} was cancelled", settings.shop.as_str()))
        .says(format!("Your order {} was cancelled. It was for:", order.id))
        .lists(order::goods(order))
        .says("Nothing of it will be sent.")
}
