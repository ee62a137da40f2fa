//! The API's OpenAPI document, and the checks that hold every request and response to it.

pub mod check;
pub mod coverage;
pub mod document;
pub mod examples;
pub mod files;
mod links;
mod problems;
mod schemas;
