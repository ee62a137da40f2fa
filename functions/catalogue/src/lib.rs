//! The product routes, and the job that projects changes of products to the catalogue's log.

pub mod create_product;
pub mod delete_product;
pub mod get_product;
pub mod list_products;
pub mod project_changes;
pub mod update_product;
mod view;

use shared::http::contract::Contract;
use shared::lambda::{Handler, JobHandler};

/// The handler of each route, by the route's name.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    vec![
        ("list-products", Handler::new(list_products::handle)),
        ("create-product", Handler::new(create_product::handle)),
        ("get-product", Handler::new(get_product::handle)),
        ("update-product", Handler::new(update_product::handle)),
        ("delete-product", Handler::new(delete_product::handle)),
    ]
}

/// The handler of each job, by the job's name.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![("project-changes", JobHandler::new(project_changes::handle))]
}

/// The entry of each route in the API document, by the route's name.
pub fn contracts() -> Vec<(&'static str, Contract)> {
    vec![
        ("list-products", list_products::contract()),
        ("create-product", create_product::contract()),
        ("get-product", get_product::contract()),
        ("update-product", update_product::contract()),
        ("delete-product", delete_product::contract()),
    ]
}
