//! The routes of products and categories, and the jobs that keep what lists and searches read: one
//! projects changes to the catalogue's log, one compacts it.

mod category_view;
pub mod compact_catalogue;
pub mod create_category;
pub mod create_product;
pub mod delete_category;
pub mod delete_product;
pub mod get_product;
pub mod import_products;
pub mod list_categories;
pub mod list_facets;
pub mod list_products;
mod product_query;
pub mod project_changes;
pub mod update_category;
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
        ("list-categories", Handler::new(list_categories::handle)),
        ("create-category", Handler::new(create_category::handle)),
        ("update-category", Handler::new(update_category::handle)),
        ("delete-category", Handler::new(delete_category::handle)),
        ("list-facets", Handler::new(list_facets::handle)),
        ("import-products", Handler::new(import_products::handle)),
    ]
}

/// The handler of each job, by the job's name.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![
        ("project-changes", JobHandler::new(project_changes::handle)),
        ("compact-catalogue", JobHandler::new(compact_catalogue::handle)),
    ]
}

/// The entry of each route in the API document, by the route's name.
pub fn contracts() -> Vec<(&'static str, Contract)> {
    vec![
        ("list-products", list_products::contract()),
        ("create-product", create_product::contract()),
        ("get-product", get_product::contract()),
        ("update-product", update_product::contract()),
        ("delete-product", delete_product::contract()),
        ("list-categories", list_categories::contract()),
        ("create-category", create_category::contract()),
        ("update-category", update_category::contract()),
        ("delete-category", delete_category::contract()),
        ("list-facets", list_facets::contract()),
        ("import-products", import_products::contract()),
    ]
}
