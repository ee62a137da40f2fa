//! The review routes.

mod body;
pub mod create_review;
pub mod delete_review;
pub mod list_all_reviews;
pub mod list_reviews;
pub mod moderate_review;
pub mod update_review;
mod view;

use shared::http::contract::Contract;
use shared::lambda::Handler;

/// The handler of each route, by the route's name.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    vec![
        ("create-review", Handler::new(create_review::handle)),
        ("list-reviews", Handler::new(list_reviews::handle)),
        ("update-review", Handler::new(update_review::handle)),
        ("delete-review", Handler::new(delete_review::handle)),
        ("moderate-review", Handler::new(moderate_review::handle)),
        ("list-all-reviews", Handler::new(list_all_reviews::handle)),
    ]
}

/// The entry of each route in the API document, by the route's name.
pub fn contracts() -> Vec<(&'static str, Contract)> {
    vec![
        ("create-review", create_review::contract()),
        ("list-reviews", list_reviews::contract()),
        ("update-review", update_review::contract()),
        ("delete-review", delete_review::contract()),
        ("moderate-review", moderate_review::contract()),
        ("list-all-reviews", list_all_reviews::contract()),
    ]
}
