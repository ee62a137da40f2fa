//! The catalogue as lists and search read it: the card and the words of each product, and the
//! changes that the catalogue's log holds. Pure, like `domain`; `store::catalogue_log` stores it.

mod bytes;
pub mod card;
pub mod deflate;
mod fold;
mod html;
pub mod loaded;
pub mod log;
pub mod manifest;
pub mod memory;
pub mod query;
mod relevance;
pub mod segment;
pub mod words;

pub use fold::fold;
