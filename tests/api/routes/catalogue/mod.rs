//! Tests of `functions/catalogue`.

mod create_category;
mod create_product;
mod delete_category;
mod delete_product;
mod get_product;
mod import_products;
mod list_categories;
mod list_facets;
mod list_products;
mod update_category;
mod update_product;
