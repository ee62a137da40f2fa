//! The inventory routes.

pub mod adjust_inventory;
pub mod get_inventory;
pub mod list_inventory;
pub mod list_movements;
pub mod set_inventory;
mod view;

use shared::http::contract::Contract;
use shared::lambda::Handler;

/// The handler of each route, by the route's name.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    vec![
        ("get-inventory", Handler::new(get_inventory::handle)),
        ("list-inventory", Handler::new(list_inventory::handle)),
        ("set-inventory", Handler::new(set_inventory::handle)),
        ("adjust-inventory", Handler::new(adjust_inventory::handle)),
        ("list-movements", Handler::new(list_movements::handle)),
    ]
}

/// The entry of each route in the API document, by the route's name.
pub fn contracts() -> Vec<(&'static str, Contract)> {
    vec![
        ("get-inventory", get_inventory::contract()),
        ("list-inventory", list_inventory::contract()),
        ("set-inventory", set_inventory::contract()),
        ("adjust-inventory", adjust_inventory::contract()),
        ("list-movements", list_movements::contract()),
    ]
}
