//! The API's OpenAPI document, and the checks that hold every request and response to it.

pub mod check;
pub mod coverage;
pub mod document;
mod example_values;
pub mod examples;
pub mod files;
mod links;
mod problems;
pub mod recording;
mod schemas;
