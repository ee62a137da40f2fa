//! To a customer who has placed an order.

use shared::config::MailSettings;
use shared::domain::order::Order;
use shared::domain::user::User;

use super::order;
use crate::letter::Letter;

pub(super) fn letter(settings: &MailSettings, order: &Order, user: &User) -> Letter {
    let letter = Letter::about(format!("Your order at {}", settings.shop.as_str()))
        .says(format!("Thank you. We have your order {}:", order.id))
        .lists(order::goods(order));
    order::with_address(letter, order, user)
}
