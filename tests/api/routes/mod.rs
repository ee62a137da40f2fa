//! One file per route, in the folders of `functions/`.

mod auth;
mod cart;
mod catalogue;
mod inventory;
mod orders;
mod platform;
mod reviews;
mod users;
