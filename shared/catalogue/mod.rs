//! The catalogue as lists and search read it: the card and the words of each product, and the
//! changes that the catalogue's log holds. Pure, like `domain`; `store::catalogue_log` stores it.

pub mod card;
mod fold;
mod html;
pub mod log;
pub mod words;

pub use fold::fold;
