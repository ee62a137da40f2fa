//! The cart routes.

pub mod add_cart_item;
pub mod clear_cart;
pub mod get_cart;
pub mod remove_cart_item;
pub mod update_cart_item;
mod view;

use shared::http::contract::Contract;
use shared::lambda::Handler;

/// The handler of each route, by the route's name.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    vec![
        ("get-cart", Handler::new(get_cart::handle)),
        ("clear-cart", Handler::new(clear_cart::handle)),
        ("add-cart-item", Handler::new(add_cart_item::handle)),
        ("update-cart-item", Handler::new(update_cart_item::handle)),
        ("remove-cart-item", Handler::new(remove_cart_item::handle)),
    ]
}

/// The entry of each route in the API document, by the route's name.
pub fn contracts() -> Vec<(&'static str, Contract)> {
    vec![
        ("get-cart", get_cart::contract()),
        ("clear-cart", clear_cart::contract()),
        ("add-cart-item", add_cart_item::contract()),
        ("update-cart-item", update_cart_item::contract()),
        ("remove-cart-item", remove_cart_item::contract()),
    ]
}
