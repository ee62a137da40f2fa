//! The order routes.

pub mod cancel_order;
pub mod expire_orders;
pub mod get_order;
pub mod get_settings;
pub mod list_all_orders;
pub mod list_orders;
mod order_body;
pub mod place_order;
pub mod track_order;
pub mod update_order;
pub mod update_settings;
mod view;

use shared::http::contract::Contract;
use shared::lambda::{Handler, JobHandler};

/// The handler of each route, by the route's name.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    vec![
        ("place-order", Handler::new(place_order::handle)),
        ("list-orders", Handler::new(list_orders::handle)),
        ("get-order", Handler::new(get_order::handle)),
        ("cancel-order", Handler::new(cancel_order::handle)),
        ("get-settings", Handler::new(get_settings::handle)),
        ("update-settings", Handler::new(update_settings::handle)),
        ("update-order", Handler::new(update_order::handle)),
        ("track-order", Handler::new(track_order::handle)),
        ("list-all-orders", Handler::new(list_all_orders::handle)),
    ]
}

/// The entry of each route in the API document, by the route's name.
pub fn contracts() -> Vec<(&'static str, Contract)> {
    vec![
        ("place-order", place_order::contract()),
        ("list-orders", list_orders::contract()),
        ("get-order", get_order::contract()),
        ("cancel-order", cancel_order::contract()),
        ("get-settings", get_settings::contract()),
        ("update-settings", update_settings::contract()),
        ("update-order", update_order::contract()),
        ("track-order", track_order::contract()),
        ("list-all-orders", list_all_orders::contract()),
    ]
}

/// The handler of each job, by the job's name.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![("expire-orders", JobHandler::new(expire_orders::handle))]
}
