//! The code that the functions share: types and rules of the shop, and everything that reads or
//! writes. The routes, one per file, are in `functions/`.
//!
//! Imports point one way: `lambda, http → services → context → auth, mail → store → aws,
//! catalogue, crypto → config → domain`; `domain` imports none of them, and no two files import each other.

#![warn(missing_docs)]

pub mod auth;
pub mod aws;
pub mod catalogue;
pub mod config;
pub mod context;
pub mod crypto;
pub mod domain;
pub mod http;
pub mod jobs;
pub mod lambda;
pub mod mail;
pub mod services;
pub mod store;

pub use context::Ctx;
pub use domain::error::{Error, Result};
