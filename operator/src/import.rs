//! Reads the products of a file, our own or another shop's, into rows for `POST /products/import`.
//!
//! [`Source::open`] reads the file once and finds where the rows of each product lie;
//! [`Source::groups`] reads it again, product by product. In memory are the places of the rows and
//! the product that is being read.
//!
//! | module | what |
//! |---|---|
//! | [`source`] | a file, from its first byte to its products |
//! | [`row`] | what reading gives: rows, refusals, changes, a report |
//! | [`mod@file`], [`scanner`], [`cells`] | bytes, rows and cells |
//! | [`headers`], [`translations`] | recognises a file by its header |
//! | [`index`] | which rows belong together |
//! | [`own`], [`ndjson`], [`own_rows`] | our own formats |
//! | [`shopify`], [`woocommerce`] | the exports of other shops |
//! | [`product`] | what these two have in common |
//! | [`decimal`], [`prices`], [`weights`], [`units`], [`skus`] | single cells |

pub mod cells;
pub mod decimal;
pub mod file;
pub mod headers;
pub mod index;
pub mod ndjson;
pub mod own;
pub mod own_rows;
pub mod prices;
pub mod product;
pub mod row;
pub mod scanner;
pub mod shopify;
pub mod skus;
pub mod source;
pub mod translations;
pub mod units;
pub mod weights;
pub mod woocommerce;

pub use headers::Format;
pub use row::{Changed, Group, Refused, Report, Row};
pub use source::{Groups, Settings, Source};

#[cfg(test)]
mod tests;
