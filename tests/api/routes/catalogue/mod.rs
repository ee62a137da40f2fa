//! Tests of `functions/catalogue`.

mod create_product;
mod delete_product;
mod get_product;
mod list_products;
mod update_product;
